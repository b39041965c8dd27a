#include "config.h"

#include <math.h>
#include <string.h>

#include "core/i18n.h"
#include "core/number.h"
#include "core/strbuf.h"
#include "core/table_inside.h"

#define INSIDE_MAX 8 /* objects in objects; deeper ones are other things */

void table_list_read(
	struct table_pass *p, struct table_cell *cell, const struct json *list)
{
	*cell = (struct table_cell){.kind = CELL_VECTOR, .n = json_count(list)};
	cell->number = (double)p->n_vector;
	json_each (item, list) {
		double *to = mem_push(p->vector, p->n_vector, p->cap_vector);

		if (json_type(item) != JSON_NUMBER && json_type(item) != JSON_NULL)
			cell->kind = CELL_OTHER;
		*to = json_real(item);
	}
}

static void read_value(
	struct table_pass *p, struct table_cell *cell, const struct json *j)
{
	const char *text = json_text(j);

	switch (json_type(j)) {
	case JSON_NONE:
	case JSON_NULL: cell->kind = CELL_MISSING; return;
	case JSON_BOOL:
		*cell = (struct table_cell){.kind = CELL_TEXT};
		cell->text = json_bool(j, false) ? "true" : "false";
		cell->n = strlen(cell->text);
		return;
	case JSON_NUMBER:
		*cell = (struct table_cell){.kind = CELL_NUMBER, .number = json_real(j)};
		cell->whole = cell->number == floor(cell->number);
		return;
	case JSON_STRING:
		table_cell_read(cell, text, strlen(text));
		/* A quoted number is a name, but NaN and infinity have no other way. */
		if (cell->kind == CELL_NUMBER && isfinite(cell->number))
			cell->kind = CELL_TEXT;
		return;
	case JSON_ARRAY: table_list_read(p, cell, j); return;
	case JSON_OBJECT: cell->kind = CELL_OTHER; return;
	}
}

/* A column that this line brings: cells of the others stay. */
static void room_for_column(struct table_pass *p, size_t column)
{
	if (column >= p->cap_cells) {
		p->cap_cells = 2 * column + 16;
		p->cells = mem_resize(p->cells, p->cap_cells, sizeof(*p->cells));
	}
	memset(&p->cells[column], 0, sizeof(*p->cells));
}

/* All members; what is inside another object is called outer.inner.  name holds the outer. */
static int read_members(
	struct table_pass *p, const struct json *object, int inside, struct err *e)
{
	size_t outer = p->name.len;

	json_each (member, object) {
		size_t columns = p->t->n_columns;
		ptrdiff_t at;

		strbuf_adds(&p->name, json_key(member));
		if (json_type(member) == JSON_OBJECT && inside < INSIDE_MAX) {
			strbuf_addc(&p->name, '.');
			if (read_members(p, member, inside + 1, e))
				return -1;
			strbuf_truncate(&p->name, outer);
			continue;
		}
		at = p->opening ? table_column_add(p, p->name.buf, e)
				: table_column_find(p->t, p->name.buf);
		if (p->opening && at < 0)
			return -1;
		strbuf_truncate(&p->name, outer);
		if (at < 0 || (p->wanted && !p->wanted[at]))
			continue;
		if (p->t->n_columns > columns)
			room_for_column(p, (size_t)at);
		read_value(p, &p->cells[at], member);
	}
	return 0;
}

/* Python writes NaN, Infinity and -Infinity, which JSON does not have: null in their place. */
static bool write_nulls(struct strbuf *out, const char *text, size_t n)
{
	static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
	bool quoted = false, any = false;

	strbuf_reset(out);
	for (size_t i = 0; i < n;) {
		size_t taken = 0;

		for (size_t k = 0; !quoted && k < ARRAY_LEN(words); k++)
			if (n - i >= strlen(words[k]) &&
				!memcmp(text + i, words[k], strlen(words[k])))
				taken = strlen(words[k]);
		if (taken) {
			any = true;
			strbuf_adds(out, "null");
			i += taken;
			continue;
		}
		if (quoted && text[i] == '\\' && i + 1 < n)
			strbuf_addc(out, text[i++]);
		else if (text[i] == '"')
			quoted = !quoted;
		strbuf_addc(out, text[i++]);
	}
	return any;
}

static int parse_line(struct table_pass *p, struct json **out, int64_t line,
	const char *text, size_t n, struct err *e)
{
	struct err again = ERR_INIT;

	if (!json_parse(out, text, n, e))
		return 0;
	if (write_nulls(&p->scratch, text, n) &&
		!json_parse(out, p->scratch.buf, p->scratch.len, &again)) {
		err_clear(e);
		return 0;
	}
	err_release(&again);
	return err_prefix(e, _("line %lld: "), (long long)line);
}

int table_json_line(
	struct table_pass *p, int64_t line, const char *text, size_t n, struct err *e)
{
	struct json *object = NULL;
	int code = 0;

	if (strspn(text, " \t\r") >= n)
		return 0;
	if (parse_line(p, &object, line, text, n, e))
		return -1;
	if (json_type(object) != JSON_OBJECT) {
		json_free(object);
		return err_set(
			e, ERR_INPUT, _("line %lld is no object"), (long long)line);
	}
	p->began = true;
	table_row_begin(p);
	strbuf_reset(&p->name);
	code = read_members(p, object, 0, e);
	if (!code)
		code = table_row_give(p, line, e);
	json_free(object);
	return code;
}
