/* pager.h - the alerts that fire, and what silences them */
#ifndef LAB_PAGER_H
#define LAB_PAGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/matcher.h"
#include "lab/silence.h"

struct lab_alert {
	struct labels	labels, annotations;	/* owned */
	char		fingerprint[17];
	int64_t		starts, updated;
	bool		fired;		/* said to fire since pager_begin() */
};

struct pager {
	struct lab_alert	*alerts;	/* owned, by fingerprint */
	size_t			n, cap;
	struct silences		silences;
};

void pager_release(struct pager *p);

/*
 * One round of evaluation: pager_begin(), pager_fire() for each condition that holds,
 * pager_end(): what was not said to fire is resolved, and vanishes as it does there.
 * pager_fire() takes labels and annotations; the start is that of the first round.
 */
void pager_begin(struct pager *p);
void pager_fire_take(struct pager *p, struct labels *labels, struct labels *annotations,
	int64_t starts, int64_t now);
void pager_end(struct pager *p);

struct lab_alert *pager_find(const struct pager *p, const char *alertname, const char *service);
bool pager_silenced(const struct pager *p, const struct lab_alert *a, int64_t now);

#endif
