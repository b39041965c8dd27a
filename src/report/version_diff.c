#include "config.h"
#include "report/version_diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/duration.h"
#include "core/i18n.h"
#include "core/json.h"
#include "core/strbuf.h"
#include "report/models.h"
#include "store/observe.h"

#define FOUND_MAX 50
#define NAMED_MAX 8 /* versions that a hint names */

static const struct {
	const char *name, *title;
} parts[DIFF_PARTS] =
	{
		[DIFF_NONE] = {"", ""},
		[DIFF_METRIC] = {"metric", N_("metric")},
		[DIFF_PARAM] = {"param", N_("parameter")},
		[DIFF_TAG] = {"tag", N_("tag")},
		[DIFF_FIELD] = {"field", N_("field")},
},
  states[DIFF_STATES] = {
	  [DIFF_UNSET] = {"", ""},
	  [DIFF_SAME] = {"same", N_("same")},
	  [DIFF_MOVED] = {"changed", N_("changed")},
	  /* TRANSLATORS: of two versions only the second has it */
	  [DIFF_ADDED] = {"added", N_("added")},
	  /* TRANSLATORS: of two versions only the first has it */
	  [DIFF_GONE] = {"removed", N_("removed")},
	  [DIFF_UNKNOWN] = {"unknown", N_("unknown")},
};

const char *diff_part_name(enum diff_part p)
{
	return parts[p].name;
}

const char *diff_part_title(enum diff_part p)
{
	return parts[p].title;
}

const char *diff_state_name(enum diff_state s)
{
	return states[s].name;
}

const char *diff_state_title(enum diff_state s)
{
	return states[s].title;
}

/* --- comparing --- */

struct work {
	struct version_diff *out;
	struct arena *a;
	size_t cap;
};

static double number_of(const char *text)
{
	char *end;
	double v;

	if (!text || !*text)
		return NAN;
	v = strtod(text, &end);
	return *end || !isfinite(v) ? NAN : v;
}

static void count(struct version_diff *d, enum diff_state s)
{
	d->n_unknown += s == DIFF_UNKNOWN;
	d->n_different += s == DIFF_MOVED || s == DIFF_ADDED || s == DIFF_GONE;
}

/* The two say something, at least one of them. */
static void add(struct work *w, enum diff_part part, const char *name, const char *a,
	const char *b, enum diff_state state)
{
	struct diff_row *row = arena_push(w->a, w->out->items, w->out->n, w->cap);

	*row = (struct diff_row){.part = part,
		.name = name,
		.a = a,
		.b = b,
		.state = state,
		.delta = NAN,
		.percent = NAN};
	count(w->out, state);
}

static void compare(struct work *w, enum diff_part part, const char *name, const char *a,
	const char *b, bool numbers)
{
	double x = numbers ? number_of(a) : NAN, y = numbers ? number_of(b) : NAN;
	bool same = !strcmp(a, b) || x == y;
	struct diff_row *row;

	add(w, part, name, a, b, same ? DIFF_SAME : DIFF_MOVED);
	row = &w->out->items[w->out->n - 1];
	if (isnan(x) || isnan(y))
		return;
	row->delta = y - x;
	if (x > 0 || x < 0)
		row->percent = (y - x) / fabs(x) * 100;
}

/* --- objects: metrics, parameters, tags --- */

struct entry {
	const char *name, *value;
};

struct entries {
	struct entry *items;
	size_t n;
	bool known;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static const char *value_text(struct arena *a, const struct json *v)
{
	struct strbuf sb = STRBUF_INIT;
	const char *text = json_text(v), *out;

	if (text)
		return arena_strdup(a, text);
	json_canonical(&sb, v);
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return out;
}

static struct entries read_entries(struct arena *a, const char *text)
{
	struct entries out = {0};
	struct err ignored = ERR_INIT;
	struct json *j = NULL;

	if (text && !json_parse(&j, text, strlen(text), &ignored) &&
		json_type(j) == JSON_OBJECT) {
		out.known = true;
		out.items = arena_alloc(a, json_count(j) + 1, sizeof(*out.items));
		json_each (v, j)
			if (json_type(v) != JSON_NULL)
				out.items[out.n++] = (struct entry){
					arena_strdup(a, json_key(v)), value_text(a, v)};
		if (out.n)
			qsort(out.items, out.n, sizeof(*out.items), by_name);
	}
	err_release(&ignored);
	json_free(j);
	return out;
}

static void compare_entries(
	struct work *w, enum diff_part part, const char *from, const char *to)
{
	struct entries a = read_entries(w->a, from), b = read_entries(w->a, to);
	size_t i = 0, k = 0;

	if (!a.known && !b.known) {
		add(w, part, NULL, NULL, NULL, DIFF_UNKNOWN);
		return;
	}
	while (i < a.n || k < b.n) {
		int order = i == a.n ? 1
			: k == b.n   ? -1
				     : by_name(&a.items[i], &b.items[k]);

		if (order == 0)
			compare(w, part, a.items[i].name, a.items[i].value,
				b.items[k].value, part != DIFF_TAG);
		else if (order < 0)
			add(w, part, a.items[i].name, a.items[i].value, NULL,
				b.known ? DIFF_GONE : DIFF_UNKNOWN);
		else
			add(w, part, b.items[k].name, NULL, b.items[k].value,
				a.known ? DIFF_ADDED : DIFF_UNKNOWN);
		i += order <= 0;
		k += order >= 0;
	}
}

/* --- the version's own fields --- */

static const char *int_text(struct arena *a, int64_t v)
{
	return v == NONE_INT ? NULL : arena_format(a, "%lld", (long long)v);
}

static const char *time_text(struct arena *a, int64_t at)
{
	struct strbuf sb = STRBUF_INIT;
	const char *out = NULL;

	if (at == NONE_INT)
		return NULL;
	time_format(&sb, at);
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return out;
}

/* "sha256:..." and "md5:..." of one content are not one text: nothing can be told. */
static bool other_kind(const char *a, const char *b)
{
	const char *x = strchr(a, ':'), *y = strchr(b, ':');

	if (!x || !y)
		return x != y;
	return x - a != y - b || strncmp(a, b, (size_t)(x - a)) != 0;
}

static void compare_field(struct work *w, const char *name, const char *a, const char *b)
{
	if (!a || !b || (!strcmp(name, "digest") && other_kind(a, b)))
		add(w, DIFF_FIELD, name, a, b, DIFF_UNKNOWN);
	else
		compare(w, DIFF_FIELD, name, a, b, !strcmp(name, "size"));
}

void version_diff(struct version_diff *out, struct arena *a,
	const struct model_version *from, const struct model_version *to)
{
	struct work w = {.out = out, .a = a};

	*out = (struct version_diff){.a = from, .b = to};
	compare_entries(&w, DIFF_METRIC, from->metrics, to->metrics);
	compare_entries(&w, DIFF_PARAM, from->params, to->params);
	compare_entries(&w, DIFF_TAG, from->tags, to->tags);
	compare_field(&w, "digest", from->digest, to->digest);
	compare_field(&w, "size", int_text(a, from->size), int_text(a, to->size));
	compare_field(&w, "lineage", from->lineage, to->lineage);
	compare_field(&w, "run", from->run, to->run);
	compare_field(&w, "stage", from->stage, to->stage);
	compare_field(&w, "status", from->status, to->status);
	/* Where the registry names them with the version; elsewhere they are pointers. */
	if (from->aliases || to->aliases)
		compare_field(&w, "aliases", from->aliases, to->aliases);
	compare_field(&w, "author", from->author, to->author);
	compare_field(
		&w, "created", time_text(a, from->created), time_text(a, to->created));
	compare_field(&w, "note", from->note, to->note);
}

/* --- finding --- */

struct find {
	struct arena *a;
	struct store *st;
	const char *source, *model, *rest;
	int64_t at;
};

static int sources_differ(
	const struct find *f, const char *a, const char *b, struct err *e)
{
	if (!strcmp(a, b))
		return 0;
	err_set(e, ERR_INPUT, _("the model '%s' is in the source '%s' and in '%s'"),
		f->model, a, b);
	return err_hint(e, _("say which one is meant with --source"));
}

static int not_found(const struct find *f, bool alias, struct err *e)
{
	struct observed_list list;
	struct strbuf names = STRBUF_INIT;
	size_t n = 0;

	if (versions_observed(
		    &list, f->a, f->st, f->source, f->model, NULL, f->at, FOUND_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n && n < NAMED_MAX; i++, n++)
		strbuf_addf(&names, "%s%s", n ? ", " : "",
			((const struct model_version *)list.items[i].record)->version);
	if (!list.n)
		err_set(e, ERR_NOT_FOUND, _("no source has a model '%s'"), f->model);
	else if (alias)
		err_set(e, ERR_NOT_FOUND, _("the model '%s' has no alias '%s'"), f->model,
			f->rest);
	else
		err_set(e, ERR_NOT_FOUND, _("the model '%s' has no version '%s'"),
			f->model, f->rest);
	if (!list.n)
		err_hint(e, _("'tocsin models list' names those that there are"));
	else
		err_hint(e, _("there are these versions: %s"), names.buf);
	strbuf_release(&names);
	return -1;
}

static int find_version(const struct model_version **out, const struct find *f,
	const char *version, struct err *e)
{
	struct observed_list list;

	*out = NULL;
	if (versions_observed(&list, f->a, f->st, f->source, f->model, version, f->at,
		    FOUND_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct model_version *v = list.items[i].record;

		if (*out && sources_differ(f, (*out)->source, v->source, e))
			return -1;
		*out = v;
	}
	return *out ? 0 : not_found(f, false, e);
}

static int find_alias(
	const struct model_version **out, const struct find *f, struct err *e)
{
	const struct pointer *found = NULL;
	struct observed_list list;
	struct find there = *f;

	if (observed_of(&list, f->a, f->st, REC_POINTER, f->source, f->model, f->rest,
		    f->at, FOUND_MAX, e))
		return -1;
	for (size_t i = 0; i < list.n; i++) {
		const struct pointer *p = list.items[i].record;

		if (found && sources_differ(f, found->source, p->source, e))
			return -1;
		found = p;
	}
	if (!found)
		return not_found(f, true, e);
	if (!found->version)
		return err_set(e, ERR_NOT_FOUND,
			_("'%s' of the model '%s' names no version"), f->rest, f->model);
	there.source = found->source;
	there.rest = found->version;
	return find_version(out, &there, found->version, e);
}

int version_find(const struct model_version **out, struct arena *a, struct store *st,
	const char *source, const char *text, int64_t at, struct err *e)
{
	const char *cut = strrchr(text, '@');
	bool alias = !cut;
	struct find f = {.a = a, .st = st, .source = source, .at = at};

	if (!cut)
		cut = strrchr(text, ':');
	if (!cut || cut == text || !cut[1]) {
		err_set(e, ERR_INPUT, _("'%s' names no version of a model"), text);
		return err_hint(e, _("write MODEL@VERSION or MODEL:ALIAS"));
	}
	f.model = arena_strndup(a, text, (size_t)(cut - text));
	f.rest = cut + 1;
	return alias ? find_alias(out, &f, e) : find_version(out, &f, f.rest, e);
}
