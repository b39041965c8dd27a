#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/path.h"
#include "core/mem.h"
#include "tests/fuzz/fuzz.h"
#include "tui/theme.h"

static const char *const shipped[] = {"terminal16", "dark", "light", "colourblind"};

static void load(struct theme *t, const char *name)
{
	struct problems p;
	struct err e = ERR_INIT;

	problems_init(&p, name);
	if (theme_load(t, name, &p, &e))
		fail_msg("%s: %s", name, p.n ? p.items[0].message : e.what);
	problems_release(&p);
	err_release(&e);
}

/* What is drawn when no file can be read is what the file says. */
static void builtin_is_terminal16(void **state)
{
	struct theme file, built;

	(void)state;
	theme_builtin(&built);
	load(&file, "terminal16");
	for (int r = 0; r < ROLES; r++) {
		const struct style *a = &built.styles[r], *b = &file.styles[r];

		if (a->fg != b->fg || a->bg != b->bg || a->attr != b->attr ||
			a->mono != b->mono)
			fail_msg("role %s differs", role_def((enum role)r)->name);
	}
	assert_memory_equal(built.marks, file.marks, sizeof(built.marks));
	assert_string_equal(built.name, file.name);
}

static void default_theme_has_terminal_colours_only(void **state)
{
	struct theme t;

	(void)state;
	theme_builtin(&t);
	for (int r = 0; r < ROLES; r++) {
		assert_true(t.styles[r].fg < 16);
		/* A background of ours comes with its text: it must read on any other. */
		assert_true(t.styles[r].bg < 0 ||
			(t.styles[r].bg < 16 && t.styles[r].fg >= 0));
	}
}

/* No meaning by colour alone: marks differ, and so do severities' attributes without colour. */
static void severities_differ_without_colour(void **state)
{
	static const enum role roles[] = {ROLE_OK, ROLE_NO_DATA, ROLE_TICKET, ROLE_PAGE};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(shipped); i++) {
		struct theme t;

		load(&t, shipped[i]);
		assert_string_equal(t.name, shipped[i]);
		for (size_t a = 0; a < 4; a++)
			for (size_t b = 0; b < a; b++) {
				assert_int_not_equal(t.marks[a + 1], t.marks[b + 1]);
				assert_int_not_equal(
					t.styles[roles[a]].mono, t.styles[roles[b]].mono);
			}
		assert_true(t.styles[ROLE_SELECTED].mono & STYLE_REVERSE);
	}
}

static void names_every_role_once(void **state)
{
	(void)state;
	for (int r = 0; r < ROLES; r++) {
		assert_non_null(role_def((enum role)r)->name);
		assert_non_null(role_def((enum role)r)->help);
		assert_int_equal(role_of(role_def((enum role)r)->name), r);
	}
	assert_int_equal(role_of("no-such-role"), ROLES);
}

static void lists_what_ships(void **state)
{
	char **names;
	size_t n, found = 0;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(theme_names(&names, &n, &e), 0);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_LEN(shipped); k++)
			found += !strcmp(names[i], shipped[k]);
	assert_int_equal(found, ARRAY_LEN(shipped));
	path_list_free(names, n);
}

static size_t wrong_in(const char *text, const char *expected)
{
	struct theme t;
	struct problems p;
	size_t n;

	problems_init(&p, "x.yaml");
	theme_parse(&t, text, strlen(text), &p);
	n = p.n;
	if (expected && (!n || !strstr(p.items[0].message, expected)))
		fail_msg("'%s' instead of '%s'", n ? p.items[0].message : "no problem",
			expected);
	problems_release(&p);
	return n;
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	assert_int_equal(
		wrong_in("name: x\nroles: {ok: {fg: 2, mono: none}}\n", NULL), 0);
	wrong_in("name: x\nroles: {okk: {mono: none}}\n", "okk");
	wrong_in("name: x\nroles: {ok: {fg: 256, mono: none}}\n", "256");
	wrong_in("name: x\nroles: {ok: {fg: mauve, mono: none}}\n", "mauve");
	wrong_in("name: x\nroles: {ok: {mono: shiny}}\n", "shiny");
	wrong_in("name: x\nroles: {ok: {fg: 2}}\n", "mono");
	wrong_in("name: x\nmarks: {ok: '!'}\n", "same mark");
	wrong_in("name: x\nmarks: {ok: 'ab'}\n", "one ASCII");
	wrong_in("name: x\nroles: 7\n", "map");
	assert_true(wrong_in("name: [", NULL) > 0);
	assert_true(wrong_in("", NULL) > 0);
}

static void reads_colours(void **state)
{
	static const char text[] =
		"name: x\nroles:\n"
		"  ok: {fg: '#ff0000', bg: bright-blue, mono: none}\n"
		"  page: {fg: default, attr: [bold, italic], mono: reverse}\n";
	struct theme t;
	struct problems p;

	(void)state;
	problems_init(&p, NULL);
	assert_int_equal(theme_parse(&t, text, strlen(text), &p), 0);
	assert_int_equal(t.styles[ROLE_OK].fg, 196);
	assert_int_equal(t.styles[ROLE_OK].bg, 12);
	assert_int_equal(t.styles[ROLE_PAGE].fg, COLOUR_DEFAULT);
	assert_int_equal(t.styles[ROLE_PAGE].bg, COLOUR_UNSET);
	assert_int_equal(t.styles[ROLE_PAGE].attr, STYLE_BOLD | STYLE_ITALIC);
	problems_release(&p);
}

static void lowers_colours(void **state)
{
	(void)state;
	assert_int_equal(colour_lower(196, 256), 196);
	assert_int_equal(colour_lower(196, 16), 9);
	assert_int_equal(colour_lower(16, 16), 0);
	assert_int_equal(colour_lower(231, 16), 15);
	assert_int_equal(colour_lower(9, 8), 1);
	assert_int_equal(colour_lower(196, 8), 1);
	assert_int_equal(colour_lower(COLOUR_DEFAULT, 8), COLOUR_DEFAULT);
}

static void fuzz_seeds_pass(void **state)
{
	static const char *const seeds[] = {"name: x\nroles: {ok: {fg: 2, mono: none}}\n",
		"name: [", "roles: 7", "name: x\nmarks: {ok: '!'}\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		for (size_t n = 0; n <= strlen(seeds[i]) + 1; n++)
			assert_int_equal(
				LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], n), 0);
}

UNIT_TESTS(cmocka_unit_test(builtin_is_terminal16),
	cmocka_unit_test(default_theme_has_terminal_colours_only),
	cmocka_unit_test(severities_differ_without_colour),
	cmocka_unit_test(names_every_role_once), cmocka_unit_test(lists_what_ships),
	cmocka_unit_test(says_what_is_wrong), cmocka_unit_test(reads_colours),
	cmocka_unit_test(lowers_colours), cmocka_unit_test(fuzz_seeds_pass))
