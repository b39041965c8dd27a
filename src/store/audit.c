#include "config.h"
#include "store/journal.h"

#include <string.h>

#include "core/i18n.h"
#include "store/inside.h"

#define COLUMNS "SELECT seq, at, entry, prev, hash FROM audit "

static const char audit_last[] = COLUMNS "ORDER BY seq DESC LIMIT 1";
static const char audit_insert[] =
	"INSERT INTO audit (seq, at, entry, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char audit_upwards[] = COLUMNS "WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
static const char audit_downwards[] = COLUMNS "WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";
static const char audit_size[] = "SELECT max(seq) FROM audit";
static const char checkpoint_insert[] =
	"INSERT INTO checkpoint (size, at, note, signer) VALUES (?1, ?2, ?3, ?4)";
static const char checkpoint_all[] =
	"SELECT size, at, note, signer FROM checkpoint ORDER BY id";

static void read_digest(struct digest *out, sqlite3_stmt *s, int column)
{
	const void *bytes = sqlite3_column_blob(s, column);

	memset(out, 0, sizeof(*out));
	/* Another length was not written by us: it stays zero, and the chain tells. */
	if (bytes && sqlite3_column_bytes(s, column) == DIGEST_BYTES)
		memcpy(out->bytes, bytes, DIGEST_BYTES);
}

static void read_entry(struct audit_row *out, sqlite3_stmt *s, struct arena *a)
{
	out->seq = db_col(s, 0);
	out->at = db_col(s, 1);
	out->entry = db_text(a, s, 2);
	read_digest(&out->prev, s, 3);
	read_digest(&out->hash, s, 4);
}

struct append {
	audit_make_fn *make;
	void *ctx;
	int64_t seq;
	struct arena a;
};

static int append(struct store *st, void *ctx, struct err *e)
{
	struct append *p = ctx;
	struct db *db = &st->record;
	struct audit_row last = {0}, next = {0};
	sqlite3_stmt *s = db_query(db, audit_last, e, "");
	int r = s ? db_step(db, s, e) : -1;

	if (r < 0)
		return -1;
	arena_reset(&p->a);
	if (r > 0) {
		read_entry(&last, s, &p->a);
		db_done(s);
	}
	next.seq = last.seq + 1;
	if (p->make(p->ctx, &last, &next, &p->a, e) < 0)
		return -1;
	p->seq = next.seq;
	return db_run(db, audit_insert, e, "iitbb", next.seq, next.at, next.entry,
		(const void *)next.prev.bytes, sizeof(next.prev.bytes),
		(const void *)next.hash.bytes, sizeof(next.hash.bytes));
}

int audit_append(
	struct store *st, audit_make_fn *make, void *ctx, int64_t *seq, struct err *e)
{
	struct append p = {.make = make, .ctx = ctx};
	int r;

	arena_init(&p.a);
	r = record_write(st, TOUCH_AUDIT, append, &p, e);
	arena_release(&p.a);
	if (r == 0 && seq)
		*seq = p.seq;
	return r;
}

static int list(struct audit_list *out, struct arena *a, struct store *st,
	sqlite3_stmt *s, size_t limit, struct err *e)
{
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = (struct audit_list){0};
	while (r > 0 && (r = db_step(&st->record, s, e)) > 0) {
		if (out->n >= limit) {
			out->more = true;
			break;
		}
		read_entry(arena_push(a, out->items, out->n, cap), s, a);
	}
	return db_list_end(s, r, out->n, &out->more, e);
}

int audit_list(struct audit_list *out, struct arena *a, struct store *st,
	int64_t from_seq, size_t limit, struct err *e)
{
	return list(out, a, st,
		db_query(&st->record, audit_upwards, e, "ii", from_seq,
			(int64_t)limit + 1),
		limit, e);
}

int audit_newest(struct audit_list *out, struct arena *a, struct store *st,
	int64_t before_seq, size_t limit, struct err *e)
{
	return list(out, a, st,
		db_query(&st->record, audit_downwards, e, "ii", before_seq,
			(int64_t)limit + 1),
		limit, e);
}

int64_t audit_count(struct store *st)
{
	struct err e = ERR_INIT;
	int64_t n = 0;

	if (db_int(&n, &st->record, 0, audit_size, &e, "") < 0)
		n = 0;
	err_release(&e);
	return n;
}

int checkpoint_add(struct store *st, const struct checkpoint_row *c, struct err *e)
{
	return record_run(st, TOUCH_AUDIT, checkpoint_insert, e, "iitt", c->size, c->at,
		c->note, c->signer);
}

int checkpoint_list(struct checkpoint_row **out, size_t *n, struct arena *a,
	struct store *st, struct err *e)
{
	sqlite3_stmt *s = db_query(&st->record, checkpoint_all, e, "");
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = NULL;
	*n = 0;
	while (r > 0 && (r = db_step(&st->record, s, e)) > 0) {
		struct checkpoint_row *c = arena_push(a, *out, *n, cap);

		c->size = db_col(s, 0);
		c->at = db_col(s, 1);
		c->note = db_text(a, s, 2);
		c->signer = db_text(a, s, 3);
	}
	return r;
}
