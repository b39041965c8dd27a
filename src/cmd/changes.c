#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/elements.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "model/service.h"
#include "report/suspects.h"
#include "store/observe.h"
#include "store/series.h"
#include "store/source.h"

#define SHOWN_DEFAULT 50
#define SHOWN_MAX 10000
#define SUSPECTS_SHOWN 10

struct changes {
	struct arena arena;
	struct change_list list;
	const char *service; /* of the suspects; NULL: they are not asked for */
	const char *slo; /* that burns, or NULL */
	int64_t onset; /* NONE_INT: it does not burn */
	struct suspects suspects;
	struct source_rows sources; /* of --json, for what is stale */
};

static bool in_context(const struct cmd *c, const char *source)
{
	return !c->context || context_has_source(c->context, source);
}

/* --- what is asked for --- */

static int bad_kind(const char *name, struct err *e)
{
	struct strbuf names = STRBUF_INIT;

	for (int k = REC_NONE + 1; k < REC_KINDS; k++)
		if (record_def((enum record_kind)k)->interval)
			strbuf_addf(&names, "%s%s", names.len ? ", " : "",
				record_def((enum record_kind)k)->name);
	err_set(e, ERR_INPUT, _("there are no changes of the kind '%s'"), name);
	err_hint(e, _("the kinds are %s"), names.buf);
	strbuf_release(&names);
	return -1;
}

static int take_kinds(struct change_query *q, const struct cmd *c, struct err *e)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < c->n_given; i++) {
		enum record_kind kind;

		if (strcmp(c->given[i].option->name, "kind") != 0)
			continue;
		kind = record_kind_of(c->given[i].value);
		if (kind == REC_NONE)
			return bad_kind(c->given[i].value, e);
		kinds |= KIND_BIT(kind);
	}
	if (kinds)
		q->kinds = kinds;
	return 0;
}

static int take_limit(struct change_query *q, const struct cmd *c, struct err *e)
{
	const char *text = cmd_value(c, "limit");
	char *end = NULL;
	long n = text ? strtol(text, &end, 10) : SHOWN_DEFAULT;

	if (n < 1 || n > SHOWN_MAX || (end && *end))
		return err_set(e, ERR_INPUT, _("'%s' is no number from 1 to %d"), text,
			SHOWN_MAX);
	q->limit = (size_t)n;
	return 0;
}

static int take_query(struct change_query *q, const struct cmd *c, struct err *e)
{
	const char *last =
		cmd_value(c, "last") ? cmd_value(c, "last") : cmd_value(c, "since");
	int64_t span;

	*q = (struct change_query){.to = AT_NOW,
		.seen_until = AT_NOW,
		.kinds = (uint32_t)KINDS_CAUSE,
		.source = cmd_value(c, "source")};
	if (last && duration_parse(&span, last, e))
		return -1;
	if (last)
		q->from = clock_now() - span;
	return take_kinds(q, c, e) || take_limit(q, c, e) ? -1 : 0;
}

/* A change belongs to the service as it was stored, or by the configuration of today. */
static bool of_service(const struct cmd *c, const struct change *ch, const char *service)
{
	const struct service_conf *s;

	if (ch->service)
		return !strcmp(ch->service, service);
	s = config_service(&c->config, service);
	return s && service_has(s, ch->kind, ch->source, ch->object);
}

/* All that the context has, before the list is cut. */
static int list_changes(struct changes *out, struct cmd *c, struct err *e)
{
	const char *service = cmd_value(c, "service");
	struct change_query q;
	size_t limit, n = 0;

	if (take_query(&q, c, e))
		return -1;
	limit = q.limit;
	q.limit = SHOWN_MAX;
	if (change_list(&out->list, &out->arena, c->store, &q, e))
		return -1;
	for (size_t i = 0; i < out->list.n; i++) {
		const struct change *ch = &out->list.items[i];

		if (in_context(c, ch->source) && (!service || of_service(c, ch, service)))
			out->list.items[n++] = *ch;
	}
	out->list.more = out->list.more || n > limit;
	out->list.n = n > limit ? limit : n;
	return 0;
}

/* --- suspects --- */

/* "service/name", or the service alone: its objective that burns worst. */
static int find_slo(struct changes *out, struct cmd *c, const char *text, struct err *e)
{
	struct slo_rows rows;

	if (slo_rows(&rows, &out->arena, c->store, AT_NOW, e))
		return -1;
	for (size_t i = 0; i < rows.n; i++) {
		const struct slo *slo = &rows.items[i].slo;
		const char *full =
			arena_format(&out->arena, "%s/%s", slo->service, slo->name);

		if (strcmp(full, text) != 0 && strcmp(slo->service, text) != 0 &&
			strcmp(slo->name, text) != 0)
			continue;
		if (slo->source && !in_context(c, slo->source))
			continue;
		out->service = slo->service;
		out->slo = full;
		out->onset = rows.items[i].state.onset;
		return 0;
	}
	err_set(e, ERR_NOT_FOUND, _("there is no objective '%s'"), text);
	return err_hint(e, _("'tocsin slo list' names those that there are"));
}

static int find_suspects(struct changes *out, struct cmd *c, struct err *e)
{
	const char *slo = cmd_value(c, "suspects-of"), *onset = cmd_value(c, "onset");

	out->onset = NONE_INT;
	if (!slo && !onset)
		return 0;
	if (slo && find_slo(out, c, slo, e))
		return -1;
	if (onset && time_parse(&out->onset, onset, e))
		return -1;
	if (!out->service)
		out->service = cmd_value(c, "service");
	if (!out->service) {
		err_set(e, ERR_INPUT, _("--onset does not say what began to burn then"));
		return err_hint(e, _("add --service NAME or --suspects-of SLO"));
	}
	return suspects_of(&out->suspects, &out->arena, c->store, &c->config,
		out->service, out->onset, AT_NOW, SUSPECTS_SHOWN, e);
}

/* --- text --- */

static void add_moment(struct strbuf *out, int64_t at, int64_t now)
{
	if (at != NONE_INT)
		time_human(out, at, now, false);
}

/* Where the source does not say when it was, and nobody watched: both bounds. */
static bool has_bounds(const struct change *ch)
{
	return ch->gap && ch->at == ch->seen && ch->not_before != NONE_INT;
}

static void cell_when(struct cmd_table *t, const struct change *ch, int64_t now)
{
	struct strbuf text = STRBUF_INIT;

	if (has_bounds(ch)) {
		add_moment(&text, ch->not_before, now);
		strbuf_adds(&text, " .. ");
	}
	add_moment(&text, ch->at, now);
	cmd_table_cell(t, text.buf);
	strbuf_release(&text);
}

static const char *mark_of(const struct change *ch)
{
	if (ch->from_history)
		return _("from history");
	return ch->gap ? _("nobody watched") : "";
}

/* Of tags and the like the names that differ: whole objects are for --json. */
static void cell_values(struct cmd_table *t, const struct change *ch)
{
	struct strbuf entries = STRBUF_INIT;

	if (change_entries(&entries, ch)) {
		cmd_table_cell(t, NULL);
		cmd_table_cell(t, entries.buf);
	} else {
		cmd_table_cell(t, ch->before);
		cmd_table_cell(t, ch->after);
	}
	strbuf_release(&entries);
}

static void print_list(const struct changes *f)
{
	const char *const headings[] = {
		_("CHANGED"),
		_("KIND"),
		_("OBJECT"),
		_("FIELD"),
		_("FROM"),
		_("TO"),
		_("TRAFFIC"),
		_("WHO"),
		_("SERVICE"),
		_("SOURCE"),
		"",
		NULL
	};
	struct cmd_table *t = cmd_table_new("llllllrllll", headings);
	int64_t now = clock_now();

	for (size_t i = 0; i < f->list.n; i++) {
		const struct change *ch = &f->list.items[i];
		char weight[32] = "";

		if (!isnan(ch->weight))
			(void)snprintf(
				weight, sizeof(weight), "%.3g%%", ch->weight * 100);
		cell_when(t, ch, now);
		cmd_table_cell(t, _(record_def(ch->kind)->title));
		cmd_table_cell(t, ch->object);
		cmd_table_cell(t, ch->field);
		cell_values(t, ch);
		cmd_table_cell(t, weight);
		cmd_table_cell(t, ch->actor);
		cmd_table_cell(t, ch->service);
		cmd_table_cell(t, ch->source);
		cmd_table_cell(t, mark_of(ch));
	}
	cmd_table_print(t);
}

static void print_suspects(const struct changes *f)
{
	const char *const headings[] = { "", _("CHANGED"), _("LIKELY"), _("WHY"), NULL };
	const char *what = f->slo ? f->slo : f->service;
	struct strbuf since = STRBUF_INIT;
	struct cmd_table *t;
	int64_t now = clock_now();

	if (f->onset == NONE_INT) {
		say(_("'%s' does not burn\n"), what);
		return;
	}
	add_moment(&since, f->onset, now);
	say(_("'%s' burns since %s\n"), what, since.buf);
	strbuf_release(&since);
	if (f->suspects.none)
		say("%s\n", f->suspects.none);
	t = cmd_table_new("llll", headings);
	for (size_t i = 0; i < f->suspects.n; i++) {
		const struct suspect *s = &f->suspects.items[i];

		cmd_table_cell(t, i < f->suspects.n_fits ? "*" : "");
		cell_when(t, s->change, now);
		/* TRANSLATORS: a change that is suspected: the likeliest of those that fit */
		cmd_table_cell(t,
			i >= f->suspects.n_fits ? _("hardly")
				: i             ? _("maybe")
						: _("likely"));
		cmd_table_cell(t, s->reason);
	}
	cmd_table_print(t);
}

/* --- JSON --- */

/* A source that is not configured any more is read by nobody. */
static bool is_stale(const struct changes *f, const char *source)
{
	for (size_t i = 0; i < f->sources.n; i++)
		if (!strcmp(f->sources.items[i].name, source))
			return source_is_stale(&f->sources.items[i], clock_now());
	return true;
}

static struct json *add_change(
	const struct changes *f, struct json *list, const struct change *ch)
{
	struct json *one = json_add_object(list, NULL);

	element_change(one, ch);
	json_add_time(one, "as_of", ch->seen);
	json_add_bool(one, "stale", is_stale(f, ch->source));
	return one;
}

static void add_suspects(struct json *doc, const struct changes *f)
{
	struct json *list;

	json_add_text(doc, "service", f->service);
	json_add_text(doc, "slo", f->slo);
	json_add_time(doc, "onset", f->onset);
	json_add_text(doc, "none", f->suspects.none);
	list = json_add_array(doc, "suspects");
	for (size_t i = 0; i < f->suspects.n; i++) {
		const struct suspect *s = &f->suspects.items[i];
		struct json *one = add_change(f, list, s->change);

		json_add_real(one, "score", s->score);
		json_add_bool(one, "fits", i < f->suspects.n_fits);
		json_add_real(one, "before_s", (double)s->before_ns / NS_PER_S);
		json_add_text(one, "reason", s->reason);
		json_add_int(one, "followed_by", (int64_t)s->n_followed);
	}
}

static int print_json(const struct changes *f)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.changes/1");
	json_add_time(doc, "at", clock_now());
	list = json_add_array(doc, "changes");
	for (size_t i = 0; i < f->list.n; i++)
		add_change(f, list, &f->list.items[i]);
	json_add_bool(doc, "more", f->list.more);
	if (f->service)
		add_suspects(doc, f);
	return cmd_print_json(doc);
}

int cmd_changes(struct cmd *c)
{
	struct changes f = {0};
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	if (c->n_operands)
		return cmd_usage(c, _("no operand is wanted"));
	arena_init(&f.arena);
	if (list_changes(&f, c, &e) || find_suspects(&f, c, &e) ||
		(c->json && source_list(&f.sources, &f.arena, c->store, AT_NOW, &e)))
		code = cmd_fail(&e);
	else if (c->json)
		code = print_json(&f) ? EXIT_INTERNAL : EXIT_FINE;
	else if (f.service)
		print_suspects(&f);
	else
		print_list(&f);
	arena_release(&f.arena);
	return code;
}
