/*
 * platform.h - the practice platform: services under traffic, and what goes wrong with them
 *
 * Time goes in steps of STEP_NS of wall clock, so that the same seed gives the same numbers
 * however it is driven.  Scenario time is wall-clock time since `epoch` times speed.  Nothing
 * here knows sockets, or reads anything that the console writes.
 */
#ifndef LAB_PLATFORM_H
#define LAB_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/clock.h"
#include "core/err.h"
#include "lab/meter.h"
#include "lab/pager.h"
#include "lab/pipeline.h"
#include "lab/prompts.h"
#include "lab/registry.h"
#include "lab/ring.h"
#include "lab/rng.h"
#include "lab/rollout.h"
#include "lab/scenario.h"
#include "lab/story.h"
#include "lab/traits.h"

#define STEP_NS (250 * NS_PER_MS)

struct platform_conf {
	const struct scenario	*scenario;	/* borrowed */
	const char		*cause;		/* NULL: as the seed says */
	uint64_t		seed;
	double			speed;
	int64_t			start;		/* wall clock at which it is handed over */
	int64_t			elapsed_ns;	/* of the wall clock, that the scenario is then old */
	int64_t			history_ns;	/* what the counters counted before */
};

struct lab_service {
	const struct lab_service_conf	*conf;
	struct rollout			rollout;
	struct meter			meter;
	struct traits			traits;
	struct ring			ring;
	struct storybook		*book;		/* owned; NULL: no agent */
	struct pipeline			*pipeline;	/* borrowed; NULL: needs no data */
	double				phase;		/* of its day */
	double				due;		/* sessions that should have begun */
	int64_t				prompt_from, prompt_to, prompt_moved;
};

struct platform {
	const struct scenario	*sc;		/* borrowed */
	const struct cause_conf	*cause;		/* borrowed */
	size_t			where;		/* the cause's service */
	double			speed;
	uint64_t		seed;
	int64_t			born;		/* when the counters were 0 */
	int64_t			epoch, now;
	int64_t			next_look;	/* at the alerts */
	struct rng		rng;
	struct registry		registry;
	struct prompts		prompts;
	struct lab_service	*services;	/* owned; as the scenario lists them */
	size_t			n_services;
	struct pipeline		*pipelines;	/* owned */
	size_t			n_pipelines;
	struct pager		pager;
	struct talks		talks;
	bool			moved_decoy, began, ended;
};

int platform_new(struct platform **out, const struct platform_conf *conf, struct err *e);
void platform_free(struct platform *p);

/* Go on to this moment of the wall clock, in steps. */
void platform_run(struct platform *p, int64_t now);

/* Scenario time to and from the wall clock. */
int64_t platform_scenario_ns(const struct platform *p, int64_t at);
int64_t platform_wall_ns(const struct platform *p, int64_t scenario_ns);	/* a span of time */

/* Burn rate over a window of scenario time; NAN without traffic. */
double platform_burn(const struct platform *p, size_t service, int64_t window_ns);

struct lab_service *platform_service(const struct platform *p, const char *name);
struct pipeline *platform_pipeline(const struct platform *p, const char *name);

/* Share of the service's traffic that already runs the prompt its label points at. */
double platform_prompt_share(const struct platform *p, const struct lab_service *s);

/* The version that most of its traffic sees; 0: it has no prompt. */
int64_t platform_prompt_version(const struct platform *p, const struct lab_service *s);

#endif
