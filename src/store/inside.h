/* inside.h - what struct store is: for the files of store/ only */
#ifndef TOCSIN_STORE_INSIDE_H
#define TOCSIN_STORE_INSIDE_H

#include "store/db.h"
#include "store/place.h"
#include "store/store.h"

enum { TABLE_QUERIES = 22 };	/* at least table.h's number of them */

/* Where trimming is, from slice to slice: see trim.c. */
struct trim {
	int		phase;		/* 0: by age; then by size, one class of data after the other */
	size_t		stage;
	int64_t		cursor;		/* of the stage: the last series or objective done */
	int64_t		keep_ns;	/* by size: the age that goes now */
};

struct store {
	struct place	place;
	struct db	seen, record;
	int		lock_fd, reserve_fd;	/* -1: none */
	struct trim	trim;
	bool		trim_shrank;	/* pages were given back since the last write to the file */
	char		*sql[REC_KINDS][TABLE_QUERIES];	/* owned: generated, built when wanted */
	struct payload	*payload;	/* owned: compression contexts, made when wanted */
};

/* Mark as moved in the transaction that runs. */
void seen_touch(struct store *st, enum touch what);

/* One statement in a transaction of its own; touches only when it changed rows. */
int seen_run(struct store *st, enum touch what, const char *sql, struct err *e,
	const char *types, ...);

/*
 * The same on record.db.  When the disk is full the reserve is given up and it is tried again, so
 * that what we did is written down even then; fn may therefore run twice.
 */
typedef int record_fn(struct store *st, void *ctx, struct err *e);
int record_write(struct store *st, enum touch what, record_fn *fn, void *ctx, struct err *e);
int record_run(struct store *st, enum touch what, const char *sql, struct err *e,
	const char *types, ...);

#endif
