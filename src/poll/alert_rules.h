/*
 * alert_rules.h - what a Prometheus says of alerts itself: those that fire and those that wait,
 * since when their condition is true, and rules that cannot be evaluated
 */
#ifndef TOCSIN_POLL_ALERT_RULES_H
#define TOCSIN_POLL_ALERT_RULES_H

#include "poll/alert_answer.h"
#include "poll/prom_query.h"

/* Kept for one source from one round to the next. */
struct alert_rules;

struct alert_rules *alert_rules_new(void);
void alert_rules_free(struct alert_rules *k);

/*
 * Ask; done is called once for each of alert_rules_requests().  Alerts each round, rules where the
 * round reads everything.
 */
typedef void alert_rules_fn(struct round *r, const struct err *e);
size_t alert_rules_requests(const struct round *r);
void alert_rules_ask(struct alert_rules *k, struct round *r, struct prom_server *server,
	alert_rules_fn *done);

/*
 * Write what came.  An alert that an Alertmanager of the context holds is that one's: it is told
 * since when the condition is true, and left out here.  *n: how many are written.
 */
int alert_rules_write(struct alert_rules *k, struct round *r, size_t *n, struct err *e);

/*
 * The rules that do not work, of GET /api/v1/rules, as alerts: state error.  Added to out; texts
 * are in the arena, or borrowed: source.
 */
int alert_rules_parse(struct alert_list *out, struct arena *a, const char *source,
	const struct json *document, struct err *e);

#endif
