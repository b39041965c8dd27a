/* overview_gather.h - how the sections of the first pane are put together */
#ifndef TOCSIN_OVERVIEW_GATHER_H
#define TOCSIN_OVERVIEW_GATHER_H

#include "tui/panes/overview.h"
#include "tui/situation.h"

/* What one query works with. */
struct gather {
	struct console *c;
	struct overview *o;
	struct arena *a;
	struct rows *out;
	struct situation s;
	size_t limit; /* rows in a section */
	struct rows drift; /* its reports, the worst first */
	size_t drifted, watched, drifting_predictions;
};

bool gather_is_small(const struct gather *g);
struct item *gather_row(struct gather *g, enum section section, const char *id);
void gather_age(struct gather *g, struct item *item, int64_t at, bool stale);

/* The text in the rows' arena, or the pane's own; sb is empty then. */
const char *gather_keep(struct gather *g, struct strbuf *sb);
void gather_line(char **to, struct strbuf *sb);

/* The words before the headline; and one line more of it. */
void gather_alarm(struct overview *o, const char *text);
void gather_headline(struct overview *o, struct strbuf *sb);

/* overview_drift.c */
int overview_drift_load(struct gather *g, struct err *e);
void overview_drift_rows(struct gather *g);
void overview_drift_say(struct gather *g);	/* a line, where anything drifted */

#endif
