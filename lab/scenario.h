/*
 * scenario.h - a practice platform as a file: services, timing, and what may go wrong
 *
 * Times are scenario time: at --speed 10 ten seconds of it pass in one.  lab/scenarios/retail.yaml
 * explains every key.
 */
#ifndef LAB_SCENARIO_H
#define LAB_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/yaml.h"

#define SCENARIO_MAX_BYTES ((size_t)256 * 1024)
#define SCENARIO_STAGES 8

enum cause { CAUSE_BAD_VERSION, CAUSE_BAD_PROMPT, CAUSE_LATE_DATA, CAUSE_NOTHING,
	CAUSE_INPUT_DRIFT, CAUSES };
const char *cause_name(enum cause c);	/* "bad-version" ... */

enum moved { MOVED_MODEL, MOVED_PROMPT };
enum urgency { URGENCY_PAGE, URGENCY_TICKET };

/* Where a service's models and prompts stand at the beginning, and which versions are bad. */
struct pointer_conf {
	const char		*name, *alias;
	int64_t			current, versions;	/* versions 1..versions exist */
	struct yaml_texts	bad;
};

/* A second objective, on speed; within_ns 0: none. */
struct speed_conf {
	int64_t	within_ns;	/* a bucket's bound, see meter.h */
	double	objective;
};

struct lab_service_conf {
	const char		*name, *title, *owner, *llm, *dataset;
	const char		*story;		/* of its agent's sessions; NULL: it is no agent */
	double			rate;		/* requests a second */
	double			errors;		/* share that fails when all is well */
	double			objective;
	int64_t			latency_ns;	/* median */
	struct speed_conf	fast;
	int64_t			replicas;
	struct pointer_conf	model, prompt;
	double			sessions;	/* traced ones a minute of wall clock */
	int64_t			past_sessions;	/* already there at the start */
	int64_t			input_tokens, output_tokens;	/* of a request */
};

struct dataset_conf {
	const char	*name, *pipeline;
	int64_t		every_ns, rows;
};

/* A harmless move that happens shortly before: not every change is the cause. */
struct decoy_conf {
	const char	*service;
	int		what;		/* enum moved */
	int64_t		from, to;
	int64_t		before_ns;
};

struct cause_conf {
	int			cause;		/* enum cause */
	const char		*service;
	int64_t			after_ns;
	double			errors;		/* share of requests that fails by it */
	double			slower;		/* latency is so many times as high */
	int64_t			from, to;	/* versions, where one moves */
	double			surge;		/* traffic is so many times as high */
	double			longer;		/* prompts are so many times as long */
	double			foreign;	/* share in another language than usual */
	double			cut;		/* share of answers that get too long */
	int64_t			lasts_ns;	/* surge; late data: until it arrives by itself */
	struct decoy_conf	decoy;		/* service NULL: none */
};

struct timing_conf {
	int64_t			follow_ns;	/* from an alias's move to the first new replica */
	int64_t			stage_ns;	/* between two stages of a rollout */
	struct yaml_texts	stages;		/* shares of traffic */
	int64_t			prompt_cache_ns;
	int64_t			rerun_ns;	/* a pipeline's run */
};

struct alerting_conf {
	int		severity;	/* enum urgency */
	int64_t		short_ns, long_ns;
	double		factor;
};

struct scenario {
	struct arena		arena;	/* owned: all below lives here */
	const char		*name, *title;
	struct yaml_subs	service_list, dataset_list, cause_list, alert_list;
	struct timing_conf	timing;
	double			stages[SCENARIO_STAGES];
	size_t			n_stages;
	const struct lab_service_conf	*services;	/* the lists again, with their type */
	const struct dataset_conf	*datasets;
	const struct cause_conf		*causes;
	const struct alerting_conf	*alerting;
	size_t			n_services, n_datasets, n_causes, n_alerting;
};

/* What is wrong goes to p, with its place; returns -1 then.  out must be released either way. */
int scenario_parse(struct scenario *out, const char *s, size_t n, struct problems *p);

/* A file, or the name of one that ships: "retail". */
int scenario_load(struct scenario *out, const char *name, struct problems *p, struct err *e);
void scenario_release(struct scenario *sc);

/* Index of a service, or -1. */
int scenario_service(const struct scenario *sc, const char *name);

/*
 * The cause of that name, or (name NULL) the one that seed chooses; input drift is only there by
 * its name.  NULL: the file has none.
 */
const struct cause_conf *scenario_cause(
	const struct scenario *sc, const char *name, uint64_t seed);

bool pointer_is_bad(const struct pointer_conf *p, int64_t version);

#endif
