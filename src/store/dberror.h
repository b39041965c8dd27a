/* dberror.h - what is wrong with a store file, in words and with a way out (private to store/) */
#ifndef TOCSIN_STORE_DBERROR_H
#define TOCSIN_STORE_DBERROR_H

#include "store/db.h"

/* From the connection's last error; handle NULL: out of memory.  Each returns -1. */
int dberror_set(struct err *e, enum db_file which, const char *path, sqlite3 *handle);

bool dberror_is_full(sqlite3 *handle);

int dberror_damaged(struct err *e, enum db_file which, const char *path, const char *detail);
int dberror_foreign(struct err *e, enum db_file which, const char *path);
int dberror_newer(struct err *e, enum db_file which, const char *path, int64_t has, int64_t knows);
int dberror_older(struct err *e, enum db_file which, const char *path);
int dberror_read_only(struct err *e, enum db_file which, const char *path);

#endif
