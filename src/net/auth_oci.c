#include "config.h"

#include "net/auth_token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "net/auth_challenge.h"
#include "net/auth_docker.h"
#include "net/url.h"

/* A token server that does not say how long a token is good means this. */
#define TOKEN_LIFE_NS (60 * NS_PER_S)

/* What a registry wants for a scope of ours, when it names it otherwise. */
struct oci_scope {
	struct oci_scope *next;
	char *ours, *theirs; /* owned */
};

/* What one registry said in its challenge. */
struct oci_host {
	struct oci_host *next;
	char *key; /* source and host; owned */
	enum challenge_scheme scheme;
	char *realm, *service; /* owned; of a bearer challenge */
	struct oci_scope *scopes;
};

static void host_free(struct oci_host *h)
{
	while (h->scopes) {
		struct oci_scope *s = h->scopes;

		h->scopes = s->next;
		free(s->ours);
		free(s->theirs);
		free(s);
	}
	free(h->key);
	free(h->realm);
	free(h->service);
	free(h);
}

void auth_oci_free(struct auth *a)
{
	while (a->oci_hosts) {
		struct oci_host *h = a->oci_hosts;

		a->oci_hosts = h->next;
		host_free(h);
	}
}

static struct oci_host *host_of(struct auth *a, const struct auth_ask *ask, bool make)
{
	struct strbuf host = STRBUF_INIT;
	struct oci_host *h;
	char *key;

	url_host(&host, ask->url);
	key = mem_format("%s\x1f%s", ask->source->name, host.buf);
	strbuf_release(&host);
	for (h = a->oci_hosts; h && strcmp(h->key, key) != 0;)
		h = h->next;
	if (!h && make) {
		h = mem_new(1, sizeof(*h));
		h->key = mem_strdup(key);
		h->next = a->oci_hosts;
		a->oci_hosts = h;
	}
	free(key);
	return h;
}

/* --- scopes --- */

/* What the request needs by its path: "repository:NAME:pull"; "" when that does not tell. */
static void scope_of(struct strbuf *out, const struct auth_ask *ask)
{
	static const char *const ends[] = {
		"/manifests/", "/blobs/", "/tags/", "/referrers/"};
	const char *from = strstr(ask->url, "/v2/");
	const char *end = NULL;

	if (!from)
		return;
	from += 4;
	if (!strncmp(from, "_catalog", 8)) {
		strbuf_adds(out, "registry:catalog:*");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		const char *at = strstr(from, ends[i]);

		if (at && at > from && (!end || at < end))
			end = at;
	}
	if (!end)
		return;
	strbuf_adds(out, "repository:");
	url_decode(out, from, (size_t)(end - from));
	strbuf_adds(out, ask->write ? ":pull,push" : ":pull");
}

static const char *scope_asked(const struct oci_host *h, const char *ours)
{
	for (const struct oci_scope *s = h->scopes; s; s = s->next) {
		if (!strcmp(s->ours, ours))
			return s->theirs;
	}
	return ours;
}

/* True: the registry wants another scope than the one that was asked for. */
static bool scope_learn(struct oci_host *h, const char *ours, const struct strbuf *theirs)
{
	struct oci_scope *s = h->scopes;

	if (!theirs->len || !strcmp(scope_asked(h, ours), theirs->buf))
		return false;
	while (s && strcmp(s->ours, ours) != 0)
		s = s->next;
	if (!s) {
		s = mem_new(1, sizeof(*s));
		s->ours = mem_strdup(ours);
		s->next = h->scopes;
		h->scopes = s;
	}
	free(s->theirs);
	s->theirs = mem_strdup(theirs->buf);
	return true;
}

/* --- the credentials for the token server --- */

static int helper_done(struct auth_job *job, const struct auth_ask *ask,
	const struct http_answer *answer, struct err *e)
{
	struct docker_login l = DOCKER_LOGIN_INIT;
	int rc = docker_helper_parse(&l, job->out.buf, job->out.len, e);

	(void)ask;
	(void)answer;
	docker_login_release(&l);
	if (rc < 0)
		return err_hint(e, _("ask it by hand: %s get"), job->program);
	auth_job_made(job, AUTH_CMD_KEEP_NS, AUTH_CMD_KEEP_NS);
	return 0;
}

static int login_from_helper(struct auth_try *t, struct docker_login *l, struct err *e)
{
	extern char **environ;
	const char *argv[] = {l->helper.buf, "get", NULL};
	char *key = mem_format("helper\x1f%s\x1f%s", l->helper.buf, l->server.buf);
	struct auth_job *job;
	int rc = auth_job_for(&job, t, key, e);

	if (rc == AUTH_START)
		rc = auth_job_command(job, t, argv, (const char *const *)environ,
			l->server.buf, helper_done, e);
	if (rc == AUTH_DONE)
		rc = docker_helper_parse(l, job->out.buf, job->out.len, e);
	free(key);
	return rc;
}

static int login_find(struct auth_try *t, struct docker_login *l, struct err *e)
{
	const struct auth_conf *conf = &t->ask->source->auth;
	struct strbuf host = STRBUF_INIT, scratch = STRBUF_INIT;
	const char *user = NULL;
	int rc;

	if (secret_ref_is_set(&conf->secret)) {
		rc = auth_user(t, &user, &scratch, e);
		strbuf_adds(&l->user, user);
		if (rc == AUTH_DONE)
			rc = auth_secret(t, &l->secret, &conf->secret, e);
		secret_release(&scratch);
		return rc;
	}
	url_host(&host, t->ask->url);
	rc = docker_login_find(l, host.buf, e);
	if (rc == AUTH_DONE && l->helper.len)
		rc = login_from_helper(t, l, e);
	strbuf_release(&host);
	return rc;
}

/* --- the token --- */

/* What has passed since it was issued, when the clocks agree at all. */
static int64_t age_of(const char *issued, int64_t life)
{
	struct err ignored = ERR_INIT;
	int64_t at = NONE_INT, age;

	if (!issued || time_parse(&at, issued, &ignored) < 0 || at == NONE_INT)
		at = clock_now();
	err_release(&ignored);
	age = clock_now() - at;
	return age > 0 && age < life ? age : 0;
}

static int oci_done(struct auth_job *job, const struct auth_ask *ask,
	const struct http_answer *answer, struct err *e)
{
	struct strbuf host = STRBUF_INIT;
	struct json *j = NULL;
	int64_t life;
	const char *token;
	int rc = token_json(&j, job, job->conf.url, answer, e);

	(void)ask;
	url_host(&host, job->conf.url);
	token = json_text_at(j, "token");
	if (!token || !*token)
		token = json_text_at(j, "access_token");
	if (rc == 0)
		rc = token_check(token, host.buf, e);
	if (rc == 0) {
		life = token_life(json_get(j, "expires_in"), clock_now());
		life = life == NONE_INT ? TOKEN_LIFE_NS : life;
		life -= age_of(json_text_at(j, "issued_at"), life);
		credential_release(&job->made);
		credential_header(&job->made, "Authorization", "Bearer ", token);
		token_keep(job, life);
	}
	json_wipe(j);
	strbuf_release(&host);
	return rc;
}

/* Credentials go to the server that the registry names, and not in clear where it is encrypted. */
static int realm_check(
	const struct oci_host *h, const struct auth_ask *ask, struct err *e)
{
	struct strbuf shown = STRBUF_INIT;
	int rc;

	if (!h->realm || !*h->realm)
		return err_set(e, ERR_AUTH,
			_("the registry asks for a token and does not say where to "
			  "get it"));
	rc = url_check(h->realm, e);
	if (rc == 0 && !strncasecmp(ask->url, "https://", 8) &&
		strncasecmp(h->realm, "https://", 8) && !url_is_loopback(h->realm)) {
		url_shown(&shown, h->realm);
		rc = err_set(e, ERR_DENIED,
			_("the registry sends logins unencrypted to %s"), shown.buf);
	}
	strbuf_release(&shown);
	return rc;
}

static void scopes_add(struct strbuf *url, const char *scopes)
{
	while (*scopes) {
		size_t n = strcspn(scopes, " ");
		char *one = mem_strndup(scopes, n);

		if (n)
			url_query(url, "scope", one);
		free(one);
		scopes += n + (scopes[n] == ' ');
	}
}

static int token_get(struct auth_job *job, struct auth_try *t, const struct oci_host *h,
	const char *scope, const struct docker_login *l, struct err *e)
{
	struct strbuf url = STRBUF_INIT;
	struct credential c;
	struct http_request req = {.method = HTTP_GET, .credential = &c};
	int rc = 0;

	credential_init(&c);
	strbuf_adds(&url, h->realm);
	if (*h->service)
		url_query(&url, "service", h->service);
	scopes_add(&url, scope);
	if (l->user.len) {
		url_query(&url, "account", l->user.buf);
		rc = credential_basic(&c, l->user.buf, l->secret.buf, e);
	}
	req.url = url.buf;
	if (rc == 0)
		rc = auth_job_request(
			job, t, &req, l->secret.len ? l->secret.buf : NULL, oci_done, e);
	credential_release(&c);
	strbuf_release(&url);
	return rc;
}

/* A refresh token, as RFC 6749 sends it. */
static int token_refresh(struct auth_job *job, struct auth_try *t,
	const struct oci_host *h, const char *scope, const struct docker_login *l,
	struct err *e)
{
	struct strbuf form = STRBUF_INIT;
	struct http_request req = {.method = HTTP_POST,
		.url = h->realm,
		.content_type = "application/x-www-form-urlencoded"};
	int rc;

	strbuf_room(&form, l->identity.len * 3 + 1024);
	url_form(&form, "grant_type", "refresh_token");
	url_form(&form, "service", h->service);
	url_form(&form, "client_id", PACKAGE_NAME);
	if (*scope)
		url_form(&form, "scope", scope);
	url_form(&form, "refresh_token", l->identity.buf);
	req.body = form.buf;
	req.body_bytes = form.len;
	rc = auth_job_request(job, t, &req, l->identity.buf, oci_done, e);
	secret_release(&form);
	return rc;
}

static int oci_bearer(struct auth_try *t, const struct oci_host *h, struct err *e)
{
	struct docker_login l = DOCKER_LOGIN_INIT;
	struct strbuf ours = STRBUF_INIT;
	const char *scope;
	struct auth_job *job;
	char *key;
	int rc;

	scope_of(&ours, t->ask);
	scope = scope_asked(h, ours.buf);
	key = mem_format("oci\x1f%s\x1f%s", h->key, scope);
	rc = auth_job_for(&job, t, key, e);
	if (rc == AUTH_DONE) {
		credential_copy(t->out, &job->made);
	} else if (rc == AUTH_START) {
		rc = realm_check(h, t->ask, e);
		if (rc == 0)
			rc = login_find(t, &l, e);
		if (rc == AUTH_DONE)
			rc = l.identity.len ? token_refresh(job, t, h, scope, &l, e)
					    : token_get(job, t, h, scope, &l, e);
		if (rc == AUTH_WAITS && job->running)
			job->conf.url = arena_strdup(&job->arena, h->realm);
	}
	docker_login_release(&l);
	strbuf_release(&ours);
	free(key);
	return rc;
}

static int oci_basic(struct auth_try *t, struct err *e)
{
	struct docker_login l = DOCKER_LOGIN_INIT;
	int rc = login_find(t, &l, e);

	if (rc == AUTH_DONE && l.user.len) {
		rc = credential_basic(t->out, l.user.buf, l.secret.buf, e);
	} else if (rc == AUTH_DONE) {
		rc = err_set(e, ERR_AUTH, _("the registry wants a user and a password"));
		err_hint(e,
			_("run docker login or podman login, or give auth: {oci: {user: "
			  "NAME, password: {env: NAME}}}"));
	}
	docker_login_release(&l);
	return rc;
}

int auth_oci_build(struct auth_try *t, struct err *e)
{
	const struct oci_host *h = host_of(t->auth, t->ask, false);

	if (!h)
		return AUTH_DONE; /* the first answer says what is wanted */
	return h->scheme == CHALLENGE_BASIC ? oci_basic(t, e) : oci_bearer(t, h, e);
}

/* --- what a 401 says --- */

static bool challenge_find(struct challenge *c, const struct http_answer *answer)
{
	const char *p = answer->headers.buf, *end = p + answer->headers.len;
	bool found = false;

	while (p < end) {
		const char *name = p, *value = p + strlen(p) + 1;

		if (!strcmp(name, "www-authenticate"))
			found |= challenge_parse(c, value, strlen(value));
		p = value + strlen(value) + 1;
	}
	return found;
}

static void host_take(struct oci_host *h, const struct challenge *c)
{
	h->scheme = c->scheme;
	free(h->realm);
	free(h->service);
	h->realm = mem_strdup(c->realm.buf);
	h->service = mem_strdup(c->service.buf);
}

/* A token was refused: another scope is wanted, or it is too old, or this is denied. */
static bool token_again(struct auth *a, struct auth_ask *ask,
	const struct credential *used, const struct challenge *c, bool other_scope)
{
	bool old = !strcmp(c->error.buf, "invalid_token");
	bool dropped = auth_jobs_refuse(a, used->stamp);

	if (ask->repeated || !(other_scope || (old && dropped)))
		return false;
	ask->repeated = true;
	return true;
}

bool auth_oci_challenged(struct auth *a, struct auth_ask *ask,
	const struct credential *used, const struct http_answer *answer)
{
	bool bare = !used->part[CREDENTIAL_HEADERS].len, again = false, other;
	struct challenge c = CHALLENGE_INIT;
	struct strbuf ours = STRBUF_INIT;
	struct oci_host *h;

	if (challenge_find(&c, answer)) {
		h = host_of(a, ask, true);
		scope_of(&ours, ask);
		host_take(h, &c);
		other = scope_learn(h, ours.buf, &c.scope);
		if (bare && !ask->challenged)
			ask->challenged = again = true;
		else if (c.scheme == CHALLENGE_BEARER)
			again = token_again(a, ask, used, &c, other);
	}
	strbuf_release(&ours);
	challenge_release(&c);
	return again;
}
