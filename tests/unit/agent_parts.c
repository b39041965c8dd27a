#include "tests/unit/unit.h"

#include <string.h>

#include "model/record.h"
#include "trace/agent_parts.h"

static struct agent_tools tools_of(
	struct arena *a, const char *kind, const char *attributes, const char *input)
{
	const struct span s = {.kind = kind, .attributes = attributes, .input = input};
	struct agent_tools out;

	agent_tools_of(&out, a, &s);
	return out;
}

static void one_tool(const char *attributes, const char *input, const char *name)
{
	struct arena a = {0};
	struct agent_tools t = tools_of(&a, "llm", attributes, input);

	assert_int_equal(t.n, 1);
	assert_string_equal(t.items[0].name, name);
	assert_int_equal(strlen(t.items[0].digest), 7 + 64);
	arena_release(&a);
}

static void tools_of_each_convention(void **state)
{
	(void)state;
	one_tool("{\"gen_ai.tool.definitions\":[{\"name\":\"refund\"}]}", NULL, "refund");
	one_tool("{\"gen_ai.tool.definitions\":\"[{\\\"name\\\":\\\"refund\\\"}]\"}",
		NULL, "refund");
	one_tool("{\"llm.tools.0.tool.json_schema\":"
		 "\"{\\\"function\\\":{\\\"name\\\":\\\"pay\\\"}}\"}",
		NULL, "pay");
	one_tool("{\"ai.prompt.tools\":[\"{\\\"name\\\":\\\"find\\\"}\"]}", NULL, "find");
	one_tool("{\"llm.invocation_parameters\":"
		 "\"{\\\"tools\\\":[{\\\"function\\\":{\\\"name\\\":\\\"look\\\"}}]}\"}",
		NULL, "look");
	one_tool(NULL, "{\"messages\":[],\"tools\":[{\"name\":\"ask\"}]}", "ask");
}

static void what_is_no_definition(void **state)
{
	static const char *const texts[] = {"", "tool", "{\"llm.tools\":", "[1,2]",
		"{\"llm.tools\":{}}",
		"{\"llm.tools\":[1,null,[],{\"name\":\"\"},{\"name\":4}]}",
		"{\"llm.tools.x.tool.json_schema\":\"{}\"}",
		"{\"gen_ai.tool.definitions\":\"[{\"}"};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_int_equal(tools_of(&a, "llm", texts[i], texts[i]).n, 0);
	assert_int_equal(
		tools_of(&a, "tool", "{\"llm.tools\":[{\"name\":\"x\"}]}", NULL).n, 0);
	arena_release(&a);
}

static void the_digest_is_of_the_meaning(void **state)
{
	struct arena a = {0};
	const char *one =
		tools_of(&a, "llm", "{\"llm.tools\":[{\"name\":\"x\",\"a\":1}]}", NULL)
			.items[0]
			.digest;

	(void)state;
	assert_string_equal(one,
		tools_of(
			&a, "llm", "{\"llm.tools\": [{\"a\": 1, \"name\": \"x\"}]}", NULL)
			.items[0]
			.digest);
	assert_string_not_equal(one,
		tools_of(&a, "llm", "{\"llm.tools\":[{\"name\":\"x\",\"a\":2}]}", NULL)
			.items[0]
			.digest);
	arena_release(&a);
}

static void edges_between_agents_and_tools(void **state)
{
	const struct span spans[] = {
		{.trace = "t",
			.id = "1",
			.kind = "agent",
			.agent = "triage",
			.started = 1},
		{.trace = "t", .id = "2", .parent = "1", .kind = "other", .started = 2},
		{.trace = "t",
			.id = "3",
			.parent = "2",
			.kind = "tool",
			.tool = "find",
			.started = 3},
		{.trace = "t",
			.id = "4",
			.parent = "2",
			.kind = "tool",
			.tool = "find",
			.started = 4},
		{.trace = "t",
			.id = "5",
			.parent = "1",
			.kind = "handoff",
			.tool = "billing",
			.started = 5},
		{.trace = "t",
			.id = "6",
			.parent = "1",
			.kind = "agent",
			.agent = "billing",
			.started = 6},
		{.trace = "t",
			.id = "7",
			.parent = "6",
			.kind = "tool",
			.tool = "refund",
			.started = 7},
		{.trace = "t",
			.id = "8",
			.parent = "6",
			.kind = "llm",
			.name = "chat",
			.started = 8},
		{.trace = "t", .id = "9", .kind = "tool", .tool = "alone", .started = 9},
	};
	static const char *const wanted[] = {"triage -> tool find",
		"triage -> handoff billing", "triage -> agent billing",
		"billing -> tool refund"};
	struct agent_edges edges;
	struct arena a = {0};
	struct tree tree;

	(void)state;
	tree_build(&tree, &a, spans, ARRAY_LEN(spans), NULL);
	agent_edges_of(&edges, &a, &tree);
	assert_int_equal(edges.n, ARRAY_LEN(wanted));
	for (size_t i = 0; i < edges.n; i++)
		assert_string_equal(edges.items[i].text, wanted[i]);
	assert_int_equal(edges.items[0].at, 3);
	arena_release(&a);
}

static const struct agent_edge *add(
	struct agent_graph *g, struct arena *a, const char *edge, int64_t started)
{
	struct agent_edge one = {edge, started};
	const struct agent_edges edges = {&one, 1};
	size_t n;

	/* As after a restart: all that is known is in the text. */
	agent_graph_read(g, a, agent_graph_text(g, a));
	return agent_graph_add(g, a, &edges, started, &n);
}

static void a_graph_is_learnt_before_it_has_news(void **state)
{
	struct agent_graph g;
	struct arena a = {0};
	const struct agent_edge *news;

	(void)state;
	agent_graph_read(&g, &a, NULL);
	for (int i = 0; i < AGENT_LEARN_SESSIONS; i++) {
		assert_null(add(&g, &a, i % 2 ? "a -> tool x" : "a -> tool y", 100 + i));
		/* The same session again teaches nothing. */
		assert_null(add(&g, &a, "a -> tool x", 100 + i));
	}
	assert_int_equal(g.sessions, NONE_INT);
	assert_int_equal(g.edges.n, 2);
	assert_null(add(&g, &a, "a -> tool y", 500));
	news = add(&g, &a, "a -> tool z", 600);
	assert_non_null(news);
	assert_string_equal(news->text, "a -> tool z");
	assert_int_equal(news->at, 600);
	assert_null(add(&g, &a, "a -> tool z", 700));
	assert_string_equal(agent_graph_text(&g, &a),
		"{\"edges\":[\"a -> tool y\",\"a -> tool x\",\"a -> tool z\"]}");
	arena_release(&a);
}

static void a_graph_is_bounded(void **state)
{
	struct agent_graph g;
	struct arena a = {0};

	(void)state;
	agent_graph_read(&g, &a, "{\"edges\":[]}");
	for (int i = 0; i < AGENT_EDGES_MAX + 50; i++)
		add(&g, &a, arena_format(&a, "a -> tool %d", i), i);
	assert_int_equal(g.edges.n, AGENT_EDGES_MAX);
	agent_graph_read(&g, &a, "{\"edges\":7,\"learning\":[]}");
	assert_int_equal(g.edges.n, 0);
	assert_int_equal(g.sessions, 0);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tools_of_each_convention),
		cmocka_unit_test(what_is_no_definition),
		cmocka_unit_test(the_digest_is_of_the_meaning),
		cmocka_unit_test(edges_between_agents_and_tools),
		cmocka_unit_test(a_graph_is_learnt_before_it_has_news),
		cmocka_unit_test(a_graph_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
