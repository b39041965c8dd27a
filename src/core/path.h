/* path.h - where things are: XDG directories, our own data, whole files */
#ifndef TOCSIN_PATH_H
#define TOCSIN_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "core/err.h"
#include "core/strbuf.h"

/*
 * The caller frees each; name NULL is the directory itself.  XDG variables are honoured when
 * absolute; HOME falls back to passwd.
 */
char *path_config(const char *name);	/* $XDG_CONFIG_HOME/tocsin/NAME */
char *path_state(const char *name);	/* $XDG_STATE_HOME/tocsin/NAME */
char *path_cache(const char *name);	/* $XDG_CACHE_HOME/tocsin/NAME */
char *path_runtime(const char *name);	/* $XDG_RUNTIME_DIR/tocsin/NAME, else under the state */
char *path_system(const char *name);	/* SYSCONFDIR/tocsin/NAME */

/* What ships: connectors, runbooks, themes.  $TOCSIN_DATADIR, else PKGDATADIR. */
char *path_data(const char *folder, const char *name);

char *path_join(const char *dir, const char *name);	/* an absolute name wins; NULL: dir */
char *path_expand(const char *path, const char *relative_to);	/* "~/x"; relative to a directory */
char *path_dir(const char *path);
const char *path_base(const char *path);

/* Create dir and its parents with mode; an existing directory is fine. */
int path_make_dir(const char *dir, mode_t mode, struct err *e);

/* Append a whole regular file; refuses more than max_bytes (ERR_LIMIT); none: ERR_NOT_FOUND. */
int path_read(struct strbuf *out, const char *file, size_t max_bytes, struct err *e);

/* Write beside, fsync, rename: never half a file. */
int path_write(const char *file, const void *data, size_t n, mode_t mode, struct err *e);

/* Names in dir that end in suffix, sorted, without "." files; a missing directory is empty. */
int path_list(char ***out, size_t *n, const char *dir, const char *suffix, struct err *e);
void path_list_free(char **names, size_t n);

/* True for NFS, CIFS, FUSE and the like, where SQLite's WAL cannot work. */
bool path_is_network(const char *path);

/* The file of this very program, to start it in another role; $TOCSIN_PROGRAM wins (tests). */
char *path_program(void);
/* The same from what the link says: what replaced a program that was upgraded while it ran. */
char *path_program_of(const char *link);

#endif
