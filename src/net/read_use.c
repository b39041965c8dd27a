/* read_use.c - from an answer to records or items, and to the next page */
#include "config.h"
#include "net/read_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"

/* --- items --- */

static const struct connector_stage *stage_below(const struct fetch *f)
{
	return &f->read->spec.read->stages[f->level];
}

static bool has_items(const struct fetch *f)
{
	return f->next_item < f->n_items;
}

static void drop_items(struct fetch *f)
{
	while (has_items(f))
		json_free(f->items[f->next_item++]);
}

static void start_item(struct fetch *f)
{
	struct read *r = f->read;
	struct json *values = json_copy(f->values);

	json_set(values, stage_below(f)->as, f->items[f->next_item]);
	f->items[f->next_item++] = NULL;
	r->running[f->level + 1]++;
	f->running++;
	fetch_start(fetch_new(r, f, values));
}

static void end_page(struct fetch *f);

static void look_over(void *ctx)
{
	struct fetch *f = ctx;

	f->timer = 0;
	end_page(f);
}

/* Its page is still being turned, or it failed: how it goes on is decided there. */
static bool is_undecided(const struct fetch *f)
{
	return f->ticket || f->timer;
}

/* Begin what waits for a place at this level; keep is looked at by the caller. */
static void fill(struct read *r, size_t level, const struct fetch *keep)
{
	for (struct fetch *f = r->fetches; f; f = f->next) {
		if (f->level + 1 != level || !has_items(f) || is_undecided(f))
			continue;
		if (r->stopped) {
			drop_items(f);
			if (!f->running && f != keep)
				f->timer = loop_after(r->spec.loop, 0, look_over, f);
		}
		while (has_items(f) &&
			(int64_t)r->running[level] < stage_below(f)->at_once)
			start_item(f);
	}
}

/* All of this page is done: the next one, or the end. */
static void end_page(struct fetch *f)
{
	if (f->more && !f->read->stopped) {
		f->more = false;
		fetch_start(f);
		return;
	}
	if (f->more)
		read_incomplete(f->read, _("the rest of the pages was not read"));
	fetch_over(f);
}

void fetch_over(struct fetch *f)
{
	struct read *r = f->read;
	struct fetch *parent = f->parent;
	size_t level = f->level;

	if (!parent) {
		read_finish(r, NULL);
		return;
	}
	fetch_free(f);
	r->running[level]--;
	parent->running--;
	fill(r, level, parent);
	if (!parent->running && !has_items(parent))
		end_page(parent);
}

/* --- programs on the answer --- */

static void run(struct fetch *f, const char *text, const struct jq *which,
	const char *key, map_done_fn *fn)
{
	struct read *r = f->read;
	char *label = request_label(r->spec.connector, r->part, key, which->line);
	const struct map_program program = {.text = text, .label = label};

	json_set(f->values, "status", json_new_int(f->answer.status));
	json_set(f->values, "headers",
		strstr(text, "$headers") ? reply_headers(&f->answer) : NULL);
	f->ticket = map_run(
		r->spec.map, &program, f->input.buf, f->input.len, f->values, fn, f);
	free(label);
}

static void program_failed(struct fetch *f, const struct err *e)
{
	f->read->programs_failed++;
	f->answer.status = 0; /* it is not the server's fault */
	fetch_fail(f, e);
}

static void turned(struct fetch *f, const struct json *results)
{
	struct read *r = f->read;
	enum paging_next next = PAGING_END;
	struct err e = ERR_INIT;

	if (paging_next(&next, &f->paging, results, &f->answer, f->request.url, &e))
		read_incomplete(r, e.what);
	if (next == PAGING_CUT)
		read_incomplete(r, _("there are more pages than are read"));
	f->more = next == PAGING_MORE;
	strbuf_release(&f->input);
	err_release(&e);
	if (has_items(f))
		fill(r, f->level + 1, f);
	if (!f->running && !has_items(f))
		end_page(f);
}

static void have_next(void *ctx, const struct json *results, const struct err *e)
{
	struct fetch *f = ctx;

	f->ticket = 0;
	if (e)
		program_failed(f, e);
	else
		turned(f, results);
}

static void turn_page(struct fetch *f)
{
	struct strbuf text = STRBUF_INIT;
	struct jq which = {0};

	if (paging_program(fetch_page(f), &text, &which))
		run(f, text.buf, &which, "page", have_next);
	else
		turned(f, NULL);
	strbuf_release(&text);
}

static void mapped(void *ctx, const struct json *results, const struct err *e)
{
	struct fetch *f = ctx;

	f->ticket = 0;
	if (e) {
		program_failed(f, e);
		return;
	}
	f->read->used = true;
	read_take(f->read, results);
	turn_page(f);
}

static void take_items(struct fetch *f, const struct json *results)
{
	struct read *r = f->read;
	size_t *taken = &r->taken[f->level + 1], n = json_count(results);
	int64_t max = stage_below(f)->max;
	char *why;

	free(f->items);
	f->items = mem_new(n + 1, sizeof(struct json *));
	f->n_items = f->next_item = 0;
	json_each (item, results) {
		if ((int64_t)*taken >= max)
			break;
		f->items[f->n_items++] = json_copy(item);
		++*taken;
	}
	if (f->n_items == n)
		return;
	why = mem_format(
		_("more than %lld items of '%s'"), (long long)max, stage_below(f)->as);
	read_incomplete(r, why);
	free(why);
}

static void have_items(void *ctx, const struct json *results, const struct err *e)
{
	struct fetch *f = ctx;

	f->ticket = 0;
	if (e) {
		program_failed(f, e);
		return;
	}
	f->read->used |= fetch_request(f)->path != NULL;
	take_items(f, results);
	turn_page(f);
}

void fetch_use(struct fetch *f)
{
	const struct connector_read *read = f->read->spec.read;

	if (f->level < read->n_stages) {
		const struct jq *items = &read->stages[f->level].items;

		run(f, items->text, items, "each.items", have_items);
	} else if (read_is_unchanged(f->read, f)) {
		read_finish(f->read, NULL);
	} else {
		run(f, read->map.text, &read->map, "map", mapped);
	}
}
