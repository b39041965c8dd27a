#include "config.h"

#include "trace/attrs_flat.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A key with more parts than this keeps the rest in one piece. */
#define MAX_PARTS 12

struct leaf {
	const char *parts[MAX_PARTS]; /* into copy, ended by NUL */
	size_t n;
	const struct attr *attr;
};

static bool is_number(const char *s)
{
	return *s && strspn(s, "0123456789") == strlen(s);
}

/* Numbers as numbers: .10. comes after .2. */
static int compare_parts(const char *x, const char *y)
{
	if (is_number(x) && is_number(y)) {
		x += strspn(x, "0");
		y += strspn(y, "0");
		if (strlen(x) != strlen(y))
			return strlen(x) < strlen(y) ? -1 : 1;
	}
	return strcmp(x, y);
}

static int by_parts(const void *a, const void *b)
{
	const struct leaf *x = a, *y = b;

	for (size_t i = 0; i < x->n && i < y->n; i++) {
		int order = compare_parts(x->parts[i], y->parts[i]);

		if (order)
			return order;
	}
	return x->n < y->n ? -1 : x->n > y->n;
}

static void split(
	struct leaf *leaf, struct arena *a, const struct attr *attr, size_t skip)
{
	char *rest = arena_strdup(a, attr->key + skip);

	leaf->attr = attr;
	while (leaf->n < MAX_PARTS) {
		leaf->parts[leaf->n++] = rest;
		rest = strchr(rest, '.');
		if (!rest || leaf->n == MAX_PARTS)
			break;
		*rest++ = '\0';
	}
}

static void add_leaf(struct json *to, const char *key, const struct attr *attr)
{
	if (attr->any)
		any_add(to, key, attr->value);
	else
		json_add(to, key, json_copy(attr->value));
}

static size_t end_of_group(
	const struct leaf *leaves, size_t from, size_t to, size_t depth)
{
	size_t i = from + 1;

	while (i < to && leaves[i].n > depth && leaves[from].n > depth &&
		strcmp(leaves[i].parts[depth], leaves[from].parts[depth]) == 0)
		i++;
	return i;
}

static bool all_numbers(const struct leaf *leaves, size_t from, size_t to, size_t depth)
{
	for (size_t i = from; i < to; i++) {
		if (leaves[i].n <= depth || !is_number(leaves[i].parts[depth]))
			return false;
	}
	return true;
}

/* "message" and "document" only wrap what they hold. */
static bool wraps(const struct leaf *leaves, size_t from, size_t to, size_t depth)
{
	const char *name = leaves[from].n > depth + 1 ? leaves[from].parts[depth] : "";

	return (strcmp(name, "message") == 0 || strcmp(name, "document") == 0 ||
		       strcmp(name, "tool_call") == 0 ||
		       strcmp(name, "message_content") == 0) &&
		end_of_group(leaves, from, to, depth) == to;
}

/* Fill `to` with leaves [from, to_leaf), which agree on their first `depth` parts. */
static void build(
	struct json *to, const struct leaf *leaves, size_t from, size_t end, size_t depth)
{
	bool list = json_type(to) == JSON_ARRAY;

	while (from < end) {
		size_t next = end_of_group(leaves, from, end, depth), inner = depth + 1;
		const char *key = list ? NULL : leaves[from].parts[depth];

		if (leaves[from].n == depth + 1) {
			/* "a" beside "a.b": the value wins, the rest follows as it is. */
			add_leaf(to, key, leaves[from].attr);
			next = from + 1;
		} else {
			if (wraps(leaves, from, next, inner))
				inner++;
			build(all_numbers(leaves, from, next, inner)
					? json_add_array(to, key)
					: json_add_object(to, key),
				leaves, from, next, inner);
		}
		from = next;
	}
}

const char *attrs_unflatten(const struct attrs *at, const char *prefix, struct arena *a)
{
	size_t skip = strlen(prefix), n = 0;
	struct leaf *leaves = mem_new(at->n + 1, sizeof(*leaves));
	struct strbuf text = STRBUF_INIT;
	const char *result = NULL;
	struct json *root;

	for (size_t i = 0; i < at->n; i++) {
		if (strncmp(at->items[i].key, prefix, skip) == 0 &&
			isdigit((unsigned char)at->items[i].key[skip]))
			split(&leaves[n++], a, &at->items[i], skip);
	}
	if (n > 0) {
		qsort(leaves, n, sizeof(*leaves), by_parts);
		root = all_numbers(leaves, 0, n, 0) ? json_array() : json_object();
		build(root, leaves, 0, n, 0);
		json_format(&text, root, false);
		result = arena_strdup(a, text.buf);
		json_free(root);
	}
	strbuf_release(&text);
	free(leaves);
	return result;
}
