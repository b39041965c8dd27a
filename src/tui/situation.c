#include "config.h"
#include "tui/situation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "store/alerts.h"
#include "tui/console.h"

#define ALERTS_MAX 2000
#define STALE_NS (5 * NS_PER_MIN)

enum severity alert_severity(const struct alert *a)
{
	if (!alert_is_on(a))
		return SEV_NONE;
	if (a->severity && !strcmp(a->severity, "page"))
		return SEV_PAGE;
	return a->severity && !strcmp(a->severity, "info") ? SEV_OK : SEV_TICKET;
}

static void load_slos(struct situation *s, struct arena *a, const struct slo_rows *rows,
	struct console *c)
{
	s->slos = arena_alloc(a, rows->n + 1, sizeof(*s->slos));
	for (size_t i = 0; i < rows->n; i++) {
		const struct slo_row *row = &rows->items[i];

		if (row->slo.source && !console_has_source(c, row->slo.source))
			continue;
		s->slos[s->n_slos++] = row;
		s->slos_by[row->state.at == NONE_INT ? SEV_NO_DATA
						     : row->state.severity]++;
	}
}

static int by_urgency(const void *a, const void *b)
{
	const struct situation_alert *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	if (x->alert->since != y->alert->since)
		return x->alert->since > y->alert->since ? -1 : 1;
	return strcmp(x->alert->fingerprint, y->alert->fingerprint);
}

/* Of this context, each once. */
static void keep_alerts(struct observed_list *list, struct console *c)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (console_has_source(
			    c, ((const struct alert *)list->items[i].record)->source))
			list->items[n++] = list->items[i];
	list->n = n;
	alerts_merge(list);
}

static void load_alerts(struct situation *s, struct arena *arena,
	struct observed_list *list, struct console *c)
{
	keep_alerts(list, c);
	s->alerts = arena_alloc(arena, list->n + 1, sizeof(*s->alerts));
	for (size_t i = 0; i < list->n; i++) {
		const struct alert *a = list->items[i].record;
		struct situation_alert *to = &s->alerts[s->n_alerts];

		if (a->state && !strcmp(a->state, "resolved"))
			continue;
		*to = (struct situation_alert){
			a, alert_severity(a), list->items[i].since};
		s->n_alerts++;
		/* A watchdog always fires, and is no trouble. */
		s->firing += to->severity > SEV_OK;
		s->informing += to->severity == SEV_OK;
		s->firing_pages += to->severity == SEV_PAGE;
	}
	qsort(s->alerts, s->n_alerts, sizeof(*s->alerts), by_urgency);
}

static void load_sources(struct situation *s, struct arena *a,
	const struct source_rows *rows, struct console *c)
{
	s->sources = arena_alloc(a, rows->n + 1, sizeof(*s->sources));
	for (size_t i = 0; i < rows->n; i++) {
		const struct source_row *row = &rows->items[i];

		if (!console_has_source(c, row->name))
			continue;
		s->sources[s->n_sources++] = row;
		s->stale_sources += source_is_stale(row, console_now(c));
	}
}

static int64_t watching_since(struct console *c)
{
	char *text = store_get(console_store(c), "watching_since");
	struct err ignored = ERR_INIT;
	int64_t at = NONE_INT;

	if (text && time_parse(&at, text, &ignored))
		at = NONE_INT;
	err_release(&ignored);
	free(text);
	return at;
}

int situation_load(
	struct situation *out, struct arena *a, struct console *c, struct err *e)
{
	struct situation fresh = {.watching = NONE_INT};
	struct slo_rows slos = {0};
	struct observed_list alerts = {0};
	struct source_rows sources = {0};
	struct store *st = console_store(c);
	int64_t at = console_at(c);

	if (!st) {
		*out = fresh;
		return 0;
	}
	if (source_list(&sources, a, st, at, e) || slo_rows(&slos, a, st, at, e) ||
		observed_at(&alerts, a, st, REC_ALERT, NULL, NULL, at, ALERTS_MAX, e))
		return -1;
	load_sources(&fresh, a, &sources, c);
	load_slos(&fresh, a, &slos, c);
	load_alerts(&fresh, a, &alerts, c);
	fresh.watching = watching_since(c);
	*out = fresh;
	return 0;
}

enum severity situation_worst(const struct situation *s)
{
	if (s->slos_by[SEV_PAGE] || s->firing_pages)
		return SEV_PAGE;
	if (s->slos_by[SEV_TICKET] || s->firing)
		return SEV_TICKET;
	if (s->slos_by[SEV_OK])
		return SEV_OK;
	return SEV_NO_DATA;
}

double slo_burn_now(const struct slo_state *state)
{
	double burn = NAN;

	for (size_t i = 0; i < state->n_windows; i++)
		if (state->windows_ns[i] <= NS_PER_HOUR && !isnan(state->burn[i]))
			burn = state->burn[i];
	return burn;
}

bool slo_is_stale(struct console *c, const struct slo_row *row)
{
	const struct source_row *source = console_source(c, row->slo.source);
	int64_t limit = source && source->every_ns > 0 ? 3 * source->every_ns : STALE_NS;

	if (row->state.at == NONE_INT)
		return true;
	/* Evaluation is at most once a minute, whatever its source's interval. */
	if (limit < 3 * NS_PER_MIN)
		limit = 3 * NS_PER_MIN;
	return console_now(c) - row->state.at > limit ||
		console_stale(c, row->slo.source);
}

void burn_text(struct strbuf *out, double burn)
{
	if (isnan(burn))
		strbuf_addc(out, '-');
	else if (isinf(burn) || burn >= 10000)
		strbuf_adds(out, ">9999x");
	else
		strbuf_addf(out,
			burn >= 100                          ? "%.0fx"
				: burn >= 0.095 || burn == 0 ? "%.1fx"
							     : "%.2fx",
			burn);
}
