#include "config.h"
#include "store/observe.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "store/derive.h"
#include "store/sessions.h"
#include "store/source.h"
#include "store/table.h"

#define SLICE_NS (30 * NS_PER_MS) /* then a transaction commits, well before its 50 ms */

struct observe {
	struct store *st;
	char *source; /* owned */
	int64_t source_id, generation, now;
	const struct record_def *def;
	bool first_contact;
	size_t count;
	struct arena arena; /* owned: what differs */
	const void **pending; /* in the arena */
	size_t n_pending, cap_pending;
	int64_t *rids; /* owned: rows that are still so */
	size_t n_rids, cap_rids;
	void *scratch; /* owned: one record, its texts borrowed */
	struct arena texts; /* owned: of one record's changes */
	bool open; /* a transaction is */
	int64_t slice_began;
};

int observe_begin(struct observe **out, struct store *st, const char *source,
	int64_t generation, enum record_kind kind, int64_t now, bool first_contact,
	struct err *e)
{
	struct arena a;
	struct source_row row;
	struct observe *ob;
	int r;

	arena_init(&a);
	r = source_find(&row, &a, st, source, e);
	arena_release(&a);
	if (r < 0 || source_check(st, row.id, generation, e) < 0)
		return -1;
	ob = mem_new(1, sizeof(*ob));
	ob->st = st;
	ob->source = mem_strdup(source);
	ob->source_id = row.id;
	ob->generation = generation;
	ob->now = now;
	ob->def = record_def(kind);
	ob->first_contact = first_contact;
	ob->scratch = mem_new(1, ob->def->size);
	arena_init(&ob->arena);
	arena_init(&ob->texts);
	*out = ob;
	return 0;
}

void observe_abort(struct observe *ob)
{
	if (!ob)
		return;
	arena_release(&ob->arena);
	arena_release(&ob->texts);
	free(ob->rids);
	free(ob->scratch);
	free(ob->source);
	free(ob);
}

size_t observe_count(const struct observe *ob)
{
	return ob->count;
}

static int check_record(const struct observe *ob, const void *record, struct err *e)
{
	for (size_t i = 0; i < ob->def->n_fields; i++) {
		const struct field *f = &ob->def->fields[i];
		const char *text;

		if (i && !(f->flags & FIELD_KEY))
			continue;
		text = *(const char *const *)((const char *)record + f->offset);
		if (!text)
			return err_set(e, ERR_INPUT,
				_("a %s without its %s cannot be stored"), ob->def->name,
				f->name);
		if (!i && strcmp(text, ob->source) != 0)
			return err_set(e, ERR_INPUT,
				_("a %s of the source '%s' was put into a round of '%s'"),
				ob->def->name, text, ob->source);
	}
	return 0;
}

/* 1 with the open row's borrowed values in ob->scratch; the caller ends *s. */
static int find_open(
	struct observe *ob, sqlite3_stmt **s, const void *record, struct err *e)
{
	struct db *db = &ob->st->seen;
	int r;

	*s = db_query(db, table_sql(ob->st, ob->def->kind, TABLE_FIND), e, "");
	if (!*s)
		return -1;
	table_bind(*s, 1, record, ob->def, FIELD_KEY, true);
	r = db_step(db, *s, e);
	if (r > 0)
		table_read(ob->scratch, *s, COL_FIELDS, ob->def, NULL);
	return r;
}

static void add_rid(struct observe *ob, int64_t rid)
{
	*(int64_t *)mem_push(ob->rids, ob->n_rids, ob->cap_rids) = rid;
}

int observe_put(struct observe *ob, const void *record, struct err *e)
{
	sqlite3_stmt *s;
	bool same;
	int r;

	if (check_record(ob, record, e) < 0)
		return -1;
	ob->count++;
	if (ob->def->interval) {
		r = find_open(ob, &s, record, e);
		if (r < 0)
			return -1;
		same = r > 0 && record_equal(ob->scratch, record, ob->def->kind, 0);
		if (same)
			add_rid(ob, db_col(s, COL_RID));
		if (r > 0)
			db_done(s);
		if (same)
			return 0;
	}
	*arena_push(&ob->arena, ob->pending, ob->n_pending, ob->cap_pending) =
		record_copy(&ob->arena, record, ob->def->kind);
	return 0;
}

static enum touch touch_of(enum record_kind kind)
{
	return kind == REC_ALERT || kind == REC_PAGE ? TOUCH_ALERT : TOUCH_RECORD;
}

static int put_change(void *ctx, const struct change *c, struct err *e)
{
	return change_add(ctx, c, e);
}

static int derive(
	struct observe *ob, const void *before, const void *after, struct err *e)
{
	seen_touch(ob->st, touch_of(ob->def->kind));
	arena_reset(&ob->texts);
	return derive_changes(put_change, ob->st, &ob->texts, ob->def, before, after,
		ob->now, ob->first_contact, e);
}

/* Found at first contact: valid since its own time, but never before what we already know of it. */
static int since_of(int64_t *out, struct observe *ob, const void *record, const char *key,
	struct err *e)
{
	int64_t last = NONE_INT;

	*out = ob->now;
	if (!ob->first_contact)
		return 0;
	if (db_int(&last, &ob->st->seen, NONE_INT,
		    table_sql(ob->st, ob->def->kind, TABLE_LAST), e, "tt", ob->source,
		    key) < 0)
		return -1;
	*out = derive_since(ob->def->kind, record, ob->now);
	if (last > *out)
		*out = last;
	return 0;
}

static int insert(struct observe *ob, const void *record, bool known, struct err *e)
{
	struct db *db = &ob->st->seen;
	struct strbuf key = STRBUF_INIT;
	int64_t since = ob->now;
	sqlite3_stmt *s;
	int r;

	record_key(&key, record, ob->def->kind);
	r = known ? 0 : since_of(&since, ob, record, key.buf, e);
	s = r == 0 ? db_query(db, table_sql(ob->st, ob->def->kind, TABLE_INSERT), e, "it",
			     since, key.buf)
		   : NULL;
	r = -1;
	if (s) {
		table_bind(s, 3, record, ob->def, 0, true);
		r = db_step(db, s, e);
	}
	if (r == 0)
		add_rid(ob, sqlite3_last_insert_rowid(db->handle));
	strbuf_release(&key);
	return r;
}

static int update(struct observe *ob, int64_t rid, const void *record, struct err *e)
{
	struct db *db = &ob->st->seen;
	sqlite3_stmt *s =
		db_query(db, table_sql(ob->st, ob->def->kind, TABLE_UPDATE), e, "i", rid);

	if (!s)
		return -1;
	table_bind(s, 2, record, ob->def, 0, false);
	add_rid(ob, rid);
	return db_step(db, s, e) < 0 ? -1 : 0;
}

static int close_row(struct observe *ob, int64_t rid, int64_t seen_to, struct err *e)
{
	return db_run(&ob->st->seen, table_sql(ob->st, ob->def->kind, TABLE_CLOSE), e,
		"ii", rid, seen_to);
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

/* Equal but for what moves all the time. */
static bool is_quiet(const struct record_def *def, const void *a, const void *b)
{
	for (size_t i = 0; i < def->n_fields; i++)
		if (!(def->fields[i].flags & FIELD_QUIET) &&
			!field_equal(&def->fields[i], a, b))
			return false;
	return true;
}

static int replace(struct observe *ob, int64_t rid, int64_t from, const void *before,
	const void *record, struct err *e)
{
	int r;

	/* The same moment, or a clock that went back: an interval is never empty. */
	if (from >= ob->now || is_quiet(ob->def, before, record))
		r = update(ob, rid, record, e);
	else
		r = close_row(ob, rid, ob->now, e) < 0 ? -1 : insert(ob, record, true, e);
	return r < 0 ? -1 : derive(ob, before, record, e);
}

static int apply(struct observe *ob, const void *record, struct err *e)
{
	sqlite3_stmt *s;
	int64_t rid, from;
	void *before;
	int r = find_open(ob, &s, record, e);

	if (r < 0)
		return -1;
	if (r == 0)
		return insert(ob, record, false, e) < 0 ? -1
							: derive(ob, NULL, record, e);
	rid = db_col(s, COL_RID);
	from = db_col(s, COL_FROM);
	before = record_copy(&ob->arena, ob->scratch, ob->def->kind);
	db_done(s);
	if (record_equal(before, record, ob->def->kind, 0)) {
		add_rid(ob, rid);
		return 0;
	}
	return replace(ob, rid, from, before, record, e);
}

static int apply_any(struct observe *ob, const void *record, struct err *e)
{
	if (ob->def->interval)
		return apply(ob, record, e);
	return ob->def->kind == REC_SPAN ? span_put(ob->st, record, e)
					 : session_put(ob->st, record, e);
}

static int slice_begin(struct observe *ob, struct err *e)
{
	if (store_begin(ob->st, e) < 0)
		return -1;
	ob->open = true;
	ob->slice_began = clock_mono();
	return source_check(ob->st, ob->source_id, ob->generation, e);
}

static int slice_end(struct observe *ob, bool ok, struct err *e)
{
	if (!ob->open)
		return -1;
	ob->open = false;
	if (ok)
		return store_commit(ob->st, e);
	store_rollback(ob->st);
	return -1;
}

/* Between two rows: others want to write too.  Inside a caller's transaction it is the caller's. */
static int slice_turn(struct observe *ob, struct err *e)
{
	if (ob->st->seen.depth > 1 || clock_mono() - ob->slice_began < SLICE_NS)
		return 0;
	return slice_end(ob, true, e) < 0 ? -1 : slice_begin(ob, e);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The open rows that this round did not see. */
static int gone_rids(int64_t **out, size_t *n, struct observe *ob, struct err *e)
{
	struct db *db = &ob->st->seen;
	const char *sql = table_sql(ob->st, ob->def->kind, TABLE_OPEN_RIDS);
	sqlite3_stmt *s = db_query(db, sql, e, "t", ob->source);
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = NULL;
	*n = 0;
	qsort(ob->rids, ob->n_rids, sizeof(*ob->rids), by_value);
	while (r > 0 && (r = db_step(db, s, e)) > 0) {
		int64_t rid = db_col(s, 0);

		if (!bsearch(&rid, ob->rids, ob->n_rids, sizeof(rid), by_value))
			*(int64_t *)mem_push(*out, *n, cap) = rid;
	}
	return r;
}

static int vanish(struct observe *ob, int64_t rid, struct err *e)
{
	struct db *db = &ob->st->seen;
	sqlite3_stmt *s =
		db_query(db, table_sql(ob->st, ob->def->kind, TABLE_ROW), e, "i", rid);
	int64_t from;
	void *before;

	if (!s || db_step(db, s, e) <= 0)
		return -1;
	from = db_col(s, COL_FROM);
	table_read(ob->scratch, s, COL_FIELDS, ob->def, NULL);
	before = record_copy(&ob->arena, ob->scratch, ob->def->kind);
	db_done(s);
	if (close_row(ob, rid, from > ob->now ? from : ob->now, e) < 0)
		return -1;
	return derive(ob, before, NULL, e);
}

static int vanish_all(struct observe *ob, struct err *e)
{
	int64_t *gone;
	size_t n;
	int r = gone_rids(&gone, &n, ob, e);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = slice_turn(ob, e);
		if (r == 0)
			r = vanish(ob, gone[i], e);
	}
	free(gone);
	return r;
}

int observe_end(struct observe *ob, bool complete, struct err *e)
{
	int r = slice_begin(ob, e);

	for (size_t i = 0; r == 0 && i < ob->n_pending; i++) {
		r = slice_turn(ob, e);
		if (r == 0)
			r = apply_any(ob, ob->pending[i], e);
	}
	if (r == 0 && complete && ob->def->interval)
		r = vanish_all(ob, e);
	r = slice_end(ob, r == 0, e);
	observe_abort(ob);
	return r;
}
