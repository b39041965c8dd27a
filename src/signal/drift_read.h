/* drift_read.h - what the parts of reading a drift check share (private to drift_check) */
#ifndef TOCSIN_DRIFT_READ_H
#define TOCSIN_DRIFT_READ_H

#include "signal/drift_check.h"

struct drift_reader {
	struct drift_check	*out;
	struct arena		*arena;
	struct problems		*problems;
	const char		*file;		/* NULL: unknown */
	const char		*training;	/* skew: the reference's file */
};

/* Made absolute, beside the check's file; NULL stays NULL. */
const char *drift_reader_path(struct drift_reader *r, const char *path);

/* Each takes NULL for a section that is not there. */
void drift_features_read(struct drift_reader *r, const struct yaml_node *list,
	enum drift_kind kind);
void drift_performance_read(struct drift_reader *r, const struct yaml_node *list);
void drift_skew_read(struct drift_reader *r, const struct yaml_node *node);

#endif
