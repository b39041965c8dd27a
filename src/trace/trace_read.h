/*
 * trace_read.h - what the readers of trace formats share; for trace/ alone
 */
#ifndef TOCSIN_TRACE_READ_H
#define TOCSIN_TRACE_READ_H

#include "trace/trace_file.h"

extern const struct trace_reader trace_reader_jaeger;
extern const struct trace_reader trace_reader_langfuse;
extern const struct trace_reader trace_reader_phoenix;
extern const struct trace_reader trace_reader_openai_agents;

/* A moment as ISO 8601 text (without zone: UTC); NONE_INT: none. */
int64_t trace_time(const struct json *j);

/* The object itself, or the object that a string holds; *parsed is freed by the caller. */
const struct json *trace_object(const struct json *j, struct json **parsed);

/* A text that is not empty, in the arena; NULL else. */
const char *trace_text(struct arena *a, const struct json *j);

#endif
