/* alert.h - alerts, silences and pages */
#ifndef TOCSIN_ALERT_H
#define TOCSIN_ALERT_H

#include <stdint.h>

struct alert {
	const char	*source, *fingerprint;	/* key */
	const char	*name;		/* the label alertname */
	const char	*service;	/* the label service or job, else NULL */
	const char	*labels;	/* JSON object */
	const char	*annotations;	/* JSON object */
	const char	*state;		/* firing, pending, silenced, inhibited, resolved */
	const char	*severity;	/* page, ticket or info, from the label severity; else NULL */
	int64_t		since, until;	/* as the source says */
	const char	*silenced_by;	/* JSON array of {id, by, comment, until}; all but id may lack */
	const char	*runbook_url;
	const char	*groups;	/* JSON array of {receiver, labels}: notified together */
	const char	*receivers;	/* JSON array of names */
	const char	*inhibited_by;	/* JSON array of fingerprints */
	const char	*muted_by;	/* JSON array of time intervals' names */
	int64_t		onset;		/* its condition became true: `for` earlier than since */
	const char	*url;		/* where its expression or rule is shown */
};

struct page {
	const char	*source, *id;		/* key */
	const char	*title, *service, *urgency, *state, *assignee;
	int64_t		since;
	const char	*url;
	const char	*acknowledged_by;
	const char	*dedup_key;	/* what ties it to an alert group */
};

#endif
