/* The exposition at /metrics, in text format 0.0.4: every counter the platform has. */
#include "config.h"
#include "lab/request.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void family(
	struct strbuf *out, const char *name, const char *type, const char *help)
{
	strbuf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Quotes, backslashes and newlines escaped, as label values want it. */
static void label(struct strbuf *out, const char *name, const char *value, bool first)
{
	strbuf_addf(out, "%s%s=\"", first ? "{" : ",", name);
	for (; *value; value++) {
		if (*value == '\n')
			strbuf_adds(out, "\\n");
		else if (*value == '\\' || *value == '"')
			strbuf_addf(out, "\\%c", *value);
		else
			strbuf_addc(out, *value);
	}
	strbuf_addc(out, '"');
}

static void whole(struct strbuf *out, double v)
{
	strbuf_addf(out, "} %.0f\n", floor(v + 1e-6));
}

static void service_sample(struct strbuf *out, const char *name, const char *service)
{
	strbuf_adds(out, name);
	label(out, "service", service, true);
}

static void requests(struct strbuf *out, const struct platform *p)
{
	family(out, "requests_total", "counter", "Requests answered, by status code.");
	for (size_t i = 0; i < p->n_services; i++) {
		const struct lab_service *s = &p->services[i];

		for (size_t k = 0; k < s->meter.n; k++) {
			const struct meter_cell *cell = &s->meter.cells[k];

			service_sample(out, "requests_total", s->conf->name);
			strbuf_addf(out, ",code=\"%d\",model_version=\"%" PRId64 "\"",
				cell->code, cell->version);
			whole(out, cell->count);
		}
	}
	family(out, "requests_in_flight", "gauge", "Requests that are being answered.");
	for (size_t i = 0; i < p->n_services; i++) {
		service_sample(out, "requests_in_flight", p->services[i].conf->name);
		whole(out, p->services[i].meter.in_flight);
	}
}

static void histogram(struct strbuf *out, const char *name, const char *labels,
	const struct histogram *h)
{
	for (size_t i = 0; i < METER_BUCKETS; i++)
		strbuf_addf(out, "%s_bucket{%s,le=\"%g\"} %.0f\n", name, labels,
			meter_bounds[i], histogram_below(h, i));
	strbuf_addf(out, "%s_bucket{%s,le=\"+Inf\"} %.0f\n", name, labels,
		histogram_below(h, METER_BUCKETS));
	strbuf_addf(out, "%s_sum{%s} %.6f\n%s_count{%s} %.0f\n", name, labels, h->sum_s,
		name, labels, histogram_below(h, METER_BUCKETS));
}

static void latencies(struct strbuf *out, const struct platform *p)
{
	struct strbuf labels = STRBUF_INIT;

	family(out, "request_duration_seconds", "histogram", "Time to the whole answer.");
	for (size_t i = 0; i < p->n_services; i++) {
		strbuf_reset(&labels);
		label(&labels, "service", p->services[i].conf->name, true);
		histogram(out, "request_duration_seconds", labels.buf + 1,
			&p->services[i].meter.latency);
	}
	strbuf_release(&labels);
}

/* The names that vLLM uses, with its labels. */
static void language_models(struct strbuf *out, const struct platform *p)
{
	static const struct {
		const char *name, *type, *help;
		size_t offset;
	} rows[] = {
		{"vllm:prompt_tokens_total", "counter", "Number of prefill tokens.",
			offsetof(struct meter, input_tokens)},
		{"vllm:generation_tokens_total", "counter", "Number of generated tokens.",
			offsetof(struct meter, output_tokens)},
		{"vllm:num_requests_running", "gauge", "Requests in the batch.",
			offsetof(struct meter, in_flight)},
	};
	struct strbuf labels = STRBUF_INIT;

	for (size_t r = 0; r < ARRAY_LEN(rows); r++) {
		family(out, rows[r].name, rows[r].type, rows[r].help);
		for (size_t i = 0; i < p->n_services; i++) {
			const struct lab_service *s = &p->services[i];

			if (!s->conf->llm)
				continue;
			strbuf_adds(out, rows[r].name);
			label(out, "model_name", s->conf->llm, true);
			label(out, "engine", "0", false);
			whole(out,
				*(const double *)(const void *)((const char *)&s->meter +
					rows[r].offset));
		}
	}
	family(out, "vllm:time_to_first_token_seconds", "histogram",
		"Time to the first token.");
	for (size_t i = 0; i < p->n_services; i++) {
		if (!p->services[i].conf->llm)
			continue;
		strbuf_reset(&labels);
		label(&labels, "model_name", p->services[i].conf->llm, true);
		label(&labels, "engine", "0", false);
		histogram(out, "vllm:time_to_first_token_seconds", labels.buf + 1,
			&p->services[i].meter.first_token);
	}
	strbuf_release(&labels);
}

static void tokens_and_sessions(struct strbuf *out, const struct platform *p)
{
	family(out, "tokens_total", "counter", "Tokens, by direction.");
	for (size_t i = 0; i < p->n_services; i++) {
		const struct lab_service *s = &p->services[i];

		if (!s->conf->llm)
			continue;
		service_sample(out, "tokens_total", s->conf->name);
		strbuf_adds(out, ",kind=\"input\"");
		whole(out, s->meter.input_tokens);
		service_sample(out, "tokens_total", s->conf->name);
		strbuf_adds(out, ",kind=\"output\"");
		whole(out, s->meter.output_tokens);
	}
	family(out, "agent_sessions_total", "counter", "Traced agent sessions.");
	for (size_t i = 0; i < p->n_services; i++) {
		const struct lab_service *s = &p->services[i];

		if (!s->book)
			continue;
		service_sample(out, "agent_sessions_total", s->conf->name);
		strbuf_adds(out, ",outcome=\"ok\"");
		whole(out, s->meter.sessions_ok);
		service_sample(out, "agent_sessions_total", s->conf->name);
		strbuf_adds(out, ",outcome=\"failed\"");
		whole(out, s->meter.sessions_failed);
	}
}

/* --- what is asked and answered --- */

static void token_histogram(struct strbuf *out, const char *name, const char *labels,
	const struct token_counts *t)
{
	for (size_t i = 0; i < TRAIT_TOKENS; i++)
		strbuf_addf(out, "%s_bucket{%s,le=\"%g\"} %.0f\n", name, labels,
			trait_token_bounds[i], traits_below(t->in, i));
	strbuf_addf(out, "%s_bucket{%s,le=\"+Inf\"} %.0f\n", name, labels,
		traits_below(t->in, TRAIT_TOKENS));
	strbuf_addf(out, "%s_sum{%s} %.0f\n%s_count{%s} %.0f\n", name, labels, t->sum,
		name, labels, traits_below(t->in, TRAIT_TOKENS));
}

static void lengths(struct strbuf *out, const struct platform *p, const char *name,
	const char *help, size_t offset)
{
	struct strbuf labels = STRBUF_INIT;

	family(out, name, "histogram", help);
	for (size_t i = 0; i < p->n_services; i++) {
		const struct lab_service *s = &p->services[i];

		if (!s->conf->llm)
			continue;
		strbuf_reset(&labels);
		label(&labels, "model_name", s->conf->llm, true);
		label(&labels, "engine", "0", false);
		token_histogram(out, name, labels.buf + 1,
			(const void *)((const char *)&s->traits + offset));
	}
	strbuf_release(&labels);
}

static void endings(struct strbuf *out, const struct platform *p)
{
	family(out, "vllm:request_success_total", "counter",
		"Requests by how they ended.");
	for (size_t i = 0; i < p->n_services; i++) {
		const struct lab_service *s = &p->services[i];

		for (size_t k = 0; s->conf->llm && k < TRAIT_REASONS; k++) {
			strbuf_adds(out, "vllm:request_success_total");
			label(out, "model_name", s->conf->llm, true);
			label(out, "engine", "0", false);
			label(out, "finished_reason", trait_reasons[k], false);
			whole(out, s->traits.reasons[k]);
		}
	}
}

static void languages(struct strbuf *out, const struct platform *p)
{
	family(out, "requests_language_total", "counter", "Requests, by their language.");
	for (size_t i = 0; i < p->n_services; i++) {
		for (size_t k = 0; k < TRAIT_LANGUAGES; k++) {
			service_sample(out, "requests_language_total",
				p->services[i].conf->name);
			label(out, "language", trait_languages[k], false);
			whole(out, p->services[i].traits.languages[k]);
		}
	}
}

static void scores(struct strbuf *out, const struct platform *p)
{
	family(out, "prediction_score", "histogram", "What the model answered.");
	for (size_t i = 0; i < p->n_services; i++) {
		const struct lab_service *s = &p->services[i];

		for (size_t k = 0; !s->conf->llm && k <= TRAIT_SCORES; k++) {
			service_sample(out, "prediction_score_bucket", s->conf->name);
			if (k < TRAIT_SCORES)
				strbuf_addf(out, ",le=\"%g\"", trait_score_bounds[k]);
			else
				strbuf_adds(out, ",le=\"+Inf\"");
			whole(out, traits_below(s->traits.scores, k));
		}
		if (s->conf->llm)
			continue;
		service_sample(out, "prediction_score_sum", s->conf->name);
		strbuf_addf(out, "} %.3f\n", s->traits.score_sum);
		service_sample(out, "prediction_score_count", s->conf->name);
		whole(out, traits_below(s->traits.scores, TRAIT_SCORES));
	}
}

static void traits(struct strbuf *out, const struct platform *p)
{
	lengths(out, p, "vllm:request_prompt_tokens", "Tokens of a request's prompt.",
		offsetof(struct traits, prompt));
	lengths(out, p, "vllm:request_generation_tokens", "Tokens of an answer.",
		offsetof(struct traits, answer));
	endings(out, p);
	languages(out, p);
	scores(out, p);
}

static void serving_labels(
	struct strbuf *out, const struct lab_service *s, int64_t version)
{
	label(out, "service", s->conf->name, true);
	label(out, "model", s->conf->model.name, false);
	strbuf_addf(out, ",model_version=\"%" PRId64 "\"", version);
}

static void serving(struct strbuf *out, const struct platform *p)
{
	family(out, "serving_traffic_ratio", "gauge", "Share of traffic, by version.");
	for (size_t i = 0; i < p->n_services; i++) {
		const struct lab_service *s = &p->services[i];

		for (size_t k = 0; k < s->rollout.n; k++) {
			strbuf_adds(out, "serving_traffic_ratio");
			serving_labels(out, s, s->rollout.variants[k].version);
			strbuf_addf(out, "} %.10g\n", s->rollout.variants[k].traffic);
		}
	}
}

static void datasets(struct strbuf *out, const struct platform *p)
{
	family(out, "dataset_loaded_timestamp_seconds", "gauge",
		"When data last arrived.");
	for (size_t i = 0; i < p->n_pipelines; i++) {
		strbuf_adds(out, "dataset_loaded_timestamp_seconds");
		label(out, "dataset", p->pipelines[i].conf->name, true);
		strbuf_addf(out, "} %.3f\n", (double)p->pipelines[i].loaded / NS_PER_S);
	}
	family(out, "pipeline_runs_failed_total", "counter", "Runs that loaded nothing.");
	for (size_t i = 0; i < p->n_pipelines; i++) {
		strbuf_adds(out, "pipeline_runs_failed_total");
		label(out, "pipeline", p->pipelines[i].conf->pipeline, true);
		whole(out, (double)p->pipelines[i].failures);
	}
}

static void get_metrics(struct answer *a, struct lab *lab, struct request *q)
{
	const struct platform *p = lab->platform;
	struct strbuf *out = &a->body;

	(void)q;
	a->type = "text/plain; version=0.0.4; charset=utf-8";
	requests(out, p);
	latencies(out, p);
	tokens_and_sessions(out, p);
	language_models(out, p);
	traits(out, p);
	serving(out, p);
	datasets(out, p);
	family(out, "process_start_time_seconds", "gauge",
		"Since when the counters count.");
	strbuf_addf(out, "process_start_time_seconds %.3f\n", (double)p->born / NS_PER_S);
}

static void get_index(struct answer *a, struct lab *lab, struct request *q)
{
	static const char *const paths[] = {"/metrics", "/mlflow", "/langfuse",
		"/alertmanager", "/serving/v1/services", "/pipelines/v1/datasets",
		"/lab/state"};
	struct json *list = json_array();

	(void)q;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		char *url = mem_format("%s%s", lab->url, paths[i]);

		json_add_text(list, NULL, url);
		free(url);
	}
	answer_json_take(a, 200, list);
}

const struct route metrics_routes[] = {
	{"GET", "/metrics", get_metrics},
	{"GET", "/", get_index},
	{0},
};
