/*
 * reader.h - what reads one type of source, and one round of reading
 *
 * To add a native reader: write src/poll/TYPE.c with a const struct reader, declare it below, add
 * its row in reader.c.  A type without a row is read by the connector engine.
 */
#ifndef TOCSIN_POLL_READER_H
#define TOCSIN_POLL_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/loop.h"
#include "model/config.h"
#include "net/http.h"
#include "net/map.h"
#include "store/source.h"
#include "store/store.h"

enum round_reason {
	ROUND_NONE,
	ROUND_FULL,		/* read everything: at first contact, and every while */
	ROUND_INCREMENTAL,	/* what moves, since the last success */
	ROUND_WANT,		/* serve `want`, and nothing else */
};

/*
 * One round of one source.  The reader's begin() starts requests with round_request() and
 * returns; callbacks go on; exactly one round_end() ends it.  A round that takes too long is
 * ended by the collector: its requests are cancelled, then cancel() is called.
 */
struct round {
	/* borrowed, for the reader to use */
	const struct source_conf	*conf;
	const struct config		*config;
	const struct context_conf	*context;	/* NULL: all sources */
	struct store			*store;
	struct loop			*loop;
	struct http			*http;
	struct map			*map;	/* the jq worker, one for the collector */
	void				*state;	/* the reader's for this source: reader.size bytes */
	struct arena			*arena;	/* of this round */
	enum round_reason		reason;
	const struct want		*want;	/* with ROUND_WANT */
	int64_t				now;	/* wall clock at the beginning */
	int64_t				deadline_mono;
	int64_t				succeeded;	/* the last success; NONE_INT: first contact */
	int64_t				source_id, generation;
	bool				once;	/* tocsin poll --once: do not put work off */
	void				*scratch;	/* the reader's for this round */

	/* what came of it, for the reader to fill */
	int64_t				records;
	const char			*version;	/* what the backend says it is (arena) */
	const char			*partial;	/* why something is missing (arena); NULL */
};

struct probe {
	const char	*version;	/* arena; NULL: not said */
	const char	*detail;	/* arena; "112 targets, keeps 15d" */
	int64_t		latency_ns;
};

struct reader {
	const char	*type;
	size_t		size;		/* of its state for one source; zeroed */
	unsigned	parallel;	/* requests in flight at most; 0: 1.  Each costs a connection */
	void		(*begin)(struct round *r);
	void		(*cancel)(struct round *r);	/* NULL: nothing to do */
	void		(*forget)(void *state);		/* release what state owns; NULL: nothing */
	bool		(*serves)(const struct want *w);	/* besides "refresh"; NULL: none */

	/* For tocsin check --connect; blocks. */
	int		(*probe)(struct probe *out, const struct source_conf *conf, struct arena *a,
				struct err *e);
	const char	*reads;		/* N_(): "alerts and silences" */
};

extern const struct reader reader_prometheus, reader_alertmanager, reader_metrics;
extern const struct reader reader_evidently, reader_files;
extern const struct reader reader_connector;	/* of every type that a connector describes */

const struct reader *reader_for(const char *type);	/* never NULL */

/*
 * Start a request of this round with the source's credentials; at most reader.parallel are in
 * flight, the rest wait their turn.  fn is not called once the round has ended.  Everything in
 * req but source is copied.  A web page that comes with 200 is an error: of a login.
 */
typedef void round_fn(struct round *r, void *ctx, struct http_answer *a, const struct err *e);
void round_request(struct round *r, const struct http_request *req, round_fn *fn, void *ctx);

/* The same, not before delay_ns from now. */
void round_request_later(struct round *r, const struct http_request *req, int64_t delay_ns,
	round_fn *fn, void *ctx);

/* The same in http's own words, with a handle, never 0, to take it back by. */
unsigned round_send(struct round *r, const struct http_request *req, http_fn *fn, void *ctx);
void round_unsend(struct round *r, unsigned handle);	/* 0 and an ended one are fine */

/* e NULL: it went well (or partly, when r->partial is set).  r is gone afterwards. */
void round_end(struct round *r, const struct err *e);

/* Something is missing from what was read; the first reason is kept. */
void round_partial(struct round *r, const char *fmt, ...) PRINTF(2, 3);

#endif
