#include "config.h"

#include "net/auth_token.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/digest.h"
#include "core/i18n.h"
#include "core/log.h"
#include "core/path.h"
#include "net/auth_kubeconfig.h"
#include "net/url.h"

extern char **environ;

/* Files are read again after this, and after a 401: service account tokens rotate. */
#define FILES_FRESH_NS (60 * NS_PER_S)
#define PEM_MAX_BYTES ((size_t)1024 * 1024)

static const char exec_group[] = "client.authentication.k8s.io/";

/* --- what the kubeconfig itself gives --- */

static int pem_take(struct credential *c, enum credential_part part, const char *pem,
	const char *file, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	int rc = 0;

	if (pem) {
		credential_set(c, part, pem, strlen(pem));
	} else if (file) {
		strbuf_room(&text, 16384);
		rc = path_read(&text, file, PEM_MAX_BYTES, e);
		if (rc == 0)
			credential_set(c, part, text.buf, text.len);
	}
	secret_release(&text);
	return rc;
}

static int token_file_take(struct credential *c, const char *file, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	int rc;

	strbuf_room(&text, TOKEN_MAX_BYTES);
	rc = path_read(&text, file, TOKEN_MAX_BYTES, e);
	if (rc == 0)
		rc = secret_check(&text, 0, file, e);
	if (rc == 0)
		credential_header(c, "Authorization", "Bearer ", text.buf);
	secret_release(&text);
	return rc;
}

static int header_take(
	struct credential *c, const char *name, const char *value, struct err *e)
{
	for (const char *p = value; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return err_set(e, ERR_INPUT,
				_("'%s' in the kubeconfig holds a control character"),
				name);
	}
	credential_header(c, name, "", value);
	return 0;
}

static int impersonation_take(
	struct credential *c, const struct kube_target *k, struct err *e)
{
	int rc = 0;

	if (k->as)
		rc = header_take(c, "Impersonate-User", k->as, e);
	if (k->as_uid && rc == 0)
		rc = header_take(c, "Impersonate-Uid", k->as_uid, e);
	for (size_t i = 0; i < k->as_groups.n && rc == 0; i++)
		rc = header_take(c, "Impersonate-Group", k->as_groups.items[i], e);
	for (size_t i = 0; i < k->as_extra.n && rc == 0; i++) {
		struct strbuf name = STRBUF_INIT;

		strbuf_adds(&name, "Impersonate-Extra-");
		url_encode(&name, k->as_extra.names[i]);
		rc = header_take(c, name.buf, k->as_extra.values[i], e);
		strbuf_release(&name);
	}
	return rc;
}

static void text_take(struct credential *c, enum credential_part part, const char *text)
{
	if (text)
		credential_set(c, part, text, strlen(text));
}

static int cluster_take(struct credential *c, const struct kube_target *k, struct err *e)
{
	credential_release(c);
	text_take(c, CREDENTIAL_TLS_NAME, k->tls_name);
	text_take(c, CREDENTIAL_PROXY, k->proxy);
	c->insecure = k->insecure;
	return pem_take(c, CREDENTIAL_CA, k->ca, k->ca_file, e);
}

static int user_take(struct credential *c, const struct kube_target *k, struct err *e)
{
	int rc = pem_take(c, CREDENTIAL_CERT, k->cert, k->cert_file, e);

	if (rc == 0)
		rc = pem_take(c, CREDENTIAL_KEY, k->key, k->key_file, e);
	if (rc == 0 && k->token_file)
		rc = token_file_take(c, k->token_file, e);
	else if (rc == 0 && k->token)
		rc = token_check(k->token, k->server, e);
	if (rc == 0 && !k->token_file && k->token)
		credential_header(c, "Authorization", "Bearer ", k->token);
	return rc;
}

/* --- exec plug-ins --- */

/* Arguments may hold secrets: what follows the '=' of such a one, or "--token ", is not shown. */
static void exec_log(const struct kube_exec *x)
{
	static const char *const words[] = {"secret", "password", "token", "key"};
	struct strbuf line = STRBUF_INIT;
	bool hide_next = false;

	strbuf_adds(&line, x->command);
	for (size_t i = 0; i < x->args.n; i++) {
		const char *arg = x->args.items[i], *equals = strchr(arg, '=');
		bool telling = false;
		size_t open = hide_next ? 0 : strlen(arg);

		for (size_t j = 0; j < ARRAY_LEN(words); j++)
			telling |= strcasestr(arg, words[j]) != NULL;
		if (telling && equals && !hide_next)
			open = (size_t)(equals - arg) + 1;
		strbuf_addc(&line, ' ');
		strbuf_add(&line, arg, open);
		strbuf_adds(&line, open < strlen(arg) ? "***" : "");
		hide_next = telling && !equals && *arg == '-';
	}
	log_info("%s: the kubeconfig's credential plug-in is %s", __func__, line.buf);
	strbuf_release(&line);
}

/* KUBERNETES_EXEC_INFO: what a plug-in is told. */
static void exec_info(struct strbuf *out, const struct kube_target *k)
{
	struct json *j = json_object(), *spec, *cluster;
	struct strbuf coded = STRBUF_INIT;

	json_add_text(j, "kind", "ExecCredential");
	json_add_text(j, "apiVersion", k->exec.api_version);
	spec = json_add_object(j, "spec");
	json_add_bool(spec, "interactive", false);
	if (k->exec.cluster_info) {
		cluster = json_add_object(spec, "cluster");
		json_add_text(cluster, "server", k->server);
		if (k->tls_name)
			json_add_text(cluster, "tls-server-name", k->tls_name);
		if (k->proxy)
			json_add_text(cluster, "proxy-url", k->proxy);
		if (k->insecure)
			json_add_bool(cluster, "insecure-skip-tls-verify", true);
		if (k->ca) {
			base64_encode(&coded, k->ca, strlen(k->ca));
			json_add_text(cluster, "certificate-authority-data", coded.buf);
		}
	}
	strbuf_adds(out, "KUBERNETES_EXEC_INFO=");
	json_format(out, j, false);
	strbuf_release(&coded);
	json_free(j);
}

/* Ours, then the plug-in's own, which win, then what it is told. */
static const char **exec_env(const struct kube_target *k, struct arena *a)
{
	const struct kube_pairs *own = &k->exec.env;
	struct strbuf info = STRBUF_INIT;
	size_t n = 0, count = 0;
	const char **env;

	while (environ[count])
		count++;
	env = arena_alloc(a, count + own->n + 2, sizeof(*env));
	for (size_t i = 0; i < count; i++) {
		bool ours = strncmp(environ[i], "KUBERNETES_EXEC_INFO=", 21) != 0;

		for (size_t j = 0; j < own->n; j++) {
			size_t name = strlen(own->names[j]);

			if (!strncmp(environ[i], own->names[j], name) &&
				environ[i][name] == '=')
				ours = false;
		}
		if (ours)
			env[n++] = environ[i];
	}
	for (size_t j = 0; j < own->n; j++)
		env[n++] = arena_format(a, "%s=%s", own->names[j], own->values[j]);
	exec_info(&info, k);
	env[n] = arena_strdup(a, info.buf);
	strbuf_release(&info);
	return env;
}

static int exec_check(const struct kube_target *k, struct err *e)
{
	static const char *const versions[] = {"v1", "v1beta1"};
	const char *version = k->exec.api_version ? k->exec.api_version : "";

	if (k->exec.interactive)
		return err_set(e, ERR_AUTH,
			_("the credential plug-in '%s' wants a terminal, and none is "
			  "here"),
			k->exec.command);
	for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
		if (!strncmp(version, exec_group, strlen(exec_group)) &&
			!strcmp(version + strlen(exec_group), versions[i]))
			return 0;
	}
	err_set(e, ERR_INPUT,
		_("the credential plug-in '%s' speaks '%s', which is not known"),
		k->exec.command, version);
	return err_hint(
		e, _("client.authentication.k8s.io/v1 and v1beta1 are; update it"));
}

static int exec_take(struct auth_job *job, const struct kube_target *k,
	const struct json *status, struct err *e)
{
	const char *token = json_text(json_get(status, "token"));
	const char *cert = json_text(json_get(status, "clientCertificateData"));
	const char *key = json_text(json_get(status, "clientKeyData"));

	if (!cert != !key || (!token && !cert))
		return err_set(e, ERR_AUTH,
			_("the credential plug-in '%s' printed no credential"),
			k->exec.command);
	text_take(&job->made, CREDENTIAL_CERT, cert);
	text_take(&job->made, CREDENTIAL_KEY, key);
	if (token && token_check(token, k->exec.command, e) < 0)
		return -1;
	if (token)
		credential_header(&job->made, "Authorization", "Bearer ", token);
	token_keep(job, token_life(json_get(status, "expirationTimestamp"), clock_now()));
	return 0;
}

static int exec_parse(struct auth_job *job, const struct kube_target *k, struct err *e)
{
	struct json *j = NULL;
	struct err inner = ERR_INIT;
	const char *kind = NULL, *version = NULL;
	int rc = 0;

	if (!json_parse(&j, job->out.buf, job->out.len, &inner)) {
		kind = json_text(json_get(j, "kind"));
		version = json_text(json_get(j, "apiVersion"));
	}
	if (!kind || strcmp(kind, "ExecCredential") || !version ||
		strcmp(version, k->exec.api_version) != 0)
		rc = err_set(e, ERR_AUTH,
			_("the credential plug-in '%s' printed no ExecCredential of "
			  "'%s'"),
			k->exec.command, k->exec.api_version);
	if (rc == 0)
		rc = exec_take(job, k, json_get(j, "status"), e);
	err_release(&inner);
	json_wipe(j);
	secret_release(&job->out);
	return rc;
}

/* --- putting it together --- */

/* What was pinned when the source was made must still hold. */
static int server_check(
	const struct kube_target *k, const struct kube_conf *conf, struct err *e)
{
	if (!conf->server || !strcmp(conf->server, k->server))
		return 0;
	err_set(e, ERR_CONFLICT,
		_("the kubeconfig's context '%s' is now another cluster, %s"), k->context,
		k->server);
	return err_hint(e, _("start Tocsin again to follow it"));
}

static int exec_done(struct auth_job *job, const struct auth_ask *ask,
	const struct http_answer *answer, struct err *e)
{
	const struct kube_conf *conf = &ask->source->auth.kube;
	struct arena a = {0};
	struct kube_target k;
	int rc = kubeconfig_target(&k, conf, &a, e);

	(void)answer;
	if (rc == 0)
		rc = server_check(&k, conf, e);
	if (rc == 0 && !k.exec.command)
		rc = err_set(e, ERR_CONFLICT,
			_("the kubeconfig changed while its plug-in ran"));
	if (rc == 0)
		rc = cluster_take(&job->made, &k, e);
	if (rc == 0)
		rc = impersonation_take(&job->made, &k, e);
	if (rc == 0)
		rc = exec_parse(job, &k, e);
	arena_wipe(&a);
	return rc;
}

static int exec_start(struct auth_job *job, struct auth_try *t,
	const struct kube_target *k, struct arena *a, struct err *e)
{
	const struct kube_exec *x = &k->exec;
	const char **argv = arena_alloc(a, x->args.n + 2, sizeof(*argv));
	int rc = exec_check(k, e);

	if (rc < 0)
		return -1;
	argv[0] = x->command;
	for (size_t i = 0; i < x->args.n; i++)
		argv[i + 1] = x->args.items[i];
	if (!job->program)
		exec_log(x);
	rc = auth_job_command(job, t, argv, exec_env(k, a), NULL, exec_done, e);
	if (rc < 0 && x->install_hint)
		err_hint(e, "%s", x->install_hint);
	return rc;
}

static int files_take(struct auth_job *job, const struct kube_target *k, struct err *e)
{
	int rc = cluster_take(&job->made, k, e);

	if (rc == 0)
		rc = user_take(&job->made, k, e);
	if (rc == 0 && k->basic_user && !k->token && !k->token_file)
		rc = credential_basic(&job->made, k->basic_user,
			k->basic_password ? k->basic_password : "", e);
	if (rc == 0)
		rc = impersonation_take(&job->made, k, e);
	if (rc == 0)
		auth_job_made(job, FILES_FRESH_NS, FILES_FRESH_NS);
	return rc;
}

static int kube_start(struct auth_job *job, struct auth_try *t, struct err *e)
{
	const struct kube_conf *conf = &t->ask->source->auth.kube;
	struct arena a = {0};
	struct kube_target k;
	int rc = kubeconfig_target(&k, conf, &a, e);

	if (rc == 0)
		rc = server_check(&k, conf, e);
	/* A plug-in is asked only when nothing else is there, as kubectl does. */
	if (rc == 0 && k.exec.command && !k.token && !k.token_file)
		rc = exec_start(job, t, &k, &a, e);
	else if (rc == 0)
		rc = files_take(job, &k, e);
	arena_wipe(&a);
	return rc;
}

int auth_kube_build(struct auth_try *t, struct err *e)
{
	const struct kube_conf *conf = &t->ask->source->auth.kube;
	struct auth_job *job;
	const char *url = t->ask->source->url;
	char *key = mem_format("kube\x1f%s\x1f%s\x1f%s\x1f%s", t->ask->source->name,
		url ? url : "", conf->file ? conf->file : "",
		conf->context ? conf->context : "");
	int rc = auth_job_for(&job, t, key, e);

	free(key);
	if (rc == AUTH_START)
		rc = kube_start(job, t, e);
	if (rc == AUTH_DONE)
		credential_copy(t->out, &job->made);
	return rc;
}
