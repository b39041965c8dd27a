#include "config.h"
#include "store/inside.h"

#include <stdarg.h>

#include "store/reserve.h"

void seen_touch(struct store *st, enum touch what)
{
	if (what != TOUCH_NONE)
		st->seen.touched |= UINT32_C(1) << what;
}

/* touch: TOUCH_NONE for none. */
static int vrun(struct db *db, enum touch what, const char *sql, struct err *e,
	const char *types, va_list ap)
{
	int r;

	if (db_begin(db, e) < 0)
		return -1;
	r = db_vrun(db, sql, e, types, ap);
	if (r == 0 && what != TOUCH_NONE && db_changes(db) > 0)
		db->touched |= UINT32_C(1) << what;
	return db_end(db, r == 0, e);
}

int seen_run(struct store *st, enum touch what, const char *sql, struct err *e,
	const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = vrun(&st->seen, what, sql, e, types, ap);
	va_end(ap);
	return r;
}

/* True when there is reason to try once more: the disk was full and no longer is. */
static bool made_room(struct store *st, struct err *e)
{
	if (!st->record.full || st->record.depth || !reserve_give(st->reserve_fd))
		return false;
	err_clear(e);
	return true;
}

int record_write(
	struct store *st, enum touch what, record_fn *fn, void *ctx, struct err *e)
{
	struct db *db = &st->record;
	int r;

	do {
		db->full = false;
		if (db_begin(db, e) < 0)
			continue;
		r = fn(st, ctx, e);
		db->touched |= UINT32_C(1) << what;
		if (db_end(db, r == 0, e) == 0)
			return 0;
	} while (made_room(st, e));
	return -1;
}

int record_run(struct store *st, enum touch what, const char *sql, struct err *e,
	const char *types, ...)
{
	va_list ap;
	int r;

	do {
		st->record.full = false;
		va_start(ap, types);
		r = vrun(&st->record, what, sql, e, types, ap);
		va_end(ap);
	} while (r < 0 && made_room(st, e));
	return r;
}
