#include "tests/unit/unit.h"

#include <math.h>

#include "core/mem.h"
#include "signal/sync.h"

#define MODEL .source = "mlflow", .model = "ranker"
#define SERVED .source = "kserve", .service = "checkout", .model = "ranker"

static const struct model_version versions[] = {
	{MODEL, .version = "7"},
	{MODEL, .version = "8", .digest = "sha256:aa"},
};

struct row {
	const char *what;
	bool registry_down, serving_down;
	const char *pointer; /* NULL: there is none */
	size_t n_variants;
	struct serving variants[3];
	enum sync_state state;
	const char *running;
	double share;
};

static const struct row rows[] = {
	{"in sync", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .version = "8", .traffic = 1, .ready = 1}},
		.state = SYNC_IN_SYNC, .running = "8", .share = 1},
	{"by digest", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .version = "sha256:aa", .traffic = 1, .ready = 1}},
		.state = SYNC_IN_SYNC, .running = "sha256:aa", .share = 1},
	{"the digest decides", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .version = "8", .digest = "sha256:bb", .traffic = 1,
			.ready = 1}},
		.state = SYNC_DRIFT, .running = "8", .share = 0},
	{"another version's name for the same content", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .version = "stable", .digest = "sha256:aa",
			.traffic = 1, .ready = 1}},
		.state = SYNC_IN_SYNC, .running = "stable", .share = 1},
	{"a digest of another kind tells nothing", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .version = "8", .digest = "md5:aa", .traffic = 1,
			.ready = 1}},
		.state = SYNC_IN_SYNC, .running = "8", .share = 1},
	{"only a digest of another kind", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .digest = "md5:aa", .traffic = 1, .ready = 1}},
		.state = SYNC_SERVING_UNKNOWN, .running = "md5:aa", .share = 0},
	{"only a digest", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .digest = "sha256:aa", .traffic = 1, .ready = 1}},
		.state = SYNC_IN_SYNC, .running = "sha256:aa", .share = 1},
	{"version 8 of another model", .pointer = "8", .n_variants = 1,
		.variants = {{.source = "kserve",
			.service = "checkout",
			.model = "other",
			.version = "8",
			.traffic = 1,
			.ready = 1}},
		.state = SYNC_DRIFT, .running = "8", .share = 0},
	{"the same model by its longer name", .pointer = "8", .n_variants = 1,
		.variants = {{.source = "kserve",
			.service = "checkout",
			.model = "main.ml.ranker",
			.version = "8",
			.traffic = 1,
			.ready = 1}},
		.state = SYNC_IN_SYNC, .running = "8", .share = 1},
	{"one half does not say what it is", .pointer = "8", .n_variants = 2,
		.variants = {{SERVED, .version = "8", .traffic = 0.5, .ready = 1},
			{SERVED, .traffic = 0.5, .ready = 1}},
		.state = SYNC_SERVING_UNKNOWN, .running = "8", .share = 0.5},
	{"one half does not say, the other is another", .pointer = "8", .n_variants = 2,
		.variants = {{SERVED, .version = "7", .traffic = 0.5, .ready = 1},
			{SERVED, .traffic = 0.5, .ready = 1}},
		.state = SYNC_DRIFT, .running = "7", .share = 0},
	{"an old variant without traffic", .pointer = "8", .n_variants = 2,
		.variants = {{SERVED, .version = "8", .traffic = 1, .ready = 1},
			{SERVED, .version = "7", .traffic = 0, .ready = 1}},
		.state = SYNC_IN_SYNC, .running = "8", .share = 1},
	{"traffic not told", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .version = "8", .traffic = NAN, .ready = 1}},
		.state = SYNC_IN_SYNC, .running = "8", .share = NAN},
	{"canary", .pointer = "8", .n_variants = 2,
		.variants = {{SERVED, .version = "8", .traffic = 0.1, .ready = 1},
			{SERVED, .version = "7", .traffic = 0.9, .ready = 1}},
		.state = SYNC_CANARY, .running = "7", .share = 0.1},
	{"rolling out", .pointer = "8", .n_variants = 2,
		.variants = {{SERVED, .version = "8", .traffic = 0, .ready = 0},
			{SERVED, .version = "7", .traffic = 1, .ready = 1}},
		.state = SYNC_ROLLING_OUT, .running = "7", .share = 0},
	{"drift", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .version = "7", .traffic = 1, .ready = 1}},
		.state = SYNC_DRIFT, .running = "7", .share = 0},
	{"pointer missing", .n_variants = 1,
		.variants = {{SERVED, .version = "7", .traffic = 1, .ready = 1}},
		.state = SYNC_POINTER_MISSING, .share = NAN},
	{"dangling", .pointer = "9", .n_variants = 1,
		.variants = {{SERVED, .version = "9", .traffic = 1, .ready = 1}},
		.state = SYNC_DANGLING, .share = NAN},
	{"empty pointer", .pointer = "", .state = SYNC_DANGLING, .share = NAN},
	{"no variant", .pointer = "8", .state = SYNC_SERVING_UNKNOWN, .share = NAN},
	{"nobody says a version", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .traffic = 1, .ready = 1}},
		.state = SYNC_SERVING_UNKNOWN, .share = 0},
	{"nothing takes traffic", .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .version = "7", .traffic = 1, .ready = 0}},
		.state = SYNC_SERVING_UNKNOWN, .share = NAN},
	{"serving down", .serving_down = true, .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .version = "8", .traffic = 1, .ready = 1}},
		.state = SYNC_SERVING_UNKNOWN, .running = "8", .share = 1},
	{"registry down", .registry_down = true, .pointer = "8", .n_variants = 1,
		.variants = {{SERVED, .version = "8", .traffic = 1, .ready = 1}},
		.state = SYNC_REGISTRY_UNREACHABLE, .share = NAN},
};

static void every_state(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct row *row = &rows[i];
		struct pointer pointer = {
			MODEL, .name = "production", .version = row->pointer};
		struct sync_input in = {
			.registry_ok = !row->registry_down,
			.serving_ok = !row->serving_down,
			.pointer = row->pointer ? &pointer : NULL,
			.versions = versions,
			.n_versions = ARRAY_LEN(versions),
			.variants = row->variants,
			.n_variants = row->n_variants,
		};
		struct sync_result r;

		sync_check(&r, &a, &in);
		if (r.state != row->state)
			fail_msg("%s: %d", row->what, (int)r.state);
		assert_non_null(r.note);
		if (row->running)
			assert_string_equal(r.running, row->running);
		else
			assert_null(r.running);
		if (isnan(row->share) != isnan(r.share) ||
			(!isnan(r.share) && r.share != row->share))
			fail_msg("%s: share %g", row->what, r.share);
	}
	arena_release(&a);
}

static void an_unlisted_registry_cannot_dangle(void **state)
{
	struct pointer pointer = {MODEL, .name = "production", .version = "9"};
	struct serving v = {SERVED, .version = "9", .traffic = 1, .ready = 1};
	struct sync_input in = {.registry_ok = true,
		.serving_ok = true,
		.pointer = &pointer,
		.variants = &v,
		.n_variants = 1};
	struct sync_result r;
	struct arena a;

	(void)state;
	arena_init(&a);
	sync_check(&r, &a, &in);
	assert_int_equal(r.state, SYNC_IN_SYNC);
	assert_string_equal(r.expected, "9");
	arena_release(&a);
}

UNIT_TESTS(cmocka_unit_test(every_state),
	cmocka_unit_test(an_unlisted_registry_cannot_dangle))
