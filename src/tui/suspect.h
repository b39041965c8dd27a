/* suspect.h - which changes stand near the onset of a burn, for panes */
#ifndef TOCSIN_SUSPECT_H
#define TOCSIN_SUSPECT_H

#include "core/arena.h"
#include "core/err.h"
#include "model/change.h"
#include "signal/correlate.h"

struct console;

/* The likeliest of the changes that were seen by console_at(), best first. */
int suspects_load(struct suspects *out, struct arena *a, struct console *c, const char *service,
	int64_t onset, size_t limit, struct err *e);

/* "checkout-ranker/production: 11 -> 12", "feature-x appeared". */
void change_text(struct strbuf *out, const struct change *ch);

/* "1m before", "2m after", "at the onset". */
void before_text(struct strbuf *out, int64_t before_ns);

#endif
