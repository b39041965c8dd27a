#include "config.h"

#include "trace/attrs.h"

#include <string.h>
#include <strings.h>

static struct attr *push(
	struct attrs *at, struct arena *a, const char *key, const struct json *value)
{
	struct attr *one;

	if (!key || !*key || !value)
		return NULL;
	one = arena_push(a, at->items, at->n, at->cap);
	one->key = key;
	one->value = value;
	return one;
}

void attrs_add_otlp(struct attrs *at, struct arena *a, const struct json *list)
{
	json_each (item, list) {
		struct attr *one = push(
			at, a, json_text(json_get(item, "key")), json_get(item, "value"));

		if (one)
			one->any = true;
	}
}

void attrs_add_object(struct attrs *at, struct arena *a, const struct json *object)
{
	if (json_type(object) != JSON_OBJECT)
		return;
	json_each (item, object)
		(void)push(at, a, json_key(item), item);
}

void attrs_add(
	struct attrs *at, struct arena *a, const char *key, const struct json *value)
{
	(void)push(at, a, key, value);
}

/* The members of an AnyValue, in the protocol's order. */
enum any_member {
	ANY_STRING,
	ANY_BOOL,
	ANY_INT,
	ANY_DOUBLE,
	ANY_BYTES,
	ANY_ARRAY,
	ANY_LIST,
	ANY_NONE
};

static const char *const any_names[] = {
	[ANY_STRING] = "stringValue",
	[ANY_BOOL] = "boolValue",
	[ANY_INT] = "intValue",
	[ANY_DOUBLE] = "doubleValue",
	[ANY_BYTES] = "bytesValue",
	[ANY_ARRAY] = "arrayValue",
	[ANY_LIST] = "kvlistValue",
};

/* Which member a value has; an object with none of them is null, as an empty one. */
static enum any_member member_of(const struct json *any, const struct json **value)
{
	json_each (item, any) {
		for (size_t i = 0; json_key(item) && i < ARRAY_LEN(any_names); i++) {
			if (strcmp(json_key(item), any_names[i]) == 0) {
				*value = item;
				return (enum any_member)i;
			}
		}
	}
	*value = NULL;
	return ANY_NONE;
}

static void add_int(struct json *to, const char *key, const struct json *value)
{
	int64_t v = json_int(value);

	if (v == INT64_MIN && json_text(value))
		json_add_text(to, key, json_text(value));
	else
		json_add_int(to, key, v);
}

/* Depth is bounded by what json_parse() lets through. */
void any_add(struct json *to, const char *key, const struct json *any)
{
	const struct json *value;
	struct json *inner;

	switch (json_type(any) == JSON_OBJECT ? member_of(any, &value) : ANY_NONE) {
	case ANY_STRING:
	case ANY_BYTES: json_add_text(to, key, json_text(value)); break;
	case ANY_BOOL: json_add_bool(to, key, json_bool(value, false)); break;
	case ANY_INT: add_int(to, key, value); break;
	case ANY_DOUBLE: json_add_real(to, key, json_real(value)); break;
	case ANY_ARRAY:
		inner = json_add_array(to, key);
		json_each (item, json_get(value, "values"))
			any_add(inner, NULL, item);
		break;
	case ANY_LIST:
		inner = json_add_object(to, key);
		json_each (item, json_get(value, "values")) {
			const char *name = json_text(json_get(item, "key"));

			if (name)
				any_add(inner, name, json_get(item, "value"));
		}
		break;
	case ANY_NONE: json_add_null(to, key); break;
	}
}

const char *plain_text(const struct json *j, struct arena *a)
{
	struct strbuf text = STRBUF_INIT;
	const char *result;

	if (json_type(j) == JSON_NONE || json_type(j) == JSON_NULL)
		return NULL;
	if (json_text(j))
		return arena_strdup(a, json_text(j));
	json_format(&text, j, false);
	result = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return result;
}

const char *any_text(const struct json *any, struct arena *a)
{
	const struct json *value;
	enum any_member member;
	struct json *plain;
	const char *result;

	if (json_type(any) != JSON_OBJECT)
		return plain_text(any, a);
	member = member_of(any, &value);
	if (member != ANY_ARRAY && member != ANY_LIST)
		return plain_text(value, a);
	plain = json_array();
	any_add(plain, NULL, any);
	result = plain_text(json_first(plain), a);
	json_free(plain);
	return result;
}

/* Words for kinds in all conventions, in lower case. */
/* clang-format off */
static const struct {
	const char	*word;
	enum span_kind	kind;
} words[] = {
	{"agent", SPAN_AGENT}, {"invoke_agent", SPAN_AGENT},
	{"llm", SPAN_LLM}, {"chat", SPAN_LLM}, {"generation", SPAN_LLM}, {"generate", SPAN_LLM},
	{"chat_model", SPAN_LLM}, {"completion", SPAN_LLM}, {"text_completion", SPAN_LLM},
	{"generate_content", SPAN_LLM}, {"response", SPAN_LLM}, {"speech", SPAN_LLM},
	{"transcription", SPAN_LLM}, {"image_generation", SPAN_LLM},
	{"tool", SPAN_TOOL}, {"execute_tool", SPAN_TOOL}, {"function", SPAN_TOOL},
	{"retriever", SPAN_RETRIEVAL}, {"retrieval", SPAN_RETRIEVAL},
	{"reranker", SPAN_RETRIEVAL}, {"rerank", SPAN_RETRIEVAL},
	{"search_memory", SPAN_RETRIEVAL},
	{"embedding", SPAN_EMBEDDING}, {"embeddings", SPAN_EMBEDDING},
	{"guardrail", SPAN_GUARDRAIL},
	{"handoff", SPAN_HANDOFF},
	{"evaluator", SPAN_EVALUATOR}, {"evaluation", SPAN_EVALUATOR},
	{"other", SPAN_OTHER}, {"chain", SPAN_OTHER}, {"span", SPAN_OTHER}, {"event", SPAN_OTHER},
	{"workflow", SPAN_OTHER}, {"task", SPAN_OTHER}, {"step", SPAN_OTHER},
	{"prompt", SPAN_OTHER}, {"parser", SPAN_OTHER}, {"general", SPAN_OTHER},
	{"custom", SPAN_OTHER}, {"turn", SPAN_OTHER}, {"mcp_tools", SPAN_OTHER},
	{"speech_group", SPAN_OTHER}, {"create_agent", SPAN_OTHER}, {"agent_step", SPAN_OTHER},
	{"invoke_workflow", SPAN_OTHER}, {"plan", SPAN_OTHER}, {"fetch_response", SPAN_OTHER},
	{"create_memory", SPAN_OTHER}, {"update_memory", SPAN_OTHER},
	{"upsert_memory", SPAN_OTHER}, {"delete_memory", SPAN_OTHER},
	{"create_memory_store", SPAN_OTHER}, {"delete_memory_store", SPAN_OTHER},
};
/* clang-format on */

enum span_kind attrs_kind_of(const char *value)
{
	for (size_t i = 0; value && i < ARRAY_LEN(words); i++) {
		if (strcasecmp(value, words[i].word) == 0)
			return words[i].kind;
	}
	return SPAN_NONE;
}
