#include "config.h"
#include "store/alerts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/inside.h"

static const struct alert *alert_of(const struct observed *o)
{
	return o->record;
}

/* By fingerprint; of one alert the word that counts stands first. */
static int by_word(const void *a, const void *b)
{
	const struct alert *x = alert_of(a), *y = alert_of(b);
	int order = strcmp(x->fingerprint, y->fingerprint);

	if (order)
		return order;
	if (alert_is_routed(x) != alert_is_routed(y))
		return alert_is_routed(x) ? -1 : 1;
	if (alert_is_on(x) != alert_is_on(y))
		return alert_is_on(x) ? -1 : 1;
	return strcmp(x->source, y->source);
}

static int by_source(const void *a, const void *b)
{
	const struct alert *x = alert_of(a), *y = alert_of(b);
	int order = strcmp(x->source, y->source);

	return order ? order : strcmp(x->fingerprint, y->fingerprint);
}

static void fill_text(const char **to, const char *from)
{
	*to = *to ? *to : from;
}

/* What only the other source knows of the same alert. */
static void take_in(struct observed *to, const struct observed *from)
{
	/* The records of a fresh list are this reader's own. */
	struct alert *a = (struct alert *)to->record;
	const struct alert *other = alert_of(from);

	fill_text(&a->groups, other->groups);
	fill_text(&a->url, other->url);
	fill_text(&a->runbook_url, other->runbook_url);
	fill_text(&a->service, other->service);
	if (a->onset == NONE_INT || (other->onset != NONE_INT && other->onset < a->onset))
		a->onset = other->onset;
	if (isnan(a->value))
		a->value = other->value;
	if (from->since < to->since)
		to->since = from->since;
}

void alerts_merge(struct observed_list *list)
{
	size_t kept = 0;

	if (!list->n)
		return;
	qsort(list->items, list->n, sizeof(*list->items), by_word);
	for (size_t i = 1; i < list->n; i++) {
		if (strcmp(alert_of(&list->items[i])->fingerprint,
			    alert_of(&list->items[kept])->fingerprint))
			list->items[++kept] = list->items[i];
		else
			take_in(&list->items[kept], &list->items[i]);
	}
	list->n = kept + 1;
	qsort(list->items, list->n, sizeof(*list->items), by_source);
}

int alerts_at(struct observed_list *out, struct arena *a, struct store *st,
	const struct context_conf *context, int64_t at, size_t limit, struct err *e)
{
	size_t kept = 0;

	if (observed_at(out, a, st, REC_ALERT, NULL, NULL, at, limit, e))
		return -1;
	for (size_t i = 0; i < out->n; i++)
		if (!context ||
			context_has_source(context, alert_of(&out->items[i])->source))
			out->items[kept++] = out->items[i];
	out->n = kept;
	alerts_merge(out);
	return 0;
}

int alert_onset_put(struct store *st, const struct alert_onset *o, struct err *e)
{
	return seen_run(st, TOUCH_ALERT,
		"UPDATE alert SET onset = coalesce(?3, onset), value = coalesce(?4, "
		"value),"
		" url = coalesce(?5, url) WHERE source = ?1 AND fingerprint = ?2 AND "
		"seen_to"
		" IS NULL AND (onset IS NOT coalesce(?3, onset) OR url IS NOT "
		"coalesce(?5, url)"
		" OR value IS NOT coalesce(?4, value))",
		e, "ttirt", o->source, o->fingerprint, o->onset, o->value, o->url);
}
