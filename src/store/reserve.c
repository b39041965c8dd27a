#include "config.h"
#include "store/reserve.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "core/log.h"

void reserve_fill(int fd)
{
	struct statvfs fs;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || st.st_size >= RESERVE_BYTES)
		return;
	if (fstatvfs(fd, &fs) < 0 ||
		(double)fs.f_bavail * (double)fs.f_frsize < 2.0 * RESERVE_BYTES)
		return;
	if (posix_fallocate(fd, 0, RESERVE_BYTES) != 0) {
		(void)!ftruncate(fd, 0);
		log_warn("%s: no disk for the reserve", __func__);
	}
}

bool reserve_give(int fd)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !st.st_size)
		return false;
	return ftruncate(fd, 0) == 0;
}
