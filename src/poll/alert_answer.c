#include "config.h"

#include "poll/alert_answer.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/text.h"
#include "model/record.h"

enum { ERROR_COLUMNS = 300 };

static const struct {
	const char *word, *severity;
} severities[] = {
	{"page", "page"},
	{"critical", "page"},
	{"crit", "page"},
	{"emergency", "page"},
	{"fatal", "page"},
	{"error", "page"},
	{"high", "page"},
	{"urgent", "page"},
	{"p0", "page"},
	{"p1", "page"},
	{"sev0", "page"},
	{"sev1", "page"},
	{"ticket", "ticket"},
	{"warning", "ticket"},
	{"info", "info"},
	{"informational", "info"},
	{"notice", "info"},
	{"low", "info"},
	{"debug", "info"},
	{"none", "info"},
	{"p5", "info"},
	{"sev5", "info"},
};

const char *alert_severity_word(const char *label)
{
	if (!label || !*label)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(severities); i++) {
		if (!strcasecmp(severities[i].word, label))
			return severities[i].severity;
	}
	return "ticket";
}

/* --- the fingerprint --- */

static int by_key(const void *a, const void *b)
{
	const struct json *const *x = a, *const *y = b;

	return strcmp(json_key(*x), json_key(*y));
}

static uint64_t fnv(uint64_t hash, const char *s)
{
	const uint64_t prime = UINT64_C(0x100000001b3);

	for (; *s; s++)
		hash = (hash ^ (unsigned char)*s) * prime;
	return (hash ^ 0xff) * prime;
}

const char *alert_fingerprint(struct arena *a, const struct json *labels)
{
	const struct json **items =
		arena_alloc(a, json_count(labels) + 1, sizeof(*items));
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t n = 0;

	json_each (label, labels) {
		const char *value = json_text(label);

		if (value && *value) /* an empty label is no label */
			items[n++] = label;
	}
	qsort(items, n, sizeof(*items), by_key);
	for (size_t i = 0; i < n; i++)
		hash = fnv(fnv(hash, json_key(items[i])), json_text(items[i]));
	return arena_format(a, "%016" PRIx64, hash);
}

/* --- one alert --- */

void alert_clear(struct alert *alert)
{
	*alert = (struct alert){
		.since = NONE_INT, .until = NONE_INT, .onset = NONE_INT, .value = NAN};
}

static const char *text_or_null(const struct json *j, const char *key)
{
	const char *text = json_text(json_get(j, key));

	return text && *text ? text : NULL;
}

static const char *first_of(const struct json *j, const char *const *keys)
{
	const char *text = NULL;

	for (; *keys && !text; keys++)
		text = text_or_null(j, *keys);
	return text;
}

/* "0001-01-01T00:00:00Z" is how Go writes "not set". */
static int64_t time_or_none(const struct json *j, const char *key)
{
	const char *text = text_or_null(j, key);
	struct err ignored = ERR_INIT;
	int64_t at = NONE_INT;

	if (text && strncmp(text, "0001-", 5) && time_parse(&at, text, &ignored) < 0)
		at = NONE_INT;
	err_release(&ignored);
	return at;
}

static const char *canonical(struct arena *a, const struct json *j)
{
	struct strbuf sb = STRBUF_INIT;
	const char *text;

	json_canonical(&sb, j);
	text = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return text;
}

/* What labels and annotations tell, which is all the same for both APIs. */
static struct alert *alert_add(struct alert_list *out, struct arena *a,
	const char *source, const struct json *item)
{
	static const char *const services[] = {"service", "sloth_service", "job", NULL};
	static const char *const levels[] = {"sloth_severity", "severity", NULL};
	static const char *const runbooks[] = {"runbook_url", "runbook", NULL};
	const struct json *labels = json_get(item, "labels");
	const struct json *annotations = json_get(item, "annotations");
	struct alert *alert;

	if (json_type(labels) != JSON_OBJECT || !json_count(labels)) {
		out->dropped++;
		return NULL;
	}
	alert = arena_push(a, out->items, out->n, out->cap);
	alert_clear(alert);
	alert->source = source;
	alert->name = arena_strdup(a, text_or_null(labels, "alertname"));
	alert->service = arena_strdup(a, first_of(labels, services));
	alert->severity = alert_severity_word(first_of(labels, levels));
	alert->labels = canonical(a, labels);
	if (json_type(annotations) == JSON_OBJECT)
		alert->annotations = canonical(a, annotations);
	alert->runbook_url = arena_strdup(a, first_of(annotations, runbooks));
	return alert;
}

/* --- Alertmanager --- */

static const struct json *silence_find(const struct json *silences, const char *id)
{
	json_each (silence, silences) {
		const char *its = json_text(json_get(silence, "id"));

		if (its && !strcmp(its, id))
			return silence;
	}
	return NULL;
}

static void silence_add(struct json *to, const char *id, const struct json *silences)
{
	const struct json *silence = silence_find(silences, id);
	struct json *entry = json_add_object(to, NULL);

	json_add_text(entry, "id", id);
	if (!silence)
		return;
	json_add_text(entry, "by", text_or_null(silence, "createdBy"));
	json_add_text(entry, "comment", text_or_null(silence, "comment"));
	json_add_time(entry, "until", time_or_none(silence, "endsAt"));
}

static const char *silences_of(
	struct arena *a, const struct json *status, const struct json *silences)
{
	struct json *list = json_array();
	const char *text = NULL;

	json_each (id, json_get(status, "silencedBy")) {
		if (json_text(id))
			silence_add(list, json_text(id), silences);
	}
	if (json_count(list))
		text = canonical(a, list);
	json_free(list);
	return text;
}

/* NULL for an empty one, and for what is no list. */
static const char *list_of(struct arena *a, const struct json *list)
{
	return json_type(list) == JSON_ARRAY && json_count(list) ? canonical(a, list)
								 : NULL;
}

static const char *state_of(const struct alert *alert, const struct json *status)
{
	const char *state = text_or_null(status, "state");

	if (alert->silenced_by)
		return "silenced";
	if (alert->inhibited_by)
		return "inhibited";
	if (alert->muted_by)
		return "muted";
	return state && !strcmp(state, "suppressed") ? "silenced" : "firing";
}

/* Its receivers' names; never NULL: that it is routed is what they say. */
static const char *receivers_of(struct arena *a, const struct json *item)
{
	struct json *names = json_array();
	const char *text;

	json_each (receiver, json_get(item, "receivers")) {
		if (text_or_null(receiver, "name"))
			json_add_text(names, NULL, text_or_null(receiver, "name"));
	}
	text = canonical(a, names);
	json_free(names);
	return text;
}

int alerts_parse(struct alert_list *out, struct arena *a, const char *source,
	const struct json *alerts, const struct json *silences, struct err *e)
{
	*out = (struct alert_list){0};
	if (json_type(alerts) != JSON_ARRAY) {
		err_set(e, ERR_BACKEND, _("this is not what Alertmanager's API answers"));
		err_hint(e, _("check the URL of this source, its path prefix too"));
		return err_retry(e, RETRY_LATER);
	}
	json_each (item, alerts) {
		struct alert *alert = alert_add(out, a, source, item);
		const struct json *status = json_get(item, "status");
		const char *fingerprint = text_or_null(item, "fingerprint");

		if (!alert)
			continue;
		alert->fingerprint = fingerprint
			? arena_strdup(a, fingerprint)
			: alert_fingerprint(a, json_get(item, "labels"));
		alert->since = time_or_none(item, "startsAt");
		alert->url = arena_strdup(a, text_or_null(item, "generatorURL"));
		alert->receivers = receivers_of(a, item);
		alert->silenced_by = silences_of(a, status, silences);
		alert->inhibited_by = list_of(a, json_get(status, "inhibitedBy"));
		alert->muted_by = list_of(a, json_get(status, "mutedBy"));
		alert->state = state_of(alert, status);
	}
	return 0;
}

/* Handlers answer with a bare string, the schema's checks with {code, message}. */
int alertmanager_error(const char *s, size_t n, struct err *e)
{
	struct json *document = NULL;
	struct err ignored = ERR_INIT;
	struct strbuf safe = STRBUF_INIT, cut = STRBUF_INIT;
	const char *words = NULL;

	if (n < 1 << 20 && json_parse(&document, s, n, &ignored) == 0) {
		words = json_text(document);
		if (!words)
			words = json_text(json_get(document, "message"));
	}
	if (words) {
		text_safe(&safe, words, strlen(words), false);
		text_cut(&cut, safe.buf, ERROR_COLUMNS, "...");
		err_set(e, ERR_BACKEND, _("Alertmanager answers: %s"), cut.buf);
	}
	strbuf_release(&safe);
	strbuf_release(&cut);
	json_free(document);
	err_release(&ignored);
	return words ? -1 : 0;
}

/* --- Prometheus --- */

int alerts_parse_prometheus(struct alert_list *out, struct arena *a, const char *source,
	const struct json *document, struct err *e)
{
	const struct json *alerts = json_at(document, "data.alerts");

	*out = (struct alert_list){0};
	if (json_type(alerts) != JSON_ARRAY) {
		err_set(e, ERR_BACKEND,
			_("this is not what Prometheus's API answers: there are no "
			  "alerts"));
		return err_retry(e, RETRY_LATER);
	}
	json_each (item, alerts) {
		const char *state = text_or_null(item, "state");
		bool pending = state && !strcmp(state, "pending");
		struct alert *alert;

		alert = alert_add(out, a, source, item);
		if (!alert)
			continue;
		alert->fingerprint = alert_fingerprint(a, json_get(item, "labels"));
		alert->state = pending ? "pending" : "firing";
		alert->since = time_or_none(item, "activeAt");
		alert->onset = alert->since;
		alert->value = json_real(json_get(item, "value"));
	}
	return 0;
}
