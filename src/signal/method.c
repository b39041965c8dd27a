#include "config.h"

#include "signal/method.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/i18n.h"
#include "signal/drift/special.h"

/* clang-format off */
const struct drift_method drift_methods[] = {
	{
		.name = "psi",
		.title = N_("population stability index"),
		.measures = N_("0 and more; from 0.1 on a moderate, from 0.25 on a major shift"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.threshold = 0.1,
	},
	{
		.name = "kl_div",
		.alias = "kl",
		.title = N_("Kullback-Leibler divergence of the reference from the current"),
		.measures = N_("0 and more, in nats"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.threshold = 0.1,
	},
	{
		.name = "jensenshannon",
		.alias = "js",
		.title = N_("Jensen-Shannon distance"),
		.measures = N_("0 to 0.8326, the root of the divergence in nats; to 1 with base 2"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.threshold = 0.1,
	},
	{
		.name = "hellinger",
		.title = N_("Hellinger distance"),
		.measures = N_("0 to 1"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.threshold = 0.1,
	},
	{
		.name = "tvd",
		.alias = "total_variation",
		.title = N_("total variation distance"),
		.measures = N_("0 to 1: the share of values that would have to move"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.threshold = 0.1,
	},
	{
		.name = "linf",
		.alias = "l_infinity",
		.title = N_("largest difference of a share"),
		.measures = N_("0 to 1"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.threshold = 0.1,
	},
	{
		.name = "chisquare",
		.title = N_("chi-square test, the reference taken as exact"),
		.measures = N_("the statistic; its p-value counts"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.by_p = true, .strict = true,
		.threshold = 0.05, .least_effect = 0.02, .effect = "V",
	},
	{
		.name = "chi2_contingency",
		.alias = "chi2",
		.title = N_("chi-square test of both samples"),
		.measures = N_("the statistic; its p-value counts"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.by_p = true, .strict = true,
		.threshold = 0.05, .least_effect = 0.02, .effect = "V",
	},
	{
		.name = "g_test",
		.alias = "g",
		.title = N_("G-test of both samples"),
		.measures = N_("the statistic; its p-value counts"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.by_p = true, .strict = true,
		.threshold = 0.1, .least_effect = 0.02, .effect = "V",
	},
	{
		.name = "z",
		.title = N_("z-test of two proportions"),
		.measures = N_("the statistic; its p-value counts"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.by_p = true, .strict = true,
		.threshold = 0.05, .least_effect = 0.0005, .effect = "difference",
	},
	{
		.name = "fisher_exact",
		.alias = "fisher",
		.title = N_("Fisher's exact test of two proportions"),
		.measures = N_("the odds ratio; its p-value counts"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.by_p = true, .strict = true,
		.threshold = 0.1, .least_effect = 0.0005, .effect = "difference",
	},
	{
		.name = "ks",
		.alias = "kolmogorov_smirnov",
		.title = N_("Kolmogorov-Smirnov test"),
		.measures = N_("0 to 1: the largest difference of the two distribution functions"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.by_p = true,
		.threshold = 0.05, .least_effect = 0.02, .effect = "D",
	},
	{
		.name = "wasserstein",
		.alias = "w1",
		.title = N_("Wasserstein distance, normed"),
		.measures = N_("0 and more, in standard deviations of the reference"),
		.inputs = DRIFT_RAW | DRIFT_COUNTS,
		.threshold = 0.1,
	},
	{
		.name = "ed",
		.alias = "energy",
		.title = N_("energy distance"),
		.measures = N_("0 and more, in roots of the unit"),
		.inputs = DRIFT_RAW,
		.strict = true,
		.threshold = 0.1,
	},
	{
		.name = "anderson",
		.alias = "anderson_darling",
		.title = N_("Anderson-Darling test"),
		.measures = N_("the statistic; its p-value, between 0.001 and 0.25, counts"),
		.inputs = DRIFT_RAW,
		.by_p = true, .strict = true,
		.threshold = 0.1, .least_effect = 0.02, .effect = "D",
	},
	{
		.name = "cramer_von_mises",
		.alias = "cvm",
		.title = N_("Cramer-von Mises test"),
		.measures = N_("the statistic; its p-value counts"),
		.inputs = DRIFT_RAW,
		.by_p = true,
		.threshold = 0.1, .least_effect = 0.02, .effect = "D",
	},
	{
		.name = "mannw",
		.alias = "mann_whitney",
		.title = N_("Mann-Whitney test, two-sided"),
		.measures = N_("U; its p-value counts"),
		.inputs = DRIFT_RAW,
		.by_p = true, .strict = true,
		.threshold = 0.05, .least_effect = 0.01, .effect = "AUC - 0.5",
	},
	{
		.name = "t_test",
		.alias = "t",
		.title = N_("t-test of the means"),
		.measures = N_("t; its p-value counts"),
		.inputs = DRIFT_RAW,
		.by_p = true, .strict = true,
		.threshold = 0.05, .least_effect = 0.02, .effect = "d",
	},
	{
		.name = "centroid_euclid",
		.alias = "distance",
		.title = N_("Euclidean distance of the mean vectors"),
		.measures = N_("0 and more, in units of the embedding"),
		.inputs = DRIFT_VECTORS,
		.strict = true,
		.threshold = 0.2,
	},
	{
		.name = "centroid_cosine",
		.alias = "cosine",
		.title = N_("cosine distance of the mean vectors"),
		.measures = N_("0 to 2"),
		.inputs = DRIFT_VECTORS,
		.strict = true,
		.threshold = 0.2,
	},
	{
		.name = "mmd",
		.alias = "empirical_mmd",
		.title = N_("maximum mean discrepancy, squared, Gaussian kernel"),
		.measures = N_("0 and more; the width is the median distance"),
		.inputs = DRIFT_VECTORS,
		.strict = true,
		.threshold = 0.015,
	},
	{
		.name = "domain_classifier",
		.alias = "model",
		.title = N_("how well a linear classifier tells the two apart"),
		.measures = N_("area under its ROC curve on held-out vectors: 0.5 not at all, 1 always"),
		.inputs = DRIFT_VECTORS,
		.strict = true,
		.threshold = 0.55,
	},
	{
		.name = "components",
		.alias = "ratio",
		.title = N_("share of the embedding's components that drifted"),
		.measures = N_("0 to 1, each component by the normed Wasserstein distance"),
		.inputs = DRIFT_VECTORS,
		.strict = true,
		.threshold = 0.2,
	},
	{0},
};
/* clang-format on */

static const char *const verdict_names[DRIFT_VERDICTS] = {
	"", "ok", "noise", "watch", "drifted", "too-few", "no-data", "not-comparable"};

const struct drift_method *drift_method(const char *name)
{
	for (const struct drift_method *m = drift_methods; m->name; m++)
		if (!strcasecmp(m->name, name) ||
			(m->alias && !strcasecmp(m->alias, name)))
			return m;
	return NULL;
}

const char *drift_verdict_name(enum drift_verdict v)
{
	return v < DRIFT_VERDICTS ? verdict_names[v] : "";
}

enum drift_verdict drift_verdict_find(const char *name)
{
	for (int v = 0; v < DRIFT_VERDICTS; v++)
		if (!strcmp(verdict_names[v], name))
			return (enum drift_verdict)v;
	return DRIFT_NONE;
}

static const char *const zeros_names[DRIFT_ZERO_RULES] = {
	"half", "evidently", "floor", "plain"};
static const char *const bins_names[DRIFT_BIN_RULES] = {
	"reference", "evidently", "doane", "sturges", "quantiles", "equal", "values"};

const char *drift_zeros_name(enum drift_zeros z)
{
	return zeros_names[z];
}

const char *drift_bins_name(enum drift_bins b)
{
	return bins_names[b];
}

bool drift_zeros_find(enum drift_zeros *out, const char *name)
{
	for (int i = 0; i < DRIFT_ZERO_RULES; i++)
		if (!strcmp(zeros_names[i], name)) {
			*out = (enum drift_zeros)i;
			return true;
		}
	return false;
}

bool drift_bins_find(enum drift_bins *out, const char *name)
{
	for (int i = 0; i < DRIFT_BIN_RULES; i++)
		if (!strcmp(bins_names[i], name)) {
			*out = (enum drift_bins)i;
			return true;
		}
	return false;
}

const struct drift_method *drift_choose(bool numeric, size_t n_reference, size_t distinct)
{
	bool continuous = numeric && distinct > 5;

	if (n_reference > 1000)
		return drift_method(continuous ? "wasserstein" : "jensenshannon");
	return drift_method(continuous ? "ks" : distinct > 2 ? "chisquare" : "z");
}

bool drift_beyond(
	const struct drift_method *m, double value, double p_value, double threshold)
{
	if (m->by_p)
		return m->strict ? p_value < threshold : p_value <= threshold;
	return m->strict ? value > threshold : value >= threshold;
}

void drift_judge(struct drift_result *r, struct arena *a, const struct drift_method *m,
	const struct drift_options *o)
{
	bool alone = o && o->judged_alone, beyond;

	if (r->verdict != DRIFT_NONE)
		return;
	if (isnan(r->by_p ? r->p_value : r->value)) {
		r->verdict = DRIFT_NO_DATA;
		return;
	}
	/* Binned ks is judged by its value. */
	beyond = r->by_p == m->by_p ? drift_beyond(m, r->value, r->p_value, r->threshold)
				    : r->value >= r->threshold;
	r->verdict = beyond ? DRIFT_DRIFTED : DRIFT_OK;
	if (!beyond || alone)
		return;
	if (r->by_p && r->effect < m->least_effect) {
		r->verdict = DRIFT_OK;
		r->note = arena_format(a,
			_("surely not the same (p %.2g), but %s is only %.2g, and less "
			  "than "
			  "%.2g does not matter"),
			r->p_value, m->effect, r->effect, m->least_effect);
	} else if (!r->by_p && r->value <= r->noise) {
		r->verdict = DRIFT_NOISE;
		r->note = arena_format(a,
			_("above the threshold, but so few values reach %.3g by chance"),
			r->noise);
	}
}

double drift_psi_limit(double cells, double n_reference, double n_current, double level)
{
	if (cells < 2)
		return 0;
	return chi2_quantile(level, cells - 1) * (1 / n_reference + 1 / n_current);
}

double drift_psi_mean(double cells, double n_reference, double n_current)
{
	return (cells - 1) * (1 / n_reference + 1 / n_current);
}

bool drift_dataset(double *share, size_t drifted, size_t n, double at_least)
{
	*share = n ? (double)drifted / (double)n : NAN;
	return n && *share >= at_least;
}

/* --- many tests at once --- */

struct ranked {
	double p;
	size_t at;
};

static int by_p_value(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->p != b->p)
		return a->p < b->p ? -1 : 1;
	return a->at < b->at ? -1 : a->at > b->at;
}

size_t multiple_bh(
	bool *drifted, double *adjusted, const double *p, size_t n, double level)
{
	struct ranked *ranks = mem_new(n + 1, sizeof(*ranks));
	size_t tests = 0, found = 0;
	double least = 1;

	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			ranks[tests++] = (struct ranked){p[i], i};
	qsort(ranks, tests, sizeof(*ranks), by_p_value);
	for (size_t i = 0; i < tests; i++)
		if (ranks[i].p < level * (double)(i + 1) / (double)tests)
			found = i + 1;
	for (size_t i = 0; i < n; i++) {
		if (drifted)
			drifted[i] = false;
		if (adjusted)
			adjusted[i] = NAN;
	}
	for (size_t i = tests; i-- > 0;) {
		least = fmin(least, ranks[i].p * (double)tests / (double)(i + 1));
		if (adjusted)
			adjusted[ranks[i].at] = least;
		if (drifted)
			drifted[ranks[i].at] = i < found;
	}
	free(ranks);
	return found;
}

size_t multiple_bonferroni(bool *drifted, const double *p, size_t n, double level)
{
	size_t tests = 0, found = 0;

	for (size_t i = 0; i < n; i++)
		tests += !isnan(p[i]);
	for (size_t i = 0; i < n; i++) {
		bool is = p[i] < level / (double)tests;

		found += is;
		if (drifted)
			drifted[i] = is;
	}
	return found;
}
