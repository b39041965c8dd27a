#include "tests/unit/unit.h"

#include "signal/drift/embedding.h"
#include "signal/drift/histogram.h"
#include "signal/drift/ks.h"
#include "signal/drift/proportion.h"
#include "signal/drift/shares.h"
#include "signal/drift/special.h"
#include "tests/unit/drift_vectors.h"

/* --- worked numbers --- */

static const double six[] = {16, 18, 16, 14, 12, 12},
		    shifted[] = {14, 17, 18, 15, 14, 10};
static const double lost[] = {40, 30, 20, 10}, zero[] = {50, 35, 15, 0};

static void worked_numbers(void **state)
{
	struct drift_counts c = {.reference = six, .current = shifted, .n = 6};
	struct drift_counts gone = {.reference = lost, .current = zero, .n = 4};

	(void)state;
	assert_near(shares_psi(&c, DRIFT_ZEROS_EVIDENTLY), 0.0147923251719);
	assert_near(shares_psi(&c, DRIFT_ZEROS_HALF), 0.0137917821483);
	assert_near(shares_psi(&gone, DRIFT_ZEROS_EVIDENTLY), 0.734490745116);
	assert_near(shares_psi(&gone, DRIFT_ZEROS_HALF), 0.341263650729);
	assert_true(isinf(shares_psi(&gone, DRIFT_ZEROS_PLAIN)));
	assert_near(shares_kl(&gone, DRIFT_ZEROS_EVIDENTLY), 0.612909312915);
	assert_near(sqrt(shares_js(&gone)), 0.200487426195);
	assert_near(shares_hellinger(&gone), 0.235678358834);
	assert_near(shares_tv(&gone), 0.15);
	assert_near(shares_linf(&gone), 0.1);
	assert_near(shares_chi2(&gone, true).p, 0.00669730342699);
	assert_near(drift_psi_limit(10, 200, 200, 0.95), 0.169189776046);
	assert_near(drift_psi_mean(10, 200, 200), 0.09);
}

static void nothing_on_one_side(void **state)
{
	const double none[] = {0, 0, 0, 0};
	struct drift_counts c = {.reference = lost, .current = none, .n = 4};

	(void)state;
	assert_true(isnan(shares_psi(&c, DRIFT_ZEROS_EVIDENTLY)));
	assert_true(isnan(shares_kl(&c, DRIFT_ZEROS_HALF)));
	assert_true(isnan(shares_js(&c)));
	assert_true(isnan(shares_hellinger(&c)));
	assert_true(isnan(shares_tv(&c)));
	assert_true(isnan(shares_linf(&c)));
	assert_true(isnan(shares_chi2(&c, true).p));
	assert_true(isnan(shares_chi2_one_sample(&c).p));
	c.n = 0;
	assert_true(isnan(shares_psi(&c, DRIFT_ZEROS_EVIDENTLY)));
}

static void one_cell_says_nothing(void **state)
{
	const double many[] = {100}, few[] = {70};
	struct drift_counts c = {.reference = many, .current = few, .n = 1};

	(void)state;
	assert_near(shares_psi(&c, DRIFT_ZEROS_HALF), 0);
	assert_near(shares_chi2(&c, true).p, 1);
	assert_near(shares_chi2_one_sample(&c).p, 1);
	assert_near(shares_noise_psi(&c), 0);
}

/* --- the vectors --- */

static void counts_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "psi_counts")) {
		struct drift_counts c = counts_in(&a, v, "in.reference", "in.current");
		struct numbers filled =
			numbers_in(&a, json_at(v, "out.evidently_filled_reference"));
		double *p = arena_alloc(&a, c.n, sizeof(*p));

		agrees(v, "out.psi_plain", shares_psi(&c, DRIFT_ZEROS_PLAIN));
		agrees(v, "out.psi_evidently_fill",
			shares_psi(&c, DRIFT_ZEROS_EVIDENTLY));
		agrees(v, "out.psi_floor_1e-4_renormalised",
			shares_psi(&c, DRIFT_ZEROS_FLOOR));
		agrees(v, "out.psi_plus_half", shares_psi(&c, DRIFT_ZEROS_HALF));
		assert_true(shares_of(p, c.reference, c.n, DRIFT_ZEROS_EVIDENTLY));
		for (size_t i = 0; i < c.n; i++)
			assert_near(p[i], filled.values[i]);
	}
	json_each (v, vectors_of(doc, "kl_counts")) {
		struct drift_counts c = counts_in(&a, v, "in.reference", "in.current");
		struct drift_counts back = {
			.reference = c.current, .current = c.reference, .n = c.n};

		agrees(v, "out.kl_ref_cur_plain_nats", shares_kl(&c, DRIFT_ZEROS_PLAIN));
		agrees(v, "out.kl_cur_ref_plain_nats",
			shares_kl(&back, DRIFT_ZEROS_PLAIN));
		agrees(v, "out.kl_ref_cur_evidently_fill",
			shares_kl(&c, DRIFT_ZEROS_EVIDENTLY));
	}
	json_each (v, vectors_of(doc, "js_counts")) {
		struct drift_counts c = counts_in(&a, v, "in.reference", "in.current");
		double nats = shares_js(&c);

		agrees(v, "out.js_divergence_nats", nats);
		agrees(v, "out.js_divergence_bits", nats / M_LN2);
		agrees(v, "out.js_distance_base_e", sqrt(nats));
		agrees(v, "out.js_distance_base_2", sqrt(nats / M_LN2));
	}
	json_each (v, vectors_of(doc, "hellinger_tv_linf_counts")) {
		struct drift_counts c = counts_in(&a, v, "in.reference", "in.current");

		agrees(v, "out.hellinger", shares_hellinger(&c));
		agrees(v, "out.total_variation", shares_tv(&c));
		agrees(v, "out.l_infinity", shares_linf(&c));
	}
	arena_release(&a);
	json_free(doc);
}

static void tests_of_counts_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "chi_square")) {
		struct drift_counts c = counts_in(&a, v, "in.reference", "in.current");
		struct shares_test one = shares_chi2_one_sample(&c);
		struct shares_test yates = shares_chi2(&c, true),
				   plain = shares_chi2(&c, false);

		agrees(v, "out.one_sample_statistic", one.statistic);
		agrees(v, "out.one_sample_dof", one.dof);
		agrees(v, "out.one_sample_p", one.p);
		agrees(v, "out.contingency_statistic", yates.statistic);
		agrees(v, "out.contingency_dof", yates.dof);
		agrees(v, "out.contingency_p", yates.p);
		agrees(v, "out.contingency_no_yates_statistic", plain.statistic);
		agrees(v, "out.contingency_no_yates_p", plain.p);
		agrees(v, "out.cramers_v", yates.v);
		agrees(v, "out.min_expected", yates.least_expected);
	}
	json_each (v, vectors_of(doc, "g_test")) {
		struct drift_counts c = counts_in(&a, v, "in.reference", "in.current");
		struct shares_test g = shares_g(&c);

		agrees(v, "out.statistic", g.statistic);
		agrees(v, "out.p", g.p);
		agrees(v, "out.dof", g.dof);
	}
	arena_release(&a);
	json_free(doc);
}

static void proportions_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");

	(void)state;
	json_each (v, vectors_of(doc, "z_test_proportions")) {
		struct proportion x = {json_real(json_at(v, "in.ref_successes")),
			json_real(json_at(v, "in.ref_n"))};
		struct proportion y = {json_real(json_at(v, "in.cur_successes")),
			json_real(json_at(v, "in.cur_n"))};
		double z, p, low, high, odds;

		proportion_z(&z, &p, x, y);
		agrees(v, "out.z", z);
		agrees_at(v, "out.p_two_sided", p, 1e-9, 1e-15, __LINE__);
		proportion_wilson(&low, &high, x);
		agrees_at(v, "out.wilson95_ref.0", low, 1e-9, 1e-15, __LINE__);
		agrees(v, "out.wilson95_ref.1", high);
		proportion_wilson(&low, &high, y);
		agrees_at(v, "out.wilson95_cur.0", low, 1e-9, 1e-15, __LINE__);
		agrees(v, "out.wilson95_cur.1", high);
		agrees(v, "out.fisher_exact_two_sided_p", proportion_fisher(&odds, x, y));
	}
	json_free(doc);
}

static void differences_have_an_interval(void **state)
{
	double low, high;

	(void)state;
	/* Newcombe's own example: 56/70 - 48/80, 0.0524 to 0.3339. */
	proportion_difference(
		&low, &high, (struct proportion){48, 80}, (struct proportion){56, 70});
	assert_true(fabs(low - 0.0524) < 0.0001);
	assert_true(fabs(high - 0.3339) < 0.0001);
}

static void selection_agrees(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");

	(void)state;
	json_each (v, vectors_of(doc, "evidently_default_test")) {
		bool numeric = !strcmp(json_text_at(v, "in.column_type"), "num");
		const char *when = json_text_at(v, "out.drift_when");
		const struct drift_method *m = drift_choose(numeric,
			(size_t)json_real(json_at(v, "in.reference_rows")),
			(size_t)json_real(json_at(v, "in.distinct_values_ref_and_cur")));

		assert_string_equal(m->name, json_text_at(v, "out.method"));
		agrees(v, "out.threshold", m->threshold);
		assert_int_equal(m->by_p, strstr(when, ">=") == NULL);
		assert_int_equal(m->strict, strstr(when, "=") == NULL);
	}
	json_each (v, vectors_of(doc, "drift_share")) {
		double share;
		bool drift =
			drift_dataset(&share, (size_t)json_real(json_at(v, "in.drifted")),
				(size_t)json_real(json_at(v, "in.columns")),
				json_real(json_at(v, "in.drift_share")));

		agrees(v, "out.share", share);
		assert_int_equal(
			drift, json_bool(json_at(v, "out.dataset_drift"), !drift));
	}
	json_each (v, vectors_of(doc, "psi_null")) {
		double bins = json_real(json_at(v, "in.bins"));
		double n = json_real(json_at(v, "in.n_ref")),
		       m = json_real(json_at(v, "in.n_cur"));

		agrees(v, "out.mean", drift_psi_mean(bins, n, m));
		agrees(v, "out.critical_95", drift_psi_limit(bins, n, m, 0.95));
		agrees(v, "out.critical_99", drift_psi_limit(bins, n, m, 0.99));
	}
	json_free(doc);
}

static void multiple_testing_agrees(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "multiple_testing")) {
		struct numbers p = numbers_in(&a, json_at(v, "in.p_values"));
		struct numbers want = numbers_in(&a, json_at(v, "out.bh_adjusted"));
		double level = json_real(json_at(v, "in.level"));
		double *adjusted = arena_alloc(&a, p.n, sizeof(*adjusted));
		bool *drifted = arena_alloc(&a, p.n, sizeof(*drifted));
		size_t n = multiple_bh(drifted, adjusted, p.values, p.n, level),
		       counted = 0;

		agrees(v, "out.fdr_count", (double)n);
		for (size_t i = 0; i < p.n; i++) {
			counted += drifted[i];
			assert_near(adjusted[i], want.values[i]);
		}
		assert_int_equal(counted, n);
		agrees(v, "out.bonferroni_count",
			(double)multiple_bonferroni(drifted, p.values, p.n, level));
	}
	arena_release(&a);
	json_free(doc);
}

static void no_p_is_no_test(void **state)
{
	const double p[] = {0.04, NAN, NAN};
	double adjusted[3];
	bool drifted[3];

	(void)state;
	assert_int_equal(multiple_bh(drifted, adjusted, p, 3, 0.05), 1);
	assert_true(drifted[0] && !drifted[1]);
	assert_near(adjusted[0], 0.04);
	assert_true(isnan(adjusted[1]));
	assert_int_equal(multiple_bh(NULL, NULL, p, 0, 0.05), 0);
}

/* --- Prometheus --- */

static void quantiles_agree(void **state)
{
	static const char *const qs[] = {
		"-0.1", "0", "0.01", "0.5", "0.9", "0.99", "1", "1.1"};
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "histogram_quantile_classic")) {
		struct numbers le = numbers_in(&a, json_at(v, "in.le"));
		struct numbers c = numbers_in(&a, json_at(v, "in.cumulative"));
		struct drift_histogram raw = {le.values, c.values, le.n}, h;
		bool forced, good = histogram_clean(&h, &forced, &a, &raw);
		const struct json *out = json_get(v, "out");

		assert_int_equal(good, isinf(le.values[le.n - 1]) != 0);
		if (!good)
			continue;
		for (size_t i = 0; i < ARRAY_LEN(qs); i++) {
			char *key = mem_format("q%s", qs[i]);
			double want = number_of(json_get(out, key));

			assert_near(histogram_quantile(strtod(qs[i], NULL), &h), want);
			free(key);
		}
	}
	arena_release(&a);
	json_free(doc);
}

static void check_quantiles(const struct json *want, const struct drift_histogram *h)
{
	const double qs[] = {0.5, 0.95, 0.99};
	size_t i = 0;

	json_each (one, want)
		assert_near(histogram_quantile(qs[i++], h), number_of(one));
	assert_int_equal(i, 3);
}

static void histograms_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "prometheus_histogram_drift")) {
		struct numbers le = numbers_in(&a, json_at(v, "in.le"));
		struct numbers x = numbers_in(&a, json_at(v, "in.reference_cumulative"));
		struct numbers y = numbers_in(&a, json_at(v, "in.current_cumulative"));
		struct drift_histogram one = {le.values, x.values, le.n};
		struct drift_histogram two = {le.values, y.values, le.n};
		struct histogram_pair pair;
		struct histogram_distance d;
		struct drift_counts c, both;
		const struct json *out = json_get(v, "out");

		assert_true(histogram_align(&pair, &a, &one, &two));
		assert_int_equal(pair.n, le.n);
		d = histogram_distance(&pair);
		agrees(v, "out.ks_lower", d.ks_lower);
		agrees(v, "out.ks_upper", d.ks_upper);
		agrees(v, "out.ks_p_limit_at_lower",
			ks_p_limit(d.ks_lower, x.values[x.n - 1], y.values[y.n - 1]));
		agrees(v, "out.wasserstein_linear", d.w1);
		agrees(v, "out.wasserstein_max_error", d.w1_error);
		agrees(v, "out.mass_in_inf_bucket.0", d.tail_reference);
		agrees(v, "out.mass_in_inf_bucket.1", d.tail_current);
		histogram_counts(&c, &a, &pair);
		histogram_occupied(&both, &a, &c);
		agrees(v, "out.nonempty_bins", (double)both.n);
		agrees(v, "out.js_distance_base_2", sqrt(shares_js(&c) / M_LN2));
		agrees(v, "out.psi_evidently_fill_nonempty_bins",
			shares_psi(&both, DRIFT_ZEROS_EVIDENTLY));
		agrees(v, "out.psi_plus_half_nonempty_bins",
			shares_psi(&both, DRIFT_ZEROS_HALF));
		agrees(v, "out.total_variation", shares_tv(&c));
		check_quantiles(json_get(out, "quantile_ref_0.5_0.95_0.99"), &one);
		check_quantiles(json_get(out, "quantile_cur_0.5_0.95_0.99"), &two);
	}
	arena_release(&a);
	json_free(doc);
}

static void categories_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "category_counters")) {
		struct drift_category sides[2][16];
		size_t n[2] = {0, 0}, k = 0;
		struct drift_counts c;
		struct shares_test t;

		for (int side = 0; side < 2; side++)
			json_each (one, json_at(v, side ? "in.current" : "in.reference"))
				sides[side][n[side]++] = (struct drift_category){
					json_key(one), json_real(one)};
		drift_categories(&c, &a, sides[0], n[0], sides[1], n[1]);
		json_each (key, json_at(v, "out.keys"))
			assert_string_equal(c.labels[k++], json_text(key));
		assert_int_equal(k, c.n);
		agrees(v, "out.js_distance_base_2", sqrt(shares_js(&c) / M_LN2));
		agrees(v, "out.js_distance_base_e", sqrt(shares_js(&c)));
		agrees(v, "out.psi_evidently_fill",
			shares_psi(&c, DRIFT_ZEROS_EVIDENTLY));
		agrees(v, "out.psi_plus_half", shares_psi(&c, DRIFT_ZEROS_HALF));
		agrees(v, "out.l_infinity", shares_linf(&c));
		agrees(v, "out.total_variation", shares_tv(&c));
		t = shares_chi2(&c, false);
		agrees(v, "out.contingency_chi2_no_yates", t.statistic);
		agrees_at(v, "out.contingency_p", t.p, 1e-9, 1e-300, __LINE__);
	}
	arena_release(&a);
	json_free(doc);
}

static void native_buckets_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "native_buckets")) {
		int schema = (int)json_real(json_at(v, "in.schema"));
		struct numbers values = numbers_in(&a, json_at(v, "in.values"));
		struct numbers index = numbers_in(&a, json_at(v, "out.index"));
		struct numbers upper = numbers_in(&a, json_at(v, "out.upper"));
		struct numbers lower = numbers_in(&a, json_at(v, "out.lower"));
		struct numbers coarse =
			numbers_in(&a, json_at(v, "out.index_at_schema_minus_1"));

		agrees(v, "out.base", native_base(schema));
		agrees(v, "out.max_relative_quantile_error", native_error(schema));
		for (size_t i = 0; i < values.n; i++) {
			int at = native_index(values.values[i], schema);

			assert_int_equal(at, (int)index.values[i]);
			assert_near(native_upper(at, schema), upper.values[i]);
			assert_near(native_upper(at - 1, schema), lower.values[i]);
			assert_int_equal(native_coarser(at), (int)coarse.values[i]);
		}
	}
	arena_release(&a);
	json_free(doc);
}

/* Edges that one side lacks: known where nothing lies around them, else left out. */
static void different_edges(void **state)
{
	const double le[] = {1, 2, 4, 8, 16, INFINITY}, c[] = {10, 30, 60, 80, 90, 90};
	const double other[] = {1, 2, 3, 8, 16, INFINITY}, d[] = {5, 20, 30, 70, 88, 90};
	const double empty[] = {1, 2, 8, 16, INFINITY}, f[] = {5, 20, 20, 80, 90};
	const double few[] = {5, INFINITY}, g[] = {40, 90};
	struct drift_histogram x = {le, c, 6}, y = {other, d, 6}, z = {empty, f, 5};
	struct drift_histogram w = {few, g, 2};
	struct histogram_pair pair;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_false(histogram_align(&pair, &a, &x, &w));
	assert_true(histogram_align(&pair, &a, &x, &y));
	assert_int_equal(pair.n, 5);
	assert_near(pair.le[2], 8);
	assert_near(pair.current[2], 70);
	/* (2, 8] of z holds nothing: at 4 there are still 20. */
	assert_true(histogram_align(&pair, &a, &x, &z));
	assert_int_equal(pair.n, 6);
	assert_near(pair.current[2], 20);
	arena_release(&a);
}

static void native_schemas_meet(void **state)
{
	const struct native_bucket fine[] = {{1, 1.4142135623730951, 3},
		{1.4142135623730951, 2, 5}, {2, 2.8284271247461903, 7}};
	const struct native_bucket coarse[] = {{-0.001, 0.001, 2}, {1, 2, 8}, {2, 4, 9}};
	struct drift_histogram x, y;
	struct histogram_pair pair;
	struct arena a;

	(void)state;
	arena_init(&a);
	histogram_native(&x, &a, fine, 3);
	histogram_native(&y, &a, coarse, 3);
	assert_true(histogram_align(&pair, &a, &x, &y));
	assert_near(pair.le[0], -0.001);
	assert_near(pair.reference[pair.n - 1], 15);
	assert_near(pair.current[pair.n - 1], 19);
	for (size_t i = 0; i < pair.n; i++) {
		assert_true(pair.le[i] != 1.4142135623730951);
		assert_true(i == 0 || pair.le[i] > pair.le[i - 1]);
	}
	arena_release(&a);
}

static void broken_histograms(void **state)
{
	const double le[] = {INFINITY, 2, 1}, c[] = {9, 5, 3}, bad[] = {1, 2, NAN};
	struct drift_histogram h = {le, c, 3}, no_end = {le + 1, c + 1, 2},
			       nan = {bad, c, 3};
	struct drift_histogram none = {le, c, 0}, out;
	const struct drift_method *psi = drift_method("psi");
	struct drift_result r;
	struct arena a;
	bool forced;

	(void)state;
	arena_init(&a);
	assert_true(histogram_clean(&out, &forced, &a, &h));
	assert_near(out.le[0], 1);
	assert_near(out.cumulative[2], 9);
	assert_false(forced);
	assert_false(histogram_clean(&out, &forced, &a, &no_end));
	assert_false(histogram_clean(&out, &forced, &a, &nan));
	assert_false(histogram_clean(&out, &forced, &a, &none));
	r = drift_histograms(&a, psi, &h, &no_end, NULL, NULL);
	assert_int_equal(r.verdict, DRIFT_NOT_COMPARABLE);
	assert_true(isnan(r.value));
	r = drift_histograms(&a, psi, &none, &h, NULL, NULL);
	assert_int_equal(r.verdict, DRIFT_NO_DATA);
	r = drift_histograms(&a, psi, &h, &h, NULL, NULL);
	assert_int_equal(r.verdict, DRIFT_TOO_FEW);
	assert_true(isnan(r.value));
	arena_release(&a);
}

static void decreases_are_levelled(void **state)
{
	const double le[] = {0.1, 0.2, 0.4, INFINITY}, falls[] = {10, 9, 20, 19};
	const double rounded[] = {1, 1 - 1e-13, 3, 3 + 1e-13};
	struct drift_histogram h = {le, falls, 4}, noise = {le, rounded, 4}, out;
	struct arena a;
	bool forced;

	(void)state;
	arena_init(&a);
	assert_true(histogram_clean(&out, &forced, &a, &h));
	assert_true(forced);
	assert_near(out.cumulative[1], 10);
	assert_near(out.cumulative[3], 20);
	assert_true(histogram_clean(&out, &forced, &a, &noise));
	assert_false(forced);
	assert_true(out.cumulative[1] == 1 && out.cumulative[3] == 3);
	arena_release(&a);
}

static void histograms_are_judged(void **state)
{
	const double le[] = {0.1, 0.5, 1, 2.5, INFINITY};
	const double x[] = {40, 220, 410, 490, 500}, y[] = {20, 150, 360, 480, 500};
	struct drift_histogram one = {le, x, 5}, two = {le, y, 5};
	const struct drift_options evidently = {.zeros = DRIFT_ZEROS_EVIDENTLY};
	struct drift_counts cells;
	struct drift_result r;
	struct arena a;

	(void)state;
	arena_init(&a);
	r = drift_histograms(&a, drift_method("psi"), &one, &two, NULL, &cells);
	assert_near(r.value, 0.108772711465);
	assert_int_equal(r.verdict, DRIFT_DRIFTED);
	assert_int_equal(cells.n, 5);
	assert_true(isinf(cells.edges[5]));
	r = drift_histograms(&a, drift_method("psi"), &one, &two, &evidently, NULL);
	assert_near(r.value, 0.110571617868);
	r = drift_histograms(&a, drift_method("ks"), &one, &two, NULL, NULL);
	assert_near(r.value, 0.14);
	assert_near(r.upper, 0.52);
	assert_false(r.by_p);
	assert_near(r.threshold, 0.1);
	assert_int_equal(r.verdict, DRIFT_DRIFTED);
	/* A threshold that somebody set is taken, also where it equals the one for p. */
	r = drift_histograms(&a, drift_method("ks"), &one, &two,
		&(struct drift_options){.threshold = 0.05}, NULL);
	assert_near(r.threshold, 0.05);
	/* The same cells from the store: counts with their edges. */
	r = drift_counted(&a, drift_method("ks"), &cells, NULL);
	assert_near(r.value, 0.14);
	r = drift_histograms(&a, drift_method("t_test"), &one, &two, NULL, NULL);
	assert_int_equal(r.verdict, DRIFT_NOT_COMPARABLE);
	arena_release(&a);
}

/* --- verdicts --- */

static void effect_and_noise(void **state)
{
	const double x[] = {30, 30, 30}, y[] = {38, 30, 22}, big_x[] = {1e6, 1e6},
		     big_y[] = {1.01e6, 1e6};
	const double little[] = {20, 20, 5};
	struct drift_counts few = {.reference = x, .current = y, .n = 3};
	struct drift_counts many = {.reference = big_x, .current = big_y, .n = 2};
	struct drift_counts too = {.reference = x, .current = little, .n = 3};
	struct drift_options low = {.threshold = 0.02};
	struct drift_result r;
	struct arena a;

	(void)state;
	arena_init(&a);
	r = drift_counted(&a, drift_method("psi"), &few, &low);
	assert_int_equal(r.verdict, DRIFT_NOISE);
	assert_true(r.value > 0.02 && r.value < r.noise);
	low.judged_alone = true;
	r = drift_counted(&a, drift_method("psi"), &few, &low);
	assert_int_equal(r.verdict, DRIFT_DRIFTED);
	r = drift_counted(&a, drift_method("chisquare"), &many, NULL);
	assert_true(r.p_value < 1e-6);
	assert_int_equal(r.verdict, DRIFT_OK);
	assert_non_null(r.note);
	r = drift_counted(&a, drift_method("chisquare"), &too, NULL);
	assert_int_equal(r.verdict, DRIFT_TOO_FEW);
	assert_true(isnan(r.value) && isnan(r.p_value));
	arena_release(&a);
}

static void strictness(void **state)
{
	const struct drift_method *ks = drift_method("ks"), *z = drift_method("z");
	const struct drift_method *psi = drift_method("PSI"),
				  *ed = drift_method("energy");

	(void)state;
	assert_true(drift_beyond(ks, 0, 0.05, 0.05));
	assert_false(drift_beyond(z, 0, 0.05, 0.05));
	assert_true(drift_beyond(psi, 0.1, NAN, 0.1));
	assert_false(drift_beyond(ed, 0.1, NAN, 0.1));
}

static void names_are_found(void **state)
{
	(void)state;
	for (const struct drift_method *m = drift_methods; m->name; m++) {
		assert_ptr_equal(drift_method(m->name), m);
		if (m->alias)
			assert_ptr_equal(drift_method(m->alias), m);
		assert_non_null(m->title);
		assert_non_null(m->measures);
		assert_true(!m->by_p || m->effect);
	}
	assert_null(drift_method("nonesuch"));
	for (int v = 1; v < DRIFT_VERDICTS; v++)
		assert_int_equal(
			drift_verdict_find(drift_verdict_name((enum drift_verdict)v)), v);
	assert_int_equal(drift_verdict_find("nonesuch"), DRIFT_NONE);
}

UNIT_TESTS(cmocka_unit_test(worked_numbers), cmocka_unit_test(nothing_on_one_side),
	cmocka_unit_test(one_cell_says_nothing), cmocka_unit_test(counts_agree),
	cmocka_unit_test(tests_of_counts_agree), cmocka_unit_test(proportions_agree),
	cmocka_unit_test(differences_have_an_interval),
	cmocka_unit_test(selection_agrees), cmocka_unit_test(multiple_testing_agrees),
	cmocka_unit_test(no_p_is_no_test), cmocka_unit_test(quantiles_agree),
	cmocka_unit_test(histograms_agree), cmocka_unit_test(categories_agree),
	cmocka_unit_test(native_buckets_agree), cmocka_unit_test(different_edges),
	cmocka_unit_test(native_schemas_meet), cmocka_unit_test(broken_histograms),
	cmocka_unit_test(decreases_are_levelled), cmocka_unit_test(histograms_are_judged),
	cmocka_unit_test(effect_and_noise), cmocka_unit_test(strictness),
	cmocka_unit_test(names_are_found))
