/* scraped_inside.h - what the parts of scraped.c share; nobody else reads it */
#ifndef TOCSIN_POLL_SCRAPED_INSIDE_H
#define TOCSIN_POLL_SCRAPED_INSIDE_H

#include <uthash.h>

#include "poll/counted.h"
#include "poll/scraped.h"
#include "poll/slos.h"

struct series {
	UT_hash_handle hh;
	char *key; /* owned: name and labels, with a NUL between */
	const char *name, *json; /* borrowed: from key */
	struct arena arena; /* of the labels */
	struct metric_label *labels;
	size_t n_labels;
	int64_t id; /* 0: not in the store yet */
	int64_t written; /* the last sample's time; NONE_INT */
	int64_t born; /* when it counted 0 still; NONE_INT */
	double value;
	bool taken;
};

struct target {
	struct target *next;
	char *instance; /* owned */
	int64_t scraped; /* the last time it was written; NONE_INT */
	int64_t started; /* its process, as it says; NONE_INT */
	bool taken;
};

struct objective {
	struct slo_entry *entry;
	struct counted counted;
	struct objective
		*higher; /* at the next higher boundary: its period alone; NULL */
	struct burn_window windows[SLO_WINDOWS + 1];
	int64_t windows_ns[SLO_WINDOWS + 1];
	int64_t due_mono[SLO_WINDOWS + 1];
	size_t n;
	int64_t recovery_due_mono;
};

/* One window of one objective, series after series; RECOVERY: when the budget does. */
struct job {
	struct objective *of;
	size_t window;
	int64_t window_ns; /* what has passed of a calendar's period */
	/* slices of time, when they are counted: the first begins at from */
	int64_t from, slice_ns;
	size_t n_slices; /* 0: events are counted */
	bool recovery;
};

struct scraped {
	struct slo_set slos;
	struct arena arena; /* of the expressions and objectives */
	struct objective *objectives;
	size_t n;
	const char *problem;
	struct series *by_key;
	struct target *targets;
	int64_t gap_ns, keep_ns;
	/* the evaluation under way */
	struct round *round;
	scraped_done_fn *done;
	unsigned timer;
	struct job *jobs; /* in the round's arena */
	size_t n_jobs, cap_jobs, job;
	struct series *at; /* the next one of the job */
	double sums[COUNTED_PARTS], coverage[COUNTED_PARTS];
	double *slices[COUNTED_PARTS]; /* of a job that counts them: owned */
	struct arena samples;
	bool again; /* the files are to be read anew: a group that was not there */
};

bool scraped_is_of(const struct series *series, const char *instance);

#endif
