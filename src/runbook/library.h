/* library.h - the runbooks there are: your directories', then what ships; found, listed, matched */
#ifndef TOCSIN_LIBRARY_H
#define TOCSIN_LIBRARY_H

#include "model/config.h"
#include "runbook/destroy.h"
#include "runbook/runbook.h"

struct library_entry {
	const char	*name, *title, *summary, *file;
	bool		built_in;
	size_t		steps, problems;
	struct yaml_texts alerts, changes;
	const char	*error;		/* why it cannot be opened; NULL */
};

struct library;

/* Reads all of them (at most 1,000); the first of a name wins; c may be NULL. */
int library_load(struct library **out, const struct config *c, struct err *e);
void library_free(struct library *l);
size_t library_count(const struct library *l);
const struct library_entry *library_at(const struct library *l, size_t i);	/* by name */
const struct destroy *library_destroy(const struct library *l);

/*
 * A path ("/" or ".md" in it), or a name.  *file is the caller's.  ERR_NOT_FOUND with the
 * nearest name as the hint.  Reads nothing but directories.
 */
int library_find(char **file, const struct config *c, const char *name, struct err *e);

struct library_match {
	const struct library_entry	*entry;
	const char			*reason;	/* N_() sentence's arguments filled in */
	int				rank;		/* 1 best */
};

struct library_query {
	const char		*service;	/* its configured runbooks rank first */
	const char *const	*alerts;	/* names of what fires */
	size_t			n_alerts;
	const char		*runbook_url;	/* an alert's annotation, or NULL */
	const char *const	*changes;	/* kinds: "pointer", "serving" … */
	size_t			n_changes;
};

/* Best first; the array and reasons are in a. */
size_t library_matching(struct library_match **out, struct arena *a, const struct library *l,
	const struct config *c, const struct library_query *q);

#endif
