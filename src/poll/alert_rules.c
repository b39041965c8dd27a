#include "config.h"
#include "poll/alert_rules.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "model/record.h"
#include "poll/alert_elsewhere.h"
#include "poll/alert_heartbeat.h"
#include "store/observe.h"

struct alert_rules {
	struct alert_lacking *lacking; /* owned */
	struct arena broken_arena;
	struct alert_list broken; /* in it: rules that cannot be evaluated */

	/* of the round under way */
	struct alert_list alerts;
	bool known;
	alert_rules_fn *done;
};

struct alert_rules *alert_rules_new(void)
{
	struct alert_rules *k = mem_new(1, sizeof(*k));

	k->lacking = alert_lacking_new();
	arena_init(&k->broken_arena);
	return k;
}

void alert_rules_free(struct alert_rules *k)
{
	if (!k)
		return;
	alert_lacking_free(k->lacking);
	arena_release(&k->broken_arena);
	free(k);
}

/* --- rules that do not work --- */

static void add_label(struct json *to, const char *key, const struct json *value)
{
	if (json_text(value) && *json_text(value))
		json_add_text(to, key, json_text(value));
}

static const char *canonical(struct arena *a, const struct json *j)
{
	struct strbuf text = STRBUF_INIT;
	const char *out;

	json_canonical(&text, j);
	out = arena_strdup(a, text.buf);
	strbuf_release(&text);
	return out;
}

static const char *why(struct arena *a, const struct json *rule)
{
	struct json *notes = json_object();
	const char *error = json_text(json_get(rule, "lastError")), *out;
	char *text = mem_format(_("the rule cannot be evaluated: %s"),
		error && *error ? error : _("no reason is given"));

	json_add_text(notes, "summary", text);
	out = canonical(a, notes);
	json_free(notes);
	free(text);
	return out;
}

static void add_broken(struct alert_list *out, struct arena *a, const char *source,
	const struct json *group, const struct json *rule)
{
	struct json *labels = json_object();
	struct alert *alert = arena_push(a, out->items, out->n, out->cap);

	add_label(labels, "alertname", json_get(rule, "name"));
	add_label(labels, "rule_group", json_get(group, "name"));
	add_label(labels, "rule_file", json_get(group, "file"));
	alert_clear(alert);
	alert->source = source;
	alert->fingerprint = alert_fingerprint(a, labels);
	alert->name = arena_strdup(a, json_text(json_get(rule, "name")));
	alert->labels = canonical(a, labels);
	alert->annotations = why(a, rule);
	alert->state = "error";
	alert->severity = "ticket";
	json_free(labels);
}

int alert_rules_parse(struct alert_list *out, struct arena *a, const char *source,
	const struct json *document, struct err *e)
{
	const struct json *groups = json_at(document, "data.groups");

	if (json_type(groups) != JSON_ARRAY) {
		err_set(e, ERR_BACKEND,
			_("this is not what Prometheus's API answers: there are no "
			  "rules"));
		return err_retry(e, RETRY_LATER);
	}
	json_each (group, groups) {
		json_each (rule, json_get(group, "rules")) {
			const char *health = json_text(json_get(rule, "health"));

			if (health && !strcmp(health, "err") &&
				json_text(json_get(rule, "name")))
				add_broken(out, a, source, group, rule);
		}
	}
	return 0;
}

/* --- asking --- */

static void on_alerts(
	struct round *r, void *ctx, const struct json *document, const struct err *e)
{
	struct alert_rules *k = ctx;
	struct err own = ERR_INIT;

	if (!e)
		k->known = alerts_parse_prometheus(&k->alerts, r->arena, r->conf->name,
				   document, &own) == 0;
	k->done(r, e ? e : own.code ? &own : NULL);
	err_release(&own);
}

/* Not to be asked for rules is no failure: a store of samples alone has none. */
static void on_rules(
	struct round *r, void *ctx, const struct json *document, const struct err *e)
{
	struct alert_rules *k = ctx;
	struct err ignored = ERR_INIT;

	if (!e) {
		arena_reset(&k->broken_arena);
		k->broken = (struct alert_list){0};
		(void)alert_rules_parse(
			&k->broken, &k->broken_arena, r->conf->name, document, &ignored);
	}
	err_release(&ignored);
	k->done(r, NULL);
}

size_t alert_rules_requests(const struct round *r)
{
	return r->reason == ROUND_FULL ? 2 : 1;
}

void alert_rules_ask(struct alert_rules *k, struct round *r, struct prom_server *server,
	alert_rules_fn *done)
{
	k->alerts = (struct alert_list){0};
	k->known = false;
	k->done = done;
	prom_get(r, server, "/api/v1/alerts", on_alerts, k);
	if (r->reason == ROUND_FULL)
		prom_get(r, server, "/api/v1/rules?exclude_alerts=true", on_rules, k);
}

/* --- writing --- */

static int put_all(struct observe *ob, const struct alert_list *list, const char *source,
	struct err *e)
{
	int rc = 0;

	for (size_t i = 0; i < list->n && rc == 0; i++) {
		struct alert alert = list->items[i];

		alert.source = source;
		rc = observe_put(ob, &alert, e);
	}
	return rc;
}

int alert_rules_write(struct alert_rules *k, struct round *r, size_t *n, struct err *e)
{
	struct observe *ob;
	int rc;

	*n = 0;
	if (!k->known)
		return 0;
	if (heartbeat_watch(&k->alerts, r, e) < 0 ||
		alert_lacking_filter(k->lacking, &k->alerts, r, e) < 0)
		return -1;
	if (observe_begin(&ob, r->store, r->conf->name, r->generation, REC_ALERT, r->now,
		    r->succeeded == NONE_INT, e) < 0)
		return -1;
	observe_config(ob, r->config);
	rc = put_all(ob, &k->alerts, r->conf->name, e);
	if (rc == 0)
		rc = put_all(ob, &k->broken, r->conf->name, e);
	*n = k->alerts.n + k->broken.n;
	if (rc == 0)
		return observe_end(ob, true, e);
	observe_abort(ob);
	return -1;
}
