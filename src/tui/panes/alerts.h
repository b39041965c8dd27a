/* alerts.h - one row of the Alerts pane, and its page; for panes/alerts*.c alone */
#ifndef TOCSIN_PANES_ALERTS_H
#define TOCSIN_PANES_ALERTS_H

#include "core/json.h"
#include "runbook/library.h"
#include "store/observe.h"
#include "tui/pane.h"
#include "tui/situation.h"

struct alert_row {
	const struct alert	*alert;
	enum severity		severity;	/* SEV_NONE: nobody is told */
	int64_t			seen;		/* since when we saw it in this state */
	const char		*summary;	/* of its annotations; or NULL */
	const char		*why;		/* why nobody is told; or NULL */
	const char		*group;		/* receiver and labels, for people; or NULL */
	const struct page	*page;		/* that was sent for its group; or NULL */
};

struct alerts_pane {
	bool		grouped;
	struct library	*library;	/* owned; read when it is first wanted */
};

/* The worst, or the newest, of a group stands for it. */
struct alert_group {
	size_t		alerts, firing;
};
void alert_group_count(struct alert_group *out, struct pane *p, const char *group);

/* "silenced by ann until 14:00: known"; nothing: it is told. */
void alert_row_why(struct strbuf *out, struct pane *p, const struct alert *a);

/* The page whose deduplication key is one of the alert's groups'; NULL. */
const struct page *alert_row_page(const struct observed_list *pages, const struct alert *a);

void alerts_detail(struct pane *p, const void *data, struct doc *out);
extern const struct action alerts_actions[];

#endif
