#include "config.h"
#include "lab/pipeline.h"

#include <string.h>

#include "core/i18n.h"

const char *run_state_name(enum run_state s)
{
	static const char *const names[] = {"running", "ok", "failed"};

	return names[s];
}

static struct job_run *start(struct pipeline *p, int64_t at, bool by_hand)
{
	struct job_run *run;

	if (p->n == PIPELINE_RUNS) {
		memmove(&p->runs[0], &p->runs[1],
			(PIPELINE_RUNS - 1) * sizeof(p->runs[0]));
		p->n--;
	}
	run = &p->runs[p->n++];
	*run = (struct job_run){.number = ++p->count, .started = at, .by_hand = by_hand};
	return run;
}

static struct job_run *under_way(struct pipeline *p)
{
	struct job_run *run = p->n ? &p->runs[p->n - 1] : NULL;

	return run && run->state == RUN_RUNNING ? run : NULL;
}

static void finish(struct pipeline *p, struct job_run *run, int64_t at)
{
	run->ended = at;
	run->state = p->late_since && !run->by_hand && !p->arrived ? RUN_FAILED : RUN_OK;
	if (run->state == RUN_FAILED) {
		p->failures++;
		return;
	}
	run->rows = p->conf->rows;
	p->loaded = at;
	p->rows = run->rows;
	p->late_since = 0;
	p->arrived = false;
}

void pipeline_begin(struct pipeline *p, const struct dataset_conf *conf, int64_t every_ns,
	int64_t takes_ns, int64_t at)
{
	const int past = 3;

	if (takes_ns > every_ns / 2)
		takes_ns = every_ns / 2;
	*p = (struct pipeline){.conf = conf, .every_ns = every_ns, .takes_ns = takes_ns};
	for (int i = past; i > 0; i--) {
		int64_t started = at - i * every_ns + every_ns / 4;

		finish(p, start(p, started, false), started + takes_ns);
	}
	p->next = p->runs[p->n - 1].started + every_ns;
}

void pipeline_hold(struct pipeline *p, int64_t at)
{
	if (!p->late_since)
		p->late_since = at;
	p->arrived = false;
	/* Show the failure soon: the run that finds nothing starts now. */
	if (p->next > at && !under_way(p))
		p->next = at;
}

void pipeline_arrive(struct pipeline *p, int64_t at)
{
	if (!p->late_since || p->arrived)
		return;
	p->arrived = true;
	if (!under_way(p))
		p->next = at;
}

int pipeline_run(struct pipeline *p, int64_t now, struct err *e)
{
	if (under_way(p))
		return err_set(e, ERR_CONFLICT, _("a run of '%s' is under way"),
			p->conf->pipeline);
	start(p, now, true);
	return 0;
}

void pipeline_step(struct pipeline *p, int64_t now)
{
	for (;;) {
		struct job_run *run = under_way(p);

		if (run && now >= run->started + p->takes_ns) {
			finish(p, run, run->started + p->takes_ns);
		} else if (!run && now >= p->next) {
			start(p, p->next, false);
			p->next += p->every_ns;
		} else {
			return;
		}
	}
}

bool pipeline_is_late(const struct pipeline *p)
{
	return p->late_since != 0;
}
