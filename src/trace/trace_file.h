/*
 * trace_file.h - trace files of any known format, told apart by their content
 */
#ifndef TOCSIN_TRACE_FILE_H
#define TOCSIN_TRACE_FILE_H

#include <stdbool.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "model/session.h"
#include "trace/attrs.h"

#define TRACE_FILE_MAX_BYTES (256 * 1024 * 1024)

/* What a span says about its session. */
struct span_about {
	const char	*user, *tags;	/* NULL: nothing */
};

/* A trace's own record, where a format has one. */
struct trace_record {
	const char	*trace, *session;
};

struct trace_file {
	const char		*format;	/* otlp, jaeger, langfuse, phoenix ... */
	const char		*source;
	struct span		*spans;		/* all below in the arena, in the file's order */
	struct span_about	*about;		/* one for each span */
	size_t			n, cap, about_cap;
	struct trace_record	*records;
	size_t			n_records, records_cap;
	size_t			*by_session;	/* the spans' indices, sorted by session */
	struct session		*sessions;	/* in order of start */
	size_t			n_sessions;
	size_t			skipped;	/* parts that are no traces; said in problems */
	const struct attr_index	*index;
};

/* One more span with everything unknown but its source; *about (may be NULL) is its own. */
struct span *trace_file_add(struct trace_file *f, struct arena *a, struct span_about **about);

/* What reads one format; trace_file.c lists them. */
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

/*
 * Gather the spans into sessions: what one span of a trace says of session, user and tags holds for
 * all of it; counts, tokens, cost and errors are the tree's, so that nothing counts twice.  Needs
 * spans and n alone (about may be NULL); sets each span's session.
 */
void trace_sessions(struct trace_file *f, struct arena *a, const char *source);

/* The spans of one session, gathered (copies of the structs, texts shared); n in *n. */
struct span *trace_session_spans(const struct trace_file *f, struct arena *a, const char *session,
	size_t *n);

/* The readers there are, in order; NULL behind the last: for help. */
const struct trace_reader *trace_file_reader(size_t i);

#endif
