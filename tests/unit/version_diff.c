#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include <math.h>

#include "model/registry.h"
#include "report/models.h"
#include "report/version_diff.h"
#include "store/observe.h"

static struct model_version version(const char *model, const char *v)
{
	return (struct model_version){.source = "reg",
		.model = model,
		.version = v,
		.created = NONE_INT,
		.updated = NONE_INT,
		.size = NONE_INT};
}

static const struct diff_row *row_of(
	const struct version_diff *d, enum diff_part part, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->items[i].part == part &&
			(name ? d->items[i].name && !strcmp(d->items[i].name, name)
			      : !d->items[i].name))
			return &d->items[i];
	fail_msg("no row for %s", name);
	return NULL;
}

static void is(
	const struct diff_row *row, enum diff_state state, double delta, double percent)
{
	assert_string_equal(diff_state_name(row->state), diff_state_name(state));
	assert_true(isnan(delta) ? isnan(row->delta) : fabs(row->delta - delta) < 1e-9);
	assert_true(isnan(percent) ? isnan(row->percent)
				   : fabs(row->percent - percent) < 1e-9);
}

static void item_by_item(void **state)
{
	struct model_version a = version("ranker", "12"), b = version("ranker", "13");
	struct version_diff d;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	a.metrics = "{\"auc\":0.8,\"loss\":0,\"recall\":0.5,\"only_a\":1}";
	b.metrics = "{\"auc\":0.76,\"loss\":0.25,\"recall\":0.50}";
	a.params = "{\"lr\":\"0.10\",\"kind\":\"gbdt\",\"deep\":{\"x\":1}}";
	b.params = "{\"lr\":\"0.1\",\"kind\":\"mlp\",\"deep\":{\"x\":2},\"seed\":null}";
	b.tags = "{\"team\":\"a\"}";
	a.digest = "sha256:aa";
	b.digest = "sha256:bb";
	a.size = 1000;
	b.size = 1500;
	a.created = T0;
	b.created = T0 + S(60);
	a.lineage = b.lineage = "runs:/1/model";
	version_diff(&d, &arena, &a, &b);
	is(row_of(&d, DIFF_METRIC, "auc"), DIFF_MOVED, -0.04, -5);
	is(row_of(&d, DIFF_METRIC, "loss"), DIFF_MOVED, 0.25, NAN);
	is(row_of(&d, DIFF_METRIC, "recall"), DIFF_SAME, 0, 0);
	is(row_of(&d, DIFF_METRIC, "only_a"), DIFF_GONE, NAN, NAN);
	is(row_of(&d, DIFF_PARAM, "lr"), DIFF_SAME, 0, 0);
	is(row_of(&d, DIFF_PARAM, "kind"), DIFF_MOVED, NAN, NAN);
	is(row_of(&d, DIFF_PARAM, "deep"), DIFF_MOVED, NAN, NAN);
	/* A keeps no tags at all: whether it lacked this one cannot be told. */
	is(row_of(&d, DIFF_TAG, "team"), DIFF_UNKNOWN, NAN, NAN);
	is(row_of(&d, DIFF_FIELD, "digest"), DIFF_MOVED, NAN, NAN);
	is(row_of(&d, DIFF_FIELD, "size"), DIFF_MOVED, 500, 50);
	is(row_of(&d, DIFF_FIELD, "lineage"), DIFF_SAME, NAN, NAN);
	is(row_of(&d, DIFF_FIELD, "author"), DIFF_UNKNOWN, NAN, NAN);
	assert_string_equal(row_of(&d, DIFF_FIELD, "created")->a, "2026-11-18T11:00:00Z");
	assert_int_equal(d.n_different, 8);
	/* The tag, run, stage, status, author, note. */
	assert_int_equal(d.n_unknown, 6);
	arena_release(&arena);
}

static void what_cannot_be_compared(void **state)
{
	struct model_version a = version("m", "1"), b = version("m", "2");
	struct version_diff d;
	struct arena arena;

	(void)state;
	arena_init(&arena);
	version_diff(&d, &arena, &a, &b);
	assert_int_equal(d.n_different, 0);
	assert_int_equal(d.n_unknown, d.n);
	is(row_of(&d, DIFF_METRIC, NULL), DIFF_UNKNOWN, NAN, NAN);
	a.digest = "md5:aa";
	b.digest = "sha256:aa";
	a.metrics = "[1]"; /* no object: says nothing */
	b.metrics = "{}";
	version_diff(&d, &arena, &a, &b);
	is(row_of(&d, DIFF_FIELD, "digest"), DIFF_UNKNOWN, NAN, NAN);
	assert_int_equal(d.n_different, 0);
	b.digest = "aa";
	version_diff(&d, &arena, &a, &b);
	is(row_of(&d, DIFF_FIELD, "digest"), DIFF_UNKNOWN, NAN, NAN);
	/* The same one is the same in all that it says. */
	a.metrics = "{\"auc\":0.5,\"bad\":\"NaN\"}";
	version_diff(&d, &arena, &a, &a);
	assert_int_equal(d.n_different, 0);
	arena_release(&arena);
}

static void put(struct fixture *f, const char *source, enum record_kind kind,
	const void *records, size_t n)
{
	struct observe *ob;

	ok(f, observe_begin(&ob, f->st, source, 1, kind, T0, false, &f->e));
	for (size_t i = 0; i < n; i++)
		ok(f,
			observe_put(ob,
				(const char *)records + i * record_def(kind)->size,
				&f->e));
	ok(f, observe_end(ob, true, &f->e));
}

static void found(
	struct fixture *f, const char *source, const char *text, const char *want)
{
	const struct model_version *v;

	ok(f, version_find(&v, &f->a, f->st, source, text, AT_NOW, &f->e));
	assert_string_equal(v->version, want);
	ok(f, version_find(&v, &f->a, f->st, source, text, T0, &f->e));
	assert_string_equal(v->version, want);
}

FIXTURE_TEST(found_by_what_people_write)
{
	const struct model_version versions[] = {version("ranker", "12"),
		version("ranker", "13"), version("ml/fraud", "sha256:ab"),
		version("ml", "fraud/1")};
	struct model_version twin = version("ranker", "12");
	const struct pointer pointers[] = {
		{"reg", "ranker", "production", "13", NULL, NULL, T0, NULL, T0},
		{"reg", "ml/fraud", "v1", "sha256:ab", NULL, NULL, T0, NULL, T0},
		{"reg", "ranker", "lost", "99", NULL, NULL, T0, NULL, T0},
		{"reg", "ranker", "empty", NULL, NULL, NULL, T0, NULL, T0}};
	const struct model_version *v;

	add_source(f, "reg");
	add_source(f, "other");
	put(f, "reg", REC_MODEL_VERSION, versions, 4);
	put(f, "reg", REC_POINTER, pointers, 4);
	found(f, NULL, "ranker@12", "12");
	found(f, "reg", "ranker:production", "13");
	found(f, NULL, "ml/fraud:v1", "sha256:ab");
	found(f, NULL, "ml/fraud@sha256:ab", "sha256:ab");
	found(f, NULL, "ml@fraud/1", "fraud/1");
	fails(f, version_find(&v, &f->a, f->st, NULL, "ranker@14", AT_NOW, &f->e),
		ERR_NOT_FOUND, "no version '14'", "12, 13");
	fails(f, version_find(&v, &f->a, f->st, NULL, "ranker:lost", AT_NOW, &f->e),
		ERR_NOT_FOUND, "no version '99'", "12, 13");
	fails(f, version_find(&v, &f->a, f->st, NULL, "ranker:empty", AT_NOW, &f->e),
		ERR_NOT_FOUND, "names no version", NULL);
	fails(f, version_find(&v, &f->a, f->st, NULL, "ranker:none", AT_NOW, &f->e),
		ERR_NOT_FOUND, "no alias 'none'", "12, 13");
	fails(f, version_find(&v, &f->a, f->st, "other", "ranker@12", AT_NOW, &f->e),
		ERR_NOT_FOUND, "no source has a model 'ranker'", "models list");
	fails(f, version_find(&v, &f->a, f->st, NULL, "ranker", AT_NOW, &f->e), ERR_INPUT,
		"names no version", "MODEL@VERSION");
	fails(f, version_find(&v, &f->a, f->st, NULL, "@1", AT_NOW, &f->e), ERR_INPUT,
		"names no version", NULL);
	twin.source = "other";
	put(f, "other", REC_MODEL_VERSION, &twin, 1);
	fails(f, version_find(&v, &f->a, f->st, NULL, "ranker@12", AT_NOW, &f->e),
		ERR_INPUT, "in the source", "--source");
	found(f, "other", "ranker@12", "12");
}

FIXTURE_TEST(prompts_are_compared_too)
{
	const struct prompt_version prompts[] = {
		{"reg", "support/greeting", "6", "[\"staging\"]", "ann", T0, "sha256:aa",
			"longer", T0},
		{"reg", "support/greeting", "7", "[\"production\",\"latest\"]", "bob", T0,
			"sha256:bb", "shorter", T0}};
	const struct pointer label = {
		"reg", "support/greeting", "production", "7", NULL, NULL, T0, NULL, T0};
	const struct model_version *from, *to;
	struct version_rows rows;
	struct version_diff d;

	add_source(f, "reg");
	put(f, "reg", REC_PROMPT_VERSION, prompts, 2);
	put(f, "reg", REC_POINTER, &label, 1);
	found(f, NULL, "support/greeting:production", "7");
	ok(f,
		version_find(
			&from, &f->a, f->st, NULL, "support/greeting@6", AT_NOW, &f->e));
	ok(f, version_find(&to, &f->a, f->st, NULL, "support/greeting@7", AT_NOW, &f->e));
	version_diff(&d, &f->a, from, to);
	is(row_of(&d, DIFF_FIELD, "digest"), DIFF_MOVED, NAN, NAN);
	is(row_of(&d, DIFF_FIELD, "note"), DIFF_MOVED, NAN, NAN);
	is(row_of(&d, DIFF_FIELD, "author"), DIFF_MOVED, NAN, NAN);
	ok(f,
		version_rows(&rows, &f->a, f->st, "reg", "support/greeting", AT_NOW, 10,
			&f->e));
	assert_int_equal(rows.n, 2);
	assert_string_equal(rows.items[0]->version, "7");
	/* The label that points at it once, and the one that only the version tells of. */
	assert_string_equal(rows.aliases[0][0], "production");
	assert_string_equal(rows.aliases[0][1], "latest");
	assert_null(rows.aliases[0][2]);
}

UNIT_TESTS(cmocka_unit_test(item_by_item), cmocka_unit_test(what_cannot_be_compared),
	cmocka_unit_test(found_by_what_people_write),
	cmocka_unit_test(prompts_are_compared_too))
