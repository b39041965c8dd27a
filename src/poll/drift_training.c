/* What a model was trained on, against what it is asked: the training file's side. */
#include "config.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/table_file.h"
#include "poll/drift_files.h"

/* One column, as it was read. */
struct column {
	char *file, *name, *stamp; /* owned */
	double *values; /* owned; NULL: categories, or it could not be read */
	size_t n;
	struct table_categories categories;
	char *why; /* owned: it could not be read; NULL */
};

struct drift_training {
	struct column *items; /* owned */
	size_t n, cap;
};

bool drift_file_stamp(struct strbuf *out, const char *file, int64_t *changed)
{
	struct stat st;

	if (stat(file, &st) < 0) {
		strbuf_addf(out, "%s: -\n", file);
		return false;
	}
	*changed = st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
	strbuf_addf(out, "%s: %lld %lld %lld\n", file, (long long)st.st_size,
		(long long)st.st_ino, (long long)*changed);
	return true;
}

static void column_clear(struct column *c)
{
	free(c->values);
	free(c->stamp);
	free(c->why);
	table_categories_release(&c->categories);
	c->values = NULL;
	c->stamp = c->why = NULL;
	c->n = 0;
	c->categories = (struct table_categories){0};
}

void drift_training_free(struct drift_training *t)
{
	for (size_t i = 0; t && i < t->n; i++) {
		column_clear(&t->items[i]);
		free(t->items[i].file);
		free(t->items[i].name);
	}
	free(t ? t->items : NULL);
	free(t);
}

static struct column *column_for(
	struct drift_training *t, const char *file, const char *name)
{
	struct column *c;

	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->items[i].file, file) && !strcmp(t->items[i].name, name))
			return &t->items[i];
	c = mem_push(t->items, t->n, t->cap);
	c->file = mem_strdup(file);
	c->name = mem_strdup(name);
	return c;
}

static int column_read(struct column *c, bool categories, struct err *e)
{
	struct table_file *t = NULL;
	struct stat st;
	ptrdiff_t at;
	int rc;

	if (stat(c->file, &st) == 0 && st.st_size > DRIFT_FILE_MAX_BYTES)
		return err_set(e, ERR_LIMIT, _("'%s' is larger than %d MiB"), c->file,
			(int)(DRIFT_FILE_MAX_BYTES >> 20));
	if (table_open(&t, c->file, e) < 0)
		return -1;
	at = table_column_find(t, c->name);
	if (at < 0)
		rc = err_set(
			e, ERR_NOT_FOUND, _("'%s' has no column '%s'"), c->file, c->name);
	else if (categories)
		rc = table_categories(&c->categories, t, (size_t)at, e);
	else
		rc = table_numbers(&c->values, &c->n, t, (size_t)at, e);
	table_free(t);
	return rc;
}

static void column_renew(struct column *c, bool categories)
{
	struct strbuf stamp = STRBUF_INIT;
	struct err e = ERR_INIT;
	int64_t changed;

	(void)drift_file_stamp(&stamp, c->file, &changed);
	if (!c->stamp || strcmp(c->stamp, stamp.buf) != 0) {
		column_clear(c);
		c->stamp = mem_strdup(stamp.buf);
		if (column_read(c, categories, &e) < 0)
			c->why = mem_strdup(e.what);
	}
	strbuf_release(&stamp);
	err_release(&e);
}

static void categories_side(
	struct drift_side *out, struct arena *a, const struct column *c)
{
	struct drift_category *items =
		arena_alloc(a, c->categories.n + 1, sizeof(*items));

	for (size_t i = 0; i < c->categories.n; i++)
		items[i] = (struct drift_category){c->categories.items[i].label,
			(double)c->categories.items[i].count};
	drift_side_categories(out, a, items, c->categories.n);
}

void drift_training_side(struct drift_side *out, struct drift_training **kept,
	struct arena *a, const struct drift_feature *f, const struct drift_side *current)
{
	bool categories = f->from == DRIFT_FROM_COUNTER || current->labels;
	struct column *c;

	if (!*kept)
		*kept = mem_new(1, sizeof(**kept));
	*out = (struct drift_side){.from = INT64_MIN, .to = INT64_MIN};
	if (!categories && !current->edges)
		return; /* nothing was counted: there is nothing to compare with */
	c = column_for(*kept, f->file, f->column);
	column_renew(c, categories);
	if (c->why)
		out->note = arena_strdup(a, c->why);
	else if (categories)
		categories_side(out, a, c);
	else
		drift_side_values(
			out, a, current->edges, current->n - 1, c->values, c->n);
}
