/* drift.c - tocsin drift list, show, accept */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "model/pipeline.h"
#include "runbook/drift_accept.h"
#include "store/drift.h"
#include "store/observe.h"
#include "store/source.h"

#define HISTORY_NS NS_PER_DAY
enum { LISTED_MAX = 10000, HISTORY_POINTS = 96, BAR = 20 };

struct drifts {
	struct arena arena;
	struct observed_list list;
	struct source_rows sources;
	char *service, *dataset, *feature; /* owned: what is wanted; NULL: any */
};

static void drifts_release(struct drifts *d)
{
	free(d->service);
	free(d->dataset);
	free(d->feature);
	arena_release(&d->arena);
}

static bool is_wanted(
	const struct drifts *d, const struct cmd *c, const struct drift_report *r)
{
	return (!c->context || context_has_source(c->context, r->source)) &&
		(!d->service || !strcmp(d->service, r->service)) &&
		(!d->dataset || !strcmp(d->dataset, r->dataset)) &&
		(!d->feature || !strcmp(d->feature, r->feature));
}

/* Drifted ones first, then by name, as they are. */
static void sort(struct observed_list *list)
{
	size_t first = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct drift_report *r = list->items[i].record;
		struct observed moved = list->items[i];

		if (r->drifted != 1)
			continue;
		memmove(&list->items[first + 1], &list->items[first],
			(i - first) * sizeof(moved));
		list->items[first++] = moved;
	}
}

static int drifts_read(struct drifts *d, struct cmd *c, struct err *e)
{
	size_t n = 0;

	if (observed_at(&d->list, &d->arena, c->store, REC_DRIFT_REPORT, NULL, NULL,
		    AT_NOW, LISTED_MAX, e) < 0 ||
		source_list(&d->sources, &d->arena, c->store, AT_NOW, e) < 0)
		return -1;
	for (size_t i = 0; i < d->list.n; i++)
		if (is_wanted(d, c, d->list.items[i].record))
			d->list.items[n++] = d->list.items[i];
	d->list.n = n;
	sort(&d->list);
	return 0;
}

static bool is_stale(const struct drifts *d, const char *source, int64_t now)
{
	for (size_t i = 0; i < d->sources.n; i++)
		if (!strcmp(d->sources.items[i].name, source))
			return source_is_stale(&d->sources.items[i], now);
	return true;
}

static int exit_of(const struct drifts *d)
{
	for (size_t i = 0; i < d->list.n; i++)
		if (((const struct drift_report *)d->list.items[i].record)->drifted == 1)
			return EXIT_FINDING;
	return EXIT_FINE;
}

/* --- as a document --- */

static int add_history(struct json *to, struct drifts *d, struct cmd *c,
	const struct drift_report *r, struct err *e)
{
	struct samples got;
	struct json *list = json_add_array(to, "history");
	int64_t now = clock_now();

	if (drift_history(&got, &d->arena, c->store, r->source, r->service, r->dataset,
		    r->feature, now - HISTORY_NS, now, HISTORY_POINTS, e) < 0)
		return -1;
	for (size_t i = 0; i < got.n; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_time(one, "at", got.items[i].at);
		json_add_real(one, "value", got.items[i].value);
	}
	return 0;
}

static int document(
	struct json **out, struct drifts *d, struct cmd *c, bool history, struct err *e)
{
	struct json *doc = json_object(), *list;
	int64_t now = clock_now();
	int rc = 0;

	json_add_text(doc, "schema", "tocsin.drifts/1");
	json_add_time(doc, "at", now);
	list = json_add_array(doc, "drift");
	for (size_t i = 0; i < d->list.n && rc == 0; i++) {
		const struct drift_report *r = d->list.items[i].record;
		struct json *one = record_to_json(r, REC_DRIFT_REPORT);

		json_add_time(one, "as_of", r->computed);
		json_add_bool(one, "stale", is_stale(d, r->source, now));
		if (history)
			rc = add_history(one, d, c, r, e);
		json_add(list, NULL, one);
	}
	if (rc == 0)
		*out = doc;
	else
		json_free(doc);
	return rc;
}

/* --- for people --- */

static char *number(double v)
{
	return isnan(v) ? NULL : mem_format("%.4g", v);
}

static void list_print(const struct drifts *d)
{
	const char *const headings[] = {
		_("VERDICT"),
		_("SERVICE"),
		_("DATASET"),
		_("FEATURE"),
		_("METHOD"),
		_("VALUE"),
		_("LIMIT"),
		_("NOISE"),
		_("OF"),
		_("SINCE"),
		_("NOTE"),
	};
	struct cmd_table *t = cmd_table_new("lllllrrrlll", headings);

	for (size_t i = 0; i < d->list.n; i++) {
		const struct drift_report *r = d->list.items[i].record;
		char *value = number(r->value), *threshold = number(r->threshold);
		char *noise = number(r->noise);
		struct strbuf since = STRBUF_INIT;

		if (r->since != NONE_INT)
			time_human(&since, r->since, clock_now(), false);
		cmd_table_cell(t, r->verdict);
		cmd_table_cell(t, r->service);
		cmd_table_cell(t, r->dataset);
		cmd_table_cell(t, r->feature);
		cmd_table_cell(t, r->method);
		cmd_table_cell(t, value);
		cmd_table_cell(t, threshold);
		cmd_table_cell(t, noise);
		cmd_table_cell(t, r->persisted);
		cmd_table_cell(t, since.len ? since.buf : NULL);
		cmd_table_cell(t, r->note ? r->note : "");
		strbuf_release(&since);
		free(value);
		free(threshold);
		free(noise);
	}
	cmd_table_print(t);
}

static void say_line(const char *name, const char *value)
{
	if (value)
		say("  %-12s %s\n", name, value);
}

static void say_number(const char *name, double value)
{
	char *text = number(value);

	say_line(name, text);
	free(text);
}

static void say_bar(double share)
{
	int n = share > 0 ? (int)lround(share * BAR) : 0;

	say(" %6.2f%% %-*.*s", share * 100, BAR, n, "####################");
}

/* "up to 10", "above 100", or the category. */
static char *cell_name(const struct json *doc, size_t i)
{
	const struct json *labels = json_get(doc, "labels"),
			  *edges = json_get(doc, "edges");
	size_t k = 0;

	json_each (item, labels) {
		if (k++ == i)
			return mem_strdup(json_text(item) ? json_text(item) : "");
	}
	k = 0;
	json_each (item, edges) {
		if (k++ == i)
			return mem_format(_("up to %.4g"), json_real(item));
		if (k == json_count(edges) && i == k)
			return mem_format(_("above %.4g"), json_real(item));
	}
	return mem_strdup("?");
}

static void say_shares(const char *text)
{
	const struct json *current;
	struct json *doc = NULL;
	struct err e = ERR_INIT;
	size_t i = 0;

	if (text && json_parse(&doc, text, strlen(text), &e) == 0) {
		current = json_first(json_get(doc, "current"));
		say("\n  %-24s %-*s %s\n", "", BAR + 9, _("reference"), _("current"));
		json_each (item, json_get(doc, "reference")) {
			char *name = cell_name(doc, i++);

			say("  %-24.24s", name);
			say_bar(json_real(item));
			say_bar(json_real(current));
			say("\n");
			current = json_next(current);
			free(name);
		}
	}
	json_free(doc);
	err_release(&e);
}

static void show_print(const struct drift_report *r)
{
	struct strbuf since = STRBUF_INIT;

	say("%s/%s/%s: %s\n", r->service, r->dataset, r->feature, r->verdict);
	if (r->since != NONE_INT)
		time_format(&since, r->since);
	say_line(_("since"), since.len ? since.buf : NULL);
	say_line(_("kind"), r->kind);
	say_line(_("method"), r->method);
	say_number(_("value"), r->value);
	say_number(_("threshold"), r->threshold);
	say_number("p", r->p_value);
	say_number(_("noise"), r->noise);
	say_line(_("above in"), r->persisted);
	say_line(_("reference"), r->reference);
	say_number(_("values"), r->n_reference);
	say_line(_("current"), r->window);
	say_number(_("values"), r->n_current);
	say_line(_("bins"), r->binning);
	say_line(_("note"), r->note);
	say_line(_("link"), r->url);
	say_line(_("source"), r->source);
	say_shares(r->shares);
	strbuf_release(&since);
}

/* --- the commands --- */

static int print(struct drifts *d, struct cmd *c, bool whole, struct err *e)
{
	struct json *doc;

	if (c->json) {
		if (document(&doc, d, c, whole, e) < 0)
			return cmd_fail(e);
		return cmd_print_json(doc);
	}
	if (!whole) {
		list_print(d);
		return EXIT_FINE;
	}
	for (size_t i = 0; i < d->list.n; i++) {
		if (i)
			say("\n");
		show_print(d->list.items[i].record);
	}
	return EXIT_FINE;
}

static int run(struct cmd *c, struct drifts *d, bool whole)
{
	struct err e = ERR_INIT;
	int code;

	arena_init(&d->arena);
	if (drifts_read(d, c, &e) < 0) {
		code = cmd_fail(&e);
	} else if (whole && !d->list.n) {
		err_set(&e, ERR_NOT_FOUND, _("nothing is measured of '%s'"),
			c->operands[0]);
		err_hint(&e, "%s", _("tocsin drift list shows what is measured"));
		code = cmd_fail(&e);
	} else {
		code = print(d, c, whole, &e);
		if (code == EXIT_FINE)
			code = exit_of(d);
	}
	drifts_release(d);
	return code;
}

int cmd_drift_list(struct cmd *c)
{
	struct drifts d = {0};

	if (c->n_operands)
		return cmd_usage(c, "%s", _("nothing is expected behind 'list'"));
	return run(c, &d, false);
}

/* "SERVICE/DATASET/FEATURE": a feature's name may have slashes. */
static void names_take(struct drifts *d, const char *text)
{
	size_t n = strcspn(text, "/");

	d->service = mem_strndup(text, n);
	if (!text[n])
		return;
	text += n + 1;
	n = strcspn(text, "/");
	d->dataset = mem_strndup(text, n);
	if (text[n])
		d->feature = mem_strdup(text + n + 1);
}

int cmd_drift_show(struct cmd *c)
{
	struct drifts d = {0};

	if (c->n_operands != 1)
		return cmd_usage(c, "%s", _("one SERVICE[/DATASET[/FEATURE]] is wanted"));
	names_take(&d, c->operands[0]);
	return run(c, &d, true);
}

static int accept_print(
	const struct cmd *c, const struct drift_acceptance *what, size_t n)
{
	struct json *doc;

	if (!c->json) {
		say(ngettext("%zu feature of %s/%s has what is measured now as its "
			     "reference\n",
			    "%zu features of %s/%s have what is measured now as their "
			    "reference\n",
			    n),
			n, what->service, what->dataset);
		return EXIT_FINE;
	}
	doc = json_object();
	json_add_text(doc, "schema", "tocsin.drift-accept/1");
	json_add_text(doc, "service", what->service);
	json_add_text(doc, "dataset", what->dataset);
	json_add_text(doc, "feature", what->feature);
	json_add_text(doc, "reason", what->reason);
	json_add_int(doc, "features", (int64_t)n);
	return cmd_print_json(doc);
}

int cmd_drift_accept(struct cmd *c)
{
	struct drifts d = {0};
	struct drift_acceptance what = {
		.feature = cmd_value(c, "feature"), .reason = cmd_value(c, "reason")};
	struct err e = ERR_INIT;
	size_t n = 0;
	int code;

	if (c->n_operands != 1 || !strchr(c->operands[0], '/'))
		return cmd_usage(c, "%s", _("one SERVICE/DATASET is wanted"));
	if (!what.reason || !what.reason[strspn(what.reason, " \t")])
		return cmd_usage(c, _("--%s is wanted, with a value"), "reason");
	names_take(&d, c->operands[0]);
	what.service = d.service;
	what.dataset = d.dataset;
	what.feature = what.feature ? what.feature : d.feature;
	if (drift_accept(&n, c->store, &c->config, c->context, &what, &e) < 0)
		code = cmd_fail(&e);
	else
		code = accept_print(c, &what, n);
	drifts_release(&d);
	return code;
}
