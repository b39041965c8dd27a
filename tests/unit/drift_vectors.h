/* drift_vectors.h - the groups of drift/vectors.json, and numbers out of them */
#ifndef TOCSIN_TESTS_DRIFT_VECTORS_H
#define TOCSIN_TESTS_DRIFT_VECTORS_H

#include <string.h>

#include "core/arena.h"
#include "signal/method.h"
#include "tests/unit/shared.h"

/* A number, or "inf", "-inf", "nan". */
static inline double number_of(const struct json *j)
{
	const char *text = json_type(j) == JSON_STRING ? json_text(j) : NULL;

	return text ? strtod(text, NULL) : json_real(j);
}

/* Equal to 9 digits, however small; the names say where it is not. */
#define agrees(v, path, got) agrees_at((v), (path), (got), 1e-9, 0, __LINE__)
#define agrees_within(v, path, got, absolute) agrees_at((v), (path), (got), 0, (absolute), __LINE__)
static inline void agrees_at(const struct json *v, const char *path, double got,
	double relative, double absolute, int line)
{
	const struct json *at = json_at(v, path);
	double want = number_of(at);

	if (!at)
		fail_msg("line %d: %s has no %s", line, json_text_at(v, "id"), path);
	if (json_type(at) == JSON_NULL || got == want || (isnan(got) && isnan(want)))
		return;
	if (!(fabs(got - want) <= fmax(absolute, relative * fabs(want))))
		fail_msg("line %d: %s %s: %.17g is not %.17g", line, json_text_at(v, "id"),
			path, got, want);
}

static inline const struct json *vectors_of(const struct json *doc, const char *name)
{
	const struct json *g = json_get(json_get(doc, "groups"), name);

	if (!json_count(g))
		fail_msg("there is no group %s", name);
	return g;
}

struct numbers {
	double	*values;
	size_t	n;
};

static inline struct numbers numbers_in(struct arena *a, const struct json *list)
{
	struct numbers out = {arena_alloc(a, json_count(list) + 1, sizeof(double)), 0};

	json_each (item, list)
		out.values[out.n++] = number_of(item);
	return out;
}

/* The sample that v's in.KEY names, sorted or not. */
static inline struct drift_sample sample_of(
	struct arena *a, const struct json *doc, const struct json *v, const char *key)
{
	const char *name = json_text(json_get(json_get(v, "in"), key));
	struct numbers n = numbers_in(a, json_get(json_get(doc, "samples"), name));

	return (struct drift_sample){n.values, n.n};
}

static inline struct drift_counts counts_in(
	struct arena *a, const struct json *v, const char *reference, const char *current)
{
	struct numbers x = numbers_in(a, json_at(v, reference));
	struct numbers y = numbers_in(a, json_at(v, current));

	assert_int_equal(x.n, y.n);
	return (struct drift_counts){.reference = x.values, .current = y.values, .n = x.n};
}

#endif
