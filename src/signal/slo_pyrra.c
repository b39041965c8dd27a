#include "config.h"

#include "signal/slo_pyrra.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/strbuf.h"
#include "signal/pyrra.h"
#include "signal/slo_read.h"

static const char burnrate[] = ":burnrate";

/* More of one server is no list that people made. */
enum { MAX_FOUND = 2000 };

/* What the rules of one objective tell, piece by piece. */
struct found {
	const char *name, *alert, *metric, *matchers, *grouping, *raw;
	const struct json *labels;
	double objective;
	int64_t window_ns;
	struct burn_alert rows[8];
	size_t n;
};

struct finding {
	struct arena *a;
	struct found *items;
	size_t n, cap;
};

/* --- reading an expression --- */

static const char *skip_spaces(const char *s)
{
	while (isspace((unsigned char)*s))
		s++;
	return s;
}

/* Behind the text if it is next, spaces aside; else NULL, also for NULL. */
static const char *behind(const char *s, const char *text)
{
	size_t n = strlen(text);

	if (!s)
		return NULL;
	s = skip_spaces(s);
	return strncmp(s, text, n) == 0 ? s + n : NULL;
}

static const char *number(const char *s, double *out)
{
	char *end = NULL;

	if (!s)
		return NULL;
	s = skip_spaces(s);
	if (!isdigit((unsigned char)*s))
		return NULL;
	*out = strtod(s, &end);
	return end;
}

/* One half of an alert: METRIC:burnrate5m{...} > (14 * (1-0.99)). */
struct half {
	const char *metric, *matchers;
	int64_t window_ns;
	double factor, objective;
};

static const char *read_name(struct half *out, struct arena *a, const char *s)
{
	const char *start = skip_spaces(s), *end = start, *mark, *at;
	struct err e = ERR_INIT;
	char *name;

	while (isalnum((unsigned char)*end) || *end == '_' || *end == ':')
		end++;
	name = arena_strndup(a, start, (size_t)(end - start));
	mark = NULL;
	for (at = strstr(name, burnrate); at; at = strstr(at + 1, burnrate))
		mark = at;
	if (!mark || mark == name ||
		duration_parse(&out->window_ns, mark + sizeof(burnrate) - 1, &e) < 0 ||
		out->window_ns <= 0) {
		err_release(&e);
		return NULL;
	}
	out->metric = arena_strndup(a, name, (size_t)(mark - name));
	return end;
}

static const char *read_matchers(struct half *out, struct arena *a, const char *s)
{
	const char *start, *end;

	if (!s)
		return NULL;
	start = end = skip_spaces(s);
	if (*start == '{') {
		for (end++; *end && *end != '}'; end++) {
			if (*end != '"')
				continue;
			for (end++; *end && *end != '"'; end++)
				end += *end == '\\' && end[1];
			if (!*end)
				return NULL;
		}
		if (!*end++)
			return NULL;
	}
	out->matchers = arena_strndup(a, start, (size_t)(end - start));
	return end;
}

static const char *read_half(struct half *out, struct arena *a, const char *s)
{
	s = read_name(out, a, s);
	s = read_matchers(out, a, s);
	s = behind(behind(s, ">"), "(");
	s = number(s, &out->factor);
	s = behind(behind(behind(behind(s, "*"), "("), "1"), "-");
	s = number(s, &out->objective);
	return behind(behind(s, ")"), ")");
}

static bool read_alert(struct half out[2], struct arena *a, const char *expression)
{
	const char *s = read_half(&out[0], a, expression);

	s = behind(s, "and");
	s = s ? read_half(&out[1], a, s) : NULL;
	return s && *skip_spaces(s) == '\0' &&
		strcmp(out[0].metric, out[1].metric) == 0 &&
		out[0].factor == out[1].factor && out[0].factor > 0 &&
		out[0].objective > 0 && out[0].objective < 1;
}

/* --- collecting --- */

static struct found *found_of(struct finding *f, const char *name)
{
	struct found *one;

	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->items[i].name, name) == 0)
			return &f->items[i];
	}
	if (f->n == MAX_FOUND)
		return NULL;
	one = arena_push(f->a, f->items, f->n, f->cap);
	one->name = arena_strdup(f->a, name);
	one->objective = NAN;
	return one;
}

static enum severity severity_of_rule(const struct json *labels, double factor)
{
	enum severity known =
		slo_reader_severity(json_text(json_get(labels, "severity")));

	if (known != SEV_NONE)
		return known;
	return factor >= 7 ? SEV_PAGE : SEV_TICKET;
}

/* The label says in which time the budget is spent at that rate. */
static int64_t window_of(const struct json *labels, double factor)
{
	const char *text = json_text(json_get(labels, "exhaustion"));
	struct err e = ERR_INIT;
	int64_t ns = 0;

	if (!text || duration_parse(&ns, text, &e) < 0 ||
		(double)ns * factor > (double)(3650 * NS_PER_DAY))
		ns = 0;
	err_release(&e);
	return llround((double)ns * factor / (double)NS_PER_MIN) * NS_PER_MIN;
}

static void take_alert(struct finding *f, const char *name, const struct json *rule,
	const char *expression)
{
	const struct json *labels = json_get(rule, "labels");
	struct half halves[2] = {{0}};
	struct found *one;

	if (!strstr(expression, burnrate) || !read_alert(halves, f->a, expression))
		return;
	one = found_of(f, name);
	if (!one || one->n == ARRAY_LEN(one->rows))
		return;
	one->alert = arena_strdup(f->a, json_text(json_get(rule, "name")));
	one->labels = labels;
	one->metric = halves[0].metric;
	one->matchers = halves[0].matchers;
	one->objective = halves[0].objective;
	one->rows[one->n++] = (struct burn_alert){
		.severity = severity_of_rule(labels, halves[0].factor),
		.short_ns = halves[0].window_ns,
		.long_ns = halves[1].window_ns,
		.factor = halves[0].factor,
	};
	/* The slowest row is the one that rounding hurts least. */
	if (one->window_ns == 0 || halves[0].factor == 1)
		one->window_ns = window_of(labels, halves[0].factor);
}

/* "handler,method" of "sum by (handler, method) (...". */
static const char *grouping_in(struct arena *a, const char *expression)
{
	const char *s = behind(behind(strstr(expression, "sum"), "sum"), "by");
	struct strbuf text = STRBUF_INIT;
	const char *result = NULL;

	s = behind(s, "(");
	for (; s && *s && *s != ')'; s++) {
		if (!isspace((unsigned char)*s))
			strbuf_addc(&text, *s);
	}
	if (text.len)
		result = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return result;
}

static void take_record(struct finding *f, const char *name, const struct json *rule,
	const char *expression)
{
	const char *record = json_text(json_get(rule, "name"));
	const char *mark = record ? strstr(record, burnrate) : NULL;
	struct found *one = mark ? found_of(f, name) : NULL;
	bool selector;

	if (!one || one->raw)
		return;
	one->raw = promql_windowed(f->a, expression, true, &selector);
	if (selector)
		one->raw = NULL;
	one->grouping = grouping_in(f->a, expression);
	if (!one->metric)
		one->metric = arena_strndup(f->a, record, (size_t)(mark - record));
	if (!one->labels)
		one->labels = json_get(rule, "labels");
}

/* Generic rules say it in so many words. */
static void take_generic(struct finding *f, const char *name, const struct json *rule,
	const char *expression)
{
	const char *record = json_text(json_get(rule, "name"));
	bool is_objective = record && strcmp(record, "pyrra_objective") == 0;
	bool is_window = record && strcmp(record, "pyrra_window") == 0;
	double value = NAN;
	struct found *one;

	if ((!is_objective && !is_window) || !number(expression, &value))
		return;
	one = found_of(f, name);
	if (one && is_objective && value > 0 && value < 1)
		one->objective = value;
	if (one && is_window && value >= 3600 && value < 3650.0 * 86400)
		one->window_ns = (int64_t)value * NS_PER_S;
}

static void take_rule(struct finding *f, const struct json *rule)
{
	const char *type = json_text(json_get(rule, "type"));
	const char *expression = json_text(json_get(rule, "query"));
	const char *name = json_text(json_at(rule, "labels.slo"));

	if (!type || !expression || !name || !*name)
		return;
	if (strcmp(type, "alerting") == 0) {
		take_alert(f, name, rule, expression);
	} else if (strcmp(type, "recording") == 0) {
		take_record(f, name, rule, expression);
		take_generic(f, name, rule, expression);
	}
}

/* --- the objectives --- */

static const char *labels_text(struct arena *a, const struct json *labels)
{
	struct strbuf text = STRBUF_INIT;
	const char *result;

	json_canonical(&text, labels);
	result = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return result;
}

/* {slo="n"} where no alert gave the matchers. */
static const char *matchers_of(struct arena *a, const struct found *one)
{
	struct strbuf text = STRBUF_INIT;
	const char *result;

	if (one->matchers)
		return one->matchers;
	strbuf_adds(&text, "{slo=");
	json_quote(&text, one->name);
	strbuf_addc(&text, '}');
	result = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return result;
}

static int by_factor(const void *a, const void *b)
{
	const struct burn_alert *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity > y->severity ? -1 : 1;
	return x->factor > y->factor ? -1 : x->factor < y->factor;
}

static bool add(struct slo_list *out, struct arena *a, const struct found *one)
{
	struct slo *slo;

	if (!one->metric || isnan(one->objective) || one->window_ns < NS_PER_HOUR)
		return false;
	slo = arena_push(a, out->items, out->n, out->cap);
	*slo = (struct slo){
		.service = pyrra_service(a, one->labels, NULL, one->name),
		.name = one->name,
		.format = "recorded",
		.objective = round(one->objective * 1e12) / 1e12,
		.window_ns = one->window_ns,
		.min_bad = NAN,
		.alert_name = one->alert,
		.n_alerting = one->n,
		.labels = labels_text(a, one->labels),
		.sli = {.kind = SLI_RECORDED,
			.recorded = matchers_of(a, one),
			.recorded_as =
				arena_format(a, "%s:burnrate{{.window}}", one->metric),
			.raw = one->raw,
			.grouping = one->grouping},
	};
	slo->alerting = arena_alloc(a, one->n + 1, sizeof(*slo->alerting));
	memcpy(slo->alerting, one->rows, one->n * sizeof(*slo->alerting));
	qsort(slo->alerting, one->n, sizeof(*slo->alerting), by_factor);
	return true;
}

size_t slo_from_pyrra(struct slo_list *out, struct arena *a, const struct json *rules)
{
	struct finding f = {.a = a};
	size_t n = 0;

	json_each (group, json_at(rules, "data.groups")) {
		json_each (rule, json_get(group, "rules"))
			take_rule(&f, rule);
	}
	for (size_t i = 0; i < f.n; i++)
		n += add(out, a, &f.items[i]);
	return n;
}
