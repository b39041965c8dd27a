/* Langfuse traces as downloaded, as the API gives them, and rows of observations. */
#include "config.h"

#include "trace/trace_read.h"

#include <math.h>
#include <string.h>

#include "model/record.h"

struct reading {
	struct trace_file *file;
	struct arena *arena;
	const struct json *trace; /* NULL: rows alone */
	struct attrs attrs; /* of the present observation; reused */
};

static bool is_row(const struct json *j)
{
	return json_text(json_get(j, "traceId")) && json_text(json_get(j, "type")) &&
		json_text(json_get(j, "startTime"));
}

static bool is_whole(const struct json *doc)
{
	return json_type(json_get(doc, "observations")) == JSON_ARRAY &&
		(json_get(doc, "trace") || json_get(doc, "timestamp"));
}

static bool is_langfuse(const struct json *doc)
{
	return is_whole(doc) || is_row(doc) || is_row(json_first(json_get(doc, "data")));
}

/* --- tokens --- */

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static int64_t plus(int64_t sum, int64_t v)
{
	if (v < 0 || v > INT64_MAX / 4)
		return sum;
	return sum == NONE_INT ? v : sum > INT64_MAX / 4 ? sum : sum + v;
}

/*
 * Every key that begins with input or output is a share of its own; where the shares do not make
 * the total and input and output alone do, the other keys are details of them (older SDKs).
 */
static void read_usage(struct span *s, const struct json *usage)
{
	int64_t input = NONE_INT, output = NONE_INT,
		total = json_int(json_get(usage, "total"));
	int64_t plain_in = json_int(json_get(usage, "input"));
	int64_t plain_out = json_int(json_get(usage, "output"));

	json_each (item, usage) {
		const char *key = json_key(item);
		int64_t v = json_int(item);

		if (starts(key, "input"))
			input = plus(input, v);
		else if (starts(key, "output"))
			output = plus(output, v);
		if (strstr(key, "cache") && !strstr(key, "creation") &&
			!strstr(key, "write"))
			s->cached_tokens = plus(s->cached_tokens, v);
		if (strstr(key, "reasoning"))
			s->reasoning_tokens = plus(s->reasoning_tokens, v);
	}
	if (total > 0 && plus(input, output) != total && plain_in >= 0 &&
		plain_out >= 0 && plus(plain_in, plain_out) == total) {
		input = plain_in;
		output = plain_out;
	}
	s->input_tokens = input;
	s->output_tokens = output;
}

/* A missing price stands as 0 beside an empty object: unknown. */
static void read_cost(struct span *s, const struct json *j)
{
	double total = json_real(json_at(j, "costDetails.total"));

	if (isnan(total) && json_real(json_get(j, "totalCost")) > 0)
		total = json_real(json_get(j, "totalCost"));
	if (isnan(total) && json_real(json_get(j, "calculatedTotalCost")) > 0)
		total = json_real(json_get(j, "calculatedTotalCost"));
	s->cost_usd = total >= 0 ? total : NAN;
}

/* --- observations --- */

/* What came in by OpenTelemetry keeps its attributes and its scope in the metadata. */
static void read_metadata(
	struct reading *r, struct span *s, struct span_about *about, const struct json *j)
{
	struct json *metadata_text, *attributes_text, *scope_text;
	const struct json *metadata = trace_object(j, &metadata_text);
	const struct json *attributes =
		trace_object(json_get(metadata, "attributes"), &attributes_text);
	const struct json *scope = trace_object(json_get(metadata, "scope"), &scope_text);

	s->scope = trace_text(r->arena, json_get(scope, "name"));
	r->attrs.n = 0;
	attrs_add_object(&r->attrs, r->arena, attributes);
	json_each (item, metadata) {
		const char *key = json_key(item);

		if (strcmp(key, "attributes") != 0 && strcmp(key, "scope") != 0 &&
			strcmp(key, "resourceAttributes") != 0)
			attrs_add(&r->attrs, r->arena, key, item);
	}
	attrs_read(s, &about->user, &about->tags, r->arena, r->file->index, &r->attrs);
	json_free(metadata_text);
	json_free(attributes_text);
	json_free(scope_text);
}

static void read_about(
	struct reading *r, struct span *s, struct span_about *about, const struct json *j)
{
	const struct json *from[] = {j, r->trace};

	for (size_t i = 0; i < ARRAY_LEN(from); i++) {
		if (!s->session)
			s->session = trace_text(r->arena, json_get(from[i], "sessionId"));
		if (!about->user)
			about->user = trace_text(r->arena, json_get(from[i], "userId"));
		if (!about->tags && json_first(json_get(from[i], "tags")))
			about->tags = plain_text(json_get(from[i], "tags"), r->arena);
	}
}

/* What the row says itself comes before what its attributes say. */
static void read_own(struct reading *r, struct span *s, const struct json *j)
{
	const char *input = plain_text(json_get(j, "input"), r->arena);
	const char *output = plain_text(json_get(j, "output"), r->arena);
	const char *model = trace_text(r->arena, json_get(j, "providedModelName"));

	if (!model)
		model = trace_text(r->arena, json_get(j, "model"));
	s->input = input ? input : s->input;
	s->output = output ? output : s->output;
	s->model = model ? model : s->model;
	s->input_tokens = s->output_tokens = NONE_INT;
	s->cached_tokens = s->reasoning_tokens = NONE_INT;
	read_usage(s,
		json_first(json_get(j, "usageDetails")) ? json_get(j, "usageDetails")
							: json_get(j, "usage"));
	read_cost(s, j);
}

static void read_times(struct span *s, const struct json *j)
{
	const char *type = json_text(json_get(j, "type"));
	int64_t first = trace_time(json_get(j, "completionStartTime"));

	s->started = trace_time(json_get(j, "startTime"));
	s->ended = trace_time(json_get(j, "endTime"));
	/* An event is a moment. */
	if (s->ended == NONE_INT && type && strcmp(type, "EVENT") == 0)
		s->ended = s->started;
	if (first != NONE_INT && s->started != NONE_INT && first >= s->started)
		s->first_token_ns = first - s->started;
}

static void read_observation(struct reading *r, const struct json *j)
{
	struct arena *a = r->arena;
	const char *level = json_text(json_get(j, "level"));
	enum span_kind kind = attrs_kind_of(json_text(json_get(j, "type")));
	struct span_about *about;
	struct span *s;

	if (json_type(j) != JSON_OBJECT)
		return;
	s = trace_file_add(r->file, a, &about);
	s->trace = trace_text(a, json_get(j, "traceId"));
	if (!s->trace)
		s->trace = trace_text(a, json_get(r->trace, "id"));
	s->id = trace_text(a, json_get(j, "id"));
	if (!json_bool(json_get(j, "isRootObservation"), false))
		s->parent = trace_text(a, json_get(j, "parentObservationId"));
	s->name = trace_text(a, json_get(j, "name"));
	s->kind = kind == SPAN_NONE ? NULL : span_kind_name(kind);
	s->status = level && strcmp(level, "ERROR") == 0 ? "error" : "ok";
	s->error = trace_text(a, json_get(j, "statusMessage"));
	read_times(s, j);
	read_metadata(r, s, about, json_get(j, "metadata"));
	read_about(r, s, about, j);
	read_own(r, s, j);
}

static void read_langfuse(struct trace_file *out, struct arena *a, const struct json *doc,
	struct problems *p)
{
	struct reading r = {.file = out, .arena = a};
	const struct json *rows = json_get(doc, "observations");

	(void)p;
	if (is_whole(doc))
		r.trace = json_get(doc, "trace") ? json_get(doc, "trace") : doc;
	else
		rows = json_get(doc, "data");
	if (is_row(doc))
		read_observation(&r, doc);
	else
		json_each (row, rows)
			read_observation(&r, row);
}

const struct trace_reader trace_reader_langfuse = {
	"langfuse", "Langfuse", is_langfuse, read_langfuse};
