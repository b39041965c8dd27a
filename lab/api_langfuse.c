/* Langfuse's public API: health, and the first generation of reading (pages by number). */
#include "config.h"
#include "lab/langfuse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"

void langfuse_error(struct answer *a, int status, const char *error, const char *fmt, ...)
{
	struct json *j = json_object();
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	json_add_text(j, "message", sb.buf);
	json_add_text(j, "error", error);
	strbuf_release(&sb);
	answer_json_take(a, status, j);
}

void langfuse_refuse(struct answer *a, struct request *q, int status)
{
	(void)q;
	if (status == 405)
		langfuse_error(a, 405, "MethodNotAllowedError", "Method not allowed");
	else
		langfuse_error(a, 404, "LangfuseNotFoundError", "Not Found");
}

static bool is_second(const char *path)
{
	return strstr(path, "/api/public/v2/observations") != NULL;
}

static bool is_first(const char *path)
{
	return strstr(path, "/api/public/traces") ||
		strstr(path, "/api/public/sessions") ||
		strstr(path, "/api/public/observations");
}

bool langfuse_allow(struct answer *a, const struct lab *lab, const struct request *q)
{
	if (strstr(q->path, "/api/public/health"))
		return true;
	if ((is_second(q->path) && lab->langfuse == 1) ||
		(is_first(q->path) && lab->langfuse == 2)) {
		langfuse_error(a, 404, "LangfuseNotFoundError", "Not Found");
		return false;
	}
	if (request_has_basic(q, lab->public_key, lab->secret_key))
		return true;
	langfuse_error(a, 401, "UnauthorizedError", "%s",
		q->authorization ? "Invalid credentials. Confirm that you've configured "
				   "the correct host."
				 : "No authorization header");
	return false;
}

/* --- what both generations select --- */

bool langfuse_wanted(struct wanted *w, struct answer *a, const struct request *q,
	const char *from, const char *to)
{
	bool ok = true;

	*w = (struct wanted){.trace = request_query(q, "traceId"),
		.session = request_query(q, "sessionId"),
		.user = request_query(q, "userId"),
		.name = request_query(q, "name"),
		.type = request_query(q, "type"),
		.level = request_query(q, "level")};
	request_query_time(&w->from, &ok, q, from);
	request_query_time(&w->to, &ok, q, to);
	if (!ok)
		langfuse_error(a, 400, "InvalidRequestError",
			"Invalid request data: %s or %s is no ISO 8601 time", from, to);
	return ok;
}

void langfuse_each(const struct lab *lab, const struct wanted *w, struct arena *arena,
	told_fn *fn, void *ctx)
{
	const struct platform *p = lab->platform;
	int64_t only = w->session ? story_session_number(w->session)
		: w->trace        ? story_trace_number(w->trace)
				  : 0;

	if ((w->session || w->trace) && !only)
		return;
	for (size_t i = p->talks.n; i-- > 0;) {
		const struct talk *t = &p->talks.items[i];
		struct told told;

		if (only && t->number != only)
			continue;
		if (t->started > p->now || (w->to && t->started >= w->to))
			continue;
		if (w->from && t->started + TALK_MAX_NS < w->from)
			break;
		story_tell(&told, arena, t);
		if (!w->user || !strcmp(w->user, told.user))
			fn(ctx, &told);
	}
}

bool langfuse_selects(
	const struct wanted *w, const struct told *t, const struct obs *o, int64_t now)
{
	if (o->end > now || (w->from && o->start < w->from) ||
		(w->to && o->start >= w->to))
		return false;
	if (w->session && strcmp(w->session, t->id) != 0)
		return false;
	if (w->trace && strcmp(w->trace, o->trace) != 0)
		return false;
	if (w->name && strcmp(w->name, o->name) != 0)
		return false;
	if (w->type && strcmp(w->type, o->type) != 0)
		return false;
	return !w->level || !strcmp(w->level, o->error ? "ERROR" : "DEFAULT");
}

void langfuse_add_tags(struct json *j, const struct told *t)
{
	struct json *list = json_add_array(j, "tags");
	char *tag =
		mem_format("%s:%" PRId64, t->talk->service->model.name, t->talk->version);

	json_add_text(list, NULL, t->talk->service->name);
	json_add_text(list, NULL, tag);
	free(tag);
}

void langfuse_add_usage(struct json *j, const struct obs *o)
{
	struct json *part = json_add_object(j, "usageDetails");

	if (o->model) {
		json_add_int(part, "input", o->input_tokens);
		json_add_int(part, "input_cached_tokens", o->cached_tokens);
		json_add_int(part, "output", o->output_tokens);
		json_add_int(part, "total",
			o->input_tokens + o->cached_tokens + o->output_tokens);
	}
	part = json_add_object(j, "costDetails");
	if (o->model) {
		json_add_real(part, "input", o->input_usd);
		json_add_real(part, "output", o->output_usd);
		json_add_real(part, "total", o->input_usd + o->output_usd);
	}
}

/* --- generation 1 --- */

/* Parsed where it is JSON, else a string: this generation gives any type. */
static void add_content(struct json *to, const char *key, const char *text)
{
	struct err e = ERR_INIT;

	if (!text)
		json_add_null(to, key);
	else if ((*text != '{' && *text != '[') || json_add_raw(to, key, text, &e))
		json_add_text(to, key, text);
	err_release(&e);
}

static struct json *observation_json(const struct told *t, const struct obs *o)
{
	struct json *j = json_object();

	json_add_text(j, "id", o->id);
	json_add_text(j, "traceId", o->trace);
	json_add_text(j, "type", o->type);
	json_add_text(j, "name", o->name);
	json_add_time(j, "startTime", o->start);
	json_add_time(j, "endTime", o->end);
	json_add_time(
		j, "completionStartTime", o->first_token ? o->first_token : INT64_MIN);
	json_add_text(j, "model", o->model);
	json_add_object(j, "modelParameters");
	add_content(j, "input", o->input);
	add_content(j, "output", o->output);
	json_add_text(json_add_object(j, "metadata"), "service", t->talk->service->name);
	langfuse_add_usage(j, o);
	json_add_text(j, "level", o->error ? "ERROR" : "DEFAULT");
	json_add_text(j, "statusMessage", o->error);
	json_add_text(j, "parentObservationId", o->parent);
	json_add_text(j, "promptName", o->prompt ? t->talk->service->prompt.name : NULL);
	json_add_int(j, "promptVersion", o->prompt ? t->talk->prompt_version : INT64_MIN);
	json_add_real(j, "latency", (double)(o->end - o->start) / NS_PER_S);
	json_add_real(j, "calculatedTotalCost", o->input_usd + o->output_usd);
	json_add_text(j, "environment", "production");
	return j;
}

/* Observations as ids, as objects, or (fields without them) not at all. */
enum detail { DETAIL_NONE, DETAIL_IDS, DETAIL_FULL };

static void add_observations(struct json *to, const struct told *t,
	const struct told_trace *trace, enum detail detail, int64_t now)
{
	struct json *list = json_add_array(to, "observations");

	for (size_t i = trace->first; i < trace->first + trace->n; i++) {
		if (detail == DETAIL_NONE || t->obs[i].end > now)
			continue;
		if (detail == DETAIL_IDS)
			json_add_text(list, NULL, t->obs[i].id);
		else
			json_add(list, NULL, observation_json(t, &t->obs[i]));
	}
}

static struct json *trace_json(const struct told *t, const struct told_trace *trace,
	enum detail detail, bool io, bool metrics, int64_t now)
{
	const struct obs *root = &t->obs[trace->first];
	struct json *j = json_object(), *part;
	char *path = mem_format("/project/" LANGFUSE_PROJECT "/traces/%s", trace->id);

	json_add_text(j, "id", trace->id);
	json_add_time(j, "timestamp", root->start);
	json_add_text(j, "name", root->name);
	add_content(j, "input", io ? root->input : NULL);
	add_content(j, "output", io ? root->output : NULL);
	json_add_text(j, "sessionId", t->id);
	json_add_text(j, "userId", t->user);
	json_add_null(j, "release");
	json_add_null(j, "version");
	part = json_add_object(j, "metadata");
	json_add_int(part, "model_version", t->talk->version);
	langfuse_add_tags(j, t);
	json_add_bool(j, "public", false);
	json_add_text(j, "environment", "production");
	json_add_text(j, "htmlPath", path);
	json_add_real(j, "latency",
		metrics ? (double)(root->end - root->start) / NS_PER_S : -1);
	json_add_real(j, "totalCost", metrics ? trace->usd : -1);
	add_observations(j, t, trace, detail, now);
	json_add_array(j, "scores");
	free(path);
	return j;
}

/* A page of a list that is counted through. */
struct numbered {
	const struct lab *lab;
	const struct wanted *w;
	int64_t page, limit, seen;
	struct json *list;
	bool io, metrics;
	enum detail detail;
};

static bool on_page(struct numbered *n)
{
	int64_t i = n->seen++;

	return i >= (n->page - 1) * n->limit && i < n->page * n->limit;
}

static void add_deprecation(struct json *j, const struct lab *lab)
{
	struct json *d;

	if (lab->langfuse != 3)
		return;
	d = json_add_object(j, "_deprecation");
	json_add_text(d, "message", "This API is deprecated.");
	json_add_text(d, "replacement", "/api/public/v2/observations");
}

static void answer_numbered(struct answer *a, struct numbered *n)
{
	struct json *j = json_object(), *meta;

	json_add(j, "data", n->list);
	meta = json_add_object(j, "meta");
	json_add_int(meta, "page", n->page);
	json_add_int(meta, "limit", n->limit);
	json_add_int(meta, "totalItems", n->seen);
	json_add_int(meta, "totalPages", (n->seen + n->limit - 1) / n->limit);
	add_deprecation(j, n->lab);
	answer_json_take(a, 200, j);
}

static void numbered_init(struct numbered *n, const struct lab *lab,
	const struct wanted *w, const struct request *q)
{
	*n = (struct numbered){.lab = lab,
		.w = w,
		.page = request_query_int(q, "page", 1, 1, 1000000),
		.limit = request_query_int(q, "limit", 50, 1, 100),
		.list = json_array()};
}

static bool trace_is_wanted(
	const struct numbered *n, const struct told *t, const struct told_trace *trace)
{
	return langfuse_selects(n->w, t, &t->obs[trace->first], n->lab->platform->now);
}

static void list_traces_of(void *ctx, const struct told *t)
{
	struct numbered *n = ctx;

	for (size_t i = t->n_traces; i-- > 0;)
		if (trace_is_wanted(n, t, &t->traces[i]) && on_page(n))
			json_add(n->list, NULL,
				trace_json(t, &t->traces[i], n->detail, n->io, n->metrics,
					n->lab->platform->now));
}

static bool has_field(const struct request *q, const char *field)
{
	const char *fields = request_query(q, "fields");
	size_t n = strlen(field);

	if (!fields)
		return true;
	for (const char *s = fields; (s = strstr(s, field)) != NULL; s += n)
		if ((s == fields || s[-1] == ',') && (!s[n] || s[n] == ','))
			return true;
	return false;
}

static void list_traces(struct answer *a, struct lab *lab, struct request *q)
{
	struct numbered n;
	struct wanted w;

	if (!langfuse_wanted(&w, a, q, "fromTimestamp", "toTimestamp"))
		return;
	numbered_init(&n, lab, &w, q);
	n.io = has_field(q, "io");
	n.metrics = has_field(q, "metrics");
	n.detail = has_field(q, "observations") ? DETAIL_IDS : DETAIL_NONE;
	langfuse_each(lab, &w, q->arena, list_traces_of, &n);
	answer_numbered(a, &n);
}

struct finding {
	const char *id;
	int64_t now;
	struct json *found;
};

static void find_trace(void *ctx, const struct told *t)
{
	struct finding *f = ctx;

	for (size_t i = 0; i < t->n_traces; i++)
		if (!strcmp(t->traces[i].id, f->id))
			f->found = trace_json(
				t, &t->traces[i], DETAIL_FULL, true, true, f->now);
}

static void get_trace(struct answer *a, struct lab *lab, struct request *q)
{
	struct wanted w = {.trace = q->segments[0]};
	struct finding f = {q->segments[0], lab->platform->now, NULL};

	langfuse_each(lab, &w, q->arena, find_trace, &f);
	if (!f.found) {
		langfuse_error(a, 404, "LangfuseNotFoundError",
			"Trace %s not found within authorized project", q->segments[0]);
		return;
	}
	add_deprecation(f.found, lab);
	answer_json_take(a, 200, f.found);
}

static void list_observations_of(void *ctx, const struct told *t)
{
	struct numbered *n = ctx;

	for (size_t i = t->n_obs; i-- > 0;)
		if (langfuse_selects(n->w, t, &t->obs[i], n->lab->platform->now) &&
			on_page(n))
			json_add(n->list, NULL, observation_json(t, &t->obs[i]));
}

static void list_observations(struct answer *a, struct lab *lab, struct request *q)
{
	struct numbered n;
	struct wanted w;

	if (!langfuse_wanted(&w, a, q, "fromStartTime", "toStartTime"))
		return;
	numbered_init(&n, lab, &w, q);
	langfuse_each(lab, &w, q->arena, list_observations_of, &n);
	answer_numbered(a, &n);
}

static void find_observation(void *ctx, const struct told *t)
{
	struct finding *f = ctx;

	for (size_t i = 0; i < t->n_obs && !f->found; i++)
		if (!strcmp(t->obs[i].id, f->id) && t->obs[i].end <= f->now)
			f->found = observation_json(t, &t->obs[i]);
}

static void get_observation(struct answer *a, struct lab *lab, struct request *q)
{
	struct wanted w = {0};
	struct finding f = {q->segments[0], lab->platform->now, NULL};

	langfuse_each(lab, &w, q->arena, find_observation, &f);
	if (f.found)
		answer_json_take(a, 200, f.found);
	else
		langfuse_error(a, 404, "LangfuseNotFoundError",
			"Observation not found within authorized project");
}

static struct json *session_json(const struct told *t)
{
	struct json *j = json_object();

	json_add_text(j, "id", t->id);
	json_add_time(j, "createdAt", t->start);
	json_add_text(j, "projectId", LANGFUSE_PROJECT);
	json_add_text(j, "environment", "production");
	return j;
}

static void list_sessions_of(void *ctx, const struct told *t)
{
	struct numbered *n = ctx;

	if ((!n->w->from || t->start >= n->w->from) && on_page(n))
		json_add(n->list, NULL, session_json(t));
}

static void list_sessions(struct answer *a, struct lab *lab, struct request *q)
{
	struct numbered n;
	struct wanted w;

	if (!langfuse_wanted(&w, a, q, "fromTimestamp", "toTimestamp"))
		return;
	numbered_init(&n, lab, &w, q);
	langfuse_each(lab, &w, q->arena, list_sessions_of, &n);
	answer_numbered(a, &n);
}

static void find_session(void *ctx, const struct told *t)
{
	struct finding *f = ctx;
	struct json *list;

	f->found = session_json(t);
	list = json_add_array(f->found, "traces");
	for (size_t i = 0; i < t->n_traces; i++)
		if (t->obs[t->traces[i].first].end <= f->now)
			json_add(list, NULL,
				trace_json(t, &t->traces[i], DETAIL_NONE, true, true,
					f->now));
}

static void get_session(struct answer *a, struct lab *lab, struct request *q)
{
	struct wanted w = {.session = q->segments[0]};
	struct finding f = {q->segments[0], lab->platform->now, NULL};

	langfuse_each(lab, &w, q->arena, find_session, &f);
	if (f.found)
		answer_json_take(a, 200, f.found);
	else
		langfuse_error(a, 404, "LangfuseNotFoundError", "Session not found");
}

static void get_health(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *j = json_object();

	(void)q;
	json_add_text(j, "status", "OK");
	json_add_text(j, "version", lab->langfuse == 1 ? "3.100.0" : "4.16.0");
	answer_json_take(a, 200, j);
}

static void get_projects(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *j = json_object(), *project;

	(void)q;
	project = json_add_object(json_add_array(j, "data"), NULL);
	json_add_text(project, "id", LANGFUSE_PROJECT);
	json_add_text(project, "name", lab->platform->sc->name);
	json_add_object(project, "metadata");
	answer_json_take(a, 200, j);
}

#define API "/api/public"

const struct route langfuse_routes[] = {
	{"GET", API "/health", get_health},
	{"GET", API "/projects", get_projects},
	{"GET", API "/v2/observations", langfuse_observations_v2},
	{"GET", API "/v2/prompts", langfuse_list_prompts},
	{"GET", API "/v2/prompts/{}", langfuse_get_prompt},
	{"PATCH", API "/v2/prompts/{}/versions/{}", langfuse_patch_prompt},
	{"GET", API "/traces", list_traces},
	{"GET", API "/traces/{}", get_trace},
	{"GET", API "/observations", list_observations},
	{"GET", API "/observations/{}", get_observation},
	{"GET", API "/sessions", list_sessions},
	{"GET", API "/sessions/{}", get_session},
	{0},
};
