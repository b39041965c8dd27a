/*
 * drill.h - an evening of changes by seed: one of them (or none) is why a service burns
 *
 * Twelve services in eight sources.  Fifty changes are harmless, by what they are (another
 * service's, a description, a canary with a hundredth of the traffic, long ago) and not by how
 * they are written; they go through the same rounds of polling as the cause does.
 */
#ifndef TOCSIN_TESTS_DRILL_H
#define TOCSIN_TESTS_DRILL_H

#include "lab/rng.h"
#include "model/config.h"
#include "model/pipeline.h"
#include "model/record.h"
#include "model/registry.h"

#define DRILL_SERVICES 12
#define DRILL_SOURCES 8
#define DRILL_EVENTS 128
#define DRILL_ROWS 256
#define DRILL_HARMLESS 50

enum drill_source {
	AT_MLFLOW, AT_KSERVE, AT_LANGFUSE, AT_UNLEASH, AT_PIPELINES, AT_GIT, AT_GATEWAY, AT_DRIFT,
};

/* One move: the text or number of one row becomes another, or the row appears. */
struct move {
	int64_t			at;
	enum record_kind	kind;
	size_t			row;
	const char		*field;		/* NULL: it appears */
	const char		*text;		/* of a text field; else real */
	double			real;
};

struct drill {
	struct arena		arena;		/* owned */
	struct rng		rng;
	struct config		config;		/* in the arena */
	const struct service_conf *burning;
	int64_t			begins, onset;
	int64_t			blind_from, blind_to;	/* one source is not read; 0: all are */
	enum drill_source	blind;
	void			*rows[REC_KINDS];	/* DRILL_ROWS of each kind */
	bool			there[REC_KINDS][DRILL_ROWS];
	size_t			n_rows[REC_KINDS];
	struct move		moves[DRILL_EVENTS];
	size_t			n_moves;
	int64_t			every[DRILL_SOURCES], phase[DRILL_SOURCES];

	/* what did it; kind REC_NONE: nothing */
	enum record_kind	cause;
	const char		*object, *after;	/* as the change says */
	int64_t			caused;
	bool			closer;		/* a harmless one lies between it and the onset */
};

void drill_new(struct drill *d, uint64_t seed, bool has_cause, int64_t begins);
void drill_release(struct drill *d);

const char *drill_source_name(enum drill_source s);
enum drill_source drill_source_of(const struct drill *d, enum record_kind kind, size_t row);

/* Make the move: the row is then what its source says. */
void drill_apply(struct drill *d, const struct move *m);

#endif
