/* status.h - the situation, gathered once and said as text or as JSON */
#ifndef TOCSIN_STATUS_H
#define TOCSIN_STATUS_H

#include <stdio.h>

#include "cmd/cmd.h"
#include "model/alert.h"
#include "report/models.h"
#include "store/journal.h"
#include "store/observe.h"
#include "store/series.h"
#include "store/sessions.h"

/* Sessions are counted over this long; changes are listed from as far back. */
#define STATUS_SESSIONS_NS NS_PER_HOUR
#define STATUS_CHANGES_NS (24 * NS_PER_HOUR)

struct status {
	struct arena		arena;		/* owned: all below */
	const struct config	*config;	/* borrowed */
	const struct context_conf *context;	/* borrowed; NULL: none */
	struct store		*store;		/* borrowed */
	int64_t			now;
	struct source_rows	sources;	/* of the context */
	struct slo_rows		slos;		/* worst first */
	struct observed_list	alerts;		/* without resolved ones */
	struct observed_list	drift;
	struct model_rows	models;
	struct change_list	changes;	/* newest first */
	struct session_stats	sessions;
	struct run_list		runs;		/* live ones */
};

int status_gather(struct status *out, const struct config *config,
	const struct context_conf *context, struct store *st, int64_t now, struct err *e);
void status_release(struct status *s);

struct json *status_json(const struct status *s);	/* tocsin.status/1; the caller frees */
void status_print(const struct status *s);		/* for people, to stdout */

/* EXIT_FINDING when something burns, fires or drifted, else EXIT_STALE or EXIT_FINE. */
int status_code(const struct status *s);

/* The source is stale or was never read: what came from it is not current. */
bool status_stale(const struct status *s, const char *source);

#endif
