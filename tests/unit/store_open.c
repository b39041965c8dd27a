#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>

#include "store/journal.h"
#include "store/reserve.h"

static char *in_dir(const struct fixture *f, const char *name)
{
	return mem_format("%s/%s", f->dir, name);
}

static mode_t mode_of(const struct fixture *f, const char *name)
{
	char *path = in_dir(f, name);
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	free(path);
	return st.st_mode & 07777;
}

static void write_file(
	const struct fixture *f, const char *name, const char *data, size_t n)
{
	char *path = in_dir(f, name);
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(data, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
	free(path);
}

static void cut_file(const struct fixture *f, const char *name, off_t n)
{
	char *path = in_dir(f, name);

	assert_int_equal(truncate(path, n), 0);
	free(path);
}

static void move_file(const struct fixture *f, const char *from, const char *to)
{
	char *a = in_dir(f, from), *b = in_dir(f, to);

	assert_int_equal(rename(a, b), 0);
	free(a);
	free(b);
}

/* Made, closed: what follows damages it. */
static void make_and_close(struct fixture *f)
{
	fixture_open(f);
	ok(f, store_set(f->st, "key", "value", &f->e));
	store_free(f->st);
	f->st = NULL;
}

static void a_store_of_ones_own(void **state)
{
	struct fixture f;
	mode_t mask = umask(0);

	(void)state;
	fixture_open(&f);
	umask(mask);
	assert_false(store_is_shared(f.st));
	assert_string_equal(store_dir(f.st), f.dir);
	assert_int_equal(mode_of(&f, ""), 0700);
	assert_int_equal(mode_of(&f, "seen.db"), 0600);
	assert_int_equal(mode_of(&f, "record.db"), 0600);
	assert_int_equal(mode_of(&f, "lock"), 0600);
	ok(&f, store_set(f.st, "key", "value", &f.e));
	assert_int_equal(mode_of(&f, "seen.db-wal"), 0600);
	assert_int_equal(mode_of(&f, "seen.db-shm"), 0600);
	fixture_release(&f);
}

static void a_shared_store_whatever_the_umask(void **state)
{
	struct fixture f;
	mode_t mask = umask(077);

	(void)state;
	fixture_init(&f);
	assert_int_equal(mkdir(f.dir, 0700), 0);
	assert_int_equal(chmod(f.dir, 02770), 0);
	ok(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e));
	ok(&f, store_set(f.st, "key", "value", &f.e));
	umask(mask);
	assert_true(store_is_shared(f.st));
	assert_int_equal(mode_of(&f, "seen.db"), 0660);
	assert_int_equal(mode_of(&f, "record.db"), 0660);
	assert_int_equal(mode_of(&f, "lock"), 0660);
	assert_int_equal(mode_of(&f, "reserve"), 0660);
	assert_int_equal(mode_of(&f, "seen.db-wal"), 0660);
	assert_int_equal(mode_of(&f, "seen.db-shm"), 0660);
	fixture_release(&f);
}

/* A store that was one's own before its directory was shared. */
static void modes_are_mended(void **state)
{
	struct fixture f;

	(void)state;
	make_and_close(&f);
	assert_int_equal(chmod(f.dir, 02770), 0);
	ok(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e));
	assert_int_equal(mode_of(&f, "seen.db"), 0660);
	assert_int_equal(mode_of(&f, "record.db"), 0660);
	fixture_release(&f);
}

static void refuses_directories_that_others_write(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	assert_int_equal(mkdir(f.dir, 0700), 0);
	assert_int_equal(chmod(f.dir, 0777), 0);
	fails(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e), ERR_DENIED,
		"everybody can write", "chmod o-w");
	assert_int_equal(chmod(f.dir, 0770), 0);
	fails(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e), ERR_DENIED,
		"a group can write", "chmod g+s");
	fixture_release(&f);
}

static void reading_makes_nothing(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	fails(&f, store_open(&f.st, f.dir, STORE_READ, &f.e), ERR_NOT_FOUND,
		"there is no store", "tocsin poll --once");
	assert_int_equal(access(f.dir, F_OK), -1);
	assert_int_equal(mkdir(f.dir, 0700), 0);
	fails(&f, store_open(&f.st, f.dir, STORE_READ, &f.e), ERR_NOT_FOUND,
		"there is no store", NULL);
	fixture_release(&f);
}

static void reading_reads_and_does_not_write(void **state)
{
	struct fixture f;
	char *value;

	(void)state;
	make_and_close(&f);
	ok(&f, store_open(&f.st, f.dir, STORE_READ, &f.e));
	value = store_get(f.st, "key");
	assert_string_equal(value, "value");
	free(value);
	assert_null(store_get(f.st, "other"));
	assert_int_equal(store_set(f.st, "key", "new", &f.e), -1);
	assert_int_equal(f.e.code, ERR_DENIED);
	fixture_release(&f);
}

static void a_file_in_the_way(void **state)
{
	struct fixture f;

	(void)state;
	fixture_init(&f);
	free(f.dir);
	f.dir = mem_strdup(f.top);
	write_file(&f, "store", "x", 1);
	free(f.dir);
	f.dir = mem_format("%s/store", f.top);
	fails(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e), ERR_SYSTEM,
		"Not a directory", "store.path");
	fixture_release(&f);
}

/* --- damage: clear words, a way out, and the file left as it was --- */

static void check_damaged(struct fixture *f, const char *name, const char *hint)
{
	char *path = in_dir(f, name);
	struct stat before, after;

	assert_int_equal(stat(path, &before), 0);
	fails(f, store_open(&f->st, f->dir, STORE_WRITE, &f->e), ERR_STORE, "is damaged",
		hint);
	fails(f, store_open(&f->st, f->dir, STORE_READ, &f->e), ERR_STORE, "is damaged",
		hint);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_size, after.st_size);
	assert_int_equal(before.st_ino, after.st_ino);
	free(path);
}

static void garbage_is_damage(void **state)
{
	static const char junk[] =
		"this is not a database, it only has the name of one ......"
		".........................................................";
	static const char *const names[] = {"seen.db", "record.db"};
	static const char *const hints[] = {"aside", "backup"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct fixture f;

		make_and_close(&f);
		write_file(&f, names[i], junk, sizeof(junk));
		check_damaged(&f, names[i], hints[i]);
		fixture_release(&f);
	}
}

static void empty_and_truncated_are_damage(void **state)
{
	static const off_t sizes[] = {0, 50, 100, 4096, 5000, 8192};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct fixture f;

		make_and_close(&f);
		cut_file(&f, "record.db", sizes[i]);
		check_damaged(&f, "record.db", "tocsin audit verify");
		fixture_release(&f);
		make_and_close(&f);
		cut_file(&f, "seen.db", sizes[i]);
		check_damaged(&f, "seen.db", "polls again");
		fixture_release(&f);
	}
}

/* The header is whole; what it says is not. */
static void damage_within_is_an_error_not_a_crash(void **state)
{
	struct fixture f;
	char junk[4096], *path;
	int fd;

	(void)state;
	make_and_close(&f);
	memset(junk, 0xa5, sizeof(junk));
	path = in_dir(&f, "seen.db");
	fd = open(path, O_WRONLY);
	for (int page = 1; page < 80; page++)
		assert_int_equal(
			pwrite(fd, junk, sizeof(junk), page * 4096), sizeof(junk));
	close(fd);
	free(path);
	if (store_open(&f.st, f.dir, STORE_WRITE, &f.e) == 0) {
		assert_int_equal(store_set(f.st, "key", "other", &f.e), -1);
		assert_null(store_get(f.st, "key"));
	}
	assert_int_equal(f.e.code, ERR_STORE);
	assert_non_null(strstr(f.e.what, "is damaged"));
	assert_non_null(strstr(f.e.hint, "aside"));
	fixture_release(&f);
}

static void seen_moved_aside_is_made_anew(void **state)
{
	struct fixture f;
	static const char junk[200] = "junk";

	(void)state;
	make_and_close(&f);
	write_file(&f, "seen.db", junk, sizeof(junk));
	check_damaged(&f, "seen.db", "aside");
	move_file(&f, "seen.db", "seen.db.damaged");
	ok(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e));
	assert_null(store_get(f.st, "key"));
	fixture_release(&f);
}

static void record_is_never_made_anew(void **state)
{
	struct fixture f;

	(void)state;
	make_and_close(&f);
	move_file(&f, "record.db", "elsewhere");
	fails(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e), ERR_STORE, "is missing",
		"backup");
	assert_int_equal(access(f.dir, F_OK), 0);
	move_file(&f, "elsewhere", "record.db");
	ok(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e));
	fixture_release(&f);
}

static void a_live_move_is_noticed(void **state)
{
	struct fixture f;

	(void)state;
	fixture_open(&f);
	assert_false(store_is_moved(f.st));
	move_file(&f, "seen.db", "seen.db.old");
	assert_true(store_is_moved(f.st));
	fixture_release(&f);
}

static void foreign_and_swapped_files(void **state)
{
	struct fixture f;
	char *path;
	sqlite3 *db;

	(void)state;
	make_and_close(&f);
	move_file(&f, "record.db", "x");
	move_file(&f, "seen.db", "record.db");
	move_file(&f, "x", "seen.db");
	fails(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e), ERR_STORE,
		"a database of another program", "store.path");
	move_file(&f, "record.db", "x");
	move_file(&f, "seen.db", "record.db");
	path = in_dir(&f, "seen.db");
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE t (x); PRAGMA user_version=1",
				 NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	free(path);
	fails(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e), ERR_STORE,
		"a database of another program", NULL);
	fixture_release(&f);
}

static void links_are_not_followed(void **state)
{
	struct fixture f;
	char *path, *target;

	(void)state;
	make_and_close(&f);
	move_file(&f, "seen.db", "target");
	path = in_dir(&f, "seen.db");
	target = in_dir(&f, "target");
	assert_int_equal(symlink(target, path), 0);
	fails(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e), ERR_DENIED,
		"not a regular file", "store.path");
	free(path);
	path = in_dir(&f, "reserve");
	move_file(&f, "target", "seen.db");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(store_open(&f.st, f.dir, STORE_WRITE, &f.e), -1);
	assert_int_equal(access(target, F_OK), -1);
	free(path);
	free(target);
	fixture_release(&f);
}

static void a_newer_store_is_refused(void **state)
{
	struct fixture f;
	char *before;

	(void)state;
	fixture_open(&f);
	sql(&f, "PRAGMA user_version=99");
	store_free(f.st);
	f.st = NULL;
	fails(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e), ERR_STORE,
		"newer Tocsin: it has format 99, this program knows", "newer program");
	fails(&f, store_open(&f.st, f.dir, STORE_READ, &f.e), ERR_STORE, "newer Tocsin",
		NULL);
	before = in_dir(&f, "seen.db");
	assert_int_equal(access(before, F_OK), 0);
	free(before);
	fixture_release(&f);
}

/* --- several at once --- */

static int open_and_write(const char *dir, int i)
{
	struct err e = ERR_INIT;
	struct store *st;
	char *key = mem_format("child.%d", i);
	int r = store_open(&st, dir, STORE_WRITE, &e);

	if (r == 0) {
		r = store_set(st, key, "here", &e);
		store_free(st);
	}
	free(key);
	if (r < 0)
		fprintf(stderr, "child %d: %s\n", i, e.what);
	return r < 0 ? 1 : 0;
}

static void many_open_the_same_new_store(void **state)
{
	enum { N = 8 };
	struct fixture f;
	pid_t pids[N];
	int gate[2];

	(void)state;
	fixture_init(&f);
	clock_real();
	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < N; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (!pids[i]) {
			char c;

			close(gate[1]);
			(void)!read(gate[0], &c, 1);
			_exit(open_and_write(f.dir, i));
		}
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < N; i++)
		assert_int_equal(wait_for(pids[i]), 0);
	ok(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e));
	assert_int_equal(
		number(&f, "SELECT count(*) FROM setting WHERE key LIKE 'child.%'"), N);
	fixture_release(&f);
}

static int count_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_F && strstr(path, ".new-"))
		fail_msg("left over: %s", path);
	return 0;
}

static void nothing_is_left_over_from_making_it(void **state)
{
	struct fixture f;

	(void)state;
	make_and_close(&f);
	assert_int_equal(nftw(f.dir, count_entry, 16, FTW_PHYS), 0);
	fixture_release(&f);
}

/* As two people of one group: one makes it, both write, whatever their umasks are. */
static int as_user(const char *dir, uid_t uid, gid_t gid, mode_t mask, int i)
{
	umask(mask);
	if (setgroups(1, &gid) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
		return 2;
	return open_and_write(dir, i);
}

static void two_users_of_a_group(void **state)
{
	const gid_t group = 54321;
	struct fixture f;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIP: two users need root\n");
		skip();
	}
	fixture_init(&f);
	clock_real();
	assert_int_equal(chmod(f.top, 0755), 0);
	assert_int_equal(mkdir(f.dir, 0700), 0);
	assert_int_equal(chown(f.dir, 0, group), 0);
	assert_int_equal(chmod(f.dir, 02770), 0);
	for (int i = 0; i < 4; i++) {
		pid = fork();
		if (!pid)
			_exit(as_user(f.dir, (uid_t)(54321 + i % 2), group,
				i % 2 ? 077 : 022, i));
		assert_int_equal(wait_for(pid), 0);
	}
	/* One holds it open while the other writes. */
	ok(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e));
	pid = fork();
	if (!pid)
		_exit(as_user(f.dir, 54321, group, 077, 4));
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(
		number(&f, "SELECT count(*) FROM setting WHERE key LIKE 'child.%'"), 5);
	assert_int_equal(mode_of(&f, "seen.db"), 0660);
	/* A third one, who is not of the group, is told so. */
	pid = fork();
	if (!pid)
		_exit(as_user(f.dir, 54399, 54399, 022, 9));
	assert_int_equal(wait_for(pid), 1);
	fixture_release(&f);
}

/* What root makes in somebody's store is theirs. */
static void root_leaves_nothing_of_its_own(void **state)
{
	struct fixture f;
	struct stat st;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIP: needs root\n");
		skip();
	}
	fixture_init(&f);
	clock_real();
	assert_int_equal(chmod(f.top, 0755), 0);
	assert_int_equal(mkdir(f.dir, 0700), 0);
	assert_int_equal(chown(f.dir, 54321, 54321), 0);
	ok(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e));
	for (const char *const *name =
			(const char *const[]){"seen.db", "record.db", "lock", NULL};
		*name; name++) {
		char *file = in_dir(&f, *name);

		assert_int_equal(stat(file, &st), 0);
		assert_int_equal(st.st_uid, 54321);
		free(file);
	}
	pid = fork();
	if (!pid)
		_exit(as_user(f.dir, 54321, 54321, 022, 0));
	assert_int_equal(wait_for(pid), 0);
	fixture_release(&f);
}

/* Exits 0 when opening failed with this code and all of these words. */
static int denied_child(const char *dir, enum store_mode mode, enum err_code code,
	const char *what, const char *hint)
{
	struct err e = ERR_INIT;
	struct store *st;

	if (setgid(54321) < 0 || setuid(54321) < 0)
		return 2;
	if (store_open(&st, dir, mode, &e) == 0)
		return 3;
	if (e.code == code && strstr(e.what, what) && e.hint && strstr(e.hint, hint))
		return 0;
	fprintf(stderr, "%s: %s; %s\n", err_code_name(e.code), e.what,
		e.hint ? e.hint : "-");
	return 4;
}

static void read_only_file_and_directory(void **state)
{
	struct fixture f;
	pid_t pid;

	(void)state;
	if (geteuid() != 0) {
		print_message("SKIP: needs root\n");
		skip();
	}
	make_and_close(&f);
	assert_int_equal(chmod(f.top, 0755), 0);
	assert_int_equal(chown(f.dir, 0, 0), 0);
	assert_int_equal(chmod(f.dir, 0755), 0);
	for (const char *const *name =
			(const char *const[]){"seen.db", "record.db", "lock", NULL};
		*name; name++) {
		char *file = in_dir(&f, *name);

		assert_int_equal(chmod(file, 0644), 0);
		free(file);
	}
	pid = fork();
	if (!pid)
		_exit(denied_child(f.dir, STORE_WRITE, ERR_DENIED, "cannot", "ritable"));
	assert_int_equal(wait_for(pid), 0);
	pid = fork();
	if (!pid)
		_exit(denied_child(f.dir, STORE_READ, ERR_DENIED, "cannot", "ritable"));
	assert_int_equal(wait_for(pid), 0);
	assert_int_equal(chmod(f.dir, 0700), 0);
	pid = fork();
	if (!pid)
		_exit(denied_child(
			f.dir, STORE_WRITE, ERR_DENIED, "Permission denied", "ritable"));
	assert_int_equal(wait_for(pid), 0);
	fixture_release(&f);
}

/* --- a disk that is full --- */

static int fill(const char *dir, bool leave_room)
{
	char *path = mem_format("%s/fill", dir), block[65536];
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	memset(block, 'x', sizeof(block));
	while (write(fd, block, sizeof(block)) > 0)
		;
	while (write(fd, block, 512) > 0)
		;
	if (leave_room && ftruncate(fd, lseek(fd, 0, SEEK_END) - 65536) < 0)
		return -1;
	free(path);
	return fd;
}

static int make_entry(void *ctx, const struct audit_row *last, struct audit_row *next,
	struct arena *a, struct err *e)
{
	(void)ctx;
	(void)last;
	(void)e;
	next->at = T0;
	next->entry = arena_format(a, "%0*d", 20000, 1);
	return 0;
}

/* In a file system of its own of 12 MiB: seen.db says so, record.db goes on from its reserve. */
static int full_disk(const char *dir)
{
	struct err e = ERR_INIT;
	struct store *st;
	char *value = mem_format("%0*d", 60000, 1), *key;
	int n = 0;

	if (mount("none", dir, "tmpfs", 0, "size=12m,mode=0700") < 0)
		return 77;
	if (store_open(&st, dir, STORE_WRITE, &e) < 0)
		return 2;
	fill(dir, false);
	for (n = 0; n < 1000; n++) {
		key = mem_format("k%d", n);
		if (store_set(st, key, value, &e) < 0)
			break;
		free(key);
	}
	if (n == 1000 || e.code != ERR_STORE || e.retry != RETRY_LATER ||
		!strstr(e.what, "no space left"))
		return 3;
	err_clear(&e);
	/* More than what is left over in pages: only the reserve can hold it. */
	for (n = 0; n < 60; n++)
		if (audit_append(st, make_entry, NULL, NULL, &e) < 0)
			return 4;
	if (audit_count(st) != 60)
		return 5;
	store_free(st);
	if (store_open(&st, dir, STORE_WRITE, &e) < 0 || audit_count(st) != 60)
		return 6;
	store_free(st);
	return 0;
}

static void a_full_disk_stops_seeing_not_recording(void **state)
{
	struct fixture f;
	pid_t pid;
	int r;

	(void)state;
	fixture_init(&f);
	clock_real();
	assert_int_equal(mkdir(f.dir, 0700), 0);
	pid = fork();
	if (!pid)
		_exit(unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) <
						0 ||
					mount("none", "/", NULL, MS_REC | MS_PRIVATE,
						NULL) < 0
				? 77
				: full_disk(f.dir));
	r = wait_for(pid);
	fixture_release(&f);
	if (r == 77) {
		print_message("SKIP: no file system can be mounted here\n");
		skip();
	}
	assert_int_equal(r, 0);
}

/* --- what a moment's death leaves --- */

static void death_in_a_transaction(void **state)
{
	struct fixture f;
	int ready[2];
	char c, *value;
	pid_t pid;

	(void)state;
	make_and_close(&f);
	clock_real();
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct err e = ERR_INIT;
		struct store *st;
		char *big = mem_format("%0*d", 1 << 20, 1);

		if (store_open(&st, f.dir, STORE_WRITE, &e) < 0 ||
			store_begin(st, &e) < 0)
			_exit(1);
		for (int i = 0; i < 20; i++) {
			char *key = mem_format("k%d", i);

			store_set(st, key, big, &e);
			free(key);
		}
		store_set(st, "key", "lost", &e);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(wait_for(pid), 128 + SIGKILL);
	ok(&f, store_open(&f.st, f.dir, STORE_WRITE, &f.e));
	value = store_get(f.st, "key");
	assert_string_equal(value, "value");
	free(value);
	assert_int_equal(number(&f, "SELECT count(*) FROM setting"), 1);
	ok(&f, store_set(f.st, "key", "on we go", &f.e));
	fixture_release(&f);
}

/* --- transactions, counters, versions --- */

FIXTURE_TEST(transactions_nest)
{
	ok(f, store_begin(f->st, &f->e));
	ok(f, store_set(f->st, "a", "1", &f->e));
	ok(f, store_begin(f->st, &f->e));
	ok(f, store_set(f->st, "b", "1", &f->e));
	ok(f, store_commit(f->st, &f->e));
	ok(f, store_commit(f->st, &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM setting"), 2);
	ok(f, store_begin(f->st, &f->e));
	ok(f, store_set(f->st, "c", "1", &f->e));
	ok(f, store_begin(f->st, &f->e));
	ok(f, store_set(f->st, "d", "1", &f->e));
	store_rollback(f->st);
	fails(f, store_commit(f->st, &f->e), ERR_STORE, "nothing was written", NULL);
	assert_int_equal(number(f, "SELECT count(*) FROM setting"), 2);
	ok(f, store_set(f->st, "c", "2", &f->e));
	assert_int_equal(number(f, "SELECT count(*) FROM setting"), 3);
	ok(f, store_set(f->st, "c", NULL, &f->e));
	assert_null(store_get(f->st, "c"));
}

FIXTURE_TEST(versions_tell_of_others)
{
	struct store *other;
	int64_t before, after;
	struct checkpoint_row c = {.size = 1, .at = T0, .note = "n"};

	ok(f, store_open(&other, f->dir, STORE_WRITE, &f->e));
	before = store_version(f->st);
	assert_true(store_version(f->st) == before);
	ok(f, store_set(other, "k", "v", &f->e));
	after = store_version(f->st);
	assert_true(after != before);
	ok(f, checkpoint_add(other, &c, &f->e));
	assert_true(store_version(f->st) != after);
	after = store_version(f->st);
	assert_true(store_version(f->st) == after);
	store_free(other);
}

FIXTURE_TEST(counters_say_what_moved)
{
	int64_t n[TOUCHES], m[TOUCHES];
	struct checkpoint_row c = {.size = 1, .at = T0, .note = "n"};
	struct run_row run = {.id = "r1", .started = T0, .ended = NONE_INT};

	ok(f, store_touched(f->st, n, &f->e));
	for (int i = 0; i < TOUCHES; i++)
		assert_int_equal(n[i], 0);
	ok(f, checkpoint_add(f->st, &c, &f->e));
	ok(f, run_create(f->st, &run, &f->e));
	ok(f, run_update(f->st, "r1", "done", T0 + 1, &f->e));
	ok(f, run_update(f->st, "none", "done", T0 + 1, &f->e));
	ok(f, store_set(f->st, "k", "v", &f->e));
	ok(f, store_touched(f->st, m, &f->e));
	assert_int_equal(m[TOUCH_AUDIT], 1);
	assert_int_equal(m[TOUCH_RUN], 2);
	assert_int_equal(m[TOUCH_RECORD], 0);
	assert_int_equal(m[TOUCH_SOURCE], 0);
}

FIXTURE_TEST(a_busy_store_says_so)
{
	struct store *other;

	ok(f, store_open(&other, f->dir, STORE_WRITE, &f->e));
	sqlite3_busy_timeout(f->st->seen.handle, 10);
	ok(f, store_begin(other, &f->e));
	assert_int_equal(store_begin(f->st, &f->e), -1);
	assert_int_equal(f->e.code, ERR_STORE);
	assert_int_equal(f->e.retry, RETRY_LATER);
	err_clear(&f->e);
	store_rollback(other);
	ok(f, store_begin(f->st, &f->e));
	ok(f, store_commit(f->st, &f->e));
	store_free(other);
}

/* clang-format off */
UNIT_TESTS(
	cmocka_unit_test(a_store_of_ones_own),
	cmocka_unit_test(a_shared_store_whatever_the_umask),
	cmocka_unit_test(modes_are_mended),
	cmocka_unit_test(refuses_directories_that_others_write),
	cmocka_unit_test(reading_makes_nothing),
	cmocka_unit_test(reading_reads_and_does_not_write),
	cmocka_unit_test(a_file_in_the_way),
	cmocka_unit_test(garbage_is_damage),
	cmocka_unit_test(empty_and_truncated_are_damage),
	cmocka_unit_test(damage_within_is_an_error_not_a_crash),
	cmocka_unit_test(seen_moved_aside_is_made_anew),
	cmocka_unit_test(record_is_never_made_anew),
	cmocka_unit_test(a_live_move_is_noticed),
	cmocka_unit_test(foreign_and_swapped_files),
	cmocka_unit_test(links_are_not_followed),
	cmocka_unit_test(a_newer_store_is_refused),
	cmocka_unit_test(many_open_the_same_new_store),
	cmocka_unit_test(nothing_is_left_over_from_making_it),
	cmocka_unit_test(two_users_of_a_group),
	cmocka_unit_test(root_leaves_nothing_of_its_own),
	cmocka_unit_test(read_only_file_and_directory),
	cmocka_unit_test(a_full_disk_stops_seeing_not_recording),
	cmocka_unit_test(death_in_a_transaction),
	cmocka_unit_test(transactions_nest),
	cmocka_unit_test(versions_tell_of_others),
	cmocka_unit_test(counters_say_what_moved),
	cmocka_unit_test(a_busy_store_says_so))
