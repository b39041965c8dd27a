#include "config.h"

#include "trace/trace_file.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "core/i18n.h"
#include "model/record.h"
#include "trace/otlp.h"
#include "trace/trace_read.h"

/* In the order in which they are asked whether a document is theirs. */
static const struct trace_reader *const readers[] = {
	&trace_reader_otlp,
	&trace_reader_jaeger,
	&trace_reader_langfuse,
	&trace_reader_phoenix,
	&trace_reader_openai_agents,
};

const struct trace_reader *trace_file_reader(size_t i)
{
	return i < ARRAY_LEN(readers) ? readers[i] : NULL;
}

struct span *trace_file_add(
	struct trace_file *f, struct arena *a, struct span_about **about)
{
	size_t n = f->n;
	struct span_about *own = arena_push(a, f->about, n, f->about_cap);
	struct span *s = arena_push(a, f->spans, f->n, f->cap);

	s->source = f->source;
	s->status = "unset";
	s->started = s->ended = NONE_INT;
	s->input_tokens = s->output_tokens = s->cached_tokens = s->reasoning_tokens =
		NONE_INT;
	s->cost_usd = s->score = NAN;
	s->first_token_ns = NONE_INT;
	if (about)
		*about = own;
	return s;
}

/* --- documents --- */

struct reading {
	struct trace_file *file;
	struct arena *arena;
	struct problems *problems;
	size_t known; /* documents that a reader took */
};

static bool read_document(struct reading *r, const struct json *doc)
{
	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		if (!readers[i]->is(doc))
			continue;
		if (!r->file->format)
			r->file->format = readers[i]->format;
		readers[i]->read(r->file, r->arena, doc, r->problems);
		r->known++;
		return true;
	}
	return false;
}

/* One document, or a list of them. */
static void read_root(struct reading *r, const struct json *root, int line)
{
	size_t unknown = 0;

	if (read_document(r, root))
		return;
	if (json_type(root) != JSON_ARRAY)
		unknown = 1;
	else
		json_each (item, root)
			unknown += !read_document(r, item);
	if (unknown == 0)
		return;
	r->file->skipped += unknown;
	problems_add(r->problems, line, 0,
		ngettext("%zu document is of no known trace format",
			"%zu documents are of no known trace format", unknown),
		unknown);
}

static bool blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isspace((unsigned char)s[i]))
			return false;
	}
	return true;
}

/* JSON lines: what is no JSON is a problem, the rest is read.  Returns lines that were JSON. */
static size_t read_lines(struct reading *r, const char *s, size_t n)
{
	size_t good = 0;
	int line = 1;

	for (size_t at = 0; at < n; line++) {
		const char *newline = memchr(s + at, '\n', n - at);
		size_t length = newline ? (size_t)(newline - (s + at)) : n - at;
		struct json *doc = NULL;
		struct err e = ERR_INIT;

		if (blank(s + at, length)) {
			at += length + 1;
			continue;
		}
		if (json_parse(&doc, s + at, length, &e) == 0) {
			read_root(r, doc, line);
			good++;
		} else {
			r->file->skipped++;
			problems_add(r->problems, line, 0, "%s", e.what);
		}
		err_release(&e);
		json_free(doc);
		at += length + 1;
	}
	return good;
}

static int unknown_format(struct err *e)
{
	err_set(e, ERR_INPUT, _("the file is of no known trace format"));
	return err_hint(
		e, _("OTLP/JSON is read: one document, a list of them, or JSON lines"));
}

int trace_file_parse(struct trace_file *out, struct arena *a, const char *s, size_t n,
	const char *source, struct problems *p, struct err *e)
{
	struct reading r = {.file = out, .arena = a, .problems = p};
	struct err whole = ERR_INIT;
	struct json *root = NULL;

	*out = (struct trace_file){.source = arena_strdup(a, source)};
	out->index = attr_index_new(a);
	if (n > TRACE_FILE_MAX_BYTES)
		return err_set(e, ERR_LIMIT, _("a trace file may have %d MiB at most"),
			TRACE_FILE_MAX_BYTES / 1024 / 1024);
	if (blank(s, n))
		return err_set(e, ERR_INPUT, _("the trace file is empty"));
	if (json_parse(&root, s, n, &whole) == 0) {
		read_root(&r, root, 0);
		json_free(root);
	} else if (!memchr(s, '\n', n) || read_lines(&r, s, n) == 0) {
		err_move(e, &whole);
		return -1;
	}
	err_release(&whole);
	if (r.known == 0)
		return unknown_format(e);
	trace_sessions(out, a, out->source);
	return 0;
}
