#include "config.h"
#include "core/markdown.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmark-gfm.h>
#include <cmark-gfm-core-extensions.h>

#include "core/front.h"
#include "core/i18n.h"

#define OPTIONS (CMARK_OPT_VALIDATE_UTF8 | CMARK_OPT_STRIKETHROUGH_DOUBLE_TILDE)

/* Cells that cmark may make: a row of one byte gets as many as the table's head has. */
#define TABLE_CELLS_MAX 1000000

struct source_line {
	size_t at;
	int filled; /* the last line up to here, from 1, that is not blank; 0: none */
};

/* The source with line ends of one kind, front matter blanked, and where its lines begin. */
struct source {
	struct strbuf text;
	struct source_line *lines; /* owned */
	size_t n, cap;
	struct front front;
};

/* Where the walk stands; nesting may be as deep as the document is long. */
struct walk {
	struct md_doc *doc;
	struct arena *a;
	const struct source *src;
	size_t cap;
	const char **items; /* owned; the texts of the items around */
	size_t n_items, cap_items;
	int quotes;
};

/* --- the source --- */

static void source_release(struct source *src)
{
	strbuf_release(&src->text);
	free(src->lines);
}

/* Line number (from 1) without its newline; "" beyond the end. */
static const char *source_line(const struct source *src, int line, size_t *n)
{
	const char *s;

	*n = 0;
	if (line < 1 || (size_t)line > src->n)
		return "";
	s = src->text.buf + src->lines[line - 1].at;
	*n = (size_t)line < src->n ? src->lines[line].at : src->text.len;
	*n -= src->lines[line - 1].at;
	*n -= *n && s[*n - 1] == '\n';
	return s;
}

/* Nothing but what a container may put in front. */
static bool is_blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] != ' ' && s[i] != '\t' && s[i] != '>')
			return false;
	return true;
}

static void index_lines(struct source *src)
{
	int filled = 0;
	size_t n;

	for (size_t i = 0; i < src->text.len; i++)
		if (i == 0 || src->text.buf[i - 1] == '\n')
			mem_push(src->lines, src->n, src->cap)->at = i;
	for (size_t i = 0; i < src->n; i++) {
		const char *s = source_line(src, (int)i + 1, &n);

		filled = is_blank(s, n) ? filled : (int)i + 1;
		src->lines[i].filled = filled;
	}
}

static void source_init(struct source *src, const char *s, size_t n)
{
	size_t start = 0;

	*src = (struct source){.text = STRBUF_INIT};
	strbuf_room(&src->text, n);
	for (size_t i = 0; i < n; i++) {
		if (s[i] != '\r')
			continue;
		strbuf_add(&src->text, s + start, i - start);
		if (i + 1 == n || s[i + 1] != '\n')
			strbuf_addc(&src->text, '\n');
		start = i + 1;
	}
	if (start < n)
		strbuf_add(&src->text, s + start, n - start);
	index_lines(src);
}

/* The cells of the widest tables that the paragraphs, each up to a blank line, could hold. */
static bool tables_are_bounded(const struct source *src)
{
	size_t total = 0, rows = 0, widest = 0, n;

	for (size_t i = 0; i < src->n; i++) {
		const char *s = source_line(src, (int)i + 1, &n);
		size_t pipes = 1;

		rows = is_blank(s, n) ? 0 : rows + 1;
		if (!rows) {
			widest = 0;
			continue;
		}
		for (size_t k = 0; k < n; k++)
			pipes += s[k] == '|';
		widest = pipes > widest ? pipes : widest;
		total += widest;
		if (total > TABLE_CELLS_MAX)
			return false;
	}
	return true;
}

/* --- reading nodes --- */

static bool is_type(cmark_node *node, const char *type)
{
	return !strcmp(cmark_node_get_type_string(node), type);
}

static bool is_item(cmark_node *node)
{
	return cmark_node_get_type(node) == CMARK_NODE_ITEM || is_type(node, "tasklist");
}

/* A comment is not for readers; <name> is a placeholder that somebody wrote into prose. */
static void add_inline_html(struct strbuf *out, const char *html)
{
	if (!strncmp(html, "<br", 3))
		strbuf_addc(out, ' ');
	else if (strncmp(html, "<!--", 4))
		strbuf_adds(out, html);
}

static void add_leaf(struct strbuf *out, cmark_node *node)
{
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_TEXT:
	case CMARK_NODE_CODE: strbuf_adds(out, cmark_node_get_literal(node)); break;
	case CMARK_NODE_HTML_INLINE:
		add_inline_html(out, cmark_node_get_literal(node));
		break;
	case CMARK_NODE_SOFTBREAK:
	case CMARK_NODE_LINEBREAK: strbuf_addc(out, ' '); break;
	default: break;
	}
}

/* The text below node: cells of a table with " | " between them, its rows on lines. */
static const char *plain_text(struct walk *w, cmark_node *node)
{
	cmark_iter *iter = cmark_iter_new(node);
	struct strbuf text = STRBUF_INIT;
	cmark_event_type event;
	const char *out;

	while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE) {
		cmark_node *at = cmark_iter_get_node(iter);

		if (event == CMARK_EVENT_ENTER)
			add_leaf(&text, at);
		else if (is_type(at, "table_cell") && cmark_node_next(at))
			strbuf_adds(&text, " | ");
		else if (is_type(at, "table_header") || is_type(at, "table_row"))
			strbuf_addc(&text, '\n');
	}
	out = arena_strndup(w->a, text.buf, text.len);
	strbuf_release(&text);
	cmark_iter_free(iter);
	return out;
}

/* The paragraph that is an item's own text, not a block of its own. */
static cmark_node *item_paragraph(cmark_node *item)
{
	cmark_node *child = cmark_node_first_child(item);

	return child && cmark_node_get_type(child) == CMARK_NODE_PARAGRAPH ? child : NULL;
}

/* --- code --- */

struct fence {
	int length;
	char mark;
};

/* cmark decodes escapes and entities in the info string, so it is read from the source. */
static const char *fence_info(struct walk *w, cmark_node *node, const struct fence *f)
{
	int column = cmark_node_get_start_column(node);
	size_t n, from = column > 0 ? (size_t)column - 1 : 0;
	const char *s = source_line(w->src, cmark_node_get_start_line(node), &n);

	while (from < n && s[from] != f->mark)
		from++;
	while (from < n && s[from] == f->mark)
		from++;
	while (from < n && (s[from] == ' ' || s[from] == '\t'))
		from++;
	while (n > from && (s[n - 1] == ' ' || s[n - 1] == '\t'))
		n--;
	return arena_strndup(w->a, s + from, n - from);
}

/* After what a container may put in front, nothing but enough marks. */
static bool is_closing(const char *s, size_t n, const struct fence *f)
{
	size_t i = 0, marks = 0;

	while (i < n && (s[i] == ' ' || s[i] == '\t' || s[i] == '>'))
		i++;
	while (i < n && s[i] == f->mark) {
		i++;
		marks++;
	}
	return marks >= (size_t)f->length && is_blank(s + i, n - i);
}

static int count_lines(const char *s)
{
	int n = 0;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

/* Of what is kept line by line: cmark may count a blank line behind it. */
static int last_line(const struct md_block *b)
{
	int lines = count_lines(b->text);

	return b->line + (lines ? lines - 1 : 0);
}

/*
 * The fence's end follows from its lines: what cmark says is one line too far when the end of a
 * list item or a quote closes it.
 */
static void read_fence(
	struct walk *w, struct md_block *b, cmark_node *node, const struct fence *f)
{
	int last = b->line + count_lines(b->text);
	size_t n;
	const char *s = source_line(w->src, last + 1, &n);

	b->kind = MD_FENCE;
	b->info = fence_info(w, node, f);
	b->unclosed = !is_closing(s, n, f);
	b->end_line = last + !b->unclosed;
}

static void read_code(struct walk *w, struct md_block *b, cmark_node *node)
{
	const char *title = w->n_items ? w->items[w->n_items - 1] : "";
	struct fence f;
	int offset;

	b->text = arena_strdup(w->a, cmark_node_get_literal(node));
	b->title = *title ? title : NULL;
	if (cmark_node_get_fenced(node, &f.length, &offset, &f.mark)) {
		read_fence(w, b, node, &f);
	} else {
		b->kind = MD_INDENTED;
		b->end_line = last_line(b);
	}
}

/* --- blocks --- */

static struct md_block *new_block(struct walk *w, cmark_node *node, enum md_kind kind)
{
	struct md_block *b = arena_push(w->a, w->doc->blocks, w->doc->n, w->cap);

	*b = (struct md_block){
		.kind = kind,
		.line = cmark_node_get_start_line(node),
		.end_line = cmark_node_get_end_line(node),
		.in_list = w->n_items > 0,
		.in_quote = w->quotes > 0,
		.text = "",
	};
	return b;
}

static void read_item(struct walk *w, cmark_node *item)
{
	cmark_node *paragraph = item_paragraph(item);
	const char *text = paragraph ? plain_text(w, paragraph) : "";
	struct md_block *b;

	*mem_push(w->items, w->n_items, w->cap_items) = text;
	b = new_block(w, item, MD_ITEM);
	b->level = (int)w->n_items;
	b->text = text;
	if (is_type(item, "tasklist")) {
		b->kind = MD_TASK;
		b->checked = cmark_gfm_extensions_get_tasklist_item_checked(item);
	}
	/* cmark may count the blank lines behind an item as its own. */
	if (b->end_line > b->line && (size_t)b->end_line <= w->src->n)
		b->end_line = w->src->lines[b->end_line - 1].filled;
	if (b->end_line < b->line)
		b->end_line = b->line;
}

static void read_quote(struct walk *w, cmark_node *node)
{
	new_block(w, node, MD_QUOTE);
	w->quotes++;
}

static void read_html(struct walk *w, cmark_node *node)
{
	struct md_block *b = new_block(w, node, MD_HTML);

	b->text = arena_strdup(w->a, cmark_node_get_literal(node));
	b->end_line = last_line(b);
}

static bool is_underline(const char *s, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		any = any || s[i] == '=' || s[i] == '-';
		if (!strchr(" \t>=-", s[i]) || !s[i])
			return false;
	}
	return any;
}

static void read_heading(struct walk *w, cmark_node *node)
{
	struct md_block *b = new_block(w, node, MD_HEADING);
	size_t n;
	const char *last = source_line(w->src, b->end_line, &n);

	b->level = cmark_node_get_heading_level(node);
	b->text = plain_text(w, node);
	/* cmark counts the line after an underlined heading, unless the document ends there. */
	b->end_line -= b->end_line > b->line && !is_underline(last, n);
}

/*
 * A table takes the last line of a paragraph for its head.  cmark then gives the table the
 * paragraph's first line and the paragraph none, so the table's is counted from its end.
 */
static int table_line(cmark_node *table)
{
	int rows = 0;

	for (cmark_node *row = cmark_node_first_child(table); row;
		row = cmark_node_next(row))
		rows++;
	return cmark_node_get_end_line(table) - rows;
}

static void read_table(struct walk *w, cmark_node *node)
{
	struct md_block *b = new_block(w, node, MD_TABLE);

	b->text = plain_text(w, node);
	b->line = table_line(node);
}

static void read_paragraph(struct walk *w, cmark_node *node)
{
	cmark_node *parent = cmark_node_parent(node), *next = cmark_node_next(node);
	struct md_block *b;

	if (is_item(parent) && item_paragraph(parent) == node)
		return;
	b = new_block(w, node, MD_PARAGRAPH);
	b->text = plain_text(w, node);
	if (!b->line && next && is_type(next, "table")) {
		b->line = cmark_node_get_start_line(next);
		b->end_line = table_line(next) - 1;
	}
}

static void read_node(struct walk *w, cmark_node *node)
{
	if (is_item(node)) {
		read_item(w, node);
		return;
	}
	if (is_type(node, "table")) {
		read_table(w, node);
		return;
	}
	switch (cmark_node_get_type(node)) {
	case CMARK_NODE_HEADING: read_heading(w, node); break;
	case CMARK_NODE_PARAGRAPH: read_paragraph(w, node); break;
	case CMARK_NODE_CODE_BLOCK:
		read_code(w, new_block(w, node, MD_NONE), node);
		break;
	case CMARK_NODE_HTML_BLOCK: read_html(w, node); break;
	case CMARK_NODE_THEMATIC_BREAK: new_block(w, node, MD_RULE); break;
	case CMARK_NODE_BLOCK_QUOTE: read_quote(w, node); break;
	default: break;
	}
}

static void leave_node(struct walk *w, cmark_node *node)
{
	w->n_items -= is_item(node);
	w->quotes -= cmark_node_get_type(node) == CMARK_NODE_BLOCK_QUOTE;
}

/* A line that opens the next block did not close the fence before it, nor underline a heading. */
static void correct_ends(struct md_doc *doc)
{
	for (size_t i = 0; i + 1 < doc->n; i++) {
		struct md_block *b = &doc->blocks[i];

		if (doc->blocks[i + 1].line > b->end_line || b->end_line == b->line)
			continue;
		if (b->kind == MD_HEADING) {
			b->end_line--;
		} else if (b->kind == MD_FENCE && !b->unclosed) {
			b->unclosed = true;
			b->end_line--;
		}
	}
}

static void walk_tree(struct walk *w, cmark_node *root)
{
	cmark_iter *iter = cmark_iter_new(root);
	cmark_event_type event;

	while ((event = cmark_iter_next(iter)) != CMARK_EVENT_DONE)
		if (event == CMARK_EVENT_ENTER)
			read_node(w, cmark_iter_get_node(iter));
		else
			leave_node(w, cmark_iter_get_node(iter));
	cmark_iter_free(iter);
	free(w->items);
	correct_ends(w->doc);
}

static cmark_node *parse(cmark_parser *parser, const struct source *src)
{
	static const char *const names[] = {
		"tasklist", "strikethrough", "tagfilter", "table"};
	size_t n = ARRAY_LEN(names) - !tables_are_bounded(src);

	for (size_t i = 0; i < n; i++)
		cmark_parser_attach_syntax_extension(
			parser, cmark_find_syntax_extension(names[i]));
	cmark_parser_feed(parser, src->text.buf, src->text.len);
	return cmark_parser_finish(parser);
}

static int source_read(struct source *src, const char *s, size_t n, struct err *e)
{
	if (n > MARKDOWN_MAX_BYTES)
		return err_set(e, ERR_LIMIT, _("a Markdown document of more than %d MiB"),
			(int)(MARKDOWN_MAX_BYTES >> 20));
	source_init(src, s, n);
	front_find(&src->front, src->text.buf, src->text.len);
	cmark_gfm_core_extensions_ensure_registered();
	return 0;
}

int markdown_parse(
	struct md_doc *out, const char *s, size_t n, struct arena *a, struct err *e)
{
	struct source src;
	struct walk w = {.doc = out, .a = a, .src = &src};
	cmark_parser *parser;
	cmark_node *root;

	if (source_read(&src, s, n, e))
		return -1;
	*out = (struct md_doc){
		.front_kind = src.front.kind, .front_line = src.front.line};
	if (src.front.kind)
		out->front =
			arena_strndup(a, src.text.buf + src.front.start, src.front.n);
	front_blank(&src.front, src.text.buf);
	parser = cmark_parser_new(OPTIONS);
	root = parse(parser, &src);
	walk_tree(&w, root);
	cmark_node_free(root);
	cmark_parser_free(parser);
	source_release(&src);
	return 0;
}

int markdown_html(struct strbuf *out, const char *s, size_t n, struct err *e)
{
	struct source src;
	cmark_parser *parser;
	cmark_node *root;
	char *html;

	if (source_read(&src, s, n, e))
		return -1;
	front_blank(&src.front, src.text.buf);
	parser = cmark_parser_new(OPTIONS);
	root = parse(parser, &src);
	html = cmark_render_html(
		root, OPTIONS, cmark_parser_get_syntax_extensions(parser));
	strbuf_adds(out, html);
	free(html);
	cmark_node_free(root);
	cmark_parser_free(parser);
	source_release(&src);
	return 0;
}
