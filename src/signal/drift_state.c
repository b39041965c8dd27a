#include "config.h"

#include "signal/drift_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "model/record.h"

#define NAMED 3 /* features in the dataset's note */

void drift_past_add(struct drift_past *p, int64_t at, bool above, bool known)
{
	while (p->n && p->at[p->n - 1] >= at)
		p->n--;
	if (p->n == DRIFT_PAST) {
		memmove(p->at, p->at + 1, (DRIFT_PAST - 1) * sizeof(*p->at));
		memmove(p->above, p->above + 1, (DRIFT_PAST - 1) * sizeof(*p->above));
		memmove(p->known, p->known + 1, (DRIFT_PAST - 1) * sizeof(*p->known));
		p->n--;
	}
	p->at[p->n] = at;
	p->above[p->n] = above;
	p->known[p->n++] = known;
}

void drift_past_forget(struct drift_past *p, int64_t at)
{
	size_t n = 0;

	if (!p->n || p->at[0] >= at)
		return;
	for (size_t i = 0; i < p->n; i++) {
		if (p->at[i] < at)
			continue;
		p->at[n] = p->at[i];
		p->above[n] = p->above[i];
		p->known[n++] = p->known[i];
	}
	p->n = n;
	p->since = INT64_MIN;
}

/*
 * What is much older than so many evaluations take says nothing of now; files come when they
 * come.
 */
static int64_t oldest_that_counts(const struct drift_check *c, int64_t at)
{
	if (!c->current_file && c->every_ns < INT64_MAX / 4 / (c->persist_of + 1))
		return at - 3 * c->every_ns * (c->persist_of + 1);
	return INT64_MIN;
}

/* It was compared, and not too long ago. */
static bool compared_lately(
	const struct drift_past *p, const struct drift_check *c, int64_t at)
{
	int64_t oldest = oldest_that_counts(c, at);

	for (size_t i = p->n; i-- > 0 && p->at[i] >= oldest;)
		if (p->known[i])
			return true;
	return false;
}

/* Of the last evaluations that said something: how many were above, and the first that was. */
static int64_t count_above(int64_t *first, const struct drift_past *p,
	const struct drift_check *c, int64_t at)
{
	int64_t above = 0, seen = 0, oldest = oldest_that_counts(c, at);

	*first = INT64_MIN;
	for (size_t i = p->n; i-- > 0 && seen < c->persist_of && p->at[i] >= oldest;) {
		if (!p->known[i])
			continue;
		seen++;
		if (!p->above[i])
			continue;
		above++;
		*first = p->at[i];
	}
	return above;
}

/* --- one feature --- */

static void correct(
	struct drift_comparison *all, struct arena *a, const struct drift_check *c)
{
	double *p = arena_alloc(a, c->n + 1, sizeof(*p));
	double *adjusted = arena_alloc(a, c->n + 1, sizeof(*adjusted));

	for (size_t i = 0; i < c->n; i++) {
		const struct drift_result *r = &all[i].result;
		bool judged = r->verdict == DRIFT_OK || r->verdict == DRIFT_DRIFTED ||
			r->verdict == DRIFT_NOISE;

		p[i] = r->by_p && judged ? r->p_value : NAN;
	}
	(void)multiple_bh(NULL, adjusted, p, c->n, 0.05);
	for (size_t i = 0; i < c->n; i++) {
		struct drift_result *r = &all[i].result;
		const struct drift_method *m = drift_method(r->method);

		if (isnan(p[i]) || r->verdict != DRIFT_DRIFTED || !m ||
			drift_beyond(m, r->value, adjusted[i], r->threshold))
			continue;
		r->verdict = DRIFT_OK;
		r->note = arena_format(a,
			_("p %.3g is %.3g among so many tests (Benjamini-Hochberg)"),
			p[i], adjusted[i]);
	}
}

static bool has_value(enum drift_verdict v)
{
	return v == DRIFT_OK || v == DRIFT_NOISE || v == DRIFT_DRIFTED;
}

/* When drift began, as long as it lasts; p has this evaluation already. */
static void persist(struct drift_report *d, struct drift_past *p, struct arena *a,
	const struct drift_check *c, bool above)
{
	int64_t first, n = count_above(&first, p, c, d->computed);

	d->persisted = arena_format(
		a, _("%lld of %lld"), (long long)n, (long long)c->persist_of);
	d->drifted = n >= c->persist;
	if (!d->drifted)
		p->since = INT64_MIN;
	else if (p->since == INT64_MIN)
		p->since = first;
	d->since = p->since;
	if (d->drifted)
		d->verdict = drift_verdict_name(DRIFT_DRIFTED);
	else if (above)
		d->verdict = drift_verdict_name(DRIFT_WATCH);
}

void drift_persist(struct drift_report *d, struct drift_past *past, struct arena *a,
	const struct drift_check *c, bool above)
{
	/* Batches come at times of their own: none of the last so many is too old. */
	struct drift_check patient = *c;

	patient.every_ns = INT64_MAX / 2;
	drift_past_add(past, d->computed, above, true);
	persist(d, past, a, &patient, above);
}

static void report_init(struct drift_report *d, const struct drift_check *c,
	const struct drift_moment *when)
{
	*d = (struct drift_report){
		.source = when->source,
		.service = when->service,
		.dataset = c->dataset,
		.kind = drift_kind_name(DRIFT_DATA),
		.value = NAN,
		.threshold = NAN,
		.p_value = NAN,
		.noise = NAN,
		.n_reference = NAN,
		.n_current = NAN,
		.drifted = 0,
		.since = NONE_INT,
		.computed = when->at,
		.reference = when->reference,
		.window = when->window,
	};
}

static const char *bounds_words(struct arena *a, const struct drift_result *r)
{
	if (isnan(r->lower) || isnan(r->upper))
		return r->note;
	return arena_format(a, _("%s%sbetween %.3g and %.3g, as the buckets allow"),
		r->note ? r->note : "", r->note ? "; " : "", r->lower, r->upper);
}

static void feature_report(struct drift_report *d, bool *above, struct drift_past *p,
	struct arena *a, const struct drift_check *c, const struct drift_feature *f,
	const struct drift_comparison *cmp)
{
	const struct drift_result *r = &cmp->result;
	const struct drift_method *m = drift_method(r->method);

	d->feature = f->name;
	d->kind = drift_kind_name(f->kind == DRIFT_DATA && m && m->inputs == DRIFT_VECTORS
			? DRIFT_EMBEDDING
			: f->kind);
	d->method = r->method;
	d->value = r->value;
	d->threshold = r->threshold;
	d->p_value = r->p_value;
	d->noise = r->noise;
	d->n_reference = r->n_reference;
	d->n_current = r->n_current;
	d->binning = r->binning;
	d->shares = cmp->shares;
	d->note = bounds_words(a, r);
	d->verdict = drift_verdict_name(r->verdict);
	*above = r->verdict == DRIFT_DRIFTED;
	drift_past_add(p, d->computed, *above, has_value(r->verdict));
	persist(d, p, a, c, *above);
}

/* --- the dataset --- */

/* How far above its threshold, or, of tests, how far below it p is. */
static double excess(const struct drift_report *d)
{
	if (!isnan(d->p_value) && d->p_value < d->threshold)
		return d->threshold / fmax(d->p_value, 1e-300);
	return d->value / fmax(d->threshold, 1e-12);
}

static const char *dataset_words(struct arena *a, const struct drift_report *reports,
	size_t n, size_t drifted, size_t judged, size_t compared)
{
	const struct drift_report *best[NAMED] = {0};
	struct strbuf text = STRBUF_INIT;
	const char *out;

	for (size_t i = 0; i < n; i++) {
		const struct drift_report *d = &reports[i];

		for (int k = 0; k < NAMED && d && d->drifted == 1; k++) {
			const struct drift_report *swap = best[k];

			if (swap && excess(swap) >= excess(d))
				continue;
			best[k] = d;
			d = swap;
		}
	}
	strbuf_addf(&text, _("%zu of %zu features"), drifted, judged);
	for (int k = 0; k < NAMED && best[k]; k++)
		strbuf_addf(&text, "%s%s %.3g", k ? ", " : ": ", best[k]->feature,
			best[k]->value);
	if (compared < n)
		strbuf_addf(&text, _("; %zu could not be compared"), n - compared);
	out = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return out;
}

/*
 * A feature that drifted stays so over a moment without data: one that was well does, too, or else
 * the one that has drifted would be all of the dataset.
 */
static void dataset_report(struct drift_report *d, struct drift_past *past,
	struct arena *a, const struct drift_check *c, const struct drift_report *reports)
{
	struct drift_past *p = &past[c->n];
	size_t drifted = 0, judged = 0, compared = 0;
	bool is;

	d->feature = "*";
	d->method = "share";
	d->threshold = c->share;
	for (size_t i = 0; i < c->n; i++) {
		const char *verdict = reports[i].verdict;
		bool known = reports[i].drifted == 1 || !strcmp(verdict, "ok") ||
			!strcmp(verdict, "noise") || !strcmp(verdict, "watch");

		compared += known;
		judged += known || compared_lately(&past[i], c, d->computed);
		drifted += reports[i].drifted == 1;
	}
	if (!compared)
		judged = 0;
	is = drift_dataset(&d->value, drifted, judged, c->share);
	d->verdict = drift_verdict_name(!judged ? DRIFT_NO_DATA
			: is                    ? DRIFT_DRIFTED
						: DRIFT_OK);
	d->drifted = is;
	if (!is)
		p->since = INT64_MIN;
	/* The features persisted; the dataset drifts when the one that makes the share does. */
	for (size_t i = 0; is && p->since == INT64_MIN && i < c->n; i++)
		if (reports[i].drifted == 1 && reports[i].since > d->since)
			d->since = reports[i].since;
	if (is && p->since == INT64_MIN)
		p->since = d->since;
	d->since = p->since;
	d->note = dataset_words(a, reports, c->n, drifted, judged, compared);
	drift_past_add(p, d->computed, is, judged > 0);
}

void drift_state(struct drift_report *reports, bool *above, struct drift_past *past,
	struct arena *a, const struct drift_check *c, const struct drift_moment *when,
	struct drift_comparison *comparisons)
{
	if (c->correct)
		correct(comparisons, a, c);
	for (size_t i = 0; i < c->n; i++) {
		report_init(&reports[i], c, when);
		feature_report(&reports[i], &above[i], &past[i], a, c, &c->features[i],
			&comparisons[i]);
	}
	report_init(&reports[c->n], c, when);
	dataset_report(&reports[c->n], past, a, c, reports);
	above[c->n] = reports[c->n].drifted == 1;
}

const char *drift_window_words(struct arena *a, int64_t from, int64_t to)
{
	struct strbuf text = STRBUF_INIT;
	const char *out;

	if (from != INT64_MIN) {
		time_format(&text, from);
		strbuf_adds(&text, _(" to "));
	} else {
		strbuf_adds(&text, _("until "));
	}
	time_format(&text, to);
	out = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return out;
}
