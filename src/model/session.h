/* session.h - agent sessions and spans */
#ifndef TOCSIN_SESSION_H
#define TOCSIN_SESSION_H

#include <stdint.h>

struct session {
	const char	*source, *id;		/* key */
	const char	*agent, *user;
	int64_t		started, ended;
	int64_t		traces, spans, errors;
	int64_t		input_tokens, output_tokens;
	double		cost_usd;
	const char	*tags;		/* JSON array */
	const char	*format;	/* of an imported file: otlp, jaeger, langfuse …; else NULL */
};

enum span_kind {
	SPAN_NONE,
	SPAN_AGENT, SPAN_LLM, SPAN_TOOL, SPAN_RETRIEVAL, SPAN_EMBEDDING, SPAN_GUARDRAIL,
	SPAN_HANDOFF, SPAN_EVALUATOR, SPAN_OTHER,	/* chains, steps, HTTP …: other */
	SPAN_KINDS,
};

const char *span_kind_name(enum span_kind k);
enum span_kind span_kind_of(const char *name);	/* SPAN_NONE: no such kind */

struct span {
	const char	*source, *trace, *id;	/* key */
	const char	*session;	/* NULL: the trace's own */
	const char	*parent;	/* NULL: a root */
	const char	*kind;		/* span_kind_name() */
	const char	*name;
	int64_t		started, ended;
	const char	*status;	/* ok, error, unset */
	const char	*error;		/* the message, when it failed */
	const char	*agent, *model, *tool;
	const char	*input, *output;	/* as recorded: text or JSON; NULL: not recorded */
	int64_t		input_tokens, output_tokens, cached_tokens, reasoning_tokens;
	double		cost_usd;
	int64_t		first_token_ns;	/* time to first token */
	const char	*scope;		/* the library that recorded it; a service's name else */
	const char	*call;		/* the provider's response id, or the tool call's id */
	double		score;		/* what an evaluator found; NAN: it is none */
	const char	*finish;	/* why a model ended: stop, length, content_filter ... */
	const char	*attributes;	/* JSON object: what has no field of its own */
};

#endif
