#include "config.h"

#include "core/table_file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <uthash.h>
#include <zlib.h>

#include "core/csv_reader.h"
#include "core/i18n.h"
#include "core/number.h"
#include "core/strbuf.h"
#include "core/table_inside.h"
#include "core/text.h"

#define BLOCK 65536
#define ODD_SHOWN 40 /* bytes of a text that is no number */

/* A column by its name. */
struct name {
	const char *name; /* borrowed: the column's */
	size_t at;
	UT_hash_handle hh;
};

/* --- cells --- */

/* The ways in which programs write that there is nothing. */
static const char *const missing[] = {"NaN", "NA", "N/A", "null", "None", "<NA>", "#N/A",
	"#NA", "#N/A N/A", "-NaN", "+NaN", "NaT", "1.#QNAN", "-1.#QNAN", "1.#IND",
	"-1.#IND", "1.#INF", "-1.#INF", "nan(ind)", "-nan(ind)", "nan(snan)"};

static bool is_missing(const char *text, size_t n)
{
	if (!n)
		return true;
	for (size_t i = 0; n < 10 && i < ARRAY_LEN(missing); i++)
		if (strlen(missing[i]) == n && !strncasecmp(text, missing[i], n))
			return true;
	return false;
}

static bool is_whole(const char *text, size_t n)
{
	size_t i = *text == '-' || *text == '+';

	for (; i < n; i++)
		if (text[i] < '0' || text[i] > '9')
			return false;
	return true;
}

void table_cell_read(struct table_cell *out, const char *text, size_t n)
{
	double number;

	while (n && (*text == ' ' || *text == '\t')) {
		text++;
		n--;
	}
	while (n && (text[n - 1] == ' ' || text[n - 1] == '\t'))
		n--;
	*out = (struct table_cell){.kind = CELL_TEXT, .text = text, .n = n};
	if (is_missing(text, n)) {
		out->kind = CELL_MISSING;
	} else if (*text <= '9' || *text == 'i' || *text == 'I') {
		if (!number_parse(&number, text, n))
			return;
		out->kind = CELL_NUMBER;
		out->number = number;
		out->whole = is_whole(text, n);
	}
}

/* A list of numbers in the text of a CSV field. */
static void read_vector(struct table_pass *p, struct table_cell *cell)
{
	struct json *list = NULL;
	struct err e = ERR_INIT;

	if (json_parse(&list, cell->text, cell->n, &e))
		err_release(&e);
	else
		table_list_read(p, cell, list);
	json_free(list);
}

/* --- columns --- */

ptrdiff_t table_column_find(const struct table_file *t, const char *name)
{
	struct name *names = t->names, *found;

	HASH_FIND_STR(names, name, found);
	return found ? (ptrdiff_t)found->at : -1;
}

ptrdiff_t table_column_add(struct table_pass *p, const char *name, struct err *e)
{
	ptrdiff_t at = table_column_find(p->t, name);
	struct table_column *column;
	struct name *added, *names = p->t->names;

	if (at >= 0)
		return at;
	if (p->t->n_columns == TABLE_COLUMNS_MAX)
		return err_set(e, ERR_LIMIT, _("there are more than %d columns"),
			TABLE_COLUMNS_MAX);
	column = mem_push(p->t->columns, p->t->n_columns, p->t->cap_columns);
	column->name = mem_strdup(name);
	column->whole = true;
	column->missing = p->rows;
	added = mem_new(1, sizeof(*added));
	added->name = column->name;
	added->at = p->t->n_columns - 1;
	HASH_ADD_KEYPTR(hh, names, added->name, strlen(added->name), added);
	p->t->names = names;
	return (ptrdiff_t)added->at;
}

void table_free(struct table_file *t)
{
	struct name *names, *one, *next;

	if (!t)
		return;
	names = t->names;
	HASH_ITER (hh, names, one, next) {
		HASH_DEL(names, one);
		free(one);
	}
	for (size_t i = 0; i < t->n_columns; i++) {
		free((char *)t->columns[i].name);
		free(t->columns[i].odd);
	}
	free(t->columns);
	free(t->file);
	free(t);
}

static void note_odd(struct table_column *c, const struct table_cell *cell, int64_t line)
{
	if (c->odd_line)
		return;
	c->odd_line = line;
	c->odd = mem_strndup(
		cell->text ? cell->text : "", cell->n < ODD_SHOWN ? cell->n : ODD_SHOWN);
}

/* What a column holds, cell by cell. */
static void note_cell(struct table_column *c, const struct table_cell *cell, int64_t line)
{
	switch (cell->kind) {
	case CELL_MISSING: c->missing++; return;
	case CELL_NUMBER:
		c->numbers++;
		c->whole &= cell->whole;
		return;
	case CELL_TEXT: c->texts++; break;
	case CELL_OTHER: c->others++; break;
	case CELL_VECTOR:
		if (!c->vectors++)
			c->width = cell->n;
		else if (c->width != cell->n)
			c->width = 0;
		break;
	}
	if (cell->kind != CELL_VECTOR)
		note_odd(c, cell, line);
}

static enum table_kind kind_of(const struct table_column *c)
{
	size_t values = c->numbers + c->texts + c->vectors + c->others;

	if (!values)
		return TABLE_EMPTY;
	if (c->numbers == values)
		return TABLE_NUMBERS;
	if (c->vectors == values)
		return TABLE_VECTORS;
	if (c->others || c->vectors)
		return TABLE_OTHER;
	/* A word among numbers is a mistake; a few numbers among words are words. */
	return c->numbers > 9 * c->texts ? TABLE_ODD : TABLE_TEXTS;
}

/* --- rows --- */

void table_row_begin(struct table_pass *p)
{
	size_t n = p->t->n_columns;

	if (n > p->cap_cells) {
		p->cap_cells = 2 * n;
		p->cells = mem_resize(p->cells, p->cap_cells, sizeof(*p->cells));
	}
	if (n)
		memset(p->cells, 0, n * sizeof(*p->cells));
	p->n_vector = 0;
}

int table_row_give(struct table_pass *p, int64_t line, struct err *e)
{
	p->rows++;
	/* While lists were read, they could still move. */
	for (size_t i = 0; i < p->t->n_columns; i++)
		if (p->cells[i].kind == CELL_VECTOR)
			p->cells[i].vector = p->vector + (size_t)p->cells[i].number;
	if (!p->opening)
		return p->row(p->data, line, p->cells, e);
	for (size_t i = 0; i < p->t->n_columns; i++)
		note_cell(&p->t->columns[i], &p->cells[i], line);
	return 0;
}

static bool all_numbers(const struct csv_field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct table_cell cell;

		table_cell_read(&cell, fields[i].text, fields[i].n);
		if (cell.kind != CELL_NUMBER)
			return false;
	}
	return true;
}

/* The first row: the columns' names.  1: it is data. */
static int take_header(
	struct table_pass *p, const struct csv_field *fields, size_t n, struct err *e)
{
	p->began = true;
	if (p->opening)
		p->t->headless = all_numbers(fields, n);
	if (!p->opening)
		return p->t->headless;
	for (size_t i = 0; i < n; i++) {
		char *name = p->t->headless || !fields[i].n ? mem_format("%zu", i + 1)
							    : mem_strdup(fields[i].text);
		size_t before = p->t->n_columns;
		ptrdiff_t at = table_column_add(p, name, e);

		if (at >= 0 && p->t->n_columns == before)
			at = err_set(
				e, ERR_INPUT, _("two columns are called '%s'"), name);
		free(name);
		if (at < 0)
			return -1;
	}
	return p->t->headless;
}

static int take_row(
	void *data, int64_t line, const struct csv_field *fields, size_t n, struct err *e)
{
	struct table_pass *p = data;
	int data_row = p->began ? 1 : take_header(p, fields, n, e);

	if (data_row <= 0)
		return data_row;
	if (n != p->t->n_columns) {
		err_set(e, ERR_INPUT,
			_("line %lld has %zu fields, and the first line %zu"),
			(long long)line, n, p->t->n_columns);
		return err_hint(e, _("a field with the separator in it must be quoted"));
	}
	table_row_begin(p);
	for (size_t i = 0; i < n; i++) {
		if (p->wanted && !p->wanted[i])
			continue;
		table_cell_read(&p->cells[i], fields[i].text, fields[i].n);
		if (p->cells[i].kind == CELL_TEXT && *p->cells[i].text == '[')
			read_vector(p, &p->cells[i]);
	}
	return table_row_give(p, line, e);
}

/* --- the file --- */

/* Refuse what is something else by name. */
static int check_beginning(const char *head, size_t n, struct err *e)
{
	if (n >= 4 && !memcmp(head, "PAR1", 4)) {
		err_set(e, ERR_INPUT, _("this is a Parquet file"));
		return err_hint(e, _("write it as CSV or JSON lines"));
	}
	if (n >= 2 && (!memcmp(head, "\xff\xfe", 2) || !memcmp(head, "\xfe\xff", 2))) {
		err_set(e, ERR_INPUT, _("this is UTF-16"));
		return err_hint(e, _("write it as UTF-8"));
	}
	if (n && *head == '[') {
		err_set(e, ERR_INPUT, _("this is one list, not a line for each object"));
		return err_hint(e, _("write one object a line: jq -c '.[]'"));
	}
	return memchr(head, '\0', n < 512 ? n : 512)
		? err_set(e, ERR_INPUT, _("this is no text"))
		: 0;
}

/* What separates the fields of the first line. */
static char find_delimiter(const char *head, size_t n)
{
	static const char candidates[] = ",;\t";
	size_t most = 0;
	char found = ',';

	for (size_t c = 0; c < sizeof(candidates) - 1; c++) {
		bool quoted = false;
		size_t count = 0;

		for (size_t i = 0; i < n && (quoted || head[i] != '\n'); i++) {
			quoted ^= head[i] == '"';
			count += !quoted && head[i] == candidates[c];
		}
		if (count > most) {
			most = count;
			found = candidates[c];
		}
	}
	return found;
}

/* Lines of JSON out of blocks of bytes; at the end rest is the last one. */
static int add_lines(struct table_pass *p, struct strbuf *rest, int64_t *line,
	const char *bytes, size_t n, bool end, struct err *e)
{
	size_t at = 0;

	strbuf_add(rest, bytes, n);
	while (at < rest->len) {
		const char *from = rest->buf + at,
			   *stop = memchr(from, '\n', rest->len - at);
		size_t len = stop ? (size_t)(stop - from) : rest->len - at;

		if (!stop && !end)
			break;
		++*line;
		if (table_json_line(p, *line, from, len, e))
			return -1;
		at += len + (stop != NULL);
	}
	strbuf_remove(rest, 0, at);
	if (rest->len > TABLE_LINE_MAX)
		return err_set(e, ERR_LIMIT, _("line %lld is longer than %zu bytes"),
			(long long)*line + 1, TABLE_LINE_MAX);
	return 0;
}

/* Every block of the file, the first one looked at. */
static int read_blocks(struct table_pass *p, gzFile f, struct err *e)
{
	struct csv_reader *csv = NULL;
	struct strbuf rest = STRBUF_INIT;
	char *block = mem_new(BLOCK, 1);
	int64_t line = 0;
	int code = 0, n;
	bool first = true;

	while (!code && (n = gzread(f, block, BLOCK)) > 0) {
		const char *from = block;
		size_t left = (size_t)n;

		if (first && left >= 3 && !memcmp(from, "\xef\xbb\xbf", 3)) {
			from += 3;
			left -= 3;
		}
		if (first && p->opening) {
			code = check_beginning(from, left, e);
			p->t->json = left && *from == '{';
			p->t->delimiter = find_delimiter(from, left);
		}
		if (first && !p->t->json)
			csv = csv_reader_new(p->t->delimiter, take_row, p);
		first = false;
		if (!code)
			code = csv ? csv_reader_add(csv, from, left, e)
				   : add_lines(p, &rest, &line, from, left, false, e);
	}
	/* A file that was cut short ends quietly: only the state tells. */
	(void)gzerror(f, &n);
	if (!code && n < 0)
		code = err_set(e, ERR_INPUT,
			_("the file cannot be read to its end; it may be cut short"));
	if (!code && csv)
		code = csv_reader_end(csv, e);
	else if (!code)
		code = add_lines(p, &rest, &line, "", 0, true, e);
	if (csv)
		csv_reader_free(csv);
	strbuf_release(&rest);
	free(block);
	return code;
}

/* What is read more than once can be no pipe: opening it again would wait for ever. */
static int check_file(const char *file, struct err *e)
{
	struct stat st;

	if (stat(file, &st) != 0 || S_ISREG(st.st_mode))
		return 0;
	if (S_ISDIR(st.st_mode)) {
		err_set(e, ERR_INPUT, _("this is a directory"));
	} else {
		err_set(e, ERR_INPUT,
			_("this is no regular file, and it is read more than once"));
		err_hint(e, _("write it to a file first"));
	}
	return err_where(e, "%s", file);
}

static int run_pass(struct table_pass *p, struct err *e)
{
	gzFile f;
	int code;

	if (check_file(p->t->file, e))
		return -1;
	f = gzopen(p->t->file, "rbe");
	strbuf_init(&p->scratch);
	strbuf_init(&p->name);
	if (!f) {
		err_errno(e, errno, _("cannot open '%s'"), p->t->file);
		e->code = errno == ENOENT ? ERR_NOT_FOUND : ERR_INPUT;
		return -1;
	}
	(void)gzbuffer(f, BLOCK);
	code = read_blocks(p, f, e);
	if (code)
		err_where(e, "%s", p->t->file);
	(void)gzclose(f);
	free(p->cells);
	free(p->vector);
	strbuf_release(&p->scratch);
	strbuf_release(&p->name);
	return code;
}

int table_open(struct table_file **out, const char *file, struct err *e)
{
	struct table_file *t = mem_new(1, sizeof(*t));
	struct table_pass p = {.t = t, .opening = true};

	t->file = mem_strdup(file);
	if (run_pass(&p, e)) {
		table_free(t);
		return -1;
	}
	t->rows = p.rows;
	for (size_t i = 0; i < t->n_columns; i++)
		t->columns[i].kind = kind_of(&t->columns[i]);
	*out = t;
	return 0;
}

int table_each(struct table_file *t, const bool *wanted, table_row_fn *row, void *data,
	struct err *e)
{
	struct table_pass p = {.t = t, .wanted = wanted, .row = row, .data = data};

	if (run_pass(&p, e))
		return -1;
	if (p.rows != t->rows) {
		err_set(e, ERR_CONFLICT, _("the file changed while it was read"));
		return err_where(e, "%s", t->file);
	}
	return 0;
}
