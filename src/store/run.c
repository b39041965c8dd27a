#include "config.h"
#include "store/journal.h"

#include <string.h>

#include "core/i18n.h"
#include "store/inside.h"

#define COLUMNS                                                                      \
	"id, runbook, title, file, sha256, service, context, user, started, ended, " \
	"dry_run,"                                                                   \
	" changing, vars, state"

static const char run_insert[] =
	"INSERT INTO run (" COLUMNS ") VALUES"
	" (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
static const char run_holder[] =
	"SELECT id, coalesce(title, runbook, id), coalesce(user, '?') FROM run"
	" WHERE service = ?1 AND coalesce(context, '') = coalesce(?2, '') AND ended IS "
	"NULL"
	" AND changing = 1 AND dry_run = 0";
static const char run_set_state[] =
	"UPDATE run SET state = ?2, ended = coalesce(?3, ended) WHERE id = ?1";
static const char run_set_vars[] = "UPDATE run SET vars = ?2 WHERE id = ?1";
static const char run_by_id[] = "SELECT " COLUMNS " FROM run WHERE id = ?1";
static const char run_page[] = "SELECT " COLUMNS " FROM run WHERE started <= ?1"
			       " AND (NOT ?2 OR ended IS NULL OR ended > ?1) ORDER BY "
			       "started DESC, id DESC LIMIT ?3";

/* A past moment knows nothing of the end that came after it. */
static void read_run(struct run_row *out, sqlite3_stmt *s, struct arena *a, int64_t at)
{
	*out = (struct run_row){
		.id = db_text(a, s, 0),
		.runbook = db_text(a, s, 1),
		.title = db_text(a, s, 2),
		.file = db_text(a, s, 3),
		.sha256 = db_text(a, s, 4),
		.service = db_text(a, s, 5),
		.context = db_text(a, s, 6),
		.user = db_text(a, s, 7),
		.started = db_col(s, 8),
		.ended = db_col(s, 9),
		.dry_run = db_col(s, 10) == 1,
		.changing = db_col(s, 11) == 1,
		.vars = db_text(a, s, 12),
		.state = db_text(a, s, 13),
	};
	if (out->ended != NONE_INT && out->ended > at) {
		out->ended = NONE_INT;
		out->state = "running";
	}
}

/* Says who is in the way; *held stays false when nobody is. */
static int check_holder(
	struct store *st, const struct run_row *run, bool *held, struct err *e)
{
	struct db *db = &st->record;
	sqlite3_stmt *s = db_query(db, run_holder, e, "tt", run->service, run->context);
	int r = s ? db_step(db, s, e) : -1;

	*held = r > 0;
	if (r <= 0)
		return r;
	err_set(e, ERR_CONFLICT, _("%s is already changing the service '%s' with '%s'"),
		db_text(NULL, s, 2), run->service, db_text(NULL, s, 1));
	err_where(e, _("run %s"), db_text(NULL, s, 0));
	db_done(s);
	return err_hint(e, _("Join that run, or let its holder end it first"));
}

static int create(struct store *st, void *ctx, struct err *e)
{
	const struct run_row *r = ctx;
	bool held;

	if (r->changing && !r->dry_run && r->service && check_holder(st, r, &held, e) < 0)
		return -1;
	return db_run(&st->record, run_insert, e, "ttttttttiiiitt", r->id, r->runbook,
		r->title, r->file, r->sha256, r->service, r->context, r->user, r->started,
		r->ended, (int64_t)r->dry_run, (int64_t)r->changing, r->vars,
		r->state ? r->state : "running");
}

int run_create(struct store *st, const struct run_row *run, struct err *e)
{
	struct run_row copy = *run;

	return record_write(st, TOUCH_RUN, create, &copy, e);
}

int run_update(
	struct store *st, const char *id, const char *state, int64_t ended, struct err *e)
{
	return record_run(st, TOUCH_RUN, run_set_state, e, "tti", id, state, ended);
}

int run_vars(struct store *st, const char *id, const char *vars, struct err *e)
{
	return record_run(st, TOUCH_RUN, run_set_vars, e, "tt", id, vars);
}

int run_list(struct run_list *out, struct arena *a, struct store *st, bool live_only,
	int64_t at, size_t limit, struct err *e)
{
	struct db *db = &st->record;
	sqlite3_stmt *s = db_query(
		db, run_page, e, "iii", at, (int64_t)live_only, (int64_t)limit + 1);
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = (struct run_list){0};
	while (r > 0 && (r = db_step(db, s, e)) > 0) {
		if (out->n >= limit) {
			out->more = true;
			break;
		}
		read_run(arena_push(a, out->items, out->n, cap), s, a, at);
	}
	return db_list_end(s, r, out->n, &out->more, e);
}

int run_find(struct run_row *out, struct arena *a, struct store *st, const char *id,
	struct err *e)
{
	sqlite3_stmt *s = db_query(&st->record, run_by_id, e, "t", id);
	int r = s ? db_step(&st->record, s, e) : -1;

	if (r == 0)
		return err_set(e, ERR_NOT_FOUND, _("there is no run '%s'"), id);
	if (r < 0)
		return -1;
	read_run(out, s, a, AT_NOW);
	db_done(s);
	return 0;
}
