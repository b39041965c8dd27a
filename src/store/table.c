#include "config.h"
#include "store/table.h"

#include <string.h>

#include "core/strbuf.h"

_Static_assert((int)TABLE_QUERIES_USED <= (int)TABLE_QUERIES,
	"struct store has too few places for queries");

bool table_has(enum record_kind kind, const struct field *f)
{
	return kind != REC_SPAN ||
		(strcmp(f->name, "input") != 0 && strcmp(f->name, "output") != 0 &&
			strcmp(f->name, "attributes") != 0);
}

/* The source is part of every key. */
static bool wanted(const struct record_def *def, size_t i, unsigned flags)
{
	const struct field *f = &def->fields[i];
	unsigned has = f->flags | (i == 0 ? FIELD_KEY : 0);

	return (has & flags) == flags && table_has(def->kind, f);
}

/* Calls add_one for each column with all of flags, with separators between. */
typedef void field_fn(struct strbuf *out, const struct field *f, int *index);

static void each(struct strbuf *out, const struct record_def *def, unsigned flags,
	int *index, const char *separator, field_fn *add_one)
{
	bool any = false;

	for (size_t i = 0; i < def->n_fields; i++) {
		if (!wanted(def, i, flags))
			continue;
		if (any)
			strbuf_adds(out, separator);
		any = true;
		add_one(out, &def->fields[i], index);
	}
}

static void add_name(struct strbuf *out, const struct field *f, int *index)
{
	(void)index;
	strbuf_addf(out, "\"%s\"", f->name);
}

static void add_mark(struct strbuf *out, const struct field *f, int *index)
{
	(void)f;
	strbuf_addf(out, "?%d", (*index)++);
}

static void add_assignment(struct strbuf *out, const struct field *f, int *index)
{
	strbuf_addf(out, "\"%s\" = ?%d", f->name, (*index)++);
}

static void add_merge(struct strbuf *out, const struct field *f, int *index)
{
	(void)index;
	strbuf_addf(out, "\"%s\" = coalesce(excluded.\"%s\", \"%s\")", f->name, f->name,
		f->name);
}

static void add_differs(struct strbuf *out, const struct field *f, int *index)
{
	(void)index;
	strbuf_addf(out, "coalesce(excluded.\"%s\", \"%s\") IS NOT \"%s\"", f->name,
		f->name, f->name);
}

static void select_rows(struct strbuf *out, const struct record_def *def)
{
	strbuf_adds(out, "SELECT rid, seen_from, seen_to, ");
	each(out, def, 0, NULL, ", ", add_name);
	strbuf_addf(out, " FROM \"%s\" WHERE ", def->name);
}

static void build_find(struct strbuf *out, const struct record_def *def)
{
	int index = 1;

	select_rows(out, def);
	each(out, def, FIELD_KEY, &index, " AND ", add_assignment);
	strbuf_adds(out, " AND seen_to IS NULL");
}

static void build_row(struct strbuf *out, const struct record_def *def)
{
	select_rows(out, def);
	strbuf_adds(out, "rid = ?1");
}

static void build_insert(struct strbuf *out, const struct record_def *def)
{
	int index = 3;

	strbuf_addf(out, "INSERT INTO \"%s\" (seen_from, key, ", def->name);
	each(out, def, 0, NULL, ", ", add_name);
	strbuf_adds(out, ") VALUES (?1, ?2, ");
	each(out, def, 0, &index, ", ", add_mark);
	strbuf_addc(out, ')');
}

static void build_update(struct strbuf *out, const struct record_def *def)
{
	int index = 2;
	const char *separator = "";

	strbuf_addf(out, "UPDATE \"%s\" SET ", def->name);
	for (size_t i = 1; i < def->n_fields; i++) {
		strbuf_adds(out, separator);
		add_assignment(out, &def->fields[i], &index);
		separator = ", ";
	}
	strbuf_adds(out, " WHERE rid = ?1");
}

static void build_close(struct strbuf *out, const struct record_def *def)
{
	strbuf_addf(out, "UPDATE \"%s\" SET seen_to = ?2 WHERE rid = ?1", def->name);
}

static void build_last(struct strbuf *out, const struct record_def *def)
{
	strbuf_addf(out, "SELECT max(seen_to) FROM \"%s\" WHERE source = ?1 AND key = ?2",
		def->name);
}

static void build_open_rids(struct strbuf *out, const struct record_def *def)
{
	strbuf_addf(out, "SELECT rid FROM \"%s\" WHERE source = ?1 AND seen_to IS NULL",
		def->name);
}

static void build_history(struct strbuf *out, const struct record_def *def)
{
	select_rows(out, def);
	strbuf_adds(out,
		"(?1 IS NULL OR source = ?1) AND key = ?2 ORDER BY seen_from DESC, rid "
		"DESC "
		"LIMIT ?3");
}

static void build_trim(struct strbuf *out, const struct record_def *def)
{
	strbuf_addf(out,
		"DELETE FROM \"%s\" WHERE rid IN (SELECT rid FROM \"%s\" AS r WHERE "
		"seen_to <= ?1"
		" AND NOT EXISTS (SELECT 1 FROM pin WHERE pin.kind = '%s'"
		" AND pin.source = r.source AND pin.key = r.key) LIMIT ?2)",
		def->name, def->name, def->name);
}

/* A session's `at` is its first value, and a span has none. */
static void build_upsert(struct strbuf *out, const struct record_def *def)
{
	bool session = def->kind == REC_SESSION;
	int index = session ? 2 : 1;

	strbuf_addf(out, "INSERT INTO \"%s\" (%s", def->name, session ? "at, " : "");
	each(out, def, 0, NULL, ", ", add_name);
	strbuf_addf(out, ") VALUES (%s", session ? "?1, " : "");
	each(out, def, 0, &index, ", ", add_mark);
	strbuf_adds(out, ") ON CONFLICT (");
	each(out, def, FIELD_KEY, NULL, ", ", add_name);
	strbuf_adds(out, ") DO UPDATE SET ");
	if (session)
		strbuf_adds(out, "at = coalesce(excluded.started, started, at), ");
	each(out, def, 0, NULL, ", ", add_merge);
	strbuf_adds(out, " WHERE ");
	each(out, def, 0, NULL, " OR ", add_differs);
}

static void build_list(struct strbuf *out, const struct record_def *def, int filters)
{
	select_rows(out, def);
	if (filters & TABLE_PAST)
		strbuf_adds(out, "seen_from <= ?1 AND (seen_to IS NULL OR seen_to > ?1)");
	else
		/* With a prefix the index on (source, key) is the better one: the + says so. */
		strbuf_addf(out, "?1 IS NOT NULL AND %sseen_to IS NULL",
			filters & TABLE_BY_PREFIX ? "+" : "");
	if (filters & TABLE_BY_SOURCE)
		strbuf_adds(out, " AND source = ?2");
	if (filters & TABLE_BY_PREFIX)
		strbuf_adds(out, " AND key >= ?3 AND key < ?4");
	strbuf_adds(out, " ORDER BY source, ");
	if (filters & (TABLE_PAST | TABLE_BY_PREFIX))
		strbuf_adds(out, "key");
	else
		each(out, def, FIELD_KEY, NULL, ", ", add_name);
	strbuf_adds(out, " LIMIT ?5");
}

/* The name of the n-th key field behind the source. */
static const char *key_name(const struct record_def *def, size_t n)
{
	for (size_t i = 1; i < def->n_fields; i++)
		if (def->fields[i].flags & FIELD_KEY && n-- == 0)
			return def->fields[i].name;
	bug("a %s has no such key field", def->name);
}

/* The range of the key is for the index of what is past; '0' is what follows '/'. */
static void build_of(struct strbuf *out, const struct record_def *def, int filters)
{
	const char *first = key_name(def, 0), *second = key_name(def, 1);

	select_rows(out, def);
	if (filters & TABLE_OF_PAST)
		strbuf_adds(out,
			"seen_from <= ?1 AND (seen_to IS NULL OR seen_to > ?1)"
			" AND key >= ?3 || '/' AND key < ?3 || '0'");
	else
		strbuf_adds(out, "?1 IS NOT NULL AND seen_to IS NULL");
	if (filters & TABLE_BY_SOURCE)
		strbuf_adds(out, " AND source = ?2");
	strbuf_addf(out,
		" AND \"%s\" = ?3 AND (?4 IS NULL OR \"%s\" = ?4)"
		" ORDER BY source, \"%s\", \"%s\" LIMIT ?5",
		first, second, first, second);
}

typedef void build_fn(struct strbuf *out, const struct record_def *def);

static build_fn *const builders[TABLE_LIST] = {
	[TABLE_FIND] = build_find,
	[TABLE_ROW] = build_row,
	[TABLE_INSERT] = build_insert,
	[TABLE_UPDATE] = build_update,
	[TABLE_CLOSE] = build_close,
	[TABLE_LAST] = build_last,
	[TABLE_OPEN_RIDS] = build_open_rids,
	[TABLE_HISTORY] = build_history,
	[TABLE_TRIM] = build_trim,
	[TABLE_UPSERT] = build_upsert,
};

const char *table_sql(struct store *st, enum record_kind kind, int query)
{
	struct strbuf sql = STRBUF_INIT;

	if (!st->sql[kind][query]) {
		if (query < TABLE_LIST)
			builders[query](&sql, record_def(kind));
		else if (query >= TABLE_OF)
			build_of(&sql, record_def(kind), query - TABLE_OF);
		else
			build_list(&sql, record_def(kind), query - TABLE_LIST);
		st->sql[kind][query] = strbuf_detach(&sql, NULL);
	}
	return st->sql[kind][query];
}

int table_bind(sqlite3_stmt *s, int index, const void *record,
	const struct record_def *def, unsigned flags, bool with_source)
{
	for (size_t i = with_source ? 0 : 1; i < def->n_fields; i++) {
		const struct field *f = &def->fields[i];
		const void *at = (const char *)record + f->offset;

		if (!wanted(def, i, flags))
			continue;
		if (f->type == FIELD_TEXT || f->type == FIELD_JSON)
			db_bind_text(s, index++, *(const char *const *)at);
		else if (f->type == FIELD_REAL)
			db_bind_real(s, index++, *(const double *)at);
		else
			db_bind_int(s, index++, *(const int64_t *)at);
	}
	return index;
}

void table_read(void *record, sqlite3_stmt *s, int column, const struct record_def *def,
	struct arena *a)
{
	for (size_t i = 0; i < def->n_fields; i++) {
		const struct field *f = &def->fields[i];
		void *at = (char *)record + f->offset;

		if (!table_has(def->kind, f))
			continue;
		if (f->type == FIELD_TEXT || f->type == FIELD_JSON)
			*(const char **)at = db_text(a, s, column++);
		else if (f->type == FIELD_REAL)
			*(double *)at = db_real(s, column++);
		else
			*(int64_t *)at = db_col(s, column++);
	}
}
