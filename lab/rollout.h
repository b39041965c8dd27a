/*
 * rollout.h - what one service's serving layer runs, and how it follows the registry's alias
 *
 * A controller sees the alias some time after it moved, starts replicas of the new version and
 * gives it traffic in stages.  Versions that served before stay warm without traffic, so that a
 * way back is quick.  Weights set by hand hold until they are set otherwise: a version held
 * at no traffic is not given any by the controller.
 */
#ifndef LAB_ROLLOUT_H
#define LAB_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

#define ROLLOUT_VARIANTS 6	/* the oldest one without traffic goes when there are more */

struct variant {
	int64_t	version;
	double	traffic;	/* share, 0 to 1 */
	bool	ready;
	bool	held;		/* at no traffic, by hand */
	int64_t	changed;	/* when traffic or readiness last moved */
};

/* In wall-clock ns, speed already applied. */
struct rollout_plan {
	int64_t		follow_ns, stage_ns;
	const double	*stages;	/* ascending, the last is 1 */
	size_t		n_stages;
};

struct rollout {
	struct variant	variants[ROLLOUT_VARIANTS];
	size_t		n;
	int64_t		wanted;		/* what the alias said last; 0: nothing yet */
	int64_t		target;		/* what is being rolled out, or serves */
	int64_t		since;		/* when wanted moved */
	int64_t		next;		/* when the next stage is due; 0: nothing under way */
	size_t		stage;
};

/* Begin with version serving everything. */
void rollout_begin(struct rollout *r, int64_t version, int64_t at);

/* Look at the alias (0: there is none; then what serves stays) and go on, as of now. */
void rollout_follow(struct rollout *r, const struct rollout_plan *plan, int64_t alias,
	int64_t now);

/*
 * Give version this share by hand; the others share the rest as they stood, or the one that
 * served last takes it.  ERR_NOT_FOUND: the version does not run here.  ERR_INPUT: no share.
 * ERR_CONFLICT: nobody is left to take the rest.
 */
int rollout_set(struct rollout *r, int64_t version, double traffic, int64_t now, struct err *e);

struct variant *rollout_variant(struct rollout *r, int64_t version);	/* NULL: does not run */
bool rollout_moving(const struct rollout *r);
int64_t rollout_main(const struct rollout *r);	/* the version with the most traffic */

#endif
