#include "config.h"

#include "core/csv_reader.h"

#include <csv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/strbuf.h"

#define BLOCK 65536

/* A field of the row that is being read: bytes of text, because that may still move. */
struct span {
	size_t at, n;
};

struct csv_reader {
	struct csv_parser parser;
	csv_row_fn *row;
	void *data; /* borrowed */
	struct strbuf text;
	struct span *spans; /* owned */
	struct csv_field *fields; /* owned */
	size_t n, cap, cap_fields;
	int64_t line, row_line;
	bool was_return; /* the last row ended with \r: a \n belongs to it */
	struct err *e; /* borrowed while adding */
	bool failed;
};

struct csv_reader *csv_reader_new(char delimiter, csv_row_fn *row, void *data)
{
	struct csv_reader *r = mem_new(1, sizeof(*r));

	if (csv_init(&r->parser,
		    CSV_STRICT | CSV_STRICT_FINI | CSV_REPALL_NL | CSV_APPEND_NULL))
		bug("libcsv cannot begin");
	/* Its buffer grows by so much: a little at a time is slow where a quote was left open. */
	csv_set_blk_size(&r->parser, BLOCK);
	csv_set_delim(&r->parser, (unsigned char)delimiter);
	strbuf_init(&r->text);
	r->row = row;
	r->data = data;
	r->line = r->row_line = 1;
	return r;
}

void csv_reader_free(struct csv_reader *r)
{
	csv_free(&r->parser);
	strbuf_release(&r->text);
	free(r->spans);
	free(r->fields);
	free(r);
}

static void take_field(void *field, size_t n, void *data)
{
	struct csv_reader *r = data;
	const char *text = field;
	struct span *span;

	if (r->failed)
		return;
	if (r->n == CSV_FIELDS_MAX) {
		r->failed = true;
		err_set(r->e, ERR_LIMIT, _("line %lld has more than %d fields"),
			(long long)r->line, CSV_FIELDS_MAX);
		return;
	}
	span = mem_push(r->spans, r->n, r->cap);
	*span = (struct span){r->text.len, n};
	strbuf_add(&r->text, text, n);
	strbuf_addc(&r->text, '\0');
	for (size_t i = 0; i < n; i++)
		r->line += text[i] == '\n';
}

static void give_row(struct csv_reader *r)
{
	if (r->cap_fields < r->n) {
		r->cap_fields = r->cap;
		r->fields = mem_resize(r->fields, r->cap_fields, sizeof(*r->fields));
	}
	for (size_t i = 0; i < r->n; i++)
		r->fields[i] =
			(struct csv_field){r->text.buf + r->spans[i].at, r->spans[i].n};
	if (r->row(r->data, r->row_line, r->fields, r->n, r->e))
		r->failed = true;
}

static void take_row(int end, void *data)
{
	struct csv_reader *r = data;

	if (r->failed)
		return;
	/* An empty row is a blank line, or the second half of \r\n. */
	if (r->n)
		give_row(r);
	if (!(end == '\n' && r->was_return && !r->n))
		r->line++;
	r->was_return = end == '\r';
	r->row_line = r->line;
	r->n = 0;
	strbuf_reset(&r->text);
}

static int refuse(struct csv_reader *r, struct err *e)
{
	r->failed = true;
	err_set(e, ERR_INPUT, _("the quotes of line %lld are not closed, or not doubled"),
		(long long)r->line);
	return err_hint(
		e, _("a field with a quote in it is quoted, and the quote doubled"));
}

int csv_reader_add(struct csv_reader *r, const char *bytes, size_t n, struct err *e)
{
	size_t taken;

	r->e = e;
	taken = csv_parse(&r->parser, bytes, n, take_field, take_row, r);
	r->e = NULL;
	if (r->failed)
		return -1;
	if (taken != n)
		return refuse(r, e);
	if (csv_get_buffer_size(&r->parser) > CSV_FIELD_MAX) {
		err_set(e, ERR_LIMIT, _("a field on line %lld is longer than %zu bytes"),
			(long long)r->line, CSV_FIELD_MAX);
		return err_hint(e, _("a quote may have been left open"));
	}
	return 0;
}

int csv_reader_end(struct csv_reader *r, struct err *e)
{
	int bad;

	r->e = e;
	bad = csv_fini(&r->parser, take_field, take_row, r);
	r->e = NULL;
	if (r->failed)
		return -1;
	return bad ? refuse(r, e) : 0;
}
