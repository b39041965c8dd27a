#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/duration.h"
#include "model/alert.h"
#include "model/pipeline.h"
#include "model/registry.h"
#include "model/session.h"
#include "record/chain.h"
#include "store/journal.h"
#include "store/observe.h"
#include "store/series.h"
#include "store/sessions.h"
#include "store/source.h"
#include "tests/screen/harness.h"

/*
 * An incident, at SCREEN_NOW in the screen tests: checkout-ranker's alias moved from 11 to 12 at
 * 08:30, serving followed at 08:31, since then checkout-assistant burns.  langfuse has been silent
 * since 08:35.
 */

#define AGO(minutes) (f->now - (minutes)*NS_PER_MIN)

struct fixture {
	struct store *st;
	int64_t now;
	struct arena a;
	bool hostile;
	struct err e;
};

static void must(struct fixture *f, int rc, int line)
{
	if (rc < 0)
		fail_msg("fixture.c:%d: %s", line, f->e.what);
}

#define MUST(f, call) must((f), (call), __LINE__)

/* The text, or the text with everything that must not reach a terminal behind it. */
static const char *text(struct fixture *f, const char *s)
{
	return f->hostile ? arena_format(&f->a, "%s" HOSTILE, s) : s;
}

/* --- objectives --- */

struct objective {
	const char *service, *name;
	double target;
	double burn[7]; /* 5m 30m 1h 2h 6h 1d 3d */
	double budget;
	enum severity severity;
	int onset_min; /* ago; 0: none */
	double left_h; /* INFINITY: never */
	bool calendar;
	const char *format; /* NULL: openslo */
};

static const int64_t windows[7] = {
	5 * NS_PER_MIN,
	30 * NS_PER_MIN,
	NS_PER_HOUR,
	2 * NS_PER_HOUR,
	6 * NS_PER_HOUR,
	NS_PER_DAY,
	3 * NS_PER_DAY,
};

/* clang-format off */
static const struct objective objectives[] = {
	{"checkout-assistant", "availability", 0.999, {18.3, 15.1, 14.6, 7.4, 2.6, 0.9, 0.5}, 0.61,
		SEV_PAGE, 9, 30.1, false, NULL},
	{"checkout-assistant", "latency", 0.99, {0.8, 0.6, 0.5, 0.4, 0.4, 0.3, 0.3}, 0.83,
		SEV_OK, 0, INFINITY, false, NULL},
	{"fraud-scorer", "availability", 0.9995, {0, 0, 0.1, 0.1, 0.1, 0.2, 0.2}, 0.97,
		SEV_OK, 0, INFINITY, false, NULL},
	{"fraud-scorer", "latency", 0.99, {3.9, 3.6, 3.4, 3.3, 3.1, 1.4, 0.8}, 0.42,
		SEV_TICKET, 42, 89, true, NULL},
	{"search-embed", "availability", 0.999, {0.2, 0.2, 0.3, 0.2, 0.2, 0.2, 0.2}, 0.94,
		SEV_OK, 0, INFINITY, false, NULL},
	{"search-embed", "freshness", 0.95, {NAN, NAN, NAN, NAN, NAN, NAN, NAN}, NAN,
		SEV_NO_DATA, 0, NAN, false, NULL},
	{"support-agent", "success", 0.95, {0.9, 0.7, 0.7, 0.6, 0.6, 0.5, 0.5}, 0.71,
		SEV_OK, 0, INFINITY, false, "traces"},
};
/* clang-format on */

static void put_state(struct fixture *f, const struct objective *o, int64_t at)
{
	int64_t onset = o->onset_min ? AGO(o->onset_min) : NONE_INT;
	bool burning = onset != NONE_INT && at >= onset;
	struct slo_state s = {
		.service = text(f, o->service),
		.name = text(f, o->name),
		.at = at,
		.objective = o->target,
		.window_ns = 30 * NS_PER_DAY,
		.n_windows = 7,
		.events = 182450,
		/* It was spent while it burned. */
		.budget_left = o->budget +
			(burning                            ? 0
					: onset == NONE_INT ? 0
							    : 0.12) +
			(double)(f->now - at) / (double)(90 * NS_PER_MIN) * 0.02,
		.severity = burning || onset == NONE_INT ? o->severity : SEV_OK,
		.onset = burning ? onset : NONE_INT,
		.exhausted_in_s = o->left_h * 3600,
		.bad = 182450 * (1 - o->target) * (1 - o->budget),
		.rate = isnan(o->budget) ? NAN : 21,
		.bad_rate = 21 * (1 - o->target) * o->burn[0],
		.projected = o->calendar ? o->budget - 0.1 * o->burn[2] : NAN,
		.period_from = at - (o->calendar ? 21 : 30) * NS_PER_DAY,
		.period_to = at + (o->calendar ? 9 * NS_PER_DAY : 0),
		.coverage = isnan(o->budget) ? NAN : 1,
		.note = o->severity == SEV_NO_DATA ? "no series match the total" : NULL,
	};
	/* Before the onset a quiet wave, behind it a ramp of three minutes. */
	double wave = 0.3 + 0.25 * sin((double)(at / NS_PER_MIN) / 7.0);
	double ramp = burning ? (double)(at - onset) / (3.0 * NS_PER_MIN) : 0;

	for (size_t i = 0; i < s.n_windows; i++) {
		double now = o->burn[i];

		s.windows_ns[i] = windows[i];
		s.window_events[i] = 21 * (double)windows[i] / (double)NS_PER_S;
		s.burn[i] = onset == NONE_INT ? now
			: ramp >= 1           ? now * (0.94 + 0.2 * wave)
					      : wave + ramp * now;
		if (at == AGO(0))
			s.burn[i] = now;
	}
	MUST(f, slo_record(f->st, &s, &f->e));
}

static void put_objectives(struct fixture *f)
{
	for (size_t i = 0; i < ARRAY_LEN(objectives); i++) {
		const struct objective *o = &objectives[i];
		struct slo slo = {
			.service = text(f, o->service),
			.name = text(f, o->name),
			.description =
				text(f, "Requests that are answered as they should be"),
			.format = o->format ? "recorded" : "openslo",
			.file = "/etc/tocsin/slos/checkout.yaml",
			.objective = o->target,
			.window_ns = 30 * NS_PER_DAY,
			.calendar = o->calendar,
			.calendar_unit = o->calendar ? CALENDAR_MONTH : CALENDAR_NONE,
			.calendar_count = o->calendar,
			.source = "prom",
			.min_bad = NAN,
			.slice_target = NAN,
			.sli = {.kind = SLI_RATIO,
				.bad = text(f,
					"sum(rate(http_requests_total{job=\"checkout\","
					"code=~\"5..\"}[{{.window}}]))"),
				.total = "sum(rate(http_requests_total{job=\"checkout\"}"
					 "[{{.window}}]))"},
		};

		MUST(f, slo_define(f->st, &slo, AGO(90), &f->e));
		for (int minute = 90; minute >= 0; minute -= o->onset_min ? 1 : 30)
			put_state(f, o, AGO(minute));
	}
}

/* --- records --- */

static void put_round(struct fixture *f, const char *source, enum record_kind kind,
	int64_t at, bool first, const void *records, size_t n, size_t size)
{
	struct observe *ob = NULL;
	struct source_row row;
	struct arena a;

	arena_init(&a);
	MUST(f, source_find(&row, &a, f->st, source, &f->e));
	MUST(f,
		observe_begin(
			&ob, f->st, source, row.generation, kind, at, first, &f->e));
	for (size_t i = 0; i < n; i++)
		MUST(f, observe_put(ob, (const char *)records + i * size, &f->e));
	MUST(f, observe_end(ob, true, &f->e));
	arena_release(&a);
}

#define ROUND(f, source, kind, at, first, records)                                     \
	put_round((f), (source), (kind), (at), (first), (records), ARRAY_LEN(records), \
		sizeof((records)[0]))

#define NIGHT_KEY "43372fb7c3fd360dd2fd7d7e5423e05348c6cf5653ba90e74ad482261fe58d5b"
#define NIGHT_GROUP                                                                 \
	"[{\"key\":\"" NIGHT_KEY "\",\"labels\":{\"cluster\":\"eu\"},\"receiver\":" \
	"\"night\"}]"

static void put_alerts(struct fixture *f)
{
	const struct alert alerts[] = {
		{
			.source = "am",
			.fingerprint = text(f, "5ef1a0c2"),
			.name = text(f, "ModelErrorBudgetBurn"),
			.service = text(f, "checkout-assistant"),
			.labels = "{\"alertname\":\"ModelErrorBudgetBurn\",\"job\":"
				  "\"checkout\",\"sloth_slo\":\"availability\","
				  "\"sloth_service\":\"checkout-assistant\","
				  "\"severity\":\"page\"}",
			.annotations =
				"{\"summary\":\"checkout burns its error budget 14 times "
				"too fast\"}",
			.state = "firing",
			.severity = "page",
			.since = AGO(7),
			.until = NONE_INT,
			.runbook_url =
				text(f, "https://runbooks.internal/bad-model-version"),
			.groups = NIGHT_GROUP,
			.receivers = "[\"night\"]",
			.onset = AGO(9),
			.url = text(f, "http://prom.internal/graph?g0.expr=burn"),
			.value = 0.0144,
		},
		{
			.source = "am",
			.fingerprint = text(f, "81b7c3d4"),
			.name = text(f, "ScorerLatencyHigh"),
			.service = text(f, "fraud-scorer"),
			.labels = "{\"alertname\":\"ScorerLatencyHigh\"}",
			.annotations = "{\"summary\":\"p99 is over 300 ms\"}",
			.state = "firing",
			.severity = "ticket",
			.since = AGO(41),
			.until = NONE_INT,
			.groups = NIGHT_GROUP,
			.receivers = "[\"night\"]",
			.onset = NONE_INT,
			.value = NAN,
		},
		{
			.source = "am",
			.fingerprint = text(f, "c0ffee00"),
			.name = text(f, "NodeDiskFull"),
			.labels = "{\"alertname\":\"NodeDiskFull\"}",
			.annotations = "{}",
			.state = "silenced",
			.severity = "info",
			.since = AGO(300),
			.until = NONE_INT,
			.silenced_by =
				"[{\"by\":\"mona\",\"comment\":\"disk ordered\",\"id\":"
				"\"1c5e7d20-0000-4000-8000-000000000001\",\"until\":"
				"\"2026-11-21T11:30:00Z\"}]",
			.groups = "[{\"labels\":{},\"receiver\":\"queue\"}]",
			.receivers = "[\"queue\"]",
			.onset = NONE_INT,
			.value = NAN,
		},
		{
			.source = "am",
			.fingerprint = text(f, "0ff0ff00"),
			.name = text(f, "PodRestarts"),
			.service = text(f, "fraud-scorer"),
			.labels = "{\"alertname\":\"PodRestarts\"}",
			.state = "inhibited",
			.severity = "ticket",
			.since = AGO(40),
			.until = NONE_INT,
			.inhibited_by = "[\"81b7c3d4\"]",
			.groups = "[{\"labels\":{},\"receiver\":\"queue\"}]",
			.receivers = "[\"queue\"]",
			.onset = NONE_INT,
			.value = NAN,
		},
	};
	ROUND(f, "am", REC_ALERT, AGO(6), false, alerts);
}

static void put_silences(struct fixture *f)
{
	const struct silence silences[] = {
		{
			.source = "am",
			.id = "1c5e7d20-0000-4000-8000-000000000001",
			.state = "active",
			.matchers = text(f, "alertname=\"NodeDiskFull\""),
			.comment = text(f, "disk ordered"),
			.created_by = text(f, "mona"),
			.starts = AGO(290),
			.ends = AGO(-170),
			.updated = AGO(290),
			.alerts = 1,
		},
		{
			.source = "am",
			.id = "1c5e7d20-0000-4000-8000-000000000002",
			.state = "active",
			.matchers = text(f, "service=~\"old-.*\",severity!=\"page\""),
			.comment = text(f, "being taken down"),
			.created_by = text(f, "ann"),
			.starts = AGO(2000),
			.ends = AGO(-15),
			.updated = AGO(2000),
			.alerts = 0,
		},
	};

	ROUND(f, "am", REC_SILENCE, AGO(6), false, silences);
}

static void put_pages(struct fixture *f)
{
	const struct page pages[] = {{
		.source = "am",
		.id = text(f, "PT4KHLK"),
		.title = text(f, "checkout burns its error budget"),
		.service = text(f, "checkout-assistant"),
		.urgency = "high",
		.state = "acknowledged",
		.assignee = text(f, "Ann Okafor"),
		.since = AGO(7),
		.url = text(f, "https://pd.internal/incidents/PT4KHLK"),
		.acknowledged_by = text(f, "Ann Okafor"),
		.dedup_key = NIGHT_KEY,
		.policy = text(f, "ML platform"),
	}};
	const struct oncall oncalls[] = {{
		.source = "am",
		.policy = text(f, "ML platform"),
		.level = "1",
		.schedule = text(f, "Nights"),
		.user = text(f, "Ann Okafor"),
		.contact = text(f, "ann@example.org"),
		.since = AGO(400),
		.until = AGO(-320),
	}};

	ROUND(f, "am", REC_PAGE, AGO(6), false, pages);
	ROUND(f, "am", REC_ONCALL, AGO(6), false, oncalls);
}

static struct pointer alias(struct fixture *f, const char *version)
{
	return (struct pointer){
		.source = "mlflow",
		.model = text(f, "checkout-ranker"),
		.name = "production",
		.version = version,
		.changed = NONE_INT,
		.observed = NONE_INT,
	};
}

static struct serving variant(struct fixture *f, const char *version, int64_t changed)
{
	return (struct serving){
		.source = "prom",
		.service = text(f, "checkout"),
		.variant = "main",
		.model = text(f, "checkout-ranker"),
		.version = version,
		.traffic = 1,
		.ready = 1,
		.replicas = 3,
		.changed = changed,
	};
}

static void put_registry(struct fixture *f)
{
	static const char *const metrics[3] = {"{\"auc\": 0.911, \"recall\": 0.71}",
		"{\"auc\": 0.913, \"recall\": 0.72}",
		"{\"auc\": 0.918, \"recall\": 0.55}"};
	struct model_version versions[3];
	const struct pointer before[] = {alias(f, "11")}, after[] = {alias(f, "12")};
	const struct serving old[] = {variant(f, "11", AGO(4000))};
	const struct serving new[] = {variant(f, "12", AGO(9))};

	for (int i = 0; i < 3; i++)
		versions[i] = (struct model_version){
			.source = "mlflow",
			.model = text(f, "checkout-ranker"),
			.version = arena_format(&f->a, "%d", 10 + i),
			.aliases = i == 2 ? "[\"production\"]" : "[]",
			.status = "READY",
			.run = arena_format(&f->a, "run%d", i),
			.author = text(f, "maria"),
			.created = AGO(6000 - 2900 * i),
			.updated = AGO(6000 - 2900 * i),
			.tags = "{}",
			.metrics = metrics[i],
			.params = i ? "{\"depth\": 8}" : "{\"depth\": 6}",
			.lineage = i == 2 ? "runs:/run2/model" : NULL,
			.size = 41 * 1000 * 1000 + i,
		};
	ROUND(f, "mlflow", REC_MODEL_VERSION, AGO(80), true, versions);
	ROUND(f, "mlflow", REC_POINTER, AGO(80), true, before);
	ROUND(f, "prom", REC_SERVING, AGO(80), true, old);
	ROUND(f, "mlflow", REC_POINTER, AGO(10), false, after);
	ROUND(f, "prom", REC_SERVING, AGO(9), false, new);
}

/* --- prompts, and the rest of what is read --- */

static void put_prompts(struct fixture *f)
{
	const struct prompt_version before[] = {
		{.source = "langfuse",
			.prompt = text(f, "support/greeting"),
			.version = "3",
			.labels = "[\"production\"]",
			.author = text(f, "noor"),
			.created = AGO(9000),
			.updated = AGO(9000)},
		{.source = "langfuse",
			.prompt = text(f, "support/greeting"),
			.version = "4",
			.labels = "[\"latest\"]",
			.author = text(f, "noor"),
			.created = AGO(200),
			.updated = AGO(200)},
	};

	ROUND(f, "langfuse", REC_PROMPT_VERSION, AGO(80), true, before);
}

static void put_flags(struct fixture *f)
{
	const struct flag before[] = {
		{"prom", text(f, "new-reranker"), "off", AGO(3000), NULL},
		{"prom", text(f, "wide-context"), "on", AGO(5000), text(f, "ada")},
	};
	const struct flag after[] = {
		{"prom", text(f, "new-reranker"), "on", AGO(42), text(f, "ada")},
		{"prom", text(f, "wide-context"), "on", AGO(5000), text(f, "ada")},
	};

	ROUND(f, "prom", REC_FLAG, AGO(80), true, before);
	ROUND(f, "prom", REC_FLAG, AGO(42), false, after);
}

static void put_inventory(struct fixture *f)
{
	const struct budget budgets[] = {
		{.source = "prom",
			.name = text(f, "team-search"),
			.state = "blocked",
			.spent_usd = 104.2,
			.limit_usd = 100,
			.resets = AGO(-3000),
			.models = "[\"large\"]",
			.owner = text(f, "search")},
		{.source = "prom",
			.name = text(f, "team-support"),
			.state = "active",
			.spent_usd = 12,
			.limit_usd = 250,
			.resets = AGO(-3000)},
	};
	const struct definition definitions[] = {
		{.source = "prom",
			.type = "agent-graph",
			.name = text(f, "checkout-agent"),
			.version = "17",
			.author = text(f, "noor"),
			.changed = AGO(2000),
			.summary = text(f, "planner, two tools, critic")},
	};
	const struct job_run jobs[] = {
		{.source = "prom",
			.pipeline = text(f, "features/hourly"),
			.run = "118",
			.state = "failed",
			.started = AGO(35),
			.ended = AGO(31),
			.error = text(f, "no partition for 08:00")},
		{.source = "prom",
			.pipeline = text(f, "features/hourly"),
			.run = "117",
			.state = "ok",
			.started = AGO(95),
			.ended = AGO(91)},
	};
	const struct freshness data[] = {
		{.source = "prom",
			.dataset = text(f, "clicks"),
			.loaded = AGO(95),
			.expected_every_ns = NS_PER_HOUR,
			.rows = 1204331,
			.state = "late"},
	};

	ROUND(f, "prom", REC_BUDGET, AGO(80), true, budgets);
	ROUND(f, "prom", REC_DEFINITION, AGO(80), true, definitions);
	ROUND(f, "prom", REC_JOB_RUN, AGO(30), false, jobs);
	ROUND(f, "prom", REC_FRESHNESS, AGO(30), false, data);
}

/* --- sessions --- */

static void put_span(struct fixture *f, const char *session, int n, const char *kind,
	const char *name, int64_t from, int64_t ms, bool failed)
{
	bool llm = !strcmp(kind, "llm"), tool = !strcmp(kind, "tool");
	struct span s = {
		.source = "langfuse",
		.trace = session,
		.id = arena_format(&f->a, "%s-%d", session, n),
		.session = session,
		.parent = n ? arena_format(&f->a, "%s-0", session) : NULL,
		.kind = kind,
		.name = text(f, name),
		.started = from,
		.ended = from + ms * NS_PER_MS,
		.status = failed ? "error" : "ok",
		.error = failed ? text(f, "tool call refused: unknown order") : NULL,
		.agent = text(f, "checkout-agent"),
		.model = llm ? text(f, "gpt-4o-mini") : NULL,
		.tool = tool ? text(f, name) : NULL,
		.input = text(
			f, "{\"order\": 4711, \"question\": \"where is my parcel?\"}"),
		.output = failed ? NULL : text(f, "It left the warehouse this morning."),
		.input_tokens = llm ? 812 : NONE_INT,
		.output_tokens = llm ? 64 : NONE_INT,
		.cached_tokens = NONE_INT,
		.reasoning_tokens = NONE_INT,
		.cost_usd = llm ? 0.0021 : NAN,
		.first_token_ns = llm ? 310 * NS_PER_MS : NONE_INT,
		.attributes = "{}",
	};

	MUST(f, span_put(f->st, &s, &f->e));
}

static void put_session(struct fixture *f, int n)
{
	const char *id = arena_format(&f->a, "sess-%04d", 4100 + n);
	bool failed = n % 5 == 0 && n < 15;
	int64_t started = AGO(2 + 3 * n);
	struct session s = {
		.source = "langfuse",
		.id = id,
		.agent = text(f, n % 2 ? "support-agent" : "checkout-agent"),
		.user = text(f, "u-1093"),
		.started = started,
		.ended = started + 42 * NS_PER_S,
		.traces = 1,
		.spans = 6,
		.errors = failed ? 2 : 0,
		.input_tokens = 1624,
		.output_tokens = 128,
		.cost_usd = 0.0042,
		.tags = "[\"web\"]",
	};

	MUST(f, store_begin(f->st, &f->e));
	put_span(f, id, 0, "agent", "handle-question", started, 42000, failed);
	put_span(f, id, 1, "llm", "plan", started + 100 * NS_PER_MS, 1800, false);
	put_span(f, id, 2, "tool", "lookup_order", started + 2 * NS_PER_S, 350, failed);
	put_span(f, id, 3, "retrieval", "kb-search", started + 3 * NS_PER_S, 120, false);
	put_span(f, id, 4, "llm", "answer", started + 4 * NS_PER_S, 2400, false);
	put_span(f, id, 5, "tool", "send_reply", started + 7 * NS_PER_S, 90, failed);
	MUST(f, session_put(f->st, &s, &f->e));
	MUST(f, store_commit(f->st, &f->e));
}

/* --- sources --- */

static void put_outcome(struct fixture *f, const char *name, int64_t at,
	enum source_state state, const char *error)
{
	struct source_row row;
	struct poll_outcome o = {
		.at = at,
		.latency_ns = 23 * NS_PER_MS,
		.bytes = 18211,
		.records = 42,
		.next_poll = at + 15 * NS_PER_S,
		.state = state,
		.error = error,
		.hint = error ? "look whether it runs, and whether a proxy stands between"
			      : NULL,
		.version = "2.45.0",
	};

	MUST(f, source_find(&row, &f->a, f->st, name, &f->e));
	o.source_id = row.id;
	o.generation = row.generation;
	MUST(f, source_outcomes(f->st, &o, 1, &f->e));
}

static void put_sources(struct fixture *f, const struct config *config)
{
	static const char *const names[] = {"prom", "am", "mlflow", "langfuse"};
	int64_t generation;

	MUST(f, source_sync(f->st, config, "prod-eu", &f->e));
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct source_row row;

		MUST(f, source_find(&row, &f->a, f->st, names[i], &f->e));
		MUST(f, source_lock(f->st, row.id, &generation, &f->e));
	}
}

static void put_outcomes(struct fixture *f)
{
	put_outcome(f, "prom", f->now - 4 * NS_PER_S, SRC_OK, NULL);
	put_outcome(f, "am", f->now - 9 * NS_PER_S, SRC_OK, NULL);
	put_outcome(f, "mlflow", f->now - 20 * NS_PER_S, SRC_OK, NULL);
	put_outcome(f, "langfuse", AGO(5), SRC_OK, NULL);
	put_outcome(f, "langfuse", AGO(4), SRC_FAILING,
		text(f, "langfuse.internal did not answer within 10 s"));
}

/* --- acts --- */

static void put_entry(struct fixture *f, int64_t at, const char *kind, int64_t step,
	const char *name, const char *state)
{
	const struct who who = {
		.uid = 1000,
		.login_uid = 1000,
		.session = NONE_INT,
		.user = text(f, "ada"),
		.tty = "pts/3",
		.host = "bastion",
	};
	struct json *data = json_object();
	const struct audit_event ev = {
		.kind = kind,
		.object = text(f, "checkout-assistant"),
		.run = "01JD6H0S00EXAMPLE",
		.context = "prod-eu",
		.step = step,
		.data = data,
	};

	json_add_text(data, "name", text(f, name));
	json_add_text(data, "state", state);
	clock_freeze(at, NS_PER_DAY);
	MUST(f, audit_write(f->st, &who, &ev, NULL, &f->e));
	if (f->now == SCREEN_NOW)
		clock_freeze(SCREEN_NOW, NS_PER_DAY);
	else
		clock_real();
	json_free(data);
}

static void put_step(struct fixture *f, const char *run, int64_t n, const char *name,
	const char *kind, enum step_state state, int64_t at)
{
	const struct step_row row = {
		.run = run,
		.n = n,
		.name = text(f, name),
		.kind = kind,
		.phase = "contain",
		.risk = "change",
		.state = state,
		.attempt = 1,
		.started = at,
		.ended = state == STEP_RUNNING ? NONE_INT : at + 12 * NS_PER_S,
		.exit_code = state == STEP_OK ? 0 : NONE_INT,
		.pid = NONE_INT,
		.how = "key",
	};

	MUST(f, step_put(f->st, &row, &f->e));
}

/* A run under way, one that ended, and what the log says of the first. */
static void put_acts(struct fixture *f)
{
	struct run_row run = {
		.id = "01JD6H0S00EXAMPLE",
		.runbook = "drain-and-wait",
		.title = text(f, "Take the traffic away and wait"),
		.file = "/srv/runbooks/drain-and-wait.md",
		.sha256 = "00000000000000000000000000000000000000000000000000000000000000"
			  "00",
		.service = text(f, "checkout-assistant"),
		.context = "prod-eu",
		.user = text(f, "ada"),
		.started = AGO(4),
		.ended = NONE_INT,
		.changing = true,
		.vars = "{}",
		.state = "running",
	};

	/* The log's head is remembered beside the store: not in the home of whoever tests. */
	setenv("XDG_STATE_HOME", store_dir(f->st), 0);
	MUST(f, run_create(f->st, &run, &f->e));
	put_step(f, run.id, 1, "capture", "sh", STEP_OK, AGO(4));
	put_step(f, run.id, 2, "drain", "sh", STEP_RUNNING, AGO(3));
	put_entry(f, AGO(4), "run.started", NONE_INT, "drain-and-wait", NULL);
	put_entry(f, AGO(4), "step.starting", 1, "capture", NULL);
	put_entry(f, AGO(3), "step.result", 1, "capture", "ok");
	put_entry(f, AGO(3), "step.starting", 2, "drain", NULL);
	run.id = "01JD6G0S00EXAMPLE";
	run.runbook = "restart-workers";
	run.title = text(f, "Restart the workers");
	run.service = text(f, "fraud-scorer");
	run.started = AGO(95);
	run.ended = AGO(90);
	run.state = "done";
	MUST(f, run_create(f->st, &run, &f->e));
	MUST(f, run_update(f->st, run.id, "done", AGO(90), &f->e));
}

void fixture_fill_at(
	struct store *st, const struct config *config, bool hostile, int64_t now)
{
	struct fixture f = {.st = st, .hostile = hostile, .now = now};
	struct strbuf since = STRBUF_INIT;

	arena_init(&f.a);
	put_sources(&f, config);
	MUST(&f, store_begin(st, &f.e));
	put_objectives(&f);
	put_registry(&f);
	put_prompts(&f);
	put_flags(&f);
	put_inventory(&f);
	put_alerts(&f);
	put_silences(&f);
	put_pages(&f);
	fixture_drift(st, hostile, now);
	for (int n = 0; n < 20; n++)
		put_session(&f, n);
	put_acts(&f);
	put_outcomes(&f);
	MUST(&f, store_commit(st, &f.e));
	time_format(&since, now - 84 * NS_PER_MIN);
	MUST(&f, store_set(st, "watching_since", since.buf, &f.e));
	strbuf_release(&since);
	err_release(&f.e);
	arena_release(&f.a);
}

void fixture_fill(struct store *st, const struct config *config, bool hostile)
{
	fixture_fill_at(st, config, hostile, SCREEN_NOW);
}
