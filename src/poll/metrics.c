#include "config.h"

#include "poll/reader.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "net/url.h"
#include "poll/drift_scraped.h"
#include "poll/exposition.h"
#include "poll/scraped.h"
#include "poll/served.h"

/* Kept for one source as long as the collector lives. */
struct metrics {
	struct scraped *scraped;
	struct drift_scraped *drift;
	struct served *served; /* NULL: no rule for versions */
	bool loaded;
};

/* One round: all targets are scraped at once. */
struct scraping {
	size_t left, failed, targets;
	struct err first; /* of the targets that failed */
};

struct taking {
	const struct metrics *kept;
	const char *instance;
	size_t samples;
};

static void end(struct round *r, const struct err *e)
{
	struct scraping *g = r->scratch;
	struct err own = ERR_INIT;

	if (e)
		err_copy(&own, e);
	err_release(&g->first);
	round_end(r, e ? &own : NULL);
	err_release(&own);
}

static void on_evaluated(struct round *r, const struct err *e)
{
	struct metrics *kept = r->state;
	struct err own = ERR_INIT;

	if (!e && drift_scraped_run(kept->drift, r, &own) < 0)
		e = &own;
	end(r, e);
	err_release(&own);
}

static void all_scraped(struct round *r)
{
	struct metrics *kept = r->state;
	struct scraping *g = r->scratch;
	struct err e = ERR_INIT;

	if (g->failed == g->targets && g->targets) {
		end(r, &g->first);
		return;
	}
	if (g->failed)
		round_partial(r, _("%zu of %zu targets: %s"), g->failed, g->targets,
			g->first.what);
	if (scraped_problem(kept->scraped))
		round_partial(r, "%s", scraped_problem(kept->scraped));
	if (scraped_write(kept->scraped, r, &e) < 0 ||
		(kept->served && served_write(kept->served, r, !g->failed, &e) < 0))
		end(r, &e);
	else
		scraped_evaluate(kept->scraped, r, on_evaluated);
	err_release(&e);
}

static void on_sample(void *ctx, const struct metric_sample *m)
{
	struct taking *t = ctx;

	struct served *served = t->kept->served;

	t->samples++;
	scraped_take(t->kept->scraped, t->instance, m);
	drift_scraped_take(t->kept->drift, t->instance, m);
	if (served && !strcmp(m->name, served_series(served)))
		served_take(served, t->instance, m->labels, m->n_labels, m->value,
			m->type == METRIC_COUNTER);
}

static int answer_take(
	struct round *r, const char *instance, const struct http_answer *a, struct err *e)
{
	struct metrics *kept = r->state;
	struct taking t = {kept, instance, 0};
	bool openmetrics = http_answer_is(a, "application/openmetrics-text");

	if (exposition_parse(a->body.buf, a->body.len, openmetrics, on_sample, &t, e) <
		0) {
		scraped_drop(kept->scraped, instance);
		drift_scraped_target(kept->drift, instance, false);
		if (kept->served)
			served_drop(kept->served, instance);
		return -1;
	}
	drift_scraped_target(kept->drift, instance, true);
	return 0;
}

static void on_target(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	const char *instance = ctx;
	struct scraping *g = r->scratch;
	struct err own = ERR_INIT;

	if (e) {
		drift_scraped_target(
			((struct metrics *)r->state)->drift, instance, false);
		err_copy(&own, e);
	} else {
		(void)answer_take(r, instance, a, &own);
	}
	if (own.code && !g->failed++) {
		err_prefix(&own, "%s: ", instance);
		err_move(&g->first, &own);
	}
	err_release(&own);
	if (--g->left == 0)
		all_scraped(r);
}

/* "http://host:9100" means its /metrics. */
static char *metrics_url(const char *url)
{
	const char *host = strstr(url, "://");
	struct strbuf sb = STRBUF_INIT;

	if (host && !host[3 + strcspn(host + 3, "/?")])
		url_join(&sb, url, "/metrics");
	else
		strbuf_adds(&sb, url);
	return strbuf_detach(&sb, NULL);
}

static void target_ask(struct round *r, const char *target)
{
	struct scraping *g = r->scratch;
	int64_t timeout_ns =
		r->conf->timeout_ns > 0 ? r->conf->timeout_ns : HTTP_TIMEOUT_NS;
	char *seconds = mem_format("%.3f", (double)timeout_ns / 1e9);
	struct http_header header = {"X-Prometheus-Scrape-Timeout-Seconds", seconds};
	struct strbuf instance = STRBUF_INIT;
	char *url = metrics_url(target);
	struct http_request req = {
		.source = r->conf,
		.url = url,
		.accept = EXPOSITION_ACCEPT,
		.headers = &header,
		.n_headers = 1,
	};

	seconds[strcspn(seconds, ",")] = '\0'; /* a comma, in some languages */
	url_host(&instance, url);
	g->left++;
	g->targets++;
	round_request(r, &req, on_target, arena_strdup(r->arena, instance.buf));
	strbuf_release(&instance);
	free(seconds);
	free(url);
}

static void begin(struct round *r)
{
	struct metrics *kept = r->state;
	struct err e = ERR_INIT;

	r->scratch = arena_alloc(r->arena, 1, sizeof(struct scraping));
	if (!kept->scraped)
		kept->scraped = scraped_new();
	if (!kept->drift)
		kept->drift = drift_scraped_new();
	if ((r->reason == ROUND_FULL || !kept->loaded || scraped_again(kept->scraped)) &&
		(scraped_load(kept->scraped, r, &e) < 0 ||
			drift_scraped_load(kept->drift, r, &e) < 0 ||
			(!kept->loaded && served_new(&kept->served, r->conf, &e) < 0))) {
		end(r, &e);
		err_release(&e);
		return;
	}
	kept->loaded = true;
	served_begin(kept->served);
	if (r->conf->url)
		target_ask(r, r->conf->url);
	for (size_t i = 0; i < r->conf->targets.n; i++)
		target_ask(r, r->conf->targets.items[i]);
	if (((struct scraping *)r->scratch)->targets)
		return;
	err_set(&e, ERR_INPUT, _("the source '%s' has no targets"), r->conf->name);
	end(r, &e);
	err_release(&e);
}

static void cancel(struct round *r)
{
	struct metrics *kept = r->state;
	struct scraping *g = r->scratch;

	scraped_cancel(kept->scraped);
	err_release(&g->first);
}

static void forget(void *state)
{
	struct metrics *kept = state;

	scraped_free(kept->scraped);
	drift_scraped_free(kept->drift);
	served_free(kept->served);
}

static void on_probed(void *ctx, const struct metric_sample *m)
{
	size_t *samples = ctx;

	(void)m;
	++*samples;
}

static int probe(
	struct probe *out, const struct source_conf *conf, struct arena *a, struct err *e)
{
	struct http_answer answer = HTTP_ANSWER_INIT;
	struct http_request req = {.source = conf, .accept = EXPOSITION_ACCEPT};
	size_t samples = 0;
	char *url = metrics_url(conf->url ? conf->url
			: conf->targets.n ? conf->targets.items[0]
					  : "");
	int rc;

	req.url = url;
	rc = http_run(&answer, &req, e);
	if (rc == 0)
		rc = exposition_parse(answer.body.buf, answer.body.len,
			http_answer_is(&answer, "application/openmetrics-text"),
			on_probed, &samples, e);
	if (rc == 0)
		out->detail = arena_format(a, _("%zu series"), samples);
	out->latency_ns = answer.latency_ns;
	http_answer_release(&answer);
	free(url);
	return rc;
}

const struct reader reader_metrics = {
	.type = "metrics",
	.size = sizeof(struct metrics),
	.parallel = 16,
	.begin = begin,
	.cancel = cancel,
	.forget = forget,
	.probe = probe,
	.reads = N_("counters and histograms, objectives computed from them, and "
		    "versions served"),
};
