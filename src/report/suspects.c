#include "config.h"
#include "report/suspects.h"

#include "core/clock.h"
#include "store/observe.h"

#define CHANGES_MAX 2000

int suspects_of(struct suspects *out, struct arena *a, struct store *st,
	const struct config *c, const struct slo_state *state, int64_t at, size_t limit,
	struct err *e)
{
	struct change_list changes;
	struct correlate_target target = {
		.onset = state->onset,
		.service = state->service,
		.conf = config_service(c, state->service),
	};
	const struct change_query q = {
		.from = state->onset == NONE_INT ? 0 : state->onset - NS_PER_DAY,
		.to = state->onset == NONE_INT ? 0 : state->onset + NS_PER_HOUR,
		.seen_until = at,
		.kinds = (uint32_t)KINDS_CAUSE,
		.limit = CHANGES_MAX,
	};

	*out = (struct suspects){0};
	if (state->onset == NONE_INT)
		return 0;
	if (change_list(&changes, a, st, &q, e))
		return -1;
	correlate_rank(out, a, changes.items, changes.n, &target, limit);
	return 0;
}
