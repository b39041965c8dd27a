#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/elements.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "model/registry.h"
#include "report/models.h"

#define MODELS_MAX 1000
#define VERSIONS_SHOWN 20

static void add_versions(struct json *to, const struct version_rows *v)
{
	struct json *list = json_add_array(to, "versions");

	for (size_t i = 0; i < v->n; i++) {
		struct json *one = record_to_json(v->items[i], REC_MODEL_VERSION);
		struct json *aliases = json_array();

		for (const char **name = v->aliases[i]; *name; name++)
			json_add_text(aliases, NULL, *name);
		json_add(one, "pointed_at_by", aliases);
		json_add(list, NULL, one);
	}
}

static int list_json(struct json *doc, struct cmd *c, const struct model_rows *rows,
	struct arena *a, struct err *e)
{
	struct json *list = json_add_array(doc, "models");

	for (size_t i = 0; i < rows->n; i++) {
		const struct model_row *m = &rows->items[i];
		struct version_rows versions;
		struct json *one = json_add_object(list, NULL);

		element_model(one, m);
		json_add_time(one, "as_of", m->since);
		json_add_bool(one, "stale", m->stale);
		if (version_rows(&versions, a, c->store, m->source, m->model, AT_NOW,
			    VERSIONS_SHOWN, e))
			return -1;
		add_versions(one, &versions);
	}
	return 0;
}

static void list_print(const struct model_rows *rows, int64_t now)
{
	const char *const headings[] = {
		_("MODEL"),
		_("ALIAS"),
		_("VERSION"),
		_("SINCE"),
		_("SERVED"),
		_("STATE"),
		_("SOURCE"),
		NULL
	};
	struct cmd_table *t = cmd_table_new("lllllll", headings);

	for (size_t i = 0; i < rows->n; i++) {
		const struct model_row *m = &rows->items[i];
		struct strbuf since = STRBUF_INIT, served = STRBUF_INIT;

		if (m->since != NONE_INT)
			time_human(&since, m->since, now, false);
		for (size_t j = 0; j < m->n_variants; j++)
			if (m->variants[j].traffic > 0)
				strbuf_addf(&served, "%s%s %.0f%%",
					served.len ? ", " : "",
					m->variants[j].version ? m->variants[j].version
							       : "?",
					m->variants[j].traffic * 100);
		cmd_table_cell(t, m->model);
		cmd_table_cell(t, m->alias);
		cmd_table_cell(t, m->pointer ? m->pointer->version : NULL);
		cmd_table_cell(t, since.len ? since.buf : NULL);
		cmd_table_cell(t, served.len ? served.buf : NULL);
		cmd_table_cell(t,
			m->sync.state == SYNC_NONE ? NULL
						   : _(sync_state_title(m->sync.state)));
		cmd_table_cell(t, m->source);
		strbuf_release(&since);
		strbuf_release(&served);
	}
	cmd_table_print(t);
}

static int list_code(const struct model_rows *rows)
{
	int code = EXIT_FINE;

	for (size_t i = 0; i < rows->n; i++) {
		enum sync_state s = rows->items[i].sync.state;

		if (s == SYNC_DRIFT || s == SYNC_DANGLING || s == SYNC_POINTER_MISSING)
			return EXIT_FINDING;
		if (rows->items[i].stale)
			code = EXIT_STALE;
	}
	return code;
}

int cmd_models_list(struct cmd *c)
{
	struct model_rows rows;
	struct arena a;
	struct err e = ERR_INIT;
	int64_t now = clock_now();
	int code;

	arena_init(&a);
	if (model_rows(&rows, &a, c->store, &c->config, c->context, AT_NOW, now,
		    MODELS_MAX, &e)) {
		code = cmd_fail(&e);
	} else if (c->json) {
		struct json *doc = json_object();

		json_add_text(doc, "schema", "tocsin.models/1");
		json_add_time(doc, "at", now);
		code = list_code(&rows);
		if (list_json(doc, c, &rows, &a, &e)) {
			json_free(doc);
			code = cmd_fail(&e);
		} else if (cmd_print_json(doc)) {
			code = EXIT_INTERNAL;
		}
	} else {
		list_print(&rows, now);
		code = list_code(&rows);
	}
	arena_release(&a);
	return code;
}
