#include "config.h"
#include "tui/panes/changes.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "model/config.h"
#include "store/observe.h"
#include "tui/console.h"

/* The Changes pane narrowed to a kind, a service, a span of time, by a form. */

uint32_t narrow_kinds(const struct narrow *n)
{
	enum record_kind kind = n->kind ? record_kind_of(n->kind) : REC_NONE;

	if (kind)
		return KIND_BIT(kind);
	return n->kind ? 0 : (uint32_t)KINDS_CAUSE;
}

int64_t narrow_span(const struct narrow *n)
{
	struct err ignored = ERR_INIT;
	int64_t span;

	if (!n->span || duration_parse(&span, n->span, &ignored))
		span = NONE_INT;
	err_release(&ignored);
	return span;
}

void narrow_release(struct narrow *n)
{
	free(n->kind);
	free(n->service);
	free(n->span);
	*n = (struct narrow){0};
}

static void set(char **to, const char *value)
{
	free(*to);
	*to = *value ? mem_strdup(value) : NULL;
}

static void narrowed(void *ctx, struct console *c, const char *const *values, size_t n)
{
	struct pane *p = ctx;
	struct changes *mine = pane_data(p);

	if (!values || n < 3)
		return;
	set(&mine->narrow.kind, values[0]);
	set(&mine->narrow.service, values[1]);
	set(&mine->narrow.span, values[2]);
	console_reload(c, p);
}

static size_t kind_choices(struct choice *out)
{
	size_t n = 0;

	out[n++] = (struct choice)
	{
		.title = _("what can be a cause")
		, .value = ""
	};
	out[n++] = (struct choice)
	{
		.title = _("everything")
		, .value = "all"
	};
	for (int k = REC_NONE + 1; k < REC_KINDS; k++) {
		const struct record_def *def = record_def((enum record_kind)k);

		if (def->interval)
			out[n++] = (struct choice)
			{
				.title = _(def->title)
				, .value = def->name
			};
	}
	return n;
}

unsigned act_narrow(struct console *c, struct pane *p, const struct action *a)
{
	static const char *const spans[] = {"", "1h", "6h", "24h", "7d"};
	const struct config *config = console_config(c);
	struct changes *mine = pane_data(p);
	struct choice kinds[REC_KINDS + 2], times[ARRAY_LEN(spans)];
	struct choice *services = mem_new(config->n_services + 1, sizeof(*services));
	struct form_field fields[3] = {
		{.name = "kind",
			.label = _("kind"),
			.choices = kinds,
			.value = mine->narrow.kind ? mine->narrow.kind : "",
			.help = _("what moved; alerts and pages only tell of trouble")},
		{.name = "service",
			.label = _("service"),
			.choices = services,
			.value = mine->narrow.service ? mine->narrow.service : "",
			.help = _("the service that it belongs to by configuration")},
		{.name = "time",
			.label = _("since"),
			.choices = times,
			.value = mine->narrow.span ? mine->narrow.span : "",
			.help = _("how far back; T goes to a moment in the past")},
	};

	(void)a;
	fields[0].n_choices = kind_choices(kinds);
	services[0] = (struct choice)
	{
		.title = _("any")
		, .value = ""
	};
	for (size_t i = 0; i < config->n_services; i++)
		services[i + 1] = (struct choice){.title = config->services[i].name,
			.value = config->services[i].name};
	fields[1].n_choices = config->n_services + 1;
	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		times[i] = (struct choice)
		{
			.title = *spans[i] ? spans[i] : _("ever")
			, .value = spans[i]
		};
	fields[2].n_choices = ARRAY_LEN(spans);
	console_form(c, _("Show only"), fields, ARRAY_LEN(fields), narrowed, p);
	free(services);
	return ACT_REDRAW;
}
