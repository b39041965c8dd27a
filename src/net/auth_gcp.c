#include "config.h"

#include "net/auth_token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/i18n.h"
#include "core/path.h"
#include "net/auth_jwt.h"
#include "net/url.h"

#define FILE_MAX_BYTES ((size_t)256 * 1024)
#define JWT_LIFE_S 3600

static const char default_scope[] = "https://www.googleapis.com/auth/cloud-platform";
static const char default_token_uri[] = "https://oauth2.googleapis.com/token";
static const char metadata_host[] = "metadata.google.internal";

/* One try to get a token by what a credentials file says. */
struct gcp_grant {
	struct auth_job *job;
	struct auth_try *t;
	const struct json *file;
	const char *name, *token_uri, *scope;
};

static const char *text_of(const struct gcp_grant *g, const char *key, struct err *e)
{
	const char *text = json_text(json_get(g->file, key));

	if (!text || !*text) {
		err_set(e, ERR_AUTH, _("the Google credentials '%s' have no '%s'"),
			g->name, key);
		return NULL;
	}
	return text;
}

/* The answer of the token endpoint goes where the file says, encrypted. */
static int token_uri_check(const struct gcp_grant *g, struct err *e)
{
	if (url_check(g->token_uri, e) < 0)
		return err_prefix(e, _("the token_uri of '%s': "), g->name);
	if (!strncasecmp(g->token_uri, "https://", 8) || url_is_loopback(g->token_uri))
		return 0;
	return err_set(e, ERR_DENIED,
		_("the token_uri of '%s' would send the login unencrypted"), g->name);
}

/* RFC 7523: who we are, signed with our key. */
static int service_account(const struct gcp_grant *g, struct err *e)
{
	const char *email = text_of(g, "client_email", e);
	const char *key = email ? text_of(g, "private_key", e) : NULL;
	int64_t now = clock_now() / NS_PER_S;
	struct json *claims;
	struct strbuf jwt = STRBUF_INIT, form = STRBUF_INIT;
	int rc;

	if (!key)
		return -1;
	claims = json_object();
	json_add_text(claims, "iss", email);
	json_add_text(claims, "scope", g->scope);
	json_add_text(claims, "aud", g->token_uri);
	json_add_int(claims, "iat", now);
	json_add_int(claims, "exp", now + JWT_LIFE_S);
	rc = jwt_sign(
		&jwt, claims, key, json_text(json_get(g->file, "private_key_id")), e);
	json_free(claims);
	if (rc < 0)
		err_where(e, "%s", g->name);
	url_form(&form, "grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer");
	url_form(&form, "assertion", jwt.buf);
	if (rc == 0)
		rc = auth_oauth2_post(
			g->job, g->t, g->token_uri, &form, NULL, jwt.buf, e);
	secret_release(&form);
	secret_release(&jwt);
	return rc;
}

static int authorized_user(const struct gcp_grant *g, struct err *e)
{
	const char *id = text_of(g, "client_id", e);
	const char *secret = id ? text_of(g, "client_secret", e) : NULL;
	const char *refresh = secret ? text_of(g, "refresh_token", e) : NULL;
	struct strbuf form = STRBUF_INIT;
	int rc;

	if (!refresh)
		return -1;
	strbuf_room(&form, 4096);
	url_form(&form, "grant_type", "refresh_token");
	url_form(&form, "client_id", id);
	url_form(&form, "client_secret", secret);
	url_form(&form, "refresh_token", refresh);
	rc = auth_oauth2_post(g->job, g->t, g->token_uri, &form, NULL, refresh, e);
	secret_release(&form);
	return rc;
}

static const struct {
	const char *type;
	int (*start)(const struct gcp_grant *g, struct err *e);
} file_types[] = {
	{"service_account", service_account},
	{"authorized_user", authorized_user},
};

static int grant_start(struct gcp_grant *g, struct err *e)
{
	const char *type = text_of(g, "type", e);
	const char *uri = json_text(json_get(g->file, "token_uri"));

	if (!type)
		return -1;
	g->token_uri = uri ? uri : default_token_uri;
	if (token_uri_check(g, e) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(file_types); i++) {
		if (!strcmp(file_types[i].type, type))
			return file_types[i].start(g, e);
	}
	err_set(e, ERR_AUTH,
		_("the Google credentials '%s' are of a type that cannot be used: %s"),
		g->name, type);
	return err_hint(
		e, _("use auth: {bearer: {cmd: [gcloud, auth, print-access-token]}}"));
}

/* Where Google's own tools look. */
static char *file_name(const struct gcp_conf *conf)
{
	const char *env = getenv("GOOGLE_APPLICATION_CREDENTIALS");
	const char *dir = getenv("CLOUDSDK_CONFIG");

	if (conf->file)
		return mem_strdup(conf->file);
	if (env && *env)
		return path_expand(env, "/");
	if (dir && *dir)
		return path_join(dir, "application_default_credentials.json");
	return path_expand("~/.config/gcloud/application_default_credentials.json", "/");
}

static int file_start(struct auth_job *job, struct auth_try *t, struct err *e)
{
	const struct gcp_conf *conf = &t->ask->source->auth.gcp;
	struct strbuf text = STRBUF_INIT;
	struct json *j = NULL;
	char *name = file_name(conf);
	struct gcp_grant g = {.job = job,
		.t = t,
		.name = name,
		.scope = conf->scope ? conf->scope : default_scope};
	int rc;

	strbuf_room(&text, 16384);
	rc = path_read(&text, name, FILE_MAX_BYTES, e);
	if (rc < 0 && e->code == ERR_NOT_FOUND)
		err_hint(e,
			_("run gcloud auth application-default login, or name a file "
			  "with auth: {gcp: {file: PATH}}"));
	if (rc == 0)
		rc = json_parse(&j, text.buf, text.len, e);
	if (rc == 0) {
		g.file = j;
		rc = grant_start(&g, e);
	} else {
		err_where(e, "%s", name);
	}
	json_wipe(j);
	secret_release(&text);
	free(name);
	return rc;
}

static int metadata_start(struct auth_job *job, struct auth_try *t, struct err *e)
{
	static const struct http_header flavor = {"Metadata-Flavor", "Google"};
	const char *scope = t->ask->source->auth.gcp.scope;
	const char *host = getenv("GCE_METADATA_HOST");
	struct strbuf url = STRBUF_INIT;
	struct http_request req = {
		.method = HTTP_GET, .headers = &flavor, .n_headers = 1};
	int rc;

	strbuf_addf(&url,
		"http://%s/computeMetadata/v1/instance/service-accounts/default/token",
		host && *host ? host : metadata_host);
	url_query(&url, "scopes", scope);
	req.url = url.buf;
	rc = auth_job_request(job, t, &req, NULL, auth_oauth2_answered, e);
	job->conf.url = arena_strdup(&job->arena, url.buf);
	strbuf_release(&url);
	return rc;
}

int auth_gcp_build(struct auth_try *t, struct err *e)
{
	const struct gcp_conf *conf = &t->ask->source->auth.gcp;
	struct auth_job *job;
	char *key = mem_format(
		"gcp\x1f%s\x1f%s", t->ask->source->name, conf->scope ? conf->scope : "");
	int rc = auth_job_for(&job, t, key, e);

	free(key);
	if (rc == AUTH_DONE)
		credential_copy(t->out, &job->made);
	if (rc != AUTH_START)
		return rc;
	return conf->metadata ? metadata_start(job, t, e) : file_start(job, t, e);
}
