/* job.c - the supervisor's process: reads its order, journals, lets a runner do the step */
#include "config.h"
#include "runbook/job.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "core/clock.h"
#include "core/i18n.h"
#include "core/path.h"
#include "record/chain.h"
#include "record/checkpoint.h"
#include "runbook/destroy.h"
#include "runbook/order.h"
#include "runbook/run.h"
#include "runbook/script.h"
#include "store/source.h"

#define ORDER_TIMEOUT_MS 10000
#define AUDIT_TEXT_BYTES ((size_t)16 * 1024) /* of a script, in its entry */
#define JOURNAL_TRIES 20
#define RETRY_PAUSE_NS NS_PER_S

static const struct runner *const runners[] = {
	&runner_sh,
	&runner_action,
	&runner_gate,
	&runner_postmortem,
};

static const struct runner *runner_of(enum step_kind kind)
{
	for (size_t i = 0; i < ARRAY_LEN(runners); i++)
		if (runners[i]->kind == kind)
			return runners[i];
	return NULL;
}

void job_end(struct job *j, enum step_state state, const char *fmt, ...)
{
	struct strbuf text = STRBUF_INIT, safe = STRBUF_INIT;
	va_list ap;

	j->state = state;
	j->error = NULL;
	if (!fmt)
		return;
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	mask_text(&j->mask, &safe, text.buf, text.len);
	j->error = arena_strdup(&j->arena, safe.buf);
	strbuf_release(&text);
	strbuf_release(&safe);
}

void job_fail(struct job *j, const struct err *e)
{
	char *text = err_text(e);

	job_end(j, STEP_FAILED, "%s", text);
	free(text);
}

const char *job_request(struct job *j)
{
	struct err e = ERR_INIT;
	char *what = NULL;
	const char *out = NULL;

	if (step_requested(&what, j->st, j->order.run, j->order.n, &e))
		err_release(&e);
	else if (what)
		out = arena_strdup(&j->arena, what);
	free(what);
	if (out && !strcmp(out, "none"))
		out = NULL;
	return j->terminated && !out ? "cancel" : out;
}

/* --- the order --- */

/* All of stdin, which the one who started us closes when it is whole. */
static int read_order(struct strbuf *out, struct err *e)
{
	char buf[8192];

	for (;;) {
		struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
		ssize_t n;

		if (poll(&p, 1, ORDER_TIMEOUT_MS) == 0)
			return err_set(e, ERR_INPUT, _("no order for a step came"));
		n = read(STDIN_FILENO, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(e, errno, _("cannot read the order for a step"));
		if (!n)
			return 0;
		strbuf_add(out, buf, (size_t)n);
		mem_wipe(buf, sizeof(buf));
		if (out->len > ORDER_MAX_BYTES)
			return err_set(
				e, ERR_LIMIT, _("the order for a step is too large"));
	}
}

static int take_order(struct job *j, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	int rc = read_order(&text, e);

	if (!rc)
		rc = json_parse(&j->document, text.buf, text.len, e);
	if (!rc)
		rc = order_from_json(&j->order, j->document, e);
	mem_wipe(text.buf, text.len);
	strbuf_release(&text);
	return rc;
}

static bool is_secret(const struct order *o, const char *name)
{
	json_each (item, o->secrets) {
		const char *text = json_text(item);

		if (text && !strcmp(text, name))
			return true;
	}
	return false;
}

static int take_vars(struct job *j, struct err *e)
{
	vars_init(&j->vars);
	json_each (item, j->order.vars) {
		const char *name = json_key(item), *value = json_text(item);

		if (!value)
			continue;
		if (vars_put(&j->vars, name, value, "order", e))
			return -1;
		if (!is_secret(&j->order, name))
			continue;
		j->vars.items[j->vars.n - 1].secret = true;
		if (!mask_add(&j->mask, value))
			j->note =
				_("a secret of fewer than 4 characters cannot be masked");
	}
	return 0;
}

/* --- what is read again, from disk and from the store --- */

static int open_runbook(struct job *j, struct err *e)
{
	struct destroy *patterns = NULL;
	struct problems p;
	int rc;

	problems_init(&p, NULL);
	rc = destroy_load(&patterns, &p, e);
	if (!rc)
		rc = runbook_read(&j->rb, j->order.file, patterns, e);
	problems_release(&p);
	destroy_free(patterns);
	if (rc)
		return -1;
	if (strcmp(j->rb.sha256, j->order.sha256)) {
		err_set(e, ERR_CONFLICT,
			_("the runbook '%s' was changed since it was opened"),
			j->order.file);
		return err_hint(e, _("open it again and look at what is different"));
	}
	if ((size_t)j->order.n > j->rb.n_steps)
		return err_set(e, ERR_INPUT, _("the runbook has no step %d"), j->order.n);
	j->step = &j->rb.steps[j->order.n - 1];
	return 0;
}

static int open_config(struct job *j, struct err *e)
{
	struct problems p;
	int rc;

	problems_init(&p, NULL);
	rc = config_load(&j->config, j->order.config_file, &p, e);
	if (!rc && p.n)
		rc = problems_err(&p, e);
	problems_release(&p);
	if (!rc)
		j->context = config_context(&j->config, j->order.context);
	return rc;
}

/* The tests that the console made too: what starts here must have passed them here. */
static int check_allowed(struct job *j, struct err *e)
{
	const struct step *s = j->step;

	if (s->broken)
		return err_set(
			e, ERR_INPUT, _("step '%s' cannot run: %s"), s->name, s->broken);
	if (!runner_of(s->kind))
		return err_set(e, ERR_INPUT, _("step '%s' is done by a person"), s->name);
	if (s->approve > 0)
		return err_set(e, ERR_DENIED, _("step '%s' was not approved"), s->name);
	if (j->context && j->context->read_only && step_changes(s) && !j->order.dry_run)
		return err_set(e, ERR_DENIED,
			_("step '%s' changes something, and the context '%s' is "
			  "read-only"),
			s->name, j->context->name);
	if (j->order.dry_run && !run_dry_runs(s))
		return err_set(
			e, ERR_DENIED, _("step '%s' does not run in a dry run"), s->name);
	if (s->needs && !getenv("SSH_AUTH_SOCK")) {
		err_set(e, ERR_DENIED,
			_("step '%s' needs an ssh-agent, and there is none"), s->name);
		return err_hint(
			e, _("connect with agent forwarding (ssh -A), then try again"));
	}
	return 0;
}

static const struct step_row *row_of(const struct step_list *list, int64_t n)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].n == n)
			return &list->items[i];
	return NULL;
}

/* The lock first, then the row: a row that says running under a free lock is a dead man's. */
static int claim(struct job *j, struct err *e)
{
	struct step_list list;
	const struct step_row *row;
	struct run_row run;
	int got = step_lock(j->st, j->order.run, j->order.n, e);

	if (got < 0)
		return -1;
	if (!got)
		return err_set(e, ERR_CONFLICT, _("step '%s' is already running"),
			j->step->name);
	if (run_find(&run, &j->arena, j->st, j->order.run, e) ||
		step_list(&list, &j->arena, j->st, j->order.run, e))
		return -1;
	if (run.ended != NONE_INT)
		return err_set(e, ERR_CONFLICT, _("the run is over"));
	row = row_of(&list, j->order.n);
	if (row && (row->state == STEP_RUNNING || row->state == STEP_UNKNOWN))
		return err_set(e, ERR_CONFLICT,
			_("it is not known how step '%s' ended the last time"),
			j->step->name);
	if (row && row->attempt >= j->order.attempt)
		return err_set(e, ERR_CONFLICT,
			_("step '%s' was started elsewhere meanwhile"), j->step->name);
	if (row && row->before_value)
		j->row.before_value = row->before_value;
	if (row && j->order.undo_of)
		j->row.after_value = row->after_value;
	/* A wish to stop an earlier attempt is none to stop this one. */
	return step_request(
		j->st, j->order.run, j->order.n, "none", j->who.user, clock_now(), e);
}

static int job_open(struct job *j, struct err *e)
{
	who_am_i(&j->who, &j->arena);
	j->program = path_program();
	if (take_vars(j, e) || open_runbook(j, e) || open_config(j, e) ||
		check_allowed(j, e))
		return -1;
	if (store_open(&j->st, j->order.store_dir, STORE_WRITE, e) ||
		store_present(j->st, e) || claim(j, e))
		return -1;
	stream_init(&j->out, j->st, j->order.run, j->order.n, &j->mask);
	j->out.discard = j->step->secret;
	return runner_of(j->step->kind)->prepare ? runner_of(j->step->kind)->prepare(j, e)
						 : 0;
}

static void job_close(struct job *j)
{
	free(j->program);
	action_plan_free(j->plan);
	if (j->st)
		stream_release(&j->out);
	store_free(j->st);
	json_free(j->outputs);
	mask_release(&j->mask);
	vars_release(&j->vars);
	runbook_release(&j->rb);
	config_release(&j->config);
	json_free(j->document);
	arena_release(&j->arena);
}

/* --- journal and audit --- */

static const char *masked(struct job *j, const char *s)
{
	struct strbuf out = STRBUF_INIT;
	const char *copy;
	size_t n = s ? strlen(s) : 0;

	if (!s)
		return NULL;
	mask_text(&j->mask, &out, s, n < AUDIT_TEXT_BYTES ? n : AUDIT_TEXT_BYTES);
	copy = arena_strdup(&j->arena, out.buf);
	strbuf_release(&out);
	return copy;
}

static void add_vars(struct job *j, struct json *data)
{
	struct json *vars = json_add_object(data, "vars");

	for (size_t i = 0; i < j->vars.n; i++)
		if (!j->vars.items[i].secret)
			json_add_text(vars, j->vars.items[i].name,
				masked(j, j->vars.items[i].value));
}

/* What will run, as far as it may be told. */
static struct json *starting_data(struct job *j)
{
	const struct step *s = j->step;
	struct json *d = json_object();

	json_add_text(d, "runbook", j->rb.name);
	json_add_text(d, "runbook_sha256", j->rb.sha256);
	json_add_text(d, "name", s->name);
	json_add_text(d, "step_kind", step_kind_name(s->kind));
	json_add_text(d, "phase", phase_name(s->phase));
	json_add_text(d, "risk", risk_name(s->risk));
	json_add_text(d, "confirmed", j->order.how);
	json_add_text(d, "confirmed_by", j->order.who);
	json_add_int(d, "attempt", j->row.attempt);
	if (j->order.undo_of)
		json_add_text(d, "undo_of", j->order.undo_of);
	json_add_text(d, "text", masked(j, s->kind == KIND_SH ? s->script : s->source));
	if (j->plan) {
		json_add_text(d, "request", action_request(j->plan));
		json_add_text(d, "params", masked(j, action_params(j->plan)));
		json_add_text(d, "before", masked(j, action_before(j->plan)));
	}
	add_vars(j, d);
	return d;
}

static struct json *result_data(struct job *j)
{
	struct json *d = json_object();

	json_add_text(d, "name", j->step->name);
	json_add_text(d, "state", step_state_name(j->state));
	json_add_int(d, "attempt", j->row.attempt);
	json_add_int(d, "exit_code", j->exit_code);
	json_add_int(d, "ms", (j->row.ended - j->row.started) / NS_PER_MS);
	json_add_int(d, "output_bytes", j->row.output_bytes);
	json_add_text(d, "error", j->error);
	if (j->row.after_value)
		json_add_text(d, "after", j->row.after_value);
	return d;
}

static int audit(struct job *j, const char *kind, struct json *data, struct err *e)
{
	const struct audit_event ev = {
		.kind = kind,
		.object = j->order.service,
		.run = j->order.run,
		.incident = j->order.incident,
		.context = j->order.context,
		.step = j->order.n,
		.data = data,
	};
	int rc = audit_write(j->st, &j->who, &ev, NULL, e);

	json_free(data);
	return rc;
}

/* Before anything happens, durable: a step that is not in the journal does not run. */
static int journal_start(struct job *j, int attempt, struct err *e)
{
	const struct step *s = j->step;

	j->row.run = j->order.run;
	j->row.n = j->order.n;
	j->row.name = s->name;
	j->row.kind = step_kind_name(s->kind);
	j->row.phase = phase_name(s->phase);
	j->row.risk = risk_name(s->risk);
	j->row.state = STEP_RUNNING;
	j->row.attempt = attempt;
	j->row.started = clock_now();
	j->row.ended = NONE_INT;
	j->row.exit_code = NONE_INT;
	j->row.pid = getpid();
	j->row.how = j->order.how;
	j->row.output_bytes = j->out.bytes;
	if (j->plan && !j->order.undo_of)
		j->row.before_value = action_before(j->plan);
	if (audit(j, "step.starting", starting_data(j), e))
		return -1;
	return step_put(j->st, &j->row, e);
}

static const char *outputs_text(struct job *j)
{
	struct strbuf text = STRBUF_INIT;
	const char *out;

	if (!j->outputs)
		return NULL;
	json_canonical(&text, j->outputs);
	out = masked(j, text.buf);
	strbuf_release(&text);
	return out;
}

static void pause_ns(int64_t ns)
{
	struct pollfd none;

	(void)poll(&none, 0, (int)(ns / NS_PER_MS));
}

/* The step that this one undid: its row says so, even when nobody watches any more. */
static int journal_undone(struct job *j, struct err *e)
{
	const struct step *undone = runbook_step(&j->rb, j->order.undo_of);
	const struct step_row *row;
	struct step_row copy;
	struct step_list list;

	if (!undone || undone == j->step || j->state != STEP_OK)
		return 0;
	if (step_list(&list, &j->arena, j->st, j->order.run, e))
		return -1;
	row = row_of(&list, undone->n);
	if (!row)
		return 0;
	copy = *row;
	copy.state = STEP_UNDONE;
	copy.note = arena_format(&j->arena, _("undone by step '%s'"), j->step->name);
	return step_put(j->st, &copy, e);
}

/* The end must get into the journal if it can at all: the store may be busy or full for a while. */
static void journal_end(struct job *j)
{
	struct err e = ERR_INIT;
	int tries = 0;

	if (j->state == STEP_OK && j->order.undo_of &&
		!strcmp(j->order.undo_of, j->step->name))
		j->state = STEP_UNDONE;
	j->row.state = j->state;
	j->row.ended = clock_now();
	j->row.exit_code = j->exit_code;
	j->row.error = j->error;
	j->row.note = j->note;
	if (j->step->kind == KIND_SH)
		j->row.after_value = outputs_text(j);
	while (stream_flush(&j->out, true, &e) && ++tries < JOURNAL_TRIES)
		pause_ns(RETRY_PAUSE_NS);
	j->row.output_bytes = j->out.bytes;
	while (audit(j, "step.result", result_data(j), &e) && ++tries < JOURNAL_TRIES)
		pause_ns(RETRY_PAUSE_NS);
	while (journal_undone(j, &e) && ++tries < JOURNAL_TRIES)
		pause_ns(RETRY_PAUSE_NS);
	while (step_put(j->st, &j->row, &e) && ++tries < JOURNAL_TRIES)
		pause_ns(RETRY_PAUSE_NS);
	err_release(&e);
}

/* A statement about the log, after what changed something; that it is unsigned stops nobody. */
static void checkpoint(struct job *j)
{
	bool sign = j->config.audit_sign && !strcmp(j->config.audit_sign, "ssh-agent");
	struct err e = ERR_INIT;
	char *why = NULL;

	if (step_changes(j->step) &&
		checkpoint_write(
			j->st, sign ? CHECKPOINT_AGENT : CHECKPOINT_UNSIGNED, &why, &e))
		err_release(&e);
	free(why);
}

/* --- the process --- */

static void answer(const struct err *e)
{
	struct json *j = answer_to_json(e);
	struct strbuf text = STRBUF_INIT;
	int null;
	ssize_t n;

	json_format(&text, j, false);
	strbuf_addc(&text, '\n');
	n = write(STDOUT_FILENO, text.buf, text.len); /* nobody may be there any more */
	(void)n;
	strbuf_release(&text);
	json_free(j);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

static void ignore_terminal(void)
{
	static const int ignored[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};

	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		signal(ignored[i], SIG_IGN);
	umask(077);
}

static bool again(const struct job *j, int tried)
{
	return (j->state == STEP_FAILED || j->state == STEP_TIMED_OUT) &&
		!j->terminated && tried <= step_retries(j->step);
}

/* The row stays `running`: nobody is to act on an end that is none. */
static int begin_again(struct job *j, int tried, struct err *e)
{
	stream_say(&j->out, _("-- attempt %d: %s"), tried, j->error ? j->error : "");
	j->row.ended = clock_now();
	if (stream_flush(&j->out, false, e) || audit(j, "step.result", result_data(j), e))
		return -1;
	pause_ns(RETRY_PAUSE_NS);
	if (journal_start(j, (int)j->row.attempt + 1, e))
		return -1;
	j->exit_code = NONE_INT;
	json_free(j->outputs);
	j->outputs = NULL;
	return 0;
}

static void run_attempts(struct job *j)
{
	const struct runner *r = runner_of(j->step->kind);
	struct err e = ERR_INIT;

	r->run(j);
	for (int tried = 1; again(j, tried) && !begin_again(j, tried, &e); tried++)
		r->run(j);
	journal_end(j);
	err_release(&e);
}

/* What a step leaves behind in sessions of its own becomes our child, and is found. */
static void adopt_strays(void)
{
#ifdef PR_SET_CHILD_SUBREAPER
	prctl(PR_SET_CHILD_SUBREAPER, 1);
#endif
}

static int run_job(struct job *j, struct err *e)
{
	adopt_strays();
	if (job_open(j, e) || step_output_clear(j->st, j->order.run, j->order.n, e) ||
		journal_start(j, j->order.attempt, e)) {
		answer(e);
		return -1;
	}
	answer(NULL);
	run_attempts(j);
	checkpoint(j);
	return 0;
}

int supervisor_main(void)
{
	struct job j = {.mask = MASK_INIT, .exit_code = NONE_INT};
	struct err e = ERR_INIT;
	int rc = -1, detached = -1;

	arena_init(&j.arena);
	ignore_terminal();
	if (take_order(&j, &e)) {
		answer(&e);
	} else {
		detached = child_detach(&e);
		if (detached < 0)
			answer(&e);
		else
			rc = detached ? run_job(&j, &e) : 0;
	}
	err_release(&e);
	job_close(&j);
	return rc ? 5 : 0;
}
