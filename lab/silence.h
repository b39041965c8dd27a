/* silence.h - silences, as Alertmanager keeps them */
#ifndef LAB_SILENCE_H
#define LAB_SILENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "lab/matcher.h"

struct silence {
	char		id[37];
	struct matcher	*matchers;	/* owned */
	size_t		n_matchers, cap_matchers;
	int64_t		starts, ends, updated;
	char		*created_by, *comment;	/* owned */
};

struct silences {
	struct silence	*items;	/* owned, in the order they were made */
	size_t		n, cap;
};

enum silence_state { SILENCE_ACTIVE, SILENCE_PENDING, SILENCE_EXPIRED };
const char *silence_state_name(enum silence_state s);
enum silence_state silence_state(const struct silence *s, int64_t now);

void silence_release(struct silence *s);
void silences_release(struct silences *l);
struct silence *silences_find(const struct silences *l, const char *id);	/* NULL */

/*
 * Create s, or update the one of its id: in place when only its end moves, else the old one
 * expires now and a new id is made.  Takes s; id receives the one that counts.  Messages are
 * Alertmanager's own; ERR_NOT_FOUND for an unknown id.
 */
int silences_put_take(struct silences *l, struct silence *s, int64_t now, char id[37],
	struct err *e);
void silence_expire(struct silence *s, int64_t now);

bool silence_covers(const struct silence *s, const struct labels *l, int64_t now);

#endif
