#include "config.h"
#include "cmd/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/say.h"
#include "core/i18n.h"
#include "core/text.h"

/* --- errors, to stderr --- */

static void tell(const char *label, const char *text)
{
	struct strbuf safe = STRBUF_INIT, out = STRBUF_INIT;

	text_safe(&safe, text, strlen(text), false);
	if (text_is_utf8())
		strbuf_add(&out, safe.buf, safe.len);
	else
		text_ascii(&out, safe.buf);
	fprintf(stderr, "%s%s\n", label, out.buf);
	strbuf_release(&safe);
	strbuf_release(&out);
}

static const int codes[ERR_CODES] = {
	[ERR_NONE] = EXIT_FINE,
	[ERR_INPUT] = EXIT_USAGE,
	[ERR_NOT_FOUND] = EXIT_USAGE,
	[ERR_DENIED] = EXIT_REFUSED,
	[ERR_AUTH] = EXIT_STALE,
	[ERR_NET] = EXIT_STALE,
	[ERR_BACKEND] = EXIT_STALE,
	[ERR_CONFLICT] = EXIT_REFUSED,
	[ERR_STORE] = EXIT_INTERNAL,
	[ERR_LIMIT] = EXIT_USAGE,
	[ERR_SYSTEM] = EXIT_INTERNAL,
};

int cmd_fail(struct err *e)
{
	int code = codes[e->code < ERR_CODES ? e->code : ERR_SYSTEM];
	char *line = mem_format("%s%s%s%s", e->what ? e->what : "", e->where ? " (" : "",
		e->where ? e->where : "", e->where ? ")" : "");

	tell("tocsin: ", line);
	if (e->hint)
		tell("  ", e->hint);
	free(line);
	err_clear(e);
	return code;
}

void cmd_problems(const struct problems *p)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct problem *one = &p->items[i];
		struct strbuf line = STRBUF_INIT;

		strbuf_adds(&line, one->file ? one->file : "-");
		if (one->line)
			strbuf_addf(&line, ":%d:%d", one->line, one->column);
		strbuf_addf(&line, ": %s", one->message);
		tell("", line.buf);
		if (one->hint)
			tell("  ", one->hint);
		strbuf_release(&line);
	}
}

/* --- JSON --- */

int cmd_print_json(struct json *document)
{
	struct strbuf text = STRBUF_INIT;
	int result = 0;

	json_format(&text, document, true);
	if (fwrite(text.buf, 1, text.len, stdout) != text.len || fflush(stdout))
		result = EXIT_INTERNAL;
	strbuf_release(&text);
	json_free(document);
	return result;
}

/* --- tables --- */

#define COLUMNS_MAX 16
#define GAP 2

struct cmd_table {
	char *align; /* owned */
	size_t columns;
	char **cells; /* owned: safe text, row by row; the headings are the first row */
	size_t n, cap;
	int widths[COLUMNS_MAX];
};

struct cmd_table *cmd_table_new(const char *align, const char *const *headings)
{
	struct cmd_table *t = mem_new(1, sizeof(*t));

	t->align = mem_strdup(align);
	t->columns = strlen(align);
	if (t->columns > COLUMNS_MAX)
		bug("a table of %zu columns", t->columns);
	for (size_t i = 0; i < t->columns; i++)
		cmd_table_cell(t, headings[i]);
	return t;
}

void cmd_table_cell(struct cmd_table *t, const char *text)
{
	struct strbuf safe = STRBUF_INIT, out = STRBUF_INIT, shown = STRBUF_INIT;
	int *widest = &t->widths[t->n % t->columns], width;

	text_short(&shown, text ? text : "-");
	text_safe(&safe, shown.buf, shown.len, false);
	strbuf_release(&shown);
	if (text_is_utf8())
		strbuf_add(&out, safe.buf, safe.len);
	else
		text_ascii(&out, safe.buf);
	width = text_width(out.buf);
	if (width > *widest)
		*widest = width;
	*mem_push(t->cells, t->n, t->cap) = strbuf_detach(&out, NULL);
	strbuf_release(&safe);
}

/* Columns of the terminal; 0: no terminal, nothing is cut. */
static int terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

static void add_spaces(struct strbuf *out, int n)
{
	for (; n > 0; n--)
		strbuf_addc(out, ' ');
}

static void add_cell(struct strbuf *line, const struct cmd_table *t, size_t i, int room)
{
	size_t column = i % t->columns;
	int pad = t->widths[column] - text_width(t->cells[i]);

	if (t->align[column] == 'r')
		add_spaces(line, pad);
	if (room > 0)
		text_cut(line, t->cells[i], room, "~");
	else
		strbuf_adds(line, t->cells[i]);
	if (t->align[column] != 'r' && column + 1 < t->columns)
		add_spaces(line, pad + GAP);
	else if (column + 1 < t->columns)
		add_spaces(line, GAP);
}

static void print_row(const struct cmd_table *t, size_t first, int terminal)
{
	struct strbuf line = STRBUF_INIT;
	size_t last = first + t->columns - 1;

	for (size_t i = first; i <= last; i++) {
		int left = terminal - text_width(line.buf);

		add_cell(&line, t, i, i == last && terminal ? (left > 1 ? left : 1) : 0);
	}
	while (line.len && line.buf[line.len - 1] == ' ')
		strbuf_truncate(&line, line.len - 1);
	puts(line.buf);
	strbuf_release(&line);
}

void cmd_table_print(struct cmd_table *t)
{
	int terminal = terminal_width();

	for (size_t i = 0; i + t->columns <= t->n; i += t->columns)
		print_row(t, i, terminal);
	for (size_t i = 0; i < t->n; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->align);
	free(t);
}
