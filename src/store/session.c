#include "config.h"
#include "store/sessions.h"

#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/text.h"
#include "store/table.h"

/* Looked through between two looks at the clock, when the text filter passes nothing. */
#define ROWS_BETWEEN_LOOKS 256

#define COLUMNS                                                                      \
	"SELECT at, source, id, agent, user, started, ended, traces, spans, errors," \
	" input_tokens, output_tokens, cost_usd, tags, format FROM session "

#define PAGE                                                                      \
	COLUMNS "WHERE (at, source, id) < (?1, ?2, ?3) AND at >= ?4 AND at <= ?5" \
		" AND (?6 IS NULL OR source = ?6)"
#define NEWEST " ORDER BY at DESC, source DESC, id DESC"

enum { BY_AGENT = 1, BY_FAILED = 2 };

/* Each has an index in this very order, so that a page costs what it shows. */
static const char session_page[] = PAGE " AND ?7 IS NULL" NEWEST;
static const char session_page_agent[] = PAGE " AND agent = ?7" NEWEST;
static const char session_page_failed[] = PAGE " AND ?7 IS NULL AND errors > 0" NEWEST;
static const char session_page_agent_failed[] =
	PAGE " AND agent = ?7 AND errors > 0" NEWEST;

static const char *const session_pages[] = {
	[0] = session_page,
	[BY_AGENT] = session_page_agent,
	[BY_FAILED] = session_page_failed,
	[BY_AGENT | BY_FAILED] = session_page_agent_failed,
};

static const char session_by_id[] = COLUMNS "WHERE id = ?1 LIMIT 2";
static const char session_by_prefix[] = COLUMNS "WHERE id >= ?1 AND id < ?2 LIMIT 2";
static const char session_sums[] = "SELECT count(*), count(CASE WHEN errors > 0 THEN 1 "
				   "END), coalesce(sum(cost_usd), 0.0)"
				   " FROM session WHERE at >= ?1 AND at <= ?2";

int session_put(struct store *st, const struct session *s, struct err *e)
{
	struct db *db = &st->seen;
	sqlite3_stmt *stmt;
	int r = -1;

	if (!s->source || !s->id)
		return err_set(e, ERR_INPUT,
			_("a session without source and id cannot be stored"));
	if (store_begin(st, e) < 0)
		return -1;
	stmt = db_query(db, table_sql(st, REC_SESSION, TABLE_UPSERT), e, "i",
		s->started != NONE_INT ? s->started : clock_now());
	if (stmt) {
		table_bind(stmt, 2, s, record_def(REC_SESSION), 0, true);
		r = db_step(db, stmt, e);
	}
	if (r == 0 && db_changes(db))
		seen_touch(st, TOUCH_SESSION);
	return db_end(db, r == 0, e);
}

static bool passes(const struct session *s, const char *text)
{
	return !text || !*text || text_has(s->id, text) ||
		(s->agent && text_has(s->agent, text)) ||
		(s->user && text_has(s->user, text)) ||
		(s->tags && text_has(s->tags, text));
}

/* What a walk over the rows got to. */
struct walk {
	const struct session_query *q;
	struct arena *a;
	size_t cap, seen;
	struct session_place last; /* texts in texts */
	struct arena texts;
};

static void walk_row(struct session_list *out, struct walk *w, sqlite3_stmt *s)
{
	struct session row;

	table_read(&row, s, 1, record_def(REC_SESSION), NULL);
	if (!passes(&row, w->q->text))
		return;
	table_read(&row, s, 1, record_def(REC_SESSION), w->a);
	*arena_push(w->a, out->items, out->n, w->cap) = row;
}

static void walk_note(struct walk *w, sqlite3_stmt *s)
{
	arena_reset(&w->texts);
	w->last.at = db_col(s, 0);
	w->last.source = db_text(&w->texts, s, 1);
	w->last.id = db_text(&w->texts, s, 2);
}

static bool out_of_time(const struct db *db, const struct walk *w)
{
	return db->deadline && w->seen % ROWS_BETWEEN_LOOKS == 0 &&
		clock_mono() > db->deadline;
}

static int walk(struct session_list *out, struct walk *w, struct db *db, sqlite3_stmt *s,
	struct err *e)
{
	int r = s ? 1 : -1;

	while (r > 0 && (r = db_step(db, s, e)) > 0) {
		if (out->n >= w->q->limit || (w->seen && out_of_time(db, w))) {
			out->more = true;
			break;
		}
		walk_row(out, w, s);
		walk_note(w, s);
		w->seen++;
	}
	return db_list_end(s, r, w->seen, &out->more, e);
}

int session_list(struct session_list *out, struct arena *a, struct store *st,
	const struct session_query *q, struct err *e)
{
	struct walk w = {.q = q, .a = a};
	const struct session_place *after = &q->after;
	int which = (q->agent ? BY_AGENT : 0) | (q->failed_only ? BY_FAILED : 0), r;

	*out = (struct session_list){0};
	arena_init(&w.texts);
	r = walk(out, &w, &st->seen,
		db_query(&st->seen, session_pages[which], e, "ittiitt", after->at,
			after->source ? after->source : "", after->id ? after->id : "",
			q->from, q->to, q->source, q->agent),
		e);
	if (r == 0 && out->more) {
		out->next.at = w.last.at;
		out->next.source = arena_strdup(a, w.last.source);
		out->next.id = arena_strdup(a, w.last.id);
	}
	arena_release(&w.texts);
	return r;
}

/* The first row into *out; how many there are (2: or more). */
static int find(struct session *out, struct arena *a, struct db *db, sqlite3_stmt *s,
	struct err *e)
{
	int n = 0, r = s ? 1 : -1;

	while (r > 0 && (r = db_step(db, s, e)) > 0)
		if (!n++)
			table_read(out, s, 1, record_def(REC_SESSION), a);
	return r < 0 ? -1 : n;
}

int session_find(struct session *out, struct arena *a, struct store *st, const char *id,
	struct err *e)
{
	const char *end = db_prefix_end(a, id);
	int n = find(
		out, a, &st->seen, db_query(&st->seen, session_by_id, e, "t", id), e);

	if (n == 0 && end)
		n = find(out, a, &st->seen,
			db_query(&st->seen, session_by_prefix, e, "tt", id, end), e);
	if (n < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_NOT_FOUND, _("there is no session '%s'"), id);
	if (n > 1) {
		err_set(e, ERR_CONFLICT, _("more than one session begins with '%s'"), id);
		return err_hint(e, _("Give more of its id"));
	}
	return 0;
}

int session_stats(struct session_stats *out, struct store *st, int64_t from, int64_t to,
	struct err *e)
{
	sqlite3_stmt *s = db_query(&st->seen, session_sums, e, "ii", from, to);

	if (!s || db_step(&st->seen, s, e) < 0)
		return -1;
	out->count = db_col(s, 0);
	out->failed = db_col(s, 1);
	out->cost_usd = db_real(s, 2);
	db_done(s);
	return 0;
}
