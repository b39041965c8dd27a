#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include <signal.h>

#include "core/digest.h"
#include "store/journal.h"

static struct run_row run(const char *id, const char *service)
{
	return (struct run_row){.id = id,
		.runbook = "bad-model-version",
		.title = "Roll back a bad model version",
		.file = "/rb.md",
		.sha256 = "abc",
		.service = service,
		.context = "prod",
		.user = "ann",
		.started = T0,
		.ended = NONE_INT,
		.changing = true,
		.vars = "{}",
		.state = "running"};
}

FIXTURE_TEST(a_run_from_start_to_end)
{
	struct run_row r = run("r1", "checkout"), got;

	ok(f, run_create(f->st, &r, &f->e));
	ok(f, run_find(&got, &f->a, f->st, "r1", &f->e));
	assert_string_equal(got.title, r.title);
	assert_string_equal(got.context, "prod");
	assert_true(got.changing && !got.dry_run && got.ended == NONE_INT);
	ok(f, run_vars(f->st, "r1", "{\"TO\":\"12\"}", &f->e));
	ok(f, run_update(f->st, "r1", "failed", T0 + S(60), &f->e));
	fixture_again(f);
	ok(f, run_find(&got, &f->a, f->st, "r1", &f->e));
	assert_string_equal(got.state, "failed");
	assert_string_equal(got.vars, "{\"TO\":\"12\"}");
	assert_true(got.ended == T0 + S(60));
	fails(f, run_find(&got, &f->a, f->st, "r2", &f->e), ERR_NOT_FOUND, "no run 'r2'",
		NULL);
	fails(f, run_create(f->st, &r, &f->e), ERR_CONFLICT, "refuses", NULL);
}

FIXTURE_TEST(one_changing_run_on_a_service)
{
	struct run_row a = run("a", "checkout"), b = run("b", "checkout"),
		       c = run("c", "cart"), d = run("d", "checkout"),
		       x = run("x", "checkout"), n = run("n", NULL), m = run("m", NULL);

	ok(f, run_create(f->st, &a, &f->e));
	b.user = "bob";
	fails(f, run_create(f->st, &b, &f->e), ERR_CONFLICT,
		"ann is already changing the service 'checkout' with 'Roll back a bad "
		"model version'",
		"Join that run");
	ok(f, run_create(f->st, &c, &f->e));
	d.dry_run = true;
	ok(f, run_create(f->st, &d, &f->e));
	x.context = "staging";
	ok(f, run_create(f->st, &x, &f->e));
	ok(f, run_create(f->st, &n, &f->e));
	ok(f, run_create(f->st, &m, &f->e));
	b.changing = false;
	ok(f, run_create(f->st, &b, &f->e));
	ok(f, run_update(f->st, "a", "done", T0 + S(5), &f->e));
	b = run("b2", "checkout");
	ok(f, run_create(f->st, &b, &f->e));
}

/* Of many that begin at the same time one gets it, whoever that is. */
FIXTURE_TEST(one_of_many_gets_the_service)
{
	enum { N = 6 };
	pid_t pids[N];
	int won = 0;

	for (int i = 0; i < N; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			struct err e = ERR_INIT;
			struct store *st;
			char *id = mem_format("r%d", i);
			struct run_row r = run(id, "checkout");

			if (store_open(&st, f->dir, STORE_WRITE, &e) < 0)
				_exit(2);
			if (run_create(st, &r, &e) == 0)
				_exit(0);
			_exit(e.code == ERR_CONFLICT && strstr(e.what, "ann") ? 1 : 3);
		}
	}
	for (int i = 0; i < N; i++) {
		int r = wait_for(pids[i]);

		assert_in_range(r, 0, 1);
		won += r == 0;
	}
	assert_int_equal(won, 1);
}

FIXTURE_TEST(runs_are_listed_as_they_were)
{
	struct run_list list;

	for (int i = 0; i < 5; i++) {
		char *id = arena_format(&f->a, "r%d", i);
		struct run_row r = run(id, id);

		r.started = T0 + S(i);
		ok(f, run_create(f->st, &r, &f->e));
		if (i < 3)
			ok(f, run_update(f->st, id, "done", T0 + S(10 + i), &f->e));
	}
	ok(f, run_list(&list, &f->a, f->st, false, AT_NOW, 99, &f->e));
	assert_int_equal(list.n, 5);
	assert_string_equal(list.items[0].id, "r4");
	assert_string_equal(list.items[4].state, "done");
	ok(f, run_list(&list, &f->a, f->st, true, AT_NOW, 99, &f->e));
	assert_int_equal(list.n, 2);
	ok(f, run_list(&list, &f->a, f->st, true, T0 + S(11), 99, &f->e));
	assert_int_equal(list.n, 3);
	assert_string_equal(list.items[2].id, "r2");
	assert_string_equal(list.items[2].state, "running");
	assert_true(list.items[2].ended == NONE_INT);
	ok(f, run_list(&list, &f->a, f->st, false, T0 + S(1), 99, &f->e));
	assert_int_equal(list.n, 2);
	ok(f, run_list(&list, &f->a, f->st, false, AT_NOW, 2, &f->e));
	assert_int_equal(list.n, 2);
	assert_true(list.more);
}

FIXTURE_TEST(steps_are_put_before_and_after)
{
	struct step_row s = {.run = "r1",
		.n = 2,
		.name = "drain",
		.kind = "sh",
		.phase = "contain",
		.risk = "change",
		.state = STEP_RUNNING,
		.attempt = 1,
		.started = T0,
		.ended = NONE_INT,
		.exit_code = NONE_INT,
		.pid = 77,
		.before_value = "12",
		.how = "type"};
	struct step_list list;

	ok(f, step_put(f->st, &s, &f->e));
	ok(f, step_output_add(f->st, "r1", 2, 0, "hello", 5, &f->e));
	fixture_again(f);
	ok(f, step_list(&list, &f->a, f->st, "r1", &f->e));
	assert_int_equal(list.n, 1);
	assert_int_equal(list.items[0].state, STEP_RUNNING);
	assert_true(
		list.items[0].ended == NONE_INT && list.items[0].exit_code == NONE_INT);
	s.state = STEP_TIMED_OUT;
	s.ended = T0 + S(60);
	s.exit_code = 0;
	s.after_value = "13";
	s.note = "n";
	s.error = "e";
	ok(f, step_put(f->st, &s, &f->e));
	s.n = 1;
	s.state = STEP_OK;
	ok(f, step_put(f->st, &s, &f->e));
	ok(f, step_list(&list, &f->a, f->st, "r1", &f->e));
	assert_int_equal(list.n, 2);
	assert_int_equal(list.items[0].n, 1);
	assert_int_equal(list.items[1].state, STEP_TIMED_OUT);
	assert_int_equal(list.items[1].exit_code, 0);
	assert_int_equal(list.items[1].output_bytes, 5);
	assert_string_equal(list.items[1].how, "type");
	assert_string_equal(list.items[1].before_value, "12");
	for (int i = STEP_NONE; i < STEP_STATES; i++)
		assert_non_null(step_state_name((enum step_state)i));
	assert_string_equal(step_state_name(STEP_TIMED_OUT), "timed-out");
}

/* --- output --- */

/* Byte i of the whole output. */
static char byte_at(int64_t i)
{
	return (char)('a' + (i * 7 + i / 251) % 26);
}

static void add_output(struct fixture *f, int64_t from, int64_t to, size_t chunk)
{
	char *data = mem_new(chunk, 1);

	while (from < to) {
		size_t n = to - from < (int64_t)chunk ? (size_t)(to - from) : chunk;

		for (size_t i = 0; i < n; i++)
			data[i] = byte_at(from + (int64_t)i);
		ok(f, step_output_add(f->st, "r", 1, from, data, n, &f->e));
		from += (int64_t)n;
	}
	free(data);
}

/* Reads from `from` on; checks each byte; returns where it ended. */
static int64_t read_output(struct fixture *f, int64_t from, int64_t *at, size_t max)
{
	struct strbuf out = STRBUF_INIT;
	int64_t end;

	ok(f, step_output(&out, at, f->st, "r", 1, from, max, &f->e));
	for (size_t i = 0; i < out.len; i++)
		if (out.buf[i] != byte_at(*at + (int64_t)i))
			fail_msg("byte %lld is wrong", (long long)*at + (long long)i);
	end = *at + (int64_t)out.len;
	strbuf_release(&out);
	return end;
}

FIXTURE_TEST(output_is_followed)
{
	struct step_row s = {.run = "r", .n = 1, .state = STEP_RUNNING, .started = T0};
	struct step_list list;
	int64_t at, end;

	ok(f, step_put(f->st, &s, &f->e));
	assert_int_equal(read_output(f, 0, &at, 100), 0);
	add_output(f, 0, 1000, 300);
	assert_int_equal(read_output(f, 0, &at, 100), 100);
	assert_int_equal(at, 0);
	assert_int_equal(read_output(f, 100, &at, 9999), 1000);
	assert_int_equal(at, 100);
	assert_int_equal(read_output(f, 1000, &at, 9999), 1000);
	add_output(f, 1000, 1010, 7);
	end = read_output(f, 1000, &at, 9999);
	assert_int_equal(end, 1010);
	/* The same chunk again is no harm. */
	add_output(f, 1000, 1007, 7);
	assert_int_equal(read_output(f, 990, &at, 9999), 1010);
	ok(f, step_list(&list, &f->a, f->st, "r", &f->e));
	assert_int_equal(list.items[0].output_bytes, 1010);
	ok(f, step_output_clear(f->st, "r", 1, &f->e));
	assert_int_equal(read_output(f, 0, &at, 9999), 0);
	ok(f, step_list(&list, &f->a, f->st, "r", &f->e));
	assert_int_equal(list.items[0].output_bytes, 0);
}

/* 5 MiB: the first and the last megabyte stay, in between there is a gap. */
FIXTURE_TEST(a_flood_keeps_both_ends)
{
	const int64_t total = 5 << 20, mib = 1 << 20;
	int64_t at, end, kept;

	add_output(f, 0, total, 100000);
	end = read_output(f, 0, &at, 9 << 20);
	assert_int_equal(at, 0);
	assert_true(end >= mib && end < mib + 65536);
	end = read_output(f, end, &at, 9 << 20);
	assert_int_equal(end, total);
	assert_true(at <= total - mib && at > total - mib - 65536 - 1);
	ok(f,
		db_int(&kept, &f->st->record, 0,
			"SELECT sum(length(data)) FROM step_output", &f->e, ""));
	assert_true(kept >= 2 * mib && kept < 2 * mib + 2 * 65536);
}

/* The writer itself may leave out the middle. */
FIXTURE_TEST(the_writer_may_skip)
{
	int64_t at;

	add_output(f, 0, 100, 100);
	add_output(f, 500000, 500100, 100);
	assert_int_equal(read_output(f, 0, &at, 9999), 100);
	assert_int_equal(read_output(f, 100, &at, 9999), 500100);
	assert_int_equal(at, 500000);
	assert_int_equal(read_output(f, 500050, &at, 20), 500070);
	assert_int_equal(at, 500050);
}

FIXTURE_TEST(requests_reach_the_step)
{
	char *what;

	ok(f, step_requested(&what, f->st, "r", 1, &f->e));
	assert_null(what);
	ok(f, step_request(f->st, "r", 1, "cancel", "bob", T0, &f->e));
	ok(f, step_request(f->st, "r", 1, "kill", "bob", T0, &f->e));
	ok(f, step_request(f->st, "r", 2, "cancel", "bob", T0, &f->e));
	ok(f, step_requested(&what, f->st, "r", 1, &f->e));
	assert_string_equal(what, "kill");
	free(what);
}

/* --- audit --- */

static int make(void *ctx, const struct audit_row *last, struct audit_row *next,
	struct arena *a, struct err *e)
{
	const char *what = ctx;

	if (!strcmp(what, "fail"))
		return err_set(e, ERR_INPUT, "no");
	next->at = T0 + last->seq;
	next->entry = arena_format(
		a, "{\"seq\":%lld,\"what\":\"%s\"}", (long long)next->seq, what);
	next->prev = last->hash;
	next->hash = digest_of2(
		last->hash.bytes, DIGEST_BYTES, next->entry, strlen(next->entry));
	return 0;
}

static void append(struct fixture *f, const char *what, int64_t want)
{
	int64_t seq = 0;

	ok(f, audit_append(f->st, make, (void *)(uintptr_t)what, &seq, &f->e));
	assert_int_equal(seq, want);
}

FIXTURE_TEST(entries_are_chained)
{
	struct audit_list list;
	struct digest zero = {{0}};

	assert_int_equal(audit_count(f->st), 0);
	for (int i = 1; i <= 9; i++)
		append(f, "x", i);
	fails(f, audit_append(f->st, make, (void *)(uintptr_t) "fail", NULL, &f->e),
		ERR_INPUT, "no", NULL);
	fixture_again(f);
	append(f, "x", 10);
	assert_int_equal(audit_count(f->st), 10);
	ok(f, audit_list(&list, &f->a, f->st, 1, 99, &f->e));
	assert_int_equal(list.n, 10);
	assert_memory_equal(&list.items[0].prev, &zero, sizeof(zero));
	for (size_t i = 0; i < list.n; i++) {
		assert_int_equal(list.items[i].seq, i + 1);
		assert_true(list.items[i].at == T0 + (int64_t)i);
		if (i)
			assert_memory_equal(&list.items[i].prev, &list.items[i - 1].hash,
				DIGEST_BYTES);
	}
	ok(f, audit_list(&list, &f->a, f->st, 4, 3, &f->e));
	assert_true(list.n == 3 && list.more && list.items[0].seq == 4);
	ok(f, audit_newest(&list, &f->a, f->st, AT_NOW, 4, &f->e));
	assert_true(list.n == 4 && list.more && list.items[0].seq == 10);
	ok(f, audit_newest(&list, &f->a, f->st, 3, 4, &f->e));
	assert_true(list.n == 2 && !list.more && list.items[1].seq == 1);
}

FIXTURE_TEST(the_log_is_append_only)
{
	static const char *const refused[] = {
		"UPDATE audit SET entry = 'x' WHERE seq = 1",
		"DELETE FROM audit WHERE seq = 2",
		"DELETE FROM audit",
		"INSERT INTO audit VALUES (5, 0, 'x', x'00', x'00')",
		"INSERT INTO audit VALUES (2, 0, 'x', x'00', x'00')",
		"INSERT INTO audit (at, entry, prev, hash) VALUES (0, 'x', x'00', x'00')",
		"INSERT OR REPLACE INTO audit VALUES (2, 0, 'x', x'00', x'00')",
		"REPLACE INTO audit VALUES (1, 0, 'x', x'00', x'00')",
		"INSERT INTO audit VALUES (0, 0, 'x', x'00', x'00')",
		"UPDATE OR REPLACE audit SET seq = 9",
		"UPDATE checkpoint SET note = 'x'",
		"DELETE FROM checkpoint",
	};
	struct checkpoint_row c = {.size = 2, .at = T0, .note = "note"}, *got;
	size_t n;

	append(f, "a", 1);
	append(f, "b", 2);
	append(f, "c", 3);
	ok(f, checkpoint_add(f->st, &c, &f->e));
	c.size = 3;
	c.signer = "SHA256:x";
	ok(f, checkpoint_add(f->st, &c, &f->e));
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		if (db_exec(&f->st->record, refused[i], &f->e) == 0)
			fail_msg("not refused: %s", refused[i]);
		assert_int_equal(f->e.code, ERR_CONFLICT);
		err_clear(&f->e);
	}
	append(f, "d", 4);
	ok(f, checkpoint_list(&got, &n, &f->a, f->st, &f->e));
	assert_int_equal(n, 2);
	assert_true(got[0].size == 2 && !got[0].signer);
	assert_string_equal(got[1].signer, "SHA256:x");
}

/* Several write at once: no number is lost or given twice, and the chain holds. */
FIXTURE_TEST(many_write_to_the_log)
{
	enum { N = 5, EACH = 8 };
	struct audit_list list;
	pid_t pids[N];

	for (int i = 0; i < N; i++) {
		pids[i] = fork();
		if (!pids[i]) {
			struct err e = ERR_INIT;
			struct store *st;
			char who[] = "A";

			who[0] += (char)i;
			if (store_open(&st, f->dir, STORE_WRITE, &e) < 0)
				_exit(2);
			for (int k = 0; k < EACH; k++)
				if (audit_append(st, make, who, NULL, &e) < 0)
					_exit(1);
			_exit(0);
		}
	}
	for (int i = 0; i < N; i++)
		assert_int_equal(wait_for(pids[i]), 0);
	ok(f, audit_list(&list, &f->a, f->st, 1, 999, &f->e));
	assert_int_equal(list.n, N * EACH);
	for (size_t i = 1; i < list.n; i++) {
		assert_int_equal(list.items[i].seq, i + 1);
		assert_memory_equal(
			&list.items[i].prev, &list.items[i - 1].hash, DIGEST_BYTES);
	}
}

/* What was appended is there after the process was killed, the next moment. */
FIXTURE_TEST(an_entry_outlives_its_writer)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct err e = ERR_INIT;
		struct store *st;

		if (store_open(&st, f->dir, STORE_WRITE, &e) < 0 ||
			audit_append(st, make, (void *)(uintptr_t) "x", NULL, &e) < 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			pause();
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	kill(pid, SIGKILL);
	wait_for(pid);
	fixture_again(f);
	assert_int_equal(audit_count(f->st), 1);
	close(ready[0]);
	close(ready[1]);
}

/* clang-format off */
UNIT_TESTS(
	cmocka_unit_test(a_run_from_start_to_end),
	cmocka_unit_test(one_changing_run_on_a_service),
	cmocka_unit_test(one_of_many_gets_the_service),
	cmocka_unit_test(runs_are_listed_as_they_were),
	cmocka_unit_test(steps_are_put_before_and_after),
	cmocka_unit_test(output_is_followed),
	cmocka_unit_test(a_flood_keeps_both_ends),
	cmocka_unit_test(the_writer_may_skip),
	cmocka_unit_test(requests_reach_the_step),
	cmocka_unit_test(entries_are_chained),
	cmocka_unit_test(the_log_is_append_only),
	cmocka_unit_test(many_write_to_the_log),
	cmocka_unit_test(an_entry_outlives_its_writer))
