/* store.h - a store in a directory of its own, for the tests of store/ */
#ifndef TOCSIN_TESTS_STORE_H
#define TOCSIN_TESTS_STORE_H

#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/err.h"
#include "core/strbuf.h"
#include "store/inside.h"
#include "store/store.h"

#define T0 (INT64_C(1794999600) * NS_PER_S)
#define S(n) ((n) * NS_PER_S)

struct fixture {
	char		*top;	/* removed at the end */
	char		*dir;	/* the store's, in it */
	struct store	*st;
	struct arena	a;
	struct err	e;
};

/* Passes when what returned 0; else says why. */
#define ok(f, call) ok_at((f), (call), #call, __LINE__)
static inline void ok_at(struct fixture *f, int r, const char *call, int line)
{
	if (r < 0)
		fail_msg("line %d: %s: %s (%s)", line, call, f->e.what ? f->e.what : "?",
			f->e.where ? f->e.where : "");
}

/* Passes when it failed with this code, words that hold `what`, and a hint that holds `hint`. */
#define fails(f, call, code, what, hint) fails_at((f), (call), (code), (what), (hint), __LINE__)
static inline void fails_at(struct fixture *f, int r, enum err_code code, const char *what,
	const char *hint, int line)
{
	if (r != -1)
		fail_msg("line %d: %d instead of an error", line, r);
	if (f->e.code != code || !strstr(f->e.what, what) ||
		(hint && (!f->e.hint || !strstr(f->e.hint, hint))))
		fail_msg("line %d: %s: %s; %s", line, err_code_name(f->e.code), f->e.what,
			f->e.hint ? f->e.hint : "no hint");
	err_clear(&f->e);
}

static inline void fixture_init(struct fixture *f)
{
	const char *tmp = getenv("TMPDIR");

	*f = (struct fixture){.top = mem_format("%s/tocsin-store-XXXXXX", tmp ? tmp : "/tmp")};
	assert_non_null(mkdtemp(f->top));
	f->dir = mem_format("%s/store", f->top);
	arena_init(&f->a);
	clock_freeze(T0, 0);
}

static inline void fixture_open(struct fixture *f)
{
	fixture_init(f);
	ok(f, store_open(&f->st, f->dir, STORE_WRITE, &f->e));
}

/* Close and open again: what is on the disk counts. */
static inline void fixture_again(struct fixture *f)
{
	store_free(f->st);
	f->st = NULL;
	ok(f, store_open(&f->st, f->dir, STORE_WRITE, &f->e));
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void fixture_release(struct fixture *f)
{
	store_free(f->st);
	clock_real();
	arena_release(&f->a);
	err_release(&f->e);
	if (f->top)
		nftw(f->top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(f->top);
	free(f->dir);
}

static inline void sql(struct fixture *f, const char *text)
{
	ok(f, db_exec(&f->st->seen, text, &f->e));
}

static inline int64_t number(struct fixture *f, const char *query)
{
	sqlite3_stmt *s;
	int64_t out;

	assert_int_equal(sqlite3_prepare_v2(f->st->seen.handle, query, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return out;
}

/* A source's row as source_sync() makes it, with generation 1. */
static inline void add_source(struct fixture *f, const char *name)
{
	char *text = mem_format("INSERT INTO source (name, type, context, every_ns, added, generation)"
				" VALUES ('%s', 'test', 'test', 15000000000, %lld, 1)",
		name, (long long)T0);

	sql(f, text);
	free(text);
}

/* The child's exit status; what it did wrong it says with _exit(n). */
static inline int wait_for(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#define FIXTURE_TEST(name)                                                              \
	static void name##_in(struct fixture *f);                                       \
	static void name(void **state)                                                  \
	{                                                                               \
		struct fixture f;                                                       \
		(void)state;                                                            \
		fixture_open(&f);                                                       \
		name##_in(&f);                                                          \
		fixture_release(&f);                                                    \
	}                                                                               \
	static void name##_in(struct fixture *f)

#endif
