/*
 * slos.h - the objectives that one source answers for, and how they are written down
 */
#ifndef TOCSIN_POLL_SLOS_H
#define TOCSIN_POLL_SLOS_H

#include "core/json.h"
#include "core/zone.h"
#include "model/slo.h"
#include "poll/reader.h"
#include "signal/latency.h"
#include "signal/slo_state.h"

/* An objective with groups is one for each of them; there are at most this many. */
#define SLO_MOST_GROUPS 200

struct slo_entry {
	struct slo	slo;		/* texts in the set's arena */
	bool		ours;		/* this source is the one to answer */
	/*
	 * Groups: `grouped` stands for all of them and is nothing by itself; each of them has the
	 * labels it was told by, as canonical JSON.
	 */
	bool		grouped, gone;	/* gone: the server does not tell of this group any more */
	const char	*group;
	/* Latency: what is asked is a boundary that there is; `higher` is the one above. */
	bool		has_latency, has_higher, unmeasurable;
	struct latency	latency;
	struct slo	asked, higher;
	const char	*said;		/* of that, for a person; NULL */
	/* The calendar's period as of this round; 0, and the window asked is slo.window_ns: it rolls. */
	const struct zone *zone;	/* borrowed: from the set */
	const char	*zone_problem;
	int64_t		period_from, period_to;
	int64_t		period_ask_ns, period_at;	/* what of it is asked, and as of when */
	int64_t		keeps_ns;	/* how far back the server remembers; <= 0 unknown */
	size_t		n_windows;
	int64_t		windows_ns[SLO_WINDOWS];	/* the period last when there is room */
	/* what is known from one round to the next */
	enum severity	severity;
	int64_t		onset;		/* while it burns; NONE_INT */
	bool		onset_fine;	/* known to the sample */
	bool		onset_open;	/* it burnt in the first data already: then, or earlier */
	int64_t		fired_short_ns;	/* of the row that decides; 0: none does */
	double		fired_factor;
	bool		overspent;	/* a rolling budget, with so many bad events allowed */
	double		allowed;
	int64_t		boundaries_mono;	/* of the answer that `asked` was chosen by */
	int64_t		recovers, recovers_mono;	/* looked for when; NONE_INT */
	int64_t		history_to;	/* no hole before this; NONE_INT: not looked at yet */
};

struct slo_zone {
	struct slo_zone	*next;
	const char	*name;		/* arena */
	struct zone	*zone;		/* owned */
	const char	*problem;	/* arena; NULL */
};

struct slo_set {
	struct arena		arena;
	struct slo_zone		*zones;		/* arena */
	struct slo_entry	*items;
	size_t			n, cap;
	const char		*problem;	/* the first one of the files (arena); NULL */
};

void slo_set_init(struct slo_set *s);
void slo_set_release(struct slo_set *s);

/*
 * The source that a file's SLO is asked of: the one it names, else the context's first that can,
 * else, of one over traces, that of its service's agents.
 */
const char *slo_source(const struct round *r, const struct slo *slo);

/*
 * Read the files of all services anew, and take what `recorded` found (of it, files win).  What
 * was known of an objective that stays is kept.  all: also those that another source answers.
 */
void slo_set_load(struct slo_set *s, const struct round *r, const struct slo *recorded,
	size_t n_recorded, bool all);

/* Write the definitions of those that are ours; what this source no longer has is gone. */
int slo_set_define(const struct slo_set *s, const struct round *r, struct err *e);

/* Only those from this one on, which came since. */
int slo_set_define_from(const struct slo_set *s, size_t from, const struct round *r,
	struct err *e);

/* Where the calendar's period begins and ends as of now; before the windows are asked. */
void slo_entry_period(struct slo_entry *entry, int64_t now);

/*
 * An entry for one group of a grouped one, by its labels (canonical JSON); the one that there is
 * already, or NULL when there are too many.  Entries move: no pointer to one outlives this.
 */
struct slo_entry *slo_set_group(struct slo_set *s, size_t grouped, const char *labels);

/*
 * Which of these boundaries stands for a latency's limit.  The lower one takes good events for
 * bad ones; so nothing bad is read as good, and the higher one is told beside it.
 */
void slo_entry_boundaries(struct slo_entry *entry, struct arena *a, const double *bounds,
	size_t n);

/* The labels of a grouping alone, as canonical JSON in the arena. */
const char *slo_group_key(struct arena *a, const struct json *labels, const char *grouping);
bool slo_entry_is_group_of(const struct slo_entry *entry, const struct slo_entry *grouped);

/*
 * Evaluate and write one objective as of r->now.  period: over slo.window_ns.  note: what a person
 * has to know besides (arena), or NULL.
 */
int slo_entry_record(struct slo_entry *entry, const struct round *r,
	const struct burn_window *windows, size_t n, const struct burn_window *period,
	const char *note, struct err *e);

#endif
