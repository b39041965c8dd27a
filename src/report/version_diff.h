/*
 * version_diff.h - two versions of a model, item by item
 *
 * From the store alone.  What one side does not say is unknown, which is neither equal nor
 * different: a registry that keeps no metrics of a version has not lost them.
 */
#ifndef TOCSIN_REPORT_VERSION_DIFF_H
#define TOCSIN_REPORT_VERSION_DIFF_H

#include "core/arena.h"
#include "model/registry.h"
#include "store/store.h"

enum diff_part { DIFF_NONE, DIFF_METRIC, DIFF_PARAM, DIFF_TAG, DIFF_FIELD, DIFF_PARTS };

enum diff_state {
	DIFF_UNSET,
	DIFF_SAME,
	DIFF_MOVED,	/* both say something else */
	DIFF_ADDED,	/* only B has it */
	DIFF_GONE,	/* only A has it */
	DIFF_UNKNOWN,	/* a side does not say: nothing can be told */
	DIFF_STATES,
};

const char *diff_part_name(enum diff_part p);	/* "metric": for JSON */
const char *diff_part_title(enum diff_part p);	/* N_("metric") */
const char *diff_state_name(enum diff_state s);	/* "same", "changed", "added", "removed", "unknown" */
const char *diff_state_title(enum diff_state s);

struct diff_row {
	enum diff_part	part;
	const char	*name;	/* "auc", "learning_rate", "digest"; NULL: the part as a whole */
	const char	*a, *b;	/* as text; NULL: not there, or unknown */
	enum diff_state	state;
	double		delta;		/* b - a, where both are numbers; else NAN */
	double		percent;	/* of a; NAN where it has no meaning */
};

struct version_diff {
	const struct model_version	*a, *b;
	struct diff_row	*items;		/* by part, then by name */
	size_t		n;
	size_t		n_different;	/* changed, added, removed */
	size_t		n_unknown;
};

/* Pure.  Both borrowed: they must live as long as the arena. */
void version_diff(struct version_diff *out, struct arena *a, const struct model_version *from,
	const struct model_version *to);

/*
 * A version by what people write: MODEL@VERSION, or MODEL:ALIAS where the part behind the last
 * colon is an alias, a tag or a label that stands there at `at`.  source NULL: the only source
 * that has it.  Fails with a hint that names what there is.
 */
int version_find(const struct model_version **out, struct arena *a, struct store *st,
	const char *source, const char *text, int64_t at, struct err *e);

#endif
