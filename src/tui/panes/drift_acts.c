#include "config.h"

#include <stdlib.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "runbook/drift_accept.h"
#include "runbook/offer.h"
#include "runbook/onestep.h"
#include "runbook/retrain.h"
#include "tui/console.h"
#include "tui/offer_open.h"
#include "tui/panes/drift.h"

/* What can be done about drift: train again by the team's own pipeline, or take it as it is. */

static const struct drift_report *selected(struct pane *p)
{
	const struct row *row = pane_selected(p);

	return row ? ((const struct drift_row *)row->data)->r : NULL;
}

static const char *service_of(struct console *c, const struct drift_report *r)
{
	const struct config *config = console_config(c);

	return r->service || !config ? r->service
				     : offer_service(config, REC_DRIFT_REPORT, r);
}

static bool is_barred(struct console *c)
{
	if (console_store(c) && !console_read_only(c))
		return false;
	console_note(c, ROLE_ERROR,
		_("this context is read-only: nothing can be started here"));
	return true;
}

/* --- training again --- */

unsigned drift_retrain(struct console *c, struct pane *p, const struct action *a)
{
	const struct drift_report *r = selected(p);
	struct retrain_conf retrain;
	struct arena arena;

	(void)a;
	if (!r)
		return ACT_IGNORED;
	if (is_barred(c))
		return ACT_REDRAW;
	arena_init(&arena);
	if (!console_config(c) ||
		!retrain_find(&retrain, &arena, console_config(c), service_of(c, r),
			r->dataset))
		console_note(c, ROLE_NOTE,
			_("no pipeline is named for %s: write retrain: {source, do} in "
			  "its check"),
			r->dataset ? r->dataset : "-");
	else
		offer_open_for(
			c, &(struct offer_about) {
				.kind = REC_DRIFT_REPORT, .record = r,
				.title =
					arena_format(&arena, _("%s drifted"), r->dataset),
				.action = retrain.action,
			});
	arena_release(&arena);
	return ACT_REDRAW;
}

/* --- accepting --- */

struct acceptance {
	struct arena a; /* owned: the texts */
	struct drift_acceptance what;
};

static void acceptance_free(struct acceptance *k)
{
	arena_release(&k->a);
	free(k);
}

static void reason_given(
	void *ctx, struct console *c, const char *const *values, size_t n)
{
	struct acceptance *k = ctx;
	struct strbuf book = STRBUF_INIT;
	struct err e = ERR_INIT;
	char *file = NULL;

	if (values && n) {
		k->what.reason = values[n - 1];
		drift_accept_book(&book, &k->what);
		if (onestep_keep(&file, &book, &e) ||
			offer_open_file(c, file, k->what.service, &e))
			console_fail(c, &e);
	}
	free(file);
	err_release(&e);
	strbuf_release(&book);
	acceptance_free(k);
}

unsigned drift_accept_as_reference(
	struct console *c, struct pane *p, const struct action *a)
{
	const struct row *row = pane_selected(p);
	const struct drift_row *mine = row ? row->data : NULL;
	const struct form_field fields[] = {
		{.name = "dataset",
			.label = _("dataset"),
			.value = mine ? mine->r->dataset : NULL,
			.fixed = true},
		{.name = "feature",
			.label = _("feature"),
			.value = !mine          ? NULL
				: mine->dataset ? _("all of them")
						: mine->r->feature,
			.fixed = true},
		{.name = "reason",
			.label = _("reason"),
			.required = true,
			.help = _("why what is measured now is what is to be expected")},
	};
	struct acceptance *k;

	(void)a;
	if (!mine)
		return ACT_IGNORED;
	if (is_barred(c))
		return ACT_REDRAW;
	k = mem_new(1, sizeof(*k));
	arena_init(&k->a);
	k->what.service = arena_strdup(&k->a, service_of(c, mine->r));
	k->what.dataset = arena_strdup(&k->a, mine->r->dataset);
	if (!mine->dataset)
		k->what.feature = arena_strdup(&k->a, mine->r->feature);
	console_form(c, _("Accept what is measured now as the new reference"), fields,
		ARRAY_LEN(fields), reason_given, k);
	return ACT_REDRAW;
}

/* What nobody is on call for has no check to accept it for. */
unsigned drift_has_service(struct console *c, struct pane *p, const struct action *a)
{
	const struct drift_report *r = selected(p);

	(void)a;
	return r && r->dataset && service_of(c, r) ? ACT_HANDLED : ACT_IGNORED;
}
