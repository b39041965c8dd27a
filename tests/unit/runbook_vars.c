#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/path.h"
#include "model/alert.h"
#include "model/registry.h"
#include "runbook/vars.h"
#include "tests/unit/seen.h"

#define T0 (INT64_C(1700000000) * NS_PER_S)

struct place {
	char dir[64];
	struct store *st;
	struct config config;
};

static const char config_text[] =
	"context: eu\ncontexts:\n  - {name: eu, region: eu-west-1, sources: [reg, srv]}\n"
	"sources:\n  - {name: reg, type: mlflow, url: \"http://127.0.0.1:1\"}\n"
	"  - {name: srv, type: lab-serving, url: \"http://127.0.0.1:1\"}\n"
	"services:\n  - name: shop\n    owner: team\n"
	"    model: {source: reg, name: ranker, alias: production}\n"
	"    serving: {source: srv, name: shop-serving}\n";

static int set_up(void **state)
{
	struct place *p = mem_new(1, sizeof(*p));
	struct problems problems;
	struct err e = ERR_INIT;
	char *file, *store;

	snprintf(p->dir, sizeof(p->dir), "/tmp/tocsin-vars-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	file = path_join(p->dir, "config.yaml");
	store = path_join(p->dir, "store");
	problems_init(&problems, NULL);
	assert_int_equal(path_write(file, config_text, strlen(config_text), 0600, &e), 0);
	if (config_load(&p->config, file, &problems, &e) || problems.n)
		fail_msg("%s", e.what ? e.what : problems.items[0].message);
	problems_release(&problems);
	assert_int_equal(store_open(&p->st, store, STORE_WRITE, &e), 0);
	seen_sources(p->st, &p->config, "eu");
	free(file);
	free(store);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char *command = mem_format("rm -rf '%s'", p->dir);

	store_free(p->st);
	config_release(&p->config);
	assert_int_equal(system(command), 0);
	free(command);
	free(p);
	return 0;
}

static void parse(struct runbook *rb, const char *text)
{
	struct err e = ERR_INIT;

	assert_int_equal(runbook_parse(rb, "t.md", text, strlen(text), NULL, &e), 0);
}

static void resolve(struct vars *v, const struct runbook *rb,
	const struct vars_scope *scope, struct problems *p)
{
	struct err e = ERR_INIT;

	vars_init(v);
	if (vars_resolve(v, rb, scope, p, &e))
		fail_msg("%s", e.what);
}

/* --- what configuration and alert say --- */

static void values_have_an_origin(void **state)
{
	struct place *p = *state;
	struct alert alert = {.name = "Burn",
		.labels = "{\"pod\":\"a-1\",\"evil\":\"--all\",\"ctl\":\"a\\u001bb\","
			  "\"ok\":\"-x\"}",
		.annotations = "{\"summary\":\"it burns\"}"};
	struct vars_scope scope = {.config = &p->config,
		.service = "shop",
		.context = "eu",
		.incident = "I1",
		.alert = &alert};
	struct problems problems;
	struct runbook rb;
	struct vars v;

	setenv("FROM_ENV", "outside", 1);
	parse(&rb,
		"---\nvars:\n  M: {from: service.model.name}\n  A: {from: "
		"service.model.alias}\n"
		"  S: {from: service.serving.name}\n  O: {from: service.owner}\n"
		"  R: {from: context.region}\n  I: {from: incident.id}\n"
		"  POD: {from: alert.labels.pod}\n  SUM: {from: "
		"alert.annotations.summary}\n"
		"  EVIL: {from: alert.labels.evil}\n  CTL: {from: alert.labels.ctl, "
		"default: d}\n"
		"  OKAY: {from: alert.labels.ok, pattern: '-.'}\n"
		"  NONE: {from: alert.labels.none}\n  E: {env: FROM_ENV}\n  D: def\n"
		"  N: {from: alert.name}\n  G: {from: service.agents.name, default: "
		"none}\n---\n"
		"```sh\necho $SERVICE $FROM_ENV $UNKNOWN_THING\n```\n");
	problems_init(&problems, NULL);
	resolve(&v, &rb, &scope, &problems);
	assert_string_equal(vars_value(&v, "M"), "ranker");
	assert_string_equal(vars_find(&v, "M")->origin, "service.model.name");
	assert_string_equal(vars_value(&v, "A"), "production");
	assert_string_equal(vars_value(&v, "S"), "shop-serving");
	assert_string_equal(vars_value(&v, "O"), "team");
	assert_string_equal(vars_value(&v, "R"), "eu-west-1");
	assert_string_equal(vars_value(&v, "I"), "I1");
	assert_string_equal(vars_value(&v, "POD"), "a-1");
	assert_string_equal(vars_value(&v, "SUM"), "it burns");
	assert_null(vars_value(&v, "EVIL"));
	assert_string_equal(vars_value(&v, "CTL"), "d");
	assert_string_equal(vars_find(&v, "CTL")->origin, "default");
	assert_string_equal(vars_value(&v, "OKAY"), "-x");
	assert_null(vars_value(&v, "NONE"));
	assert_string_equal(vars_value(&v, "E"), "outside");
	assert_string_equal(vars_value(&v, "D"), "def");
	assert_string_equal(vars_value(&v, "N"), "Burn");
	assert_string_equal(vars_value(&v, "G"), "none");
	assert_string_equal(vars_value(&v, "SERVICE"), "shop");
	assert_string_equal(vars_value(&v, "FROM_ENV"), "outside");
	assert_string_equal(vars_missing(&v, &rb.steps[0])->name, "UNKNOWN_THING");
	assert_int_equal(problems.n, 2);
	assert_string_equal(vars_missing(&v, NULL)->name, "EVIL");
	problems_release(&problems);
	vars_release(&v);
	runbook_release(&rb);
	unsetenv("FROM_ENV");
}

/* --- what the store saw --- */

static void put_pointer(struct place *p, const char *version, int64_t at)
{
	struct pointer ptr = {.source = "reg",
		.model = "ranker",
		.name = "production",
		.version = version,
		.observed = NONE_INT};

	seen_round(p->st, "reg", REC_POINTER, &ptr, 1, at);
}

static void put_versions(struct place *p)
{
	static const char *const names[] = {"1", "2", "3", "4", "5"};
	struct model_version v[ARRAY_LEN(names)];

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		v[i] = (struct model_version){.source = "reg",
			.model = "ranker",
			.version = names[i],
			.created = T0 - (int64_t)(100 - i) * NS_PER_HOUR,
			.updated = NONE_INT};
	seen_round(p->st, "reg", REC_MODEL_VERSION, v, ARRAY_LEN(v), T0);
}

static void previous_versions_come_by_likelihood(void **state)
{
	struct place *p = *state;
	struct vars_scope scope = {
		.config = &p->config, .service = "shop", .store = p->st, .at = AT_NOW};
	struct yaml_texts choices;
	struct problems problems;
	struct arena a;
	struct runbook rb;
	struct vars v;
	struct err e = ERR_INIT;

	put_versions(p);
	put_pointer(p, "2", T0);
	put_pointer(p, "3", T0 + NS_PER_HOUR);
	put_pointer(p, "5", T0 + 2 * NS_PER_HOUR);
	parse(&rb,
		"---\nvars:\n  BAD: {from: service.model.version}\n"
		"  TO: {ask: which?, choices: previous-versions, from: "
		"service.model.previous}\n"
		"---\n");
	problems_init(&problems, NULL);
	resolve(&v, &rb, &scope, &problems);
	assert_string_equal(vars_value(&v, "BAD"), "5");
	assert_string_equal(vars_value(&v, "TO"), "3");
	arena_init(&a);
	assert_int_equal(vars_choices(&choices, &a, &v, &rb.vars[1], &scope, &e), 0);
	assert_int_equal(choices.n, 4);
	assert_string_equal(choices.items[0], "3");
	assert_string_equal(choices.items[1], "2");
	assert_string_equal(choices.items[2], "4");
	assert_string_equal(choices.items[3], "1");
	vars_release(&v);
	/* An hour and a half in, the bad one was not there yet. */
	scope.at = T0 + 90 * NS_PER_MIN;
	resolve(&v, &rb, &scope, &problems);
	assert_string_equal(vars_value(&v, "BAD"), "3");
	assert_string_equal(vars_value(&v, "TO"), "2");
	vars_release(&v);
	arena_release(&a);
	problems_release(&problems);
	runbook_release(&rb);
}

static void serving_version_is_the_busiest(void **state)
{
	struct place *p = *state;
	struct vars_scope scope = {
		.config = &p->config, .service = "shop", .store = p->st, .at = AT_NOW};
	struct serving rows[] = {
		{.source = "srv",
			.service = "shop-serving",
			.variant = "a",
			.version = "4",
			.traffic = 0.1},
		{.source = "srv",
			.service = "shop-serving",
			.variant = "b",
			.version = "5",
			.traffic = 0.9},
		{.source = "srv",
			.service = "shop-serving-2",
			.variant = "b",
			.version = "9",
			.traffic = 1},
	};
	struct problems problems;
	struct runbook rb;
	struct vars v;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i].ready = rows[i].replicas = rows[i].changed = NONE_INT;
	seen_round(p->st, "srv", REC_SERVING, rows, ARRAY_LEN(rows), T0);
	parse(&rb, "---\nvars:\n  V: {from: service.serving.version}\n---\n");
	problems_init(&problems, NULL);
	resolve(&v, &rb, &scope, &problems);
	assert_string_equal(vars_value(&v, "V"), "5");
	vars_release(&v);
	problems_release(&problems);
	runbook_release(&rb);
}

/* --- what is allowed --- */

static int set(struct vars *v, const char *name, const char *value)
{
	struct err e = ERR_INIT;
	int rc = vars_set(v, name, value, "test", &e);

	err_release(&e);
	return rc;
}

static void values_are_checked(void **state)
{
	struct vars_scope scope = {0};
	struct problems problems;
	struct runbook rb;
	struct vars v;
	struct err e = ERR_INIT;

	(void)state;
	parse(&rb,
		"---\nvars:\n  P: {pattern: '[0-9]+'}\n  C: {choices: [eu, us]}\n  O: "
		"{optional: true}\n"
		"  R: {}\n  BROKEN: {pattern: '('}\n  LIST: {pattern: 'a|b'}\n---\n");
	problems_init(&problems, NULL);
	resolve(&v, &rb, &scope, &problems);
	assert_int_equal(set(&v, "P", "12"), 0);
	assert_int_equal(set(&v, "P", "12a"), -1);
	assert_int_equal(set(&v, "P", "12\n; rm"), -1);
	assert_int_equal(set(&v, "LIST", "a"), 0);
	assert_int_equal(set(&v, "LIST", "ab"), -1);
	assert_int_equal(set(&v, "C", "us"), 0);
	assert_int_equal(set(&v, "C", "ap"), -1);
	assert_int_equal(set(&v, "O", ""), 0);
	assert_int_equal(set(&v, "R", ""), -1);
	assert_int_equal(set(&v, "R", "anything $(at) `all`"), 0);
	assert_int_equal(set(&v, "BROKEN", "x"), -1);
	assert_int_equal(vars_set(&v, "PP", "1", "test", &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	err_clear(&e);
	assert_int_equal(vars_put(&v, "PATH", "/evil", "step", &e), -1);
	err_clear(&e);
	assert_int_equal(vars_put(&v, "LD_PRELOAD", "/evil", "step", &e), -1);
	err_clear(&e);
	assert_int_equal(vars_put(&v, "P", "x", "step", &e), -1);
	err_clear(&e);
	assert_int_equal(vars_put(&v, "NEW", "x", "step", &e), 0);
	assert_string_equal(vars_value(&v, "NEW"), "x");
	vars_release(&v);
	problems_release(&problems);
	runbook_release(&rb);
}

static void expansion_takes_whole_values(void **state)
{
	struct vars_scope scope = {0};
	struct problems problems;
	struct runbook rb;
	struct vars v;
	struct err e = ERR_INIT;
	const char *out;

	(void)state;
	parse(&rb, "---\nvars: {A: one, B: {}}\n---\n");
	problems_init(&problems, NULL);
	resolve(&v, &rb, &scope, &problems);
	assert_int_equal(vars_expand(&out, &v, "$A", &e), 0);
	assert_string_equal(out, "one");
	assert_int_equal(vars_expand(&out, &v, "${A}", &e), 0);
	assert_string_equal(out, "one");
	assert_int_equal(vars_expand(&out, &v, "x$A", &e), 0);
	assert_string_equal(out, "x$A");
	assert_int_equal(vars_expand(&out, &v, "$A$A", &e), 0);
	assert_string_equal(out, "$A$A");
	assert_int_equal(vars_expand(&out, &v, "$", &e), 0);
	assert_int_equal(vars_expand(&out, &v, "$B", &e), -1);
	err_clear(&e);
	assert_int_equal(vars_expand(&out, &v, "$NONE", &e), -1);
	err_release(&e);
	vars_release(&v);
	problems_release(&problems);
	runbook_release(&rb);
}

static void journal_form_keeps_secrets_out(void **state)
{
	struct vars_scope scope = {0};
	struct problems problems;
	struct runbook rb;
	struct vars v, again;
	struct err e = ERR_INIT;
	struct strbuf text = STRBUF_INIT;
	struct json *j;

	(void)state;
	parse(&rb, "---\nvars: {TOKEN: {secret: true}, A: one}\n---\n");
	problems_init(&problems, NULL);
	resolve(&v, &rb, &scope, &problems);
	assert_int_equal(set(&v, "TOKEN", "hunter2"), 0);
	j = vars_to_json(&v);
	json_canonical(&text, j);
	assert_null(strstr(text.buf, "hunter2"));
	vars_init(&again);
	assert_int_equal(vars_from_json(&again, j, &e), 0);
	assert_string_equal(vars_value(&again, "A"), "one");
	assert_null(vars_value(&again, "TOKEN"));
	assert_true(vars_find(&again, "TOKEN")->secret);
	json_free(j);
	strbuf_release(&text);
	vars_release(&again);
	vars_release(&v);
	problems_release(&problems);
	runbook_release(&rb);
}

#define PLACED(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

UNIT_TESTS(PLACED(values_have_an_origin), PLACED(previous_versions_come_by_likelihood),
	PLACED(serving_version_is_the_busiest), cmocka_unit_test(values_are_checked),
	cmocka_unit_test(expansion_takes_whole_values),
	cmocka_unit_test(journal_form_keeps_secrets_out))
