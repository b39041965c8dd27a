/*
 * alert_elsewhere.h - what Prometheus fires and no Alertmanager knows of
 *
 * Alertmanager knows about silences, so its word on an alert is the better one.  But an alert that
 * did not reach it (it restarted, the network between them is cut) is on fire all the same.
 */
#ifndef TOCSIN_POLL_ALERT_ELSEWHERE_H
#define TOCSIN_POLL_ALERT_ELSEWHERE_H

#include "poll/alert_answer.h"
#include "poll/reader.h"

/* Prometheus tells its Alertmanagers within this, normally. */
#define ALERT_REACHES_NS (45 * NS_PER_S)

/* When each alert was first seen to be unknown; kept from one round to the next. */
struct alert_lacking;

struct alert_lacking *alert_lacking_new(void);
void alert_lacking_free(struct alert_lacking *l);

/*
 * Take out of list what fires and is known to an Alertmanager of the context, or may still reach
 * one; what is known is told since when its condition is true, and its value.  Without an
 * Alertmanager nothing is taken out.
 */
int alert_lacking_filter(struct alert_lacking *l, struct alert_list *list, const struct round *r,
	struct err *e);

/*
 * True when `known` is the same alert: an Alertmanager's has the labels of Prometheus's, and
 * perhaps Prometheus's external ones besides.  Both are JSON objects.
 */
bool alert_labels_within(const struct json *labels, const struct json *known);

#endif
