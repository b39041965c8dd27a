#include "config.h"
#include "tui/offer_open.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "runbook/offer.h"
#include "runbook/walk.h"
#include "tui/panes/run.h"

#define READ_MS 200 /* an act begins at once, by a person */
#define FRAME_MS 5
#define FIELDS_MAX 32

/* What is being put together while lists and forms are open. */
struct opening {
	struct arena a; /* owned: everything below */
	enum record_kind kind;
	const void *record;
	const char *title, *action, *now;
	struct offer_hint *hints;
	size_t n_hints;
	struct offer_hint *presets;
	size_t n_presets;
	struct offers offers;
	struct offer *offer; /* the one that was picked */
	const struct offer_param *asked; /* whose list is open */
	size_t next; /* parameter to look at */
	const char *names[FIELDS_MAX]; /* of the form's fields */
};

static void opening_free(struct opening *o)
{
	arena_release(&o->a);
	free(o);
}

static struct offer_hint *copy_hints(
	struct arena *a, const struct offer_hint *from, size_t n)
{
	struct offer_hint *out = arena_alloc(a, n + 1, sizeof(*out));

	for (size_t i = 0; i < n; i++)
		out[i] = (struct offer_hint){
			arena_strdup(a, from[i].value), arena_strdup(a, from[i].help)};
	return out;
}

static struct opening *opening_new(const struct offer_about *about)
{
	struct opening *o = mem_new(1, sizeof(*o));

	arena_init(&o->a);
	o->kind = about->kind;
	o->record = record_copy(&o->a, about->record, about->kind);
	o->title = arena_strdup(&o->a, about->title);
	o->action = arena_strdup(&o->a, about->action);
	o->now = arena_strdup(&o->a, about->now);
	o->n_hints = about->n_hints;
	o->hints = copy_hints(&o->a, about->hints, about->n_hints);
	o->n_presets = about->n_presets;
	o->presets = copy_hints(&o->a, about->presets, about->n_presets);
	return o;
}

static void take_presets(struct opening *o)
{
	for (size_t i = 0; i < o->n_presets; i++)
		for (size_t k = 0; k < o->offer->n_params; k++)
			if (!strcmp(o->offer->params[k].name, o->presets[i].value))
				o->offer->params[k].otherwise = o->presets[i].help;
}

static void fail(struct opening *o, struct console *c, struct err *e)
{
	console_fail(c, e);
	err_release(e);
	opening_free(o);
}

/* --- the run --- */

int offer_open_file(
	struct console *c, const char *file, const char *service, struct err *e)
{
	const struct context_conf *context = console_context(c);
	struct walk_plan plan = {
		.file = file,
		.service = service,
		.context = context ? context->name : NULL,
		.config_file = console_config_file(c),
	};
	struct walk *w = NULL;
	int rc;

	store_read_limit(console_store(c), READ_MS);
	rc = walk_open(&w, console_store(c), console_config(c), &plan, e);
	store_read_limit(console_store(c), FRAME_MS);
	if (rc)
		return -1;
	run_ask_first(run_push(c, w));
	return 0;
}

static void show_run(struct opening *o, struct console *c)
{
	struct err e = ERR_INIT;
	char *file = NULL;
	const char *service = offer_service(console_config(c), o->kind, o->record);

	if (offer_keep(&file, o->offer, &e) || offer_open_file(c, file, service, &e))
		fail(o, c, &e);
	else
		opening_free(o);
	free(file);
}

/* --- what it needs: lists where the values are known, one form for the rest --- */

static void next_param(struct opening *o, struct console *c);

static void set_param(struct opening *o, struct console *c, const char *value)
{
	struct err e = ERR_INIT;

	if (offer_set(o->offer, &o->a, o->asked->name, value, &e))
		fail(o, c, &e);
	else
		next_param(o, c);
}

static void value_chosen(void *ctx, struct console *c, const char *value)
{
	struct opening *o = ctx;

	if (value)
		set_param(o, c, value);
	else
		opening_free(o);
}

static const char *hint_of(const struct opening *o, const char *value)
{
	for (size_t i = 0; i < o->n_hints; i++)
		if (!strcmp(o->hints[i].value, value))
			return o->hints[i].help;
	return NULL;
}

static bool has_choice(const struct offer_param *param, const char *value)
{
	for (size_t i = 0; i < param->choices.n; i++)
		if (!strcmp(param->choices.items[i], value))
			return true;
	return false;
}

static void add_choice(struct choice *to, size_t *n, const char *value, const char *help)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(to[i].value, value))
			return;
	to[*n] = (struct choice){.letter = *n < 9 ? (char)('1' + *n) : 0,
		.title = value,
		.help = help,
		.value = value};
	(*n)++;
}

static void choose_value(
	struct opening *o, struct console *c, const struct offer_param *param)
{
	size_t most = param->choices.n + o->n_hints, n = 0;
	struct choice *items = mem_new(most + 1, sizeof(*items));
	/* TRANSLATORS: what is acted on; the name of a parameter, as the connector has it */
	char *title = mem_format(_("%s: which %s?"), o->title, param->name);

	if (o->n_hints && has_choice(param, o->hints[0].value) &&
		!(o->now && !strcmp(o->hints[0].value, o->now)))
		add_choice(items, &n, o->hints[0].value, o->hints[0].help);
	/* What is so already comes last: choosing it changes nothing. */
	for (int last = 0; last < 2; last++)
		for (size_t i = 0; i < param->choices.n; i++) {
			const char *value = param->choices.items[i];

			if ((o->now && !strcmp(value, o->now)) == (last == 1))
				add_choice(items, &n, value, hint_of(o, value));
		}
	o->asked = param;
	console_choose(c, title, items, n, value_chosen, o);
	free(items);
	free(title);
}

static void filled(void *ctx, struct console *c, const char *const *values, size_t n)
{
	struct opening *o = ctx;
	struct err e = ERR_INIT;
	const struct offer_param *missing;

	if (!values) {
		opening_free(o);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (o->names[i] &&
			offer_set(o->offer, &o->a, o->names[i], values[i], &e)) {
			fail(o, c, &e);
			return;
		}
	missing = offer_missing(o->offer);
	if (missing) {
		err_set(&e, ERR_INPUT, _("%s is needed"), missing->name);
		fail(o, c, &e);
	} else {
		show_run(o, c);
	}
}

static bool is_typed(const struct offer_param *param)
{
	return !param->given && !(param->choices.n && !param->optional);
}

static const struct choice *field_choices(
	struct opening *o, const struct offer_param *param)
{
	struct choice *items = arena_alloc(&o->a, param->choices.n + 3, sizeof(*items));
	size_t n = 0;

	if (param->optional)
		items[n++] = (struct choice)
		{
			.title = _("as it is")
			, .value = ""
		};
	for (size_t i = 0; i < param->choices.n; i++)
		items[n++] = (struct choice){.title = param->choices.items[i],
			.value = param->choices.items[i]};
	return items;
}

/* What is known stands above what is asked, so that it can be read once more. */
static void ask_rest(struct opening *o, struct console *c)
{
	struct form_field fields[FIELDS_MAX];
	size_t n = 0;
	char *title;

	for (int typed = 0; typed < 2; typed++)
		for (size_t i = 0; i < o->offer->n_params && n < FIELDS_MAX; i++) {
			const struct offer_param *param = &o->offer->params[i];
			struct form_field *f = &fields[n];

			if (is_typed(param) != (typed == 1) || (!typed && !param->value))
				continue;
			*f = (struct form_field)
			{
				.name = param->name, .label = param->name,
				.help = param->help,
				.value = param->value ? param->value : param->otherwise,
				.required = !param->optional && !param->otherwise,
				.fixed = !typed, .note = param->given ? _("the row") : NULL
			};
			if (typed && param->choices.n && param->closed) {
				f->choices = field_choices(o, param);
				f->n_choices = param->choices.n + param->optional;
			}
			o->names[n++] = typed ? param->name : NULL;
		}
	title = mem_format("%s, %s", o->offer->title, o->title);
	console_form(c, title, fields, n, filled, o);
	free(title);
}

static bool any_typed(const struct offer *offer)
{
	for (size_t i = 0; i < offer->n_params; i++)
		if (is_typed(&offer->params[i]))
			return true;
	return false;
}

static void next_param(struct opening *o, struct console *c)
{
	while (o->next < o->offer->n_params) {
		const struct offer_param *param = &o->offer->params[o->next++];

		if (!param->given && !is_typed(param)) {
			choose_value(o, c, param);
			return;
		}
	}
	if (any_typed(o->offer))
		ask_rest(o, c);
	else
		show_run(o, c);
}

/* --- which of them --- */

static void offer_chosen(void *ctx, struct console *c, const char *value)
{
	struct opening *o = ctx;

	for (size_t i = 0; value && i < o->offers.n; i++)
		if (!strcmp(o->offers.items[i].action, value))
			o->offer = &o->offers.items[i];
	if (o->offer) {
		take_presets(o);
		next_param(o, c);
	} else {
		opening_free(o);
	}
}

static const char *offer_help(struct opening *o, const struct offer *offer)
{
	const char *undo = offer->undoable ? "" : _("cannot be undone by itself; ");
	const char *risk = offer->risk == RISK_DESTROY ? _("destroys; ") : "";

	return arena_format(
		&o->a, "%s%s%s", risk, undo, offer->effects ? offer->effects : "");
}

static void choose_offer(struct opening *o, struct console *c)
{
	struct choice *items = mem_new(o->offers.n + 1, sizeof(*items));
	char *title = mem_format(_("Act on %s"), o->title);

	for (size_t i = 0; i < o->offers.n; i++) {
		const struct offer *offer = &o->offers.items[i];

		items[i] = (struct choice){.letter = i < 9 ? (char)('1' + i) : 0,
			.title = offer->title ? offer->title : offer->action,
			.help = offer_help(o, offer),
			.value = offer->action};
	}
	console_choose(c, title, items, o->offers.n, offer_chosen, o);
	free(items);
	free(title);
}

static int find_offers(struct offers *out, struct arena *a, struct console *c,
	enum record_kind kind, const void *record, struct err *e)
{
	int rc;

	if (console_store(c))
		store_read_limit(console_store(c), READ_MS);
	rc = offers_find(out, a, console_config(c), kind, record, console_store(c), e);
	if (console_store(c))
		store_read_limit(console_store(c), FRAME_MS);
	return rc;
}

static bool is_barred(struct console *c)
{
	if (console_store(c) && !console_read_only(c))
		return false;
	console_note(c, ROLE_ERROR,
		_("this context is read-only: nothing can be started here"));
	return true;
}

void offer_open_for(struct console *c, const struct offer_about *about)
{
	struct opening *o;
	struct err e = ERR_INIT;

	if (is_barred(c))
		return;
	o = opening_new(about);
	if (find_offers(&o->offers, &o->a, c, o->kind, o->record, &e)) {
		fail(o, c, &e);
		return;
	}
	if (!o->offers.n) {
		console_note(c, ROLE_NOTE,
			_("the connector of this source offers nothing to do with it"));
		opening_free(o);
	} else if (o->action || o->offers.n == 1) {
		offer_chosen(o, c, o->action ? o->action : o->offers.items[0].action);
	} else {
		choose_offer(o, c);
	}
}

bool offer_open_any(struct console *c, enum record_kind kind, const void *record)
{
	struct offers offers = {0};
	struct err ignored = ERR_INIT;
	struct arena a;
	bool any;

	arena_init(&a);
	any = !find_offers(&offers, &a, c, kind, record, &ignored) && offers.n;
	arena_release(&a);
	err_release(&ignored);
	return any;
}
