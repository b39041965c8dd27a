#include "config.h"
#include "runbook/front.h"

#include <regex.h>
#include <string.h>

#include "core/i18n.h"
#include "core/text.h"
#include "runbook/script.h"

#define MAX_VARS 100

struct front {
	struct runbook *rb;
	struct arena *a;
	int line; /* of the file, before the front matter's first */
	size_t cap_vars;
};

static int line_of(const struct front *f, const struct yaml_node *n)
{
	return f->line + yaml_line(n);
}

/* A scalar as text in our arena; anything else is reported. */
static const char *read_text(struct front *f, const struct yaml_node *n, const char *key)
{
	const char *text = yaml_text(n);

	if (!text)
		problems_add(&f->rb->problems, line_of(f, n), yaml_column(n),
			_("'%s' must be one value"), key);
	return arena_strdup(f->a, text);
}

/* A list of scalars, or one scalar. */
static void read_texts(struct front *f, struct yaml_texts *out, const struct yaml_node *n,
	const char *key)
{
	size_t count = yaml_type(n) == YAML_LIST ? yaml_count(n) : 1;

	if (yaml_type(n) == YAML_NULL || !count)
		return;
	out->items = arena_alloc(f->a, count, sizeof(*out->items));
	for (size_t i = 0; i < count; i++) {
		const struct yaml_node *item =
			yaml_type(n) == YAML_LIST ? yaml_item(n, i) : n;
		const char *text = read_text(f, item, key);

		if (text)
			out->items[out->n++] = text;
	}
}

static bool read_bool(struct front *f, const struct yaml_node *n, const char *key)
{
	const char *text = yaml_text(n);

	if (text && (!strcmp(text, "true") || !strcmp(text, "yes")))
		return true;
	if (!text || (strcmp(text, "false") && strcmp(text, "no")))
		problems_add(&f->rb->problems, line_of(f, n), yaml_column(n),
			_("'%s' must be true or false"), key);
	return false;
}

/* --- variables --- */

static void var_from(struct front *f, struct var_decl *d, const struct yaml_node *n)
{
	d->from = read_text(f, n, "from");
}

static void var_ask(struct front *f, struct var_decl *d, const struct yaml_node *n)
{
	d->ask = read_text(f, n, "ask");
}

static void var_choices(struct front *f, struct var_decl *d, const struct yaml_node *n)
{
	if (yaml_type(n) == YAML_SCALAR)
		d->choices_from = read_text(f, n, "choices");
	else
		read_texts(f, &d->choices, n, "choices");
}

static void var_pattern(struct front *f, struct var_decl *d, const struct yaml_node *n)
{
	const char *text = read_text(f, n, "pattern");
	regex_t regex;

	if (!text)
		return;
	d->pattern = text;
	if (regcomp(&regex, text, REG_EXTENDED | REG_NOSUB))
		problems_add(&f->rb->problems, line_of(f, n), yaml_column(n),
			_("'%s' is no regular expression; no value can match it"), text);
	else
		regfree(&regex);
}

static void var_default(struct front *f, struct var_decl *d, const struct yaml_node *n)
{
	d->value = read_text(f, n, "default");
}

static void var_env(struct front *f, struct var_decl *d, const struct yaml_node *n)
{
	d->env = read_text(f, n, "env");
}

static void var_secret(struct front *f, struct var_decl *d, const struct yaml_node *n)
{
	d->secret = read_bool(f, n, "secret");
}

static void var_optional(struct front *f, struct var_decl *d, const struct yaml_node *n)
{
	d->optional = read_bool(f, n, "optional");
}

typedef void var_key_fn(struct front *f, struct var_decl *d, const struct yaml_node *n);

static const struct var_key {
	const char *name;
	var_key_fn *read;
} var_keys[] = {
	{"from", var_from},
	{"ask", var_ask},
	{"choices", var_choices},
	{"pattern", var_pattern},
	{"default", var_default},
	{"env", var_env},
	{"secret", var_secret},
	{"optional", var_optional},
};

static void unknown_key(struct front *f, const struct yaml_node *key)
{
	const char *names[ARRAY_LEN(var_keys)], *near;
	const char *name = yaml_text(key) ? yaml_text(key) : "?";

	for (size_t i = 0; i < ARRAY_LEN(var_keys); i++)
		names[i] = var_keys[i].name;
	near = text_nearest(name, names, ARRAY_LEN(names));
	problems_add(&f->rb->problems, line_of(f, key), yaml_column(key),
		_("a variable has no key '%s'"), name);
	if (near)
		problems_hint(&f->rb->problems, _("did you mean '%s'?"), near);
}

static void read_var_keys(
	struct front *f, struct var_decl *d, const struct yaml_node *map)
{
	for (size_t i = 0; i < yaml_count(map); i++) {
		const char *key = yaml_text(yaml_key(map, i));
		size_t k = 0;

		while (k < ARRAY_LEN(var_keys) && (!key || strcmp(var_keys[k].name, key)))
			k++;
		if (k < ARRAY_LEN(var_keys))
			var_keys[k].read(f, d, yaml_value(map, i));
		else
			unknown_key(f, yaml_key(map, i));
	}
}

static void read_var(
	struct front *f, const struct yaml_node *key, const struct yaml_node *value)
{
	struct runbook *rb = f->rb;
	const char *name = yaml_text(key);
	struct var_decl *d;

	if (!name || !script_var_allowed(name)) {
		problems_add(&rb->problems, line_of(f, key), yaml_column(key),
			_("'%s' is no name for a variable"), name ? name : "?");
		problems_hint(&rb->problems,
			_("use letters, digits and '_'; names that "
			  "programs act on, such as PATH or LD_PRELOAD, "
			  "cannot be set by a runbook"));
		return;
	}
	if (rb->n_vars == MAX_VARS)
		return;
	d = arena_push(f->a, rb->vars, rb->n_vars, f->cap_vars);
	d->name = arena_strdup(f->a, name);
	d->line = line_of(f, key);
	if (yaml_type(value) == YAML_MAP)
		read_var_keys(f, d, value);
	else if (yaml_type(value) != YAML_NULL)
		d->value = read_text(f, value, name);
}

static void read_vars(struct front *f, const struct yaml_node *map)
{
	if (yaml_type(map) != YAML_MAP) {
		problems_add(&f->rb->problems, line_of(f, map), yaml_column(map),
			_("'vars' must map names to where their values come from"));
		return;
	}
	for (size_t i = 0; i < yaml_count(map); i++)
		read_var(f, yaml_key(map, i), yaml_value(map, i));
}

/* --- the rest --- */

static void read_applies(struct front *f, const struct yaml_node *n)
{
	for (size_t i = 0; i < yaml_count(n); i++) {
		const char *key = yaml_text(yaml_key(n, i));

		if (key && !strcmp(key, "alerts"))
			read_texts(f, &f->rb->alerts, yaml_value(n, i), "alerts");
		else if (key && !strcmp(key, "changes"))
			read_texts(f, &f->rb->changes, yaml_value(n, i), "changes");
		else
			problems_add(&f->rb->problems, line_of(f, yaml_key(n, i)), 0,
				_("'applies' has no key '%s'; there are 'alerts' and "
				  "'changes'"),
				key ? key : "?");
	}
}

static void read_keys(struct front *f, const struct yaml_node *root)
{
	struct runbook *rb = f->rb;
	const struct yaml_node *n;

	if ((n = yaml_get(root, "title")) && yaml_text(n))
		rb->title = arena_strdup(f->a, yaml_text(n));
	if ((n = yaml_get(root, "description")) && yaml_text(n))
		rb->summary = arena_strdup(f->a, yaml_text(n));
	if ((n = yaml_get(root, "cwd")) && yaml_text(n))
		rb->cwd = arena_strdup(f->a, yaml_text(n));
	if ((n = yaml_get(root, "applies")))
		read_applies(f, n);
	if ((n = yaml_get(root, "vars")))
		read_vars(f, n);
}

/* TOML is not read but for its title: no runbook of ours is written in it. */
static void read_toml_title(struct front *f, const char *text)
{
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *at = text + strspn(text, " \t");

		if (strncmp(at, "title", 5))
			continue;
		at += 5;
		at += strspn(at, " \t=");
		if (*at == '"' && strchr(at + 1, '"'))
			f->rb->title = arena_strndup(f->a, at + 1, strcspn(at + 1, "\""));
		return;
	}
}

void front_read(struct runbook *out, const struct md_doc *doc)
{
	struct front f = {.rb = out, .a = &out->arena, .line = doc->front_line - 1};
	struct yaml_doc *yaml = NULL;
	struct problems mine;

	if (!doc->front)
		return;
	if (doc->front_kind == 't') {
		read_toml_title(&f, doc->front);
		return;
	}
	problems_init(&mine, NULL); /* JSON is YAML too */
	yaml_parse(&yaml, doc->front, strlen(doc->front), &mine);
	for (size_t i = 0; i < mine.n; i++)
		problems_add(&out->problems, f.line + mine.items[i].line,
			mine.items[i].column, _("front matter: %s"),
			mine.items[i].message);
	if (yaml && !mine.n && yaml_type(yaml_root(yaml, 0)) == YAML_MAP)
		read_keys(&f, yaml_root(yaml, 0));
	yaml_free(yaml);
	problems_release(&mine);
}
