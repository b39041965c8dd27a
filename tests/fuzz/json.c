#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/json.h"

/* What was read is written, read again and written again: both texts must be the same. */
static void twice(const struct json *j)
{
	struct strbuf once = STRBUF_INIT, again = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct json *copy = NULL;

	json_canonical(&once, j);
	if (json_parse(&copy, once.buf, once.len, &e))
		bug("our own JSON is refused: %s", e.what);
	json_canonical(&again, copy);
	if (strcmp(once.buf, again.buf))
		bug("JSON changed on its way: %s", again.buf);
	json_free(copy);
	strbuf_release(&once);
	strbuf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct json *j = NULL;

	if (!json_parse(&j, (const char *)data, n, &e)) {
		(void)json_int(json_at(j, "a.0.b"));
		(void)json_real(json_first(j));
		twice(j);
		json_format(&out, j, true);
		json_free(j);
	}
	strbuf_release(&out);
	err_release(&e);
	return 0;
}
