/*
 * The pipelines' own small API:
 *   GET  /pipelines/v1/datasets            when each was loaded
 *   GET  /pipelines/v1/runs                newest first
 *   POST /pipelines/v1/jobs/NAME/run       load again, now
 */
#include "config.h"
#include "lab/request.h"

#include <inttypes.h>
#include <stdlib.h>

static void get_datasets(struct answer *a, struct lab *lab, struct request *q)
{
	const struct platform *p = lab->platform;
	struct json *list = json_array();

	(void)q;
	for (size_t i = 0; i < p->n_pipelines; i++) {
		const struct pipeline *pl = &p->pipelines[i];
		struct json *j = json_add_object(list, NULL);

		json_add_text(j, "dataset", pl->conf->name);
		json_add_text(j, "pipeline", pl->conf->pipeline);
		json_add_time(j, "loaded", pl->loaded);
		json_add_real(j, "expected_every_s", (double)pl->every_ns / NS_PER_S);
		json_add_int(j, "rows", pl->rows);
		json_add_text(j, "state", pipeline_is_late(pl) ? "late" : "ok");
	}
	answer_json_take(a, 200, list);
}

static struct json *run_json(const struct pipeline *p, const struct job_run *run)
{
	struct json *j = json_object();
	char *id = mem_format("%s-%" PRId64, p->conf->pipeline, run->number);

	json_add_text(j, "pipeline", p->conf->pipeline);
	json_add_text(j, "run", id);
	json_add_text(j, "state", run_state_name(run->state));
	json_add_text(j, "started_by", run->by_hand ? "hand" : "schedule");
	json_add_time(j, "started", run->started);
	json_add_time(j, "ended", run->ended ? run->ended : INT64_MIN);
	json_add_text(j, "error",
		run->state == RUN_FAILED ? "upstream has not delivered: no new rows"
					 : NULL);
	free(id);
	return j;
}

static void get_runs(struct answer *a, struct lab *lab, struct request *q)
{
	const struct platform *p = lab->platform;
	struct json *list = json_array();

	(void)q;
	for (size_t i = 0; i < p->n_pipelines; i++)
		for (size_t k = p->pipelines[i].n; k-- > 0;)
			json_add(list, NULL,
				run_json(&p->pipelines[i], &p->pipelines[i].runs[k]));
	answer_json_take(a, 200, list);
}

static void post_run(struct answer *a, struct lab *lab, struct request *q)
{
	struct pipeline *pl = platform_pipeline(lab->platform, q->segments[0]);
	struct err e = ERR_INIT;
	struct json *j;

	if (!pl) {
		plain_refuse(a, q, 404);
	} else if (pipeline_run(pl, lab->platform->now, &e)) {
		j = json_object();
		json_add_text(j, "error", e.what);
		answer_json_take(a, 409, j);
		err_release(&e);
	} else {
		answer_json_take(a, 200, run_json(pl, &pl->runs[pl->n - 1]));
	}
}

const struct route pipeline_routes[] = {
	{"GET", "/v1/datasets", get_datasets},
	{"GET", "/v1/runs", get_runs},
	{"POST", "/v1/jobs/{}/run", post_run},
	{0},
};
