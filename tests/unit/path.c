#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/path.h"

static void writes_and_reads(void **state)
{
	const char *tmp = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
	char *dir = mem_format("%s/tocsin-path-XXXXXX", tmp), *file;
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(dir));
	file = path_join(dir, "a");
	assert_int_equal(path_write(file, "hello", 5, 0600, &e), 0);
	assert_int_equal(path_read(&sb, file, 5, &e), 0);
	assert_string_equal(sb.buf, "hello");
	unlink(file);
	rmdir(dir);
	free(file);
	free(dir);
	strbuf_release(&sb);
}

UNIT_TESTS(cmocka_unit_test(writes_and_reads))
