/*
 * drifts.h - the drift checks that one source answers for, and what is written of them
 *
 * Whoever reads a type of source asks for the two sides of each check that is due and hands them
 * over: how they are judged, kept and told is the same for all.
 */
#ifndef TOCSIN_POLL_DRIFTS_H
#define TOCSIN_POLL_DRIFTS_H

#include "poll/reader.h"
#include "signal/drift_state.h"
#include "store/drift.h"

struct drift_entry {
	struct drift_check	check;		/* texts in the set's arena */
	const char		*service;
	struct drift_past	*past;		/* of each feature, and of the dataset */
	struct drift_report	*reports;	/* the last ones; in `arena` */
	size_t			n_reports;
	struct arena		arena;
	bool			loaded;		/* past is known from the store */
	bool			told;		/* reports has something */
	bool			backfilled;
	int64_t			due_mono;
	int64_t			looked;		/* the round it was last evaluated in, by its time */
	int64_t			again_mono;	/* a reference without data is asked for again */
	struct drift_training	*training;	/* of skew: see drift_files.h; or NULL */
	char			*seen;		/* owned: of files, what they were the last time */
};

struct drift_set {
	struct arena		arena;
	struct drift_entry	*items;		/* owned: heap, they have arenas of their own */
	size_t			n, cap;
	const char		*problem;	/* the first one of the files (arena); NULL */
	bool			written;	/* the store has what is told */
};

void drift_set_init(struct drift_set *s);
void drift_set_release(struct drift_set *s);

/* The source that a check is asked of: the one it names, else the context's first that can. */
const char *drift_source(const struct config *c, const struct context_conf *context,
	const struct drift_check *check);

/* Read the files of all services anew; what is known of a check that stays is kept. */
void drift_set_load(struct drift_set *s, const struct round *r);

/* The next check that is due as of now, and then not again before its time; NULL: none. */
struct drift_entry *drift_set_next(struct drift_set *s, const struct round *r);

/* What the store knows of its past, once: backfilled says whether there is any. */
int drift_entry_load(struct drift_entry *entry, const struct round *r, struct err *e);

/*
 * Both sides of each feature, as of at, in the round's arena.  reference[i].from and to say what
 * it was.  Evaluate, and keep what came of it; history: it lies in the past, nothing is told yet.
 */
int drift_entry_evaluate(struct drift_entry *entry, const struct round *r, int64_t at,
	const struct drift_side *reference, const struct drift_side *current, bool history,
	struct err *e);

/* The same of comparisons that were made already; reference and current: the windows' words. */
int drift_entry_compared(struct drift_entry *entry, const struct round *r, int64_t at,
	struct drift_comparison *all, const char *reference, const char *current,
	struct err *e);

/* What was not compared here but read elsewhere (Evidently): all of its reports. */
int drift_entry_take(struct drift_entry *entry, const struct round *r,
	const struct drift_report *reports, size_t n, struct err *e);

/* Nothing could be asked: all of its features are without data, for this reason. */
int drift_entry_fail(struct drift_entry *entry, const struct round *r, const char *why,
	struct err *e);

/* Write how all checks stand.  Nothing is written before each was evaluated once. */
int drift_set_write(struct drift_set *s, struct round *r, struct err *e);

/* --- references --- */

struct drift_references {
	struct drift_side	*sides;		/* one for each feature; arena */
	bool			*known;		/* it is there: nobody has to be asked */
};

/* What is pinned or kept of the reference of a window that ends at `at`. */
int drift_references(struct drift_references *out, struct drift_entry *entry,
	const struct round *r, int64_t at, struct err *e);

/* Pin those of the sides that have enough in them. */
int drift_pin_sides(const struct drift_entry *entry, const struct round *r,
	const struct drift_side *sides, const bool *which, struct err *e);

#endif
