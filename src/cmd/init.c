#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/commands.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/path.h"
#include "net/http.h"
#include "net/url.h"
#include "poll/poll.h"

#define PROBE_NS (3 * NS_PER_S)
#define SERVICES_MAX 50

/* Where a system's own clients look, then where it listens when nobody says anything. */
struct candidate {
	const char *type;
	const char *env[3]; /* of the URL; the first that is set wins */
	const char *local; /* tried when none is set; NULL: not */
	const char *bearer; /* variables of credentials, referred to by name */
	const char *basic[2];
};

/* clang-format off */
static const struct candidate candidates[] = {
	{"prometheus", {"PROMETHEUS_URL", "PROM_URL", NULL}, "http://127.0.0.1:9090",
		"PROMETHEUS_TOKEN", {NULL, NULL}},
	{"alertmanager", {"ALERTMANAGER_URL", "AM_URL", NULL}, "http://127.0.0.1:9093",
		NULL, {NULL, NULL}},
	{"mlflow", {"MLFLOW_REGISTRY_URI", "MLFLOW_TRACKING_URI", NULL}, "http://127.0.0.1:5000",
		"MLFLOW_TRACKING_TOKEN", {"MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"}},
	{"langfuse", {"LANGFUSE_BASE_URL", "LANGFUSE_HOST", NULL}, NULL,
		NULL, {"LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"}},
};
/* clang-format on */

struct found {
	const struct candidate *candidate;
	char *url; /* owned */
	bool named; /* somebody said so: it is written down even when it does not answer */
};

struct init {
	struct arena arena;
	struct found found[ARRAY_LEN(candidates)];
	size_t n;
	const char *services[SERVICES_MAX]; /* from SLO labels */
	size_t n_services;
};

static bool is_set(const char *name)
{
	const char *value = name ? getenv(name) : NULL;

	return value && *value;
}

/* Only references: the values stay in the environment. */
static void auth_for(struct auth_conf *out, const struct candidate *cand)
{
	if (is_set(cand->basic[0]) && is_set(cand->basic[1]))
		*out = (struct auth_conf){.kind = "basic",
			.user_secret = {.env = cand->basic[0]},
			.secret = {.env = cand->basic[1]}};
	else if (is_set(cand->bearer))
		*out = (struct auth_conf){
			.kind = "bearer", .secret = {.env = cand->bearer}};
}

static struct source_conf conf_for(const struct candidate *cand, const char *url)
{
	struct source_conf conf = {.name = cand->type,
		.type = cand->type,
		.url = url,
		.timeout_ns = PROBE_NS};

	auth_for(&conf.auth, cand);
	return conf;
}

static bool answers(
	struct init *in, const struct candidate *cand, const char *url, bool tell)
{
	const struct source_conf conf = conf_for(cand, url);
	struct strbuf shown = STRBUF_INIT;
	struct probe probe = {0};
	struct err e = ERR_INIT;
	bool ok = !poll_probe(&probe, &conf, &in->arena, &e);

	url_shown(&shown, url);
	if (ok)
		say(_("found   %-13s %s%s%s\n"), cand->type, shown.buf,
			probe.version ? "  " : "", probe.version ? probe.version : "");
	else if (tell)
		say(_("silent  %-13s %s: %s\n"), cand->type, shown.buf, e.what);
	strbuf_release(&shown);
	err_release(&e);
	return ok;
}

static void add(
	struct init *in, const struct candidate *cand, const char *url, bool named)
{
	struct found *f = &in->found[in->n++];

	*f = (struct found){.candidate = cand, .url = mem_strdup(url), .named = named};
}

static void look_for(struct init *in, const struct candidate *cand)
{
	struct err ignored = ERR_INIT;

	for (size_t i = 0; i < ARRAY_LEN(cand->env) && cand->env[i]; i++) {
		const char *url = getenv(cand->env[i]);

		if (!url || !*url)
			continue;
		if (url_check(url, &ignored)) {
			say(_("skipped %-13s %s is no http URL\n"), cand->type,
				cand->env[i]);
			err_clear(&ignored);
			continue;
		}
		answers(in, cand, url, true);
		add(in, cand, url, true);
		return;
	}
	if (cand->local && answers(in, cand, cand->local, false))
		add(in, cand, cand->local, false);
}

/* --- services, from the labels that SLO generators record --- */

static bool has_service(const struct init *in, const char *name)
{
	for (size_t i = 0; i < in->n_services; i++)
		if (!strcmp(in->services[i], name))
			return true;
	return false;
}

static void take_services(struct init *in, const struct json *doc)
{
	static const char *const labels[] = {"sloth_service", "service"};

	json_each (one, json_at(doc, "data.result")) {
		const char *name = NULL;

		for (size_t i = 0; !name && i < ARRAY_LEN(labels); i++)
			name = json_text(json_get(json_get(one, "metric"), labels[i]));
		if (name && *name && !has_service(in, name) &&
			in->n_services < SERVICES_MAX)
			in->services[in->n_services++] = arena_strdup(&in->arena, name);
	}
}

static void guess_services(struct init *in)
{
	static const char query[] =
		"count by (sloth_service, service) "
		"({__name__=~\"slo:objective:ratio|pyrra_objective\"})";
	struct http_answer a = HTTP_ANSWER_INIT;
	struct strbuf url = STRBUF_INIT;
	struct json *doc = NULL;
	struct source_conf conf;
	struct err ignored = ERR_INIT;
	struct http_request req = {.source = &conf};

	if (!in->n || strcmp(in->found[0].candidate->type, "prometheus"))
		return;
	conf = conf_for(in->found[0].candidate, in->found[0].url);
	url_join(&url, conf.url, "/api/v1/query");
	url_query(&url, "query", query);
	req.url = url.buf;
	if (!http_run(&a, &req, &ignored) &&
		!json_parse(&doc, a.body.buf, a.body.len, &ignored))
		take_services(in, doc);
	json_free(doc);
	http_answer_release(&a);
	strbuf_release(&url);
	err_release(&ignored);
}

/* --- the file --- */

static void add_auth(struct strbuf *out, const struct candidate *cand)
{
	struct auth_conf auth = {0};

	auth_for(&auth, cand);
	if (auth.kind && !strcmp(auth.kind, "basic"))
		strbuf_addf(out,
			"    auth: {basic: {user: {env: %s}, password: {env: %s}}}\n",
			auth.user_secret.env, auth.secret.env);
	else if (auth.kind)
		strbuf_addf(out, "    auth: {bearer: {env: %s}}\n", auth.secret.env);
}

static void write_out(struct strbuf *out, const struct init *in)
{
	struct strbuf at = STRBUF_INIT;

	time_format(&at, clock_now() / NS_PER_S * NS_PER_S);
	strbuf_addf(out,
		"# Written by tocsin init at %s; see tocsin-config(5).\nsources:\n",
		at.buf);
	strbuf_release(&at);
	for (size_t i = 0; i < in->n; i++) {
		strbuf_addf(out, "  - name: %s\n    type: %s\n    url: ",
			in->found[i].candidate->type, in->found[i].candidate->type);
		yaml_quote(out, in->found[i].url);
		strbuf_addc(out, '\n');
		add_auth(out, in->found[i].candidate);
	}
	if (!in->n_services)
		return;
	strbuf_adds(out,
		"# From SLO labels.  Check them, then take the word guessed "
		"away.\nservices:\n");
	for (size_t i = 0; i < in->n_services; i++) {
		strbuf_adds(out, "  - name: ");
		yaml_quote(out, in->services[i]);
		strbuf_adds(out, "\n    guessed: true\n");
	}
}

static int save(const struct strbuf *text, const char *file, bool force, struct err *e)
{
	char *dir = path_dir(file);
	int result = -1;

	if (!force && access(file, F_OK) == 0) {
		err_set(e, ERR_CONFLICT, _("there is a configuration already"));
		err_where(e, "%s", file);
		err_hint(e, "%s",
			_("look at what would be written with --print, or replace it "
			  "with --force"));
	} else if (!path_make_dir(dir, 0700, e)) {
		result = path_write(file, text->buf, text->len, 0600, e);
	}
	free(dir);
	return result;
}

int cmd_init(struct cmd *c)
{
	struct init in = {0};
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	char *file =
		c->config_file ? mem_strdup(c->config_file) : path_config("config.yaml");
	int code = EXIT_FINE;

	arena_init(&in.arena);
	for (size_t i = 0; i < ARRAY_LEN(candidates); i++)
		look_for(&in, &candidates[i]);
	if (!in.n) {
		err_set(&e, ERR_NOT_FOUND, _("no system was found"));
		err_hint(&e, "%s",
			_("set PROMETHEUS_URL, ALERTMANAGER_URL, MLFLOW_TRACKING_URI or "
			  "LANGFUSE_BASE_URL, or write the configuration by hand: "
			  "tocsin-config(5)"));
		code = cmd_fail(&e);
		goto out;
	}
	guess_services(&in);
	write_out(&text, &in);
	if (cmd_has(c, "print"))
		fwrite(text.buf, 1, text.len, stdout);
	else if (save(&text, file, cmd_has(c, "force"), &e))
		code = cmd_fail(&e);
	else
		say(_("wrote %s; next: tocsin check, then tocsin\n"), file);
out:
	for (size_t i = 0; i < in.n; i++)
		free(in.found[i].url);
	strbuf_release(&text);
	arena_release(&in.arena);
	free(file);
	return code;
}
