#include "config.h"
#include "store/baseline.h"

#include "core/clock.h"

/* A source that never answers in whole is believed after this long. */
#define BEGINS_NS NS_PER_HOUR

/* whole: NULL while each read sees all; else when the last one did, 0: never. */
static const char baseline_get[] =
	"SELECT b.source IS NOT NULL, b.identity IS NOT NULL AND b.identity IS NOT "
	"s.identity, b.since, b.whole, s.succeeded, s.every_ns FROM source s"
	" LEFT JOIN baseline b ON b.source = s.id AND b.kind = ?2 WHERE s.id = ?1";
static const char baseline_put[] =
	"INSERT OR REPLACE INTO baseline (source, kind, identity, since, whole)"
	" SELECT id, ?2, identity, ?3, ?4 FROM source WHERE id = ?1";
static const char baseline_mark[] =
	"UPDATE baseline SET whole = ?3 WHERE source = ?1 AND kind = ?2";

int baseline_find(struct baseline *out, struct store *st, int64_t source,
	const char *kind, int64_t now, struct err *e)
{
	sqlite3_stmt *s = db_query(&st->seen, baseline_get, e, "it", source, kind);
	int64_t since, whole;

	*out = (struct baseline){.last = NONE_INT, .watched = NONE_INT};
	if (!s || db_step(&st->seen, s, e) <= 0)
		return -1;
	out->row = db_col(s, 0) == 1;
	out->other = db_col(s, 1) == 1;
	since = db_col(s, 2);
	whole = db_col(s, 3);
	out->watched = db_col(s, 4);
	out->every_ns = db_col(s, 5);
	db_done(s);
	out->known = out->row || out->watched == NONE_INT;
	out->cut = out->row && whole != NONE_INT;
	out->begun = out->cut && whole == 0 && now - since < BEGINS_NS;
	if (!out->cut)
		out->last = out->watched;
	else if (whole > 0)
		out->last = whole;
	return 0;
}

int baseline_read(struct store *st, const struct baseline *b, int64_t source,
	const char *kind, bool cut, int64_t now, struct err *e)
{
	int64_t whole = !cut ? NONE_INT : b->last == NONE_INT ? 0 : b->last;

	if (!b->row || b->other)
		return db_run(&st->seen, baseline_put, e, "itii", source, kind, now,
			cut ? (int64_t)0 : NONE_INT);
	if (b->cut == cut)
		return 0;
	return db_run(&st->seen, baseline_mark, e, "iti", source, kind, whole);
}
