#include "config.h"

#include "model/auth_conf.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "core/path.h"

/* One `auth:` while it is read. */
struct auth_reading {
	const struct yaml_node *node; /* the kind's map */
	const char *dir;
	struct arena *a;
	struct problems *p;
	bool wrong;
};

/* Whatever any kind may say; each kind's table names its own. */
struct auth_keys {
	const struct yaml_node *user, *password, *value, *client_secret, *access_key,
		*secret_key, *session_token, *json, *form, *expires;
	const char *name, *get, *post, *put, *token, *header, *prefix;
	struct oauth2_conf oauth2;
	struct sigv4_conf sigv4;
	struct gcp_conf gcp;
	struct kube_conf kube;
	int send;
};

static const char *const send_words[] = {"basic", "body", NULL};

/* clang-format off */
#define KEY(name, kind, member, ...) \
	{.key = name, .want = kind, .offset = offsetof(struct auth_keys, member), __VA_ARGS__}
#define NEED .flags = YAML_REQUIRED

static const struct yaml_field basic_fields[] = {
	KEY("user", YAML_NODE, user, NEED),
	KEY("password", YAML_NODE, password, NEED),
	{0},
};

static const struct yaml_field named_fields[] = {
	KEY("name", YAML_TEXT, name, NEED),
	KEY("value", YAML_NODE, value, NEED),
	{0},
};

static const struct yaml_field user_fields[] = {
	KEY("user", YAML_NODE, user),
	KEY("password", YAML_NODE, password),
	{0},
};

static const struct yaml_field oauth2_fields[] = {
	KEY("token_url", YAML_TEXT, oauth2.token_url, NEED),
	KEY("client_id", YAML_TEXT, oauth2.client_id, NEED),
	KEY("client_secret", YAML_NODE, client_secret, NEED),
	KEY("scope", YAML_TEXT, oauth2.scope),
	KEY("audience", YAML_TEXT, oauth2.audience),
	KEY("send", YAML_CHOICE, send, .choices = send_words),
	{0},
};

static const struct yaml_field sigv4_fields[] = {
	KEY("region", YAML_TEXT, sigv4.region),
	KEY("service", YAML_TEXT, sigv4.service),
	KEY("profile", YAML_TEXT, sigv4.profile),
	KEY("access_key", YAML_NODE, access_key),
	KEY("secret_key", YAML_NODE, secret_key),
	KEY("session_token", YAML_NODE, session_token),
	{0},
};

static const struct yaml_field gcp_fields[] = {
	KEY("file", YAML_TEXT, gcp.file),
	KEY("scope", YAML_TEXT, gcp.scope),
	KEY("metadata", YAML_BOOL, gcp.metadata),
	{0},
};

static const struct yaml_field kube_fields[] = {
	KEY("file", YAML_TEXT, kube.file),
	KEY("context", YAML_TEXT, kube.context),
	KEY("in_cluster", YAML_BOOL, kube.in_cluster),
	{0},
};

static const struct yaml_field rule_fields[] = {
	KEY("get", YAML_TEXT, get),
	KEY("post", YAML_TEXT, post),
	KEY("put", YAML_TEXT, put),
	KEY("json", YAML_NODE, json),
	KEY("form", YAML_NODE, form),
	KEY("token", YAML_TEXT, token, NEED),
	KEY("expires", YAML_NODE, expires),
	KEY("header", YAML_TEXT, header),
	KEY("prefix", YAML_TEXT, prefix),
	{0},
};

static const struct yaml_field sigv4_default_fields[] = {
	KEY("region", YAML_TEXT, sigv4.region),
	KEY("service", YAML_TEXT, sigv4.service, NEED),
	{0},
};

static const struct yaml_field gcp_default_fields[] = {
	KEY("scope", YAML_TEXT, gcp.scope),
	{0},
};

static const struct yaml_field empty_fields[] = {
	{0},
};

/* The kinds, and the keys of each for a source and for a connector; none: not there. */
struct kind_row {
	const char *kind;
	const struct yaml_field *fields, *default_fields;
};

static const struct kind_row kinds[] = {
	{"bearer", empty_fields, NULL}, /* the secret itself */
	{"basic", basic_fields, NULL},
	{"header", named_fields, NULL},
	{"query", named_fields, NULL},
	{"login", user_fields, rule_fields},
	{"oauth2", oauth2_fields, NULL},
	{"oci", user_fields, empty_fields},
	{"sigv4", sigv4_fields, sigv4_default_fields},
	{"gcp", gcp_fields, gcp_default_fields},
	{"kube", kube_fields, kube_fields},
};
/* clang-format on */

bool secret_ref_is_set(const struct secret_ref *ref)
{
	return ref->env || ref->file || ref->cmd.n;
}

bool auth_is_token(const char *name)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789!#$%&'*+-.^_`|~";

	return *name && strspn(name, letters) == strlen(name);
}

static const struct yaml_node *place(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n ? n : map;
}

static void complain(
	struct auth_reading *r, const struct yaml_node *at, const char *sentence)
{
	yaml_problem(r->p, at, "%s", sentence);
	r->wrong = true;
}

static const char *file_path(const struct auth_reading *r, const char *file)
{
	char *full = file ? path_expand(file, r->dir) : NULL;
	const char *out = arena_strdup(r->a, full);

	free(full);
	return out;
}

struct secret_keys {
	const char *env, *file;
	struct yaml_texts cmd;
};

static bool is_given(const char *text)
{
	return text && *text;
}

/* A secret is a reference; what stands in the file itself is refused, and not repeated. */
static void read_secret(
	struct auth_reading *r, struct secret_ref *out, const struct yaml_node *node)
{
	/* clang-format off */
	static const struct yaml_field fields[] = {
		{.key = "env", .want = YAML_TEXT, .offset = offsetof(struct secret_keys, env)},
		{.key = "file", .want = YAML_TEXT, .offset = offsetof(struct secret_keys, file)},
		{.key = "cmd", .want = YAML_TEXTS, .offset = offsetof(struct secret_keys, cmd)},
		{0},
	};
	/* clang-format on */
	struct secret_keys k = {0};

	if (yaml_type(node) != YAML_MAP) {
		complain(r, node, _("a secret does not stand in this file"));
		problems_hint(r->p, "%s",
			_("refer to it: {env: NAME}, {file: PATH} or {cmd: [PROGRAM, "
			  "...]}"));
		return;
	}
	if (yaml_read(&k, node, fields, r->a, r->p)) {
		r->wrong = true;
		return;
	}
	if (is_given(k.env) + is_given(k.file) + (k.cmd.n && *k.cmd.items[0]) != 1 ||
		!!k.env + !!k.file + !!k.cmd.n != 1) {
		complain(r, node, _("a secret is exactly one of env, file and cmd"));
		return;
	}
	*out = (struct secret_ref){k.env, file_path(r, k.file), k.cmd};
}

/* What is public may stand there as it is. */
static void read_public(struct auth_reading *r, const char **text, struct secret_ref *ref,
	const struct yaml_node *node)
{
	if (!node)
		return;
	if (yaml_text(node))
		*text = arena_strdup(r->a, yaml_text(node));
	else
		read_secret(r, ref, node);
}

static void read_optional(
	struct auth_reading *r, struct secret_ref *out, const struct yaml_node *node)
{
	if (node)
		read_secret(r, out, node);
}

/* --- a connector's login --- */

static void read_form(
	struct auth_reading *r, struct login_conf *out, const struct yaml_node *form)
{
	size_t n = yaml_count(form);

	if (yaml_type(form) != YAML_MAP) {
		complain(r, form, _("a map of names to values is expected here"));
		return;
	}
	out->form_names = arena_alloc(r->a, n + 1, sizeof(*out->form_names));
	out->form_values = arena_alloc(r->a, n + 1, sizeof(*out->form_values));
	for (size_t i = 0; i < n; i++) {
		const char *value = yaml_text(yaml_value(form, i));

		if (!value) {
			complain(r, yaml_value(form, i), _("a text is expected here"));
			continue;
		}
		out->form_names[out->n_form] = arena_strdup(r->a, yaml_key_text(form, i));
		out->form_values[out->n_form++] = arena_strdup(r->a, value);
	}
}

/*
 * `json: '{username: $user}'` is read as YAML, whose maps in braces are written as jq's objects
 * are: a password never reaches the jq worker.
 */
static void read_template(
	struct auth_reading *r, struct login_conf *out, const struct yaml_node *node)
{
	const char *text = yaml_text(node);
	struct strbuf json = STRBUF_INIT;
	struct yaml_doc *doc = NULL;
	struct problems inner;
	struct json *tree;

	problems_init(&inner, NULL);
	if (text && !yaml_parse(&doc, text, strlen(text), &inner))
		node = yaml_root(doc, 0);
	if (yaml_type(node) != YAML_MAP && yaml_type(node) != YAML_LIST) {
		complain(r, node,
			_("the json of a login is an object of texts, such as "
			  "{username: $user, password: $password}"));
	} else {
		tree = yaml_to_json(node);
		json_format(&json, tree, false);
		out->json = arena_strdup(r->a, json.buf);
		json_free(tree);
	}
	strbuf_release(&json);
	problems_release(&inner);
	yaml_free(doc);
}

static void read_rule(
	struct auth_reading *r, struct login_conf *out, const struct auth_keys *k)
{
	const char *expires = yaml_text(k->expires);

	if (!!k->get + !!k->post + !!k->put != 1)
		complain(r, r->node, _("a login has exactly one of get, post and put"));
	if (k->json && k->form)
		complain(r, place(r->node, "form"),
			_("a login has json or form, not both"));
	if (*k->token != '.')
		complain(r, place(r->node, "token"),
			_("a place in an answer is written .name or .name.name"));
	if (expires && *expires != '.' && strcmp(expires, "jwt") &&
		strspn(expires, "0123456789") != strlen(expires))
		complain(r, k->expires,
			_("expires is jwt, a number of seconds, or a place such as "
			  ".expires_in"));
	if (k->header && !auth_is_token(k->header))
		yaml_problem(r->p, place(r->node, "header"),
			_("'%s' cannot be a header's name"), k->header);
	*out = (struct login_conf){
		.method = k->get ? "GET"
			: k->put ? "PUT"
				 : "POST",
		.path = k->get   ? k->get
			: k->put ? k->put
				 : k->post,
		.token = k->token,
		.expires = arena_strdup(r->a, expires),
		.header = k->header ? k->header : "Authorization",
		.prefix = k->prefix ? k->prefix
			: k->header ? ""
				    : "Bearer ",
	};
	if (k->json)
		read_template(r, out, k->json);
	if (k->form)
		read_form(r, out, k->form);
}

/* --- one kind --- */

static void check_pairs(struct auth_reading *r, const struct auth_keys *k)
{
	if (!k->user != !k->password)
		complain(r, r->node, _("user and password come together"));
	if (!k->access_key != !k->secret_key)
		complain(r, r->node, _("access_key and secret_key come together"));
	if (k->session_token && !k->secret_key)
		complain(r, place(r->node, "session_token"),
			_("a session_token belongs to an access_key"));
	if (k->gcp.file && k->gcp.metadata)
		complain(r, r->node, _("gcp has file or metadata, not both"));
	if (k->kube.in_cluster && (k->kube.file || k->kube.context))
		complain(r, place(r->node, "in_cluster"),
			_("in_cluster needs no file and no context"));
}

static void take(struct auth_reading *r, struct auth_conf *out, const struct auth_keys *k)
{
	check_pairs(r, k);
	if (k->name && !auth_is_token(k->name))
		yaml_problem(r->p, place(r->node, "name"),
			_("'%s' cannot be a name here"), k->name);
	out->name = k->name;
	out->oauth2 = k->oauth2;
	out->oauth2.in_body = k->send == 1;
	out->sigv4 = k->sigv4;
	out->gcp = k->gcp;
	out->gcp.file = file_path(r, k->gcp.file);
	out->kube = k->kube;
	out->kube.file = file_path(r, k->kube.file);
	read_public(r, &out->user, &out->user_secret, k->user);
	read_public(
		r, &out->sigv4.access_key, &out->sigv4.access_key_secret, k->access_key);
	read_optional(r, &out->secret, k->password);
	read_optional(r, &out->secret, k->value);
	read_optional(r, &out->secret, k->client_secret);
	read_optional(r, &out->secret, k->secret_key);
	read_optional(r, &out->sigv4.session_token, k->session_token);
}

static void read_kind(struct auth_reading *r, struct auth_conf *out,
	const struct kind_row *row, const struct yaml_field *fields)
{
	struct auth_keys k = {0};

	out->kind = row->kind;
	if (fields == empty_fields && row->default_fields == NULL) {
		read_secret(r, &out->secret, r->node);
		return;
	}
	if (yaml_read(&k, r->node, fields, r->a, r->p)) {
		r->wrong = true;
		return;
	}
	if (fields == rule_fields)
		read_rule(r, &out->login, &k);
	else
		take(r, out, &k);
}

/* The tables of kinds as a table of keys, so that a wrong name is told with the nearest. */
static int read_any(struct auth_reading *r, struct auth_conf *out,
	const struct yaml_node *node, bool by_default)
{
	struct yaml_field fields[ARRAY_LEN(kinds) + 1] = {{0}};
	const struct yaml_node *nodes[ARRAY_LEN(kinds)] = {NULL};
	size_t n = 0, given = 0, which = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (by_default && !kinds[i].default_fields)
			continue;
		fields[n++] = (struct yaml_field){.key = kinds[i].kind,
			.want = YAML_NODE,
			.offset = i * sizeof(*nodes)};
	}
	if (yaml_read(nodes, node, fields, r->a, r->p))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (nodes[i]) {
			which = i;
			given++;
		}
	}
	if (given != 1) {
		complain(r, node, _("auth names exactly one kind of authentication"));
		problems_hint(r->p, "%s",
			_("such as auth: {bearer: {env: NAME}}, or auth: {kube: {}}"));
		return -1;
	}
	r->node = nodes[which];
	read_kind(r, out, &kinds[which],
		by_default ? kinds[which].default_fields : kinds[which].fields);
	return r->wrong ? -1 : 0;
}

int auth_conf_read(struct auth_conf *out, const struct yaml_node *node, const char *dir,
	struct arena *a, struct problems *p)
{
	struct auth_reading r = {.dir = dir, .a = a, .p = p};

	if (!node)
		return 0;
	if (yaml_text(node)) {
		complain(&r, node, _("a secret does not stand in this file"));
		problems_hint(p, "%s", _("refer to it: auth: {bearer: {env: NAME}}"));
		return -1;
	}
	return read_any(&r, out, node, false);
}

int auth_conf_read_default(struct auth_conf *out, const struct yaml_node *node,
	struct arena *a, struct problems *p)
{
	struct auth_reading r = {.dir = "/", .a = a, .p = p};

	return node ? read_any(&r, out, node, true) : 0;
}

/* --- a source's and its connector's --- */

static const char *option_text(
	const char *text, const struct json *options, struct arena *a)
{
	const char *value;

	if (!text || *text != '$')
		return text;
	value = json_text(json_get(options, text + 1));
	return value && *value ? arena_strdup(a, value) : NULL;
}

void auth_conf_merge(struct auth_conf *out, const struct auth_conf *by_default,
	const struct json *options, struct arena *a)
{
	if (!by_default->kind)
		return;
	if (!out->kind)
		out->kind = by_default->kind;
	else if (strcmp(out->kind, by_default->kind))
		return;
	out->login = by_default->login;
	if (!out->sigv4.service)
		out->sigv4.service = option_text(by_default->sigv4.service, options, a);
	if (!out->sigv4.region)
		out->sigv4.region = option_text(by_default->sigv4.region, options, a);
	if (!out->gcp.scope)
		out->gcp.scope = option_text(by_default->gcp.scope, options, a);
	if (out->kube.in_cluster)
		return;
	if (!out->kube.file)
		out->kube.file = option_text(by_default->kube.file, options, a);
	if (!out->kube.context)
		out->kube.context = option_text(by_default->kube.context, options, a);
	out->kube.in_cluster = by_default->kube.in_cluster;
}
