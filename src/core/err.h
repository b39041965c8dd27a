/*
 * err.h - why something failed, in words for the person on call
 *
 * A function that can fail returns 0 or -1 and takes struct err *e last; e is never NULL and is
 * untouched on success.  what is a whole sentence, translated, without newline or full stop.
 */
#ifndef TOCSIN_ERR_H
#define TOCSIN_ERR_H

#include <stddef.h>

#include "core/mem.h"

enum err_code {
	ERR_NONE,
	ERR_INPUT,	/* what a person or a file gave is wrong */
	ERR_NOT_FOUND,
	ERR_DENIED,	/* permissions, read-only, not approved */
	ERR_AUTH,	/* the backend refuses our credentials */
	ERR_NET,	/* could not be reached, timed out, broke off */
	ERR_BACKEND,	/* answered, and not with what its API promises */
	ERR_CONFLICT,	/* no longer what the plan saw; held by another */
	ERR_STORE,	/* the store is missing, damaged, newer, full */
	ERR_LIMIT,	/* too large, too deep, too many */
	ERR_SYSTEM,	/* an operating-system call failed */
	ERR_CODES,
};

/* When the same request may succeed: what a poller decides by. */
enum err_retry { RETRY_NEVER, RETRY_LATER, RETRY_NOW };

struct err {
	enum err_code	code;
	enum err_retry	retry;
	char		*what;	/* owned; never NULL once set */
	char		*where;	/* owned; NULL, or "file:line:column" or a URL without secrets */
	char		*hint;	/* owned; NULL, or what to do */
};

#define ERR_INIT {0}

void err_init(struct err *e);
void err_release(struct err *e);
void err_clear(struct err *e);

/* Set code and what; replaces what was there; returns -1 for the caller to return. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...) PRINTF(3, 4);
int err_errno(struct err *e, int error_number, const char *fmt, ...) PRINTF(3, 4);

/* Add to an error that is set; each returns -1. */
int err_where(struct err *e, const char *fmt, ...) PRINTF(2, 3);
int err_hint(struct err *e, const char *fmt, ...) PRINTF(2, 3);
int err_retry(struct err *e, enum err_retry retry);

/* Put words before what: "cannot read the SLO: " and so on. */
int err_prefix(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* "what (where). hint", for a line of text.  The caller frees. */
char *err_text(const struct err *e);
const char *err_code_name(enum err_code code);

/* Move from into to; from is as after err_init. */
void err_move(struct err *to, struct err *from);

/* For callbacks that lend their error; returns -1.  from must be set. */
int err_copy(struct err *to, const struct err *from);

/* All that is wrong with one document, not the first thing only. */
struct problem {
	int	line, column;	/* from 1; 0: the whole document */
	char	*message;	/* owned */
	char	*hint;		/* owned, or NULL */
	char	*file;		/* owned, or NULL: problems.file when it was added */
};

struct problems {
	char		*file;	/* owned, or NULL; see problems_in() */
	struct problem	*items;	/* owned */
	size_t		n, cap;
};

void problems_init(struct problems *p, const char *file);
void problems_release(struct problems *p);

/* What is added from now on is wrong in this file. */
void problems_in(struct problems *p, const char *file);

/* At most 100 are kept; returns -1. */
int problems_add(struct problems *p, int line, int column, const char *fmt, ...) PRINTF(4, 5);
int problems_hint(struct problems *p, const char *fmt, ...) PRINTF(2, 3);	/* to the last one */

/* The first problem as an error with where set; returns -1, or 0 if there is none. */
int problems_err(const struct problems *p, struct err *e);

#endif
