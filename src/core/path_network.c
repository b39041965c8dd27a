/* The part of path.h that knows file systems. */
#include "config.h"
#include "core/path.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/vfs.h>
#else
#include <sys/mount.h>
#include <sys/param.h>
#endif

#ifdef __linux__
/* f_type of statfs(2), as its manual page and the kernel's magic.h list them. */
static bool is_network(const struct statfs *fs)
{
	static const uint32_t types[] = {
		0x6969, /* NFS */
		0x517b, /* SMB */
		0xff534d42, /* CIFS */
		0xfe534d42, /* SMB 2 */
		0x564c, /* NCP */
		0x65735546, /* FUSE: sshfs, s3fs and the rest */
		0x01021997, /* 9P */
		0x5346414f, /* AFS */
		0x6b414653, /* kAFS */
		0x73757245, /* Coda */
		0x00c36400, /* Ceph */
		0x0bd00bd0, /* Lustre */
		0x47504653, /* GPFS */
		0x01161970, /* GFS2 */
		0x7461636f, /* OCFS2 */
		0x19830326, /* BeeGFS */
		0x786f4256, /* VirtualBox's shared folders */
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if ((uint32_t)fs->f_type == types[i])
			return true;
	return false;
}
#else
static bool is_network(const struct statfs *fs)
{
	return !(fs->f_flags & MNT_LOCAL) || strstr(fs->f_fstypename, "fuse");
}
#endif

bool path_is_network(const char *path)
{
	char *at = mem_strdup(path);
	struct statfs fs;
	int failed;

	/* What does not exist yet will be where its parent is. */
	while ((failed = statfs(at, &fs)) && errno == ENOENT) {
		char *parent = path_dir(at);
		bool top = !strcmp(parent, at);

		free(at);
		at = parent;
		if (top)
			break;
	}
	free(at);
	return !failed && is_network(&fs);
}
