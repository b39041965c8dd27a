/* alert.h - alerts, silences, pages, and who is on call */
#ifndef TOCSIN_ALERT_H
#define TOCSIN_ALERT_H

#include <stdbool.h>
#include <stdint.h>

struct alert {
	const char	*source, *fingerprint;	/* key */
	const char	*name;		/* the label alertname */
	const char	*service;	/* the label service or job, else NULL */
	const char	*labels;	/* JSON object */
	const char	*annotations;	/* JSON object */
	/*
	 * firing, pending, silenced, inhibited, muted, resolved; of a rule: error (it cannot be
	 * evaluated), no-data; of one that should always fire: absent
	 */
	const char	*state;
	const char	*severity;	/* page, ticket or info, from the label severity; else NULL */
	int64_t		since, until;	/* as the source says */
	const char	*silenced_by;	/* JSON array of {id, by, comment, until}; all but id may lack */
	const char	*runbook_url;
	const char	*groups;	/* JSON array of {receiver, labels, key}: notified together */
	const char	*receivers;	/* JSON array of names */
	const char	*inhibited_by;	/* JSON array of fingerprints */
	const char	*muted_by;	/* JSON array of time intervals' names */
	int64_t		onset;		/* its condition became true: `for` earlier than since */
	const char	*url;		/* where its expression or rule is shown */
	double		value;		/* of its expression */
};

/* True for what a person has to look at: it fires, is absent, or its rule does not work. */
bool alert_is_on(const struct alert *a);

/* True for what an Alertmanager answers: it knows who is told and what is silenced. */
bool alert_is_routed(const struct alert *a);

struct silence {
	const char	*source, *id;		/* key */
	const char	*state;		/* active, pending */
	const char	*matchers;	/* as text: alertname="X",service=~"a|b" */
	const char	*comment, *created_by;
	int64_t		starts, ends, updated;
	int64_t		alerts;		/* that it silences now; 0: it matches none */
	const char	*url;
};

struct page {
	const char	*source, *id;		/* key */
	const char	*title, *service, *urgency, *state, *assignee;
	int64_t		since;
	const char	*url;
	const char	*acknowledged_by;
	const char	*dedup_key;	/* what ties it to an alert group */
	const char	*policy;	/* who is called, and then who: an escalation policy */
};

struct oncall {
	const char	*source, *policy, *level, *schedule;	/* key; schedule: else the user */
	const char	*user, *contact;
	int64_t		since, until;	/* NONE_INT: always */
	const char	*url;
};

#endif
