/*
 * alert_heartbeat.h - alerts that always fire, so that their absence is the alarm
 *
 * Watchdog of the community's rules says by firing that alerts arrive.  Once it was seen, or where
 * the source's option `heartbeat` names it, that it is not there is an alert of its own.
 */
#ifndef TOCSIN_POLL_ALERT_HEARTBEAT_H
#define TOCSIN_POLL_ALERT_HEARTBEAT_H

#include "poll/alert_answer.h"
#include "poll/reader.h"

/* After this long nobody waits for it any more: its rule was taken away. */
#define HEARTBEAT_GIVEN_UP_NS (7 * NS_PER_DAY)

/* Add to the alerts of a round, which are all of them, those that should fire and do not. */
int heartbeat_watch(struct alert_list *list, const struct round *r, struct err *e);

/* Among what the configuration says, or what people call one. */
bool heartbeat_is(const struct source_conf *conf, const char *name);

#endif
