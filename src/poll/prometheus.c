#include "config.h"

#include "poll/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "net/url.h"
#include "poll/alert_rules.h"
#include "poll/asks.h"
#include "poll/backfill.h"
#include "poll/prom_client.h"
#include "poll/drift_prom.h"
#include "poll/fine.h"
#include "poll/served.h"
#include "signal/slo_file.h"
#include "signal/slo_pyrra.h"
#include "store/observe.h"

enum {
	BACKFILL_AT_ONCE = 50, /* objectives in one round */
	RECORDS_A_BATCH = 50, /* written in one transaction */
};

/* Kept for one source as long as the collector lives. */
struct prometheus {
	bool ready;
	struct prom_server server;
	struct slo_set slos;
	struct drift_set drifts;
	struct asks *asks;
	struct alert_rules *alerts;
	struct served *served; /* NULL: no rule for versions */
	char *version; /* owned */
	int64_t retention_ns; /* NONE_INT: not said */
};

/* One round: what is on the way. */
struct reading {
	struct prometheus *kept;
	size_t left; /* answers before the objectives' turn */
	struct slo *recorded; /* what rules record: arena */
	size_t n_recorded, cap_recorded;
	struct json *periods; /* owned: {"service\nname": days} */
	size_t n_alerts;
	bool served_known, served_partial, learnt;
	struct backfill *backfill;
};

static void end(struct round *r, const struct err *e)
{
	struct reading *g = r->scratch;
	const char *clock = prom_clock_words(&g->kept->server, r->arena);

	json_free(g->periods);
	g->periods = NULL;
	if (clock)
		r->partial = r->partial
			? arena_format(r->arena, "%s; %s", clock, r->partial)
			: clock;
	r->version = arena_strdup(r->arena, g->kept->version);
	round_end(r, e);
}

/* --- the objectives --- */

static void coverage_limit(struct burn_window *w, int64_t retention_ns)
{
	double share = (double)retention_ns / (double)w->window_ns;

	if (retention_ns != NONE_INT && share < 1 && !(w->coverage <= share))
		w->coverage = share;
}

/* What the next higher boundary says, beside the lower one, which counts. */
static const char *higher_words(
	const struct prometheus *kept, const struct slo_entry *entry, struct arena *a)
{
	struct burn_window w = asks_window_higher(kept->asks, entry);

	if (isnan(w.ratio))
		return NULL;
	return arena_format(a, _("at the higher boundary the period burns at %.3g"),
		burn_rate(w.ratio, entry->slo.objective));
}

static int entry_record(struct round *r, struct slo_entry *entry, struct err *e)
{
	struct prometheus *kept = r->state;
	struct burn_window windows[SLO_WINDOWS], period;
	const char *why = NULL, *first = NULL;

	for (size_t i = 0; i < entry->n_windows; i++) {
		windows[i] = asks_window(kept->asks, entry, entry->windows_ns[i], &why);
		coverage_limit(&windows[i], kept->retention_ns);
		first = first ? first : why;
	}
	period = asks_window(kept->asks, entry, entry->slo.window_ns, &why);
	period.coverage = asks_coverage(kept->asks, entry);
	coverage_limit(&period, kept->retention_ns);
	entry->keeps_ns = kept->retention_ns;
	first = first ? first : why;
	if (first)
		round_partial(r, "%s/%s: %s", entry->slo.service, entry->slo.name, first);
	else
		first = higher_words(kept, entry, r->arena);
	return slo_entry_record(entry, r, windows, entry->n_windows, &period, first, e);
}

static int batch_record(struct round *r, size_t from, size_t to, struct err *e)
{
	struct prometheus *kept = r->state;
	int rc;

	if (store_begin(r->store, e) < 0)
		return -1;
	rc = source_check(r->store, r->source_id, r->generation, e);
	for (size_t i = from; i < to && rc == 0; i++) {
		if (kept->slos.items[i].ours && !kept->slos.items[i].grouped)
			rc = entry_record(r, &kept->slos.items[i], e);
	}
	if (rc == 0)
		return store_commit(r->store, e);
	store_rollback(r->store);
	return -1;
}

static int objectives_record(struct round *r, struct err *e)
{
	struct prometheus *kept = r->state;
	struct reading *g = r->scratch;
	int rc = 0;

	r->records = (int64_t)(g->n_alerts + kept->slos.n);
	for (size_t i = 0; i < kept->slos.n && rc == 0; i += RECORDS_A_BATCH) {
		size_t to = i + RECORDS_A_BATCH;

		rc = batch_record(r, i, to < kept->slos.n ? to : kept->slos.n, e);
	}
	return rc;
}

static void on_looked(struct round *r, void *ctx, size_t changed)
{
	struct reading *g = ctx;
	struct prometheus *kept = g->kept;
	struct err e = ERR_INIT;

	if (changed && objectives_record(r, &e) < 0)
		end(r, &e);
	else
		drift_prom_run(&kept->drifts, r, &kept->server, end);
	err_release(&e);
}

static void on_backfilled(struct round *r, void *ctx, size_t filled, const struct err *e)
{
	struct reading *g = ctx;
	struct prometheus *kept = g->kept;
	struct err own = ERR_INIT;

	g->backfill = NULL;
	if (e) {
		end(r, e);
		return;
	}
	/* With the past known, the beginning of what burns now is known too. */
	for (size_t i = 0; filled && i < kept->slos.n; i++)
		kept->slos.items[i].onset = NONE_INT;
	if (filled && objectives_record(r, &own) < 0)
		end(r, &own);
	else
		fine_run(r, &kept->server, &kept->slos, on_looked, g);
	err_release(&own);
}

/* Groups that were not known before are defined before they are evaluated. */
static int groups_take(struct round *r, struct err *e)
{
	struct prometheus *kept = r->state;
	size_t n = kept->slos.n;
	const char *many = asks_groups(kept->asks, &kept->slos, r->now);

	if (many)
		round_partial(r, _("%s: only the first %d groups are evaluated"), many,
			SLO_MOST_GROUPS);
	return kept->slos.n > n ? slo_set_define_from(&kept->slos, n, r, e) : 0;
}

static void on_asked(struct round *r, void *ctx, const struct asks_result *res)
{
	struct reading *g = ctx;
	struct prometheus *kept = g->kept;
	struct err e = ERR_INIT;

	if (res->asked && res->failed == res->asked &&
		(res->last->code == ERR_NET || res->last->code == ERR_AUTH)) {
		end(r, res->last);
	} else if (groups_take(r, &e) < 0 || objectives_record(r, &e) < 0) {
		end(r, &e);
	} else {
		g->backfill = backfill_run(r, &kept->server, &kept->slos,
			r->once ? SIZE_MAX : BACKFILL_AT_ONCE, on_backfilled, g);
	}
	err_release(&e);
}

static bool is_after_a_hole(const struct round *r)
{
	return r->succeeded != NONE_INT && r->now - r->succeeded > NS_PER_MIN &&
		r->now - r->succeeded > 4 * r->conf->every_ns;
}

static int definitions_take(struct round *r, struct err *e)
{
	struct reading *g = r->scratch;
	struct prometheus *kept = g->kept;

	if (r->reason != ROUND_FULL)
		return 0;
	drift_set_load(&kept->drifts, r);
	slo_set_load(&kept->slos, r, g->recorded, g->n_recorded, false);
	asks_renew(kept->asks, &kept->slos, r->now);
	return slo_set_define(&kept->slos, r, e);
}

static void objectives_begin(struct round *r)
{
	struct reading *g = r->scratch;
	struct prometheus *kept = g->kept;
	struct err e = ERR_INIT;

	if (alert_rules_write(kept->alerts, r, &g->n_alerts, &e) < 0 ||
		(g->served_known &&
			served_write(kept->served, r, !g->served_partial, &e) < 0) ||
		definitions_take(r, &e) < 0) {
		end(r, &e);
		err_release(&e);
		return;
	}
	if (kept->slos.problem)
		round_partial(r, "%s", kept->slos.problem);
	if (is_after_a_hole(r))
		backfill_again(&kept->slos);
	asks_run(kept->asks, r, &kept->server, &kept->slos, r->want != NULL, on_asked, g);
}

/* --- what comes before them --- */

/*
 * An endpoint that a compatible server does not have is no failure of it; one that cannot be
 * reached, or that sends us away, fails them all.
 */
static bool is_fatal(const struct err *e)
{
	return e &&
		(e->code == ERR_NET || e->code == ERR_AUTH || e->code == ERR_DENIED ||
			e->code == ERR_INPUT);
}

static void part_done(struct round *r, const struct err *e)
{
	struct reading *g = r->scratch;

	if (is_fatal(e)) {
		end(r, e);
		return;
	}
	if (e && e->code != ERR_NOT_FOUND)
		round_partial(r, "%s", e->what);
	if (--g->left == 0)
		objectives_begin(r);
}

static void version_take(struct round *r, const char *version)
{
	struct prometheus *kept = r->state;

	if (version) {
		free(kept->version);
		kept->version = mem_strdup(version);
	}
}

static void on_build(struct round *r, void *ctx, const char *version, const struct err *e)
{
	(void)ctx;
	version_take(r, version);
	/* Who has no such page is no worse for it. */
	part_done(r, is_fatal(e) ? e : NULL);
}

/* "15d", "15d or 512MB", "512MB". */
static int64_t retention_of(const char *text)
{
	struct err ignored = ERR_INIT;
	int64_t ns = NONE_INT;
	char *word;

	if (!text)
		return NONE_INT;
	word = mem_strndup(text, strcspn(text, " "));
	if (duration_parse(&ns, word, &ignored) < 0)
		ns = NONE_INT;
	free(word);
	err_release(&ignored);
	return ns;
}

static void on_runtime(
	struct round *r, void *ctx, const struct json *document, const struct err *e)
{
	struct reading *g = ctx;

	if (!e)
		g->kept->retention_ns =
			retention_of(json_text_at(document, "data.storageRetention"));
	part_done(r, is_fatal(e) ? e : NULL);
}

static void on_flags(
	struct round *r, void *ctx, struct http_answer *a, const struct err *e)
{
	struct reading *g = ctx;

	if (!e)
		g->kept->retention_ns = prom_flags_retention(a->body.buf);
	part_done(r, is_fatal(e) ? e : NULL);
}

static char *series_key(const struct json *labels)
{
	const char *service = json_text(json_get(labels, "sloth_service"));
	const char *name = json_text(json_get(labels, "sloth_slo"));

	return service && name ? mem_format("%s\n%s", service, name) : NULL;
}

static void on_objectives(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct reading *g = ctx;

	for (size_t i = 0; p && i < p->n; i++) {
		const struct prom_series *s = &p->items[i];
		char *key = series_key(s->labels);
		double days = key ? json_real(json_get(g->periods, key)) : NAN;
		struct slo slo;

		free(key);
		if (s->samples.n &&
			slo_from_recorded(&slo, r->arena, s->labels,
				s->samples.items[0].value, days))
			*arena_push(r->arena, g->recorded, g->n_recorded,
				g->cap_recorded) = slo;
	}
	part_done(r, e);
}

/* The periods are known: now the objectives that have them. */
static void on_periods(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct reading *g = ctx;

	for (size_t i = 0; p && i < p->n; i++) {
		char *key = series_key(p->items[i].labels);

		if (key && p->items[i].samples.n && !json_get(g->periods, key))
			json_add_real(
				g->periods, key, p->items[i].samples.items[0].value);
		free(key);
	}
	g->left++;
	prom_query(r, &g->kept->server, "slo:objective:ratio", r->now, on_objectives, g);
	part_done(r, e);
}

/* Pyrra leaves no series that names its objectives: its rules do. */
static void on_rules(
	struct round *r, void *ctx, const struct json *document, const struct err *e)
{
	struct reading *g = ctx;
	struct slo_list found = {0};

	if (!e)
		(void)slo_from_pyrra(&found, r->arena, document);
	for (size_t i = 0; i < found.n; i++)
		*arena_push(r->arena, g->recorded, g->n_recorded, g->cap_recorded) =
			found.items[i];
	part_done(r, e);
}

/* One series of the rule's query: its labels are the record. */
static void series_take(struct round *r, const struct prom_series *s)
{
	struct prometheus *kept = r->state;
	struct metric_label *labels = NULL;
	const char *instance = json_text(json_get(s->labels, "instance"));
	size_t n = 0, cap = 0;

	json_each (item, s->labels) {
		const char *value = json_text(item);

		*arena_push(r->arena, labels, n, cap) =
			(struct metric_label){json_key(item), value ? value : ""};
	}
	if (s->samples.n)
		served_take(kept->served, instance ? instance : "all", labels, n,
			s->samples.items[s->samples.n - 1].value, false);
}

static void on_served(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct reading *g = ctx;

	for (size_t i = 0; p && i < p->n; i++)
		series_take(r, &p->items[i]);
	g->served_known = p && !e;
	g->served_partial = p && p->partial;
	if (g->served_partial)
		round_partial(r, "%s", p->partial);
	part_done(r, e);
}

/* What is kept for the source, at its first round. */
static int kept_begin(struct prometheus *kept, const struct round *r, struct err *e)
{
	if (!kept->ready) {
		slo_set_init(&kept->slos);
		drift_set_init(&kept->drifts);
		kept->asks = asks_new();
		kept->alerts = alert_rules_new();
		kept->retention_ns = NONE_INT;
		kept->ready = true;
	}
	return kept->served ? 0 : served_new(&kept->served, r->conf, e);
}

/* How long it keeps what it has. */
static void retention_ask(struct round *r)
{
	struct reading *g = r->scratch;
	struct http_request req = {.source = r->conf, .accept = "text/plain"};
	struct strbuf url = STRBUF_INIT;

	g->left++;
	if (g->kept->server.kind != PROM_VICTORIA) {
		prom_get(
			r, &g->kept->server, "/api/v1/status/runtimeinfo", on_runtime, g);
		return;
	}
	url_join(&url, r->conf->url, "/flags");
	req.url = url.buf;
	round_request(r, &req, on_flags, g);
	strbuf_release(&url);
}

/* Services of a cloud say neither what they run nor how long they keep it. */
static bool is_hosted(enum prom_kind kind)
{
	return kind == PROM_AMAZON || kind == PROM_GOOGLE;
}

static void parts_ask(struct round *r)
{
	struct prometheus *kept = r->state;
	struct reading *g = r->scratch;

	g->left = alert_rules_requests(r);
	alert_rules_ask(kept->alerts, r, &kept->server, part_done);
	served_begin(kept->served);
	if (kept->served) {
		g->left++;
		prom_query(r, &kept->server, served_series(kept->served), r->now,
			on_served, g);
	}
	if (r->reason != ROUND_FULL)
		return;
	g->left++;
	prom_query(r, &kept->server, "slo:time_period:days", r->now, on_periods, g);
	if (kept->server.kind != PROM_GOOGLE) {
		g->left++;
		prom_get(r, &kept->server, "/api/v1/rules", on_rules, g);
	}
	if (is_hosted(kept->server.kind)) {
		version_take(r, prom_kind_title(kept->server.kind));
		return;
	}
	if (!g->learnt) {
		g->left++;
		prom_learn(r, &kept->server, on_build, g);
	}
	retention_ask(r);
}

static void on_learnt(
	struct round *r, void *ctx, const char *version, const struct err *e)
{
	struct reading *g = ctx;

	if (is_fatal(e)) {
		end(r, e);
		return;
	}
	g->learnt = true;
	version_take(r, version);
	parts_ask(r);
}

static void begin(struct round *r)
{
	struct prometheus *kept = r->state;
	struct reading *g = arena_alloc(r->arena, 1, sizeof(*g));
	struct err e = ERR_INIT;

	r->scratch = g;
	g->kept = kept;
	g->periods = json_object();
	if (prom_options_check(r->conf, &e) < 0 || kept_begin(kept, r, &e) < 0) {
		end(r, &e);
		err_release(&e);
		return;
	}
	if (!kept->server.kind)
		kept->server.kind = prom_kind_configured(r->conf);
	/* What is asked and how depends on who answers. */
	if (kept->server.kind)
		parts_ask(r);
	else
		prom_learn(r, &kept->server, on_learnt, g);
}

static void cancel(struct round *r)
{
	struct reading *g = r->scratch;

	backfill_cancel(g->backfill);
	json_free(g->periods);
	g->periods = NULL;
}

static void forget(void *state)
{
	struct prometheus *kept = state;

	if (kept->ready) {
		slo_set_release(&kept->slos);
		drift_set_release(&kept->drifts);
	}
	asks_free(kept->asks);
	alert_rules_free(kept->alerts);
	served_free(kept->served);
	free(kept->version);
}

/* --- tocsin check --connect --- */

static int probe(
	struct probe *out, const struct source_conf *conf, struct arena *a, struct err *e)
{
	struct prom_client *client = prom_client_new(conf, e);
	struct prom_about about;
	const char *clock;
	int rc;

	if (!client)
		return -1;
	rc = prom_client_about(&about, a, client, e);
	clock = prom_clock_words(prom_client_server(client), a);
	prom_client_free(client);
	if (rc)
		return -1;
	out->latency_ns = about.latency_ns;
	out->version = about.version;
	if (about.keeps)
		out->detail = arena_format(a, _("keeps %s"), about.keeps);
	if (clock)
		out->detail = out->detail ? arena_format(a, "%s, %s", out->detail, clock)
					  : clock;
	return 0;
}

const struct reader reader_prometheus = {
	.type = "prometheus",
	.size = sizeof(struct prometheus),
	.parallel = 4,
	.begin = begin,
	.cancel = cancel,
	.forget = forget,
	.probe = probe,
	.reads = N_("objectives, recorded ones too, and alerts"),
};
