#include "config.h"
#include "poll/alert_heartbeat.h"

#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/json.h"
#include "model/record.h"
#include "store/observe.h"

enum { KNOWN_LIMIT = 5000 };

static const char *const usual[] = {"Watchdog", "DeadMansSwitch", "DeadMansSnitch"};

/* The option of the source; the caller's.  NULL: not said. */
static struct json *said(const struct source_conf *conf)
{
	struct err ignored = ERR_INIT;
	struct json *with = NULL, *names = NULL;

	if (conf->with && !json_parse(&with, conf->with, strlen(conf->with), &ignored) &&
		json_get(with, "heartbeat"))
		names = json_copy(json_get(with, "heartbeat"));
	json_free(with);
	err_release(&ignored);
	return names;
}

static bool among(const struct json *names, const char *name)
{
	json_each (item, names)
		if (json_text(item) && !strcmp(json_text(item), name))
			return true;
	return false;
}

static bool is_usual(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (!strcmp(usual[i], name))
			return true;
	return false;
}

bool heartbeat_is(const struct source_conf *conf, const char *name)
{
	struct json *names = said(conf);
	bool is = name && (names ? among(names, name) : is_usual(name));

	json_free(names);
	return is;
}

static bool beats(const struct alert_list *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].name && !strcmp(list->items[i].name, name))
			return true;
	return false;
}

/* was NULL: it was never seen. */
static void add_absent(struct alert_list *list, const struct round *r, const char *name,
	const struct alert *was)
{
	struct json *labels = json_object(), *notes = json_object();
	struct alert *alert = arena_push(r->arena, list->items, list->n, list->cap);
	struct strbuf text = STRBUF_INIT;
	bool already = was && was->state && !strcmp(was->state, "absent");

	json_add_text(labels, "alertname", name);
	json_add_text(notes, "summary",
		_("it should always fire, and does not: alerts may not arrive"));
	alert_clear(alert);
	alert->source = r->conf->name;
	alert->name = arena_strdup(r->arena, name);
	alert->fingerprint = alert_fingerprint(r->arena, labels);
	json_canonical(&text, labels);
	alert->labels = arena_strdup(r->arena, text.buf);
	strbuf_reset(&text);
	json_canonical(&text, notes);
	alert->annotations = arena_strdup(r->arena, text.buf);
	alert->state = "absent";
	alert->severity = "page";
	alert->since = already ? was->since : r->now;
	alert->runbook_url = was ? arena_strdup(r->arena, was->runbook_url) : NULL;
	strbuf_release(&text);
	json_free(labels);
	json_free(notes);
}

static bool is_given_up(const struct alert *was, int64_t now)
{
	return was->state && !strcmp(was->state, "absent") && was->since != NONE_INT &&
		now - was->since > HEARTBEAT_GIVEN_UP_NS;
}

int heartbeat_watch(struct alert_list *list, const struct round *r, struct err *e)
{
	struct observed_list open;
	struct json *names;

	if (observed_at(&open, r->arena, r->store, REC_ALERT, r->conf->name, NULL, AT_NOW,
		    KNOWN_LIMIT, e) < 0)
		return -1;
	names = said(r->conf);
	for (size_t i = 0; i < open.n; i++) {
		const struct alert *was = open.items[i].record;
		bool waited = was->name &&
			(names ? among(names, was->name)
			       : is_usual(was->name) && !is_given_up(was, r->now));

		if (waited && !beats(list, was->name))
			add_absent(list, r, was->name, was);
	}
	json_each (item, names)
		if (json_text(item) && !beats(list, json_text(item)))
			add_absent(list, r, json_text(item), NULL);
	json_free(names);
	return 0;
}
