/* evidently.c - the newest report of each project of Evidently's service */
#include "config.h"

#include "poll/reader.h"

#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "net/url.h"
#include "poll/drifts.h"
#include "signal/evidently.h"

/* Kept for one source as long as the collector lives. */
struct service {
	bool ready;
	struct drift_set set;
	char *version; /* owned */
};

/* One check on its way: project, newest report, its text. */
struct following {
	struct drift_entry *entry;
	const char *project, *report; /* ids; arena */
	int64_t at;
};

struct reading {
	struct following *items;
	size_t n, left;
};

static void finish(struct round *r, const struct err *e)
{
	struct service *kept = r->state;
	struct err own = ERR_INIT;

	r->version = arena_strdup(r->arena, kept->version);
	if (!e && drift_set_write(&kept->set, r, &own) < 0)
		e = &own;
	round_end(r, e);
	err_release(&own);
}

static void ask(struct round *r, const char *path, round_fn *fn, void *ctx)
{
	struct strbuf url = STRBUF_INIT;
	struct http_request req = {.source = r->conf, .accept = "application/json"};

	url_join(&url, r->conf->url, path);
	req.url = url.buf;
	round_request(r, &req, fn, ctx);
	strbuf_release(&url);
}

static int document(
	struct json **out, struct http_answer *a, const struct err *e, struct err *own)
{
	*out = NULL;
	if (e)
		return err_copy(own, e);
	return json_parse(out, a->body.buf, a->body.len, own);
}

static void one_done(struct round *r, const struct err *e)
{
	struct reading *g = r->scratch;

	if (e)
		round_partial(r, "%s", e->what);
	if (--g->left == 0)
		finish(r, NULL);
}

/* What could not be read is told with nothing in it. */
static void fail(struct round *r, struct following *f, const char *why)
{
	struct err e = ERR_INIT;

	round_partial(r, "%s: %s", f->entry->check.dataset, why);
	(void)drift_entry_take(f->entry, r, NULL, 0, &e);
	one_done(r, e.code ? &e : NULL);
	err_release(&e);
}

static void on_report(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct following *f = ctx;
	struct evidently_report report;
	struct err own = ERR_INIT;

	if (e) {
		fail(r, f, e->what);
		return;
	}
	if (evidently_parse(&report, r->arena, a->body.buf, a->body.len, &own) < 0) {
		fail(r, f, own.what);
		err_release(&own);
		return;
	}
	for (size_t i = 0; i < report.n; i++) {
		report.items[i].computed = f->at > r->now ? r->now : f->at;
		report.items[i].window =
			arena_format(r->arena, _("report %s"), f->report);
		report.items[i].url = arena_format(r->arena, "%s/projects/%s/reports/%s",
			r->conf->url, f->project, f->report);
	}
	(void)drift_entry_take(f->entry, r, report.items, report.n, &own);
	free(f->entry->seen);
	f->entry->seen = mem_strdup(f->report);
	one_done(r, own.code ? &own : NULL);
	err_release(&own);
}

static int64_t time_of(const struct json *snapshot)
{
	struct err ignored = ERR_INIT;
	const char *text = json_text(json_get(snapshot, "timestamp"));
	int64_t at = NONE_INT;

	if (text && time_parse(&at, text, &ignored) < 0)
		at = NONE_INT;
	err_release(&ignored);
	return at;
}

static void on_reports(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct following *f = ctx;
	struct err own = ERR_INIT;
	struct json *list;
	char *path;

	if (document(&list, a, e, &own) < 0) {
		fail(r, f, own.what);
		err_release(&own);
		return;
	}
	f->at = NONE_INT;
	json_each (snapshot, list) {
		const char *id = json_text(json_get(snapshot, "id"));
		int64_t at = time_of(snapshot);

		if (id && (!f->report || at > f->at)) {
			f->report = arena_strdup(r->arena, id);
			f->at = at;
		}
	}
	json_free(list);
	if (!f->report) {
		fail(r, f, _("the project has no report"));
	} else if (f->entry->told && f->entry->seen &&
		!strcmp(f->entry->seen, f->report)) {
		one_done(r, NULL);
	} else {
		path = mem_format("/api/projects/%s/%s/download?report_format=json",
			f->project, f->report);
		ask(r, path, on_report, f);
		free(path);
	}
}

/* Ids become parts of a URL. */
static bool is_id(const char *id)
{
	return id && *id && strspn(id, "0123456789abcdefABCDEF-") == strlen(id);
}

static void project_follow(struct round *r, struct following *f, const struct json *list)
{
	const char *wanted = f->entry->check.project;
	char *path;

	json_each (project, list) {
		const char *id = json_text(json_get(project, "id"));
		const char *name = json_text(json_get(project, "name"));

		if (is_id(id) && ((name && !strcmp(name, wanted)) || !strcmp(id, wanted)))
			f->project = arena_strdup(r->arena, id);
	}
	if (!f->project) {
		fail(r, f, _("there is no such project"));
		return;
	}
	path = mem_format("/api/projects/%s/reports", f->project);
	ask(r, path, on_reports, f);
	free(path);
}

static void on_projects(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct reading *g = r->scratch;
	struct err own = ERR_INIT;
	struct json *list;

	(void)ctx;
	if (document(&list, a, e, &own) < 0) {
		finish(r, &own);
		err_release(&own);
		return;
	}
	/* One more than there are, so that the last of them does not end it inside the loop. */
	g->left = g->n + 1;
	for (size_t i = 0; i < g->n; i++)
		project_follow(r, &g->items[i], list);
	json_free(list);
	one_done(r, NULL);
}

static void on_version(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct service *kept = r->state;
	struct err own = ERR_INIT;
	struct json *doc;

	(void)ctx;
	if (document(&doc, a, e, &own) < 0) {
		finish(r, &own);
		err_release(&own);
		return;
	}
	if (json_text(json_get(doc, "version"))) {
		free(kept->version);
		kept->version = mem_strdup(json_text(json_get(doc, "version")));
	}
	json_free(doc);
	ask(r, "/api/projects", on_projects, NULL);
}

static void begin(struct round *r)
{
	struct service *kept = r->state;
	struct reading *g = arena_alloc(r->arena, 1, sizeof(*g));
	struct drift_entry *entry;
	struct err e = ERR_INIT;

	r->scratch = g;
	if (!kept->ready)
		drift_set_init(&kept->set);
	if (r->reason == ROUND_FULL || !kept->ready)
		drift_set_load(&kept->set, r);
	kept->ready = true;
	if (!r->conf->url) {
		err_set(&e, ERR_INPUT, _("the source '%s' has no URL"), r->conf->name);
		round_end(r, &e);
		err_release(&e);
		return;
	}
	g->items = arena_alloc(r->arena, kept->set.n + 1, sizeof(*g->items));
	while (g->n < kept->set.n && (entry = drift_set_next(&kept->set, r)))
		g->items[g->n++].entry = entry;
	ask(r, "/api/version", on_version, NULL);
}

static void forget(void *state)
{
	struct service *kept = state;

	if (kept->ready)
		drift_set_release(&kept->set);
	free(kept->version);
}

static int probe(
	struct probe *out, const struct source_conf *conf, struct arena *a, struct err *e)
{
	struct strbuf url = STRBUF_INIT;
	struct http_answer answer = HTTP_ANSWER_INIT;
	struct http_request req = {.source = conf, .accept = "application/json"};
	struct json *doc = NULL;
	int rc;

	url_join(&url, conf->url ? conf->url : "", "/api/version");
	req.url = url.buf;
	rc = http_run(&answer, &req, e);
	if (rc == 0)
		rc = json_parse(&doc, answer.body.buf, answer.body.len, e);
	if (rc == 0)
		out->version = arena_strdup(a, json_text(json_get(doc, "version")));
	out->latency_ns = answer.latency_ns;
	json_free(doc);
	http_answer_release(&answer);
	strbuf_release(&url);
	return rc;
}

const struct reader reader_evidently = {
	.type = "evidently",
	.size = sizeof(struct service),
	.parallel = 2,
	.begin = begin,
	.forget = forget,
	.probe = probe,
	.reads = N_("the newest report of each project that a drift check names"),
};
