#include "config.h"
#include "core/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "core/i18n.h"

struct document;

struct yaml_node {
	const struct document *document; /* borrowed: it holds this */
	const yaml_node_t *node; /* borrowed: from libyaml's document */
};

struct document {
	yaml_document_t libyaml; /* owned */
	struct yaml_node
		*nodes; /* owned; node i of libyaml, which counts from 1, at i - 1 */
};

struct yaml_doc {
	struct document **items; /* owned, as is each */
	size_t n, cap;
};

/* --- what libyaml says, in words for people --- */

struct words {
	const char *theirs, *message, *hint;
};

static const struct words known_problems[] = {
	{"mapping values are not allowed in this context",
		N_("a ': ' stands where no key can be"),
		N_("put a text that holds ': ' in quotes, or correct the indentation")},
	{"could not find expected ':'", N_("a key without ':'"),
		N_("add the ':', or correct the indentation of what belongs to the line "
		   "above")},
	{"did not find expected key", N_("this does not fit the indentation above"),
		N_("line the keys up; a quote that is not closed above also does this")},
	{"did not find expected '-' indicator", N_("this does not fit the list above"),
		N_("line the '-' up with those above")},
	{"found unexpected end of stream", N_("the file ends inside quotes"),
		N_("close the quotes")},
	{"did not find expected ',' or ']'", N_("a list in [ ] is not closed"),
		N_("add a ',' or the ']'")},
	{"did not find expected ',' or '}'", N_("a map in { } is not closed"),
		N_("add a ',' or the '}'")},
	{"did not find expected node content", N_("a value is missing"),
		N_("or a '[' or '{' above is not closed")},
	{"found undefined alias", N_("an alias (*) names no anchor (&) above it"), NULL},
	{"found duplicate anchor", N_("two anchors (&) have the same name"), NULL},
	{"control characters are not allowed", N_("a control character"),
		N_("remove it; in double quotes it can be written as \\x..")},
};

static int syntax_problem(
	struct problems *p, const yaml_parser_t *parser, const char *s, size_t n)
{
	const yaml_mark_t *at = &parser->problem_mark;
	int line = (int)at->line + 1, column = (int)at->column + 1;

	if (at->index < n && s[at->index] == '\t') {
		problems_add(
			p, line, column, "%s", _("a tab stands where only spaces may"));
		return problems_hint(p, "%s", _("indent with spaces"));
	}
	for (size_t i = 0; i < ARRAY_LEN(known_problems); i++) {
		const struct words *w = &known_problems[i];

		if (strcmp(w->theirs, parser->problem) != 0)
			continue;
		problems_add(p, line, column, "%s", _(w->message));
		return w->hint ? problems_hint(p, "%s", _(w->hint)) : -1;
	}
	problems_add(p, line, column, _("this is not YAML: %s"), parser->problem);
	if (parser->context)
		problems_hint(p, _("%s that begins in line %d"), parser->context,
			(int)parser->context_mark.line + 1);
	return -1;
}

/* The reader knows the offset only. */
static int reader_problem(
	struct problems *p, const yaml_parser_t *parser, const char *s, size_t n)
{
	size_t at = parser->problem_offset < n ? parser->problem_offset : n;
	int line = 1, column = 1;

	for (size_t i = 0; i < at; i++) {
		column += ((unsigned char)s[i] & 0xc0) != 0x80;
		if (s[i] == '\n') {
			line++;
			column = 1;
		}
	}
	if (strstr(parser->problem, "control char")) {
		problems_add(p, line, column, "%s", _("a control character"));
		return problems_hint(p, "%s",
			_("remove it; in double quotes it can be written as \\x.."));
	}
	problems_add(p, line, column, "%s", _("this is not UTF-8"));
	return problems_hint(p, "%s", _("save the file as UTF-8"));
}

static int parser_problem(
	struct problems *p, const yaml_parser_t *parser, const char *s, size_t n)
{
	if (parser->error == YAML_MEMORY_ERROR)
		bug("libyaml is out of memory");
	return parser->error == YAML_READER_ERROR ? reader_problem(p, parser, s, n)
						  : syntax_problem(p, parser, s, n);
}

static void parser_open(yaml_parser_t *parser, const char *s, size_t n)
{
	if (!yaml_parser_initialize(parser))
		bug("libyaml is out of memory");
	/* Always: else a byte order mark would make it something else. */
	yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(parser, (const unsigned char *)s, n);
}

/* --- first pass: how deep, how many, before anything is built --- */

struct survey {
	struct problems *p;
	char *anchors[YAML_MAX_DEPTH + 1]; /* owned; of the open collections, or NULL */
	int depth;
	size_t nodes, aliases;
};

static int at_mark(struct problems *p, const yaml_mark_t *mark, const char *message)
{
	return problems_add(p, (int)mark->line + 1, (int)mark->column + 1, "%s", message);
}

static int survey_alias(struct survey *v, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;

	if (++v->aliases > YAML_MAX_ALIASES)
		return at_mark(v->p, &event->start_mark, _("too many aliases (*)"));
	for (int i = 0; i < v->depth; i++)
		if (v->anchors[i] && !strcmp(v->anchors[i], name))
			return at_mark(v->p, &event->start_mark,
				_("an alias (*) stands inside what it names"));
	return 0;
}

static int survey_open(struct survey *v, const yaml_event_t *event)
{
	const yaml_char_t *anchor = event->type == YAML_SEQUENCE_START_EVENT
		? event->data.sequence_start.anchor
		: event->data.mapping_start.anchor;

	if (v->depth == YAML_MAX_DEPTH)
		return at_mark(v->p, &event->start_mark,
			_("lists and maps are nested too deep"));
	v->anchors[v->depth++] = mem_strdup((const char *)anchor);
	return 0;
}

static int survey_event(struct survey *v, const yaml_event_t *event)
{
	if (++v->nodes > YAML_MAX_NODES)
		return at_mark(
			v->p, &event->start_mark, _("too many lists, maps and texts"));
	switch (event->type) {
	case YAML_ALIAS_EVENT: return survey_alias(v, event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT: return survey_open(v, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT: free(v->anchors[--v->depth]); return 0;
	default: return 0;
	}
}

static int survey(const char *s, size_t n, struct problems *p)
{
	struct survey v = {.p = p};
	yaml_parser_t parser;
	yaml_event_t event;
	bool end = false;
	int failed = 0;

	parser_open(&parser, s, n);
	while (!end && !failed) {
		if (!yaml_parser_parse(&parser, &event)) {
			failed = parser_problem(p, &parser, s, n);
			break;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		failed = survey_event(&v, &event);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&parser);
	while (v.depth > 0)
		free(v.anchors[--v.depth]);
	return failed;
}

/* --- second pass: what the tree of nodes may be --- */

/* Of one node with its aliases followed. */
struct weight {
	int depth; /* of collections: 0 for a scalar */
	size_t bytes; /* about what a copy of it takes; 0: not yet known */
};

struct check {
	struct document *d;
	struct weight *weights; /* owned */
	struct problems *p;
};

static const struct yaml_node *node_at(const struct document *d, int id)
{
	return &d->nodes[id - 1];
}

static int weigh(struct check *c, int id, int above);

static int add_weight(struct check *c, struct weight *to, int id, int above)
{
	const struct weight *w = &c->weights[id - 1];

	if (weigh(c, id, above))
		return -1;
	if (w->depth + 1 > to->depth)
		to->depth = w->depth + 1;
	to->bytes += w->bytes;
	if (to->bytes > YAML_MAX_EXPANDED_BYTES)
		return yaml_problem(c->p, node_at(c->d, id), "%s",
			_("the aliases (*) make this too large"));
	return 0;
}

static int weigh_list(
	struct check *c, const yaml_node_t *node, int above, struct weight *w)
{
	const yaml_node_item_t *i = node->data.sequence.items.start;

	for (; i < node->data.sequence.items.top; i++)
		if (add_weight(c, w, *i, above))
			return -1;
	return 0;
}

static int weigh_map(
	struct check *c, const yaml_node_t *node, int above, struct weight *w)
{
	const yaml_node_pair_t *i = node->data.mapping.pairs.start;

	for (; i < node->data.mapping.pairs.top; i++) {
		if (node_at(c->d, i->key)->node->type != YAML_SCALAR_NODE)
			return yaml_problem(c->p, node_at(c->d, i->key), "%s",
				_("a key has to be a text"));
		if (add_weight(c, w, i->key, above) || add_weight(c, w, i->value, above))
			return -1;
	}
	return 0;
}

/* What is known is not walked again, and what is too deep is refused: so this recursion ends. */
static int weigh(struct check *c, int id, int above)
{
	const struct yaml_node *at = node_at(c->d, id);
	const yaml_node_t *node = at->node;
	struct weight w = {node->type != YAML_SCALAR_NODE, 64};
	int failed = 0;

	if (above + (c->weights[id - 1].bytes ? c->weights[id - 1].depth : w.depth) >
		YAML_MAX_DEPTH)
		return yaml_problem(
			c->p, at, "%s", _("lists and maps are nested too deep"));
	if (c->weights[id - 1].bytes)
		return 0;
	if (node->type == YAML_SEQUENCE_NODE)
		failed = weigh_list(c, node, above + 1, &w);
	else if (node->type == YAML_MAPPING_NODE)
		failed = weigh_map(c, node, above + 1, &w);
	else if (memchr(node->data.scalar.value, 0, node->data.scalar.length))
		failed = yaml_problem(c->p, at, "%s", _("a text with a NUL in it"));
	else
		w.bytes += node->data.scalar.length;
	c->weights[id - 1] = w;
	return failed;
}

static int by_key(const void *a, const void *b)
{
	const struct yaml_node *const *x = a, *const *y = b;
	int order = strcmp((const char *)(*x)->node->data.scalar.value,
		(const char *)(*y)->node->data.scalar.value);

	if (order)
		return order;
	return (*x)->node->start_mark.index < (*y)->node->start_mark.index ? -1 : 1;
}

static int check_keys(const struct yaml_node *map, struct problems *p)
{
	size_t n = yaml_count(map);
	const struct yaml_node **keys = mem_new(n + 1, sizeof(*keys));
	int failed = 0;

	for (size_t i = 0; i < n; i++)
		keys[i] = yaml_key(map, i);
	qsort(keys, n, sizeof(*keys), by_key);
	for (size_t i = 1; i < n; i++) {
		const char *key = (const char *)keys[i]->node->data.scalar.value;

		if (strcmp((const char *)keys[i - 1]->node->data.scalar.value, key) != 0)
			continue;
		failed = yaml_problem(
			p, keys[i], _("the key '%s' stands here a second time"), key);
		problems_hint(p, _("the first is in line %d"), yaml_line(keys[i - 1]));
	}
	free(keys);
	return failed;
}

static int check_document(struct document *d, size_t n, struct problems *p)
{
	struct check c = {d, mem_new(n, sizeof(*c.weights)), p};
	int failed = weigh(&c, 1, 0);

	free(c.weights);
	if (failed)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (d->nodes[i].node->type == YAML_MAPPING_NODE &&
			check_keys(&d->nodes[i], p))
			failed = -1;
	return failed;
}

/* --- documents --- */

/* Takes libyaml's document. */
static int add_document(
	struct yaml_doc *doc, yaml_document_t *libyaml, struct problems *p)
{
	struct document *d = mem_new(1, sizeof(*d));
	size_t n = (size_t)(libyaml->nodes.top - libyaml->nodes.start);

	*mem_push(doc->items, doc->n, doc->cap) = d;
	d->libyaml = *libyaml;
	d->nodes = mem_new(n, sizeof(*d->nodes));
	for (size_t i = 0; i < n; i++)
		d->nodes[i] = (struct yaml_node){d, &d->libyaml.nodes.start[i]};
	return check_document(d, n, p);
}

static int load(struct yaml_doc *doc, const char *s, size_t n, struct problems *p)
{
	yaml_parser_t parser;
	yaml_document_t libyaml;
	bool end = false;
	int failed = 0;

	parser_open(&parser, s, n);
	while (!end && !failed) {
		if (!yaml_parser_load(&parser, &libyaml)) {
			failed = parser_problem(p, &parser, s, n);
			break;
		}
		end = !yaml_document_get_root_node(&libyaml);
		if (end)
			yaml_document_delete(&libyaml);
		else
			failed = add_document(doc, &libyaml, p);
	}
	yaml_parser_delete(&parser);
	return failed;
}

int yaml_parse(struct yaml_doc **out, const char *s, size_t n, struct problems *p)
{
	struct yaml_doc *doc;

	*out = NULL;
	if (n > YAML_MAX_BYTES)
		return problems_add(p, 0, 0, _("the file is larger than %zu MiB"),
			YAML_MAX_BYTES >> 20);
	if (survey(s, n, p))
		return -1;
	doc = mem_new(1, sizeof(*doc));
	if (load(doc, s, n, p)) {
		yaml_free(doc);
		return -1;
	}
	*out = doc;
	return 0;
}

void yaml_wipe(struct yaml_doc *doc)
{
	for (size_t i = 0; doc && i < doc->n; i++) {
		yaml_document_t *d = &doc->items[i]->libyaml;

		for (yaml_node_t *n = d->nodes.start; n < d->nodes.top; n++)
			if (n->type == YAML_SCALAR_NODE)
				mem_wipe(n->data.scalar.value, n->data.scalar.length);
	}
	yaml_free(doc);
}

void yaml_free(struct yaml_doc *doc)
{
	if (!doc)
		return;
	for (size_t i = 0; i < doc->n; i++) {
		yaml_document_delete(&doc->items[i]->libyaml);
		free(doc->items[i]->nodes);
		free(doc->items[i]);
	}
	free(doc->items);
	free(doc);
}

size_t yaml_documents(const struct yaml_doc *doc)
{
	return doc ? doc->n : 0;
}

const struct yaml_node *yaml_root(const struct yaml_doc *doc, size_t index)
{
	return index < yaml_documents(doc) ? &doc->items[index]->nodes[0] : NULL;
}

/* --- nodes --- */

static const yaml_node_t *in(const struct yaml_node *n, yaml_node_type_t type)
{
	return n && n->node->type == type ? n->node : NULL;
}

bool yaml_is_plain(const struct yaml_node *n)
{
	const yaml_node_t *node = in(n, YAML_SCALAR_NODE);

	return node && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
}

static bool is_null(const struct yaml_node *n)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL"};

	for (size_t i = 0; yaml_is_plain(n) && i < ARRAY_LEN(words); i++)
		if (!strcmp((const char *)n->node->data.scalar.value, words[i]))
			return true;
	return false;
}

enum yaml_type yaml_type(const struct yaml_node *n)
{
	if (in(n, YAML_SEQUENCE_NODE))
		return YAML_LIST;
	if (in(n, YAML_MAPPING_NODE))
		return YAML_MAP;
	if (is_null(n))
		return YAML_NULL;
	return n ? YAML_SCALAR : YAML_NONE;
}

int yaml_line(const struct yaml_node *n)
{
	return n ? (int)n->node->start_mark.line + 1 : 0;
}

int yaml_column(const struct yaml_node *n)
{
	return n ? (int)n->node->start_mark.column + 1 : 0;
}

const char *yaml_text(const struct yaml_node *n)
{
	return yaml_type(n) == YAML_SCALAR ? (const char *)n->node->data.scalar.value
					   : NULL;
}

size_t yaml_count(const struct yaml_node *n)
{
	const yaml_node_t *list = in(n, YAML_SEQUENCE_NODE),
			  *map = in(n, YAML_MAPPING_NODE);

	if (list)
		return (size_t)(list->data.sequence.items.top -
			list->data.sequence.items.start);
	return map ? (size_t)(map->data.mapping.pairs.top - map->data.mapping.pairs.start)
		   : 0;
}

const struct yaml_node *yaml_item(const struct yaml_node *list, size_t i)
{
	const yaml_node_t *node = in(list, YAML_SEQUENCE_NODE);

	if (!node || i >= yaml_count(list))
		return NULL;
	return node_at(list->document, node->data.sequence.items.start[i]);
}

const struct yaml_node *yaml_key(const struct yaml_node *map, size_t i)
{
	const yaml_node_t *node = in(map, YAML_MAPPING_NODE);

	if (!node || i >= yaml_count(map))
		return NULL;
	return node_at(map->document, node->data.mapping.pairs.start[i].key);
}

const struct yaml_node *yaml_value(const struct yaml_node *map, size_t i)
{
	const yaml_node_t *node = in(map, YAML_MAPPING_NODE);

	if (!node || i >= yaml_count(map))
		return NULL;
	return node_at(map->document, node->data.mapping.pairs.start[i].value);
}

const char *yaml_key_text(const struct yaml_node *map, size_t i)
{
	const struct yaml_node *key = yaml_key(map, i);

	return key ? (const char *)key->node->data.scalar.value : NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
	for (size_t i = 0; i < yaml_count(map); i++) {
		const char *name = yaml_key_text(map, i);

		if (name && !strcmp(name, key))
			return yaml_value(map, i);
	}
	return NULL;
}

int yaml_problem(struct problems *p, const struct yaml_node *n, const char *fmt, ...)
{
	va_list ap;
	char *text = NULL;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		bug("bad format '%s'", fmt);
	va_end(ap);
	problems_add(p, yaml_line(n), yaml_column(n), "%s", text);
	free(text);
	return -1;
}
