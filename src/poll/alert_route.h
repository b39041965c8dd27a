/*
 * alert_route.h - by what key a pager knows a group of alerts
 *
 * Alertmanager names a group by its route and its labels, {}/{severity="page"}:{alertname="X"},
 * and gives PagerDuty the SHA-256 of that as the deduplication key.  The API tells labels and
 * receiver of a group; the route follows from its configuration, where only one fits.
 */
#ifndef TOCSIN_POLL_ALERT_ROUTE_H
#define TOCSIN_POLL_ALERT_ROUTE_H

#include <stdbool.h>

#include "core/json.h"
#include "core/strbuf.h"

struct route_tree;

/* config: Alertmanager's configuration, YAML; NULL or what cannot be read: a tree without routes. */
struct route_tree *route_tree_parse(const char *config);
void route_tree_free(struct route_tree *t);

/* Append the key in hexadecimal digits; false: no route fits, or several with different names. */
bool route_dedup_key(struct strbuf *out, const struct route_tree *t, const char *receiver,
	const struct json *labels);

/* Append the name of the group: what is hashed. */
bool route_group_key(struct strbuf *out, const struct route_tree *t, const char *receiver,
	const struct json *labels);

#endif
