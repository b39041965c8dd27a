#include "config.h"

#include "poll/reader.h"

#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "net/url.h"
#include "poll/alert_answer.h"
#include "store/observe.h"

/* One round: alerts and silences are asked together and joined. */
struct reading {
	struct json *alerts, *silences; /* owned */
	int left;
};

static void reading_free(struct round *r)
{
	struct reading *g = r->scratch;

	json_free(g->alerts);
	json_free(g->silences);
	g->alerts = g->silences = NULL;
}

static void end(struct round *r, const struct err *e)
{
	reading_free(r);
	round_end(r, e);
}

static int alerts_write(struct round *r, const struct alert_list *list, struct err *e)
{
	struct observe *ob;
	int rc = 0;

	if (observe_begin(&ob, r->store, r->conf->name, r->generation, REC_ALERT, r->now,
		    r->succeeded == NONE_INT, e) < 0)
		return -1;
	observe_config(ob, r->config);
	for (size_t i = 0; i < list->n && rc == 0; i++)
		rc = observe_put(ob, &list->items[i], e);
	if (rc == 0)
		return observe_end(ob, true, e);
	observe_abort(ob);
	return -1;
}

static void joined(struct round *r)
{
	struct reading *g = r->scratch;
	struct alert_list list;
	struct err e = ERR_INIT;

	if (alerts_parse(&list, r->arena, r->conf->name, g->alerts, g->silences, &e) <
			0 ||
		alerts_write(r, &list, &e) < 0) {
		end(r, &e);
	} else {
		r->records = (int64_t)list.n;
		if (list.dropped)
			round_partial(r, _("%zu alerts have no labels"), list.dropped);
		end(r, NULL);
	}
	err_release(&e);
}

/* The server's own words are better than the status. */
static int answer_read(struct json **out, const struct http_answer *a,
	const struct err *e, struct err *own)
{
	if (e) {
		err_copy(own, e);
		if (alertmanager_error(a->body.buf, a->body.len, own) < 0)
			own->retry = e->retry;
		return -1;
	}
	if (json_parse(out, a->body.buf, a->body.len, own) == 0)
		return 0;
	err_prefix(own, _("this is not what Alertmanager's API answers: "));
	own->code = ERR_BACKEND;
	return err_retry(own, RETRY_LATER);
}

static void on_alerts(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct reading *g = ctx;
	struct err own = ERR_INIT;

	if (answer_read(&g->alerts, a, e, &own) < 0)
		end(r, &own);
	else if (--g->left == 0)
		joined(r);
	err_release(&own);
}

/* Without the silences it is known that an alert is silenced, but not by whom and until when. */
static void on_silences(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct reading *g = ctx;
	struct err own = ERR_INIT;

	if (answer_read(&g->silences, a, e, &own) < 0)
		round_partial(r, "%s", own.what);
	if (--g->left == 0)
		joined(r);
	err_release(&own);
}

static void ask(struct round *r, const char *path, round_fn *fn)
{
	struct strbuf url = STRBUF_INIT;
	struct http_request req = {.source = r->conf};

	url_join(&url, r->conf->url, path);
	req.url = url.buf;
	round_request(r, &req, fn, r->scratch);
	strbuf_release(&url);
}

/* The version, where a full round asks for it, is no reason to fail. */
static void on_status(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct reading *g = ctx;
	struct json *status = NULL;
	struct err own = ERR_INIT;

	if (answer_read(&status, a, e, &own) == 0)
		r->version = arena_strdup(
			r->arena, json_text_at(status, "versionInfo.version"));
	json_free(status);
	err_release(&own);
	if (--g->left == 0)
		joined(r);
}

static void begin(struct round *r)
{
	struct reading *g = arena_alloc(r->arena, 1, sizeof(*g));

	r->scratch = g;
	g->left = r->reason == ROUND_FULL ? 3 : 2;
	ask(r, "/api/v2/alerts", on_alerts);
	ask(r, "/api/v2/silences", on_silences);
	if (r->reason == ROUND_FULL)
		ask(r, "/api/v2/status", on_status);
}

static void cancel(struct round *r)
{
	reading_free(r);
}

static int probe(
	struct probe *out, const struct source_conf *conf, struct arena *a, struct err *e)
{
	struct strbuf url = STRBUF_INIT;
	struct http_answer answer = HTTP_ANSWER_INIT;
	struct http_request req = {.source = conf};
	struct json *status = NULL;
	int rc;

	url_join(&url, conf->url, "/api/v2/status");
	req.url = url.buf;
	rc = http_run(&answer, &req, e);
	if (rc == 0)
		rc = json_parse(&status, answer.body.buf, answer.body.len, e);
	if (rc == 0 && !json_text_at(status, "versionInfo.version"))
		rc = err_set(e, ERR_BACKEND, _("what answers is no Alertmanager"));
	out->version = arena_strdup(a, json_text_at(status, "versionInfo.version"));
	out->latency_ns = answer.latency_ns;
	json_free(status);
	http_answer_release(&answer);
	strbuf_release(&url);
	return rc;
}

const struct reader reader_alertmanager = {
	.type = "alertmanager",
	.begin = begin,
	.cancel = cancel,
	.probe = probe,
	.reads = N_("alerts and silences"),
};
