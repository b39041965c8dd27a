/*
 * evidence.h - what speaks for one change as the cause of a burn (private to correlate)
 *
 *   kind      how often what moved there breaks a service: pointers, serving, prompts, flags,
 *             definitions, data that is late; little for what only describes, next to nothing
 *             for symptoms (table in evidence.c)
 *   time      before the onset: 1 within five minutes, then halved every hour (data and jobs:
 *             every four); after it 0.5 within two minutes (clocks and scrapes lag; data that is
 *             late is noticed late: within ten), then 0.02.  Where it is known only that it
 *             happened between two moments: the mean over that time
 *   relation  1 the service's own; 0.8 named after it; 0.45 the service is not configured, so that
 *             nothing can tell; 0.24 nobody's, and its configuration leaves open whether it is the
 *             service's; 0.15 the model's, by another alias; 0.1 nobody's; 0.05 another service's
 *   traffic   of serving changes: 1 from a quarter of the traffic on, less in proportion, 0.03 at
 *             least; unknown 0.8
 */
#ifndef TOCSIN_EVIDENCE_H
#define TOCSIN_EVIDENCE_H

#include "signal/correlate.h"

enum relation {
	REL_NONE,
	REL_OWN,
	REL_NAMED,
	REL_BLANK,
	REL_OPEN,
	REL_SIBLING,
	REL_NOBODY,
	REL_OTHER,
	RELATIONS,
};

struct evidence {
	double		kind, time, traffic;
	enum relation	relation;
	int64_t		before_ns;	/* of the later bound; < 0: after the onset */
	int64_t		earliest_ns;	/* of the earlier bound; the same where the time is known */
	double		score;
};

struct evidence evidence_of(const struct change *c, const struct correlate_target *t);

/* With this share of the traffic in place of the change's own. */
double evidence_traffic(double share);
double evidence_score(const struct evidence *ev, const struct change *c);

/* "model" of "model/alias" and so on; its length. */
size_t evidence_path(const char *object);

/* Translated, in the arena. */
const char *evidence_words(struct arena *a, const struct suspect *s, const struct evidence *ev);

/* Why none of n fits, by what speaks against each. */
const char *evidence_none(struct arena *a, const struct evidence *evidence, size_t n,
	const char *service);

#endif
