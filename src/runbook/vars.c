#include "config.h"
#include "runbook/vars.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/text.h"
#include "runbook/origin.h"
#include "runbook/script.h"

#define MAX_VALUE_BYTES ((size_t)64 * 1024)

void vars_init(struct vars *v)
{
	*v = (struct vars){0};
	arena_init(&v->arena);
}

void vars_release(struct vars *v)
{
	for (size_t i = 0; i < v->n; i++)
		if (v->items[i].secret && v->items[i].value)
			mem_wipe((char *)v->items[i].value, strlen(v->items[i].value));
	arena_release(&v->arena);
	*v = (struct vars){0};
}

static struct var *find(const struct vars *v, const char *name)
{
	for (size_t i = 0; i < v->n; i++)
		if (!strcmp(v->items[i].name, name))
			return &v->items[i];
	return NULL;
}

const struct var *vars_find(const struct vars *v, const char *name)
{
	return find(v, name);
}

const char *vars_value(const struct vars *v, const char *name)
{
	const struct var *var = find(v, name);

	return var ? var->value : NULL;
}

static struct var *add(struct vars *v, const char *name)
{
	struct var *var = find(v, name);

	if (var)
		return var;
	var = arena_push(&v->arena, v->items, v->n, v->cap);
	var->name = arena_strdup(&v->arena, name);
	return var;
}

static void give(struct vars *v, struct var *var, const char *value, const char *origin)
{
	if (var->secret && var->value)
		mem_wipe((char *)var->value, strlen(var->value));
	var->value = arena_strdup(&v->arena, value);
	var->origin = arena_strdup(&v->arena, origin);
}

/* --- what a value may be --- */

static bool matches_whole(const char *pattern, const char *value)
{
	char *whole = mem_format("^(%s)$", pattern);
	regex_t regex;
	bool ok = false;

	if (!regcomp(&regex, whole, REG_EXTENDED | REG_NOSUB)) {
		ok = !strchr(value, '\n') && !regexec(&regex, value, 0, NULL, 0);
		regfree(&regex);
	}
	free(whole);
	return ok;
}

static bool is_choice(const struct yaml_texts *choices, const char *value)
{
	for (size_t i = 0; i < choices->n; i++)
		if (!strcmp(choices->items[i], value))
			return true;
	return choices->n == 0;
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	return false;
}

/* Why decl does not allow the value, in words that do not repeat it when it is secret. */
static int check(
	const struct var_decl *d, const char *name, const char *value, struct err *e)
{
	if (strlen(value) > MAX_VALUE_BYTES)
		return err_set(
			e, ERR_LIMIT, _("the value of %s is longer than 64 KiB"), name);
	if (!d)
		return 0;
	if (!*value && !d->optional && !d->value)
		return err_set(e, ERR_INPUT, _("%s must not be empty"), name);
	if (d->pattern && *value && !matches_whole(d->pattern, value)) {
		err_set(e, ERR_INPUT, _("the value of %s is not what the runbook allows"),
			name);
		return err_hint(e, _("it must match %s"), d->pattern);
	}
	if (!is_choice(&d->choices, value)) {
		struct strbuf names = STRBUF_INIT;

		for (size_t i = 0; i < d->choices.n; i++)
			strbuf_addf(&names, "%s%s", i ? ", " : "", d->choices.items[i]);
		err_set(e, ERR_INPUT, _("the value of %s is none of its choices"), name);
		err_hint(e, _("choose one of: %s"), names.buf);
		strbuf_release(&names);
		return -1;
	}
	return 0;
}

/*
 * What an alert's labels say is written by whoever sends metrics: without a pattern of the
 * runbook's own it may not look like an option and holds no control characters.
 */
static int check_foreign(const struct var_decl *d, const char *value, struct err *e)
{
	if (strncmp(d->from, "alert.", 6) || d->pattern || d->choices.n)
		return 0;
	if (*value == '-' || has_control(value))
		return err_set(e, ERR_INPUT,
			_("what the alert says for %s begins with '-' or holds control "
			  "characters; it is not used"),
			d->name);
	return 0;
}

/* --- filling --- */

static int fill_declared(struct vars *v, const struct var_decl *d,
	const struct vars_scope *scope, struct problems *p, struct err *e)
{
	struct var *var = add(v, d->name);
	const char *value = NULL, *origin = d->from;
	struct err why = ERR_INIT;

	var->decl = d;
	var->secret = d->secret;
	if (d->from && origin_value(&value, &v->arena, d->from, scope, e))
		return -1;
	if (value && (check_foreign(d, value, &why) || check(d, d->name, value, &why))) {
		problems_add(p, d->line, 0, "%s", why.what);
		value = NULL;
	}
	if (!value && d->env && (value = getenv(d->env)))
		origin = "environment";
	if (!value && (value = d->value))
		origin = "default";
	if (value && check(d, d->name, value, &why)) {
		problems_add(p, d->line, 0, "%s", why.what);
		value = NULL;
	}
	if (value)
		give(v, var, value, origin);
	err_release(&why);
	return 0;
}

/* An input that the text names and the front matter does not declare. */
static void fill_input(struct vars *v, const char *name, const struct vars_scope *scope)
{
	const char *value;

	if (find(v, name))
		return;
	add(v, name);
	if (!strcmp(name, "SERVICE") && scope->service)
		give(v, find(v, name), scope->service, "service.name");
	else if ((value = getenv(name)) && *value && strlen(value) <= MAX_VALUE_BYTES)
		give(v, find(v, name), value, "environment");
}

int vars_resolve(struct vars *v, const struct runbook *rb, const struct vars_scope *scope,
	struct problems *p, struct err *e)
{
	for (size_t i = 0; i < rb->n_vars; i++)
		if (fill_declared(v, &rb->vars[i], scope, p, e))
			return -1;
	for (size_t i = 0; i < rb->n_steps; i++)
		for (size_t k = 0; k < rb->steps[i].inputs.n; k++)
			fill_input(v, rb->steps[i].inputs.items[k], scope);
	return 0;
}

int vars_set(struct vars *v, const char *name, const char *value, const char *origin,
	struct err *e)
{
	struct var *var = find(v, name);

	if (!var) {
		const char **names = mem_new(v->n + 1, sizeof(*names)), *near;

		for (size_t i = 0; i < v->n; i++)
			names[i] = v->items[i].name;
		near = text_nearest(name, names, v->n);
		err_set(e, ERR_INPUT, _("the runbook has no variable '%s'"), name);
		if (near)
			err_hint(e, _("did you mean '%s'?"), near);
		free(names);
		return -1;
	}
	if (check(var->decl, name, value, e))
		return -1;
	give(v, var, value, origin);
	return 0;
}

int vars_put(struct vars *v, const char *name, const char *value, const char *origin,
	struct err *e)
{
	const struct var *var = find(v, name);

	if (!script_var_allowed(name))
		return err_set(e, ERR_INPUT, _("a step may not set '%s'"), name);
	if (check(var ? var->decl : NULL, name, value, e))
		return -1;
	give(v, add(v, name), value, origin);
	return 0;
}

/* --- asking --- */

static bool is_missing(const struct var *var)
{
	return !var->value && !(var->decl && var->decl->optional);
}

const struct var *vars_missing(const struct vars *v, const struct step *s)
{
	for (size_t i = 0; !s && i < v->n; i++)
		if (v->items[i].decl && is_missing(&v->items[i]))
			return &v->items[i];
	for (size_t i = 0; s && i < s->inputs.n; i++) {
		const struct var *var = find(v, s->inputs.items[i]);

		if (var && is_missing(var))
			return var;
	}
	return NULL;
}

int vars_choices(struct yaml_texts *out, struct arena *a, const struct vars *v,
	const struct var_decl *d, const struct vars_scope *scope, struct err *e)
{
	(void)v;
	*out = (struct yaml_texts){0};
	if (!d)
		return 0;
	if (!d->choices_from) {
		*out = d->choices;
		return 0;
	}
	return origin_choices(out, a, d->choices_from, scope, e);
}

/* --- using --- */

/* The name when text is a whole "$NAME" or "${NAME}", else NULL. */
static char *whole_name(const char *text)
{
	size_t n = strlen(text);
	char *name;

	if (n < 2 || *text != '$')
		return NULL;
	if (text[1] == '{' && text[n - 1] == '}' && n > 3)
		name = mem_strndup(text + 2, n - 3);
	else
		name = mem_strdup(text + 1);
	if (script_var_allowed(name))
		return name;
	free(name);
	return NULL;
}

int vars_expand(const char **out, const struct vars *v, const char *text, struct err *e)
{
	char *name = whole_name(text);
	const char *value;
	int rc = 0;

	*out = text;
	if (!name)
		return 0;
	value = vars_value(v, name);
	if (value)
		*out = value;
	else
		rc = err_set(e, ERR_INPUT, _("the variable %s has no value"), name);
	free(name);
	return rc;
}

struct json *vars_to_json(const struct vars *v)
{
	struct json *doc = json_object();

	for (size_t i = 0; i < v->n; i++) {
		const struct var *var = &v->items[i];
		struct json *j = json_add_object(doc, var->name);

		if (var->secret)
			json_add_bool(j, "secret", true);
		else
			json_add_text(j, "value", var->value);
		json_add_text(j, "from", var->origin);
	}
	return doc;
}

int vars_from_json(struct vars *v, const struct json *j, struct err *e)
{
	if (json_type(j) != JSON_OBJECT)
		return err_set(e, ERR_STORE, _("the run's variables cannot be read"));
	json_each (item, j) {
		const char *value = json_text(json_get(item, "value"));
		struct var *var;

		if (!script_var_allowed(json_key(item)))
			continue;
		var = add(v, json_key(item));
		var->secret |= json_bool(json_get(item, "secret"), false);
		if (value)
			give(v, var, value, json_text(json_get(item, "from")));
	}
	return 0;
}
