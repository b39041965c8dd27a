/* lab.h - a practice platform in the test's own process: no sockets, and time by hand */
#ifndef TOCSIN_TEST_LAB_H
#define TOCSIN_TEST_LAB_H

#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "lab/request.h"

struct test_lab {
	struct scenario sc;
	struct lab lab;
	struct arena arena;	/* of the last request */
	struct answer last;
	struct json *json;	/* its body, or NULL */
};

/* Speed 10, the moment 2026-11-21T09:00:00Z. */
static inline void test_lab_scenario(
	struct test_lab *t, const char *scenario, const char *cause, const char *elapsed)
{
	struct problems p;
	struct err e = ERR_INIT;
	struct platform_conf conf = {.scenario = &t->sc,
		.cause = cause,
		.seed = 7,
		.speed = 10,
		.history_ns = 30 * NS_PER_DAY};

	*t = (struct test_lab){0};
	problems_init(&p, scenario);
	if (scenario_load(&t->sc, scenario, &p, &e))
		fail_msg("%s", e.what);
	assert_int_equal(time_parse(&conf.start, "2026-11-21T09:00:00Z", &e), 0);
	if (elapsed)
		assert_int_equal(duration_parse(&conf.elapsed_ns, elapsed, &e), 0);
	if (platform_new(&t->lab.platform, &conf, &e))
		fail_msg("%s", e.what);
	t->lab.manual = true;
	t->lab.langfuse = 3;
	t->lab.public_key = "pk-lf-lab";
	t->lab.secret_key = "sk-lf-lab";
	t->lab.url = "http://127.0.0.1:1";
	arena_init(&t->arena);
	strbuf_init(&t->last.body);
	problems_release(&p);
}

static inline void test_lab_init(struct test_lab *t, const char *cause, const char *elapsed)
{
	test_lab_scenario(t, "retail", cause, elapsed);
}

static inline void test_lab_release(struct test_lab *t)
{
	json_free(t->json);
	strbuf_release(&t->last.body);
	arena_release(&t->arena);
	platform_free(t->lab.platform);
	faults_release(&t->lab.faults);
	scenario_release(&t->sc);
}

static inline void test_lab_query(struct request *q, char *query)
{
	while (query && *query) {
		char *next = strchr(query, '&'), *value;
		struct param *p;

		if (next)
			*next++ = 0;
		value = strchr(query, '=');
		if (value)
			*value++ = 0;
		p = arena_push(q->arena, q->query.items, q->query.n, q->query.cap);
		p->name = request_decode(q->arena, query, strlen(query));
		p->value = value ? request_decode(q->arena, value, strlen(value)) : "";
		query = next;
	}
}

/* One request with Langfuse's credentials; returns the status. */
static inline int test_lab_call(
	struct test_lab *t, const char *method, const char *url, const char *body)
{
	struct request q = {.method = method,
		.arena = &t->arena,
		.authorization = "Basic cGstbGYtbGFiOnNrLWxmLWxhYg==",
		.content_type = body ? "application/json" : NULL,
		.body = body,
		.body_n = body ? strlen(body) : 0};
	char *path, *query;
	struct err e = ERR_INIT;

	arena_reset(&t->arena);
	strbuf_reset(&t->last.body);
	json_free(t->json);
	t->json = NULL;
	path = arena_strdup(&t->arena, url);
	query = strchr(path, '?');
	if (query)
		*query++ = 0;
	q.path = path;
	test_lab_query(&q, query);
	t->last.challenge = NULL;
	t->lab.now = t->lab.platform->now;
	lab_answer(&t->last, &t->lab, &q);
	if (t->last.body.len && !strncmp(t->last.type, "application/json", 16) &&
		json_parse(&t->json, t->last.body.buf, t->last.body.len, &e))
		fail_msg("%s answers no JSON: %s", url, e.what);
	return t->last.status;
}

#define assert_get(t, url) assert_int_equal(test_lab_call(t, "GET", url, NULL), 200)

static inline void test_lab_advance(struct test_lab *t, double seconds)
{
	platform_run(t->lab.platform,
		t->lab.platform->now + (int64_t)(seconds * (double)NS_PER_S));
}

static inline double test_lab_burn(struct test_lab *t, const char *service)
{
	return platform_burn(t->lab.platform,
		(size_t)scenario_service(&t->sc, service), 5 * NS_PER_MIN);
}

#endif
