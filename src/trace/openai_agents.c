/* The OpenAI Agents SDK's own export: objects "trace" and "trace.span". */
#include "config.h"

#include "trace/trace_read.h"

#include <string.h>

#include "model/record.h"

static bool object_is(const struct json *j, const char *what)
{
	const char *object = json_text(json_get(j, "object"));

	return object && strcmp(object, what) == 0;
}

static bool is_part(const struct json *j)
{
	return object_is(j, "trace") || object_is(j, "trace.span");
}

static bool is_openai_agents(const struct json *doc)
{
	return is_part(doc) || is_part(json_first(json_get(doc, "data")));
}

static int64_t tokens(const struct json *usage, const char *key, const char *older)
{
	int64_t v = json_int(json_get(usage, key));

	if (v < 0)
		v = json_int(json_get(usage, older));
	return v < 0 ? NONE_INT : v;
}

static void read_data(struct span *s, struct arena *a, const struct json *data)
{
	const struct json *usage = json_get(data, "usage");

	if (!usage)
		usage = json_at(data, "data.usage");
	s->input_tokens = tokens(usage, "input_tokens", "prompt_tokens");
	s->output_tokens = tokens(usage, "output_tokens", "completion_tokens");
	s->model = trace_text(a, json_get(data, "model"));
	s->input = plain_text(json_get(data, "input"), a);
	s->output = plain_text(json_get(data, "output"), a);
	s->call = trace_text(a, json_get(data, "response_id"));
	s->name = trace_text(a, json_get(data, "name"));
	switch (span_kind_of(s->kind)) {
	case SPAN_AGENT: s->agent = s->name; break;
	case SPAN_TOOL: s->tool = s->name; break;
	case SPAN_HANDOFF:
		s->agent = trace_text(a, json_get(data, "from_agent"));
		s->tool = trace_text(a, json_get(data, "to_agent"));
		break;
	case SPAN_GUARDRAIL:
		s->output = json_bool(json_get(data, "triggered"), false) ? "triggered"
									  : "passed";
		break;
	default: s->agent = trace_text(a, json_at(data, "data.agent_name")); break;
	}
	if (!s->name)
		s->name = s->model ? s->model : trace_text(a, json_get(data, "type"));
}

static void read_span(struct trace_file *f, struct arena *a, const struct json *j)
{
	const struct json *data = json_get(j, "span_data"), *error = json_get(j, "error");
	struct span *s = trace_file_add(f, a, NULL);
	enum span_kind kind = attrs_kind_of(json_text(json_get(data, "type")));

	s->trace = trace_text(a, json_get(j, "trace_id"));
	s->id = trace_text(a, json_get(j, "id"));
	s->parent = trace_text(a, json_get(j, "parent_id"));
	s->scope = "openai-agents";
	s->kind = span_kind_name(kind == SPAN_NONE ? SPAN_OTHER : kind);
	s->started = trace_time(json_get(j, "started_at"));
	s->ended = trace_time(json_get(j, "ended_at"));
	s->status = json_type(error) == JSON_OBJECT ? "error" : "ok";
	s->error = trace_text(a, json_get(error, "message"));
	if (json_first(json_get(error, "data")))
		s->attributes = arena_format(
			a, "{\"error\":%s}", plain_text(json_get(error, "data"), a));
	read_data(s, a, data);
}

static void read_part(struct trace_file *f, struct arena *a, const struct json *j)
{
	struct trace_record *record;

	if (object_is(j, "trace.span"))
		read_span(f, a, j);
	if (!object_is(j, "trace"))
		return;
	record = arena_push(a, f->records, f->n_records, f->records_cap);
	record->trace = trace_text(a, json_get(j, "id"));
	record->session = trace_text(a, json_get(j, "group_id"));
}

static void read_openai_agents(struct trace_file *out, struct arena *a,
	const struct json *doc, struct problems *p)
{
	(void)p;
	read_part(out, a, doc);
	json_each (item, json_get(doc, "data"))
		read_part(out, a, item);
}

const struct trace_reader trace_reader_openai_agents = {
	"openai-agents", "OpenAI Agents SDK", is_openai_agents, read_openai_agents};
