#include "config.h"

#include "net/auth.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "net/auth_job.h"
#include "net/http.h"

/* --- kinds that need nothing but their secret --- */

static int bearer_put(const struct auth_conf *conf, struct credential *c,
	const char *user, const char *secret, struct err *e)
{
	(void)conf;
	(void)user;
	(void)e;
	credential_header(c, "Authorization", "Bearer ", secret);
	return 0;
}

static int basic_put(const struct auth_conf *conf, struct credential *c, const char *user,
	const char *secret, struct err *e)
{
	(void)conf;
	return credential_basic(c, user, secret, e);
}

static int header_put(const struct auth_conf *conf, struct credential *c,
	const char *user, const char *secret, struct err *e)
{
	(void)user;
	if (!conf->name || !*conf->name)
		return err_set(e, ERR_INPUT,
			_("the header that carries the secret has no name"));
	credential_header(c, conf->name, "", secret);
	return 0;
}

static int query_put(const struct auth_conf *conf, struct credential *c, const char *user,
	const char *secret, struct err *e)
{
	(void)user;
	if (!conf->name || !*conf->name)
		return err_set(e, ERR_INPUT,
			_("the parameter that carries the secret has no name"));
	credential_set(c, CREDENTIAL_QUERY_NAME, conf->name, strlen(conf->name));
	credential_set(c, CREDENTIAL_QUERY_VALUE, secret, strlen(secret));
	return 0;
}

typedef int auth_put_fn(const struct auth_conf *conf, struct credential *c,
	const char *user, const char *secret, struct err *e);

static const struct auth_kind {
	const char *kind;
	auth_put_fn *put; /* of user and secret alone; or: */
	auth_build_fn *build;
} auth_kinds[] = {
	{"bearer", bearer_put, NULL},
	{"basic", basic_put, NULL},
	{"header", header_put, NULL},
	{"query", query_put, NULL},
	{"login", NULL, auth_login_build},
	{"oauth2", NULL, auth_oauth2_build},
	{"oci", NULL, auth_oci_build},
	{"sigv4", NULL, auth_sigv4_build},
	{"gcp", NULL, auth_gcp_build},
	{"kube", NULL, auth_kube_build},
};

static const struct auth_kind *kind_find(const char *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(auth_kinds); i++) {
		if (!strcmp(auth_kinds[i].kind, kind))
			return &auth_kinds[i];
	}
	return NULL;
}

static int secrets_put(struct auth_try *t, auth_put_fn *put, struct err *e)
{
	const struct auth_conf *conf = &t->ask->source->auth;
	struct strbuf user = STRBUF_INIT, secret = STRBUF_INIT;
	const char *name = NULL;
	int rc = auth_user(t, &name, &user, e);

	if (rc == AUTH_DONE && !secret_ref_is_set(&conf->secret))
		rc = err_set(e, ERR_AUTH, _("the source's secret is not configured"));
	if (rc == AUTH_DONE)
		rc = auth_secret(t, &secret, &conf->secret, e);
	if (rc == AUTH_DONE)
		rc = put(conf, t->out, name, secret.buf, e);
	secret_release(&user);
	secret_release(&secret);
	return rc;
}

static int credential_build(struct auth_try *t, struct err *e)
{
	const struct auth_conf *conf = &t->ask->source->auth;
	const struct auth_kind *kind;

	if (!conf->kind)
		return AUTH_DONE;
	kind = kind_find(conf->kind);
	if (!kind)
		return err_set(e, ERR_INPUT, _("there is no kind of authentication '%s'"),
			conf->kind);
	return kind->put ? secrets_put(t, kind->put, e) : kind->build(t, e);
}

/* --- on a loop --- */

struct auth *auth_new(struct loop *l, struct http *h)
{
	struct auth *a = mem_new(1, sizeof(*a));

	a->loop = l;
	a->http = h;
	return a;
}

void auth_free(struct auth *a)
{
	struct auth_waiter *next;

	if (!a)
		return;
	auth_jobs_free(a);
	auth_oci_free(a);
	for (struct auth_waiter *w = a->waiters; w; w = next) {
		next = w->next;
		free(w);
	}
	free(a);
}

bool auth_waiter_try(struct auth *a, struct auth_waiter *w)
{
	struct credential c;
	struct auth_try t = {a, w->ask, w, &c};
	struct err e = ERR_INIT;
	int rc;

	/* A job that starts looks for those who wait for it. */
	w->next = a->waiters;
	a->waiters = w;
	credential_init(&c);
	rc = credential_build(&t, &e);
	if (rc != AUTH_WAITS) {
		struct auth_waiter **p = &a->waiters;

		while (*p != w)
			p = &(*p)->next;
		*p = w->next;
		w->fn(w->ctx, rc < 0 ? NULL : &c, rc < 0 ? &e : NULL);
	}
	credential_release(&c);
	err_release(&e);
	return rc != AUTH_WAITS;
}

void auth_get(struct auth *a, const struct auth_ask *ask, auth_fn *fn, void *ctx)
{
	struct auth_waiter *w = mem_new(1, sizeof(*w));

	w->ask = ask;
	w->fn = fn;
	w->ctx = ctx;
	if (auth_waiter_try(a, w))
		free(w);
}

void auth_cancel(struct auth *a, void *ctx)
{
	struct auth_waiter **p = &a->waiters;

	while (*p) {
		struct auth_waiter *w = *p;

		if (w->ctx == ctx) {
			*p = w->next;
			free(w);
		} else {
			p = &w->next;
		}
	}
	auth_jobs_orphans(a);
}

bool auth_again(struct auth *a, struct auth_ask *ask, const struct credential *used,
	const struct http_answer *answer)
{
	const struct auth_conf *conf = &ask->source->auth;
	bool dropped;

	if (!conf->kind)
		return false;
	if (!strcmp(conf->kind, "oci"))
		return auth_oci_challenged(a, ask, used, answer);
	if (ask->repeated)
		return false;
	ask->repeated = true;
	dropped = auth_secret_refuse(a, &conf->user_secret);
	dropped |= auth_secret_refuse(a, &conf->secret);
	dropped |= auth_secret_refuse(a, &conf->sigv4.access_key_secret);
	dropped |= auth_secret_refuse(a, &conf->sigv4.session_token);
	dropped |= auth_jobs_refuse(a, used->stamp);
	return dropped;
}

/* --- once, on a loop of its own --- */

struct resolving {
	struct loop *loop;
	struct credential *out;
	struct err *e;
	int rc;
};

static void on_resolved(void *ctx, const struct credential *c, const struct err *e)
{
	struct resolving *r = ctx;

	if (c)
		credential_copy(r->out, c);
	else
		r->rc = err_copy(r->e, e);
	loop_stop(r->loop);
}

int auth_resolve(struct credential *out, const struct source_conf *source, struct err *e)
{
	struct resolving r = {loop_new(), out, e, 0};
	struct http *h = http_new(r.loop);
	struct auth_ask ask = {.source = source, .url = source->url ? source->url : ""};

	auth_get(http_auth(h), &ask, on_resolved, &r);
	loop_run(r.loop);
	http_free(h);
	loop_free(r.loop);
	return r.rc;
}
