/* gate_look.c - one look at what the store says about a gate's condition */
#include "config.h"
#include "runbook/gate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "model/alert.h"
#include "model/pipeline.h"
#include "model/registry.h"
#include "runbook/retrain.h"
#include "store/observe.h"
#include "store/series.h"
#include "store/source.h"

#define MAX_ROWS 1000
#define MAX_REPORTS 20000 /* of drift: a thousand features in each of some datasets */
#define UNKNOWN_SOURCE_STALE_NS (3 * NS_PER_MIN)

struct look {
	struct gate_reading *out;
	const struct gate *g;
	const struct config *config;
	const char *service;
	struct store *st;
	int64_t now;
	struct arena a;
	struct source_rows sources;
};

static void say(struct look *l, enum gate_verdict v, double value, const char *fmt, ...)
	PRINTF(4, 5);

static void say(struct look *l, enum gate_verdict v, double value, const char *fmt, ...)
{
	va_list ap;

	l->out->verdict = v;
	l->out->value = value;
	va_start(ap, fmt);
	vsnprintf(l->out->text, sizeof(l->out->text), fmt, ap);
	va_end(ap);
}

static const struct source_row *source_row(const struct look *l, const char *name)
{
	for (size_t i = 0; name && i < l->sources.n; i++)
		if (!strcmp(l->sources.items[i].name, name))
			return &l->sources.items[i];
	return NULL;
}

/* True, and said, when the source is not heard from lately. */
static bool is_stale(struct look *l, const char *name)
{
	const struct source_row *row = source_row(l, name);

	if (row && !source_is_stale(row, l->now))
		return false;
	say(l, VERDICT_STALE, NAN, _("the source '%s' was not read lately"),
		name ? name : "?");
	return true;
}

/* True when every source of one of the types is stale; *n is how many there are. */
static bool all_stale(
	const struct look *l, const char *const *types, size_t n_types, size_t *n)
{
	bool fresh = false;

	*n = 0;
	for (size_t i = 0; i < l->sources.n; i++)
		for (size_t t = 0; t < n_types; t++)
			if (l->sources.items[i].type &&
				!strcmp(l->sources.items[i].type, types[t])) {
				++*n;
				fresh |= !source_is_stale(&l->sources.items[i], l->now);
			}
	return !fresh;
}

static bool compare(enum gate_op op, double a, double b)
{
	switch (op) {
	case OP_LT: return a < b;
	case OP_LE: return a <= b;
	case OP_GT: return a > b;
	case OP_GE: return a >= b;
	case OP_EQ: return !(a < b) && !(a > b);
	case OP_NE: return a < b || a > b;
	case OP_NONE: break;
	}
	return false;
}

static const char *op_text(enum gate_op op)
{
	static const char *const texts[] = {
		[OP_LT] = "<",
		[OP_LE] = "<=",
		[OP_GT] = ">",
		[OP_GE] = ">=",
		[OP_EQ] = "==",
		[OP_NE] = "!=",
	};

	return op ? texts[op] : "?";
}

/* --- slo --- */

static const struct slo_row *slo_find(const struct look *l, const struct slo_rows *rows)
{
	const char *service = l->g->service ? l->g->service : l->service;
	const struct slo_row *only = NULL;
	size_t n = 0;

	for (size_t i = 0; i < rows->n; i++) {
		const struct slo_row *row = &rows->items[i];

		if (strcmp(row->slo.name, l->g->slo))
			continue;
		if (service && row->slo.service && !strcmp(row->slo.service, service))
			return row;
		only = row;
		n++;
	}
	return n == 1 && !l->g->service ? only : NULL;
}

static bool slo_is_stale(struct look *l, const struct slo_row *row)
{
	static const char *const types[] = {"prometheus", "metrics"};
	const struct source_row *source = source_row(l, row->slo.source);
	int64_t limit = source && source->every_ns > 0 ? 3 * source->every_ns
						       : UNKNOWN_SOURCE_STALE_NS;
	size_t n;

	if (row->slo.source ? is_stale(l, row->slo.source)
			    : all_stale(l, types, ARRAY_LEN(types), &n)) {
		if (!row->slo.source)
			say(l, VERDICT_STALE, NAN,
				_("no source of metrics was read lately"));
		return true;
	}
	if (l->now - row->state.at <= limit)
		return false;
	say(l, VERDICT_STALE, NAN, _("the objective was not evaluated lately"));
	return true;
}

static void judge_window(struct look *l, const struct slo_state *s, size_t i)
{
	struct strbuf window = STRBUF_INIT;
	double burn = s->burn[i], events = s->window_events[i];

	duration_format(&window, s->windows_ns[i]);
	if (isnan(burn))
		say(l, VERDICT_NO_DATA, burn, _("no data on burn over %s"), window.buf);
	else if (l->g->min_events > 0 && isnan(events))
		say(l, VERDICT_NO_DATA, burn,
			_("it is not known how many events there were over %s, and the "
			  "gate wants "
			  "%.0f"),
			window.buf, l->g->min_events);
	else if (l->g->min_events > 0 && events < l->g->min_events)
		say(l, VERDICT_NO_DATA, burn, _("%.0f events over %s, wanted %.0f"),
			events, window.buf, l->g->min_events);
	else
		say(l,
			compare(l->g->burn_op, burn, l->g->burn) ? VERDICT_HOLDS
								 : VERDICT_NOT,
			burn, _("burn over %s is %.2f, wanted %s %g"), window.buf, burn,
			op_text(l->g->burn_op), l->g->burn);
	strbuf_release(&window);
}

/* The window asked for, or the shortest; n_windows: it is not evaluated. */
static size_t window_index(const struct slo_state *s, int64_t wanted_ns)
{
	size_t shortest = s->n_windows;

	for (size_t i = 0; i < s->n_windows; i++) {
		if (s->windows_ns[i] == wanted_ns)
			return i;
		if (!wanted_ns &&
			(shortest == s->n_windows ||
				s->windows_ns[i] < s->windows_ns[shortest]))
			shortest = i;
	}
	return shortest;
}

static int look_slo(struct look *l, struct err *e)
{
	size_t window;
	struct slo_rows rows;
	const struct slo_row *row;

	if (slo_rows(&rows, &l->a, l->st, AT_NOW, e))
		return -1;
	row = slo_find(l, &rows);
	if (!row || row->state.at == NONE_INT) {
		say(l, VERDICT_NO_DATA, NAN,
			row ? _("the objective '%s' was never evaluated")
			    : _("there is no objective '%s'"),
			l->g->slo);
		return 0;
	}
	if (slo_is_stale(l, row))
		return 0;
	window = window_index(&row->state, l->g->window_ns);
	if (window < row->state.n_windows) {
		judge_window(l, &row->state, window);
		return 0;
	}
	say(l, VERDICT_NO_DATA, NAN,
		_("the objective '%s' is not evaluated over that window"), l->g->slo);
	return 0;
}

/* --- model --- */

/* Does this variant serve what the gate names: a service with its serving, or a model. */
static bool is_meant(const struct look *l, const struct serving *s)
{
	const struct service_conf *conf =
		l->config ? config_service(l->config, l->g->model) : NULL;

	if (conf && conf->serving.name)
		return !strcmp(s->service, conf->serving.name) &&
			(!conf->serving.source ||
				!strcmp(s->source, conf->serving.source));
	return (s->model && !strcmp(s->model, l->g->model)) ||
		!strcmp(s->service, l->g->model);
}

/* Counts variants with traffic, and those of them that are as wanted; false: stale, and said. */
static bool count_variants(struct look *l, const struct observed_list *list, size_t *n,
	size_t *good, const char **other)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct serving *s = list->items[i].record;
		bool same;

		if (!is_meant(l, s) || s->traffic <= 0)
			continue;
		if (is_stale(l, s->source))
			return false;
		++*n;
		same = s->version && !strcmp(s->version, l->g->version);
		if (s->version && s->ready != 0 && same == (l->g->version_op == OP_EQ))
			++*good;
		else
			*other = s->version ? s->version : "?";
	}
	return true;
}

static int look_model(struct look *l, struct err *e)
{
	struct observed_list list;
	size_t n = 0, good = 0;
	const char *other = NULL;

	if (observed_at(
		    &list, &l->a, l->st, REC_SERVING, NULL, NULL, AT_NOW, MAX_ROWS, e))
		return -1;
	if (!count_variants(l, &list, &n, &good, &other))
		return 0;
	if (!n)
		say(l, VERDICT_NO_DATA, NAN, _("nothing is known to serve '%s'"),
			l->g->model);
	else if (good == n)
		say(l, VERDICT_HOLDS, (double)good,
			l->g->version_op == OP_EQ ? _("'%s' serves version %s everywhere")
						  : _("'%s' serves version %s nowhere"),
			l->g->model, l->g->version);
	else
		say(l, VERDICT_NOT, (double)good,
			_("'%s' serves version %s, wanted %s %s (%zu of %zu variants are "
			  "so)"),
			l->g->model, other, op_text(l->g->version_op), l->g->version,
			good, n);
	return 0;
}

/* --- alert --- */

static bool fires(const struct look *l, const struct alert *al)
{
	const char *service = l->g->service;

	return al->name && !strcmp(al->name, l->g->alert) &&
		(!service || (al->service && !strcmp(al->service, service))) &&
		(!al->state || strcmp(al->state, "resolved"));
}

static int look_alert(struct look *l, struct err *e)
{
	static const char *const types[] = {"alertmanager"};
	struct observed_list list;
	size_t n, firing = 0;

	if (observed_at(&list, &l->a, l->st, REC_ALERT, NULL, NULL, AT_NOW, MAX_ROWS, e))
		return -1;
	if (all_stale(l, types, ARRAY_LEN(types), &n)) {
		say(l, n ? VERDICT_STALE : VERDICT_NO_DATA, NAN,
			n ? _("no source of alerts was read lately")
			  : _("there is no source of alerts"));
		return 0;
	}
	for (size_t i = 0; i < list.n; i++)
		firing += fires(l, list.items[i].record);
	say(l, (firing > 0) == l->g->alert_firing ? VERDICT_HOLDS : VERDICT_NOT,
		(double)firing,
		firing ? _("the alert '%s' is there (%zu)")
		       : _("the alert '%s' is gone (%zu)"),
		l->g->alert, firing);
	return 0;
}

/* --- drift --- */

#define CHECK_STALE_ROUNDS 3
#define UNKNOWN_CHECK_STALE_NS NS_PER_HOUR

/* A report that was not made anew in three of its rounds. */
static bool drift_is_stale(struct look *l, const struct drift_report *r)
{
	struct drift_check check;
	int64_t limit = UNKNOWN_CHECK_STALE_NS;

	if (is_stale(l, r->source))
		return true;
	if (drift_check_find(&check, &l->a, l->config, r->service, r->dataset) &&
		check.every_ns > 0)
		limit = CHECK_STALE_ROUNDS * check.every_ns;
	if (r->computed != NONE_INT && l->now - r->computed <= limit)
		return false;
	say(l, VERDICT_STALE, NAN, _("'%s' was not compared lately"), r->dataset);
	return true;
}

/* What could not be compared says nothing about drift: neither that there is, nor that not. */
static bool is_compared(const struct drift_report *r)
{
	static const char *const compared[] = {"ok", "noise", "watch", "drifted"};

	for (size_t i = 0; r->verdict && i < ARRAY_LEN(compared); i++)
		if (!strcmp(r->verdict, compared[i]))
			return !isnan(r->value);
	return false;
}

static void judge_drift(struct look *l, const struct drift_report *r)
{
	const struct gate *g = l->g;
	const char *verdict = r->verdict ? r->verdict : "?";
	const char *name = strcmp(r->feature, "*") ? r->feature : r->dataset;
	bool calm = !strcmp(verdict, "ok") || !strcmp(verdict, "noise");

	if (!is_compared(r))
		say(l, VERDICT_NO_DATA, r->value, _("'%s' was not compared: %s"), name,
			verdict);
	else if (g->value_op)
		say(l,
			compare(g->value_op, r->value, g->value) ? VERDICT_HOLDS
								 : VERDICT_NOT,
			r->value, _("the drift of '%s' is %.3g, wanted %s %g"), name,
			r->value, op_text(g->value_op), g->value);
	else
		say(l, calm ? VERDICT_HOLDS : VERDICT_NOT, r->value,
			_("'%s' is %s, its value %.3g"), name, verdict, r->value);
}

static int look_drift(struct look *l, struct err *e)
{
	const char *service = l->g->service ? l->g->service : l->service;
	struct observed_list list;
	const struct drift_report *found = NULL;

	if (observed_at(&list, &l->a, l->st, REC_DRIFT_REPORT, NULL, NULL, AT_NOW,
		    MAX_REPORTS, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct drift_report *r = list.items[i].record;

		if (!strcmp(r->dataset, l->g->drift) &&
			!strcmp(r->feature, l->g->feature) &&
			(!service || !strcmp(r->service, service)))
			found = r;
	}
	if (!found)
		say(l, VERDICT_NO_DATA, NAN, _("'%s' was never compared"),
			strcmp(l->g->feature, "*") ? l->g->feature : l->g->drift);
	else if (!drift_is_stale(l, found))
		judge_drift(l, found);
	return 0;
}

int gate_look(struct gate_reading *out, const struct gate *g, const struct config *c,
	const char *service, struct store *st, int64_t now, struct err *e)
{
	static int (*const looks[GATE_KINDS])(struct look *, struct err *) = {
		[GATE_SLO] = look_slo,
		[GATE_MODEL] = look_model,
		[GATE_ALERT] = look_alert,
		[GATE_DRIFT] = look_drift,
	};
	struct look l = {.out = out,
		.g = g,
		.config = c,
		.service = service,
		.st = st,
		.now = now};
	int rc;

	*out = (struct gate_reading){.value = NAN};
	arena_init(&l.a);
	rc = source_list(&l.sources, &l.a, st, AT_NOW, e);
	if (!rc)
		rc = looks[g->kind](&l, e);
	arena_release(&l.a);
	return rc;
}
