/* change.h - something observed is not what it was */
#ifndef TOCSIN_CHANGE_H
#define TOCSIN_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/strbuf.h"
#include "model/record.h"

struct change {
	int64_t			id;	/* the store's */
	int64_t			at;	/* when it happened, as the source says, else when we saw it */
	int64_t			seen;	/* when we saw it */
	const char		*source;
	enum record_kind	kind;
	const char		*object;	/* record_key() */
	const char		*field;		/* which state field; NULL: appeared or went away */
	const char		*before, *after;	/* NULL: was not there, is no more */
	const char		*actor;		/* who, where the source says */
	bool			from_history;	/* found at first contact, not watched happening */
	const char		*service;	/* that it belongs to by configuration; NULL: none */
	int64_t			not_before;	/* last time we saw the old state; NONE_INT unknown */
	bool			gap;		/* nobody watched between not_before and seen */
	double			weight;		/* share of traffic that it took; NAN unknown */
};

/*
 * Of two JSON objects (tags, parameters) the names of the entries that differ: "+new *other -gone".
 * False, and nothing appended, where before and after are not two objects that differ.
 */
bool change_entries(struct strbuf *out, const struct change *ch);

#endif
