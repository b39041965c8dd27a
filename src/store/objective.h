/* objective.h - the row that stands for an SLO's name (private to store/) */
#ifndef TOCSIN_STORE_OBJECTIVE_H
#define TOCSIN_STORE_OBJECTIVE_H

#include "model/slo.h"
#include "store/inside.h"

/* Its id; created when missing and create, else NONE_INT.  source NULL: the first that has it. */
int objective_id(int64_t *out, struct store *st, const char *service, const char *name,
	const char *source, bool create, struct err *e);

/* The newest state at or before `at` into *out, whose names are left alone; at NONE_INT: none. */
int objective_state(struct slo_state *out, struct arena *a, struct store *st, int64_t objective,
	int64_t at, struct err *e);

#endif
