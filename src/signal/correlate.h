/*
 * correlate.h - which change stands closest to the onset of a burn
 *
 * score = kind prior * time * relation, 0 to 1:
 *   prior     how often a change of this kind breaks a service (table in correlate.c)
 *   time      before the onset: 1 within five minutes, then halved every hour; after the onset:
 *             0.3 within two minutes (clocks and scrapes lag), then 0.02; from history alone: * 0.8
 *   relation  1 same service, model, serving or agent as the SLO's service; 0.5 same source;
 *             0.15 nothing in common
 */
#ifndef TOCSIN_CORRELATE_H
#define TOCSIN_CORRELATE_H

#include "core/arena.h"
#include "model/change.h"
#include "model/config.h"

struct correlate_target {
	int64_t				onset;
	const char			*service;	/* the SLO's */
	const struct service_conf	*conf;		/* NULL: not configured */
};

struct suspect {
	const struct change	*change;	/* borrowed */
	double			score;
	int64_t			before_ns;	/* onset - change; < 0: after it */
	const char		*reason;	/* in words, translated; in the arena */
};

struct suspects {
	struct suspect	*items;	/* highest score first; ties: nearest to the onset */
	size_t		n;
};

/* The `limit` likeliest of the changes; those later than the onset by over an hour are left out. */
void correlate_rank(struct suspects *out, struct arena *a, const struct change *changes, size_t n,
	const struct correlate_target *target, size_t limit);

#endif
