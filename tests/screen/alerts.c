/* alerts.c - the Alerts pane: groups, why nobody is told, pages, silences */
#include "tests/screen/harness.h"

#include <string.h>

static struct screen *opened(const char *keys)
{
	const struct screen_conf conf = {.rows = 50, .cols = 160};
	struct screen *s = screen_open(&conf);

	screen_keys(s, keys);
	return s;
}

static void groups_are_divided_and_counted(void **state)
{
	struct screen *s = opened("6");

	(void)state;
	assert_false(screen_has(s, "queue: (alerts"));
	screen_keys(s, "v");
	assert_true(screen_has(s, "night: cluster=eu (alerts: 2, firing: 2)"));
	assert_true(screen_has(s, "queue: (alerts: 2, firing: 0)"));
	/* The group of what fires stands first, its alerts together. */
	assert_true(screen_row_of(s, "night: cluster=eu") <
		screen_row_of(s, "ModelErrorBudget"));
	assert_true(screen_row_of(s, "ScorerLatencyHigh") <
		screen_row_of(s, "queue: (alerts"));
	screen_golden(s, "alerts-grouped");
	screen_keys(s, "v");
	assert_false(screen_has(s, "queue: (alerts"));
	screen_close(s);
}

static void a_page_says_everything(void **state)
{
	struct screen *s = opened("6<Enter>");

	(void)state;
	assert_true(screen_has(s, "true since"));
	assert_true(screen_has(s, "fires since"));
	assert_true(screen_has(s, "the alert is this one's"));
	assert_true(screen_has(s, "acknowledged by"));
	assert_true(screen_has(s, "the alert's annotation names it"));
	screen_golden(s, "alerts-detail");
	screen_close(s);
}

static void why_nobody_is_told(void **state)
{
	struct screen *s = opened("6/NodeDisk<Enter><Enter>");

	(void)state;
	assert_true(screen_has(s, "Nobody is told: silenced by mona until"));
	assert_true(screen_has(s, "disk ordered"));
	screen_close(s);
	s = opened("6/PodRestarts<Enter><Enter>");
	/* Inhibited by an alert, which is named. */
	assert_true(screen_has(s, "Nobody is told: inhibited by ScorerLatencyHigh"));
	screen_close(s);
}

static void silences_say_what_they_match(void **state)
{
	struct screen *s = opened(":silences<Enter>");

	(void)state;
	assert_true(screen_has(s, "silences: 2, matching no alert: 1"));
	/* The one that ends next stands first. */
	assert_true(screen_row_of(s, "old-.*") < screen_row_of(s, "alertname="));
	screen_keys(s, "j<Enter>");
	assert_true(screen_has(s, "Alerts that it holds back now"));
	assert_true(screen_has(s, "NodeDiskFull"));
	screen_golden(s, "silences-detail");
	screen_close(s);
}

/* x s: the form is filled from the alert, and what is in it can be changed. */
static void a_silence_begins_with_the_alerts_labels(void **state)
{
	struct screen *s = opened("6xs");

	(void)state;
	assert_true(screen_has(s, "Silence alerts"));
	assert_true(screen_has(s, "alertname=\"ModelErrorBudgetBurn\""));
	assert_true(screen_has(s, "1h"));
	screen_close(s);
}

UNIT_TESTS(cmocka_unit_test(groups_are_divided_and_counted),
	cmocka_unit_test(a_page_says_everything), cmocka_unit_test(why_nobody_is_told),
	cmocka_unit_test(silences_say_what_they_match),
	cmocka_unit_test(a_silence_begins_with_the_alerts_labels))
