/*
 * offer.h - what can be done to a record: the actions that its source's connector offers for it
 *
 * Reads connectors' files and the store, never a backend, so that the console may ask.  What is
 * taken becomes a runbook of one step: offer_keep() writes it, walk_open() opens it, and the
 * supervisor alone asks the backend: it plans, journals, sends, reads back.
 */
#ifndef TOCSIN_OFFER_H
#define TOCSIN_OFFER_H

#include "core/yaml.h"
#include "model/config.h"
#include "model/record.h"
#include "runbook/runbook.h"
#include "store/store.h"

enum offer_type { OFFER_NONE, OFFER_TEXT, OFFER_NUMBER, OFFER_BOOL };

/* Texts are in the arena that offers_find() was given. */
struct offer_param {
	const char		*name, *help;	/* help NULL: none */
	enum offer_type		type;
	const char		*value;		/* NULL: to be asked for */
	const char		*otherwise;	/* what it is when nothing is said; NULL */
	bool			given;		/* value follows from the record */
	bool			optional;
	struct yaml_texts	choices;	/* n 0: none are known here */
	bool			closed;		/* nothing but a choice is taken */
	double			min, max;	/* numbers; min > max: no bounds */
	const char		*pattern;	/* POSIX extended, or NULL */
};

struct offer {
	const char		*source, *action, *title;
	const char		*effects;	/* what a person should know before; or NULL */
	enum risk		risk;		/* change, destroy */
	bool			undoable;
	const char		*now;		/* as the record shows it; NULL: the connector does not say */
	const char		*expect;	/* the same as JSON: refused when it is that no more */
	struct offer_param	*params;
	size_t			n_params;
};

struct offers {
	struct offer	*items;
	size_t		n;
};

/*
 * All actions that start from such a record, in the connector's order; none for a source without
 * a connector.  A report of drift has one more: what retrains its service (retrain.h).
 * A parameter that asks for a version, and the like, gets the values that the store has seen as
 * choices, newest first; st may be NULL.  ERR_NOT_FOUND: no such source.
 */
int offers_find(struct offers *out, struct arena *a, const struct config *c,
	enum record_kind kind, const void *record, struct store *st, struct err *e);

/* The source's action by name, with no parameter filled. */
int offer_open(struct offer *out, struct arena *a, const struct config *c, const char *source,
	const char *action, struct err *e);

/* ERR_INPUT in words when the value does not fit; "" takes it back. */
int offer_set(struct offer *o, struct arena *a, const char *param, const char *value,
	struct err *e);

/* The next parameter that must be asked for; NULL: it can be done. */
const struct offer_param *offer_missing(const struct offer *o);

/* The parameters as the action takes them: an object, the caller's. */
struct json *offer_params(const struct offer *o);

/*
 * Append the runbook of this one step, which is refused when the value is not o->expect any more.
 * ERR_INPUT when a parameter is missing.
 */
int offer_write(struct strbuf *book, const struct offer *o, struct err *e);

/*
 * The runbook of this one step, kept for its run: what walk_open() opens.  *file is the caller's.
 */
int offer_keep(char **file, const struct offer *o, struct err *e);

/* The service that is configured with the model that the record is about; NULL: none. */
const char *offer_service(const struct config *c, enum record_kind kind, const void *record);

#endif
