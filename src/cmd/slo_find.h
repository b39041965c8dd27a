/* slo_find.h - the objectives that a command's operand names: a file's, or one by its name */
#ifndef TOCSIN_SLO_FIND_H
#define TOCSIN_SLO_FIND_H

#include "cmd/cmd.h"
#include "signal/slo_file.h"
#include "store/series.h"

struct slo_found {
	struct arena	arena;
	struct problems	problems;
	struct slo_list	slos;
	struct slo_rows	rows;		/* how they stand; n 0 for a file, or without a store */
};

/*
 * FILE, or SERVICE/NAME: of a configured service's files, else as the store has it (recorded
 * ones, each group of one).  EXIT_FINE; EXIT_FINDING when a file has problems; else what went
 * wrong is reported.  Release it in any case.
 */
int slo_find(struct slo_found *out, struct cmd *c, const char *what);
void slo_found_release(struct slo_found *f);

/* How one of them stands, or NULL. */
const struct slo_state *slo_found_state(const struct slo_found *f, const struct slo *slo);

/* Append the SLOs of all files of the services, once each. */
void slo_configured(struct slo_list *out, struct arena *a, const struct config *config,
	struct problems *p);

/* "list" as a JSON array of {file, line, column, message, hint}. */
void slo_problems_json(struct json *to, const struct problems *p);

#endif
