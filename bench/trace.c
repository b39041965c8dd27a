/* trace.c - what a large trace costs to open: a JSON line for each figure, with its budget */
#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/figure.h"
#include "core/clock.h"
#include "core/mem.h"
#include "model/record.h"
#include "trace/replay.h"

/* The best of so many: the machine is shared. */
#define ROUNDS 5

static uint64_t draw(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	return *x ^= *x << 17;
}

/* An agent session of n spans in the order in which a store gives them: by start. */
static struct span *make_spans(size_t n, char (*ids)[20])
{
	static const char *const kinds[] = {"agent", "llm", "tool", "other", "other"};
	struct span *spans = mem_new(n, sizeof(*spans));
	uint64_t x = 42;

	for (size_t i = 0; i < n; i++) {
		size_t kind = draw(&x) % ARRAY_LEN(kinds), near = i < 20 ? i : 20;
		size_t parent = i == 0 ? 0
			: draw(&x) % 4 ? i - 1 - draw(&x) % near
				       : draw(&x) % i;

		(void)snprintf(
			ids[i], sizeof(ids[i]), "%016llx", (unsigned long long)draw(&x));
		spans[i] = (struct span){
			.trace = "5b8aa5a2d2c872e8321cf37308d69df2",
			.id = ids[i],
			.parent = i ? ids[parent] : NULL,
			.kind = kinds[kind],
			.name = kinds[kind],
			.scope = "bench",
			.model = "gpt-5-mini",
			.status = draw(&x) % 50 ? "ok" : "error",
			.started =
				INT64_C(1700000000) * NS_PER_S + (int64_t)i * NS_PER_MS,
			.input_tokens = kind == 1 ? 100 : NONE_INT,
			.output_tokens = kind == 1 ? 10 : NONE_INT,
			.cached_tokens = NONE_INT,
			.reasoning_tokens = NONE_INT,
			.cost_usd = NAN,
		};
		spans[i].ended = spans[i].started + (int64_t)(draw(&x) % 100) * NS_PER_MS;
	}
	return spans;
}

static void open_trace(size_t n, double budget_ms)
{
	char(*ids)[20] = mem_new(n, sizeof(*ids));
	struct span *spans = make_spans(n, ids);
	double best = INFINITY, bytes = 0;
	char name[48];

	for (int round = 0; round < ROUNDS; round++) {
		int64_t began = clock_mono(), took;
		struct replay r;
		struct arena a;
		struct tree t;

		arena_init(&a);
		tree_build(&t, &a, spans, n, NULL);
		replay_init(&r, &t, NULL);
		took = clock_mono() - began;
		best = fmin(best, (double)took / (double)NS_PER_MS);
		bytes = (double)a.bytes / (double)n;
		arena_release(&a);
	}
	(void)snprintf(name, sizeof(name), "trace_open_%zu_spans", n);
	figure(0, name, best, "ms", budget_ms);
	(void)snprintf(name, sizeof(name), "trace_index_of_%zu_spans", n);
	figure(0, name, bytes, "bytes a span", 64);
	free(spans);
	free(ids);
}

int main(void)
{
	open_trace(100000, 300);
	open_trace(1000000, 3000);
	return 0;
}
