/* connector.c - tocsin connector list, show, check: what there is, and what is wrong with it */
#include "config.h"
#include "cmd/connector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "cmd/say.h"
#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/path.h"
#include "core/text.h"
#include "net/connector_lint.h"

#define AGED_NS (180 * NS_PER_DAY)

/* --- opening --- */

static bool is_file(const char *word)
{
	return strchr(word, '/') || text_has(word, ".yaml") || text_has(word, ".yml");
}

/* All that is wrong with it goes to p; -1 when it cannot be read at all. */
static int read_file(
	struct connector *out, const char *file, struct problems *p, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	int rc = path_read(&text, file, CONNECTOR_MAX_BYTES, e);

	if (!rc)
		(void)connector_parse(out, file, text.buf, text.len, p);
	strbuf_release(&text);
	return rc;
}

int connector_open(struct connector *out, struct cmd *c, const char *word)
{
	struct problems p;
	struct err e = ERR_INIT;
	int code = 0;

	*out = (struct connector){0};
	if (!is_file(word))
		return connector_load(out, &c->config, word, &e) ? cmd_fail(&e) : 0;
	problems_init(&p, word);
	if (read_file(out, word, &p, &e)) {
		code = cmd_fail(&e);
	} else if (p.n) {
		cmd_problems(&p);
		connector_release(out);
		code = EXIT_FINDING;
	}
	problems_release(&p);
	return code;
}

void connector_request_line(struct strbuf *out, const struct connector_request *req)
{
	strbuf_addf(out, "%s %s", http_method_name(req->method), req->path);
}

/* --- how it was checked --- */

enum trust { TRUST_DOCUMENTED, TRUST_LIVE, TRUST_AGED };

static const char *const trust_names[] = {"documented", "live", "aged"};

static enum trust trust_of(const struct connector *c, int64_t now)
{
	struct err ignored = ERR_INIT;
	int64_t on;

	if (!c->verified_on)
		return TRUST_DOCUMENTED;
	if (time_parse(&on, c->verified_on, &ignored)) {
		err_release(&ignored);
		return TRUST_AGED;
	}
	return now - on > AGED_NS ? TRUST_AGED : TRUST_LIVE;
}

void connector_trust(struct strbuf *out, const struct connector *c, int64_t now)
{
	switch (trust_of(c, now)) {
	case TRUST_DOCUMENTED: strbuf_adds(out, _("documented")); break;
	case TRUST_AGED:
		strbuf_addf(out, _("aged: %s, %s"), c->verified_on, c->verified_version);
		break;
	case TRUST_LIVE:
		strbuf_addf(out, "%s, %s", c->verified_on, c->verified_version);
		break;
	}
}

void connector_verified_json(struct json *to, const struct connector *c, int64_t now)
{
	struct json *j = json_add_object(to, "verified");

	json_add_text(j, "state", trust_names[trust_of(c, now)]);
	json_add_text(j, "on", c->verified_on);
	json_add_text(j, "version", c->verified_version);
	json_add_text(j, "by", c->verified_by);
}

/* --- list --- */

struct names {
	char **items; /* owned, and the strings */
	size_t n, cap;
};

static bool name_take(struct names *to, const char *file)
{
	char *name = mem_strndup(file, strlen(file) - 5);

	for (size_t i = 0; i < to->n; i++)
		if (!strcmp(to->items[i], name)) {
			free(name);
			return false;
		}
	mem_grow((void **)&to->items, to->n, &to->cap, sizeof(*to->items));
	to->items[to->n++] = name;
	return true;
}

static int names_add(struct names *to, const char *dir, struct err *e)
{
	char **files = NULL;
	size_t n = 0;

	if (path_list(&files, &n, dir, ".yaml", e))
		return -1;
	for (size_t i = 0; i < n; i++)
		(void)name_take(to, files[i]);
	path_list_free(files, n);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* In the order in which connector_load() looks; the first of a name wins there too. */
static int names_find(struct names *to, const struct config *c, struct err *e)
{
	char *own = path_config("connectors"), *shipped = path_data("connectors", NULL);
	int rc = names_add(to, own, e);

	for (size_t i = 0; !rc && i < c->connectors.n; i++)
		rc = names_add(to, c->connectors.items[i], e);
	if (!rc)
		rc = names_add(to, shipped, e);
	if (to->n)
		qsort(to->items, to->n, sizeof(*to->items), by_name);
	free(own);
	free(shipped);
	return rc;
}

static void names_release(struct names *n)
{
	for (size_t i = 0; i < n->n; i++)
		free(n->items[i]);
	free(n->items);
}

static void kinds_of(struct strbuf *out, const struct connector *c)
{
	for (size_t i = 0; i < c->n_reads; i++) {
		const char *title = _(record_def(c->reads[i].emits)->title);

		if (!strstr(out->buf, title))
			strbuf_addf(out, "%s%s", out->len ? ", " : "", title);
	}
}

static void list_row(struct cmd_table *t, const char *name, const struct connector *c,
	const struct err *e)
{
	struct strbuf trust = STRBUF_INIT, reads = STRBUF_INIT, actions = STRBUF_INIT;

	if (!e->code) {
		connector_trust(&trust, c, clock_now());
		kinds_of(&reads, c);
		strbuf_addf(&actions, "%zu", c->n_actions);
	}
	cmd_table_cell(t, name);
	cmd_table_cell(t, e->code ? _("broken") : trust.buf);
	cmd_table_cell(t, actions.len ? actions.buf : NULL);
	cmd_table_cell(t, e->code ? e->what : reads.buf);
	strbuf_release(&trust);
	strbuf_release(&reads);
	strbuf_release(&actions);
}

static void abilities_json(struct json *to, const struct connector *c)
{
	struct json *reads = json_add_array(to, "reads"),
		    *actions = json_add_array(to, "actions");

	for (size_t i = 0; i < c->n_reads; i++)
		json_add_text(reads, NULL, c->reads[i].name);
	for (size_t i = 0; i < c->n_actions; i++)
		json_add_text(actions, NULL, c->actions[i].name);
}

static void list_element(struct json *list, const char *name, const struct connector *c,
	const struct err *e)
{
	struct json *j = json_add_object(list, NULL);

	json_add_text(j, "name", name);
	json_add_text(j, "title", c->title);
	json_add_text(j, "speaks", c->speaks);
	json_add_text(j, "file", e->code ? e->where : c->file);
	connector_verified_json(j, c, clock_now());
	abilities_json(j, c);
	json_add_text(j, "error", e->what);
}

/* One that cannot be parsed is named, and does not stop the others. */
static bool list_one(
	struct cmd *cmd, const char *name, struct cmd_table *t, struct json *list)
{
	struct connector c = {0};
	struct err e = ERR_INIT;
	bool broken = connector_load(&c, &cmd->config, name, &e) != 0;

	if (t)
		list_row(t, name, &c, &e);
	else
		list_element(list, name, &c, &e);
	if (broken && t) {
		char *text = err_text(&e);

		fprintf(stderr, "tocsin: %s\n", text);
		free(text);
	}
	connector_release(&c);
	err_release(&e);
	return broken;
}

int cmd_connector_list(struct cmd *c)
{
	const char *const headings[] = {
		_("CONNECTOR"),
		_("VERIFIED"),
		_("ACTIONS"),
		_("READS"),
		NULL
	};
	struct json *doc = json_object(), *list = NULL;
	struct cmd_table *t = NULL;
	struct names names = {0};
	struct err e = ERR_INIT;
	int code = EXIT_FINE;

	if (names_find(&names, &c->config, &e)) {
		names_release(&names);
		json_free(doc);
		return cmd_fail(&e);
	}
	json_add_text(doc, "schema", "tocsin.connectors/1");
	list = json_add_array(doc, "connectors");
	if (!c->json)
		t = cmd_table_new("llrl", headings);
	for (size_t i = 0; i < names.n; i++)
		if (list_one(c, names.items[i], t, list))
			code = EXIT_FINDING;
	if (t)
		cmd_table_print(t);
	if (c->json && cmd_print_json(doc))
		code = EXIT_INTERNAL;
	else if (!c->json)
		json_free(doc);
	names_release(&names);
	return code;
}

/* --- check --- */

static void problem_json(struct json *list, const struct problem *p, const char *file)
{
	struct json *j = json_add_object(list, NULL);

	json_add_text(j, "file", p->file ? p->file : file);
	json_add_int(j, "line", p->line);
	json_add_int(j, "column", p->column);
	json_add_text(j, "message", p->message);
	json_add_text(j, "hint", p->hint);
}

static int check_json(const struct problems *p, const struct connector *c,
	const char *file, size_t programs)
{
	struct json *doc = json_object(), *list;

	json_add_text(doc, "schema", "tocsin.connector-check/1");
	json_add_text(doc, "file", file);
	json_add_text(doc, "connector", c->name);
	json_add_int(doc, "reads", (int64_t)c->n_reads);
	json_add_int(doc, "actions", (int64_t)c->n_actions);
	json_add_int(doc, "programs", (int64_t)programs);
	list = json_add_array(doc, "problems");
	for (size_t i = 0; i < p->n; i++)
		problem_json(list, &p->items[i], file);
	return cmd_print_json(doc) ? EXIT_INTERNAL : 0;
}

static void check_say(const struct problems *p, const struct connector *c,
	const char *file, size_t programs)
{
	cmd_problems(p);
	if (p->n)
		return;
	say(_("%s: nothing is wrong with it (reads: %zu, actions: %zu, programs: %zu)\n"),
		file, c->n_reads, c->n_actions, programs);
	for (size_t i = 0; i < c->n_actions; i++)
		if (!c->actions[i].verify.request.path)
			say(_("%s:%d: note: the action '%s' reads nothing back "
			      "(verify)\n"),
				file, c->actions[i].line, c->actions[i].name);
}

int cmd_connector_check(struct cmd *c)
{
	struct connector connector = {0};
	struct problems p;
	struct err e = ERR_INIT;
	size_t programs = 0;
	int code = EXIT_FINE;

	if (c->n_operands != 1)
		return cmd_usage(c, _("one file is wanted"));
	problems_init(&p, c->operands[0]);
	if (read_file(&connector, c->operands[0], &p, &e)) {
		problems_release(&p);
		return cmd_fail(&e);
	}
	if (!p.n)
		programs = connector_lint(&connector, &p);
	if (p.n)
		code = EXIT_FINDING;
	if (c->json && check_json(&p, &connector, c->operands[0], programs))
		code = EXIT_INTERNAL;
	else if (!c->json)
		check_say(&p, &connector, c->operands[0], programs);
	connector_release(&connector);
	problems_release(&p);
	return code;
}
