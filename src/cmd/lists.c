#include "config.h"

#include <string.h>

#include "cmd/commands.h"
#include "cmd/elements.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "store/observe.h"

#define ALERTS_MAX 2000

static bool wanted(const struct cmd *c, const char *source)
{
	return !c->context || context_has_source(c->context, source);
}

static void cell_moment(struct cmd_table *t, int64_t at)
{
	struct strbuf text = STRBUF_INIT;

	if (at != NONE_INT)
		time_human(&text, at, clock_now(), false);
	cmd_table_cell(t, text.len ? text.buf : NULL);
	strbuf_release(&text);
}

/* --- alerts --- */

static void alerts_print(struct cmd *c, const struct observed_list *alerts)
{
	const char *const headings[] = {
		_("ALERT"),
		_("SERVICE"),
		_("SEVERITY"),
		_("STATE"),
		_("SINCE"),
		_("SOURCE"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("llllll", headings);

	for (size_t i = 0; i < alerts->n; i++) {
		const struct alert *a = alerts->items[i].record;

		if (!wanted(c, a->source))
			continue;
		cmd_table_cell(t, a->name);
		cmd_table_cell(t, a->service);
		cmd_table_cell(t, a->severity);
		cmd_table_cell(t, a->state);
		cell_moment(t, a->since);
		cmd_table_cell(t, a->source);
	}
	cmd_table_print(t);
}

static int alerts_json(struct cmd *c, const struct observed_list *alerts)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.alerts/1");
	json_add_time(doc, "at", clock_now());
	list = json_add_array(doc, "alerts");
	for (size_t i = 0; i < alerts->n; i++) {
		const struct alert *a = alerts->items[i].record;
		struct json *one;

		if (!wanted(c, a->source))
			continue;
		one = json_add_object(list, NULL);
		element_alert(one, a);
		json_add_time(one, "as_of", alerts->items[i].since);
		json_add_bool(one, "stale", false);
	}
	return cmd_print_json(doc);
}

int cmd_alerts(struct cmd *c)
{
	struct observed_list alerts;
	struct arena a;
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	arena_init(&a);
	if (observed_at(&alerts, &a, c->store, REC_ALERT, NULL, NULL, AT_NOW, ALERTS_MAX,
		    &e)) {
		code = cmd_fail(&e);
	} else {
		for (size_t i = 0; i < alerts.n; i++) {
			const struct alert *alert = alerts.items[i].record;

			if (wanted(c, alert->source) && alert_is_finding(alert))
				code = EXIT_FINDING;
		}
		if (!c->json)
			alerts_print(c, &alerts);
		else if (alerts_json(c, &alerts))
			code = EXIT_INTERNAL;
	}
	arena_release(&a);
	return code;
}
