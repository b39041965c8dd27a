/* clock.h - the time, which tests can set */
#ifndef TOCSIN_CLOCK_H
#define TOCSIN_CLOCK_H

#include <stdint.h>

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)
#define NS_PER_MIN (60 * NS_PER_S)
#define NS_PER_HOUR (60 * NS_PER_MIN)
#define NS_PER_DAY (24 * NS_PER_HOUR)

/* Nanoseconds since the epoch, UTC. */
int64_t clock_now(void);

/* Nanoseconds that never jump; only differences mean anything. */
int64_t clock_mono(void);

/* Freeze both clocks at these values (tests); clock_real() lets them run again. */
void clock_freeze(int64_t now, int64_t mono);
void clock_advance(int64_t ns);
void clock_real(void);

#endif
