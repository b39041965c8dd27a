/*
 * read_fetch.h - one request of a read with its pages, and the requests for the items of its
 * answers; for read*.c alone
 */
#ifndef TOCSIN_READ_FETCH_H
#define TOCSIN_READ_FETCH_H

#include "net/paging.h"
#include "net/read.h"
#include "net/reply.h"
#include "net/request.h"

struct fetch {
	struct fetch		*next, **link;	/* among all of the read */
	struct read		*read;
	struct fetch		*parent;	/* NULL: the read's own request */
	size_t			level;		/* 0, or the stage's number from 1 */
	struct json		*values;	/* owned: the read's, the items above, cursor, answer */
	struct paging		paging;
	struct request_making	*making;
	struct request		request;
	struct digest		key;		/* of the request, for kept answers */
	unsigned		sent, ticket, timer;
	struct reply_checking	*checking;
	struct http_answer	answer;		/* its headers and status */
	struct strbuf		input;		/* the answer, as programs see it */
	struct json		**items;	/* owned: that wait for their requests */
	size_t			n_items, next_item, running;
	int			tries;		/* of this page, after the server asked to wait */
	bool			more, from_kept;
	struct err		failed;		/* told on the next turn */
};

struct read {
	struct read_spec	spec;
	struct json		*values;	/* owned */
	char			*part;		/* owned: "read versions" */
	read_record_fn		*fn;
	read_done_fn		*done;
	void			*ctx;
	struct fetch		*fetches;	/* all that live */
	size_t			*taken, *running;	/* by level: items so far, and under way */
	struct read_result	result;
	char			*dropped_why, *incomplete;	/* owned */
	struct err		first;		/* of the items that failed */
	bool			used;		/* an answer gave records or items */
	int			programs_failed;
	bool			stopped;	/* nothing more is asked */
};

/* --- read.c --- */

/* All is over; frees r.  e NULL: well, or partly. */
void read_finish(struct read *r, const struct err *e);
void read_incomplete(struct read *r, const char *why);	/* the first reason counts */
void read_take(struct read *r, const struct json *results);

/* True: it is what was seen last, and has been ended. */
bool read_is_unchanged(struct read *r, const struct fetch *f);
void read_forget_seen(struct read *r);

/* --- read_fetch.c --- */

struct fetch *fetch_new(struct read *r, struct fetch *parent, struct json *values);
void fetch_start(struct fetch *f);	/* the page at which its paging stands; ends nothing */
void fetch_free(struct fetch *f);	/* cancels what is under way */
const struct connector_request *fetch_request(const struct fetch *f);
const struct connector_page *fetch_page(const struct fetch *f);

/*
 * Err e ended it: the item is left out, or the read is incomplete or over.  That happens on the
 * next turn of the loop, so that nothing is freed under those who called.
 */
void fetch_fail(struct fetch *f, const struct err *e);

/* --- read_use.c: from an answer to records or items, and to the next page --- */

void fetch_use(struct fetch *f);	/* f->input is the answer */
void fetch_over(struct fetch *f);	/* all pages and items of it; frees f, perhaps the read */

#endif
