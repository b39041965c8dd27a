#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/path.h"
#include "net/auth.h"
#include "net/http.h"
#include "tests/fuzz/fuzz.h"

struct fixture {
	char dir[32];
	char *file;
	struct loop *loop;
	struct http *http;
	struct auth *auth; /* borrowed: from http */
	struct source_conf source;
	struct auth_ask ask;
	int calls;
	struct strbuf got;
	struct err e;
};

static int setup(void **state)
{
	struct fixture *f = mem_new(1, sizeof(*f));

	strcpy(f->dir, "/tmp/tocsin-auth-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	f->file = mem_format("%s/secret", f->dir);
	strbuf_init(&f->got);
	f->loop = loop_new();
	f->http = http_new(f->loop);
	f->auth = http_auth(f->http);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char *count = mem_format("%s/count", f->dir);

	http_free(f->http);
	loop_free(f->loop);
	unlink(f->file);
	unlink(count);
	rmdir(f->dir);
	strbuf_release(&f->got);
	err_release(&f->e);
	free(count);
	free(f->file);
	free(f);
	return 0;
}

static void put(struct fixture *f, const char *text, size_t n, mode_t mode)
{
	unlink(f->file);
	assert_int_equal(path_write(f->file, text, n, mode, &f->e), 0);
	assert_int_equal(chmod(f->file, mode), 0);
}

static int read_file(struct fixture *f)
{
	struct secret_ref ref = {.file = f->file};
	int rc;

	secret_release(&f->got);
	err_clear(&f->e);
	rc = secret_read(&f->got, &ref, &f->e);
	if (rc < 0) {
		assert_int_equal(f->e.retry, RETRY_LATER);
		assert_null(strstr(f->e.what, "hunter2"));
	}
	return rc;
}

static void files_are_for_their_owner_only(void **state)
{
	static const mode_t bad[] = {0644, 0604, 0601, 0640, 0660, 0666, 0620};
	struct fixture *f = *state;
	bool root = geteuid() == 0;

	put(f, "hunter2\n", 8, 0600);
	assert_int_equal(read_file(f), 0);
	assert_string_equal(f->got.buf, "hunter2");
	put(f, "hunter2", 7, 0400);
	assert_int_equal(read_file(f), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		put(f, "hunter2", 7, bad[i]);
		/* What root gave to a group, it gave on purpose. */
		if (root && !(bad[i] & 07))
			continue;
		assert_int_equal(read_file(f), -1);
		assert_int_equal(f->e.code, ERR_DENIED);
		assert_non_null(strstr(f->e.hint, "chmod 600"));
	}
}

static void odd_files_are_refused(void **state)
{
	struct fixture *f = *state;
	struct secret_ref dir = {.file = f->dir};
	struct strbuf big = STRBUF_INIT;

	assert_int_equal(read_file(f), -1); /* there is none */
	put(f, "", 0, 0600);
	assert_int_equal(read_file(f), -1);
	put(f, "\n\n", 2, 0600);
	assert_int_equal(read_file(f), -1);
	put(f, "two\nlines\n", 10, 0600);
	assert_int_equal(read_file(f), -1);
	put(f, "nul\0byte", 8, 0600);
	assert_int_equal(read_file(f), -1);
	put(f, "dos\r\n", 5, 0600);
	assert_int_equal(read_file(f), 0);
	assert_string_equal(f->got.buf, "dos");
	for (size_t i = 0; i <= AUTH_SECRET_MAX_BYTES; i++)
		strbuf_addc(&big, 'x');
	put(f, big.buf, big.len, 0600);
	assert_int_equal(read_file(f), -1);
	strbuf_release(&big);
	assert_int_equal(secret_read(&f->got, &dir, &f->e), -1);
	unlink(f->file);
	assert_int_equal(mkfifo(f->file, 0600), 0);
	assert_int_equal(read_file(f), -1); /* and does not wait for a writer */
}

static void variables_must_be_set(void **state)
{
	struct fixture *f = *state;
	struct secret_ref ref = {.env = "TOCSIN_TEST_SECRET"};

	unsetenv(ref.env);
	assert_int_equal(secret_read(&f->got, &ref, &f->e), -1);
	assert_int_equal(f->e.code, ERR_AUTH);
	assert_non_null(strstr(f->e.what, ref.env));
	setenv(ref.env, "hunter2", 1);
	assert_int_equal(secret_read(&f->got, &ref, &f->e), 0);
	assert_string_equal(f->got.buf, "hunter2");
	setenv(ref.env, "bad\nsecret", 1);
	assert_int_equal(secret_read(&f->got, &ref, &f->e), -1);
	assert_null(strstr(f->e.what, "bad"));
	unsetenv(ref.env);
	assert_int_equal(secret_read(&f->got, &(struct secret_ref){0}, &f->e), -1);
}

static void commands_run_without_a_shell(void **state)
{
	static const char *ok[] = {"printf", "%s\n", "$HOME;`id`"};
	static const char *fails[] = {"false"};
	static const char *missing[] = {"tocsin-no-such-program"};
	struct fixture *f = *state;
	struct secret_ref ref = {.cmd = {ok, 3}};

	assert_int_equal(secret_read(&f->got, &ref, &f->e), 0);
	assert_string_equal(f->got.buf, "$HOME;`id`");
	ref.cmd = (struct yaml_texts){fails, 1};
	assert_int_equal(secret_read(&f->got, &ref, &f->e), -1);
	assert_non_null(strstr(f->e.what, "'false'"));
	ref.cmd = (struct yaml_texts){missing, 1};
	assert_int_equal(secret_read(&f->got, &ref, &f->e), -1);
	assert_int_equal(f->e.retry, RETRY_LATER);
}

static void credentials_take_their_forms(void **state)
{
	static const struct {
		const char *kind, *user, *name, *header, *query;
	} cases[] = {
		{NULL, NULL, NULL, "", ""},
		{"bearer", NULL, NULL, "Authorization: Bearer hunter2", ""},
		{"basic", "me", NULL, "Authorization: Basic bWU6aHVudGVyMg==", ""},
		{"basic", NULL, NULL, "Authorization: Basic aHVudGVyMg==", ""},
		{"header", NULL, "X-Key", "X-Key: hunter2", ""},
		{"query", NULL, "key", "", "hunter2"},
	};
	static const struct auth_conf bad[] = {{.kind = "telepathy"}, {.kind = "header"},
		{.kind = "query"}, {.kind = "basic", .user = "a:b"}};
	struct fixture *f = *state;

	setenv("TOCSIN_TEST_SECRET", "hunter2", 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct auth_conf conf = {.kind = cases[i].kind,
			.user = cases[i].user,
			.name = cases[i].name,
			.secret = {.env = "TOCSIN_TEST_SECRET"}};
		struct source_conf source = {.name = "s", .auth = conf};
		struct credential c;

		credential_init(&c);
		assert_int_equal(auth_resolve(&c, &source, &f->e), 0);
		assert_string_equal(
			credential_text(&c, CREDENTIAL_HEADERS), cases[i].header);
		assert_string_equal(
			credential_text(&c, CREDENTIAL_QUERY_VALUE), cases[i].query);
		credential_release(&c);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct source_conf source = {.name = "s", .auth = bad[i]};
		struct credential c;

		credential_init(&c);
		source.auth.secret.env = "TOCSIN_TEST_SECRET";
		assert_int_equal(auth_resolve(&c, &source, &f->e), -1);
		credential_release(&c);
	}
	unsetenv("TOCSIN_TEST_SECRET");
}

/* --- on a loop --- */

static void got(void *ctx, const struct credential *c, const struct err *e)
{
	struct fixture *f = ctx;

	f->calls++;
	strbuf_reset(&f->got);
	err_clear(&f->e);
	if (c)
		strbuf_adds(&f->got, credential_text(c, CREDENTIAL_HEADERS));
	else
		err_copy(&f->e, e);
}

static void get(struct fixture *f, const struct auth_conf *conf)
{
	f->source = (struct source_conf){.name = "s", .auth = *conf};
	f->ask = (struct auth_ask){.source = &f->source, .url = "http://localhost/"};
	auth_get(f->auth, &f->ask, got, f);
}

static void turn_until(struct fixture *f, int calls)
{
	for (int i = 0; i < 1000 && f->calls < calls; i++)
		loop_turn(f->loop, 100 * NS_PER_MS);
	assert_int_equal(f->calls, calls);
}

static void one_command_serves_all_who_wait(void **state)
{
	struct fixture *f = *state;
	char *script = mem_format("echo x >> %s/count; echo hunter2", f->dir);
	const char *argv[] = {"sh", "-c", script};
	struct auth_conf conf = {.kind = "bearer", .secret = {.cmd = {argv, 3}}};
	char *count = mem_format("%s/count", f->dir);
	struct strbuf runs = STRBUF_INIT;
	struct credential none;

	credential_init(&none);
	for (int i = 0; i < 3; i++)
		get(f, &conf);
	assert_int_equal(f->calls, 0);
	turn_until(f, 3);
	assert_string_equal(f->got.buf, "Authorization: Bearer hunter2");
	get(f, &conf); /* kept: at once */
	assert_int_equal(f->calls, 4);
	assert_true(auth_again(f->auth, &f->ask, &none, NULL));
	get(f, &conf);
	assert_int_equal(f->calls, 4);
	turn_until(f, 5);
	assert_int_equal(path_read(&runs, count, 100, &f->e), 0);
	assert_string_equal(runs.buf, "x\nx\n");
	strbuf_release(&runs);
	free(count);
	free(script);
}

static void two_commands_make_one_credential(void **state)
{
	static const char *user[] = {"echo", "me"}, *secret[] = {"echo", "hunter2"};
	struct fixture *f = *state;
	struct auth_conf conf = {.kind = "basic",
		.user_secret = {.cmd = {user, 2}},
		.secret = {.cmd = {secret, 2}}};

	get(f, &conf);
	turn_until(f, 1);
	assert_string_equal(f->got.buf, "Authorization: Basic bWU6aHVudGVyMg==");
}

static void commands_that_fail_fail_those_who_wait(void **state)
{
	static const char *fails[] = {"sh", "-c", "echo hunter2; exit 4"};
	static const char *floods[] = {"sh", "-c", "exec cat /dev/zero"};
	static const char *empty[] = {"true"};
	struct fixture *f = *state;
	struct auth_conf conf = {.kind = "bearer", .secret = {.cmd = {fails, 3}}};

	get(f, &conf);
	get(f, &conf);
	turn_until(f, 2);
	assert_int_equal(f->e.code, ERR_AUTH);
	assert_null(strstr(f->e.what, "hunter2"));
	conf.secret.cmd = (struct yaml_texts){floods, 3};
	get(f, &conf);
	turn_until(f, 3);
	assert_int_equal(f->e.code, ERR_LIMIT);
	conf.secret.cmd = (struct yaml_texts){empty, 1};
	get(f, &conf);
	turn_until(f, 4);
	assert_int_equal(f->e.code, ERR_AUTH);
}

static void those_who_left_are_not_called(void **state)
{
	static const char *sleeps[] = {"sleep", "100"};
	struct fixture *f = *state;
	struct auth_conf conf = {.kind = "bearer", .secret = {.cmd = {sleeps, 2}}};

	get(f, &conf);
	loop_turn(f->loop, 0);
	auth_cancel(f->auth, f);
	get(f, &conf);
	http_free(f->http); /* ends the command, calls nobody */
	f->http = http_new(f->loop);
	f->auth = http_auth(f->http);
	loop_turn(f->loop, 0);
	assert_int_equal(f->calls, 0);
}

static void parsers_take_anything(void **state)
{
	static const char *const seeds[] = {"", "Bearer realm=\"a\",scope=x",
		"{\"auths\":{}}", "[default]\nregion = x # y\n[",
		"current-context: a\ncontexts: [{name: a}]", "a.eyJleHAiOjF9.c",
		"a b/%zz?&=&a=b&%00", "\"\\", "{\"credsStore\":1}",
		"clusters: {}\nusers: [1, {user: []}]\ncontexts: x", "..", "?=&=?#%"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
		for (uint8_t kind = 0; kind < 6; kind++) {
			char *text = mem_format("%c%s", '0' + kind, seeds[i]);

			LLVMFuzzerTestOneInput((const uint8_t *)text, strlen(text));
			free(text);
		}
	}
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

UNIT_TESTS(WITH(files_are_for_their_owner_only), WITH(odd_files_are_refused),
	WITH(variables_must_be_set), WITH(commands_run_without_a_shell),
	WITH(credentials_take_their_forms), WITH(one_command_serves_all_who_wait),
	WITH(two_commands_make_one_credential),
	WITH(commands_that_fail_fail_those_who_wait), WITH(those_who_left_are_not_called),
	cmocka_unit_test(parsers_take_anything))
