#include "config.h"

#include "poll/prom_server.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"
#include "net/url.h"

/* Downsampled data is of no use for ranges up to this: a rate needs more points. */
#define RAW_UP_TO_NS (2 * NS_PER_DAY)

static const struct {
	const char *name, *title, *host;
} kinds[PROM_KINDS] = {
	[PROM_PROMETHEUS] = {"prometheus", NULL, NULL},
	[PROM_THANOS] = {"thanos", "Thanos", NULL},
	[PROM_MIMIR] = {"mimir", "Mimir", NULL},
	[PROM_VICTORIA] = {"victoria-metrics", "VictoriaMetrics", NULL},
	[PROM_AMAZON] = {"amazon", "Amazon Managed Prometheus", "//aps-workspaces."},
	[PROM_GOOGLE] = {"google", "Google Managed Prometheus",
		"//monitoring.googleapis.com"},
};

const char *prom_kind_name(enum prom_kind k)
{
	return kinds[k].name;
}

const char *prom_kind_title(enum prom_kind k)
{
	return kinds[k].title;
}

static enum prom_kind kind_named(const char *name)
{
	if (!strcmp(name, "cortex"))
		return PROM_MIMIR;
	for (int k = PROM_UNKNOWN + 1; k < PROM_KINDS; k++)
		if (!strcmp(name, kinds[k].name))
			return (enum prom_kind)k;
	return PROM_UNKNOWN;
}

/* --- options --- */

enum form { FORM_TEXT, FORM_BOOL, FORM_DURATION, FORM_LIST, FORM_PAIRS };

/* parameter NULL: it does not go into the form. */
/* clang-format off */
static const struct option {
	const char	*key, *parameter;
	enum form	form;
	enum prom_kind	of;	/* who knows it; PROM_UNKNOWN: all */
} options[] = {
	{"speaks", NULL, FORM_TEXT, PROM_UNKNOWN},
	{"tenant", NULL, FORM_TEXT, PROM_UNKNOWN},
	{"dedup", "dedup", FORM_BOOL, PROM_THANOS},
	{"replica_labels", "replicaLabels[]", FORM_LIST, PROM_THANOS},
	{"partial_response", "partial_response", FORM_BOOL, PROM_THANOS},
	{"max_source_resolution", "max_source_resolution", FORM_TEXT, PROM_THANOS},
	{"store_match", "storeMatch[]", FORM_LIST, PROM_THANOS},
	{"extra_labels", "extra_label", FORM_PAIRS, PROM_VICTORIA},
	{"extra_filters", "extra_filters[]", FORM_LIST, PROM_VICTORIA},
	{"latency_offset", "latency_offset", FORM_DURATION, PROM_VICTORIA},
};
/* clang-format on */

static const struct option *option_named(const char *key)
{
	for (size_t i = 0; key && i < ARRAY_LEN(options); i++)
		if (!strcmp(key, options[i].key))
			return &options[i];
	return NULL;
}

bool prom_option_is(const char *key)
{
	return option_named(key) != NULL;
}

/* The caller frees; NULL: the source has no options. */
static struct json *options_of(const struct source_conf *conf)
{
	struct json *with = NULL;
	struct err ignored = ERR_INIT;

	if (conf->with && json_parse(&with, conf->with, strlen(conf->with), &ignored))
		with = NULL;
	err_release(&ignored);
	return with;
}

/* YAML's true and 5 are texts here as well. */
static char *value_text(const struct json *value)
{
	struct strbuf text = STRBUF_INIT;

	if (json_text(value))
		return mem_strdup(json_text(value));
	if (json_type(value) != JSON_BOOL && json_type(value) != JSON_NUMBER)
		return NULL;
	json_format(&text, value, false);
	return strbuf_detach(&text, NULL);
}

static int option_err(const struct source_conf *conf, const struct option *o,
	const char *expected, struct err *e)
{
	err_set(e, ERR_INPUT, _("the option '%s' of the source '%s' makes no sense"),
		o->key, conf->name);
	return err_hint(e, "%s", expected);
}

static bool is_resolution(const char *text)
{
	static const char *const all[] = {"auto", "0s", "5m", "1h"};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (!strcmp(text, all[i]))
			return true;
	return false;
}

static bool is_header_value(const char *text)
{
	for (const char *s = text; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return *text != '\0';
}

static int text_check(const struct source_conf *conf, const struct option *o,
	const char *text, struct err *e)
{
	int64_t ns;
	struct err bad = ERR_INIT;
	int rc = 0;

	if (!text || !*text)
		return option_err(conf, o, _("it is a text"), e);
	if (!strcmp(o->key, "speaks") && kind_named(text) == PROM_UNKNOWN)
		return option_err(conf, o,
			_("prometheus, thanos, mimir, cortex, victoria-metrics, amazon "
			  "or google"),
			e);
	if (!strcmp(o->key, "max_source_resolution") && !is_resolution(text))
		return option_err(conf, o, _("auto, 0s, 5m or 1h"), e);
	if (!strcmp(o->key, "tenant") && !is_header_value(text))
		return option_err(conf, o, _("it goes into a header"), e);
	if (o->form == FORM_BOOL && strcmp(text, "true") && strcmp(text, "false"))
		return option_err(conf, o, _("true or false"), e);
	if (o->form == FORM_PAIRS && (!strchr(text, '=') || *text == '='))
		return option_err(conf, o, _("a list of NAME=VALUE"), e);
	if (o->form == FORM_DURATION && duration_parse(&ns, text, &bad))
		rc = option_err(conf, o, _("a duration: 30s, 5m"), e);
	err_release(&bad);
	return rc;
}

static int value_check(const struct source_conf *conf, const struct option *o,
	const struct json *value, struct err *e)
{
	char *text = value_text(value);
	int rc = 0;

	if (json_type(value) != JSON_ARRAY || o->form < FORM_LIST)
		rc = text_check(conf, o, text, e);
	json_each (item, json_type(value) == JSON_ARRAY ? value : NULL)
		if (!rc)
			rc = text_check(conf, o, json_text(item), e);
	free(text);
	return rc;
}

int prom_options_check(const struct source_conf *conf, struct err *e)
{
	struct json *with = options_of(conf);
	enum prom_kind kind = prom_kind_configured(conf);
	int rc = 0;

	json_each (value, with) {
		const struct option *o = option_named(json_key(value));

		if (rc || !o)
			continue;
		rc = value_check(conf, o, value, e);
		if (rc || !o->of || !kind || o->of == kind)
			continue;
		err_set(e, ERR_INPUT,
			_("the option '%s' of the source '%s' is not for %s"), o->key,
			conf->name, kinds[kind].name);
		rc = err_hint(e, _("%s knows it"), kinds[o->of].name);
	}
	json_free(with);
	return rc;
}

/* --- who it is --- */

enum prom_kind prom_kind_configured(const struct source_conf *conf)
{
	struct json *with = options_of(conf);
	const char *speaks = json_text(json_get(with, "speaks"));
	enum prom_kind kind = speaks ? kind_named(speaks) : PROM_UNKNOWN;

	json_free(with);
	for (int k = PROM_UNKNOWN + 1; k < PROM_KINDS && !kind; k++)
		if (conf->url && kinds[k].host && strstr(conf->url, kinds[k].host))
			kind = (enum prom_kind)k;
	return kind;
}

/* "1" is months of 31 days, "30d" and "1y" what they say. */
static int64_t victoria_duration(const char *text)
{
	char *end;
	double number = strtod(text, &end);
	const char *units = "hdwy", *unit = *end ? strchr(units, *end) : NULL;
	static const int64_t ns[] = {
		NS_PER_HOUR, NS_PER_DAY, 7 * NS_PER_DAY, 365 * NS_PER_DAY};

	if (end == text || !(number > 0 && number < 1000))
		return NONE_INT;
	return (int64_t)(number * (double)(unit ? ns[unit - units] : 31 * NS_PER_DAY));
}

int64_t prom_flags_retention(const char *flags)
{
	static const char name[] = "-retentionPeriod=\"";
	const char *flag = strstr(flags, name);

	if (flag)
		return victoria_duration(flag + sizeof(name) - 1);
	/* Only what is set is listed; who stores nothing does not know. */
	return strstr(flags, "-storageDataPath=") ? 31 * NS_PER_DAY : NONE_INT;
}

enum prom_kind prom_kind_of(const struct http_answer *answer, const struct json *document)
{
	const char *application = json_text_at(document, "data.application");
	const char *version = json_text_at(document, "data.version");

	if (http_answer_header(answer, "x-server-hostname"))
		return PROM_VICTORIA;
	if (application &&
		(text_has(application, "mimir") || text_has(application, "cortex")))
		return PROM_MIMIR;
	/* It has never come to a version 1. */
	if (version && !strncmp(version, "0.", 2))
		return PROM_THANOS;
	return PROM_PROMETHEUS;
}

/* --- asking --- */

struct tenant_header {
	enum prom_kind of;
	const char *name;
};

static void tenant_headers(struct http_request *out, struct arena *a, const char *tenant,
	const struct prom_server *s)
{
	static const struct tenant_header rows[] = {
		{PROM_MIMIR, "X-Scope-OrgID"}, {PROM_THANOS, "THANOS-TENANT"}};
	struct http_header *to = arena_alloc(a, ARRAY_LEN(rows), sizeof(*to));

	out->headers = to;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		/* Who does not know the header passes it over. */
		if (rows[i].of != s->kind &&
			(s->kind == PROM_MIMIR || s->kind == PROM_THANOS))
			continue;
		to[out->n_headers++] = (struct http_header){rows[i].name, tenant};
	}
}

/* A cluster of VictoriaMetrics has its tenants in the path. */
static void add_tenant_path(struct strbuf *url, const struct source_conf *conf,
	const char *tenant, const char *path)
{
	struct strbuf prefix = STRBUF_INIT;

	if (strstr(conf->url, "/select/")) {
		url_join(url, conf->url, path);
		return;
	}
	strbuf_adds(&prefix, "/select/");
	for (const char *s = tenant; *s; s++)
		strbuf_addc(&prefix,
			isalnum((unsigned char)*s) || strchr(":-_", *s) ? *s : '_');
	strbuf_addf(&prefix, "/prometheus%s", path);
	url_join(url, conf->url, prefix.buf);
	strbuf_release(&prefix);
}

void prom_request(struct http_request *out, struct arena *a, const struct prom_server *s,
	const struct source_conf *conf, const char *path, const char *form)
{
	struct json *with = options_of(conf);
	char *tenant = value_text(json_get(with, "tenant"));
	struct strbuf url = STRBUF_INIT;

	*out = (struct http_request){.source = conf};
	if (tenant && s->kind == PROM_VICTORIA)
		add_tenant_path(&url, conf, tenant, path);
	else
		url_join(&url, conf->url, path);
	if (tenant && s->kind != PROM_VICTORIA)
		tenant_headers(out, a, arena_strdup(a, tenant), s);
	if (form && s->get_only) {
		strbuf_addf(&url, "?%s", form);
	} else if (form) {
		out->method = HTTP_POST;
		out->content_type = "application/x-www-form-urlencoded";
		out->body = arena_strdup(a, form);
		out->body_bytes = strlen(form);
	}
	out->url = arena_strdup(a, url.buf);
	free(tenant);
	json_free(with);
	strbuf_release(&url);
}

static void form_value(
	struct strbuf *form, const char *parameter, const struct json *value)
{
	char *text = value_text(value);

	if (text)
		url_form(form, parameter, text);
	json_each (item, json_type(value) == JSON_ARRAY ? value : NULL)
		url_form(form, parameter, json_text(item));
	free(text);
}

void prom_form(struct strbuf *form, const struct prom_server *s,
	const struct source_conf *conf, const char *query)
{
	struct json *with = options_of(conf);

	for (size_t i = 0; i < ARRAY_LEN(options); i++)
		if (options[i].parameter)
			form_value(form, options[i].parameter,
				json_get(with, options[i].key));
	if (s->kind == PROM_THANOS && !json_get(with, "max_source_resolution") &&
		prom_reach(query) <= RAW_UP_TO_NS)
		url_form(form, "max_source_resolution", "0s");
	json_free(with);
}

/* Behind the string that starts at s. */
static const char *behind_string(const char *s)
{
	char quote = *s++;

	while (*s && *s != quote) {
		if (*s == '\\' && quote != '`' && s[1])
			s++;
		s++;
	}
	return *s ? s + 1 : s;
}

int64_t prom_reach(const char *query)
{
	int64_t longest = 0;

	for (const char *s = query; *s;) {
		struct err ignored = ERR_INIT;
		int64_t ns;
		char *word;

		if (*s == '"' || *s == '\'' || *s == '`') {
			s = behind_string(s);
			continue;
		}
		if (*s++ != '[')
			continue;
		s += strspn(s, " \t\n");
		word = mem_strndup(s, strspn(s, "0123456789ywdhms"));
		if (!duration_parse(&ns, word, &ignored) && ns > longest)
			longest = ns;
		free(word);
		err_release(&ignored);
	}
	return longest;
}

/* --- clocks --- */

void prom_clock(struct prom_server *s, const struct http_answer *answer, int64_t now)
{
	const char *date = http_answer_header(answer, "date");
	struct err ignored = ERR_INIT;
	int64_t theirs, ahead;

	/* What a cache kept says when it was made, not what time it is. */
	if (http_answer_header(answer, "age"))
		return;
	if (!date || time_parse(&theirs, date, &ignored) || theirs == NONE_INT) {
		err_release(&ignored);
		return;
	}
	/* It was written after the request came and before we had the answer, in whole seconds. */
	ahead = theirs + NS_PER_S / 2 - (now - answer->latency_ns / 2);
	s->clock_known = true;
	if (llabs(ahead) <= PROM_SKEW_NS + answer->latency_ns)
		ahead = 0;
	s->ahead_ns = ahead / NS_PER_S * NS_PER_S;
}

const char *prom_clock_words(const struct prom_server *s, struct arena *a)
{
	struct strbuf time = STRBUF_INIT;
	const char *words;

	if (!s->ahead_ns)
		return NULL;
	duration_human(&time, llabs(s->ahead_ns));
	words = arena_format(a,
		s->ahead_ns > 0 ? _("its clock is %s ahead of ours")
				: _("its clock is %s behind ours"),
		time.buf);
	strbuf_release(&time);
	return words;
}

/* --- refusals --- */

enum prom_refusal prom_refusal_of(const char *words)
{
	static const struct {
		const char *part;
		enum prom_refusal what;
	} rows[] = {
		{"exceeded maximum resolution", PROM_TOO_FINE},
		{"too many points", PROM_TOO_FINE},
		{"time range exceeds the limit", PROM_TOO_LONG},
		{"max-query-length", PROM_TOO_LONG},
		{"max-total-query-length", PROM_TOO_LONG},
		{"too many chunks", PROM_TOO_MUCH},
		{"chunks-per-query", PROM_TOO_MUCH},
		{"too many samples", PROM_TOO_MUCH},
		{"max-fetched", PROM_TOO_MUCH},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strstr(words, rows[i].part))
			return rows[i].what;
	return PROM_REFUSAL_OTHER;
}

int64_t prom_limit_of(const char *words)
{
	const char *limit = strstr(words, "limit: ");
	struct err ignored = ERR_INIT;
	int64_t ns = 0;
	char *word;

	if (!limit)
		return 0;
	limit += strlen("limit: ");
	word = mem_strndup(limit, strspn(limit, "0123456789ywdhms"));
	if (duration_parse(&ns, word, &ignored))
		ns = 0;
	free(word);
	err_release(&ignored);
	return ns;
}
