#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "core/clock.h"
#include "core/i18n.h"
#include "report/version_diff.h"
#include "store/source.h"

struct diff {
	struct arena arena;
	const struct model_version *from, *to;
	struct version_diff d;
};

/* When the registry last said so, and whether that is long ago. */
static int add_side(struct json *doc, const char *name, struct cmd *c, struct arena *a,
	const struct model_version *v, struct err *e)
{
	struct json *one = record_to_json(v, REC_MODEL_VERSION);
	struct source_row source;

	json_add(doc, name, one);
	if (source_find(&source, a, c->store, v->source, e))
		return -1;
	json_add_time(one, "as_of", source.succeeded);
	json_add_bool(one, "stale", source_is_stale(&source, clock_now()));
	return 0;
}

static int print_json(struct cmd *c, struct diff *f, struct err *e)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.version-diff/1");
	json_add_time(doc, "at", clock_now());
	if (add_side(doc, "a", c, &f->arena, f->from, e) ||
		add_side(doc, "b", c, &f->arena, f->to, e)) {
		json_free(doc);
		return -1;
	}
	json_add_int(doc, "different", (int64_t)f->d.n_different);
	json_add_int(doc, "unknown", (int64_t)f->d.n_unknown);
	list = json_add_array(doc, "items");
	for (size_t i = 0; i < f->d.n; i++) {
		const struct diff_row *row = &f->d.items[i];
		struct json *one = json_add_object(list, NULL);

		json_add_text(one, "part", diff_part_name(row->part));
		json_add_text(one, "name", row->name);
		json_add_text(one, "a", row->a);
		json_add_text(one, "b", row->b);
		json_add_text(one, "state", diff_state_name(row->state));
		json_add_real(one, "delta", row->delta);
		json_add_real(one, "percent", row->percent);
	}
	return cmd_print_json(doc) == EXIT_FINE
		? 0
		: err_set(e, ERR_SYSTEM, _("the document could not be printed"));
}

static void cell_number(struct cmd_table *t, const struct diff_row *row, double v)
{
	char text[64] = "";

	if (row->state == DIFF_MOVED && !isnan(v))
		(void)snprintf(text, sizeof(text), "%+.4g", v);
	cmd_table_cell(t, text);
}

static void print_text(const struct diff *f)
{
	char *a = mem_format("%s@%s", f->from->model, f->from->version);
	char *b = mem_format("%s@%s", f->to->model, f->to->version);
	const char *const headings[] = {
		_("WHAT"),
		_("NAME"),
		a,
		b,
		_("STATE"),
		_("BY"),
		"%",
		NULL
	};
	struct cmd_table *t = cmd_table_new("lllllrr", headings);

	for (size_t i = 0; i < f->d.n; i++) {
		const struct diff_row *row = &f->d.items[i];

		cmd_table_cell(t, _(diff_part_title(row->part)));
		cmd_table_cell(t, row->name ? row->name : _("all"));
		cmd_table_cell(t, row->a);
		cmd_table_cell(t, row->b);
		cmd_table_cell(t, _(diff_state_title(row->state)));
		cell_number(t, row, row->delta);
		cell_number(t, row, row->percent);
	}
	cmd_table_print(t);
	free(a);
	free(b);
}

/* "@13" and ":production" mean the first one's model. */
static int find_both(struct diff *f, struct cmd *c, struct err *e)
{
	const char *source = cmd_value(c, "source"), *second = c->operands[1];

	if (version_find(
		    &f->from, &f->arena, c->store, source, c->operands[0], AT_NOW, e))
		return -1;
	if (*second == '@' || *second == ':')
		second = arena_format(&f->arena, "%s%s", f->from->model, second);
	return version_find(&f->to, &f->arena, c->store, source, second, AT_NOW, e);
}

int cmd_models_diff(struct cmd *c)
{
	struct diff f = {0};
	struct err e = ERR_INIT;
	int code = EXIT_FINE, r;

	if (c->n_operands != 2)
		return cmd_usage(c, _("two versions are wanted"));
	arena_init(&f.arena);
	r = find_both(&f, c, &e);
	if (!r)
		version_diff(&f.d, &f.arena, f.from, f.to);
	if (!r && c->json)
		r = print_json(c, &f, &e);
	else if (!r)
		print_text(&f);
	if (r)
		code = cmd_fail(&e);
	else if (f.d.n_different)
		code = EXIT_FINDING;
	arena_release(&f.arena);
	return code;
}
