/*
 * read.h - one read of a connector: requests, pages, stages, mapping to records
 *
 * What is in memory: one page of each request under way, and the items that wait for theirs.
 * Records go to the caller page by page.
 */
#ifndef TOCSIN_READ_H
#define TOCSIN_READ_H

#include "core/digest.h"
#include "core/loop.h"
#include "net/connector.h"
#include "net/http.h"
#include "net/kept.h"
#include "net/map.h"
#include "net/rate.h"

struct read;

/* How the caller sends requests: it counts, limits and cancels them.  A handle, never 0. */
typedef unsigned read_send_fn(void *io, const struct http_request *req, http_fn *fn, void *ctx);
typedef void read_unsend_fn(void *io, unsigned handle);	/* fn is not called any more */

/* What the read saw last; for one that has one answer.  Zeroed: nothing. */
struct read_seen {
	bool		known;
	struct digest	answer;		/* what was mapped when it went well */
	struct digest	latest;		/* of this time; read_seen_keep() makes it `answer` */
	bool		has_latest;
	size_t		records;
};

/* What came of it has been taken over: the same answer need not be mapped again. */
void read_seen_keep(struct read_seen *s, size_t records);

struct read_spec {
	const struct connector		*connector;
	const struct connector_read	*read;
	const struct source_conf	*conf;		/* as connector_source() made it */
	const struct json		*values;	/* read_values() */
	struct loop			*loop;
	struct map			*map;
	read_send_fn			*send;
	read_unsend_fn			*unsend;
	void				*io;
	struct kept			*kept;		/* NULL: every answer is asked for */
	struct rate			*rate;		/* NULL: no limit */
	struct read_seen		*seen;		/* NULL: always mapped */

	/* Each answer and each output as they come, for those who write a connector; or NULL. */
	void (*watch)(void *io, const struct http_request *req, const char *input, size_t n);
	void (*dropped)(void *io, const struct json *output, const struct err *why);
};

struct read_result {
	size_t		records, dropped, answers;
	const char	*dropped_why;	/* the first record that did not fit, in words; or NULL */
	const char	*incomplete;	/* why something is missing, in words; NULL: all was read */
	const char	*fallback;	/* the path is not there: use this read; or NULL */
	bool		unchanged;	/* the same answer as before: no record was made of it */
	int		status;		/* of the request that failed; 0: none */
};

/* record is of the kind's struct type, borrowed for the call. */
typedef void read_record_fn(void *ctx, enum record_kind kind, const void *record);
typedef void read_done_fn(void *ctx, const struct read_result *r, const struct err *e);

/*
 * fn and done are called from the loop, never before this returns; done once, last.  All in spec
 * but values must live on.
 */
struct read *read_start(const struct read_spec *spec, read_record_fn *fn, read_done_fn *done,
	void *ctx);
void read_cancel(struct read *r);	/* no callback follows; frees; NULL is fine */

/*
 * {"source","now","since","object"}, times as ISO 8601, and the connector's options; since
 * NONE_INT: history_ns before now.  NULL with e when an option is wrong.
 */
struct json *read_values(const struct connector *c, const struct connector_read *read,
	const struct source_conf *conf, int64_t now, int64_t succeeded, const char *object,
	struct err *e);

#endif
