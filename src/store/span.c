#include "config.h"
#include "store/sessions.h"

#include <string.h>

#include "core/i18n.h"
#include "store/payload.h"
#include "store/table.h"

#define COLUMNS                                                                          \
	"source, trace, id, session, parent, kind, name, started, ended, status, error," \
	" agent, model, tool, input_tokens, output_tokens, cached_tokens,"               \
	" reasoning_tokens, cost_usd, first_token_ns, scope, call, score, finish"

static const char span_page[] =
	"SELECT " COLUMNS " FROM span WHERE source = ?1 AND coalesce(session, trace) = ?2"
	" ORDER BY started, id LIMIT ?3";
static const char span_whole[] = "SELECT " COLUMNS ", body FROM span"
				 " LEFT JOIN span_payload ON span_payload.span = span.rid"
				 " WHERE source = ?1 AND trace = ?2 AND id = ?3";
static const char span_body[] = "SELECT span.rid, body FROM span"
				" LEFT JOIN span_payload ON span_payload.span = span.rid"
				" WHERE source = ?1 AND trace = ?2 AND id = ?3";
static const char span_put_body[] =
	"INSERT INTO span_payload (span, body) VALUES (?1, ?2)"
	" ON CONFLICT (span) DO UPDATE SET body = excluded.body";

static const char trace_session[] =
	"SELECT source, coalesce(session, trace) FROM span WHERE trace = ?1 LIMIT 1";

enum { COL_BODY = 24 };

static struct payload *contexts(struct store *st)
{
	if (!st->payload)
		st->payload = payload_new();
	return st->payload;
}

static int unpack(const char *texts[PAYLOAD_TEXTS], struct arena *a, struct store *st,
	sqlite3_stmt *s, int column, struct err *e)
{
	const void *body = sqlite3_column_blob(s, column);

	memset(texts, 0, PAYLOAD_TEXTS * sizeof(*texts));
	if (!body)
		return 0;
	return payload_unpack(
		texts, a, contexts(st), body, (size_t)sqlite3_column_bytes(s, column), e);
}

/* What is new over what is stored; *differs says whether that is anything. */
static void merge(
	const char *stored[PAYLOAD_TEXTS], const struct span *span, bool *differs)
{
	const char *const now[PAYLOAD_TEXTS] = {
		[PAYLOAD_INPUT] = span->input,
		[PAYLOAD_OUTPUT] = span->output,
		[PAYLOAD_ATTRIBUTES] = span->attributes,
	};

	*differs = false;
	for (int i = 0; i < PAYLOAD_TEXTS; i++) {
		if (!now[i] || (stored[i] && strcmp(stored[i], now[i]) == 0))
			continue;
		stored[i] = now[i];
		*differs = true;
	}
}

static int put_payload(
	struct store *st, struct arena *a, const struct span *span, struct err *e)
{
	struct db *db = &st->seen;
	const char *texts[PAYLOAD_TEXTS];
	struct strbuf packed = STRBUF_INIT;
	sqlite3_stmt *s =
		db_query(db, span_body, e, "ttt", span->source, span->trace, span->id);
	int64_t rid;
	bool differs;
	int r;

	if (!s || db_step(db, s, e) <= 0)
		return -1;
	rid = db_col(s, 0);
	r = unpack(texts, a, st, s, 1, e);
	db_done(s);
	if (r < 0)
		return -1;
	merge(texts, span, &differs);
	if (!differs)
		return 0;
	seen_touch(st, TOUCH_SESSION);
	r = payload_pack(&packed, contexts(st), texts, e);
	if (r == 0)
		r = db_run(db, span_put_body, e, "ib", rid, packed.buf, packed.len);
	strbuf_release(&packed);
	return r;
}

static int put(struct store *st, const struct span *span, struct err *e)
{
	struct db *db = &st->seen;
	sqlite3_stmt *s = db_query(db, table_sql(st, REC_SPAN, TABLE_UPSERT), e, "");
	struct arena a;
	int r;

	if (!s)
		return -1;
	table_bind(s, 1, span, record_def(REC_SPAN), 0, true);
	if (db_step(db, s, e) < 0)
		return -1;
	if (db_changes(db))
		seen_touch(st, TOUCH_SESSION);
	if (!span->input && !span->output && !span->attributes)
		return 0;
	arena_init(&a);
	r = put_payload(st, &a, span, e);
	arena_release(&a);
	return r;
}

int span_put(struct store *st, const struct span *span, struct err *e)
{
	if (!span->source || !span->trace || !span->id)
		return err_set(e, ERR_INPUT,
			_("a span without source, trace and id cannot be stored"));
	if (store_begin(st, e) < 0)
		return -1;
	return db_end(&st->seen, put(st, span, e) == 0, e);
}

static void read_span(struct span *out, sqlite3_stmt *s, struct arena *a)
{
	*out = (struct span){0};
	table_read(out, s, 0, record_def(REC_SPAN), a);
}

int span_list(struct span_list *out, struct arena *a, struct store *st,
	const char *source, const char *session, size_t limit, struct err *e)
{
	sqlite3_stmt *s = db_query(
		&st->seen, span_page, e, "tti", source, session, (int64_t)limit + 1);
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = (struct span_list){0};
	while (r > 0 && (r = db_step(&st->seen, s, e)) > 0) {
		if (out->n >= limit) {
			out->more = true;
			break;
		}
		read_span(arena_push(a, out->items, out->n, cap), s, a);
	}
	return db_list_end(s, r, out->n, &out->more, e);
}

int span_find(struct span *out, struct arena *a, struct store *st, const char *source,
	const char *trace, const char *id, struct err *e)
{
	const char *texts[PAYLOAD_TEXTS];
	sqlite3_stmt *s = db_query(&st->seen, span_whole, e, "ttt", source, trace, id);
	int r = s ? db_step(&st->seen, s, e) : -1;

	if (r == 0)
		return err_set(e, ERR_NOT_FOUND,
			_("there is no span '%s' of the trace '%s'"), id, trace);
	if (r < 0)
		return -1;
	read_span(out, s, a);
	r = unpack(texts, a, st, s, COL_BODY, e);
	db_done(s);
	if (r < 0)
		return -1;
	out->input = texts[PAYLOAD_INPUT];
	out->output = texts[PAYLOAD_OUTPUT];
	out->attributes = texts[PAYLOAD_ATTRIBUTES];
	return 0;
}

int session_of_trace(const char **source, const char **session, struct arena *a,
	struct store *st, const char *trace, struct err *e)
{
	sqlite3_stmt *s = db_query(&st->seen, trace_session, e, "t", trace);
	int r = s ? db_step(&st->seen, s, e) : -1;

	if (r == 0)
		return err_set(e, ERR_NOT_FOUND, _("there is no trace '%s'"), trace);
	if (r < 0)
		return -1;
	*source = arena_strdup(a, (const char *)sqlite3_column_text(s, 0));
	*session = arena_strdup(a, (const char *)sqlite3_column_text(s, 1));
	db_done(s);
	return 0;
}
