/*
 * slos.h - the objectives that one source answers for, and how they are written down
 */
#ifndef TOCSIN_POLL_SLOS_H
#define TOCSIN_POLL_SLOS_H

#include "model/slo.h"
#include "poll/reader.h"
#include "signal/slo_state.h"

struct slo_entry {
	struct slo	slo;		/* texts in the set's arena */
	bool		ours;		/* this source is the one to answer */
	size_t		n_windows;
	int64_t		windows_ns[SLO_WINDOWS];	/* the period last when there is room */
	/* what is known from one round to the next */
	enum severity	severity;
	int64_t		onset;		/* while it burns; NONE_INT */
	int64_t		history_to;	/* no hole before this; NONE_INT: not looked at yet */
};

struct slo_set {
	struct arena		arena;
	struct slo_entry	*items;
	size_t			n, cap;
	const char		*problem;	/* the first one of the files (arena); NULL */
};

void slo_set_init(struct slo_set *s);
void slo_set_release(struct slo_set *s);

/* The source that a file's SLO is asked of: the one it names, else the context's first that can. */
const char *slo_source(const struct round *r, const struct slo *slo);

/*
 * Read the files of all services anew, and take what `recorded` found (of it, files win).  What
 * was known of an objective that stays is kept.  all: also those that another source answers.
 */
void slo_set_load(struct slo_set *s, const struct round *r, const struct slo *recorded,
	size_t n_recorded, bool all);

/* Write the definitions of those that are ours; what this source no longer has is gone. */
int slo_set_define(const struct slo_set *s, const struct round *r, struct err *e);

/*
 * Evaluate and write one objective as of r->now.  period: over slo.window_ns.  note: what a person
 * has to know besides (arena), or NULL.
 */
int slo_entry_record(struct slo_entry *entry, const struct round *r,
	const struct burn_window *windows, size_t n, const struct burn_window *period,
	const char *note, struct err *e);

#endif
