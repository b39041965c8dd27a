/* alerts_group.c - tocsin alerts groups and silences: what is told together, and what is not */
#include "config.h"
#include "cmd/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "core/clock.h"
#include "core/i18n.h"

#define SILENCES_MAX 5000

/* --- groups --- */

struct group {
	const char *id; /* receiver and labels, canonical */
	const struct json *json; /* borrowed: from docs */
	size_t firing, quiet;
	struct json *fingerprints; /* owned */
};

struct groups {
	struct group *items; /* arena */
	size_t n, cap;
	struct json **docs; /* owned items, arena */
	size_t n_docs, cap_docs;
};

static struct group *group_of(struct groups *g, struct arena *a, const struct json *json)
{
	struct strbuf id = STRBUF_INIT;
	struct group *found = NULL;

	json_canonical(&id, json);
	for (size_t i = 0; i < g->n && !found; i++)
		if (!strcmp(g->items[i].id, id.buf))
			found = &g->items[i];
	if (!found) {
		found = arena_push(a, g->items, g->n, g->cap);
		*found = (struct group){.id = arena_strdup(a, id.buf),
			.json = json,
			.fingerprints = json_array()};
	}
	strbuf_release(&id);
	return found;
}

static void add_alert(struct groups *g, struct arena *a, const struct alert *alert)
{
	struct err ignored = ERR_INIT;
	struct json *doc = NULL;

	if (!alert->groups ||
		json_parse(&doc, alert->groups, strlen(alert->groups), &ignored)) {
		err_release(&ignored);
		return;
	}
	*arena_push(a, g->docs, g->n_docs, g->cap_docs) = doc;
	json_each (one, doc) {
		struct group *group = group_of(g, a, one);

		json_add_text(group->fingerprints, NULL, alert->fingerprint);
		*(alert_is_on(alert) ? &group->firing : &group->quiet) += 1;
	}
}

static void labels_text(struct strbuf *out, const struct json *labels)
{
	json_each (label, labels) {
		strbuf_addf(out, "%s%s=", out->len ? "," : "", json_key(label));
		json_quote(out, json_text(label) ? json_text(label) : "");
	}
}

static void groups_print(const struct groups *g)
{
	const char *const headings[] = {
		_("RECEIVER"),
		_("FIRING"),
		_("QUIET"),
		_("LABELS"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("lrrl", headings);

	for (size_t i = 0; i < g->n; i++) {
		struct strbuf labels = STRBUF_INIT;
		char *firing = mem_format("%zu", g->items[i].firing);
		char *quiet = mem_format("%zu", g->items[i].quiet);

		labels_text(&labels, json_get(g->items[i].json, "labels"));
		cmd_table_cell(t, json_text(json_get(g->items[i].json, "receiver")));
		cmd_table_cell(t, firing);
		cmd_table_cell(t, quiet);
		cmd_table_cell(t, labels.len ? labels.buf : NULL);
		strbuf_release(&labels);
		free(firing);
		free(quiet);
	}
	cmd_table_print(t);
}

static int groups_json(const struct alerts_seen *s, const struct groups *g)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.alert-groups/1");
	json_add_time(doc, "at", s->now);
	list = json_add_array(doc, "groups");
	for (size_t i = 0; i < g->n; i++) {
		const struct group *group = &g->items[i];
		struct json *one = json_add_object(list, NULL);

		json_add_text(
			one, "receiver", json_text(json_get(group->json, "receiver")));
		json_add(one, "labels", json_copy(json_get(group->json, "labels")));
		json_add_text(one, "key", json_text(json_get(group->json, "key")));
		json_add_int(one, "firing", (int64_t)group->firing);
		json_add_int(one, "quiet", (int64_t)group->quiet);
		json_add(one, "alerts", json_copy(group->fingerprints));
	}
	return cmd_print_json(doc);
}

int cmd_alerts_groups(struct cmd *c)
{
	struct groups g = {0};
	struct alerts_seen s;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	if (alerts_see(&s, c, &e))
		return cmd_fail(&e);
	for (size_t i = 0; i < s.alerts.n; i++)
		add_alert(&g, &s.arena, s.alerts.items[i].record);
	for (size_t i = 0; i < g.n; i++)
		code = g.items[i].firing ? EXIT_FINDING : code;
	if (!c->json)
		groups_print(&g);
	else if (groups_json(&s, &g))
		code = EXIT_INTERNAL;
	for (size_t i = 0; i < g.n; i++)
		json_free(g.items[i].fingerprints);
	for (size_t i = 0; i < g.n_docs; i++)
		json_free(g.docs[i]);
	alerts_unsee(&s);
	return code;
}

/* --- silences --- */

/* Peers of one cluster hold the same ones. */
static bool is_repeated(const struct observed_list *list, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(((const struct silence *)list->items[i].record)->id, id))
			return true;
	return false;
}

static int silences_see(
	struct observed_list *out, struct alerts_seen *s, struct cmd *c, struct err *e)
{
	size_t n = 0;

	if (observed_at(out, &s->arena, c->store, REC_SILENCE, NULL, NULL, AT_NOW,
		    SILENCES_MAX, e))
		return -1;
	for (size_t i = 0; i < out->n; i++) {
		const struct silence *one = out->items[i].record;

		if ((!c->context || context_has_source(c->context, one->source)) &&
			!is_repeated(out, n, one->id))
			out->items[n++] = out->items[i];
	}
	out->n = n;
	return 0;
}

static void silences_print(const struct observed_list *list, int64_t now)
{
	const char *const headings[] = {
		_("SILENCE"),
		_("STATE"),
		_("UNTIL"),
		_("WHO"),
		_("ALERTS"),
		_("MATCHERS"),
		_("REASON"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("llllrll", headings);

	for (size_t i = 0; i < list->n; i++) {
		const struct silence *s = list->items[i].record;
		char *alerts = s->alerts == NONE_INT
			? NULL
			: mem_format("%lld", (long long)s->alerts);

		cmd_table_cell(t, s->id);
		cmd_table_cell(t, s->state);
		alerts_cell_moment(t, s->ends, now);
		cmd_table_cell(t, s->created_by);
		cmd_table_cell(t, alerts);
		cmd_table_cell(t, s->matchers);
		cmd_table_cell(t, s->comment);
		free(alerts);
	}
	cmd_table_print(t);
}

static int silences_json(const struct alerts_seen *seen, const struct observed_list *list)
{
	struct json *doc = json_object(), *to;

	json_add_text(doc, "schema", "tocsin.silences/1");
	json_add_time(doc, "at", seen->now);
	to = json_add_array(doc, "silences");
	for (size_t i = 0; i < list->n; i++) {
		const struct silence *s = list->items[i].record;
		struct json *one = record_to_json(s, REC_SILENCE);

		json_add_time(one, "as_of", list->items[i].since);
		json_add_bool(one, "stale", alerts_stale(seen, s->source));
		json_add(to, NULL, one);
	}
	return cmd_print_json(doc);
}

int cmd_alerts_silences(struct cmd *c)
{
	struct observed_list list;
	struct alerts_seen s;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	if (alerts_see(&s, c, &e))
		return cmd_fail(&e);
	if (silences_see(&list, &s, c, &e))
		code = cmd_fail(&e);
	else if (!c->json)
		silences_print(&list, s.now);
	else if (silences_json(&s, &list))
		code = EXIT_INTERNAL;
	alerts_unsee(&s);
	return code;
}
