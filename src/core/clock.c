#include "config.h"
#include "core/clock.h"

#include <stdbool.h>
#include <time.h>

static bool frozen;
static int64_t frozen_now, frozen_mono;

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t clock_now(void)
{
	return frozen ? frozen_now : read_clock(CLOCK_REALTIME);
}

int64_t clock_mono(void)
{
	return frozen ? frozen_mono : read_clock(CLOCK_MONOTONIC);
}

void clock_freeze(int64_t now, int64_t mono)
{
	frozen = true;
	frozen_now = now;
	frozen_mono = mono;
}

void clock_advance(int64_t ns)
{
	frozen_now += ns;
	frozen_mono += ns;
}

void clock_real(void)
{
	frozen = false;
}
