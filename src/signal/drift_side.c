#include "config.h"

#include "signal/drift_side.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/strbuf.h"

#define PAIR '\x1f' /* between the labels of a pair: no label has it */
#define LABELS_MAX 2000 /* categories a side; more is no category */

static void empty(struct drift_side *out)
{
	*out = (struct drift_side){.from = INT64_MIN, .to = INT64_MIN};
}

/* --- bins --- */

static int by_le(const void *left, const void *right)
{
	const struct drift_bucket *a = left, *b = right;

	return a->le < b->le ? -1 : a->le > b->le;
}

/* Sorted, each bound once, what has no data left out. */
static size_t buckets_merge(
	struct drift_bucket *to, const struct drift_bucket *from, size_t n)
{
	size_t kept = 0, used = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(from[i].le) && isfinite(from[i].cumulative))
			to[kept++] = from[i];
	if (kept)
		qsort(to, kept, sizeof(*to), by_le);
	for (size_t i = 0; i < kept; i++) {
		if (used && to[used - 1].le == to[i].le)
			to[used - 1].cumulative += to[i].cumulative;
		else
			to[used++] = to[i];
	}
	return used;
}

void drift_side_classic(struct drift_side *out, struct arena *a,
	const struct drift_bucket *buckets, size_t n)
{
	struct drift_bucket *b = arena_alloc(a, n + 1, sizeof(*b));
	size_t used = buckets_merge(b, buckets, n);
	double before = 0;

	empty(out);
	if (!used)
		return;
	if (!isinf(b[used - 1].le)) {
		out->note = arena_format(a, _("the histogram has no bucket +Inf"));
		return;
	}
	out->n = used;
	out->edges = arena_alloc(a, used, sizeof(*out->edges));
	out->counts = arena_alloc(a, used, sizeof(*out->counts));
	for (size_t i = 0; i < used; i++) {
		/* One that is lower than the one before was scraped in between. */
		double here = fmax(b[i].cumulative, before);

		out->counts[i] = here - before;
		before = here;
		if (i + 1 < used)
			out->edges[i] = b[i].le;
	}
	out->total = before;
}

static int by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return a < b ? -1 : a > b;
}

static size_t unique_of(double *values, size_t n)
{
	size_t used = 0;

	if (n)
		qsort(values, n, sizeof(*values), by_value);
	for (size_t i = 0; i < n; i++)
		if (!used || values[used - 1] != values[i])
			values[used++] = values[i];
	return used;
}

/* The cell that values just below (or at) x are in. */
static size_t cell_of(const double *edges, size_t n, double x)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (x <= edges[middle])
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

void drift_side_native(struct drift_side *out, struct arena *a,
	const struct drift_interval *buckets, size_t n)
{
	double *edges = arena_alloc(a, 2 * n + 1, sizeof(*edges));
	size_t k = 0;

	empty(out);
	for (size_t i = 0; i < n; i++) {
		if (isfinite(buckets[i].lower))
			edges[k++] = buckets[i].lower;
		if (isfinite(buckets[i].upper))
			edges[k++] = buckets[i].upper;
	}
	if (!n || !k)
		return;
	k = unique_of(edges, k);
	out->edges = edges;
	out->n = k + 1;
	out->counts = arena_alloc(a, out->n, sizeof(*out->counts));
	for (size_t i = 0; i < n; i++) {
		size_t cell = isfinite(buckets[i].upper)
			? cell_of(edges, k, buckets[i].upper)
			: k;

		if (!(buckets[i].count > 0))
			continue;
		out->counts[cell] += buckets[i].count;
		out->total += buckets[i].count;
	}
}

void drift_side_values(struct drift_side *out, struct arena *a, const double *edges,
	size_t n_edges, const double *values, size_t n)
{
	empty(out);
	out->n = n_edges + 1;
	out->edges = arena_alloc(a, n_edges + 1, sizeof(*out->edges));
	out->counts = arena_alloc(a, out->n, sizeof(*out->counts));
	if (n_edges)
		memcpy(out->edges, edges, n_edges * sizeof(*edges));
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(values[i]))
			continue;
		out->counts[cell_of(edges, n_edges, values[i])]++;
		out->total++;
	}
}

/* --- categories --- */

static int by_label(const void *left, const void *right)
{
	const struct drift_category *a = left, *b = right;

	return strcmp(a->label, b->label);
}

void drift_side_categories(struct drift_side *out, struct arena *a,
	const struct drift_category *items, size_t n)
{
	struct drift_category *sorted = arena_alloc(a, n + 1, sizeof(*sorted));
	size_t kept = 0;

	empty(out);
	for (size_t i = 0; i < n; i++)
		if (isfinite(items[i].count) && items[i].count >= 0)
			sorted[kept++] = items[i];
	if (kept)
		qsort(sorted, kept, sizeof(*sorted), by_label);
	out->labels = arena_alloc(a, kept + 1, sizeof(*out->labels));
	out->counts = arena_alloc(a, kept + 1, sizeof(*out->counts));
	for (size_t i = 0; i < kept; i++) {
		out->total += sorted[i].count;
		if (out->n && !strcmp(out->labels[out->n - 1], sorted[i].label)) {
			out->counts[out->n - 1] += sorted[i].count;
			continue;
		}
		out->labels[out->n] = arena_strdup(a, sorted[i].label);
		out->counts[out->n++] = sorted[i].count;
	}
	if (out->n > LABELS_MAX)
		out->note = arena_format(a,
			_("%zu categories: that is no category, but names of things"),
			out->n);
}

static void label_part(struct strbuf *out, const char *name, const char *value)
{
	if (out->len)
		strbuf_adds(out, " / ");
	if (name)
		strbuf_addf(out, "%s=", name);
	strbuf_adds(out, value ? value : "");
}

static const char *label_value(const struct json *labels, const char *name)
{
	const char *value = json_text(json_get(labels, name));

	return value ? value : "";
}

const char *drift_side_label(
	struct arena *a, const struct json *labels, const struct drift_feature *f)
{
	struct strbuf text = STRBUF_INIT;
	const char *out;

	if (f->kind == DRIFT_PERFORMANCE)
		return arena_format(a, "%s%c%s", label_value(labels, f->by.items[0]),
			PAIR, label_value(labels, f->by.items[1]));
	for (size_t i = 0; i < f->by.n; i++)
		label_part(&text, NULL, label_value(labels, f->by.items[i]));
	json_each (item, f->by.n ? NULL : labels) {
		if (json_key(item)[0] != '_' &&
			strcmp(json_key(item), "tocsin_feature") != 0)
			label_part(&text, json_key(item), json_text(item));
	}
	out = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return out;
}

/* --- as text --- */

void drift_side_write(struct strbuf *out, const struct drift_side *s)
{
	struct json *doc = json_object(), *list;

	list = json_add_array(doc, s->labels ? "labels" : "edges");
	for (size_t i = 0; s->labels && i < s->n; i++)
		json_add_text(list, NULL, s->labels[i]);
	for (size_t i = 0; s->edges && i + 1 < s->n; i++)
		json_add_real(list, NULL, s->edges[i]);
	list = json_add_array(doc, "counts");
	for (size_t i = 0; i < s->n; i++)
		json_add_real(list, NULL, s->counts[i]);
	json_canonical(out, doc);
	json_free(doc);
}

static int no_side(struct err *e)
{
	return err_set(e, ERR_INPUT, _("this is no distribution"));
}

static int side_take(struct drift_side *out, struct arena *a, const struct json *doc,
	const char *member, double times, struct err *e)
{
	const struct json *labels = json_get(doc, "labels"),
			  *counts = json_get(doc, member);
	const struct json *edges = json_get(doc, "edges");
	size_t n = json_count(counts), i = 0;

	empty(out);
	if (json_type(counts) != JSON_ARRAY || (!labels && !edges) ||
		json_count(labels ? labels : edges) + (labels ? 0 : 1) != n)
		return no_side(e);
	out->n = n;
	out->counts = arena_alloc(a, n + 1, sizeof(*out->counts));
	json_each (item, counts) {
		out->counts[i] = json_real(item) * times;
		if (!isfinite(out->counts[i]) || out->counts[i] < 0)
			return no_side(e);
		out->total += out->counts[i++];
	}
	i = 0;
	if (labels)
		out->labels = arena_alloc(a, n + 1, sizeof(*out->labels));
	else
		out->edges = arena_alloc(a, n + 1, sizeof(*out->edges));
	json_each (item, labels ? labels : edges) {
		const char *text = labels ? json_text(item) : NULL;

		if (labels ? !text : !isfinite(json_real(item)))
			return no_side(e);
		if (labels)
			out->labels[i++] = arena_strdup(a, text);
		else
			out->edges[i++] = json_real(item);
		if (edges && i > 1 && out->edges[i - 1] <= out->edges[i - 2])
			return no_side(e);
	}
	return 0;
}

int drift_side_read(
	struct drift_side *out, struct arena *a, const char *json, struct err *e)
{
	struct json *doc = NULL;
	int rc = json_parse(&doc, json, strlen(json), e);

	if (rc == 0)
		rc = side_take(out, a, doc, "counts", 1, e);
	json_free(doc);
	return rc;
}

int drift_side_of_shares(struct drift_side *out, struct arena *a, const char *shares,
	const char *side, double n, struct err *e)
{
	struct json *doc = NULL;
	int rc = json_parse(&doc, shares, strlen(shares), e);

	if (rc == 0)
		rc = side_take(out, a, doc, side, n, e);
	json_free(doc);
	return rc;
}
