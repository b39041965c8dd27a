#include "config.h"
#include "tui/runbook_open.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "model/alert.h"
#include "store/observe.h"
#include "tui/panes/run.h"

#define ALERTS_MAX 500
#define FIELDS_MAX 64
#define READ_MS 200 /* a runbook is opened at once, by a person */

struct opening {
	char *file, *service, *alert; /* owned; the last two may be NULL */
	bool dry_run;
	struct walk *walk; /* owned until the run is shown */
};

static void opening_free(struct opening *o)
{
	walk_free(o->walk);
	free(o->file);
	free(o->service);
	free(o->alert);
	free(o);
}

/* --- variables --- */

struct fields {
	struct form_field items[FIELDS_MAX];
	size_t n, asked;
	struct arena a;
};

static void add_choices(struct fields *f, struct form_field *field, struct walk *w,
	const struct var *v, struct err *e)
{
	struct yaml_texts texts;
	struct choice *choices;

	if (vars_choices(&texts, &f->a, walk_vars(w), v->decl, walk_scope(w), e) ||
		!texts.n)
		return;
	choices = arena_alloc(&f->a, texts.n, sizeof(*choices));
	for (size_t i = 0; i < texts.n; i++)
		choices[i] =
			(struct choice){.title = texts.items[i], .value = texts.items[i]};
	field->choices = choices;
	field->n_choices = texts.n;
}

/* Is it asked: it has no value and must have one, or the runbook asks for it. */
static bool is_asked(const struct var *v, const struct step *s)
{
	bool missing = !v->value && !(v->decl && v->decl->optional);

	if (!s)
		return v->decl && (missing || v->decl->ask);
	for (size_t i = 0; missing && i < s->inputs.n; i++)
		if (!strcmp(s->inputs.items[i], v->name))
			return true;
	return false;
}

static void add_field(struct fields *f, struct walk *w, const struct var *v, bool asked)
{
	struct form_field *field = &f->items[f->n++];
	struct err ignored = ERR_INIT;

	*field = (struct form_field)
	{
		.name = v->name, .label = v->name,
		.help = v->decl && v->decl->ask ? v->decl->ask
						: _("the runbook needs a value")
		, .value = v->secret ? NULL : v->value,
		  .required = !(v->decl && v->decl->optional), .secret = v->secret,
		  .fixed = !asked, .note = v->origin,
	};
	f->asked += asked;
	if (asked)
		add_choices(f, field, w, v, &ignored);
	err_release(&ignored);
}

/* What is known stands first, with where it is from; what is asked below. */
static void add_fields(struct fields *f, struct walk *w, const struct step *s)
{
	const struct vars *vars = walk_vars(w);

	for (int asked = 0; asked < 2; asked++)
		for (size_t i = 0; i < vars->n && f->n < FIELDS_MAX; i++) {
			const struct var *v = &vars->items[i];

			if (is_asked(v, s) == (asked == 1) &&
				(asked || (v->value && !v->secret)))
				add_field(f, w, v, asked == 1);
		}
}

struct asking {
	struct walk *walk; /* borrowed */
	const struct step *step;
	char **names; /* owned; NULL where not asked */
	size_t n;
	form_fn *fn;
	void *ctx;
};

static void asking_free(struct asking *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->names[i]);
	free(a->names);
	free(a);
}

/* A value that is not allowed is said, and asked for again with the others as they were. */
static void answered(void *ctx, struct console *c, const char *const *values, size_t n)
{
	struct asking *a = ctx;
	struct err e = ERR_INIT;
	bool bad = false;

	for (size_t i = 0; i < n && !bad; i++)
		if (a->names[i] && *values[i])
			bad = vars_set(walk_vars(a->walk), a->names[i], values[i],
				      _("asked"), &e) != 0;
	if (bad) {
		console_fail(c, &e);
		runbook_ask(c, a->walk, a->step, a->fn, a->ctx);
	} else {
		a->fn(a->ctx, c, values, n);
	}
	err_release(&e);
	asking_free(a);
}

bool runbook_ask(
	struct console *c, struct walk *w, const struct step *s, form_fn *fn, void *ctx)
{
	struct fields f = {.n = 0};
	struct asking *a;
	char *title;
	bool any;

	arena_init(&f.a);
	store_read_limit(console_store(c), READ_MS);
	add_fields(&f, w, s);
	store_read_limit(console_store(c), 5);
	any = f.asked > 0;
	if (any) {
		a = mem_new(1, sizeof(*a));
		*a = (struct asking){
			.walk = w, .step = s, .n = f.n, .fn = fn, .ctx = ctx};
		a->names = mem_new(f.n, sizeof(*a->names));
		for (size_t i = 0; i < f.n; i++)
			a->names[i] =
				f.items[i].fixed ? NULL : mem_strdup(f.items[i].name);
		title = mem_format("%s", s ? s->title : walk_runbook(w)->title);
		console_form(c, title, f.items, f.n, answered, a);
		free(title);
	}
	arena_release(&f.a);
	return any;
}

/* --- opening --- */

static void show(struct opening *o, struct console *c)
{
	run_push(c, o->walk);
	o->walk = NULL;
	opening_free(o);
}

static void filled(void *ctx, struct console *c, const char *const *values, size_t n)
{
	struct opening *o = ctx;

	(void)n;
	if (values)
		show(o, c);
	else
		opening_free(o);
}

/* The alert that led here, for its labels: the newest of that name about the service. */
static const struct alert *find_alert(
	struct console *c, const struct opening *o, struct arena *a)
{
	struct observed_list list = {0};
	struct err ignored = ERR_INIT;
	const struct alert *found = NULL;

	if (o->alert &&
		!observed_at(&list, a, console_store(c), REC_ALERT, NULL, NULL, AT_NOW,
			ALERTS_MAX, &ignored))
		for (size_t i = 0; i < list.n; i++) {
			const struct alert *alert = list.items[i].record;

			if (!alert->name || strcmp(alert->name, o->alert) ||
				(o->service && alert->service &&
					strcmp(alert->service, o->service)))
				continue;
			if (!found || alert->since > found->since)
				found = alert;
		}
	err_release(&ignored);
	return found;
}

static void open_walk(struct opening *o, struct console *c)
{
	const struct context_conf *context = console_context(c);
	struct walk_plan plan = {
		.file = o->file,
		.service = o->service,
		.context = context ? context->name : NULL,
		.config_file = console_config_file(c),
		.dry_run = o->dry_run,
	};
	struct err e = ERR_INIT;
	struct arena a;
	int rc;

	arena_init(&a);
	store_read_limit(console_store(c), READ_MS);
	plan.alert = find_alert(c, o, &a);
	rc = walk_open(&o->walk, console_store(c), console_config(c), &plan, &e);
	store_read_limit(console_store(c), 5);
	arena_release(&a);
	if (rc) {
		console_fail(c, &e);
		opening_free(o);
	} else if (!runbook_ask(c, o->walk, NULL, filled, o)) {
		show(o, c);
	}
	err_release(&e);
}

static void service_chosen(void *ctx, struct console *c, const char *value)
{
	struct opening *o = ctx;

	if (!value) {
		opening_free(o);
		return;
	}
	o->service = *value ? mem_strdup(value) : NULL;
	open_walk(o, c);
}

/* A runbook that takes values from a service is nothing without one. */
static bool wants_service(const char *file)
{
	struct runbook rb;
	struct err ignored = ERR_INIT;
	bool wants = false;

	if (!runbook_read(&rb, file, NULL, &ignored)) {
		for (size_t i = 0; i < rb.n_vars; i++)
			wants |= rb.vars[i].from &&
				!strncmp(rb.vars[i].from, "service.", 8);
		for (size_t i = 0; i < rb.n_steps; i++)
			for (size_t k = 0; k < rb.steps[i].inputs.n; k++)
				wants |= !strcmp(rb.steps[i].inputs.items[k], "SERVICE");
		runbook_release(&rb);
	}
	err_release(&ignored);
	return wants;
}

static void choose_service(struct opening *o, struct console *c)
{
	const struct config *config = console_config(c);
	struct choice *items = mem_new(config->n_services + 1, sizeof(*items));
	size_t n = config->n_services;

	for (size_t i = 0; i < n; i++)
		items[i] = (struct choice){
			.letter = i < 9 ? (char)('1' + i) : 0,
			.title = config->services[i].name,
			.help = config->services[i].owner,
			.value = config->services[i].name,
		};
	console_choose(c, _("Which service is it about?"), items, n, service_chosen, o);
	free(items);
}

void runbook_open(struct console *c, const char *file, const char *service,
	const char *alert, bool dry_run)
{
	struct opening *o;

	if (!console_store(c)) {
		console_note(c, ROLE_ERROR,
			_("there is no store: a run could not be journalled"));
		return;
	}
	if (console_at(c) != AT_NOW) {
		console_note(c, ROLE_ERROR, _("this is the past: go back to now to act"));
		return;
	}
	o = mem_new(1, sizeof(*o));
	o->file = mem_strdup(file);
	o->service = mem_strdup(service);
	o->alert = mem_strdup(alert);
	o->dry_run = dry_run;
	if (!service && console_config(c)->n_services && wants_service(file))
		choose_service(o, c);
	else
		open_walk(o, c);
}

/* --- by what is to be undone --- */

static bool applies_to(const struct library_entry *entry, const char *change)
{
	for (size_t i = 0; i < entry->changes.n; i++)
		if (!strcmp(entry->changes.items[i], change))
			return true;
	return false;
}

void runbook_open_for(struct console *c, const char *service, const char *change)
{
	const struct library_query q = {
		.service = service, .changes = &change, .n_changes = 1};
	struct library *l = NULL;
	struct library_match *matches = NULL;
	const struct library_entry *entry = NULL;
	struct err e = ERR_INIT;
	struct arena a;
	size_t n;

	if (library_load(&l, console_config(c), &e)) {
		console_fail(c, &e);
		err_release(&e);
		return;
	}
	arena_init(&a);
	n = library_matching(&matches, &a, l, console_config(c), &q);
	for (size_t i = 0; i < n && !entry; i++)
		if (!matches[i].entry->error && applies_to(matches[i].entry, change))
			entry = matches[i].entry;
	if (entry)
		runbook_open(c, entry->file, service, NULL, false);
	else
		console_note(c, ROLE_ERROR,
			_("no runbook says that it applies to a '%s' change"), change);
	arena_release(&a);
	library_free(l);
}

/* --- a subject as text --- */

static const struct {
	const char *key;
	size_t offset;
} subject_keys[] = {
	{"service ", offsetof(struct subject, service)},
	{"alert ", offsetof(struct subject, alert)},
	{"model ", offsetof(struct subject, model)},
	{"url ", offsetof(struct subject, url)},
};

static const char **subject_member(struct subject *s, size_t i)
{
	return (const char **)((char *)s + subject_keys[i].offset);
}

void subject_format(struct strbuf *out, const struct subject *s)
{
	struct subject copy = *s;

	for (size_t i = 0; i < ARRAY_LEN(subject_keys); i++) {
		const char *value = *subject_member(&copy, i);

		if (value && !strchr(value, '\n'))
			strbuf_addf(out, "%s%s\n", subject_keys[i].key, value);
	}
}

void subject_parse(struct subject *out, const char *text, struct arena *a)
{
	*out = (struct subject){0};
	while (text && *text) {
		size_t n = strcspn(text, "\n");

		for (size_t i = 0; i < ARRAY_LEN(subject_keys); i++) {
			size_t len = strlen(subject_keys[i].key);

			if (n > len && !strncmp(text, subject_keys[i].key, len))
				*subject_member(out, i) =
					arena_strndup(a, text + len, n - len);
		}
		text += n + (text[n] == '\n');
	}
}
