#include "config.h"
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/digest.h"
#include "core/i18n.h"
#include "core/path.h"
#include "store/dberror.h"

static int no_store(struct err *e, const char *dir)
{
	err_set(e, ERR_NOT_FOUND, _("there is no store in '%s' yet"), dir);
	return err_hint(
		e, _("Run 'tocsin poll --once' or the console first: they make one"));
}

static int cannot(struct err *e, const char *path, int errno_seen)
{
	err_errno(e, errno_seen, _("cannot use '%s' for the store"), path);
	if (errno_seen == EACCES || errno_seen == EPERM || errno_seen == EROFS)
		e->code = ERR_DENIED;
	return err_hint(e,
		_("Make it writable for you, or name another directory with store.path"));
}

static int check_directory(const struct place *p, const struct stat *st, struct err *e)
{
	if (!S_ISDIR(st->st_mode))
		return cannot(e, p->dir, ENOTDIR);
	if (st->st_mode & S_IWOTH) {
		err_set(e, ERR_DENIED,
			_("everybody can write to the store's directory '%s'"), p->dir);
		return err_hint(e, _("Run 'chmod o-w %s'"), p->dir);
	}
	if (st->st_mode & S_IWGRP && !(st->st_mode & S_ISGID)) {
		err_set(e, ERR_DENIED,
			_("a group can write to the store's directory '%s', but files in "
			  "it would not "
			  "belong to that group"),
			p->dir);
		return err_hint(e,
			_("Run 'chmod g+s %s' to share the store, or 'chmod g-w %s' not "
			  "to"),
			p->dir, p->dir);
	}
	if (path_is_network(p->dir)) {
		err_set(e, ERR_DENIED,
			_("the store's directory '%s' is on a network file system, where "
			  "locks and "
			  "shared memory do not work"),
			p->dir);
		return err_hint(e, _("Name a directory on a local disk with store.path"));
	}
	return 0;
}

static char *default_dir(void)
{
	char *file = path_state("seen.db");
	char *dir = path_dir(file);

	free(file);
	return dir;
}

int place_open(struct place *out, const char *dir, bool write, struct err *e)
{
	struct stat st;

	*out = (struct place){
		.dir = dir ? mem_strdup(dir) : default_dir(), .write = write};
	if (stat(out->dir, &st) < 0) {
		if (errno != ENOENT)
			cannot(e, out->dir, errno);
		else if (!write)
			no_store(e, out->dir);
		else if (path_make_dir(out->dir, 0700, e) == 0 &&
			stat(out->dir, &st) == 0)
			goto exists;
		goto fail;
	}
exists:
	if (check_directory(out, &st, e) < 0)
		goto fail;
	out->shared = st.st_mode & S_ISGID && st.st_mode & S_IWGRP;
	out->mode = out->shared ? 0660 : 0600;
	out->uid = st.st_uid;
	out->gid = st.st_gid;
	return 0;
fail:
	place_release(out);
	return -1;
}

void place_release(struct place *p)
{
	free(p->dir);
	*p = (struct place){0};
}

/* Mode whatever the umask is, and never root's where the store is somebody's. */
static int settle(const struct place *p, int fd, const char *path, struct err *e)
{
	if (geteuid() == 0 && fchown(fd, p->uid, p->gid) < 0)
		return cannot(e, path, errno);
	if (fchmod(fd, p->mode) < 0)
		return cannot(e, path, errno);
	return 0;
}

int place_open_file(const struct place *p, const char *name, struct err *e)
{
	const int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	char *path = path_join(p->dir, name);
	struct stat st;
	int fd = open(path, (p->write ? O_RDWR : O_RDONLY) | flags);

	if (fd < 0 && errno == ENOENT && p->write) {
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | flags, p->mode);
		if (fd < 0 && errno == EEXIST)
			/* cppcheck-suppress resourceLeak ; fd is not open here */
			fd = open(path, O_RDWR | flags);
		else if (fd >= 0 && settle(p, fd, path, e) < 0)
			goto fail;
	}
	if (fd < 0) {
		cannot(e, path, errno);
		goto fail;
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		cannot(e, path, EINVAL);
		goto fail;
	}
	free(path);
	return fd;
fail:
	if (fd >= 0)
		close(fd);
	free(path);
	return -1;
}

/* Build the file under another name and give it its own when it is complete. */
static int create(const struct place *p, enum db_file which, const char *path,
	const struct migrations *m, struct err *e)
{
	char *id = id_new(0), *name = mem_format(".new-%s", id),
	     *made = path_join(p->dir, name);
	struct db db;
	int fd = place_open_file(p, name, e), r = -1;

	if (fd < 0)
		goto out;
	close(fd);
	if (db_open(&db, which, made, true, e) == 0) {
		r = migrate_new(&db, m, e) < 0 || migrate_run(&db, m, true, e) < 0 ? -1
										   : 0;
		db_close(&db);
	}
	/* Somebody else's is as good. */
	if (r == 0 && link(made, path) < 0 && errno != EEXIST)
		r = cannot(e, path, errno);
	unlink(made);
out:
	free(made);
	free(name);
	free(id);
	return r;
}

/* Modes that a file got before its directory was shared, or from a restored backup. */
static void mend_mode(const struct place *p, const char *path, const struct stat *st)
{
	if (p->write && st->st_uid == geteuid() && (st->st_mode & 0777) != p->mode)
		(void)!chmod(path, p->mode);
}

static int check_file(
	const struct place *p, enum db_file which, const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 1 : cannot(e, path, errno);
	if (!S_ISREG(st.st_mode)) {
		err_set(e, ERR_DENIED, _("'%s' is not a regular file"), path);
		return err_hint(e,
			_("The store follows no links: name the directory with "
			  "store.path"));
	}
	if (!st.st_size)
		return dberror_damaged(e, which, path, _("it is empty"));
	mend_mode(p, path, &st);
	return 0;
}

int place_check(const struct place *p, struct err *e)
{
	char *seen = path_join(p->dir, db_file_name(DB_SEEN));
	char *record = path_join(p->dir, db_file_name(DB_RECORD));
	int r = 0;

	/* record.db is made first: who looks in this order sees both, or none, or it alone. */
	if (access(seen, F_OK) == 0 && access(record, F_OK) < 0 && errno == ENOENT) {
		err_set(e, ERR_STORE,
			_("'%s', with the audit log and the runs, is missing, while '%s' "
			  "is there"),
			record, seen);
		r = err_hint(e,
			_("Restore it from a backup; to begin anew without it, move '%s' "
			  "aside too"),
			seen);
	}
	free(seen);
	free(record);
	return r;
}

/* A reader that could write opens so: then an older format and a left-over WAL are no obstacle. */
static int open_existing(struct db *out, const struct place *p, enum db_file which,
	const char *path, const struct migrations *m, struct err *e)
{
	bool write = p->write || access(path, W_OK) == 0;

	if (db_open(out, which, path, write, e) < 0)
		return -1;
	if (migrate_run(out, m, write, e) == 0 &&
		(p->write || db_exec(out, "PRAGMA query_only=1", e) == 0))
		return 0;
	db_close(out);
	return -1;
}

int place_open_db(struct db *out, const struct place *p, enum db_file which,
	const struct migrations *m, struct err *e)
{
	char *path = path_join(p->dir, db_file_name(which));
	int r = check_file(p, which, path, e);

	if (r > 0)
		r = p->write ? create(p, which, path, m, e) : no_store(e, p->dir);
	if (r == 0)
		r = open_existing(out, p, which, path, m, e);
	free(path);
	return r;
}
