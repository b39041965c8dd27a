#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cmd/commands.h"
#include "core/i18n.h"
#include "model/config.h"
#include "net/connector_manual.h"
#include "tui/action.h"
#include "tui/panes/panes.h"
#include "tui/theme.h"

/* mdoc reads a dot or an apostrophe at a line's beginning as a macro, a backslash anywhere. */
static void put(const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", stdout);
	for (; *text; text++)
		fputs(*text == '\\' ? "\\e" : (const char[]){*text, '\0'}, stdout);
	putchar('\n');
}

/* --- commands --- */

static void put_options(const struct cmd_option *options)
{
	if (!options)
		return;
	puts(".Bl -tag -width Ds -compact");
	for (const struct cmd_option *o = options; o->name; o++) {
		printf(".It Fl Fl %s%s%s\n", o->name, o->argument ? " Ar " : "",
			o->argument ? o->argument : "");
		put(o->help);
	}
	puts(".El");
}

static void commands(void)
{
	puts(".Bl -tag -width Ds");
	for (const struct cmd_row *r = cmd_table; r->name; r++) {
		if (r->flags & HIDDEN)
			continue;
		printf(".It Nm tocsin Cm %s%s%s%s%s\n", r->name, r->verb ? " " : "",
			r->verb ? r->verb : "", *r->synopsis ? " Ar " : "", r->synopsis);
		put(r->help);
		put_options(r->options);
	}
	puts(".El\nEvery command takes");
	put_options(cmd_common_options);
}

/* --- the configuration's keys --- */

static const char *const wants[] = {
	[YAML_TEXT] = "text",
	[YAML_BOOL] = "true or false",
	[YAML_INT] = "whole number",
	[YAML_REAL] = "number",
	[YAML_DURATION] = "duration",
	[YAML_SIZE] = "size",
	[YAML_TEXTS] = "list",
	[YAML_NODE] = "map",
	[YAML_SUB] = "map",
	[YAML_SUBS] = "list of maps",
};

static void put_type(const struct yaml_field *f)
{
	if (f->want != YAML_CHOICE) {
		printf("%s", wants[f->want]);
		return;
	}
	for (size_t i = 0; f->choices[i]; i++)
		printf("%s%s", i ? ", " : "", f->choices[i]);
}

static void keys(const struct yaml_field *fields, const char *prefix)
{
	char path[256];

	for (const struct yaml_field *f = fields; f->key; f++) {
		if (!*f->key)
			continue;
		snprintf(
			path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", f->key);
		printf(".It Cm %s Pq ", path);
		put_type(f);
		printf("%s\n", f->flags & YAML_REQUIRED ? "; required" : "");
		if (f->help)
			put(f->help);
		if (f->sub)
			keys(f->sub, path);
	}
}

static void config_keys(void)
{
	puts(".Bl -tag -width Ds");
	keys(config_fields(), "");
	puts(".El");
}

/* --- a connector's keys --- */

static void connector_place(const struct connector_place *p)
{
	printf(".Ss Keys of %s\n", p->where);
	if (p->requests)
		puts("Those of a request, and");
	puts(".Bl -tag -width Ds -compact");
	for (const struct yaml_field *f = p->fields; f->key; f++) {
		if (!*f->key || (p->requests && connector_is_request_key(f->key)))
			continue;
		printf(".It Cm %s", f->key);
		if (f->want != YAML_NODE && f->want != YAML_SUB) {
			printf(" Pq ");
			put_type(f);
		}
		puts(f->flags & YAML_REQUIRED ? " , required" : "");
		if (f->help)
			put(f->help);
	}
	puts(".El");
}

static void connector_keys(void)
{
	for (const struct connector_place *p = connector_places(); p->where; p++)
		connector_place(p);
}

/* --- the console's keys and roles --- */

static void put_action(const struct action *a)
{
	struct strbuf keys = STRBUF_INIT;

	action_keys(&keys, a);
	/* A lone bracket or colon would be punctuation to mdoc. */
	printf(".It Ic \\&");
	put(keys.len ? keys.buf : ":");
	printf("%s%s%s: ", a->title, a->flags & ACTION_MUTATES ? ", asks first" : "",
		keys.len ? "" : " (by the palette)");
	put(a->help);
	strbuf_release(&keys);
}

static void put_actions(const struct action *actions)
{
	puts(".Bl -tag -width Ds -compact");
	for (const struct action *a = actions; a && a->name; a++)
		put_action(a);
	puts(".El");
}

static void console_keys(void)
{
	puts("Everywhere:");
	put_actions(action_global);
	for (int i = 0; pane_table[i]; i++) {
		const struct pane_ops *pane = pane_table[i];

		printf(".Pp\n%s", pane->title);
		if (pane->key)
			printf(" (key %c)", pane->key);
		printf(": %s.\n", pane->help);
		if (pane->actions)
			put_actions(pane->actions);
	}
}

static void theme_roles(void)
{
	puts(".Bl -tag -width Ds -compact");
	for (int r = 0; r < ROLES; r++) {
		printf(".It Cm %s\n", role_def((enum role)r)->name);
		put(role_def((enum role)r)->help);
	}
	puts(".El");
}

static const struct {
	const char *name;
	void (*print)(void);
} sections[] = {
	{"commands", commands},
	{"config", config_keys},
	{"connector", connector_keys},
	{"keys", console_keys},
	{"roles", theme_roles},
};

int cmd_manual(struct cmd *c)
{
	for (size_t i = 0; c->n_operands == 1 && i < ARRAY_LEN(sections); i++)
		if (!strcmp(sections[i].name, c->operands[0])) {
			sections[i].print();
			return EXIT_FINE;
		}
	return cmd_usage(c, "%s", _("name one section"));
}
