#include "config.h"

#include "poll/fine.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/log.h"
#include "signal/budget.h"
#include "signal/slo_query.h"

/* The crossing lies at most a fifth of the short window before what the history says. */
enum { ONSET_SHARE = 5, ONSET_POINTS = 300, RECOVERY_POINTS = 720 };

#define RECOVERY_EVERY_NS (30 * NS_PER_MIN)

struct fine {
	struct slo_set *slos;
	size_t left, changed;
	fine_done_fn *done;
	void *ctx;
};

struct look {
	struct fine *of;
	size_t entry;
};

static void looked(struct round *r, struct fine *f, const struct err *e)
{
	if (e)
		log_info("%s: %s", __func__, e->what);
	if (--f->left == 0)
		f->done(r, f->ctx, f->changed);
}

/* The samples of a group's own series, or of the only one. */
static const struct samples *samples_of(
	const struct slo_entry *entry, struct arena *a, const struct prom_answer *p)
{
	for (size_t i = 0; p && i < p->n; i++) {
		if (!entry->group ||
			!strcmp(slo_group_key(
					a, p->items[i].labels, entry->slo.sli.grouping),
				entry->group))
			return &p->items[i].samples;
	}
	return NULL;
}

/* --- the beginning of a burn --- */

static void on_ratio(
	struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct look *look = ctx;
	struct slo_entry *entry = &look->of->slos->items[look->entry];
	const struct samples *ratios = samples_of(entry, r->arena, p);
	int64_t onset = NONE_INT;
	bool open = entry->onset_open;

	/* Over the ratio itself, as the rule compares it. */
	if (ratios)
		onset = budget_onset(ratios,
			entry->fired_factor * (1 - entry->slo.objective),
			entry->fired_short_ns, entry->onset);
	if (onset == NONE_INT || onset > entry->onset)
		onset = entry->onset;
	if (ratios && open)
		entry->onset_open =
			budget_onset_open(ratios, onset, entry->fired_short_ns);
	look->of->changed += onset < entry->onset || open != entry->onset_open;
	entry->onset = onset;
	entry->onset_fine = true;
	looked(r, look->of, e);
}

static bool onset_ask(struct round *r, struct prom_server *server, struct look *look)
{
	struct slo_entry *entry = &look->of->slos->items[look->entry];
	int64_t back = entry->fired_short_ns / ONSET_SHARE;
	struct strbuf query = STRBUF_INIT;
	struct prom_range range;
	bool asked;

	if (entry->onset == NONE_INT || entry->onset_fine || !entry->fired_short_ns)
		return false;
	if (back < 2 * r->conf->every_ns)
		back = 2 * r->conf->every_ns;
	range = prom_range(entry->onset - back, entry->onset, back / ONSET_POINTS);
	asked = slo_query(&query, &entry->asked, entry->fired_short_ns);
	if (asked) {
		look->of->left++;
		prom_query_range(r, server, query.buf, &range, on_ratio, look);
	}
	strbuf_release(&query);
	return asked;
}

/* --- the end of an overspent budget --- */

static void on_bad(struct round *r, void *ctx, struct prom_answer *p, const struct err *e)
{
	struct look *look = ctx;
	struct slo_entry *entry = &look->of->slos->items[look->entry];
	const struct samples *bad = samples_of(entry, r->arena, p);
	int64_t before = entry->recovers;

	if (!e)
		entry->recovers = bad ? budget_recovers(bad, entry->allowed,
						entry->slo.window_ns, r->now)
				      : NONE_INT;
	entry->recovers_mono = clock_mono();
	look->of->changed += entry->recovers != before;
	looked(r, look->of, e);
}

static void recovery_ask(struct round *r, struct prom_server *server, struct look *look)
{
	struct slo_entry *entry = &look->of->slos->items[look->entry];
	int64_t step_ns =
		entry->slo.window_ns / RECOVERY_POINTS / NS_PER_MIN * NS_PER_MIN;
	struct strbuf query = STRBUF_INIT;
	struct prom_range range;

	if (!entry->overspent) {
		entry->recovers = entry->recovers_mono = NONE_INT;
		return;
	}
	if (step_ns < NS_PER_MIN ||
		(entry->recovers_mono != NONE_INT &&
			clock_mono() - entry->recovers_mono < RECOVERY_EVERY_NS))
		return;
	range = prom_range(r->now - entry->slo.window_ns, r->now, step_ns);
	if (slo_bad_query(&query, &entry->asked, range.step_ns)) {
		look->of->left++;
		prom_query_range(r, server, query.buf, &range, on_bad, look);
	}
	strbuf_release(&query);
}

void fine_run(struct round *r, struct prom_server *server, struct slo_set *slos,
	fine_done_fn *done, void *ctx)
{
	struct fine *f = arena_alloc(r->arena, 1, sizeof(*f));

	f->slos = slos;
	f->done = done;
	f->ctx = ctx;
	f->left = 1; /* ours: nothing ends before all is asked */
	for (size_t i = 0; i < slos->n; i++) {
		struct look *look = arena_alloc(r->arena, 1, sizeof(*look));

		look->of = f;
		look->entry = i;
		if (!slos->items[i].ours || slos->items[i].grouped)
			continue;
		(void)onset_ask(r, server, look);
		recovery_ask(r, server, look);
	}
	looked(r, f, NULL);
}
