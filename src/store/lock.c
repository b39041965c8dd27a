#include "config.h"
#include "store/source.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/log.h"
#include "store/inside.h"

/*
 * Bytes of the file `lock`: 0 is held shared by everyone present, a source's id by its collector.
 * OFD locks belong to the open file: they end with it, whichever thread or library closes what.
 */
#define PRESENT 0

#ifndef F_OFD_SETLK
#error "open file description locks are needed (Linux, macOS)"
#endif

static struct flock byte_lock(short type, int64_t at)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)at, .l_len = 1};
}

static int cannot_lock(struct store *st, struct err *e)
{
	err_errno(e, errno, _("cannot lock the file 'lock' of the store"));
	return err_where(e, "%s", st->place.dir);
}

static const char *user_name(void)
{
	const struct passwd *pw = getpwuid(geteuid());

	return pw ? pw->pw_name : NULL;
}

static int raise_generation(
	int64_t *out, struct store *st, int64_t source_id, struct err *e)
{
	static const char take[] = "UPDATE source SET generation = generation + 1, "
				   "holder_pid = ?2, holder_user = ?3,"
				   " heartbeat = ?4 WHERE id = ?1";
	static const char query[] = "SELECT generation FROM source WHERE id = ?1";
	int r;

	if (store_begin(st, e) < 0)
		return -1;
	seen_touch(st, TOUCH_SOURCE);
	r = db_run(&st->seen, take, e, "iiti", source_id, (int64_t)getpid(), user_name(),
		clock_now());
	if (r == 0 && !db_changes(&st->seen))
		r = err_set(e, ERR_NOT_FOUND, _("the store has no source %lld"),
			(long long)source_id);
	if (r == 0)
		r = db_int(out, &st->seen, 0, query, e, "i", source_id);
	return db_end(&st->seen, r == 0, e);
}

int source_lock(struct store *st, int64_t source_id, int64_t *generation, struct err *e)
{
	struct flock lock = byte_lock(F_WRLCK, source_id);

	if (fcntl(st->lock_fd, F_OFD_SETLK, &lock) < 0) {
		if (errno == EAGAIN || errno == EACCES)
			return 0;
		return cannot_lock(st, e);
	}
	if (raise_generation(generation, st, source_id, e) < 0) {
		source_unlock(st, source_id);
		return -1;
	}
	return 1;
}

void source_unlock(struct store *st, int64_t source_id)
{
	struct flock lock = byte_lock(F_UNLCK, source_id);

	if (fcntl(st->lock_fd, F_OFD_SETLK, &lock) < 0)
		log_warn("%s: source %lld stays locked", __func__, (long long)source_id);
}

int source_check(struct store *st, int64_t source_id, int64_t generation, struct err *e)
{
	static const char query[] = "SELECT generation FROM source WHERE id = ?1";
	int64_t now;

	if (db_int(&now, &st->seen, NONE_INT, query, e, "i", source_id) < 0)
		return -1;
	if (now == generation)
		return 0;
	err_set(e, ERR_CONFLICT, _("another collector has taken over the source %lld"),
		(long long)source_id);
	return err_hint(e, _("This one leaves it alone from now on"));
}

int store_present(struct store *st, struct err *e)
{
	struct flock lock = byte_lock(F_RDLCK, PRESENT);

	if (fcntl(st->lock_fd, F_OFD_SETLK, &lock) < 0)
		return cannot_lock(st, e);
	return 0;
}

bool store_has_present(struct store *st)
{
	struct flock lock = byte_lock(F_WRLCK, PRESENT);

	return fcntl(st->lock_fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}
