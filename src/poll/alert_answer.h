/*
 * alert_answer.h - alerts as Alertmanager's v2 API and Prometheus answer them
 *
 * Pure.
 */
#ifndef TOCSIN_POLL_ALERT_ANSWER_H
#define TOCSIN_POLL_ALERT_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "model/alert.h"

struct alert_list {
	struct alert	*items;
	size_t		n, cap;
	size_t		dropped;	/* without labels: not alerts */
};

/*
 * The body of GET /api/v2/alerts.  silences: of GET /api/v2/silences, or NULL: then only the ids
 * of what silences an alert are known.  Texts are in the arena, or borrowed: source.
 */
int alerts_parse(struct alert_list *out, struct arena *a, const char *source,
	const struct json *alerts, const struct json *silences, struct err *e);

/*
 * What is notified together: the body of GET /api/v2/alerts/groups, given to the alerts of list.
 * config: the server's, whose routes tell by what key a pager knows a group; either may be NULL.
 */
void alerts_parse_groups(struct alert_list *list, struct arena *a, const struct json *groups,
	const char *config);

struct silence_list {
	struct silence	*items;
	size_t		n, cap;
};

/*
 * The body of GET /api/v2/silences: those that hold or will.  alerts: of GET /api/v2/alerts, to
 * count what each silences.  url: of the source.  silences may be NULL: none.
 */
void silences_parse(struct silence_list *out, struct arena *a, const char *source,
	const char *url, const struct json *silences, const struct json *alerts);

/* The body of Prometheus's GET /api/v1/alerts. */
int alerts_parse_prometheus(struct alert_list *out, struct arena *a, const char *source,
	const struct json *document, struct err *e);

/* One of which nothing is known yet. */
void alert_clear(struct alert *alert);

/* Alertmanager's and Prometheus's: FNV-1a over the sorted labels, 16 hex digits (arena). */
const char *alert_fingerprint(struct arena *a, const struct json *labels);

/* page, ticket or info for what people write into a label; unknown words: ticket; NULL: NULL. */
const char *alert_severity_word(const char *label);

/* If the body is one of Alertmanager's errors: its words into e and -1; else 0. */
int alertmanager_error(const char *s, size_t n, struct err *e);

#endif
