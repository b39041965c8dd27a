#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

static void sha256_vectors(void **state)
{
	struct strbuf sb = STRBUF_INIT;
	struct digest d = digest_of("", 0), again;
	struct err e = ERR_INIT;

	(void)state;
	digest_hex(&sb, &d);
	assert_string_equal(sb.buf,
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(digest_parse(&again, sb.buf, &e), 0);
	assert_memory_equal(&d, &again, sizeof(d));
	d = digest_of2("a", 1, "bc", 2);
	strbuf_reset(&sb);
	digest_hex(&sb, &d);
	assert_string_equal(sb.buf,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	strbuf_release(&sb);
}

UNIT_TESTS(cmocka_unit_test(sha256_vectors))
