#include "tests/unit/unit.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "model/record.h"
#include "signal/correlate.h"

#define ONSET (100 * NS_PER_HOUR)
#define MIN(n) ((n)*NS_PER_MIN)

static const char *const used[] = {"product-catalogue"};

static struct service_conf services[] = {
	{
		.name = "checkout",
		.model = {.source = "mlflow", .name = "ranker", .alias = "production"},
		.serving = {.source = "kserve", .name = "checkout-pred"},
		.agents = {.source = "langfuse", .match_name = "checkout-agent"},
		.uses = {.items = (const char **)used, .n = 1},
	},
	{
		.name = "search",
		.model = {.source = "mlflow", .name = "searcher", .alias = "production"},
		.serving = {.source = "kserve", .name = "search-pred"},
	},
};

static const struct config config = {.services = services, .n_services = 2};
static const struct correlate_target target = {
	.onset = ONSET, .service = "checkout", .conf = &services[0], .config = &config};

/* A change so long before the onset, at a time that its source tells. */
static struct change change(int64_t before, enum record_kind kind, const char *source,
	const char *object, const char *field, const char *was, const char *is)
{
	return (struct change){.at = ONSET - before,
		.seen = ONSET - before + NS_PER_S,
		.source = source,
		.kind = kind,
		.object = object,
		.field = field,
		.before = was,
		.after = is,
		.not_before = NONE_INT,
		.weight = NAN};
}

static struct change traffic(int64_t before, const char *object, const char *field,
	const char *was, const char *is, double weight)
{
	struct change c = change(before, REC_SERVING, "kserve", object, field, was, is);

	c.weight = weight;
	return c;
}

static struct change alias(
	int64_t before, const char *object, const char *was, const char *is)
{
	return change(before, REC_POINTER, "mlflow", object, "version", was, is);
}

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static struct suspects rank(struct arena *a, const struct change *c, size_t n)
{
	struct suspects s;

	correlate_rank(&s, a, c, n, &target, 20);
	assert_true((s.none == NULL) == (s.n_fits > 0));
	for (size_t i = 0; i < s.n; i++) {
		assert_non_null(s.items[i].reason);
		assert_true(s.items[i].score >= 0 && s.items[i].score <= 1);
	}
	return s;
}

#define RANK(a, c) rank((a), (c), ARRAY_LEN(c))

/* kind * time * relation, each with its figure. */
static void figures(void **state)
{
	struct change c[] = {
		alias(MIN(3), "ranker/production", "7", "8"),
		alias(MIN(65), "ranker/production", "6", "7"),
		alias(MIN(4), "ranker/staging", "1", "2"),
		alias(MIN(4), "searcher/production", "1", "2"),
		alias(MIN(4), "lonely/production", "1", "2"),
		change(MIN(-1), REC_FLAG, "ff", "checkout-fast-path", "value", "off",
			"on"),
		change(MIN(-30), REC_FLAG, "ff", "checkout-fast-path", "value", "on",
			"off"),
		change(MIN(1), REC_FLAG, "ff", "lunch-menu", "value", "off", "on"),
		change(MIN(1), REC_MODEL_VERSION, "mlflow", "ranker/8", "note", NULL,
			"x"),
	};
	const double want[] = {1, 0.5, 0.15, 0.05, 0.1, 0.9 * 0.5 * 0.8, 0.9 * 0.02 * 0.8,
		0.9 * 0.1, 0.05};
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct suspects s = rank(&a, &c[i], 1);

		if (!near(s.items[0].score, want[i]))
			fail_msg("%zu: %g is not %g", i, s.items[0].score, want[i]);
	}
	c[0].from_history = true;
	assert_true(near(rank(&a, c, 1).items[0].score, 0.9));
	/* Over an hour after it. */
	c[0].at = ONSET + MIN(61);
	assert_int_equal(rank(&a, c, 1).n, 0);
	arena_release(&a);
}

static void a_closer_harmless_one_does_not_win(void **state)
{
	struct change c[] = {
		alias(MIN(38), "ranker/production", "7", "8"),
		alias(MIN(1), "searcher/production", "7", "8"),
		traffic(MIN(1), "checkout-pred/canary", NULL, NULL, "9", 0.01),
		change(MIN(1), REC_MODEL_VERSION, "mlflow", "ranker/8", "tags", "{}",
			"{}"),
		change(MIN(2), REC_MODEL_VERSION, "mlflow", "ranker/9", NULL, NULL, "9"),
		change(MIN(1), REC_PROMPT_VERSION, "langfuse", "checkout-agent/4",
			"labels", "[\"latest\"]", "[]"),
		change(MIN(1), REC_DRIFT_REPORT, "d", "checkout/price", "drifted",
			"false", "true"),
	};
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	s = RANK(&a, c);
	assert_ptr_equal(s.items[0].change, &c[0]);
	assert_int_equal(s.n_fits, 1);
	assert_non_null(strstr(s.items[0].reason, "ranker/production went from 7 to 8"));
	assert_non_null(strstr(s.items[0].reason, "38 min before the burn began"));
	assert_non_null(strstr(s.items[0].reason, "it belongs to the service"));
	/* Without the cause none fits, and the words say why. */
	s = rank(&a, c + 1, ARRAY_LEN(c) - 1);
	assert_int_equal(s.n_fits, 0);
	assert_non_null(strstr(s.none, "none of 6 changes fits"));
	assert_non_null(strstr(s.none, "1 belongs to another service"));
	assert_non_null(strstr(s.none, "1 took too little traffic"));
	assert_non_null(strstr(s.none, "4 change nothing that answers requests"));
	s = rank(&a, NULL, 0);
	assert_non_null(strstr(s.none, "nothing was seen to change"));
	arena_release(&a);
}

/* Serving takes up a version in stages: one move, and the alias is what to put back. */
static void what_follows_is_one_with_what_it_follows(void **state)
{
	struct change c[] = {
		change(MIN(20), REC_MODEL_VERSION, "mlflow", "ranker/8", "aliases", "[]",
			"[\"production\"]"),
		change(MIN(20), REC_MODEL_VERSION, "mlflow", "ranker/7", "aliases",
			"[\"production\"]", "[]"),
		alias(MIN(20), "ranker/production", "7", "8"),
		traffic(MIN(19), "checkout-pred/v8", NULL, NULL, "8", 0.1),
		traffic(MIN(19), "checkout-pred/v7", "traffic", "1", "0.9", 0.1),
		traffic(MIN(10), "checkout-pred/v8", "traffic", "0.1", "1", 0.9),
		traffic(MIN(10), "checkout-pred/v7", "traffic", "0.9", "0", 0.9),
		traffic(MIN(2), "checkout-pred/v9", NULL, NULL, "9", 0.02),
	};
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	s = RANK(&a, c);
	assert_int_equal(s.n, 2);
	assert_ptr_equal(s.items[0].change, &c[2]);
	assert_ptr_equal(s.items[0].taken_up, &c[3]);
	assert_int_equal(s.items[0].n_followed, 6);
	assert_non_null(strstr(s.items[0].reason, "serving took it up 1 min later"));
	assert_ptr_equal(s.items[1].change, &c[7]);
	/* Without a pointer the rollout stands for itself. */
	s = rank(&a, c + 3, 4);
	assert_int_equal(s.n, 1);
	assert_ptr_equal(s.items[0].change, &c[3]);
	assert_true(s.items[0].score > 0.8);
	/* Without pointers as records the version that has the name now. */
	s = rank(&a, c, 2);
	assert_int_equal(s.n, 1);
	assert_ptr_equal(s.items[0].change, &c[0]);
	/* Only a canary took it up: little can come of it. */
	c[3].weight = 0.01;
	s = rank(&a, c + 2, 2);
	assert_int_equal(s.n, 1);
	assert_true(near(s.items[0].score, 0.04 * exp2(-0.25)));
	assert_int_equal(s.n_fits, 0);
	arena_release(&a);
}

/* Every new version takes the name "latest"; that moves only who follows it. */
static void latest_moves_by_itself(void **state)
{
	struct change c = change(MIN(1), REC_POINTER, "langfuse", "checkout-agent/latest",
		"version", "3", "4");
	struct change tag = alias(MIN(1), "ranker/latest", "3", "4");
	struct service_conf follows = services[0];
	struct correlate_target t = target;
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	assert_true(near(rank(&a, &c, 1).items[0].score, 0.15));
	follows.model.alias = "latest";
	t.conf = &follows;
	correlate_rank(&s, &a, &tag, 1, &t, 5);
	assert_true(near(s.items[0].score, 1));
	arena_release(&a);
}

static void serving_that_did_not_follow(void **state)
{
	struct change c = alias(MIN(3), "ranker/production", "7", "8");
	struct correlate_target t = target;
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	t.serving_seen = true;
	correlate_rank(&s, &a, &c, 1, &t, 5);
	assert_true(near(s.items[0].score, 0.5));
	arena_release(&a);
}

/* Data that is late is a fault in itself: it stands above a rollout that is as close. */
static void late_data_and_a_decoy(void **state)
{
	struct change c[] = {
		alias(MIN(5), "ranker/production", "7", "8"),
		traffic(MIN(4), "checkout-pred/main", "version", "7", "8", 1),
		change(MIN(-6), REC_FRESHNESS, "etl", "product-catalogue", "state", "ok",
			"late"),
		change(MIN(1), REC_FRESHNESS, "etl", "weather", "state", "ok", "late"),
	};
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	s = RANK(&a, c);
	assert_ptr_equal(s.items[0].change, &c[0]);
	/* Noticed six minutes after the onset it is likely; before, likelier than the rollout. */
	assert_true(near(s.items[1].score, 0.8));
	c[2].at = ONSET - MIN(1);
	s = RANK(&a, c);
	assert_ptr_equal(s.items[0].change, &c[2]);
	c[2].after = "ok";
	s = RANK(&a, c);
	assert_ptr_equal(s.items[0].change, &c[0]);
	assert_int_equal(s.n_fits, 1);
	arena_release(&a);
}

/* It happened at some time while nobody looked: as likely as that time is, on the mean. */
static void times_that_are_bounds(void **state)
{
	struct change c[] = {alias(MIN(-40), "ranker/production", "7", "8"),
		alias(MIN(-40), "ranker/production", "7", "8")};
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	c[0].seen = c[0].at;
	c[0].not_before = ONSET - MIN(40);
	c[0].gap = true;
	s = RANK(&a, c);
	assert_ptr_equal(s.items[0].change, &c[0]);
	assert_true(s.items[0].score > 0.35 && s.items[0].score < 0.5);
	assert_true(near(s.items[1].score, 0.02));
	assert_non_null(strstr(s.items[0].reason,
		"between 40 min before the burn began and 40 min after it"));
	assert_non_null(strstr(s.items[0].reason, "nobody watched"));
	/* An interval of polling is no doubt. */
	c[0].not_before = c[0].at - 15 * NS_PER_S;
	s = rank(&a, c, 1);
	assert_true(near(s.items[0].score, 0.02));
	/* All of it after the onset, the later bound by over an hour. */
	c[0].at = c[0].seen = ONSET + MIN(90);
	c[0].not_before = ONSET + MIN(10);
	assert_int_equal(rank(&a, c, 1).n, 1);
	c[0].not_before = ONSET + MIN(61);
	assert_int_equal(rank(&a, c, 1).n, 0);
	arena_release(&a);
}

static void without_configuration(void **state)
{
	struct change c[] = {
		alias(MIN(3), "ranker/production", "7", "8"),
		change(MIN(3), REC_FLAG, "ff", "checkout", "value", "off", "on"),
	};
	const struct correlate_target bare = {.onset = ONSET, .service = "checkout"};
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	correlate_rank(&s, &a, c, 2, &bare, 10);
	assert_ptr_equal(s.items[0].change, &c[1]);
	assert_true(near(s.items[0].score, 0.9 * 0.8));
	assert_true(near(s.items[1].score, 0.45));
	/* What was stored with its service needs no configuration. */
	c[0].service = "checkout";
	correlate_rank(&s, &a, c, 2, &bare, 10);
	assert_ptr_equal(s.items[0].change, &c[0]);
	correlate_rank(&s, &a, c, 2, &bare, 1);
	assert_int_equal(s.n, 1);
	arena_release(&a);
}

static void words_for_what_appears_and_goes(void **state)
{
	struct change c[] = {
		change(0, REC_MODEL_VERSION, "mlflow", "ranker/8", NULL, NULL, "8"),
		change(1, REC_MODEL_VERSION, "mlflow", "ranker/8", NULL, "8", NULL),
		change(2, REC_MODEL_VERSION, "mlflow", "ranker/8", "note", NULL, NULL),
		change(3, REC_NONE, "mlflow", NULL, "x", NULL, NULL),
		traffic(4, "checkout-pred/main", "version", "7", "8", NAN),
	};
	struct suspects s;
	struct arena a;

	(void)state;
	arena_init(&a);
	s = RANK(&a, c);
	assert_ptr_equal(s.items[0].change, &c[4]);
	assert_true(near(s.items[0].score, 0.95 * 0.8));
	assert_non_null(strstr(s.items[1].reason, "appeared"));
	assert_non_null(strstr(s.items[2].reason, "went away"));
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(figures),
	cmocka_unit_test(a_closer_harmless_one_does_not_win),
	cmocka_unit_test(what_follows_is_one_with_what_it_follows),
	cmocka_unit_test(latest_moves_by_itself),
	cmocka_unit_test(serving_that_did_not_follow),
	cmocka_unit_test(late_data_and_a_decoy), cmocka_unit_test(times_that_are_bounds),
	cmocka_unit_test(without_configuration),
	cmocka_unit_test(words_for_what_appears_and_goes))
