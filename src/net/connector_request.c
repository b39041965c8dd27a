/* connector_request.c - the keys of one request */
#include "config.h"
#include "net/connector_request.h"

#include <string.h>

#include "core/i18n.h"
#include "net/connector_keys.h"

bool statuses_have(const struct statuses *s, int status)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i] == status)
			return true;
	return false;
}

/* A block's program begins in the line after its '|'. */
void connector_read_jq(
	struct jq *out, const struct yaml_node *node, const struct connector_reading *r)
{
	const char *text = yaml_text(node);

	if (!node)
		return;
	if (!text) {
		yaml_problem(r->p, node, "%s", _("a jq program is a text"));
		return;
	}
	if (!*text)
		yaml_problem(r->p, node, "%s", _("a jq program is not empty"));
	out->text = arena_strdup(r->a, text);
	out->line =
		yaml_line(node) + (!yaml_is_plain(node) && strchr(text, '\n') != NULL);
}

void connector_read_pairs(
	struct pairs *out, const struct yaml_node *map, const struct connector_reading *r)
{
	if (!map)
		return;
	if (yaml_type(map) != YAML_MAP) {
		yaml_problem(
			r->p, map, "%s", _("a map of names to values is expected here"));
		return;
	}
	out->items = arena_alloc(r->a, yaml_count(map) + 1, sizeof(*out->items));
	for (size_t i = 0; i < yaml_count(map); i++) {
		const struct yaml_node *value = yaml_value(map, i);
		struct pair *pair = &out->items[out->n];

		pair->name = arena_strdup(r->a, yaml_key_text(map, i));
		pair->value = arena_strdup(r->a, yaml_text(value));
		pair->line = yaml_line(value);
		if (pair->name && pair->value)
			out->n++;
		else
			yaml_problem(r->p, value, "%s",
				_("expected text, or a variable as $name"));
	}
}

static int status_of(const char *text)
{
	bool fits = text && strlen(text) == 3 && strspn(text, "0123456789") == 3;

	return fits && *text >= '1' && *text <= '5'
		? (text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0'
		: 0;
}

void connector_read_statuses(struct statuses *out, const struct yaml_node *node,
	const struct connector_reading *r)
{
	bool list = yaml_type(node) == YAML_LIST;
	size_t n = list ? yaml_count(node) : 1;

	if (!node)
		return;
	out->items = arena_alloc(r->a, n + 1, sizeof(*out->items));
	for (size_t i = 0; i < n; i++) {
		const struct yaml_node *item = list ? yaml_item(node, i) : node;
		int status = status_of(yaml_text(item));

		if (status)
			out->items[out->n++] = status;
		else
			yaml_problem(r->p, item, "%s",
				_("a status of HTTP is expected, such as 404"));
	}
}

static void read_path(struct connector_request *out, enum http_method method,
	const struct yaml_node *node, const struct connector_reading *r)
{
	struct err e = ERR_INIT;

	if (!node)
		return;
	if (out->path)
		yaml_problem(r->p, node, "%s",
			_("more than one of get, head, post, put, patch, delete"));
	out->method = method;
	out->path = arena_strdup(r->a, yaml_text(node));
	out->line = yaml_line(node);
	if (!out->path) {
		yaml_problem(r->p, node, "%s", _("a path is a text"));
	} else if (path_pattern_check(out->path, &e)) {
		yaml_problem(r->p, node, "%s", e.what);
		if (e.hint)
			problems_hint(r->p, "%s", e.hint);
	}
	err_release(&e);
}

static void read_body(struct connector_request *out, const struct request_keys *k,
	const struct connector_reading *r)
{
	const struct yaml_node *arguments = k->variables ? k->variables : k->params;

	out->body = k->json  ? BODY_JSON
		: k->form    ? BODY_FORM
		: k->graphql ? BODY_GRAPHQL
		: k->rpc     ? BODY_RPC
			     : BODY_NONE;
	if (!!k->json + !!k->form + !!k->graphql + !!k->rpc > 1)
		yaml_problem(r->p, yaml_get(k->self, k->form ? "form" : "graphql"), "%s",
			_("a request has one body: one of json, form, graphql and rpc"));
	if (arguments && out->body != BODY_GRAPHQL && out->body != BODY_RPC)
		yaml_problem(r->p, arguments, "%s",
			_("only graphql and rpc have variables and params"));
	if (k->variables && k->params)
		yaml_problem(r->p, k->params, "%s",
			_("variables and params are the same: give one"));
	if (out->body && (out->method == HTTP_GET || out->method == HTTP_HEAD) &&
		out->path)
		yaml_problem(r->p, k->self, "%s", _("get and head have no body"));
	connector_read_jq(&out->program, k->json ? k->json : arguments, r);
	connector_read_pairs(&out->form, k->form, r);
	out->text = k->graphql ? k->graphql : k->rpc;
	out->content_type = k->content_type;
}

/* A line break in a header's value would make two of it. */
static void check_headers(const struct pairs *headers, const struct connector_reading *r)
{
	for (size_t i = 0; i < headers->n; i++) {
		const struct pair *h = &headers->items[i];

		if (!*h->name || strpbrk(h->name, ": \t\r\n") ||
			strpbrk(h->value, "\r\n"))
			problems_add(r->p, h->line, 1, _("'%s' cannot be a header here"),
				h->name);
		if (http_header_is_secret(h->name) && *h->value != '$')
			problems_add(r->p, h->line, 1,
				_("the header '%s' carries a secret, and a secret does "
				  "not stand in this file"),
				h->name);
	}
}

void connector_read_headers(
	struct pairs *out, const struct yaml_node *map, const struct connector_reading *r)
{
	connector_read_pairs(out, map, r);
	check_headers(out, r);
}

void connector_read_request(struct connector_request *out, const struct request_keys *k,
	bool required, const struct connector_reading *r)
{
	out->line = yaml_line(k->self);
	for (int m = 0; m < HTTP_METHODS; m++)
		read_path(out, (enum http_method)m, k->path[m], r);
	if (!out->path && required)
		yaml_problem(r->p, k->self, "%s",
			_("one of get, head, post, put, patch, delete is needed"));
	connector_read_pairs(&out->query, k->query, r);
	connector_read_headers(&out->headers, k->headers, r);
	read_body(out, k, r);
	connector_read_statuses(&out->ok_status, k->ok_status, r);
	connector_read_jq(&out->ok, k->ok, r);
	out->plain = k->plain;
}
