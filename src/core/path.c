#include "config.h"
#include "core/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/i18n.h"

static char *home(void)
{
	const char *dir = getenv("HOME");
	const struct passwd *pw;

	if (dir && *dir == '/')
		return mem_strdup(dir);
	pw = getpwuid(geteuid());
	return mem_strdup(pw && pw->pw_dir && *pw->pw_dir == '/' ? pw->pw_dir : "/");
}

/* NAME in the folder tocsin of the XDG directory that variable names. */
static char *xdg(const char *variable, const char *fallback, const char *name)
{
	const char *set = getenv(variable);
	char *dir, *own, *out;

	if (set && *set == '/') {
		dir = mem_strdup(set);
	} else {
		own = home();
		dir = path_join(own, fallback);
		free(own);
	}
	own = path_join(dir, "tocsin");
	out = path_join(own, name);
	free(own);
	free(dir);
	return out;
}

char *path_config(const char *name)
{
	return xdg("XDG_CONFIG_HOME", ".config", name);
}

char *path_state(const char *name)
{
	return xdg("XDG_STATE_HOME", ".local/state", name);
}

char *path_cache(const char *name)
{
	return xdg("XDG_CACHE_HOME", ".cache", name);
}

char *path_runtime(const char *name)
{
	const char *set = getenv("XDG_RUNTIME_DIR");
	char *dir, *out;

	if (set && *set == '/')
		return xdg("XDG_RUNTIME_DIR", "", name);
	dir = path_state("run");
	out = path_join(dir, name);
	free(dir);
	return out;
}

char *path_system(const char *name)
{
	return path_join(SYSCONFDIR "/tocsin", name);
}

char *path_data(const char *folder, const char *name)
{
	const char *top = getenv("TOCSIN_DATADIR");
	char *dir = path_join(top && *top ? top : PKGDATADIR, folder);
	char *out = path_join(dir, name);

	free(dir);
	return out;
}

char *path_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	if (!name || !*name)
		return mem_strdup(dir);
	if (*name == '/' || !n)
		return mem_strdup(name);
	return mem_format("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

char *path_expand(const char *path, const char *relative_to)
{
	char *own, *out;

	if (path[0] != '~' || (path[1] && path[1] != '/'))
		return path_join(relative_to ? relative_to : "", path);
	own = home();
	out = path_join(own, path + 1 + strspn(path + 1, "/"));
	free(own);
	return out;
}

/* Bytes of path without the slashes at its end. */
static size_t bare_length(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return n;
}

char *path_dir(const char *path)
{
	size_t n = bare_length(path);

	while (n && path[n - 1] != '/')
		n--;
	if (!n)
		return mem_strdup(".");
	while (n > 1 && path[n - 1] == '/')
		n--;
	return mem_strndup(path, n);
}

const char *path_base(const char *path)
{
	size_t n = bare_length(path);

	while (n && path[n - 1] != '/')
		n--;
	return path + n;
}

int path_make_dir(const char *dir, mode_t mode, struct err *e)
{
	struct stat st;
	char *parent;
	int result;

	if (!mkdir(dir, mode))
		return 0;
	if (errno == EEXIST && !stat(dir, &st)) {
		if (S_ISDIR(st.st_mode))
			return 0;
		return err_set(
			e, ERR_SYSTEM, _("'%s' exists and is not a directory"), dir);
	}
	if (errno != ENOENT || !*dir)
		return err_errno(e, errno, _("cannot create the directory '%s'"), dir);
	parent = path_dir(dir);
	if (!strcmp(parent, dir) || !strcmp(parent, "."))
		result = err_errno(e, ENOENT, _("cannot create the directory '%s'"), dir);
	else
		result = path_make_dir(parent, mode, e);
	free(parent);
	/* Somebody else may have made it meanwhile. */
	if (!result && mkdir(dir, mode) && errno != EEXIST)
		return err_errno(e, errno, _("cannot create the directory '%s'"), dir);
	return result;
}

static int read_all(
	struct strbuf *out, int fd, const char *file, size_t max, struct err *e)
{
	size_t before = out->len;

	for (;;) {
		ssize_t n;

		strbuf_room(out, 65536);
		n = read(fd, out->buf + out->len, 65536);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, _("cannot read '%s'"), file);
		if (!n)
			return 0;
		out->len += (size_t)n;
		out->buf[out->len] = '\0';
		if (out->len - before > max)
			return err_set(e, ERR_LIMIT, _("'%s' is larger than %zu bytes"),
				file, max);
	}
}

int path_read(struct strbuf *out, const char *file, size_t max_bytes, struct err *e)
{
	size_t before = out->len;
	struct stat st;
	int fd, result;

	/* Without O_NONBLOCK a FIFO would keep us waiting for its writer. */
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		bool missing = errno == ENOENT || errno == ENOTDIR;

		err_errno(e, errno, _("cannot read '%s'"), file);
		e->code = missing ? ERR_NOT_FOUND : ERR_SYSTEM;
		return -1;
	}
	if (fstat(fd, &st))
		result = err_errno(e, errno, _("cannot read '%s'"), file);
	else if (!S_ISREG(st.st_mode))
		result = err_set(e, ERR_INPUT, _("'%s' is not a regular file"), file);
	else
		result = read_all(out, fd, file, max_bytes, e);
	close(fd);
	if (result)
		strbuf_truncate(out, before);
	return result;
}

static int write_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t written = write(fd, data, n);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		data += written;
		n -= (size_t)written;
	}
	return 0;
}

/* A rename is on the disk when its directory is.  Some file systems cannot, so it is a wish. */
static void sync_dir(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

int path_write(const char *file, const void *data, size_t n, mode_t mode, struct err *e)
{
	char *dir = path_dir(file), *name = mem_format(".%s.XXXXXX", path_base(file));
	char *beside = path_join(dir, name);
	int fd = mkostemp(beside, O_CLOEXEC), problem = 0;

	if (fd < 0)
		problem = errno;
	else if (fchmod(fd, mode) || write_all(fd, data, n) || fsync(fd))
		problem = errno;
	if (fd >= 0 && close(fd) && !problem)
		problem = errno;
	if (!problem && rename(beside, file))
		problem = errno;
	if (problem && fd >= 0)
		unlink(beside);
	if (!problem)
		sync_dir(dir);
	free(beside);
	free(name);
	free(dir);
	return problem ? err_errno(e, problem, _("cannot write '%s'"), file) : 0;
}

static bool is_wanted(const char *name, const char *suffix)
{
	size_t n = strlen(name), n_suffix = suffix ? strlen(suffix) : 0;

	return *name != '.' && n >= n_suffix &&
		(!n_suffix || !strcmp(name + n - n_suffix, suffix));
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int path_list(char ***out, size_t *n, const char *dir, const char *suffix, struct err *e)
{
	DIR *d = opendir(dir);
	const struct dirent *entry;
	char **names = NULL;
	size_t cap = 0;

	*out = NULL;
	*n = 0;
	if (!d && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (!d)
		return err_errno(e, errno, _("cannot list '%s'"), dir);
	while ((errno = 0, entry = readdir(d)))
		if (is_wanted(entry->d_name, suffix))
			*mem_push(names, *n, cap) = mem_strdup(entry->d_name);
	if (errno) {
		err_errno(e, errno, _("cannot list '%s'"), dir);
		closedir(d);
		path_list_free(names, *n);
		*n = 0;
		return -1;
	}
	closedir(d);
	if (*n)
		qsort(names, *n, sizeof(*names), by_bytes);
	*out = names;
	return 0;
}

void path_list_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

/* The kernel says of a file that an upgrade replaced that it is deleted. */
char *path_program_of(const char *link)
{
	static const char mark[] = " (deleted)";
	size_t n = strlen(link), m = sizeof(mark) - 1;
	char *successor;

	if (n <= m || strcmp(link + n - m, mark) != 0 || access(link, X_OK) == 0)
		return mem_strdup(link);
	successor = mem_strndup(link, n - m);
	if (access(successor, X_OK) == 0)
		return successor;
	free(successor);
	return mem_strdup("/proc/self/exe");
}

char *path_program(void)
{
	const char *given = getenv("TOCSIN_PROGRAM");
	char buf[4096];
	ssize_t n;

	if (given && *given == '/')
		return mem_strdup(given);
	n = readlink("/proc/self/exe", buf, sizeof(buf) - 1);
	if (n <= 0)
		return mem_strdup("/proc/self/exe");
	buf[n] = '\0';
	return path_program_of(buf);
}
