#include "config.h"
#include "store/series.h"

#include <math.h>

#include "store/objective.h"

static const char objective_lookup[] =
	"SELECT id FROM objective WHERE service = ?1 AND name = ?2"
	" AND (?3 IS NULL OR of_source = ?3) ORDER BY id LIMIT 1";
static const char objective_insert[] =
	"INSERT INTO objective (service, name, of_source) VALUES (?1, ?2, coalesce(?3, "
	"''))"
	" ON CONFLICT (service, name, of_source) DO NOTHING";

#define WINDOWS                                                                       \
	"window1, burn1, events1, window2, burn2, events2, window3, burn3, events3,"  \
	" window4, burn4, events4, window5, burn5, events5, window6, burn6, events6," \
	" window7, burn7, events7, window8, burn8, events8"
#define COLUMNS                                                                         \
	"at, target, window_ns, events, budget_left, severity, onset, exhausted_in_s, " \
	"note, bad, rate, bad_rate, projected, period_from, period_to, "                \
	"coverage, recovers, " WINDOWS

enum { COL_WINDOWS = 17, PER_WINDOW = 3 };

static const char state_put[] = "INSERT OR REPLACE INTO slo_state (objective, " COLUMNS
				") VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
				" ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
				"?18, ?19, ?20, ?21, ?22, ?23, ?24,"
				" ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34,"
				" ?35, ?36, ?37, ?38, ?39, ?40, ?41, ?42)";
static const char state_at[] = "SELECT " COLUMNS " FROM slo_state WHERE objective = ?1"
			       " AND at <= ?2 ORDER BY at DESC LIMIT 1";
static const char state_range[] =
	"SELECT at, budget_left, " WINDOWS " FROM slo_state"
	" WHERE objective = ?1 AND at >= ?2 AND at <= ?3 ORDER BY at";

static const char state_first[] = "SELECT min(at) FROM slo_state WHERE objective = ?1"
				  " AND at >= ?2 AND at <= ?3";

int objective_id(int64_t *out, struct store *st, const char *service, const char *name,
	const char *source, bool create, struct err *e)
{
	struct db *db = &st->seen;

	if (db_int(out, db, NONE_INT, objective_lookup, e, "ttt", service, name, source) <
		0)
		return -1;
	if (*out != NONE_INT || !create)
		return 0;
	if (seen_run(st, TOUCH_NONE, objective_insert, e, "ttt", service, name, source) <
		0)
		return -1;
	return db_int(
		out, db, NONE_INT, objective_lookup, e, "ttt", service, name, source);
}

static int insert_state(
	struct store *st, int64_t objective, const struct slo_state *state, struct err *e)
{
	struct db *db = &st->seen;
	sqlite3_stmt *s = db_query(db, state_put, e, "iirirrtirtrrrriiri", objective,
		state->at, state->objective, state->window_ns, state->events,
		state->budget_left, severity_name(state->severity), state->onset,
		state->exhausted_in_s, state->note, state->bad, state->rate,
		state->bad_rate, state->projected, state->period_from, state->period_to,
		state->coverage, state->recovers);

	if (!s)
		return -1;
	for (size_t i = 0; i < SLO_WINDOWS; i++) {
		int index = 2 + COL_WINDOWS + PER_WINDOW * (int)i;
		bool used = i < state->n_windows;

		db_bind_int(s, index, used ? state->windows_ns[i] : NONE_INT);
		db_bind_real(s, index + 1, used ? state->burn[i] : NAN);
		db_bind_real(s, index + 2, used ? state->window_events[i] : NAN);
	}
	return db_step(db, s, e);
}

int slo_record(struct store *st, const struct slo_state *state, struct err *e)
{
	int64_t objective;
	int r;

	if (store_begin(st, e) < 0)
		return -1;
	seen_touch(st, TOUCH_SLO);
	r = objective_id(
		&objective, st, state->service, state->name, state->source, true, e);
	if (r == 0)
		r = insert_state(st, objective, state, e);
	return db_end(&st->seen, r == 0, e);
}

static void read_windows(struct slo_state *out, sqlite3_stmt *s, int column)
{
	out->n_windows = 0;
	for (size_t i = 0; i < SLO_WINDOWS; i++, column += PER_WINDOW) {
		int64_t window = db_col(s, column);

		if (window == NONE_INT)
			break;
		out->windows_ns[i] = window;
		out->burn[i] = db_real(s, column + 1);
		out->window_events[i] = db_real(s, column + 2);
		out->n_windows++;
	}
}

int objective_state(struct slo_state *out, struct arena *a, struct store *st,
	int64_t objective, int64_t at, struct err *e)
{
	sqlite3_stmt *s = db_query(&st->seen, state_at, e, "ii", objective, at);
	int r = s ? db_step(&st->seen, s, e) : -1;

	out->at = NONE_INT;
	out->severity = SEV_NONE;
	out->objective = out->events = out->budget_left = out->exhausted_in_s = NAN;
	out->bad = out->rate = out->bad_rate = out->projected = out->coverage = NAN;
	out->window_ns = out->onset = out->period_from = out->period_to = NONE_INT;
	out->recovers = NONE_INT;
	if (r <= 0)
		return r;
	out->at = db_col(s, 0);
	out->objective = db_real(s, 1);
	out->window_ns = db_col(s, 2);
	out->events = db_real(s, 3);
	out->budget_left = db_real(s, 4);
	out->severity = severity_of(db_text(NULL, s, 5));
	out->onset = db_col(s, 6);
	out->exhausted_in_s = db_real(s, 7);
	out->note = db_text(a, s, 8);
	out->bad = db_real(s, 9);
	out->rate = db_real(s, 10);
	out->bad_rate = db_real(s, 11);
	out->projected = db_real(s, 12);
	out->period_from = db_col(s, 13);
	out->period_to = db_col(s, 14);
	out->coverage = db_real(s, 15);
	out->recovers = db_col(s, 16);
	read_windows(out, s, COL_WINDOWS);
	db_done(s);
	return 0;
}

/* --- history, thinned for a chart --- */

struct thinning {
	int64_t from, step_ns; /* one sample for each step */
	int64_t bucket; /* of the newest sample */
	bool highest; /* worst is high (burn), or low (budget) */
	size_t cap;
};

static bool is_worse(const struct thinning *t, double value, double than)
{
	if (isnan(than))
		return !isnan(value);
	return t->highest ? value > than : value < than;
}

static void thin_add(struct samples *out, struct arena *a, struct thinning *t, int64_t at,
	double value)
{
	int64_t bucket = (at - t->from) / t->step_ns;
	struct sample *last = out->n ? &out->items[out->n - 1] : NULL;

	if (last && bucket == t->bucket) {
		if (is_worse(t, value, last->value))
			*last = (struct sample){.at = at, .value = value};
		return;
	}
	t->bucket = bucket;
	*arena_push(a, out->items, out->n, t->cap) =
		(struct sample){.at = at, .value = value};
}

static double burn_in(sqlite3_stmt *s, int64_t window_ns)
{
	for (int i = 0; i < SLO_WINDOWS; i++)
		if (db_col(s, 2 + PER_WINDOW * i) == window_ns)
			return db_real(s, 2 + PER_WINDOW * i + 1);
	return NAN;
}

/* window_ns NONE_INT: the budget. */
static int history(struct samples *out, struct arena *a, struct store *st,
	const char *service, const char *name, const char *source, int64_t window_ns,
	int64_t from, int64_t to, size_t points, struct err *e)
{
	struct thinning t = {.from = from, .highest = window_ns != NONE_INT};
	struct db *db = &st->seen;
	sqlite3_stmt *s;
	int64_t objective, first;
	int r;

	*out = (struct samples){0};
	if (objective_id(&objective, st, service, name, source, false, e) < 0)
		return -1;
	if (objective == NONE_INT || !points || to < from)
		return 0;
	/* As fine as what there is allows: a young store's minutes are not one point of a month. */
	if (db_int(&first, db, NONE_INT, state_first, e, "iii", objective, from, to) < 0)
		return -1;
	t.from = from = first == NONE_INT ? from : first;
	t.step_ns = (to - from) / (int64_t)points + 1;
	s = db_query(db, state_range, e, "iii", objective, from, to);
	r = s ? 1 : -1;
	while (r > 0 && (r = db_step(db, s, e)) > 0)
		thin_add(out, a, &t, db_col(s, 0),
			window_ns == NONE_INT ? db_real(s, 1) : burn_in(s, window_ns));
	return r;
}

int slo_burn_history(struct samples *out, struct arena *a, struct store *st,
	const char *service, const char *name, const char *source, int64_t window_ns,
	int64_t from, int64_t to, size_t points, struct err *e)
{
	return history(out, a, st, service, name, source, window_ns, from, to, points, e);
}

int slo_budget_history(struct samples *out, struct arena *a, struct store *st,
	const char *service, const char *name, const char *source, int64_t from,
	int64_t to, size_t points, struct err *e)
{
	return history(out, a, st, service, name, source, NONE_INT, from, to, points, e);
}
