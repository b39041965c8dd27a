/*
 * gate.h - conditions on live signals, read from the store
 *
 * A gate waits until its condition holds, and goes on holding `for` a while, within a limit.
 * No data, too few events and stale data never pass.
 */
#ifndef TOCSIN_GATE_H
#define TOCSIN_GATE_H

#include "model/config.h"
#include "runbook/runbook.h"
#include "runbook/vars.h"
#include "store/store.h"

enum gate_kind { GATE_NONE, GATE_SLO, GATE_MODEL, GATE_ALERT, GATE_DRIFT, GATE_KINDS };

enum gate_op { OP_NONE, OP_LT, OP_LE, OP_GT, OP_GE, OP_EQ, OP_NE };

struct gate {
	enum gate_kind	kind;
	const char	*slo, *service;		/* service NULL: of the run */
	enum gate_op	burn_op;
	double		burn;
	int64_t		window_ns;		/* 0: the shortest that is evaluated */
	double		min_events;
	const char	*model;			/* the model's or the service's name */
	enum gate_op	version_op;
	const char	*version;
	const char	*alert;			/* its name */
	bool		alert_firing;		/* state: firing or gone */
	const char	*drift, *feature;	/* the dataset; "*": all of it */
	enum gate_op	value_op;		/* OP_NONE: the check's own verdict */
	double		value;
	int64_t		hold_ns, within_ns;
};

enum gate_verdict { VERDICT_NONE, VERDICT_HOLDS, VERDICT_NOT, VERDICT_NO_DATA, VERDICT_STALE };
const char *gate_verdict_name(enum gate_verdict v);

struct gate_reading {
	enum gate_verdict	verdict;
	double			value;	/* NAN: none */
	char			text[256];	/* for people: "burn over 5m is 3.2, wanted < 1" */
};

/*
 * From the fence's YAML; "$NAME" is resolved when vars is not NULL.  Texts are in a.  What cannot
 * be checked here (promql, session) is a problem in clear words, not a gate that fails.
 */
int gate_parse(struct gate *out, const char *s, const struct vars *vars, int line, struct arena *a,
	struct problems *p);

/* One look at the store. */
int gate_look(struct gate_reading *out, const struct gate *g, const struct config *c,
	const char *service, struct store *st, int64_t now, struct err *e);

/* --- holding over time: pure --- */

struct gate_hold {
	int64_t	began;		/* of waiting */
	int64_t	holds_since;	/* NONE_INT: does not hold */
};

enum gate_end { GATE_WAITS, GATE_PASSED, GATE_TOO_LATE };

void gate_hold_init(struct gate_hold *h, int64_t now);
enum gate_end gate_hold(struct gate_hold *h, const struct gate *g, enum gate_verdict v,
	int64_t now);

#endif
