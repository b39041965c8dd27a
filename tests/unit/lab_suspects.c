/*
 * Does the right change come first?  Forty evenings with a cause and five without, through the
 * store as a collector would fill it.  The seeds below were not looked at while the figures of
 * signal/evidence.c were chosen: those had others (DRILL_SEED=1000 runs them).
 */
#include "tests/unit/unit.h"
#include "tests/unit/store.h"
#include "tests/unit/drill.h"

#include <math.h>

#include "report/suspects.h"
#include "store/observe.h"
#include "store/source.h"

#define CAUSED 40
#define CALM 5

struct watch {
	struct fixture f;
	struct drill d;
	int64_t last[DRILL_SOURCES]; /* when each was last read */
};

static void read_kind(
	struct watch *w, enum drill_source s, enum record_kind kind, int64_t at)
{
	const struct record_def *def = record_def(kind);
	struct observe *ob;

	ok(&w->f,
		observe_begin(&ob, w->f.st, drill_source_name(s), 1, kind, at,
			w->last[s] == NONE_INT, &w->f.e));
	observe_config(ob, &w->d.config);
	for (size_t i = 0; i < w->d.n_rows[kind]; i++)
		if (w->d.there[kind][i] && drill_source_of(&w->d, kind, i) == s)
			ok(&w->f,
				observe_put(ob,
					(const char *)w->d.rows[kind] + i * def->size,
					&w->f.e));
	ok(&w->f, observe_end(ob, true, &w->f.e));
}

/* A round found nothing new, or was just written. */
static void answered(struct watch *w, enum drill_source s, int64_t at)
{
	struct poll_outcome o = {.source_id = (int64_t)s + 1,
		.generation = 1,
		.at = at,
		.state = SRC_OK,
		.next_poll = at + w->d.every[s]};

	ok(&w->f, source_outcomes(w->f.st, &o, 1, &w->f.e));
	w->last[s] = at;
}

static const enum record_kind kinds[] = {REC_MODEL_VERSION, REC_SERVING, REC_JOB_RUN,
	REC_FRESHNESS, REC_POINTER, REC_DRIFT_REPORT, REC_FLAG, REC_DEFINITION,
	REC_BUDGET};

static bool brings(const struct drill *d, enum drill_source s, enum record_kind kind)
{
	for (size_t i = 0; i < d->n_rows[kind]; i++)
		if (drill_source_of(d, kind, i) == s)
			return true;
	return false;
}

static void first_reads(struct watch *w)
{
	for (int s = 0; s < DRILL_SOURCES; s++) {
		char *text =
			mem_format("UPDATE source SET every_ns = %lld WHERE name = '%s'",
				(long long)w->d.every[s],
				drill_source_name((enum drill_source)s));

		add_source(&w->f, drill_source_name((enum drill_source)s));
		sql(&w->f, text);
		free(text);
		w->last[s] = NONE_INT;
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			if (brings(&w->d, (enum drill_source)s, kinds[k]))
				read_kind(w, (enum drill_source)s, kinds[k], w->d.begins);
		answered(w, (enum drill_source)s, w->d.begins);
	}
}

/* The round that sees what happens at `at`. */
static int64_t seen_at(const struct watch *w, enum drill_source s, int64_t at)
{
	const struct drill *d = &w->d;
	int64_t n = (at - d->begins - d->phase[s]) / d->every[s] + 1, seen;

	seen = d->begins + d->phase[s] + n * d->every[s];
	if (d->blind_to && s == d->blind && seen > d->blind_from && seen < d->blind_to)
		seen = d->blind_to;
	return seen;
}

/* What one round of one source saw: all its moves up to then. */
static void one_round(struct watch *w, size_t i, bool *done)
{
	struct drill *d = &w->d;
	enum drill_source s = drill_source_of(d, d->moves[i].kind, d->moves[i].row);
	int64_t at = seen_at(w, s, d->moves[i].at), before = at - d->every[s];
	bool moved[REC_KINDS] = {false};

	if (d->blind_to && s == d->blind && at == d->blind_to)
		before = d->blind_from;
	if (before > w->last[s])
		answered(w, s, before);
	for (size_t k = i; k < d->n_moves; k++) {
		const struct move *m = &d->moves[k];

		if (done[k] || drill_source_of(d, m->kind, m->row) != s ||
			seen_at(w, s, m->at) > at)
			continue;
		drill_apply(d, m);
		done[k] = moved[m->kind] = true;
	}
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		if (moved[kinds[k]])
			read_kind(w, s, kinds[k], at);
	answered(w, s, at);
}

static void watch_all(struct watch *w)
{
	bool done[DRILL_EVENTS] = {false};

	first_reads(w);
	for (size_t i = 0; i < w->d.n_moves; i++)
		if (!done[i])
			one_round(w, i, done);
}

static bool is_cause(const struct drill *d, const struct suspect *s)
{
	const struct change *c = s->change;

	return c->kind == d->cause && !strcmp(c->object, d->object) && c->after &&
		(!strcmp(c->after, d->after) ||
			(c->field && !strcmp(c->field, "traffic")));
}

static bool drill(uint64_t seed, bool has_cause, bool tell)
{
	struct watch w;
	struct suspects found;
	bool right, top;

	fixture_open(&w.f);
	ok(&w.f, db_exec(&w.f.st->seen, "PRAGMA synchronous=OFF", &w.f.e));
	drill_new(&w.d, seed, has_cause, T0);
	watch_all(&w);
	ok(&w.f,
		suspects_of(&found, &w.f.a, w.f.st, &w.d.config, w.d.burning->name,
			w.d.onset, w.d.onset + 30 * NS_PER_MIN, 5, &w.f.e));
	right = has_cause ? found.n_fits && is_cause(&w.d, &found.items[0])
			  : !found.n_fits;
	top = has_cause && found.n && is_cause(&w.d, &found.items[0]);
	if (!right || tell)
		print_message("seed %llu: %s %s %s, %lld s before%s; found %.2f %s\n",
			(unsigned long long)seed,
			right         ? "right"
				: top ? "top but"
				      : "wrong",
			has_cause ? record_def(w.d.cause)->name : "none",
			has_cause ? w.d.object : "",
			(long long)((w.d.onset - w.d.caused) / NS_PER_S),
			w.d.blind_to ? ", not watched" : "",
			found.n ? found.items[0].score : 0,
			found.n ? found.items[0].reason : "");
	drill_release(&w.d);
	fixture_release(&w.f);
	return right;
}

static void the_right_one_comes_first(void **state)
{
	const char *first = getenv("DRILL_SEED"), *tell = getenv("DRILL_TELL");
	uint64_t seed = first ? strtoull(first, NULL, 10) : 1;
	int right = 0, none = 0;

	(void)state;
	for (int i = 0; i < CAUSED; i++)
		right += drill(seed++, true, tell != NULL);
	for (int i = 0; i < CALM; i++)
		none += drill(seed++, false, tell != NULL);
	print_message("%d of %d causes come first; %d of %d times none fits\n", right,
		CAUSED, none, CALM);
	assert_true(right >= 34);
	assert_true(none >= 4);
}

/* The same seed is the same evening. */
static void by_seed(void **state)
{
	struct drill a, b;
	int closer = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= CAUSED; seed++) {
		drill_new(&a, seed, true, T0);
		drill_new(&b, seed, true, T0);
		assert_int_equal(a.n_moves, b.n_moves);
		assert_true(a.n_moves > DRILL_HARMLESS);
		assert_string_equal(a.object, b.object);
		assert_true(a.caused == b.caused);
		assert_true(a.onset - a.caused >= NS_PER_MIN &&
			a.onset - a.caused <= 40 * NS_PER_MIN);
		closer += a.closer;
		drill_release(&a);
		drill_release(&b);
	}
	assert_int_equal(closer, CAUSED / 2);
}

UNIT_TESTS(cmocka_unit_test(by_seed), cmocka_unit_test(the_right_one_comes_first))
