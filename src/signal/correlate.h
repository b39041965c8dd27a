/*
 * correlate.h - which change stands closest to the onset of a burn, or that none fits
 *
 * score = kind * time * relation * traffic, 0 to 1 (evidence.h); from history alone: * 0.9.
 * What follows from one move is one suspect: serving that takes up the version which a pointer
 * was moved to, a label that leaves one version for another, the stages of a rollout.  It counts
 * by the member that fits best, and a pointer by the traffic that took it up.
 */
#ifndef TOCSIN_CORRELATE_H
#define TOCSIN_CORRELATE_H

#include "core/arena.h"
#include "model/change.h"
#include "model/config.h"

#define CORRELATE_FITS 0.25	/* a score from which on a change may well be the cause */

struct correlate_target {
	int64_t				onset;
	const char			*service;	/* the SLO's */
	const struct service_conf	*conf;		/* NULL: not configured */
	const struct config		*config;	/* tells what belongs to others; NULL */
	bool				serving_seen;	/* we see which version serves it */
};

struct suspect {
	const struct change	*change;	/* borrowed */
	double			score;
	int64_t			before_ns;	/* onset - change; < 0: after it */
	const char		*reason;	/* in words, translated; in the arena */
	const struct change	*taken_up;	/* by serving: the first change that followed; NULL */
	size_t			n_followed;	/* how many changes followed from it */
};

struct suspects {
	struct suspect	*items;	/* highest score first; ties: nearest to the onset */
	size_t		n;
	size_t		n_fits;	/* the first so many score CORRELATE_FITS and more */
	const char	*none;	/* n_fits 0: why none fits, in words; else NULL; in the arena */
};

/* The `limit` likeliest of the changes; those later than the onset by over an hour are left out. */
void correlate_rank(struct suspects *out, struct arena *a, const struct change *changes, size_t n,
	const struct correlate_target *target, size_t limit);

#endif
