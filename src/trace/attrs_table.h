/*
 * attrs_table.h - which attribute of which convention says what; for trace/ alone
 */
#ifndef TOCSIN_ATTRS_TABLE_H
#define TOCSIN_ATTRS_TABLE_H

#include <stddef.h>

#include "core/arena.h"

/* What an attribute can tell. */
enum attr_target {
	TELLS_NOTHING,
	TELLS_KIND,		/* by its value */
	TELLS_OPERATION,	/* Vercel's ai.operationId: by the value's ending */
	TELLS_MCP,		/* an MCP method */
	TELLS_IS_TOOL,		/* its presence says tool */
	TELLS_IS_LLM,
	TELLS_SESSION, TELLS_USER, TELLS_TAGS,
	TELLS_AGENT, TELLS_TOOL, TELLS_TARGET,	/* of a handoff */
	TELLS_TRANSFER,
	TELLS_RESPONSE_ID, TELLS_TOOL_CALL, TELLS_FINISH,
	TELLS_MODEL, TELLS_MODEL_ASKED,
	TELLS_INPUT_TOKENS, TELLS_OUTPUT_TOKENS, TELLS_CACHED_TOKENS, TELLS_REASONING_TOKENS,
	TELLS_COST, TELLS_COST_IN, TELLS_COST_OUT,
	TELLS_FIRST_TOKEN,
	TELLS_SYSTEM, TELLS_INPUT, TELLS_OUTPUT, TELLS_ARGUMENTS, TELLS_RESULT,
	TELLS_ERROR_TYPE, TELLS_ERROR,
	TELLS_TARGETS,
};

enum attr_form {
	FORM_PLAIN,
	FORM_MEMBER,	/* a member of an object, or of a JSON text of one */
	FORM_SECONDS,	/* a duration */
	FORM_MS,
	FORM_GROUP,	/* key is the beginning of flattened keys: "llm.input_messages." */
};

struct attr_row {
	const char		*key;
	enum attr_target	tells;
	enum attr_form		form;
	const char		*member;
};

/* Ranked: of two rows that tell the same, the earlier one wins. */
extern const struct attr_row attr_rows[];
extern const size_t attr_rows_n;

/* The rows of a key: *n of them from the pointer on, each an index into attr_rows. */
struct attr_index;
const size_t *attr_index_find(const struct attr_index *index, const char *key, size_t *n);

#endif
