#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"

static void check_line(void *ctx, const char *line, size_t bytes)
{
	char *s = mem_strndup(line, bytes);
	int *columns = ctx;

	/* One wide character is wider than one column, and that is all. */
	if (text_width(s) > (*columns > 2 ? *columns : 2))
		bug("a line of %d columns in %d", text_width(s), *columns);
	free(s);
}

/* Nothing that a terminal could act on, and a second pass changes nothing. */
static void check_safe(const struct strbuf *safe, bool keep_newlines)
{
	struct strbuf again = STRBUF_INIT;
	size_t used;

	for (size_t i = 0; i < safe->len; i += used) {
		uint32_t c = text_decode(safe->buf + i, safe->len - i, &used);

		if (text_cp_is_unsafe(c) && !(c == '\n' && keep_newlines))
			bug("U+%04X in safe text", c);
		if (c == 0xfffd && used == 1)
			bug("safe text is not UTF-8");
	}
	text_safe(&again, safe->buf, safe->len, keep_newlines);
	if (strcmp(again.buf, safe->buf))
		bug("safe text is changed by another pass");
	strbuf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct strbuf safe = STRBUF_INIT, out = STRBUF_INIT;
	int columns = n ? data[0] % 100 : 10, used;
	size_t bytes;

	text_safe(&safe, (const char *)data, n, true);
	check_safe(&safe, true);
	text_wrap(safe.buf, columns, check_line, &columns);
	strbuf_reset(&safe);
	text_safe(&safe, (const char *)data, n, false);
	check_safe(&safe, false);
	bytes = text_fit(safe.buf, columns, &used);
	if (used > columns || bytes > safe.len)
		bug("%d columns do not fit in %d", used, columns);
	text_cut(&out, safe.buf, columns, "...");
	if (text_width(out.buf) > columns)
		bug("cut to %d columns, not to %d", text_width(out.buf), columns);
	strbuf_reset(&out);
	text_ascii(&out, safe.buf);
	if ((int)out.len != text_width(safe.buf))
		bug("ASCII of another width");
	(void)text_fuzzy(safe.buf, out.buf);
	(void)text_has(safe.buf, "a<1b>");
	strbuf_release(&safe);
	strbuf_release(&out);
	return 0;
}
