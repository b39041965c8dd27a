#include "config.h"

#include "runbook/drift_accept.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/path.h"
#include "model/pipeline.h"
#include "record/chain.h"
#include "runbook/onestep.h"
#include "signal/drift_side.h"
#include "store/drift.h"
#include "store/observe.h"

enum { REPORTS_MAX = 5000 };

/* The check of that name among the service's files. */
static int check_find(struct drift_check *out, struct arena *a, const struct config *c,
	const struct drift_acceptance *what, struct err *e)
{
	const struct service_conf *s = config_service(c, what->service);

	for (size_t i = 0; s && i < s->drift.n; i++) {
		struct strbuf text = STRBUF_INIT;
		struct problems p;
		struct err own = ERR_INIT;
		bool found;

		problems_init(&p, s->drift.items[i]);
		found = path_read(&text, s->drift.items[i], DRIFT_CHECK_MAX_BYTES,
				&own) == 0 &&
			drift_check_parse(
				out, a, text.buf, text.len, s->drift.items[i], &p) == 0 &&
			!strcmp(out->dataset, what->dataset);
		strbuf_release(&text);
		problems_release(&p);
		err_release(&own);
		if (found)
			return 0;
	}
	err_set(e, ERR_NOT_FOUND, _("the service '%s' has no drift check '%s'"),
		what->service, what->dataset);
	return err_hint(e, "%s", _("tocsin drift list shows what is measured"));
}

static const struct drift_feature *feature_find(
	const struct drift_check *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->features[i].name, name))
			return &c->features[i];
	return NULL;
}

struct accepting {
	const struct drift_check *check;
	const struct drift_acceptance *what;
	struct drift_pin *pins;
	size_t n;
	struct json *audited; /* features with their windows */
	int64_t now;
};

static int report_pin(struct accepting *k, struct arena *a, const struct drift_report *d,
	const char *who, struct err *e)
{
	const struct drift_feature *f = feature_find(k->check, d->feature);
	struct strbuf counts = STRBUF_INIT;
	struct drift_side side;
	struct json *one;

	if (!f || !d->shares || !(d->n_current > 0))
		return 0;
	if (drift_side_of_shares(&side, a, d->shares, "current", d->n_current, e) < 0)
		return -1;
	drift_side_write(&counts, &side);
	k->pins[k->n++] = (struct drift_pin){
		.source = d->source,
		.service = d->service,
		.dataset = d->dataset,
		.feature = d->feature,
		.digest = drift_feature_digest(a, k->check, f),
		.counts = arena_strdup(a, counts.buf),
		.from = f->from == DRIFT_FROM_COLUMN ? NONE_INT
						     : d->computed - k->check->window_ns,
		.to = d->computed,
		.pinned = k->now,
		.by = who,
		.reason = k->what->reason,
	};
	strbuf_release(&counts);
	one = json_add_object(k->audited, NULL);
	json_add_text(one, "feature", d->feature);
	json_add_text(one, "window", d->window);
	json_add_real(one, "value", d->value);
	json_add_real(one, "n", d->n_current);
	return 0;
}

static int pins_gather(struct accepting *k, struct arena *a, struct store *st,
	const struct context_conf *context, const char *who, struct err *e)
{
	struct observed_list list;

	if (observed_at(&list, a, st, REC_DRIFT_REPORT, NULL, NULL, AT_NOW, REPORTS_MAX,
		    e) < 0)
		return -1;
	k->pins = arena_alloc(a, list.n + 1, sizeof(*k->pins));
	for (size_t i = 0; i < list.n; i++) {
		const struct drift_report *d = list.items[i].record;

		if (strcmp(d->service, k->what->service) != 0 ||
			strcmp(d->dataset, k->what->dataset) != 0 ||
			(context && !context_has_source(context, d->source)) ||
			(k->what->feature && strcmp(d->feature, k->what->feature) != 0))
			continue;
		if (report_pin(k, a, d, who, e) < 0)
			return -1;
	}
	if (k->n)
		return 0;
	err_set(e, ERR_NOT_FOUND,
		_("nothing of '%s/%s' has been measured that could be a reference"),
		k->what->service, k->what->dataset);
	return err_hint(e, "%s",
		_("tocsin drift list shows what is measured, and with how many values"));
}

static int audit(struct accepting *k, struct store *st,
	const struct context_conf *context, const struct who *who, struct err *e)
{
	char *object = mem_format("%s/%s", k->what->service, k->what->dataset);
	struct json *data = json_object();
	struct audit_event ev = {
		.kind = "drift.accepted",
		.object = object,
		.context = context ? context->name : NULL,
		.step = NONE_INT,
		.data = data,
	};
	int rc;

	json_add_text(data, "reason", k->what->reason);
	json_add(data, "features", k->audited);
	k->audited = NULL;
	rc = audit_write(st, who, &ev, NULL, e);
	json_free(data);
	free(object);
	return rc;
}

int drift_accept(size_t *n, struct store *st, const struct config *c,
	const struct context_conf *context, const struct drift_acceptance *what,
	struct err *e)
{
	struct drift_check check;
	struct accepting k = {.check = &check, .what = what, .now = clock_now()};
	struct who who;
	struct arena a;
	int rc;

	if (context && context->read_only)
		return err_set(
			e, ERR_DENIED, _("the context '%s' is read-only"), context->name);
	arena_init(&a);
	who_am_i(&who, &a);
	k.audited = json_array();
	rc = check_find(&check, &a, c, what, e);
	if (rc == 0 && !check.n) {
		rc = err_set(e, ERR_INPUT,
			_("'%s' is measured by Evidently, and so is its reference"),
			what->dataset);
	}
	if (rc == 0)
		rc = pins_gather(&k, &a, st, context, who_text(&who, &a), e);
	/* The log first: what is not written down does not happen. */
	if (rc == 0)
		rc = audit(&k, st, context, &who, e);
	if (rc == 0)
		rc = drift_pins_put(st, k.pins, k.n, e);
	*n = k.n;
	json_free(k.audited);
	arena_release(&a);
	return rc;
}

/* In single quotes, as a shell takes anything. */
static void add_quoted(struct strbuf *out, const char *text)
{
	strbuf_adds(out, " '");
	for (; *text; text++) {
		if (*text == '\'')
			strbuf_adds(out, "'\\''");
		else if ((unsigned char)*text >= ' ')
			strbuf_addc(out, *text);
	}
	strbuf_addc(out, '\'');
}

void drift_accept_book(struct strbuf *book, const struct drift_acceptance *what)
{
	char *object = mem_format("%s/%s", what->service, what->dataset);
	char *title = mem_format(_("Accept the drift of %s"), object);
	struct strbuf script = STRBUF_INIT;

	strbuf_adds(&script, "tocsin drift accept");
	add_quoted(&script, object);
	if (what->feature) {
		strbuf_adds(&script, " --feature");
		add_quoted(&script, what->feature);
	}
	strbuf_adds(&script, " --reason");
	add_quoted(&script, what->reason);
	onestep_title(book, title);
	onestep_script(book, script.buf);
	strbuf_release(&script);
	free(object);
	free(title);
}
