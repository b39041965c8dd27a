/*
 * record.h - the canonical observations that connectors and native readers emit
 *
 * Each kind is a plain struct whose first member is `const char *source`, described by a table
 * of fields: mapping, store, comparison and JSON output all read the table.
 * Unknown is NULL, NONE_INT or NAN, never 0 or "".  Times are ns since the epoch, UTC.
 */
#ifndef TOCSIN_RECORD_H
#define TOCSIN_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"

#define NONE_INT INT64_MIN

enum record_kind {
	REC_NONE,
	REC_MODEL_VERSION,
	REC_PROMPT_VERSION,
	REC_SERVING,
	REC_JOB_RUN,
	REC_FRESHNESS,
	REC_POINTER,
	REC_DRIFT_REPORT,
	REC_ALERT,
	REC_SILENCE,
	REC_PAGE,
	REC_ONCALL,
	REC_FLAG,
	REC_DEFINITION,
	REC_BUDGET,
	REC_SESSION,
	REC_SPAN,
	REC_KINDS,
};

enum field_type {
	FIELD_NONE,
	FIELD_TEXT,	/* const char * */
	FIELD_INT,	/* int64_t, NONE_INT unknown */
	FIELD_REAL,	/* double, NAN unknown */
	FIELD_TIME,	/* int64_t ns, NONE_INT unknown */
	FIELD_BOOL,	/* int64_t 0, 1, NONE_INT unknown */
	FIELD_JSON,	/* const char *: canonical JSON text (object or array) */
};

enum field_flags {
	FIELD_KEY = 1,	 /* identifies the object within its source */
	FIELD_STATE = 2, /* when it moves, that is a change a person wants to see */
	FIELD_QUIET = 4, /* moves all the time: updated in place, opens no new interval */
	FIELD_FREE = 8,	 /* text of any kind: "" is a value, other JSON is kept as its text */
	FIELD_PATH = 16, /* the one key field whose slashes stay as they are in record_key() */
};

struct field {
	const char	*name;	/* the JSON name, as in design: snake case with units */
	enum field_type	type;
	unsigned	flags;
	size_t		offset;
};

struct record_def {
	enum record_kind	kind;
	const char		*name;	/* "model_version" */
	const char		*title;	/* N_(): "model version" */
	size_t			size;
	const struct field	*fields;	/* fields[0] is source */
	size_t			n_fields;
	bool			interval;	/* kept as validity intervals; else upserted by key */
};

const struct record_def *record_def(enum record_kind kind);	/* NULL for REC_NONE */
enum record_kind record_kind_of(const char *name);		/* REC_NONE: no such kind */

/* Zeroed with every field unknown. */
void *record_new(struct arena *a, enum record_kind kind);

/*
 * From a JSON object with the table's names.  Times may be ISO 8601, s, ms, us or ns; "" (but for
 * FIELD_FREE), time 0 and null are unknown; numbers may stand as text and text as numbers.
 * Names that the table does not have are reported in *unknown (first one, borrowed from j, else
 * NULL) when not NULL.  Fails when a key field is missing or a value has the wrong type.
 */
int record_from_json(void *out, enum record_kind kind, const struct json *j, struct arena *a,
	const char **unknown, struct err *e);
struct json *record_to_json(const void *record, enum record_kind kind);

/*
 * "checkout-ranker/production": the key fields but source, joined.  Appended.  In all but the one
 * that is marked FIELD_PATH "/" becomes "%2F" and "%" "%25", so that no two objects share a key.
 */
void record_key(struct strbuf *out, const void *record, enum record_kind kind);

/* True when all fields with any of flags are equal (0: all fields). */
bool record_equal(const void *a, const void *b, enum record_kind kind, unsigned flags);

/* Deep copy into the arena. */
void *record_copy(struct arena *a, const void *record, enum record_kind kind);

#endif
