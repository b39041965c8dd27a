#include "config.h"
#include "store/source.h"

#include <string.h>

#include "core/i18n.h"
#include "store/inside.h"

static const char *const state_names[SRC_STATES] = {
	[SRC_NONE] = "none",
	[SRC_NEVER] = "never",
	[SRC_OK] = "ok",
	[SRC_PARTIAL] = "partial",
	[SRC_FAILING] = "failing",
	[SRC_AUTH] = "auth",
};

/* The columns of a source_row; what was when the past is asked for is in h. */
#define WHO "s.id, s.name, s.type, s.url, s.context, "
#define HOLDER \
	"s.polls, s.failures, s.generation, s.holder_pid, s.holder_user, s.heartbeat"

static const char source_now[] =
	"SELECT " WHO
	"s.every_ns, s.state, s.polled, s.succeeded, s.failing_since, s.next_poll,"
	" s.latency_ns, s.bytes, s.records, s.error, s.hint, s.version, " HOLDER
	" FROM source s WHERE s.gone IS NULL AND (?1 IS NULL OR s.name = ?1) ORDER BY "
	"s.name";

static const char source_past[] =
	"SELECT " WHO "coalesce(h.every_ns, s.every_ns), coalesce(h.state, 'never'), "
	"h.last, h.succeeded,"
	" h.failing_since, NULL, h.latency_ns, h.bytes, h.records, h.error, h.hint, "
	"h.version, " HOLDER ", h.since"
	" FROM source s LEFT JOIN source_health h ON h.source = s.id AND h.since ="
	" (SELECT max(since) FROM source_health WHERE source = s.id AND since <= ?1)"
	" WHERE s.added <= ?1 AND (s.gone IS NULL OR s.gone > ?1) ORDER BY s.name";

enum { COL_POLLED = 7, COL_SINCE = 23 };

const char *source_state_name(enum source_state s)
{
	return s < SRC_STATES ? state_names[s] : state_names[SRC_NONE];
}

static enum source_state state_of(const char *name)
{
	for (int s = SRC_NONE + 1; name && s < SRC_STATES; s++)
		if (strcmp(name, state_names[s]) == 0)
			return (enum source_state)s;
	return SRC_NONE;
}

static void read_row(struct source_row *row, sqlite3_stmt *s, struct arena *a)
{
	*row = (struct source_row){
		.id = db_col(s, 0),
		.name = db_text(a, s, 1),
		.type = db_text(a, s, 2),
		.url = db_text(a, s, 3),
		.context = db_text(a, s, 4),
		.every_ns = db_col(s, 5),
		.state = state_of(db_text(NULL, s, 6)),
		.polled = db_col(s, COL_POLLED),
		.succeeded = db_col(s, 8),
		.failing_since = db_col(s, 9),
		.next_poll = db_col(s, 10),
		.latency_ns = db_col(s, 11),
		.bytes = db_col(s, 12),
		.records = db_col(s, 13),
		.error = db_text(a, s, 14),
		.hint = db_text(a, s, 15),
		.version = db_text(a, s, 16),
		.polls = db_col(s, 17),
		.failures = db_col(s, 18),
		.generation = db_col(s, 19),
		.holder_pid = db_col(s, 20),
		.holder_user = db_text(a, s, 21),
		.heartbeat = db_col(s, 22),
	};
}

/*
 * Only the first and the last of a run of polls with one outcome are kept; between them one came
 * each interval, so the last before `at` is known to within one.
 */
static void put_back(struct source_row *row, int64_t since, int64_t at)
{
	if (row->polled == NONE_INT || row->polled <= at)
		return;
	row->polled = since;
	if (row->every_ns > 0)
		row->polled += (at - since) / row->every_ns * row->every_ns;
	if (row->state == SRC_OK || row->state == SRC_PARTIAL)
		row->succeeded = row->polled;
}

int source_list(struct source_rows *out, struct arena *a, struct store *st, int64_t at,
	struct err *e)
{
	struct db *db = &st->seen;
	bool past = at != AT_NOW;
	sqlite3_stmt *s = past ? db_query(db, source_past, e, "i", at)
			       : db_query(db, source_now, e, "t", (const char *)NULL);
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = (struct source_rows){0};
	while (r > 0 && (r = db_step(db, s, e)) > 0) {
		struct source_row *row = arena_push(a, out->items, out->n, cap);

		read_row(row, s, a);
		if (past)
			put_back(row, db_col(s, COL_SINCE), at);
	}
	return r;
}

int source_find(struct source_row *out, struct arena *a, struct store *st,
	const char *name, struct err *e)
{
	sqlite3_stmt *s = db_query(&st->seen, source_now, e, "t", name);
	int r = s ? db_step(&st->seen, s, e) : -1;

	if (r == 0)
		return err_set(e, ERR_NOT_FOUND, _("the store has no source '%s'"), name);
	if (r < 0)
		return -1;
	read_row(out, s, a);
	db_done(s);
	return 0;
}

bool source_is_stale(const struct source_row *s, int64_t now)
{
	return s->succeeded == NONE_INT || now - s->succeeded > 3 * s->every_ns;
}
