#include "config.h"
#include "store/series.h"

#include "core/i18n.h"
#include "store/inside.h"

static const char series_lookup[] =
	"SELECT id FROM series WHERE source = ?1 AND name = ?2 AND labels = ?3";
static const char series_insert[] =
	"INSERT INTO series (source, name, labels) VALUES (?1, ?2, ?3)"
	" ON CONFLICT (source, name, labels) DO NOTHING";
static const char series_set_keep[] =
	"UPDATE series SET keep_ns = ?2 WHERE id = ?1 AND keep_ns IS NOT ?2";
static const char series_named[] =
	"SELECT id, source, name, labels FROM series WHERE name = ?2"
	" AND (?1 IS NULL OR source = ?1) ORDER BY labels, source LIMIT ?3";
static const char sample_put[] =
	"INSERT INTO sample (series, at, value) VALUES (?1, ?2, ?3)"
	" ON CONFLICT (series, at) DO UPDATE SET value = excluded.value";
static const char sample_range[] =
	"SELECT at, value FROM sample WHERE series = ?1 AND at >= ?2 AND at <= ?3"
	" ORDER BY at LIMIT ?4";
static const char sample_before[] = "SELECT at, value FROM sample WHERE series = ?1 AND "
				    "at < ?2 ORDER BY at DESC LIMIT 1";

int series_id(int64_t *out, struct store *st, const char *source, const char *name,
	const char *labels, struct err *e)
{
	struct db *db = &st->seen;

	if (db_int(out, db, NONE_INT, series_lookup, e, "ttt", source, name, labels) < 0)
		return -1;
	if (*out != NONE_INT)
		return 0;
	if (seen_run(st, TOUCH_SAMPLE, series_insert, e, "ttt", source, name, labels) < 0)
		return -1;
	return db_int(out, db, NONE_INT, series_lookup, e, "ttt", source, name, labels);
}

int series_keep(struct store *st, int64_t series, int64_t keep_ns, struct err *e)
{
	return seen_run(st, TOUCH_NONE, series_set_keep, e, "ii", series, keep_ns);
}

int series_add(struct store *st, int64_t series, int64_t at, double value, struct err *e)
{
	return seen_run(st, TOUCH_SAMPLE, sample_put, e, "iir", series, at, value);
}

static void add_sample(struct samples *out, size_t *cap, struct arena *a, sqlite3_stmt *s)
{
	*arena_push(a, out->items, out->n, *cap) =
		(struct sample){.at = db_col(s, 0), .value = db_real(s, 1)};
}

int series_read(struct samples *out, struct arena *a, struct store *st, int64_t series,
	int64_t from, int64_t to, bool with_previous, size_t limit, struct err *e)
{
	struct db *db = &st->seen;
	sqlite3_stmt *s;
	size_t cap = 0, most = limit;
	int r = 0;

	*out = (struct samples){0};
	if (with_previous) {
		s = db_query(db, sample_before, e, "ii", series, from);
		r = s ? db_step(db, s, e) : -1;
		if (r < 0)
			return -1;
		if (r > 0) {
			add_sample(out, &cap, a, s);
			db_done(s);
			most++;
		}
	}
	s = db_query(db, sample_range, e, "iiii", series, from, to, (int64_t)limit + 1);
	r = s ? 1 : -1;
	while (r > 0 && (r = db_step(db, s, e)) > 0) {
		add_sample(out, &cap, a, s);
		if (out->n > most) {
			db_done(s);
			return err_set(e, ERR_LIMIT,
				_("there are more than %zu samples in this range"),
				limit);
		}
	}
	return r;
}

int series_find(struct series_row **out, size_t *n, struct arena *a, struct store *st,
	const char *source, const char *name, size_t limit, struct err *e)
{
	sqlite3_stmt *s =
		db_query(&st->seen, series_named, e, "tti", source, name, (int64_t)limit);
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = NULL;
	*n = 0;
	while (r > 0 && (r = db_step(&st->seen, s, e)) > 0) {
		struct series_row *row = arena_push(a, *out, *n, cap);

		row->id = db_col(s, 0);
		row->source = db_text(a, s, 1);
		row->name = db_text(a, s, 2);
		row->labels = db_text(a, s, 3);
	}
	return r;
}
