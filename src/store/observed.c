#include "config.h"
#include "store/observe.h"

#include "core/i18n.h"
#include "store/table.h"

/* The records of a result come in one block: one allocation in place of one each. */
static int read_list(struct observed_list *out, struct arena *a, struct store *st,
	enum record_kind kind, sqlite3_stmt *s, size_t limit, struct err *e)
{
	const struct record_def *def = record_def(kind);
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = (struct observed_list){0};
	while (r > 0 && (r = db_step(&st->seen, s, e)) > 0) {
		struct observed *item;
		void *record;

		if (out->n >= limit) {
			out->more = true;
			break;
		}
		record = record_new(a, kind);
		table_read(record, s, COL_FIELDS, def, a);
		item = arena_push(a, out->items, out->n, cap);
		item->record = record;
		item->since = db_col(s, COL_FROM);
		item->until = db_col(s, COL_TO);
	}
	return db_list_end(s, r, out->n, &out->more, e);
}

static int check_kind(enum record_kind kind, struct err *e)
{
	const struct record_def *def = record_def(kind);

	if (def && def->interval)
		return 0;
	return err_set(e, ERR_INPUT, _("records of the kind '%s' are not kept over time"),
		def ? def->name : "");
}

int observed_at(struct observed_list *out, struct arena *a, struct store *st,
	enum record_kind kind, const char *source, const char *key_prefix, int64_t at,
	size_t limit, struct err *e)
{
	int filters = at == AT_NOW ? 0 : TABLE_PAST;
	const char *end = NULL;

	if (check_kind(kind, e) < 0)
		return -1;
	if (key_prefix && *key_prefix)
		end = db_prefix_end(a, key_prefix);
	filters |= (source ? TABLE_BY_SOURCE : 0) | (end ? TABLE_BY_PREFIX : 0);
	return read_list(out, a, st, kind,
		db_query(&st->seen, table_sql(st, kind, TABLE_LIST + filters), e, "ittti",
			at, source, key_prefix, end, (int64_t)limit + 1),
		limit, e);
}

int observed_of(struct observed_list *out, struct arena *a, struct store *st,
	enum record_kind kind, const char *source, const char *first, const char *second,
	int64_t at, size_t limit, struct err *e)
{
	int filters = (at == AT_NOW ? 0 : TABLE_OF_PAST) | (source ? TABLE_BY_SOURCE : 0);

	if (check_kind(kind, e) < 0)
		return -1;
	return read_list(out, a, st, kind,
		db_query(&st->seen, table_sql(st, kind, TABLE_OF + filters), e, "ittti",
			at, source, first, second, (int64_t)limit + 1),
		limit, e);
}

int observed_history(struct observed_list *out, struct arena *a, struct store *st,
	enum record_kind kind, const char *source, const char *key, size_t limit,
	struct err *e)
{
	if (check_kind(kind, e) < 0)
		return -1;
	return read_list(out, a, st, kind,
		db_query(&st->seen, table_sql(st, kind, TABLE_HISTORY), e, "tti", source,
			key, (int64_t)limit + 1),
		limit, e);
}
