/* situation.h - is it bad: objectives, alerts and sources of the context, as of one moment */
#ifndef TOCSIN_SITUATION_H
#define TOCSIN_SITUATION_H

#include "core/arena.h"
#include "core/err.h"
#include "model/alert.h"
#include "store/series.h"
#include "store/source.h"

struct console;

struct situation_alert {
	const struct alert	*alert;
	enum severity		severity;	/* of firing ones; else SEV_NONE */
	int64_t			seen;		/* since when we see it so */
};

struct situation {
	const struct slo_row	**slos;		/* worst first */
	size_t			n_slos;
	size_t			slos_by[SEVERITIES];
	struct situation_alert	*alerts;	/* firing first, severest first, newest first */
	size_t			n_alerts;
	size_t			firing, firing_pages;	/* those that want somebody: not info */
	size_t			informing;
	const struct source_row	**sources;	/* by name */
	size_t			n_sources, stale_sources;
	int64_t			watching;	/* since when; NONE_INT: nothing was read yet */
};

/* Read as of console_at() into an arena; on failure out is left as it was. */
int situation_load(struct situation *out, struct arena *a, struct console *c, struct err *e);

/* The severity that an alert's own words amount to. */
enum severity alert_severity(const struct alert *a);

/* The worst that is the case: SEV_PAGE … SEV_OK; SEV_NO_DATA when nothing is known. */
enum severity situation_worst(const struct situation *s);

/* The fastest of the windows up to an hour that decide; NAN: no data. */
double slo_burn_now(const struct slo_state *state);

/* Its last evaluation is older than three intervals of its source, or than five minutes. */
bool slo_is_stale(struct console *c, const struct slo_row *row);

/* "14.2x", "0.03x", "-". */
void burn_text(struct strbuf *out, double burn);

#endif
