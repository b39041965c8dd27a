/*
 * changes.c - "what changed": suspects and their pages, narrowing, comparing, and acts on records
 */
#include "tests/screen/harness.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/path.h"
#include "model/registry.h"
#include "store/observe.h"
#include "tui/panes/panes.h"

static void fail_screen(struct screen *s, const char *what)
{
	struct strbuf have = STRBUF_INIT;

	screen_text(s, &have);
	fail_msg("%s:\n%s", what, have.buf);
}

static void expect(struct screen *s, const char *text)
{
	if (!screen_has(s, text))
		fail_screen(s, text);
}

static void expect_not(struct screen *s, const char *text)
{
	if (screen_has(s, text))
		fail_screen(s, text);
}

static struct screen *open_screen(int rows, int cols)
{
	struct screen *s = screen_open(&(struct screen_conf){.rows = rows, .cols = cols});

	assert_non_null(s);
	return s;
}

/* The row that the cursor stands on. */
static void expect_row(struct screen *s, const char *text)
{
	struct strbuf row = STRBUF_INIT;
	int y, x;

	screen_cursor(s, &y, &x);
	screen_row(s, y, &row);
	if (!strstr(row.buf, text))
		fail_screen(s, text);
	strbuf_release(&row);
}

/* --- changes --- */

static void suspects_stand_first_and_the_cursor_on_them(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	screen_keys(s, "3");
	expect(s, "checkout-assistant/availability burns 14.6x since 08:31:00");
	expect(s, "a  likely  version of pointer checkout-ranker/production");
	expect(s, "checkout-assistant/availability began to burn");
	/* The onset stands between what came after it and what came before. */
	assert_true(screen_row_of(s, "began to burn") < screen_row_of(s, " a  08:30:00"));
	expect_row(s, " a  08:30:00");
	screen_keys(s, "<Tab>");
	expect_row(s, " b ");
	screen_keys(s, "<S-Tab>");
	expect_row(s, " a ");
	screen_close(s);
}

static void a_change_says_all_that_is_known(void **state)
{
	struct screen *s = open_screen(45, 160);

	(void)state;
	screen_keys(s, "3<Enter>");
	expect(s, "checkout-ranker/production: 11 -> 12");
	expect(s, "it belongs to the service");
	expect(s, "likely broke");
	expect(s, "when it was seen");
	expect(s, "the source does not say");
	expect(s, "What else moved within 10 minutes");
	expect(s, "1m after");
	screen_keys(s, "<Esc>");
	expect(s, "began to burn");
	screen_close(s);
}

static void other_panes_lead_to_a_suspect(void **state)
{
	struct screen *s = open_screen(24, 80);
	struct pane *p;

	(void)state;
	screen_keys(s, "1");
	p = console_front_pane(screen_console(s));
	for (int i = 0; i < 20 && !(pane_selected_id(p) && pane_selected_id(p)[0] == '3');
		i++)
		screen_keys(s, "j");
	screen_keys(s, "<Enter>");
	expect(s, "likely broke");
	screen_keys(s, "<Esc>");
	expect(s, "Act now");
	screen_close(s);
}

static void the_list_is_narrowed_by_a_form(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	screen_keys(s, "3f");
	expect(s, "Show only");
	/* Kind: past "what can be a cause" and "everything", to model versions. */
	screen_keys(s, "<Right><Right><Enter><Enter><Enter>");
	expect(s, "only model version (f): 3 changes");
	expect_not(s, "new-reranker  ");
	screen_keys(s, "f<Left><Left><Enter><Enter><Right><Enter>");
	expect(s, "only last 1h (f)");
	expect_not(s, "Nov 19");
	screen_keys(s, "/reranker<Enter>");
	expect(s, "1 of ");
	screen_close(s);
}

static void a_gap_is_said(void **state)
{
	struct screen *s = open_screen(30, 160);
	const struct change gap = {
		.at = SCREEN_NOW - 5 * NS_PER_MIN,
		.seen = SCREEN_NOW - 5 * NS_PER_MIN,
		.not_before = SCREEN_NOW - 200 * NS_PER_MIN,
		.gap = true,
		.source = "mlflow",
		.kind = REC_POINTER,
		.object = "checkout-ranker/candidate",
		.field = "version",
		.before = "12",
		.after = "13",
		.weight = 0.0 / 0.0,
	};
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(change_add(screen_store(s), &gap, &e), 0);
	screen_keys(s, "3");
	expect(s, "1 while nobody watched");
	expect(s, "~08:35:00");
	expect(s, "between 05:20:00 and 08:35:00");
	screen_close(s);
}

static void nothing_that_fits_is_said_plainly(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	/* Then only the scorer burned, and nothing of its own had moved. */
	screen_keys(s, "T30m<Enter>3");
	expect(s, "fraud-scorer/latency burns");
	expect(s, "None fits: ");
	expect_not(s, "likely");
	screen_close(s);
}

static void small_windows_keep_the_worst(void **state)
{
	struct screen *s = open_screen(10, 40);

	(void)state;
	screen_keys(s, "3");
	expect(s, "prod-eu");
	expect_row(s, "08:30:00");
	screen_keys(s, "<Enter>");
	expect(s, "checkout-ranker/production");
	screen_keys(s, "<Esc>4");
	expect_row(s, "in sync");
	screen_close(s);
}

static void a_step_costs_little_and_no_step_nothing(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	screen_keys(s, "3g");
	for (int i = 0; i < 8; i++) {
		screen_sent_clear(s);
		screen_keys(s, "j");
		if (screen_sent(s)->len > (i < 7 ? 150 : 350))
			fail_msg("step %d sent %zu bytes", i, screen_sent(s)->len);
	}
	screen_sent_clear(s);
	screen_advance(s, 5 * NS_PER_S);
	/* The clock alone ticks. */
	assert_true(screen_sent(s)->len <= 5 * 20);
	screen_close(s);
}

/* --- models --- */

static void versions_are_compared(void **state)
{
	static const int widths[] = {80, 160};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(widths); i++) {
		struct screen *s = open_screen(45, widths[i]);

		screen_keys(s, "4d");
		expect(s, "Compare which version?");
		expect(s, "1  12  where it points now");
		screen_keys(s, "1");
		expect(s, "Compare 12 with which version?");
		expect(s, "1  11  where it pointed before");
		screen_keys(s, "1");
		expect(s, "checkout-ranker: 11 and 12");
		expect(s, "recall");
		expect(s, "0.55");
		expect(s, "0.72");
		/* Beside each other where there is room. */
		assert_int_equal(screen_row_of(s, "0.55") == screen_row_of(s, "0.72"),
			widths[i] == 160);
		screen_keys(s, "<Esc>");
		expect(s, "1 alias, 1 served");
		screen_close(s);
	}
}

static void a_models_page_shows_its_versions(void **state)
{
	struct screen *s = open_screen(45, 160);

	(void)state;
	screen_keys(s, "4<Enter>");
	expect(s, "before that  11, until 08:30:00");
	expect(s, "auc 0.918");
	expect(s, "runs:/run2/model");
	expect(s, "Versions; Enter compares one");
	screen_keys(s, "<Esc>j<Enter>");
	expect(s, "support/greeting/production");
	expect(s, "Versions");
	screen_close(s);
}

/* --- acts --- */

static const char connector[] =
	"connector: mlflow\n"
	"title: A registry\n"
	"speaks: REST\n"
	"reads: []\n"
	"actions:\n"
	"  - name: point\n"
	"    title: Point an alias at a version\n"
	"    effects: Moves the name only.\n"
	"    on: {pointer: {model: $model, alias: $name}}\n"
	"    params: {model: text, alias: text, version: text}\n"
	"    post: /alias\n"
	"    json: '{model: $model, alias: $alias, version: $version}'\n";

static void put_connector(void)
{
	char *top = path_join(getenv("XDG_CONFIG_HOME"), "tocsin"),
	     *dir = path_join(top, "connectors"), *file = path_join(dir, "mlflow.yaml");
	struct err e = ERR_INIT;

	assert_int_equal(path_make_dir(dir, 0700, &e), 0);
	assert_int_equal(path_write(file, connector, strlen(connector), 0600, &e), 0);
	free(top);
	free(dir);
	free(file);
}

static void a_name_is_moved_by_a_run_of_one_step(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	put_connector();
	screen_keys(s, "4x");
	expect(s, "Act on mlflow/checkout-ranker/production");
	screen_keys(s, "m");
	expect(s, "checkout-ranker/production, now 12: which version?");
	/* The one before stands first and says so, the present one last. */
	expect(s, "1  11  where it pointed before, until 08:30:00");
	assert_true(screen_row_of(s, "10  created") <
		screen_row_of(s, "12  where it points now"));
	screen_keys(s, "1");
	expect(s, "Start step 1, point");
	expect(s, "POST ");
	expect(s, "/alias");
	expect(s, "now checkout-ranker/production is 12");
	expect(s, "Moves the name only.");
	expect(s, "Press ");
	/* Nothing is begun before the letter is pressed. */
	screen_keys(s, "<Esc>");
	expect(s, "not begun");
	expect(s, "nothing was done");
	screen_keys(s, "x");
	expect(s, "rehearse");
	screen_close(s);
}

static void read_only_offers_nothing(void **state)
{
	static const char *const panes[] = {"models", "flags", "serving", "budgets"};
	struct screen *s = screen_open(&(struct screen_conf){.read_only = true});

	(void)state;
	assert_non_null(s);
	put_connector();
	for (size_t i = 0; i < ARRAY_LEN(panes); i++) {
		console_go(screen_console(s), panes[i], NULL);
		screen_run(s);
		screen_keys(s, "x");
		expect_not(s, "Act on");
	}
	screen_close(s);
}

static void what_cannot_be_acted_on_says_so(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	console_go(screen_console(s), "flags", NULL);
	screen_run(s);
	screen_keys(s, "xa");
	expect_not(s, "Start step");
	expect(s, "nothing to do with it");
	screen_close(s);
}

/* --- the rest of what was read --- */

static void lists_go_by_the_record_table(void **state)
{
	struct screen *s = open_screen(24, 80);

	(void)state;
	screen_keys(s, ":flags<Enter>");
	expect_row(s, "new-reranker");
	screen_keys(s, "<Enter>");
	expect(s, "flag new-reranker");
	expect(s, "off -> on");
	expect(s, "How it was, newest first");
	expect(s, "value off");
	screen_keys(s, "<Esc>");
	screen_keys(s, ":budgets<Enter>");
	expect_row(s, "+ blocked  team-search");
	expect(s, "104.20 $");
	screen_keys(s, ":pages<Enter>");
	expect(s, "PT4KHLK");
	screen_close(s);
}

static void a_source_says_how_far_it_can_be_trusted(void **state)
{
	struct screen *s = open_screen(45, 80);

	(void)state;
	put_connector();
	screen_keys(s, ":sources<Enter>");
	assert_true(pane_select(console_front_pane(screen_console(s)), "mlflow"));
	screen_keys(s, "<Enter>");
	expect(s, "by its documents alone, never against a real one");
	expect(s, "Point an alias at a version");
	expect(s, "no undo of its own");
	screen_close(s);
}

UNIT_TESTS(cmocka_unit_test(suspects_stand_first_and_the_cursor_on_them),
	cmocka_unit_test(a_change_says_all_that_is_known),
	cmocka_unit_test(other_panes_lead_to_a_suspect),
	cmocka_unit_test(the_list_is_narrowed_by_a_form), cmocka_unit_test(a_gap_is_said),
	cmocka_unit_test(nothing_that_fits_is_said_plainly),
	cmocka_unit_test(small_windows_keep_the_worst),
	cmocka_unit_test(a_step_costs_little_and_no_step_nothing),
	cmocka_unit_test(versions_are_compared),
	cmocka_unit_test(a_models_page_shows_its_versions),
	cmocka_unit_test(a_name_is_moved_by_a_run_of_one_step),
	cmocka_unit_test(read_only_offers_nothing),
	cmocka_unit_test(what_cannot_be_acted_on_says_so),
	cmocka_unit_test(lists_go_by_the_record_table),
	cmocka_unit_test(a_source_says_how_far_it_can_be_trusted))
