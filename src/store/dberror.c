#include "config.h"
#include "store/dberror.h"

#include <errno.h>
#include <string.h>

#include "core/i18n.h"

/* What to do about a file that cannot be used: seen.db can be had again, record.db cannot. */
static int way_out(struct err *e, enum db_file which, const char *path)
{
	if (which == DB_SEEN)
		return err_hint(e,
			_("Move '%s' and its -wal and -shm aside; the next start makes a "
			  "new one "
			  "and polls again what the sources remember"),
			path);
	return err_hint(e,
		_("Restore '%s' from a backup, or recover it with 'sqlite3 %s .recover', "
		  "and check the "
		  "result with 'tocsin audit verify'; it holds the audit log and is "
		  "never made anew "
		  "by itself"),
		path, path);
}

int dberror_damaged(
	struct err *e, enum db_file which, const char *path, const char *detail)
{
	err_set(e, ERR_STORE, _("the store file '%s' is damaged: %s"), path, detail);
	return way_out(e, which, path);
}

int dberror_foreign(struct err *e, enum db_file which, const char *path)
{
	err_set(e, ERR_STORE, _("'%s' is a database of another program, not Tocsin's %s"),
		path, db_file_name(which));
	return err_hint(
		e, _("Name another directory with store.path, or move the file away"));
}

int dberror_newer(
	struct err *e, enum db_file which, const char *path, int64_t has, int64_t knows)
{
	(void)which;
	err_set(e, ERR_STORE,
		_("the store file '%s' was written by a newer Tocsin: it has format "
		  "%lld, this "
		  "program knows %lld"),
		path, (long long)has, (long long)knows);
	return err_hint(
		e, _("Use the newer program, or another directory with store.path"));
}

int dberror_older(struct err *e, enum db_file which, const char *path)
{
	(void)which;
	err_set(e, ERR_STORE, _("the store file '%s' is of an older format"), path);
	return err_hint(
		e, _("Let someone who may write it start Tocsin once, which updates it"));
}

int dberror_read_only(struct err *e, enum db_file which, const char *path)
{
	(void)which;
	err_set(e, ERR_DENIED, _("the store file '%s' cannot be written"), path);
	return err_hint(e,
		_("Make the file and its directory writable for you, or use another "
		  "directory with "
		  "store.path"));
}

static int disk_full(struct err *e, const char *path)
{
	err_set(e, ERR_STORE, _("there is no space left to write the store file '%s'"),
		path);
	err_retry(e, RETRY_LATER);
	return err_hint(e, _("Free some space on its disk, or lower store.max"));
}

static int cannot_open(struct err *e, const char *path, int errno_seen)
{
	if (errno_seen)
		err_errno(e, errno_seen, _("cannot open the store file '%s'"), path);
	else
		err_set(e, ERR_STORE, _("cannot open the store file '%s'"), path);
	e->code = errno_seen == EACCES || errno_seen == EPERM || errno_seen == EROFS
		? ERR_DENIED
		: ERR_STORE;
	return err_hint(e,
		_("The file and its directory must be writable for you, also to read: "
		  "the -shm file "
		  "beside it is shared by all who do"));
}

bool dberror_is_full(sqlite3 *handle)
{
	int rc = handle ? sqlite3_errcode(handle) & 0xff : SQLITE_OK;
	int errno_seen = rc == SQLITE_IOERR ? sqlite3_system_errno(handle) : 0;

	return rc == SQLITE_FULL || errno_seen == ENOSPC || errno_seen == EDQUOT ||
		errno_seen == EFBIG;
}

static int input_output(struct err *e, const char *path, sqlite3 *handle)
{
	int errno_seen = sqlite3_system_errno(handle);

	if (dberror_is_full(handle))
		return disk_full(e, path);
	if (errno_seen)
		err_errno(e, errno_seen, _("cannot read or write the store file '%s'"),
			path);
	else
		err_set(e, ERR_SYSTEM, _("cannot read or write the store file '%s': %s"),
			path, sqlite3_errmsg(handle));
	e->code = ERR_STORE;
	return err_hint(e, _("Look at the disk that it is on; 'dmesg' may say more"));
}

int dberror_set(struct err *e, enum db_file which, const char *path, sqlite3 *handle)
{
	int rc = handle ? sqlite3_extended_errcode(handle) : SQLITE_NOMEM;

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		err_set(e, ERR_STORE,
			_("another process is writing to '%s' for too long"), path);
		return err_retry(e, RETRY_LATER);
	case SQLITE_INTERRUPT:
		err_set(e, ERR_LIMIT, _("reading from '%s' took too long and was ended"),
			path);
		return err_retry(e, RETRY_NOW);
	case SQLITE_FULL: return disk_full(e, path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return dberror_damaged(e, which, path, sqlite3_errmsg(handle));
	case SQLITE_READONLY:
	case SQLITE_PERM: return dberror_read_only(e, which, path);
	case SQLITE_CANTOPEN: return cannot_open(e, path, sqlite3_system_errno(handle));
	case SQLITE_IOERR: return input_output(e, path, handle);
	case SQLITE_CONSTRAINT:
		return err_set(e, ERR_CONFLICT, _("the store refuses this: %s"),
			sqlite3_errmsg(handle));
	case SQLITE_NOMEM: bug("out of memory in the store");
	default:
		return err_set(e, ERR_STORE, _("cannot use the store file '%s': %s"),
			path, handle ? sqlite3_errmsg(handle) : sqlite3_errstr(rc));
	}
}
