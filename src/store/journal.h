/*
 * journal.h - runs, their steps, their output; the audit log's rows (record.db)
 *
 * Written before and after each step, with synchronous=FULL.
 */
#ifndef TOCSIN_STORE_JOURNAL_H
#define TOCSIN_STORE_JOURNAL_H

#include "core/digest.h"
#include "core/strbuf.h"
#include "store/store.h"

enum step_state {
	STEP_NONE, STEP_TODO, STEP_ASKING, STEP_RUNNING, STEP_OK, STEP_FAILED, STEP_TIMED_OUT,
	STEP_CANCELLED, STEP_UNKNOWN, STEP_SKIPPED, STEP_UNDONE, STEP_STATES,
};
const char *step_state_name(enum step_state s);	/* "todo", "timed-out", … */

struct run_row {
	const char	*id;		/* id_new() */
	const char	*runbook, *title, *file, *sha256;
	const char	*service, *context, *user;
	int64_t		started, ended;	/* ended NONE_INT: live */
	bool		dry_run, changing;
	const char	*vars;		/* JSON object, secrets masked */
	const char	*state;		/* running, done, failed, abandoned */
};

struct step_row {
	const char	*run;
	int64_t		n;		/* from 1, as in the runbook */
	const char	*name, *kind, *phase, *risk;
	enum step_state	state;
	int64_t		attempt;
	int64_t		started, ended;
	int64_t		exit_code;	/* NONE_INT: none */
	int64_t		pid;
	const char	*before_value, *after_value;	/* JSON: an action's; what a step put out */
	const char	*how;		/* how it was confirmed: "key", "type", "yes-to change" */
	const char	*note, *error;
	int64_t		output_bytes;
};

struct run_list { struct run_row *items; size_t n; bool more; };
struct step_list { struct step_row *items; size_t n; };

/* ERR_CONFLICT, naming the holder, when a changing run on the service is live. */
int run_create(struct store *st, const struct run_row *run, struct err *e);
int run_update(struct store *st, const char *id, const char *state, int64_t ended, struct err *e);
int run_vars(struct store *st, const char *id, const char *vars, struct err *e);
int run_list(struct run_list *out, struct arena *a, struct store *st, bool live_only,
	int64_t at, size_t limit, struct err *e);	/* newest first */
int run_find(struct run_row *out, struct arena *a, struct store *st, const char *id,
	struct err *e);

/* Upsert by run and n; output_bytes is what step_output_add() saw, and not written. */
int step_put(struct store *st, const struct step_row *step, struct err *e);
int step_list(struct step_list *out, struct arena *a, struct store *st, const char *run,
	struct err *e);

/*
 * Output in chunks: the first and last megabyte of a step are kept.  at_byte is where data stands
 * in the whole output: a flood's middle may be left out by the writer.  step_output() begins
 * with the first kept byte at or after from_byte, says in *at where that stands (at NULL: not
 * wanted), and ends at a gap.  New attempts of a step begin with step_output_clear().
 */
int step_output_add(struct store *st, const char *run, int64_t n, int64_t at_byte,
	const void *data, size_t bytes, struct err *e);
int step_output(struct strbuf *out, int64_t *at, struct store *st, const char *run, int64_t n,
	int64_t from_byte, size_t max_bytes, struct err *e);
int step_output_clear(struct store *st, const char *run, int64_t n, struct err *e);

/* A request to a step's own supervisor: "cancel", "kill". */
int step_request(struct store *st, const char *run, int64_t n, const char *what, const char *who,
	int64_t now, struct err *e);
int step_requested(char **out, struct store *st, const char *run, int64_t n, struct err *e);

/*
 * The byte lock that a step's supervisor holds while it lives: 1 got it, 0 held by another, -1
 * error.  Freed by store_free() or by death.  step_locked(): does another process hold it?
 */
int step_lock(struct store *st, const char *run, int64_t n, struct err *e);
bool step_locked(struct store *st, const char *run, int64_t n);

/* --- audit --- */

struct audit_row {
	int64_t		seq;		/* from 1, without gaps */
	int64_t		at;
	const char	*entry;		/* canonical JSON, whose SHA-256 chain is record/chain's */
	struct digest	prev, hash;
};

struct audit_list { struct audit_row *items; size_t n; bool more; };

/*
 * One transaction: read the newest row, let `make` fill the next one's entry and hashes, insert.
 * The first one's last is seq 0 with zero hashes.  make may run twice.  Durable when it returns.
 */
typedef int audit_make_fn(void *ctx, const struct audit_row *last, struct audit_row *next,
	struct arena *a, struct err *e);
int audit_append(struct store *st, audit_make_fn *make, void *ctx, int64_t *seq, struct err *e);
int audit_list(struct audit_list *out, struct arena *a, struct store *st, int64_t from_seq,
	size_t limit, struct err *e);		/* upwards from from_seq */
int audit_newest(struct audit_list *out, struct arena *a, struct store *st, int64_t before_seq,
	size_t limit, struct err *e);		/* downwards; before_seq AT_NOW: from the top */
int64_t audit_count(struct store *st);

struct checkpoint_row {
	int64_t		size, at;
	const char	*note;		/* the signed text */
	const char	*signer;	/* key fingerprint; NULL: unsigned */
};
int checkpoint_add(struct store *st, const struct checkpoint_row *c, struct err *e);
int checkpoint_list(struct checkpoint_row **out, size_t *n, struct arena *a, struct store *st,
	struct err *e);

#endif
