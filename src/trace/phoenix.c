/* Spans as Phoenix's REST API and its exports give them: OpenInference, flattened attributes. */
#include "config.h"

#include "trace/trace_read.h"

#include <string.h>

#include "model/record.h"
#include "trace/otlp.h"

static bool is_span(const struct json *j)
{
	return json_text(json_at(j, "context.span_id")) &&
		json_text(json_at(j, "context.trace_id"));
}

static bool is_phoenix(const struct json *doc)
{
	return is_span(doc) || is_span(json_first(json_get(doc, "data")));
}

static const char *status_of(const struct json *j)
{
	const char *code = json_text(json_get(j, "status_code"));

	if (code && strcmp(code, "ERROR") == 0)
		return "error";
	return code && strcmp(code, "OK") == 0 ? "ok" : "unset";
}

static void read_span(
	struct trace_file *f, struct arena *a, const struct json *j, struct attrs *attrs)
{
	struct span_about *about;
	struct span *s;
	enum span_kind kind;

	if (!is_span(j))
		return;
	s = trace_file_add(f, a, &about);
	s->trace = otlp_id(json_text_at(j, "context.trace_id"), 16, a);
	s->id = otlp_id(json_text_at(j, "context.span_id"), 8, a);
	s->parent = otlp_id(json_text(json_get(j, "parent_id")), 8, a);
	s->name = trace_text(a, json_get(j, "name"));
	s->started = trace_time(json_get(j, "start_time"));
	s->ended = trace_time(json_get(j, "end_time"));
	s->status = status_of(j);
	s->error = trace_text(a, json_get(j, "status_message"));
	kind = attrs_kind_of(json_text(json_get(j, "span_kind")));
	if (kind != SPAN_NONE)
		s->kind = span_kind_name(kind);
	attrs->n = 0;
	attrs_add_object(attrs, a, json_get(j, "attributes"));
	json_each (event, json_get(j, "events")) {
		const char *name = json_text(json_get(event, "name"));

		if (name && strcmp(name, "exception") == 0)
			attrs_add_object(attrs, a, json_get(event, "attributes"));
	}
	attrs_read(s, &about->user, &about->tags, a, f->index, attrs);
}

static void read_phoenix(struct trace_file *out, struct arena *a, const struct json *doc,
	struct problems *p)
{
	struct attrs attrs = {0};

	(void)p;
	if (is_span(doc))
		read_span(out, a, doc, &attrs);
	else
		json_each (span, json_get(doc, "data"))
			read_span(out, a, span, &attrs);
}

const struct trace_reader trace_reader_phoenix = {
	"phoenix", "Phoenix spans", is_phoenix, read_phoenix};
