#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include <math.h>

#include "model/alert.h"
#include "model/pipeline.h"
#include "model/registry.h"
#include "store/observe.h"
#include "store/source.h"

#define SRC "s"

static void put_one(struct fixture *f, enum record_kind kind, int64_t at, bool first,
	const void *record)
{
	struct observe *ob;

	ok(f, observe_begin(&ob, f->st, SRC, 1, kind, at, first, &f->e));
	if (record)
		ok(f, observe_put(ob, record, &f->e));
	ok(f, observe_end(ob, true, &f->e));
}

/* "object@seconds field:before>after actor h" of each change, newest first. */
static const char *changes_of(struct fixture *f, const struct change_query *q)
{
	struct change_list list;
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	ok(f, change_list(&list, &f->a, f->st, q, &f->e));
	for (size_t i = 0; i < list.n; i++) {
		const struct change *c = &list.items[i];

		assert_true(c->id > 0 && c->at <= c->seen);
		strbuf_addf(&sb, "%s%s@%lld %s:%s>%s%s%s%s", i ? "; " : "", c->object,
			(long long)((c->at - T0) / NS_PER_S), c->field ? c->field : "-",
			c->before ? c->before : "", c->after ? c->after : "",
			c->actor ? " by " : "", c->actor ? c->actor : "",
			c->from_history ? " h" : "");
	}
	strbuf_adds(&sb, list.more ? " ..." : "");
	out = arena_strdup(&f->a, sb.buf);
	strbuf_release(&sb);
	return out;
}

static const char *changes(struct fixture *f)
{
	struct change_query q = {.to = AT_NOW, .seen_until = AT_NOW, .limit = 100};

	return changes_of(f, &q);
}

static struct model_version version(
	const char *v, const char *aliases, int64_t created, int64_t updated)
{
	return (struct model_version){.source = SRC,
		.model = "ranker",
		.version = v,
		.aliases = aliases,
		.author = "ann",
		.created = created,
		.updated = updated};
}

static struct serving serving(const char *v, int64_t changed)
{
	return (struct serving){.source = SRC,
		.service = "checkout",
		.variant = "main",
		.version = v,
		.traffic = 1,
		.ready = 1,
		.replicas = 1,
		.changed = changed};
}

/*
 * The store is made at T0, five minutes after the bad promotion: version 13 was made at -600 and
 * given its alias at -310, serving took it at -300.  All three stand there with the backends' own
 * times, marked; the alias itself has no time and says nothing.
 */
FIXTURE_TEST(what_happened_before_the_store_was_made)
{
	struct model_version v12 = version("12", "[]", T0 - S(90000), T0 - S(310));
	struct model_version v13 =
		version("13", "[\"production\"]", T0 - S(600), T0 - S(310));
	struct serving s = serving("13", T0 - S(300));
	struct pointer p = {.source = SRC,
		.model = "ranker",
		.name = "production",
		.version = "13",
		.observed = T0};
	struct observed_list list;
	struct observe *ob;

	add_source(f, SRC);
	ok(f, observe_begin(&ob, f->st, SRC, 1, REC_MODEL_VERSION, T0, true, &f->e));
	ok(f, observe_put(ob, &v12, &f->e));
	ok(f, observe_put(ob, &v13, &f->e));
	ok(f, observe_end(ob, true, &f->e));
	put_one(f, REC_POINTER, T0, true, &p);
	put_one(f, REC_SERVING, T0, true, &s);
	assert_string_equal(changes(f),
		"checkout/main@-300 version:>13 h; "
		"ranker/13@-310 aliases:>[\"production\"] h; "
		"ranker/13@-600 -:>[\"production\"] by ann h; "
		"ranker/12@-90000 -:>ranker/12 by ann h");
	/* They are valid since their own time; the alias since we saw it. */
	ok(f,
		observed_at(&list, &f->a, f->st, REC_MODEL_VERSION, SRC, NULL,
			T0 - S(601), 9, &f->e));
	assert_int_equal(list.n, 1);
	ok(f,
		observed_at(&list, &f->a, f->st, REC_MODEL_VERSION, SRC, NULL,
			T0 - S(600), 9, &f->e));
	assert_int_equal(list.n, 2);
	ok(f,
		observed_at(&list, &f->a, f->st, REC_SERVING, SRC, NULL, T0 - S(300), 9,
			&f->e));
	assert_int_equal(list.n, 1);
	assert_true(list.items[0].since == T0 - S(300));
	ok(f, observed_at(&list, &f->a, f->st, REC_POINTER, SRC, NULL, T0 - 1, 9, &f->e));
	assert_int_equal(list.n, 0);
}

/* From then on what moves is watched, with the backend's time where it gives one. */
FIXTURE_TEST(what_is_watched)
{
	struct model_version v = version("13", "[]", T0 - S(600), T0 - S(600));
	struct serving s = serving("12", T0 - S(5000));

	add_source(f, SRC);
	put_one(f, REC_MODEL_VERSION, T0, true, &v);
	put_one(f, REC_SERVING, T0, true, &s);
	v.aliases = "[\"production\"]";
	v.updated = T0 + S(7);
	put_one(f, REC_MODEL_VERSION, T0 + S(10), false, &v);
	s.version = "13";
	s.changed = T0 + S(12);
	put_one(f, REC_SERVING, T0 + S(15), false, &s);
	/* No news in its time: then it is the time that we saw it. */
	s.traffic = 0.25;
	put_one(f, REC_SERVING, T0 + S(30), false, &s);
	/* A clock that is ahead of ours is not believed. */
	s.version = "14";
	s.changed = T0 + S(9999);
	put_one(f, REC_SERVING, T0 + S(45), false, &s);
	put_one(f, REC_SERVING, T0 + S(60), false, NULL);
	assert_string_equal(changes(f),
		"checkout/main@60 -:14>; checkout/main@45 version:13>14; "
		"checkout/main@30 traffic:1>0.25; checkout/main@12 version:12>13; "
		"ranker/13@7 aliases:[]>[\"production\"]; ranker/13@-600 -:>ranker/13 by "
		"ann h; "
		"checkout/main@-5000 version:>12 h");
}

FIXTURE_TEST(a_version_that_appears_has_its_own_time)
{
	struct model_version v = version("13", NULL, T0 + S(3), T0 + S(3));
	struct job_run j = {.source = SRC,
		.pipeline = "train",
		.run = "7",
		.state = "running",
		.started = T0 + S(20),
		.ended = NONE_INT};

	add_source(f, SRC);
	put_one(f, REC_MODEL_VERSION, T0 + S(10), false, &v);
	put_one(f, REC_JOB_RUN, T0 + S(25), false, &j);
	j.state = "failed";
	j.ended = T0 + S(31);
	put_one(f, REC_JOB_RUN, T0 + S(40), false, &j);
	assert_string_equal(changes(f),
		"train/7@31 state:running>failed; train/7@20 -:>running; "
		"ranker/13@3 -:>ranker/13 by ann");
}

FIXTURE_TEST(history_of_runs_alerts_flags)
{
	struct job_run j = {.source = SRC,
		.pipeline = "train",
		.run = "7",
		.state = "failed",
		.started = T0 - S(200),
		.ended = T0 - S(100)};
	struct alert a = {.source = SRC,
		.fingerprint = "f1",
		.name = "Burn",
		.state = "firing",
		.since = T0 - S(250),
		.until = T0 + S(300)};
	struct flag g = {.source = SRC,
		.name = "new-prompt",
		.value = "on",
		.changed = T0 - S(50)};
	struct drift_report d = {.source = SRC,
		.service = "x",
		.dataset = "d",
		.feature = "y",
		.value = 0.3,
		.threshold = 0.2,
		.drifted = 1};

	add_source(f, SRC);
	put_one(f, REC_JOB_RUN, T0, true, &j);
	put_one(f, REC_ALERT, T0, true, &a);
	put_one(f, REC_FLAG, T0, true, &g);
	put_one(f, REC_DRIFT_REPORT, T0, true, &d);
	assert_string_equal(changes(f),
		"new-prompt@-50 value:>on h; train/7@-100 state:>failed h; "
		"train/7@-200 -:>failed h; f1@-250 -:>firing h");
	a.state = "resolved";
	a.until = T0 + S(9);
	put_one(f, REC_ALERT, T0 + S(20), false, &a);
	d.drifted = 0;
	d.value = 0.1;
	put_one(f, REC_DRIFT_REPORT, T0 + S(30), false, &d);
	g.value = "";
	g.changed = NONE_INT;
	put_one(f, REC_FLAG, T0 + S(40), false, &g);
	{
		struct change_query q = {
			.from = T0, .to = AT_NOW, .seen_until = AT_NOW, .limit = 100};

		assert_string_equal(changes_of(f, &q),
			"new-prompt@40 value:on>; x/d/y@30 drifted:true>false; "
			"f1@9 state:firing>resolved");
	}
}

/* --- what a change says of its bounds, weight and service --- */

static const char config_yaml[] =
	"sources: [{name: s, type: test, url: 'http://a.example', every: 15s}]\n"
	"services:\n"
	"  - name: shop\n"
	"    model: {source: s, name: ranker, alias: production}\n"
	"    serving: {source: s, name: checkout}\n"
	"    agents: {source: s, match: {name: shop-agent}}\n";

static void load(struct fixture *f, struct config *c, const char *text)
{
	char *path = mem_format("%s/config.yaml", f->top);
	struct problems p;
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
	problems_init(&p, path);
	ok(f, config_load(c, path, &p, &f->e));
	problems_release(&p);
	free(path);
}

static void round_of(struct fixture *f, const struct config *c, enum record_kind kind,
	int64_t at, bool missed, const void *records, size_t n)
{
	struct observe *ob;

	ok(f, observe_begin(&ob, f->st, SRC, 1, kind, at, false, &f->e));
	observe_config(ob, c);
	for (size_t i = 0; i < n; i++)
		ok(f,
			observe_put(ob,
				(const char *)records + i * record_def(kind)->size,
				&f->e));
	if (missed)
		observe_missed(ob);
	ok(f, observe_end(ob, true, &f->e));
}

static void polled(struct fixture *f, int64_t at)
{
	struct poll_outcome o = {.source_id = 1,
		.generation = 1,
		.at = at,
		.state = SRC_OK,
		.next_poll = at + S(15)};

	ok(f, source_outcomes(f->st, &o, 1, &f->e));
}

/* "object field not_before..at gap weight service" of each, oldest first. */
static const char *bounds(struct fixture *f, int64_t from)
{
	struct change_query q = {
		.from = from, .to = AT_NOW, .seen_until = AT_NOW, .limit = 99};
	struct change_list list;
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	ok(f, change_list(&list, &f->a, f->st, &q, &f->e));
	for (size_t i = list.n; i-- > 0;) {
		const struct change *c = &list.items[i];

		strbuf_addf(&sb, "%s%s %s ", sb.len ? "; " : "", c->object,
			c->field ? c->field : "-");
		if (c->not_before == NONE_INT)
			strbuf_adds(&sb, "?");
		else
			strbuf_addf(&sb, "%lld",
				(long long)((c->not_before - T0) / NS_PER_S));
		strbuf_addf(&sb, "..%lld%s", (long long)((c->at - T0) / NS_PER_S),
			c->gap ? " gap" : "");
		if (!isnan(c->weight))
			strbuf_addf(&sb, " %g", c->weight);
		strbuf_addf(&sb, "%s%s%s%s", c->actor ? " by " : "",
			c->actor ? c->actor : "", c->service ? " of " : "",
			c->service ? c->service : "");
	}
	out = arena_strdup(&f->a, sb.buf);
	strbuf_release(&sb);
	return out;
}

static struct pointer alias(const char *v)
{
	return (struct pointer){.source = SRC,
		.model = "ranker",
		.name = "production",
		.version = v,
		.observed = NONE_INT,
		.changed = NONE_INT};
}

FIXTURE_TEST(a_change_has_bounds_weight_and_service)
{
	struct pointer p = alias("12");
	struct serving v[] = {serving("12", NONE_INT), serving("13", NONE_INT)};
	struct config c;

	add_source(f, SRC);
	load(f, &c, config_yaml);
	v[1].variant = "canary";
	v[1].traffic = 0.01;
	round_of(f, &c, REC_POINTER, T0, false, &p, 1);
	round_of(f, &c, REC_SERVING, T0, false, v, 1);
	polled(f, T0);
	p.version = "13";
	p.author = "ci";
	v[0].traffic = 0.99;
	round_of(f, &c, REC_POINTER, T0 + S(15), false, &p, 1);
	round_of(f, &c, REC_SERVING, T0 + S(15), false, v, 2);
	polled(f, T0 + S(15));
	assert_string_equal(bounds(f, T0 + S(1)),
		"ranker/production version 0..15 by ci of shop; "
		"checkout/main traffic 0..15 0.01 of shop; "
		"checkout/canary - 0..15 0.01 of shop");
	/* Nobody looked for 46 s, which is over three intervals. */
	p.version = "12";
	p.changed = T0 + S(40);
	v[0].version = "14";
	round_of(f, &c, REC_POINTER, T0 + S(61), false, &p, 1);
	round_of(f, &c, REC_SERVING, T0 + S(61), false, v, 2);
	assert_string_equal(bounds(f, T0 + S(16)),
		"ranker/production version 15..40 gap by ci of shop; "
		"checkout/main version 15..61 gap 0.99 of shop");
	config_release(&c);
}

/* A read that came first today: the source was known, this kind of it was not. */
FIXTURE_TEST(a_kind_that_was_never_read_is_a_baseline)
{
	struct pointer p = alias("12");
	struct serving v = serving("12", T0 - S(500));

	add_source(f, SRC);
	round_of(f, NULL, REC_POINTER, T0, false, &p, 1);
	polled(f, T0);
	round_of(f, NULL, REC_SERVING, T0 + S(15), false, &v, 1);
	polled(f, T0 + S(15));
	v.variant = "other";
	v.changed = NONE_INT;
	round_of(f, NULL, REC_SERVING, T0 + S(30), false, &v, 1);
	assert_string_equal(changes(f),
		"checkout/main@30 -:12>; checkout/other@30 -:>12; "
		"ranker/production@0 -:>12; checkout/main@-500 version:>12 h");
}

/* What was cut off at first comes later, and is no news; what goes away meanwhile is not gone. */
FIXTURE_TEST(a_read_that_is_not_whole)
{
	struct pointer p[] = {alias("12"), alias("13"), alias("14")};

	add_source(f, SRC);
	polled(f, T0 - S(60));
	p[1].name = "staging";
	p[2].name = "shadow";
	round_of(f, NULL, REC_POINTER, T0, true, p, 1);
	polled(f, T0);
	round_of(f, NULL, REC_POINTER, T0 + S(15), true, p + 1, 1);
	polled(f, T0 + S(15));
	assert_string_equal(changes(f), "");
	round_of(f, NULL, REC_POINTER, T0 + S(30), false, p, 2);
	polled(f, T0 + S(30));
	assert_string_equal(changes(f), "");
	/* Whole from now on: then one that was cut says since when nobody saw all of it. */
	p[0].version = "99";
	round_of(f, NULL, REC_POINTER, T0 + S(45), true, p + 1, 2);
	polled(f, T0 + S(45));
	round_of(f, NULL, REC_POINTER, T0 + S(60), false, p, 3);
	assert_string_equal(
		bounds(f, 0), "ranker/shadow - 30..45; ranker/production version 30..60");
	/* For a source that is never whole, an hour is enough. */
	ok(f, db_exec(&f->st->seen, "DELETE FROM baseline", &f->e));
	p[2].version = "15";
	round_of(f, NULL, REC_POINTER, T0 + S(75), true, p, 2);
	polled(f, T0 + S(75));
	p[0].name = "new";
	p[1].name = "newer";
	round_of(f, NULL, REC_POINTER, T0 + S(90), true, p, 1);
	round_of(f, NULL, REC_POINTER, T0 + S(75 + 3600), true, p + 1, 1);
	assert_string_equal(bounds(f, T0 + S(61)), "ranker/newer - ?..3675 gap");
}

/* Another URL under the same name: all that is there is new, and none of it happened. */
FIXTURE_TEST(another_source_under_the_same_name)
{
	struct pointer p[] = {alias("12"), alias("13")};
	struct config c, other;
	char *text = mem_format("%s", config_yaml);

	*strstr(text, "a.example") = 'b';
	load(f, &c, config_yaml);
	load(f, &other, text);
	ok(f, source_sync(f->st, &c, "default", &f->e));
	ok(f, db_exec(&f->st->seen, "UPDATE source SET generation = 1", &f->e));
	p[1].name = "staging";
	round_of(f, &c, REC_POINTER, T0, false, p, 2);
	polled(f, T0);
	ok(f, source_sync(f->st, &c, "default", &f->e));
	ok(f, source_sync(f->st, &other, "default", &f->e));
	p[0].version = "7";
	p[1].name = "shadow";
	round_of(f, &c, REC_POINTER, T0 + S(15), false, p, 2);
	polled(f, T0 + S(15));
	assert_string_equal(bounds(f, T0 + S(1)), "");
	p[0].version = "8";
	round_of(f, &c, REC_POINTER, T0 + S(30), false, p, 2);
	assert_string_equal(
		bounds(f, T0 + S(1)), "ranker/production version 15..30 of shop");
	config_release(&c);
	config_release(&other);
	free(text);
}

/* Found late: not since it was loaded, but since it was due, or some time until now. */
FIXTURE_TEST(data_that_is_late_at_first_contact)
{
	struct freshness d[] = {{.source = SRC,
					.dataset = "due",
					.loaded = T0 - S(900),
					.expected_every_ns = S(600),
					.state = "late"},
		{.source = SRC,
			.dataset = "early",
			.loaded = T0 - S(900),
			.expected_every_ns = S(3600),
			.state = "late"},
		{.source = SRC,
			.dataset = "fine",
			.loaded = T0 - S(900),
			.expected_every_ns = S(600),
			.state = "ok"}};

	add_source(f, SRC);
	polled(f, T0 - S(60));
	round_of(f, NULL, REC_FRESHNESS, T0, false, d, 3);
	assert_string_equal(bounds(f, 0),
		"fine state ?..-900; due state ?..-300; early state -900..0");
}

/* Seen before, away, and found again by a first contact: it does not reach back over what we know. */
FIXTURE_TEST(history_does_not_overlap_what_was_seen)
{
	struct serving s = serving("12", T0 - S(5000));
	struct observed_list list;

	add_source(f, SRC);
	put_one(f, REC_SERVING, T0, false, &s);
	put_one(f, REC_SERVING, T0 + S(100), false, NULL);
	put_one(f, REC_SERVING, T0 + S(200), true, &s);
	ok(f,
		observed_history(&list, &f->a, f->st, REC_SERVING, SRC, "checkout/main",
			9, &f->e));
	assert_int_equal(list.n, 2);
	assert_true(list.items[0].since == T0 + S(100));
	assert_true(list.items[1].since == T0 && list.items[1].until == T0 + S(100));
}

FIXTURE_TEST(lists_are_asked_for)
{
	struct change c = {.source = SRC, .kind = REC_SERVING, .object = "checkout/main"};
	struct change_query q = {.to = AT_NOW, .seen_until = AT_NOW, .limit = 3};
	struct change_list list;

	for (int i = 0; i < 5; i++) {
		c.at = T0 + S(i);
		c.seen = T0 + S(10 + i);
		c.kind = i == 4 ? REC_ALERT : REC_SERVING;
		c.object = i == 3 ? "cart/main" : "checkout/main";
		c.source = i == 2 ? "other" : SRC;
		ok(f, change_add(f->st, &c, &f->e));
	}
	ok(f, change_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 3);
	assert_true(list.more && list.items[0].kind == REC_ALERT);
	q.limit = 9;
	q.kinds = KINDS_CAUSE;
	ok(f, change_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 4);
	q.kinds = KIND_BIT(REC_ALERT) | KIND_BIT(REC_FLAG);
	ok(f, change_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 1);
	q.kinds = 0;
	q.object = "checkout";
	ok(f, change_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 4);
	q.source = "other";
	ok(f, change_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 1);
	q.object = NULL;
	ok(f, change_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 1);
	q.source = NULL;
	q.from = T0 + S(1);
	q.to = T0 + S(2);
	ok(f, change_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 2);
	/* At T0 + 11 s two had been seen. */
	q = (struct change_query){.to = AT_NOW, .seen_until = T0 + S(11), .limit = 9};
	ok(f, change_list(&list, &f->a, f->st, &q, &f->e));
	assert_int_equal(list.n, 2);
}

/* clang-format off */
UNIT_TESTS(
	cmocka_unit_test(what_happened_before_the_store_was_made),
	cmocka_unit_test(what_is_watched),
	cmocka_unit_test(a_version_that_appears_has_its_own_time),
	cmocka_unit_test(history_of_runs_alerts_flags),
	cmocka_unit_test(history_does_not_overlap_what_was_seen),
	cmocka_unit_test(a_change_has_bounds_weight_and_service),
	cmocka_unit_test(a_kind_that_was_never_read_is_a_baseline),
	cmocka_unit_test(a_read_that_is_not_whole),
	cmocka_unit_test(another_source_under_the_same_name),
	cmocka_unit_test(data_that_is_late_at_first_contact),
	cmocka_unit_test(lists_are_asked_for))
