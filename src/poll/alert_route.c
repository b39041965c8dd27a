#include "config.h"
#include "poll/alert_route.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/digest.h"
#include "core/mem.h"
#include "core/yaml.h"

enum { DEPTH_MAX = 32, ROUTES_MAX = 5000 };

struct route {
	const char *key, *receiver; /* arena */
	struct yaml_texts group_by; /* arena */
};

struct route_tree {
	struct arena arena;
	struct route *routes;
	size_t n, cap;
};

/* What a route inherits. */
struct parent {
	const char *key, *receiver;
	struct yaml_texts group_by;
	int depth;
};

/* --- the matchers of a route, as its key has them --- */

struct matcher {
	const char *name, *value; /* arena */
	int type; /* index of operators */
};

static const char *const operators[] = {"=", "!=", "=~", "!~"};

struct matchers {
	struct matcher *items; /* arena */
	size_t n, cap;
};

static int by_name(const void *a, const void *b)
{
	const struct matcher *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	if (!order)
		order = strcmp(x->value, y->value);
	return order ? order : x->type - y->type;
}

static char *trimmed(struct arena *a, const char *s, size_t n)
{
	while (n && strchr(" \t\r\n", s[0]))
		s++, n--;
	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	return arena_strndup(a, s, n);
}

/* "\"a\\\"b\"" without its quotes and escapes. */
static void unquote(char *s)
{
	size_t n = strlen(s), to = 0;

	if (n < 2 || s[0] != '"' || s[n - 1] != '"')
		return;
	for (size_t i = 1; i < n - 1; i++) {
		char c = s[i];

		if (c == '\\' && i + 1 < n - 1) {
			c = s[++i];
			c = c == 'n' ? '\n' : c;
		}
		s[to++] = c;
	}
	s[to] = '\0';
}

/* One of "name op value"; false: it is none. */
static bool add_matcher(struct matchers *to, struct arena *a, const char *s, size_t n)
{
	size_t at = 0;
	struct matcher m;
	char *name, *value;

	while (at < n && s[at] != '=' && s[at] != '!')
		at++;
	if (at + 1 > n || (s[at] == '!' && (at + 1 >= n || !strchr("=~", s[at + 1]))))
		return false;
	m.type = s[at] == '!'                    ? (s[at + 1] == '~' ? 3 : 1)
		: at + 1 < n && s[at + 1] == '~' ? 2
						 : 0;
	name = trimmed(a, s, at);
	at += m.type ? 2 : 1;
	value = trimmed(a, s + at, n - at);
	unquote(name);
	unquote(value);
	m.name = name;
	m.value = value;
	*arena_push(a, to->items, to->n, to->cap) = m;
	return *name != '\0';
}

/* The end of the first of "a=\"b,c\",d=e": at a comma that is in no quotes. */
static size_t piece(const char *s)
{
	bool quoted = false;
	size_t i = 0;

	for (; s[i] && (quoted || s[i] != ','); i++) {
		if (s[i] == '\\' && s[i + 1])
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
	}
	return i;
}

static bool add_text(struct matchers *to, struct arena *a, const char *text)
{
	char *inner = trimmed(a, text, strlen(text));
	size_t n = strlen(inner);

	if (n >= 2 && inner[0] == '{' && inner[n - 1] == '}') {
		inner[n - 1] = '\0';
		inner++;
	}
	while (*inner) {
		size_t end = piece(inner);

		if (strspn(inner, " \t") < end && !add_matcher(to, a, inner, end))
			return false;
		inner += end + (inner[end] == ',');
	}
	return true;
}

static void add_map(
	struct matchers *to, struct arena *a, const struct yaml_node *map, int type)
{
	for (size_t i = 0; yaml_type(map) == YAML_MAP && i < yaml_count(map); i++) {
		const char *value = yaml_text(yaml_value(map, i));

		*arena_push(a, to->items, to->n, to->cap) =
			(struct matcher){arena_strdup(a, yaml_key_text(map, i)),
				arena_strdup(a, value ? value : ""), type};
	}
}

/* As OpenMetrics writes a label's value. */
static void escape(struct strbuf *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			strbuf_adds(out, "\\n");
		else if (*s == '"' || *s == '\\')
			strbuf_addf(out, "\\%c", *s);
		else
			strbuf_addc(out, *s);
	}
}

static bool route_matchers(
	struct strbuf *out, struct arena *a, const struct yaml_node *node)
{
	const struct yaml_node *list = yaml_get(node, "matchers");
	struct matchers all = {0};

	add_map(&all, a, yaml_get(node, "match"), 0);
	add_map(&all, a, yaml_get(node, "match_re"), 2);
	if (yaml_text(list) && !add_text(&all, a, yaml_text(list)))
		return false;
	for (size_t i = 0; yaml_type(list) == YAML_LIST && i < yaml_count(list); i++)
		if (!yaml_text(yaml_item(list, i)) ||
			!add_text(&all, a, yaml_text(yaml_item(list, i))))
			return false;
	if (all.n)
		qsort(all.items, all.n, sizeof(*all.items), by_name);
	strbuf_addc(out, '{');
	for (size_t i = 0; i < all.n; i++) {
		strbuf_addf(out, "%s%s%s\"", i ? "," : "", all.items[i].name,
			operators[all.items[i].type]);
		escape(out, all.items[i].value);
		strbuf_addc(out, '"');
	}
	strbuf_addc(out, '}');
	return true;
}

/* --- the tree --- */

static struct yaml_texts texts_of(struct arena *a, const struct yaml_node *list)
{
	struct yaml_texts out = {0};

	out.items = arena_alloc(a, yaml_count(list) + 1, sizeof(*out.items));
	for (size_t i = 0; i < yaml_count(list); i++)
		if (yaml_text(yaml_item(list, i)))
			out.items[out.n++] =
				arena_strdup(a, yaml_text(yaml_item(list, i)));
	return out;
}

static void walk(
	struct route_tree *t, const struct yaml_node *node, const struct parent *above)
{
	const struct yaml_node *below = yaml_get(node, "routes");
	const char *receiver = yaml_text(yaml_get(node, "receiver"));
	struct strbuf key = STRBUF_INIT;
	struct parent own = *above;

	if (above->key)
		strbuf_addf(&key, "%s/", above->key);
	/* The key of what cannot be read is not known, nor of what is below it. */
	if (above->depth < DEPTH_MAX && t->n < ROUTES_MAX &&
		route_matchers(&key, &t->arena, node)) {
		own.key = arena_strdup(&t->arena, key.buf);
		own.depth++;
		if (receiver)
			own.receiver = arena_strdup(&t->arena, receiver);
		if (yaml_type(yaml_get(node, "group_by")) == YAML_LIST)
			own.group_by = texts_of(&t->arena, yaml_get(node, "group_by"));
		*arena_push(&t->arena, t->routes, t->n, t->cap) =
			(struct route){own.key, own.receiver, own.group_by};
		for (size_t i = 0; yaml_type(below) == YAML_LIST && i < yaml_count(below);
			i++)
			walk(t, yaml_item(below, i), &own);
	}
	strbuf_release(&key);
}

struct route_tree *route_tree_parse(const char *config)
{
	struct route_tree *t = mem_new(1, sizeof(*t));
	struct yaml_doc *doc = NULL;
	struct problems p;

	arena_init(&t->arena);
	problems_init(&p, NULL);
	if (config && !yaml_parse(&doc, config, strlen(config), &p) &&
		yaml_type(yaml_get(yaml_root(doc, 0), "route")) == YAML_MAP)
		walk(t, yaml_get(yaml_root(doc, 0), "route"), &(struct parent){0});
	yaml_free(doc);
	problems_release(&p);
	return t;
}

void route_tree_free(struct route_tree *t)
{
	if (!t)
		return;
	arena_release(&t->arena);
	free(t);
}

/* --- a group --- */

static bool has_text(const struct yaml_texts *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->items[i], text))
			return true;
	return false;
}

static bool groups_by(const struct route *route, const struct json *labels)
{
	if (has_text(&route->group_by, "..."))
		return true;
	json_each (label, labels)
		if (!has_text(&route->group_by, json_key(label)))
			return false;
	return true;
}

static int by_key(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp(json_key(*x), json_key(*y));
}

static void add_labels(struct strbuf *out, const struct json *labels)
{
	const struct json **items = mem_new(json_count(labels) + 1, sizeof(*items));
	size_t n = 0;

	json_each (label, labels)
		items[n++] = label;
	if (n)
		qsort(items, n, sizeof(*items), by_key);
	strbuf_addc(out, '{');
	for (size_t i = 0; i < n; i++) {
		strbuf_addf(out, "%s%s=\"", i ? ", " : "", json_key(items[i]));
		escape(out, json_text(items[i]) ? json_text(items[i]) : "");
		strbuf_addc(out, '"');
	}
	strbuf_addc(out, '}');
	free(items);
}

bool route_group_key(struct strbuf *out, const struct route_tree *t, const char *receiver,
	const struct json *labels)
{
	const char *key = NULL;

	for (size_t i = 0; receiver && i < t->n; i++) {
		const struct route *route = &t->routes[i];

		if (!route->receiver || strcmp(route->receiver, receiver) != 0 ||
			!groups_by(route, labels))
			continue;
		if (key && strcmp(key, route->key) != 0)
			return false;
		key = route->key;
	}
	if (!key)
		return false;
	strbuf_addf(out, "%s:", key);
	add_labels(out, labels);
	return true;
}

bool route_dedup_key(struct strbuf *out, const struct route_tree *t, const char *receiver,
	const struct json *labels)
{
	struct strbuf name = STRBUF_INIT;
	struct digest d;
	bool known = route_group_key(&name, t, receiver, labels);

	if (known) {
		d = digest_of(name.buf, name.len);
		digest_hex(out, &d);
	}
	strbuf_release(&name);
	return known;
}
