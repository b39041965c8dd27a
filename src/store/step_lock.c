#include "config.h"
#include "store/journal.h"

#include <errno.h>
#include <fcntl.h>

#include "core/digest.h"
#include "core/i18n.h"
#include "store/inside.h"

/*
 * Steps share the file `lock` with the sources, whose ids are small: a step's byte lies above
 * 2^32, at 61 bits of a hash of its run and number.
 */
#define FIRST_STEP_BYTE (INT64_C(1) << 32)

static struct flock step_byte(const char *run, int64_t n)
{
	struct strbuf key = STRBUF_INIT;
	struct digest d;
	int64_t at = 0;

	strbuf_addf(&key, "%s/%lld", run, (long long)n);
	d = digest_of(key.buf, key.len);
	strbuf_release(&key);
	for (int i = 0; i < 8; i++)
		at = (int64_t)((uint64_t)at << 8 | d.bytes[i]);
	at = FIRST_STEP_BYTE + (int64_t)((uint64_t)at >> 3);
	return (struct flock){.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)at,
		.l_len = 1};
}

int step_lock(struct store *st, const char *run, int64_t n, struct err *e)
{
	struct flock lock = step_byte(run, n);

	if (!fcntl(st->lock_fd, F_OFD_SETLK, &lock))
		return 1;
	if (errno == EAGAIN || errno == EACCES)
		return 0;
	return err_errno(e, errno, _("cannot lock the file 'lock' of the store"));
}

bool step_locked(struct store *st, const char *run, int64_t n)
{
	struct flock lock = step_byte(run, n);

	return !fcntl(st->lock_fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
}
