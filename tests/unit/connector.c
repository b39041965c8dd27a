#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/path.h"
#include "net/request.h"
#include "tests/fuzz/fuzz.h"

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
		{"    page: {cursor", "    fallback: models\n    page: {cursor", 7,
			"lead back"},
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
		assert_true(c.n_reads + c.n_actions > 0);
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

/* Every key of the grammar in one file. */
static const char whole[] =
	"connector: demo\n"
	"url: https://api.{region}.example.com\n"
	"env: {options: {region: [DEMO_REGION, DEMO_OTHER]}}\n"
	"options:\n"
	"  region: {help: where, required: true}\n"
	"  names: {list: true, default: one}\n"
	"headers: {X-Api: \"2\"}\n"
	"error: .oops\n"
	"ok: .ok\n"
	"rate: {requests: 10, per: 1s}\n"
	"probe: {get: /health, version: .v}\n"
	"reads:\n"
	"  - name: tags\n"
	"    emits: pointer\n"
	"    each:\n"
	"      - items: $names[]\n"
	"        as: repo\n"
	"        get: /v2/{repo...}/tags/list\n"
	"        page: {link: next}\n"
	"        skip: 404\n"
	"      - {items: '.tags[]', as: tag, head: '/v2/{repo...}/manifests/{tag}', "
	"keep: "
	"true,\n"
	"         max: 9, at_once: 2}\n"
	"    map: |\n"
	"      # first\n"
	"      {model: $repo, name: $tag}\n"
	"actions:\n"
	"  - name: tag\n"
	"    on: {pointer: {repo: $model, tag: $name}}\n"
	"    params:\n"
	"      repo: text\n"
	"      tag: {type: text, pattern: '^[a-z]+$', help: which, default: latest}\n"
	"      to: {choices: {get: '/v2/{repo...}/tags/list', values: '.tags[]'}}\n"
	"      share: {type: number, min: 0, max: 100}\n"
	"      force: bool\n"
	"    read: [{as: old, get: '/x/{repo...}', keep: .a}]\n"
	"    refuse: [{when: '$old == null', because: there is none}]\n"
	"    before: {get: '/v2/{repo...}/manifests/{tag}', value: .d, missing: 'true'}\n"
	"    put: /v2/{repo...}/manifests/{tag}\n"
	"    copy: {get: '/v2/{repo...}/manifests/{to}'}\n"
	"    dry_run: {query: {dryRun: All}}\n"
	"    verify: {get: '/x/{repo}', until: .y}\n"
	"    effect: {post: /q, graphql: '{a}', variables: '{b: $repo}', until: .z, "
	"within: 2m,\n"
	"             says: nobody calls it}\n";

static void parses_every_key(void **state)
{
	struct connector c;
	struct problems p;
	const struct connector_action *act;

	(void)state;
	problems_init(&p, "demo.yaml");
	if (connector_parse(&c, "demo.yaml", whole, strlen(whole), &p))
		fail_msg("line %d: %s", p.items[0].line, p.items[0].message);
	assert_int_equal(c.n_options, 2);
	assert_int_equal(c.options[0].env.n, 2);
	assert_int_equal(c.rate_requests, 10);
	assert_int_equal(c.reads[0].n_stages, 2);
	assert_null(c.reads[0].request.path);
	assert_int_equal(c.reads[0].stages[0].page.kind, PAGE_LINK);
	assert_int_equal(c.reads[0].stages[0].max, 500);
	assert_true(statuses_have(&c.reads[0].stages[0].skip, 404));
	assert_int_equal(c.reads[0].stages[1].request.method, HTTP_HEAD);
	assert_true(c.reads[0].stages[1].keep);
	assert_int_equal(c.reads[0].stages[1].items.line, 21);
	assert_int_equal(c.reads[0].map.line, 24);
	act = &c.actions[0];
	assert_int_equal(act->n_params, 5);
	assert_int_equal(act->params[1].type, PARAM_TEXT);
	assert_string_equal(act->params[1].otherwise, "latest");
	assert_non_null(act->params[2].choices_from.path);
	assert_true(act->params[3].max == 100 && act->params[3].type == PARAM_NUMBER);
	assert_int_equal(act->params[4].type, PARAM_BOOL);
	assert_int_equal(act->on[0].kind, REC_POINTER);
	assert_int_equal(act->n_lookups, 1);
	assert_int_equal(act->n_refusals, 1);
	assert_non_null(act->copy.path);
	assert_true(act->has_dry_run);
	assert_int_equal(act->effect.request.body, BODY_GRAPHQL);
	assert_non_null(act->effect.says);
	connector_release(&c);
	problems_release(&p);
}

static void says_what_does_not_fit(void **state)
{
	static const struct {
		const char *from, *to, *says;
	} cases[] = {
		{"page: {link: next}", "page: {link: next, query: x}",
			"does not go with"},
		{"page: {link: next}", "page: {link: next, cursor: .x}",
			"two kinds of paging"},
		{"page: {link: next}", "page: {max: 3}", "needs one of"},
		{"page: {link: next}", "page: {offset: o, items: .x}", "without a total"},
		{"page: {link: next}", "page: {number: o, limit: l, pages: .x}",
			"with size"},
		{"skip: 404", "skip: [4040]", "status of HTTP"},
		{"as: tag,", "as: repo,", "two variables"},
		{"as: repo\n", "as: now\n", "variable's name"},
		{"as: repo\n", "as: region\n", "option already"},
		{"at_once: 2", "at_once: 200", "between"},
		{"repo: $model", "repo: $modle", "no field 'modle'"},
		{"repo: $model", "repro: $model", "no parameter 'repro'"},
		{"on: {pointer", "on: {ponter", "kind of record"},
		{"force: bool", "force: boolean", "a parameter is"},
		{"pattern: '^[a-z]+$'", "pattern: '['", "regular expression"},
		{"min: 0, max: 100", "min: 9, max: 1", "larger"},
		{"copy: {get", "json: '{}'\n    copy: {get", "place of a body"},
		{"graphql: '{a}'", "graphql: '{a}', json: '{}'", "one body"},
		{"get: /health,", "get: /health, json: '{}',", "have no body"},
		{"dry_run: {query: {dryRun: All}}", "dry_run: {}", "adds something"},
		{"requests: 10, per: 1s", "requests: 10, per: 0s", "longer than 0"},
		{"region: [DEMO_REGION", "regoin: [DEMO_REGION", "no option 'regoin'"},
		{"X-Api: \"2\"", "Authorization: secret", "carries a secret"},
		{"verify: {get: '/x/{repo}'",
			"verify: {post: '/x/{repo}', variables: '1'",
			"only graphql and rpc"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *at = strstr(whole, cases[i].from);
		struct connector c;
		struct problems p;
		char *text;

		assert_non_null(at);
		text = mem_format("%.*s%s%s", (int)(at - whole), whole, cases[i].to,
			at + strlen(cases[i].from));
		problems_init(&p, "demo.yaml");
		(void)connector_parse(&c, "demo.yaml", text, strlen(text), &p);
		if (!p.n || !strstr(p.items[0].message, cases[i].says) ||
			!p.items[0].line)
			fail_msg("case %zu: line %d: %s", i, p.n ? p.items[0].line : 0,
				p.n ? p.items[0].message : "nothing");
		connector_release(&c);
		problems_release(&p);
		free(text);
	}
}

static void takes_options(void **state)
{
	struct source_conf conf = {.name = "d", .type = "demo"}, out;
	struct json *values = json_object();
	struct strbuf text = STRBUF_INIT;
	struct connector c;
	struct problems p;
	struct arena a;
	struct err e = ERR_INIT;

	(void)state;
	arena_init(&a);
	problems_init(&p, NULL);
	unsetenv("DEMO_REGION");
	assert_int_equal(connector_parse(&c, "demo.yaml", whole, strlen(whole), &p), 0);
	assert_int_equal(connector_source(&out, &c, &conf, &a, &e), -1);
	assert_non_null(strstr(e.what, "region"));
	setenv("DEMO_REGION", "eu-1", 1);
	assert_int_equal(connector_source(&out, &c, &conf, &a, &e), 0);
	assert_string_equal(out.url, "https://api.eu-1.example.com");
	conf.with = "{\"region\":\"us-2\",\"names\":[\"a/b\",\"c\"]}";
	assert_int_equal(connector_source(&out, &c, &conf, &a, &e), 0);
	assert_string_equal(out.url, "https://api.us-2.example.com");
	assert_int_equal(connector_options(values, &c, &conf, &e), 0);
	json_format(&text, values, false);
	assert_string_equal(text.buf, "{\"region\":\"us-2\",\"names\":[\"a/b\",\"c\"]}");
	conf.with = "{\"regio\":\"x\"}";
	assert_int_equal(connector_source(&out, &c, &conf, &a, &e), -1);
	assert_non_null(strstr(e.hint, "region"));
	conf.with = "{\"region\":\"x/../y\"}";
	assert_int_equal(connector_source(&out, &c, &conf, &a, &e), -1);
	unsetenv("DEMO_REGION");
	json_free(values);
	strbuf_release(&text);
	err_release(&e);
	connector_release(&c);
	problems_release(&p);
	arena_release(&a);
}

static void fuzz_seeds_pass(void **state)
{
	static const char *const seeds[] = {good, whole};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		for (size_t n = 0; n <= strlen(seeds[i]); n += 3)
			assert_int_equal(
				LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], n), 0);
}

UNIT_TESTS(cmocka_unit_test(parses_a_whole_file), cmocka_unit_test(parses_every_key),
	cmocka_unit_test(says_what_does_not_fit), cmocka_unit_test(takes_options),
	cmocka_unit_test(fuzz_seeds_pass), cmocka_unit_test(names_what_is_wrong_by_line),
	cmocka_unit_test(builds_urls_without_splicing),
	cmocka_unit_test(takes_url_and_auth_from_the_environment),
	cmocka_unit_test(every_file_that_ships_is_right),
	cmocka_unit_test(there_is_no_connector_of_that_name))
