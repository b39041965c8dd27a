#include "config.h"
#include "store/journal.h"

#include <string.h>

#include "store/inside.h"

static const char *const state_names[STEP_STATES] = {
	[STEP_NONE] = "none",
	[STEP_TODO] = "todo",
	[STEP_ASKING] = "asking",
	[STEP_RUNNING] = "running",
	[STEP_OK] = "ok",
	[STEP_FAILED] = "failed",
	[STEP_TIMED_OUT] = "timed-out",
	[STEP_CANCELLED] = "cancelled",
	[STEP_UNKNOWN] = "unknown",
	[STEP_SKIPPED] = "skipped",
	[STEP_UNDONE] = "undone",
};

#define COLUMNS                                                                        \
	"run, n, name, kind, phase, risk, state, attempt, started, ended, exit_code, " \
	"pid,"                                                                         \
	" before_value, after_value, how, note, error"

static const char step_upsert[] =
	"INSERT INTO step (" COLUMNS
	") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
	" ?13, ?14, ?15, ?16, ?17) ON CONFLICT (run, n) DO UPDATE SET name = "
	"excluded.name,"
	" kind = excluded.kind, phase = excluded.phase, risk = excluded.risk,"
	" state = excluded.state, attempt = excluded.attempt, started = excluded.started,"
	" ended = excluded.ended, exit_code = excluded.exit_code, pid = excluded.pid,"
	" before_value = excluded.before_value, after_value = excluded.after_value,"
	" how = excluded.how, note = excluded.note, error = excluded.error";
static const char step_all[] =
	"SELECT " COLUMNS
	", output_bytes FROM step WHERE run = ?1 ORDER BY n LIMIT 10000";
static const char request_insert[] =
	"INSERT INTO step_request (run, n, what, who, at) VALUES (?1, ?2, ?3, ?4, ?5)";
static const char request_newest[] = "SELECT what FROM step_request WHERE run = ?1 AND n "
				     "= ?2 ORDER BY id DESC LIMIT 1";

const char *step_state_name(enum step_state s)
{
	return state_names[s < STEP_STATES ? s : STEP_NONE];
}

static enum step_state state_of(const char *name)
{
	for (int s = STEP_NONE; name && s < STEP_STATES; s++)
		if (strcmp(state_names[s], name) == 0)
			return (enum step_state)s;
	return STEP_UNKNOWN;
}

int step_put(struct store *st, const struct step_row *s, struct err *e)
{
	return record_run(st, TOUCH_RUN, step_upsert, e,
		"tittttt"
		"iiiii"
		"ttttt",
		s->run, s->n, s->name, s->kind, s->phase, s->risk,
		step_state_name(s->state), s->attempt, s->started, s->ended, s->exit_code,
		s->pid, s->before_value, s->after_value, s->how, s->note, s->error);
}

static void read_step(struct step_row *out, sqlite3_stmt *s, struct arena *a)
{
	*out = (struct step_row){
		.run = db_text(a, s, 0),
		.n = db_col(s, 1),
		.name = db_text(a, s, 2),
		.kind = db_text(a, s, 3),
		.phase = db_text(a, s, 4),
		.risk = db_text(a, s, 5),
		.state = state_of(db_text(NULL, s, 6)),
		.attempt = db_col(s, 7),
		.started = db_col(s, 8),
		.ended = db_col(s, 9),
		.exit_code = db_col(s, 10),
		.pid = db_col(s, 11),
		.before_value = db_text(a, s, 12),
		.after_value = db_text(a, s, 13),
		.how = db_text(a, s, 14),
		.note = db_text(a, s, 15),
		.error = db_text(a, s, 16),
		.output_bytes = db_col(s, 17),
	};
}

int step_list(struct step_list *out, struct arena *a, struct store *st, const char *run,
	struct err *e)
{
	sqlite3_stmt *s = db_query(&st->record, step_all, e, "t", run);
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = (struct step_list){0};
	while (r > 0 && (r = db_step(&st->record, s, e)) > 0)
		read_step(arena_push(a, out->items, out->n, cap), s, a);
	return r;
}

int step_request(struct store *st, const char *run, int64_t n, const char *what,
	const char *who, int64_t now, struct err *e)
{
	return record_run(
		st, TOUCH_RUN, request_insert, e, "titti", run, n, what, who, now);
}

int step_requested(
	char **out, struct store *st, const char *run, int64_t n, struct err *e)
{
	sqlite3_stmt *s = db_query(&st->record, request_newest, e, "ti", run, n);
	int r = s ? db_step(&st->record, s, e) : -1;

	*out = NULL;
	if (r <= 0)
		return r;
	*out = mem_strdup(db_text(NULL, s, 0));
	db_done(s);
	return 0;
}
