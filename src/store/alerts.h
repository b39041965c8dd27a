/*
 * alerts.h - alerts as a person counts them: each once, whoever tells of it
 *
 * Alertmanagers of one cluster each hold all alerts, and Prometheus holds those that wait.  What
 * has one fingerprint is one alert.
 */
#ifndef TOCSIN_STORE_ALERTS_H
#define TOCSIN_STORE_ALERTS_H

#include "model/alert.h"
#include "model/config.h"
#include "store/observe.h"

/* Those of the sources of context (NULL: of all) that held at `at`, each once. */
int alerts_at(struct observed_list *out, struct arena *a, struct store *st,
	const struct context_conf *context, int64_t at, size_t limit, struct err *e);

/*
 * Leave each alert of a fresh list once, by source and key.  Where several sources tell of one,
 * what an Alertmanager says goes before what a Prometheus says, and what fires before what is
 * silenced; its onset and its groups are taken from whoever knows them.
 */
void alerts_merge(struct observed_list *list);

/*
 * When the condition of an alert became true and what its expression is now, told by another
 * source than the one that holds it.  Nothing when there is no such alert.  One of a
 * transaction, or none.
 */
struct alert_onset {
	const char	*source, *fingerprint;
	int64_t		onset;		/* NONE_INT: not known */
	double		value;		/* NAN: not known */
	const char	*url;		/* NULL: not known */
};
int alert_onset_put(struct store *st, const struct alert_onset *o, struct err *e);

#endif
