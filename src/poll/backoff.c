#include "config.h"

#include "poll/backoff.h"

#include "core/clock.h"
#include "model/record.h"

enum { MOST_TIMES = 10 };
#define MOST_MORE_NS (5 * NS_PER_MIN)

int64_t backoff_spread(int64_t spread_ns, uint32_t random)
{
	return (int64_t)((double)spread_ns * ((double)random / 4294967296.0));
}

static int64_t failed_delay(const struct backoff *b)
{
	int64_t most = b->every_ns * MOST_TIMES;
	int64_t delay = b->every_ns;

	if (most > b->every_ns + MOST_MORE_NS)
		most = b->every_ns + MOST_MORE_NS;
	if (b->retry == RETRY_NEVER)
		return most;
	if (b->retry == RETRY_NOW && b->failures == 1)
		return NS_PER_S < delay ? NS_PER_S : delay;
	for (unsigned i = 1; i < b->failures && delay < most; i++)
		delay *= 2;
	return delay < most ? delay : most;
}

int64_t backoff_delay(const struct backoff *b, uint32_t random)
{
	int64_t delay = b->failures ? failed_delay(b) : b->every_ns;

	delay += backoff_spread(delay / 10, random) - delay / 20;
	if (b->failures && b->retry_after_ns != NONE_INT && delay < b->retry_after_ns)
		delay = b->retry_after_ns + backoff_spread(NS_PER_S, random);
	return delay;
}
