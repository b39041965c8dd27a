#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/markdown.h"

static int count_lines(const uint8_t *s, size_t n)
{
	int lines = 1;

	for (size_t i = 0; i < n; i++)
		lines += s[i] == '\n' ||
			(s[i] == '\r' && (i + 1 == n || s[i + 1] != '\n'));
	return lines;
}

static void check_block(const struct md_block *b, int lines)
{
	if (!b->kind || !b->text || (b->kind == MD_FENCE) != (b->info != NULL))
		bug("a block of kind %d without its parts", (int)b->kind);
	if (b->line < 1 || b->end_line < b->line || b->end_line > lines)
		bug("a block from line %d to %d of %d", b->line, b->end_line, lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct strbuf html = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct arena a;
	struct md_doc d;

	arena_init(&a);
	if (!markdown_parse(&d, (const char *)data, n, &a, &e))
		for (size_t i = 0; i < d.n; i++)
			check_block(&d.blocks[i], count_lines(data, n));
	(void)markdown_html(&html, (const char *)data, n, &e);
	arena_release(&a);
	strbuf_release(&html);
	err_release(&e);
	return 0;
}
