#include "config.h"

#include "cmd/commands.h"
#include "cmd/say.h"
#include "cmd/slo_find.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "signal/burn.h"

static void add_queries(struct json *to, const struct slo *slo)
{
	int64_t windows[SLO_WINDOWS];
	size_t n = burn_windows(windows, slo);
	struct json *queries = json_add_object(to, "queries");

	for (size_t i = 0; i < n; i++) {
		struct strbuf name = STRBUF_INIT, query = STRBUF_INIT;

		duration_format(&name, windows[i]);
		slo_query(&query, slo, windows[i]);
		json_add_text(queries, name.buf, query.buf);
		strbuf_release(&name);
		strbuf_release(&query);
	}
}

static void add_duration(struct json *to, const char *key, int64_t ns)
{
	struct strbuf text = STRBUF_INIT;

	duration_format(&text, ns);
	json_add_text(to, key, text.buf);
	strbuf_release(&text);
}

static void add_alerting(struct json *to, const struct slo *slo, struct arena *a)
{
	size_t n;
	const struct burn_alert *rows = burn_alerts(slo, a, &n);
	struct json *list = json_add_array(to, "alerting");

	for (size_t i = 0; i < n; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "severity", severity_name(rows[i].severity));
		add_duration(one, "short", rows[i].short_ns);
		add_duration(one, "long", rows[i].long_ns);
		json_add_real(one, "factor", rows[i].factor);
		json_add_bool(
			one, "reachable", !burn_unreachable(&rows[i], slo->objective));
	}
}

static void add_slo(struct json *to, const struct slo *slo, struct arena *a)
{
	struct json *sli;

	json_add_text(to, "name", slo->name);
	json_add_text(to, "service", slo->service);
	json_add_text(to, "title", slo->title);
	json_add_real(to, "objective", slo->objective);
	add_duration(to, "window", slo->window_ns);
	json_add_bool(to, "calendar", slo->calendar);
	json_add_text(to, "budgeting", budgeting_name(slo->budgeting));
	json_add_text(to, "grouping", slo->sli.grouping);
	json_add_text(to, "source", slo->source);
	json_add_text(to, "alert", slo->alert_name);
	json_add_int(to, "line", slo->line ? slo->line : INT64_MIN);
	json_add_text(to, "format", slo->format);
	sli = json_add_object(to, "sli");
	json_add_text(sli, "kind", sli_kind_name(slo->sli.kind));
	json_add_text(sli, "good", slo->sli.good);
	json_add_text(sli, "bad", slo->sli.bad);
	json_add_text(sli, "total", slo->sli.total);
	add_queries(to, slo);
	add_alerting(to, slo, a);
}

static struct json *show_json(struct slo_found *f)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.slo/1");
	list = json_add_array(doc, "slos");
	for (size_t i = 0; i < f->slos.n; i++)
		add_slo(json_add_object(list, NULL), &f->slos.items[i], &f->arena);
	slo_problems_json(doc, &f->problems);
	return doc;
}

static void print_rows(const struct slo *slo, struct arena *a)
{
	size_t n;
	const struct burn_alert *rows = burn_alerts(slo, a, &n);

	for (size_t i = 0; i < n; i++) {
		struct strbuf when = STRBUF_INIT;

		duration_format(&when, rows[i].short_ns);
		strbuf_adds(&when, _(" and "));
		duration_format(&when, rows[i].long_ns);
		say(_("  %-7s when %s both burn over %.4g times%s\n"),
			severity_name(rows[i].severity), when.buf, rows[i].factor,
			burn_unreachable(&rows[i], slo->objective)
				? _(": it can never fire")
				: "");
		strbuf_release(&when);
	}
}

static void show_print(const struct slo_list *slos, struct arena *a)
{
	for (size_t i = 0; i < slos->n; i++) {
		const struct slo *slo = &slos->items[i];
		struct strbuf window = STRBUF_INIT, query = STRBUF_INIT;
		int64_t windows[SLO_WINDOWS];
		size_t n = burn_windows(windows, slo);

		duration_format(&window, slo->window_ns);
		say(_("%s/%s: %.6g%% over %s (%s)\n"), slo->service, slo->name,
			slo->objective * 100, window.buf, slo->format);
		print_rows(slo, a);
		if (n) {
			slo_query(&query, slo, windows[0]);
			say("  %s\n", query.buf);
		}
		strbuf_release(&window);
		strbuf_release(&query);
	}
}

int cmd_slo_show(struct cmd *c)
{
	struct slo_found f;
	int code;

	if (c->n_operands != 1)
		return cmd_usage(c, "%s", _("name one file, or SERVICE/NAME"));
	code = slo_find(&f, c, c->operands[0]);
	if (code > EXIT_FINDING) {
		slo_found_release(&f);
		return code;
	}
	if (!c->json) {
		show_print(&f.slos, &f.arena);
		cmd_problems(&f.problems);
	} else if (cmd_print_json(show_json(&f))) {
		code = EXIT_INTERNAL;
	}
	slo_found_release(&f);
	return code;
}
