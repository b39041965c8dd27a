#include "config.h"
#include "report/suspects.h"

#include "core/clock.h"
#include "store/observe.h"

#define CHANGES_MAX 2000

int suspects_of(struct suspects *out, struct arena *a, struct store *st,
	const struct config *c, const char *service, int64_t onset, int64_t at,
	size_t limit, struct err *e)
{
	const struct correlate_target target = {
		.onset = onset, .service = service, .conf = config_service(c, service)};
	struct change_query q = {
		.seen_until = at, .kinds = (uint32_t)KINDS_CAUSE, .limit = CHANGES_MAX};
	struct change_list changes;

	*out = (struct suspects){0};
	if (onset == NONE_INT)
		return 0;
	q.from = onset - NS_PER_DAY;
	q.to = onset + NS_PER_HOUR;
	if (change_list(&changes, a, st, &q, e))
		return -1;
	correlate_rank(out, a, changes.items, changes.n, &target, limit);
	return 0;
}
