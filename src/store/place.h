/*
 * place.h - the store's directory and who may do what with the files in it (private to store/)
 *
 * Yours: 0600 in a directory of 0700.  Shared: a setgid directory that its group may write, with
 * files of 0660.  Files are complete before they get their name, so that nobody ever sees half a
 * one, and an empty one is always damage.
 */
#ifndef TOCSIN_STORE_PLACE_H
#define TOCSIN_STORE_PLACE_H

#include <stdbool.h>
#include <sys/types.h>

#include "store/db.h"
#include "store/migrate.h"

struct place {
	char	*dir;		/* owned */
	bool	shared;
	bool	write;		/* may create and change */
	mode_t	mode;		/* of its files */
	uid_t	uid;		/* the directory's: what root creates becomes theirs */
	gid_t	gid;
};

/* dir NULL: the default one.  Created when write and missing. */
int place_open(struct place *out, const char *dir, bool write, struct err *e);
void place_release(struct place *p);

/* Refuses a missing record.db beside an existing seen.db: an audit log is never begun anew. */
int place_check(const struct place *p, struct err *e);

/* Open one of the two, creating it when missing and allowed; brought up to our format. */
int place_open_db(struct db *out, const struct place *p, enum db_file which,
	const struct migrations *m, struct err *e);

/* Open (create) another file of the directory for reading and writing: a descriptor or -1. */
int place_open_file(const struct place *p, const char *name, struct err *e);

#endif
