/*
 * card.h - what a source's connector says of itself: how it was checked, what it reads and does
 *
 * For those who show it and may not look into net/.  Reads the connector's file, never a backend.
 */
#ifndef TOCSIN_CARD_H
#define TOCSIN_CARD_H

#include "core/arena.h"
#include "core/err.h"
#include "model/config.h"
#include "model/record.h"

struct card_read {
	const char		*name;
	enum record_kind	emits;
};

struct card_action {
	const char	*name, *title;	/* title may be NULL */
	bool		undoable;
};

struct card {
	const char		*title, *speaks;	/* in the arena, or NULL */
	const char		*version, *by;		/* what it was tried against; NULL: never */
	int64_t			tried;			/* NONE_INT: never, only documented */
	bool			aged;			/* tried too long ago to rely on */
	struct card_read	*reads;
	size_t			n_reads;
	struct card_action	*actions;
	size_t			n_actions;
};

/* ERR_NOT_FOUND: sources of this type have no connector; they are read by the program itself. */
int card_load(struct card *out, struct arena *a, const struct config *c, const char *type,
	int64_t now, struct err *e);

#endif
