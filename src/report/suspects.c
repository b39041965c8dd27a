#include "config.h"
#include "report/suspects.h"

#include <string.h>

#include "core/clock.h"
#include "model/registry.h"
#include "store/observe.h"

#define CHANGES_MAX 2000
#define VARIANTS_MAX 50
#define DRIFTS_MAX 20

/* Is it known which version serves it? */
static int serving_seen(bool *out, struct arena *a, struct store *st,
	const struct service_conf *s, int64_t at, struct err *e)
{
	struct observed_list list;

	*out = false;
	if (!s || !s->serving.name)
		return 0;
	if (observed_of(&list, a, st, REC_SERVING, s->serving.source, s->serving.name,
		    NULL, at, VARIANTS_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		if (((const struct serving *)list.items[i].record)->version)
			*out = true;
	return 0;
}

/*
 * A check of a thousand features brings as many changes, which say much the same: that one began
 * to drift is news, the first few of them are enough.
 */
static void leave_out_drift(struct change_list *list)
{
	size_t n = 0, drifts = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct change *ch = &list->items[i];

		if (ch->kind == REC_DRIFT_REPORT &&
			(!ch->field || !ch->after || strcmp(ch->after, "true") != 0 ||
				drifts++ >= DRIFTS_MAX))
			continue;
		list->items[n++] = list->items[i];
	}
	list->n = n;
}

int suspects_of(struct suspects *out, struct arena *a, struct store *st,
	const struct config *c, const char *service, int64_t onset, int64_t at,
	size_t limit, struct err *e)
{
	struct correlate_target target = {.onset = onset,
		.service = service,
		.conf = config_service(c, service),
		.config = c};
	struct change_query q = {
		.seen_until = at, .kinds = (uint32_t)KINDS_CAUSE, .limit = CHANGES_MAX};
	struct change_list changes;

	*out = (struct suspects){0};
	if (onset == NONE_INT)
		return 0;
	q.from = onset - NS_PER_DAY;
	q.to = onset + NS_PER_HOUR;
	if (change_list(&changes, a, st, &q, e) ||
		serving_seen(&target.serving_seen, a, st, target.conf, at, e))
		return -1;
	leave_out_drift(&changes);
	correlate_rank(out, a, changes.items, changes.n, &target, limit);
	return 0;
}
