/* What the attributes of one span say, by the table. */
#include "config.h"

#include "trace/attrs.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "model/record.h"
#include "trace/attrs_flat.h"
#include "trace/attrs_table.h"

/* For each target the best row that the span has, and the attribute. */
struct found {
	const struct attr_row *row; /* NULL: none */
	const struct attr *attr;
};

struct reading {
	struct span *span;
	struct arena *arena;
	const struct attrs *attrs;
	struct found best[TELLS_TARGETS];
	enum span_kind kind;
};

/* --- values --- */

/* The member of an object, or of the object that a string holds; *parsed is freed by the caller. */
static const struct json *member_of(
	const struct attr *at, const char *name, struct json **parsed)
{
	struct err e = ERR_INIT;
	const char *text = json_text(at->value);

	*parsed = NULL;
	if (at->any)
		text = json_text(json_get(at->value, "stringValue"));
	if (!text)
		return at->any ? NULL : json_get(at->value, name);
	if (json_parse(parsed, text, strlen(text), &e) < 0) {
		err_release(&e);
		return NULL;
	}
	return json_get(*parsed, name);
}

static const char *text_of(
	struct reading *r, const struct attr_row *row, const struct attr *at)
{
	const char *result;
	struct json *parsed;

	if (row->form == FORM_GROUP)
		return attrs_unflatten(r->attrs, row->key, r->arena);
	if (row->form == FORM_MEMBER) {
		result = plain_text(member_of(at, row->member, &parsed), r->arena);
		json_free(parsed);
		return result;
	}
	return at->any ? any_text(at->value, r->arena) : plain_text(at->value, r->arena);
}

static double real_of(const struct attr_row *row, const struct attr *at)
{
	const struct json *value = at->value;
	struct json *parsed = NULL;
	double v;

	if (row->form == FORM_MEMBER)
		value = member_of(at, row->member, &parsed);
	else if (at->any)
		value = json_first(at->value);
	v = json_real(value);
	json_free(parsed);
	return v;
}

static int64_t count_of(const struct attr_row *row, const struct attr *at)
{
	double v = real_of(row, at);

	return v >= 0 && v < 9e15 ? (int64_t)v : NONE_INT;
}

/* True when the attribute says something: what is empty lets the next row speak. */
static bool says(const struct attr_row *row, const struct attr *at)
{
	const struct json *value = at->value;
	struct json *parsed = NULL;
	const char *text;
	bool result;

	if (row->form == FORM_MEMBER)
		value = member_of(at, row->member, &parsed);
	else if (at->any)
		value = json_first(at->value);
	text = json_text(value);
	result = text ? *text != '\0' : json_type(value) > JSON_NULL;
	json_free(parsed);
	return result;
}

/* --- finding --- */

static bool ranks_higher(const struct attr_row *row, const struct found *than)
{
	return !than->row || row < than->row;
}

static void gather(struct reading *r, const struct attr_index *index)
{
	for (size_t i = 0; i < r->attrs->n; i++) {
		const struct attr *at = &r->attrs->items[i];
		size_t n;
		const size_t *rows = attr_index_find(index, at->key, &n);

		for (size_t k = 0; k < n; k++) {
			const struct attr_row *row = &attr_rows[rows[k]];
			struct found *best = &r->best[row->tells];

			/* Kinds are all looked at, in turn: a value may be unknown. */
			if (row->tells == TELLS_KIND || !ranks_higher(row, best))
				continue;
			if (says(row, at))
				*best = (struct found){row, at};
		}
	}
}

static const char *told(struct reading *r, enum attr_target what)
{
	const struct found *f = &r->best[what];

	return f->row ? text_of(r, f->row, f->attr) : NULL;
}

static int64_t told_count(struct reading *r, enum attr_target what, int64_t otherwise)
{
	const struct found *f = &r->best[what];
	int64_t v = f->row ? count_of(f->row, f->attr) : NONE_INT;

	return v == NONE_INT ? otherwise : v;
}

static double told_real(struct reading *r, enum attr_target what)
{
	const struct found *f = &r->best[what];

	return f->row ? real_of(f->row, f->attr) : NAN;
}

/* --- kind --- */

static bool starts(const char *s, const char *with)
{
	return s && strncmp(s, with, strlen(with)) == 0;
}

static bool ends(const char *s, const char *with)
{
	size_t n = s ? strlen(s) : 0, m = strlen(with);

	return n >= m && strcmp(s + n - m, with) == 0;
}

static const struct attr *attr_named(const struct reading *r, const char *key)
{
	for (size_t i = 0; i < r->attrs->n; i++) {
		if (strcmp(r->attrs->items[i].key, key) == 0)
			return &r->attrs->items[i];
	}
	return NULL;
}

static enum span_kind kind_by_word(struct reading *r)
{
	for (size_t i = 0; i < attr_rows_n && attr_rows[i].tells == TELLS_KIND; i++) {
		const struct attr *at = attr_named(r, attr_rows[i].key);
		enum span_kind kind = SPAN_NONE;

		if (at)
			kind = attrs_kind_of(text_of(r, &attr_rows[i], at));
		if (kind != SPAN_NONE)
			return kind;
	}
	return SPAN_NONE;
}

static enum span_kind kind_by_operation(struct reading *r)
{
	const char *id = told(r, TELLS_OPERATION);

	if (!id)
		return SPAN_NONE;
	if (ends(id, ".doGenerate") || ends(id, ".doStream"))
		return SPAN_LLM;
	if (ends(id, ".doEmbed"))
		return SPAN_EMBEDDING;
	return strcmp(id, "ai.toolCall") == 0 ? SPAN_TOOL : SPAN_OTHER;
}

static enum span_kind kind_by_name(const struct span *s)
{
	static const struct {
		const char *name;
		enum span_kind kind;
	} names[] = {
		{"call_llm", SPAN_LLM},
		{"execute_tool", SPAN_TOOL},
		{"agent_run", SPAN_AGENT},
		{"invoke_agent", SPAN_AGENT},
	};

	if (!s->scope || strcmp(s->scope, "gcp.vertex.agent") != 0)
		return SPAN_NONE;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (starts(s->name, names[i].name))
			return names[i].kind;
	}
	return SPAN_NONE;
}

static enum span_kind first_kind(struct reading *r)
{
	enum span_kind kind = kind_by_word(r);

	if (kind == SPAN_NONE)
		kind = kind_by_operation(r);
	if (kind == SPAN_NONE && r->best[TELLS_MCP].row)
		kind = strcmp(told(r, TELLS_MCP), "tools/call") == 0 ? SPAN_TOOL
								     : SPAN_OTHER;
	if (kind == SPAN_NONE)
		kind = kind_by_name(r->span);
	if (kind == SPAN_NONE && r->best[TELLS_IS_TOOL].row)
		kind = SPAN_TOOL;
	if (kind == SPAN_NONE && r->best[TELLS_IS_LLM].row &&
		(r->best[TELLS_INPUT_TOKENS].row ||
			strcmp(r->best[TELLS_IS_LLM].row->key, "llm.request.type") == 0))
		kind = SPAN_LLM;
	return kind == SPAN_NONE ? SPAN_OTHER : kind;
}

/* LangChain's instrumentation calls every runnable an agent that has the word in its name. */
static bool only_named_agent(const struct span *s)
{
	return s->scope && strstr(s->scope, "langchain") && s->name &&
		(strchr(s->name, '<') || starts(s->name, "Runnable") ||
			ends(s->name, "Parser") || ends(s->name, "Prompt"));
}

static bool hands_over(struct reading *r)
{
	const char *name = r->span->name, *tool = r->span->tool;
	const char *mode = told(r, TELLS_TRANSFER);

	return (mode && strcmp(mode, "pass_control") == 0) ||
		starts(name, "handoff to ") || ends(name, ".handoff") ||
		starts(tool, "transfer_to_") || starts(tool, "transfer_back_to_") ||
		starts(tool, "handoff_to_");
}

static enum span_kind corrected_kind(struct reading *r)
{
	if (r->kind == SPAN_AGENT && only_named_agent(r->span))
		return SPAN_OTHER;
	if (r->kind == SPAN_TOOL && hands_over(r))
		return SPAN_HANDOFF;
	return r->kind;
}

/* --- fields --- */

static const char *keep(const char *told_text, const char *before)
{
	return told_text && *told_text ? told_text : before;
}

/* The span's name without what frameworks put around it; NULL when there was nothing to take. */
static const char *bare_name(
	struct reading *r, const char *const *prefixes, size_t n, const char *suffix)
{
	const char *name = r->span->name;

	for (size_t i = 0; name && i < n; i++) {
		if (starts(name, prefixes[i]) && name[strlen(prefixes[i])])
			return name + strlen(prefixes[i]);
	}
	if (name && ends(name, suffix) && strlen(name) > strlen(suffix))
		return arena_strndup(r->arena, name, strlen(name) - strlen(suffix));
	return NULL;
}

static void read_names(struct reading *r)
{
	static const char *const agent_prefixes[] = {"invoke_agent ", "agent_run "};
	static const char *const tool_prefixes[] = {
		"execute_tool ", "running tool: ", "tools/call "};
	struct span *s = r->span;

	s->session = keep(told(r, TELLS_SESSION), s->session);
	s->agent = keep(told(r, TELLS_AGENT), s->agent);
	s->tool = keep(told(r, TELLS_TOOL), s->tool);
	s->model = keep(keep(told(r, TELLS_MODEL), told(r, TELLS_MODEL_ASKED)), s->model);
	if (r->kind == SPAN_AGENT && !s->agent) {
		s->agent =
			bare_name(r, agent_prefixes, ARRAY_LEN(agent_prefixes), ".agent");
		s->agent = s->agent ? s->agent : s->name;
	}
	if (r->kind == SPAN_TOOL && !s->tool) {
		s->tool = bare_name(r, tool_prefixes, ARRAY_LEN(tool_prefixes), ".tool");
		s->tool = s->tool ? s->tool : s->name;
	}
	r->kind = corrected_kind(r);
	if (r->kind == SPAN_HANDOFF)
		s->tool = keep(told(r, TELLS_TARGET), s->tool);
	s->call =
		keep(told(r, r->kind == SPAN_TOOL ? TELLS_TOOL_CALL : TELLS_RESPONSE_ID),
			s->call);
	s->finish = keep(told(r, TELLS_FINISH), s->finish);
	s->kind = span_kind_name(r->kind);
}

static void read_numbers(struct reading *r)
{
	struct span *s = r->span;
	double cost = told_real(r, TELLS_COST), parts, first;

	s->input_tokens = told_count(r, TELLS_INPUT_TOKENS, s->input_tokens);
	s->output_tokens = told_count(r, TELLS_OUTPUT_TOKENS, s->output_tokens);
	s->cached_tokens = told_count(r, TELLS_CACHED_TOKENS, s->cached_tokens);
	s->reasoning_tokens = told_count(r, TELLS_REASONING_TOKENS, s->reasoning_tokens);
	/* An emitter that counts what came from the cache apart: the convention includes it. */
	if (s->input_tokens != NONE_INT && s->cached_tokens > s->input_tokens)
		s->input_tokens += s->cached_tokens;
	parts = told_real(r, TELLS_COST_IN) + told_real(r, TELLS_COST_OUT);
	if (isnan(cost))
		cost = parts;
	if (cost >= 0)
		s->cost_usd = cost;
	first = told_real(r, TELLS_FIRST_TOKEN);
	if (first >= 0 && first < 1e9)
		s->first_token_ns = llround(first *
			(r->best[TELLS_FIRST_TOKEN].row->form == FORM_MS ? 1e6 : 1e9));
}

/* System instructions first, where both are lists of messages. */
static const char *with_system(struct reading *r, const char *messages)
{
	const char *system = told(r, TELLS_SYSTEM), *result = messages;
	struct json *parsed = NULL, *all, *first;
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;

	if (!system)
		return messages;
	if (messages &&
		(json_parse(&parsed, messages, strlen(messages), &e) < 0 ||
			json_type(parsed) != JSON_ARRAY)) {
		err_release(&e);
		json_free(parsed);
		return messages;
	}
	all = json_array();
	first = json_add_object(all, NULL);
	json_add_text(first, "role", "system");
	if (json_add_raw(first, "parts", system, &e) < 0) {
		err_release(&e);
		json_add_text(first, "content", system);
	}
	json_each (item, parsed)
		json_add(all, NULL, json_copy(item));
	json_format(&text, all, false);
	result = arena_strdup(r->arena, text.buf);
	strbuf_release(&text);
	json_free(all);
	json_free(parsed);
	return result;
}

static void read_content(struct reading *r)
{
	struct span *s = r->span;
	bool tool = r->kind == SPAN_TOOL || r->kind == SPAN_HANDOFF;
	const char *input = told(r, TELLS_INPUT), *output = told(r, TELLS_OUTPUT);
	const char *arguments = told(r, TELLS_ARGUMENTS), *result = told(r, TELLS_RESULT);

	input = tool ? keep(arguments, input) : keep(input, arguments);
	output = tool ? keep(result, output) : keep(output, result);
	s->input = keep(tool ? input : with_system(r, input), s->input);
	s->output = keep(output, s->output);
	if (s->status && strcmp(s->status, "error") == 0)
		s->error = keep(
			keep(told(r, TELLS_ERROR), s->error), told(r, TELLS_ERROR_TYPE));
}

/* --- the rest --- */

/* True when this attribute is what a field was read from. */
static bool is_used(const struct reading *r, const struct attr *at)
{
	for (size_t i = 0; i < TELLS_TARGETS; i++) {
		const struct found *f = &r->best[i];

		if (!f->row || f->row->form == FORM_MEMBER)
			continue;
		if (f->row->form == FORM_GROUP ? starts(at->key, f->row->key)
					       : f->attr == at)
			return true;
	}
	return false;
}

/* Vectors are long and tell a reader nothing. */
static bool is_noise(const char *key)
{
	return ends(key, ".vector") || ends(key, ".embedding") ||
		strcmp(key, "output.mime_type") == 0 ||
		strcmp(key, "input.mime_type") == 0;
}

static const char *the_rest(struct reading *r)
{
	struct json *rest = json_object();
	struct strbuf text = STRBUF_INIT;
	const char *result = NULL;

	for (size_t i = 0; i < r->attrs->n; i++) {
		const struct attr *at = &r->attrs->items[i];

		if (is_noise(at->key) || is_used(r, at))
			continue;
		if (at->any)
			any_add(rest, at->key, at->value);
		else
			json_add(rest, at->key, json_copy(at->value));
	}
	if (json_first(rest)) {
		json_format(&text, rest, false);
		result = arena_strdup(r->arena, text.buf);
	}
	strbuf_release(&text);
	json_free(rest);
	return result;
}

void attrs_read(struct span *s, const char **user, const char **tags, struct arena *a,
	const struct attr_index *index, const struct attrs *at)
{
	struct reading r = {.span = s, .arena = a, .attrs = at};

	gather(&r, index);
	r.kind = s->kind ? span_kind_of(s->kind) : SPAN_NONE;
	if (r.kind == SPAN_NONE)
		r.kind = first_kind(&r);
	read_names(&r);
	read_numbers(&r);
	read_content(&r);
	if (user)
		*user = keep(told(&r, TELLS_USER), *user);
	if (tags)
		*tags = keep(told(&r, TELLS_TAGS), *tags);
	s->attributes = the_rest(&r);
}
