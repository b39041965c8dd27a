#include "config.h"
#include "store/migrate.h"

/*
 * seen.db: what sources said.  Times are ns since the epoch; unknown is NULL.  Tables of records
 * have the columns of model/record's tables (a test compares them), behind the interval in which
 * we saw them so: seen_from <= t < seen_to, seen_to NULL while it holds.
 */

#define INTERVAL                                                                \
	"rid INTEGER PRIMARY KEY, seen_from INTEGER NOT NULL, seen_to INTEGER," \
	" key TEXT NOT NULL, source TEXT NOT NULL,"

/* One open interval for each object; all of an object; what trimming looks for. */
#define INTERVAL_INDEXES(table, key)                                        \
	"CREATE UNIQUE INDEX " table "_open ON " table " (source, " key     \
	") WHERE seen_to IS NULL;"                                          \
	"CREATE INDEX " table "_key ON " table " (source, key, seen_from);" \
	"CREATE INDEX " table "_closed ON " table                           \
	" (seen_to) WHERE seen_to IS NOT NULL;"

/* clang-format off */
static const char *const first[] = {
	/* --- the store's own --- */
	"CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;",
	"CREATE TABLE touched (kind INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;",
	"CREATE TABLE pin ("
	" kind TEXT NOT NULL, source TEXT NOT NULL, key TEXT NOT NULL, incident TEXT NOT NULL,"
	" PRIMARY KEY (kind, source, key, incident)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX pin_incident ON pin (incident);",

	/* --- sources --- */
	"CREATE TABLE source ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
	" type TEXT, url TEXT, context TEXT, every_ns INTEGER,"
	" added INTEGER NOT NULL, gone INTEGER,"
	" state TEXT NOT NULL DEFAULT 'never', polled INTEGER, succeeded INTEGER,"
	" failing_since INTEGER, next_poll INTEGER, latency_ns INTEGER, bytes INTEGER,"
	" records INTEGER, polls INTEGER NOT NULL DEFAULT 0, failures INTEGER NOT NULL DEFAULT 0,"
	" error TEXT, hint TEXT, version TEXT,"
	" generation INTEGER NOT NULL DEFAULT 0, holder_pid INTEGER, holder_user TEXT,"
	" heartbeat INTEGER) STRICT;",
	/* One row for a run of polls with one outcome and no gap: its first and its last. */
	"CREATE TABLE source_health ("
	" source INTEGER NOT NULL, since INTEGER NOT NULL, last INTEGER NOT NULL,"
	" every_ns INTEGER, state TEXT NOT NULL, succeeded INTEGER, failing_since INTEGER,"
	" latency_ns INTEGER, bytes INTEGER, records INTEGER, error TEXT, hint TEXT, version TEXT,"
	" PRIMARY KEY (source, since)) STRICT, WITHOUT ROWID;",
	"CREATE TABLE want ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, what TEXT NOT NULL,"
	" object TEXT, who TEXT, asked INTEGER NOT NULL, deadline INTEGER NOT NULL,"
	" answered INTEGER, state TEXT NOT NULL, error TEXT) STRICT;"
	"CREATE UNIQUE INDEX want_open ON want (source, what, coalesce(object, ''))"
	" WHERE state IN ('asked', 'working');",

	/* --- records as intervals --- */
	"CREATE TABLE model_version (" INTERVAL
	" model TEXT NOT NULL, version TEXT NOT NULL, aliases TEXT, stage TEXT, status TEXT,"
	" digest TEXT, run TEXT, author TEXT, created INTEGER, updated INTEGER, tags TEXT,"
	" note TEXT) STRICT;"
	INTERVAL_INDEXES("model_version", "model, version"),
	"CREATE TABLE prompt_version (" INTERVAL
	" prompt TEXT NOT NULL, version TEXT NOT NULL, labels TEXT, author TEXT,"
	" created INTEGER, digest TEXT) STRICT;"
	INTERVAL_INDEXES("prompt_version", "prompt, version"),
	"CREATE TABLE serving (" INTERVAL
	" service TEXT NOT NULL, variant TEXT NOT NULL, model TEXT, version TEXT,"
	" traffic REAL, ready INTEGER, replicas INTEGER, endpoint TEXT, changed INTEGER) STRICT;"
	INTERVAL_INDEXES("serving", "service, variant"),
	"CREATE TABLE job_run (" INTERVAL
	" pipeline TEXT NOT NULL, run TEXT NOT NULL, state TEXT, started INTEGER,"
	" ended INTEGER, error TEXT, url TEXT) STRICT;"
	INTERVAL_INDEXES("job_run", "pipeline, run"),
	"CREATE TABLE freshness (" INTERVAL
	" dataset TEXT NOT NULL, loaded INTEGER, expected_every_ns INTEGER, rows INTEGER,"
	" \"schema\" TEXT, state TEXT) STRICT;"
	INTERVAL_INDEXES("freshness", "dataset"),
	"CREATE TABLE pointer (" INTERVAL
	" model TEXT NOT NULL, name TEXT NOT NULL, version TEXT, digest TEXT,"
	" previous TEXT, observed INTEGER) STRICT;"
	INTERVAL_INDEXES("pointer", "model, name"),
	"CREATE TABLE drift_report (" INTERVAL
	" service TEXT NOT NULL, feature TEXT NOT NULL, method TEXT, value REAL,"
	" threshold REAL, drifted INTEGER, reference TEXT, \"window\" TEXT) STRICT;"
	INTERVAL_INDEXES("drift_report", "service, feature"),
	"CREATE TABLE alert (" INTERVAL
	" fingerprint TEXT NOT NULL, name TEXT, service TEXT, labels TEXT, annotations TEXT,"
	" state TEXT, severity TEXT, since INTEGER, until INTEGER, silenced_by TEXT,"
	" runbook_url TEXT) STRICT;"
	INTERVAL_INDEXES("alert", "fingerprint"),
	"CREATE TABLE page (" INTERVAL
	" id TEXT NOT NULL, title TEXT, service TEXT, urgency TEXT, state TEXT,"
	" assignee TEXT, since INTEGER, url TEXT) STRICT;"
	INTERVAL_INDEXES("page", "id"),
	"CREATE TABLE flag (" INTERVAL
	" name TEXT NOT NULL, value TEXT, changed INTEGER) STRICT;"
	INTERVAL_INDEXES("flag", "name"),
	"CREATE TABLE change ("
	" id INTEGER PRIMARY KEY, at INTEGER NOT NULL, seen INTEGER NOT NULL,"
	" source TEXT NOT NULL, kind TEXT NOT NULL, object TEXT NOT NULL, field TEXT,"
	" \"before\" TEXT, \"after\" TEXT, actor TEXT, from_history INTEGER NOT NULL) STRICT;"
	"CREATE INDEX change_at ON change (at);"
	"CREATE INDEX change_object ON change (object, at);"
	"CREATE INDEX change_seen ON change (seen);",

	/* --- sessions: at is the start, or when we first heard of it --- */
	"CREATE TABLE session ("
	" rid INTEGER PRIMARY KEY, at INTEGER NOT NULL, source TEXT NOT NULL, id TEXT NOT NULL,"
	" agent TEXT, user TEXT, started INTEGER, ended INTEGER, traces INTEGER,"
	" spans INTEGER, errors INTEGER, input_tokens INTEGER, output_tokens INTEGER,"
	" cost_usd REAL, tags TEXT, format TEXT, UNIQUE (source, id)) STRICT;"
	"CREATE INDEX session_at ON session (at, source, id, errors, cost_usd);"
	"CREATE INDEX session_agent ON session (agent, at, source, id);"
	"CREATE INDEX session_failed ON session (at, source, id) WHERE errors > 0;"
	"CREATE INDEX session_id ON session (id);",
	"CREATE TABLE span ("
	" rid INTEGER PRIMARY KEY, source TEXT NOT NULL, trace TEXT NOT NULL, id TEXT NOT NULL,"
	" session TEXT, parent TEXT, kind TEXT, name TEXT, started INTEGER, ended INTEGER,"
	" status TEXT, error TEXT, agent TEXT, model TEXT, tool TEXT, input_tokens INTEGER,"
	" output_tokens INTEGER, cached_tokens INTEGER, reasoning_tokens INTEGER,"
	" cost_usd REAL, first_token_ns INTEGER, scope TEXT, call TEXT,"
	" UNIQUE (source, trace, id)) STRICT;"
	"CREATE INDEX span_session ON span (source, coalesce(session, trace), started, id);"
	"CREATE INDEX span_started ON span (started);",
	/* Input, output and attributes, compressed together: see payload.c. */
	"CREATE TABLE span_payload (span INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;"
	"CREATE TRIGGER span_gone AFTER DELETE ON span BEGIN"
	" DELETE FROM span_payload WHERE span = OLD.rid; END;",

	/* --- numbers over time; a NULL value is a gap that was reported --- */
	"CREATE TABLE series ("
	" id INTEGER PRIMARY KEY, source TEXT NOT NULL, name TEXT NOT NULL,"
	" labels TEXT NOT NULL, keep_ns INTEGER, UNIQUE (source, name, labels)) STRICT;"
	"CREATE INDEX series_name ON series (name, labels);",
	"CREATE TABLE sample ("
	" series INTEGER NOT NULL, at INTEGER NOT NULL, value REAL,"
	" PRIMARY KEY (series, at)) STRICT, WITHOUT ROWID;",

	/* --- objectives, their definitions over time, how they stood (thinned: thin.c) --- */
	"CREATE TABLE objective ("
	" id INTEGER PRIMARY KEY, service TEXT NOT NULL, name TEXT NOT NULL,"
	" fine_to INTEGER NOT NULL DEFAULT 0, coarse_to INTEGER NOT NULL DEFAULT 0,"
	" UNIQUE (service, name)) STRICT;",
	"CREATE TABLE slo ("
	" rid INTEGER PRIMARY KEY, objective INTEGER NOT NULL, seen_from INTEGER NOT NULL,"
	" seen_to INTEGER, confirmed INTEGER NOT NULL, title TEXT, description TEXT,"
	" format TEXT, file TEXT, target REAL, window_ns INTEGER, calendar INTEGER,"
	" sli_kind TEXT, selector INTEGER, good TEXT, bad TEXT, total TEXT, raw TEXT,"
	" recorded TEXT, labels TEXT, source TEXT) STRICT;"
	"CREATE UNIQUE INDEX slo_open ON slo (objective) WHERE seen_to IS NULL;"
	"CREATE INDEX slo_objective ON slo (objective, seen_from);"
	"CREATE INDEX slo_closed ON slo (seen_to) WHERE seen_to IS NOT NULL;",
	"CREATE TABLE slo_alerting ("
	" slo INTEGER NOT NULL, n INTEGER NOT NULL, severity TEXT NOT NULL,"
	" short_ns INTEGER NOT NULL, long_ns INTEGER NOT NULL, factor REAL NOT NULL,"
	" PRIMARY KEY (slo, n)) STRICT, WITHOUT ROWID;"
	"CREATE TRIGGER slo_gone AFTER DELETE ON slo BEGIN"
	" DELETE FROM slo_alerting WHERE slo = OLD.rid; END;",
	"CREATE TABLE slo_state ("
	" objective INTEGER NOT NULL, at INTEGER NOT NULL, target REAL, window_ns INTEGER,"
	" events REAL, budget_left REAL, severity TEXT, onset INTEGER, exhausted_in_s REAL,"
	" note TEXT,"
	" window1 INTEGER, burn1 REAL, events1 REAL, window2 INTEGER, burn2 REAL, events2 REAL,"
	" window3 INTEGER, burn3 REAL, events3 REAL, window4 INTEGER, burn4 REAL, events4 REAL,"
	" window5 INTEGER, burn5 REAL, events5 REAL, window6 INTEGER, burn6 REAL, events6 REAL,"
	" window7 INTEGER, burn7 REAL, events7 REAL, window8 INTEGER, burn8 REAL, events8 REAL,"
	" PRIMARY KEY (objective, at)) STRICT, WITHOUT ROWID;",
	NULL,
};
/* clang-format on */

#define COLUMN(table, column) "ALTER TABLE " table " ADD COLUMN " column ";"

/* clang-format off */
/* Further fields; definitions and budgets; what a change says of its time, weight and service. */
static const char *const second[] = {
	COLUMN("model_version", "metrics TEXT")
	COLUMN("model_version", "params TEXT")
	COLUMN("model_version", "lineage TEXT")
	COLUMN("model_version", "size INTEGER"),
	COLUMN("prompt_version", "note TEXT")
	COLUMN("prompt_version", "updated INTEGER"),
	COLUMN("serving", "digest TEXT")
	COLUMN("serving", "message TEXT")
	COLUMN("serving", "managed_by TEXT"),
	COLUMN("pointer", "author TEXT")
	COLUMN("pointer", "changed INTEGER"),
	COLUMN("flag", "author TEXT"),
	"CREATE TABLE definition (" INTERVAL
	" type TEXT NOT NULL, name TEXT NOT NULL, version TEXT, digest TEXT, author TEXT,"
	" summary TEXT, service TEXT, changed INTEGER) STRICT;"
	INTERVAL_INDEXES("definition", "type, name"),
	"CREATE TABLE budget (" INTERVAL
	" name TEXT NOT NULL, state TEXT, spent_usd REAL, limit_usd REAL, resets INTEGER,"
	" models TEXT, owner TEXT) STRICT;"
	INTERVAL_INDEXES("budget", "name"),
	COLUMN("change", "service TEXT")
	COLUMN("change", "not_before INTEGER")
	COLUMN("change", "gap INTEGER NOT NULL DEFAULT 0")
	COLUMN("change", "weight REAL"),
	NULL,
};
/* clang-format on */

#define ESCAPED(column) "replace(replace(" column ", '%', '%25'), '/', '%2F')"

/* Each key by its fields, as record_key() makes it now; where it differs, pins follow. */
#define REKEY(table, path, column)                                                   \
	"UPDATE pin SET key = (SELECT " path " || '/' || " ESCAPED(                  \
		column) " FROM " table                                               \
			" AS r WHERE r.source = pin.source AND r.key = pin.key"      \
			" LIMIT 1) WHERE kind = '" table                             \
			"' AND EXISTS (SELECT 1 FROM " table                         \
			" AS r WHERE r.source = pin.source AND r.key = pin.key AND " \
			"(instr(r." column ", '/') OR instr(r." column ", '%')));"   \
			"UPDATE " table " SET key = " path                           \
			" || '/' || " ESCAPED(column) " WHERE instr(" column         \
						      ", '/') OR instr(" column      \
						      ", '%');"

/* Keys in which two objects cannot meet. */
static const char *const third[] = {
	REKEY("model_version", "model", "version"),
	REKEY("prompt_version", "prompt", "version"),
	REKEY("serving", "service", "variant"),
	REKEY("job_run", "pipeline", "run"),
	REKEY("pointer", "model", "name"),
	REKEY("drift_report", "service", "feature"),
	NULL,
};

#define BASELINE(table)                                                             \
	"INSERT OR IGNORE INTO baseline (source, kind, since) SELECT s.id, '" table \
	"', s.added FROM source s WHERE EXISTS (SELECT 1 FROM " table               \
	" r WHERE r.source = s.name);"

/*
 * What a source held when it was first read, and what source that was: a digest of type, URL and
 * options.  What is in a store already was read before.
 */
static const char *const fourth[] = {
	COLUMN("source", "identity TEXT"),
	"CREATE TABLE baseline ("
	" source INTEGER NOT NULL, kind TEXT NOT NULL, identity TEXT, since INTEGER NOT "
	"NULL,"
	" whole INTEGER, PRIMARY KEY (source, kind)) STRICT, WITHOUT ROWID;",
	BASELINE("model_version") BASELINE("prompt_version") BASELINE("serving"),
	BASELINE("job_run") BASELINE("freshness") BASELINE("pointer"),
	BASELINE("drift_report") BASELINE("alert") BASELINE("page") BASELINE("flag"),
	NULL,
};

/* Two sources, of two contexts maybe, have an objective of one name each. */
static const char *const fifth[] = {
	"CREATE TABLE objective_of_source ("
	" id INTEGER PRIMARY KEY, service TEXT NOT NULL, name TEXT NOT NULL,"
	" of_source TEXT NOT NULL, fine_to INTEGER NOT NULL DEFAULT 0,"
	" coarse_to INTEGER NOT NULL DEFAULT 0, UNIQUE (service, name, of_source)) "
	"STRICT;"
	"INSERT INTO objective_of_source SELECT id, service, name, coalesce((SELECT "
	"source"
	" FROM slo WHERE slo.objective = objective.id ORDER BY seen_from DESC LIMIT 1), "
	"''),"
	" fine_to, coarse_to FROM objective;"
	"DROP TABLE objective; ALTER TABLE objective_of_source RENAME TO objective;",
	NULL,
};

/*
 * Drift in full, of each check of a service: nothing had been kept of it yet.  Alerts with their
 * groups.  How budgets are counted.
 */
static const char *const sixth[] = {
	"DROP TABLE drift_report;",
	"CREATE TABLE drift_report (" INTERVAL
	" service TEXT NOT NULL, dataset TEXT NOT NULL, feature TEXT NOT NULL, kind TEXT,"
	" method TEXT, value REAL, threshold REAL, p_value REAL, noise REAL, n_reference "
	"REAL,"
	" n_current REAL, drifted INTEGER, verdict TEXT, persisted TEXT, reference TEXT,"
	" \"window\" TEXT, binning TEXT, shares TEXT, note TEXT, since INTEGER,"
	" computed INTEGER, url TEXT) STRICT;" INTERVAL_INDEXES(
		"drift_report", "service, dataset, feature"),
	COLUMN("alert", "groups TEXT") COLUMN("alert", "receivers TEXT")
		COLUMN("alert", "inhibited_by TEXT") COLUMN("alert", "muted_by TEXT")
			COLUMN("alert", "onset INTEGER") COLUMN("alert", "url TEXT")
				COLUMN("alert", "value REAL"),
	"CREATE TABLE silence (" INTERVAL
	" id TEXT NOT NULL, state TEXT, matchers TEXT, comment TEXT, created_by TEXT,"
	" starts INTEGER, ends INTEGER, updated INTEGER, alerts INTEGER, url TEXT) "
	"STRICT;" INTERVAL_INDEXES("silence", "id"),
	COLUMN("page", "acknowledged_by TEXT") COLUMN("page", "dedup_key TEXT")
		COLUMN("page", "policy TEXT"),
	"CREATE TABLE oncall (" INTERVAL
	" policy TEXT NOT NULL, level TEXT NOT NULL, schedule TEXT NOT NULL, user TEXT,"
	" contact TEXT, since INTEGER, until INTEGER, url TEXT) STRICT;" INTERVAL_INDEXES(
		"oncall", "policy, level, schedule"),
	COLUMN("span", "score REAL") COLUMN("span", "finish TEXT"),
	COLUMN("slo", "calendar_unit TEXT") COLUMN(
		"slo", "calendar_count INTEGER") COLUMN("slo", "calendar_start TEXT")
		COLUMN("slo", "time_zone TEXT") COLUMN("slo", "budgeting TEXT") COLUMN(
			"slo", "slice_target REAL") COLUMN("slo", "slice_ns INTEGER")
			COLUMN("slo", "min_bad REAL") COLUMN("slo", "recorded_as TEXT")
				COLUMN("slo", "grouping TEXT") COLUMN("slo",
					"traces TEXT") COLUMN("slo", "annotations TEXT")
					COLUMN("slo", "alert_name TEXT"),
	COLUMN("slo_state", "bad REAL") COLUMN("slo_state", "rate REAL")
		COLUMN("slo_state", "bad_rate REAL") COLUMN("slo_state", "projected REAL")
			COLUMN("slo_state", "period_from INTEGER") COLUMN("slo_state",
				"period_to INTEGER") COLUMN("slo_state", "coverage REAL")
				COLUMN("slo_state", "recovers INTEGER"),
	NULL,
};

static const struct migration steps[] = {
	{1, first},
	{2, second},
	{3, third},
	{4, fourth},
	{5, fifth},
	{6, sixth},
};

const struct migrations seen_migrations = {
	.items = steps,
	.n = ARRAY_LEN(steps),
	.application_id = 0x74637301, /* "tcs" and 1 */
};
