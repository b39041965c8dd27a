#include "config.h"
#include "store/migrate.h"

/*
 * record.db: what we did.  Nothing here is ever trimmed.  The audit log and its checkpoints refuse
 * to be changed; who can write the file can also drop the triggers, so detection rests on the
 * chain and the signed checkpoints, prevention of slips on these.
 */

#define APPEND_ONLY(table)                                             \
	"CREATE TRIGGER " table "_update BEFORE UPDATE ON " table      \
	" BEGIN SELECT RAISE(ABORT, '" table " is append-only'); END;" \
	"CREATE TRIGGER " table "_delete BEFORE DELETE ON " table      \
	" BEGIN SELECT RAISE(ABORT, '" table " is append-only'); END;"

/* clang-format off */
static const char *const first[] = {
	"CREATE TABLE touched (kind INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;",
	"CREATE TABLE run ("
	" id TEXT NOT NULL PRIMARY KEY, runbook TEXT, title TEXT, file TEXT, sha256 TEXT,"
	" service TEXT, context TEXT, user TEXT, started INTEGER NOT NULL, ended INTEGER,"
	" dry_run INTEGER NOT NULL, changing INTEGER NOT NULL, vars TEXT,"
	" state TEXT NOT NULL) STRICT;"
	"CREATE INDEX run_started ON run (started);"
	/* A second changing run on a service with a live one is refused. */
	"CREATE UNIQUE INDEX run_live ON run (service, coalesce(context, ''))"
	" WHERE ended IS NULL AND changing = 1 AND dry_run = 0;",
	"CREATE TABLE step ("
	" rid INTEGER PRIMARY KEY, run TEXT NOT NULL, n INTEGER NOT NULL, name TEXT, kind TEXT,"
	" phase TEXT, risk TEXT, state TEXT NOT NULL, attempt INTEGER, started INTEGER,"
	" ended INTEGER, exit_code INTEGER, pid INTEGER, before_value TEXT, after_value TEXT,"
	" how TEXT, note TEXT, error TEXT, output_bytes INTEGER NOT NULL DEFAULT 0,"
	" UNIQUE (run, n)) STRICT;",
	"CREATE TABLE step_output ("
	" run TEXT NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, data BLOB NOT NULL,"
	" PRIMARY KEY (run, n, at)) STRICT;",
	"CREATE TABLE step_request ("
	" id INTEGER PRIMARY KEY, run TEXT NOT NULL, n INTEGER NOT NULL, what TEXT NOT NULL,"
	" who TEXT, at INTEGER NOT NULL) STRICT;"
	"CREATE INDEX step_request_step ON step_request (run, n, id);",
	"CREATE TABLE audit ("
	" seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, entry TEXT NOT NULL,"
	" prev BLOB NOT NULL, hash BLOB NOT NULL) STRICT;"
	APPEND_ONLY("audit")
	"CREATE TRIGGER audit_insert BEFORE INSERT ON audit"
	" WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit)"
	" BEGIN SELECT RAISE(ABORT, 'the next audit entry has another number'); END;",
	"CREATE TABLE checkpoint ("
	" id INTEGER PRIMARY KEY, size INTEGER NOT NULL, at INTEGER NOT NULL,"
	" note TEXT NOT NULL, signer TEXT) STRICT;"
	APPEND_ONLY("checkpoint"),
	NULL,
};
/* clang-format on */

/* What drift is measured against: counts, as asked once or as a person accepted them. */
static const char *const second[] = {
	"CREATE TABLE drift_pin ("
	" source TEXT NOT NULL, service TEXT NOT NULL, dataset TEXT NOT NULL,"
	" feature TEXT NOT NULL, digest TEXT, counts TEXT NOT NULL, counted_from INTEGER,"
	" counted_to INTEGER, pinned INTEGER NOT NULL, pinned_by TEXT, reason TEXT,"
	" PRIMARY KEY (source, service, dataset, feature)) STRICT, WITHOUT ROWID;",
	NULL,
};

static const struct migration steps[] = {
	{1, first},
	{2, second},
};

const struct migrations record_migrations = {
	.items = steps,
	.n = ARRAY_LEN(steps),
	.application_id = 0x74637302, /* "tcs" and 2 */
};
