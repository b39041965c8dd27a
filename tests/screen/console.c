#include "tests/screen/harness.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/text.h"
#include "store/series.h"
#include "tui/action.h"
#include "tui/input.h"
#include "tui/panes/panes.h"

/* How the console behaves, whatever the pane. */

static struct screen *open_screen(void)
{
	struct screen *s = screen_open(&(struct screen_conf){0});

	assert_non_null(s);
	return s;
}

static void expect(struct screen *s, const char *text)
{
	struct strbuf have = STRBUF_INIT;

	if (screen_has(s, text))
		return;
	screen_text(s, &have);
	fail_msg("no '%s' on the screen:\n%s", text, have.buf);
}

static void expect_not(struct screen *s, const char *text)
{
	struct strbuf have = STRBUF_INIT;

	if (!screen_has(s, text))
		return;
	screen_text(s, &have);
	fail_msg("'%s' on the screen:\n%s", text, have.buf);
}

static struct pane *front(struct screen *s)
{
	return console_front_pane(screen_console(s));
}

/* --- moving and looking --- */

static void keys_move_and_look(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	screen_keys(s, "2jj");
	assert_string_equal(pane_selected_id(front(s)), "search-embed/freshness");
	screen_keys(s, "k<Down><Up>G");
	assert_string_equal(pane_selected_id(front(s)), "fraud-scorer/availability");
	screen_keys(s, "g<Enter>");
	assert_true(pane_in_detail(front(s)));
	expect(s, "Burn in 5m");
	screen_keys(s, "<Esc>");
	assert_false(pane_in_detail(front(s)));
	screen_keys(s, "l");
	assert_true(pane_in_detail(front(s)));
	screen_keys(s, "h6");
	expect(s, "ModelErrorBudgetBurn");
	screen_close(s);
}

static void links_go_there_and_back(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	/* The first row of the Overview is the objective that burns. */
	screen_keys(s, "<Enter>");
	expect(s, "99.9 % over 30d");
	screen_keys(s, "<Esc>");
	expect(s, "Act now");
	screen_close(s);
}

static void the_cursor_stays_on_its_object(void **state)
{
	struct screen *s = open_screen();
	struct err e = ERR_INIT;
	struct slo_state worse = {
		.service = "support-agent",
		.name = "success",
		.at = SCREEN_NOW + NS_PER_S,
		.objective = 0.95,
		.window_ns = 30 * NS_PER_DAY,
		.n_windows = 1,
		.windows_ns = {5 * NS_PER_MIN},
		.burn = {19},
		.window_events = {100},
		.events = 100,
		.budget_left = 0.1,
		.severity = SEV_PAGE,
		.onset = SCREEN_NOW,
		.exhausted_in_s = 60,
	};

	(void)state;
	screen_keys(s, "2jjjj");
	assert_string_equal(pane_selected_id(front(s)), "checkout-assistant/latency");
	assert_int_equal(slo_record(screen_store(s), &worse, &e), 0);
	screen_advance(s, 2 * NS_PER_S);
	expect(s, "2 page");
	assert_string_equal(pane_selected_id(front(s)), "checkout-assistant/latency");
	screen_close(s);
}

/* --- filter and sort --- */

static void filters_by_words(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	screen_keys(s, "2/fraud");
	expect_not(s, "search-embed");
	screen_keys(s, "<Enter>");
	expect(s, "2 of 7 by filter: fraud");
	screen_keys(s, "/<C-u>!fraud latency<Enter>");
	expect(s, "1 of 7");
	expect(s, "checkout-assistant");
	screen_keys(s, "/nothing like it<Enter>");
	expect(s, "nothing matches");
	screen_keys(s, "<Esc>");
	expect(s, "search-embed");
	screen_close(s);
}

static void sorts_by_a_column(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	screen_keys(s, "2s2");
	expect(s, "by Service");
	assert_true(screen_row_of(s, "checkout-assistant  latency") <
		screen_row_of(s, "fraud-scorer"));
	screen_keys(s, "s2");
	expect(s, "by Service, downwards");
	assert_true(screen_row_of(s, "support-agent") < screen_row_of(s, "fraud-scorer"));
	screen_keys(s, "s0");
	expect_not(s, "by Service");
	screen_close(s);
}

/* --- palette and help --- */

static void the_palette_goes_anywhere(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	screen_keys(s, ":sourc<Enter>");
	expect(s, "4 sources");
	screen_keys(s, ":slos fraud<Enter>");
	expect(s, "filter: fraud");
	screen_keys(s, "<Esc>:no such thing<Enter>");
	expect(s, "nothing is called 'no such thing'");
	screen_keys(s, ":context staging<Enter>");
	expect(s, "staging");
	expect(s, "read-only");
	screen_keys(s, ":theme dark<Enter>");
	assert_string_equal(console_theme(screen_console(s))->name, "dark");
	screen_close(s);
}

struct listing {
	struct screen *s;
	int n;
};

/* Typing an action's help into `?` leaves that action. */
static bool is_listed(void *ctx, const struct action *a)
{
	struct listing *l = ctx;

	screen_keys(l->s, "?");
	screen_bytes(l->s, a->help, strlen(a->help) > 30 ? 30 : strlen(a->help));
	expect(l->s, a->title);
	screen_keys(l->s, "<Esc>");
	l->n++;
	return false;
}

static void help_lists_every_action(void **state)
{
	struct screen *s = open_screen();
	struct listing l = {s, 0};

	(void)state;
	for (int i = 0; pane_table[i]; i++) {
		console_go(screen_console(s), pane_table[i]->name, NULL);
		screen_run(s);
		action_each(screen_console(s), front(s), false, is_listed, &l);
	}
	assert_true(l.n > 60);
	screen_close(s);
}

/* --- the tables of actions themselves --- */

struct seen_key {
	uint32_t key;
	unsigned mods;
	const char *name;
};

static void check_keys(const struct action *a, struct seen_key *seen, size_t *n)
{
	static const char *const never[] = {"<C-s>", "<C-q>", "<C-h>", "<C-i>", "<C-j>",
		"<C-m>", "<C-a>", "<C-b>", "<C-k>"};
	const char *keys = a->keys;

	while (keys && *keys) {
		size_t len = strcspn(keys, " ");
		struct seen_key k = {0, 0, a->name};

		for (size_t i = 0; i < ARRAY_LEN(never); i++)
			if (strlen(never[i]) == len && !strncmp(keys, never[i], len))
				fail_msg("%s is on %s", a->name, never[i]);
		k.key = key_parse(keys, len, &k.mods);
		if (!k.key)
			fail_msg("%s: '%s' is no key", a->name, keys);
		for (size_t i = 0; i < *n; i++)
			if (seen[i].key == k.key && seen[i].mods == k.mods)
				fail_msg("%s and %s share a key", a->name, seen[i].name);
		seen[(*n)++] = k;
		keys += len + strspn(keys + len, " ");
	}
}

static void check_row(const struct action *a)
{
	if (!a->title || !*a->title || !a->help || !*a->help || !a->run)
		fail_msg("%s lacks words or a function", a->name);
	if ((a->flags & ACTION_MUTATES) && a->keys)
		fail_msg("%s changes something on one key", a->name);
	if ((a->flags & ACTION_MUTATES) && !(a->flags & (ACTION_CONFIRMS | ACTION_ASKS)))
		fail_msg("%s changes something without asking", a->name);
	if ((a->flags & (ACTION_MUTATES | ACTION_MENU)) && !a->letter)
		fail_msg("%s is in the menu and has no letter", a->name);
}

static void actions_are_whole_and_do_not_collide(void **state)
{
	(void)state;
	for (int i = 0; pane_table[i]; i++) {
		const struct action *tables[] = {pane_table[i]->actions, action_global};
		struct seen_key seen[200];
		size_t n = 0;

		for (int k = 0; pane_table[k]; k++)
			if (pane_table[k]->key)
				seen[n++] =
					(struct seen_key){(uint32_t)pane_table[k]->key, 0,
						pane_table[k]->name};
		for (size_t t = 0; t < 2; t++)
			for (const struct action *a = tables[t]; a && a->name; a++) {
				check_row(a);
				/* A pane may take a key of everyone's for itself: Tab, r ... */
				if (t == 0)
					check_keys(a, seen, &n);
			}
		n = 0;
		for (const struct action *a = action_global; a->name; a++)
			check_keys(a, seen, &n);
	}
}

/* --- dialogs --- */

struct answer {
	int calls;
	bool yes;
};

static void answered(void *ctx, struct console *c, bool yes)
{
	struct answer *a = ctx;

	(void)c;
	a->calls++;
	a->yes = yes;
}

static void ask(struct screen *s, struct answer *a, enum question_kind kind)
{
	struct question what = {.kind = kind,
		.title = STRBUF_INIT,
		.body = STRBUF_INIT,
		.name = STRBUF_INIT};

	strbuf_adds(&what.title, "Roll back checkout-ranker");
	strbuf_adds(
		&what.body, "production of checkout-ranker in prod-eu\nfrom 12 to 11");
	strbuf_adds(&what.name, "checkout-assistant");
	console_confirm(screen_console(s), &what, answered, a);
	strbuf_release(&what.title);
	strbuf_release(&what.body);
	strbuf_release(&what.name);
}

static char letter_of(struct screen *s)
{
	struct strbuf row = STRBUF_INIT;
	char *at, letter;

	screen_row(s, screen_row_of(s, "Press "), &row);
	at = strstr(row.buf, "Press ");
	letter = at[6];
	strbuf_release(&row);
	return letter;
}

static void a_dialog_wants_its_letter(void **state)
{
	struct screen *s = open_screen();
	struct answer a = {0};
	char letter;

	(void)state;
	ask(s, &a, QUESTION_LETTER);
	screen_run(s);
	expect(s, "Roll back checkout-ranker");
	expect(s, "from 12 to 11");
	expect(s, "prod-eu");
	letter = letter_of(s);
	assert_null(strchr("ynqhjklxg", letter));
	screen_keys(s, "y<Enter>jq<Space>");
	assert_int_equal(a.calls, 0);
	screen_bytes(s, &letter, 1);
	assert_int_equal(a.calls, 1);
	assert_true(a.yes);
	expect_not(s, "Press ");
	screen_close(s);
}

static void escape_leaves_it(void **state)
{
	struct screen *s = open_screen();
	struct answer a = {0};

	(void)state;
	ask(s, &a, QUESTION_LETTER);
	screen_run(s);
	screen_keys(s, "<Esc>");
	assert_int_equal(a.calls, 1);
	assert_false(a.yes);
	screen_close(s);
}

/* Typed before the dialog's frame had left, typed together, pasted: none of it confirms. */
static void typed_ahead_never_confirms(void **state)
{
	struct screen *s = open_screen();
	struct answer a = {0};
	char letter, twice[2], paste[32];

	(void)state;
	ask(s, &a, QUESTION_LETTER);
	for (letter = 'a'; letter <= 'z'; letter++)
		console_input(screen_console(s), &letter, 1);
	assert_int_equal(a.calls, 0);
	screen_run(s);
	letter = letter_of(s);
	twice[0] = twice[1] = letter;
	screen_bytes(s, twice, 2);
	assert_int_equal(a.calls, 0);
	snprintf(paste, sizeof(paste), "\033[200~%c\033[201~", letter);
	screen_bytes(s, paste, strlen(paste));
	assert_int_equal(a.calls, 0);
	expect(s, "a paste cannot confirm");
	screen_close(s);
	assert_int_equal(a.calls, 1);
	assert_false(a.yes);
}

/* While the line is stuck the dialog has not been seen. */
static void an_unsent_dialog_hears_nothing(void **state)
{
	struct screen *s = open_screen();
	struct answer a = {0};
	char letter;

	(void)state;
	screen_stall(s, true);
	ask(s, &a, QUESTION_LETTER);
	screen_run(s);
	for (letter = 'a'; letter <= 'z'; letter++)
		screen_bytes(s, &letter, 1);
	assert_int_equal(a.calls, 0);
	screen_stall(s, false);
	screen_run(s);
	letter = letter_of(s);
	screen_bytes(s, &letter, 1);
	assert_int_equal(a.calls, 1);
	assert_true(a.yes);
	screen_close(s);
}

static void a_name_must_be_typed(void **state)
{
	struct screen *s = open_screen();
	struct answer a = {0};

	(void)state;
	ask(s, &a, QUESTION_NAME);
	screen_run(s);
	screen_keys(s, "<Enter>");
	assert_int_equal(a.calls, 0);
	screen_bytes(s, "\033[200~checkout-assistant\033[201~", 30);
	screen_keys(s, "<Enter>");
	assert_int_equal(a.calls, 0);
	expect(s, "that is not checkout-assistant");
	screen_keys(s, "checkout-assistan<Enter>t<Enter>");
	assert_int_equal(a.calls, 1);
	assert_true(a.yes);
	screen_close(s);
}

struct filled {
	int calls;
	char first[32], second[32];
};

static void form_filled(void *ctx, struct console *c, const char *const *values, size_t n)
{
	struct filled *f = ctx;

	(void)c;
	f->calls++;
	if (!values)
		return;
	assert_int_equal(n, 2);
	snprintf(f->first, sizeof(f->first), "%s", values[0]);
	snprintf(f->second, sizeof(f->second), "%s", values[1]);
}

static void forms_are_filled_in(void **state)
{
	const struct choice choices[] = {
		{.title = "eleven", .value = "11"}, {.title = "ten", .value = "10"}};
	const struct form_field fields[] = {
		{.name = "NOTE",
			.label = "note",
			.help = "what the next one should know",
			.required = true},
		{.name = "TO", .label = "version", .choices = choices, .n_choices = 2},
	};
	struct screen *s = open_screen();
	struct filled f = {0};

	(void)state;
	console_form(screen_console(s), "Roll back", fields, 2, form_filled, &f);
	screen_run(s);
	expect(s, "what the next one should know");
	screen_keys(s, "<Enter><Enter>");
	assert_int_equal(f.calls, 0);
	expect(s, "note is needed");
	screen_keys(s, "hello<Tab><Right><Enter>");
	assert_int_equal(f.calls, 1);
	assert_string_equal(f.first, "hello");
	assert_string_equal(f.second, "10");
	console_form(screen_console(s), "Roll back", fields, 2, form_filled, &f);
	screen_run(s);
	screen_keys(s, "<Esc>");
	assert_int_equal(f.calls, 2);
	screen_close(s);
}

/* --- asking the collector --- */

static void asking_is_answered(void **state)
{
	struct screen *s = open_screen();
	struct err e = ERR_INIT;
	struct want *wants;
	struct arena a;
	size_t n;

	(void)state;
	arena_init(&a);
	screen_keys(s, ":sources<Enter>jjr");
	expect(s, "asked for mlflow, <1m ago");
	assert_int_equal(want_open(&wants, &n, &a, screen_store(s), SCREEN_NOW, &e), 0);
	assert_int_equal(n, 1);
	assert_string_equal(wants[0].what, "refresh");
	assert_int_equal(want_answer(screen_store(s), wants[0].id, WANT_FAILED,
				 "mlflow did not answer", SCREEN_NOW, &e),
		0);
	screen_advance(s, NS_PER_S);
	expect(s, "mlflow: mlflow did not answer");
	arena_release(&a);
	screen_close(s);
}

/* --- time --- */

static void what_is_silent_turns_stale(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	screen_keys(s, ":sources<Enter>");
	expect(s, "4 sources, 1 stale");
	/* am is read every 15 s, last 9 s ago: three intervals are over in 36 s. */
	screen_advance(s, 35 * NS_PER_S);
	expect(s, "4 sources, 1 stale");
	screen_advance(s, 2 * NS_PER_S);
	expect(s, "4 sources, 2 stale");
	expect(s, "silent");
	screen_close(s);
}

static void the_past_is_read_only(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	screen_keys(s, "T12m<Enter>");
	expect(s, "AS IT WAS 08:28:00, 12m ago");
	expect_not(s, "Act now");
	assert_true(console_read_only(screen_console(s)));
	screen_keys(s, "[");
	expect(s, "AS IT WAS 08:27:00");
	screen_keys(s, "]]");
	expect(s, "AS IT WAS 08:29:00");
	screen_keys(s, "T08:35<Enter>");
	expect(s, "AS IT WAS 08:35:00");
	expect(s, "Act now");
	screen_keys(s, "Tsoon<Enter>");
	expect(s, "soon");
	screen_keys(s, "<Esc>");
	expect_not(s, "AS IT WAS");
	assert_false(console_read_only(screen_console(s)));
	screen_close(s);
}

/* --- the terminal --- */

static void a_frame_is_one_write(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	screen_sent_clear(s);
	screen_keys(s, "2");
	assert_int_equal(screen_frames(s), 1);
	screen_keys(s, "j");
	assert_int_equal(screen_frames(s), 2);
	screen_resize(s, 60, 200);
	assert_int_equal(screen_frames(s), 3);
	screen_close(s);
}

/* Bars 2 and 6 of the budget: what the ticking clock and a step down may cost. */
static void bytes_are_few(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	screen_keys(s, "2j");
	screen_advance(s, 5 * NS_PER_S);
	screen_sent_clear(s);
	screen_advance(s, 30 * NS_PER_S);
	assert_in_range(screen_sent(s)->len, 1, 20 * 30);
	screen_sent_clear(s);
	screen_keys(s, "j");
	assert_in_range(screen_sent(s)->len, 1, 150);
	screen_close(s);
}

static void frames_are_skipped_not_queued(void **state)
{
	struct screen *s = open_screen();
	struct strbuf before = STRBUF_INIT;

	(void)state;
	screen_sent_clear(s);
	screen_stall(s, true);
	screen_keys(s, "2jjjj6jj");
	screen_advance(s, 10 * NS_PER_S);
	assert_int_equal(screen_sent(s)->len, 0);
	screen_stall(s, false);
	screen_run(s);
	/* One frame that was under way, one that shows where we are. */
	assert_int_equal(screen_frames(s), 2);
	expect(s, "NodeDiskFull");
	strbuf_release(&before);
	screen_close(s);
}

static void the_bell_rings_once(void **state)
{
	struct screen *s;
	int bells = 0;

	(void)state;
	unsetenv("TMUX");
	unsetenv("STY");
	unsetenv("TERM_PROGRAM");
	s = open_screen();
	screen_advance(s, 90 * NS_PER_S);
	for (size_t i = 0; i < screen_sent(s)->len; i++)
		bells += screen_sent(s)->buf[i] == '\a';
	assert_int_equal(bells, 1);
	assert_non_null(strstr(screen_sent(s)->buf,
		"\033]9;checkout-assistant/availability burns 14.6x\033\\"));
	assert_non_null(strstr(screen_sent(s)->buf, "\033]2;(2!) Tocsin prod-eu\033\\"));
	screen_close(s);
}

static void copies_what_is_selected(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	unsetenv("TMUX");
	screen_keys(s, "6");
	screen_sent_clear(s);
	screen_keys(s, "y");
	/* base64 of ModelErrorBudgetBurn */
	assert_non_null(strstr(
		screen_sent(s)->buf, "\033]52;c;TW9kZWxFcnJvckJ1ZGdldEJ1cm4=\033\\"));
	expect(s, "copied: ModelErrorBudgetBurn");
	screen_close(s);
}

static void the_mouse_clicks_and_scrolls(void **state)
{
	struct screen *s = open_screen();
	char click[32];
	int y;

	(void)state;
	screen_keys(s, "2");
	y = screen_row_of(s, "support-agent");
	snprintf(click, sizeof(click), "\033[<0;20;%dM", y + 1);
	screen_bytes(s, click, strlen(click));
	assert_string_equal(pane_selected_id(front(s)), "support-agent/success");
	screen_bytes(s, click, strlen(click));
	assert_true(pane_in_detail(front(s)));
	screen_bytes(s, "\033[<65;20;10M", 12);
	screen_keys(s, "<Esc>");
	/* A tab, a heading, a hint of the bottom line. */
	screen_bytes(s, "\033[<0;2;2M", 9);
	expect(s, "Act now");
	screen_keys(s, "2");
	screen_bytes(s, "\033[<0;14;6M", 10);
	expect(s, "by Service");
	screen_bytes(s, "\033[<0;2;24M", 10);
	assert_true(pane_in_detail(front(s)));
	screen_close(s);
}

static void pasted_text_does_nothing(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	screen_bytes(s, "\033[200~2jq\033[201~", 15);
	expect(s, "pasted text does nothing here");
	expect(s, "Act now");
	screen_keys(s, "2/");
	screen_bytes(s, "\033[200~fra\033[2Jud\n\033[201~", 22);
	expect(s, "fra<1b>[2Jud");
	screen_close(s);
}

static void odd_terminals_are_drawn_on(void **state)
{
	static const char *const names[] = {"vt100", "ansi", "linux", "xterm",
		"xterm-256color", "screen", "screen-256color", "tmux-256color",
		"xterm-direct", "no-such-terminal"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct screen *s = screen_open(&(struct screen_conf){.term = names[i]});

		if (!strcmp(names[i], "no-such-terminal"))
			expect(s, "does not know the terminal");
		expect(s, "checkout-assistant/availability");
		screen_keys(s, "2j<Enter><Esc>");
		expect(s, "fraud-scorer");
		screen_close(s);
	}
}

static void quits(void **state)
{
	struct screen *s = open_screen();

	(void)state;
	screen_keys(s, "<Esc>");
	assert_false(console_done(screen_console(s)));
	console_input(screen_console(s), "q", 1);
	assert_true(console_done(screen_console(s)));
	screen_close(s);
}

/* Anything typed, at any size: no crash, and the context in view. */
static void any_keys_are_survived(void **state)
{
	static const char keys[] =
		"jkgGhl123456789:/?xcTysSRoiunM[]\r\033\t \177\004\025ab,.";
	struct screen *s = open_screen();
	uint32_t seed = 42;

	(void)state;
	for (int i = 0; i < 1500; i++) {
		char key;

		seed = seed * 1103515245 + 12345;
		key = keys[(seed >> 16) % (sizeof(keys) - 1)];
		screen_bytes(s, &key, 1);
		if (i % 50 == 0)
			screen_resize(s, 1 + (int)((seed >> 20) % 60),
				1 + (int)((seed >> 8) % 200));
		if (i % 20 == 0)
			screen_advance(s, 100 * NS_PER_MS);
		assert_false(console_done(screen_console(s)));
	}
	screen_close(s);
}

UNIT_TESTS(cmocka_unit_test(keys_move_and_look),
	cmocka_unit_test(links_go_there_and_back),
	cmocka_unit_test(the_cursor_stays_on_its_object),
	cmocka_unit_test(filters_by_words), cmocka_unit_test(sorts_by_a_column),
	cmocka_unit_test(the_palette_goes_anywhere),
	cmocka_unit_test(help_lists_every_action),
	cmocka_unit_test(actions_are_whole_and_do_not_collide),
	cmocka_unit_test(a_dialog_wants_its_letter), cmocka_unit_test(escape_leaves_it),
	cmocka_unit_test(typed_ahead_never_confirms),
	cmocka_unit_test(an_unsent_dialog_hears_nothing),
	cmocka_unit_test(a_name_must_be_typed), cmocka_unit_test(forms_are_filled_in),
	cmocka_unit_test(asking_is_answered),
	cmocka_unit_test(what_is_silent_turns_stale),
	cmocka_unit_test(the_past_is_read_only), cmocka_unit_test(a_frame_is_one_write),
	cmocka_unit_test(bytes_are_few), cmocka_unit_test(frames_are_skipped_not_queued),
	cmocka_unit_test(the_bell_rings_once), cmocka_unit_test(copies_what_is_selected),
	cmocka_unit_test(the_mouse_clicks_and_scrolls),
	cmocka_unit_test(pasted_text_does_nothing),
	cmocka_unit_test(odd_terminals_are_drawn_on), cmocka_unit_test(quits),
	cmocka_unit_test(any_keys_are_survived))
