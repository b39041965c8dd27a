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

enum sli_kind { SLI_NONE, SLI_RATIO, SLI_THRESHOLD, SLI_RAW, SLI_RECORDED };
const char *sli_kind_name(enum sli_kind k);

/* One row of the multi-window table: both windows over factor times the budget rate. */
struct burn_alert {
	enum severity	severity;
	int64_t		short_ns, long_ns;
	double		factor;
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
};

struct slo {
	const char	*service, *name;	/* key */
	const char	*title, *description;
	const char	*format;	/* openslo, sloth, sloth-k8s, pyrra, recorded */
	const char	*file;		/* where it was read, or NULL */
	double		objective;	/* 0..1: 0.999 */
	int64_t		window_ns;	/* 30 d */
	bool		calendar;
	struct sli	sli;
	struct burn_alert *alerting;	/* severest first; none: the file turned alerts off */
	size_t		n_alerting;
	const char	*labels;	/* JSON object */
	const char	*source;	/* which source answers, or NULL: the context's first */
};

#define SLO_WINDOWS 8

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
	const char	*note;		/* "12 events only", "partial data" …; or NULL */
};

#endif
