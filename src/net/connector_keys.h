/*
 * connector_keys.h - a connector's file while it is read: what its key tables fill, and who turns
 * that into the structures of connector.h; for connector_*.c alone
 */
#ifndef TOCSIN_CONNECTOR_KEYS_H
#define TOCSIN_CONNECTOR_KEYS_H

#include "net/connector.h"

/* One file while it is read. */
struct connector_reading {
	struct connector	*out;
	struct arena		*a;	/* out's */
	struct problems		*p;
};

/* The keys of a request, wherever one stands. */
struct request_keys {
	const struct yaml_node	*self, *path[HTTP_METHODS];
	const struct yaml_node	*query, *headers, *json, *form, *variables, *params;
	const char		*graphql, *rpc, *content_type;
	const struct yaml_node	*ok_status, *ok;
	bool			plain;
};

/* clang-format off */
#define KEY(type, name, kind, member, ...)                                                        \
	{.key = name, .want = kind, .offset = offsetof(type, member), __VA_ARGS__}

/* `params` is left out: an action has its own. */
#define REQUEST_FIELDS(type, member)                                                              \
	KEY(type, "", YAML_SELF, member.self),                                                     \
	KEY(type, "get", YAML_NODE, member.path[HTTP_GET]),                                        \
	KEY(type, "head", YAML_NODE, member.path[HTTP_HEAD]),                                      \
	KEY(type, "post", YAML_NODE, member.path[HTTP_POST]),                                      \
	KEY(type, "put", YAML_NODE, member.path[HTTP_PUT]),                                        \
	KEY(type, "patch", YAML_NODE, member.path[HTTP_PATCH]),                                    \
	KEY(type, "delete", YAML_NODE, member.path[HTTP_DELETE]),                                  \
	KEY(type, "query", YAML_NODE, member.query),                                               \
	KEY(type, "headers", YAML_NODE, member.headers),                                           \
	KEY(type, "json", YAML_NODE, member.json),                                                 \
	KEY(type, "form", YAML_NODE, member.form),                                                 \
	KEY(type, "graphql", YAML_TEXT, member.graphql),                                           \
	KEY(type, "variables", YAML_NODE, member.variables),                                       \
	KEY(type, "rpc", YAML_TEXT, member.rpc),                                                   \
	KEY(type, "content_type", YAML_TEXT, member.content_type),                                 \
	KEY(type, "ok_status", YAML_NODE, member.ok_status),                                       \
	KEY(type, "ok", YAML_NODE, member.ok),                                                     \
	KEY(type, "text", YAML_BOOL, member.plain)
#define RPC_FIELD(type, member) KEY(type, "params", YAML_NODE, member.params)
/* clang-format on */

/* Each adds its problems to r->p and goes on. */
void connector_read_request(struct connector_request *out, const struct request_keys *k,
	bool required, const struct connector_reading *r);
void connector_read_jq(struct jq *out, const struct yaml_node *node,
	const struct connector_reading *r);
void connector_read_pairs(struct pairs *out, const struct yaml_node *map,
	const struct connector_reading *r);
void connector_read_headers(struct pairs *out, const struct yaml_node *map,
	const struct connector_reading *r);	/* none with a secret in it */
void connector_read_statuses(struct statuses *out, const struct yaml_node *node,
	const struct connector_reading *r);
void connector_read_page(struct connector_page *out, const struct yaml_node *node,
	const struct connector_reading *r);
void connector_read_stages(struct connector_read *out, const struct yaml_node *node,
	const struct connector_reading *r);
void connector_read_read(const struct yaml_node *node, const struct connector_reading *r);
void connector_read_params(struct connector_action *act, const struct yaml_node *map,
	const struct connector_reading *r);
void connector_read_action(const struct yaml_node *node, const struct connector_reading *r);
void connector_read_options(const struct yaml_node *map, const struct yaml_node *env,
	const struct connector_reading *r);

/* A name for a variable that the engine does not bind itself. */
void connector_check_variable(const char *name, const struct yaml_node *at,
	const struct connector_reading *r);

/* "there is no WHAT named 'word'", with the nearest name as a hint. */
void connector_no_such(const struct connector_reading *r, int line, const char *fmt,
	const char *word, const char *const *names, size_t n);

/* A list, whose items go to fn one by one. */
typedef void connector_item_fn(const struct yaml_node *node, const struct connector_reading *r);
void connector_read_list(const struct yaml_node *list, connector_item_fn *fn,
	const struct connector_reading *r);

#endif
