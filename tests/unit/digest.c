#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/digest.h"

static void assert_digest(struct digest d, const char *expected)
{
	struct strbuf sb = STRBUF_INIT;

	digest_hex(&sb, &d);
	assert_string_equal(sb.buf, expected);
	strbuf_release(&sb);
}

/* FIPS 180-4's examples. */
static void sha256(void **state)
{
	static const char abc[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	struct strbuf million = STRBUF_INIT;

	(void)state;
	assert_digest(digest_of("", 0),
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_digest(digest_of(NULL, 0),
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_digest(digest_of("abc", 3), abc);
	assert_digest(digest_of2("a", 1, "bc", 2), abc);
	assert_digest(digest_of2("abc", 3, NULL, 0), abc);
	for (int i = 0; i < 1000000; i++)
		strbuf_addc(&million, 'a');
	assert_digest(digest_of(million.buf, million.len),
		"cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	strbuf_release(&million);
}

static void digests_from_text(void **state)
{
	static const char text[] =
		"BA7816BF8F01CFEA414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	struct digest d, expected = digest_of("abc", 3);
	struct err e = ERR_INIT;
	char bad[80];

	(void)state;
	assert_int_equal(digest_parse(&d, text, &e), 0);
	assert_memory_equal(&d, &expected, sizeof(d));
	snprintf(bad, sizeof(bad), "%s0", text);
	assert_int_equal(digest_parse(&d, bad, &e), -1);
	bad[63] = '\0';
	assert_int_equal(digest_parse(&d, bad, &e), -1);
	snprintf(bad, sizeof(bad), "g%s", text + 1);
	assert_int_equal(digest_parse(&d, bad, &e), -1);
	assert_int_equal(digest_parse(&d, "", &e), -1);
	assert_non_null(strstr(e.what, "64 hexadecimal digits"));
	err_release(&e);
}

static void hex(void **state)
{
	struct strbuf sb = STRBUF_INIT, back = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	hex_encode(&sb, "\x00\xff\x1b", 3);
	assert_string_equal(sb.buf, "00ff1b");
	strbuf_adds(&back, "keep");
	assert_int_equal(hex_decode(&back, "00fF1B", 6, &e), 0);
	assert_memory_equal(back.buf, "keep\x00\xff\x1b", 7);
	assert_int_equal(back.len, 7);
	assert_int_equal(hex_decode(&back, "00f", 3, &e), -1);
	assert_int_equal(hex_decode(&back, "00fx", 4, &e), -1);
	assert_string_equal(e.what, "no hexadecimal digit at position 4");
	assert_int_equal(back.len, 7);
	strbuf_release(&sb);
	strbuf_release(&back);
	err_release(&e);
}

/* RFC 4648, section 10. */
static void base64(void **state)
{
	static const char *const rows[][3] = {
		{"", "", ""},
		{"f", "Zg==", "Zg"},
		{"fo", "Zm8=", "Zm8"},
		{"foo", "Zm9v", "Zm9v"},
		{"foob", "Zm9vYg==", "Zm9vYg"},
		{"fooba", "Zm9vYmE=", "Zm9vYmE"},
		{"foobar", "Zm9vYmFy", "Zm9vYmFy"},
		{"\xfb\xff\xfe", "+//+", "-__-"},
	};
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct strbuf sb = STRBUF_INIT;

		base64_encode(&sb, rows[i][0], strlen(rows[i][0]));
		assert_string_equal(sb.buf, rows[i][1]);
		strbuf_reset(&sb);
		base64url_encode(&sb, rows[i][0], strlen(rows[i][0]));
		assert_string_equal(sb.buf, rows[i][2]);
		for (int k = 1; k <= 2; k++) {
			strbuf_reset(&sb);
			assert_int_equal(
				base64_decode(&sb, rows[i][k], strlen(rows[i][k]), &e),
				0);
			assert_string_equal(sb.buf, rows[i][0]);
		}
		strbuf_release(&sb);
	}
}

static void base64_refuses(void **state)
{
	static const char *const bad[] = {"Z",
		"Zg=", "Zh==", "Zm9=", "Zm9v=", "Zm9v====", "=",
		"====", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Z*9v", "Zm9vY"};
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (!base64_decode(&sb, bad[i], strlen(bad[i]), &e))
			fail_msg("accepted '%s'", bad[i]);
		assert_int_equal(sb.len, 0);
	}
	assert_int_equal(base64_decode(&sb, "Zm\0v", 4, &e), -1);
	strbuf_release(&sb);
	err_release(&e);
}

static void randomness(void **state)
{
	unsigned char a[1000] = {0}, b[1000] = {0};
	size_t zeros = 0;

	(void)state;
	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = 0; i < sizeof(a); i++)
		zeros += !a[i];
	/* 4 are to be expected; a part that was never written would give hundreds. */
	assert_in_range(zeros, 0, 40);
	random_bytes(a, 0);
}

static void ids_sort_by_time(void **state)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	char *first = id_new(INT64_C(1469918176385) * NS_PER_MS);
	char *second = id_new(INT64_C(1469918176386) * NS_PER_MS);

	(void)state;
	/* The ULID specification's example. */
	assert_memory_equal(first, "01ARYZ6S41", 10);
	assert_int_equal(strlen(first), 26);
	assert_int_equal(strspn(first, alphabet), 26);
	assert_true(strcmp(first, second) < 0);
	free(second);
	second = id_new(INT64_C(1469918176385) * NS_PER_MS);
	assert_string_not_equal(first, second);
	free(first);
	free(second);
}

UNIT_TESTS(cmocka_unit_test(sha256), cmocka_unit_test(digests_from_text),
	cmocka_unit_test(hex), cmocka_unit_test(base64), cmocka_unit_test(base64_refuses),
	cmocka_unit_test(randomness), cmocka_unit_test(ids_sort_by_time))
