/*
 * attrs.h - span attributes of the conventions in use, mapped to struct span
 *
 * OpenTelemetry GenAI (present and older), OpenInference, OpenLLMetry (Traceloop), Langfuse, Vercel
 * AI SDK, LangSmith, MLflow, AgentOps, Google ADK, Pydantic AI.  One table; the first key in it
 * that is there and not empty wins.
 */
#ifndef TOCSIN_TRACE_ATTRS_H
#define TOCSIN_TRACE_ATTRS_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/json.h"
#include "model/session.h"

/* One attribute; value is plain JSON, or an OTLP AnyValue when `any`. */
struct attr {
	const char		*key;
	const struct json	*value;
	bool			any;
};

struct attrs {
	struct attr	*items;
	size_t		n, cap;
};

/* The table, made ready for lookups; in the arena; one for a whole file. */
struct attr_index;
const struct attr_index *attr_index_new(struct arena *a);

/* Add an OTLP list of {key, value}; an object's members; one member. */
void attrs_add_otlp(struct attrs *at, struct arena *a, const struct json *list);
void attrs_add_object(struct attrs *at, struct arena *a, const struct json *object);
void attrs_add(struct attrs *at, struct arena *a, const char *key, const struct json *value);

/*
 * Fill what the attributes know: kind, session, agent, model, tool, call, input, output, tokens,
 * cost, first token, error, and attributes (a JSON object of all that went nowhere else).  s
 * already has name, scope, status and times; what is set there and not told here stays.  Texts
 * are copied into the arena.  *user and *tags (may be NULL) get the session's.
 */
void attrs_read(struct span *s, const char **user, const char **tags, struct arena *a,
	const struct attr_index *index, const struct attrs *at);

/* An OTLP AnyValue: added as plain JSON; as text (NULL: empty); in the arena. */
void any_add(struct json *to, const char *key, const struct json *any);
const char *any_text(const struct json *any, struct arena *a);

/* Plain JSON as text: a string as it is, others as JSON; NULL for null and nothing. */
const char *plain_text(const struct json *j, struct arena *a);

/* "LLM", "generation", "chat", "CHAIN" ... to a kind; SPAN_NONE: not known. */
enum span_kind attrs_kind_of(const char *value);

#endif
