/*
 * auth_job.h - commands and logins that a credential waits for: run once for all who wait, kept
 * while they are fresh; for auth*.c alone
 */
#ifndef TOCSIN_NET_AUTH_JOB_H
#define TOCSIN_NET_AUTH_JOB_H

#include "core/arena.h"
#include "core/child.h"
#include "net/auth.h"
#include "net/http.h"

/* A login that failed is not tried again for this long: accounts are locked by wrong attempts. */
#define AUTH_FAILED_NS (5 * NS_PER_S)

/* A token refused twice within this time is denied, not expired. */
#define AUTH_REFUSED_NS (30 * NS_PER_S)

struct auth_job;
struct oci_host;

struct auth_waiter {
	struct auth_waiter	*next;
	const struct auth_ask	*ask;
	const struct auth_job	*job;
	auth_fn			*fn;
	void			*ctx;
};

struct auth {
	struct loop		*loop;
	struct http		*http;
	struct auth_job		*jobs;
	struct auth_waiter	*waiters;
	struct oci_host		*oci_hosts;
	unsigned		last_stamp;
};

/* One attempt to build a credential; it begins anew whenever what it waited for is there. */
struct auth_try {
	struct auth		*auth;
	const struct auth_ask	*ask;
	struct auth_waiter	*waiter;
	struct credential	*out;
};

/*
 * What came back, into job->made and times; a command's output is in job->out.  answer: a
 * request's, NULL for commands.  ask is of one who waits.
 */
typedef int auth_done_fn(struct auth_job *job, const struct auth_ask *ask,
	const struct http_answer *answer, struct err *e);

/* A command or a request: running, or with what came of it while that is fresh. */
struct auth_job {
	struct auth_job		*next;
	struct auth		*auth;
	char			*key;
	bool			running;
	auth_done_fn		*done;
	struct strbuf		out;		/* what a command printed */
	char			*program;
	struct child		child;
	unsigned		timer, request;
	struct arena		arena;		/* of conf */
	struct source_conf	conf;		/* the token server as a source */
	struct strbuf		told;		/* the secret that was sent, not to be repeated */
	struct credential	made;
	int64_t			fresh_until, expires_at;	/* clock_mono */
	int64_t			refused_mono;
	unsigned		stamp;
	struct err		failed;
	int64_t			failed_until;
};

/* 0 done, -1 failed; AUTH_WAITS: for a job; AUTH_START: the caller has to start the job. */
enum auth_step { AUTH_DONE = 0, AUTH_WAITS = 1, AUTH_START = 2 };

/* The job of this name, made when it is new.  AUTH_DONE: it is fresh. */
int auth_job_for(struct auth_job **out, struct auth_try *t, const char *key, struct err *e);

/*
 * Start it: AUTH_WAITS, or -1.  The request is sent without a credential but req->credential, at
 * most once; a source of its own carries the TLS of the asker's.
 */
int auth_job_request(struct auth_job *job, struct auth_try *t, const struct http_request *req,
	const char *secret, auth_done_fn *done, struct err *e);
int auth_job_command(struct auth_job *job, struct auth_try *t, const char *const *argv,
	const char *const *env, const char *input, auth_done_fn *done, struct err *e);

/* The job is over: fresh for fresh_ns, and good for good_ns (of clock_mono). */
void auth_job_made(struct auth_job *job, int64_t fresh_ns, int64_t good_ns);

void auth_jobs_free(struct auth *a);

/* Whoever waits for nothing that runs is gone: end what nobody waits for. */
void auth_jobs_orphans(struct auth *a);

/* Drop what the token with this stamp came from.  True: another can be had. */
bool auth_jobs_refuse(struct auth *a, unsigned stamp);

/* Drop what a secret's command printed; true when there was something. */
bool auth_secret_refuse(struct auth *a, const struct secret_ref *ref);

/* AUTH_DONE, AUTH_WAITS or -1; nothing is added when ref is not set. */
int auth_secret(struct auth_try *t, struct strbuf *out, const struct secret_ref *ref,
	struct err *e);

/* The user's name, literal or secret; NULL in *out when there is none.  scratch is released by
 * the caller (secret_release). */
int auth_user(struct auth_try *t, const char **out, struct strbuf *scratch, struct err *e);

/* auth.c: what a waiter asked can be tried (again).  True when fn was called. */
bool auth_waiter_try(struct auth *a, struct auth_waiter *w);

/* --- for auth_secret.c --- */

int secret_check(struct strbuf *secret, size_t from, const char *origin, struct err *e);
int secret_cmd_err(struct err *e, const char *program, int status);

/* --- the kinds: AUTH_DONE with t->out filled, AUTH_WAITS or -1 --- */

typedef int auth_build_fn(struct auth_try *t, struct err *e);
auth_build_fn auth_login_build, auth_oauth2_build, auth_oci_build, auth_sigv4_build,
	auth_gcp_build, auth_kube_build;

/*
 * A form to a token endpoint as RFC 6749 has it, whose answer becomes a bearer header; c: what the
 * request carries, or NULL; secret: what the server's words may not repeat.
 */
int auth_oauth2_post(struct auth_job *job, struct auth_try *t, const char *url,
	const struct strbuf *form, const struct credential *c, const char *secret, struct err *e);
auth_done_fn auth_oauth2_answered;

/* True: the answer of a 401 says what is wanted, and it can be given. */
bool auth_oci_challenged(struct auth *a, struct auth_ask *ask, const struct credential *used,
	const struct http_answer *answer);
void auth_oci_free(struct auth *a);

#endif
