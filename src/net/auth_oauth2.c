#include "config.h"

#include "net/auth_token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/i18n.h"
#include "net/url.h"

/* RFC 6749, section 5.1. */
static int oauth2_take(struct auth_job *job, const char *url,
	const struct http_answer *answer, struct err *e)
{
	struct strbuf host = STRBUF_INIT;
	struct json *j = NULL;
	const char *token, *type;
	int rc = token_json(&j, job, url, answer, e);

	url_host(&host, url);
	token = json_text_at(j, "access_token");
	type = json_text_at(j, "token_type");
	if (rc == 0)
		rc = token_check(token, host.buf, e);
	if (rc == 0 && type && strcasecmp(type, "bearer") != 0)
		rc = err_set(e, ERR_AUTH,
			_("the login at %s gives tokens of a type that is not bearer"),
			host.buf);
	if (rc == 0) {
		credential_release(&job->made);
		credential_header(&job->made, "Authorization", "Bearer ", token);
		token_keep(job, token_life(json_get(j, "expires_in"), clock_now()));
	}
	json_wipe(j);
	strbuf_release(&host);
	return rc;
}

int auth_oauth2_answered(struct auth_job *job, const struct auth_ask *ask,
	const struct http_answer *answer, struct err *e)
{
	(void)ask;
	return oauth2_take(job, job->conf.url, answer, e);
}

int auth_oauth2_post(struct auth_job *job, struct auth_try *t, const char *url,
	const struct strbuf *form, const struct credential *c, const char *secret,
	struct err *e)
{
	struct http_request req = {
		.method = HTTP_POST,
		.url = url,
		.body = form->buf,
		.body_bytes = form->len,
		.content_type = "application/x-www-form-urlencoded",
		.credential = c,
	};
	int rc = auth_job_request(job, t, &req, secret, auth_oauth2_answered, e);

	job->conf.url = arena_strdup(&job->arena, url);
	return rc;
}

static int oauth2_start(
	struct auth_job *job, struct auth_try *t, const char *secret, struct err *e)
{
	const struct oauth2_conf *o = &t->ask->source->auth.oauth2;
	struct strbuf form = STRBUF_INIT, id = STRBUF_INIT, coded = STRBUF_INIT;
	struct credential c;
	int rc = 0;

	credential_init(&c);
	strbuf_room(&form, strlen(secret) * 3 + 1024);
	url_form(&form, "grant_type", "client_credentials");
	url_form(&form, "scope", o->scope);
	url_form(&form, "audience", o->audience);
	if (o->in_body) {
		url_form(&form, "client_id", o->client_id);
		url_form(&form, "client_secret", secret);
	} else {
		/* RFC 6749, section 2.3.1: both are form-encoded before Basic joins them. */
		strbuf_room(&coded, strlen(secret) * 3 + 1);
		url_encode(&id, o->client_id);
		url_encode(&coded, secret);
		rc = credential_basic(&c, id.buf, coded.buf, e);
	}
	if (rc == 0)
		rc = auth_oauth2_post(job, t, o->token_url, &form, &c, secret, e);
	credential_release(&c);
	secret_release(&form);
	secret_release(&coded);
	strbuf_release(&id);
	return rc;
}

int auth_oauth2_build(struct auth_try *t, struct err *e)
{
	const struct source_conf *s = t->ask->source;
	const struct oauth2_conf *o = &s->auth.oauth2;
	struct strbuf secret = STRBUF_INIT;
	struct auth_job *job;
	char *key = mem_format("oauth2\x1f%s\x1f%s\x1f%s\x1f%s", s->name, o->token_url,
		o->client_id, o->scope ? o->scope : "");
	int rc = auth_job_for(&job, t, key, e);

	free(key);
	if (rc == AUTH_DONE)
		credential_copy(t->out, &job->made);
	if (rc != AUTH_START)
		return rc;
	rc = auth_secret(t, &secret, &s->auth.secret, e);
	if (rc == AUTH_DONE)
		rc = oauth2_start(job, t, secret.buf, e);
	secret_release(&secret);
	return rc;
}
