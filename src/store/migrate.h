/*
 * migrate.h - numbered, append-only steps that bring a file's tables to what this program knows
 *
 * Private to store/.  The number is in the file's user_version.  Each step runs once, in a
 * transaction of its own; what was shipped is never edited, a change is a new step.
 */
#ifndef TOCSIN_STORE_MIGRATE_H
#define TOCSIN_STORE_MIGRATE_H

#include "store/db.h"

struct migration {
	int		number;		/* from 1, without gaps */
	const char	*const *sql;	/* statements in pieces, ended by NULL */
};

struct migrations {
	const struct migration	*items;
	size_t			n;
	int32_t			application_id;	/* of the file */
};

extern const struct migrations seen_migrations, record_migrations;

/* Mark a new, empty file as ours and give it its lasting properties.  Before migrate_run(). */
int migrate_new(struct db *db, const struct migrations *m, struct err *e);

/*
 * Refuses a file that is not ours or is newer.  An older one is brought up when may_write, else
 * refused.  Several processes may do this at once.
 */
int migrate_run(struct db *db, const struct migrations *m, bool may_write, struct err *e);

#endif
