#include "tests/unit/unit.h"

#include <string.h>

#include "net/action_param.h"

static const char file[] =
	"connector: t\n"
	"actions:\n"
	"  - name: a\n"
	"    post: /x\n"
	"    params:\n"
	"      model: text\n"
	"      note: text?\n"
	"      share: {type: number, min: 0, max: 100, default: '50'}\n"
	"      hard: {type: bool, default: 'false'}\n"
	"      how: [slow, quick]\n"
	"      tag: {type: text, pattern: 'v[0-9]+', optional: true}\n";

struct rig {
	struct connector c;
	struct err e;
	struct json *taken;
};

static void rig_open(struct rig *r)
{
	struct problems p;

	*r = (struct rig){0};
	problems_init(&p, "t.yaml");
	if (connector_parse(&r->c, "t.yaml", file, strlen(file), &p))
		fail_msg("%s", p.items[0].message);
	problems_release(&p);
}

static void rig_close(struct rig *r)
{
	json_free(r->taken);
	err_release(&r->e);
	connector_release(&r->c);
}

static int take(struct rig *r, const char *text)
{
	struct json *params = NULL;
	int rc;

	json_free(r->taken);
	r->taken = NULL;
	err_clear(&r->e);
	assert_int_equal(json_parse(&params, text, strlen(text), &r->e), 0);
	rc = action_params_take(&r->taken, &r->c.actions[0], params, &r->e);
	json_free(params);
	return rc;
}

static void each_in_its_type(void **state)
{
	struct rig r;
	struct strbuf text = STRBUF_INIT;

	(void)state;
	rig_open(&r);
	assert_int_equal(take(&r, "{\"model\": \"m\", \"how\": \"slow\"}"), 0);
	json_canonical(&text, r.taken);
	assert_string_equal(text.buf,
		"{\"hard\":false,\"how\":\"slow\",\"model\":\"m\",\"note\":null,"
		"\"share\":50,\"tag\":null}");
	/* Numbers and truths may come as text: variables and options are text. */
	strbuf_reset(&text);
	assert_int_equal(take(&r,
				 "{\"model\": \"m\", \"how\": \"quick\", \"share\": "
				 "\"7.5\", \"hard\": \"true\", \"tag\": \"v12\"}"),
		0);
	json_canonical(&text, r.taken);
	assert_string_equal(text.buf,
		"{\"hard\":true,\"how\":\"quick\",\"model\":\"m\",\"note\":null,"
		"\"share\":7.5,\"tag\":\"v12\"}");
	strbuf_release(&text);
	rig_close(&r);
}

static void says_what_does_not_fit(void **state)
{
	static const struct {
		const char *params, *says, *hint;
	} cases[] = {
		{"{\"how\": \"slow\"}", "'model' is missing", NULL},
		{"{\"model\": \"\", \"how\": \"slow\"}", "'model' is missing", NULL},
		{"{\"model\": null, \"how\": \"slow\"}", "'model' is missing", NULL},
		{"{\"model\": 12, \"how\": \"slow\"}", "'model' is not text", "quotes"},
		{"{\"model\": {}, \"how\": \"slow\"}", "'model' is not text", NULL},
		{"{\"model\": \"m\", \"how\": \"slw\"}", "'slw' is no choice", "slow"},
		{"{\"model\": \"m\", \"how\": \"slow\", \"share\": 100.5}", "between 0",
			NULL},
		{"{\"model\": \"m\", \"how\": \"slow\", \"share\": \"much\"}",
			"not a number", NULL},
		{"{\"model\": \"m\", \"how\": \"slow\", \"share\": \"inf\"}",
			"not a number", NULL},
		{"{\"model\": \"m\", \"how\": \"slow\", \"hard\": \"yes\"}",
			"true or false", NULL},
		{"{\"model\": \"m\", \"how\": \"slow\", \"tag\": \"v12\\nv13\"}",
			"of the form", NULL},
		{"{\"model\": \"m\", \"how\": \"slow\", \"tag\": \"xv12\"}",
			"of the form", NULL},
		{"{\"modle\": \"m\", \"how\": \"slow\"}", "no parameter 'modle'",
			"model"},
	};
	struct rig r;

	(void)state;
	rig_open(&r);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(take(&r, cases[i].params), -1);
		assert_int_equal(r.e.code, ERR_INPUT);
		if (!strstr(r.e.what, cases[i].says))
			fail_msg("%s: %s", cases[i].params, r.e.what);
		if (cases[i].hint && (!r.e.hint || !strstr(r.e.hint, cases[i].hint)))
			fail_msg("%s: hint %s", cases[i].params, r.e.hint);
	}
	rig_close(&r);
}

UNIT_TESTS(cmocka_unit_test(each_in_its_type), cmocka_unit_test(says_what_does_not_fit))
