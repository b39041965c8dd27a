#include "config.h"

#include "poll/exposition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/number.h"
#include "model/record.h"

/* Where the parser stands; everything of one line lives in `line`. */
struct scrape {
	const char *p, *end; /* of the whole text */
	const char *eol; /* of this line */
	int line_number;
	bool openmetrics, ended;
	struct arena arena; /* of one sample */
	struct strbuf family; /* of the last # TYPE */
	enum metric_type type;
	struct err *e;
};

static int scrape_err(struct scrape *s, const char *what)
{
	err_set(s->e, ERR_BACKEND, _("line %d of the metrics cannot be read: %s"),
		s->line_number, what);
	return err_retry(s->e, RETRY_LATER);
}

static void blanks_skip(struct scrape *s)
{
	while (s->p < s->eol && (*s->p == ' ' || *s->p == '\t'))
		s->p++;
}

static bool is_name_byte(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		(c >= '0' && c <= '9') || c == '_' || c == ':';
}

static const char *name_read(struct scrape *s)
{
	const char *from = s->p;

	if (s->p < s->eol && *s->p >= '0' && *s->p <= '9')
		return NULL;
	while (s->p < s->eol && is_name_byte((unsigned char)*s->p))
		s->p++;
	if (s->p == from || (size_t)(s->p - from) > EXPOSITION_MAX_TEXT)
		return NULL;
	return arena_strndup(&s->arena, from, (size_t)(s->p - from));
}

/* A text in quotes; s->p stands on the first one. */
static const char *quoted_read(struct scrape *s)
{
	const char *from = ++s->p;
	char *text, *to;

	while (s->p < s->eol && *s->p != '"')
		s->p += *s->p == '\\' && s->p + 1 < s->eol ? 2 : 1;
	if (s->p >= s->eol || (size_t)(s->p - from) > EXPOSITION_MAX_TEXT)
		return NULL;
	text = to = arena_alloc(&s->arena, (size_t)(s->p - from) + 1, 1);
	for (; from < s->p; from++) {
		if (*from != '\\')
			*to++ = *from;
		else if (*++from == 'n')
			*to++ = '\n';
		else if (*from == '\\' || *from == '"')
			*to++ = *from;
		else { /* no escape that the format knows: as it stands */
			*to++ = '\\';
			*to++ = *from;
		}
	}
	s->p++;
	return text;
}

static const char *name_or_quoted(struct scrape *s)
{
	return s->p < s->eol && *s->p == '"' ? quoted_read(s) : name_read(s);
}

static int label_read(struct scrape *s, struct metric_sample *m, size_t *cap)
{
	bool quoted = s->p < s->eol && *s->p == '"';
	const char *name = name_or_quoted(s);
	const char *value;
	struct metric_label *label;

	if (!name)
		return scrape_err(s, _("a label's name is missing"));
	blanks_skip(s);
	if (quoted && !m->name && s->p < s->eol && (*s->p == ',' || *s->p == '}')) {
		m->name = name; /* {"any.name", label="value"} */
		return 0;
	}
	if (s->p >= s->eol || *s->p != '=')
		return scrape_err(s, _("a label has no value"));
	s->p++;
	blanks_skip(s);
	value = s->p < s->eol && *s->p == '"' ? quoted_read(s) : NULL;
	if (!value)
		return scrape_err(s, _("a label's value is not in quotes"));
	if (m->n_labels >= EXPOSITION_MAX_LABELS)
		return scrape_err(s, _("it has too many labels"));
	if (!*value)
		return 0; /* the same as no label */
	label = arena_push(&s->arena, m->labels, m->n_labels, *cap);
	label->name = name;
	label->value = value;
	return 0;
}

static int label_compare(const void *a, const void *b)
{
	const struct metric_label *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int labels_read(struct scrape *s, struct metric_sample *m)
{
	size_t cap = 0;

	for (s->p++;; s->p++) { /* from behind { and behind each comma */
		blanks_skip(s);
		if (s->p < s->eol && *s->p == '}')
			break;
		if (label_read(s, m, &cap) < 0)
			return -1;
		blanks_skip(s);
		if (s->p < s->eol && *s->p == '}')
			break;
		if (s->p >= s->eol || *s->p != ',')
			return scrape_err(s, _("the labels are not closed"));
	}
	s->p++;
	if (m->n_labels > 1)
		qsort(m->labels, m->n_labels, sizeof(*m->labels), label_compare);
	for (size_t i = 1; i < m->n_labels; i++) {
		if (!strcmp(m->labels[i - 1].name, m->labels[i].name))
			return scrape_err(s, _("a label stands there twice"));
	}
	return 0;
}

/* The next word up to a blank; false: there is none, or it is no number. */
static bool number_read(struct scrape *s, double *out)
{
	const char *from;

	blanks_skip(s);
	from = s->p;
	while (s->p < s->eol && *s->p != ' ' && *s->p != '\t')
		s->p++;
	return number_parse(out, from, (size_t)(s->p - from));
}

static int time_read(struct scrape *s, struct metric_sample *m)
{
	double t;
	double ns;

	blanks_skip(s);
	if (s->p >= s->eol || *s->p == '#')
		return 0;
	if (!number_read(s, &t))
		return scrape_err(s, _("its time is no number"));
	ns = s->openmetrics ? t * 1e9 : t * 1e6;
	if (!(ns > -9e18 && ns < 9e18))
		return scrape_err(s, _("its time is out of range"));
	m->at = (int64_t)ns;
	return 0;
}

/* What follows a counter or a bucket after '#': we do not keep it, and it has to end the line. */
static int exemplar_skip(struct scrape *s)
{
	struct metric_sample m = {0};
	double number;

	blanks_skip(s);
	if (s->p >= s->eol)
		return 0;
	if (!s->openmetrics || *s->p != '#')
		return scrape_err(s, _("something follows the value"));
	s->p++;
	blanks_skip(s);
	if (s->p >= s->eol || *s->p != '{')
		return scrape_err(s, _("its exemplar is malformed"));
	if (labels_read(s, &m) < 0)
		return -1;
	if (!number_read(s, &number))
		return scrape_err(s, _("its exemplar is malformed"));
	blanks_skip(s);
	if (s->p < s->eol && !number_read(s, &number))
		return scrape_err(s, _("its exemplar is malformed"));
	blanks_skip(s);
	return s->p < s->eol ? scrape_err(s, _("something follows its exemplar")) : 0;
}

/* "x_total", "x_bucket" … belong to the family "x". */
static bool in_family(const struct scrape *s, const char *name)
{
	static const char *const suffixes[] = {"", "_total", "_bucket", "_count", "_sum",
		"_created", "_info", "_gcount", "_gsum"};

	if (!s->family.len || strncmp(name, s->family.buf, s->family.len))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (!strcmp(name + s->family.len, suffixes[i]))
			return true;
	}
	return false;
}

static int sample_read(struct scrape *s, metric_fn *fn, void *ctx)
{
	struct metric_sample m = {.at = NONE_INT};

	arena_reset(&s->arena);
	if (*s->p != '{') {
		m.name = name_read(s);
		if (!m.name)
			return scrape_err(s, _("it does not begin with a metric's name"));
		blanks_skip(s);
	}
	if (s->p < s->eol && *s->p == '{' && labels_read(s, &m) < 0)
		return -1;
	if (!m.name)
		return scrape_err(s, _("it does not begin with a metric's name"));
	if (!number_read(s, &m.value))
		return scrape_err(s, _("its value is no number"));
	if (time_read(s, &m) < 0 || exemplar_skip(s) < 0)
		return -1;
	m.type = in_family(s, m.name) ? s->type : METRIC_UNTYPED;
	fn(ctx, &m);
	return 0;
}

static enum metric_type type_of(const char *s, size_t n)
{
	static const struct {
		const char *name;
		enum metric_type type;
	} types[] = {
		{"counter", METRIC_COUNTER},
		{"gauge", METRIC_GAUGE},
		{"histogram", METRIC_HISTOGRAM},
		{"summary", METRIC_SUMMARY},
		{"info", METRIC_INFO},
		{"stateset", METRIC_STATESET},
		{"gaugehistogram", METRIC_GAUGEHISTOGRAM},
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (strlen(types[i].name) == n && !memcmp(types[i].name, s, n))
			return types[i].type;
	}
	return METRIC_UNTYPED;
}

static bool word_read(struct scrape *s, const char **word, size_t *n)
{
	blanks_skip(s);
	*word = s->p;
	while (s->p < s->eol && *s->p != ' ' && *s->p != '\t')
		s->p++;
	*n = (size_t)(s->p - *word);
	return *n > 0;
}

static void comment_read(struct scrape *s)
{
	const char *word, *name;
	size_t n, name_n;

	s->p++;
	if (!word_read(s, &word, &n))
		return;
	if (n == 3 && !memcmp(word, "EOF", 3)) {
		s->ended = s->openmetrics;
		return;
	}
	if (n != 4 || memcmp(word, "TYPE", 4) || !word_read(s, &name, &name_n) ||
		!word_read(s, &word, &n))
		return;
	if (name_n >= 2 && *name == '"' && name[name_n - 1] == '"') {
		name++;
		name_n -= 2;
	}
	strbuf_reset(&s->family);
	strbuf_add(&s->family, name, name_n);
	s->type = type_of(word, n);
}

static int line_read(struct scrape *s, metric_fn *fn, void *ctx)
{
	if (s->eol > s->p && s->eol[-1] == '\r')
		s->eol--;
	blanks_skip(s);
	if (s->p >= s->eol)
		return 0;
	if (s->ended)
		return scrape_err(s, _("it stands behind the end mark"));
	if (*s->p == '#') {
		comment_read(s);
		return 0;
	}
	return sample_read(s, fn, ctx);
}

static int scrape_read(struct scrape *s, metric_fn *fn, void *ctx)
{
	while (s->p < s->end) {
		const char *next = memchr(s->p, '\n', (size_t)(s->end - s->p));

		s->eol = next ? next : s->end;
		s->line_number++;
		if (line_read(s, fn, ctx) < 0)
			return -1;
		s->p = next ? next + 1 : s->end;
	}
	if (s->openmetrics && !s->ended) {
		err_set(s->e, ERR_BACKEND,
			_("the metrics were cut: the end mark is missing"));
		return err_retry(s->e, RETRY_LATER);
	}
	return 0;
}

int exposition_parse(const char *text, size_t n, bool openmetrics, metric_fn *fn,
	void *ctx, struct err *e)
{
	struct scrape s = {
		.p = text, .end = text + n, .openmetrics = openmetrics, .e = e};
	int rc;

	if (n > EXPOSITION_MAX_BYTES) {
		err_set(e, ERR_LIMIT, _("the metrics are larger than %zu bytes"),
			EXPOSITION_MAX_BYTES);
		return err_retry(e, RETRY_LATER);
	}
	arena_init(&s.arena);
	strbuf_init(&s.family);
	rc = scrape_read(&s, fn, ctx);
	arena_release(&s.arena);
	strbuf_release(&s.family);
	return rc;
}

void metric_labels_json(struct strbuf *out, const struct metric_label *labels, size_t n)
{
	strbuf_addc(out, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			strbuf_addc(out, ',');
		json_quote(out, labels[i].name);
		strbuf_addc(out, ':');
		json_quote(out, labels[i].value);
	}
	strbuf_addc(out, '}');
}
