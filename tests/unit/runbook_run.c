#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "runbook/run.h"

struct book {
	struct runbook rb;
	struct vars vars;
	struct run run;
};

static void open_book(struct book *b, const char *text)
{
	struct vars_scope scope = {.service = "shop"};
	struct problems p;
	struct err e = ERR_INIT;

	problems_init(&p, NULL);
	assert_int_equal(runbook_parse(&b->rb, "t.md", text, strlen(text), NULL, &e), 0);
	vars_init(&b->vars);
	assert_int_equal(vars_resolve(&b->vars, &b->rb, &scope, &p, &e), 0);
	run_init(&b->run, &b->rb, &b->vars);
	problems_release(&p);
}

static void close_book(struct book *b)
{
	run_release(&b->run);
	vars_release(&b->vars);
	runbook_release(&b->rb);
}

static void apply(struct book *b, int n, enum run_event ev)
{
	struct err e = ERR_INIT;

	if (run_apply(&b->run, n, ev, &e))
		fail_msg("%s", e.what);
}

static enum err_code cannot(struct book *b, int n)
{
	struct err e = ERR_INIT;
	enum err_code code = ERR_NONE;

	if (run_can_start(&b->run, n, &e))
		code = e.code;
	err_release(&e);
	return code;
}

/* The whole table: what follows what, and nothing else. */
static void states_follow_events(void **state)
{
	static const struct {
		enum run_event ev;
		const char *from; /* a letter for each state */
		enum step_state to;
	} rows[] = {
		{EV_ASK, "t", STEP_ASKING},
		{EV_TAKE_BACK, "a", STEP_TODO},
		{EV_START, "ta", STEP_RUNNING},
		{EV_START_UNDO, "taoficsu", STEP_RUNNING},
		{EV_OK, "r", STEP_OK},
		{EV_FAIL, "r", STEP_FAILED},
		{EV_TIME_OUT, "r", STEP_TIMED_OUT},
		{EV_CANCEL, "r", STEP_CANCELLED},
		{EV_LOSE, "r", STEP_UNKNOWN},
		{EV_SKIP, "tafic", STEP_SKIPPED},
		{EV_RETRY, "fics", STEP_TODO},
		{EV_UNDO, "oficr", STEP_UNDONE},
		{EV_DECIDE_OK, "?", STEP_OK},
		{EV_DECIDE_FAILED, "?", STEP_FAILED},
	};
	static const char letters[STEP_STATES] = {
		[STEP_TODO] = 't',
		[STEP_ASKING] = 'a',
		[STEP_RUNNING] = 'r',
		[STEP_OK] = 'o',
		[STEP_FAILED] = 'f',
		[STEP_TIMED_OUT] = 'i',
		[STEP_CANCELLED] = 'c',
		[STEP_UNKNOWN] = '?',
		[STEP_SKIPPED] = 's',
		[STEP_UNDONE] = 'u',
	};

	(void)state;
	assert_int_equal(ARRAY_LEN(rows), RUN_EVENTS - 1);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int s = STEP_TODO; s < STEP_STATES; s++) {
			enum step_state want =
				strchr(rows[i].from, letters[s]) ? rows[i].to : STEP_NONE;

			if (run_after((enum step_state)s, rows[i].ev) != want)
				fail_msg("event %d in state %s", rows[i].ev,
					step_state_name((enum step_state)s));
		}
	assert_int_equal(run_after(STEP_NONE, EV_ASK), STEP_NONE);
	assert_int_equal(run_after(STEP_TODO, EV_NONE), STEP_NONE);
	assert_int_equal(run_after(STEP_TODO, RUN_EVENTS), STEP_NONE);
}

static void steps_come_in_order(void **state)
{
	struct book b;
	struct err e = ERR_INIT;

	(void)state;
	open_book(&b,
		"```sh {name=late before=first}\nls\n```\n```sh {name=first "
		"risk=read}\nls\n```\n"
		"```sh {name=bg background}\nls\n```\n```sh {name=undo "
		"when=undo}\nls\n```\n"
		"- [ ] last\n");
	/* What must be done before comes before, wherever it stands. */
	assert_int_equal(run_next(&b.run), 2);
	assert_int_equal(cannot(&b, 1), ERR_CONFLICT);
	apply(&b, 2, EV_START);
	assert_int_equal(run_next(&b.run), 0);
	assert_int_equal(cannot(&b, 1), ERR_CONFLICT);
	apply(&b, 2, EV_OK);
	assert_int_equal(run_next(&b.run), 1);
	assert_int_equal(cannot(&b, 1), ERR_NONE);
	apply(&b, 1, EV_ASK);
	assert_int_equal(run_next(&b.run), 1);
	apply(&b, 1, EV_START);
	apply(&b, 1, EV_OK);
	assert_int_equal(run_next(&b.run), 3);
	apply(&b, 3, EV_START);
	/* One in the background holds nobody up; an undo is nobody's turn. */
	assert_int_equal(run_next(&b.run), 5);
	assert_int_equal(cannot(&b, 5), ERR_NONE);
	apply(&b, 5, EV_START);
	apply(&b, 5, EV_OK);
	assert_int_equal(run_next(&b.run), 0);
	assert_false(run_is_over(&b.run));
	apply(&b, 3, EV_OK);
	assert_true(run_is_over(&b.run));
	assert_false(run_failed(&b.run));
	assert_int_equal(run_apply(&b.run, 9, EV_OK, &e), -1);
	err_release(&e);
	close_book(&b);
}

static void failure_stops_the_run(void **state)
{
	struct book b;

	(void)state;
	open_book(&b,
		"```sh {name=a}\nls\n```\n```sh {name=b}\nls\n```\n```sh {name=c "
		"risk=read}\n"
		"ls\n```\n");
	apply(&b, 1, EV_START);
	apply(&b, 1, EV_FAIL);
	assert_int_equal(run_next(&b.run), 0);
	assert_true(run_failed(&b.run));
	assert_false(run_is_over(&b.run));
	apply(&b, 1, EV_RETRY);
	assert_int_equal(run_next(&b.run), 1);
	apply(&b, 1, EV_START);
	assert_int_equal(b.run.steps[0].attempt, 2);
	apply(&b, 1, EV_LOSE);
	/* Nobody knows: nothing that changes starts, a look is allowed. */
	assert_int_equal(cannot(&b, 2), ERR_CONFLICT);
	assert_int_equal(cannot(&b, 3), ERR_NONE);
	apply(&b, 1, EV_DECIDE_OK);
	assert_int_equal(cannot(&b, 2), ERR_NONE);
	assert_int_equal(run_next(&b.run), 2);
	close_book(&b);
}

static void rights_and_inputs(void **state)
{
	struct book b;
	struct err e = ERR_INIT;

	(void)state;
	open_book(&b,
		"```sh {name=a}\necho $WHAT $SERVICE\n```\n```sh {risk=read}\nls\n```\n"
		"```sh\n...\n```\n```sh {approve=1}\nls\n```\n```sh {risk=read "
		"approve=0}\nls\n"
		"```\n```gate\nslo: x\nburn: < 1\n```\n```sh {name=d}\nls\n```\n");
	assert_int_equal(cannot(&b, 1), ERR_INPUT);
	assert_string_equal(vars_missing(&b.vars, &b.rb.steps[0])->name, "WHAT");
	assert_int_equal(vars_set(&b.vars, "WHAT", "", "test", &e), 0);
	assert_int_equal(cannot(&b, 1), ERR_NONE);
	assert_int_equal(cannot(&b, 3), ERR_INPUT);
	assert_int_equal(cannot(&b, 4), ERR_DENIED);
	assert_int_equal(cannot(&b, 99), ERR_NOT_FOUND);
	b.run.read_only = true;
	assert_int_equal(cannot(&b, 1), ERR_DENIED);
	assert_int_equal(cannot(&b, 2), ERR_NONE);
	b.run.read_only = false;
	b.run.dry_run = true;
	assert_int_equal(cannot(&b, 1), ERR_DENIED);
	assert_int_equal(cannot(&b, 2), ERR_NONE);
	assert_int_equal(cannot(&b, 6), ERR_NONE);
	assert_true(run_changes(&b.rb));
	err_release(&e);
	close_book(&b);
}

static void undo_comes_newest_first(void **state)
{
	struct book b;
	int out[8];

	(void)state;
	open_book(&b,
		"```sh {name=a undo=z}\nls\n```\n```sh {name=r risk=read "
		"undo=z}\nls\n```\n"
		"```action {name=b}\nsource: s\ndo: d\n```\n```sh {name=c "
		"undo=z}\nls\n```\n"
		"```sh {name=z when=undo}\nls\n```\n");
	assert_int_equal(run_undoable(&b.run, out, 8), 0);
	for (int n = 1; n <= 3; n++) {
		apply(&b, n, EV_START);
		apply(&b, n, EV_OK);
	}
	assert_int_equal(run_undoable(&b.run, out, 8), 2);
	assert_int_equal(out[0], 3);
	assert_int_equal(out[1], 1);
	apply(&b, 3, EV_UNDO);
	assert_int_equal(run_undoable(&b.run, out, 8), 1);
	close_book(&b);
}

static void conditions(void **state)
{
	static const struct {
		const char *when;
		bool holds;
	} cases[] = {
		{"A", true},
		{"!A", false},
		{"B", false},
		{"!B", true},
		{"NOPE", false},
		{"A==yes", true},
		{"A == yes", true},
		{"A != yes", false},
		{"A==no", false},
		{"B==", true},
		{"step.s1==todo", true},
		{"step.s1 != ok", true},
		{"step.none==ok", false},
	};
	static const char *const bad[] = {
		"", "!", "A=b", "A = b", "A == b c", "!A == b", "$A", "A <"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *text = mem_format(
			"---\nvars: {A: 'yes', B: '', NOPE: {optional: true}}\n---\n"
			"```sh {name=s1}\nls\n```\n"
			"```sh {name=s2 when=\"%s\"}\nls\n```\n",
			cases[i].when);
		struct book b;
		struct err e = ERR_INIT;
		bool holds;

		open_book(&b, text);
		assert_int_equal(run_when(&holds, &b.run, 1, &e), 0);
		assert_true(holds);
		assert_int_equal(run_when(&holds, &b.run, 2, &e), 0);
		if (holds != cases[i].holds)
			fail_msg("%s", cases[i].when);
		close_book(&b);
		free(text);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (run_when_valid(bad[i]))
			fail_msg("'%s'", bad[i]);
}

UNIT_TESTS(cmocka_unit_test(states_follow_events), cmocka_unit_test(steps_come_in_order),
	cmocka_unit_test(failure_stops_the_run), cmocka_unit_test(rights_and_inputs),
	cmocka_unit_test(undo_comes_newest_first), cmocka_unit_test(conditions))
