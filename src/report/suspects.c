#include "config.h"
#include "report/suspects.h"

#include "core/clock.h"
#include "model/registry.h"
#include "store/observe.h"

#define CHANGES_MAX 2000
#define VARIANTS_MAX 50

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
	correlate_rank(out, a, changes.items, changes.n, &target, limit);
	return 0;
}
