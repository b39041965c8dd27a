#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "model/record.h"
#include "signal/slo_state.h"

#define NOW (INT64_C(1790000000) * NS_PER_S)

static const int64_t windows[] = {
	5 * NS_PER_MIN, 30 * NS_PER_MIN, NS_PER_HOUR, 6 * NS_PER_HOUR};

/* All windows with one ratio and plenty of events. */
static void measure(
	struct slo_measure *m, struct burn_window *w, double ratio, double coverage)
{
	for (size_t i = 0; i < ARRAY_LEN(windows); i++)
		w[i] = (struct burn_window){.window_ns = windows[i],
			.ratio = ratio,
			.total = 100000,
			.bad = ratio * 100000,
			.coverage = 1};
	*m = (struct slo_measure){.windows = w,
		.n_windows = ARRAY_LEN(windows),
		.period = {.window_ns = 30 * NS_PER_DAY,
			.ratio = ratio,
			.total = 1e6,
			.bad = ratio * 1e6,
			.coverage = coverage}};
}

static struct slo slo_of(struct arena *a)
{
	struct slo slo = {.service = "s",
		.name = "n",
		.objective = 0.999,
		.window_ns = 30 * NS_PER_DAY,
		.labels = "{}"};

	slo.alerting = burn_default_alerts(a, slo.window_ns, &slo.n_alerting);
	return slo;
}

static void pages_when_both_windows_burn(void **state)
{
	struct burn_window w[ARRAY_LEN(windows)];
	struct slo_measure m;
	struct slo_state out;
	struct arena a;
	struct slo slo;

	(void)state;
	arena_init(&a);
	slo = slo_of(&a);
	measure(&m, w, 0.02, 1); /* burns at 20 */
	slo_evaluate(&out, &a, &slo, &m, NOW);
	assert_int_equal(out.severity, SEV_PAGE);
	assert_float_equal(out.budget_left, 1 - 20, 1e-9);
	assert_float_equal(out.exhausted_in_s, 0, 0);
	/* The short windows are over: no page any more, though the long ones still burn. */
	for (size_t i = 0; i < 2; i++)
		w[i].ratio = w[i].bad = 0;
	slo_evaluate(&out, &a, &slo, &m, NOW);
	assert_int_not_equal(out.severity, SEV_PAGE);
	arena_release(&a);
}

/* A minute of trouble right after the first sample is a minute of thirty days. */
static void what_was_not_seen_does_not_burn(void **state)
{
	struct burn_window w[ARRAY_LEN(windows)];
	struct slo_measure m;
	struct slo_state out;
	struct arena a;
	struct slo slo;
	double day = 1.0 / 30;

	(void)state;
	arena_init(&a);
	slo = slo_of(&a);
	measure(&m, w, 0.02, day);
	slo_evaluate(&out, &a, &slo, &m, NOW);
	assert_float_equal(out.budget_left, 1 - 20 * day, 1e-9);
	measure(&m, w, 0.02, NAN);
	slo_evaluate(&out, &a, &slo, &m, NOW);
	assert_float_equal(out.budget_left, 1 - 20, 1e-9);
	arena_release(&a);
}

static void no_data_is_no_data(void **state)
{
	struct burn_window w[ARRAY_LEN(windows)];
	struct slo_measure m;
	struct slo_state out;
	struct arena a;
	struct slo slo;

	(void)state;
	arena_init(&a);
	slo = slo_of(&a);
	measure(&m, w, NAN, NAN);
	slo_evaluate(&out, &a, &slo, &m, NOW);
	assert_int_equal(out.severity, SEV_NO_DATA);
	assert_true(isnan(out.budget_left));
	assert_true(isnan(out.exhausted_in_s));
	assert_true(out.onset == NONE_INT);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(pages_when_both_windows_burn),
	cmocka_unit_test(what_was_not_seen_does_not_burn),
	cmocka_unit_test(no_data_is_no_data))
