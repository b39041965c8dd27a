#include "config.h"
#include "runbook/library.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/i18n.h"
#include "core/path.h"
#include "core/text.h"

#define MAX_RUNBOOKS 1000

struct library {
	struct arena arena; /* owned */
	struct library_entry *items;
	size_t n, cap;
	struct destroy *patterns; /* owned */
};

/* --- directories --- */

/* The folders with runbooks, the engineer's own first; the caller frees each and the array. */
static char **folders(const struct config *c, size_t *n)
{
	size_t configured = c ? c->runbooks.n : 0;
	char **out = mem_new(configured + 3, sizeof(*out));

	*n = 0;
	out[(*n)++] = path_config("runbooks");
	for (size_t i = 0; i < configured; i++)
		out[(*n)++] = mem_strdup(c->runbooks.items[i]);
	out[(*n)++] = path_system("runbooks");
	out[(*n)++] = path_data("runbooks", "");
	return out;
}

static void folders_free(char **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
}

/* --- loading --- */

static bool has_name(const struct library *l, const char *name, size_t n)
{
	for (size_t i = 0; i < l->n; i++)
		if (strlen(l->items[i].name) == n && !strncmp(l->items[i].name, name, n))
			return true;
	return false;
}

static void copy_texts(
	struct yaml_texts *out, const struct yaml_texts *in, struct arena *a)
{
	out->n = in->n;
	out->items = arena_alloc(a, in->n + 1, sizeof(*out->items));
	for (size_t i = 0; i < in->n; i++)
		out->items[i] = arena_strdup(a, in->items[i]);
}

static void fill_entry(struct library *l, struct library_entry *entry)
{
	struct runbook rb;
	struct err e = ERR_INIT;

	if (runbook_read(&rb, entry->file, l->patterns, &e)) {
		entry->error = arena_strdup(&l->arena, e.what);
		entry->title = "";
		err_release(&e);
		return;
	}
	entry->title = arena_strdup(&l->arena, rb.title);
	entry->summary = arena_strdup(&l->arena, rb.summary);
	entry->steps = rb.n_steps;
	entry->problems = rb.problems.n;
	copy_texts(&entry->alerts, &rb.alerts, &l->arena);
	copy_texts(&entry->changes, &rb.changes, &l->arena);
	runbook_release(&rb);
}

static int load_folder(
	struct library *l, const char *folder, bool built_in, struct err *e)
{
	char **names = NULL;
	size_t n = 0;

	if (path_list(&names, &n, folder, ".md", e))
		return -1;
	for (size_t i = 0; i < n && l->n < MAX_RUNBOOKS; i++) {
		size_t len = strlen(names[i]) - strlen(".md");
		struct library_entry *entry;
		char *file;

		if (has_name(l, names[i], len))
			continue;
		entry = arena_push(&l->arena, l->items, l->n, l->cap);
		file = path_join(folder, names[i]);
		entry->name = arena_strndup(&l->arena, names[i], len);
		entry->file = arena_strdup(&l->arena, file);
		entry->built_in = built_in;
		fill_entry(l, entry);
		free(file);
	}
	path_list_free(names, n);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct library_entry *)a)->name,
		((const struct library_entry *)b)->name);
}

int library_load(struct library **out, const struct config *c, struct err *e)
{
	struct library *l = mem_new(1, sizeof(*l));
	struct problems p;
	size_t n;
	char **list = folders(c, &n);
	int rc;

	arena_init(&l->arena);
	problems_init(&p, NULL);
	rc = destroy_load(&l->patterns, &p, e);
	problems_release(&p);
	for (size_t i = 0; !rc && i < n; i++)
		rc = load_folder(l, list[i], i + 1 == n, e);
	folders_free(list, n);
	if (rc) {
		library_free(l);
		return -1;
	}
	if (l->n)
		qsort(l->items, l->n, sizeof(*l->items), by_name);
	*out = l;
	return 0;
}

void library_free(struct library *l)
{
	if (!l)
		return;
	destroy_free(l->patterns);
	arena_release(&l->arena);
	free(l);
}

size_t library_count(const struct library *l)
{
	return l->n;
}

const struct library_entry *library_at(const struct library *l, size_t i)
{
	return i < l->n ? &l->items[i] : NULL;
}

const struct destroy *library_destroy(const struct library *l)
{
	return l->patterns;
}

/* --- finding one --- */

static bool is_path(const char *name)
{
	size_t n = strlen(name);

	return strchr(name, '/') || (n > 3 && !strcmp(name + n - 3, ".md"));
}

static int not_found(const struct config *c, const char *name, struct err *e)
{
	struct library *l = NULL;
	struct err ignored = ERR_INIT;
	const char **names, *near = NULL;

	err_set(e, ERR_NOT_FOUND, _("there is no runbook '%s'"), name);
	if (!library_load(&l, c, &ignored)) {
		names = mem_new(l->n + 1, sizeof(*names));
		for (size_t i = 0; i < l->n; i++)
			names[i] = l->items[i].name;
		near = text_nearest(name, names, l->n);
		if (near)
			err_hint(e, _("did you mean '%s'?"), near);
		else
			err_hint(e, _("tocsin runbook list shows those that there are"));
		free(names);
	}
	library_free(l);
	err_release(&ignored);
	return -1;
}

int library_find(char **file, const struct config *c, const char *name, struct err *e)
{
	size_t n;
	char **list;

	*file = NULL;
	if (is_path(name) && !access(name, F_OK)) {
		*file = path_expand(name, ".");
		return 0;
	}
	list = folders(c, &n);
	for (size_t i = 0; i < n && !*file && !strchr(name, '/'); i++) {
		size_t len = strlen(name);
		bool suffix = len > 3 && !strcmp(name + len - 3, ".md");
		char *base = mem_format("%s%s", name, suffix ? "" : ".md");
		char *path = path_join(list[i], base);

		if (!access(path, F_OK))
			*file = path;
		else
			free(path);
		free(base);
	}
	folders_free(list, n);
	return *file ? 0 : not_found(c, name, e);
}

/* --- what fits --- */

struct matching {
	struct library_match *items;
	size_t n, cap;
	struct arena *a;
};

static bool same_name(const char *a, const char *b)
{
	return strlen(a) == strlen(b) && text_has(a, b);
}

static bool in_texts(const struct yaml_texts *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (same_name(t->items[i], name))
			return true;
	return false;
}

/* Letters and digits alone count, however they are joined: ModelBurn, model-burn, "Model burn". */
static bool same_word(const char *a, size_t n, const char *b)
{
	size_t i = 0;
	bool any = false;

	for (; *b; b++) {
		if (!isalnum((unsigned char)*b))
			continue;
		while (i < n && !isalnum((unsigned char)a[i]))
			i++;
		if (i == n || tolower((unsigned char)a[i]) != tolower((unsigned char)*b))
			return false;
		i++;
		any = true;
	}
	while (i < n && !isalnum((unsigned char)a[i]))
		i++;
	return any && i == n;
}

/* What stands before the file's ending, and says nothing itself. */
static bool is_index(const char *s, size_t n)
{
	return same_word(s, n, "index") || same_word(s, n, "readme");
}

/* The last part of a URL's path, without an ending: what runbook_url names; else its anchor. */
static bool url_names(const char *url, const char *name)
{
	const char *hash = strchr(url, '#'), *end = url + strcspn(url, "?#"), *start,
		   *dot;

	if (hash && same_word(hash + 1, strlen(hash + 1), name))
		return true;
	for (int part = 0; part < 2; part++) {
		while (end > url && end[-1] == '/')
			end--;
		for (start = end; start > url && start[-1] != '/'; start--)
			;
		for (dot = end; dot > start && *dot != '.'; dot--)
			;
		end = dot > start ? dot : end;
		if (!is_index(start, (size_t)(end - start)))
			break;
		end = start;
	}
	return end > start && same_word(start, (size_t)(end - start), name);
}

/* How well it fits: 1 best, 0 not at all; the reason in the arena. */
static int rank(const char **reason, const struct library_entry *entry,
	const struct service_conf *service, const struct library_query *q,
	struct arena *a)
{
	if (q->runbook_url && url_names(q->runbook_url, entry->name)) {
		*reason = _("the alert's annotation names it");
		return 1;
	}
	if (q->runbook_url && entry->title && *entry->title &&
		url_names(q->runbook_url, entry->title)) {
		*reason = _("the alert's annotation names its title");
		return 1;
	}
	for (size_t i = 0; i < q->n_alerts; i++)
		if (in_texts(&entry->alerts, q->alerts[i]) ||
			same_name(entry->name, q->alerts[i])) {
			*reason = arena_format(a, _("for the alert %s"), q->alerts[i]);
			return 2;
		}
	if (service && in_texts(&service->runbooks, entry->name)) {
		*reason = arena_format(a, _("configured for %s"), service->name);
		return 3;
	}
	for (size_t i = 0; i < q->n_changes; i++)
		if (in_texts(&entry->changes, q->changes[i])) {
			*reason = arena_format(
				a, _("for changes of kind %s"), q->changes[i]);
			return 4;
		}
	return 0;
}

static int by_rank(const void *a, const void *b)
{
	const struct library_match *x = a, *y = b;

	return x->rank != y->rank ? x->rank - y->rank
				  : strcmp(x->entry->name, y->entry->name);
}

size_t library_matching(struct library_match **out, struct arena *a,
	const struct library *l, const struct config *c, const struct library_query *q)
{
	const struct service_conf *service =
		c && q->service ? config_service(c, q->service) : NULL;
	struct matching m = {.a = a};

	for (size_t i = 0; i < l->n; i++) {
		const char *reason = NULL;
		int r = rank(&reason, &l->items[i], service, q, a);
		struct library_match *match;

		if (!r)
			continue;
		match = arena_push(a, m.items, m.n, m.cap);
		*match = (struct library_match){
			.entry = &l->items[i], .reason = reason, .rank = r};
	}
	if (m.n)
		qsort(m.items, m.n, sizeof(*m.items), by_rank);
	*out = m.items;
	return m.n;
}
