/* filter.h - MLflow's search filters: "name LIKE 'a%' AND tags.`k` = 'v'" */
#ifndef LAB_FILTER_H
#define LAB_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum filter_op { FILTER_EQ, FILTER_NE, FILTER_LIKE, FILTER_ILIKE, FILTER_LT, FILTER_LE, FILTER_GT,
	FILTER_GE };

struct clause {
	char		*name;		/* owned: "name", "run_id", "version_number" ... */
	char		*tag;		/* owned: a tag's key; then name is "tags" */
	enum filter_op	op;
	char		*value;		/* owned */
};

struct filter {
	struct clause	*items;	/* owned */
	size_t		n, cap;
};

/* NULL and "" hold for everything. */
int filter_parse(struct filter *out, const char *s, struct err *e);
void filter_release(struct filter *f);

/* What an object has under a clause's name or tag; NULL: nothing, which no clause but != holds. */
typedef const char *filter_value_fn(const void *object, const struct clause *c);
bool filter_holds(const struct filter *f, filter_value_fn *fn, const void *object);

#endif
