/* alerts.h - what the verbs of `tocsin alerts` share; for cmd/alerts*.c alone */
#ifndef TOCSIN_CMD_ALERTS_H
#define TOCSIN_CMD_ALERTS_H

#include "cmd/cmd.h"
#include "store/alerts.h"
#include "store/source.h"

/* What is known, each alert once, and how old it is. */
struct alerts_seen {
	struct arena		arena;
	struct observed_list	alerts;		/* without resolved ones */
	struct source_rows	sources;
	int64_t			now;
};

/* Of the context, with --service and --state. */
int alerts_see(struct alerts_seen *out, struct cmd *c, struct err *e);
void alerts_unsee(struct alerts_seen *s);
bool alerts_stale(const struct alerts_seen *s, const char *source);

/* By fingerprint, or else the most urgent of that name; NULL: there is none. */
const struct observed *alerts_find(const struct alerts_seen *s, const char *word);

/* "silenced by ann until 14:00: known", "inhibited by ..."; nothing: it is told. */
void alert_why(struct strbuf *out, const struct alert *a, int64_t now);

/* A moment as people say it, or "-". */
void alerts_cell_moment(struct cmd_table *t, int64_t at, int64_t now);

#endif
