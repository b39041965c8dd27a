#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "tui/console_state.h"
#include "tui/panes/panes.h"

#define NOTE_NS (6 * NS_PER_S)
#define WANT_NS (60 * NS_PER_S)

/* --- the stack --- */

struct pane *console_front_pane(struct console *c)
{
	return c->stack[c->depth - 1];
}

void console_close_front(struct console *c)
{
	if (c->depth < 2)
		return;
	pane_free(c->stack[--c->depth]);
	c->dirty = true;
}

static struct pane *push(
	struct console *c, const struct pane_ops *ops, const char *argument)
{
	if (c->depth == STACK_MAX)
		console_close_front(c);
	c->stack[c->depth++] = pane_new(c, ops, argument);
	c->dirty = true;
	return console_front_pane(c);
}

struct pane *console_push(
	struct console *c, const struct pane_ops *ops, const char *argument)
{
	return push(c, ops, argument);
}

static void to_root(struct console *c, int index)
{
	while (c->depth > 1)
		console_close_front(c);
	if (!c->roots[index])
		c->roots[index] = pane_new(c, pane_table[index], NULL);
	c->stack[0] = c->roots[index];
	c->depth = 1;
	pane_page_stale(c->stack[0]);
	c->dirty = true;
}

/* To one object of a pane; where it cannot be found, to the pane. */
static bool show(struct console *c, const struct pane_ops *ops, const char *argument)
{
	struct pane *p = push(c, ops, ops->show ? NULL : argument);

	pane_query(p);
	if (ops->show) {
		bool found = ops->show(p, argument) == 0;

		/* It may have gone on to another pane by itself. */
		if (found && console_front_pane(c) == p)
			p->direct = p->in_detail;
		return found;
	}
	if (pane_select(p, argument)) {
		p->direct = true;
		pane_open_detail(p);
		return true;
	}
	console_note(
		c, ROLE_ERROR, _("%s has nothing called '%s'"), _(ops->title), argument);
	return false;
}

bool console_go(struct console *c, const char *name, const char *argument)
{
	for (int i = 0; pane_table[i]; i++) {
		if (strcmp(pane_table[i]->name, name))
			continue;
		if (argument)
			return show(c, pane_table[i], argument);
		if (pane_table[i]->hidden)
			push(c, pane_table[i], NULL);
		else
			to_root(c, i);
		return true;
	}
	console_note(c, ROLE_ERROR, _("there is no pane '%s'"), name);
	return false;
}

/* --- where and when --- */

struct store *console_store(struct console *c)
{
	return c->store;
}

struct loop *console_loop(struct console *c)
{
	return c->loop;
}

const struct config *console_config(const struct console *c)
{
	return c->config;
}

const char *console_config_file(const struct console *c)
{
	return c->config_file;
}

const struct context_conf *console_context(const struct console *c)
{
	return c->context;
}

bool console_has_source(const struct console *c, const char *source)
{
	/* What was imported belongs to no source of the configuration, and to every context. */
	if (!c->context || !config_source(c->config, source))
		return true;
	return context_has_source(c->context, source);
}

int64_t console_at(const struct console *c)
{
	return c->at;
}

int64_t console_now(const struct console *c)
{
	return c->at == AT_NOW ? clock_now() : c->at;
}

bool console_read_only(const struct console *c)
{
	return c->at != AT_NOW || (c->context && c->context->read_only);
}

bool console_plain(const struct console *c)
{
	return c->plain;
}

bool console_utc(const struct console *c)
{
	return c->utc;
}

int console_rows(const struct console *c)
{
	return c->grid.rows;
}

int console_cols(const struct console *c)
{
	return c->grid.cols;
}

const struct theme *console_theme(const struct console *c)
{
	return &c->theme;
}

static void reload_all(struct console *c)
{
	for (size_t i = 0; i < PANES_MAX; i++)
		if (c->roots[i])
			c->roots[i]->dirty = true;
	for (size_t i = 1; i < c->depth; i++)
		c->stack[i]->dirty = true;
	c->situation_dirty = true;
	c->dirty = true;
}

void console_set_at(struct console *c, int64_t at)
{
	c->at = at;
	c->counters_known = false;
	reload_all(c);
}

void console_set_context(struct console *c, const struct context_conf *context)
{
	c->context = context;
	reload_all(c);
	console_note(c, ROLE_NOTE, _("context %s"), context->name);
	if (c->switched)
		c->switched(c->host, context);
}

/* --- ages --- */

const struct source_row *console_source(struct console *c, const char *name)
{
	for (size_t i = 0; name && i < c->situation.n_sources; i++)
		if (!strcmp(c->situation.sources[i]->name, name))
			return c->situation.sources[i];
	return NULL;
}

enum role console_age(struct console *c, struct strbuf *out, int64_t at, bool stale)
{
	int64_t age = at == NONE_INT ? NONE_INT : console_now(c) - at;
	struct strbuf text = STRBUF_INIT;

	if (at == NONE_INT) {
		strbuf_adds(out, _("never"));
		return ROLE_STALE;
	}
	if (age < 0)
		age = 0;
	/* Seconds would change every row every second, over a line that may be slow. */
	if (age >= NS_PER_MIN)
		duration_short(&text, age);
	else if (stale && age >= 15 * NS_PER_S)
		duration_short(&text, age - age % (15 * NS_PER_S));
	else
		strbuf_adds(&text, _("<1m"));
	strbuf_addf(out, stale ? _("stale %s") : "%s", text.buf);
	strbuf_release(&text);
	return stale ? ROLE_STALE : ROLE_DIM;
}

bool console_stale(struct console *c, const char *source)
{
	const struct source_row *row = console_source(c, source);

	return row && source_is_stale(row, console_now(c));
}

enum role console_source_age(struct console *c, struct strbuf *out, const char *source)
{
	const struct source_row *row = console_source(c, source);

	if (!row) {
		strbuf_addc(out, '-');
		return ROLE_DIM;
	}
	return console_age(c, out, row->succeeded, source_is_stale(row, console_now(c)));
}

void console_time(struct console *c, struct strbuf *out, int64_t at)
{
	if (at == NONE_INT)
		strbuf_addc(out, '-');
	else
		time_human(out, at, console_now(c), c->utc);
}

int console_day(struct console *c, struct strbuf *out, int64_t at)
{
	return time_day(out, at, console_now(c), c->utc);
}

void console_moment(struct console *c, struct strbuf *out, int64_t at)
{
	struct strbuf when = STRBUF_INIT, age = STRBUF_INIT;

	console_time(c, &when, at);
	if (at == NONE_INT) {
		strbuf_adds(out, when.buf);
	} else {
		console_age(c, &age, at, false);
		strbuf_addf(out, _("%s, %s ago"), when.buf, age.buf);
	}
	strbuf_release(&when);
	strbuf_release(&age);
}

/* --- words --- */

void console_redraw(struct console *c)
{
	c->dirty = true;
}

void console_reload(struct console *c, struct pane *p)
{
	p->dirty = true;
	c->dirty = true;
}

void console_note(struct console *c, enum role role, const char *fmt, ...)
{
	struct strbuf sb = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&sb, fmt, ap);
	va_end(ap);
	free(c->note);
	c->note = strbuf_detach(&sb, NULL);
	c->note_role = role;
	c->note_until_mono = clock_mono() + NOTE_NS;
	c->dirty = true;
}

void console_fail(struct console *c, const struct err *e)
{
	char *text = err_text(e);

	console_note(c, ROLE_ERROR, "%s", text);
	free(text);
}

int console_want(struct console *c, const char *source, const char *what,
	const char *object, int64_t *id)
{
	struct err e = ERR_INIT;
	int64_t now = clock_now(), ignored;
	const char *who = getlogin();
	int rc = -1;

	if (!c->store)
		console_note(c, ROLE_ERROR, _("there is no store to ask through"));
	else
		rc = want_ask(c->store, source, what, object, who ? who : "?", now,
			now + WANT_NS, id ? id : &ignored, &e);
	if (rc == 0)
		console_note(
			c, ROLE_NOTE, _("asked the collector; the answer appears here"));
	else if (e.code)
		console_fail(c, &e);
	err_release(&e);
	return rc;
}
