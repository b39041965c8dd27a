#include "config.h"
#include "store/migrate.h"

#include "core/strbuf.h"
#include "store/dberror.h"

int migrate_new(struct db *db, const struct migrations *m, struct err *e)
{
	struct strbuf sql = STRBUF_INIT;
	int r;

	/* Both stand in the file's header and can only be set before there is a table. */
	strbuf_addf(&sql,
		"PRAGMA application_id=%ld; PRAGMA auto_vacuum=INCREMENTAL; VACUUM;",
		(long)m->application_id);
	r = db_exec(db, sql.buf, e);
	strbuf_release(&sql);
	return r;
}

static int user_version(int64_t *out, struct db *db, struct err *e)
{
	static const char query[] = "PRAGMA user_version";

	return db_int(out, db, 0, query, e, "");
}

static int run_one(struct db *db, const struct migration *m, struct err *e)
{
	struct strbuf sql = STRBUF_INIT;
	int64_t has = 0;
	int r;

	if (db_exec(db, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	r = user_version(&has, db, e);
	/* Somebody else was quicker. */
	if (r == 0 && has >= m->number)
		return db_exec(db, "COMMIT", e);
	for (size_t i = 0; r == 0 && m->sql[i]; i++)
		r = db_exec(db, m->sql[i], e);
	strbuf_addf(&sql, "PRAGMA user_version=%d; COMMIT", m->number);
	if (r == 0)
		r = db_exec(db, sql.buf, e);
	strbuf_release(&sql);
	if (r < 0)
		db_rollback(db);
	return r;
}

int migrate_run(struct db *db, const struct migrations *m, bool may_write, struct err *e)
{
	static const char query[] = "PRAGMA application_id";
	int64_t id, has, knows = (int64_t)m->n;

	if (db_int(&id, db, 0, query, e, "") < 0 || user_version(&has, db, e) < 0)
		return -1;
	if (id != m->application_id)
		return dberror_foreign(e, db->which, db->path);
	if (has > knows)
		return dberror_newer(e, db->which, db->path, has, knows);
	if (has < knows && !may_write)
		return dberror_older(e, db->which, db->path);
	for (int64_t i = has; i < knows; i++)
		if (run_one(db, &m->items[i], e) < 0)
			return -1;
	return 0;
}
