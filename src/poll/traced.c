#include "config.h"

#include "poll/traced.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/mem.h"
#include "poll/asks.h"
#include "poll/slos.h"
#include "signal/slice.h"
#include "store/traced.h"

/* Of one objective: what its windows said when they were last counted. */
struct traced_one {
	struct burn_window windows[SLO_WINDOWS + 1];
	int64_t windows_ns[SLO_WINDOWS + 1];
	int64_t due_mono[SLO_WINDOWS + 1];
	size_t n;
};

struct traced {
	struct slo_set slos;
	struct arena arena;
	struct traced_one *ones; /* by the order of slos */
	bool loaded;
};

struct traced *traced_new(void)
{
	struct traced *t = mem_new(1, sizeof(*t));

	slo_set_init(&t->slos);
	arena_init(&t->arena);
	return t;
}

void traced_free(struct traced *t)
{
	if (!t)
		return;
	slo_set_release(&t->slos);
	arena_release(&t->arena);
	free(t);
}

static bool has_agents(const struct round *r)
{
	for (size_t i = 0; i < r->config->n_services; i++) {
		const char *source = r->config->services[i].agents.source;

		if (source && !strcmp(source, r->conf->name))
			return true;
	}
	return false;
}

static int load(struct traced *t, struct round *r, struct err *e)
{
	slo_set_load(&t->slos, r, NULL, 0, false);
	arena_reset(&t->arena);
	t->ones = arena_alloc(&t->arena, t->slos.n + 1, sizeof(*t->ones));
	for (size_t i = 0; i < t->slos.n; i++) {
		const struct slo_entry *entry = &t->slos.items[i];
		struct traced_one *one = &t->ones[i];

		one->n = entry->n_windows;
		memcpy(one->windows_ns, entry->windows_ns,
			one->n * sizeof(*one->windows_ns));
		if (!one->n || one->windows_ns[one->n - 1] != entry->slo.window_ns)
			one->windows_ns[one->n++] = entry->slo.window_ns;
	}
	if (slo_set_define(&t->slos, r, e) < 0)
		return -1;
	t->loaded = true;
	return 0;
}

/* Slices that are over, or the whole window as one. */
static void counts_init(struct traced_counts *c, struct arena *a,
	const struct slo_entry *entry, int64_t window_ns, int64_t now)
{
	const struct slo *slo = &entry->slo;

	if (window_ns == slo->window_ns && entry->period_to)
		window_ns = now - entry->period_from;
	c->slice_ns = window_ns > 0 ? window_ns : 1;
	c->from = now - c->slice_ns;
	c->n = 1;
	if (slo->budgeting != BUDGET_EVENTS && slo->slice_ns > 0) {
		int64_t end = now / slo->slice_ns * slo->slice_ns;

		c->slice_ns = slo->slice_ns;
		c->from = slice_begin(end - window_ns, slo->slice_ns);
		c->n = end > c->from ? (size_t)((end - c->from) / slo->slice_ns) : 1;
		c->from = end - (int64_t)c->n * slo->slice_ns;
	}
	if (c->n > SLICE_MOST)
		c->n = SLICE_MOST;
	c->total = arena_alloc(a, c->n, sizeof(*c->total));
	c->bad = arena_alloc(a, c->n, sizeof(*c->bad));
}

static const char *agent_of(const struct round *r, const struct slo *slo)
{
	const struct service_conf *service = config_service(r->config, slo->service);

	return service ? service->agents.match_name : NULL;
}

/* No events are no data, and never none that failed. */
static int window_count(struct burn_window *w, struct round *r,
	const struct slo_entry *entry, int64_t window_ns, struct err *e)
{
	const struct slo *slo = &entry->slo;
	struct traced_counts c;

	counts_init(&c, r->arena, entry, window_ns, r->now);
	*w = burn_given(window_ns, NAN);
	if (traced_count(&c, r->store, r->conf->name, agent_of(r, slo), &slo->sli.traces,
		    e) < 0)
		return -1;
	if (slo->budgeting != BUDGET_EVENTS) {
		*w = slice_measure(slo, c.bad, c.total, c.n, window_ns);
		w->coverage = NAN; /* without sessions nothing was missed */
		return 0;
	}
	w->window_ns = c.slice_ns;
	w->total = c.total[0];
	w->bad = c.bad[0];
	if (w->total > 0)
		w->ratio = w->bad / w->total;
	/* Evaluators judge some of all answers. */
	w->sampled = !strcmp(slo->sli.traces.measure, "score");
	return 0;
}

static int entry_count(
	struct traced_one *one, struct round *r, struct slo_entry *entry, struct err *e)
{
	slo_entry_period(entry, r->now);
	entry->keeps_ns = r->config->store_keep_ns;
	for (size_t i = 0; i < one->n; i++) {
		int64_t now = clock_mono();

		if (now < one->due_mono[i] && !r->want)
			continue;
		one->due_mono[i] =
			now + asks_interval(one->windows_ns[i], r->conf->every_ns, false);
		if (window_count(&one->windows[i], r, entry, one->windows_ns[i], e) < 0)
			return -1;
	}
	return 0;
}

static int entry_record(
	struct traced_one *one, struct round *r, struct slo_entry *entry, struct err *e)
{
	struct burn_window period = one->windows[one->n - 1];
	int rc;

	if (store_begin(r->store, e) < 0)
		return -1;
	rc = source_check(r->store, r->source_id, r->generation, e);
	if (rc == 0)
		rc = slo_entry_record(
			entry, r, one->windows, entry->n_windows, &period, NULL, e);
	if (rc == 0)
		return store_commit(r->store, e);
	store_rollback(r->store);
	return -1;
}

int traced_run(struct traced *t, struct round *r, struct err *e)
{
	if (!has_agents(r))
		return 0;
	if ((r->reason == ROUND_FULL || !t->loaded) && load(t, r, e) < 0)
		return -1;
	if (t->slos.problem)
		round_partial(r, "%s", t->slos.problem);
	for (size_t i = 0; i < t->slos.n; i++) {
		struct slo_entry *entry = &t->slos.items[i];

		if (!entry->ours || entry->slo.sli.kind != SLI_TRACES)
			continue;
		if (entry_count(&t->ones[i], r, entry, e) < 0 ||
			entry_record(&t->ones[i], r, entry, e) < 0)
			return -1;
	}
	return 0;
}
