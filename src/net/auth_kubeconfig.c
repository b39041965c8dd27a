#include "config.h"

#include "net/auth_kubeconfig.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/i18n.h"
#include "core/path.h"
#include "net/auth.h"
#include "net/url.h"

/* One file of the list. */
struct kube_file {
	struct yaml_doc *doc;
	const struct yaml_node *root;
	const char *dir;
};

struct kube_files {
	struct kube_file *items; /* in the arena */
	size_t n;
	struct arena *a;
};

/* An entry, and the directory that its paths are relative to. */
struct kube_entry {
	const struct yaml_node *map;
	const char *dir;
};

/* --- looking things up --- */

/* The map `inner` of the entry `name` in the list `list` of the first file that has it. */
static struct kube_entry entry_of(const struct kube_files *files, const char *list,
	const char *name, const char *inner)
{
	for (size_t i = 0; i < files->n; i++) {
		const struct yaml_node *items = yaml_get(files->items[i].root, list);

		for (size_t j = 0; j < yaml_count(items); j++) {
			const struct yaml_node *item = yaml_item(items, j);
			const char *its = yaml_text(yaml_get(item, "name"));

			if (its && !strcmp(its, name))
				return (struct kube_entry){
					yaml_get(item, inner), files->items[i].dir};
		}
	}
	return (struct kube_entry){NULL, NULL};
}

static const char *text_of(
	const struct kube_files *files, const struct yaml_node *map, const char *key)
{
	const char *text = yaml_text(yaml_get(map, key));

	return text && *text ? arena_strdup(files->a, text) : NULL;
}

static bool bool_of(const struct yaml_node *map, const char *key)
{
	const char *text = yaml_text(yaml_get(map, key));

	return text && !strcmp(text, "true");
}

static const char *file_of(
	const struct kube_files *files, const struct kube_entry *at, const char *key)
{
	const char *text = yaml_text(yaml_get(at->map, key));
	char *full = text && *text ? path_join(at->dir, text) : NULL;
	const char *out = arena_strdup(files->a, full);

	free(full);
	return out;
}

/* base64 of a PEM. */
static int pem_of(const char **out, const struct kube_files *files,
	const struct kube_entry *at, const char *key, struct err *e)
{
	const char *text = yaml_text(yaml_get(at->map, key));
	struct strbuf pem = STRBUF_INIT;
	struct err inner = ERR_INIT;
	int rc = 0;

	*out = NULL;
	if (!text || !*text)
		return 0;
	strbuf_room(&pem, strlen(text) + 1);
	if (base64_decode(&pem, text, strlen(text), &inner) < 0 ||
		!strstr(pem.buf, "-----BEGIN "))
		rc = err_set(e, ERR_INPUT,
			_("'%s' in the kubeconfig is no PEM in base64"), key);
	else
		*out = arena_strdup(files->a, pem.buf);
	err_release(&inner);
	secret_release(&pem);
	return rc;
}

static void texts_of(struct yaml_texts *out, const struct kube_files *files,
	const struct yaml_node *list)
{
	size_t n = yaml_count(list);

	out->items = arena_alloc(files->a, n + 1, sizeof(*out->items));
	for (size_t i = 0; i < n; i++) {
		const char *text = yaml_text(yaml_item(list, i));

		if (text)
			out->items[out->n++] = arena_strdup(files->a, text);
	}
}

static void pair_add(struct kube_pairs *out, const struct kube_files *files, size_t room,
	const char *name, const char *value)
{
	if (!out->names) {
		out->names = arena_alloc(files->a, room, sizeof(*out->names));
		out->values = arena_alloc(files->a, room, sizeof(*out->values));
	}
	if (!name || !value || out->n >= room)
		return;
	out->names[out->n] = arena_strdup(files->a, name);
	out->values[out->n++] = arena_strdup(files->a, value);
}

/* --- the three parts --- */

static int take_cluster(struct kube_target *out, const struct kube_files *files,
	const struct kube_entry *at, struct err *e)
{
	out->server = text_of(files, at->map, "server");
	out->tls_name = text_of(files, at->map, "tls-server-name");
	out->proxy = text_of(files, at->map, "proxy-url");
	out->insecure = bool_of(at->map, "insecure-skip-tls-verify");
	if (pem_of(&out->ca, files, at, "certificate-authority-data", e) < 0)
		return -1;
	if (!out->ca)
		out->ca_file = file_of(files, at, "certificate-authority");
	if (!out->server)
		return err_set(e, ERR_INPUT,
			_("the cluster '%s' of the kubeconfig has no server"),
			out->cluster);
	return url_check(out->server, e);
}

static int take_exec(struct kube_target *out, const struct kube_files *files,
	const struct kube_entry *at, struct err *e)
{
	const struct yaml_node *map = yaml_get(at->map, "exec");
	const struct yaml_node *env = yaml_get(map, "env");
	const char *mode = yaml_text(yaml_get(map, "interactiveMode"));
	const char *command = yaml_text(yaml_get(map, "command"));
	struct kube_exec *x = &out->exec;

	if (yaml_type(map) != YAML_MAP)
		return 0;
	if (!command || !*command)
		return err_set(e, ERR_INPUT,
			_("the exec of the kubeconfig's user '%s' has no command"),
			out->user);
	/* With a slash it is relative to its file, without one it is looked up in PATH. */
	x->command = strchr(command, '/')
		? file_of(files, &(struct kube_entry){map, at->dir}, "command")
		: arena_strdup(files->a, command);
	x->api_version = text_of(files, map, "apiVersion");
	x->install_hint = text_of(files, map, "installHint");
	x->cluster_info = bool_of(map, "provideClusterInfo");
	x->interactive = mode && !strcmp(mode, "Always");
	texts_of(&x->args, files, yaml_get(map, "args"));
	for (size_t i = 0; i < yaml_count(env); i++)
		pair_add(&x->env, files, yaml_count(env),
			yaml_text(yaml_get(yaml_item(env, i), "name")),
			yaml_text(yaml_get(yaml_item(env, i), "value")));
	return 0;
}

static void take_extra(struct kube_target *out, const struct kube_files *files,
	const struct yaml_node *map)
{
	size_t room = 0;

	for (size_t i = 0; i < yaml_count(map); i++)
		room += yaml_count(yaml_value(map, i));
	for (size_t i = 0; i < yaml_count(map); i++) {
		const struct yaml_node *list = yaml_value(map, i);

		for (size_t j = 0; j < yaml_count(list); j++)
			pair_add(&out->as_extra, files, room, yaml_key_text(map, i),
				yaml_text(yaml_item(list, j)));
	}
}

/* Data wins over a file of the same thing, and tokenFile over token. */
static int take_user(struct kube_target *out, const struct kube_files *files,
	const struct kube_entry *at, struct err *e)
{
	const char *old = yaml_text(yaml_get(yaml_get(at->map, "auth-provider"), "name"));

	if (old) {
		err_set(e, ERR_INPUT,
			_("the kubeconfig's user '%s' signs in by the auth-provider "
			  "'%s', which Kubernetes has removed"),
			out->user, old);
		return err_hint(e, _("use the exec plug-in that took its place"));
	}
	out->token_file = file_of(files, at, "tokenFile");
	if (!out->token_file)
		out->token = text_of(files, at->map, "token");
	if (pem_of(&out->cert, files, at, "client-certificate-data", e) < 0 ||
		pem_of(&out->key, files, at, "client-key-data", e) < 0)
		return -1;
	if (!out->cert)
		out->cert_file = file_of(files, at, "client-certificate");
	if (!out->key)
		out->key_file = file_of(files, at, "client-key");
	out->basic_user = text_of(files, at->map, "username");
	out->basic_password = text_of(files, at->map, "password");
	out->as = text_of(files, at->map, "as");
	out->as_uid = text_of(files, at->map, "as-uid");
	texts_of(&out->as_groups, files, yaml_get(at->map, "as-groups"));
	take_extra(out, files, yaml_get(at->map, "as-user-extra"));
	return take_exec(out, files, at, e);
}

static const char *current_context(const struct kube_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const char *name =
			text_of(files, files->items[i].root, "current-context");

		if (name)
			return name;
	}
	return NULL;
}

static int missing(struct err *e, const char *what, const char *name)
{
	return err_set(
		e, ERR_INPUT, _("there is no %s '%s' in the kubeconfig"), what, name);
}

static int target_take(struct kube_target *out, const struct kube_files *files,
	const char *context, struct err *e)
{
	struct kube_entry ctx, cluster, user = {NULL, NULL};

	out->context = context ? arena_strdup(files->a, context) : current_context(files);
	if (!out->context) {
		err_set(e, ERR_INPUT, _("the kubeconfig has no current-context"));
		return err_hint(e,
			_("run kubectl config use-context NAME, or auth: {kube: "
			  "{context: "
			  "NAME}}"));
	}
	ctx = entry_of(files, "contexts", out->context, "context");
	if (!ctx.map) {
		missing(e, "context", out->context);
		return err_hint(e, _("kubectl config get-contexts lists them"));
	}
	out->cluster = text_of(files, ctx.map, "cluster");
	out->user = text_of(files, ctx.map, "user");
	out->space = text_of(files, ctx.map, "namespace");
	if (!out->cluster)
		return err_set(e, ERR_INPUT,
			_("the context '%s' of the kubeconfig names no cluster"),
			out->context);
	cluster = entry_of(files, "clusters", out->cluster, "cluster");
	if (!cluster.map)
		return missing(e, "cluster", out->cluster);
	if (out->user)
		user = entry_of(files, "users", out->user, "user");
	if (out->user && !user.dir)
		return missing(e, "user", out->user);
	if (take_cluster(out, files, &cluster, e) < 0)
		return -1;
	return user.map ? take_user(out, files, &user, e) : 0;
}

/* --- files --- */

static int file_add(struct kube_files *files, const char *text, size_t n, const char *dir,
	const char *name, struct err *e)
{
	struct kube_file *f = &files->items[files->n];
	struct problems p;
	int rc = 0;

	problems_init(&p, name);
	if (yaml_parse(&f->doc, text, n, &p) < 0)
		rc = problems_err(&p, e);
	problems_release(&p);
	if (rc < 0)
		return -1;
	f->root = yaml_root(f->doc, 0);
	f->dir = arena_strdup(files->a, dir);
	files->n++;
	return 0;
}

static void files_release(struct kube_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		yaml_wipe(files->items[i].doc);
}

int kubeconfig_parse(struct kube_target *out, const char *const *texts,
	const char *const *dirs, size_t n, const char *context, struct arena *a,
	struct err *e)
{
	struct kube_files files = {arena_alloc(a, n + 1, sizeof(*files.items)), 0, a};
	int rc = 0;

	*out = (struct kube_target){0};
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = file_add(&files, texts[i], strlen(texts[i]), dirs[i], NULL, e);
	if (rc == 0)
		rc = target_take(out, &files, context, e);
	files_release(&files);
	return rc;
}

/* Passed over when it is not there. */
static int file_load(struct kube_files *files, const char *name, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	struct err inner = ERR_INIT;
	char *full = path_expand(name, "/"), *dir = path_dir(full);
	int rc = 0;

	strbuf_room(&text, 65536);
	if (path_read(&text, full, KUBECONFIG_MAX_BYTES, &inner) == 0)
		rc = file_add(files, text.buf, text.len, dir, full, e);
	else if (inner.code != ERR_NOT_FOUND)
		rc = err_copy(e, &inner);
	err_release(&inner);
	secret_release(&text);
	free(dir);
	free(full);
	return rc;
}

/* The names of a list between colons, as one of texts in the arena. */
static size_t list_split(const char ***out, const char *list, struct arena *a)
{
	size_t n = 0, room = 1;

	for (const char *p = list; *p; p++)
		room += *p == ':';
	*out = arena_alloc(a, room, sizeof(**out));
	while (*list) {
		size_t bytes = strcspn(list, ":");

		if (bytes)
			(*out)[n++] = arena_strndup(a, list, bytes);
		list += bytes + (list[bytes] == ':');
	}
	return n;
}

int kubeconfig_read(struct kube_target *out, const struct kube_conf *conf,
	struct arena *a, struct err *e)
{
	const char *env = getenv("KUBECONFIG");
	const char **names = NULL;
	struct kube_files files = {.a = a};
	size_t n;
	int rc = 0;

	*out = (struct kube_target){0};
	if (conf->file)
		n = list_split(&names, conf->file, a);
	else
		n = list_split(&names, env && *env ? env : "~/.kube/config", a);
	files.items = arena_alloc(a, n + 1, sizeof(*files.items));
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = file_load(&files, names[i], e);
	if (rc == 0 && !files.n) {
		rc = err_set(e, ERR_NOT_FOUND, _("there is no kubeconfig at %s"),
			conf->file            ? conf->file
				: env && *env ? env
					      : "~/.kube/config");
		err_hint(e, _("set KUBECONFIG, or auth: {kube: {file: PATH}}"));
	} else if (rc == 0) {
		rc = target_take(out, &files, conf->context, e);
	}
	files_release(&files);
	return rc;
}

int kubeconfig_in_cluster(struct kube_target *out, struct arena *a, struct err *e)
{
	static const char default_dir[] = "/var/run/secrets/kubernetes.io/serviceaccount";
	const char *host = getenv("KUBERNETES_SERVICE_HOST");
	const char *port = getenv("KUBERNETES_SERVICE_PORT");
	const char *dir = getenv("TOCSIN_SERVICEACCOUNT"); /* for tests */
	bool v6;

	*out = (struct kube_target){0};
	if (!host || !*host || !port || !*port) {
		err_set(e, ERR_NOT_FOUND, _("this does not run in a Kubernetes pod"));
		return err_hint(e, _("KUBERNETES_SERVICE_HOST is not set"));
	}
	if (!dir)
		dir = default_dir;
	v6 = strchr(host, ':') && *host != '[';
	out->context = "in-cluster";
	out->server = arena_format(
		a, "https://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
	out->token_file = arena_format(a, "%s/token", dir);
	out->ca_file = arena_format(a, "%s/ca.crt", dir);
	return url_check(out->server, e);
}

int kubeconfig_target(struct kube_target *out, const struct kube_conf *conf,
	struct arena *a, struct err *e)
{
	struct err inner = ERR_INIT;
	int rc;

	if (conf->in_cluster)
		return kubeconfig_in_cluster(out, a, e);
	rc = kubeconfig_read(out, conf, a, &inner);
	/* As kubectl does: a pod without a kubeconfig is its service account. */
	if (rc < 0 && inner.code == ERR_NOT_FOUND && !conf->file && !conf->context &&
		getenv("KUBERNETES_SERVICE_HOST"))
		rc = kubeconfig_in_cluster(out, a, e);
	else if (rc < 0)
		err_copy(e, &inner);
	err_release(&inner);
	return rc;
}
