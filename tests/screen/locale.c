#include "tests/screen/harness.h"

#include <ftw.h>
#include <libintl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/child.h"
#include "core/clock.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "core/path.h"
#include "core/text.h"
#include "tui/panes/panes.h"

/*
 * The console in Chinese, where most characters take two cells: the pictures of two panes, and
 * for every pane of the table that a column begins (or ends) at the same cell in every row.  The
 * locale and the messages are made in a directory of their own; nothing is installed.
 */

#define CHINESE "zh_CN.UTF-8"
#define TOOL_NS (60 * NS_PER_S)

static int run_tool(const char *const *argv)
{
	const char *path = getenv("PATH");
	char *path_entry = mem_format("PATH=%s", path ? path : "/usr/bin:/bin");
	const char *const env[] = {path_entry, "LC_ALL=C", NULL};
	struct child_spec spec = {.argv = argv, .env = env, .err = CHILD_NULL};
	struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;
	int status = -1,
	    code = child_run(&out, &status, &spec, NULL, 0, 1 << 16, TOOL_NS, &e);

	strbuf_release(&out);
	err_release(&e);
	free(path_entry);
	return code ? -1 : status;
}

/* The system's locale, or one made in dir; false: this system can do neither. */
static bool have_locale(const char *dir)
{
	char *file = path_join(dir, CHINESE);
	const char *const argv[] = {
		"localedef", "-i", "zh_CN", "-f", "UTF-8", file, NULL};
	bool made;

	if (setlocale(LC_ALL, CHINESE)) {
		free(file);
		return true;
	}
	/* It warns about what the C library's own tables lack: only the result counts. */
	run_tool(argv);
	setenv("LOCPATH", dir, 1);
	made = setlocale(LC_ALL, CHINESE) != NULL;
	free(file);
	return made;
}

static bool have_messages(const char *dir)
{
	const char *top = getenv("TOCSIN_TOP");
	char *messages = path_join(dir, "zh_CN/LC_MESSAGES");
	char *out = path_join(messages, "tocsin.mo");
	char *in = path_join(top ? top : ".", "po/zh_CN.po");
	const char *const argv[] = {"msgfmt", "-o", out, in, NULL};
	struct err e = ERR_INIT;
	bool made = !path_make_dir(messages, 0700, &e) && !run_tool(argv);

	err_release(&e);
	free(messages);
	free(out);
	free(in);
	return made;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	return remove(path);
}

static int remove_chinese(void **state)
{
	nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

static int make_chinese(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = mem_format("%s/tocsin-locale-XXXXXX", tmp ? tmp : "/tmp");

	assert_non_null(mkdtemp(dir));
	*state = dir;
	unsetenv("LANGUAGE");
	if (!have_locale(dir) || !have_messages(dir)) {
		puts("SKIP no locale " CHINESE
		     ", or no msgfmt (packages locales, gettext)");
		remove_chinese(state);
		exit(77);
	}
	bindtextdomain("tocsin", dir);
	bind_textdomain_codeset("tocsin", "UTF-8");
	textdomain("tocsin");
	return 0;
}

static struct screen *open_at(const struct pane_ops *pane, int cols)
{
	struct screen *s =
		screen_open(&(struct screen_conf){.locale = CHINESE, .cols = cols});

	assert_non_null(s);
	console_go(screen_console(s), pane->name, NULL);
	screen_run(s);
	return s;
}

/* --- the pictures --- */

static void overview_and_objectives_in_chinese(void **state)
{
	static const struct {
		const struct pane_ops *pane;
		const char *golden;
	} pictures[] = {
		{&pane_overview, "overview.zh_CN"},
		{&pane_slos, "slos.zh_CN"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pictures); i++) {
		struct screen *s = open_at(pictures[i].pane, 80);

		screen_golden(s, pictures[i].golden);
		screen_close(s);
	}
}

/* --- columns --- */

/* Where a title stands as a word of its own, from byte *at on; -1: the column is left out. */
static int find_title(const struct strbuf *head, size_t *at, const char *title)
{
	size_t n = strlen(title);

	for (const char *p = head->buf + *at; (p = strstr(p, title)); p++) {
		struct strbuf before = STRBUF_INIT;
		int x;

		if (p > head->buf && p[-1] != ' ')
			continue;
		if (p[n] && p[n] != ' ')
			continue;
		strbuf_add(&before, head->buf, (size_t)(p - head->buf));
		x = text_width(before.buf);
		strbuf_release(&before);
		*at = (size_t)(p - head->buf) + n;
		return x;
	}
	return -1;
}

static bool blank(struct screen *s, int y, int x)
{
	return x < 0 || x >= screen_cols(s) || screen_blank_at(s, y, x);
}

/*
 * Beside its edge a column has two blank cells (at the screen's edge one), at it text or none;
 * the mark of a severity may be a blank, then its word follows.
 */
static void check_edge(
	struct screen *s, const struct column *col, int y, int edge, int width, int out)
{
	bool any = false;

	for (int i = 0; i < width; i++)
		any = any || !blank(s, y, edge - out * i);
	if (!blank(s, y, edge + out) ||
		(edge + 2 * out > 0 && !blank(s, y, edge + 2 * out)) ||
		(any && blank(s, y, edge) && blank(s, y, edge - 2 * out))) {
		struct strbuf text = STRBUF_INIT;

		screen_text(s, &text);
		fail_msg("column %s is out of line at %d,%d:\n%s", col->name, y, edge,
			text.buf);
	}
}

static int check_columns(struct screen *s, const struct pane_ops *pane)
{
	const struct row **rows;
	size_t n = pane_visible(console_front_pane(screen_console(s)), &rows), at = 0;
	struct strbuf head = STRBUF_INIT;
	int y, x, seen = 0;

	/* Sorted, no lines stand between the rows. */
	screen_keys(s, pane->divide ? "s1g" : "g");
	screen_cursor(s, &y, &x);
	screen_row(s, y - 1, &head);
	for (const struct column *col = pane->columns; n && col->name; col++) {
		int width = text_width(_(col->title));

		x = find_title(&head, &at, _(col->title));
		if (x < 0)
			continue;
		seen++;
		for (int row = 0; row < (int)n && y + row < screen_rows(s) - 2; row++)
			if (col->align == 'r')
				check_edge(s, col, y + row, x + width - 1, width, 1);
			else
				check_edge(s, col, y + row, x, width, -1);
	}
	strbuf_release(&head);
	return n ? seen : 2;
}

static void columns_stand_in_line(void **state)
{
	static const int widths[] = {80, 60, 120, 200};

	(void)state;
	for (size_t w = 0; w < ARRAY_LEN(widths); w++)
		for (int i = 0; pane_table[i]; i++) {
			struct screen *s;

			if (pane_table[i]->hidden || !pane_table[i]->columns)
				continue;
			s = open_at(pane_table[i], widths[w]);
			/* Fewer titles than two would mean that nothing was looked at. */
			if (check_columns(s, pane_table[i]) < 2)
				fail_msg("%s has no head", pane_table[i]->name);
			screen_close(s);
		}
}

/* At 80 cells every title is there whole: a translation longer than its column is cut. */
static void no_title_is_cut(void **state)
{
	(void)state;
	for (int i = 0; pane_table[i]; i++)
		for (const struct column *col = pane_table[i]->columns; col && col->name;
			col++) {
			int most = col->max > col->min ? col->max : col->min;

			if (text_width(_(col->title)) > most)
				fail_msg("%s: '%s' is wider than the %d cells of %s",
					pane_table[i]->name, _(col->title), most,
					col->name);
		}
}

static void words_are_translated(void **state)
{
	(void)state;
	assert_string_equal(_("error budget"), "error budget");
	assert_string_equal(_("Roll back"), "回滚");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_translated),
		cmocka_unit_test(overview_and_objectives_in_chinese),
		cmocka_unit_test(columns_stand_in_line),
		cmocka_unit_test(no_title_is_cut),
	};

	return cmocka_run_group_tests(tests, make_chinese, remove_chinese);
}
