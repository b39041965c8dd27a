/* Jaeger's own JSON (API v1, and what its user interface downloads). */
#include "config.h"

#include "trace/trace_read.h"

#include <string.h>

#include "core/clock.h"
#include "model/record.h"
#include "trace/otlp.h"

struct reading {
	struct trace_file *file;
	struct arena *arena;
	const struct json *processes;
	struct attrs attrs; /* of the present span; reused */
};

static bool is_trace(const struct json *doc)
{
	return json_type(json_get(doc, "spans")) == JSON_ARRAY &&
		json_get(doc, "traceID");
}

static bool is_jaeger(const struct json *doc)
{
	return is_trace(doc) || is_trace(json_first(json_get(doc, "data")));
}

/* The first CHILD_OF within the trace; else the first FOLLOWS_FROM. */
static const char *parent_of(struct reading *r, const struct json *span)
{
	const char *trace = json_text(json_get(span, "traceID")), *follows = NULL;

	json_each (ref, json_get(span, "references")) {
		const char *type = json_text(json_get(ref, "refType"));
		const char *of = json_text(json_get(ref, "traceID"));
		const char *id = json_text(json_get(ref, "spanID"));

		if (!id || (of && trace && strcmp(of, trace) != 0))
			continue;
		if (!type || strcmp(type, "CHILD_OF") == 0)
			return otlp_id(id, 8, r->arena);
		if (!follows)
			follows = id;
	}
	if (!follows)
		follows = json_text(json_get(span, "parentSpanID"));
	return otlp_id(follows, 8, r->arena);
}

/* A list of {key, type, value}. */
static void add_tags(struct reading *r, const struct json *tags)
{
	json_each (tag, tags)
		attrs_add(&r->attrs, r->arena, json_text(json_get(tag, "key")),
			json_get(tag, "value"));
}

static const struct json *tag_value(const struct json *tags, const char *key)
{
	json_each (tag, tags) {
		const char *name = json_text(json_get(tag, "key"));

		if (name && strcmp(name, key) == 0)
			return json_get(tag, "value");
	}
	return NULL;
}

static const char *status_of(const struct json *tags)
{
	const char *code = json_text(tag_value(tags, "otel.status_code"));
	const struct json *error = tag_value(tags, "error");
	const char *word = json_text(error);

	if (json_bool(error, false) || (word && strcmp(word, "true") == 0) ||
		(code && strcmp(code, "ERROR") == 0))
		return "error";
	return code && strcmp(code, "OK") == 0 ? "ok" : "unset";
}

/* Exceptions say what failed; content events hold messages. */
static void add_logs(struct reading *r, const struct json *logs)
{
	json_each (log, logs) {
		const struct json *fields = json_get(log, "fields");
		const char *event = json_text(tag_value(fields, "event"));

		if (event &&
			(strcmp(event, "exception") == 0 ||
				strncmp(event, "gen_ai.", 7) == 0))
			add_tags(r, fields);
	}
}

static int64_t microseconds(const struct json *j)
{
	int64_t us = json_int(j);

	return us >= 0 && us < INT64_MAX / NS_PER_US ? us * NS_PER_US : NONE_INT;
}

static void read_span(struct reading *r, const struct json *j)
{
	struct arena *a = r->arena;
	const struct json *tags = json_get(j, "tags");
	int64_t duration = microseconds(json_get(j, "duration"));
	const char *process = json_text(json_get(j, "processID"));
	struct span_about *about;
	struct span *s;

	if (json_type(j) != JSON_OBJECT)
		return;
	s = trace_file_add(r->file, a, &about);
	s->trace = otlp_id(json_text(json_get(j, "traceID")), 16, a);
	s->id = otlp_id(json_text(json_get(j, "spanID")), 8, a);
	s->parent = parent_of(r, j);
	s->name = trace_text(a, json_get(j, "operationName"));
	s->scope = trace_text(a, tag_value(tags, "otel.scope.name"));
	if (!s->scope && process)
		s->scope = trace_text(
			a, json_get(json_get(r->processes, process), "serviceName"));
	s->started = microseconds(json_get(j, "startTime"));
	if (s->started != NONE_INT && duration != NONE_INT &&
		__builtin_add_overflow(s->started, duration, &s->ended))
		s->ended = NONE_INT;
	s->status = status_of(tags);
	s->error = trace_text(a, tag_value(tags, "otel.status_description"));
	r->attrs.n = 0;
	add_tags(r, tags);
	add_logs(r, json_get(j, "logs"));
	attrs_read(s, &about->user, &about->tags, a, r->file->index, &r->attrs);
}

static void read_trace(struct reading *r, const struct json *trace)
{
	r->processes = json_get(trace, "processes");
	json_each (span, json_get(trace, "spans"))
		read_span(r, span);
}

static void read_jaeger(struct trace_file *out, struct arena *a, const struct json *doc,
	struct problems *p)
{
	struct reading r = {.file = out, .arena = a};

	(void)p;
	if (is_trace(doc))
		read_trace(&r, doc);
	else
		json_each (trace, json_get(doc, "data"))
			read_trace(&r, trace);
}

const struct trace_reader trace_reader_jaeger = {
	"jaeger", "Jaeger JSON", is_jaeger, read_jaeger};
