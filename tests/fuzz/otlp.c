#include "config.h"

#include "tests/fuzz/fuzz.h"

#include "trace/findings.h"
#include "trace/replay.h"
#include "trace/story.h"
#include "trace/trace_file.h"

/* What was read holds together: every span has one node, and the replay counts what the tree does. */
static void walk(struct arena *a, const struct trace_file *f)
{
	struct strbuf line = STRBUF_INIT;
	struct findings findings;
	struct replay r;
	struct tree t;

	tree_build(&t, a, f->spans, f->n, NULL);
	if (t.n != f->n)
		bug("%zu spans, %zu nodes", f->n, t.n);
	replay_init(&r, &t, NULL);
	for (size_t i = 0; i < t.n; i++) {
		if (t.order[t.step[i]] != i || t.nodes[i].size > t.n - i)
			bug("node %zu is out of its place", i);
		story_line(&line, &t, i);
		strbuf_reset(&line);
	}
	(void)replay_to(&r, t.n);
	(void)replay_find(&r, "a", -1);
	replay_play(&r, true);
	(void)replay_tick(&r, INT64_MAX);
	findings_of(&findings, a, &t, 100);
	strbuf_release(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct trace_file f;
	struct problems p;
	struct err e = ERR_INIT;
	struct arena a;

	arena_init(&a);
	problems_init(&p, NULL);
	if (!trace_file_parse(&f, &a, (const char *)data, n, "fuzz", &p, &e)) {
		walk(&a, &f);
		for (size_t i = 0; i < f.n_sessions; i++) {
			size_t n_spans;

			(void)trace_session_spans(&f, &a, f.sessions[i].id, &n_spans);
			if (n_spans == 0)
				bug("session '%s' has no span", f.sessions[i].id);
		}
	}
	err_release(&e);
	problems_release(&p);
	arena_release(&a);
	return 0;
}
