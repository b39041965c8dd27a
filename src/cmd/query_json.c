#include "config.h"

#include "cmd/query_json.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/number.h"

/* --- words --- */

static int by_key(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp(json_key(*x), json_key(*y));
}

/* All have it, with the same value. */
static bool is_shared(const struct json *label, const struct prom_answer *among)
{
	const char *value = json_text(label);

	for (size_t i = 0; value && i < among->n; i++) {
		const char *other =
			json_text(json_get(among->items[i].labels, json_key(label)));

		if (!other || strcmp(other, value) != 0)
			return false;
	}
	return value;
}

void query_series_name(struct strbuf *out, const struct json *labels,
	const struct prom_answer *among, bool shared)
{
	size_t n = 0, count = json_count(labels);
	const struct json **sorted = mem_new(count + 1, sizeof(*sorted));

	json_each (label, labels) {
		if (among && is_shared(label, among) != shared)
			continue;
		if (!strcmp(json_key(label), "__name__"))
			strbuf_adds(out, json_text(label));
		else
			sorted[n++] = label;
	}
	qsort(sorted, n, sizeof(*sorted), by_key);
	for (size_t i = 0; i < n; i++) {
		strbuf_addf(out, "%s%s=", i ? ", " : "{", json_key(sorted[i]));
		json_quote(out, json_text(sorted[i]) ? json_text(sorted[i]) : "");
	}
	if (n)
		strbuf_addc(out, '}');
	free(sorted);
}

void query_number(struct strbuf *out, double v)
{
	double back = NAN;

	if (!isfinite(v)) {
		strbuf_adds(out, isnan(v) ? "NaN" : v > 0 ? "+Inf" : "-Inf");
		return;
	}
	for (int digits = 6; digits <= 17 && back != v; digits++) {
		char *text = mem_format("%.*g", digits, v);

		if (!number_parse(&back, text, strlen(text)))
			back = NAN;
		if (back == v || digits == 17)
			strbuf_adds(out, text);
		free(text);
	}
}

/* The first metric's name that ends in a unit; its length in *n. */
static const char *name_next(const char **s, size_t *n)
{
	const char *start;

	while (**s && !isalpha((unsigned char)**s) && **s != '_') {
		if (**s == '{' || **s == '[')
			*s += strcspn(*s, "}]");
		if (**s)
			(*s)++;
	}
	start = *s;
	while (isalnum((unsigned char)**s) || **s == '_' || **s == ':')
		(*s)++;
	*n = (size_t)(*s - start);
	return *n ? start : NULL;
}

static bool name_has(const char *name, size_t n, const char *part)
{
	size_t length = strlen(part);

	for (size_t i = 0; i + length <= n; i++)
		if (!strncmp(name + i, part, length))
			return true;
	return false;
}

/* With arithmetic outside of selectors it may be anything. */
static bool has_arithmetic(const char *s)
{
	while (*s) {
		size_t n = strcspn(s, "{/*%^");

		if (s[n] && s[n] != '{')
			return true;
		s += n;
		s += strcspn(s, "}");
	}
	return false;
}

const char *query_unit(const char *expression)
{
	static const struct {
		const char *part, *unit;
	} units[] = {
		{"_milliseconds", "ms"},
		{"_microseconds", "us"},
		{"_seconds", "s"},
		{"_ms", "ms"},
		{"_us", "us"},
		{"_bytes", "B"},
		{"_celsius", "C"},
	};
	/* These count, or give a share: whatever it was of, it is not of that any more. */
	static const char *const changes[] = {"rate", "irate", "count", "changes",
		"resets", "histogram_fraction", "count_over_time", "absent", "deriv",
		"group"};
	const char *unit = NULL, *name, *s = expression;
	bool quantile = false, changed = false;
	size_t n;

	if (has_arithmetic(expression))
		return NULL;
	while ((name = name_next(&s, &n))) {
		quantile = quantile || name_has(name, n, "histogram_quantile");
		for (size_t i = 0; i < ARRAY_LEN(changes); i++)
			changed = changed ||
				(strlen(changes[i]) == n &&
					!strncmp(name, changes[i], n));
		for (size_t i = 0; i < ARRAY_LEN(units) && !unit; i++)
			if (name_has(name, n, units[i].part))
				unit = name_has(name, n, "_count") ||
						(name_has(name, n, "_bucket") &&
							!quantile)
					? NULL
					: units[i].unit;
	}
	return changed && !quantile ? NULL : unit;
}

/* --- the document --- */

static void add_number(struct json *to, const char *key, double v)
{
	struct strbuf text = STRBUF_INIT;

	if (isfinite(v)) {
		json_add_real(to, key, v);
		return;
	}
	query_number(&text, v);
	json_add_text(to, key, text.buf);
	strbuf_release(&text);
}

static void add_texts(struct json *to, const char *key, const struct json *from)
{
	struct json *list = json_add_array(to, key);

	json_each (one, from)
		if (json_text(one))
			json_add_text(list, NULL, json_text(one));
}

static void add_histogram(struct json *to, const struct prom_histogram *h)
{
	struct json *buckets;

	json_add_real(to, "count", h->count);
	add_number(to, "sum", h->sum);
	buckets = json_add_array(to, "buckets");
	for (size_t i = 0; i < h->n; i++) {
		struct json *one = json_add_object(buckets, NULL);

		add_number(one, "lower", h->buckets[i].lower);
		add_number(one, "upper", h->buckets[i].upper);
		json_add_real(one, "count", h->buckets[i].count);
	}
}

static void add_points(struct json *to, const struct prom_series *s)
{
	struct json *points = json_add_array(to, "points"), *histograms;

	for (size_t i = 0; i < s->samples.n; i++) {
		struct json *pair = json_add_object(points, NULL);

		json_add_time(pair, "at", s->samples.items[i].at);
		add_number(pair, "value", s->samples.items[i].value);
	}
	if (!s->n_histograms)
		return;
	histograms = json_add_array(to, "histograms");
	for (size_t i = 0; i < s->n_histograms; i++) {
		struct json *one = json_add_object(histograms, NULL);

		json_add_time(one, "at", s->histograms[i].at);
		add_histogram(one, &s->histograms[i]);
	}
}

static void add_series(
	struct json *list, const struct query *q, const struct prom_series *s)
{
	struct json *one = json_add_object(list, NULL);

	json_add(one, "labels", s->labels ? json_copy(s->labels) : json_object());
	json_add_time(one, "as_of", q->ranged ? q->range.to : q->at);
	json_add_bool(one, "stale", false);
	if (q->ranged || s->samples.n > 1) {
		add_points(one, s);
	} else if (s->samples.n) {
		add_number(one, "value", s->samples.items[0].value);
	} else if (s->n_histograms) {
		add_histogram(json_add_object(one, "histogram"), &s->histograms[0]);
	} else {
		json_add_null(one, "value");
	}
}

struct json *query_json(const struct query *q)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.query/1");
	json_add_time(doc, "at", q->now);
	json_add_text(doc, "source", q->source->name);
	json_add_text(doc, "query", q->expression);
	json_add_time(doc, "from", q->ranged ? q->range.from : NONE_INT);
	json_add_time(doc, "to", q->ranged ? q->range.to : q->at);
	json_add_real(
		doc, "step_s", q->ranged ? (double)q->range.step_ns / NS_PER_S : NAN);
	json_add_text(doc, "partial", q->answer.partial);
	json_add_real(doc, "clock_ahead_s", (double)q->ahead_ns / NS_PER_S);
	add_texts(doc, "warnings", json_get(q->answer.document, "warnings"));
	add_texts(doc, "infos", json_get(q->answer.document, "infos"));
	list = json_add_array(doc, "series");
	for (size_t i = 0; i < q->answer.n; i++)
		add_series(list, q, &q->answer.items[i]);
	return doc;
}
