#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "runbook/mask.h"

/* Fed in pieces of every size, the result is the same. */
static void check(struct mask *m, const char *text, const char *want)
{
	size_t n = strlen(text);

	for (size_t piece = 1; piece <= n; piece++) {
		struct strbuf out = STRBUF_INIT;

		for (size_t at = 0; at < n; at += piece)
			mask_feed(m, &out, text + at, at + piece > n ? n - at : piece);
		mask_end(m, &out);
		assert_string_equal(out.buf, want);
		strbuf_release(&out);
	}
}

static void hides_values_across_pieces(void **state)
{
	struct mask m = MASK_INIT;

	(void)state;
	assert_true(mask_add(&m, "hunter2"));
	assert_true(mask_add(&m, "hunter2-longer"));
	assert_false(mask_add(&m, "abc"));
	check(&m, "", "");
	check(&m, "plain", "plain");
	check(&m, "a hunter2 b", "a **** b");
	check(&m, "hunter2-longer.", "****.");
	check(&m, "hunter2-longexhunter", "****-longexhunter");
	check(&m, "hunterhunter2hunter2", "hunter********");
	check(&m, "hhunter2", "h****");
	mask_release(&m);
}

static void hides_encoded_values(void **state)
{
	struct mask m = MASK_INIT;
	struct strbuf b64 = STRBUF_INIT, out = STRBUF_INIT;

	(void)state;
	assert_true(mask_add(&m, "s3cret/va lue+1"));
	check(&m, "u=s3cret%2Fva%20lue%2B1&", "u=****&");
	/* Wherever the value begins in the encoded text, none of its middle is left. */
	for (size_t before = 0; before < 6; before++) {
		char *text = mem_format("%.*ss3cret/va lue+1xyz", (int)before, "abcdef");

		strbuf_reset(&b64);
		strbuf_reset(&out);
		base64_encode(&b64, text, strlen(text));
		mask_text(&m, &out, b64.buf, b64.len);
		assert_non_null(strstr(out.buf, MASK_TEXT));
		assert_true(out.len + 12 < b64.len);
		free(text);
	}
	strbuf_release(&b64);
	strbuf_release(&out);
	mask_release(&m);
}

static void without_secrets_nothing_changes(void **state)
{
	struct mask m = MASK_INIT;
	struct strbuf out = STRBUF_INIT;

	(void)state;
	mask_feed(&m, &out, "a\0b", 3);
	assert_int_equal(out.len, 3);
	mask_end(&m, &out);
	mask_text(NULL, &out, "c", 1);
	assert_memory_equal(out.buf, "a\0bc", 4);
	strbuf_release(&out);
	mask_release(&m);
}

UNIT_TESTS(cmocka_unit_test(hides_values_across_pieces),
	cmocka_unit_test(hides_encoded_values),
	cmocka_unit_test(without_secrets_nothing_changes))
