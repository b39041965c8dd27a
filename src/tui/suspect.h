/* suspect.h - changes in words, and which of them stand near the onset of a burn, for panes */
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

/* The first of them may well be the cause; false: none fits. */
bool suspects_fit(const struct suspects *s);

/* "checkout-ranker/production: 11 -> 12", "feature-x appeared". */
void change_text(struct strbuf *out, const struct change *ch);

/* The same without the object: "11 -> 12", "traffic 0.1 -> 0.5", "appeared". */
void change_moved(struct strbuf *out, const struct change *ch);

/* "1m before", "2m after", "at the onset". */
void before_text(struct strbuf *out, int64_t before_ns);

/* What console_go() takes for the page of this change: `changes`. */
void change_address(struct strbuf *out, const struct change *ch);

/* Where its object is looked at: a pane and what it shows; NULL: nowhere. */
const char *change_place(struct strbuf *argument, const struct change *ch);

#endif
