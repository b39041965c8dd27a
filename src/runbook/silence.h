/*
 * silence.h - where a silence is made, and what it matches
 *
 * Asks the configuration and the store, never a backend.
 */
#ifndef TOCSIN_SILENCE_H
#define TOCSIN_SILENCE_H

#include "core/strbuf.h"
#include "model/alert.h"
#include "model/config.h"
#include "store/store.h"

struct silence_places {
	const char	**sources;	/* arena, or borrowed: from the configuration */
	size_t		n;
};

/*
 * The sources of the context (NULL: of all) that have to be asked so that nobody is told: of each
 * cluster of Alertmanagers one, that answers if any does.  alert: only those that hold it; NULL:
 * all.
 */
int silence_places(struct silence_places *out, struct arena *a, const struct config *c,
	const struct context_conf *context, struct store *st, const struct alert *alert,
	struct err *e);

/* Append what matches this alert and no other: name="value" of all its labels. */
void silence_matchers(struct strbuf *out, const struct alert *alert);

/* Append a matcher of an amtool user: "Burn" is alertname="Burn", "a=b" stays as it is. */
void silence_matcher(struct strbuf *out, const char *word);

#endif
