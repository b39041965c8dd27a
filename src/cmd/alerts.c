/* alerts.c - tocsin alerts list and show: what fires, what is silenced, by whom and why */
#include "config.h"
#include "cmd/alerts.h"

#include <math.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/elements.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"

#define ALERTS_MAX 5000

/* --- what is known --- */

static bool is_wanted(const struct cmd *c, const struct alert *a)
{
	const char *service = cmd_value(c, "service"), *state = cmd_value(c, "state");

	return a->state && strcmp(a->state, "resolved") != 0 &&
		(!service || (a->service && !strcmp(a->service, service))) &&
		(!state || !strcmp(a->state, state));
}

int alerts_see(struct alerts_seen *out, struct cmd *c, struct err *e)
{
	size_t n = 0;

	*out = (struct alerts_seen){.now = clock_now()};
	arena_init(&out->arena);
	if (alerts_at(&out->alerts, &out->arena, c->store, c->context, AT_NOW, ALERTS_MAX,
		    e) ||
		source_list(&out->sources, &out->arena, c->store, AT_NOW, e)) {
		arena_release(&out->arena);
		return -1;
	}
	for (size_t i = 0; i < out->alerts.n; i++)
		if (is_wanted(c, out->alerts.items[i].record))
			out->alerts.items[n++] = out->alerts.items[i];
	out->alerts.n = n;
	return 0;
}

void alerts_unsee(struct alerts_seen *s)
{
	arena_release(&s->arena);
}

bool alerts_stale(const struct alerts_seen *s, const char *source)
{
	for (size_t i = 0; i < s->sources.n; i++)
		if (!strcmp(s->sources.items[i].name, source))
			return source_is_stale(&s->sources.items[i], s->now);
	return true;
}

const struct observed *alerts_find(const struct alerts_seen *s, const char *word)
{
	const struct observed *found = NULL;

	for (size_t i = 0; i < s->alerts.n; i++) {
		const struct alert *a = s->alerts.items[i].record;

		if (!strcmp(a->fingerprint, word))
			return &s->alerts.items[i];
		if (a->name && !strcmp(a->name, word) && (!found || alert_is_finding(a)))
			found = &s->alerts.items[i];
	}
	return found;
}

/* --- words --- */

static void add_silence(struct strbuf *out, const struct json *s, int64_t now)
{
	const char *by = json_text(json_get(s, "by")),
		   *until = json_text(json_get(s, "until"));
	const char *comment = json_text(json_get(s, "comment"));
	struct err ignored = ERR_INIT;
	int64_t at;

	if (out->len)
		strbuf_adds(out, "; ");
	strbuf_addf(out, _("silenced by %s"), by ? by : json_text(json_get(s, "id")));
	if (until && !time_parse(&at, until, &ignored)) {
		strbuf_adds(out, _(" until "));
		time_human(out, at, now, false);
	}
	if (comment)
		strbuf_addf(out, ": %s", comment);
	err_release(&ignored);
}

static void add_names(struct strbuf *out, const char *what, const struct json *list)
{
	if (!json_count(list))
		return;
	strbuf_addf(out, "%s%s", out->len ? "; " : "", what);
	json_each (name, list)
		if (json_text(name))
			strbuf_addf(out, " %s", json_text(name));
}

static struct json *stored(const char *text)
{
	struct err ignored = ERR_INIT;
	struct json *out = NULL;

	if (text)
		(void)json_parse(&out, text, strlen(text), &ignored);
	err_release(&ignored);
	return out;
}

void alert_why(struct strbuf *out, const struct alert *a, int64_t now)
{
	struct json *silences = stored(a->silenced_by), *by = stored(a->inhibited_by);
	struct json *muted = stored(a->muted_by);

	json_each (s, silences)
		add_silence(out, s, now);
	add_names(out, _("inhibited by"), by);
	add_names(out, _("muted by the time interval"), muted);
	json_free(silences);
	json_free(by);
	json_free(muted);
}

void alerts_cell_moment(struct cmd_table *t, int64_t at, int64_t now)
{
	struct strbuf text = STRBUF_INIT;

	if (at != NONE_INT)
		time_human(&text, at, now, false);
	cmd_table_cell(t, text.len ? text.buf : NULL);
	strbuf_release(&text);
}

/* --- list --- */

static void list_print(const struct alerts_seen *s)
{
	const char *const headings[] = {
		_("ALERT"),
		_("SERVICE"),
		_("SEVERITY"),
		_("STATE"),
		_("SINCE"),
		_("SOURCE"),
		_("WHY NOBODY IS TOLD"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("lllllll", headings);

	for (size_t i = 0; i < s->alerts.n; i++) {
		const struct alert *a = s->alerts.items[i].record;
		struct strbuf why = STRBUF_INIT;

		alert_why(&why, a, s->now);
		cmd_table_cell(t, a->name);
		cmd_table_cell(t, a->service);
		cmd_table_cell(t, a->severity);
		cmd_table_cell(t, a->state);
		alerts_cell_moment(t, a->onset != NONE_INT ? a->onset : a->since, s->now);
		cmd_table_cell(t, a->source);
		cmd_table_cell(t, why.len ? why.buf : NULL);
		strbuf_release(&why);
	}
	cmd_table_print(t);
}

static struct json *document(const struct alerts_seen *s, const struct observed *only)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.alerts/1");
	json_add_time(doc, "at", s->now);
	list = json_add_array(doc, "alerts");
	for (size_t i = 0; i < s->alerts.n; i++) {
		const struct alert *a = s->alerts.items[i].record;
		struct json *one;

		if (only && only != &s->alerts.items[i])
			continue;
		one = json_add_object(list, NULL);
		element_alert(one, a);
		json_add_time(one, "as_of", s->alerts.items[i].since);
		json_add_bool(one, "stale", alerts_stale(s, a->source));
	}
	return doc;
}

static int code_of(const struct alerts_seen *s, const struct alert *only)
{
	int code = EXIT_FINE;

	for (size_t i = 0; i < s->alerts.n; i++) {
		const struct alert *a = s->alerts.items[i].record;

		if (only && only != a)
			continue;
		if (alert_is_finding(a))
			return EXIT_FINDING;
		if (alerts_stale(s, a->source))
			code = EXIT_STALE;
	}
	return code;
}

int cmd_alerts_list(struct cmd *c)
{
	struct alerts_seen s;
	struct err e = ERR_INIT;
	int code;

	if (alerts_see(&s, c, &e))
		return cmd_fail(&e);
	code = code_of(&s, NULL);
	if (!c->json)
		list_print(&s);
	else if (cmd_print_json(document(&s, NULL)))
		code = EXIT_INTERNAL;
	alerts_unsee(&s);
	return code;
}

/* --- show --- */

static void show_object(const char *heading, const char *text)
{
	struct json *doc = stored(text);

	if (json_count(doc))
		say("\n%s\n", heading);
	json_each (item, doc) {
		struct strbuf value = STRBUF_INIT;

		if (json_text(item))
			strbuf_adds(&value, json_text(item));
		else
			json_format(&value, item, false);
		if (json_key(item))
			say("  %s: %s\n", json_key(item), value.buf);
		else
			say("  %s\n", value.buf);
		strbuf_release(&value);
	}
	json_free(doc);
}

static void show_field(const char *name, const char *value)
{
	if (value)
		say("%-12s %s\n", name, value);
}

static void show_moment(const char *name, int64_t at, int64_t now)
{
	struct strbuf text = STRBUF_INIT;

	if (at != NONE_INT) {
		time_human(&text, at, now, false);
		show_field(name, text.buf);
	}
	strbuf_release(&text);
}

static void show(const struct alerts_seen *s, const struct alert *a)
{
	struct strbuf why = STRBUF_INIT;

	alert_why(&why, a, s->now);
	say("%s  %s  %s\n", a->name ? a->name : "-", a->state,
		a->severity ? a->severity : "");
	show_field(_("service"), a->service);
	show_moment(_("onset"), a->onset, s->now);
	show_moment(_("since"), a->since, s->now);
	if (!isnan(a->value))
		say("%-12s %g\n", _("value"), a->value);
	show_field(_("source"), a->source);
	show_field(_("fingerprint"), a->fingerprint);
	show_field(_("runbook"), a->runbook_url);
	show_field(_("link"), a->url);
	if (why.len)
		show_field(_("not told"), why.buf);
	show_object(_("Receivers"), a->receivers);
	show_object(_("Groups"), a->groups);
	show_object(_("Labels"), a->labels);
	show_object(_("Annotations"), a->annotations);
	strbuf_release(&why);
}

int cmd_alerts_show(struct cmd *c)
{
	const struct observed *found;
	struct alerts_seen s;
	struct err e = ERR_INIT;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(
			c, _("one alert is wanted: its name or its fingerprint"));
	if (alerts_see(&s, c, &e))
		return cmd_fail(&e);
	found = alerts_find(&s, c->operands[0]);
	if (!found) {
		err_set(&e, ERR_NOT_FOUND, _("no alert is called '%s'"), c->operands[0]);
		code = cmd_fail(&e);
	} else {
		code = code_of(&s, found->record);
		if (!c->json)
			show(&s, found->record);
		else if (cmd_print_json(document(&s, found)))
			code = EXIT_INTERNAL;
	}
	alerts_unsee(&s);
	return code;
}
