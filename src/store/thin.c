#include "config.h"
#include "store/thin.h"

#include <string.h>

#include "core/clock.h"
#include "model/slo.h"

#define ROWS_A_BITE 500

struct level {
	int64_t age_ns, step_ns;
	const char *done, *note; /* named queries: how far it was thinned */
};

static const char fine_done[] = "SELECT fine_to FROM objective WHERE id = ?1";
static const char fine_note[] = "UPDATE objective SET fine_to = ?2 WHERE id = ?1";
static const char coarse_done[] = "SELECT coarse_to FROM objective WHERE id = ?1";
static const char coarse_note[] = "UPDATE objective SET coarse_to = ?2 WHERE id = ?1";

static const struct level levels[] = {
	{6 * NS_PER_HOUR, NS_PER_MIN, fine_done, fine_note},
	{2 * NS_PER_DAY, 10 * NS_PER_MIN, coarse_done, coarse_note},
};

static const char states_in[] = "SELECT at, severity FROM slo_state WHERE objective = ?1"
				" AND at >= ?2 AND at < ?3 ORDER BY at LIMIT ?4";
static const char state_drop[] = "DELETE FROM slo_state WHERE objective = ?1 AND at = ?2";

struct state {
	int64_t at;
	enum severity severity;
};

static int read_states(struct state *out, size_t *n, struct db *db, int64_t objective,
	int64_t from, int64_t to, struct err *e)
{
	sqlite3_stmt *s = db_query(
		db, states_in, e, "iiii", objective, from, to, (int64_t)ROWS_A_BITE);
	int r = s ? 1 : -1;

	*n = 0;
	while (r > 0 && (r = db_step(db, s, e)) > 0 && *n < ROWS_A_BITE)
		out[(*n)++] = (struct state){
			.at = db_col(s, 0), .severity = severity_of(db_text(NULL, s, 1))};
	if (s)
		db_done(s);
	return r < 0 ? -1 : 0;
}

/* The first of each step stays, and both sides of a turn. */
static bool stays(const struct state *s, size_t i, size_t n, int64_t step_ns)
{
	return i == 0 || s[i].at / step_ns != s[i - 1].at / step_ns ||
		s[i].severity != s[i - 1].severity ||
		(i + 1 < n && s[i].severity != s[i + 1].severity);
}

/* Only whole steps: where the bite ends inside one, the next begins with it. */
static int64_t end_of(
	const struct state *s, size_t n, int64_t from, int64_t to, int64_t step_ns)
{
	int64_t last;

	if (n < ROWS_A_BITE)
		return to;
	last = s[n - 1].at / step_ns * step_ns;
	return last > from ? last : s[n - 1].at;
}

static int thin_level(struct store *st, const struct level *l, int64_t objective,
	int64_t now, struct err *e)
{
	struct state s[ROWS_A_BITE];
	struct db *db = &st->seen;
	int64_t from, to = (now - l->age_ns) / l->step_ns * l->step_ns, end;
	size_t n;
	int dropped = 0;

	if (db_int(&from, db, 0, l->done, e, "i", objective) < 0)
		return -1;
	if (from >= to)
		return 0;
	if (read_states(s, &n, db, objective, from, to, e) < 0)
		return -1;
	end = end_of(s, n, from, to, l->step_ns);
	for (size_t i = 0; i < n && s[i].at < end; i++) {
		if (stays(s, i, n, l->step_ns))
			continue;
		if (db_run(db, state_drop, e, "ii", objective, s[i].at) < 0)
			return -1;
		dropped++;
	}
	if (n && db_run(db, l->note, e, "ii", objective, end) < 0)
		return -1;
	return n == ROWS_A_BITE ? dropped + 1 : dropped;
}

int thin_states(struct store *st, int64_t objective, int64_t now, struct err *e)
{
	int all = 0;

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		int n = thin_level(st, &levels[i], objective, now, e);

		if (n < 0)
			return -1;
		all += n;
	}
	return all;
}
