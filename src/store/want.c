#include "config.h"
#include "store/source.h"

#include <string.h>

#include "core/i18n.h"
#include "store/inside.h"

static const char *const want_names[] = {
	[WANT_NONE] = "none",
	[WANT_ASKED] = "asked",
	[WANT_WORKING] = "working",
	[WANT_DONE] = "done",
	[WANT_FAILED] = "failed",
};

#define COLUMNS                                                                          \
	"SELECT id, source, what, object, who, asked, deadline, answered, state, error " \
	"FROM want "

static const char want_by_id[] = COLUMNS "WHERE id = ?1";
static const char want_all_open[] = COLUMNS "WHERE state IN ('asked', 'working') AND "
					    "deadline > ?1 ORDER BY asked, id LIMIT 1000";
static const char want_same[] =
	"SELECT id FROM want WHERE source = ?1 AND what = ?2"
	" AND coalesce(object, '') = coalesce(?3, '') AND state IN ('asked', 'working')";
static const char want_extend[] =
	"UPDATE want SET deadline = max(deadline, ?2) WHERE id = ?1";
static const char want_insert[] =
	"INSERT INTO want (source, what, object, who, asked, deadline, state)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'asked')";
/* An answered one is answered: a late second word does not change it. */
static const char want_set[] = "UPDATE want SET state = ?2, error = ?3, answered = ?4"
			       " WHERE id = ?1 AND state IN ('asked', 'working')";
/* Nobody came: it makes room for being asked again. */
static const char want_expire[] =
	"UPDATE want SET state = 'failed', answered = ?1, error = ?2"
	" WHERE state IN ('asked', 'working') AND deadline <= ?1";

static enum want_state want_state_of(const char *name)
{
	for (size_t s = 0; name && s < ARRAY_LEN(want_names); s++)
		if (strcmp(name, want_names[s]) == 0)
			return (enum want_state)s;
	return WANT_NONE;
}

static void read_want(struct want *w, sqlite3_stmt *s, struct arena *a)
{
	*w = (struct want){
		.id = db_col(s, 0),
		.source = db_text(a, s, 1),
		.what = db_text(a, s, 2),
		.object = db_text(a, s, 3),
		.who = db_text(a, s, 4),
		.asked = db_col(s, 5),
		.deadline = db_col(s, 6),
		.answered = db_col(s, 7),
		.state = want_state_of(db_text(NULL, s, 8)),
		.error = db_text(a, s, 9),
	};
}

static int ask(int64_t *id, struct store *st, const char *source, const char *what,
	const char *object, const char *who, int64_t now, int64_t deadline, struct err *e)
{
	struct db *db = &st->seen;

	if (db_run(db, want_expire, e, "it", now, _("no collector answered in time")) <
			0 ||
		db_int(id, db, NONE_INT, want_same, e, "ttt", source, what, object) < 0)
		return -1;
	if (*id != NONE_INT)
		return db_run(db, want_extend, e, "ii", *id, deadline);
	seen_touch(st, TOUCH_WANT);
	if (db_run(db, want_insert, e, "ttttii", source, what, object, who, now,
		    deadline) < 0)
		return -1;
	*id = sqlite3_last_insert_rowid(db->handle);
	return 0;
}

int want_ask(struct store *st, const char *source, const char *what, const char *object,
	const char *who, int64_t now, int64_t deadline, int64_t *id, struct err *e)
{
	int r;

	if (store_begin(st, e) < 0)
		return -1;
	r = ask(id, st, source, what, object, who, now, deadline, e);
	return db_end(&st->seen, r == 0, e);
}

int want_open(struct want **out, size_t *n, struct arena *a, struct store *st,
	int64_t now, struct err *e)
{
	sqlite3_stmt *s = db_query(&st->seen, want_all_open, e, "i", now);
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = NULL;
	*n = 0;
	while (r > 0 && (r = db_step(&st->seen, s, e)) > 0)
		read_want(arena_push(a, *out, *n, cap), s, a);
	return r;
}

int want_find(
	struct want *out, struct arena *a, struct store *st, int64_t id, struct err *e)
{
	sqlite3_stmt *s = db_query(&st->seen, want_by_id, e, "i", id);
	int r = s ? db_step(&st->seen, s, e) : -1;

	if (r == 0)
		return err_set(e, ERR_NOT_FOUND,
			_("the request %lld is no longer in the store"), (long long)id);
	if (r < 0)
		return -1;
	read_want(out, s, a);
	db_done(s);
	return 0;
}

int want_answer(struct store *st, int64_t id, enum want_state state, const char *error,
	int64_t now, struct err *e)
{
	return seen_run(st, TOUCH_WANT, want_set, e, "itti", id, want_names[state], error,
		state == WANT_WORKING ? NONE_INT : now);
}
