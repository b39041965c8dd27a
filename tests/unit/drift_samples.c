#include "tests/unit/unit.h"

#include "signal/drift/binning.h"
#include "signal/drift/embedding.h"
#include "signal/drift/ks.h"
#include "signal/drift/order.h"
#include "signal/drift/stream.h"
#include "signal/drift/sweep.h"
#include "tests/unit/drift_vectors.h"

/* --- bins --- */

static void check_bins(struct arena *a, const struct json *v, const struct bins *b,
	struct drift_sample s, const char *counts)
{
	struct numbers want = numbers_in(a, json_at(v, counts));
	double *got = arena_alloc(a, bins_cells(b) + 1, sizeof(*got));

	assert_int_equal(b->n, want.n);
	bins_count(got, b, s.values, s.n);
	for (size_t i = 0; i < want.n; i++)
		assert_near(got[i], want.values[i]);
}

static void bins_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "bin_edges")) {
		struct drift_sample s = sample_of(&a, doc, v, "sample");
		struct bins_range r = {0};
		struct bins b;

		bins_look(&r, s.values, s.n);
		bins_sturges(&b, r.least, r.most, r.n, false);
		check_bins(&a, v, &b, s, "out.sturges_counts");
		agrees(v, "out.sturges_bins", (double)b.n);
		agrees(v, "out.sturges_first_3.1", b.edges[1]);
		agrees(v, "out.sturges_last", b.edges[b.n]);
		bins_release(&b);
		bins_doane(&b, &r);
		check_bins(&a, v, &b, s, "out.doane_counts");
		agrees(v, "out.doane_first_3.2", b.edges[2]);
		agrees(v, "out.doane_last", b.edges[b.n]);
		bins_release(&b);
	}
	json_each (v, vectors_of(doc, "bin_edges_combined")) {
		struct drift_sample x = sample_of(&a, doc, v, "reference");
		struct drift_sample y = sample_of(&a, doc, v, "current");
		struct bins_range r = {0};
		struct bins b;

		bins_look(&r, x.values, x.n);
		bins_look(&r, y.values, y.n);
		bins_sturges(&b, r.least, r.most, r.n, false);
		agrees(v, "out.bins", (double)b.n);
		agrees(v, "out.first", b.edges[0]);
		agrees(v, "out.last", b.edges[b.n]);
		check_bins(&a, v, &b, x, "out.reference_counts");
		check_bins(&a, v, &b, y, "out.current_counts");
		bins_release(&b);
	}
	json_each (v, vectors_of(doc, "sturges_power_of_two")) {
		struct numbers x = numbers_in(&a, json_at(v, "in.values"));
		struct numbers edges = numbers_in(&a, json_at(v, "out.edges"));
		struct bins_range r = {0};
		struct bins b;

		bins_look_quickly(&r, x.values, x.n);
		bins_sturges(&b, r.least, r.most, r.n, false);
		agrees(v, "out.bins", (double)b.n);
		for (size_t i = 0; i <= b.n; i++)
			assert_near(b.edges[i], edges.values[i]);
		bins_release(&b);
	}
	arena_release(&a);
	json_free(doc);
}

static void bins_take_anything(void **state)
{
	const double odd[] = {1, NAN, INFINITY, 2, -INFINITY, 3, -0.0, 0.0};
	const double huge[] = {-1e308, 1e308, 0}, tiny[] = {0, 5e-324, 1e-323};
	const double same[] = {7, 7, 7};
	struct bins_range r = {0}, h = {0}, t = {0}, s = {0};
	double counts[128] = {0}, sum = 0;
	struct bins b;

	(void)state;
	bins_look(&r, odd, 8);
	assert_int_equal(r.n, 5);
	assert_int_equal(r.dropped, 3);
	assert_int_equal(r.n_distinct, 4);
	assert_near(r.least, 0);
	assert_near(r.mean, 1.2);
	bins_sturges(&b, r.least, r.most, r.n, false);
	bins_count(counts, &b, odd, 8);
	for (size_t i = 0; i < b.n; i++)
		sum += counts[i];
	assert_near(sum, 5);
	bins_release(&b);
	bins_look(&h, huge, 3);
	bins_equal(&b, h.least, h.most, 4);
	memset(counts, 0, sizeof(counts));
	bins_count(counts, &b, huge, 3);
	assert_near(counts[0] + counts[1] + counts[2] + counts[3], 3);
	bins_release(&b);
	bins_look(&t, tiny, 3);
	bins_doane(&b, &t);
	memset(counts, 0, sizeof(counts));
	bins_count(counts, &b, tiny, 3);
	for (size_t i = sum = 0; i < b.n; i++)
		sum += counts[i];
	assert_near(sum, 3);
	bins_release(&b);
	bins_look(&s, same, 3);
	bins_sturges(&b, s.least, s.most, s.n, false);
	assert_int_equal(b.n, 1);
	assert_near(b.edges[0], 6.5);
	assert_near(b.edges[1], 7.5);
	bins_release(&b);
}

/* Parts in any size are as good as all at once. */
static void parts_are_the_whole(void **state)
{
	double values[10007];
	struct bins_range whole = {0}, parts = {0};
	struct sweep *s = sweep_new(true, true);
	struct sweep_result once, again;
	struct drift_sample x = {values, 6000}, y = {values + 6000, 4007};
	uint64_t seed = 3;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++) {
		seed = seed * UINT64_C(6364136223846793005) +
			UINT64_C(1442695040888963407);
		values[i] = (double)(seed >> 40) / 1000 + (i > 6000 ? 500 : 0);
	}
	bins_look(&whole, values, ARRAY_LEN(values));
	for (size_t at = 0, n; at < ARRAY_LEN(values); at += n) {
		n = at % 977 + 1;
		n = n < ARRAY_LEN(values) - at ? n : ARRAY_LEN(values) - at;
		bins_look(&parts, values + at, n);
	}
	assert_int_equal(whole.n, parts.n);
	assert_near(whole.mean, parts.mean);
	assert_near(bins_std(&whole), bins_std(&parts));
	assert_near(whole.m3 / whole.m2, parts.m3 / parts.m2);
	once = sweep_samples(x, y, true, true);
	do
		for (size_t at = 0; at < ARRAY_LEN(values); at += 1) {
			enum sweep_side side =
				at < 6000 ? SWEEP_REFERENCE : SWEEP_CURRENT;

			sweep_add(s, side, values + at, 1);
		}
	while (sweep_next(s));
	again = sweep_finish(s);
	sweep_free(s);
	assert_near(once.d, again.d);
	assert_near(once.w1, again.w1);
	assert_near(once.std, again.std);
}

/* --- two samples --- */

struct pair {
	struct drift_sample x, y;
	struct order_walk walk;
	double *owned[2];
};

static struct pair pair_of(struct arena *a, const struct json *doc, const struct json *v)
{
	struct pair p = {.x = sample_of(a, doc, v, "reference"),
		.y = sample_of(a, doc, v, "current")};
	size_t n, m, dropped;

	p.owned[0] = order_copy(&n, &dropped, p.x);
	p.owned[1] = order_copy(&m, &dropped, p.y);
	p.walk = (struct order_walk){p.owned[0], p.owned[1], n, m, 0, 0};
	return p;
}

static void pair_free(struct pair *p)
{
	free(p->owned[0]);
	free(p->owned[1]);
}

/* The same by a full sort and merge. */
static void by_merging(double *d, double *w1, struct order_walk w)
{
	struct order_tie tie;
	double before = NAN, apart = 0;

	for (*d = *w1 = 0; order_next(&tie, &w); before = tie.value) {
		*w1 += isnan(before) ? 0 : apart * (tie.value - before);
		apart = fabs((double)w.i / (double)w.n - (double)w.j / (double)w.m);
		*d = fmax(*d, apart);
	}
}

static void samples_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "ks_2samp")) {
		struct pair p = pair_of(&a, doc, v);
		double n = (double)p.x.n, m = (double)p.y.n, d, w1;

		by_merging(&d, &w1, p.walk);
		agrees(v, "out.statistic", d);
		agrees(v, "out.statistic", sweep_samples(p.x, p.y, true, false).d);
		agrees(v, "out.p_exact", ks_p_exact(d, p.x.n, p.y.n));
		agrees(v, "out.p_exact", ks_p(d, n, m));
		agrees(v, "out.p_asymp_scipy",
			ks_p_one_sample(d, nearbyint(ks_size(n, m))));
		agrees(v, "out.p_kolmogorov_limit", ks_p_limit(d, n, m));
		agrees(v, "out.p_stephens", ks_p_stephens(d, n, m));
		pair_free(&p);
	}
	json_each (v, vectors_of(doc, "ks_exact_p"))
		agrees(v, "out.p_exact",
			ks_p_exact(json_real(json_at(v, "in.D")),
				(size_t)json_real(json_at(v, "in.n1")),
				(size_t)json_real(json_at(v, "in.n2"))));
	json_each (v, vectors_of(doc, "wasserstein")) {
		struct pair p = pair_of(&a, doc, v);
		struct sweep_result s = sweep_samples(p.x, p.y, true, true);

		agrees(v, "out.w1", s.w1);
		agrees(v, "out.reference_std_population", s.std);
		agrees(v, "out.w1_normed_evidently", s.w1 / fmax(s.std, 0.001));
		pair_free(&p);
	}
	json_each (v, vectors_of(doc, "wasserstein_weighted")) {
		struct numbers x = numbers_in(&a, json_at(v, "in.x"));
		struct numbers y = numbers_in(&a, json_at(v, "in.y"));
		struct numbers xw = numbers_in(&a, json_at(v, "in.x_weights"));
		struct numbers yw = numbers_in(&a, json_at(v, "in.y_weights"));

		agrees(v, "out.w1",
			wasserstein_weighted(
				x.values, xw.values, x.n, y.values, yw.values, y.n));
	}
	json_each (v, vectors_of(doc, "energy_distance")) {
		struct pair p = pair_of(&a, doc, v);
		double noise;

		agrees(v, "out.energy_distance_scipy", energy_distance(&noise, p.walk));
		pair_free(&p);
	}
	arena_release(&a);
	json_free(doc);
}

static void tests_of_order_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "anderson_darling_ksamp")) {
		struct pair p = pair_of(&a, doc, v);
		double critical[ANDERSON_LEVELS];
		struct order_test t = anderson_darling(p.walk, critical);

		agrees(v, "out.statistic_normalised", t.statistic);
		agrees(v, "out.critical_values.0", critical[0]);
		agrees(v, "out.critical_values.6", critical[6]);
		agrees_at(v, "out.p_interpolated_clipped", t.p, 1e-6, 0, __LINE__);
		pair_free(&p);
	}
	json_each (v, vectors_of(doc, "cramer_von_mises_2samp")) {
		struct pair p = pair_of(&a, doc, v);
		struct order_test t = cramer_von_mises(p.walk);
		struct order_test limit = cramer_von_mises_limit(p.walk);

		agrees_at(v, "out.statistic_T", t.statistic, 1e-9, 1e-12, __LINE__);
		agrees_within(v, "out.p_asymptotic", limit.p, 1e-8);
		agrees_within(v, "out.p_auto", t.p, 1e-8);
		pair_free(&p);
	}
	json_each (v, vectors_of(doc, "mann_whitney")) {
		struct pair p = pair_of(&a, doc, v);
		struct order_test t = mann_whitney(p.walk);

		agrees(v, "out.U1", t.statistic);
		agrees(v, "out.p_two_sided_asymptotic_continuity", t.p);
		agrees(v, "out.auc_P_ref_gt_cur_plus_half_ties",
			t.statistic / (double)(p.x.n * p.y.n));
		pair_free(&p);
	}
	json_each (v, vectors_of(doc, "t_test")) {
		struct drift_sample x = sample_of(&a, doc, v, "reference");
		struct drift_sample y = sample_of(&a, doc, v, "current");
		struct order_test pooled = t_test(x, y, true),
				  welch = t_test(x, y, false);

		agrees(v, "out.t_pooled", pooled.statistic);
		agrees(v, "out.p_pooled", pooled.p);
		agrees(v, "out.t_welch", welch.statistic);
		agrees(v, "out.p_welch", welch.p);
	}
	arena_release(&a);
	json_free(doc);
}

/* --- whole comparisons, as the libraries make them --- */

static double value_by(struct arena *a, const char *method, const struct json *doc,
	const struct json *v, const struct drift_options *o)
{
	return drift_raw(a, drift_method(method), sample_of(a, doc, v, "reference"),
		sample_of(a, doc, v, "current"), o, NULL)
		.value;
}

static void comparisons_agree(void **state)
{
	static const struct drift_options evidently = {
		.least = 1, .zeros = DRIFT_ZEROS_EVIDENTLY, .bins = DRIFT_BINS_EVIDENTLY};
	static const struct drift_options nanny = {
		.least = 1, .bins = DRIFT_BINS_DOANE, .base2 = true};
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "evidently_numerical")) {
		agrees(v, "out.psi", value_by(&a, "psi", doc, v, &evidently));
		agrees(v, "out.kl_div", value_by(&a, "kl_div", doc, v, &evidently));
		agrees(v, "out.jensenshannon",
			value_by(&a, "jensenshannon", doc, v, &evidently));
		/* 1 - overlap is rounded; its root is half as many digits at 0. */
		agrees_at(v, "out.hellinger",
			value_by(&a, "hellinger", doc, v, &evidently), 1e-9, 3e-8,
			__LINE__);
		agrees(v, "out.wasserstein_normed",
			value_by(&a, "wasserstein", doc, v, &evidently));
	}
	json_each (v, vectors_of(doc, "nannyml_numerical")) {
		agrees_at(v, "out.jensen_shannon_base2",
			value_by(&a, "jensenshannon", doc, v, &nanny), 1e-9, 1e-8,
			__LINE__);
		agrees_at(v, "out.hellinger", value_by(&a, "hellinger", doc, v, &nanny),
			1e-9, 3e-8, __LINE__);
		agrees(v, "out.kolmogorov_smirnov", value_by(&a, "ks", doc, v, &nanny));
	}
	arena_release(&a);
	json_free(doc);
}

/* --- embeddings --- */

static struct drift_vectors rows_in(struct arena *a, const struct json *list)
{
	struct drift_vectors out = {NULL, json_count(list), json_count(json_first(list))};
	double *values = arena_alloc(a, out.n * out.width + 1, sizeof(*values));
	size_t n = 0;

	json_each (row, list)
		json_each (item, row)
			values[n++] = json_real(item);
	out.values = values;
	return out;
}

static void embeddings_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "embedding_centroids")) {
		struct drift_vectors x = rows_in(&a, json_at(v, "in.reference"));
		struct drift_vectors y = rows_in(&a, json_at(v, "in.current"));
		struct centroids c = embedding_centroids(&x, &y);

		agrees(v, "out.euclidean", c.euclid);
		agrees(v, "out.cosine", c.cosine);
		agrees(v, "out.cityblock", c.cityblock);
		agrees(v, "out.chebyshev", c.chebyshev);
	}
	json_each (v, vectors_of(doc, "mmd_rbf")) {
		struct drift_vectors x = rows_in(&a, json_at(v, "in.reference"));
		struct drift_vectors y = rows_in(&a, json_at(v, "in.current"));
		double gamma = mmd_gamma_across(&x, &y),
		       pooled = mmd_gamma_pooled(&x, &y);
		double unbiased, biased;

		agrees(v, "out.evidently_gamma", gamma);
		mmd(&unbiased, &biased, &x, &y, gamma);
		agrees(v, "out.evidently_mmd2_unbiased", unbiased);
		agrees(v, "out.evidently_reported", fmax(0, unbiased));
		agrees(v, "out.mmd2_biased_same_gamma", biased);
		agrees(v, "out.pooled_median_sigma", sqrt(1 / (2 * pooled)));
		mmd(&unbiased, &biased, &x, &y, pooled);
		agrees(v, "out.pooled_mmd2_unbiased", unbiased);
	}
	json_each (v, vectors_of(doc, "domain_classifier_auc")) {
		struct numbers labels = numbers_in(&a, json_at(v, "in.labels"));
		struct numbers scores = numbers_in(&a, json_at(v, "in.scores"));
		unsigned char *of = arena_alloc(&a, labels.n, 1);

		for (size_t i = 0; i < labels.n; i++)
			of[i] = labels.values[i] != 0;
		agrees(v, "out.roc_auc", roc_auc(scores.values, of, scores.n));
	}
	arena_release(&a);
	json_free(doc);
}

/* A portable uniform stream, as the vectors' generator. */
static double draw(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(*x >> 11) / (double)(UINT64_C(1) << 53);
}

static void classifiers_tell_apart(void **state)
{
	enum { ROWS = 300, WIDTH = 4 };
	static double clouds[3][ROWS * WIDTH];
	struct drift_vectors x = {clouds[0], ROWS, WIDTH},
			     same = {clouds[1], ROWS, WIDTH};
	struct drift_vectors moved = {clouds[2], ROWS, WIDTH},
			     narrow = {clouds[1], ROWS, 2};
	static const char *const methods[] = {"centroid_euclid", "centroid_cosine", "mmd",
		"domain_classifier", "components"};
	struct drift_result r;
	uint64_t seed = 11;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < (size_t)ROWS * WIDTH; i++) {
		clouds[0][i] = draw(&seed);
		clouds[1][i] = draw(&seed);
		clouds[2][i] = draw(&seed) - (i % WIDTH < 2 ? 0.8 : 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		const struct drift_method *m = drift_method(methods[i]);

		r = drift_vectors_compare(&a, m, &x, &same, NULL);
		if (r.verdict == DRIFT_DRIFTED)
			fail_msg("%s: %g, %g", m->name, r.value, r.noise);
		r = drift_vectors_compare(&a, m, &x, &moved, NULL);
		if (r.verdict != DRIFT_DRIFTED)
			fail_msg("%s: %g, %g", m->name, r.value, r.noise);
	}
	r = drift_vectors_compare(&a, drift_method("mmd"), &x, &narrow, NULL);
	assert_int_equal(r.verdict, DRIFT_NOT_COMPARABLE);
	clouds[1][5] = NAN;
	r = drift_vectors_compare(&a, drift_method("mmd"), &x, &same, NULL);
	assert_int_equal(r.dropped_current, 1);
	assert_true(isfinite(r.value));
	arena_release(&a);
}

/* --- streams --- */

/* The values of a vector's generator. */
static struct numbers stream_of(struct arena *a, const struct json *v)
{
	bool bernoulli = !strcmp(json_text_at(v, "in.generator"), "lcg_bernoulli");
	uint64_t x = (uint64_t)json_int(json_at(v, "in.seed"));
	struct numbers out = {arena_alloc(a, 10000, sizeof(double)), 0};

	json_each (segment, json_at(v, "in.segments")) {
		const struct json *low = json_next(json_first(segment)),
				  *high = json_next(low);

		for (int i = 0; i < (int)json_real(json_first(segment)); i++) {
			double u = draw(&x);

			out.values[out.n++] = bernoulli
				? u < json_real(low)
				: json_real(low) + (json_real(high) - json_real(low)) * u;
		}
	}
	return out;
}

/* The next of a list is this index (of a list whose items are indices, or begin with one). */
static void check_next(const struct json **want, size_t at, const struct json *v)
{
	const struct json *first =
		json_type(*want) == JSON_ARRAY ? json_first(*want) : *want;

	if (!*want || json_real(first) != (double)at)
		fail_msg("%s: found at %zu, not at %g", json_text_at(v, "id"), at,
			*want ? json_real(first) : NAN);
	*want = json_next(*want);
}

static void error_streams_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "ddm")) {
		const struct json *drifts = json_first(json_at(v, "out.drifts"));
		const struct json *warnings =
			json_first(json_at(v, "out.warnings_start"));
		struct numbers s = stream_of(&a, v);
		enum stream_found before = STREAM_NOTHING;
		struct ddm d;

		ddm_init(&d);
		for (size_t i = 0; i < s.n; i++) {
			enum stream_found found = ddm_add(&d, s.values[i] != 0);

			if (found == STREAM_DRIFT)
				check_next(&drifts, i, v);
			if (found == STREAM_WARNING && before != STREAM_WARNING)
				check_next(&warnings, i, v);
			before = found;
		}
		assert_true(!drifts && !warnings);
	}
	json_each (v, vectors_of(doc, "eddm")) {
		const struct json *drifts = json_first(json_at(v, "out.drifts"));
		const struct json *later =
			json_first(json_get(json_get(v, "out"), "drifts_beta_0.75"));
		struct numbers s = stream_of(&a, v);
		struct eddm usual, patient;

		eddm_init(&usual, 0.95, 0.9);
		eddm_init(&patient, 0.8, 0.75);
		for (size_t i = 0; i < s.n; i++) {
			if (eddm_add(&usual, s.values[i] != 0) == STREAM_DRIFT)
				check_next(&drifts, i, v);
			if (eddm_add(&patient, s.values[i] != 0) == STREAM_DRIFT)
				check_next(&later, i, v);
		}
		assert_true(!drifts && !later);
	}
	arena_release(&a);
	json_free(doc);
}

static void value_streams_agree(void **state)
{
	struct json *doc = shared_json("drift/vectors.json");
	struct arena a;

	(void)state;
	arena_init(&a);
	json_each (v, vectors_of(doc, "adwin")) {
		const struct json *want =
			json_first(json_at(v, "out.detections_index_width_mean"));
		double delta = json_real(json_at(v, "in.delta"));
		struct numbers s = stream_of(&a, v);
		struct adwin w;

		adwin_init(&w, delta);
		for (size_t i = 0; i < s.n; i++) {
			if (!adwin_add(&w, s.values[i]))
				continue;
			assert_non_null(want);
			assert_near(
				(double)w.width, json_real(json_next(json_first(want))));
			assert_true(fabs(w.total / (double)w.width -
					    json_real(json_next(json_next(
						    json_first(want))))) < 1e-9);
			check_next(&want, i, v);
			adwin_init(&w, delta);
		}
		assert_null(want);
	}
	json_each (v, vectors_of(doc, "page_hinkley")) {
		const struct json *want = json_first(json_at(v, "out.detections"));
		struct numbers s = stream_of(&a, v);
		struct page_hinkley p;

		page_hinkley_init(&p, json_real(json_at(v, "in.threshold")));
		for (size_t i = 0; i < s.n; i++) {
			enum stream_found found = page_hinkley_add(&p, s.values[i]);
			const char *way = found == STREAM_RISE ? "up" : "down";

			if (!found)
				continue;
			assert_non_null(want);
			assert_string_equal(json_text(json_next(json_first(want))), way);
			check_next(&want, i, v);
		}
		assert_null(want);
	}
	arena_release(&a);
	json_free(doc);
}

/* --- our own worked numbers --- */

static const double tiny_a[] = {1.2, 3.4, 2.2, 5.0, 4.1, 3.3, 2.9};
static const double tiny_b[] = {2.0, 4.4, 5.1, 6.3, 5.9, 3.8, 4.7, 5.5, 6.1};

static void worked_samples(void **state)
{
	struct drift_sample x = {tiny_a, 7}, y = {tiny_b, 9};
	struct sweep_result s = sweep_samples(x, y, true, true);

	(void)state;
	assert_near(s.d, 40.0 / 63);
	assert_near(s.w1, 107.7 / 63);
	assert_true(fabs(ks_p(s.d, 7, 9) - 0.0550699300699) < 1e-12);
	assert_true(fabs(ks_p_limit(s.d, 7, 9) - 0.0836152727318) < 1e-12);
}

static void sorts_anything(void **state)
{
	static double values[5000];
	uint64_t seed = 5;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		values[i] = i % 7 == 0 ? -0.0
			: i % 11 == 0  ? -INFINITY
			: i % 13 == 0
			? 5e-324
			: (draw(&seed) - 0.5) * pow(10, (double)(i % 600) - 300);
	order_sort(values, ARRAY_LEN(values));
	for (size_t i = 1; i < ARRAY_LEN(values); i++)
		assert_true(values[i - 1] <= values[i]);
	order_sort(values, 0);
	order_sort(values, 1);
}

/* What many fine cells say is what a merge of everything says: heavy tails, ties, one far out. */
static void sweeps_are_exact(void **state)
{
	enum { N = 40000 };
	double *x = mem_new(N, sizeof(*x)), *y = mem_new(N, sizeof(*y));
	uint64_t seed = 17;

	(void)state;
	for (int shape = 0; shape < 6; shape++) {
		struct drift_sample sx = {x, N}, sy = {y, N - 777};
		struct order_walk w = {0};
		struct sweep_result s;
		double d, w1, *ox, *oy;
		size_t dropped;

		for (size_t i = 0; i < N; i++) {
			double u = draw(&seed), v = draw(&seed);

			x[i] = shape == 0 ? u : shape == 1 ? exp(8 * u) : floor(u * 9);
			y[i] = shape == 0    ? v * 1.01
				: shape == 1 ? exp(8 * v)
					     : floor(v * 9.2);
			if (shape == 3 && i == 9)
				x[i] = 1e18;
			if (shape == 4)
				y[i] = x[i];
			if (shape == 5) {
				x[i] = 1.7e18 + floor(u * 1e6);
				y[i] = i % 100 ? 1.7e18 + floor(v * 1e6) : NAN;
			}
		}
		ox = order_copy(&w.n, &dropped, sx);
		oy = order_copy(&w.m, &dropped, sy);
		w.x = ox;
		w.y = oy;
		by_merging(&d, &w1, w);
		s = sweep_samples(sx, sy, true, true);
		assert_near(s.d, d);
		if (!(fabs(s.w1 - w1) <= 1e-9 * fabs(w1)))
			fail_msg("shape %d: %.17g is not %.17g", shape, s.w1, w1);
		assert_int_equal(s.dropped[SWEEP_CURRENT], dropped);
		assert_near(sweep_samples(sx, sy, true, false).d, d);
		assert_true(
			fabs(sweep_samples(sx, sy, false, true).w1 - w1) <= 1e-9 * w1);
		free(ox);
		free(oy);
	}
	free(x);
	free(y);
}

/* With many values SciPy's own sum loses digits; the expansion of Smirnov does not. */
static void many_values_keep_their_digits(void **state)
{
	(void)state;
	assert_true(fabs(ks_p_one_sample(1.6 / sqrt(5e6), 5e6) / 0.011946341449551092 -
			    1) < 1e-11);
	assert_true(fabs(ks_p_one_sample(3 / sqrt(5e6), 5e6) / 3.0432532669137885e-08 -
			    1) < 1e-10);
	assert_near(ks_p_one_sample(0, 100), 1);
	assert_near(ks_p_one_sample(1, 100), 0);
	assert_near(ks_p(0.5, 20000, 20000), 0);
	assert_true(isnan(ks_p(0.1, 0, 5)));
}

/* --- missing, too few, every method --- */

static void every_method_takes_anything(void **state)
{
	enum { N = 200 };
	double x[N], y[N], constant[N], none[N];
	uint64_t seed = 23;
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < N; i++) {
		x[i] = draw(&seed);
		y[i] = draw(&seed) + 0.9;
		constant[i] = 4;
		none[i] = i % 2 ? NAN : -INFINITY;
	}
	x[0] = NAN;
	x[1] = INFINITY;
	for (const struct drift_method *m = drift_methods; m->name; m++) {
		struct drift_sample sx = {x, N}, sy = {y, N}, c = {constant, N};
		struct drift_sample nan = {none, N}, few = {y, 3};
		struct drift_result r = drift_raw(&a, m, sx, sy, NULL, NULL);

		if (!(m->inputs & DRIFT_RAW)) {
			assert_int_equal(r.verdict, DRIFT_NOT_COMPARABLE);
			continue;
		}
		assert_int_equal(r.dropped_reference, 2);
		assert_near(r.n_reference, N - 2);
		if (strcmp(m->name, "z") && strcmp(m->name, "fisher_exact") &&
			strcmp(m->name, "chi2_contingency") &&
			strcmp(m->name, "g_test") && r.verdict != DRIFT_DRIFTED)
			fail_msg("%s: %g", m->name, r.value);
		r = drift_raw(&a, m, c, c, NULL, NULL);
		assert_int_equal(r.verdict, DRIFT_OK);
		r = drift_raw(&a, m, sx, nan, NULL, NULL);
		assert_int_equal(r.verdict, DRIFT_NO_DATA);
		assert_int_equal(r.dropped_current, N);
		r = drift_raw(&a, m, sx, few, NULL, NULL);
		assert_int_equal(r.verdict, DRIFT_TOO_FEW);
		assert_true(isnan(r.value) && isnan(r.p_value));
	}
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(bins_agree), cmocka_unit_test(bins_take_anything),
	cmocka_unit_test(parts_are_the_whole), cmocka_unit_test(samples_agree),
	cmocka_unit_test(tests_of_order_agree), cmocka_unit_test(comparisons_agree),
	cmocka_unit_test(embeddings_agree), cmocka_unit_test(classifiers_tell_apart),
	cmocka_unit_test(error_streams_agree), cmocka_unit_test(value_streams_agree),
	cmocka_unit_test(worked_samples), cmocka_unit_test(sorts_anything),
	cmocka_unit_test(sweeps_are_exact),
	cmocka_unit_test(many_values_keep_their_digits),
	cmocka_unit_test(every_method_takes_anything))
