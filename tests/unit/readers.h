/*
 * readers.h - one round of a native reader against a server in the test's own process
 */
#ifndef TOCSIN_UNIT_READERS_H
#define TOCSIN_UNIT_READERS_H

#include "tests/unit/unit.h"

#include <math.h>

#include "core/json.h"
#include "core/loop.h"
#include "core/path.h"
#include "model/alert.h"
#include "model/config.h"
#include "poll/round.h"
#include "store/observe.h"
#include "store/series.h"
#include "store/source.h"
#include "tests/unit/store.h"
#include "tests/unit/web.h"

#define near(a, b, most) assert_true(fabs((a) - (b)) <= (most))

/* What the server answers to requests that hold `of` (path, query or body, decoded). */
struct script {
	const char	*of;
	int		status;		/* 0: 200 */
	const char	*body;		/* NULL ends the table */
	enum web_fault	fault;
	const char	*type;		/* NULL: application/json */
	unsigned	asked;		/* counted */
	const char	*headers;	/* more of them, "Name: value\r\n"; or NULL */
	unsigned	until;		/* after so many answers the row is passed over; 0: never */
};

struct bench {
	struct fixture		f;
	struct loop		*loop;
	struct http		*http;
	struct web		*web;
	struct map		*map;		/* starts its worker when it is used */
	struct config		config;
	const struct source_conf *conf;
	const struct reader	*reader;
	void			*state;
	int64_t			generation, source_id, succeeded;
	struct script		*script;
	void			(*look)(const char *request, void *ctx); /* at each; or NULL */
	void			*look_ctx;
	unsigned		posts, gets, requests;
	/* the last round */
	bool			done;
	struct err		e;
	char			*partial, *version;
	int64_t			records;
};

/* What the server does; for tests that set up one of their own. */
enum web_fault bench_serve(void *ctx, const char *request, struct strbuf *reply);

/* config: YAML in which % stands for the server's port. */
void bench_init(struct bench *b, const char *config, const char *slo);

/* Choose the source that the rounds to come read. */
void bench_source(struct bench *b, const char *name);
void bench_leave(struct bench *b);
void bench_release(struct bench *b);
struct round *bench_begin(struct bench *b, enum round_reason reason, int64_t deadline_ns);

/* One round to its end; the clock goes on a millisecond each turn. */
void bench_round(struct bench *b, enum round_reason reason);
void bench_went_well(struct bench *b);

/* How an objective stands; fails when there is none. */
struct slo_row bench_slo(struct bench *b, const char *name);
double bench_burn(struct bench *b, const char *name, int64_t window_ns);
struct observed_list bench_alerts(struct bench *b, const char *source);

#endif
