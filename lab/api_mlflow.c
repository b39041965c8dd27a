/* MLflow's model registry, REST 2.0, as its server answers: protobuf JSON drops what is empty. */
#include "config.h"
#include "lab/request.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/digest.h"
#include "lab/filter.h"

#define SPEAKS "3.9.0"

static void refuse(struct answer *a, int status, const char *code, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

static void refuse(struct answer *a, int status, const char *code, const char *fmt, ...)
{
	struct json *j = json_object();
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	json_add_text(j, "error_code", code);
	json_add_text(j, "message", sb.buf);
	strbuf_release(&sb);
	answer_json_take(a, status, j);
}

/* Paths that a server does not know end in its web framework, which speaks HTML. */
void mlflow_refuse(struct answer *a, struct request *q, int status)
{
	(void)q;
	answer_text(a, status,
		status == 405 ? "<!doctype html>\n<title>405 Method Not Allowed</title>\n"
			      : "<!doctype html>\n<title>404 Not Found</title>\n");
	a->type = "text/html; charset=utf-8";
}

bool mlflow_allow(struct answer *a, const struct lab *lab, const struct request *q)
{
	bool open = strstr(q->path, "/health") || strstr(q->path, "/version");

	if (!lab->token || request_has_bearer(q, lab->token) ||
		(open && !strstr(q->path, "/api/")))
		return true;
	answer_text(a, 401,
		"You are not authenticated. Please see "
		"https://www.mlflow.org/docs/latest/auth/index.html on how to "
		"authenticate.");
	a->challenge = "Basic realm=\"mlflow\"";
	return false;
}

/* --- objects as JSON --- */

static void add_ms(struct json *to, const char *key, int64_t at)
{
	json_add_int(to, key, at / NS_PER_MS);
}

static void add_tags(struct json *to, const struct tags *tags)
{
	struct json *list;

	if (!tags->n)
		return;
	list = json_add_array(to, "tags");
	for (size_t i = 0; i < tags->n; i++) {
		struct json *t = json_add_object(list, NULL);

		json_add_text(t, "key", tags->items[i].key);
		json_add_text(t, "value", tags->items[i].value);
	}
}

static void add_number(struct json *to, const char *key, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, v);
	json_add_text(to, key, text);
}

static struct json *version_json(
	const struct reg_model *m, const struct reg_version *v, bool with_aliases)
{
	struct json *j = json_object(), *list = NULL;

	json_add_text(j, "name", m->name);
	add_number(j, "version", v->version);
	add_ms(j, "creation_timestamp", v->created);
	add_ms(j, "last_updated_timestamp", v->updated);
	json_add_text(j, "user_id", v->user);
	json_add_text(j, "current_stage", "None");
	if (v->note)
		json_add_text(j, "description", v->note);
	json_add_text(j, "source", v->source);
	json_add_text(j, "run_id", v->run_id);
	json_add_text(j, "status", "READY");
	json_add_text(j, "model_id", v->source + strlen("models:/"));
	add_tags(j, &v->tags);
	for (size_t i = 0; with_aliases && i < m->n_aliases; i++) {
		if (m->aliases[i].version != v->version)
			continue;
		if (!list)
			list = json_add_array(j, "aliases");
		json_add_text(list, NULL, m->aliases[i].name);
	}
	return j;
}

static struct json *model_json(const struct reg_model *m)
{
	struct json *j = json_object(), *list;

	json_add_text(j, "name", m->name);
	add_ms(j, "creation_timestamp", m->created);
	add_ms(j, "last_updated_timestamp", m->updated);
	if (m->note)
		json_add_text(j, "description", m->note);
	if (m->n_versions)
		json_add(json_add_array(j, "latest_versions"), NULL,
			version_json(m, &m->versions[m->n_versions - 1], false));
	add_tags(j, &m->tags);
	if (!m->n_aliases)
		return j;
	list = json_add_array(j, "aliases");
	for (size_t i = 0; i < m->n_aliases; i++) {
		struct json *alias = json_add_object(list, NULL);

		json_add_text(alias, "alias", m->aliases[i].name);
		add_number(alias, "version", m->aliases[i].version);
	}
	return j;
}

/* --- finding --- */

static struct reg_model *need_model(struct answer *a, struct lab *lab, const char *name)
{
	struct reg_model *m = registry_find(&lab->platform->registry, name);

	if (!name || !*name)
		refuse(a, 400, "INVALID_PARAMETER_VALUE",
			"Missing value for required parameter 'name'. See the API docs "
			"for "
			"more information about request parameters.");
	else if (!m)
		refuse(a, 404, "RESOURCE_DOES_NOT_EXIST",
			"Registered Model with name=%s not found", name);
	return m;
}

/* Digits only, whatever they are wrapped in; 0: not a version. */
static int64_t version_number(const char *s)
{
	size_t n = s ? strspn(s, "0123456789") : 0;

	return n && n < 10 && !s[n] ? strtoll(s, NULL, 10) : 0;
}

static struct reg_version *need_version(
	struct answer *a, const struct reg_model *m, const char *version)
{
	struct reg_version *v = model_version_find(m, version_number(version));

	if (!version || !*version)
		refuse(a, 400, "INVALID_PARAMETER_VALUE",
			"Missing value for required parameter 'version'.");
	else if (!version_number(version))
		refuse(a, 400, "INVALID_PARAMETER_VALUE",
			"Model version must be an integer, got '%s'", version);
	else if (!v)
		refuse(a, 404, "RESOURCE_DOES_NOT_EXIST",
			"Model Version (name=%s, version=%s) not found", m->name,
			version);
	return v;
}

static bool alias_name_valid(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > 255 || !strcasecmp(s, "latest"))
		return false;
	if ((*s == 'v' || *s == 'V') && n > 1 && strspn(s + 1, "0123456789") == n - 1)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && *s != '_' && *s != '-')
			return false;
	return true;
}

/* A JSON body with text members only where text is wanted; NULL: refused. */
static struct json *need_body(struct answer *a, const struct request *q)
{
	struct json *j;

	if (!request_is_json(q)) {
		refuse(a, 400, "BAD_REQUEST",
			"Bad Request. Content-Type should be application/json.");
		return NULL;
	}
	j = request_json(q);
	if (!j)
		refuse(a, 400, "BAD_REQUEST", "Bad Request. The body is no JSON object.");
	return j;
}

static const char *need_text(struct answer *a, const struct json *body, const char *key)
{
	const struct json *v = json_get(body, key);

	if (json_type(v) == JSON_STRING)
		return json_text(v);
	if (v && json_type(v) != JSON_NULL)
		refuse(a, 400, "INVALID_PARAMETER_VALUE",
			"Invalid value for parameter '%s' supplied: must be a string.",
			key);
	else
		refuse(a, 400, "INVALID_PARAMETER_VALUE",
			"Missing value for required parameter '%s'.", key);
	return NULL;
}

/* --- pages --- */

struct pager_state {
	int64_t offset, limit;
};

static bool read_page(struct answer *a, struct pager_state *p, const struct request *q,
	int64_t limit, int64_t most)
{
	const char *token = request_query(q, "page_token");
	const char *max = request_query(q, "max_results");
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct json *j = NULL;

	p->offset = 0;
	p->limit = request_query_int(q, "max_results", limit, -1, INT64_MAX);
	if (max && (p->limit < 1 || p->limit > most)) {
		refuse(a, 400, "INVALID_PARAMETER_VALUE",
			"Invalid value for max_results. It must be at most %" PRId64
			", but got value %s",
			most, max);
		return false;
	}
	if (!token || !*token)
		return true;
	if (!base64_decode(&text, token, strlen(token), &e) &&
		!json_parse(&j, text.buf, text.len, &e))
		p->offset = json_int(json_get(j, "offset"));
	else
		p->offset = -1;
	json_free(j);
	err_release(&e);
	strbuf_release(&text);
	if (p->offset >= 0)
		return true;
	refuse(a, 400, "INVALID_PARAMETER_VALUE", "Invalid page token, could not decode");
	return false;
}

static void add_token(struct json *to, int64_t offset)
{
	struct strbuf plain = STRBUF_INIT, token = STRBUF_INIT;

	strbuf_addf(&plain, "{\"offset\": %" PRId64 "}", offset);
	base64_encode(&token, plain.buf, plain.len);
	json_add_text(to, "next_page_token", token.buf);
	strbuf_release(&plain);
	strbuf_release(&token);
}

/* The item is on this page: add it.  Says when there is more behind it. */
struct page {
	struct pager_state at;
	int64_t seen;
	bool more;
	struct json *list, *root;
	const char *key;
};

static bool page_wants(struct page *p)
{
	int64_t i = p->seen++;

	if (i >= p->at.offset + p->at.limit)
		p->more = true;
	return i >= p->at.offset && i < p->at.offset + p->at.limit;
}

static void page_add(struct page *p, struct json *item)
{
	if (!p->list)
		p->list = json_add_array(p->root, p->key);
	json_add(p->list, NULL, item);
}

static void page_answer(struct answer *a, struct page *p)
{
	if (p->more)
		add_token(p->root, p->at.offset + p->at.limit);
	answer_json_take(a, 200, p->root);
}

static bool read_filter(struct answer *a, struct filter *f, const struct request *q)
{
	struct err e = ERR_INIT;

	if (!filter_parse(f, request_query(q, "filter"), &e))
		return true;
	refuse(a, 400, "INVALID_PARAMETER_VALUE", "%s", e.what);
	err_release(&e);
	return false;
}

/* --- routes --- */

static const char *model_value(const void *object, const struct clause *c)
{
	const struct reg_model *m = object;

	if (c->tag)
		return tags_get(&m->tags, c->tag);
	return !strcmp(c->name, "name") ? m->name : NULL;
}

static void search_models(struct answer *a, struct lab *lab, struct request *q)
{
	const struct registry *r = &lab->platform->registry;
	struct page page = {.key = "registered_models"};
	struct filter f;

	if (!read_page(a, &page.at, q, 100, 1000) || !read_filter(a, &f, q))
		return;
	page.root = json_object();
	for (size_t i = 0; i < r->n; i++)
		if (filter_holds(&f, model_value, &r->models[i]) && page_wants(&page))
			page_add(&page, model_json(&r->models[i]));
	filter_release(&f);
	page_answer(a, &page);
}

static void get_model(struct answer *a, struct lab *lab, struct request *q)
{
	struct reg_model *m = need_model(a, lab, request_query(q, "name"));
	struct json *j;

	if (!m)
		return;
	j = json_object();
	json_add(j, "registered_model", model_json(m));
	answer_json_take(a, 200, j);
}

struct of_model {
	const struct reg_model *model;
	const struct reg_version *version;
	char number[24];
};

static const char *version_value(const void *object, const struct clause *c)
{
	const struct of_model *v = object;

	if (c->tag)
		return tags_get(&v->version->tags, c->tag);
	if (!strcmp(c->name, "name"))
		return v->model->name;
	if (!strcmp(c->name, "run_id"))
		return v->version->run_id;
	if (!strcmp(c->name, "source_path"))
		return v->version->source;
	return !strcmp(c->name, "version_number") ? v->number : NULL;
}

static void search_versions(struct answer *a, struct lab *lab, struct request *q)
{
	const struct registry *r = &lab->platform->registry;
	struct page page = {.key = "model_versions"};
	struct filter f;

	if (!read_page(a, &page.at, q, 10000, 200000) || !read_filter(a, &f, q))
		return;
	page.root = json_object();
	for (size_t i = 0; i < r->n; i++)
		for (size_t k = r->models[i].n_versions; k-- > 0;) {
			struct of_model v = {
				&r->models[i], &r->models[i].versions[k], ""};

			snprintf(v.number, sizeof(v.number), "%" PRId64,
				v.version->version);
			if (filter_holds(&f, version_value, &v) && page_wants(&page))
				page_add(&page, version_json(v.model, v.version, false));
		}
	filter_release(&f);
	page_answer(a, &page);
}

static void answer_version(
	struct answer *a, const struct reg_model *m, const struct reg_version *v)
{
	struct json *j = json_object();

	json_add(j, "model_version", version_json(m, v, true));
	answer_json_take(a, 200, j);
}

static void get_version(struct answer *a, struct lab *lab, struct request *q)
{
	struct reg_model *m = need_model(a, lab, request_query(q, "name"));
	struct reg_version *v =
		m ? need_version(a, m, request_query(q, "version")) : NULL;

	if (v)
		answer_version(a, m, v);
}

static void get_latest(struct answer *a, struct lab *lab, struct request *q)
{
	struct reg_model *m = need_model(a, lab, request_query(q, "name"));
	struct json *j;

	if (!m)
		return;
	j = json_object();
	json_add(json_add_array(j, "model_versions"), NULL,
		version_json(m, &m->versions[m->n_versions - 1], true));
	answer_json_take(a, 200, j);
}

static void get_alias(struct answer *a, struct lab *lab, struct request *q)
{
	const char *name = request_query(q, "alias");
	struct reg_model *m = need_model(a, lab, request_query(q, "name"));
	struct reg_alias *alias = m ? model_alias(m, name) : NULL;

	if (!m)
		return;
	if (!name || !*name)
		refuse(a, 400, "INVALID_PARAMETER_VALUE",
			"Missing value for required parameter 'alias'.");
	else if (!alias)
		refuse(a, 400, "INVALID_PARAMETER_VALUE",
			"Registered model alias %s not found.", name);
	else
		answer_version(a, m, model_version_find(m, alias->version));
}

static void set_alias(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *body = need_body(a, q);
	const char *name = body ? need_text(a, body, "name") : NULL;
	const char *alias = name ? need_text(a, body, "alias") : NULL;
	const char *version = alias ? need_text(a, body, "version") : NULL;
	struct reg_model *m = version ? need_model(a, lab, name) : NULL;
	struct reg_version *v;

	if (m && !alias_name_valid(alias)) {
		refuse(a, 400, "INVALID_PARAMETER_VALUE", "Invalid alias name: '%s'.",
			alias);
	} else if (m && (v = need_version(a, m, version)) != NULL) {
		model_set_alias(m, alias, v->version, lab->platform->now);
		answer_json_take(a, 200, json_object());
	}
	json_free(body);
}

static void delete_alias(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *body = need_body(a, q);
	const char *name = body ? need_text(a, body, "name") : NULL;
	const char *alias = name ? need_text(a, body, "alias") : NULL;
	struct reg_model *m = alias ? need_model(a, lab, name) : NULL;

	if (m) {
		model_delete_alias(m, alias);
		answer_json_take(a, 200, json_object());
	}
	json_free(body);
}

static void set_version_tag(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *body = need_body(a, q);
	const char *name = body ? need_text(a, body, "name") : NULL;
	const char *version = name ? need_text(a, body, "version") : NULL;
	const char *key = version ? need_text(a, body, "key") : NULL;
	const char *value = key ? need_text(a, body, "value") : NULL;
	struct reg_model *m = value ? need_model(a, lab, name) : NULL;
	struct reg_version *v = m ? need_version(a, m, version) : NULL;

	if (v) {
		tags_set(&v->tags, key, value);
		answer_json_take(a, 200, json_object());
	}
	json_free(body);
}

static void delete_version_tag(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *body = need_body(a, q);
	const char *name = body ? need_text(a, body, "name") : NULL;
	const char *version = name ? need_text(a, body, "version") : NULL;
	const char *key = version ? need_text(a, body, "key") : NULL;
	struct reg_model *m = key ? need_model(a, lab, name) : NULL;
	struct reg_version *v = m ? need_version(a, m, version) : NULL;

	if (v) {
		tags_delete(&v->tags, key);
		answer_json_take(a, 200, json_object());
	}
	json_free(body);
}

/* --- runs: what a version's training left, its evaluation among it --- */

static const struct reg_version *version_of_run(const struct registry *r, const char *run)
{
	for (size_t i = 0; run && i < r->n; i++)
		for (size_t k = 0; k < r->models[i].n_versions; k++)
			if (!strcmp(r->models[i].versions[k].run_id, run))
				return &r->models[i].versions[k];
	return NULL;
}

static void add_metric(struct json *data, const struct reg_version *v, const char *score)
{
	struct json *m = json_add_object(json_add_array(data, "metrics"), NULL);

	json_add_text(m, "key", "auc");
	json_add_real(m, "value", strtod(score, NULL));
	add_ms(m, "timestamp", v->created);
	json_add_int(m, "step", 0);
}

/* The same for a run at all times: they follow from its identifier. */
static void add_params(struct json *data, const struct reg_version *v)
{
	static const char *const depths[] = {"6", "7", "8"};
	static const char *const rates[] = {"0.05", "0.08", "0.1"};
	struct json *list = json_add_array(data, "params"), *p;

	p = json_add_object(list, NULL);
	json_add_text(p, "key", "max_depth");
	json_add_text(p, "value", depths[(unsigned char)v->run_id[0] % 3]);
	p = json_add_object(list, NULL);
	json_add_text(p, "key", "learning_rate");
	json_add_text(p, "value", rates[(unsigned char)v->run_id[1] % 3]);
}

static void get_run(struct answer *a, struct lab *lab, struct request *q)
{
	const char *run = request_query(q, "run_id");
	const struct reg_version *v = version_of_run(&lab->platform->registry, run);
	struct json *j, *out, *info, *data;

	if (!v && run)
		refuse(a, 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=%s not found",
			run);
	else if (!v)
		refuse(a, 400, "INVALID_PARAMETER_VALUE",
			"Missing value for required parameter 'run_id'.");
	if (!v)
		return;
	j = json_object();
	out = json_add_object(j, "run");
	info = json_add_object(out, "info");
	json_add_text(info, "run_id", v->run_id);
	json_add_text(info, "user_id", v->user);
	json_add_text(info, "status", "FINISHED");
	add_ms(info, "end_time", v->created);
	data = json_add_object(out, "data");
	if (tags_get(&v->tags, "eval.auc"))
		add_metric(data, v, tags_get(&v->tags, "eval.auc"));
	add_params(data, v);
	answer_json_take(a, 200, j);
}

static void get_health(struct answer *a, struct lab *lab, struct request *q)
{
	(void)lab;
	(void)q;
	answer_text(a, 200, "OK");
}

static void get_server_version(struct answer *a, struct lab *lab, struct request *q)
{
	(void)lab;
	(void)q;
	answer_text(a, 200, SPEAKS);
}

#define API "/api/2.0/mlflow"

const struct route mlflow_routes[] = {
	{"GET", "/health", get_health},
	{"GET", "/version", get_server_version},
	{"GET", API "/registered-models/search", search_models},
	{"GET", API "/registered-models/get", get_model},
	{"GET", API "/registered-models/get-latest-versions", get_latest},
	{"GET", API "/registered-models/alias", get_alias},
	{"POST", API "/registered-models/alias", set_alias},
	{"DELETE", API "/registered-models/alias", delete_alias},
	{"GET", API "/model-versions/search", search_versions},
	{"GET", API "/model-versions/get", get_version},
	{"GET", API "/runs/get", get_run},
	{"POST", API "/model-versions/set-tag", set_version_tag},
	{"DELETE", API "/model-versions/delete-tag", delete_version_tag},
	{0},
};
