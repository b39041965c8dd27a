#include "config.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/clock.h"
#include "model/pipeline.h"
#include "store/drift.h"
#include "store/observe.h"
#include "store/source.h"
#include "tests/screen/harness.h"

/*
 * The inputs of checkout-assistant: prompts became longer 35 minutes ago, a language came and one
 * went, the rest is as it was; and what the scorer predicts, which moved too.
 */

struct feature {
	const char *dataset, *feature, *service, *kind, *method;
	double before, value, threshold, noise, p_value;
	const char *verdict, *persisted;
	int since_min; /* ago; 0: not drifted */
	const char *shares;
};

/* clang-format off */
static const struct feature features[] = {
	{"checkout-inputs", "*", "checkout-assistant", "data", NULL, 0, 2 / 5.0, 0.5, NAN, NAN,
		"ok", NULL, 0, NULL},
	{"checkout-inputs", "prompt_length", "checkout-assistant", "data", "psi", 0.02, 0.31, 0.2,
		0.034, NAN, "drifted", "3 of 4", 35,
		"{\"edges\": [64, 256, 1024, 4096], \"reference\": [0.18, 0.44, 0.29, 0.08, 0.01],"
		" \"current\": [0.09, 0.27, 0.34, 0.24, 0.06]}"},
	{"checkout-inputs", "language", "checkout-assistant", "data", "jensenshannon", 0.03, 0.14,
		0.1, 0.02, NAN, "drifted", "4 of 4", 31,
		"{\"labels\": [\"de\", \"en\", \"fr\", \"jp\", \"pl\"],"
		" \"reference\": [0.15, 0.7, 0.09, 0.06, 0],"
		" \"current\": [0.16, 0.55, 0.1, 0, 0.19], \"new\": [\"pl\"], \"lost\": [\"jp\"]}"},
	{"checkout-inputs", "finish_reason", "checkout-assistant", "data", "psi", 0.03, 0.22, 0.2,
		0.03, NAN, "watch", "1 of 4", 0,
		"{\"labels\": [\"length\", \"stop\"], \"reference\": [0.1, 0.9],"
		" \"current\": [0.27, 0.73], \"new\": [], \"lost\": []}"},
	{"checkout-inputs", "basket_size", "checkout-assistant", "data", "ks", 0.03, 0.04, 0.05,
		0.05, 0.41, "ok", "0 of 4", 0, NULL},
	{"checkout-inputs", "hour_of_day", "checkout-assistant", "data", "psi", 0.21, 0.23, 0.2,
		0.41, NAN, "noise", "2 of 4", 0, NULL},
	{"scores", "*", "fraud-scorer", "prediction", NULL, 0, 0.5, 0.5, NAN, NAN, "drifted", NULL,
		12, NULL},
	{"scores", "score", "fraud-scorer", "prediction", "wasserstein", 0.02, 0.19, 0.1, 0.03,
		NAN, "drifted", "3 of 4", 12,
		"{\"edges\": [0.25, 0.5, 0.75], \"reference\": [0.7, 0.2, 0.06, 0.04],"
		" \"current\": [0.5, 0.25, 0.13, 0.12]}"},
	{"scores", "latency_bucket", "fraud-scorer", "data", "psi", 0, NAN, 0.2, NAN, NAN,
		"too-few", NULL, 0, NULL},
};
/* clang-format on */

static const char *text(struct arena *a, bool hostile, const char *s)
{
	return hostile && s ? arena_format(a, "%s" HOSTILE, s) : s;
}

static struct drift_report report_of(
	struct arena *a, const struct feature *f, bool hostile, int64_t now)
{
	bool all = !strcmp(f->feature, DRIFT_DATASET);

	return (struct drift_report){
		.source = "prom",
		.service = f->service,
		.dataset = text(a, hostile, f->dataset),
		.feature = all ? f->feature : text(a, hostile, f->feature),
		.kind = f->kind,
		.method = f->method,
		.value = f->value,
		.threshold = f->threshold,
		.p_value = f->p_value,
		.noise = f->noise,
		.n_reference = strcmp(f->verdict, "too-few") ? 10240 : 31,
		.n_current = strcmp(f->verdict, "too-few") ? 5210 : 12,
		.drifted = !strcmp(f->verdict, "drifted"),
		.verdict = f->verdict,
		.persisted = f->persisted,
		.reference = text(a, hostile, "the same hour 7 d ago"),
		.window = "1h",
		.binning = f->shares ? "the reference's own bins" : NULL,
		.shares = f->shares,
		.note = strcmp(f->verdict, "too-few")
			? NULL
			: text(a, hostile, "fewer than 50 values on one side"),
		.since = f->since_min ? now - f->since_min * NS_PER_MIN : NONE_INT,
		.computed = now - NS_PER_MIN,
	};
}

/* Every five minutes for six hours; what drifted did so some minutes before it was called so. */
static int put_history(struct store *st, const struct drift_report *r,
	const struct feature *f, int64_t now, struct err *e)
{
	for (int minute = 360; minute >= 0; minute -= 5) {
		struct drift_report then = *r;
		int began = f->since_min ? f->since_min + 10 : 6;
		double wave = 0.8 + 0.2 * sin(minute / 17.0);

		if (isnan(f->value))
			return 0;
		then.computed = now - minute * NS_PER_MIN;
		then.value = minute <= began ? f->value * (0.9 + 0.1 * wave)
					     : f->before * wave;
		if (!minute)
			then.value = f->value;
		if (drift_record(st, &then, then.value > f->threshold, e))
			return -1;
	}
	return 0;
}

void fixture_drift(struct store *st, bool hostile, int64_t now)
{
	struct err e = ERR_INIT;
	struct observe *ob = NULL;
	struct source_row row;
	struct arena a;
	int rc;

	arena_init(&a);
	rc = source_find(&row, &a, st, "prom", &e);
	if (!rc)
		rc = observe_begin(&ob, st, "prom", row.generation, REC_DRIFT_REPORT,
			now - NS_PER_MIN, true, &e);
	for (size_t i = 0; !rc && i < ARRAY_LEN(features); i++) {
		struct drift_report r = report_of(&a, &features[i], hostile, now);

		rc = observe_put(ob, &r, &e);
		if (!rc)
			rc = put_history(st, &r, &features[i], now, &e);
	}
	if (!rc)
		rc = observe_end(ob, true, &e);
	if (rc)
		fail_msg("fixture_drift.c: %s", e.what);
	err_release(&e);
	arena_release(&a);
}
