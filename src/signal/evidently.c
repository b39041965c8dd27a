#include "config.h"

#include "signal/evidently.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "signal/drift_side.h"

/* Its tests by the names it shows; ours, and whether the score is a p-value. */
static const struct test {
	const char *shown, *method;
	bool by_p, strict;
} tests[] = {
	{"Wasserstein distance (normed)", "wasserstein", false, false},
	{"Jensen-Shannon distance", "jensenshannon", false, false},
	{"Kullback-Leibler divergence", "kl_div", false, false},
	{"PSI", "psi", false, false},
	{"Hellinger distance", "hellinger", false, false},
	{"Energy-distance", "ed", false, true},
	{"K-S p_value", "ks", true, false},
	{"chi-square p_value", "chisquare", true, true},
	{"Z-test p_value", "z", true, true},
	{"t_test", "t_test", true, true},
	{"g_test", "g_test", true, true},
	{"Fisher's Exact test", "fisher_exact", true, true},
	{"Mann-Whitney U-rank test", "mannw", true, true},
	{"Anderson-Darling", "anderson", true, true},
	{"Cramer-von Mises", "cramer_von_mises", true, false},
	{"Epps-Singleton", "es", true, true},
	{"Total-Variation-Distance", "tvd", true, true},
	{"empirical_mmd", "mmd", true, true},
};

static const struct test *test_of(const char *shown)
{
	for (size_t i = 0; shown && i < ARRAY_LEN(tests); i++)
		if (!strcmp(tests[i].shown, shown) || !strcmp(tests[i].method, shown))
			return &tests[i];
	return NULL;
}

static struct drift_report *report_add(
	struct evidently_report *out, struct arena *a, const char *feature)
{
	struct drift_report *d;

	for (size_t i = 0; i < out->n; i++)
		if (!strcmp(out->items[i].feature, feature))
			return NULL;
	if (out->n >= EVIDENTLY_MAX_COLUMNS)
		return NULL;
	d = arena_push(a, out->items, out->n, out->cap);
	*d = (struct drift_report){
		.feature = arena_strdup(a, feature),
		.kind = drift_kind_name(DRIFT_DATA),
		.value = NAN,
		.threshold = NAN,
		.p_value = NAN,
		.noise = NAN,
		.n_reference = NAN,
		.n_current = NAN,
		.since = INT64_MIN,
		.computed = INT64_MIN,
	};
	return d;
}

/* detected: its own word, or JSON_NONE: by the rule of its test. */
static void column_take(struct evidently_report *out, struct arena *a, const char *column,
	const char *shown, double score, double threshold, const struct json *detected)
{
	const struct test *t = test_of(shown);
	struct drift_report *d =
		column && strcmp(column, "*") != 0 ? report_add(out, a, column) : NULL;
	bool drifted;

	if (!d)
		return;
	d->method = t ? t->method : arena_strdup(a, shown);
	d->value = score;
	d->threshold = threshold;
	if (t && t->by_p)
		d->p_value = score;
	drifted = !t        ? false
		: t->by_p   ? (t->strict ? score < threshold : score <= threshold)
		: t->strict ? score > threshold
			    : score >= threshold;
	drifted = json_bool(detected, drifted);
	if (isnan(score))
		drifted = false;
	d->drifted = drifted;
	d->verdict = drift_verdict_name(isnan(score) ? DRIFT_NO_DATA
			: drifted                    ? DRIFT_DRIFTED
						     : DRIFT_OK);
	d->binning = arena_format(a, _("as Evidently does: %s"), shown ? shown : "?");
	if (!t && !json_type(detected))
		d->note = arena_format(a,
			_("the test '%s' is not known, and so no verdict"),
			shown ? shown : "?");
}

static void dataset_take(struct evidently_report *out, struct arena *a, double share,
	double threshold, double count)
{
	struct drift_report *d = report_add(out, a, "*");

	if (!d)
		return;
	d->method = "share";
	d->value = share;
	d->threshold = isnan(threshold) ? DRIFT_SHARE : threshold;
	d->drifted = share >= d->threshold;
	d->verdict = drift_verdict_name(isnan(share) ? DRIFT_NO_DATA
			: d->drifted                 ? DRIFT_DRIFTED
						     : DRIFT_OK);
	if (!isnan(count))
		d->note = arena_format(a, _("%.0f columns drifted"), count);
}

/* --- today's form: metrics with config and value --- */

static void metric_take(
	struct evidently_report *out, struct arena *a, const struct json *m)
{
	const struct json *config = json_get(m, "config"), *value = json_get(m, "value");
	const char *type = json_text(json_get(config, "type"));

	if (!type)
		return;
	if (strstr(type, "DriftedColumnsCount"))
		dataset_take(out, a, json_real(json_get(value, "share")),
			json_real(json_get(config, "drift_share")),
			json_real(json_get(value, "count")));
	else if (strstr(type, "ValueDrift"))
		column_take(out, a, json_text(json_get(config, "column")),
			json_text(json_get(config, "method")), json_real(value),
			json_real(json_get(config, "threshold")), NULL);
}

/* --- the form before 0.7: metrics with results --- */

static size_t bars(struct drift_category **to, struct arena *a, const struct json *side)
{
	const struct json *x = json_at(side, "small_distribution.x");
	const struct json *y = json_first(json_at(side, "small_distribution.y"));
	size_t n = 0;

	*to = arena_alloc(a, json_count(x) + 1, sizeof(**to));
	json_each (item, x) {
		const char *label = json_text(item);
		char digits[32];

		if (!label) {
			(void)snprintf(digits, sizeof(digits), "%.15g", json_real(item));
			label = digits;
		}
		(*to)[n++] =
			(struct drift_category){arena_strdup(a, label), json_real(y)};
		y = json_next(y);
	}
	return n;
}

/* Categories are counted in it; of numbers it keeps two sets of bins. */
static void shares_take(
	struct drift_report *d, struct arena *a, const struct json *column)
{
	struct drift_category *x, *y;
	struct drift_counts cells;
	const char *type = json_text(json_get(column, "column_type"));
	size_t n, m;

	if (!type || strcmp(type, "cat") != 0)
		return;
	n = bars(&x, a, json_get(column, "reference"));
	m = bars(&y, a, json_get(column, "current"));
	if (!n || !m)
		return;
	drift_categories(&cells, a, x, n, y, m);
	d->shares = drift_shares(a, &cells);
	d->n_reference = d->n_current = 0;
	for (size_t i = 0; i < cells.n; i++) {
		d->n_reference += cells.reference[i];
		d->n_current += cells.current[i];
	}
}

static void old_column(
	struct evidently_report *out, struct arena *a, const struct json *column)
{
	size_t before = out->n;

	column_take(out, a, json_text(json_get(column, "column_name")),
		json_text(json_get(column, "stattest_name")),
		json_real(json_get(column, "drift_score")),
		json_real(json_get(column, "stattest_threshold")),
		json_get(column, "drift_detected"));
	if (out->n > before)
		shares_take(&out->items[out->n - 1], a, column);
}

static void old_metric(
	struct evidently_report *out, struct arena *a, const struct json *m)
{
	const char *name = json_text(json_get(m, "metric"));
	const struct json *result = json_get(m, "result");

	if (!name)
		return;
	if (!strcmp(name, "DatasetDriftMetric"))
		dataset_take(out, a,
			json_real(json_get(result, "share_of_drifted_columns")),
			json_real(json_get(result, "drift_share")),
			json_real(json_get(result, "number_of_drifted_columns")));
	else if (!strcmp(name, "ColumnDriftMetric"))
		old_column(out, a, result);
	json_each (column, json_get(result, "drift_by_columns")) {
		old_column(out, a, column);
	}
}

/* Its clock has no zone: taken as UTC. */
static int64_t time_of(const char *text)
{
	struct err ignored = ERR_INIT;
	int64_t at = INT64_MIN;

	if (text && time_parse(&at, text, &ignored) < 0)
		at = INT64_MIN;
	err_release(&ignored);
	return at;
}

int evidently_parse(struct evidently_report *out, struct arena *a, const char *s,
	size_t n, struct err *e)
{
	struct json *doc = NULL;

	*out = (struct evidently_report){.at = INT64_MIN};
	if (n > EVIDENTLY_MAX_BYTES)
		return err_set(e, ERR_LIMIT, _("a report may have %d MiB at most"),
			(int)(EVIDENTLY_MAX_BYTES >> 20));
	if (json_parse(&doc, s, n, e) < 0)
		return -1;
	out->at = time_of(json_text(json_get(doc, "timestamp")));
	json_each (m, json_get(doc, "metrics")) {
		if (json_get(m, "config"))
			metric_take(out, a, m);
		else
			old_metric(out, a, m);
	}
	json_free(doc);
	if (out->n)
		return 0;
	err_set(e, ERR_INPUT,
		_("there is no drift in this, or it is no report of Evidently"));
	return err_hint(e, "%s",
		_("a report with DataDriftPreset or ValueDrift is wanted, saved as "
		  "JSON"));
}
