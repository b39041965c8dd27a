/*
 * counter.h - which counters an SLI adds up, from its PromQL
 *
 * Pure.  What can be computed without Prometheus: selectors, and sums and differences of
 * sum(rate(SELECTOR[window])) and sum(increase(...)).  In a ratio rate and increase are the same.
 */
#ifndef TOCSIN_POLL_COUNTER_H
#define TOCSIN_POLL_COUNTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"
#include "poll/exposition.h"

enum matcher_op { MATCH_EQUAL, MATCH_NOT_EQUAL, MATCH_REGEX, MATCH_NOT_REGEX };

struct counter_matcher {
	const char	*name, *value;
	enum matcher_op	op;
	void		*regex;		/* owned: compiled */
};

struct counter_term {
	int			sign;	/* 1 or -1 */
	const char		*name;
	struct counter_matcher	*matchers;
	size_t			n, cap;
};

/* Texts and arrays in the arena. */
struct counter_expr {
	struct counter_term	*terms;
	size_t			n, cap;
};

/* ERR_INPUT says what in it needs a Prometheus; out is empty then. */
int counter_parse(struct counter_expr *out, struct arena *a, const char *promql, struct err *e);
void counter_release(struct counter_expr *c);	/* the compiled expressions */

/*
 * As Prometheus matches: a missing label is an empty one.  The labels job and instance are given
 * by Prometheus when it scrapes, and endpoints do not have them: matchers on them are ignored.
 */
bool counter_matches(const struct counter_term *t, const char *name,
	const struct metric_label *labels, size_t n);

#endif
