#include "config.h"
#include "net/read_fetch.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"

void read_seen_keep(struct read_seen *s, size_t records)
{
	s->known = s->has_latest;
	s->answer = s->latest;
	s->records = records;
	s->has_latest = false;
}

static void read_free(struct read *r)
{
	while (r->fetches)
		fetch_free(r->fetches);
	json_free(r->values);
	free(r->part);
	free(r->taken);
	free(r->running);
	free(r->dropped_why);
	free(r->incomplete);
	err_release(&r->first);
	free(r);
}

void read_finish(struct read *r, const struct err *e)
{
	while (r->fetches)
		fetch_free(r->fetches);
	r->result.dropped_why = r->dropped_why;
	/* Items that all failed are no part of an answer. */
	if (!e && r->first.code && (!r->used || !r->result.answers))
		e = &r->first;
	r->result.incomplete = e ? NULL : r->incomplete;
	if (e || r->incomplete || r->result.dropped)
		read_forget_seen(r);
	r->done(r->ctx, &r->result, e);
	read_free(r);
}

void read_cancel(struct read *r)
{
	if (r)
		read_free(r);
}

void read_incomplete(struct read *r, const char *why)
{
	if (!r->incomplete)
		r->incomplete = mem_strdup(why);
}

/* --- what was seen last --- */

void read_forget_seen(struct read *r)
{
	if (r->spec.seen)
		*r->spec.seen = (struct read_seen){0};
}

static bool has_word(const char *text, const char *word)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	size_t n = strlen(word);

	for (const char *s = text; (s = strstr(s, word)); s += n)
		if ((s == text || !strchr(letters, s[-1])) &&
			(!s[n] || !strchr(letters, s[n])))
			return true;
	return false;
}

/* Programs whose outcome hangs on more than the answer have to run. */
static bool depends_on_more(const char *text)
{
	static const char *const words[] = {"now", "since", "object", "headers"};
	bool does = false;

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		does |= has_word(text, words[i]);
	return does;
}

/* The page's end may stand in a header. */
static struct digest digest_of_answer(const struct fetch *f)
{
	const struct connector_page *page = fetch_page(f);
	const char *name = page->kind == PAGE_LINK ? "link" : page->header;
	const char *value = name ? http_answer_header(&f->answer, name) : NULL;

	return digest_of2(f->input.buf, f->input.len, value ? value : "",
		value ? strlen(value) : 0);
}

bool read_is_unchanged(struct read *r, const struct fetch *f)
{
	struct read_seen *s = r->spec.seen;

	if (!s || f->level || r->spec.read->n_stages ||
		depends_on_more(r->spec.read->map.text))
		return false;
	if (f->paging.pages) {
		read_forget_seen(r);
		return false;
	}
	s->latest = digest_of_answer(f);
	s->has_latest = true;
	if (!s->known || memcmp(&s->latest, &s->answer, sizeof(s->answer)) != 0)
		return false;
	r->result.unchanged = true;
	r->result.records = s->records;
	return true;
}

/* --- records --- */

static void drop(struct read *r, const struct json *output, const struct err *e)
{
	const struct jq *map = &r->spec.read->map;
	char *label;

	r->result.dropped++;
	if (r->spec.dropped)
		r->spec.dropped(r->spec.io, output, e);
	if (r->dropped_why)
		return;
	label = request_label(r->spec.connector, r->part, "map", map->line);
	r->dropped_why = mem_format(_("%s: %s"), label, e->what);
	free(label);
}

/* One output of the map program becomes a record, or is counted as dropped. */
static void take_one(struct read *r, const struct json *output, struct arena *a)
{
	enum record_kind kind = r->spec.read->emits;
	struct json *with_source = json_copy(output);
	void *record = record_new(a, kind);
	struct err e = ERR_INIT;

	if (json_type(output) == JSON_OBJECT)
		json_set(with_source, "source", json_copy(json_get(r->values, "source")));
	if (record_from_json(record, kind, with_source, a, NULL, &e)) {
		drop(r, output, &e);
	} else {
		r->result.records++;
		r->fn(r->ctx, kind, record);
	}
	err_release(&e);
	json_free(with_source);
}

void read_take(struct read *r, const struct json *results)
{
	struct arena a;

	arena_init(&a);
	json_each (output, results) {
		take_one(r, output, &a);
		arena_reset(&a);
	}
	arena_release(&a);
}

/* --- the beginning --- */

struct read *read_start(
	const struct read_spec *spec, read_record_fn *fn, read_done_fn *done, void *ctx)
{
	struct read *r = mem_new(1, sizeof(*r));
	size_t levels = spec->read->n_stages + 1;

	r->spec = *spec;
	r->values = json_copy(spec->values);
	r->spec.values = NULL;
	json_set(r->values, "cursor", NULL);
	json_set(r->values, "headers", NULL);
	json_set(r->values, "status", NULL);
	r->part = mem_format(_("read %s"), spec->read->name);
	r->fn = fn;
	r->done = done;
	r->ctx = ctx;
	r->taken = mem_new(levels, sizeof(*r->taken));
	r->running = mem_new(levels, sizeof(*r->running));
	fetch_start(fetch_new(r, NULL, json_copy(r->values)));
	return r;
}

struct json *read_values(const struct connector *c, const struct connector_read *read,
	const struct source_conf *conf, int64_t now, int64_t succeeded,
	const char *object, struct err *e)
{
	struct json *values = json_object();
	int64_t since = succeeded == NONE_INT ? now - read->history_ns
					      : succeeded - read->overlap_ns;

	json_add_text(values, "source", conf->name);
	json_add_time(values, "now", now);
	json_add_time(values, "since", since);
	json_add_text(values, "object", object);
	if (!connector_options(values, c, conf, e))
		return values;
	json_free(values);
	return NULL;
}
