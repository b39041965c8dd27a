/*
 * baseline.h - since when we know what a source holds of one kind (private to store/)
 *
 * A row stands for each source and kind that was read once.  What a first read finds, or the
 * first after the source became another one, is no change.
 */
#ifndef TOCSIN_STORE_BASELINE_H
#define TOCSIN_STORE_BASELINE_H

#include "store/inside.h"

struct baseline {
	bool	row;		/* there is one */
	bool	known;		/* it was read before, or nobody kept rows then */
	bool	other;		/* with another URL, type or options: nothing compares */
	bool	begun;		/* only parts of it were ever read, and not for long */
	bool	cut;		/* the last read of it was not whole */
	int64_t	last;		/* when all of it was last seen; NONE_INT: never */
	int64_t	watched;	/* when the source was last read; NONE_INT: never */
	int64_t	every_ns;
};

int baseline_find(struct baseline *out, struct store *st, int64_t source, const char *kind,
	int64_t now, struct err *e);

/* After a read; cut: not all of it was seen.  Writes only what is news. */
int baseline_read(struct store *st, const struct baseline *b, int64_t source, const char *kind,
	bool cut, int64_t now, struct err *e);

#endif
