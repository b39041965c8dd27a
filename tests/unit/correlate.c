#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "model/record.h"
#include "signal/correlate.h"

#define ONSET (100 * NS_PER_HOUR)

static const struct service_conf checkout = {
	.name = "checkout",
	.model = {.source = "mlflow", .name = "ranker", .alias = "production"},
	.serving = {.source = "kserve", .name = "checkout-pred"},
	.agents = {.source = "langfuse", .match_name = "checkout-agent"},
};

static const struct correlate_target target = {
	.onset = ONSET, .service = "checkout", .conf = &checkout};

/* What each change is, and how it should be judged. */
static const struct change changes[] = {
	{.id = 1,
		.at = ONSET - 3 * NS_PER_MIN,
		.source = "mlflow",
		.kind = REC_POINTER,
		.object = "ranker/production",
		.field = "version",
		.before = "7",
		.after = "8"},
	{.id = 2,
		.at = ONSET - 1 * NS_PER_MIN,
		.source = "mlflow",
		.kind = REC_POINTER,
		.object = "other/production",
		.field = "version",
		.before = "1",
		.after = "2"},
	{.id = 3,
		.at = ONSET - 3 * NS_PER_HOUR,
		.source = "kserve",
		.kind = REC_SERVING,
		.object = "checkout-pred/main",
		.field = "version",
		.before = "6",
		.after = "7"},
	{.id = 4,
		.at = ONSET + 20 * NS_PER_MIN,
		.source = "mlflow",
		.kind = REC_POINTER,
		.object = "ranker/production",
		.field = "version",
		.before = "8",
		.after = "7"},
	{.id = 5,
		.at = ONSET - 2 * NS_PER_MIN,
		.source = "am",
		.kind = REC_ALERT,
		.object = "f00",
		.field = "state",
		.before = NULL,
		.after = "firing"},
	{.id = 6,
		.at = ONSET + 2 * NS_PER_HOUR,
		.source = "mlflow",
		.kind = REC_POINTER,
		.object = "ranker/production",
		.field = "version"},
	{.id = 7,
		.at = ONSET - 2 * NS_PER_MIN,
		.source = "kserve",
		.kind = REC_SERVING,
		.object = "checkout-pred/main",
		.field = "version",
		.before = "7",
		.after = "8"},
};

static void the_close_and_related_one_first(void **state)
{
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	correlate_rank(&s, &a, changes, ARRAY_LEN(changes), &target, 10);
	/* Number 6 came two hours too late. */
	assert_int_equal(s.n, 6);
	assert_int_equal(s.items[0].change->id, 1);
	assert_true(s.items[0].score == 1);
	assert_int_equal(s.items[0].before_ns, 3 * NS_PER_MIN);
	assert_int_equal(s.items[1].change->id, 7);
	assert_true(fabs(s.items[1].score - 0.95) < 1e-12);
	/* Same source, another model. */
	assert_int_equal(s.items[2].change->id, 2);
	assert_true(fabs(s.items[2].score - 0.5) < 1e-12);
	assert_int_equal(s.items[3].change->id, 3);
	assert_true(fabs(s.items[3].score - 0.95 * exp2(-175.0 / 60)) < 1e-12);
	assert_int_equal(s.items[4].change->id, 4);
	assert_int_equal(s.items[5].change->id, 5);
	for (size_t i = 0; i < s.n; i++)
		assert_non_null(s.items[i].reason);
	assert_non_null(strstr(s.items[0].reason, "ranker/production"));
	assert_non_null(strstr(s.items[0].reason, "from 7 to 8"));
	assert_non_null(strstr(s.items[0].reason, "before"));
	assert_non_null(strstr(s.items[4].reason, "after"));
	correlate_rank(&s, &a, changes, ARRAY_LEN(changes), &target, 2);
	assert_int_equal(s.n, 2);
	arena_release(&a);
}

static void lag_history_and_no_configuration(void **state)
{
	struct change c[] = {
		{.at = ONSET + NS_PER_MIN,
			.source = "mlflow",
			.kind = REC_POINTER,
			.object = "ranker/production",
			.field = "version"},
		{.at = ONSET,
			.source = "mlflow",
			.kind = REC_POINTER,
			.object = "ranker/production",
			.field = "version",
			.from_history = true},
		{.at = ONSET,
			.source = "ff",
			.kind = REC_FLAG,
			.object = "checkout",
			.field = "value"},
	};
	struct correlate_target bare = {.onset = ONSET, .service = "checkout"};
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	correlate_rank(&s, &a, c, 3, &target, 10);
	assert_true(fabs(s.items[0].score - 0.85) < 1e-12);
	assert_true(fabs(s.items[1].score - 0.8) < 1e-12);
	assert_true(fabs(s.items[2].score - 0.3) < 1e-12);
	correlate_rank(&s, &a, c, 3, &bare, 10);
	assert_ptr_equal(s.items[0].change, &c[2]);
	assert_true(fabs(s.items[1].score - 0.8 * 0.15) < 1e-12);
	correlate_rank(&s, &a, NULL, 0, &bare, 10);
	assert_int_equal(s.n, 0);
	arena_release(&a);
}

static void words_for_what_appears_and_goes(void **state)
{
	struct change c[] = {
		{.at = ONSET,
			.source = "mlflow",
			.kind = REC_MODEL_VERSION,
			.object = "ranker/8",
			.after = "8"},
		{.at = ONSET - 1,
			.source = "mlflow",
			.kind = REC_MODEL_VERSION,
			.object = "ranker/8",
			.before = "8"},
		{.at = ONSET - 2,
			.source = "mlflow",
			.kind = REC_MODEL_VERSION,
			.object = "ranker/8",
			.field = "note"},
		{.at = ONSET - 3, .source = "mlflow", .kind = REC_NONE, .field = "x"},
	};
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	correlate_rank(&s, &a, c, 4, &target, 10);
	assert_non_null(strstr(s.items[0].reason, "appeared"));
	assert_non_null(strstr(s.items[1].reason, "went away"));
	/* A note breaks nothing: half the weight. */
	assert_true(s.items[2].score == 0.25);
	assert_non_null(strstr(s.items[2].reason, "changed"));
	assert_non_null(s.items[3].reason);
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(the_close_and_related_one_first),
	cmocka_unit_test(lag_history_and_no_configuration),
	cmocka_unit_test(words_for_what_appears_and_goes))
