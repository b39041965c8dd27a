/* Spans of a file gathered into sessions. */
#include "config.h"

#include "trace/trace_file.h"

#include <stdlib.h>
#include <string.h>

#include "model/record.h"
#include "trace/tree.h"

/* A span's place in the file, under the key that gathers it. */
struct entry {
	const char *key; /* never NULL */
	size_t at;
};

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->key, y->key);

	if (order)
		return order;
	return x->at < y->at ? -1 : x->at > y->at;
}

static size_t end_of_run(const struct entry *entries, size_t from, size_t n)
{
	size_t to = from + 1;

	while (to < n && strcmp(entries[to].key, entries[from].key) == 0)
		to++;
	return to;
}

/* --- one trace: what one of its spans says, all of them say --- */

/* Roots first: they know best; then as the file has them. */
static const char *session_of(
	const struct trace_file *f, const struct entry *entries, size_t n)
{
	const char *any = NULL;

	for (size_t i = 0; i < n; i++) {
		const struct span *s = &f->spans[entries[i].at];

		if (!s->session || !*s->session)
			continue;
		if (!s->parent)
			return s->session;
		if (!any)
			any = s->session;
	}
	return any;
}

static int by_trace(const void *a, const void *b)
{
	const struct trace_record *x = a, *y = b;

	return strcmp(x->trace, y->trace);
}

/* Records without a trace or a session say nothing. */
static void sort_records(struct trace_file *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n_records; i++) {
		if (f->records[i].trace && f->records[i].session)
			f->records[kept++] = f->records[i];
	}
	f->n_records = kept;
	if (kept > 1)
		qsort(f->records, kept, sizeof(*f->records), by_trace);
}

static const char *recorded_session(const struct trace_file *f, const char *trace)
{
	struct trace_record wanted = {trace, NULL};
	const struct trace_record *found = NULL;

	if (f->n_records > 0)
		found = bsearch(
			&wanted, f->records, f->n_records, sizeof(wanted), by_trace);
	return found ? found->session : NULL;
}

static void unite_trace(struct trace_file *f, const struct entry *entries, size_t n)
{
	const char *session = session_of(f, entries, n);

	if (!session)
		session = recorded_session(f, entries[0].key);
	/* A trace without a session is one of its own. */
	if (!session)
		session = *entries[0].key ? entries[0].key : "no-trace";
	for (size_t i = 0; i < n; i++)
		f->spans[entries[i].at].session = session;
}

static void unite_traces(struct trace_file *f, struct entry *entries)
{
	sort_records(f);
	for (size_t i = 0; i < f->n; i++)
		entries[i] =
			(struct entry){f->spans[i].trace ? f->spans[i].trace : "", i};
	qsort(entries, f->n, sizeof(*entries), by_key);
	for (size_t i = 0; i < f->n;) {
		size_t end = end_of_run(entries, i, f->n);

		unite_trace(f, entries + i, end - i);
		i = end;
	}
}

/* --- one session --- */

/* A tool's call by way of MCP is recorded at each station: the outermost is the call. */
static void fold_tool_stations(struct span *spans, const struct tree *t)
{
	uint32_t *above = mem_new(t->n + 1, sizeof(*above)); /* the nearest tool's node */

	for (size_t i = 0; i < t->n; i++) {
		uint32_t parent = t->nodes[i].parent;
		const struct span *s = tree_span(t, i), *outer;

		above[i] = NODE_NONE;
		if (parent != NODE_NONE)
			above[i] = t->nodes[parent].kind == SPAN_TOOL ? parent
								      : above[parent];
		if (t->nodes[i].kind != SPAN_TOOL || !s->tool || above[i] == NODE_NONE)
			continue;
		outer = tree_span(t, above[i]);
		if (outer->tool && strcmp(outer->tool, s->tool) == 0)
			spans[t->nodes[i].span].kind = span_kind_name(SPAN_OTHER);
	}
	free(above);
}

static const char *agent_of(const struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct span *s = tree_span(t, i);

		if (t->nodes[i].kind == SPAN_AGENT && s->agent && *s->agent)
			return s->agent;
	}
	for (size_t i = 0; i < t->n; i++) {
		if (tree_span(t, i)->agent)
			return tree_span(t, i)->agent;
	}
	return t->n > 0 ? tree_span(t, t->order[0])->name : NULL;
}

/* Tags are a JSON list; one word alone is a list of it. */
static const char *tags_of(struct arena *a, const char *tags)
{
	struct strbuf text = STRBUF_INIT;
	const char *result = tags;

	if (tags && *tags != '[') {
		strbuf_addc(&text, '[');
		json_quote(&text, tags);
		strbuf_addc(&text, ']');
		result = arena_strdup(a, text.buf);
	}
	strbuf_release(&text);
	return result;
}

static void take_about(
	struct session *out, struct arena *a, const struct span_about *about)
{
	if (!out->user)
		out->user = about->user;
	if (!out->tags)
		out->tags = tags_of(a, about->tags);
}

static void fill_session(struct session *out, struct trace_file *f, struct arena *a,
	const struct entry *entries, size_t n)
{
	struct arena scratch;
	struct tree t;
	struct span *spans = mem_new(n, sizeof(*spans));

	arena_init(&scratch);
	for (size_t i = 0; i < n; i++) {
		spans[i] = f->spans[entries[i].at];
		if (f->about)
			take_about(out, a, &f->about[entries[i].at]);
	}
	tree_build(&t, &scratch, spans, n, NULL);
	fold_tool_stations(spans, &t);
	for (size_t i = 0; i < n; i++)
		f->spans[entries[i].at].kind = spans[i].kind;
	out->id = entries[0].key;
	out->format = f->format;
	out->agent = agent_of(&t);
	out->started = t.started;
	out->ended = t.open > 0 && t.ended == t.started ? NONE_INT : t.ended;
	out->traces = (int64_t)t.traces;
	out->spans = (int64_t)(t.n - t.repeats);
	out->errors = (int64_t)t.errors;
	out->input_tokens = t.total.input;
	out->output_tokens = t.total.output;
	out->cost_usd = pusd_to_usd(t.total.cost_pusd);
	arena_release(&scratch);
	free(spans);
}

static int by_start(const void *a, const void *b)
{
	const struct session *x = a, *y = b;

	if (x->started != y->started)
		return x->started < y->started ? -1 : 1;
	return strcmp(x->id, y->id);
}

void trace_sessions(struct trace_file *f, struct arena *a, const char *source)
{
	struct entry *entries = mem_new(f->n + 1, sizeof(*entries));
	size_t cap = 0;

	unite_traces(f, entries);
	for (size_t i = 0; i < f->n; i++)
		entries[i] = (struct entry){f->spans[i].session, i};
	qsort(entries, f->n, sizeof(*entries), by_key);
	f->by_session = arena_alloc(a, f->n + 1, sizeof(*f->by_session));
	for (size_t i = 0; i < f->n; i++)
		f->by_session[i] = entries[i].at;
	f->sessions = NULL;
	f->n_sessions = 0;
	for (size_t i = 0; i < f->n;) {
		size_t end = end_of_run(entries, i, f->n);
		struct session *s = arena_push(a, f->sessions, f->n_sessions, cap);

		s->source = source;
		fill_session(s, f, a, entries + i, end - i);
		i = end;
	}
	if (f->n_sessions > 1)
		qsort(f->sessions, f->n_sessions, sizeof(*f->sessions), by_start);
	free(entries);
}

struct span *trace_session_spans(
	const struct trace_file *f, struct arena *a, const char *session, size_t *n)
{
	size_t low = 0, high = f->n, end;
	struct span *out;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(f->spans[f->by_session[middle]].session, session) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (end = low; end < f->n; end++) {
		if (strcmp(f->spans[f->by_session[end]].session, session) != 0)
			break;
	}
	*n = end - low;
	out = arena_alloc(a, *n + 1, sizeof(*out));
	for (size_t i = 0; i < *n; i++)
		out[i] = f->spans[f->by_session[low + i]];
	return out;
}
