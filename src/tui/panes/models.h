/* models.h - one row of the Models pane: a movable name of a model or of a prompt */
#ifndef TOCSIN_PANES_MODELS_H
#define TOCSIN_PANES_MODELS_H

#include "model/registry.h"
#include "report/models.h"
#include "tui/pane.h"

struct name_row {
	bool		prompt;		/* a prompt's label, else a model's alias */
	const char	*source, *model, *alias;	/* alias NULL: the service names none */
	const char	*version;	/* that it points at; NULL: there is none */
	int64_t		since;		/* it points there; NONE_INT unknown */
	bool		moved;		/* then; else it was found so, and may be older */
	const struct pointer *pointer;	/* NULL: only its versions tell of it */
	const struct prompt_version *label_of;	/* then: the version that has the label */
	const struct model_row *served;	/* NULL: a prompt */
	bool		stale;
};

/* How loud a state is; what nobody configured to be served says nothing. */
enum severity sync_severity(enum sync_state s);

/* Where it pointed before this, and until when; NULL: not known.  In the arena. */
const char *name_previous(int64_t *until, struct arena *a, struct pane *p,
	const struct name_row *row);

/* Append what compare_open() and the pane `compare` take. */
void compare_argument(struct strbuf *out, const char *source, const char *model, const char *from,
	const char *to);

/* models_page.c */
void models_detail(struct pane *p, const void *data, struct doc *out);

/* models_acts.c */
extern const struct action models_actions[];

#endif
