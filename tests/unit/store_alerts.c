#include "tests/unit/unit.h"

#include <math.h>

#include "model/alert.h"
#include "store/alerts.h"
#include "tests/unit/store.h"
#include "tests/unit/seen.h"

static struct alert one(const char *source, const char *fingerprint, const char *state)
{
	return (struct alert){.source = source,
		.fingerprint = fingerprint,
		.name = "Burn",
		.state = state,
		.since = T0 - S(60),
		.until = NONE_INT,
		.onset = NONE_INT,
		.value = NAN};
}

static struct observed_list alerts(struct fixture *f, const struct context_conf *context)
{
	struct observed_list list;

	ok(f, alerts_at(&list, &f->a, f->st, context, AT_NOW, 100, &f->e));
	return list;
}

FIXTURE_TEST(each_alert_once)
{
	struct alert prom = one("prom", "f1", "firing"),
		     a = one("am-1", "f1", "silenced"),
		     b[] = {one("am-2", "f1", "firing"), one("am-2", "f2", "firing")};
	const char *two[] = {"prom", "am-1"};
	const struct context_conf context = {.name = "c", .sources = {two, 2}};
	struct observed_list list;
	const struct alert *got;

	add_source(f, "prom");
	add_source(f, "am-1");
	add_source(f, "am-2");
	prom.onset = T0 - S(360);
	prom.value = 0.25;
	a.receivers = b[0].receivers = b[1].receivers = "[\"night\"]";
	a.groups = "[{\"receiver\":\"night\"}]";
	seen_round(f->st, "prom", REC_ALERT, &prom, 1, T0);
	seen_round(f->st, "am-1", REC_ALERT, &a, 1, T0);
	seen_round(f->st, "am-2", REC_ALERT, b, 2, T0);
	list = alerts(f, NULL);
	assert_int_equal(list.n, 2);
	got = list.items[0].record;
	/* One Alertmanager tells somebody: it fires. */
	assert_string_equal(got->source, "am-2");
	assert_string_equal(got->state, "firing");
	assert_true(got->onset == T0 - S(360) && got->value == 0.25);
	assert_string_equal(got->groups, "[{\"receiver\":\"night\"}]");
	list = alerts(f, &context);
	assert_int_equal(list.n, 1);
	got = list.items[0].record;
	/* What an Alertmanager says goes before what Prometheus says. */
	assert_string_equal(got->source, "am-1");
	assert_string_equal(got->state, "silenced");
}

FIXTURE_TEST(an_onset_told_by_another)
{
	struct alert a = one("am", "f1", "firing");
	struct alert_onset o = {.source = "am",
		.fingerprint = "f1",
		.onset = T0 - S(300),
		.value = 2,
		.url = "http://p/graph"};
	const struct alert *got;

	add_source(f, "am");
	seen_round(f->st, "am", REC_ALERT, &a, 1, T0);
	ok(f, alert_onset_put(f->st, &o, &f->e));
	got = alerts(f, NULL).items[0].record;
	assert_true(got->onset == T0 - S(300) && got->value == 2);
	assert_string_equal(got->url, "http://p/graph");
	o.onset = NONE_INT;
	o.value = NAN;
	o.url = NULL;
	ok(f, alert_onset_put(f->st, &o, &f->e));
	got = alerts(f, NULL).items[0].record;
	assert_true(got->onset == T0 - S(300) && got->value == 2);
	o.fingerprint = "nowhere";
	ok(f, alert_onset_put(f->st, &o, &f->e));
}

static void what_a_person_looks_at(void **state)
{
	static const char *const on[] = {"firing", "absent", "error", "no-data"};
	static const char *const off[] = {
		"pending", "silenced", "inhibited", "muted", "resolved", NULL};
	struct alert a = {.source = "am"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(on); i++) {
		a.state = on[i];
		assert_true(alert_is_on(&a));
	}
	for (size_t i = 0; i < ARRAY_LEN(off); i++) {
		a.state = off[i];
		assert_false(alert_is_on(&a));
	}
	assert_false(alert_is_routed(&a));
}

UNIT_TESTS(cmocka_unit_test(each_alert_once), cmocka_unit_test(an_onset_told_by_another),
	cmocka_unit_test(what_a_person_looks_at))
