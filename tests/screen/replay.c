#include "tests/screen/harness.h"

#include <string.h>

#include "core/clock.h"

/* Into the replay of the newest session. */
static struct screen *opened(const struct screen_conf *conf)
{
	struct screen *s = screen_open(conf);

	screen_keys(s, "5");
	screen_keys(s, "<Enter>");
	if (!screen_has(s, "step 1 of"))
		fail_msg("the replay did not open");
	return s;
}

static void looks_as_it_should(void **state)
{
	const struct screen_conf conf = {0};
	struct screen *s = opened(&conf);
	int y, x;

	(void)state;
	screen_golden(s, "replay");
	screen_cursor(s, &y, &x);
	assert_true(screen_reverse_at(s, y, x));
	screen_close(s);
}

static void steps_forwards_and_back(void **state)
{
	const struct screen_conf conf = {0};
	struct screen *s = opened(&conf);

	(void)state;
	screen_keys(s, "n");
	assert_true(screen_has(s, "step 2 of"));
	screen_keys(s, "j");
	assert_true(screen_has(s, "step 3 of"));
	screen_keys(s, "N");
	assert_true(screen_has(s, "step 2 of"));
	screen_keys(s, "G");
	assert_true(screen_has(s, "step 6 of 6"));
	screen_keys(s, "n");
	assert_true(screen_has(s, "step 6 of 6"));
	screen_keys(s, "g");
	assert_true(screen_has(s, "step 1 of 6"));
	screen_close(s);
}

static void jumps_to_what_failed(void **state)
{
	const struct screen_conf conf = {0};
	struct screen *s = opened(&conf);

	(void)state;
	screen_keys(s, "e");
	assert_false(screen_has(s, "step 1 of 6"));
	assert_true(screen_has(s, "error"));
	screen_close(s);
}

static void plays_with_the_clock(void **state)
{
	const struct screen_conf conf = {0};
	struct screen *s = opened(&conf);

	(void)state;
	assert_true(screen_has(s, "paused 1x"));
	screen_keys(s, "+");
	assert_true(screen_has(s, "paused 2x"));
	screen_keys(s, "<Space>");
	assert_true(screen_has(s, "playing 2x"));
	for (int i = 0; i < 60; i++)
		screen_advance(s, NS_PER_S);
	assert_true(screen_has(s, "step 6 of 6"));
	assert_true(screen_has(s, "paused"));
	screen_close(s);
}

static void shows_a_step_whole(void **state)
{
	const struct screen_conf conf = {0};
	struct screen *s = opened(&conf);

	(void)state;
	screen_keys(s, "<Enter>");
	assert_true(screen_has(s, "step 1 of 6"));
	assert_true(screen_has(s, "took"));
	screen_keys(s, "<Esc>");
	screen_advance(s, NS_PER_S);
	assert_true(screen_has(s, "paused 1x"));
	screen_close(s);
}

/* No size, locale or text breaks it. */
static void holds_at_every_size(void **state)
{
	static const int sizes[][2] = {
		{24, 80}, {16, 60}, {10, 40}, {5, 20}, {1, 1}, {60, 200}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		const struct screen_conf conf = {.hostile = i % 2, .ascii = i > 2};
		struct screen *s = opened(&conf);

		screen_sent_clear(s);
		screen_resize(s, sizes[i][0], sizes[i][1]);
		screen_keys(s, "j");
		screen_keys(s, "k");
		for (size_t j = 0; conf.ascii && j < screen_sent(s)->len; j++)
			assert_true((unsigned char)screen_sent(s)->buf[j] < 0x80);
		screen_close(s);
	}
}

UNIT_TESTS(cmocka_unit_test(looks_as_it_should),
	cmocka_unit_test(steps_forwards_and_back), cmocka_unit_test(jumps_to_what_failed),
	cmocka_unit_test(plays_with_the_clock), cmocka_unit_test(shows_a_step_whole),
	cmocka_unit_test(holds_at_every_size))
