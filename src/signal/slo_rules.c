#include "config.h"

#include "signal/slo_rules.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/yaml.h"
#include "signal/burn.h"
#include "signal/slo_query.h"
#include "signal/slo_state.h"

/* Rules over the whole period read much: they are evaluated less often. */
#define PERIOD_INTERVAL "2m"

struct writing {
	struct strbuf *out;
	const struct slo *slo;
	struct arena *a;
	const char *id; /* service-name, as Sloth makes it */
	const char *matchers; /* {sloth_id="..."} of its series */
	struct json *labels; /* owned: of the objective, fit for Prometheus */
};

/* --- texts --- */

/* The fewest digits that read back as the same number. */
static void add_number(struct strbuf *out, double v)
{
	for (int digits = 15; digits <= 17; digits++) {
		char text[40];

		(void)snprintf(text, sizeof(text), "%.*g", digits, v);
		if (digits == 17 || strtod(text, NULL) == v) {
			strbuf_adds(out, text);
			return;
		}
	}
}

/* A label's name as Prometheus takes it. */
static char *label_name(const char *name)
{
	char *out = mem_strdup(name);

	for (char *c = out; *c; c++) {
		if (!(isalpha((unsigned char)*c) || *c == '_' ||
			    (isdigit((unsigned char)*c) && c > out)))
			*c = '_';
	}
	return out;
}

/* A value as text: a list's items with commas between them. */
static void add_value(struct strbuf *out, const struct json *value)
{
	const char *text = json_text(value);

	if (json_type(value) == JSON_ARRAY) {
		json_each (item, value) {
			strbuf_adds(out, out->len ? "," : "");
			strbuf_adds(out, json_text(item) ? json_text(item) : "");
		}
	} else if (text) {
		strbuf_adds(out, text);
	} else if (json_type(value) != JSON_NULL) {
		json_canonical(out, value);
	}
}

/* What the objective's own labels must not take the place of. */
static bool is_reserved(const char *name)
{
	return strncmp(name, "sloth_", 6) == 0 || strncmp(name, "__", 2) == 0 || !*name;
}

static void labels_add(struct json *to, const char *json, bool names)
{
	struct json *from = NULL;
	struct err e = ERR_INIT;

	if (json && json_parse(&from, json, strlen(json), &e) < 0)
		err_release(&e);
	json_each (item, from) {
		struct strbuf value = STRBUF_INIT;
		char *name =
			names ? label_name(json_key(item)) : mem_strdup(json_key(item));

		add_value(&value, item);
		if (!is_reserved(name))
			json_set(to, name, json_new_text(value.buf));
		strbuf_release(&value);
		free(name);
	}
	json_free(from);
}

static const char *matchers_of(struct arena *a, const char *id, const struct slo *slo)
{
	struct strbuf text = STRBUF_INIT;
	const char *result;

	strbuf_adds(&text, "{sloth_id=");
	json_quote(&text, id);
	strbuf_adds(&text, ", sloth_service=");
	json_quote(&text, slo->service);
	strbuf_adds(&text, ", sloth_slo=");
	json_quote(&text, slo->name);
	strbuf_addc(&text, '}');
	result = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return result;
}

static void writing_begin(
	struct writing *w, struct strbuf *out, struct arena *a, const struct slo *slo)
{
	*w = (struct writing){.out = out, .slo = slo, .a = a, .labels = json_object()};
	w->id = arena_format(a, "%s-%s", slo->service, slo->name);
	w->matchers = matchers_of(a, w->id, slo);
	labels_add(w->labels, slo->labels, true);
	json_set(w->labels, "sloth_id", json_new_text(w->id));
	json_set(w->labels, "sloth_service", json_new_text(slo->service));
	json_set(w->labels, "sloth_slo", json_new_text(slo->name));
}

static const char *window_text(struct writing *w, int64_t ns)
{
	struct strbuf text = STRBUF_INIT;
	const char *result;

	duration_format(&text, ns);
	result = arena_strdup(w->a, text.buf);
	strbuf_release(&text);
	return result;
}

/* --- rules --- */

static void add_pair(
	struct strbuf *out, const char *indent, const char *key, const char *value)
{
	strbuf_addf(out, "%s", indent);
	yaml_quote(out, key);
	strbuf_adds(out, ": ");
	yaml_quote(out, value);
	strbuf_addc(out, '\n');
}

static void add_map(struct strbuf *out, const char *key, const struct json *map)
{
	if (json_count(map) == 0)
		return;
	strbuf_addf(out, "        %s:\n", key);
	json_each (item, map)
		add_pair(out, "          ", json_key(item),
			json_text(item) ? json_text(item) : "");
}

static void record(
	struct writing *w, const char *name, const char *expression, const char *window)
{
	struct json *labels = json_copy(w->labels);

	if (window)
		json_set(labels, "sloth_window", json_new_text(window));
	strbuf_adds(w->out, "      - record: ");
	yaml_quote(w->out, name);
	strbuf_addc(w->out, '\n');
	add_pair(w->out, "        ", "expr", expression);
	add_map(w->out, "labels", labels);
	json_free(labels);
}

static void group(struct writing *w, const char *suffix, const char *interval)
{
	char *name = mem_format("tocsin-slo-%s%s", w->id, suffix);

	strbuf_adds(w->out, "  - name: ");
	yaml_quote(w->out, name);
	strbuf_addc(w->out, '\n');
	if (interval)
		add_pair(w->out, "    ", "interval", interval);
	strbuf_adds(w->out, "    rules:\n");
	free(name);
}

static void record_ratio(struct writing *w, int64_t window_ns)
{
	struct strbuf query = STRBUF_INIT;
	const char *window = window_text(w, window_ns);

	if (slo_record_query(&query, w->slo, window_ns))
		record(w, arena_format(w->a, "slo:sli_error:ratio_rate%s", window),
			query.buf, window);
	strbuf_release(&query);
}

/* One of the series over another: the rate at which the budget burns. */
static void record_burn(struct writing *w, const char *name, const char *window)
{
	record(w, name,
		arena_format(w->a,
			"slo:sli_error:ratio_rate%s%s / on (sloth_id, sloth_slo, "
			"sloth_service) group_left () slo:error_budget:ratio%s",
			window, w->matchers, w->matchers),
		NULL);
}

static void record_meta(struct writing *w, int64_t shortest_ns)
{
	struct strbuf number = STRBUF_INIT;

	strbuf_adds(&number, "vector(");
	add_number(&number, w->slo->objective);
	strbuf_addc(&number, ')');
	record(w, "slo:objective:ratio", number.buf, NULL);
	strbuf_reset(&number);
	strbuf_adds(&number, "vector(1 - ");
	add_number(&number, w->slo->objective);
	strbuf_addc(&number, ')');
	record(w, "slo:error_budget:ratio", number.buf, NULL);
	strbuf_reset(&number);
	strbuf_adds(&number, "vector(");
	add_number(&number, (double)w->slo->window_ns / (double)NS_PER_DAY);
	strbuf_addc(&number, ')');
	record(w, "slo:time_period:days", number.buf, NULL);
	strbuf_release(&number);
	record_burn(w, "slo:current_burn_rate:ratio", window_text(w, shortest_ns));
}

static void record_period(struct writing *w)
{
	if (w->slo->calendar) {
		/* PromQL knows no months: the budget of the last 30 days is another. */
		strbuf_adds(w->out,
			"  # No budget is recorded here: the period follows the "
			"calendar.\n");
		return;
	}
	group(w, "-period", PERIOD_INTERVAL);
	record_ratio(w, w->slo->window_ns);
	record_burn(w, "slo:period_burn_rate:ratio", window_text(w, w->slo->window_ns));
	record(w, "slo:period_error_budget_remaining:ratio",
		arena_format(w->a, "1 - slo:period_burn_rate:ratio%s", w->matchers),
		NULL);
}

/* --- alerts --- */

/* What one window says: over factor times the budget.  As burn_fires() compares. */
static void add_over(
	struct writing *w, struct strbuf *to, int64_t window_ns, double factor)
{
	strbuf_addf(to, "max without (sloth_window) (slo:sli_error:ratio_rate%s%s > (",
		window_text(w, window_ns), w->matchers);
	add_number(to, factor);
	strbuf_adds(to, " * (1 - ");
	add_number(to, w->slo->objective);
	strbuf_adds(to, ")))");
}

/* A page needs bad events in its long window, where they can be counted. */
static void add_enough(struct writing *w, struct strbuf *to, const struct burn_alert *row)
{
	double least = w->slo->min_bad;
	struct strbuf bad = STRBUF_INIT;

	if (isnan(least))
		least = SLO_MIN_BAD;
	if (row->severity == SEV_PAGE && least > 0 &&
		slo_bad_query(&bad, w->slo, row->long_ns)) {
		strbuf_addf(to, " and on (%s) ((%s) >= ",
			w->slo->sli.grouping ? w->slo->sli.grouping : "", bad.buf);
		add_number(to, least);
		strbuf_addc(to, ')');
	}
	strbuf_release(&bad);
}

static const char *alert_expression(struct writing *w, const struct burn_alert *rows,
	size_t n, enum severity severity)
{
	struct strbuf text = STRBUF_INIT;
	const char *result = NULL;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].severity != severity)
			continue;
		strbuf_adds(&text, text.len ? " or (" : "(");
		add_over(w, &text, rows[i].short_ns, rows[i].factor);
		strbuf_adds(&text, " and ");
		add_over(w, &text, rows[i].long_ns, rows[i].factor);
		add_enough(w, &text, &rows[i]);
		strbuf_addc(&text, ')');
	}
	if (text.len)
		result = arena_strdup(w->a, text.buf);
	strbuf_release(&text);
	return result;
}

static void alert(struct writing *w, const struct burn_alert *rows, size_t n,
	enum severity severity, const struct slo_alert_texts *texts)
{
	const char *expression = alert_expression(w, rows, n, severity);
	struct json *labels, *annotations;

	if (!expression)
		return;
	labels = json_object();
	annotations = json_object();
	json_add_text(labels, "severity", severity_name(severity));
	labels_add(labels, texts->labels, true);
	/* Those of the series again: alerts of one name differ by them in the file too. */
	json_set(labels, "sloth_id", json_new_text(w->id));
	json_set(labels, "sloth_service", json_new_text(w->slo->service));
	json_set(labels, "sloth_slo", json_new_text(w->slo->name));
	json_set(labels, "sloth_severity", json_new_text(severity_name(severity)));
	json_add_text(annotations, "title",
		arena_format(w->a, "(%s) %s %s: the error budget burns too fast",
			severity_name(severity), w->slo->service, w->slo->name));
	labels_add(annotations, w->slo->annotations, true);
	labels_add(annotations, texts->annotations, true);
	strbuf_adds(w->out, "      - alert: ");
	yaml_quote(w->out, w->slo->alert_name ? w->slo->alert_name : "ErrorBudgetBurn");
	strbuf_addc(w->out, '\n');
	add_pair(w->out, "        ", "expr", expression);
	add_map(w->out, "labels", labels);
	add_map(w->out, "annotations", annotations);
	json_free(labels);
	json_free(annotations);
}

/* --- objectives --- */

/* Why no rules can be written of it; NULL: they can. */
static const char *why_not(const struct slo *slo)
{
	struct strbuf query = STRBUF_INIT;
	bool can = slo_record_query(&query, slo, slo->window_ns);

	strbuf_release(&query);
	if (slo->sli.kind == SLI_RECORDED)
		return _("rules in Prometheus record it already");
	if (slo->sli.kind == SLI_TRACES)
		return _("it is measured in traces, which Prometheus has not");
	return can ? NULL : _("it cannot be asked in PromQL");
}

static void write_slo(struct strbuf *out, const struct slo *slo)
{
	int64_t windows[SLO_WINDOWS];
	size_t n = burn_windows(windows, slo), n_rows;
	const struct burn_alert *rows;
	struct writing w;
	struct arena a;

	arena_init(&a);
	writing_begin(&w, out, &a, slo);
	rows = burn_alerts(slo, &a, &n_rows);
	/* One group: what alerts reads what was recorded in the same round. */
	group(&w, "", NULL);
	for (size_t i = 0; i < n; i++) {
		if (windows[i] != slo->window_ns)
			record_ratio(&w, windows[i]);
	}
	record_meta(&w, windows[0]);
	alert(&w, rows, n_rows, SEV_PAGE, &slo->page);
	alert(&w, rows, n_rows, SEV_TICKET, &slo->ticket);
	record_period(&w);
	json_free(w.labels);
	arena_release(&a);
}

size_t slo_rules_write(
	struct strbuf *out, const struct slo *slos, size_t n, struct problems *p)
{
	size_t written = 0;

	strbuf_adds(out, "# Written by tocsin slo export.\n");
	for (size_t i = 0; i < n; i++) {
		const char *why = why_not(&slos[i]);

		if (why) {
			(void)problems_add(p, slos[i].line, slos[i].column,
				_("no rules are written for '%s/%s': %s"),
				slos[i].service, slos[i].name, why);
			continue;
		}
		strbuf_adds(out, written++ ? "" : "groups:\n");
		write_slo(out, &slos[i]);
	}
	if (written == 0)
		strbuf_adds(out, "groups: []\n");
	return written;
}
