#include "config.h"
#include "lab/platform.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "lab/world.h"

#define LOOK_NS (5 * NS_PER_S) /* scenario time between two looks at the alerts */
#define MAX_RING 20000

/* Shares that fail when a version or a prompt is bad and the cause does not say how badly. */
#define BAD_SHARE 0.3
#define WRONG_SCORE 1.5 /* log odds by which a bad version's scores rise */

int64_t platform_scenario_ns(const struct platform *p, int64_t at)
{
	return (int64_t)((double)(at - p->epoch) * p->speed);
}

int64_t platform_wall_ns(const struct platform *p, int64_t scenario_ns)
{
	int64_t ns = (int64_t)((double)scenario_ns / p->speed);

	return ns > 0 ? ns : 1;
}

struct lab_service *platform_service(const struct platform *p, const char *name)
{
	int i = scenario_service(p->sc, name);

	return i < 0 ? NULL : &p->services[i];
}

struct pipeline *platform_pipeline(const struct platform *p, const char *name)
{
	for (size_t i = 0; i < p->n_pipelines; i++)
		if (!strcmp(p->pipelines[i].conf->pipeline, name))
			return &p->pipelines[i];
	return NULL;
}

double platform_burn(const struct platform *p, size_t service, int64_t window_ns)
{
	const struct lab_service *s = &p->services[service];

	return ring_ratio(&s->ring, p->now, platform_wall_ns(p, window_ns)) /
		(1 - s->conf->objective);
}

/* --- prompts reach the services when their caches run out --- */

double platform_prompt_share(const struct platform *p, const struct lab_service *s)
{
	double share = (double)(p->now - s->prompt_moved) /
		(double)platform_wall_ns(p, p->sc->timing.prompt_cache_ns);

	return share < 0 ? 0 : share > 1 ? 1 : share;
}

int64_t platform_prompt_version(const struct platform *p, const struct lab_service *s)
{
	return platform_prompt_share(p, s) >= 0.5 ? s->prompt_to : s->prompt_from;
}

static void follow_prompt(struct platform *p, struct lab_service *s)
{
	const struct lab_prompt *prompt = prompts_find(&p->prompts, s->conf->prompt.name);
	const struct prompt_label *l =
		prompt ? prompt_label_find(prompt, s->conf->prompt.alias) : NULL;

	if (!l || l->version == s->prompt_to)
		return;
	s->prompt_from = platform_prompt_version(p, s);
	s->prompt_to = l->version;
	s->prompt_moved = l->moved;
}

/* --- what fails --- */

struct failing {
	double version, prompt, data, input, usual; /* shares */
};

static double cause_share(
	const struct platform *p, const struct lab_service *s, enum cause c)
{
	/* Data that is late is late for everybody who needs it. */
	if ((enum cause)p->cause->cause != c ||
		(c != CAUSE_LATE_DATA && s != &p->services[p->where]))
		return BAD_SHARE;
	return p->cause->errors;
}

/* What is asked is not what used to be. */
static bool shifting(const struct platform *p, const struct lab_service *s)
{
	return p->cause->cause == CAUSE_INPUT_DRIFT && p->began && !p->ended &&
		s == &p->services[p->where];
}

static struct failing failing_of(
	const struct platform *p, const struct lab_service *s, int64_t version)
{
	struct failing f = {.usual = s->conf->errors};
	double share = platform_prompt_share(p, s);

	if (pointer_is_bad(&s->conf->model, version))
		f.version = cause_share(p, s, CAUSE_BAD_VERSION);
	if (pointer_is_bad(&s->conf->prompt, s->prompt_to))
		f.prompt += share * cause_share(p, s, CAUSE_BAD_PROMPT);
	if (pointer_is_bad(&s->conf->prompt, s->prompt_from))
		f.prompt += (1 - share) * cause_share(p, s, CAUSE_BAD_PROMPT);
	if (s->pipeline && pipeline_is_late(s->pipeline))
		f.data = cause_share(p, s, CAUSE_LATE_DATA);
	if (shifting(p, s))
		f.input = p->cause->errors;
	return f;
}

static bool surging(const struct platform *p, const struct lab_service *s)
{
	return p->began && !p->ended && s == &p->services[p->where] &&
		p->cause->surge > 1;
}

/* What is wrong with a version or a prompt shows in its answers, too. */
static void count_traits(
	struct platform *p, struct lab_service *s, const struct failing *f, double n)
{
	bool wrong = f->version > 0 || f->prompt > 0, asked = shifting(p, s);
	const struct trait_shift shift = {
		.longer = asked ? p->cause->longer : 1,
		.foreign = asked ? p->cause->foreign : 0,
		.cut = asked || wrong ? p->cause->cut : 0,
		.score = wrong ? WRONG_SCORE : 0,
	};

	traits_add(&s->traits, n, s->conf->llm ? (double)s->conf->input_tokens : 0,
		(double)s->conf->output_tokens, &shift);
}

/* Requests of one version in one step, by what becomes of them. */
static void count_requests(
	struct platform *p, struct lab_service *s, const struct variant *v, double n)
{
	struct failing f = failing_of(p, s, v->version);
	const struct {
		double share;
		int code;
	} ways[] = {{f.version, 500}, {f.prompt, 502}, {f.data, 503}, {f.input, 504},
		{f.usual, 500}};
	double left = n, slower = f.version > 0 || f.prompt > 0 ? p->cause->slower : 1;
	double median = (double)s->conf->latency_ns / (double)NS_PER_S * slower;

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		if (ways[i].share <= 0)
			continue;
		meter_requests(&s->meter, v->version, ways[i].code, left * ways[i].share);
		left -= left * ways[i].share;
	}
	meter_requests(&s->meter, v->version, 200, left);
	histogram_add(&s->meter.latency, n, median);
	count_traits(p, s, &f, n);
	if (s->conf->llm)
		histogram_add(&s->meter.first_token, n, median / 5);
	s->meter.input_tokens += n * (double)s->conf->input_tokens;
	s->meter.output_tokens += n * (double)s->conf->output_tokens;
	s->meter.in_flight += n / ((double)STEP_NS / (double)NS_PER_S) * median;
}

static double traffic_of(struct platform *p, const struct lab_service *s)
{
	double minutes = (double)platform_scenario_ns(p, p->now) / (double)NS_PER_MIN;
	double wave = 1 + 0.06 * sin(minutes / 7 * 2 * M_PI + s->phase);
	double noise = 0.97 + 0.06 * rng_unit(&p->rng);
	double rate = s->conf->rate * p->speed * wave * noise;

	return surging(p, s) ? rate * p->cause->surge : rate;
}

/* --- sessions --- */

static const struct variant *pick_variant(struct platform *p, const struct lab_service *s)
{
	double x = rng_unit(&p->rng);
	const struct variant *v = &s->rollout.variants[0];

	for (size_t i = 0; i < s->rollout.n; i++) {
		if (s->rollout.variants[i].traffic <= 0)
			continue;
		v = &s->rollout.variants[i];
		x -= v->traffic;
		if (x < 0)
			break;
	}
	return v;
}

/* A session makes several calls, so that more of them fail than of requests. */
static double of_session(double share)
{
	return 1 - pow(1 - share, 4);
}

static enum plot pick_plot(struct platform *p, const struct failing *f)
{
	const struct {
		double share;
		enum plot plot;
	} ways[] = {{of_session(f->version), PLOT_BAD_VERSION},
		{of_session(f->prompt), PLOT_BAD_PROMPT},
		{of_session(f->data), PLOT_LATE_DATA},
		{of_session(f->usual) + 0.01, PLOT_TIMEOUT}};

	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		if (ways[i].share > 0 && rng_unit(&p->rng) < ways[i].share)
			return ways[i].plot;
	return p->talks.count % 40 == 30 ? PLOT_HOSTILE : PLOT_FINE;
}

void world_begin_session(struct platform *p, struct lab_service *s, int64_t at)
{
	const struct variant *v = pick_variant(p, s);
	struct failing f = failing_of(p, s, v->version);
	struct talk t = {.service = s->conf,
		.book = s->book,
		.started = at,
		.version = v->version,
		.seed = rng_next(&p->rng)};

	t.prompt_version = rng_unit(&p->rng) < platform_prompt_share(p, s)
		? s->prompt_to
		: s->prompt_from;
	t.plot = pick_plot(p, &f);
	if (t.plot == PLOT_FINE || t.plot == PLOT_HOSTILE)
		s->meter.sessions_ok++;
	else
		s->meter.sessions_failed++;
	talks_add(&p->talks, t);
}

static void begin_sessions(struct platform *p, struct lab_service *s)
{
	if (!s->book)
		return;
	s->due += s->conf->sessions / 60 * (double)STEP_NS / (double)NS_PER_S;
	for (; s->due >= 1; s->due--)
		world_begin_session(p, s, p->now);
}

/* --- the step --- */

static void move(struct platform *p, const char *service, enum moved what, int64_t to)
{
	const struct lab_service_conf *conf = platform_service(p, service)->conf;

	if (what == MOVED_MODEL)
		world_promote(p, conf, to, p->now);
	else
		prompt_set_label(prompts_find(&p->prompts, conf->prompt.name),
			conf->prompt.alias, to, p->now);
}

static void play_events(struct platform *p)
{
	int64_t t = platform_scenario_ns(p, p->now);
	const struct cause_conf *c = p->cause;
	struct pipeline *pipeline = p->services[p->where].pipeline;

	if (c->decoy.service && !p->moved_decoy &&
		t >= c->after_ns - c->decoy.before_ns) {
		p->moved_decoy = true;
		move(p, c->decoy.service, (enum moved)c->decoy.what, c->decoy.to);
	}
	if (!p->began && t >= c->after_ns) {
		p->began = true;
		if (c->cause == CAUSE_BAD_VERSION)
			move(p, c->service, MOVED_MODEL, c->to);
		else if (c->cause == CAUSE_BAD_PROMPT)
			move(p, c->service, MOVED_PROMPT, c->to);
		else if (c->cause == CAUSE_LATE_DATA)
			pipeline_hold(pipeline, p->now);
	}
	if (p->began && !p->ended && c->lasts_ns && t >= c->after_ns + c->lasts_ns) {
		p->ended = true;
		if (c->cause == CAUSE_LATE_DATA)
			pipeline_arrive(pipeline, p->now);
	}
}

static void step_service(struct platform *p, struct lab_service *s)
{
	const struct timing_conf *timing = &p->sc->timing;
	struct rollout_plan plan = {
		.follow_ns = platform_wall_ns(p, timing->follow_ns),
		.stage_ns = platform_wall_ns(p, timing->stage_ns),
		.stages = p->sc->stages,
		.n_stages = p->sc->n_stages,
	};
	const struct reg_model *m = registry_find(&p->registry, s->conf->model.name);
	const struct reg_alias *alias = m ? model_alias(m, s->conf->model.alias) : NULL;
	double n;

	rollout_follow(&s->rollout, &plan, alias ? alias->version : 0, p->now);
	follow_prompt(p, s);
	s->meter.in_flight = 0;
	n = traffic_of(p, s) * (double)STEP_NS / (double)NS_PER_S;
	for (size_t i = 0; i < s->rollout.n; i++)
		if (s->rollout.variants[i].traffic > 0)
			count_requests(p, s, &s->rollout.variants[i],
				n * s->rollout.variants[i].traffic);
	begin_sessions(p, s);
}

static void step(struct platform *p)
{
	p->now += STEP_NS;
	play_events(p);
	for (size_t i = 0; i < p->n_pipelines; i++)
		pipeline_step(&p->pipelines[i], p->now);
	for (size_t i = 0; i < p->n_services; i++)
		step_service(p, &p->services[i]);
	if (p->now < p->next_look)
		return;
	p->next_look = p->now + platform_wall_ns(p, LOOK_NS);
	for (size_t i = 0; i < p->n_services; i++)
		ring_add(&p->services[i].ring, p->now, p->services[i].meter.total,
			p->services[i].meter.bad);
	world_look(p);
}

void platform_run(struct platform *p, int64_t now)
{
	while (p->now + STEP_NS <= now)
		step(p);
}

/* --- beginning and end --- */

static int64_t longest_window(const struct platform *p)
{
	int64_t longest = NS_PER_HOUR;

	for (size_t i = 0; i < p->sc->n_alerting; i++)
		if (p->sc->alerting[i].long_ns > longest)
			longest = p->sc->alerting[i].long_ns;
	return longest;
}

/* Before the first step: what the service has counted since it was born. */
static void fill_history(struct platform *p, struct lab_service *s)
{
	double seconds = (double)(p->now - p->born) / (double)NS_PER_S;
	double n = s->conf->rate * p->speed * seconds, bad = n * s->conf->errors;
	double median = (double)s->conf->latency_ns / (double)NS_PER_S;
	int64_t version = s->rollout.variants[0].version;
	int64_t longest = platform_wall_ns(p, longest_window(p));

	ring_init(&s->ring, MAX_RING);
	ring_add(&s->ring, p->born, 0, 0);
	meter_requests(&s->meter, version, 200, n - bad);
	meter_requests(&s->meter, version, 500, bad);
	histogram_add(&s->meter.latency, n, median);
	traits_add(&s->traits, n, s->conf->llm ? (double)s->conf->input_tokens : 0,
		(double)s->conf->output_tokens, &(struct trait_shift){.longer = 1});
	if (s->conf->llm)
		histogram_add(&s->meter.first_token, n, median / 5);
	s->meter.input_tokens = n * (double)s->conf->input_tokens;
	s->meter.output_tokens = n * (double)s->conf->output_tokens;
	/* So that the longest window finds a sample on either side when the ring is full. */
	if (p->now - longest > p->born)
		ring_add(&s->ring, p->now - longest,
			s->meter.total * (double)(p->now - longest - p->born) /
				(double)(p->now - p->born),
			s->meter.bad * (double)(p->now - longest - p->born) /
				(double)(p->now - p->born));
	ring_add(&s->ring, p->now, s->meter.total, s->meter.bad);
}

static int begin_service(struct platform *p, size_t i, struct err *e)
{
	struct lab_service *s = &p->services[i];

	s->conf = &p->sc->services[i];
	s->phase = (double)(rng_next(&p->rng) % 1000) / 1000 * 2 * M_PI;
	if (s->conf->story) {
		s->book = mem_new(1, sizeof(*s->book));
		if (storybook_load(s->book, s->conf->story, e))
			return -1;
	}
	for (size_t k = 0; k < p->n_pipelines; k++)
		if (s->conf->dataset &&
			!strcmp(p->pipelines[k].conf->name, s->conf->dataset))
			s->pipeline = &p->pipelines[k];
	rollout_begin(&s->rollout, world_first_version(p, s->conf, MOVED_MODEL),
		world_served_since(p, s->conf));
	if (s->conf->prompt.name)
		s->prompt_from = s->prompt_to =
			world_first_version(p, s->conf, MOVED_PROMPT);
	s->prompt_moved = p->now - NS_PER_DAY;
	fill_history(p, s);
	return 0;
}

static void begin_pipelines(struct platform *p)
{
	p->n_pipelines = p->sc->n_datasets;
	p->pipelines = mem_new(p->n_pipelines + 1, sizeof(*p->pipelines));
	for (size_t i = 0; i < p->n_pipelines; i++)
		pipeline_begin(&p->pipelines[i], &p->sc->datasets[i],
			platform_wall_ns(p, p->sc->datasets[i].every_ns),
			platform_wall_ns(p, p->sc->timing.rerun_ns), p->now);
}

/* The scenario may begin before it is handed over: with a decoy, or with time elapsed. */
static int64_t first_moment(const struct platform *p)
{
	int64_t first = p->cause->after_ns;

	if (p->cause->decoy.service)
		first -= p->cause->decoy.before_ns;
	first -= 10 * NS_PER_S;
	return p->epoch + (int64_t)((double)(first < 0 ? first : 0) / p->speed);
}

int platform_new(struct platform **out, const struct platform_conf *conf, struct err *e)
{
	struct platform *p = mem_new(1, sizeof(*p));

	*out = p;
	p->sc = conf->scenario;
	p->cause = scenario_cause(p->sc, conf->cause, conf->seed);
	if (!p->cause)
		return err_set(e, ERR_INPUT, _("scenario '%s' has no cause '%s'"),
			p->sc->name, conf->cause);
	p->where = (size_t)scenario_service(p->sc, p->cause->service);
	p->speed = conf->speed;
	p->seed = conf->seed;
	p->rng.state = conf->seed;
	p->epoch = conf->start - conf->elapsed_ns;
	p->now = p->next_look = first_moment(p);
	p->born = p->now - (conf->history_ns > NS_PER_S ? conf->history_ns : NS_PER_S);
	world_fill(p);
	begin_pipelines(p);
	p->n_services = p->sc->n_services;
	p->services = mem_new(p->n_services, sizeof(*p->services));
	for (size_t i = 0; i < p->n_services; i++)
		if (begin_service(p, i, e))
			return -1;
	world_past_sessions(p, conf->history_ns);
	platform_run(p, conf->start);
	return 0;
}

void platform_free(struct platform *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->n_services && p->services; i++) {
		meter_release(&p->services[i].meter);
		ring_release(&p->services[i].ring);
		if (p->services[i].book)
			storybook_release(p->services[i].book);
		free(p->services[i].book);
	}
	free(p->services);
	free(p->pipelines);
	registry_release(&p->registry);
	prompts_release(&p->prompts);
	pager_release(&p->pager);
	talks_release(&p->talks);
	free(p);
}
