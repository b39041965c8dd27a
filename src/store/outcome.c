#include "config.h"
#include "store/source.h"

#include "core/log.h"
#include "store/inside.h"

/*
 * A poll's outcome goes into the source's row, and into its health: one row for a run of polls
 * with the same outcome, so that the past shows the ages it showed then.
 */
static const char outcome_put[] =
	"UPDATE source SET state = ?3, polled = ?4, latency_ns = ?5, bytes = ?6, records "
	"= ?7,"
	" next_poll = ?8, error = ?9, hint = ?10, version = coalesce(?11, version),"
	" heartbeat = ?4, polls = polls + 1, failures = failures + ?12,"
	" succeeded = CASE WHEN ?13 THEN ?4 ELSE succeeded END,"
	" failing_since = CASE WHEN ?12 THEN coalesce(failing_since, ?4) END"
	" WHERE id = ?1 AND generation = ?2";

static const char health_last[] =
	"SELECT h.since FROM source_health h JOIN source s ON s.id = h.source"
	" WHERE h.source = ?1 AND h.since ="
	" (SELECT max(since) FROM source_health WHERE source = ?1)"
	" AND h.state = ?2 AND h.error IS ?3 AND h.hint IS ?4 AND h.version IS s.version"
	" AND h.every_ns IS s.every_ns AND ?5 - h.last <= 3 * s.every_ns AND ?5 >= "
	"h.last";

static const char health_extend[] =
	"UPDATE source_health SET last = ?3, latency_ns = ?4, bytes = ?5, records = ?6,"
	" succeeded = (SELECT succeeded FROM source WHERE id = ?1)"
	" WHERE source = ?1 AND since = ?2";

static const char health_begin[] =
	"INSERT OR REPLACE INTO source_health (source, since, last, every_ns, state, "
	"succeeded,"
	" failing_since, latency_ns, bytes, records, error, hint, version)"
	" SELECT id, ?2, ?2, every_ns, state, succeeded, failing_since, latency_ns, "
	"bytes, records,"
	" error, hint, version FROM source WHERE id = ?1";

static int put_health(
	struct store *st, const struct poll_outcome *o, const char *state, struct err *e)
{
	struct db *db = &st->seen;
	int64_t since;

	if (db_int(&since, db, NONE_INT, health_last, e, "ittti", o->source_id, state,
		    o->error, o->hint, o->at) < 0)
		return -1;
	if (since == NONE_INT)
		return db_run(db, health_begin, e, "ii", o->source_id, o->at);
	return db_run(db, health_extend, e, "iiiiii", o->source_id, since, o->at,
		o->latency_ns, o->bytes, o->records);
}

static int put_outcome(struct store *st, const struct poll_outcome *o, struct err *e)
{
	const char *state = source_state_name(o->state);
	int64_t failed = o->state == SRC_FAILING || o->state == SRC_AUTH;
	int64_t succeeded = o->state == SRC_OK || o->state == SRC_PARTIAL;

	if (db_run(&st->seen, outcome_put, e, "iitiiiiitttii", o->source_id,
		    o->generation, state, o->at, o->latency_ns, o->bytes, o->records,
		    o->next_poll, o->error, o->hint, o->version, failed, succeeded) < 0)
		return -1;
	if (!db_changes(&st->seen)) {
		log_info("%s: source %lld has another collector", __func__,
			(long long)o->source_id);
		return 0;
	}
	seen_touch(st, TOUCH_SOURCE);
	return put_health(st, o, state, e);
}

int source_outcomes(
	struct store *st, const struct poll_outcome *items, size_t n, struct err *e)
{
	int r = 0;

	if (store_begin(st, e) < 0)
		return -1;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = put_outcome(st, &items[i], e);
	return db_end(&st->seen, r == 0, e);
}
