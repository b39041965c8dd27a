#include "tests/unit/readers.h"

#include <signal.h>

#include "poll/poll.h"

/* The collector runs a loop of its own, so the server runs in a child. */
static const char config[] =
	"contexts:\n- {name: c, sources: [am, gone, secret]}\n"
	"- {name: d, sources: [am]}\n"
	"sources:\n"
	"- {name: am, type: alertmanager, url: 'http://127.0.0.1:%', every: 1h}\n"
	"- {name: gone, type: alertmanager, url: 'http://127.0.0.1:1', every: 1h}\n"
	"- {name: secret, type: alertmanager, url: 'http://127.0.0.1:%', every: 1h,"
	" auth: {bearer: {env: TOCSIN_TEST_NOT_SET}}}\n";

struct server {
	struct bench b;
	struct script script[4];
	pid_t pid, daemon;
	struct want want; /* that is waited for */
};

static void server_start(struct server *s)
{
	memset(s, 0, sizeof(*s));
	unsetenv("TOCSIN_TEST_NOT_SET");
	bench_init(&s->b, config, NULL);
	clock_real();
	s->script[0] = (struct script){.of = "alerts", .body = "[]"};
	s->script[1] = (struct script){.of = "silences", .body = "[]"};
	s->script[2] = (struct script){
		.of = "status", .body = "{\"versionInfo\":{\"version\":\"0.25.0\"}}"};
	s->b.script = s->script;
	s->pid = fork();
	if (s->pid == 0) {
		alarm(60);
		loop_run(s->b.loop);
	}
}

static void server_stop(struct server *s)
{
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	bench_release(&s->b);
}

/* A collector in a process of its own, with its own connection to the store. */
static void daemon_start(struct server *s, enum poll_mode mode)
{
	s->daemon = fork();
	if (s->daemon == 0) {
		struct poll_result res;
		struct store *st = NULL;
		struct err e = ERR_INIT;
		int rc;

		alarm(60);
		rc = store_open(&st, s->b.f.dir, STORE_WRITE, &e);
		if (rc == 0)
			rc = poll_run(&res, &s->b.config,
				config_context(&s->b.config, "d"), st, mode, &e);
		store_free(st);
		_exit(rc < 0);
	}
}

static void daemon_stop(struct server *s)
{
	kill(s->daemon, SIGTERM);
	assert_int_equal(wait_for(s->daemon), 0);
}

/* Look every 5 ms until it is so; fails after 20 s. */
static void until(bool (*is_so)(struct server *s), struct server *s)
{
	for (int i = 0; i < 4000; i++) {
		if (is_so(s))
			return;
		usleep(5000);
	}
	fail_msg("it took too long");
}

static struct source_row row_of(struct server *s, const char *name)
{
	struct source_row row;

	ok(&s->b.f, source_find(&row, &s->b.f.a, s->b.f.st, name, &s->b.f.e));
	return row;
}

static bool is_read(struct server *s)
{
	return row_of(s, "am").state == SRC_OK;
}

static bool is_answered(struct server *s)
{
	struct want *w = &s->want;

	ok(&s->b.f, want_find(w, &s->b.f.a, s->b.f.st, w->id, &s->b.f.e));
	return w->state == WANT_DONE || w->state == WANT_FAILED;
}

static void once_reads_every_source(void **state)
{
	struct poll_result res;
	struct server s;

	(void)state;
	server_start(&s);
	ok(&s.b.f,
		poll_run(&res, &s.b.config, config_context(&s.b.config, "c"), s.b.f.st,
			POLL_ONCE, &s.b.f.e));
	assert_int_equal(res.sources, 3);
	assert_int_equal(res.failed, 2);
	assert_int_equal(row_of(&s, "am").state, SRC_OK);
	assert_string_equal(row_of(&s, "am").version, "0.25.0");
	assert_true(row_of(&s, "am").latency_ns > 0);
	assert_true(row_of(&s, "am").bytes > 0);
	assert_int_equal(row_of(&s, "gone").state, SRC_FAILING);
	assert_string_equal(
		row_of(&s, "gone").error, "cannot connect: Connection refused");
	assert_int_equal(row_of(&s, "secret").state, SRC_AUTH);
	assert_non_null(strstr(row_of(&s, "secret").error, "TOCSIN_TEST_NOT_SET"));
	server_stop(&s);
}

static void another_collector_is_asked_and_not_doubled(void **state)
{
	struct poll_result res;
	struct server s;

	(void)state;
	server_start(&s);
	daemon_start(&s, POLL_DAEMON);
	until(is_read, &s);
	ok(&s.b.f,
		poll_run(&res, &s.b.config, config_context(&s.b.config, "d"), s.b.f.st,
			POLL_ONCE, &s.b.f.e));
	assert_int_equal(res.held, 1);
	assert_int_equal(res.failed, 0);
	assert_int_equal(row_of(&s, "am").generation, 1);
	daemon_stop(&s);
	server_stop(&s);
}

static void wants_are_served_while_the_schedule_sleeps(void **state)
{
	struct server s;
	int64_t polls;

	(void)state;
	server_start(&s);
	daemon_start(&s, POLL_DAEMON);
	until(is_read, &s);
	polls = row_of(&s, "am").polls;
	ok(&s.b.f,
		want_ask(s.b.f.st, "am", "refresh", NULL, "test", clock_now(),
			clock_now() + NS_PER_MIN, &s.want.id, &s.b.f.e));
	until(is_answered, &s);
	assert_int_equal(s.want.state, WANT_DONE);
	ok(&s.b.f,
		want_ask(s.b.f.st, "am", "session", "x", "test", clock_now(),
			clock_now() + NS_PER_MIN, &s.want.id, &s.b.f.e));
	until(is_answered, &s);
	assert_int_equal(s.want.state, WANT_FAILED);
	assert_non_null(strstr(s.want.error, "session"));
	daemon_stop(&s); /* writes what is left */
	assert_int_equal(row_of(&s, "am").polls, polls + 1);
	server_stop(&s);
}

static void a_dead_collector_leaves_its_sources(void **state)
{
	struct server s;

	(void)state;
	server_start(&s);
	daemon_start(&s, POLL_DAEMON);
	until(is_read, &s);
	kill(s.daemon, SIGKILL);
	waitpid(s.daemon, NULL, 0);
	daemon_start(&s, POLL_ONCE);
	assert_int_equal(wait_for(s.daemon), 0);
	assert_int_equal(row_of(&s, "am").generation, 2);
	server_stop(&s);
}

UNIT_TESTS(cmocka_unit_test(once_reads_every_source),
	cmocka_unit_test(another_collector_is_asked_and_not_doubled),
	cmocka_unit_test(wants_are_served_while_the_schedule_sleeps),
	cmocka_unit_test(a_dead_collector_leaves_its_sources))
