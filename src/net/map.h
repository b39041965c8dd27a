/*
 * map.h - jq programs, run in a worker process that can do nothing else
 *
 * jq has no interrupt and aborts when memory runs out, so a program runs in `tocsin map`: no
 * environment, no other descriptors, bounded memory, no module path.  A program that takes
 * longer than a second is killed with its worker; a new worker takes the next one.
 * A program is compiled once for each worker.  Values reach it as variables, never as text.
 */
#ifndef TOCSIN_MAP_H
#define TOCSIN_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/json.h"
#include "core/loop.h"

struct map;

/* Results, one array element for each output of the program; NULL when e is set.  Borrowed. */
typedef void map_done_fn(void *ctx, const struct json *results, const struct err *e);

struct map_program {
	const char		*text;	/* jq 1.6 */
	const char *const	*names;	/* variables it may use: each is declared, null when absent; */
	size_t			n_names; /* names NULL: what values has */
	const char		*label;	/* "connector mlflow, read versions": for error messages */
};

/* exe: the tocsin binary, which is started as `tocsin map`; NULL: this very program. */
struct map *map_new(struct loop *l, const char *exe);
void map_free(struct map *m);	/* pending programs are forgotten */

/* What waits for the worker holds at most this; a program that goes over fails with ERR_LIMIT. */
#define MAP_QUEUE_BYTES ((size_t)256 << 20)
void map_limit(struct map *m, size_t bytes);	/* instead of MAP_QUEUE_BYTES */

/*
 * Run program on the JSON document body (text; guarded here).  values: an object with the
 * variables, or NULL.  Copies what it needs.  fn is called from the loop, never before map_run()
 * returns.  The ticket, never 0, is for map_cancel().
 */
unsigned map_run(struct map *m, const struct map_program *program, const char *body,
	size_t n_body, const struct json *values, map_done_fn *fn, void *ctx);
void map_cancel(struct map *m, unsigned ticket);	/* fn will not be called */

/* Turn the loop until this one is done.  The caller frees *results. */
int map_run_now(struct json **results, struct map *m, const struct map_program *program,
	const char *body, size_t n_body, const struct json *values, struct err *e);

/* Turn the loop until *done: for what is asynchronous, in a program that blocks. */
void map_wait(struct map *m, const bool *done);

/* Names that can be variables: [A-Za-z_][A-Za-z0-9_]*; ERR_INPUT for others. */
int map_name_check(const char *name, struct err *e);

/* The worker: requests on descriptor 0, answers on descriptor 1, until end of file. */
int map_worker(void);

#endif
