/*
 * offer_open.h - from a record to a run in front that changes it
 *
 * What the source's connector offers for the record is picked, what it still needs is asked, and
 * the run of that one step is shown with its plan and its confirmation.  Nothing is written and
 * nobody is asked before that.
 */
#ifndef TOCSIN_OFFER_OPEN_H
#define TOCSIN_OFFER_OPEN_H

#include "model/record.h"
#include "tui/console.h"

/* One value that a parameter may take, in words; texts are copied. */
struct offer_hint {
	const char	*value;
	const char	*help;		/* "where it pointed before" */
};

struct offer_about {
	enum record_kind kind;
	const void	*record;	/* copied */
	const char	*title;		/* "checkout-ranker/production, now 12" */
	const char	*action;	/* this one of the connector's, without a menu; NULL */
	const char	*now;		/* the value that is so already; or NULL */
	/* What is known of values; a list that has the first of them begins with it. */
	const struct offer_hint *hints;
	size_t		n_hints;
	/* What parameters (value) are when nothing else is typed (help); shown, and can be edited. */
	const struct offer_hint *presets;
	size_t		n_presets;
};

/* Says by a note why there is nothing to do, where there is nothing. */
void offer_open_for(struct console *c, const struct offer_about *about);

/* The run of a runbook that was made for it, in front with its first question. */
int offer_open_file(struct console *c, const char *file, const char *service, struct err *e);

/* True when the record's source has a connector with an action for such records; not cheap. */
bool offer_open_any(struct console *c, enum record_kind kind, const void *record);

#endif
