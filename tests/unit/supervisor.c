/*
 * supervisor.c - steps under a supervisor of their own
 *
 * This program is its own supervisor: started as "exec" it is what `tocsin exec` is.
 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/path.h"
#include "record/verify.h"
#include "runbook/walk.h"

#define WAIT_MS 20000

struct place {
	char dir[64];
	char *store_dir;
	struct store *st;
	struct config config;
	struct walk *w;
};

static int set_up(void **state)
{
	struct place *p = mem_new(1, sizeof(*p));
	struct err e = ERR_INIT;
	char *config;

	snprintf(p->dir, sizeof(p->dir), "/tmp/tocsin-sup-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	setenv("XDG_STATE_HOME", p->dir, 1);
	setenv("XDG_CONFIG_HOME", p->dir, 1);
	setenv("HOME", p->dir, 1);
	unsetenv("SSH_AUTH_SOCK");
	config = path_join(p->dir, "config.yaml");
	assert_int_equal(
		path_write(config,
			"contexts:\n  - name: here\n    sources: []\n"
			"  - name: look\n    read_only: true\n    sources: []\n",
			strlen("contexts:\n  - name: here\n    sources: []\n"
			       "  - name: look\n    read_only: true\n    sources: []\n"),
			0600, &e),
		0);
	free(config);
	p->store_dir = path_join(p->dir, "store");
	if (store_open(&p->st, p->store_dir, STORE_WRITE, &e))
		fail_msg("%s", e.what);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct place *p = *state;
	char *command;

	walk_free(p->w);
	store_free(p->st);
	if (p->config.contexts)
		config_release(&p->config);
	command = mem_format("rm -rf '%s'", p->dir);
	assert_int_equal(system(command), 0);
	free(command);
	free(p->store_dir);
	free(p);
	return 0;
}

static const char *config_file(struct place *p)
{
	static char file[128];

	snprintf(file, sizeof(file), "%s/config.yaml", p->dir);
	return file;
}

/* Open a run of this text and begin it. */
static void begin_in(struct place *p, const char *context, const char *text, bool dry_run)
{
	struct walk_plan plan = {.service = "shop",
		.context = context,
		.config_file = config_file(p),
		.dry_run = dry_run};
	struct problems problems;
	struct err e = ERR_INIT;
	char *file = path_join(p->dir, "book.md");

	problems_init(&problems, NULL);
	if (!p->config.contexts && config_load(&p->config, config_file(p), &problems, &e))
		fail_msg("%s", e.what);
	problems_release(&problems);
	assert_int_equal(path_write(file, text, strlen(text), 0600, &e), 0);
	plan.file = file;
	if (walk_open(&p->w, p->st, &p->config, &plan, &e) || walk_begin(p->w, &e))
		fail_msg("%s", e.what);
	free(file);
}

static void begin(struct place *p, const char *text)
{
	begin_in(p, "here", text, false);
}

static void wait_ms(int ms)
{
	struct pollfd none;

	(void)poll(&none, 0, ms);
}

/* Start step n and wait for the supervisor's word. */
static int start(struct place *p, int n, struct err *e)
{
	int rc = walk_start(p->w, n, "key", e);

	for (int i = 0; !rc && i < WAIT_MS; i++) {
		struct pollfd fd = {.fd = walk_starting_fd(p->w), .events = POLLIN};

		(void)poll(&fd, 1, 100);
		rc = walk_starting(p->w, e);
		if (rc > 0)
			return 0;
	}
	return rc;
}

static enum step_state state_of(struct place *p, int n)
{
	return walk_run(p->w)->steps[n - 1].state;
}

static enum step_state wait_end(struct place *p, int n)
{
	struct err e = ERR_INIT;
	bool moved;

	for (int i = 0; i < WAIT_MS / 20; i++) {
		if (walk_refresh(p->w, &moved, &e))
			fail_msg("%s", e.what);
		if (state_of(p, n) != STEP_RUNNING)
			return state_of(p, n);
		wait_ms(20);
	}
	fail_msg("step %d does not end", n);
	return STEP_NONE;
}

static enum step_state run_step(struct place *p, int n)
{
	struct err e = ERR_INIT;

	if (start(p, n, &e))
		fail_msg("step %d: %s", n, e.what);
	return wait_end(p, n);
}

/* All that was kept of a step's output. */
static char *output(struct place *p, int n)
{
	struct strbuf out = STRBUF_INIT;
	struct err e = ERR_INIT;
	int64_t at = 0;
	size_t before;

	do {
		before = out.len;
		assert_int_equal(step_output(&out, &at, p->st, walk_row(p->w)->id, n,
					 at + (int64_t)0, 4 << 20, &e),
			0);
		at += (int64_t)(out.len - before);
	} while (out.len > before);
	return strbuf_detach(&out, NULL);
}

static void assert_output(struct place *p, int n, const char *text)
{
	char *out = output(p, n);

	assert_string_equal(out, text);
	free(out);
}

static void assert_audit_holds(struct place *p)
{
	struct arena a;
	struct verdict v;
	struct err e = ERR_INIT;

	arena_init(&a);
	assert_int_equal(audit_verify(&v, &a, p->st, &e), 0);
	if (!v.ok)
		fail_msg("%s", v.reason);
	assert_true(v.entries > 1);
	arena_release(&a);
}

/* --- plain runs --- */

static void runs_and_journals(void **state)
{
	struct place *p = *state;
	const struct step_row *row;

	begin(p,
		"```sh {name=hello risk=read}\necho \"hi $SERVICE\"; echo err >&2; exit "
		"3\n```\n"
		"```sh {name=ok3 risk=read ok=0,3}\nexit 3\n```\n"
		"```python {risk=read}\nprint(1+1)\n```\n");
	assert_int_equal(run_step(p, 1), STEP_FAILED);
	row = walk_step_row(p->w, 1);
	assert_int_equal(row->exit_code, 3);
	assert_int_equal(row->attempt, 1);
	assert_string_equal(row->how, "key");
	assert_true(row->ended >= row->started);
	assert_output(p, 1, "hi shop\nerr\n");
	assert_int_equal(run_step(p, 2), STEP_OK);
	assert_int_equal(run_step(p, 3), STEP_OK);
	assert_output(p, 3, "2\n");
	assert_audit_holds(p);
}

static void values_are_never_text(void **state)
{
	struct place *p = *state;
	static const char evil[] = "\"; touch INJECTED; echo $(touch INJECTED) `touch "
				   "INJECTED` '; touch INJECTED #\n-rf";
	struct err e = ERR_INIT;
	char *out, *file;

	begin(p,
		"---\nvars:\n  EVIL: {}\n---\n```sh {risk=read}\nprintf '%s|' \"$EVIL\" "
		"<evil>\n"
		"```\n");
	assert_int_equal(vars_set(walk_vars(p->w), "EVIL", evil, "test", &e), 0);
	assert_int_equal(run_step(p, 1), STEP_OK);
	out = output(p, 1);
	assert_int_equal(strlen(out), 2 * (strlen(evil) + 1));
	assert_memory_equal(out, evil, strlen(evil));
	free(out);
	file = path_join(p->dir, "INJECTED");
	assert_int_not_equal(access(file, F_OK), 0);
	free(file);
}

static void environment_is_scrubbed(void **state)
{
	struct place *p = *state;
	char *out;

	setenv("LD_TOCSIN_TEST", "1", 1);
	setenv("BASH_ENV", "/nonexistent", 1);
	setenv("PYTHONPATH", "/nonexistent", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "abcd1234", 1);
	setenv("SSH_AUTH_SOCK", "/tmp/agent", 1);
	setenv("LC_TEST", "yes", 1);
	begin(p,
		"```sh {risk=read}\nenv\n```\n```sh {risk=read "
		"needs=ssh-agent}\nenv\n```\n");
	assert_int_equal(run_step(p, 1), STEP_OK);
	out = output(p, 1);
	assert_null(strstr(out, "LD_TOCSIN_TEST"));
	assert_null(strstr(out, "BASH_ENV"));
	assert_null(strstr(out, "PYTHONPATH"));
	assert_null(strstr(out, "AWS_SECRET"));
	assert_null(strstr(out, "SSH_AUTH_SOCK"));
	assert_non_null(strstr(out, "LC_TEST=yes"));
	assert_non_null(strstr(out, "TERM=dumb"));
	assert_non_null(strstr(out, "TOCSIN_SERVICE=shop"));
	free(out);
	assert_int_equal(run_step(p, 2), STEP_OK);
	out = output(p, 2);
	assert_non_null(strstr(out, "SSH_AUTH_SOCK=/tmp/agent"));
	free(out);
	unsetenv("LD_TOCSIN_TEST");
	unsetenv("BASH_ENV");
	unsetenv("PYTHONPATH");
	unsetenv("AWS_SECRET_ACCESS_KEY");
	unsetenv("LC_TEST");
}

static void secrets_are_masked_everywhere(void **state)
{
	struct place *p = *state;
	struct audit_list list;
	struct arena a;
	struct err e = ERR_INIT;
	char *out;

	begin(p,
		"---\nvars:\n  TOKEN: {secret: true}\n---\n```sh {risk=read}\n"
		"echo \"a $TOKEN b\"; printf '%s' \"$TOKEN\" | base64; printf hunter; "
		"sleep 0.3; "
		"echo 2-secret\necho \"LEAK=$TOKEN\" > \"$TOCSIN_OUTPUT\"\n```\n");
	assert_int_equal(
		vars_set(walk_vars(p->w), "TOKEN", "hunter2-secret", "asked", &e), 0);
	assert_int_equal(run_step(p, 1), STEP_OK);
	out = output(p, 1);
	assert_null(strstr(out, "hunter2"));
	assert_non_null(strstr(out, "a **** b\n****"));
	free(out);
	arena_init(&a);
	assert_int_equal(audit_list(&list, &a, p->st, 1, 100, &e), 0);
	for (size_t i = 0; i < list.n; i++)
		assert_null(strstr(list.items[i].entry, "hunter2"));
	assert_null(strstr(walk_row(p->w)->vars, "hunter2"));
	assert_null(strstr(walk_step_row(p->w, 1)->after_value, "hunter2"));
	arena_release(&a);
}

static void outputs_reach_later_steps(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	struct walk *again;

	begin(p,
		"```sh {name=look risk=read}\necho W=7 > \"$TOCSIN_OUTPUT\"\n"
		"printf 'TEXT<<X\\na\\nb\\nX\\n' >> \"$TOCSIN_OUTPUT\"\n```\n"
		"```sh {name=REGION risk=read}\necho eu; echo noise >&2\n```\n"
		"```sh {name=use before=look}\necho \"$W $REGION $TEXT\"\n```\n"
		"```sh {name=bad risk=read}\necho 'PATH=/evil' > "
		"\"$TOCSIN_OUTPUT\"\n```\n");
	assert_int_equal(start(p, 3, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	err_clear(&e);
	assert_int_equal(run_step(p, 1), STEP_OK);
	assert_int_equal(run_step(p, 2), STEP_OK);
	/* A console that comes later finds the values too. */
	assert_int_equal(walk_resume(&again, p->st, &p->config, walk_row(p->w)->id,
				 config_file(p), &e),
		0);
	assert_string_equal(vars_value(walk_vars(again), "REGION"), "eu");
	walk_free(p->w);
	p->w = again;
	assert_int_equal(run_step(p, 3), STEP_OK);
	assert_output(p, 3, "7 eu a\nb\n");
	assert_int_equal(run_step(p, 4), STEP_FAILED);
	err_release(&e);
}

static void undo_runs_and_is_marked(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	int rc;

	begin(p,
		"```sh {name=look risk=read}\necho OLD=100 > \"$TOCSIN_OUTPUT\"\n```\n"
		"```sh {name=drain before=look undo=back}\necho drained\n```\n"
		"```sh {name=back when=undo}\necho \"back to $OLD\"\n```\n"
		"- [ ] The end\n");
	assert_int_equal(run_step(p, 1), STEP_OK);
	assert_int_equal(run_step(p, 2), STEP_OK);
	if (walk_undo(p->w, 2, "key", &e))
		fail_msg("%s", e.what);
	while ((rc = walk_starting(p->w, &e)) == 0)
		wait_ms(10);
	assert_int_equal(rc, 1);
	assert_int_equal(wait_end(p, 3), STEP_OK);
	assert_int_equal(state_of(p, 2), STEP_UNDONE);
	assert_output(p, 3, "back to 100\n");
	err_release(&e);
}

/* --- time and size --- */

/* A process that ended and that nobody waited for does not run. */
static bool runs(pid_t pid)
{
	char *file = mem_format("/proc/%d/stat", (int)pid);
	struct strbuf stat = STRBUF_INIT;
	struct err e = ERR_INIT;
	bool there = !path_read(&stat, file, 4096, &e);
	const char *state = there ? strrchr(stat.buf, ')') : NULL;

	there = there && (!state || state[2] != 'Z');
	strbuf_release(&stat);
	err_release(&e);
	free(file);
	return there;
}

static void timeout_ends_the_whole_group(void **state)
{
	struct place *p = *state;
	char *out, *file = path_join(p->dir, "pid"), *text;
	struct strbuf pid = STRBUF_INIT;
	struct err e = ERR_INIT;

	text = mem_format(
		"```sh {risk=read timeout=2s}\nsetsid sh -c 'echo $$ > %s; exec "
		"sleep 300' &\nuntil test -s %s; do sleep 0.02; done\n"
		"trap '' TERM; echo on; sleep 300 & wait; wait; wait\n```\n",
		file, file);
	begin(p, text);
	assert_int_equal(run_step(p, 1), STEP_TIMED_OUT);
	out = output(p, 1);
	assert_non_null(strstr(out, "on\n"));
	free(out);
	assert_int_equal(path_read(&pid, file, 100, &e), 0);
	assert_false(runs((pid_t)strtol(pid.buf, NULL, 10)));
	strbuf_release(&pid);
	free(text);
	free(file);
}

static void flood_is_bounded(void **state)
{
	struct place *p = *state;
	char *out;
	const struct step_row *row;

	begin(p,
		"```sh {risk=read timeout=120s}\necho first; yes tocsin | head -c "
		"100000000; "
		"echo last\n```\n");
	assert_int_equal(run_step(p, 1), STEP_OK);
	row = walk_step_row(p->w, 1);
	assert_int_equal(row->output_bytes, 100000000 + 6 + 5);
	out = output(p, 1);
	assert_true(strlen(out) < 3 << 20);
	assert_true(strlen(out) >= 2 << 20);
	assert_memory_equal(out, "first\ntocsin\n", 13);
	assert_string_equal(out + strlen(out) - 5, "last\n");
	free(out);
}

static void cancel_is_a_row(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;

	begin(p, "```sh {risk=read}\necho on; sleep 60\n```\n");
	assert_int_equal(start(p, 1, &e), 0);
	assert_int_equal(walk_cancel(p->w, 1, false, &e), 0);
	assert_int_equal(wait_end(p, 1), STEP_CANCELLED);
	/* And does not hit the next attempt. */
	assert_int_equal(walk_retry(p->w, 1, &e), 0);
	assert_int_equal(start(p, 1, &e), 0);
	wait_ms(600);
	assert_int_equal(walk_cancel(p->w, 1, true, &e), 0);
	assert_int_equal(wait_end(p, 1), STEP_CANCELLED);
	assert_int_equal(walk_step_row(p->w, 1)->attempt, 2);
	err_release(&e);
}

static void reads_are_retried(void **state)
{
	struct place *p = *state;
	char *text = mem_format(
		"```sh {risk=read retries=2}\necho try; test -e %s/x && exit 0; "
		"touch %s/x; exit 1\n```\n```sh {name=once retries=2}\nexit 1\n```\n",
		p->dir, p->dir);

	begin(p, text);
	assert_int_equal(run_step(p, 1), STEP_OK);
	assert_int_equal(walk_step_row(p->w, 1)->attempt, 2);
	assert_int_equal(run_step(p, 2), STEP_FAILED);
	assert_int_equal(walk_step_row(p->w, 2)->attempt, 1);
	free(text);
}

/* --- who dies when --- */

static pid_t supervisor_of(struct place *p, int n)
{
	return (pid_t)walk_step_row(p->w, n)->pid;
}

static void killed_supervisor_leaves_unknown(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	char *text = mem_format("```sh {name=slow}\necho $$ > %s/pid; sleep 60\n```\n"
				"```sh {name=next}\ntrue\n```\n",
		p->dir);
	struct strbuf pid = STRBUF_INIT;
	char *file = path_join(p->dir, "pid");

	begin(p, text);
	assert_int_equal(start(p, 1, &e), 0);
	while (path_read(&pid, file, 100, &e) || !pid.len) {
		err_clear(&e);
		wait_ms(10);
	}
	assert_true(supervisor_lives(p->st, walk_row(p->w)->id, 1));
	assert_int_equal(kill(supervisor_of(p, 1), SIGKILL), 0);
	assert_int_equal(wait_end(p, 1), STEP_UNKNOWN);
	assert_false(supervisor_lives(p->st, walk_row(p->w)->id, 1));
	/* Nothing that changes runs until a person has said what became of it. */
	assert_int_equal(start(p, 1, &e), -1);
	err_clear(&e);
	assert_int_equal(start(p, 2, &e), -1);
	err_clear(&e);
	assert_int_equal(walk_retry(p->w, 1, &e), -1);
	err_clear(&e);
	assert_int_equal(walk_decide(p->w, 1, false, "looked: nothing happened", &e), 0);
	assert_int_equal(state_of(p, 1), STEP_FAILED);
	assert_int_equal(walk_retry(p->w, 1, &e), 0);
	kill((pid_t)strtol(pid.buf, NULL, 10), SIGKILL);
	assert_audit_holds(p);
	strbuf_release(&pid);
	err_release(&e);
	free(text);
	free(file);
}

/* A console on a terminal of its own, which then is closed. */
static void child_console(struct place *p)
{
	struct err e = ERR_INIT;

	setsid();
	signal(SIGHUP, SIG_DFL); /* under nohup it would be ignored */
	if (ioctl(STDIN_FILENO, TIOCSCTTY, 0) || start(p, 1, &e))
		_exit(1);
	_exit(write(STDOUT_FILENO, "started", 7) == 7 ? (pause(), 0) : 1);
}

static void closing_the_terminal_stops_nothing(void **state)
{
	struct place *p = *state;
	int master = posix_openpt(O_RDWR | O_NOCTTY), slave;
	char buf[64];
	pid_t pid;
	int status;

	assert_true(master >= 0 && !grantpt(master) && !unlockpt(master));
	slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	begin(p, "```sh {risk=read}\necho before; sleep 1; echo after\n```\n");
	store_free(p->st); /* connections do not live across fork() */
	p->st = NULL;
	pid = fork();
	if (!pid) {
		struct err e = ERR_INIT;
		char *id = mem_strdup(walk_row(p->w)->id);

		for (int fd = 0; fd < 3; fd++)
			dup2(slave, fd);
		close(master);
		close(slave);
		if (store_open(&p->st, p->store_dir, STORE_WRITE, &e) ||
			walk_resume(&p->w, p->st, &p->config, id, config_file(p), &e))
			_exit(1);
		child_console(p);
	}
	close(slave);
	assert_true(read(master, buf, sizeof(buf)) > 0);
	close(master); /* the line breaks: SIGHUP */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	{
		struct err e = ERR_INIT;
		char *id = mem_strdup(walk_row(p->w)->id);

		walk_free(p->w);
		p->w = NULL;
		assert_int_equal(store_open(&p->st, p->store_dir, STORE_WRITE, &e), 0);
		assert_int_equal(
			walk_resume(&p->w, p->st, &p->config, id, config_file(p), &e), 0);
		free(id);
	}
	assert_int_equal(wait_end(p, 1), STEP_OK);
	assert_output(p, 1, "before\nafter\n");
}

/* --- refusals --- */

static void changed_runbook_is_refused(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	char *file = path_join(p->dir, "book.md");

	begin(p, "```sh\ntrue\n```\n");
	assert_int_equal(path_write(file, "```sh\nrm -rf x\n```\n", 19, 0600, &e), 0);
	assert_int_equal(start(p, 1, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	assert_non_null(strstr(e.what, "changed"));
	assert_int_equal(state_of(p, 1), STEP_TODO);
	err_release(&e);
	free(file);
}

static void read_only_context_is_refused(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;

	begin_in(p, "look",
		"```sh {name=change}\ntrue\n```\n```sh {risk=read}\ntrue\n```\n", false);
	assert_int_equal(start(p, 1, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	err_release(&e);
	assert_int_equal(run_step(p, 2), STEP_OK);
}

static void dry_run_runs_reads_only(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;

	begin_in(p, "here", "```sh\ntouch x\n```\n```sh {risk=read}\necho ok\n```\n",
		true);
	assert_int_equal(start(p, 1, &e), -1);
	assert_int_equal(e.code, ERR_DENIED);
	err_release(&e);
	assert_int_equal(run_step(p, 2), STEP_OK);
}

static void second_changing_run_is_refused(void **state)
{
	struct place *p = *state;
	struct walk_plan plan = {.service = "shop", .context = "here"};
	struct walk *second;
	struct err e = ERR_INIT;
	char *file = path_join(p->dir, "book.md");

	begin(p, "```sh\ntrue\n```\n");
	plan.file = file;
	assert_int_equal(walk_open(&second, p->st, &p->config, &plan, &e), 0);
	assert_int_equal(walk_begin(second, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	err_clear(&e);
	assert_int_equal(walk_end(p->w, "enough", &e), 0);
	assert_string_equal(walk_row(p->w)->state, "abandoned");
	assert_int_equal(walk_begin(second, &e), 0);
	walk_free(second);
	free(file);
	err_release(&e);
}

static void manual_steps_and_the_end(void **state)
{
	struct place *p = *state;
	struct err e = ERR_INIT;
	bool moved;
	int n;

	begin(p, "- [ ] Tell support\n\n```sh {when=NOPE}\ntrue\n```\n- [ ] Note\n");
	assert_int_equal(walk_next(p->w, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(walk_tick(p->w, 1, "told Kim", &e), 0);
	assert_int_equal(walk_next(p->w, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_int_equal(state_of(p, 2), STEP_SKIPPED);
	assert_int_equal(walk_skip(p->w, 3, "", &e), -1);
	err_clear(&e);
	assert_int_equal(walk_skip(p->w, 3, "nothing to note", &e), 0);
	assert_int_equal(walk_refresh(p->w, &moved, &e), 0);
	assert_true(moved);
	assert_string_equal(walk_row(p->w)->state, "done");
	assert_string_equal(walk_step_row(p->w, 1)->note, "told Kim");
	assert_int_equal(walk_tick(p->w, 1, "again", &e), -1);
	err_release(&e);
	assert_audit_holds(p);
}

int main(int argc, char **argv)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(runs_and_journals),
		TEST(values_are_never_text),
		TEST(environment_is_scrubbed),
		TEST(secrets_are_masked_everywhere),
		TEST(outputs_reach_later_steps),
		TEST(undo_runs_and_is_marked),
		TEST(timeout_ends_the_whole_group),
		TEST(flood_is_bounded),
		TEST(cancel_is_a_row),
		TEST(reads_are_retried),
		TEST(killed_supervisor_leaves_unknown),
		TEST(closing_the_terminal_stops_nothing),
		TEST(changed_runbook_is_refused),
		TEST(read_only_context_is_refused),
		TEST(dry_run_runs_reads_only),
		TEST(second_changing_run_is_refused),
		TEST(manual_steps_and_the_end),
	};

	if (argc > 1 && !strcmp(argv[1], "exec"))
		return supervisor_main();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
