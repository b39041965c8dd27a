/* pipeline.h - datasets, the pipelines that load them on a schedule, and their runs */
#ifndef LAB_PIPELINE_H
#define LAB_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "lab/scenario.h"

#define PIPELINE_RUNS 32	/* kept of each pipeline */

enum run_state { RUN_RUNNING, RUN_OK, RUN_FAILED };
const char *run_state_name(enum run_state s);	/* "running", "ok", "failed" */

struct job_run {
	int64_t		number;		/* from 1 */
	enum run_state	state;
	bool		by_hand;
	int64_t		started, ended;	/* ended 0: not yet */
	int64_t		rows;		/* loaded; 0: none */
};

struct pipeline {
	const struct dataset_conf	*conf;		/* borrowed: from the scenario */
	struct job_run			runs[PIPELINE_RUNS];	/* oldest first */
	size_t				n;
	int64_t				count, failures;	/* of runs, ever */
	int64_t				every_ns, takes_ns;	/* wall clock */
	int64_t				loaded;		/* when data last arrived */
	int64_t				rows;
	int64_t				next;		/* when the schedule starts a run */
	int64_t				late_since;	/* data is missing since; 0: it is not */
	bool				arrived;	/* it is there now and not loaded yet */
};

/* As if it had run on schedule before `at`. */
void pipeline_begin(struct pipeline *p, const struct dataset_conf *conf, int64_t every_ns,
	int64_t takes_ns, int64_t at);

/* Upstream stops delivering: scheduled runs fail until a run by hand or pipeline_arrive(). */
void pipeline_hold(struct pipeline *p, int64_t at);

/* What was missing is there: the next run succeeds. */
void pipeline_arrive(struct pipeline *p, int64_t at);

/* Start a run now, which reloads what is missing.  ERR_CONFLICT: one is under way. */
int pipeline_run(struct pipeline *p, int64_t now, struct err *e);

void pipeline_step(struct pipeline *p, int64_t now);
bool pipeline_is_late(const struct pipeline *p);

#endif
