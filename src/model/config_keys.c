#include "config.h"
#include "model/config_keys.h"

#include "core/i18n.h"

const char *const config_keep_words[] = {"masked", "full", "none", NULL};
const char *const config_clock_words[] = {"local", "utc", NULL};
const char *const config_auto_words[] = {"auto", "on", "off", NULL};
const char *const config_bell_words[] = {"page", "ticket", "off", NULL};
const char *const config_sign_words[] = {"off", "ssh-agent", NULL};

/* clang-format off */
#define KEY(type, name, kind, member, ...) \
	{.key = name, .want = kind, .offset = offsetof(type, member), __VA_ARGS__}
#define SELF(type) {.key = "", .want = YAML_SELF, .offset = offsetof(type, self)}

static const struct yaml_field context_fields[] = {
	SELF(struct context_keys),
	KEY(struct context_keys, "name", YAML_TEXT, name, .flags = YAML_REQUIRED,
		.help = N_("what it is called")),
	KEY(struct context_keys, "region", YAML_TEXT, region,
		.help = N_("shown beside the name")),
	KEY(struct context_keys, "read_only", YAML_BOOL, read_only,
		.help = N_("no step, action or silence can be started here")),
	KEY(struct context_keys, "sources", YAML_TEXTS, sources,
		.help = N_("names of the sources that belong to it; without it, all")),
	{0},
};

static const struct yaml_field tls_fields[] = {
	KEY(struct tls_conf, "ca", YAML_TEXT, ca, .help = N_("file of trusted certificates")),
	KEY(struct tls_conf, "cert", YAML_TEXT, cert, .help = N_("file of our certificate")),
	KEY(struct tls_conf, "key", YAML_TEXT, key, .help = N_("file of its key")),
	KEY(struct tls_conf, "insecure", YAML_BOOL, insecure,
		.help = N_("do not verify; refused unless the host is this machine")),
	{0},
};

static const struct yaml_field source_fields[] = {
	SELF(struct source_keys),
	KEY(struct source_keys, "name", YAML_TEXT, name, .flags = YAML_REQUIRED,
		.help = N_("letters, digits, '.', '_' and '-'")),
	KEY(struct source_keys, "type", YAML_TEXT, type, .flags = YAML_REQUIRED,
		.help = N_("prometheus, alertmanager, metrics, files, evidently, or the name of a connector")),
	KEY(struct source_keys, "url", YAML_TEXT, url,
		.help = N_("where it is; may come from the variables its own client reads")),
	KEY(struct source_keys, "every", YAML_DURATION, every_ns,
		.help = N_("how often it is read (15s)")),
	KEY(struct source_keys, "timeout", YAML_DURATION, timeout_ns,
		.help = N_("how long one request may take (10s)")),
	KEY(struct source_keys, "auth", YAML_NODE, auth,
		.help = N_("one kind of authentication, with references to secrets: see below")),
	KEY(struct source_keys, "with", YAML_NODE, with,
		.help = N_("its own options: of its connector, tocsin-connector(5), or see below")),
	KEY(struct source_keys, "headers", YAML_NODE, headers,
		.help = N_("further headers of every request; no secrets")),
	KEY(struct source_keys, "tls", YAML_SUB, tls, .sub = tls_fields),
	KEY(struct source_keys, "targets", YAML_TEXTS, targets,
		.help = N_("type metrics: the URLs to scrape")),
	KEY(struct source_keys, "keep_content", YAML_CHOICE, keep_content,
		.choices = config_keep_words,
		.help = N_("what is kept of messages and tool results (masked)")),
	KEY(struct source_keys, "max_bytes", YAML_SIZE, max_bytes,
		.help = N_("the largest answer that is read (32MiB)")),
	{0},
};

static const struct yaml_field model_fields[] = {
	KEY(struct model_conf, "source", YAML_TEXT, source, .flags = YAML_REQUIRED,
		.help = N_("the registry")),
	KEY(struct model_conf, "name", YAML_TEXT, name, .flags = YAML_REQUIRED,
		.help = N_("the registered model")),
	KEY(struct model_conf, "alias", YAML_TEXT, alias,
		.help = N_("the alias that serving follows")),
	{0},
};

static const struct yaml_field serving_fields[] = {
	KEY(struct serving_conf, "source", YAML_TEXT, source, .flags = YAML_REQUIRED,
		.help = N_("who knows what runs")),
	KEY(struct serving_conf, "name", YAML_TEXT, name, .flags = YAML_REQUIRED,
		.help = N_("the service's name there")),
	{0},
};

static const struct yaml_field match_fields[] = {
	KEY(struct match_keys, "name", YAML_TEXT, name, .help = N_("the agent's name")),
	{0},
};

static const struct yaml_field agents_fields[] = {
	KEY(struct agents_keys, "source", YAML_TEXT, source, .flags = YAML_REQUIRED,
		.help = N_("where its sessions are traced")),
	KEY(struct agents_keys, "match", YAML_SUB, match, .sub = match_fields),
	{0},
};

static const struct yaml_field lever_fields[] = {
	SELF(struct lever_keys),
	KEY(struct lever_keys, "name", YAML_TEXT, name, .flags = YAML_REQUIRED),
	KEY(struct lever_keys, "source", YAML_TEXT, source, .flags = YAML_REQUIRED),
	KEY(struct lever_keys, "do", YAML_TEXT, action, .flags = YAML_REQUIRED,
		.help = N_("the connector's action")),
	KEY(struct lever_keys, "with", YAML_NODE, with, .help = N_("its parameters")),
	KEY(struct lever_keys, "effect", YAML_NODE, effect, .help = N_("what becomes of what")),
	KEY(struct lever_keys, "within", YAML_DURATION, within_ns,
		.help = N_("until the effect is there")),
	KEY(struct lever_keys, "owner", YAML_TEXT, owner),
	{0},
};

static const struct yaml_field retrain_fields[] = {
	KEY(struct retrain_keys, "source", YAML_TEXT, source, .flags = YAML_REQUIRED,
		.help = N_("where the pipeline runs: Airflow, Prefect")),
	KEY(struct retrain_keys, "do", YAML_TEXT, action, .flags = YAML_REQUIRED,
		.help = N_("the connector's action that starts it")),
	KEY(struct retrain_keys, "with", YAML_NODE, with, .help = N_("its parameters")),
	{0},
};

static const struct yaml_field service_fields[] = {
	SELF(struct service_keys),
	KEY(struct service_keys, "name", YAML_TEXT, name, .flags = YAML_REQUIRED),
	KEY(struct service_keys, "owner", YAML_TEXT, owner, .help = N_("the team")),
	KEY(struct service_keys, "guessed", YAML_BOOL, guessed,
		.help = N_("written by tocsin init, not yet looked at by a person")),
	KEY(struct service_keys, "model", YAML_SUB, model, .sub = model_fields),
	KEY(struct service_keys, "serving", YAML_SUB, serving, .sub = serving_fields),
	KEY(struct service_keys, "agents", YAML_SUB, agents, .sub = agents_fields),
	KEY(struct service_keys, "slos", YAML_TEXTS, slos,
		.help = N_("OpenSLO, Sloth or Pyrra files, relative to this one, or names of files that "
			   "ship")),
	KEY(struct service_keys, "drift", YAML_TEXTS, drift,
		.help = N_("files of drift checks, tocsin-drift(5), relative to this one")),
	KEY(struct service_keys, "runbooks", YAML_TEXTS, runbooks,
		.help = N_("names of the runbooks that fit")),
	KEY(struct service_keys, "uses", YAML_TEXTS, uses,
		.help = N_("names of what it depends on besides: flags, datasets, pipelines, prompts, "
			   "definitions, budgets")),
	KEY(struct service_keys, "retrain", YAML_SUB, retrain, .sub = retrain_fields,
		.help = N_("what trains its model anew, where a drift check says nothing else")),
	KEY(struct service_keys, "levers", YAML_SUBS, levers, .sub = lever_fields,
		.sub_size = sizeof(struct lever_keys),
		.help = N_("prepared ways to stop or slow something; checked, and not used by this version")),
	{0},
};

static const struct yaml_field store_fields[] = {
	SELF(struct store_keys),
	KEY(struct store_keys, "path", YAML_TEXT, path,
		.help = N_("the store's directory; auto: under your state directory")),
	KEY(struct store_keys, "keep", YAML_DURATION, keep_ns,
		.help = N_("how long what sources said is kept (14d)")),
	KEY(struct store_keys, "max", YAML_SIZE, max_bytes,
		.help = N_("how large it may grow (2GB)")),
	{0},
};

static const struct yaml_field audit_fields[] = {
	KEY(struct audit_keys, "sign", YAML_CHOICE, sign, .choices = config_sign_words,
		.help = N_("who signs checkpoints of the audit log (off)")),
	KEY(struct audit_keys, "ship", YAML_TEXTS, ship,
		.help = N_("where entries shall be sent as well; checked, and not used by this version")),
	{0},
};

static const struct yaml_field notify_fields[] = {
	KEY(struct notify_keys, "desktop", YAML_BOOL, desktop,
		.help = N_("notify by the desktop, where there is one")),
	KEY(struct notify_keys, "terminal", YAML_CHOICE, terminal, .choices = config_auto_words,
		.help = N_("notify by the terminal (auto)")),
	KEY(struct notify_keys, "bell", YAML_CHOICE, bell, .choices = config_bell_words,
		.help = N_("from which severity on the bell rings (page)")),
	KEY(struct notify_keys, "command", YAML_TEXTS, command,
		.help = N_("a program to start for each page; the words are its last argument")),
	{0},
};

static const struct yaml_field ui_fields[] = {
	KEY(struct ui_keys, "theme", YAML_TEXT, theme, .help = N_("a theme's name")),
	KEY(struct ui_keys, "clock", YAML_CHOICE, clock, .choices = config_clock_words,
		.help = N_("the zone of the times shown (local)")),
	KEY(struct ui_keys, "mouse", YAML_BOOL, mouse,
		.help = N_("take clicks and the wheel; hold Shift to select text (true)")),
	KEY(struct ui_keys, "low_bandwidth", YAML_CHOICE, low_bandwidth,
		.choices = config_auto_words, .help = N_("draw less on a bad line (auto)")),
	KEY(struct ui_keys, "plain", YAML_BOOL, plain,
		.help = N_("no lines, charts or spinners, for screen readers")),
	{0},
};

const struct yaml_field config_key_table[] = {
	SELF(struct config_keys),
	KEY(struct config_keys, "context", YAML_TEXT, context,
		.help = N_("the context to start in")),
	KEY(struct config_keys, "contexts", YAML_SUBS, contexts, .sub = context_fields,
		.sub_size = sizeof(struct context_keys)),
	KEY(struct config_keys, "sources", YAML_SUBS, sources, .sub = source_fields,
		.sub_size = sizeof(struct source_keys)),
	KEY(struct config_keys, "services", YAML_SUBS, services, .sub = service_fields,
		.sub_size = sizeof(struct service_keys)),
	KEY(struct config_keys, "runbooks", YAML_TEXTS, runbooks,
		.help = N_("directories of runbooks")),
	KEY(struct config_keys, "connectors", YAML_TEXTS, connectors,
		.help = N_("directories of connectors")),
	KEY(struct config_keys, "notify", YAML_SUB, notify, .sub = notify_fields),
	KEY(struct config_keys, "store", YAML_SUB, store, .sub = store_fields),
	KEY(struct config_keys, "audit", YAML_SUB, audit, .sub = audit_fields),
	KEY(struct config_keys, "ui", YAML_SUB, ui, .sub = ui_fields),
	{0},
};
/* clang-format on */
