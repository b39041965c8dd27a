#include "tests/unit/unit.h"

#include <string.h>

#include "core/strbuf.h"
#include "runbook/outputs.h"
#include "tests/fuzz/fuzz.h"

static int parse(const char *text, struct strbuf *canonical)
{
	struct json *j = json_object();
	struct err e = ERR_INIT;
	int rc = outputs_parse(j, text, strlen(text), &e);

	strbuf_reset(canonical);
	json_canonical(canonical, j);
	err_release(&e);
	json_free(j);
	return rc;
}

static void reads_lines_and_blocks(void **state)
{
	struct strbuf out = STRBUF_INIT;

	(void)state;
	assert_int_equal(parse("", &out), 0);
	assert_string_equal(out.buf, "{}");
	assert_int_equal(parse("A=1\n# note\n\nB=x=y z\r\nC=\nD=last", &out), 0);
	assert_string_equal(
		out.buf, "{\"A\":\"1\",\"B\":\"x=y z\",\"C\":\"\",\"D\":\"last\"}");
	assert_int_equal(parse("T<<END\na\n\nb=c\nEND\nU<<X\nX\n", &out), 0);
	assert_string_equal(out.buf, "{\"T\":\"a\\n\\nb=c\",\"U\":\"\"}");
	strbuf_release(&out);
}

static void refuses_the_rest(void **state)
{
	static const char *const bad[] = {
		"no equals\n",
		"=x\n",
		"PATH=/evil\n",
		"LD_PRELOAD=x\n",
		"A B=c\n",
		"T<<END\nopen\n",
		"T<<\nx\n",
		"1A=x\n",
		"IFS=x\n",
	};
	struct strbuf out = STRBUF_INIT;
	struct json *j = json_object();
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (!parse(bad[i], &out))
			fail_msg("%s", bad[i]);
	assert_int_equal(outputs_parse(j, "A=\0", 3, &e), -1);
	err_clear(&e);
	strbuf_reset(&out);
	strbuf_adds(&out, "A=");
	for (size_t i = 0; i < OUTPUTS_MAX_BYTES; i++)
		strbuf_addc(&out, 'x');
	assert_int_equal(outputs_parse(j, out.buf, out.len, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	err_release(&e);
	json_free(j);
	strbuf_release(&out);
}

static void fuzz_seeds(void **state)
{
	static const char *const seeds[] = {
		"",
		"oA=1",
		"oA<<B\nx\nB",
		"ch\n1\nXcnaeacJpZqa1Vnct/HZ7aq8gs+cXqHsUykSNAjIAUU=\n\nsig",
		"c\n\n\n",
		"j{\"v\":1}",
		"j{\"ok\":false,\"code\":3,\"what\":\"x\"}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], strlen(seeds[i]));
}

UNIT_TESTS(cmocka_unit_test(reads_lines_and_blocks), cmocka_unit_test(refuses_the_rest),
	cmocka_unit_test(fuzz_seeds))
