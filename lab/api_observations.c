/* The second generation of Langfuse's reading: one list of observations, by cursor. */
#include "config.h"
#include "lab/langfuse.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"

enum group {
	GROUP_BASIC = 1,
	GROUP_TIME = 2,
	GROUP_IO = 4,
	GROUP_METADATA = 8,
	GROUP_MODEL = 16,
	GROUP_USAGE = 32,
	GROUP_PROMPT = 64,
	GROUP_METRICS = 128,
	GROUP_CONTEXT = 256,
};

static const struct {
	const char *name;
	unsigned group;
} groups[] = {
	{"core", 0},
	{"basic", GROUP_BASIC},
	{"time", GROUP_TIME},
	{"io", GROUP_IO},
	{"metadata", GROUP_METADATA},
	{"model", GROUP_MODEL},
	{"usage", GROUP_USAGE},
	{"prompt", GROUP_PROMPT},
	{"metrics", GROUP_METRICS},
	{"trace_context", GROUP_CONTEXT},
};

/* One that is wanted, with where it stands in the order. */
struct row {
	const struct told *told;
	const struct obs *obs;
};

struct rows {
	struct row *items; /* arena */
	size_t n, cap;
	struct arena *arena;
	const struct wanted *w;
	int64_t now;
	const char *parent; /* NULL: any; "": only those without */
	bool roots;
};

static bool read_groups(unsigned *out, struct answer *a, const char *fields)
{
	*out = GROUP_BASIC;
	if (!fields)
		return true;
	*out = 0;
	while (*fields) {
		size_t n = strcspn(fields, ","), i = 0;

		while (i < ARRAY_LEN(groups) &&
			(strlen(groups[i].name) != n ||
				memcmp(groups[i].name, fields, n)))
			i++;
		if (i == ARRAY_LEN(groups)) {
			langfuse_error(a, 400, "InvalidRequestError",
				"Invalid request data: fields has no group '%.*s'",
				(int)n, fields);
			return false;
		}
		*out |= groups[i].group;
		fields += n + (fields[n] == ',');
	}
	return true;
}

static void collect(void *ctx, const struct told *t)
{
	struct rows *rows = ctx;
	struct told *kept = arena_alloc(rows->arena, 1, sizeof(*kept));

	*kept = *t;
	for (size_t i = 0; i < t->n_obs; i++) {
		const struct obs *o = &t->obs[i];
		struct row *row;

		if (!langfuse_selects(rows->w, t, o, rows->now))
			continue;
		if (rows->roots && o->parent)
			continue;
		if (rows->parent && strcmp(rows->parent, o->parent ? o->parent : "") != 0)
			continue;
		row = arena_push(rows->arena, rows->items, rows->n, rows->cap);
		*row = (struct row){kept, o};
	}
}

/* Newest start first; ids decide between equals, so that a cursor can stand between two. */
static int by_start(const void *x, const void *y)
{
	const struct obs *a = ((const struct row *)x)->obs;
	const struct obs *b = ((const struct row *)y)->obs;

	if (a->start != b->start)
		return a->start > b->start ? -1 : 1;
	return strcmp(a->id, b->id);
}

static void add_model(struct json *j, const struct obs *o)
{
	json_add_text(j, "providedModelName", o->model);
	json_add_text(j, "internalModelId", o->model ? "lab-model" : NULL);
	json_add_object(j, "modelParameters");
	json_add_text(j, "modelId", o->model ? "lab-model" : NULL);
	json_add_text(j, "inputPrice", o->model ? "0.00000025" : NULL);
	json_add_text(j, "outputPrice", o->model ? "0.000002" : NULL);
	json_add_null(j, "totalPrice");
}

static void add_metrics(struct json *j, const struct obs *o)
{
	json_add_real(j, "latency", (double)(o->end - o->start) / NS_PER_S);
	if (o->first_token)
		json_add_real(j, "timeToFirstToken",
			(double)(o->first_token - o->start) / NS_PER_S);
	else
		json_add_null(j, "timeToFirstToken");
}

static void add_basic(struct json *j, const struct told *t, const struct obs *o)
{
	json_add_text(j, "name", o->name);
	json_add_text(j, "level", o->error ? "ERROR" : "DEFAULT");
	json_add_text(j, "statusMessage", o->error);
	json_add_null(j, "version");
	json_add_text(j, "environment", "production");
	json_add_bool(j, "bookmarked", false);
	json_add_bool(j, "public", false);
	json_add_text(j, "userId", t->user);
	json_add_text(j, "sessionId", t->id);
}

static struct json *row_json(const struct row *row, unsigned fields)
{
	const struct told *t = row->told;
	const struct obs *o = row->obs;
	struct json *j = json_object(), *part;

	json_add_text(j, "id", o->id);
	json_add_text(j, "traceId", o->trace);
	json_add_text(j, "projectId", LANGFUSE_PROJECT);
	json_add_time(j, "startTime", o->start);
	json_add_time(j, "endTime", o->end);
	json_add_text(j, "parentObservationId", o->parent);
	json_add_text(j, "type", o->type);
	json_add_bool(j, "isRootObservation", !o->parent);
	if (fields & GROUP_BASIC)
		add_basic(j, t, o);
	if (fields & GROUP_TIME) {
		json_add_time(j, "completionStartTime",
			o->first_token ? o->first_token : INT64_MIN);
		json_add_time(j, "createdAt", o->end + 300 * NS_PER_MS);
		json_add_time(j, "updatedAt", o->end + 300 * NS_PER_MS);
	}
	if (fields & GROUP_IO) {
		json_add_text(j, "input", o->input);
		json_add_text(j, "output", o->output);
	}
	if (fields & GROUP_METADATA) {
		part = json_add_object(j, "metadata");
		json_add_text(part, "service", t->talk->service->name);
		json_add_int(part, "model_version", t->talk->version);
	}
	if (fields & GROUP_MODEL)
		add_model(j, o);
	if (fields & GROUP_USAGE) {
		langfuse_add_usage(j, o);
		json_add_real(j, "totalCost", o->input_usd + o->output_usd);
	}
	if (fields & GROUP_PROMPT) {
		json_add_text(j, "promptName",
			o->prompt ? t->talk->service->prompt.name : NULL);
		json_add_int(j, "promptVersion",
			o->prompt ? t->talk->prompt_version : INT64_MIN);
	}
	if (fields & GROUP_METRICS)
		add_metrics(j, o);
	if (fields & GROUP_CONTEXT) {
		json_add_text(j, "traceName", t->talk->service->name);
		langfuse_add_tags(j, t);
		json_add_null(j, "release");
	}
	return j;
}

/* A cursor is the last row's start and id: what came since does not move the next page. */
static char *cursor_of(const struct obs *o)
{
	struct strbuf plain = STRBUF_INIT, out = STRBUF_INIT;

	strbuf_addf(
		&plain, "{\"at\":\"%lld\",\"id\":\"%s\"}", (long long)o->start, o->id);
	base64_encode(&out, plain.buf, plain.len);
	strbuf_release(&plain);
	return strbuf_detach(&out, NULL);
}

static bool read_cursor(struct obs *out, struct arena *arena, const char *cursor)
{
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct json *j = NULL;
	const char *at, *id;

	*out = (struct obs){0};
	if (!base64_decode(&text, cursor, strlen(cursor), &e) &&
		!json_parse(&j, text.buf, text.len, &e)) {
		at = json_text(json_get(j, "at"));
		id = json_text(json_get(j, "id"));
		out->start = at ? strtoll(at, NULL, 10) : 0;
		out->id = arena_strdup(arena, id);
	}
	json_free(j);
	err_release(&e);
	strbuf_release(&text);
	return out->id != NULL;
}

static bool is_true(const char *s)
{
	return s && !strcmp(s, "true");
}

void langfuse_observations_v2(struct answer *a, struct lab *lab, struct request *q)
{
	const char *cursor = request_query(q, "cursor");
	int64_t limit = request_query_int(q, "limit", 50, -1, INT64_MAX);
	struct wanted w;
	struct rows rows = {.arena = q->arena,
		.w = &w,
		.now = lab->platform->now,
		.parent = request_query(q, "parentObservationId"),
		.roots = is_true(request_query(q, "isRootObservation"))};
	struct json *j, *data, *meta;
	struct obs last;
	unsigned fields;
	size_t first = 0, i;

	if (is_true(request_query(q, "parseIoAsJson")) || request_query(q, "filter")) {
		langfuse_error(a, 400, "InvalidRequestError",
			"Invalid request data: parseIoAsJson and filter are not "
			"supported");
		return;
	}
	if (limit < 1 || limit > 1000) {
		langfuse_error(a, 400, "InvalidRequestError",
			"Invalid request data: limit must be from 1 to 1000");
		return;
	}
	if (cursor && *cursor && !read_cursor(&last, q->arena, cursor)) {
		langfuse_error(
			a, 400, "InvalidRequestError", "Invalid request data: cursor");
		return;
	}
	if (!read_groups(&fields, a, request_query(q, "fields")) ||
		!langfuse_wanted(&w, a, q, "fromStartTime", "toStartTime"))
		return;
	langfuse_each(lab, &w, q->arena, collect, &rows);
	if (rows.n)
		qsort(rows.items, rows.n, sizeof(*rows.items), by_start);
	if (cursor && *cursor)
		while (first < rows.n &&
			by_start(&rows.items[first], &(struct row){NULL, &last}) <= 0)
			first++;
	j = json_object();
	data = json_add_array(j, "data");
	for (i = first; i < rows.n && (int64_t)(i - first) < limit; i++)
		json_add(data, NULL, row_json(&rows.items[i], fields));
	meta = json_add_object(j, "meta");
	if (i < rows.n) {
		char *next = cursor_of(rows.items[i - 1].obs);

		json_add_text(meta, "cursor", next);
		free(next);
	}
	answer_json_take(a, 200, j);
}
