#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/path.h"

/* Each test has a directory of its own. */
static int enter(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char *dir = mem_format("%s/tocsin-path-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	*state = mkdtemp(dir);
	return *state ? 0 : -1;
}

static void remove_tree(const char *dir)
{
	char **names;
	size_t n;
	struct err e = ERR_INIT;

	chmod(dir, 0700);
	if (path_list(&names, &n, dir, NULL, &e))
		fail_msg("%s", e.what);
	for (size_t i = 0; i < n; i++) {
		char *file = path_join(dir, names[i]);

		if (unlink(file))
			remove_tree(file);
		free(file);
	}
	path_list_free(names, n);
	rmdir(dir);
}

static int leave(void **state)
{
	remove_tree(*state);
	free(*state);
	return 0;
}

static void assert_owned(char *got, const char *expected)
{
	assert_string_equal(got, expected);
	free(got);
}

static void takes_paths_apart(void **state)
{
	static const char *const rows[][3] = {
		{"/a/b", "/a", "b"},
		{"a/b/", "a", "b/"},
		{"a", ".", "a"},
		{"/a", "/", "a"},
		{"a//b", "a", "b"},
		{"/", "/", ""},
		{"", ".", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_owned(path_dir(rows[i][0]), rows[i][1]);
		assert_string_equal(path_base(rows[i][0]), rows[i][2]);
	}
	assert_owned(path_dir("//"), "/");
}

static void joins(void **state)
{
	(void)state;
	assert_owned(path_join("/a", "b"), "/a/b");
	assert_owned(path_join("/a/", "b/c"), "/a/b/c");
	assert_owned(path_join("/", "b"), "/b");
	assert_owned(path_join("/a", "/b"), "/b");
	assert_owned(path_join("", "b"), "b");
	assert_owned(path_join("/a", ""), "/a");
	assert_owned(path_join("/a", NULL), "/a");
}

static void expands(void **state)
{
	(void)state;
	setenv("HOME", "/home/ada", 1);
	assert_owned(path_expand("~/x", "/d"), "/home/ada/x");
	assert_owned(path_expand("~", "/d"), "/home/ada");
	assert_owned(path_expand("~//x", "/d"), "/home/ada/x");
	assert_owned(path_expand("x/~", "/d"), "/d/x/~");
	assert_owned(path_expand("~x", "/d"), "/d/~x");
	assert_owned(path_expand("/x", "/d"), "/x");
	assert_owned(path_expand("x", NULL), "x");
}

static void xdg_directories(void **state)
{
	(void)state;
	setenv("HOME", "/home/ada", 1);
	unsetenv("XDG_CONFIG_HOME");
	setenv("XDG_STATE_HOME", "relative/is/ignored", 1);
	setenv("XDG_CACHE_HOME", "/cache", 1);
	unsetenv("XDG_RUNTIME_DIR");
	assert_owned(path_config("config.yaml"), "/home/ada/.config/tocsin/config.yaml");
	assert_owned(path_state("seen.db"), "/home/ada/.local/state/tocsin/seen.db");
	assert_owned(path_cache(NULL), "/cache/tocsin");
	assert_owned(path_runtime("s"), "/home/ada/.local/state/tocsin/run/s");
	setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
	assert_owned(path_runtime("s"), "/run/user/7/tocsin/s");
	unsetenv("HOME");
	*state = path_config(NULL);
	assert_int_equal(*(char *)*state, '/');
	free(*state);
}

static void data_that_ships(void **state)
{
	(void)state;
	setenv("TOCSIN_DATADIR", "/here", 1);
	assert_owned(
		path_data("connectors", "mlflow.yaml"), "/here/connectors/mlflow.yaml");
	assert_owned(path_data("themes", NULL), "/here/themes");
	unsetenv("TOCSIN_DATADIR");
	assert_owned(path_data("themes", "night.yaml"), PKGDATADIR "/themes/night.yaml");
	assert_owned(path_system("config.yaml"), SYSCONFDIR "/tocsin/config.yaml");
}

static void makes_directories(void **state)
{
	char *deep = path_join(*state, "a/b/c"), *file = path_join(*state, "f");
	char *below = path_join(file, "x");
	struct err e = ERR_INIT;
	struct stat st;

	assert_int_equal(path_make_dir(deep, 0700, &e), 0);
	assert_int_equal(path_make_dir(deep, 0700, &e), 0);
	assert_int_equal(stat(deep, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_int_equal(path_write(file, "", 0, 0600, &e), 0);
	assert_int_equal(path_make_dir(file, 0700, &e), -1);
	assert_non_null(strstr(e.what, "not a directory"));
	assert_int_equal(path_make_dir(below, 0700, &e), -1);
	assert_int_equal(path_make_dir("", 0700, &e), -1);
	err_release(&e);
	free(below);
	free(file);
	free(deep);
}

static void reads_whole_files(void **state)
{
	char *file = path_join(*state, "f"), *none = path_join(*state, "none");
	struct strbuf sb = STRBUF_INIT, big = STRBUF_INIT;
	struct err e = ERR_INIT;

	for (int i = 0; i < 100000; i++)
		strbuf_add(&big, "ab\0", 3);
	assert_int_equal(path_write(file, big.buf, big.len, 0600, &e), 0);
	strbuf_adds(&sb, "before");
	assert_int_equal(path_read(&sb, file, big.len, &e), 0);
	assert_int_equal(sb.len, big.len + 6);
	assert_memory_equal(sb.buf + 6, big.buf, big.len + 1);
	strbuf_truncate(&sb, 6);
	assert_int_equal(path_read(&sb, file, big.len - 1, &e), -1);
	assert_int_equal(e.code, ERR_LIMIT);
	assert_string_equal(sb.buf, "before");
	assert_int_equal(path_read(&sb, none, 1, &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	assert_int_equal(path_read(&sb, *state, 1, &e), -1);
	assert_int_equal(e.code, ERR_INPUT);
	strbuf_release(&sb);
	strbuf_release(&big);
	err_release(&e);
	free(none);
	free(file);
}

/* Nobody writes into this FIFO: an open that waits would wait for ever. */
static void a_fifo_is_refused_at_once(void **state)
{
	char *file = path_join(*state, "fifo");
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;

	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(path_read(&sb, file, 100, &e), -1);
	assert_non_null(strstr(e.what, "not a regular file"));
	err_release(&e);
	free(file);
}

static void writes_by_renaming(void **state)
{
	char *file = path_join(*state, "f"), *link = path_join(*state, "l");
	char *none = path_join(*state, "no/such/f");
	struct strbuf sb = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct stat st;
	char **names;
	size_t n;

	assert_int_equal(path_write(file, "old", 3, 0644, &e), 0);
	assert_int_equal(symlink("f", link), 0);
	assert_int_equal(path_write(link, "new", 3, 0640, &e), 0);
	/* The link is replaced, what it points at is not followed. */
	assert_int_equal(lstat(link, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(path_read(&sb, file, 10, &e), 0);
	assert_string_equal(sb.buf, "old");
	assert_int_equal(path_write(none, "x", 1, 0600, &e), -1);
	assert_non_null(strstr(e.what, "no/such/f"));
	/* A directory in the way: nothing is left beside it. */
	assert_int_equal(unlink(link), 0);
	assert_int_equal(mkdir(link, 0700), 0);
	assert_int_equal(path_write(link, "x", 1, 0600, &e), -1);
	assert_int_equal(path_list(&names, &n, *state, NULL, &e), 0);
	assert_int_equal(n, 2);
	path_list_free(names, n);
	strbuf_release(&sb);
	err_release(&e);
	free(none);
	free(link);
	free(file);
}

static void lists(void **state)
{
	static const char *const files[] = {
		"b.yaml", "a.yaml", "B.yaml", ".hidden.yaml", "c.yml", ".yaml", "yaml"};
	char *none = path_join(*state, "none");
	struct err e = ERR_INIT;
	char **names;
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *file = path_join(*state, files[i]);

		assert_int_equal(path_write(file, "", 0, 0600, &e), 0);
		free(file);
	}
	assert_int_equal(path_list(&names, &n, *state, ".yaml", &e), 0);
	assert_int_equal(n, 3);
	assert_string_equal(names[0], "B.yaml");
	assert_string_equal(names[1], "a.yaml");
	assert_string_equal(names[2], "b.yaml");
	path_list_free(names, n);
	assert_int_equal(path_list(&names, &n, none, NULL, &e), 0);
	assert_int_equal(n, 0);
	path_list_free(names, n);
	free(none);
}

static void local_files_are_local(void **state)
{
	char *none = path_join(*state, "not/yet/there");

	assert_int_equal(path_is_network(*state), path_is_network(none));
	assert_false(path_is_network("/proc"));
	assert_false(path_is_network("/proc/none"));
	free(none);
}

static void an_upgraded_program_is_what_replaced_it(void **state)
{
	char *file = path_join(*state, "tool"), *gone = mem_format("%s (deleted)", file);
	struct err e = ERR_INIT;
	char *got = path_program_of(gone);

	assert_string_equal(got, "/proc/self/exe");
	free(got);
	assert_int_equal(path_write(file, "", 0, 0700, &e), 0);
	got = path_program_of(gone);
	assert_string_equal(got, file);
	free(got);
	got = path_program_of(file);
	assert_string_equal(got, file);
	free(got);
	/* A file that is called so, whatever the name. */
	assert_int_equal(path_write(gone, "", 0, 0700, &e), 0);
	got = path_program_of(gone);
	assert_string_equal(got, gone);
	free(got);
	free(gone);
	free(file);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, enter, leave)

UNIT_TESTS(cmocka_unit_test(takes_paths_apart), cmocka_unit_test(joins),
	cmocka_unit_test(expands), cmocka_unit_test(xdg_directories),
	cmocka_unit_test(data_that_ships), WITH_DIR(makes_directories),
	WITH_DIR(reads_whole_files), WITH_DIR(a_fifo_is_refused_at_once),
	WITH_DIR(writes_by_renaming), WITH_DIR(lists), WITH_DIR(local_files_are_local),
	WITH_DIR(an_upgraded_program_is_what_replaced_it))
