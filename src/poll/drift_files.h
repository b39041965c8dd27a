/*
 * drift_files.h - drift checks of files: columns against columns, and what training data was like
 */
#ifndef TOCSIN_POLL_DRIFT_FILES_H
#define TOCSIN_POLL_DRIFT_FILES_H

#include "poll/drifts.h"

#define DRIFT_FILE_MAX_BYTES ((int64_t)512 << 20)	/* more is for tocsin drift compute */

/*
 * Evaluate a check whose current side is a file, where one of its files has changed since it was
 * last looked at.  Reads whole columns, one feature after the other.
 */
int drift_files_evaluate(struct drift_entry *entry, const struct round *r, struct err *e);

/* What training data holds, for skew: read again when the file has changed. */
struct drift_training;

/*
 * The column of f's training file as counts: in the bins of current, or by category.  What cannot
 * be read says so in out->note.
 */
void drift_training_side(struct drift_side *out, struct drift_training **kept,
	struct arena *a, const struct drift_feature *f, const struct drift_side *current);
void drift_training_free(struct drift_training *t);

/* Path, size and time of a file, for seeing that it has changed; false: it is not there. */
bool drift_file_stamp(struct strbuf *out, const char *file, int64_t *changed);

#endif
