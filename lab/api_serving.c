/*
 * The serving layer's own small API:
 *   GET  /serving/v1/services                 what runs, with shares of traffic
 *   GET  /serving/v1/services/NAME
 *   POST /serving/v1/services/NAME/traffic    {"version": "12", "traffic": 1}
 */
#include "config.h"
#include "lab/request.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void error(struct answer *a, int status, const char *text)
{
	struct json *j = json_object();

	json_add_text(j, "error", text);
	answer_json_take(a, status, j);
}

/* Replicas follow traffic; a version without any keeps one warm. */
static int64_t replicas(const struct lab_service *s, const struct variant *v)
{
	int64_t n = (int64_t)ceil(v->traffic * (double)s->conf->replicas);

	return n > 0 ? n : 1;
}

static struct json *service_json(const struct lab *lab, const struct lab_service *s)
{
	struct json *j = json_object(), *list;
	char text[32];

	json_add_text(j, "service", s->conf->name);
	json_add_text(j, "model", s->conf->model.name);
	json_add_text(j, "alias", s->conf->model.alias);
	json_add_text(j, "state", rollout_moving(&s->rollout) ? "rolling-out" : "steady");
	list = json_add_array(j, "variants");
	for (size_t i = 0; i < s->rollout.n; i++) {
		const struct variant *v = &s->rollout.variants[i];
		struct json *item = json_add_object(list, NULL);
		char *url =
			mem_format("%s/serving/v1/services/%s", lab->url, s->conf->name);

		snprintf(text, sizeof(text), "v%" PRId64, v->version);
		json_add_text(item, "variant", text);
		json_add_text(item, "model", s->conf->model.name);
		json_add_text(item, "version", text + 1);
		json_add_real(item, "traffic", v->traffic);
		json_add_bool(item, "ready", v->ready);
		json_add_bool(item, "held", v->held);
		json_add_int(item, "replicas", replicas(s, v));
		json_add_time(item, "changed", v->changed);
		json_add_text(item, "endpoint", url);
		free(url);
	}
	return j;
}

static void get_services(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *list = json_array();

	(void)q;
	for (size_t i = 0; i < lab->platform->n_services; i++)
		json_add(list, NULL, service_json(lab, &lab->platform->services[i]));
	answer_json_take(a, 200, list);
}

static struct lab_service *need_service(
	struct answer *a, struct lab *lab, const struct request *q)
{
	struct lab_service *s = platform_service(lab->platform, q->segments[0]);

	if (!s)
		error(a, 404, "there is no such service");
	return s;
}

static void get_service(struct answer *a, struct lab *lab, struct request *q)
{
	const struct lab_service *s = need_service(a, lab, q);

	if (s)
		answer_json_take(a, 200, service_json(lab, s));
}

static void post_traffic(struct answer *a, struct lab *lab, struct request *q)
{
	struct lab_service *s = need_service(a, lab, q);
	struct json *body = request_json(q);
	const char *version = json_text(json_get(body, "version"));
	double traffic = json_real(json_get(body, "traffic"));
	struct err e = ERR_INIT;

	if (s && (!version || isnan(traffic) || !request_is_json(q)))
		error(a, 400, "wanted is JSON: {\"version\": \"12\", \"traffic\": 0.5}");
	else if (s &&
		rollout_set(&s->rollout, strtoll(version, NULL, 10), traffic,
			lab->platform->now, &e))
		error(a,
			e.code == ERR_NOT_FOUND          ? 404
				: e.code == ERR_CONFLICT ? 409
							 : 400,
			e.what);
	else if (s)
		answer_json_take(a, 200, service_json(lab, s));
	err_release(&e);
	json_free(body);
}

static void get_version(struct answer *a, struct lab *lab, struct request *q)
{
	struct json *j = json_object();

	(void)lab;
	(void)q;
	json_add_text(j, "version", PACKAGE_VERSION);
	answer_json_take(a, 200, j);
}

const struct route serving_routes[] = {
	{"GET", "/v1/version", get_version},
	{"GET", "/v1/services", get_services},
	{"GET", "/v1/services/{}", get_service},
	{"POST", "/v1/services/{}/traffic", post_traffic},
	{0},
};
