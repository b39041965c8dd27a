#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include "model/record.h"
#include "store/migrate.h"
#include "store/table.h"

/* A file's history, as far as each version of the program knew it. */
static const char *const one[] = {
	"CREATE TABLE t (a TEXT) STRICT;", "INSERT INTO t VALUES ('first');", NULL};
static const char *const two[] = {"ALTER TABLE t ADD COLUMN b INTEGER;",
	"UPDATE t SET b = 2;",
	"CREATE TABLE log (n INTEGER) STRICT; INSERT INTO log VALUES (2);", NULL};
static const char *const three[] = {"INSERT INTO log VALUES (3);", NULL};
static const char *const broken[] = {"INSERT INTO log VALUES (4);", "NONSENSE;", NULL};

static const struct migration good[] = {{1, one}, {2, two}, {3, three}};
static const struct migration bad[] = {{1, one}, {2, two}, {3, three}, {4, broken}};

static struct migrations knowing(const struct migration *items, size_t n)
{
	return (struct migrations){.items = items, .n = n, .application_id = 42};
}

struct scratch {
	struct fixture f;
	char *path;
	struct db db;
};

/* A new file that knows these steps, open. */
static void scratch_new(struct scratch *s, const struct migrations *m)
{
	FILE *file;

	*s = (struct scratch){0};
	fixture_init(&s->f);
	s->path = mem_format("%s/x.db", s->f.top);
	file = fopen(s->path, "wb");
	assert_non_null(file);
	(void)fclose(file);
	ok(&s->f, db_open(&s->db, DB_SEEN, s->path, true, &s->f.e));
	ok(&s->f, migrate_new(&s->db, m, &s->f.e));
	ok(&s->f, migrate_run(&s->db, m, true, &s->f.e));
}

/* One that knows n of the steps above. */
static void scratch_init(struct scratch *s, size_t n)
{
	struct migrations m = knowing(good, n);

	scratch_new(s, &m);
}

static void scratch_release(struct scratch *s)
{
	db_close(&s->db);
	free(s->path);
	fixture_release(&s->f);
}

static int64_t ask(struct scratch *s, const char *query)
{
	sqlite3_stmt *stmt;
	int64_t out;

	assert_int_equal(
		sqlite3_prepare_v2(s->db.handle, query, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	out = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return out;
}

static void an_older_file_is_brought_up(void **state)
{
	struct migrations m = knowing(good, 3);

	(void)state;
	for (size_t from = 1; from <= 3; from++) {
		struct scratch s;

		scratch_init(&s, from);
		assert_int_equal(ask(&s, "PRAGMA user_version"), from);
		ok(&s.f, migrate_run(&s.db, &m, true, &s.f.e));
		ok(&s.f, migrate_run(&s.db, &m, true, &s.f.e));
		assert_int_equal(ask(&s, "PRAGMA user_version"), 3);
		assert_int_equal(ask(&s, "SELECT count(*) FROM t"), 1);
		assert_int_equal(ask(&s, "SELECT b FROM t"), 2);
		assert_int_equal(ask(&s, "SELECT count(*) FROM log"), 2);
		scratch_release(&s);
	}
}

static void a_reader_does_not_touch_an_older_one(void **state)
{
	struct migrations m = knowing(good, 3);
	struct scratch s;

	(void)state;
	scratch_init(&s, 2);
	fails(&s.f, migrate_run(&s.db, &m, false, &s.f.e), ERR_STORE, "older format",
		"start Tocsin once");
	assert_int_equal(ask(&s, "PRAGMA user_version"), 2);
	scratch_release(&s);
}

static void what_is_newer_or_foreign_is_refused(void **state)
{
	struct migrations m = knowing(good, 2), other = knowing(good, 3);
	struct scratch s;

	(void)state;
	scratch_init(&s, 3);
	fails(&s.f, migrate_run(&s.db, &m, true, &s.f.e), ERR_STORE,
		"has format 3, this program knows 2", NULL);
	other.application_id = 43;
	fails(&s.f, migrate_run(&s.db, &other, true, &s.f.e), ERR_STORE,
		"another program", NULL);
	scratch_release(&s);
}

static void a_step_that_fails_leaves_nothing(void **state)
{
	struct migrations m = knowing(bad, 4);
	struct scratch s;

	(void)state;
	scratch_init(&s, 2);
	assert_int_equal(migrate_run(&s.db, &m, true, &s.f.e), -1);
	assert_non_null(strstr(s.f.e.what, "NONSENSE"));
	/* The third stands, of the fourth there is nothing. */
	assert_int_equal(ask(&s, "PRAGMA user_version"), 3);
	assert_int_equal(ask(&s, "SELECT count(*) FROM log"), 2);
	scratch_release(&s);
}

static void two_bring_up_the_same_file(void **state)
{
	enum { N = 6 };
	struct migrations m = knowing(good, 3);
	struct scratch s;
	pid_t pids[N];

	(void)state;
	scratch_init(&s, 1);
	db_close(&s.db);
	for (int i = 0; i < N; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			struct err e = ERR_INIT;
			struct db db;

			if (db_open(&db, DB_SEEN, s.path, true, &e) < 0 ||
				migrate_run(&db, &m, true, &e) < 0) {
				fprintf(stderr, "%s\n", e.what);
				_exit(1);
			}
			db_close(&db);
			_exit(0);
		}
	}
	for (int i = 0; i < N; i++)
		assert_int_equal(wait_for(pids[i]), 0);
	ok(&s.f, db_open(&s.db, DB_SEEN, s.path, true, &s.f.e));
	assert_int_equal(ask(&s, "PRAGMA user_version"), 3);
	assert_int_equal(ask(&s, "SELECT count(*) FROM log"), 2);
	scratch_release(&s);
}

/* --- the real ones --- */

static void steps_are_numbered_without_gaps(void **state)
{
	(void)state;
	for (size_t i = 0; i < seen_migrations.n; i++)
		assert_int_equal(seen_migrations.items[i].number, i + 1);
	for (size_t i = 0; i < record_migrations.n; i++)
		assert_int_equal(record_migrations.items[i].number, i + 1);
	assert_int_not_equal(
		seen_migrations.application_id, record_migrations.application_id);
}

/* Two objects that shared a key in the first format no longer do, and pins go with them. */
static void old_keys_are_told_apart(void **state)
{
	struct migrations first = {.items = seen_migrations.items,
		.n = 1,
		.application_id = seen_migrations.application_id};
	struct scratch s;

	(void)state;
	scratch_new(&s, &first);
	ok(&s.f,
		db_exec(&s.db,
			"INSERT INTO model_version (seen_from, key, source, model, "
			"version) VALUES"
			" (1, 'a/b/c', 'o', 'a/b', 'c'), (1, 'a/b%/c', 'o', 'a', 'b%/c'),"
			" (1, 'a/b', 'o', 'a', 'b');"
			"INSERT INTO pin (kind, source, key, incident) VALUES"
			" ('model_version', 'o', 'a/b%/c', 'i'),"
			" ('model_version', 'o', 'a/b/c', 'i'),"
			" ('model_version', 'o', 'long/gone', 'i');"
			"INSERT INTO change (at, seen, source, kind, object, "
			"from_history)"
			" VALUES (1, 1, 'o', 'model_version', 'a/b', 0)",
			&s.f.e));
	ok(&s.f, migrate_run(&s.db, &seen_migrations, true, &s.f.e));
	assert_int_equal(ask(&s,
				 "SELECT count(*) FROM model_version WHERE model = 'a/b' "
				 "AND key = 'a/b/c'"),
		1);
	assert_int_equal(
		ask(&s, "SELECT count(*) FROM model_version WHERE key = 'a/b%25%2Fc'"),
		1);
	assert_int_equal(
		ask(&s, "SELECT count(*) FROM model_version WHERE key = 'a/b'"), 1);
	assert_int_equal(ask(&s,
				 "SELECT count(*) FROM pin WHERE key IN ('a/b%25%2Fc', "
				 "'a/b/c', 'long/gone')"),
		3);
	assert_int_equal(ask(&s,
				 "SELECT count(*) FROM change WHERE gap = 0 AND weight "
				 "IS NULL AND not_before IS NULL"),
		1);
	scratch_release(&s);
}

static const char *column_type(enum field_type t)
{
	if (t == FIELD_TEXT || t == FIELD_JSON)
		return "TEXT";
	return t == FIELD_REAL ? "REAL" : "INTEGER";
}

/* Every field has its column of the right type, and only those and the store's own exist. */
FIXTURE_TEST(tables_have_the_records_fields)
{
	for (int kind = REC_NONE + 1; kind < REC_KINDS; kind++) {
		const struct record_def *def = record_def(kind);
		size_t n = 0;
		char *text;

		for (size_t i = 0; i < def->n_fields; i++) {
			const struct field *field = &def->fields[i];

			if (!table_has(kind, field))
				continue;
			n++;
			text = mem_format("SELECT count(*) FROM pragma_table_info('%s') "
					  "WHERE name = '%s'"
					  " AND type = '%s'",
				def->name, field->name, column_type(field->type));
			if (number(f, text) != 1)
				fail_msg("no column %s.%s", def->name, field->name);
			free(text);
		}
		text = mem_format(
			"SELECT count(*) FROM pragma_table_info('%s') WHERE name NOT IN"
			" ('rid', 'seen_from', 'seen_to', 'key', 'at')",
			def->name);
		assert_int_equal(number(f, text), n);
		free(text);
	}
}

FIXTURE_TEST(all_tables_are_strict)
{
	assert_int_equal(
		number(f,
			"SELECT count(*) FROM pragma_table_list WHERE schema = 'main'"
			" AND type = 'table' AND NOT strict AND name NOT LIKE "
			"'sqlite_%'"),
		0);
	assert_true(
		number(f, "SELECT count(*) FROM pragma_table_list WHERE strict") > 20);
	assert_int_equal(number(f, "PRAGMA synchronous"), 1);
	assert_int_equal(number(f, "PRAGMA auto_vacuum"), 2);
	assert_int_equal(
		number(f, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}

FIXTURE_TEST(what_we_did_is_synced_fully)
{
	static const char query[] = "PRAGMA synchronous";
	int64_t level;

	ok(f, db_int(&level, &f->st->record, 0, query, &f->e, ""));
	assert_int_equal(level, 2);
}

/* clang-format off */
UNIT_TESTS(
	cmocka_unit_test(an_older_file_is_brought_up),
	cmocka_unit_test(a_reader_does_not_touch_an_older_one),
	cmocka_unit_test(what_is_newer_or_foreign_is_refused),
	cmocka_unit_test(a_step_that_fails_leaves_nothing),
	cmocka_unit_test(two_bring_up_the_same_file),
	cmocka_unit_test(steps_are_numbered_without_gaps),
	cmocka_unit_test(old_keys_are_told_apart),
	cmocka_unit_test(tables_have_the_records_fields),
	cmocka_unit_test(all_tables_are_strict),
	cmocka_unit_test(what_we_did_is_synced_fully))
