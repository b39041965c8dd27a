#include "config.h"

#include "cmd/check_coverage.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/path.h"
#include "model/alert.h"
#include "report/models.h"
#include "runbook/library.h"
#include "store/journal.h"
#include "store/observe.h"
#include "store/series.h"

#define UNWALKED_NS (90 * NS_PER_DAY)
#define LISTED_MAX 10000

/* One thing that nobody is prepared for. */
struct gap {
	const char *what; /* stable name: "alert-owner" ... */
	const char *object; /* in the arena */
	const char *detail; /* translated, in the arena */
};

struct coverage {
	const struct config *config;
	struct store *store; /* NULL: nothing was ever read */
	struct arena arena;
	int64_t now;
	struct slo_rows slos;
	struct observed_list alerts;
	struct model_rows models;
	struct run_list runs;
	struct library *library; /* owned */
	struct gap *gaps;
	size_t n, cap;
};

static void add(
	struct coverage *g, const char *what, const char *object, const char *detail)
{
	struct gap *gap = arena_push(&g->arena, g->gaps, g->n, g->cap);

	*gap = (struct gap){
		what, arena_strdup(&g->arena, object), arena_strdup(&g->arena, detail)};
}

/* --- alerts --- */

/* A member of labels or annotations, both JSON objects. */
static bool has_member(const char *document, const char *const *keys, size_t n)
{
	struct json *object = NULL;
	struct err e = ERR_INIT;
	bool found = false;

	if (!document || json_parse(&object, document, strlen(document), &e)) {
		err_release(&e);
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const char *text = json_text(json_get(object, keys[i]));

		found |= text && *text;
	}
	json_free(object);
	return found;
}

static bool alert_has_owner(const struct coverage *g, const struct alert *a)
{
	static const char *const keys[] = {
		"owner", "team", "squad", "owned_by", "contact"};
	const struct service_conf *s =
		a->service ? config_service(g->config, a->service) : NULL;

	return (s && s->owner) || has_member(a->labels, keys, ARRAY_LEN(keys)) ||
		has_member(a->annotations, keys, ARRAY_LEN(keys));
}

static bool alert_has_runbook(struct coverage *g, const struct alert *a)
{
	const char *names[] = {a->name};
	struct library_query q = {.service = a->service,
		.alerts = names,
		.n_alerts = 1,
		.runbook_url = a->runbook_url};
	struct library_match *found;

	if (a->runbook_url && *a->runbook_url)
		return true;
	return library_matching(&found, &g->arena, g->library, g->config, &q) > 0;
}

/* Each name once: many instances of an alert lack the same. */
static bool is_told(const struct coverage *g, const char *what, const char *object)
{
	for (size_t i = 0; i < g->n; i++)
		if (!strcmp(g->gaps[i].what, what) && !strcmp(g->gaps[i].object, object))
			return true;
	return false;
}

static void look_at_alerts(struct coverage *g)
{
	for (size_t i = 0; i < g->alerts.n; i++) {
		const struct alert *a = g->alerts.items[i].record;

		if (!a->name)
			continue;
		if (!alert_has_owner(g, a) && !is_told(g, "alert-owner", a->name))
			add(g, "alert-owner", a->name,
				_("neither its labels nor its service say who owns it"));
		if (!alert_has_runbook(g, a) && !is_told(g, "alert-runbook", a->name))
			add(g, "alert-runbook", a->name,
				_("it names no runbook, and none here fits"));
	}
}

/* --- services --- */

static bool has_objective(const struct coverage *g, const struct service_conf *s)
{
	for (size_t i = 0; i < g->slos.n; i++)
		if (!strcmp(g->slos.items[i].slo.service, s->name))
			return true;
	return s->slos.n > 0;
}

/* To where its model could go back: another version that the registry has. */
static int look_at_rollback(
	struct coverage *g, const struct service_conf *s, struct err *e)
{
	for (size_t i = 0; i < g->models.n; i++) {
		const struct model_row *m = &g->models.items[i];
		struct version_rows versions;

		if (m->service != s)
			continue;
		if (version_rows(&versions, &g->arena, g->store, m->source, m->model,
			    AT_NOW, LISTED_MAX, e))
			return -1;
		if (versions.n < 2 && !(m->pointer && m->pointer->previous))
			add(g, "rollback", s->name,
				_("its registry has no other version to go back to"));
		return 0;
	}
	add(g, "rollback", s->name, _("nothing was ever read of its model"));
	return 0;
}

static int look_at_services(struct coverage *g, struct err *e)
{
	for (size_t i = 0; i < g->config->n_services; i++) {
		const struct service_conf *s = &g->config->services[i];

		if (!s->owner)
			add(g, "service-owner", s->name,
				_("nobody is named as its owner"));
		if (!has_objective(g, s))
			add(g, "slo", s->name, _("it has no objective"));
		if (!s->n_levers)
			add(g, s->agents.source ? "agent-lever" : "lever", s->name,
				s->agents.source
					? _("nothing is prepared to stop or slow its "
					    "agent")
					: _("nothing is prepared to stop or slow it"));
		for (size_t k = 0; k < s->n_levers; k++)
			if (!s->levers[k].owner && !s->owner)
				add(g, "lever-owner", s->levers[k].name,
					_("nobody is named as its owner"));
		if (s->model.name && look_at_rollback(g, s, e))
			return -1;
	}
	return 0;
}

/* --- runbooks --- */

/* "bad-model-version" of "/srv/runbooks/bad-model-version.md". */
static bool is_run_of(const struct run_row *r, const char *name)
{
	const char *base = path_base(name), *of = r->runbook ? path_base(r->runbook) : "";
	size_t n = strcspn(base, ".");

	return !strncmp(of, base, n) && (of[n] == '\0' || of[n] == '.');
}

static void look_at_runbook(struct coverage *g, const char *name)
{
	int64_t last = NONE_INT;
	struct strbuf age = STRBUF_INIT;

	if (is_told(g, "runbook", name))
		return;
	for (size_t i = 0; i < g->runs.n; i++) {
		const struct run_row *r = &g->runs.items[i];

		if (!r->dry_run && is_run_of(r, name) && r->started > last)
			last = r->started;
	}
	if (last == NONE_INT) {
		add(g, "runbook", name, _("it was never walked"));
	} else if (g->now - last > UNWALKED_NS) {
		duration_format(&age, (g->now - last) / NS_PER_DAY * NS_PER_DAY);
		add(g, "runbook", name,
			arena_format(&g->arena, _("it was last walked %s ago"), age.buf));
	}
	strbuf_release(&age);
}

static void look_at_runbooks(struct coverage *g)
{
	for (size_t i = 0; i < g->config->n_services; i++) {
		const struct service_conf *s = &g->config->services[i];

		for (size_t k = 0; k < s->runbooks.n; k++)
			look_at_runbook(g, s->runbooks.items[k]);
	}
}

/* --- all of it --- */

static int gather(struct coverage *g, const struct context_conf *context, struct err *e)
{
	if (library_load(&g->library, g->config, e))
		return -1;
	if (!g->store)
		return 0;
	if (slo_rows(&g->slos, &g->arena, g->store, AT_NOW, e) ||
		observed_at(&g->alerts, &g->arena, g->store, REC_ALERT, NULL, NULL,
			AT_NOW, LISTED_MAX, e) ||
		model_rows(&g->models, &g->arena, g->store, g->config, context, AT_NOW,
			g->now, LISTED_MAX, e))
		return -1;
	return run_list(&g->runs, &g->arena, g->store, false, AT_NOW, LISTED_MAX, e);
}

static struct json *coverage_json(const struct coverage *g)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.coverage/1");
	json_add_time(doc, "at", g->now);
	json_add_bool(doc, "read", g->store != NULL);
	list = json_add_array(doc, "gaps");
	for (size_t i = 0; i < g->n; i++) {
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "kind", g->gaps[i].what);
		json_add_text(one, "object", g->gaps[i].object);
		json_add_text(one, "detail", g->gaps[i].detail);
	}
	return doc;
}

static void coverage_print(const struct coverage *g)
{
	const char *const headings[] = { _("WHAT"), _("OF"), _("DETAIL"), NULL };
	struct cmd_table *t;

	if (!g->store)
		say("%s\n",
			_("nothing was read yet: this is what the configuration says"));
	if (!g->n) {
		say("%s\n",
			_("everything has an owner, an objective, a runbook and a way "
			  "back"));
		return;
	}
	t = cmd_table_new("lll", headings);
	for (size_t i = 0; i < g->n; i++) {
		cmd_table_cell(t, g->gaps[i].what);
		cmd_table_cell(t, g->gaps[i].object);
		cmd_table_cell(t, g->gaps[i].detail);
	}
	cmd_table_print(t);
}

int check_coverage(struct cmd *c, const struct config *config)
{
	struct coverage g = {.config = config, .now = clock_now()};
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	arena_init(&g.arena);
	if (store_open(&g.store, config->store_path, STORE_READ, &e)) {
		/* Without a store the configuration still says a lot. */
		if (e.code != ERR_NOT_FOUND)
			code = cmd_fail(&e);
		err_clear(&e);
	}
	if (code == EXIT_FINE &&
		(gather(&g, config_context(config, c->context_name), &e) ||
			look_at_services(&g, &e)))
		code = cmd_fail(&e);
	if (code == EXIT_FINE) {
		look_at_alerts(&g);
		look_at_runbooks(&g);
		code = g.n ? EXIT_FINDING : EXIT_FINE;
		if (!c->json)
			coverage_print(&g);
		else if (cmd_print_json(coverage_json(&g)))
			code = EXIT_INTERNAL;
	}
	library_free(g.library);
	store_free(g.store);
	arena_release(&g.arena);
	return code;
}
