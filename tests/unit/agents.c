#include "tests/unit/readers.h"

#include "model/change.h"
#include "model/registry.h"
#include "poll/agents.h"
#include "trace/agent_parts.h"

static const char config[] = "connectors: [.]\n"
			     "sources:\n- {name: s, type: demo, url: "
			     "'http://127.0.0.1:%', every: 15s}\n";
static const char connector[] =
	"connector: demo\nreads:\n  - name: flags\n"
	"    emits: flag\n    get: /flags\n    map: '.[] | {name: .}'\n";

/* One round's agents; spans are begun at the clock's time, plus what the test says. */
struct walk {
	struct bench b;
	struct agents *ag;
	bool names_only;
	size_t rounds;
};

static void walk_init(struct walk *w)
{
	char *file;

	*w = (struct walk){0};
	bench_init(&w->b, config, NULL);
	file = path_join(w->b.f.top, "demo.yaml");
	ok(&w->b.f, path_write(file, connector, strlen(connector), 0600, &w->b.f.e));
	free(file);
	bench_source(&w->b, "s");
	w->ag = agents_new();
}

static void walk_release(struct walk *w)
{
	agents_free(w->ag);
	bench_release(&w->b);
}

/* An agent's session in which it calls its tools, one a millisecond; NULL ends them. */
static void session_of(struct walk *w, const char *id, const char *agent, int64_t started,
	const char *const *tools)
{
	struct span spans[1 + AGENT_EDGES_MAX + 10];
	struct session s = {.source = "s", .id = id, .agent = agent, .started = started};
	struct trace_file f = {.source = "s", .spans = spans};
	struct span root = {.source = "s",
		.trace = id,
		.session = id,
		.id = "root",
		.kind = "agent",
		.name = agent,
		.agent = agent,
		.started = started,
		.ended = started + NS_PER_S};

	spans[f.n++] = root;
	for (; *tools; tools++) {
		root.id = arena_format(&w->b.f.a, "%zu", f.n);
		root.parent = "root";
		root.kind = "tool";
		root.agent = NULL;
		root.name = root.tool = *tools;
		root.started = started + (int64_t)f.n * NS_PER_MS;
		spans[f.n++] = root;
	}
	trace_sessions(&f, &w->b.f.a, "s");
	agents_add_session(w->ag, &f, &s);
}

static void calls(struct walk *w, const char *id, int64_t started, const char *tool)
{
	session_of(w, id, "triage", started, (const char *const[]){tool, NULL});
}

/* A model's span that is offered a tool of this version; agent NULL: its session's. */
static void offers(struct walk *w, const char *session, const char *agent,
	const char *tool, int version, int64_t started)
{
	struct json *doc = json_object(), *list = json_add_array(doc, "llm.tools"), *one;
	struct strbuf text = STRBUF_INIT;

	one = json_add_object(list, NULL);
	json_add_text(one, "name", tool);
	json_add_int(one, "version", version);
	json_canonical(&text, doc);
	agents_add_span(w->ag,
		&(struct span){.source = "s",
			.trace = session,
			.id = "m",
			.kind = "llm",
			.agent = agent,
			.started = started,
			.attributes = text.buf},
		w->names_only);
	strbuf_release(&text);
	json_free(doc);
}

/* Write, and begin anew as the next round does: what is known is in the store alone. */
static void write_round(struct walk *w)
{
	struct bench *b = &w->b;
	struct round r = {.conf = b->conf,
		.config = &b->config,
		.store = b->f.st,
		.reason = ROUND_INCREMENTAL,
		.now = clock_now(),
		.generation = b->generation};

	ok(&b->f, agents_write(w->ag, &r, &b->f.e));
	agents_free(w->ag);
	w->ag = agents_new();
	clock_advance(15 * NS_PER_S);
}

static struct change_list changes(struct walk *w)
{
	const struct change_query q = {.to = AT_NOW, .seen_until = AT_NOW, .limit = 1000};
	struct change_list out;

	ok(&w->b.f, change_list(&out, &w->b.f.a, w->b.f.st, &q, &w->b.f.e));
	return out;
}

static const struct definition *held(struct walk *w, const char *type, const char *name)
{
	struct observed_list list;

	ok(&w->b.f,
		observed_at(&list, &w->b.f.a, w->b.f.st, REC_DEFINITION, "s", NULL,
			AT_NOW, 1000, &w->b.f.e));
	for (size_t i = 0; i < list.n; i++) {
		const struct definition *d = list.items[i].record;

		if (!strcmp(d->type, type) && !strcmp(d->name, name))
			return d;
	}
	return NULL;
}

static void learn(struct walk *w, size_t n, const char *tool)
{
	for (size_t i = 0; i < n; i++) {
		calls(w, arena_format(&w->b.f.a, "l%zu", w->rounds++),
			clock_now() - NS_PER_S, tool);
		write_round(w);
	}
}

static bool learning(struct walk *w)
{
	return strstr(held(w, "agent-graph", "triage")->summary, "learning") != NULL;
}

static void what_is_found_first_is_a_baseline(void **state)
{
	struct walk w;
	const struct definition *d;

	(void)state;
	walk_init(&w);
	write_round(&w);
	calls(&w, "one", clock_now() - NS_PER_S, "find");
	offers(&w, "one", "triage", "find", 1, clock_now() - NS_PER_S);
	write_round(&w);
	d = held(&w, "agent-graph", "triage");
	assert_non_null(d);
	assert_string_equal(d->service, "triage");
	assert_non_null(strstr(d->summary, "\"triage -> tool find\""));
	assert_null(d->version);
	d = held(&w, "tool-schema", "triage/find");
	assert_int_equal(strlen(d->digest), 7 + 64);
	assert_true(d->changed == NONE_INT);
	assert_int_equal(changes(&w).n, 0);
	walk_release(&w);
}

static void twenty_sessions_teach(void **state)
{
	struct walk w;

	(void)state;
	walk_init(&w);
	learn(&w, 10, "find");
	/* A way that is rare, and a session that goes on: it teaches once. */
	calls(&w, "again", clock_now() - NS_PER_S, "refund");
	write_round(&w);
	for (int i = 0; i < 30; i++) {
		calls(&w, "again", T0, "refund");
		write_round(&w);
	}
	assert_true(learning(&w));
	learn(&w, 8, "find");
	assert_true(learning(&w));
	learn(&w, 1, "find");
	assert_false(learning(&w));
	assert_int_equal(changes(&w).n, 0);
	walk_release(&w);
}

/* As backends list them: the newest first. */
static void twenty_sessions_of_one_round(void **state)
{
	struct walk w;

	(void)state;
	walk_init(&w);
	for (int i = 0; i < 25; i++)
		calls(&w, arena_format(&w.b.f.a, "%d", i), T0 - S(i + 1),
			i ? "find" : "refund");
	write_round(&w);
	assert_false(learning(&w));
	assert_int_equal(changes(&w).n, 0);
	walk_release(&w);
}

static void a_new_edge_is_one_change(void **state)
{
	struct walk w;
	struct change_list list;
	int64_t first, second;

	(void)state;
	walk_init(&w);
	learn(&w, 20, "find");
	first = clock_now() - S(5);
	calls(&w, "news", first, "refund");
	calls(&w, "more", first + S(1), "refund");
	write_round(&w);
	list = changes(&w);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.items[0].at, first + NS_PER_MS);
	assert_string_equal(list.items[0].object, "agent-graph/triage");
	assert_string_equal(list.items[0].field, "version");
	assert_null(list.items[0].before);
	assert_string_equal(list.items[0].after, "2 edges, + triage -> tool refund");
	assert_false(list.items[0].from_history);
	/* The same session again, and ways not taken any more. */
	calls(&w, "news", first, "refund");
	write_round(&w);
	learn(&w, 3, "refund");
	assert_int_equal(changes(&w).n, 1);
	second = clock_now() - S(2);
	calls(&w, "third", second, "escalate");
	write_round(&w);
	list = changes(&w);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.items[0].at, second + NS_PER_MS);
	assert_string_equal(list.items[0].before, "2 edges, + triage -> tool refund");
	assert_string_equal(list.items[0].after, "3 edges, + triage -> tool escalate");
	/* Spans that come late: at their own time. */
	calls(&w, "late", first - S(30), "close");
	write_round(&w);
	list = changes(&w);
	assert_int_equal(list.n, 3);
	assert_int_equal(list.items[2].at, first - S(30) + NS_PER_MS);
	walk_release(&w);
}

static void another_schema_is_one_change(void **state)
{
	struct walk w;
	struct change_list list;
	int64_t at;

	(void)state;
	walk_init(&w);
	offers(&w, "a", "triage", "find", 1, clock_now() - S(1));
	write_round(&w);
	/* Older than the first that was seen, and the same again. */
	offers(&w, "b", "triage", "find", 7, T0 - S(60));
	write_round(&w);
	offers(&w, "c", "triage", "find", 1, clock_now() - S(1));
	write_round(&w);
	assert_int_equal(changes(&w).n, 0);
	at = clock_now() - S(3);
	offers(&w, "d", "triage", "find", 2, at);
	offers(&w, "e", "triage", "find", 1, at - S(1));
	write_round(&w);
	offers(&w, "f", "triage", "find", 1, at - S(2));
	write_round(&w);
	list = changes(&w);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.items[0].at, at);
	assert_string_equal(list.items[0].object, "tool-schema/triage/find");
	assert_string_equal(list.items[0].field, "digest");
	assert_string_not_equal(list.items[0].before, list.items[0].after);
	walk_release(&w);
}

/* Model spans name no agent: two sessions of it offer two versions, one of which is newer. */
static void the_newest_of_a_round_counts(void **state)
{
	struct walk w;
	struct change_list list;
	int64_t at;

	(void)state;
	walk_init(&w);
	learn(&w, 20, "find");
	offers(&w, "a", "triage", "find", 1, clock_now() - S(1));
	write_round(&w);
	at = clock_now() - S(2);
	calls(&w, "x", at, "find");
	calls(&w, "y", at - S(3), "find");
	offers(&w, "x", NULL, "find", 3, at);
	offers(&w, "y", NULL, "find", 2, at - S(3));
	offers(&w, "nobody", NULL, "find", 4, at);
	write_round(&w);
	list = changes(&w);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.items[0].at, at);
	/* A tool that a known agent did not have. */
	at = clock_now() - S(2);
	calls(&w, "z", at, "find");
	offers(&w, "z", NULL, "pay", 1, at);
	write_round(&w);
	list = changes(&w);
	assert_int_equal(list.n, 2);
	assert_int_equal(list.items[0].at, at);
	assert_null(list.items[0].before);
	walk_release(&w);
}

static void a_restart_loses_nothing(void **state)
{
	struct walk w;
	int64_t generation;

	(void)state;
	walk_init(&w);
	learn(&w, 12, "find");
	offers(&w, "a", "triage", "find", 1, clock_now() - S(1));
	write_round(&w);
	generation = w.b.generation;
	fixture_again(&w.b.f);
	assert_int_equal(
		source_lock(w.b.f.st, w.b.source_id, &w.b.generation, &w.b.f.e), 1);
	assert_true(w.b.generation > generation);
	assert_true(learning(&w));
	learn(&w, 8, "find");
	assert_false(learning(&w));
	offers(&w, "b", "triage", "find", 1, clock_now() - S(1));
	write_round(&w);
	assert_int_equal(changes(&w).n, 0);
	offers(&w, "c", "triage", "find", 2, clock_now() - S(1));
	calls(&w, "c", clock_now() - S(1), "refund");
	write_round(&w);
	assert_int_equal(changes(&w).n, 2);
	walk_release(&w);
}

static void names_alone_are_kept(void **state)
{
	struct walk w;

	(void)state;
	walk_init(&w);
	w.names_only = true;
	for (int i = 0; i < 3; i++) {
		offers(&w, "a", "triage", "find", i, clock_now() - S(1));
		write_round(&w);
	}
	assert_non_null(held(&w, "tool-schema", "triage/find"));
	assert_null(held(&w, "tool-schema", "triage/find")->digest);
	assert_null(held(&w, "tool-schema", "triage/find")->summary);
	assert_int_equal(changes(&w).n, 0);
	walk_release(&w);
}

static size_t edges_of(struct walk *w)
{
	struct agent_graph g;

	agent_graph_read(&g, &w->b.f.a, held(w, "agent-graph", "triage")->summary);
	return g.edges.n;
}

static void edges_are_bounded(void **state)
{
	const char *tools[AGENT_EDGES_MAX + 6] = {NULL};
	struct walk w;

	(void)state;
	walk_init(&w);
	for (size_t i = 0; i < AGENT_EDGES_MAX + 5; i++)
		tools[i] = arena_format(&w.b.f.a, "tool %zu", i);
	learn(&w, 20, "find");
	session_of(&w, "many", "triage", clock_now() - S(1), tools);
	write_round(&w);
	assert_int_equal(edges_of(&w), AGENT_EDGES_MAX);
	assert_int_equal(changes(&w).n, 1);
	assert_non_null(strstr(changes(&w).items[0].after, "200 edges, "));
	learn(&w, 2, "one more");
	assert_int_equal(edges_of(&w), AGENT_EDGES_MAX);
	assert_int_equal(changes(&w).n, 1);
	walk_release(&w);
}

static void names_are_only_names(void **state)
{
	static const char *const names[] = {"a/b", "a\"b", "a\nb", "a\033[2Jb", "a%2Fb",
		"a'; DROP TABLE definition; --", "a\\b", " ", "/", "a -> tool b"};
	struct walk w;

	(void)state;
	walk_init(&w);
	for (int round = 0; round < 22; round++) {
		for (size_t i = 0; i < ARRAY_LEN(names); i++) {
			const char *id = arena_format(&w.b.f.a, "%d.%zu", round, i);
			int64_t at = clock_now() - S(1);

			session_of(&w, id, names[i], at,
				(const char *const[]){names[i], "x", NULL});
			offers(&w, id, NULL, names[i], 1, at);
		}
		write_round(&w);
	}
	assert_int_equal(changes(&w).n, 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct definition *d = held(&w, "agent-graph", names[i]);

		assert_non_null(d);
		assert_null(strstr(d->summary, "learning"));
	}
	/* Neither agent's tool is the other's. */
	offers(&w, "p", "q/r", "s", 1, clock_now() - S(1));
	offers(&w, "p", "q", "r/s", 2, clock_now() - S(1));
	write_round(&w);
	offers(&w, "p", "q/r", "s", 1, clock_now() - S(1));
	offers(&w, "p", "q", "r/s", 2, clock_now() - S(2));
	write_round(&w);
	assert_non_null(held(&w, "tool-schema", "q%2Fr/s"));
	assert_non_null(held(&w, "tool-schema", "q/r/s"));
	assert_int_equal(changes(&w).n, 0);
	walk_release(&w);
}

UNIT_TESTS(cmocka_unit_test(what_is_found_first_is_a_baseline),
	cmocka_unit_test(twenty_sessions_teach),
	cmocka_unit_test(twenty_sessions_of_one_round),
	cmocka_unit_test(a_new_edge_is_one_change),
	cmocka_unit_test(another_schema_is_one_change),
	cmocka_unit_test(the_newest_of_a_round_counts),
	cmocka_unit_test(a_restart_loses_nothing), cmocka_unit_test(names_alone_are_kept),
	cmocka_unit_test(edges_are_bounded), cmocka_unit_test(names_are_only_names))
