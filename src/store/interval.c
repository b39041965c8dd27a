#include "config.h"
#include "store/interval.h"

#include <math.h>
#include <string.h>

#include "core/strbuf.h"

static int read_row(struct interval *out, void *held, struct store *st,
	const struct record_def *def, struct err *e)
{
	int r = db_step(&st->seen, out->stmt, e);

	if (r <= 0)
		return r;
	out->rid = db_col(out->stmt, COL_RID);
	out->from = db_col(out->stmt, COL_FROM);
	table_read(held, out->stmt, COL_FIELDS, def, NULL);
	return 1;
}

int interval_find(struct interval *out, void *held, struct store *st,
	const struct record_def *def, const void *record, struct err *e)
{
	out->stmt = db_query(&st->seen, table_sql(st, def->kind, TABLE_FIND), e, "");
	if (!out->stmt)
		return -1;
	table_bind(out->stmt, 1, record, def, FIELD_KEY, true);
	return read_row(out, held, st, def, e);
}

int interval_row(struct interval *out, void *held, struct store *st,
	const struct record_def *def, int64_t rid, struct err *e)
{
	out->stmt = db_query(&st->seen, table_sql(st, def->kind, TABLE_ROW), e, "i", rid);
	return out->stmt ? read_row(out, held, st, def, e) : -1;
}

int interval_insert(int64_t *rid, struct store *st, const struct record_def *def,
	const void *record, int64_t since, struct err *e)
{
	struct db *db = &st->seen;
	struct strbuf key = STRBUF_INIT;
	sqlite3_stmt *s;
	int r = -1;

	record_key(&key, record, def->kind);
	s = db_query(db, table_sql(st, def->kind, TABLE_INSERT), e, "it", since, key.buf);
	if (s) {
		table_bind(s, 3, record, def, 0, true);
		r = db_step(db, s, e);
	}
	*rid = sqlite3_last_insert_rowid(db->handle);
	strbuf_release(&key);
	return r;
}

int interval_update(struct store *st, const struct record_def *def, int64_t rid,
	const void *record, struct err *e)
{
	sqlite3_stmt *s =
		db_query(&st->seen, table_sql(st, def->kind, TABLE_UPDATE), e, "i", rid);

	if (!s)
		return -1;
	table_bind(s, 2, record, def, 0, false);
	return db_step(&st->seen, s, e);
}

int interval_close(struct store *st, const struct record_def *def, int64_t rid,
	int64_t seen_to, struct err *e)
{
	return db_run(
		&st->seen, table_sql(st, def->kind, TABLE_CLOSE), e, "ii", rid, seen_to);
}

int interval_last(int64_t *out, struct store *st, const struct record_def *def,
	const void *record, struct err *e)
{
	struct strbuf key = STRBUF_INIT;
	int r;

	record_key(&key, record, def->kind);
	r = db_int(out, &st->seen, NONE_INT, table_sql(st, def->kind, TABLE_LAST), e,
		"tt", *(const char *const *)record, key.buf);
	strbuf_release(&key);
	return r;
}

static bool field_equal(const struct field *f, const void *a, const void *b)
{
	const void *x = (const char *)a + f->offset, *y = (const char *)b + f->offset;

	if (f->type == FIELD_TEXT || f->type == FIELD_JSON) {
		const char *s = *(const char *const *)x, *t = *(const char *const *)y;

		return s && t ? strcmp(s, t) == 0 : s == t;
	}
	if (f->type == FIELD_REAL) {
		double u = *(const double *)x, v = *(const double *)y;

		return u == v || (isnan(u) && isnan(v));
	}
	return *(const int64_t *)x == *(const int64_t *)y;
}

bool interval_is_quiet(const struct record_def *def, const void *a, const void *b)
{
	for (size_t i = 0; i < def->n_fields; i++)
		if (!(def->fields[i].flags & FIELD_QUIET) &&
			!field_equal(&def->fields[i], a, b))
			return false;
	return true;
}
