/* query_json.h - what `tocsin query` asked and got, as a document and in words */
#ifndef TOCSIN_QUERY_JSON_H
#define TOCSIN_QUERY_JSON_H

#include "poll/prom_answer.h"
#include "poll/prom_server.h"

struct query {
	const char		*expression;
	const struct source_conf *source;
	int64_t			now, at;
	bool			ranged;
	struct prom_range	range;
	int			columns;	/* of the terminal */
	struct prom_answer	answer;
	const char		*clock;		/* how far the server's differs; NULL: it does not */
	int64_t			ahead_ns;
	struct arena		arena;
};

struct named {
	const struct prom_series *series;
	const char	*name;
	double		height;
};

struct json *query_json(const struct query *q);	/* the caller frees */

/*
 * name{label="value", ...}, sorted by label; "" for no labels.  among (may be NULL): only the
 * labels that all of its series share, or only those that they do not.
 */
void query_series_name(struct strbuf *out, const struct json *labels,
	const struct prom_answer *among, bool shared);

/* The fewest digits that read back as v. */
void query_number(struct strbuf *out, double v);

/* What the numbers of a simple expression are in, by the name of its metric; NULL: who knows. */
const char *query_unit(const char *expression);

#endif
