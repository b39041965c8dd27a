/*
 * yaml.h - YAML, on libyaml, which is seen nowhere else
 *
 * Documents are read against a table of keys: unknown, duplicate, missing and mistyped keys are
 * all reported with line, column and the nearest name.
 */
#ifndef TOCSIN_YAML_H
#define TOCSIN_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"

struct yaml_doc;	/* one stream, one or more documents */
struct yaml_node;	/* borrowed: from the document */

enum yaml_type { YAML_NONE, YAML_NULL, YAML_SCALAR, YAML_LIST, YAML_MAP };

#define YAML_MAX_BYTES ((size_t)4 << 20)
#define YAML_MAX_DEPTH 64	/* of lists and maps, also through aliases */
#define YAML_MAX_ALIASES 10000
#define YAML_MAX_NODES 250000
#define YAML_MAX_EXPANDED_BYTES ((size_t)64 << 20)	/* with each alias written out */

/* libyaml exports a yaml_free() of its own, which ours would take the place of. */
#define yaml_free yaml_doc_free

/*
 * Problems (syntax, tabs, not UTF-8, duplicate keys, keys that are no text, what passes the limits
 * above) go to p; then -1 and *out is NULL.
 */
int yaml_parse(struct yaml_doc **out, const char *s, size_t n, struct problems *p);
void yaml_free(struct yaml_doc *doc);
void yaml_wipe(struct yaml_doc *doc);	/* overwrites its texts, then frees */
size_t yaml_documents(const struct yaml_doc *doc);
const struct yaml_node *yaml_root(const struct yaml_doc *doc, size_t index);

enum yaml_type yaml_type(const struct yaml_node *n);	/* NULL: YAML_NONE */
int yaml_line(const struct yaml_node *n);
int yaml_column(const struct yaml_node *n);
const char *yaml_text(const struct yaml_node *n);	/* a scalar as written; else, and null: NULL */
bool yaml_is_plain(const struct yaml_node *n);		/* not quoted, not a block */
size_t yaml_count(const struct yaml_node *n);
const struct yaml_node *yaml_item(const struct yaml_node *list, size_t i);
const struct yaml_node *yaml_key(const struct yaml_node *map, size_t i);
const struct yaml_node *yaml_value(const struct yaml_node *map, size_t i);
const char *yaml_key_text(const struct yaml_node *map, size_t i);	/* also of a key `null` */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* The core schema's view: null, true/false, numbers, else text. */
struct json *yaml_to_json(const struct yaml_node *n);

/* --- the key table --- */

enum yaml_want {
	YAML_WANT_NONE,
	YAML_TEXT,	/* const char *, from the arena */
	YAML_BOOL,	/* bool */
	YAML_INT,	/* int64_t, within min..max when max > min */
	YAML_REAL,	/* double, likewise */
	YAML_DURATION,	/* int64_t ns */
	YAML_SIZE,	/* int64_t bytes: 512, 10KB, 2GB (powers of 1000), 2GiB */
	YAML_CHOICE,	/* int: index into choices */
	YAML_TEXTS,	/* struct yaml_texts: a list of scalars, or one scalar */
	YAML_NODE,	/* const struct yaml_node *: any, read by the caller */
	YAML_SUB,	/* an embedded struct, read with sub */
	YAML_SUBS,	/* struct yaml_subs: a list of structs of sub_size, read with sub */
	YAML_SELF,	/* const struct yaml_node *: the map itself, for later problems; key "" */
};

struct yaml_texts {
	const char	**items;
	size_t		n;
};

struct yaml_subs {
	void	*items;	/* array of structs in the arena */
	size_t	n;
};

enum yaml_key_flags { YAML_REQUIRED = 1 };

struct yaml_field {
	const char		*key;		/* NULL ends the table */
	enum yaml_want		want;
	size_t			offset;		/* into the struct */
	unsigned		flags;
	const char *const	*choices;	/* NULL-terminated */
	double			min, max;
	const struct yaml_field	*sub;
	size_t			sub_size;
	const char		*help;		/* N_(), for the manual */
};

/*
 * Fill the struct at out from map by fields.  Keys that are absent or null leave what is there, so
 * the caller sets defaults first; items of YAML_SUBS begin zeroed.  map NULL or null is an empty
 * map.  Returns -1 when anything was added to p.
 */
int yaml_read(void *out, const struct yaml_node *map, const struct yaml_field *fields,
	struct arena *a, struct problems *p);

/* problems_add() at the node's place; returns -1. */
int yaml_problem(struct problems *p, const struct yaml_node *n, const char *fmt, ...) PRINTF(3, 4);

/* Quote s as a YAML scalar when it needs it (for writing configuration). */
void yaml_quote(struct strbuf *out, const char *s);

#endif
