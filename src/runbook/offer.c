#include "config.h"
#include "runbook/offer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "model/pipeline.h"
#include "model/registry.h"
#include "net/action_param.h"
#include "net/connector.h"
#include "runbook/onestep.h"
#include "runbook/retrain.h"
#include "store/observe.h"

#define CHOICES_MAX 200 /* of those that the store has seen */

/* --- what a record says --- */

static const struct field *field_of(enum record_kind kind, const char *name)
{
	const struct record_def *def = record_def(kind);

	for (size_t i = 0; i < def->n_fields; i++)
		if (!strcmp(def->fields[i].name, name))
			return &def->fields[i];
	return NULL;
}

/* A field's value as a parameter takes it; NULL: unknown. */
static const char *field_text(
	struct arena *a, enum record_kind kind, const void *record, const char *name)
{
	struct json *whole = record_to_json(record, kind);
	const struct json *v = json_get(whole, name);
	struct strbuf text = STRBUF_INIT;
	const char *out = NULL;

	if (json_type(v) == JSON_STRING)
		out = arena_strdup(a, json_text(v));
	else if (json_type(v) > JSON_NULL) {
		json_format(&text, v, false);
		out = arena_strdup(a, text.buf);
	}
	strbuf_release(&text);
	json_free(whole);
	return out;
}

/* The same as JSON, as a journal holds it. */
static const char *field_json(
	struct arena *a, enum record_kind kind, const void *record, const char *name)
{
	struct json *whole = record_to_json(record, kind);
	const struct json *v = json_get(whole, name);
	struct strbuf text = STRBUF_INIT;
	const char *out = NULL;

	if (json_type(v) > JSON_NULL) {
		json_canonical(&text, v);
		out = arena_strdup(a, text.buf);
	}
	strbuf_release(&text);
	json_free(whole);
	return out;
}

static const char *pair_of(const struct pairs *with, const char *name)
{
	for (size_t i = 0; i < with->n; i++)
		if (!strcmp(with->items[i].name, name))
			return with->items[i].value;
	return NULL;
}

/* --- from the connector --- */

static void copy_texts(
	struct yaml_texts *out, struct arena *a, const struct yaml_texts *from)
{
	out->items = arena_alloc(a, from->n + 1, sizeof(*out->items));
	for (size_t i = 0; i < from->n; i++)
		out->items[out->n++] = arena_strdup(a, from->items[i]);
}

static void take_param(
	struct offer_param *out, struct arena *a, const struct connector_param *c)
{
	static const char *const truths[] = {"true", "false"};

	*out = (struct offer_param){
		.name = arena_strdup(a, c->name),
		.help = arena_strdup(a, c->help),
		.type = c->type == PARAM_NUMBER ? OFFER_NUMBER
			: c->type == PARAM_BOOL ? OFFER_BOOL
						: OFFER_TEXT,
		.otherwise = arena_strdup(a, c->otherwise),
		.optional = c->optional,
		.closed = c->choices.n || c->type == PARAM_BOOL,
		.min = c->min,
		.max = c->max,
		.pattern = arena_strdup(a, c->pattern),
	};
	copy_texts(&out->choices, a, &c->choices);
	if (c->type == PARAM_BOOL) {
		const struct yaml_texts both = {(const char **)truths, 2};

		copy_texts(&out->choices, a, &both);
	}
}

static void take_action(struct offer *out, struct arena *a, const char *source,
	const struct connector_action *act)
{
	*out = (struct offer){
		.source = arena_strdup(a, source),
		.action = arena_strdup(a, act->name),
		.title = arena_strdup(a, act->title),
		.effects = arena_strdup(a, act->effects),
		.risk = act->risk && !strcmp(act->risk, "destroy") ? RISK_DESTROY
								   : RISK_CHANGE,
		.undoable = act->undo.action != NULL,
	};
	out->params = arena_alloc(a, act->n_params + 1, sizeof(*out->params));
	for (size_t i = 0; i < act->n_params; i++)
		take_param(&out->params[out->n_params++], a, &act->params[i]);
}

/* --- what the store has seen --- */

static void add_choice(struct yaml_texts *to, const char *text)
{
	for (size_t i = 0; text && i < to->n; i++)
		if (!strcmp(to->items[i], text))
			return;
	if (text && to->n < CHOICES_MAX)
		to->items[to->n++] = text;
}

static int64_t made_at(enum record_kind kind, const void *record)
{
	return kind == REC_MODEL_VERSION
		? ((const struct model_version *)record)->created
		: ((const struct prompt_version *)record)->created;
}

/* Newest first: the one before is what one mostly goes back to. */
static void add_newest(struct yaml_texts *to, struct arena *a, struct observed_list *list,
	enum record_kind kind, const char *field)
{
	for (size_t left = list->n; left > 0; left--) {
		size_t best = 0;

		for (size_t i = 1; i < left; i++)
			if (made_at(kind, list->items[i].record) >
				made_at(kind, list->items[best].record))
				best = i;
		add_choice(to, field_text(a, kind, list->items[best].record, field));
		list->items[best] = list->items[left - 1];
	}
}

static int add_seen(struct offer_param *p, struct arena *a, struct store *st,
	enum record_kind kind, const char *source, const char *model, struct err *e)
{
	const struct model_version version = {.model = model, .version = ""};
	const struct prompt_version prompt = {.prompt = model, .version = ""};
	struct observed_list list = {0};
	struct strbuf prefix = STRBUF_INIT;
	int rc;

	if (!field_of(kind, p->name))
		return 0;
	record_key(&prefix, kind == REC_MODEL_VERSION ? (const void *)&version : &prompt,
		kind);
	rc = observed_at(&list, a, st, kind, source, prefix.buf, AT_NOW, CHOICES_MAX, e);
	if (!rc)
		add_newest(&p->choices, a, &list, kind, p->name);
	strbuf_release(&prefix);
	return rc;
}

/* Versions of the model that the record is about, for the parameters that are called so. */
static int find_choices(struct offer *o, struct arena *a, struct store *st,
	enum record_kind kind, const void *record, struct err *e)
{
	const char *model = field_text(
		a, kind, record, kind == REC_PROMPT_VERSION ? "prompt" : "model");
	const char *source = kind == REC_SERVING ? NULL : o->source;

	for (size_t i = 0; model && i < o->n_params; i++) {
		struct offer_param *p = &o->params[i];

		if (p->value || p->choices.n || p->type != OFFER_TEXT)
			continue;
		p->choices.items = arena_alloc(a, CHOICES_MAX, sizeof(*p->choices.items));
		if (add_seen(p, a, st, REC_MODEL_VERSION, source, model, e) ||
			add_seen(p, a, st, REC_PROMPT_VERSION, source, model, e))
			return -1;
	}
	return 0;
}

/* --- finding --- */

static void fill(struct offer *o, struct arena *a, const struct connector_on *on,
	const void *record)
{
	const char *before = pair_of(&on->with, "before");

	for (size_t i = 0; i < o->n_params; i++) {
		struct offer_param *p = &o->params[i];
		const char *value = pair_of(&on->with, p->name);

		if (!value)
			continue;
		p->value = *value == '$' ? field_text(a, on->kind, record, value + 1)
					 : arena_strdup(a, value);
		p->given = p->value != NULL;
	}
	if (before && *before == '$') {
		o->now = field_text(a, on->kind, record, before + 1);
		o->expect = field_json(a, on->kind, record, before + 1);
	}
}

static const struct connector_on *on_kind(
	const struct connector_action *act, enum record_kind kind)
{
	for (size_t i = 0; i < act->n_on; i++)
		if (act->on[i].kind == kind)
			return &act->on[i];
	return NULL;
}

static const struct source_conf *source_of(
	const struct config *c, const char *name, struct err *e)
{
	const struct source_conf *conf = name ? config_source(c, name) : NULL;

	if (!conf)
		err_set(e, ERR_NOT_FOUND, _("there is no source '%s'"), name ? name : "");
	return conf;
}

static int collect(struct offers *out, struct arena *a, const struct connector *c,
	enum record_kind kind, const void *record, struct store *st, struct err *e)
{
	const char *source = *(const char *const *)record;

	out->items = arena_alloc(a, c->n_actions + 1, sizeof(*out->items));
	for (size_t i = 0; i < c->n_actions; i++) {
		const struct connector_on *on = on_kind(&c->actions[i], kind);
		struct offer *o = &out->items[out->n];

		if (!on)
			continue;
		take_action(o, a, source, &c->actions[i]);
		fill(o, a, on, record);
		if (st && find_choices(o, a, st, kind, record, e))
			return -1;
		out->n++;
	}
	return 0;
}

/* A source of a native type has no connector: 1, and nothing to do. */
static int load(struct connector *out, const struct config *c,
	const struct source_conf *conf, struct err *e)
{
	struct err seen = ERR_INIT;
	int rc = connector_load(out, c, conf->type, &seen);

	if (rc && seen.code == ERR_NOT_FOUND) {
		err_release(&seen);
		return 1;
	}
	if (rc)
		err_move(e, &seen);
	return rc;
}

/* A report of drift offers what trains the model anew, whatever its own source can do. */
static int add_retrain(struct offers *out, struct arena *a, const struct config *c,
	const struct drift_report *report, struct err *e)
{
	struct retrain_conf r;
	struct offer o, *items;

	if (!retrain_find(&r, a, c, report->service, report->dataset))
		return 0;
	if (offer_open(&o, a, c, r.source, r.action, e))
		return -1;
	for (size_t i = 0; i < r.n_with; i++)
		if (offer_set(&o, a, r.with_names[i], r.with_values[i], e))
			return err_prefix(e, "%s", _("what retrains it: "));
	for (size_t i = 0; i < o.n_params; i++)
		o.params[i].given = o.params[i].value != NULL;
	items = arena_alloc(a, out->n + 1, sizeof(*items));
	if (out->n)
		memcpy(items, out->items, out->n * sizeof(*items));
	items[out->n++] = o;
	out->items = items;
	return 0;
}

int offers_find(struct offers *out, struct arena *a, const struct config *c,
	enum record_kind kind, const void *record, struct store *st, struct err *e)
{
	const struct source_conf *conf = source_of(c, *(const char *const *)record, e);
	struct connector connector;
	int rc;

	*out = (struct offers){0};
	if (!conf)
		return -1;
	rc = load(&connector, c, conf, e);
	if (rc < 0)
		return -1;
	if (!rc) {
		rc = collect(out, a, &connector, kind, record, st, e);
		connector_release(&connector);
		if (rc)
			return -1;
	}
	return kind == REC_DRIFT_REPORT ? add_retrain(out, a, c, record, e) : 0;
}

int offer_open(struct offer *out, struct arena *a, const struct config *c,
	const char *source, const char *action, struct err *e)
{
	const struct source_conf *conf = source_of(c, source, e);
	const struct connector_action *act;
	struct connector connector;

	if (!conf || connector_load(&connector, c, conf->type, e))
		return -1;
	act = connector_action_find(&connector, action);
	if (act)
		take_action(out, a, source, act);
	else
		err_set(e, ERR_NOT_FOUND, _("the connector '%s' has no action '%s'"),
			connector.name, action);
	connector_release(&connector);
	return act ? 0 : -1;
}

/* --- filling --- */

static struct offer_param *param_of(struct offer *o, const char *name)
{
	for (size_t i = 0; i < o->n_params; i++)
		if (!strcmp(o->params[i].name, name))
			return &o->params[i];
	return NULL;
}

/* As action_param.h checks it; choices that the store has seen are no law. */
static int check(const struct offer_param *p, const char *value, struct err *e)
{
	const struct connector_param c = {
		.name = p->name,
		.type = p->type == OFFER_NUMBER ? PARAM_NUMBER
			: p->type == OFFER_BOOL ? PARAM_BOOL
						: PARAM_TEXT,
		.choices = p->closed && p->type != OFFER_BOOL ? p->choices
							      : (struct yaml_texts){0},
		.min = p->min,
		.max = p->max,
		.optional = p->optional,
		.otherwise = p->otherwise,
		.pattern = p->pattern,
	};
	struct json *v = json_array();
	int rc;

	json_add_text(v, NULL, value);
	rc = action_param_check(&c, json_first(v), e);
	json_free(v);
	if (!rc && *value == '$')
		rc = err_set(e, ERR_INPUT, _("a value does not begin with '$'"));
	return rc;
}

int offer_set(struct offer *o, struct arena *a, const char *param, const char *value,
	struct err *e)
{
	struct offer_param *p = param_of(o, param);

	if (!p)
		return err_set(e, ERR_INPUT, _("the action '%s' has no parameter '%s'"),
			o->action, param);
	if (!*value) {
		p->value = NULL;
		return 0;
	}
	if (check(p, value, e))
		return -1;
	p->value = arena_strdup(a, value);
	return 0;
}

const struct offer_param *offer_missing(const struct offer *o)
{
	for (size_t i = 0; i < o->n_params; i++)
		if (!o->params[i].value && !o->params[i].optional &&
			!o->params[i].otherwise)
			return &o->params[i];
	return NULL;
}

/* --- the runbook --- */

struct json *offer_params(const struct offer *o)
{
	struct json *out = json_object();

	for (size_t i = 0; i < o->n_params; i++) {
		const struct offer_param *p = &o->params[i];
		struct json *text = json_array();

		json_add_text(text, NULL, p->value);
		if (p->value && p->type == OFFER_NUMBER)
			json_add_real(out, p->name, json_real(json_first(text)));
		else if (p->value && p->type == OFFER_BOOL)
			json_add_bool(out, p->name, !strcmp(p->value, "true"));
		else if (p->value)
			json_add_text(out, p->name, p->value);
		json_free(text);
	}
	return out;
}

int offer_write(struct strbuf *book, const struct offer *o, struct err *e)
{
	const struct offer_param *missing = offer_missing(o);
	struct json *params;
	int rc;

	if (missing)
		return err_set(
			e, ERR_INPUT, _("the parameter '%s' is missing"), missing->name);
	params = offer_params(o);
	const struct onestep step = {
		.source = o->source,
		.action = o->action,
		.params = params,
		.expect = o->expect,
		.risk = o->risk,
	};
	onestep_title(book, o->title);
	rc = onestep_action(book, &step, 1, e);
	json_free(params);
	return rc;
}

int offer_keep(char **file, const struct offer *o, struct err *e)
{
	struct strbuf book = STRBUF_INIT;
	int rc = offer_write(&book, o, e);

	if (!rc)
		rc = onestep_keep(file, &book, e);
	strbuf_release(&book);
	return rc;
}

const char *offer_service(
	const struct config *c, enum record_kind kind, const void *record)
{
	struct arena a;
	const char *source = *(const char *const *)record, *model, *name, *found = NULL;

	arena_init(&a);
	model = field_text(
		&a, kind, record, kind == REC_PROMPT_VERSION ? "prompt" : "model");
	name = kind == REC_SERVING ? field_text(&a, kind, record, "service") : NULL;
	for (size_t i = 0; !found && i < c->n_services; i++) {
		const struct service_conf *s = &c->services[i];
		bool by_model = model && s->model.source && s->model.name &&
			!strcmp(s->model.source, source) && !strcmp(s->model.name, model);
		bool by_serving = name && s->serving.source && s->serving.name &&
			!strcmp(s->serving.source, source) &&
			!strcmp(s->serving.name, name);

		if (by_model || by_serving)
			found = s->name;
	}
	arena_release(&a);
	return found;
}
