#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/path.h"
#include "model/alert.h"
#include "model/pipeline.h"
#include "model/registry.h"
#include "runbook/gate.h"
#include "store/series.h"
#include "tests/unit/seen.h"

#define T0 (INT64_C(1700000000) * NS_PER_S)

struct place {
	char dir[64];
	struct store *st;
	struct config config;
	struct arena a;
};

static const char config_text[] =
	"context: eu\ncontexts:\n  - {name: eu, sources: [m, srv, am]}\n"
	"sources:\n  - {name: m, type: metrics, every: 10s, targets: "
	"[\"http://127.0.0.1:1/m\"]}\n"
	"  - {name: srv, type: lab-serving, every: 10s, url: \"http://127.0.0.1:1\"}\n"
	"  - {name: am, type: alertmanager, every: 10s, url: \"http://127.0.0.1:1\"}\n"
	"services:\n  - name: shop\n    model: {source: srv, name: ranker, alias: "
	"production}\n"
	"    serving: {source: srv, name: shop-serving}\n";

static int set_up(void **state)
{
	struct place *p = mem_new(1, sizeof(*p));
	struct problems problems;
	struct err e = ERR_INIT;
	char *file, *store;

	snprintf(p->dir, sizeof(p->dir), "/tmp/tocsin-gate-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	file = path_join(p->dir, "config.yaml");
	store = path_join(p->dir, "store");
	problems_init(&problems, NULL);
	arena_init(&p->a);
	assert_int_equal(path_write(file, config_text, strlen(config_text), 0600, &e), 0);
	if (config_load(&p->config, file, &problems, &e) || problems.n)
		fail_msg("%s", e.what ? e.what : problems.items[0].message);
	problems_release(&problems);
	assert_int_equal(store_open(&p->st, store, STORE_WRITE, &e), 0);
	seen_sources(p->st, &p->config, "eu");
	free(file);
	free(store);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char *command = mem_format("rm -rf '%s'", p->dir);

	arena_release(&p->a);
	store_free(p->st);
	config_release(&p->config);
	assert_int_equal(system(command), 0);
	free(command);
	free(p);
	return 0;
}

static void parse(struct place *p, struct gate *g, const char *text)
{
	struct problems problems;

	problems_init(&problems, NULL);
	if (gate_parse(g, text, NULL, 0, &p->a, &problems))
		fail_msg("%s", problems.items[0].message);
	problems_release(&problems);
}

static enum gate_verdict look(
	struct place *p, const char *text, int64_t now, const char *words)
{
	struct gate g;
	struct gate_reading r;
	struct err e = ERR_INIT;

	parse(p, &g, text);
	if (gate_look(&r, &g, &p->config, "shop", p->st, now, &e))
		fail_msg("%s", e.what);
	if (words && !strstr(r.text, words))
		fail_msg("'%s' does not hold '%s'", r.text, words);
	return r.verdict;
}

/* --- reading --- */

static void reads_conditions(void **state)
{
	struct place *p = *state;
	struct gate g;

	parse(p, &g,
		"slo: a\nburn: \"<= 2.5\"\nwindow: 1h\nmin_events: 100\nfor: 5m\nwithin: "
		"1h\n");
	assert_int_equal(g.kind, GATE_SLO);
	assert_int_equal(g.burn_op, OP_LE);
	assert_true(fabs(g.burn - 2.5) < 1e-12);
	assert_int_equal(g.window_ns, NS_PER_HOUR);
	assert_int_equal(g.hold_ns, 5 * NS_PER_MIN);
	parse(p, &g, "model: ranker\nserving: \"!= 13\"\n");
	assert_int_equal(g.version_op, OP_NE);
	assert_string_equal(g.version, "13");
	assert_int_equal(g.within_ns, 10 * NS_PER_MIN);
	parse(p, &g, "alert: Burn\nstate: firing\n");
	assert_true(g.alert_firing);
}

static void values_come_whole(void **state)
{
	struct place *p = *state;
	struct vars v;
	struct gate g;
	struct problems problems;
	struct err e = ERR_INIT;

	vars_init(&v);
	problems_init(&problems, NULL);
	assert_int_equal(vars_put(&v, "TO", "12\nwithin: 1s", "x", &e), 0);
	assert_int_equal(
		gate_parse(&g, "model: m\nserving: == $TO\n", &v, 7, &p->a, &problems),
		0);
	assert_string_equal(g.version, "12\nwithin: 1s");
	assert_int_equal(g.within_ns, 10 * NS_PER_MIN);
	assert_int_equal(
		gate_parse(&g, "model: m\nserving: == $NONE\n", &v, 7, &p->a, &problems),
		-1);
	assert_int_equal(problems.items[0].line, 8);
	problems_release(&problems);
	vars_release(&v);
}

/* --- slo --- */

static void record_burn(struct place *p, double burn, double events, int64_t at)
{
	struct slo slo = {.service = "shop",
		.name = "avail",
		.format = "openslo",
		.objective = 0.999,
		.window_ns = 30 * NS_PER_DAY,
		.source = "m"};
	struct slo_state s = {.service = "shop",
		.name = "avail",
		.at = at,
		.objective = 0.999,
		.window_ns = 30 * NS_PER_DAY,
		.n_windows = 2,
		.windows_ns = {5 * NS_PER_MIN, NS_PER_HOUR},
		.burn = {burn, 3},
		.window_events = {events, 1e6},
		.events = 1e6,
		.budget_left = 0.5,
		.severity = SEV_OK,
		.onset = NONE_INT,
		.exhausted_in_s = NAN};
	struct err e = ERR_INIT;

	if (slo_define(p->st, &slo, at, &e) || slo_record(p->st, &s, &e))
		fail_msg("%s", e.what);
}

static void slo_gate_wants_fresh_figures(void **state)
{
	struct place *p = *state;
	static const char gate[] =
		"slo: avail\nburn: \"< 1\"\nwindow: 5m\nmin_events: 100\n";
	int64_t now = T0 + NS_PER_S;

	assert_int_equal(look(p, gate, now, "no objective"), VERDICT_NO_DATA);
	record_burn(p, 0.4, 1000, T0);
	assert_int_equal(look(p, gate, now, "not read lately"), VERDICT_STALE);
	seen_polled(p->st, "m", T0);
	assert_int_equal(look(p, gate, now, "0.40"), VERDICT_HOLDS);
	assert_int_equal(look(p, "slo: avail\nburn: \"< 1\"\nwindow: 1h\n", now, "3.00"),
		VERDICT_NOT);
	/* Without a window: the shortest. */
	assert_int_equal(
		look(p, "slo: avail\nburn: \"< 1\"\n", now, "5m"), VERDICT_HOLDS);
	assert_int_equal(
		look(p, "slo: avail\nburn: \"< 1\"\nwindow: 7m\n", now, "not evaluated"),
		VERDICT_NO_DATA);
	assert_int_equal(look(p, "slo: avail\nservice: other\nburn: \"< 1\"\n", now,
				 "no objective"),
		VERDICT_NO_DATA);
	/* The source stopped answering, then the evaluation. */
	assert_int_equal(look(p, gate, T0 + 31 * NS_PER_S, NULL), VERDICT_STALE);
	seen_polled(p->st, "m", T0 + 40 * NS_PER_S);
	assert_int_equal(look(p, gate, T0 + 41 * NS_PER_S, "evaluated"), VERDICT_STALE);
}

static void no_data_never_passes(void **state)
{
	struct place *p = *state;
	static const char gate[] = "slo: avail\nburn: \"< 1\"\nmin_events: 100\n";

	seen_polled(p->st, "m", T0);
	record_burn(p, NAN, 1000, T0);
	assert_int_equal(look(p, gate, T0, "no data"), VERDICT_NO_DATA);
	record_burn(p, 0, 99, T0 + 1);
	assert_int_equal(look(p, gate, T0 + 1, "99 events"), VERDICT_NO_DATA);
	record_burn(p, 0, NAN, T0 + 2);
	assert_int_equal(look(p, gate, T0 + 2, "not known how many"), VERDICT_NO_DATA);
	record_burn(p, 0, 100, T0 + 3);
	assert_int_equal(look(p, gate, T0 + 3, NULL), VERDICT_HOLDS);
	record_burn(p, 1, 100, T0 + 4);
	assert_int_equal(look(p, gate, T0 + 4, NULL), VERDICT_NOT);
}

/* --- model --- */

static void put_serving(struct place *p, const char *a, double share_a, const char *b,
	double share_b, int64_t ready_b)
{
	struct serving rows[] = {
		{.source = "srv",
			.service = "shop-serving",
			.variant = "a",
			.model = "ranker",
			.version = a,
			.traffic = share_a,
			.ready = 1},
		{.source = "srv",
			.service = "shop-serving",
			.variant = "b",
			.model = "ranker",
			.version = b,
			.traffic = share_b,
			.ready = ready_b},
		{.source = "srv",
			.service = "other",
			.variant = "a",
			.model = "other",
			.version = "1",
			.traffic = 1,
			.ready = 1},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rows[i].replicas = rows[i].changed = NONE_INT;
	seen_round(p->st, "srv", REC_SERVING, rows, ARRAY_LEN(rows), T0);
}

static void model_gate_looks_at_all_traffic(void **state)
{
	struct place *p = *state;
	static const char gate[] = "model: shop\nserving: == 12\n";

	assert_int_equal(look(p, gate, T0, "nothing is known"), VERDICT_NO_DATA);
	put_serving(p, "12", 0.9, "13", 0.1, 1);
	assert_int_equal(look(p, gate, T0, "not read lately"), VERDICT_STALE);
	seen_polled(p->st, "srv", T0);
	assert_int_equal(look(p, gate, T0, "1 of 2"), VERDICT_NOT);
	put_serving(p, "12", 1, "13", 0, 1);
	assert_int_equal(look(p, gate, T0, "everywhere"), VERDICT_HOLDS);
	assert_int_equal(
		look(p, "model: ranker\nserving: == 12\n", T0, NULL), VERDICT_HOLDS);
	assert_int_equal(
		look(p, "model: shop\nserving: \"!= 13\"\n", T0, NULL), VERDICT_HOLDS);
	assert_int_equal(
		look(p, "model: shop\nserving: \"!= 12\"\n", T0, NULL), VERDICT_NOT);
	put_serving(p, "12", 0.5, "12", 0.5, 0);
	assert_int_equal(look(p, gate, T0, NULL), VERDICT_NOT);
	put_serving(p, "12", 0.5, NULL, 0.5, 1);
	assert_int_equal(look(p, gate, T0, NULL), VERDICT_NOT);
	put_serving(p, "12", 1, "13", 0, 1);
	assert_int_equal(look(p, gate, T0 + NS_PER_MIN, NULL), VERDICT_STALE);
}

/* --- alert --- */

static void alert_gate_needs_a_source_that_answers(void **state)
{
	struct place *p = *state;
	struct alert a = {.source = "am",
		.fingerprint = "f",
		.name = "Burn",
		.service = "shop",
		.state = "firing",
		.since = T0,
		.until = NONE_INT};

	assert_int_equal(look(p, "alert: Burn\n", T0, NULL), VERDICT_STALE);
	seen_polled(p->st, "am", T0);
	assert_int_equal(look(p, "alert: Burn\n", T0, "gone"), VERDICT_HOLDS);
	seen_round(p->st, "am", REC_ALERT, &a, 1, T0);
	assert_int_equal(look(p, "alert: Burn\n", T0, NULL), VERDICT_NOT);
	assert_int_equal(
		look(p, "alert: Burn\nstate: firing\n", T0, NULL), VERDICT_HOLDS);
	assert_int_equal(
		look(p, "alert: Burn\nservice: other\n", T0, NULL), VERDICT_HOLDS);
	a.state = "silenced";
	seen_round(p->st, "am", REC_ALERT, &a, 1, T0 + 1);
	assert_int_equal(look(p, "alert: Burn\n", T0 + 1, NULL), VERDICT_NOT);
}

/* --- drift --- */

static void put_drift(struct place *p, const char *verdict, double value, int64_t at)
{
	struct drift_report rows[] = {
		{.feature = "*", .value = value, .verdict = verdict},
		{.feature = "length", .value = 0.31, .verdict = "drifted"},
		{.feature = "rare", .value = NAN, .verdict = "too-few"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rows[i].source = "m";
		rows[i].service = "shop";
		rows[i].dataset = "inputs";
		rows[i].method = "psi";
		rows[i].threshold = 0.2;
		rows[i].p_value = rows[i].noise = NAN;
		rows[i].n_reference = rows[i].n_current = 1000;
		rows[i].drifted = !strcmp(rows[i].verdict, "drifted");
		rows[i].since = NONE_INT;
		rows[i].computed = at;
	}
	seen_round(p->st, "m", REC_DRIFT_REPORT, rows, ARRAY_LEN(rows), at);
}

static void drift_gate_takes_a_verdict_or_a_value(void **state)
{
	struct place *p = *state;

	assert_int_equal(
		look(p, "drift: inputs\n", T0, "never compared"), VERDICT_NO_DATA);
	put_drift(p, "ok", 0.25, T0);
	assert_int_equal(
		look(p, "drift: inputs\n", T0, "not read lately"), VERDICT_STALE);
	seen_polled(p->st, "m", T0);
	assert_int_equal(look(p, "drift: inputs\n", T0, "is ok"), VERDICT_HOLDS);
	assert_int_equal(
		look(p, "drift: inputs\nvalue: \"< 0.3\"\n", T0, "0.25, wanted < 0.3"),
		VERDICT_HOLDS);
	assert_int_equal(
		look(p, "drift: inputs\nvalue: \"< 0.25\"\n", T0, NULL), VERDICT_NOT);
	assert_int_equal(look(p, "drift: inputs\nfeature: length\n", T0, "is drifted"),
		VERDICT_NOT);
	assert_int_equal(
		look(p, "drift: inputs\nfeature: length\nvalue: \"> 0.3\"\n", T0, NULL),
		VERDICT_HOLDS);
	/* Of another service, or never compared: nothing is known. */
	assert_int_equal(
		look(p, "drift: inputs\nservice: other\n", T0, NULL), VERDICT_NO_DATA);
	assert_int_equal(
		look(p, "drift: inputs\nfeature: none\n", T0, NULL), VERDICT_NO_DATA);
	/* Noise is no drift; what is above its threshold for the first time is not ok yet. */
	put_drift(p, "noise", 0.25, T0);
	assert_int_equal(look(p, "drift: inputs\n", T0, NULL), VERDICT_HOLDS);
	put_drift(p, "watch", 0.25, T0);
	assert_int_equal(look(p, "drift: inputs\n", T0, NULL), VERDICT_NOT);
}

static void what_was_not_compared_never_passes(void **state)
{
	static const char *const verdicts[] = {
		"too-few", "no-data", "not-comparable", "new", NULL};
	struct place *p = *state;

	seen_polled(p->st, "m", T0);
	for (size_t i = 0; verdicts[i]; i++) {
		put_drift(p, verdicts[i], 0.1, T0 + (int64_t)i);
		assert_int_equal(look(p, "drift: inputs\n", T0, NULL), VERDICT_NO_DATA);
		assert_int_equal(look(p, "drift: inputs\nvalue: \"< 1\"\n", T0, NULL),
			VERDICT_NO_DATA);
	}
	put_drift(p, "ok", NAN, T0 + 9);
	assert_int_equal(
		look(p, "drift: inputs\nvalue: \"< 1\"\n", T0, NULL), VERDICT_NO_DATA);
	assert_int_equal(
		look(p, "drift: inputs\nfeature: rare\nvalue: \">= 0\"\n", T0, NULL),
		VERDICT_NO_DATA);
	/* The source goes on answering, and nobody compares any more. */
	put_drift(p, "ok", 0.1, T0);
	seen_polled(p->st, "m", T0 + 61 * NS_PER_MIN);
	assert_int_equal(
		look(p, "drift: inputs\n", T0 + 61 * NS_PER_MIN, "compared lately"),
		VERDICT_STALE);
}

static void a_wrong_drift_gate_is_told(void **state)
{
	static const char *const wrong[] = {"drift: d\nvalue: 0.2\n",
		"drift: d\nvalue: \"< x\"\n", "drift: d\nslo: s\n",
		"drift: d\nvalue: \"< nan\"\n"};
	struct place *p = *state;
	struct gate g;
	struct problems problems;

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		problems_init(&problems, NULL);
		assert_int_equal(gate_parse(&g, wrong[i], NULL, 0, &p->a, &problems), -1);
		problems_release(&problems);
	}
	parse(p, &g, "drift: $D\nvalue: \"< $LIMIT\"\nfor: 10m\nwithin: 1h\n");
	assert_int_equal(g.kind, GATE_DRIFT);
	assert_string_equal(g.feature, "*");
	assert_int_equal(g.value_op, OP_LT);
}

/* --- holding --- */

static void holding_is_without_a_gap(void **state)
{
	struct gate g = {.hold_ns = 60, .within_ns = 200};
	struct gate_hold h;

	(void)state;
	gate_hold_init(&h, 1000);
	assert_int_equal(gate_hold(&h, &g, VERDICT_NOT, 1000), GATE_WAITS);
	assert_int_equal(gate_hold(&h, &g, VERDICT_HOLDS, 1010), GATE_WAITS);
	assert_int_equal(gate_hold(&h, &g, VERDICT_HOLDS, 1069), GATE_WAITS);
	assert_int_equal(gate_hold(&h, &g, VERDICT_STALE, 1070), GATE_WAITS);
	assert_int_equal(gate_hold(&h, &g, VERDICT_HOLDS, 1080), GATE_WAITS);
	assert_int_equal(gate_hold(&h, &g, VERDICT_NO_DATA, 1081), GATE_WAITS);
	assert_int_equal(gate_hold(&h, &g, VERDICT_HOLDS, 1100), GATE_WAITS);
	assert_int_equal(gate_hold(&h, &g, VERDICT_HOLDS, 1160), GATE_PASSED);
	gate_hold_init(&h, 1000);
	assert_int_equal(gate_hold(&h, &g, VERDICT_HOLDS, 1190), GATE_WAITS);
	assert_int_equal(gate_hold(&h, &g, VERDICT_HOLDS, 1200), GATE_TOO_LATE);
	g.hold_ns = 0;
	gate_hold_init(&h, 1000);
	assert_int_equal(gate_hold(&h, &g, VERDICT_HOLDS, 5000), GATE_PASSED);
	for (int v = VERDICT_HOLDS; v <= VERDICT_STALE; v++)
		assert_non_null(gate_verdict_name((enum gate_verdict)v));
}

#define PLACED(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

UNIT_TESTS(PLACED(reads_conditions), PLACED(values_come_whole),
	PLACED(slo_gate_wants_fresh_figures), PLACED(no_data_never_passes),
	PLACED(model_gate_looks_at_all_traffic),
	PLACED(alert_gate_needs_a_source_that_answers),
	PLACED(drift_gate_takes_a_verdict_or_a_value),
	PLACED(what_was_not_compared_never_passes), PLACED(a_wrong_drift_gate_is_told),
	cmocka_unit_test(holding_is_without_a_gap))
