/* read.h - one read of a connector: request, pages, mapping to records */
#ifndef TOCSIN_READ_H
#define TOCSIN_READ_H

#include "net/connector.h"
#include "net/http.h"
#include "net/map.h"

struct read;

/* How the caller sends requests: it counts, limits and cancels them. */
typedef void read_send_fn(void *io, const struct http_request *req, http_fn *fn, void *ctx);

struct read_spec {
	const struct connector		*connector;
	const struct connector_read	*read;
	const struct source_conf	*conf;		/* as connector_source() made it */
	const struct json		*values;	/* $since, $now, $object ... (read.c lists them) */
	struct map			*map;
	read_send_fn			*send;
	void				*io;
};

struct read_result {
	size_t		records, dropped, pages;
	const char	*dropped_why;	/* the first record that did not fit, in words; or NULL */
	bool		cut;		/* the page limit ended it */
	const char	*fallback;	/* the path is not there: use this read; or NULL */
};

/* record is of the kind's struct type, borrowed for the call. */
typedef void read_record_fn(void *ctx, enum record_kind kind, const void *record);
typedef void read_done_fn(void *ctx, const struct read_result *r, const struct err *e);

/*
 * fn and done are called from the loop; done once, last.  All in spec but values must live on.
 * NULL: the request could not be made; done has been called already.
 */
struct read *read_start(const struct read_spec *spec, read_record_fn *fn, read_done_fn *done,
	void *ctx);
void read_cancel(struct read *r);	/* no callback follows; frees */

/* {"source","now","since","object"} with times as ISO 8601; since NONE_INT: history_ns before now. */
struct json *read_values(const struct connector_read *read, const char *source, int64_t now,
	int64_t succeeded, const char *object);

/* Refuses a 200 that is a login page: not JSON.  0, or -1 with words. */
int read_answer_check(const struct http_answer *a, const char *url, struct err *e);

#endif
