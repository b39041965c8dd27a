#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/path.h"
#include "report/drift_tables.h"
#include "tests/unit/shared.h"

static struct table_file *table_of(const char *folder, const char *name, const char *text)
{
	char *file = path_join(folder, name);
	struct table_file *t = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(path_write(file, text, strlen(text), 0600, &e), 0);
	if (table_open(&t, file, &e))
		fail_msg("%s", e.what);
	free(file);
	return t;
}

static double draw(uint64_t *x)
{
	*x = *x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(*x >> 11) / (double)(UINT64_C(1) << 53);
}

static void write_rows(struct strbuf *out, uint64_t seed, int n, double shift)
{
	strbuf_adds(out, "x,whole,kind,mostly,none\n");
	for (int i = 0; i < n; i++)
		strbuf_addf(out, "%.17g,%d,%s,%s,\n", draw(&seed) + shift,
			(int)(draw(&seed) * 100),
			draw(&seed) < 0.3 + shift / 2 ? "a" : "b",
			i == 40 ? "word" : "3");
}

struct two {
	char folder[128];
	struct drift_tables_job job;
	struct arena a;
};

static void two_init(struct two *t, int n, int m, double shift)
{
	struct strbuf x = STRBUF_INIT, y = STRBUF_INIT;
	const char *top = getenv("TMPDIR");

	memset(t, 0, sizeof(*t));
	(void)snprintf(t->folder, sizeof(t->folder), "%s/tocsin-tables.XXXXXX",
		top ? top : "/tmp");
	assert_non_null(mkdtemp(t->folder));
	write_rows(&x, 1, n, 0);
	write_rows(&y, 2, m, shift);
	t->job = (struct drift_tables_job){
		.reference = table_of(t->folder, "reference", x.buf),
		.current = table_of(t->folder, "current", y.buf),
		.options = {.bins = DRIFT_BINS_EVIDENTLY, .zeros = DRIFT_ZEROS_EVIDENTLY},
		.share = DRIFT_SHARE,
	};
	arena_init(&t->a);
	strbuf_release(&x);
	strbuf_release(&y);
}

static void two_release(struct two *t)
{
	table_free(t->job.reference);
	table_free(t->job.current);
	for (int side = 0; side < 2; side++) {
		char *file = path_join(t->folder, side ? "current" : "reference");

		(void)unlink(file);
		free(file);
	}
	(void)rmdir(t->folder);
	arena_release(&t->a);
}

static struct drift_tables compared(struct two *t)
{
	struct drift_tables out;
	struct err e = ERR_INIT;

	if (drift_tables_compare(&out, &t->a, &t->job, &e))
		fail_msg("%s", e.what);
	return out;
}

static void chooses_as_evidently(void **state)
{
	struct drift_tables d;
	struct two t;

	(void)state;
	two_init(&t, 900, 800, 0.3);
	d = compared(&t);
	assert_int_equal(d.n, 5);
	assert_string_equal(d.items[0].r.method, "ks");
	assert_int_equal(d.items[0].r.verdict, DRIFT_DRIFTED);
	assert_string_equal(d.items[2].r.method, "z");
	assert_int_equal(d.items[3].r.verdict, DRIFT_NOT_COMPARABLE);
	assert_non_null(strstr(d.items[3].r.note, "reference:42"));
	assert_int_equal(d.items[4].r.verdict, DRIFT_NO_DATA);
	assert_int_equal(d.judged, 3);
	assert_int_equal(d.drifted, 2);
	assert_int_equal(d.tests, 3);
	assert_true(d.dataset);
	two_release(&t);
	two_init(&t, 1100, 800, 0);
	d = compared(&t);
	assert_string_equal(d.items[0].r.method, "wasserstein");
	assert_string_equal(d.items[2].r.method, "jensenshannon");
	assert_int_equal(d.drifted, 0);
	two_release(&t);
}

/* Passes over the file say what all values in memory say. */
static void passes_are_as_good(void **state)
{
	static const char *const methods[] = {"psi", "kl_div", "jensenshannon", "tvd",
		"hellinger", "ks", "wasserstein", "t_test"};
	static const enum drift_bins bins[] = {
		DRIFT_BINS_EVIDENTLY, DRIFT_BINS_REFERENCE, DRIFT_BINS_QUANTILES};
	struct two t;

	(void)state;
	two_init(&t, 20000, 15000, 0.05);
	for (size_t i = 0; i < ARRAY_LEN(methods) * ARRAY_LEN(bins); i++) {
		struct drift_tables whole, parts;

		t.job.method = drift_method(methods[i / ARRAY_LEN(bins)]);
		t.job.options.bins = bins[i % ARRAY_LEN(bins)];
		t.job.batch = 0;
		whole = compared(&t);
		t.job.batch = 100;
		parts = compared(&t);
		for (size_t k = 0; k < 2; k++) {
			assert_near(parts.items[k].r.value, whole.items[k].r.value);
			assert_near(parts.items[k].r.noise, whole.items[k].r.noise);
			assert_int_equal(
				parts.items[k].r.verdict, whole.items[k].r.verdict);
			if (whole.items[k].r.binning)
				assert_string_equal(parts.items[k].r.binning,
					whole.items[k].r.binning);
		}
	}
	two_release(&t);
}

static void columns_by_name(void **state)
{
	const char *names[] = {"whole", "wohle"};
	struct drift_tables d;
	struct err e = ERR_INIT;
	struct two t;

	(void)state;
	two_init(&t, 200, 200, 0);
	t.job.columns = names;
	t.job.n_columns = 1;
	t.job.categorical = names;
	t.job.n_categorical = 1;
	d = compared(&t);
	assert_int_equal(d.n, 1);
	assert_string_equal(d.items[0].kind, "categories");
	t.job.n_columns = 2;
	assert_int_equal(drift_tables_compare(&d, &t.a, &t.job, &e), -1);
	assert_string_equal(e.hint, "did you mean 'whole'?");
	err_release(&e);
	two_release(&t);
}

/* Twenty columns of nothing: one is under 0.05 by chance, and none when that is considered. */
static void many_tests_are_corrected(void **state)
{
	struct drift_tables d;
	struct two t;

	(void)state;
	two_init(&t, 400, 400, 0);
	t.job.method = drift_method("ks");
	t.job.options.threshold = 0.9;
	d = compared(&t);
	for (size_t i = 0; i < d.n; i++)
		if (!isnan(d.items[i].r.p_value))
			assert_true(d.items[i].p_corrected >= d.items[i].r.p_value);
	t.job.uncorrected = true;
	d = compared(&t);
	assert_true(isnan(d.items[0].p_corrected));
	two_release(&t);
}

UNIT_TESTS(cmocka_unit_test(chooses_as_evidently), cmocka_unit_test(passes_are_as_good),
	cmocka_unit_test(columns_by_name), cmocka_unit_test(many_tests_are_corrected))
