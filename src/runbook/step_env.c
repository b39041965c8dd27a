#include "config.h"
#include "runbook/step_env.h"

#include <stdlib.h>
#include <string.h>

extern char **environ;

#define FALLBACK_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static const char *const passed[] = {
	"HOME",
	"USER",
	"LOGNAME",
	"SHELL",
	"LANG",
	"LANGUAGE",
	"TZ",
	"TMPDIR",
	"XDG_CONFIG_HOME",
	"XDG_CACHE_HOME",
	"XDG_DATA_HOME",
	"XDG_STATE_HOME",
	"XDG_RUNTIME_DIR",
	"KUBECONFIG",
	"KUBE_CONTEXT",
	"AWS_PROFILE",
	"AWS_REGION",
	"AWS_DEFAULT_REGION",
	"AWS_CONFIG_FILE",
	"CLOUDSDK_CONFIG",
	"CLOUDSDK_ACTIVE_CONFIG_NAME",
	"CLOUDSDK_CORE_PROJECT",
	"AZURE_CONFIG_DIR",
	"SSL_CERT_FILE",
	"SSL_CERT_DIR",
};

static const struct setting {
	const char *name, *value;
} quiet[] = {
	{"TERM", "dumb"},
	{"NO_COLOR", "1"},
	{"CLICOLOR", "0"},
	{"PAGER", "cat"},
	{"GIT_PAGER", "cat"},
	{"MANPAGER", "cat"},
	{"SYSTEMD_PAGER", ""},
	{"SYSTEMD_COLORS", "0"},
	{"AWS_PAGER", ""},
	{"GIT_TERMINAL_PROMPT", "0"},
	{"DEBIAN_FRONTEND", "noninteractive"},
};

void step_env_init(struct step_env *env, struct arena *a)
{
	*env = (struct step_env){.a = a};
	*arena_push(a, env->items, env->n, env->cap) = NULL;
}

void step_env_set(struct step_env *env, const char *name, const char *value)
{
	size_t len = strlen(name);
	const char *item = arena_format(env->a, "%s=%s", name, value);

	for (size_t i = 0; i + 1 < env->n; i++)
		if (!strncmp(env->items[i], name, len) && env->items[i][len] == '=') {
			env->items[i] = item;
			return;
		}
	*arena_push(env->a, env->items, env->n, env->cap) = NULL;
	env->items[env->n - 2] = item;
}

static void pass(struct step_env *env, const char *name)
{
	const char *value = getenv(name);

	if (value)
		step_env_set(env, name, value);
}

/* Without entries that are not absolute: "" and "." mean wherever the step happens to stand. */
static void pass_path(struct step_env *env)
{
	const char *path = getenv("PATH");
	struct strbuf clean = STRBUF_INIT;

	while (path && *path) {
		size_t n = strcspn(path, ":");

		if (*path == '/') {
			if (clean.len)
				strbuf_addc(&clean, ':');
			strbuf_add(&clean, path, n);
		}
		path += n + (path[n] == ':');
	}
	step_env_set(env, "PATH", clean.len ? clean.buf : FALLBACK_PATH);
	strbuf_release(&clean);
}

static void pass_locale(struct step_env *env)
{
	for (char **item = environ; item && *item; item++) {
		size_t n = strcspn(*item, "=");

		if (!strncmp(*item, "LC_", 3) && (*item)[n] == '=')
			step_env_set(env, arena_strndup(env->a, *item, n), *item + n + 1);
	}
}

void step_env_inherit(struct step_env *env, bool terminal, bool agent)
{
	pass_path(env);
	for (size_t i = 0; i < ARRAY_LEN(passed); i++)
		pass(env, passed[i]);
	pass_locale(env);
	if (agent)
		pass(env, "SSH_AUTH_SOCK");
	for (size_t i = 0; !terminal && i < ARRAY_LEN(quiet); i++)
		step_env_set(env, quiet[i].name, quiet[i].value);
	if (terminal)
		step_env_set(env, "TERM", getenv("TERM") ? getenv("TERM") : "dumb");
}

void step_env_vars(struct step_env *env, const struct vars *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].value)
			step_env_set(env, v->items[i].name, v->items[i].value);
}
