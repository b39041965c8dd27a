#include "config.h"
#include "lab/world.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/mem.h"
#include "core/strbuf.h"

#define PAST_NS (6 * NS_PER_HOUR)

/* --- registries --- */

static bool moves_in(const struct lab_service_conf *s, const char *service,
	enum moved what, enum moved wanted)
{
	return service && !strcmp(service, s->name) && what == wanted;
}

int64_t world_first_version(
	const struct platform *p, const struct lab_service_conf *s, enum moved what)
{
	const struct cause_conf *c = p->cause;
	enum moved moved = c->cause == CAUSE_BAD_PROMPT ? MOVED_PROMPT : MOVED_MODEL;
	bool moves = c->cause == CAUSE_BAD_VERSION || c->cause == CAUSE_BAD_PROMPT;

	if (moves_in(s, c->decoy.service, (enum moved)c->decoy.what, what))
		return c->decoy.from;
	if (moves && moves_in(s, c->service, moved, what))
		return c->from;
	return what == MOVED_MODEL ? s->model.current : s->prompt.current;
}

/* Versions come every nine days or so; what is newer than the current one came this morning. */
static int64_t version_created(const struct platform *p, const struct pointer_conf *c,
	int64_t current, int64_t version)
{
	int64_t jitter = (int64_t)(rng_mix((uint64_t)version * 31 + p->seed +
					   (uint64_t)c->name[0]) %
		(uint64_t)(20 * NS_PER_HOUR));

	if (version > current)
		return p->epoch - (c->versions - version + 1) * 47 * NS_PER_MIN +
			jitter / 60;
	return p->epoch - (current - version + 1) * 9 * NS_PER_DAY + jitter;
}

int64_t world_served_since(const struct platform *p, const struct lab_service_conf *s)
{
	int64_t version = world_first_version(p, s, MOVED_MODEL);

	return version_created(p, &s->model, version, version) + 2 * NS_PER_HOUR;
}

static void fill_version(struct reg_model *m, const struct lab_service_conf *s,
	int64_t created, int64_t current)
{
	struct reg_version *v = model_add_version(m, created, "ci-train");
	bool old_and_bad = pointer_is_bad(&s->model, v->version) && v->version < current;
	char *score = mem_format("0.%03d", 905 + (int)(v->version * 7 % 60));

	tags_set(&v->tags, "eval.auc", score);
	tags_set(&v->tags, "eval.gate", old_and_bad ? "failed" : "passed");
	if (old_and_bad)
		v->note = mem_strdup("Rejected: fails on live traffic.");
	free(score);
}

static void fill_model(struct platform *p, const struct lab_service_conf *s)
{
	int64_t current = world_first_version(p, s, MOVED_MODEL);
	struct reg_model *m = registry_add(&p->registry, s->model.name,
		version_created(p, &s->model, current, 1) - NS_PER_HOUR);

	m->note = mem_strdup(s->title);
	if (s->owner)
		tags_set(&m->tags, "team", s->owner);
	for (int64_t v = 1; v <= s->model.versions; v++)
		fill_version(m, s, version_created(p, &s->model, current, v), current);
	model_set_alias(m, s->model.alias, current, world_served_since(p, s));
	model_set_alias(m, "candidate", s->model.versions,
		m->versions[m->n_versions - 1].created);
}

static void fill_prompt(struct platform *p, const struct lab_service_conf *s)
{
	struct lab_prompt *prompt = prompts_add(&p->prompts, s->prompt.name);
	int64_t current = world_first_version(p, s, MOVED_PROMPT);

	for (int64_t v = 1; v <= s->prompt.versions; v++) {
		char *text = mem_format("You work for %s. Keep to the policy, call tools "
					"with %s arguments. Revision %" PRId64 ".",
			s->title ? s->title : s->name,
			pointer_is_bad(&s->prompt, v) ? "plain" : "JSON", v);

		prompt_add_version(prompt, version_created(p, &s->prompt, current, v),
			text, v > current ? "shorter, friendlier" : "routine update",
			"prompt-team");
		free(text);
	}
	prompt_set_label(prompt, s->prompt.alias, current,
		version_created(p, &s->prompt, current, current) + NS_PER_HOUR);
}

void world_fill(struct platform *p)
{
	for (size_t i = 0; i < p->sc->n_services; i++) {
		const struct lab_service_conf *s = &p->sc->services[i];

		if (!registry_find(&p->registry, s->model.name))
			fill_model(p, s);
		if (s->prompt.name && !prompts_find(&p->prompts, s->prompt.name))
			fill_prompt(p, s);
	}
}

void world_promote(
	struct platform *p, const struct lab_service_conf *s, int64_t version, int64_t at)
{
	struct reg_model *m = registry_find(&p->registry, s->model.name);
	struct reg_version *v = model_version_find(m, version);
	struct strbuf when = STRBUF_INIT;

	model_set_alias(m, s->model.alias, version, at);
	time_format(&when, at);
	tags_set(&v->tags, "release.at", when.buf);
	tags_set(&v->tags, "release.by", "ci-release");
	strbuf_release(&when);
}

/* --- sessions --- */

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void past_of(struct platform *p, struct lab_service *s, int64_t span)
{
	size_t n = (size_t)s->conf->past_sessions;
	int64_t *at = mem_new(n + 1, sizeof(*at));

	for (size_t i = 0; i < n; i++)
		at[i] = p->now - rng_between(&p->rng, TALK_MAX_NS / 10, span);
	qsort(at, n, sizeof(*at), by_time);
	for (size_t i = 0; i < n; i++)
		world_begin_session(p, s, at[i]);
	free(at);
}

static int by_start(const void *a, const void *b)
{
	const struct talk *x = a, *y = b;

	return x->started < y->started ? -1 : x->started > y->started;
}

void world_past_sessions(struct platform *p, int64_t history_ns)
{
	int64_t span = history_ns < PAST_NS ? history_ns : PAST_NS;

	if (span < TALK_MAX_NS)
		return;
	for (size_t i = 0; i < p->n_services; i++)
		if (p->services[i].book)
			past_of(p, &p->services[i], span);
	if (p->talks.n)
		qsort(p->talks.items, p->talks.n, sizeof(*p->talks.items), by_start);
	for (size_t i = 0; i < p->talks.n; i++)
		p->talks.items[i].number = (int64_t)i + 1;
}

/* --- alerts --- */

static void annotate(struct labels *l, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void annotate(struct labels *l, const char *name, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	labels_set(l, name, sb.buf);
	strbuf_release(&sb);
}

static void label_all(struct labels *l, const struct lab_service_conf *s,
	const char *name, const char *severity)
{
	labels_set(l, "alertname", name);
	labels_set(l, "severity", severity);
	if (!s)
		return;
	labels_set(l, "service", s->name);
	if (s->owner)
		labels_set(l, "team", s->owner);
}

/* The first rule of this severity whose two windows both burn; NAN: none does. */
static double burning(const struct platform *p, size_t service, enum urgency urgency)
{
	for (size_t i = 0; i < p->sc->n_alerting; i++) {
		const struct alerting_conf *a = &p->sc->alerting[i];
		double in_short, in_long;

		if ((enum urgency)a->severity != urgency)
			continue;
		in_short = platform_burn(p, service, a->short_ns);
		in_long = platform_burn(p, service, a->long_ns);
		if (in_short > a->factor && in_long > a->factor)
			return in_short;
	}
	return NAN;
}

static void look_at_budget(struct platform *p, size_t i)
{
	static const char *const severities[] = {"page", "ticket"};
	const struct lab_service_conf *s = p->services[i].conf;

	for (int u = URGENCY_PAGE; u <= URGENCY_TICKET; u++) {
		double burn = burning(p, i, (enum urgency)u);
		struct labels l = {0}, a = {0};

		if (isnan(burn))
			continue;
		label_all(&l, s, "ModelErrorBudgetBurn", severities[u]);
		labels_set(&l, "slo", "availability");
		labels_set(&l, "model", s->model.name);
		annotate(&a, "summary", "%s spends its error budget %.0f times too fast",
			s->name, burn);
		annotate(&a, "description",
			"Requests of %s fail faster than an objective of %g %% allows.",
			s->name, s->objective * 100);
		annotate(&a, "runbook_url",
			"https://runbooks.example.org/bad-model-version");
		pager_fire_take(&p->pager, &l, &a, p->now, p->now);
	}
}

static void look_at_data(struct platform *p, const struct pipeline *pl)
{
	struct labels l = {0}, a = {0};

	if (p->now - pl->loaded < pl->every_ns + pl->every_ns / 2 &&
		!pipeline_is_late(pl))
		return;
	label_all(&l, NULL, "DatasetLate", "ticket");
	labels_set(&l, "dataset", pl->conf->name);
	labels_set(&l, "pipeline", pl->conf->pipeline);
	annotate(&a, "summary", "%s was not loaded on time", pl->conf->name);
	annotate(&a, "runbook_url", "https://runbooks.example.org/late-data");
	pager_fire_take(&p->pager, &l, &a, p->now, p->now);
}

static void look_at_traffic(struct platform *p)
{
	const struct lab_service_conf *s = p->services[p->where].conf;
	struct labels l = {0}, a = {0};

	if (p->cause->surge <= 1 || !p->began || p->ended)
		return;
	label_all(&l, s, "TrafficUnusual", "info");
	annotate(&a, "summary", "%s has %.1f times its usual traffic", s->name,
		p->cause->surge);
	pager_fire_take(&p->pager, &l, &a, p->now, p->now);
}

void world_look(struct platform *p)
{
	struct labels l = {0}, a = {0};

	pager_begin(&p->pager);
	label_all(&l, NULL, "Watchdog", "none");
	annotate(&a, "summary", "Always fires: when it does not, alerting is broken");
	pager_fire_take(&p->pager, &l, &a, p->born, p->now);
	for (size_t i = 0; i < p->n_services; i++)
		look_at_budget(p, i);
	for (size_t i = 0; i < p->n_pipelines; i++)
		look_at_data(p, &p->pipelines[i]);
	look_at_traffic(p);
	pager_end(&p->pager);
}
