#include "config.h"
#include "cmd/demo_files.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "core/path.h"
#include "core/strbuf.h"
#include "core/yaml.h"

/* --- objectives, as OpenSLO --- */

struct objective {
	const char *service, *name, *title;
	const char *kind; /* which counters: "bad" or "good" */
	char *query, *total; /* owned */
	double target;
};

static void add_quoted(struct strbuf *out, const char *before, const char *text)
{
	strbuf_adds(out, before);
	yaml_quote(out, text ? text : "");
	strbuf_addc(out, '\n');
}

/* OpenSLO's condition has one window, of whole minutes. */
static int whole_minutes(double seconds)
{
	return seconds < 90 ? 1 : (int)lround(seconds / 60);
}

static void add_policy(struct strbuf *out, const struct json *rule)
{
	const char *severity = json_text(json_get(rule, "severity"));

	strbuf_addf(out,
		"    - kind: AlertPolicy\n"
		"      metadata: {name: %s}\n"
		"      spec:\n"
		"        alertWhenBreaching: true\n"
		"        conditions:\n"
		"          - kind: AlertCondition\n"
		"            metadata: {name: burns-%s}\n"
		"            spec:\n"
		"              severity: %s\n"
		"              condition: {kind: burnrate, op: gte, threshold: %g, "
		"lookbackWindow: %dm, alertAfter: 0m}\n",
		severity, severity, severity, json_real(json_get(rule, "factor")),
		whole_minutes(json_real(json_get(rule, "short_s"))));
}

static void add_metric(struct strbuf *out, const char *name, const char *query)
{
	strbuf_addf(out,
		"        %s:\n"
		"          metricSource:\n"
		"            type: Prometheus\n"
		"            spec:\n",
		name);
	add_quoted(out, "              query: ", query);
}

static int write_objective(const char *dir, const struct objective *o,
	const struct json *catalog, struct err *e)
{
	struct strbuf out = STRBUF_INIT;
	char *file = mem_format("%s/slos/%s-%s.yaml", dir, o->service, o->name);
	int r;

	strbuf_addf(&out, "apiVersion: openslo/v1\nkind: SLO\nmetadata:\n  name: %s\n",
		o->name);
	add_quoted(&out, "  displayName: ", o->title);
	add_quoted(&out, "spec:\n  service: ", o->service);
	strbuf_adds(&out,
		"  budgetingMethod: Occurrences\n"
		"  timeWindow: [{duration: 30d, isRolling: true}]\n"
		"  indicator:\n"
		"    metadata: {name: ");
	strbuf_addf(&out, "%s}\n    spec:\n      ratioMetric:\n        counter: true\n",
		o->name);
	add_metric(&out, o->kind, o->query);
	add_metric(&out, "total", o->total);
	strbuf_addf(&out, "  objectives: [{target: %g}]\n  alertPolicies:\n", o->target);
	json_each (rule, json_get(catalog, "alerting")) {
		add_policy(&out, rule);
	}
	r = path_write(file, out.buf, out.len, 0600, e);
	strbuf_release(&out);
	free(file);
	return r;
}

static int write_objectives(const char *dir, const struct json *service,
	const struct json *catalog, struct err *e)
{
	const char *name = json_text(json_get(service, "name"));
	const struct json *fast = json_get(service, "fast");
	struct objective o = {
		name,
		"availability",
		_("Requests that succeed"),
		"bad",
		mem_format("requests_total{service=\"%s\",code=~\"5..\"}", name),
		mem_format("requests_total{service=\"%s\"}", name),
		json_real(json_get(service, "objective"))
	};
	int r = write_objective(dir, &o, catalog, e);

	free(o.query);
	free(o.total);
	if (r || !fast)
		return r;
	o = (struct objective)
	{
		name, "latency", _("Requests answered fast")
		, "good",
			mem_format("request_duration_seconds_bucket{service=\"%s\",le=\"%"
				   "g\"}",
				name, json_real(json_get(fast, "within_s"))),
			mem_format(
				"request_duration_seconds_count{service=\"%s\"}", name),
			json_real(json_get(fast, "objective"))
	};
	r = write_objective(dir, &o, catalog, e);
	free(o.query);
	free(o.total);
	return r;
}

/* --- drift checks --- */

static void add_feature(struct strbuf *out, const char *name, const char *key,
	const char *metric, const char *label, const char *value, const char *by)
{
	char *selector = mem_format("%s{%s=\"%s\"}", metric, label, value);

	strbuf_addf(out, "  - name: %s\n", name);
	strbuf_addf(out, "    %s: ", key);
	yaml_quote(out, selector);
	strbuf_addf(out, "\n    method: psi\n    threshold: 0.2\n");
	if (by)
		strbuf_addf(out, "    by: [%s]\n", by);
	free(selector);
}

/* What is asked and answered, against what was before anybody looked. */
static int write_drift(const char *dir, const struct json *service, struct err *e)
{
	const char *name = json_text(json_get(service, "name"));
	const char *llm = json_text(json_get(service, "llm"));
	char *file = mem_format("%s/drift/%s.yaml", dir, name);
	struct strbuf out = STRBUF_INIT;
	int r;

	strbuf_adds(&out,
		"drift: traffic\nreference: {pinned: true}\ncurrent: {window: 20s}\n"
		"every: 2s\npersist: 3 of 4\nfeatures:\n");
	add_feature(&out, "language", "counter", "requests_language_total", "service",
		name, "language");
	if (llm)
		add_feature(&out, "prompt_length", "histogram",
			"vllm:request_prompt_tokens_bucket", "model_name", llm, NULL);
	strbuf_adds(&out, "predictions:\n");
	if (llm) {
		add_feature(&out, "answer_length", "histogram",
			"vllm:request_generation_tokens_bucket", "model_name", llm, NULL);
		add_feature(&out, "finish_reason", "counter",
			"vllm:request_success_total", "model_name", llm,
			"finished_reason");
	} else {
		add_feature(&out, "score", "histogram", "prediction_score_bucket",
			"service", name, NULL);
	}
	r = path_write(file, out.buf, out.len, 0600, e);
	strbuf_release(&out);
	free(file);
	return r;
}

/* --- the configuration --- */

static void add_source(struct strbuf *out, const char *name, const char *type,
	const char *key, const char *url, const char *every)
{
	strbuf_addf(
		out, "  - name: %s\n    type: %s\n    every: %s\n", name, type, every);
	add_quoted(out, key, url);
}

static void add_sources(struct strbuf *out, const struct json *ready)
{
	strbuf_adds(out, "sources:\n");
	add_source(out, "metrics", "metrics",
		"    targets: ", json_text(json_get(ready, "metrics")), "2s");
	add_source(out, "alertmanager", "alertmanager",
		"    url: ", json_text(json_get(ready, "alertmanager")), "2s");
	add_source(out, "mlflow", "mlflow",
		"    url: ", json_text(json_get(ready, "mlflow")), "2s");
	add_source(out, "serving", "lab-serving",
		"    url: ", json_text(json_get(ready, "serving")), "2s");
	add_source(out, "pipelines", "lab-pipelines",
		"    url: ", json_text(json_get(ready, "pipelines")), "5s");
	add_source(out, "langfuse", "langfuse",
		"    url: ", json_text(json_get(ready, "langfuse")), "5s");
	strbuf_adds(out,
		"    keep_content: full\n"
		"    auth: {basic: {user: pk-lf-lab, password: {file: "
		"langfuse.key}}}\n");
}

static void add_service(struct strbuf *out, const struct json *service)
{
	const char *name = json_text(json_get(service, "name"));

	add_quoted(out, "  - name: ", name);
	if (json_text(json_get(service, "owner")))
		add_quoted(out, "    owner: ", json_text(json_get(service, "owner")));
	strbuf_adds(out, "    model:\n      source: mlflow\n");
	add_quoted(out, "      name: ", json_text_at(service, "model.name"));
	add_quoted(out, "      alias: ", json_text_at(service, "model.alias"));
	add_quoted(out, "    serving:\n      source: serving\n      name: ", name);
	if (json_bool(json_get(service, "agent"), false))
		add_quoted(out,
			"    agents:\n      source: langfuse\n      match:\n        "
			"name: ",
			name);
	if (json_text(json_get(service, "dataset")))
		add_quoted(out, "    uses:\n      - ",
			json_text(json_get(service, "dataset")));
	strbuf_addf(out, "    slos: [slos/%s-availability.yaml", name);
	if (json_get(service, "fast"))
		strbuf_addf(out, ", slos/%s-latency.yaml", name);
	strbuf_addf(out, "]\n    drift: [drift/%s.yaml]\n", name);
	strbuf_adds(out, "    runbooks: [bad-model-version]\n");
}

static int write_config(const char *dir, const struct json *ready,
	const struct json *catalog, struct err *e)
{
	struct strbuf out = STRBUF_INIT;
	char *file = path_join(dir, "config.yaml"), *store = path_join(dir, "store");
	int r;

	strbuf_adds(&out,
		"# The practice platform; gone when the demo ends.\n"
		"context: demo\ncontexts:\n  - name: demo\n    region: loopback\n"
		"    sources: [metrics, alertmanager, mlflow, serving, pipelines, "
		"langfuse]\n");
	add_sources(&out, ready);
	strbuf_adds(&out, "services:\n");
	json_each (service, json_get(catalog, "services")) {
		add_service(&out, service);
	}
	add_quoted(&out, "store:\n  path: ", store);
	r = path_write(file, out.buf, out.len, 0600, e);
	strbuf_release(&out);
	free(file);
	free(store);
	return r;
}

/* Names become parts of file names and of YAML keys: the lab's are plain. */
static int check_names(const struct json *catalog, struct err *e)
{
	json_each (service, json_get(catalog, "services")) {
		const char *name = json_text(json_get(service, "name"));

		if (!name || !*name ||
			strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") !=
				strlen(name))
			return err_set(e, ERR_BACKEND,
				_("the practice platform names a service '%s'"),
				name ? name : "");
	}
	return 0;
}

int demo_files_write(const char *dir, const struct json *ready,
	const struct json *catalog, struct err *e)
{
	static const char secret[] = "sk-lf-lab\n"; /* the lab's own: it opens nothing */
	char *slos = path_join(dir, "slos"), *key = path_join(dir, "langfuse.key");
	char *drift = path_join(dir, "drift");
	int r = check_names(catalog, e);

	if (!r)
		r = path_make_dir(slos, 0700, e);
	if (!r)
		r = path_make_dir(drift, 0700, e);
	if (!r)
		r = path_write(key, secret, sizeof(secret) - 1, 0600, e);
	json_each (service, json_get(catalog, "services")) {
		if (!r)
			r = write_objectives(dir, service, catalog, e);
		if (!r)
			r = write_drift(dir, service, e);
	}
	if (!r)
		r = write_config(dir, ready, catalog, e);
	free(slos);
	free(drift);
	free(key);
	return r;
}
