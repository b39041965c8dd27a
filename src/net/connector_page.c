/* connector_page.c - the keys of paging: which kind they make, and which do not go together */
#include "config.h"
#include "net/connector_keys.h"

#include <string.h>

#include "core/i18n.h"

#define PAGES_MAX 200

struct page_keys {
	const struct yaml_node *self, *cursor, *next, *go_on, *items, *total, *pages;
	const char *header, *query, *variable, *limit, *offset, *number;
	int link;
	int64_t first, size, restart, max;
};

static const char *const link_words[] = {"", "next", NULL};

/* clang-format off */
const struct yaml_field connector_page_fields[] = {
	KEY(struct page_keys, "", YAML_SELF, self),
	KEY(struct page_keys, "cursor", YAML_NODE, cursor,
		.help = N_("jq: the answer to the next page's cursor, null at the end")),
	KEY(struct page_keys, "header", YAML_TEXT, header,
		.help = N_("the header of the answer that holds the cursor")),
	KEY(struct page_keys, "link", YAML_CHOICE, link, .choices = link_words,
		.help = N_("next: the Link header of the answer says where to go on")),
	KEY(struct page_keys, "next", YAML_NODE, next,
		.help = N_("jq: the answer to the next page's URL, null at the end")),
	KEY(struct page_keys, "offset", YAML_TEXT, offset,
		.help = N_("the parameter that counts items")),
	KEY(struct page_keys, "number", YAML_TEXT, number,
		.help = N_("the parameter that counts pages")),
	KEY(struct page_keys, "continue", YAML_NODE, go_on,
		.help = N_("jq: the answer to the token to go on with")),
	KEY(struct page_keys, "query", YAML_TEXT, query,
		.help = N_("the query parameter that takes the cursor")),
	KEY(struct page_keys, "variable", YAML_TEXT, variable,
		.help = N_("the GraphQL variable that takes the cursor")),
	KEY(struct page_keys, "limit", YAML_TEXT, limit,
		.help = N_("the parameter that takes the size")),
	KEY(struct page_keys, "size", YAML_INT, size, .min = 1, .max = 100000,
		.help = N_("items asked for in one page")),
	KEY(struct page_keys, "first", YAML_INT, first, .min = 0, .max = 1000000,
		.help = N_("number of the first page (1)")),
	KEY(struct page_keys, "items", YAML_NODE, items,
		.help = N_("jq: the answer to the list that is paged")),
	KEY(struct page_keys, "total", YAML_NODE, total,
		.help = N_("jq: the answer to the number of all items")),
	KEY(struct page_keys, "pages", YAML_NODE, pages,
		.help = N_("jq: the answer to the number of all pages")),
	KEY(struct page_keys, "restart", YAML_INT, restart, .min = 400, .max = 599,
		.help = N_("the status at which reading begins anew, once")),
	KEY(struct page_keys, "max", YAML_INT, max, .min = 1, .max = 100000,
		.help = N_("pages at the most (200)")),
	{0},
};

/* What goes with each kind, besides max.  The first key makes it that kind. */
static const struct page_row {
	enum page_kind kind;
	const char *key, *also[7];
} rows[] = {
	{PAGE_CURSOR, "cursor", {"query", "variable", NULL}},
	{PAGE_HEADER, "header", {"query", "variable", NULL}},
	{PAGE_LINK, "link", {NULL}},
	{PAGE_NEXT, "next", {NULL}},
	{PAGE_OFFSET, "offset", {"size", "limit", "items", "total", "first", NULL}},
	{PAGE_NUMBER, "number", {"first", "size", "limit", "items", "pages", NULL}},
	{PAGE_CONTINUE, "continue", {"query", "restart", NULL}},
};
/* clang-format on */

static const struct page_row *row_of(
	const struct yaml_node *node, const struct connector_reading *r)
{
	const struct page_row *row = NULL;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!yaml_get(node, rows[i].key))
			continue;
		if (row) {
			yaml_problem(r->p, yaml_get(node, rows[i].key),
				_("'%s' and '%s' are two kinds of paging"), row->key,
				rows[i].key);
			return NULL;
		}
		row = &rows[i];
	}
	if (!row)
		yaml_problem(r->p, node, "%s",
			_("page needs one of cursor, header, link, next, offset, number, "
			  "continue"));
	return row;
}

static void check_company(const struct page_row *row, const struct yaml_node *node,
	const struct connector_reading *r)
{
	for (size_t i = 0; i < yaml_count(node); i++) {
		const char *key = yaml_key_text(node, i);
		bool fits = !strcmp(key, row->key) || !strcmp(key, "max");

		for (size_t j = 0; row->also[j]; j++)
			fits |= !strcmp(key, row->also[j]);
		if (!fits)
			yaml_problem(r->p, yaml_key(node, i),
				_("'%s' does not go with the paging by '%s'"), key,
				row->key);
	}
}

/* Without them nothing would say where the pages end. */
static void check_end(const struct connector_page *page, const struct yaml_node *node,
	const struct connector_reading *r)
{
	bool counts = page->kind == PAGE_OFFSET || page->kind == PAGE_NUMBER;

	if (page->limit && !page->size)
		yaml_problem(r->p, node, "%s", _("limit goes with size"));
	if (page->query && page->variable)
		yaml_problem(r->p, node, "%s",
			_("the cursor goes into one of query and variable"));
	if (page->kind == PAGE_OFFSET && !page->items.text)
		yaml_problem(r->p, node, "%s",
			_("paging by offset needs items: what is counted"));
	if (counts && !page->total.text && (!page->size || !page->items.text))
		yaml_problem(r->p, node, "%s",
			_("without a total, size and items are needed to see the last "
			  "page"));
}

void connector_read_page(struct connector_page *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	struct page_keys k = {.first = -1, .max = PAGES_MAX};
	const struct page_row *row;

	if (!node)
		return;
	if (yaml_read(&k, node, connector_page_fields, r->a, r->p))
		return;
	row = row_of(node, r);
	if (!row)
		return;
	check_company(row, node, r);
	out->kind = row->kind;
	connector_read_jq(&out->value,
		k.cursor         ? k.cursor
			: k.next ? k.next
				 : k.go_on,
		r);
	connector_read_jq(&out->items, k.items, r);
	connector_read_jq(&out->total, k.total ? k.total : k.pages, r);
	out->header = k.header;
	out->query = k.offset ? k.offset : k.number ? k.number : k.query;
	out->variable = k.variable;
	out->limit = k.limit;
	out->first = k.first >= 0 ? k.first : row->kind == PAGE_NUMBER;
	out->size = k.size;
	out->restart = (int)k.restart;
	out->max = k.max;
	check_end(out, node, r);
}
