#include "config.h"
#include "core/strbuf.h"
#include "store/inside.h"
#include "store/observe.h"

static const char change_insert[] =
	"INSERT INTO change (at, seen, source, kind, object, field, \"before\", "
	"\"after\", actor,"
	" from_history, service, not_before, gap, weight)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

/* What happened at some time in a gap may have been before ?2. */
#define FILTERS                                                                         \
	"SELECT id, at, seen, source, kind, object, field, \"before\", \"after\", "     \
	"actor,"                                                                        \
	" from_history, service, not_before, gap, weight FROM change WHERE at >= ?1 "   \
	"AND (at <= ?2 OR (gap AND at = seen AND not_before <= ?2)) AND seen <= ?3"     \
	" AND (?4 IS NULL OR source = ?4) AND (?5 IS NULL OR instr(?5, '|' || kind || " \
	"'|')) AND (?7 IS NULL OR service = ?7)"

static const char change_newest[] = FILTERS " ORDER BY at DESC, id DESC LIMIT ?6";
static const char change_of_object[] =
	FILTERS " AND object >= ?8 AND object < ?9 ORDER BY at DESC, id DESC LIMIT ?6";

int change_add(struct store *st, const struct change *c, struct err *e)
{
	return seen_run(st, TOUCH_CHANGE, change_insert, e, "iitttttttitiir", c->at,
		c->seen, c->source, record_def(c->kind)->name, c->object, c->field,
		c->before, c->after, c->actor, (int64_t)c->from_history, c->service,
		c->not_before, (int64_t)c->gap, c->weight);
}

/* "|serving|flag|", or NULL for any. */
static const char *kind_list(struct arena *a, uint32_t kinds)
{
	struct strbuf sb = STRBUF_INIT;
	const char *out;

	if (!kinds)
		return NULL;
	strbuf_addc(&sb, '|');
	for (int kind = REC_NONE + 1; kind < REC_KINDS; kind++)
		if (kinds & KIND_BIT(kind))
			strbuf_addf(&sb, "%s|", record_def(kind)->name);
	out = arena_strdup(a, sb.buf);
	strbuf_release(&sb);
	return out;
}

static void read_change(struct change *c, sqlite3_stmt *s, struct arena *a)
{
	c->id = db_col(s, 0);
	c->at = db_col(s, 1);
	c->seen = db_col(s, 2);
	c->source = db_text(a, s, 3);
	c->kind = record_kind_of(db_text(NULL, s, 4));
	c->object = db_text(a, s, 5);
	c->field = db_text(a, s, 6);
	c->before = db_text(a, s, 7);
	c->after = db_text(a, s, 8);
	c->actor = db_text(a, s, 9);
	c->from_history = db_col(s, 10) == 1;
	c->service = db_text(a, s, 11);
	c->not_before = db_col(s, 12);
	c->gap = db_col(s, 13) == 1;
	c->weight = db_real(s, 14);
}

int change_list(struct change_list *out, struct arena *a, struct store *st,
	const struct change_query *q, struct err *e)
{
	struct db *db = &st->seen;
	const char *kinds = kind_list(a, q->kinds);
	const char *end = q->object && *q->object ? db_prefix_end(a, q->object) : NULL;
	sqlite3_stmt *s = db_query(db, end ? change_of_object : change_newest, e,
		end ? "iiittittt" : "iiittit", q->from, q->to, q->seen_until, q->source,
		kinds, (int64_t)q->limit + 1, q->service, q->object, end);
	int r = s ? 1 : -1;
	size_t cap = 0;

	*out = (struct change_list){0};
	while (r > 0 && (r = db_step(db, s, e)) > 0) {
		if (out->n >= q->limit) {
			out->more = true;
			break;
		}
		read_change(arena_push(a, out->items, out->n, cap), s, a);
	}
	return db_list_end(s, r, out->n, &out->more, e);
}
