#include "config.h"
#include "net/connector_lint.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/loop.h"
#include "net/map.h"

struct lint {
	const struct connector *c;
	struct problems *p;
	struct map *map;
	struct json *names; /* owned: what the program at hand may name */
	size_t programs;
};

/* --- one program --- */

/* "... at <top-level>, line 3: ..." as a line of the file; a missing end is seen behind the last. */
static int line_of(const char *said, const struct jq *jq)
{
	const char *at = strstr(said, "<top-level>, line ");
	long line = at ? strtol(at + 18, NULL, 10) : 1, last = 1;

	for (const char *s = jq->text; *s; s++)
		last += *s == '\n' && s[1];
	return jq->line + (int)(line < last ? line : last) - 1;
}

/* jq's words without the shell's affairs and the lines of the program that it repeats. */
static char *words_of(const char *said)
{
	static const char shell[] = " (Unix shell quoting issues?)";
	const char *error = strstr(said, "error: "), *quoting;
	struct strbuf out = STRBUF_INIT;

	said = error ? error + 7 : said;
	strbuf_add(&out, said, strcspn(said, "\n"));
	quoting = strstr(out.buf, shell);
	if (quoting)
		strbuf_remove(&out, (size_t)(quoting - out.buf), sizeof(shell) - 1);
	if (strstr(out.buf, " at <top-level>"))
		strbuf_truncate(
			&out, (size_t)(strstr(out.buf, " at <top-level>") - out.buf));
	return strbuf_detach(&out, NULL);
}

/* Behind a condition that never holds it is compiled, and not run. */
static void check(struct lint *l, const struct jq *jq)
{
	struct map_program program = {.label = "lint"};
	struct json *results = NULL;
	struct err e = ERR_INIT;
	char *text, *words;

	if (!jq->text)
		return;
	text = mem_format("if false then (%s\n) else empty end", jq->text);
	program.text = text;
	l->programs++;
	if (map_run_now(&results, l->map, &program, "null", 4, l->names, &e)) {
		words = words_of(e.what);
		problems_add(l->p, line_of(e.what, jq), 1, _("jq: %s"), words);
		free(words);
	}
	json_free(results);
	err_release(&e);
	free(text);
}

/* --- what may be named --- */

static void name(struct lint *l, const char *variable)
{
	if (variable && !json_get(l->names, variable))
		json_add_null(l->names, variable);
}

static void begin(struct lint *l)
{
	static const char *const always[] = {"source", "now", "since", "object", "cursor",
		"headers", "status", "before", "once"};

	json_free(l->names);
	l->names = json_object();
	for (size_t i = 0; i < ARRAY_LEN(always); i++)
		name(l, always[i]);
	for (size_t i = 0; i < l->c->n_options; i++)
		name(l, l->c->options[i].name);
}

/* --- walking --- */

static void request(struct lint *l, const struct connector_request *req)
{
	if (!req->path)
		return;
	check(l, &req->program);
	check(l, &req->ok);
}

static void page(struct lint *l, const struct connector_page *pg)
{
	check(l, &pg->value);
	check(l, &pg->items);
	check(l, &pg->total);
}

static void one_read(struct lint *l, const struct connector_read *r)
{
	begin(l);
	request(l, &r->request);
	page(l, &r->page);
	for (size_t i = 0; i < r->n_stages; i++) {
		const struct connector_stage *s = &r->stages[i];

		check(l, &s->items);
		name(l, s->as);
		request(l, &s->request);
		page(l, &s->page);
	}
	check(l, &r->map);
}

static void lookups(struct lint *l, const struct connector_lookup *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		request(l, &all[i].request);
		check(l, &all[i].keep);
		name(l, all[i].as);
	}
}

static void follow(struct lint *l, const struct connector_follow *f)
{
	request(l, &f->request);
	name(l, f->as);
	lookups(l, f->lookups, f->n_lookups);
	check(l, &f->until);
	check(l, &f->fails);
	check(l, &f->shows);
	lookups(l, f->causes, f->n_causes);
	check(l, &f->reason);
}

static void one_action(struct lint *l, const struct connector_action *act)
{
	begin(l);
	for (size_t i = 0; i < act->n_params; i++)
		name(l, act->params[i].name);
	for (size_t i = 0; i < act->n_params; i++) {
		request(l, &act->params[i].choices_from);
		check(l, &act->params[i].choices_values);
	}
	lookups(l, act->lookups, act->n_lookups);
	request(l, &act->before);
	check(l, &act->before_value);
	check(l, &act->before_missing);
	for (size_t i = 0; i < act->n_refusals; i++)
		check(l, &act->refusals[i].when);
	check(l, &act->preview);
	request(l, &act->request);
	request(l, &act->copy);
	check(l, &act->dry_json);
	request(l, &act->verify.request);
	check(l, &act->verify.until);
	request(l, &act->effect.request);
	check(l, &act->effect.until);
	follow(l, &act->follow);
}

size_t connector_lint(const struct connector *c, struct problems *p)
{
	struct loop *loop = loop_new();
	struct lint l = {.c = c, .p = p, .map = map_new(loop, NULL)};

	begin(&l);
	check(&l, &c->error);
	check(&l, &c->ok);
	request(&l, &c->probe);
	check(&l, &c->probe_version);
	for (size_t i = 0; i < c->n_reads; i++)
		one_read(&l, &c->reads[i]);
	for (size_t i = 0; i < c->n_actions; i++)
		one_action(&l, &c->actions[i]);
	json_free(l.names);
	map_free(l.map);
	loop_free(loop);
	return l.programs;
}
