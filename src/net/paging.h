/*
 * paging.h - where the next page is: seven kinds, and what makes them end
 *
 * Pure; the caller runs the program that paging_program() gives.
 */
#ifndef TOCSIN_NET_PAGING_H
#define TOCSIN_NET_PAGING_H

#include "net/answer.h"
#include "net/connector_request.h"

/* One sequence of pages while it is read. */
struct paging {
	const struct connector_page	*page;		/* kind PAGE_NONE: one page */
	char				*cursor;	/* owned; NULL: the first page */
	char				*url;		/* owned: of the next page; NULL: as the first */
	char				*marked;	/* owned: an earlier cursor, met again in a ring */
	int64_t				at;		/* PAGE_OFFSET, PAGE_NUMBER */
	int64_t				pages;		/* read so far */
	bool				restarted;
};

enum paging_next {
	PAGING_END,
	PAGING_MORE,
	PAGING_CUT,	/* the limit, or a cursor that comes again */
};

void paging_init(struct paging *p, const struct connector_page *page);
void paging_release(struct paging *p);
void paging_restart(struct paging *p);	/* from the first page on */

/*
 * The program that has to run on each answer, with the line of its text; false: none.  The text
 * is appended.
 */
bool paging_program(const struct connector_page *page, struct strbuf *text, struct jq *which);

/*
 * Go on after a page: results are those of the program (NULL: none was needed), url is what was
 * asked.  ERR_BACKEND when the next URL is of another server.
 */
int paging_next(enum paging_next *out, struct paging *p, const struct json *results,
	const struct http_answer *a, const char *url, struct err *e);

/* The parameters of the page: offset, number, cursor, limit; each value is a literal or $cursor. */
size_t paging_query(const struct paging *p, struct pair out[2], char digits[24]);

/* The value of $cursor; NULL on the first page, but for a counted one. */
struct json *paging_cursor(const struct paging *p);

#endif
