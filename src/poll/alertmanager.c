#include "config.h"
#include "poll/alertmanager.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/json.h"
#include "model/record.h"
#include "net/url.h"
#include "poll/alert_heartbeat.h"
#include "store/observe.h"

enum { KNOWN_LIMIT = 5000 };

enum part { PART_ALERTS, PART_GROUPS, PART_SILENCES, PART_STATUS, PARTS };

static const char *const paths[PARTS] = {
	"/alerts", "/alerts/groups", "/silences", "/status"};

struct peer {
	const char *url; /* arena, or borrowed: from the configuration */
	struct json *answers[PARTS]; /* owned; NULL: none came */
	struct err failed; /* why its alerts did not come */
};

struct reading;

/* One request on its way. */
struct asked {
	struct reading *reading;
	struct peer *peer;
	enum part part;
};

/* One round: all is asked together and joined. */
struct reading {
	struct peer *peers; /* arena */
	size_t n_peers;
	const char *api;
	size_t left;
	alertmanager_more_fn *more;
	void *ctx;
};

static void reading_free(struct round *r)
{
	struct reading *g = r->scratch;

	for (size_t i = 0; g && i < g->n_peers; i++) {
		for (int part = 0; part < PARTS; part++)
			json_free(g->peers[i].answers[part]);
		err_release(&g->peers[i].failed);
	}
	r->scratch = NULL;
}

static void end(struct round *r, const struct err *e)
{
	struct err copy = ERR_INIT;

	if (e)
		err_copy(&copy, e); /* it may live in what is freed now */
	reading_free(r);
	round_end(r, e ? &copy : NULL);
	err_release(&copy);
}

/* --- writing --- */

static int write_kind(struct round *r, enum record_kind kind, const void *items, size_t n,
	bool complete, struct err *e)
{
	size_t size = record_def(kind)->size;
	struct observe *ob;
	int rc = 0;

	if (observe_begin(&ob, r->store, r->conf->name, r->generation, kind, r->now,
		    r->succeeded == NONE_INT, e) < 0)
		return -1;
	observe_config(ob, r->config);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = observe_put(ob, (const char *)items + i * size, e);
	if (rc == 0)
		return observe_end(ob, complete, e);
	observe_abort(ob);
	return -1;
}

static int by_fingerprint(const void *a, const void *b)
{
	return strcmp(((const struct alert *)a)->fingerprint,
		((const struct alert *)((const struct observed *)b)->record)
			->fingerprint);
}

/* What a Prometheus told of an alert that goes on: its round and ours take turns. */
static int keep_told(struct round *r, struct alert_list *list, struct err *e)
{
	struct observed_list open;

	if (observed_at(&open, r->arena, r->store, REC_ALERT, r->conf->name, NULL, AT_NOW,
		    KNOWN_LIMIT, e) < 0)
		return -1;
	for (size_t i = 0; i < list->n && open.n; i++) {
		struct alert *alert = &list->items[i];
		const struct observed *was = bsearch(
			alert, open.items, open.n, sizeof(*open.items), by_fingerprint);
		const struct alert *told = was ? was->record : NULL;

		if (!told || told->since != alert->since)
			continue;
		if (alert->onset == NONE_INT)
			alert->onset = told->onset;
		if (isnan(alert->value))
			alert->value = told->value;
	}
	return 0;
}

/* --- joining --- */

static struct alert *find(struct alert_list *list, const char *fingerprint)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->items[i].fingerprint, fingerprint))
			return &list->items[i];
	return NULL;
}

/* The same alert of two peers: what fires goes before what is silenced. */
static void take_alerts(
	struct round *r, struct alert_list *to, const struct alert_list *from)
{
	to->dropped += from->dropped;
	for (size_t i = 0; i < from->n; i++) {
		struct alert *known = find(to, from->items[i].fingerprint);

		if (!known)
			*arena_push(r->arena, to->items, to->n, to->cap) = from->items[i];
		else if (!alert_is_on(known) && alert_is_on(&from->items[i]))
			*known = from->items[i];
	}
}

static void take_silences(
	struct round *r, struct silence_list *to, const struct silence_list *from)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct silence *s = &from->items[i];
		size_t k = 0;

		while (k < to->n && strcmp(to->items[k].id, s->id) != 0)
			k++;
		if (k == to->n)
			*arena_push(r->arena, to->items, to->n, to->cap) = *s;
		else if (s->alerts > to->items[k].alerts)
			to->items[k].alerts = s->alerts;
	}
}

/* Those that did not answer, in words; -1 with the first reason when none did. */
static int check_peers(struct round *r, struct err *e)
{
	struct reading *g = r->scratch;
	size_t answered = 0;

	for (size_t i = 0; i < g->n_peers; i++)
		answered += g->peers[i].answers[PART_ALERTS] != NULL;
	if (!answered)
		return err_copy(e, &g->peers[0].failed);
	for (size_t i = 0; i < g->n_peers && answered < g->n_peers; i++)
		if (!g->peers[i].answers[PART_ALERTS])
			round_partial(r, _("the peer %s does not answer: %s"),
				g->peers[i].url, g->peers[i].failed.what);
	return 0;
}

static int join_peer(struct round *r, struct peer *p, struct alert_list *alerts,
	struct silence_list *silences, struct err *e)
{
	struct alert_list own;
	struct silence_list told;

	if (!p->answers[PART_ALERTS])
		return 0;
	if (alerts_parse(&own, r->arena, r->conf->name, p->answers[PART_ALERTS],
		    p->answers[PART_SILENCES], e) < 0)
		return -1;
	alerts_parse_groups(&own, r->arena, p->answers[PART_GROUPS],
		((struct alertmanager *)r->state)->config);
	take_alerts(r, alerts, &own);
	silences_parse(&told, r->arena, r->conf->name, r->conf->url,
		p->answers[PART_SILENCES], p->answers[PART_ALERTS]);
	take_silences(r, silences, &told);
	return 0;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Who belongs together: two sources whose peers are the same are one cluster. */
static void tell_cluster(struct round *r, const struct json *peers)
{
	const char **names = arena_alloc(r->arena, json_count(peers) + 1, sizeof(*names));
	char *key = mem_format("cluster:%s", r->conf->name),
	     *was = store_get(r->store, key);
	struct strbuf text = STRBUF_INIT;
	struct err ignored = ERR_INIT;
	size_t n = 0;

	json_each (peer, peers)
		if (json_text(json_get(peer, "name")))
			names[n++] = json_text(json_get(peer, "name"));
	if (n)
		qsort(names, n, sizeof(*names), by_text);
	for (size_t i = 0; i < n; i++)
		strbuf_addf(&text, "%s%s", i ? " " : "", names[i]);
	if (strcmp(was ? was : "", text.buf) != 0)
		(void)store_set(r->store, key, text.buf, &ignored);
	err_release(&ignored);
	strbuf_release(&text);
	free(was);
	free(key);
}

/* "0.25.0, peers: 2": how many know of each other.  The configuration is kept: it seldom moves. */
static void take_status(struct round *r, const struct json *status)
{
	struct alertmanager *kept = r->state;
	const char *config = json_text_at(status, "config.original");
	const char *version = json_text_at(status, "versionInfo.version");
	const char *state = json_text_at(status, "cluster.status");
	size_t n = json_count(json_at(status, "cluster.peers"));

	tell_cluster(r, json_at(status, "cluster.peers"));
	if (config) {
		free(kept->config);
		kept->config = mem_strdup(config);
	}
	if (version && state && strcmp(state, "disabled") != 0 && n)
		r->version = arena_format(r->arena, _("%s, peers: %zu"), version, n);
	else if (version)
		r->version = arena_strdup(r->arena, version);
	if (state && !strcmp(state, "settling"))
		round_partial(
			r, "%s", _("its cluster is settling: a silence may be missing"));
}

static int join(struct round *r, struct err *e)
{
	struct reading *g = r->scratch;
	struct alert_list alerts = {0};
	struct silence_list silences = {0};
	bool silenced = true;

	if (check_peers(r, e) < 0)
		return -1;
	for (size_t i = 0; i < g->n_peers; i++)
		if (g->peers[i].answers[PART_STATUS])
			take_status(r, g->peers[i].answers[PART_STATUS]);
	for (size_t i = 0; i < g->n_peers; i++) {
		if (join_peer(r, &g->peers[i], &alerts, &silences, e) < 0)
			return -1;
		silenced &= g->peers[i].answers[PART_SILENCES] != NULL ||
			!g->peers[i].answers[PART_ALERTS];
	}
	if (keep_told(r, &alerts, e) < 0)
		return -1;
	if (g->more)
		g->more(r, g->ctx, &alerts);
	if (heartbeat_watch(&alerts, r, e) < 0 ||
		write_kind(r, REC_ALERT, alerts.items, alerts.n, true, e) < 0 ||
		write_kind(r, REC_SILENCE, silences.items, silences.n, silenced, e) < 0)
		return -1;
	r->records = (int64_t)(alerts.n + silences.n);
	if (alerts.dropped)
		round_partial(r, _("%zu alerts have no labels"), alerts.dropped);
	return 0;
}

static void part_done(struct round *r)
{
	struct reading *g = r->scratch;
	struct err e = ERR_INIT;

	if (--g->left)
		return;
	if (join(r, &e) < 0)
		end(r, &e);
	else
		end(r, NULL);
	err_release(&e);
}

/* --- asking --- */

/* The server's own words are better than the status. */
static int answer_read(struct json **out, const struct http_answer *a,
	const struct err *e, struct err *own)
{
	if (e) {
		err_copy(own, e);
		if (alertmanager_error(a->body.buf, a->body.len, own) < 0) {
			own->code = e->code;
			own->retry = e->retry;
		}
		return -1;
	}
	if (json_parse(out, a->body.buf, a->body.len, own) == 0)
		return 0;
	err_prefix(own, _("this is not what Alertmanager's API answers: "));
	own->code = ERR_BACKEND;
	return err_retry(own, RETRY_LATER);
}

/*
 * Without its silences it is known that an alert is silenced, but not by whom and until when;
 * without its groups, not what is told together.  Its version is no reason to fail.
 */
static void on_answer(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct asked *q = ctx;
	struct err own = ERR_INIT;

	if (answer_read(&q->peer->answers[q->part], a, e, &own) < 0) {
		if (q->part == PART_ALERTS)
			err_copy(&q->peer->failed, &own);
		else if (q->part != PART_STATUS && own.code != ERR_NET)
			round_partial(r, "%s", own.what);
	}
	err_release(&own);
	part_done(r);
}

static void ask(struct round *r, struct peer *p, enum part part)
{
	struct reading *g = r->scratch;
	struct asked *q = arena_alloc(r->arena, 1, sizeof(*q));
	struct strbuf url = STRBUF_INIT;
	struct http_request req = {.source = r->conf};
	char *path = mem_format("%s%s", g->api, paths[part]);

	*q = (struct asked){g, p, part};
	url_join(&url, p->url, path);
	req.url = url.buf;
	round_request(r, &req, on_answer, q);
	strbuf_release(&url);
	free(path);
}

static void list_peers(struct round *r, struct reading *g)
{
	struct err ignored = ERR_INIT;
	struct json *with = NULL;
	size_t cap = 0;

	arena_push(r->arena, g->peers, g->n_peers, cap)->url = r->conf->url;
	if (r->conf->with)
		(void)json_parse(&with, r->conf->with, strlen(r->conf->with), &ignored);
	json_each (item, json_get(with, "peers")) {
		const char *url = json_text(item);

		if (url && strcmp(url, r->conf->url) != 0)
			arena_push(r->arena, g->peers, g->n_peers, cap)->url =
				arena_strdup(r->arena, url);
	}
	json_free(with);
	err_release(&ignored);
}

void alertmanager_begin(
	struct round *r, const char *api, alertmanager_more_fn *more, void *ctx)
{
	struct reading *g = arena_alloc(r->arena, 1, sizeof(*g));
	size_t parts = r->reason == ROUND_FULL ? PARTS : PART_STATUS;

	r->scratch = g;
	g->api = api;
	g->more = more;
	g->ctx = ctx;
	list_peers(r, g);
	g->left = parts * g->n_peers;
	for (size_t i = 0; i < g->n_peers; i++)
		for (size_t part = 0; part < parts; part++)
			ask(r, &g->peers[i], (enum part)part);
}

void alertmanager_cancel(struct round *r)
{
	reading_free(r);
}

void alertmanager_forget(void *state)
{
	free(((struct alertmanager *)state)->config);
}

int alertmanager_probe(struct probe *out, const struct source_conf *conf, const char *api,
	struct arena *a, struct err *e)
{
	struct strbuf url = STRBUF_INIT;
	struct http_answer answer = HTTP_ANSWER_INIT;
	struct http_request req = {.source = conf};
	struct json *status = NULL;
	char *path = mem_format("%s/status", api);
	int rc;

	url_join(&url, conf->url, path);
	req.url = url.buf;
	rc = http_run(&answer, &req, e);
	if (rc == 0)
		rc = json_parse(&status, answer.body.buf, answer.body.len, e);
	if (rc == 0 && !json_get(status, "versionInfo") && !json_get(status, "cluster"))
		rc = err_set(e, ERR_BACKEND, _("what answers is no Alertmanager"));
	out->version = arena_strdup(a, json_text_at(status, "versionInfo.version"));
	out->latency_ns = answer.latency_ns;
	json_free(status);
	http_answer_release(&answer);
	strbuf_release(&url);
	free(path);
	return rc;
}

#define API "/api/v2"

static void begin(struct round *r)
{
	alertmanager_begin(r, API, NULL, NULL);
}

static int probe(
	struct probe *out, const struct source_conf *conf, struct arena *a, struct err *e)
{
	return alertmanager_probe(out, conf, API, a, e);
}

const struct reader reader_alertmanager = {
	.type = "alertmanager",
	.size = sizeof(struct alertmanager),
	.parallel = 4,
	.begin = begin,
	.cancel = alertmanager_cancel,
	.forget = alertmanager_forget,
	.probe = probe,
	.reads = N_("alerts, their groups, and silences"),
};
