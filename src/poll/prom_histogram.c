#include "config.h"

#include "poll/prom_histogram.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/number.h"

/* --- reading --- */

static bool number_read(double *out, const struct json *j)
{
	const char *text = json_text(j);

	return text && number_parse(out, text, strlen(text));
}

/* [rule, "lower", "upper", "count"] */
static bool bucket_read(struct prom_bucket *b, const struct json *from)
{
	const struct json *rule = json_first(from);
	const struct json *lower = json_next(rule), *upper = json_next(lower);
	int64_t bounds = json_int(rule);

	if (json_type(from) != JSON_ARRAY || bounds < PROM_UPPER || bounds > PROM_BOTH)
		return false;
	b->bounds = (enum prom_bounds)bounds;
	return number_read(&b->lower, lower) && number_read(&b->upper, upper) &&
		number_read(&b->count, json_next(upper)) && b->lower <= b->upper &&
		b->count >= 0;
}

static bool histogram_read(
	struct prom_histogram *h, struct arena *a, const struct json *pair)
{
	const struct json *time = json_first(pair), *body = json_next(time);
	const struct json *buckets = json_get(body, "buckets");
	struct prom_bucket *to = arena_alloc(a, json_count(buckets) + 1, sizeof(*to));
	double t = json_real(time);

	if (json_type(pair) != JSON_ARRAY || !(fabs(t) < 9e9))
		return false;
	h->at = (int64_t)llround(t * 1e3) * NS_PER_MS;
	h->buckets = to;
	json_each (bucket, buckets) {
		if (!bucket_read(to, bucket) || (h->n && !(to->lower >= to[-1].upper)))
			return false;
		to++;
		h->n++;
	}
	return number_read(&h->count, json_get(body, "count")) &&
		number_read(&h->sum, json_get(body, "sum"));
}

bool prom_histograms_read(
	struct prom_series *s, struct arena *a, const struct json *from, bool many)
{
	struct prom_histogram *to =
		arena_alloc(a, many ? json_count(from) + 1 : 1, sizeof(*to));

	if (json_type(from) != JSON_ARRAY)
		return false;
	s->histograms = to;
	if (!many) {
		s->n_histograms = histogram_read(to, a, from);
		return s->n_histograms == 1;
	}
	json_each (pair, from) {
		struct prom_histogram *h = &to[s->n_histograms];

		memset(h, 0, sizeof(*h));
		if (!histogram_read(h, a, pair))
			return false;
		/* As with floats: what should not have been sent is left out. */
		if (!s->n_histograms || h[-1].at < h->at)
			s->n_histograms++;
	}
	return true;
}

/* --- what it says --- */

/* The bounds of exponential buckets grow by 2^(2^-schema); -4..8 are the schemas there are. */
static bool is_exponential(const struct prom_bucket *b)
{
	double schema;

	if (b->lower <= 0 || isinf(b->upper))
		return false;
	schema = -log2(log2(b->upper / b->lower));
	return schema > -4.5 && schema < 8.5 && fabs(schema - round(schema)) < 1e-6;
}

/* Bounds that somebody chose are not exponential; the first of them begins at -Inf. */
static bool is_custom(const struct prom_histogram *h)
{
	for (size_t i = 0; i < h->n; i++) {
		const struct prom_bucket *b = &h->buckets[i];

		if (isinf(b->lower) || (b->lower > 0 && !is_exponential(b)))
			return true;
	}
	return false;
}

static double linear(double lower, double upper, double limit)
{
	limit = fmin(fmax(limit, lower), upper);
	return upper > lower ? (limit - lower) / (upper - lower) : 1;
}

/* The share of a bucket's observations that are at most limit, which lies inside of it. */
static double share_below(const struct prom_histogram *h, size_t i, double limit)
{
	const struct prom_bucket *b = &h->buckets[i];
	bool above = i + 1 < h->n;

	if (isinf(b->upper))
		return 0;
	if (isinf(b->lower))
		return b->upper > 0 ? linear(0, b->upper, limit) : 0;
	if (is_custom(h))
		return linear(b->lower, b->upper, limit);
	/* Around zero: nothing was negative when there are only buckets above, and so on. */
	if (b->lower < 0 && b->upper > 0)
		return linear(
			!i && above ? 0 : b->lower, i && !above ? 0 : b->upper, limit);
	if (b->lower > 0)
		return log2(limit / b->lower) / log2(b->upper / b->lower);
	if (b->upper < 0)
		return 1 - log2(limit / b->upper) / log2(b->lower / b->upper);
	return linear(b->lower, b->upper, limit);
}

double prom_histogram_below(const struct prom_histogram *h, double limit)
{
	double below = 0;

	if (isnan(limit))
		return NAN;
	for (size_t i = 0; i < h->n; i++) {
		const struct prom_bucket *b = &h->buckets[i];

		if (limit >= b->upper)
			below += b->count;
		else if (limit > b->lower)
			below += b->count * share_below(h, i, limit);
	}
	return below;
}

void prom_classic(
	struct prom_classic *out, struct arena *a, const struct prom_histogram *h)
{
	double sum = 0;

	*out = (struct prom_classic){0};
	out->le = arena_alloc(a, h->n * 2 + 1, sizeof(*out->le));
	out->cumulative = arena_alloc(a, h->n * 2 + 1, sizeof(*out->cumulative));
	for (size_t i = 0; i < h->n; i++) {
		const struct prom_bucket *b = &h->buckets[i];

		/* Empty buckets are left out: where one ends and the next begins both count. */
		if (!isinf(b->lower) && (!i || b->lower > h->buckets[i - 1].upper)) {
			out->le[out->n] = b->lower;
			out->cumulative[out->n++] = sum;
		}
		sum += b->count;
		if (isinf(b->upper))
			continue;
		out->le[out->n] = b->upper;
		out->cumulative[out->n++] = sum;
	}
	out->le[out->n] = INFINITY;
	out->cumulative[out->n++] = fmax(h->count, sum);
}
