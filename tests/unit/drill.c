#include "config.h"
#include "tests/unit/drill.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/strbuf.h"

#define EVENING (6 * NS_PER_HOUR)
#define SECONDS(n) ((n)*NS_PER_S)

static const char *const names[DRILL_SERVICES] = {"checkout", "search", "fraud",
	"support", "ads", "pricing", "ranking", "images", "routing", "credit",
	"translate", "forecast"};
static const char *const sources[DRILL_SOURCES] = {"mlflow", "kserve", "langfuse",
	"unleash", "pipelines", "git", "gateway", "drift"};
static const char *const types[] = {
	"agent-graph", "tool-schema", "feature", "data-snapshot", "configuration"};

/* The rows of a service; of each kind one, its number, or what is said. */
enum { MAIN, SHADOW, PER_SERVING };
enum { PRODUCTION, STAGING, LABEL, PER_POINTER };
enum { CURRENT, NEXT, PER_VERSION };

const char *drill_source_name(enum drill_source s)
{
	return sources[s];
}

static int64_t between(struct drill *d, int64_t low, int64_t high)
{
	return rng_between(&d->rng, low, high);
}

static bool chance(struct drill *d, double p)
{
	return rng_unit(&d->rng) < p;
}

static void *row(const struct drill *d, enum record_kind kind, size_t i)
{
	return (char *)d->rows[kind] + i * record_def(kind)->size;
}

enum drill_source drill_source_of(const struct drill *d, enum record_kind kind, size_t i)
{
	const char *name = *(const char *const *)row(d, kind, i);

	for (int s = 0; s < DRILL_SOURCES; s++)
		if (!strcmp(name, sources[s]))
			return (enum drill_source)s;
	abort();
}

static void *add(struct drill *d, enum record_kind kind, enum drill_source s, bool there)
{
	size_t i = d->n_rows[kind]++;
	void *record = record_new(&d->arena, kind);

	if (i >= DRILL_ROWS)
		abort();
	memcpy(row(d, kind, i), record, record_def(kind)->size);
	*(const char **)row(d, kind, i) = sources[s];
	d->there[kind][i] = there;
	return row(d, kind, i);
}

static const char *text(struct drill *d, const char *a, const char *b)
{
	return arena_format(&d->arena, "%s%s", a, b);
}

static void add_serving(struct drill *d, const char *service, const char *variant,
	const char *version, double traffic, bool there)
{
	struct serving *s = add(d, REC_SERVING, AT_KSERVE, there);

	s->service = service;
	s->variant = variant;
	s->version = version;
	s->traffic = traffic;
	s->ready = 1;
}

static void add_pointer(struct drill *d, enum drill_source at, const char *model,
	const char *name, const char *version)
{
	struct pointer *p = add(d, REC_POINTER, at, true);

	p->model = model;
	p->name = name;
	p->version = version;
}

static void add_version(struct drill *d, const char *model, const char *v, bool there)
{
	struct model_version *m = add(d, REC_MODEL_VERSION, AT_MLFLOW, there);

	m->model = model;
	m->version = v;
	m->aliases = "[]";
	m->tags = "{}";
}

/* A service as it stands at the beginning, and what it is configured with. */
static void add_service(struct drill *d, size_t i)
{
	struct service_conf *s = &d->config.services[i];
	const char **uses = arena_alloc(&d->arena, 4, sizeof(*uses));
	struct flag *flag = add(d, REC_FLAG, AT_UNLEASH, true);
	struct freshness *data = add(d, REC_FRESHNESS, AT_PIPELINES, true);
	struct definition *def = add(d, REC_DEFINITION, AT_GIT, true);
	struct budget *budget = add(d, REC_BUDGET, AT_GATEWAY, true);
	struct drift_report *drift = add(d, REC_DRIFT_REPORT, AT_DRIFT, true);

	s->name = names[i];
	s->model = (struct model_conf){"mlflow",
		text(d, names[i], chance(d, 0.5) ? "-model" : "-v2"), "production"};
	s->serving = (struct serving_conf){"kserve", text(d, names[i], "-predictor")};
	s->agents = (struct agents_conf){"langfuse", text(d, names[i], "-agent")};
	/* Some name their flags after themselves in place of saying so. */
	flag->name = chance(d, 0.5) ? text(d, names[i], "-new-path")
				    : text(d, "exp-", arena_format(&d->arena, "%zu", i));
	flag->value = "off";
	data->dataset = arena_format(&d->arena, "dwh.table_%zu", i);
	data->state = "ok";
	def->type = types[between(d, 0, 4)];
	def->name = arena_format(&d->arena, "part-%zu", i);
	def->version = "1";
	def->service = chance(d, 0.5) ? names[i] : NULL;
	budget->name = arena_format(&d->arena, "key-%zu", i);
	budget->state = "active";
	budget->limit_usd = 100;
	drift->service = names[i];
	drift->dataset = "live";
	drift->feature = "score";
	drift->drifted = 0;
	uses[0] = flag->name;
	uses[1] = data->dataset;
	uses[2] = def->name;
	uses[3] = budget->name;
	/* Not everybody writes all of it down. */
	if (chance(d, 0.75))
		s->uses = (struct yaml_texts){.items = uses, .n = 4};
	add_serving(d, s->serving.name, "main", "7", 1, true);
	add_serving(d, s->serving.name, "next", "8", 0, false);
	add_pointer(d, AT_MLFLOW, s->model.name, "production", "7");
	add_pointer(d, AT_MLFLOW, s->model.name, "staging", "7");
	add_pointer(d, AT_LANGFUSE, s->agents.match_name, "production", "3");
	add_version(d, s->model.name, "7", true);
	add_version(d, s->model.name, "8", false);
}

/* --- moves --- */

static void move(struct drill *d, int64_t at, enum record_kind kind, size_t i,
	const char *field, const char *value, double real)
{
	if (d->n_moves >= DRILL_EVENTS)
		abort();
	d->moves[d->n_moves++] = (struct move){at, kind, i, field, value, real};
}

static const struct field *field_of(enum record_kind kind, const char *name)
{
	const struct record_def *def = record_def(kind);

	for (size_t i = 0; i < def->n_fields; i++)
		if (!strcmp(def->fields[i].name, name))
			return &def->fields[i];
	abort();
}

/* Serving, flags and definitions say when they moved; registries, prompts and budgets do not. */
static const char *own_time(enum record_kind kind)
{
	return kind == REC_SERVING || kind == REC_FLAG || kind == REC_DEFINITION
		? "changed"
		: NULL;
}

void drill_apply(struct drill *d, const struct move *m)
{
	char *record = row(d, m->kind, m->row);
	const char *time = own_time(m->kind);

	if (time)
		*(int64_t *)(void *)(record + field_of(m->kind, time)->offset) = m->at;
	if (!m->field) {
		d->there[m->kind][m->row] = true;
		if (m->kind == REC_MODEL_VERSION)
			((struct model_version *)(void *)record)->created = m->at;
		if (m->kind == REC_SERVING)
			((struct serving *)(void *)record)->traffic = m->real;
		return;
	}
	record += field_of(m->kind, m->field)->offset;
	if (m->text)
		*(const char **)(void *)record = m->text;
	else if (field_of(m->kind, m->field)->type == FIELD_REAL)
		*(double *)(void *)record = m->real;
	else
		*(int64_t *)(void *)record = (int64_t)m->real;
}

/* A new version takes a service's traffic in stages. */
static void roll_out(struct drill *d, size_t s, int64_t at, bool at_once)
{
	size_t main_row = s * PER_SERVING + MAIN, next = s * PER_SERVING + SHADOW;
	double shares[] = {at_once ? 1.0 : 0.1, 0.5, 1.0};

	for (int i = 0; i < (at_once ? 1 : 3); i++) {
		move(d, at, REC_SERVING, next, i ? "traffic" : NULL, NULL, shares[i]);
		move(d, at, REC_SERVING, main_row, "traffic", NULL, 1 - shares[i]);
		at += SECONDS(between(d, 30, 120));
	}
}

static void cause(
	struct drill *d, enum record_kind kind, const char *object, const char *after)
{
	d->cause = kind;
	d->object = object;
	d->after = after;
}

/* What breaks the service, of eight kinds. */
static void break_it(struct drill *d, size_t s)
{
	const struct service_conf *c = &d->config.services[s];
	const struct definition *def = row(d, REC_DEFINITION, s);
	int64_t at = d->caused;

	switch (between(d, 0, 8)) {
	case 0:
	case 1:
		move(d, at, REC_POINTER, s * PER_POINTER + PRODUCTION, "version", "8", 0);
		roll_out(d, s, at + SECONDS(between(d, 5, 50)), chance(d, 0.5));
		cause(d, REC_POINTER, text(d, c->model.name, "/production"), "8");
		break;
	case 2:
		move(d, at, REC_SERVING, s * PER_SERVING + MAIN, "version", "9", 0);
		cause(d, REC_SERVING, text(d, c->serving.name, "/main"), "9");
		break;
	case 3:
		move(d, at, REC_POINTER, s * PER_POINTER + LABEL, "version", "4", 0);
		cause(d, REC_POINTER, text(d, c->agents.match_name, "/production"), "4");
		break;
	case 4:
		move(d, at, REC_FLAG, s, "value", "on", 0);
		cause(d, REC_FLAG, ((struct flag *)row(d, REC_FLAG, s))->name, "on");
		break;
	case 5:
		move(d, at, REC_DEFINITION, s, "version", "2", 0);
		cause(d, REC_DEFINITION,
			arena_format(&d->arena, "%s/%s", def->type, def->name), "2");
		break;
	case 6:
		move(d, at, REC_FRESHNESS, s, "state", "late", 0);
		cause(d, REC_FRESHNESS,
			((struct freshness *)row(d, REC_FRESHNESS, s))->dataset, "late");
		break;
	case 7:
		move(d, at, REC_BUDGET, s, "state", "blocked", 0);
		cause(d, REC_BUDGET, ((struct budget *)row(d, REC_BUDGET, s))->name,
			"blocked");
		break;
	default:
		roll_out(d, s, at, true);
		cause(d, REC_SERVING, text(d, c->serving.name, "/next"), "8");
	}
}

/* A change of another service, of any kind, as grave as it may be there. */
static void elsewhere(struct drill *d, size_t s, int64_t at, int n)
{
	const char *value = arena_format(&d->arena, "x%d", n);

	switch (between(d, 0, 7)) {
	case 0:
		move(d, at, REC_POINTER, s * PER_POINTER + PRODUCTION, "version", value,
			0);
		break;
	case 1:
		move(d, at, REC_SERVING, s * PER_SERVING + MAIN, "version", value, 0);
		break;
	case 2:
		move(d, at, REC_POINTER, s * PER_POINTER + LABEL, "version", value, 0);
		break;
	case 3: move(d, at, REC_FLAG, s, "value", value, 0); break;
	case 4: move(d, at, REC_DEFINITION, s, "version", value, 0); break;
	case 5:
		move(d, at, REC_FRESHNESS, s, "state", n % 2 ? "late" : "failed", 0);
		break;
	case 6: move(d, at, REC_BUDGET, s, "limit_usd", NULL, 100 + n); break;
	default: move(d, at, REC_DRIFT_REPORT, s, "drifted", NULL, 1);
	}
}

/* A change of the burning service itself that breaks nothing. */
static void at_home(struct drill *d, size_t s, int64_t at, int n)
{
	const struct service_conf *c = &d->config.services[s];
	const char *value = arena_format(&d->arena, "%d", n);
	size_t version = s * PER_VERSION + CURRENT;

	switch (between(d, 0, 7)) {
	case 7: /* what could have done it, had it not been hours ago */
		at = d->begins + between(d, NS_PER_MIN, 3 * NS_PER_HOUR);
		if (chance(d, 0.5))
			move(d, at, REC_POINTER, s * PER_POINTER + LABEL, "version",
				value, 0);
		else
			move(d, at, REC_FLAG, s, "value", value, 0);
		break;
	case 0:
		move(d, at, REC_MODEL_VERSION, version, "tags",
			arena_format(&d->arena, "{\"checked\":\"%d\"}", n), 0);
		break;
	case 1: move(d, at, REC_MODEL_VERSION, version, "note", value, 0); break;
	case 2:
		add_version(d, c->model.name, arena_format(&d->arena, "10%d", n), false);
		move(d, at, REC_MODEL_VERSION, d->n_rows[REC_MODEL_VERSION] - 1, NULL,
			NULL, 0);
		break;
	case 3:
		move(d, at, REC_POINTER, s * PER_POINTER + STAGING, "version", value, 0);
		break;
	case 4: /* warm, without traffic */
		add_serving(d, c->serving.name, text(d, "warm-", value), value, 0, false);
		move(d, at, REC_SERVING, d->n_rows[REC_SERVING] - 1, NULL, NULL, 0);
		break;
	case 5: /* a canary */
		add_serving(d, c->serving.name, text(d, "canary-", value), value, 0.01,
			false);
		move(d, at, REC_SERVING, d->n_rows[REC_SERVING] - 1, NULL, NULL, 0.01);
		break;
	default: move(d, at, REC_DRIFT_REPORT, s, "drifted", NULL, 1);
	}
}

/* Nobody's: a job that ran well, something of a team that has no service here. */
static void nobody(struct drill *d, int64_t at, int n)
{
	struct job_run *job;
	struct definition *def;
	struct flag *flag;

	if (chance(d, 0.2)) {
		flag = add(d, REC_FLAG, AT_UNLEASH, true);
		flag->name = arena_format(&d->arena, "ui-banner-%d", n);
		flag->value = "off";
		move(d, at, REC_FLAG, d->n_rows[REC_FLAG] - 1, "value", "on", 0);
		return;
	}
	if (chance(d, 0.5)) {
		job = add(d, REC_JOB_RUN, AT_PIPELINES, false);
		job->pipeline = arena_format(&d->arena, "nightly-%d", n % 5);
		job->run = arena_format(&d->arena, "%d", n);
		job->state = chance(d, 0.3) ? "failed" : "ok";
		job->started = at;
		move(d, at, REC_JOB_RUN, d->n_rows[REC_JOB_RUN] - 1, NULL, NULL, 0);
		return;
	}
	def = add(d, REC_DEFINITION, AT_GIT, true);
	def->type = "configuration";
	def->name = arena_format(&d->arena, "team/%d", n);
	def->version = "1";
	move(d, at, REC_DEFINITION, d->n_rows[REC_DEFINITION] - 1, "version", "2", 0);
}

static void harmless(struct drill *d, size_t burning, int64_t at, int n)
{
	size_t other = (size_t)between(d, 1, DRILL_SERVICES - 1);
	double x = rng_unit(&d->rng);

	if (x < 0.5)
		elsewhere(d, (burning + other) % DRILL_SERVICES, at, n);
	else if (x < 0.8)
		at_home(d, burning, at, n);
	else
		nobody(d, at, n);
}

/* Over the whole evening and a little after the onset, but not in what is left out. */
static int64_t a_time(struct drill *d, int64_t out_from, int64_t out_to)
{
	int64_t at;

	do {
		at = chance(d, 0.5)
			? between(d, d->onset - NS_PER_HOUR, d->onset + 10 * NS_PER_MIN)
			: between(d, d->begins + NS_PER_MIN, d->onset);
	} while (at >= out_from && at <= out_to);
	return at;
}

static int by_time(const void *a, const void *b)
{
	const struct move *x = a, *y = b;

	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void make_sources(struct drill *d)
{
	static const int64_t every_s[] = {15, 30, 60};

	d->config.sources =
		arena_alloc(&d->arena, DRILL_SOURCES, sizeof(*d->config.sources));
	d->config.n_sources = DRILL_SOURCES;
	for (int i = 0; i < DRILL_SOURCES; i++) {
		d->every[i] = SECONDS(every_s[between(d, 0, 2)]);
		d->phase[i] = between(d, 0, d->every[i] - 1);
		d->config.sources[i].name = sources[i];
	}
}

void drill_new(struct drill *d, uint64_t seed, bool has_cause, int64_t begins)
{
	size_t burning;
	int64_t from, to;

	*d = (struct drill){.rng = {rng_mix(seed)}, .begins = begins};
	arena_init(&d->arena);
	for (int kind = REC_NONE + 1; kind < REC_KINDS; kind++)
		d->rows[kind] = arena_alloc(
			&d->arena, DRILL_ROWS, record_def((enum record_kind)kind)->size);
	make_sources(d);
	d->config.services =
		arena_alloc(&d->arena, DRILL_SERVICES, sizeof(*d->config.services));
	d->config.n_services = DRILL_SERVICES;
	for (size_t i = 0; i < DRILL_SERVICES; i++)
		add_service(d, i);
	burning = (size_t)between(d, 0, DRILL_SERVICES - 1);
	d->burning = &d->config.services[burning];
	d->onset = begins + EVENING + between(d, 0, NS_PER_HOUR);
	d->caused = d->onset - between(d, NS_PER_MIN, 40 * NS_PER_MIN);
	if (has_cause)
		break_it(d, burning);
	/* In half of them nothing lies between, in the others at least one. */
	d->closer = seed % 2;
	from = has_cause && !d->closer ? d->caused : 1;
	to = has_cause && !d->closer ? d->onset : 0;
	for (int i = 0; i < DRILL_HARMLESS; i++)
		harmless(d, burning,
			has_cause && d->closer && i == 0 ? between(d, d->caused, d->onset)
							 : a_time(d, from, to),
			i);
	if (chance(d, 0.1)) {
		d->blind = has_cause
			? drill_source_of(d, d->moves[0].kind, d->moves[0].row)
			: AT_KSERVE;
		d->blind_from = d->caused - between(d, NS_PER_MIN, 20 * NS_PER_MIN);
		d->blind_to = d->caused + between(d, 2 * NS_PER_MIN, 20 * NS_PER_MIN);
	}
	qsort(d->moves, d->n_moves, sizeof(*d->moves), by_time);
}

void drill_release(struct drill *d)
{
	arena_release(&d->arena);
}
