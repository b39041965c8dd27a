/*
 * trace_file.h - trace files of any known format, told apart by their content
 */
#ifndef TOCSIN_TRACE_FILE_H
#define TOCSIN_TRACE_FILE_H

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "model/session.h"

#define TRACE_FILE_MAX_BYTES (256 * 1024 * 1024)

struct trace_file {
	const char	*format;	/* otlp, jaeger, langfuse, phoenix ... */
	struct span	*spans;		/* all below in the arena, in the file's order */
	size_t		n, cap;
	struct session	*sessions;	/* in order of start */
	size_t		n_sessions;
	size_t		skipped;	/* things that are no span; said in problems */
};

/* What reads one format; formats.c lists them. */
struct trace_reader {
	const char	*format;
	const char	*title;
	bool		(*is)(const struct json *doc);	/* one document's root */
	void		(*read)(struct trace_file *out, struct arena *a, const struct json *doc,
				struct problems *p);
};

/*
 * One JSON document, an array of them, or JSON lines.  source becomes every record's source.
 * Fails when the format is not known or nothing can be read; a line that is no JSON among others
 * is a problem in p and skipped.  Sessions: the session id of the spans, else the trace id.
 */
int trace_file_parse(struct trace_file *out, struct arena *a, const char *s, size_t n,
	const char *source, struct problems *p, struct err *e);

/* The sessions of spans: counts, tokens, cost, errors; what a span leaves open its trace gives. */
void trace_sessions(struct trace_file *f, struct arena *a, const char *source);

/* The spans of one session, gathered (copies of the structs, texts shared); n in *n. */
struct span *trace_session_spans(const struct trace_file *f, struct arena *a, const char *session,
	size_t *n);

/* NULL-terminated names of all formats, for help. */
const char *const *trace_file_formats(void);

#endif
