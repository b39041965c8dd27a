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
	KEY(type, "get", YAML_NODE, member.path[HTTP_GET],                                         \
		.help = N_("the path; this or one of the next is the request")),                   \
	KEY(type, "head", YAML_NODE, member.path[HTTP_HEAD], .help = N_("the path")),              \
	KEY(type, "post", YAML_NODE, member.path[HTTP_POST], .help = N_("the path")),              \
	KEY(type, "put", YAML_NODE, member.path[HTTP_PUT], .help = N_("the path")),                \
	KEY(type, "patch", YAML_NODE, member.path[HTTP_PATCH], .help = N_("the path")),            \
	KEY(type, "delete", YAML_NODE, member.path[HTTP_DELETE],                                   \
		.help = N_("the path")),                                                           \
	KEY(type, "query", YAML_NODE, member.query,                                                \
		.help = N_("a map of parameters; $name is a value, left out when it is null")),    \
	KEY(type, "headers", YAML_NODE, member.headers, .help = N_("a map, likewise")),            \
	KEY(type, "json", YAML_NODE, member.json, .help = N_("jq on null: the body")),             \
	KEY(type, "form", YAML_NODE, member.form,                                                  \
		.help = N_("a map of fields: an urlencoded body")),                                \
	KEY(type, "graphql", YAML_TEXT, member.graphql,                                            \
		.help = N_("the text of a GraphQL query; it fails when the answer has errors")),   \
	KEY(type, "variables", YAML_NODE, member.variables,                                        \
		.help = N_("jq on null: the variables of a GraphQL query")),                       \
	KEY(type, "rpc", YAML_TEXT, member.rpc,                                                    \
		.help = N_("the method of a JSON-RPC 2.0 call; it fails when the answer has an error")), \
	KEY(type, "content_type", YAML_TEXT, member.content_type,                                  \
		.help = N_("of the body, instead of what the body implies")),                      \
	KEY(type, "ok_status", YAML_NODE, member.ok_status,                                        \
		.help = N_("a list of statuses that are fine besides 2xx")),                       \
	KEY(type, "ok", YAML_NODE, member.ok,                                                      \
		.help = N_("jq on the answer: false or null says that it failed")),                \
	KEY(type, "text", YAML_BOOL, member.plain,                                                 \
		.help = N_("the answer is plain text: the programs get a string"))
#define RPC_FIELD(type, member)                                                                    \
	KEY(type, "params", YAML_NODE, member.params,                                              \
		.help = N_("jq on null: the parameters of a JSON-RPC call"))
/* clang-format on */

/* The tables of keys, for the manual; each ends as yaml_field tables do. */
extern const struct yaml_field connector_action_fields[], connector_before_fields[],
	connector_binding_fields[], connector_choices_fields[], connector_copy_fields[],
	connector_dry_fields[], connector_env_fields[], connector_file_fields[],
	connector_follow_fields[], connector_reason_fields[],
	connector_lookup_fields[], connector_option_fields[], connector_page_fields[],
	connector_param_fields[], connector_probe_fields[], connector_rate_fields[],
	connector_read_fields[], connector_refusal_fields[], connector_stage_fields[],
	connector_verified_fields[], connector_wait_fields[];

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
void connector_read_lookups(struct connector_lookup **out, size_t *n, const struct yaml_node *list,
	const struct connector_reading *r);
void connector_read_follow(struct connector_follow *out, const struct yaml_node *node,
	const struct connector_reading *r);

/* The action that another one names, with its parameters. */
struct binding_keys {
	const char		*action;
	const struct yaml_node	*with;
};

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
