#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/path.h"
#include "net/request.h"

static const char good[] =
	"connector: demo\n"
	"env: {url: DEMO_URL, bearer: DEMO_TOKEN, basic: [DEMO_USER, DEMO_PASSWORD]}\n"
	"probe: {get: /health}\n"
	"reads:\n"
	"  - name: models\n"
	"    emits: model_version\n"
	"    get: /api/{object}/models\n"
	"    query: {limit: \"10\", since: $since}\n"
	"    page: {cursor: .next, query: token}\n"
	"    map: .models[]\n"
	"actions:\n"
	"  - name: set\n"
	"    params: {model: text, stage: [a, b], weight: number, note: text?}\n"
	"    put: /api/models/{model}\n"
	"    json: '{stage: $stage}'\n"
	"    undo: {action: set, with: {stage: $before}}\n";

static void parses_a_whole_file(void **state)
{
	struct connector c;
	struct problems p;

	(void)state;
	problems_init(&p, "demo.yaml");
	assert_int_equal(connector_parse(&c, "demo.yaml", good, strlen(good), &p), 0);
	assert_string_equal(c.name, "demo");
	assert_int_equal(c.n_reads, 1);
	assert_int_equal(c.reads[0].emits, REC_MODEL_VERSION);
	assert_int_equal(c.reads[0].page.kind, PAGE_CURSOR);
	assert_string_equal(c.reads[0].page.query, "token");
	assert_int_equal(c.reads[0].map.line, 10);
	assert_int_equal(c.n_actions, 1);
	assert_int_equal(c.actions[0].n_params, 4);
	assert_int_equal(c.actions[0].params[1].type, PARAM_CHOICE);
	assert_int_equal(c.actions[0].params[1].choices.n, 2);
	assert_true(c.actions[0].params[3].optional);
	assert_int_equal(c.actions[0].request.method, HTTP_PUT);
	assert_non_null(connector_action_find(&c, "set"));
	assert_null(connector_read_find(&c, "nothing"));
	connector_release(&c);
	problems_release(&p);
}

struct bad {
	const char *from, *to; /* replaced in the good file */
	int line;
	const char *says;
};

static char *replaced(const char *from, const char *to)
{
	const char *at = strstr(good, from);

	assert_non_null(at);
	return mem_format("%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
}

static void names_what_is_wrong_by_line(void **state)
{
	static const struct bad cases[] = {
		{"emits: model_version", "emits: model_verison", 6, "model_verison"},
		{"    get: /api/{object}/models\n", "", 5, "get"},
		{"get: /api/{object}/models", "get: api/models", 7, "'/'"},
		{"get: /api/{object}/models", "get: /api/{object/models", 7, "{name}"},
		{"get: /api/{object}/models", "get: /api/{a..b}/models", 7, "{name}"},
		{"get: /api/{object}/models", "get: /api/[x]/models", 7, "']'"},
		{"get: /api/{object}/models", "get: /api/[x/{y}/models", 7, "closed"},
		{"get: /api/{object}/models", "get: /api?x=1", 7, "query"},
		{"probe: {get: /health}", "prob: {get: /health}", 3, "prob"},
		{"action: set, with", "action: sett, with", 12, "sett"},
		{"params: {model: text", "params: {before: text", 13, "before"},
		{"params: {model: text", "params: {model: textile-and-more}", 0, ""},
		{"    map: .models[]\n", "", 5, "map"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = replaced(cases[i].from, cases[i].to);
		struct connector c;
		struct problems p;

		problems_init(&p, "demo.yaml");
		if (connector_parse(&c, "demo.yaml", text, strlen(text), &p) == 0)
			fail_msg("case %zu was taken", i);
		assert_true(p.n > 0);
		if (cases[i].line && p.items[0].line != cases[i].line)
			fail_msg("case %zu: line %d: %s", i, p.items[0].line,
				p.items[0].message);
		if (!strstr(p.items[0].message, cases[i].says))
			fail_msg("case %zu says: %s", i, p.items[0].message);
		connector_release(&c);
		problems_release(&p);
		free(text);
	}
}

static void expect_url(const char *values, const char *wanted)
{
	struct connector c;
	struct problems p;
	struct json *v = NULL;
	struct strbuf url = STRBUF_INIT;
	struct err e = ERR_INIT;

	problems_init(&p, NULL);
	assert_int_equal(connector_parse(&c, "demo.yaml", good, strlen(good), &p), 0);
	assert_int_equal(json_parse(&v, values, strlen(values), &e), 0);
	if (!wanted) {
		assert_int_equal(request_url(&url, &c.reads[0].request,
					 "https://h/prefix/", v, &e),
			-1);
	} else {
		assert_int_equal(request_url(&url, &c.reads[0].request,
					 "https://h/prefix/", v, &e),
			0);
		assert_string_equal(url.buf, wanted);
	}
	json_free(v);
	strbuf_release(&url);
	err_release(&e);
	connector_release(&c);
	problems_release(&p);
}

static void builds_urls_without_splicing(void **state)
{
	(void)state;
	expect_url("{\"object\":\"a b\",\"since\":\"2026-01-01T00:00:00Z\"}",
		"https://h/prefix/api/a%20b/"
		"models?limit=10&since=2026-01-01T00%3A00%3A00Z");
	/* A value cannot leave its segment, nor add a parameter. */
	expect_url("{\"object\":\"../../admin?x=1#\"}",
		"https://h/prefix/api/..%2F..%2Fadmin%3Fx%3D1%23/models?limit=10");
	expect_url("{\"object\":\"..\"}", NULL);
	expect_url("{\"object\":null}", NULL);
	expect_url("{\"object\":7}", "https://h/prefix/api/7/models?limit=10");
}

static void takes_url_and_auth_from_the_environment(void **state)
{
	struct source_conf conf = {.name = "d", .type = "demo"}, out;
	struct connector c;
	struct problems p;
	struct arena a;
	struct err e = ERR_INIT;

	(void)state;
	arena_init(&a);
	problems_init(&p, NULL);
	unsetenv("DEMO_URL");
	assert_int_equal(connector_parse(&c, "demo.yaml", good, strlen(good), &p), 0);
	assert_int_equal(connector_source(&out, &c, &conf, &a, &e), -1);
	assert_non_null(strstr(e.hint, "DEMO_URL"));
	setenv("DEMO_URL", "http://127.0.0.1:5000", 1);
	setenv("DEMO_TOKEN", "t", 1);
	assert_int_equal(connector_source(&out, &c, &conf, &a, &e), 0);
	assert_string_equal(out.url, "http://127.0.0.1:5000");
	assert_string_equal(out.auth.kind, "bearer");
	assert_string_equal(out.auth.secret.env, "DEMO_TOKEN");
	setenv("DEMO_USER", "u", 1);
	setenv("DEMO_PASSWORD", "p", 1);
	assert_int_equal(connector_source(&out, &c, &conf, &a, &e), 0);
	assert_string_equal(out.auth.kind, "basic");
	conf.url = "https://own";
	assert_int_equal(connector_source(&out, &c, &conf, &a, &e), 0);
	assert_string_equal(out.url, "https://own");
	err_release(&e);
	arena_release(&a);
	connector_release(&c);
	problems_release(&p);
}

static void every_file_that_ships_is_right(void **state)
{
	const char *top = getenv("TOCSIN_TOP") ? getenv("TOCSIN_TOP") : ".";
	char *dir = path_join(top, "connectors"), **names;
	struct err e = ERR_INIT;
	size_t n;

	(void)state;
	assert_int_equal(path_list(&names, &n, dir, ".yaml", &e), 0);
	assert_true(n >= 2);
	for (size_t i = 0; i < n; i++) {
		char *file = path_join(dir, names[i]);
		struct strbuf text = STRBUF_INIT;
		struct connector c;
		struct problems p;

		problems_init(&p, file);
		assert_int_equal(path_read(&text, file, CONNECTOR_MAX_BYTES, &e), 0);
		if (connector_parse(&c, file, text.buf, text.len, &p))
			fail_msg("%s:%d: %s", file, p.items[0].line, p.items[0].message);
		assert_true(c.n_reads > 0);
		connector_release(&c);
		problems_release(&p);
		strbuf_release(&text);
		free(file);
	}
	path_list_free(names, n);
	free(dir);
}

static void there_is_no_connector_of_that_name(void **state)
{
	struct connector c;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(connector_load(&c, NULL, "nonesuch", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(connector_load(&c, NULL, "../mlflow", &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	err_release(&e);
}

UNIT_TESTS(cmocka_unit_test(parses_a_whole_file),
	cmocka_unit_test(names_what_is_wrong_by_line),
	cmocka_unit_test(builds_urls_without_splicing),
	cmocka_unit_test(takes_url_and_auth_from_the_environment),
	cmocka_unit_test(every_file_that_ships_is_right),
	cmocka_unit_test(there_is_no_connector_of_that_name))
