#include "config.h"
#include "lab/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/path.h"
#include "lab/meter.h"
#include "lab/rng.h"

static const char *const cause_names[CAUSES + 1] = {
	"bad-version", "bad-prompt", "late-data", "nothing-wrong", "input-drift", NULL};
static const char *const moved_names[] = {"model", "prompt", NULL};
static const char *const urgency_names[] = {"page", "ticket", NULL};

/* clang-format off */
#define KEY(type, name, wanted, member, ...) \
	{.key = name, .want = wanted, .offset = offsetof(struct type, member), __VA_ARGS__}
#define REQUIRED(type, name, wanted, member, ...) \
	KEY(type, name, wanted, member, .flags = YAML_REQUIRED, __VA_ARGS__)

static const struct yaml_field pointer_fields[] = {
	REQUIRED(pointer_conf, "name", YAML_TEXT, name),
	KEY(pointer_conf, "alias", YAML_TEXT, alias),
	REQUIRED(pointer_conf, "current", YAML_INT, current, .min = 1, .max = 999),
	REQUIRED(pointer_conf, "versions", YAML_INT, versions, .min = 1, .max = 999),
	KEY(pointer_conf, "bad", YAML_TEXTS, bad),
	{0},
};

static const struct yaml_field speed_fields[] = {
	REQUIRED(speed_conf, "within", YAML_DURATION, within_ns),
	REQUIRED(speed_conf, "objective", YAML_REAL, objective, .min = 0, .max = 0.999999),
	{0},
};

static const struct yaml_field service_fields[] = {
	REQUIRED(lab_service_conf, "name", YAML_TEXT, name),
	KEY(lab_service_conf, "title", YAML_TEXT, title),
	KEY(lab_service_conf, "owner", YAML_TEXT, owner),
	KEY(lab_service_conf, "llm", YAML_TEXT, llm),
	KEY(lab_service_conf, "dataset", YAML_TEXT, dataset),
	KEY(lab_service_conf, "story", YAML_TEXT, story),
	REQUIRED(lab_service_conf, "rate", YAML_REAL, rate, .min = 0, .max = 1e6),
	KEY(lab_service_conf, "errors", YAML_REAL, errors, .min = 0, .max = 1),
	REQUIRED(lab_service_conf, "objective", YAML_REAL, objective, .min = 0, .max = 0.999999),
	REQUIRED(lab_service_conf, "latency", YAML_DURATION, latency_ns),
	KEY(lab_service_conf, "fast", YAML_SUB, fast, .sub = speed_fields),
	KEY(lab_service_conf, "replicas", YAML_INT, replicas, .min = 1, .max = 1000),
	REQUIRED(lab_service_conf, "model", YAML_SUB, model, .sub = pointer_fields),
	KEY(lab_service_conf, "prompt", YAML_SUB, prompt, .sub = pointer_fields),
	KEY(lab_service_conf, "sessions", YAML_REAL, sessions, .min = 0, .max = 600),
	KEY(lab_service_conf, "past_sessions", YAML_INT, past_sessions, .min = 0, .max = 4000),
	KEY(lab_service_conf, "input_tokens", YAML_INT, input_tokens, .min = 0, .max = 1000000),
	KEY(lab_service_conf, "output_tokens", YAML_INT, output_tokens, .min = 0, .max = 1000000),
	{0},
};

static const struct yaml_field dataset_fields[] = {
	REQUIRED(dataset_conf, "name", YAML_TEXT, name),
	REQUIRED(dataset_conf, "pipeline", YAML_TEXT, pipeline),
	REQUIRED(dataset_conf, "every", YAML_DURATION, every_ns),
	KEY(dataset_conf, "rows", YAML_INT, rows, .min = 0, .max = 1e12),
	{0},
};

static const struct yaml_field decoy_fields[] = {
	REQUIRED(decoy_conf, "service", YAML_TEXT, service),
	REQUIRED(decoy_conf, "moves", YAML_CHOICE, what, .choices = moved_names),
	REQUIRED(decoy_conf, "from", YAML_INT, from, .min = 1, .max = 999),
	REQUIRED(decoy_conf, "to", YAML_INT, to, .min = 1, .max = 999),
	KEY(decoy_conf, "before", YAML_DURATION, before_ns),
	{0},
};

static const struct yaml_field cause_fields[] = {
	REQUIRED(cause_conf, "cause", YAML_CHOICE, cause, .choices = cause_names),
	REQUIRED(cause_conf, "service", YAML_TEXT, service),
	REQUIRED(cause_conf, "after", YAML_DURATION, after_ns),
	KEY(cause_conf, "errors", YAML_REAL, errors, .min = 0, .max = 1),
	KEY(cause_conf, "slower", YAML_REAL, slower, .min = 1, .max = 1000),
	KEY(cause_conf, "from", YAML_INT, from, .min = 1, .max = 999),
	KEY(cause_conf, "to", YAML_INT, to, .min = 1, .max = 999),
	KEY(cause_conf, "surge", YAML_REAL, surge, .min = 1, .max = 1000),
	KEY(cause_conf, "longer", YAML_REAL, longer, .min = 0.01, .max = 100),
	KEY(cause_conf, "foreign", YAML_REAL, foreign, .min = 0, .max = 1),
	KEY(cause_conf, "cut", YAML_REAL, cut, .min = 0, .max = 1),
	KEY(cause_conf, "lasts", YAML_DURATION, lasts_ns),
	KEY(cause_conf, "decoy", YAML_SUB, decoy, .sub = decoy_fields),
	{0},
};

static const struct yaml_field timing_fields[] = {
	KEY(timing_conf, "follow", YAML_DURATION, follow_ns),
	KEY(timing_conf, "stage", YAML_DURATION, stage_ns),
	KEY(timing_conf, "stages", YAML_TEXTS, stages),
	KEY(timing_conf, "prompt_cache", YAML_DURATION, prompt_cache_ns),
	KEY(timing_conf, "rerun", YAML_DURATION, rerun_ns),
	{0},
};

static const struct yaml_field alerting_fields[] = {
	REQUIRED(alerting_conf, "severity", YAML_CHOICE, severity, .choices = urgency_names),
	REQUIRED(alerting_conf, "short", YAML_DURATION, short_ns),
	REQUIRED(alerting_conf, "long", YAML_DURATION, long_ns),
	REQUIRED(alerting_conf, "factor", YAML_REAL, factor, .min = 0, .max = 1e6),
	{0},
};

static const struct yaml_field scenario_fields[] = {
	REQUIRED(scenario, "scenario", YAML_TEXT, name),
	KEY(scenario, "title", YAML_TEXT, title),
	REQUIRED(scenario, "services", YAML_SUBS, service_list, .sub = service_fields,
		.sub_size = sizeof(struct lab_service_conf)),
	KEY(scenario, "datasets", YAML_SUBS, dataset_list, .sub = dataset_fields,
		.sub_size = sizeof(struct dataset_conf)),
	KEY(scenario, "timing", YAML_SUB, timing, .sub = timing_fields),
	KEY(scenario, "alerting", YAML_SUBS, alert_list, .sub = alerting_fields,
		.sub_size = sizeof(struct alerting_conf)),
	REQUIRED(scenario, "causes", YAML_SUBS, cause_list, .sub = cause_fields,
		.sub_size = sizeof(struct cause_conf)),
	{0},
};
/* clang-format on */

const char *cause_name(enum cause c)
{
	return c < CAUSES ? cause_names[c] : NULL;
}

int scenario_service(const struct scenario *sc, const char *name)
{
	for (size_t i = 0; name && i < sc->n_services; i++)
		if (!strcmp(sc->services[i].name, name))
			return (int)i;
	return -1;
}

bool pointer_is_bad(const struct pointer_conf *p, int64_t version)
{
	for (size_t i = 0; i < p->bad.n; i++)
		if (strtoll(p->bad.items[i], NULL, 10) == version)
			return true;
	return false;
}

static const struct dataset_conf *dataset_find(
	const struct scenario *sc, const char *name)
{
	for (size_t i = 0; i < sc->n_datasets; i++)
		if (!strcmp(sc->datasets[i].name, name))
			return &sc->datasets[i];
	return NULL;
}

static void check_pointer(
	const struct pointer_conf *c, const char *service, struct problems *p)
{
	if (c->name && c->current > c->versions)
		problems_add(p, 0, 0,
			_("service '%s': version %d of '%s' does not exist"), service,
			(int)c->current, c->name);
}

/* A version that a cause or a decoy moves from or to must be one of the service's. */
static void check_move(const struct scenario *sc, const char *service, enum moved what,
	int64_t from, int64_t to, struct problems *p)
{
	int i = scenario_service(sc, service);
	const struct pointer_conf *c;

	if (i < 0) {
		problems_add(p, 0, 0, _("there is no service '%s'"), service);
		return;
	}
	c = what == MOVED_MODEL ? &sc->services[i].model : &sc->services[i].prompt;
	if (!c->name)
		problems_add(p, 0, 0, _("service '%s' has no prompt to move"), service);
	else if (from < 1 || to < 1 || from > c->versions || to > c->versions)
		problems_add(p, 0, 0, _("service '%s': '%s' has no version %d or %d"),
			service, c->name, (int)from, (int)to);
}

static void check_cause(
	const struct scenario *sc, const struct cause_conf *c, struct problems *p)
{
	int i = scenario_service(sc, c->service);

	if (i < 0)
		problems_add(p, 0, 0, _("there is no service '%s'"), c->service);
	else if (c->cause == CAUSE_BAD_VERSION)
		check_move(sc, c->service, MOVED_MODEL, c->from, c->to, p);
	else if (c->cause == CAUSE_BAD_PROMPT)
		check_move(sc, c->service, MOVED_PROMPT, c->from, c->to, p);
	else if (c->cause == CAUSE_LATE_DATA && !sc->services[i].dataset)
		problems_add(p, 0, 0, _("service '%s' has no dataset that could be late"),
			c->service);
	if (c->decoy.service)
		check_move(sc, c->decoy.service, (enum moved)c->decoy.what, c->decoy.from,
			c->decoy.to, p);
}

static void read_stages(struct scenario *sc, struct problems *p)
{
	double before = 0;

	for (size_t i = 0; i < sc->timing.stages.n && i < SCENARIO_STAGES; i++) {
		char *end;
		double x = strtod(sc->timing.stages.items[i], &end);

		if (*end || !(x > before) || x > 1)
			problems_add(p, 0, 0,
				_("a rollout's stages are shares that rise to 1, not "
				  "'%s'"),
				sc->timing.stages.items[i]);
		sc->stages[sc->n_stages++] = before = x;
	}
	if (!sc->n_stages)
		sc->stages[sc->n_stages++] = before = 1;
	if (sc->timing.stages.n > SCENARIO_STAGES || before < 1)
		problems_add(p, 0, 0,
			_("a rollout has at most %d stages, and the last is 1"),
			SCENARIO_STAGES);
}

static void check_service(struct scenario *sc, size_t i, struct problems *p)
{
	const struct lab_service_conf *s = &sc->services[i];
	bool measured = !s->fast.within_ns;

	check_pointer(&s->model, s->name, p);
	check_pointer(&s->prompt, s->name, p);
	if (scenario_service(sc, s->name) != (int)i)
		problems_add(p, 0, 0, _("service '%s' is there twice"), s->name);
	if (s->dataset && !dataset_find(sc, s->dataset))
		problems_add(p, 0, 0, _("there is no dataset '%s'"), s->dataset);
	if (s->latency_ns <= 0)
		problems_add(p, 0, 0, _("service '%s': latency must be over 0"), s->name);
	for (size_t k = 0; k < METER_BUCKETS && !measured; k++)
		measured = s->fast.within_ns == (int64_t)(meter_bounds[k] * NS_PER_S);
	if (!measured)
		problems_add(p, 0, 0,
			_("service '%s': no bucket of the histogram ends where 'within' "
			  "does"),
			s->name);
}

static void check(struct scenario *sc, struct problems *p)
{
	read_stages(sc, p);
	for (size_t i = 0; i < sc->n_services; i++)
		check_service(sc, i, p);
	for (size_t i = 0; i < sc->n_datasets; i++)
		if (sc->datasets[i].every_ns <= 0)
			problems_add(p, 0, 0, _("dataset '%s': every must be over 0"),
				sc->datasets[i].name);
	for (size_t i = 0; i < sc->n_alerting; i++)
		if (sc->alerting[i].short_ns <= 0 ||
			sc->alerting[i].long_ns < sc->alerting[i].short_ns)
			problems_add(p, 0, 0,
				_("an alert's long window must not be shorter than its "
				  "short one"));
	for (size_t i = 0; i < sc->n_causes; i++)
		check_cause(sc, &sc->causes[i], p);
	if (!sc->n_services || !sc->n_causes)
		problems_add(p, 0, 0, _("a scenario needs a service and a cause"));
}

/* Absent keys keep what is there, and lists are zeroed: fill in what 0 cannot mean. */
static void fill_defaults(struct scenario *sc)
{
	struct lab_service_conf *s = sc->service_list.items;
	struct cause_conf *c = sc->cause_list.items;

	for (size_t i = 0; i < sc->service_list.n; i++) {
		if (!s[i].replicas)
			s[i].replicas = 3;
		if (!s[i].model.alias)
			s[i].model.alias = "production";
		if (!s[i].prompt.alias)
			s[i].prompt.alias = "production";
	}
	for (size_t i = 0; i < sc->cause_list.n; i++) {
		if (c[i].slower < 1)
			c[i].slower = 1;
		if (c[i].surge < 1)
			c[i].surge = 1;
		if (c[i].longer <= 0)
			c[i].longer = 1;
	}
	sc->services = s;
	sc->n_services = sc->service_list.n;
	sc->causes = c;
	sc->n_causes = sc->cause_list.n;
	sc->datasets = sc->dataset_list.items;
	sc->n_datasets = sc->dataset_list.n;
	sc->alerting = sc->alert_list.items;
	sc->n_alerting = sc->alert_list.n;
}

int scenario_parse(struct scenario *out, const char *s, size_t n, struct problems *p)
{
	struct yaml_doc *doc;
	size_t before = p->n;

	*out = (struct scenario){
		.timing = {.follow_ns = 30 * NS_PER_S,
			.stage_ns = 45 * NS_PER_S,
			.prompt_cache_ns = 60 * NS_PER_S,
			.rerun_ns = 2 * NS_PER_MIN},
	};
	arena_init(&out->arena);
	if (n > SCENARIO_MAX_BYTES)
		return problems_add(p, 0, 0, _("a scenario of more than %d kB"),
			(int)(SCENARIO_MAX_BYTES / 1024));
	if (yaml_parse(&doc, s, n, p))
		return -1;
	if (!yaml_documents(doc))
		problems_add(p, 0, 0, _("the file is empty"));
	else if (!yaml_read(out, yaml_root(doc, 0), scenario_fields, &out->arena, p)) {
		fill_defaults(out);
		check(out, p);
	}
	yaml_free(doc);
	return p->n > before ? -1 : 0;
}

int scenario_load(
	struct scenario *out, const char *name, struct problems *p, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	char *file = NULL;
	int r;

	*out = (struct scenario){0};
	arena_init(&out->arena);
	if (!strchr(name, '/') && !strchr(name, '.')) {
		char *with_suffix = mem_format("%s.yaml", name);

		file = path_data("lab/scenarios", with_suffix);
		free(with_suffix);
	}
	r = path_read(&text, file ? file : name, SCENARIO_MAX_BYTES, e);
	if (!r && scenario_parse(out, text.buf, text.len, p))
		r = problems_err(p, e);
	strbuf_release(&text);
	free(file);
	return r;
}

void scenario_release(struct scenario *sc)
{
	arena_release(&sc->arena);
	*sc = (struct scenario){0};
}

static const struct cause_conf *drawn(const struct scenario *sc, uint64_t seed)
{
	size_t n = 0, k;

	for (size_t i = 0; i < sc->n_causes; i++)
		n += sc->causes[i].cause != CAUSE_INPUT_DRIFT;
	if (!n)
		return &sc->causes[0];
	k = rng_mix(seed) % n;
	for (size_t i = 0; i < sc->n_causes; i++)
		if (sc->causes[i].cause != CAUSE_INPUT_DRIFT && k-- == 0)
			return &sc->causes[i];
	return NULL;
}

const struct cause_conf *scenario_cause(
	const struct scenario *sc, const char *name, uint64_t seed)
{
	if (!name)
		return drawn(sc, seed);
	for (size_t i = 0; i < sc->n_causes; i++)
		if (!strcmp(cause_names[sc->causes[i].cause], name))
			return &sc->causes[i];
	return NULL;
}
