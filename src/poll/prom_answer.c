#include "config.h"

#include "poll/prom_answer.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/number.h"
#include "core/text.h"
#include "poll/prom_histogram.h"

enum { MAX_BYTES = 256 * 1024 * 1024, ERROR_COLUMNS = 300 };

static int answer_err(struct err *e, const char *what)
{
	err_set(e, ERR_BACKEND, _("this is not what Prometheus's API answers: %s"), what);
	err_hint(e, _("check the URL of this source, its path prefix too"));
	return err_retry(e, RETRY_LATER);
}

/* A value is text: "0.5", "NaN", "+Inf"; milliseconds are exact in a double. */
static bool point_read(const struct json *pair, struct sample *out)
{
	const struct json *time = json_first(pair);
	const struct json *value = json_next(time);
	const char *text = json_text(value);
	double t = json_real(time);

	if (json_type(pair) != JSON_ARRAY || !text || !(fabs(t) < 9e9))
		return false;
	out->at = (int64_t)llround(t * 1e3) * NS_PER_MS;
	return number_parse(&out->value, text, strlen(text));
}

static bool series_read_one(
	struct prom_series *s, const struct json *pair, struct arena *a)
{
	s->samples.items = arena_alloc(a, 1, sizeof(*s->samples.items));
	s->samples.n = point_read(pair, &s->samples.items[0]);
	return s->samples.n == 1;
}

static bool series_read_many(
	struct prom_series *s, const struct json *values, struct arena *a)
{
	struct sample *to = arena_alloc(a, json_count(values) + 1, sizeof(*to));

	s->samples.items = to;
	json_each (pair, values) {
		if (!point_read(pair, to))
			return false;
		/* The server sorts them; what it should not have sent is left out. */
		if (s->samples.n && to[-1].at >= to->at)
			continue;
		to++;
		s->samples.n++;
	}
	return true;
}

static bool item_read(
	struct prom_series *s, const struct json *item, bool matrix, struct arena *a)
{
	const struct json *values = json_get(item, matrix ? "values" : "value");
	const struct json *histograms =
		json_get(item, matrix ? "histograms" : "histogram");

	s->labels = json_get(item, "metric");
	if (json_type(s->labels) != JSON_OBJECT || (!values && !histograms))
		return false;
	if (histograms && !prom_histograms_read(s, a, histograms, matrix))
		return false;
	if (!values)
		return true;
	return matrix ? series_read_many(s, values, a) : series_read_one(s, values, a);
}

static int result_read(
	struct prom_answer *out, struct arena *a, const struct json *data, struct err *e)
{
	const char *type = json_text_at(data, "resultType");
	const struct json *result = json_get(data, "result");
	bool matrix = type && !strcmp(type, "matrix");

	if (!type || json_type(result) != JSON_ARRAY)
		return answer_err(e, _("there is no result"));
	if (!strcmp(type, "string"))
		return answer_err(e, _("the result is text, not a number"));
	if (!strcmp(type, "scalar")) {
		out->items = arena_alloc(a, 1, sizeof(*out->items));
		out->n = 1;
		return series_read_one(out->items, result, a)
			? 0
			: answer_err(e, _("a value cannot be read"));
	}
	if (!matrix && strcmp(type, "vector"))
		return answer_err(e, _("the result is of an unknown type"));
	out->items = arena_alloc(a, json_count(result) + 1, sizeof(*out->items));
	json_each (item, result) {
		if (!item_read(&out->items[out->n++], item, matrix, a))
			return answer_err(e, _("a value cannot be read"));
	}
	return 0;
}

/* Remarks on the query itself are for whoever wrote it; the others mean that data is missing. */
static const char *partial_of(const struct json *document, struct arena *a)
{
	json_each (warning, json_get(document, "warnings")) {
		const char *text = json_text(warning);

		if (text && strncmp(text, "PromQL ", 7))
			return arena_strdup(a, text);
	}
	if (json_bool(json_get(document, "isPartial"), false))
		return arena_strdup(a, _("a storage node is missing from the answer"));
	return NULL;
}

static const struct {
	const char *type;
	enum err_retry retry;
} error_types[] = {
	{"bad_data", RETRY_NEVER},
	{"execution", RETRY_NEVER},
	{"not_found", RETRY_NEVER},
	{"not_acceptable", RETRY_NEVER},
	{"400", RETRY_NEVER}, /* VictoriaMetrics puts the status there */
	{"422", RETRY_NEVER},
	/* timeout, canceled, internal, unavailable and what is yet to come */
	{"", RETRY_LATER},
};

static int document_err(const struct json *document, struct err *e)
{
	const char *type = json_text_at(document, "errorType");
	const char *words = json_text_at(document, "error");
	struct strbuf cut = STRBUF_INIT, safe = STRBUF_INIT;
	size_t i = 0;

	while (*error_types[i].type && (!type || strcmp(error_types[i].type, type)))
		i++;
	words = words && *words ? words : type ? type : "?";
	text_safe(&safe, words, strlen(words), false);
	text_cut(&cut, safe.buf, ERROR_COLUMNS, "...");
	err_set(e, ERR_BACKEND, _("Prometheus answers: %s"), cut.buf);
	strbuf_release(&cut);
	strbuf_release(&safe);
	return err_retry(e, error_types[i].retry);
}

static bool is_error(const struct json *document)
{
	const char *status = json_text_at(document, "status");

	return status && !strcmp(status, "error");
}

int prom_error(const char *s, size_t n, struct err *e)
{
	struct json *document = NULL;
	struct err ignored = ERR_INIT;
	int rc = 0;

	if (n < MAX_BYTES && json_parse(&document, s, n, &ignored) == 0 &&
		is_error(document))
		rc = document_err(document, e);
	json_free(document);
	err_release(&ignored);
	return rc;
}

int prom_parse(
	struct prom_answer *out, struct arena *a, const char *s, size_t n, struct err *e)
{
	const char *status;
	int rc;

	*out = (struct prom_answer){0};
	if (n >= MAX_BYTES)
		return answer_err(e, _("it is too large"));
	if (json_parse(&out->document, s, n, e) < 0) {
		err_prefix(e, _("this is not what Prometheus's API answers: "));
		e->code = ERR_BACKEND;
		return err_retry(e, RETRY_LATER);
	}
	status = json_text_at(out->document, "status");
	if (is_error(out->document))
		rc = document_err(out->document, e);
	else if (!status || strcmp(status, "success"))
		rc = answer_err(e, _("there is no status"));
	else
		rc = result_read(out, a, json_get(out->document, "data"), e);
	if (rc == 0)
		out->partial = partial_of(out->document, a);
	else
		prom_release(out);
	return rc;
}

void prom_release(struct prom_answer *p)
{
	json_free(p->document);
	*p = (struct prom_answer){0};
}

static double last_value(const struct prom_series *s)
{
	return s->samples.n ? s->samples.items[s->samples.n - 1].value : NAN;
}

double prom_sum(const struct prom_answer *p)
{
	double sum = NAN;

	for (size_t i = 0; i < p->n; i++) {
		double v = last_value(&p->items[i]);

		if (!isnan(v))
			sum = isnan(sum) ? v : sum + v;
	}
	return sum;
}

size_t prom_drop_later(struct prom_answer *p, int64_t latest)
{
	size_t dropped = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct prom_series *s = &p->items[i];

		while (s->samples.n && s->samples.items[s->samples.n - 1].at > latest) {
			s->samples.n--;
			dropped++;
		}
		while (s->n_histograms &&
			s->histograms[s->n_histograms - 1].at > latest) {
			s->n_histograms--;
			dropped++;
		}
	}
	return dropped;
}

double prom_worst(const struct prom_answer *p)
{
	double worst = NAN;

	/* fmax() gives the other one when one is NAN. */
	for (size_t i = 0; i < p->n; i++)
		worst = fmax(worst, last_value(&p->items[i]));
	return worst;
}

struct prom_range prom_range(int64_t from, int64_t to, int64_t step_ns)
{
	struct prom_range r;
	int64_t least = (to - from) / PROM_MAX_POINTS + 1;

	r.step_ns = step_ns < NS_PER_S ? NS_PER_S : step_ns;
	if (r.step_ns < least)
		r.step_ns = least;
	r.step_ns = (r.step_ns + NS_PER_S - 1) / NS_PER_S * NS_PER_S;
	/* The same grid each time, so that the server's cache is hit. */
	r.from = from / r.step_ns * r.step_ns;
	r.to = to / r.step_ns * r.step_ns;
	return r;
}

void prom_time(struct strbuf *out, int64_t at)
{
	strbuf_addf(
		out, "%" PRId64 ".%03" PRId64, at / NS_PER_S, at % NS_PER_S / NS_PER_MS);
}
