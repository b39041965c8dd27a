/* connector_verify.c - no connector that ships takes an answer that says nothing for a success */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "core/strbuf.h"
#include "net/connector.h"
#include "net/map.h"

struct rig {
	struct loop *loop;
	struct map *map;
	struct strbuf wrong;
};

/* Every name that the program may use, with a value that no empty answer has. */
static struct json *values_of(
	const struct connector *c, const struct connector_action *act)
{
	static const char *const texts[] = {
		"source", "now", "since", "object", "cursor", "before"};
	struct json *values = json_object();

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		json_add_text(values, texts[i], "7");
	json_add_int(values, "status", 200);
	json_add(values, "headers", json_object());
	for (size_t i = 0; i < c->n_options; i++)
		json_set(values, c->options[i].name, json_new_text("7"));
	for (size_t i = 0; i < act->n_params; i++)
		json_set(values, act->params[i].name,
			act->params[i].type == PARAM_NUMBER ? json_new_int(7)
							    : json_new_text("7"));
	for (size_t i = 0; i < act->n_lookups; i++)
		json_set(values, act->lookups[i].as, json_new_text("7"));
	return values;
}

static void look(struct rig *r, const struct connector *c,
	const struct connector_action *act, const struct jq *until, const char *what)
{
	/* That a list is empty may well be the effect that is waited for. */
	static const char *const empty[] = {"null", "{}", "[]"};
	size_t n = ARRAY_LEN(empty) - !strcmp(what, "effect");
	const struct map_program program = {.text = until->text, .label = "x"};

	for (size_t i = 0; until->text && i < n; i++) {
		struct json *values = values_of(c, act), *results = NULL;
		struct err e = ERR_INIT;

		if (!map_run_now(&results, r->map, &program, empty[i], strlen(empty[i]),
			    values, &e) &&
			json_bool(json_first(results), false))
			strbuf_addf(&r->wrong, "%s, %s: %s is true of %s\n", c->name,
				act->name, what, empty[i]);
		json_free(results);
		json_free(values);
		err_release(&e);
	}
}

static void look_at_file(struct rig *r, const char *file)
{
	struct strbuf text = STRBUF_INIT;
	struct connector c;
	struct problems p;
	struct err e = ERR_INIT;

	problems_init(&p, file);
	assert_int_equal(path_read(&text, file, CONNECTOR_MAX_BYTES, &e), 0);
	assert_int_equal(connector_parse(&c, file, text.buf, text.len, &p), 0);
	for (size_t i = 0; i < c.n_actions; i++) {
		const struct connector_action *act = &c.actions[i];

		look(r, &c, act, &act->verify.until, "verify");
		look(r, &c, act, &act->effect.until, "effect");
	}
	connector_release(&c);
	problems_release(&p);
	strbuf_release(&text);
}

static void an_empty_answer_verifies_nothing(void **state)
{
	const char *top = getenv("TOCSIN_TOP") ? getenv("TOCSIN_TOP") : ".";
	const char *build = getenv("TOCSIN_BUILD") ? getenv("TOCSIN_BUILD") : ".";
	char *dir = path_join(top, "connectors"), *exe = path_join(build, "tocsin");
	char **names;
	struct rig r = {.loop = loop_new(), .wrong = STRBUF_INIT};
	struct err e = ERR_INIT;
	size_t n;

	(void)state;
	r.map = map_new(r.loop, exe);
	assert_int_equal(path_list(&names, &n, dir, ".yaml", &e), 0);
	for (size_t i = 0; i < n; i++) {
		char *file = path_join(dir, names[i]);

		look_at_file(&r, file);
		free(file);
	}
	if (r.wrong.len)
		fail_msg("%s", r.wrong.buf);
	path_list_free(names, n);
	map_free(r.map);
	loop_free(r.loop);
	strbuf_release(&r.wrong);
	free(dir);
	free(exe);
}

UNIT_TESTS(cmocka_unit_test(an_empty_answer_verifies_nothing))
