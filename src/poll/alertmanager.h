/*
 * alertmanager.h - a round of Alertmanager's v2 API, wherever it is served from
 *
 * A source may have several peers, its url and those of its option `peers`: all are asked, because
 * they tell each other about silences and not about alerts.  One that answers is enough; the
 * others are named.
 */
#ifndef TOCSIN_POLL_ALERTMANAGER_H
#define TOCSIN_POLL_ALERTMANAGER_H

#include "poll/alert_answer.h"
#include "poll/reader.h"

/* Kept for one source as long as the collector lives: what reader.state begins with. */
struct alertmanager {
	char	*config;	/* owned: the server's; NULL: not read yet */
};
void alertmanager_forget(void *state);

/*
 * Ask api ("/api/v2") of every peer, join what they answer, and write it.  Before it is written
 * `more` (NULL: none) may add to the alerts and change them.  Ends the round.
 */
typedef void alertmanager_more_fn(struct round *r, void *ctx, struct alert_list *alerts);
void alertmanager_begin(struct round *r, const char *api, alertmanager_more_fn *more, void *ctx);
void alertmanager_cancel(struct round *r);

/* For tocsin check --connect; blocks. */
int alertmanager_probe(struct probe *out, const struct source_conf *conf, const char *api,
	struct arena *a, struct err *e);

#endif
