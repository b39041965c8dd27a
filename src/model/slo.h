/* slo.h - objectives, how they are measured, and how they stand */
#ifndef TOCSIN_SLO_H
#define TOCSIN_SLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum severity { SEV_NONE, SEV_OK, SEV_NO_DATA, SEV_TICKET, SEV_PAGE, SEVERITIES };

const char *severity_name(enum severity s);	/* "ok", "no-data", "ticket", "page" */
enum severity severity_of(const char *name);	/* SEV_NONE: no such severity */
const char *severity_mark(enum severity s);	/* ASCII: ".", "?", "+", "!" */

enum sli_kind { SLI_NONE, SLI_RATIO, SLI_THRESHOLD, SLI_RAW, SLI_RECORDED, SLI_TRACES };
const char *sli_kind_name(enum sli_kind k);

/* One row of the multi-window table: both windows over factor times the budget rate. */
struct burn_alert {
	enum severity	severity;
	int64_t		short_ns, long_ns;
	double		factor;
};

/* How events become budget: each event, or slices of time that were good or not. */
enum budgeting { BUDGET_EVENTS, BUDGET_TIMESLICES, BUDGET_RATIO_TIMESLICES };

/* A window that follows the calendar; CALENDAR_NONE: it rolls. */
enum calendar_unit {
	CALENDAR_NONE,
	CALENDAR_DAY,
	CALENDAR_WEEK,
	CALENDAR_MONTH,
	CALENDAR_QUARTER,
	CALENDAR_YEAR
};

/*
 * An SLI over the agent sessions and spans that the store holds, for what no counter counts.
 * Measures: session-failed, tool-error, guardrail-block, refusal (each event is bad or not), and
 * score, cost, duration, first-token (good when `value op limit` holds).
 */
struct trace_sli {
	const char	*measure;
	const char	*name;		/* of the score or tool; NULL: any */
	const char	*agent;		/* NULL: those of the service's agents */
	const char	*op;		/* gte, gt, lte, lt */
	double		limit;		/* score; USD; seconds */
};

/*
 * The SLI: queries hold the text {{.window}} where the range goes (Sloth's form), or are counter
 * selectors (selector true) of which increase over the window is taken.
 */
struct sli {
	enum sli_kind	kind;
	bool		selector;
	bool		foreign;		/* no PromQL: shown, never asked */
	const char	*good, *bad, *total;	/* PromQL; good or bad may be NULL */
	const char	*raw;			/* an error ratio: SLI_RAW, SLI_THRESHOLD */
	const char	*recorded;		/* SLI_RECORDED: selector of recorded error ratios */
	const char	*recorded_as;		/* their names, {{.window}} in it; NULL: Sloth's */
	const char	*grouping;		/* labels, comma separated: an objective for each group */
	struct trace_sli traces;		/* SLI_TRACES */
};

/* Labels and annotations of one alert, JSON objects; NULL: none. */
struct slo_alert_texts {
	const char	*labels, *annotations;
};

struct slo {
	const char	*service, *name;	/* key */
	const char	*title, *description;
	const char	*format;	/* openslo, sloth, sloth-k8s, pyrra, recorded */
	const char	*file;		/* where it was read, or NULL */
	int		line, column;	/* in it; 0: not known */
	double		objective;	/* 0..1: 0.999 */
	int64_t		window_ns;	/* 30 d */
	bool		calendar;
	enum calendar_unit calendar_unit;
	int64_t		calendar_count;		/* 2 and WEEK: a fortnight */
	const char	*calendar_start;	/* "2026-01-01 00:00:00" in time_zone; NULL: the unit's own */
	const char	*time_zone;		/* IANA; NULL: UTC */
	enum budgeting	budgeting;
	double		slice_target;		/* a slice is good when its good ratio is at least this */
	int64_t		slice_ns;
	double		min_bad;		/* bad events that a page needs in its long window; NAN: 2 */
	struct sli	sli;
	struct burn_alert *alerting;	/* severest first; none: the file turned alerts off */
	size_t		n_alerting;
	const char	*labels;	/* JSON object */
	const char	*annotations;	/* JSON object, of its alerts; NULL: none */
	const char	*alert_name;	/* as the file names its alert; NULL: ours */
	struct slo_alert_texts page, ticket;	/* what its alerts carry; only from files, not stored */
	const char	*source;	/* which source answers, or NULL: the context's first */
};

#define SLO_WINDOWS 8

const char *budgeting_name(enum budgeting b);	/* occurrences, timeslices, ratio-timeslices */
const char *calendar_unit_name(enum calendar_unit u);	/* day, week ...; NULL: it rolls */

/* How an objective stands; windows as burn.h lists them. */
struct slo_state {
	const char	*service, *name;	/* key */
	const char	*source;	/* of the key: who is asked for it; NULL: the only one */
	int64_t		at;		/* evaluated as of */
	double		objective;
	int64_t		window_ns;
	size_t		n_windows;
	int64_t		windows_ns[SLO_WINDOWS];
	double		burn[SLO_WINDOWS];	/* NAN: no data */
	double		window_events[SLO_WINDOWS];	/* in each window; NAN unknown */
	double		events;		/* in the longest window that has data; NAN unknown */
	double		budget_left;	/* share of the window's budget: 1 whole, <0 overspent; NAN */
	enum severity	severity;
	int64_t		onset;		/* first crossing; NONE_INT: none */
	double		exhausted_in_s;	/* at the present rate; INFINITY never; NAN unknown */
	double		bad;		/* of events; NAN unknown */
	double		rate, bad_rate;	/* events a second at present; NAN unknown */
	/*
	 * Budget left at the present rate: when the calendar's period ends; of a rolling window
	 * when that rate has filled all of it.  NAN unknown.
	 */
	double		projected;
	int64_t		period_from, period_to;	/* rolling: the window up to `at` */
	int64_t		recovers;	/* an overspent rolling budget, if nothing fails any more; NONE_INT */
	double		coverage;	/* share of the period that data cover; NAN unknown */
	const char	*note;		/* "12 events only", "partial data" …; or NULL */
};

#endif
