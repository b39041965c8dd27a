/*
 * For whoever sets it up, trains or tests with it; no console asks here:
 *   GET    /lab/catalog              what its engineers would have written down
 *   GET    /lab/state                what is really going on
 *   POST   /lab/advance              {"seconds": 30}, with --manual-time
 *   GET, POST, DELETE /lab/fault     {"fault": "slow=2s@/metrics*3"}; ?path= to take away
 */
#include "config.h"
#include "lab/request.h"

#include <math.h>
#include <stdlib.h>

#include "core/i18n.h"

static void error(struct answer *a, int status, const char *text)
{
	struct json *j = json_object();

	json_add_text(j, "error", text);
	answer_json_take(a, status, j);
}

static void get_state(struct answer *a, struct lab *lab, struct request *q)
{
	const struct platform *p = lab->platform;
	struct json *j = json_object(), *list;

	(void)q;
	json_add_text(j, "scenario", p->sc->name);
	json_add_text(j, "cause", cause_name((enum cause)p->cause->cause));
	json_add_text(j, "service", p->cause->service);
	json_add_bool(j, "began", p->began);
	json_add_time(j, "now", p->now);
	json_add_time(j, "epoch", p->epoch);
	json_add_real(
		j, "scenario_s", (double)platform_scenario_ns(p, p->now) / NS_PER_S);
	json_add_real(j, "speed", p->speed);
	json_add_int(j, "sessions", p->talks.count);
	list = json_add_array(j, "services");
	for (size_t i = 0; i < p->n_services; i++) {
		const struct lab_service *s = &p->services[i];
		struct json *item = json_add_object(list, NULL);

		json_add_text(item, "service", s->conf->name);
		json_add_real(item, "objective", s->conf->objective);
		json_add_real(item, "burn_5m", platform_burn(p, i, 5 * NS_PER_MIN));
		json_add_real(item, "burn_1h", platform_burn(p, i, NS_PER_HOUR));
		json_add_real(item, "requests", s->meter.total);
		json_add_real(item, "failed", s->meter.bad);
		json_add_int(item, "version", rollout_main(&s->rollout));
		json_add_int(item, "prompt_version", platform_prompt_version(p, s));
	}
	answer_json_take(a, 200, j);
}

static void add_pointer(struct json *to, const char *key, const struct pointer_conf *c)
{
	struct json *j;

	if (!c->name) {
		json_add_null(to, key);
		return;
	}
	j = json_add_object(to, key);
	json_add_text(j, "name", c->name);
	json_add_text(j, "alias", c->alias);
}

static void add_service(struct json *list, const struct lab_service_conf *s)
{
	struct json *j = json_add_object(list, NULL), *fast;

	json_add_text(j, "name", s->name);
	json_add_text(j, "title", s->title);
	json_add_text(j, "owner", s->owner);
	json_add_bool(j, "agent", s->story != NULL);
	json_add_text(j, "dataset", s->dataset);
	json_add_text(j, "llm", s->llm);
	json_add_real(j, "objective", s->objective);
	add_pointer(j, "model", &s->model);
	add_pointer(j, "prompt", &s->prompt);
	if (!s->fast.within_ns)
		return;
	fast = json_add_object(j, "fast");
	json_add_real(fast, "within_s", (double)s->fast.within_ns / NS_PER_S);
	json_add_real(fast, "objective", s->fast.objective);
}

static void get_catalog(struct answer *a, struct lab *lab, struct request *q)
{
	const struct platform *p = lab->platform;
	struct json *j = json_object(), *list;

	(void)q;
	json_add_text(j, "scenario", p->sc->name);
	json_add_text(j, "title", p->sc->title);
	list = json_add_array(j, "services");
	for (size_t i = 0; i < p->sc->n_services; i++)
		add_service(list, &p->sc->services[i]);
	/* In seconds of the wall clock, as somebody who watches has to set them. */
	list = json_add_array(j, "alerting");
	for (size_t i = 0; i < p->sc->n_alerting; i++) {
		const struct alerting_conf *r = &p->sc->alerting[i];
		struct json *item = json_add_object(list, NULL);

		json_add_text(item, "severity",
			r->severity == URGENCY_PAGE ? "page" : "ticket");
		json_add_real(item, "short_s",
			(double)platform_wall_ns(p, r->short_ns) / NS_PER_S);
		json_add_real(item, "long_s",
			(double)platform_wall_ns(p, r->long_ns) / NS_PER_S);
		json_add_real(item, "factor", r->factor);
	}
	answer_json_take(a, 200, j);
}

static void post_advance(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *body = request_json(q);
	double seconds = json_real(json_get(body, "seconds"));
	const double most = 7 * 86400;

	json_free(body);
	if (!lab->manual) {
		error(a, 409, _("time goes by itself: start with --manual-time"));
		return;
	}
	if (!(seconds >= 0 && seconds <= most)) {
		error(a, 400, _("wanted is {\"seconds\": N}, at most a week"));
		return;
	}
	/* Whole steps, counted from where it stands, so that no part of one is lost. */
	platform_run(lab->platform,
		lab->platform->now +
			(int64_t)ceil(seconds * NS_PER_S / STEP_NS) * STEP_NS);
	get_state(a, lab, q);
}

static void get_faults(struct answer *a, struct lab *lab, struct request *q)
{
	(void)q;
	answer_json_take(a, 200, faults_to_json(&lab->faults));
}

static void post_fault(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *body = request_json(q);
	const char *spec = json_text(json_get(body, "fault"));
	struct err e = ERR_INIT;

	if (!spec)
		error(a, 400,
			_("wanted is {\"fault\": \"KIND[=VALUE][@PATH][*TIMES]\"}"));
	else if (faults_add(&lab->faults, spec, &e))
		error(a, 400, e.what);
	else
		get_faults(a, lab, q);
	err_release(&e);
	json_free(body);
}

static void delete_faults(struct answer *a, struct lab *lab, struct request *q)
{
	faults_clear(&lab->faults, request_query(q, "path"));
	get_faults(a, lab, q);
}

const struct route admin_routes[] = {
	{"GET", "/catalog", get_catalog},
	{"GET", "/state", get_state},
	{"POST", "/advance", post_advance},
	{"GET", "/fault", get_faults},
	{"POST", "/fault", post_fault},
	{"DELETE", "/fault", delete_faults},
	{0},
};
