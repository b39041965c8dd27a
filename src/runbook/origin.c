#include "config.h"
#include "runbook/origin.h"

#include <string.h>

#include "core/i18n.h"
#include "core/text.h"
#include "model/alert.h"
#include "model/pipeline.h"
#include "model/registry.h"
#include "runbook/retrain.h"
#include "store/observe.h"
#include "store/series.h"

#define MAX_LIST 200
#define MAX_REPORTS 20000 /* of drift: a thousand features in each of some datasets */

/* What the functions below are given; any of it may be missing. */
struct look {
	const struct vars_scope *scope;
	const struct service_conf *service; /* NULL: not configured */
	struct arena *a;
	struct err *e;
	const char *rest; /* behind "alert.labels." */
};

typedef int origin_fn(const char **out, const struct look *l);

static int64_t at_of(const struct look *l)
{
	return l->scope->at ? l->scope->at : AT_NOW;
}

/* --- what the configuration says --- */

static int service_name(const char **out, const struct look *l)
{
	*out = l->scope->service;
	return 0;
}

static int service_owner(const char **out, const struct look *l)
{
	*out = l->service ? l->service->owner : NULL;
	return 0;
}

static int model_name(const char **out, const struct look *l)
{
	*out = l->service ? l->service->model.name : NULL;
	return 0;
}

static int model_source(const char **out, const struct look *l)
{
	*out = l->service ? l->service->model.source : NULL;
	return 0;
}

static int model_alias(const char **out, const struct look *l)
{
	*out = l->service ? l->service->model.alias : NULL;
	return 0;
}

static int serving_source(const char **out, const struct look *l)
{
	*out = l->service ? l->service->serving.source : NULL;
	return 0;
}

static int serving_name(const char **out, const struct look *l)
{
	*out = l->service ? l->service->serving.name : NULL;
	return 0;
}

static int agents_source(const char **out, const struct look *l)
{
	*out = l->service ? l->service->agents.source : NULL;
	return 0;
}

static int agents_name(const char **out, const struct look *l)
{
	*out = l->service ? l->service->agents.match_name : NULL;
	return 0;
}

/* What trains the model anew, as the service says it, or the first of its drift checks. */
static bool retrain_of(struct retrain_conf *out, const struct look *l)
{
	return retrain_find(out, l->a, l->scope->config, l->scope->service, NULL);
}

static int retrain_source(const char **out, const struct look *l)
{
	struct retrain_conf r;

	*out = retrain_of(&r, l) ? r.source : NULL;
	return 0;
}

static int retrain_action(const char **out, const struct look *l)
{
	struct retrain_conf r;

	*out = retrain_of(&r, l) ? r.action : NULL;
	return 0;
}

static int retrain_with(const char **out, const struct look *l)
{
	struct retrain_conf r;
	struct strbuf text = STRBUF_INIT;
	struct json *params;

	*out = NULL;
	if (!retrain_of(&r, l))
		return 0;
	params = retrain_params(&r);
	json_canonical(&text, params);
	*out = arena_strdup(l->a, text.buf);
	json_free(params);
	strbuf_release(&text);
	return 0;
}

/* The dataset that drifted first and still does; else the service's only one, or its first. */
static int service_drift(const char **out, const struct look *l)
{
	struct observed_list list = {0};
	const struct drift_report *best = NULL;

	*out = NULL;
	if (l->scope->store && l->scope->service &&
		observed_at(&list, l->a, l->scope->store, REC_DRIFT_REPORT, NULL, NULL,
			at_of(l), MAX_REPORTS, l->e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct drift_report *r = list.items[i].record;

		if (strcmp(r->service, l->scope->service) != 0)
			continue;
		if (!best || (r->drifted == 1 && best->drifted != 1) ||
			(r->drifted == best->drifted && r->drifted == 1 &&
				r->since < best->since))
			best = r;
	}
	*out = best ? best->dataset : NULL;
	return 0;
}

static int context_name(const char **out, const struct look *l)
{
	*out = l->scope->context;
	return 0;
}

static int context_region(const char **out, const struct look *l)
{
	const struct config *c = l->scope->config;
	const struct context_conf *ctx = c ? config_context(c, l->scope->context) : NULL;

	*out = ctx ? ctx->region : NULL;
	return 0;
}

static int incident_id(const char **out, const struct look *l)
{
	*out = l->scope->incident;
	return 0;
}

/* --- what the store saw --- */

static bool has_model(const struct look *l)
{
	return l->scope->store && l->service && l->service->model.source &&
		l->service->model.name;
}

static const char *pointer_key(const struct look *l)
{
	const struct model_conf *m = &l->service->model;

	return arena_format(l->a, "%s/%s", m->name, m->alias ? m->alias : "production");
}

/* The intervals of the service's pointer, newest first, up to the scope's time. */
static int pointer_history(struct observed_list *out, const struct look *l)
{
	*out = (struct observed_list){0};
	if (!has_model(l))
		return 0;
	return observed_history(out, l->a, l->scope->store, REC_POINTER,
		l->service->model.source, pointer_key(l), MAX_LIST, l->e);
}

/* The index of what the pointer says at the scope's time; list->n: nothing. */
static size_t pointer_index(const struct observed_list *list, const struct look *l)
{
	size_t i = 0;

	while (i < list->n && list->items[i].since > at_of(l))
		i++;
	if (i < list->n && list->items[i].until != NONE_INT &&
		list->items[i].until <= at_of(l))
		return list->n;
	return i;
}

static const struct pointer *pointer_of(const struct observed *ob)
{
	return ob->record;
}

static int model_version(const char **out, const struct look *l)
{
	struct observed_list list;
	size_t i;

	if (pointer_history(&list, l))
		return -1;
	i = pointer_index(&list, l);
	*out = i < list.n ? pointer_of(&list.items[i])->version : NULL;
	return 0;
}

/* The last version before the present one that the pointer named. */
static int model_previous(const char **out, const struct look *l)
{
	struct observed_list list;
	const char *now;
	size_t i;

	if (pointer_history(&list, l))
		return -1;
	i = pointer_index(&list, l);
	if (i == list.n)
		return 0;
	now = pointer_of(&list.items[i])->version;
	*out = pointer_of(&list.items[i])->previous;
	for (size_t k = i + 1; now && k < list.n; k++) {
		const char *version = pointer_of(&list.items[k])->version;

		if (version && strcmp(version, now)) {
			*out = version;
			break;
		}
	}
	return 0;
}

static int serving_version(const char **out, const struct look *l)
{
	struct observed_list list;
	double most = -1;

	if (!l->scope->store || !l->service || !l->service->serving.name)
		return 0;
	if (observed_at(&list, l->a, l->scope->store, REC_SERVING,
		    l->service->serving.source, l->service->serving.name, at_of(l),
		    MAX_LIST, l->e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct serving *s = list.items[i].record;
		double share = s->traffic >= 0 ? s->traffic : 0;

		if (strcmp(s->service, l->service->serving.name) || share <= most)
			continue;
		most = share;
		*out = s->version;
	}
	return 0;
}

/* The service's worst objective: rows come worst first. */
static int service_slo(const char **out, const struct look *l)
{
	struct slo_rows rows;

	if (!l->scope->store || !l->scope->service)
		return 0;
	if (slo_rows(&rows, l->a, l->scope->store, at_of(l), l->e))
		return -1;
	for (size_t i = 0; i < rows.n; i++)
		if (rows.items[i].slo.service &&
			!strcmp(rows.items[i].slo.service, l->scope->service)) {
			*out = rows.items[i].slo.name;
			return 0;
		}
	return 0;
}

/* --- what the alert says --- */

static int alert_name(const char **out, const struct look *l)
{
	*out = l->scope->alert ? l->scope->alert->name : NULL;
	return 0;
}

static int alert_member(const char **out, const struct look *l, const char *document)
{
	struct err e = ERR_INIT;
	struct json *doc = NULL;

	if (document && !json_parse(&doc, document, strlen(document), &e))
		*out = arena_strdup(l->a, json_text(json_get(doc, l->rest)));
	json_free(doc);
	err_release(&e);
	return 0;
}

static int alert_label(const char **out, const struct look *l)
{
	return alert_member(out, l, l->scope->alert ? l->scope->alert->labels : NULL);
}

static int alert_annotation(const char **out, const struct look *l)
{
	return alert_member(
		out, l, l->scope->alert ? l->scope->alert->annotations : NULL);
}

/* A name that ends in "." takes the rest as an argument. */
static const struct origin {
	const char *name;
	origin_fn *value;
} origins[] = {
	{"service.name", service_name},
	{"service.owner", service_owner},
	{"service.slo", service_slo},
	{"service.model.name", model_name},
	{"service.model.source", model_source},
	{"service.model.alias", model_alias},
	{"service.model.version", model_version},
	{"service.model.previous", model_previous},
	{"service.serving.source", serving_source},
	{"service.serving.name", serving_name},
	{"service.serving.version", serving_version},
	{"service.drift", service_drift},
	{"service.retrain.source", retrain_source},
	{"service.retrain.do", retrain_action},
	{"service.retrain.with", retrain_with},
	{"service.agents.source", agents_source},
	{"service.agents.name", agents_name},
	{"context.name", context_name},
	{"context.region", context_region},
	{"incident.id", incident_id},
	{"alert.name", alert_name},
	{"alert.labels.", alert_label},
	{"alert.annotations.", alert_annotation},
};

static const struct origin *find(const char *from, const char **rest)
{
	for (size_t i = 0; i < ARRAY_LEN(origins); i++) {
		size_t n = strlen(origins[i].name);
		bool prefix = origins[i].name[n - 1] == '.';

		if (prefix ? !strncmp(from, origins[i].name, n) && from[n]
			   : !strcmp(from, origins[i].name)) {
			*rest = from + n;
			return &origins[i];
		}
	}
	return NULL;
}

bool origin_known(const char *from)
{
	const char *rest;

	return find(from, &rest) != NULL;
}

const char *origin_nearest(const char *from)
{
	const char *names[ARRAY_LEN(origins)];

	for (size_t i = 0; i < ARRAY_LEN(origins); i++)
		names[i] = origins[i].name;
	return text_nearest(from, names, ARRAY_LEN(names));
}

static struct look look_of(const struct vars_scope *scope, struct arena *a, struct err *e)
{
	struct look l = {.scope = scope, .a = a, .e = e, .rest = ""};

	if (scope->config && scope->service)
		l.service = config_service(scope->config, scope->service);
	return l;
}

int origin_value(const char **out, struct arena *a, const char *from,
	const struct vars_scope *scope, struct err *e)
{
	struct look l = look_of(scope, a, e);
	const struct origin *o = find(from, &l.rest);

	*out = NULL;
	return o ? o->value(out, &l) : 0;
}

/* --- choices --- */

struct choice_list {
	struct yaml_texts *out;
	struct arena *a;
	size_t cap;
	const char *without; /* NULL: nothing is left out */
};

static void choice_add(struct choice_list *c, const char *text)
{
	if (!text || (c->without && !strcmp(text, c->without)) || c->out->n >= MAX_LIST)
		return;
	for (size_t i = 0; i < c->out->n; i++)
		if (!strcmp(c->out->items[i], text))
			return;
	*arena_push(c->a, c->out->items, c->out->n, c->cap) = arena_strdup(c->a, text);
}

static int64_t created_of(const struct observed *ob)
{
	const struct model_version *v = ob->record;

	return v->created;
}

/* The model's versions that the registry lists, the youngest first. */
static int add_versions(struct choice_list *c, const struct look *l)
{
	struct observed_list list;
	const char *model = l->service->model.name;

	if (observed_at(&list, l->a, l->scope->store, REC_MODEL_VERSION,
		    l->service->model.source, arena_format(l->a, "%s/", model), at_of(l),
		    MAX_LIST, l->e))
		return -1;
	for (size_t left = list.n; left > 0; left--) {
		size_t best = 0;

		for (size_t i = 1; i < left; i++)
			if (created_of(&list.items[i]) > created_of(&list.items[best]))
				best = i;
		if (!strcmp(((const struct model_version *)list.items[best].record)
				    ->model,
			    model))
			choice_add(c,
				((const struct model_version *)list.items[best].record)
					->version);
		list.items[best] = list.items[left - 1];
	}
	return 0;
}

/* First those that the pointer named before, the latest first: they are known to have worked. */
static int previous_versions(struct choice_list *c, const struct look *l)
{
	struct observed_list list;
	const char *now = NULL, *before = NULL;
	size_t i;

	if (!has_model(l))
		return 0;
	if (model_version(&now, l) || model_previous(&before, l) ||
		pointer_history(&list, l))
		return -1;
	c->without = now;
	choice_add(c, before);
	for (i = pointer_index(&list, l); i < list.n; i++)
		choice_add(c, pointer_of(&list.items[i])->version);
	return add_versions(c, l);
}

static int versions(struct choice_list *c, const struct look *l)
{
	return has_model(l) ? add_versions(c, l) : 0;
}

static int services(struct choice_list *c, const struct look *l)
{
	const struct config *conf = l->scope->config;

	for (size_t i = 0; conf && i < conf->n_services; i++)
		choice_add(c, conf->services[i].name);
	return 0;
}

static int slos(struct choice_list *c, const struct look *l)
{
	struct slo_rows rows = {0};

	if (l->scope->store && slo_rows(&rows, l->a, l->scope->store, at_of(l), l->e))
		return -1;
	for (size_t i = 0; i < rows.n; i++)
		if (!l->scope->service ||
			!strcmp(rows.items[i].slo.service, l->scope->service))
			choice_add(c, rows.items[i].slo.name);
	return 0;
}

static int datasets(struct choice_list *c, const struct look *l)
{
	struct observed_list list = {0};

	if (l->scope->store &&
		observed_at(&list, l->a, l->scope->store, REC_DRIFT_REPORT, NULL, NULL,
			at_of(l), MAX_REPORTS, l->e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct drift_report *r = list.items[i].record;

		if (!l->scope->service || !strcmp(r->service, l->scope->service))
			choice_add(c, r->dataset);
	}
	return 0;
}

typedef int choices_fn(struct choice_list *c, const struct look *l);

static const struct choice_origin {
	const char *name;
	choices_fn *list;
} choice_origins[] = {
	{"previous-versions", previous_versions},
	{"versions", versions},
	{"services", services},
	{"slos", slos},
	{"datasets", datasets},
};

static const struct choice_origin *choices_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(choice_origins); i++)
		if (!strcmp(choice_origins[i].name, name))
			return &choice_origins[i];
	return NULL;
}

bool origin_choices_known(const char *name)
{
	return choices_find(name) != NULL;
}

const char *origin_choices_nearest(const char *name)
{
	const char *names[ARRAY_LEN(choice_origins)];

	for (size_t i = 0; i < ARRAY_LEN(choice_origins); i++)
		names[i] = choice_origins[i].name;
	return text_nearest(name, names, ARRAY_LEN(names));
}

int origin_choices(struct yaml_texts *out, struct arena *a, const char *name,
	const struct vars_scope *scope, struct err *e)
{
	struct look l = look_of(scope, a, e);
	struct choice_list c = {.out = out, .a = a};
	const struct choice_origin *o = choices_find(name);

	*out = (struct yaml_texts){0};
	return o ? o->list(&c, &l) : 0;
}
