#include "config.h"

#include "cmd/check_slos.h"

#include "cmd/slo_find.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "signal/burn.h"

static void check_rows(struct problems *notes, const struct slo *slo, struct arena *a)
{
	size_t n;
	const struct burn_alert *rows = burn_alerts(slo, a, &n);

	for (size_t i = 0; i < n; i++) {
		struct strbuf window = STRBUF_INIT;

		if (!burn_unreachable(&rows[i], slo->objective))
			continue;
		duration_format(&window, rows[i].long_ns);
		(void)problems_add(notes, slo->line, slo->column,
			_("%s/%s: the %s on %s at %.4g times can never fire: when "
			  "everything fails it burns at %.4g times"),
			slo->service, slo->name, severity_name(rows[i].severity),
			window.buf, rows[i].factor, 1 / (1 - slo->objective));
		strbuf_release(&window);
	}
}

static void check_source(
	struct problems *notes, const struct slo *slo, const struct config *c)
{
	if (!slo->source || slo->sli.foreign || config_source(c, slo->source))
		return;
	(void)problems_add(notes, slo->line, slo->column,
		_("%s/%s: its data source '%s' is not configured: the first Prometheus "
		  "is "
		  "asked"),
		slo->service, slo->name, slo->source);
	problems_hint(notes, "%s", _("give a source of the configuration that name"));
}

void check_slos(struct problems *problems, struct problems *notes, const struct config *c)
{
	struct slo_list list = {0};
	struct arena a;

	arena_init(&a);
	slo_configured(&list, &a, c, problems);
	for (size_t i = 0; i < list.n; i++) {
		problems_in(notes, list.items[i].file);
		check_rows(notes, &list.items[i], &a);
		check_source(notes, &list.items[i], c);
	}
	arena_release(&a);
}
