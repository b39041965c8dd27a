#include "config.h"

#include "trace/otlp.h"

#include <ctype.h>
#include <string.h>

#include "core/clock.h"
#include "core/digest.h"
#include "core/i18n.h"
#include "model/record.h"

#define TRACE_ID_BYTES 16
#define SPAN_ID_BYTES 8

/* --- ids --- */

static bool all_hex(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isxdigit((unsigned char)s[i]))
			return false;
	}
	return n > 0;
}

/* Characters of n bytes in base64, with and without padding. */
static bool base64_length(size_t length, size_t bytes)
{
	return length == (bytes + 2) / 3 * 4 || length == (bytes * 4 + 2) / 3;
}

static const char *from_base64(const char *id, size_t n, size_t bytes, struct arena *a)
{
	struct strbuf raw = STRBUF_INIT, hex = STRBUF_INIT;
	struct err e = ERR_INIT;
	const char *result = NULL;

	if (base64_decode(&raw, id, n, &e) == 0 && raw.len == bytes) {
		hex_encode(&hex, raw.buf, raw.len);
		result = arena_strdup(a, hex.buf);
	}
	err_release(&e);
	strbuf_release(&raw);
	strbuf_release(&hex);
	return result;
}

static const char *lower(const char *id, size_t n, size_t width, struct arena *a)
{
	char *out = arena_alloc(a, (width > n ? width : n) + 1, 1);
	size_t at = 0;

	for (; at + n < width; at++)
		out[at] = '0';
	for (size_t i = 0; i < n; i++) {
		if (id[i] != '-')
			out[at++] = (char)tolower((unsigned char)id[i]);
	}
	out[at] = '\0';
	return out;
}

static bool is_uuid(const char *id, size_t n)
{
	return n == 36 && id[8] == '-' && id[13] == '-' && id[18] == '-' &&
		id[23] == '-' && all_hex(id, 8) && all_hex(id + 24, 12);
}

const char *otlp_id(const char *id, size_t bytes, struct arena *a)
{
	size_t n = id ? strlen(id) : 0;
	const char *result = NULL;

	if (n == 0)
		return NULL;
	if (n == 2 * bytes && all_hex(id, n))
		result = lower(id, n, n, a);
	else if (is_uuid(id, n))
		result = lower(id, n, 0, a);
	else if (base64_length(n, bytes))
		result = from_base64(id, n, bytes, a);
	/* Tempo's search drops leading zeros of trace ids. */
	if (!result && bytes == TRACE_ID_BYTES && n > 24 && n < 2 * bytes &&
		all_hex(id, n))
		result = lower(id, n, 2 * bytes, a);
	if (!result)
		result = arena_strdup(a, id);
	return strspn(result, "0") == strlen(result) ? NULL : result;
}

/* --- spans --- */

/* Of one resource, what its spans may know a field by. */
struct resource {
	const char *service;
	struct attrs attrs;
};

struct reading {
	struct trace_file *file;
	struct arena *arena;
	struct resource resource;
	const char *scope;
	struct attrs attrs; /* of the present span; reused */
};

static const struct json *either(
	const struct json *j, const char *first, const char *second)
{
	const struct json *found = json_get(j, first);

	return found ? found : json_get(j, second);
}

static int64_t time_of(const struct json *j, const char *first, const char *second)
{
	int64_t at = json_int(either(j, first, second));

	return at > 0 ? at : NONE_INT;
}

static const char *status_of(const struct json *status)
{
	static const struct {
		const char *word, *status;
	} words[] = {
		{"1", "ok"},
		{"STATUS_CODE_OK", "ok"},
		{"OK", "ok"},
		{"Ok", "ok"},
		{"2", "error"},
		{"STATUS_CODE_ERROR", "error"},
		{"ERROR", "error"},
		{"Error", "error"},
	};
	const struct json *code = json_get(status, "code");
	int64_t number = json_int(code);
	const char *text = json_text(code);

	if (number == 1 || number == 2)
		return number == 1 ? "ok" : "error";
	for (size_t i = 0; text && i < ARRAY_LEN(words); i++) {
		if (strcmp(text, words[i].word) == 0)
			return words[i].status;
	}
	return "unset";
}

static bool is_one_of(const char *s, const char *const *names, size_t n)
{
	for (size_t i = 0; s && i < n; i++) {
		if (strcmp(s, names[i]) == 0)
			return true;
	}
	return false;
}

/* Older emitters write each message as an event: collect them in two lists. */
static void add_message(struct json *to, const char *role, const struct json *attributes)
{
	struct json *message = json_add_object(to, NULL);

	json_add_text(message, "role", role);
	json_each (item, attributes) {
		const char *key = json_text(json_get(item, "key"));

		if (key && strcmp(key, "gen_ai.system") != 0)
			any_add(message, key, json_get(item, "value"));
	}
}

static void read_message(const char *name, const struct json *attributes,
	struct json *input, struct json *output)
{
	static const struct {
		const char *event, *role;
	} roles[] = {
		{"gen_ai.system.message", "system"},
		{"gen_ai.user.message", "user"},
		{"gen_ai.assistant.message", "assistant"},
		{"gen_ai.tool.message", "tool"},
	};

	if (strcmp(name, "gen_ai.choice") == 0)
		add_message(output, "assistant", attributes);
	for (size_t i = 0; i < ARRAY_LEN(roles); i++) {
		if (strcmp(name, roles[i].event) == 0)
			add_message(input, roles[i].role, attributes);
	}
}

static void read_event(struct reading *r, struct span *s, const struct json *event,
	struct json *input, struct json *output)
{
	static const char *const merged[] = {
		"exception",
		"gen_ai.client.inference.operation.details",
		"gen_ai.content.prompt",
		"gen_ai.content.completion",
	};
	static const char *const first_token[] = {
		"First Token Stream Event",
		"new_token",
		"first_token",
	};
	const char *name = json_text(json_get(event, "name"));
	const struct json *attributes = json_get(event, "attributes");
	int64_t at = time_of(event, "timeUnixNano", "time_unix_nano");

	if (!name)
		return;
	/* What the event says of the span counts as the span's own. */
	if (is_one_of(name, merged, ARRAY_LEN(merged)))
		attrs_add_otlp(&r->attrs, r->arena, attributes);
	else if (is_one_of(name, first_token, ARRAY_LEN(first_token)) &&
		s->first_token_ns == NONE_INT && s->started != NONE_INT &&
		at >= s->started)
		s->first_token_ns = at - s->started;
	else
		read_message(name, attributes, input, output);
}

static const char *list_text(struct reading *r, struct json *list)
{
	return json_first(list) ? plain_text(list, r->arena) : NULL;
}

static void read_events(struct reading *r, struct span *s, const struct json *events)
{
	struct json *input, *output;

	if (!json_first(events))
		return;
	input = json_array();
	output = json_array();
	json_each (event, events)
		read_event(r, s, event, input, output);
	s->input = list_text(r, input);
	s->output = list_text(r, output);
	json_free(input);
	json_free(output);
}

static void read_span(struct reading *r, const struct json *j)
{
	struct arena *a = r->arena;
	struct span_about *about;
	struct span *s;

	if (json_type(j) != JSON_OBJECT)
		return;
	s = trace_file_add(r->file, a, &about);
	s->trace =
		otlp_id(json_text(either(j, "traceId", "trace_id")), TRACE_ID_BYTES, a);
	s->id = otlp_id(json_text(either(j, "spanId", "span_id")), SPAN_ID_BYTES, a);
	s->parent = otlp_id(
		json_text(either(j, "parentSpanId", "parent_span_id")), SPAN_ID_BYTES, a);
	s->name = arena_strdup(a, json_text(json_get(j, "name")));
	s->scope = r->scope;
	s->started = time_of(j, "startTimeUnixNano", "start_time_unix_nano");
	s->ended = time_of(j, "endTimeUnixNano", "end_time_unix_nano");
	s->status = status_of(json_get(j, "status"));
	s->error = arena_strdup(a, json_text(json_get(json_get(j, "status"), "message")));
	r->attrs.n = 0;
	attrs_add_otlp(&r->attrs, a, json_get(j, "attributes"));
	read_events(r, s, json_get(j, "events"));
	for (size_t i = 0; i < r->resource.attrs.n; i++)
		*arena_push(a, r->attrs.items, r->attrs.n, r->attrs.cap) =
			r->resource.attrs.items[i];
	attrs_read(s, &about->user, &about->tags, a, r->file->index, &r->attrs);
}

/* --- the document --- */

/* Of a resource only what tells of sessions and users, and its service, goes to the spans. */
static void read_resource(struct reading *r, const struct json *resource)
{
	static const char *const wanted[] = {
		"service.name",
		"deployment.environment.name",
		"deployment.environment",
		"session.id",
		"user.id",
		"enduser.id",
		"gen_ai.agent.name",
		"gen_ai.conversation.id",
	};
	struct attrs all = {0};

	r->resource = (struct resource){0};
	attrs_add_otlp(&all, r->arena, json_get(resource, "attributes"));
	for (size_t i = 0; i < all.n; i++) {
		if (!is_one_of(all.items[i].key, wanted, ARRAY_LEN(wanted)))
			continue;
		if (strcmp(all.items[i].key, "service.name") == 0)
			r->resource.service = any_text(all.items[i].value, r->arena);
		*arena_push(r->arena, r->resource.attrs.items, r->resource.attrs.n,
			r->resource.attrs.cap) = all.items[i];
	}
}

static void read_scope(struct reading *r, const struct json *group)
{
	const char *name = json_text(
		json_get(either(group, "scope", "instrumentationLibrary"), "name"));

	r->scope = name && *name ? arena_strdup(r->arena, name) : r->resource.service;
	json_each (span, json_get(group, "spans"))
		read_span(r, span);
}

/* Where the spans are: the document, or what a backend's answer wraps it in. */
static const struct json *resources_of(const struct json *doc)
{
	static const char *const paths[] = {
		"resourceSpans",
		"resource_spans",
		"batches",
		"result.resourceSpans",
		"trace.resourceSpans",
		"trace.batches",
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const struct json *found = json_at(doc, paths[i]);

		if (json_type(found) == JSON_ARRAY)
			return found;
	}
	return NULL;
}

static bool is_otlp(const struct json *doc)
{
	return resources_of(doc) || json_get(doc, "resourceLogs") ||
		json_get(doc, "resourceMetrics");
}

static void read_otlp(struct trace_file *out, struct arena *a, const struct json *doc,
	struct problems *p)
{
	struct reading r = {.file = out, .arena = a};
	const struct json *resources = resources_of(doc);

	if (!resources) {
		out->skipped++;
		problems_add(
			p, 0, 0, _("a document holds logs or metrics and no traces"));
		return;
	}
	json_each (item, resources) {
		const struct json *groups = either(item, "scopeSpans", "scope_spans");

		read_resource(&r, json_get(item, "resource"));
		json_each (group,
			groups ? groups : json_get(item, "instrumentationLibrarySpans"))
			read_scope(&r, group);
	}
}

const struct trace_reader trace_reader_otlp = {"otlp", "OTLP/JSON", is_otlp, read_otlp};
