#include "config.h"
#include "store/observe.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "store/baseline.h"
#include "store/derive.h"
#include "store/interval.h"
#include "store/sessions.h"
#include "store/source.h"
#include "store/table.h"

#define SLICE_NS (30 * NS_PER_MS) /* then a transaction commits, well before its 50 ms */
#define PENDING_BYTES ((size_t)4 << 20) /* of records that wait; more are written early */

struct observe {
	struct store *st;
	char *source; /* owned */
	int64_t source_id, generation, now;
	const struct record_def *def;
	bool first_contact;
	struct baseline baseline;
	bool missed; /* not all that is there was seen */
	const struct config *config; /* borrowed; NULL */
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
	struct baseline base;
	int r;

	arena_init(&a);
	r = source_find(&row, &a, st, source, e);
	arena_release(&a);
	if (r < 0 || source_check(st, row.id, generation, e) < 0 ||
		baseline_find(&base, st, row.id, record_def(kind)->name, now, e) < 0)
		return -1;
	ob = mem_new(1, sizeof(*ob));
	ob->baseline = base;
	ob->st = st;
	ob->source = mem_strdup(source);
	ob->source_id = row.id;
	ob->generation = generation;
	ob->now = now;
	ob->def = record_def(kind);
	ob->first_contact = first_contact || !base.known || base.other || base.begun;
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

void observe_config(struct observe *ob, const struct config *c)
{
	ob->config = c;
}

void observe_missed(struct observe *ob)
{
	ob->missed = true;
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

static void add_rid(struct observe *ob, int64_t rid)
{
	*(int64_t *)mem_push(ob->rids, ob->n_rids, ob->cap_rids) = rid;
}

static enum touch touch_of(enum record_kind kind)
{
	return KIND_BIT(kind) & ~KINDS_CAUSE ? TOUCH_ALERT : TOUCH_RECORD;
}

static int put_change(void *ctx, const struct change *c, struct err *e)
{
	return change_add(ctx, c, e);
}

/* Three intervals are what makes a source stale. */
static bool is_long_ago(const struct observe *ob, int64_t at)
{
	const struct baseline *b = &ob->baseline;

	return at != NONE_INT && b->every_ns > 0 && ob->now - at > 3 * b->every_ns;
}

static int derive(
	struct observe *ob, const void *before, const void *after, struct err *e)
{
	const struct baseline *b = &ob->baseline;
	struct derive_how how = {.seen = ob->now,
		.last = b->last,
		.first_contact = ob->first_contact,
		.baseline = b->other,
		.config = ob->config};

	how.gap = is_long_ago(ob, b->watched);
	/* Other kinds of the source were seen all the time, but of this one not all. */
	if (b->cut && !ob->missed)
		how.gap |= is_long_ago(ob, b->last);
	seen_touch(ob->st, touch_of(ob->def->kind));
	arena_reset(&ob->texts);
	return derive_changes(
		put_change, ob->st, &ob->texts, ob->def, before, after, &how, e);
}

/* Found at first contact: valid since its own time, but not before what we know of it. */
static int since_of(int64_t *out, struct observe *ob, const void *record, struct err *e)
{
	int64_t last = NONE_INT;

	*out = ob->now;
	if (!ob->first_contact)
		return 0;
	if (interval_last(&last, ob->st, ob->def, record, e) < 0)
		return -1;
	*out = derive_since(ob->def->kind, record, ob->now);
	if (last > *out)
		*out = last;
	return 0;
}

static int insert(struct observe *ob, const void *record, int64_t since, struct err *e)
{
	int64_t rid;

	if (interval_insert(&rid, ob->st, ob->def, record, since, e) < 0)
		return -1;
	add_rid(ob, rid);
	return 0;
}

static int appear(struct observe *ob, const void *record, struct err *e)
{
	int64_t since;

	if (since_of(&since, ob, record, e) < 0 || insert(ob, record, since, e) < 0)
		return -1;
	return derive(ob, NULL, record, e);
}

static int replace(struct observe *ob, const struct interval *old, const void *before,
	const void *record, struct err *e)
{
	int r;

	/* The same moment, or a clock that went back: an interval is never empty. */
	if (old->from >= ob->now || interval_is_quiet(ob->def, before, record)) {
		r = interval_update(ob->st, ob->def, old->rid, record, e);
		add_rid(ob, old->rid);
	} else {
		r = interval_close(ob->st, ob->def, old->rid, ob->now, e);
		if (r == 0)
			r = insert(ob, record, ob->now, e);
	}
	return r < 0 ? -1 : derive(ob, before, record, e);
}

static int apply(struct observe *ob, const void *record, struct err *e)
{
	struct interval held;
	const void *before;
	int r = interval_find(&held, ob->scratch, ob->st, ob->def, record, e);

	if (r <= 0)
		return r < 0 ? -1 : appear(ob, record, e);
	before = record_copy(&ob->arena, ob->scratch, ob->def->kind);
	db_done(held.stmt);
	if (record_equal(before, record, ob->def->kind, 0)) {
		add_rid(ob, held.rid);
		return 0;
	}
	return replace(ob, &held, before, record, e);
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

static int write_pending(struct observe *ob, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ob->n_pending; i++) {
		r = slice_turn(ob, e);
		if (r == 0)
			r = apply_any(ob, ob->pending[i], e);
	}
	return r;
}

/*
 * A registry of 200,000 versions is not held in memory at first contact: what was seen is true,
 * however the round ends.
 */
static int write_early(struct observe *ob, struct err *e)
{
	int r = slice_begin(ob, e);

	if (r == 0)
		r = write_pending(ob, e);
	r = slice_end(ob, r == 0, e);
	ob->pending = NULL;
	ob->n_pending = ob->cap_pending = 0;
	arena_reset(&ob->arena);
	return r;
}

int observe_put(struct observe *ob, const void *record, struct err *e)
{
	struct interval held;
	bool same;
	int r;

	if (check_record(ob, record, e) < 0)
		return -1;
	ob->count++;
	if (ob->def->interval) {
		r = interval_find(&held, ob->scratch, ob->st, ob->def, record, e);
		if (r < 0)
			return -1;
		same = r > 0 && record_equal(ob->scratch, record, ob->def->kind, 0);
		if (r > 0)
			db_done(held.stmt);
		if (same) {
			add_rid(ob, held.rid);
			return 0;
		}
	}
	*arena_push(&ob->arena, ob->pending, ob->n_pending, ob->cap_pending) =
		record_copy(&ob->arena, record, ob->def->kind);
	return ob->arena.bytes > PENDING_BYTES ? write_early(ob, e) : 0;
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
	if (ob->n_rids)
		qsort(ob->rids, ob->n_rids, sizeof(*ob->rids), by_value);
	while (r > 0 && (r = db_step(db, s, e)) > 0) {
		int64_t rid = db_col(s, 0);

		if (!ob->n_rids ||
			!bsearch(&rid, ob->rids, ob->n_rids, sizeof(rid), by_value))
			*(int64_t *)mem_push(*out, *n, cap) = rid;
	}
	return r;
}

static int vanish(struct observe *ob, int64_t rid, struct err *e)
{
	struct interval held;
	const void *before;

	if (interval_row(&held, ob->scratch, ob->st, ob->def, rid, e) <= 0)
		return -1;
	before = record_copy(&ob->arena, ob->scratch, ob->def->kind);
	db_done(held.stmt);
	if (interval_close(ob->st, ob->def, rid,
		    held.from > ob->now ? held.from : ob->now, e) < 0)
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

	if (r == 0)
		r = write_pending(ob, e);
	if (r == 0 && complete && !ob->missed && ob->def->interval)
		r = vanish_all(ob, e);
	if (r == 0)
		r = baseline_read(ob->st, &ob->baseline, ob->source_id, ob->def->name,
			ob->missed, ob->now, e);
	r = slice_end(ob, r == 0, e);
	observe_abort(ob);
	return r;
}
