#include "config.h"

#include "net/auth_token.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "net/url.h"

static int login_url(struct strbuf *out, const struct source_conf *s, struct err *e)
{
	if (!s->auth.login.path) {
		err_set(e, ERR_INPUT, _("the connector '%s' has no rule for a login"),
			s->type);
		return err_hint(e, _("see tocsin-connector(5), auth"));
	}
	if (!s->url)
		return err_set(e, ERR_INPUT, _("the source '%s' has no url"), s->name);
	url_join(out, s->url, s->auth.login.path);
	return 0;
}

/* What a rule's text stands for: "$user" and "$password", else itself; NULL: it is left out. */
static const char *value_of(const char *text, const char *user, const char *password)
{
	if (!strcmp(text, "$user"))
		return user;
	if (!strcmp(text, "$password"))
		return password;
	return text;
}

static struct json *fill(const struct json *j, const char *user, const char *password)
{
	bool object = json_type(j) == JSON_OBJECT;
	struct json *out;

	if (!object && json_type(j) != JSON_ARRAY)
		return json_copy(j);
	out = object ? json_object() : json_array();
	json_each (item, j) {
		const char *key = object ? json_key(item) : NULL;

		if (json_type(item) == JSON_STRING)
			json_add_text(
				out, key, value_of(json_text(item), user, password));
		else
			json_add(out, key, fill(item, user, password));
	}
	return out;
}

static int body_make(struct strbuf *out, const char **type, const struct login_conf *l,
	const char *user, const char *password, struct err *e)
{
	struct json *template = NULL, *filled;

	strbuf_room(out, AUTH_SECRET_MAX_BYTES * 4);
	if (l->json) {
		if (json_parse(&template, l->json, strlen(l->json), e) < 0)
			return -1;
		filled = fill(template, user, password);
		json_format(out, filled, false);
		json_wipe(filled);
		json_wipe(template);
		*type = "application/json";
	} else if (l->n_form) {
		for (size_t i = 0; i < l->n_form; i++)
			url_form(out, l->form_names[i],
				value_of(l->form_values[i], user, password));
		*type = "application/x-www-form-urlencoded";
	}
	return 0;
}

/* The text at ".a.b" of a JSON answer, or the whole of a plain one. */
static int token_find(struct strbuf *out, const struct auth_job *job,
	const struct login_conf *l, const char *url, const struct http_answer *answer,
	int64_t *life, struct err *e)
{
	bool jwt = l->expires && !strcmp(l->expires, "jwt");
	struct json *j = NULL;
	int rc = 0;

	if (strcmp(l->token, ".") != 0) {
		rc = token_json(&j, job, url, answer, e);
		strbuf_adds(out, json_text_at(j, l->token + 1));
	} else if (token_status(job, url, answer, e) < 0) {
		rc = -1;
	} else if (*answer->body.buf == '"' &&
		!json_parse(&j, answer->body.buf, answer->body.len, e)) {
		strbuf_adds(out, json_text(j));
	} else {
		strbuf_add(out, answer->body.buf, strcspn(answer->body.buf, "\r\n"));
	}
	if (jwt)
		*life = token_jwt_life(out->buf, clock_now());
	else if (l->expires && *l->expires == '.')
		*life = token_life(json_at(j, l->expires + 1), clock_now());
	else if (l->expires)
		*life = strtoll(l->expires, NULL, 10) * NS_PER_S;
	json_wipe(j);
	return rc;
}

static int login_done(struct auth_job *job, const struct auth_ask *ask,
	const struct http_answer *answer, struct err *e)
{
	const struct login_conf *l = &ask->source->auth.login;
	struct strbuf url = STRBUF_INIT, host = STRBUF_INIT, token = STRBUF_INIT;
	int64_t life = NONE_INT;
	int rc = login_url(&url, ask->source, e);

	url_host(&host, url.buf);
	strbuf_room(&token, TOKEN_MAX_BYTES);
	if (rc == 0)
		rc = token_find(&token, job, l, url.buf, answer, &life, e);
	if (rc == 0)
		rc = token_check(token.buf, host.buf, e);
	if (rc == 0) {
		credential_release(&job->made);
		credential_header(&job->made, l->header, l->prefix, token.buf);
		token_keep(job, life);
	}
	secret_release(&token);
	strbuf_release(&host);
	strbuf_release(&url);
	return rc;
}

static int login_start(struct auth_job *job, struct auth_try *t, const char *user,
	const char *password, struct err *e)
{
	const struct source_conf *s = t->ask->source;
	const struct login_conf *l = &s->auth.login;
	struct strbuf url = STRBUF_INIT, body = STRBUF_INIT;
	struct http_request req = {.method = !strcmp(l->method, "GET") ? HTTP_GET
			: !strcmp(l->method, "PUT")                    ? HTTP_PUT
								       : HTTP_POST};
	int rc = login_url(&url, s, e);

	if (rc == 0)
		rc = body_make(&body, &req.content_type, l, user, password, e);
	if (rc == 0) {
		req.url = url.buf;
		req.body = body.buf;
		req.body_bytes = body.len;
		req.accept = "application/json, */*;q=0.5";
		rc = auth_job_request(job, t, &req, password, login_done, e);
	}
	secret_release(&body);
	strbuf_release(&url);
	return rc;
}

int auth_login_build(struct auth_try *t, struct err *e)
{
	const struct source_conf *s = t->ask->source;
	struct strbuf scratch = STRBUF_INIT, password = STRBUF_INIT;
	const char *user = NULL;
	char *key = mem_format("login\x1f%s\x1f%s\x1f%s", s->name, s->url ? s->url : "",
		s->auth.user ? s->auth.user : "");
	struct auth_job *job;
	int rc = auth_job_for(&job, t, key, e);

	free(key);
	if (rc == AUTH_DONE)
		credential_copy(t->out, &job->made);
	if (rc != AUTH_START)
		return rc;
	rc = auth_user(t, &user, &scratch, e);
	if (rc == AUTH_DONE)
		rc = auth_secret(t, &password, &s->auth.secret, e);
	if (rc == AUTH_DONE)
		rc = login_start(job, t, user, password.len ? password.buf : NULL, e);
	secret_release(&scratch);
	secret_release(&password);
	return rc;
}
