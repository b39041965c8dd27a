#include "config.h"
#include "store/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "store/objective.h"

/* The columns of a definition, in this order behind objective, seen_from and confirmed. */
enum slo_type {
	SLO_TEXT,
	SLO_INT,
	SLO_REAL,
	SLO_BOOL,
	SLO_SLI_KIND,
	SLO_BUDGETING,
	SLO_CALENDAR_UNIT,
	SLO_TRACES /* as JSON */
};

struct slo_column {
	enum slo_type type;
	size_t offset;
};

/* clang-format off */
static const struct slo_column columns[] = {
	{SLO_TEXT, offsetof(struct slo, title)},
	{SLO_TEXT, offsetof(struct slo, description)},
	{SLO_TEXT, offsetof(struct slo, format)},
	{SLO_TEXT, offsetof(struct slo, file)},
	{SLO_REAL, offsetof(struct slo, objective)},
	{SLO_INT, offsetof(struct slo, window_ns)},
	{SLO_BOOL, offsetof(struct slo, calendar)},
	{SLO_SLI_KIND, offsetof(struct slo, sli.kind)},
	{SLO_BOOL, offsetof(struct slo, sli.selector)},
	{SLO_TEXT, offsetof(struct slo, sli.good)},
	{SLO_TEXT, offsetof(struct slo, sli.bad)},
	{SLO_TEXT, offsetof(struct slo, sli.total)},
	{SLO_TEXT, offsetof(struct slo, sli.raw)},
	{SLO_TEXT, offsetof(struct slo, sli.recorded)},
	{SLO_TEXT, offsetof(struct slo, labels)},
	{SLO_TEXT, offsetof(struct slo, source)},
	{SLO_CALENDAR_UNIT, offsetof(struct slo, calendar_unit)},
	{SLO_INT, offsetof(struct slo, calendar_count)},
	{SLO_TEXT, offsetof(struct slo, calendar_start)},
	{SLO_TEXT, offsetof(struct slo, time_zone)},
	{SLO_BUDGETING, offsetof(struct slo, budgeting)},
	{SLO_REAL, offsetof(struct slo, slice_target)},
	{SLO_INT, offsetof(struct slo, slice_ns)},
	{SLO_REAL, offsetof(struct slo, min_bad)},
	{SLO_TEXT, offsetof(struct slo, sli.recorded_as)},
	{SLO_TEXT, offsetof(struct slo, sli.grouping)},
	{SLO_TRACES, offsetof(struct slo, sli.traces)},
	{SLO_TEXT, offsetof(struct slo, annotations)},
	{SLO_TEXT, offsetof(struct slo, alert_name)},
};
/* clang-format on */

#define NAMES                                                                       \
	"title, description, format, file, target, window_ns, calendar, sli_kind, " \
	"selector,"                                                                 \
	" good, bad, total, raw, recorded, labels, source, calendar_unit, "         \
	"calendar_count,"                                                           \
	" calendar_start, time_zone, budgeting, slice_target, slice_ns, min_bad,"   \
	" recorded_as, grouping, traces, annotations, alert_name"

static const char slo_open_one[] = "SELECT rid, seen_from, " NAMES
				   " FROM slo WHERE objective = ?1 AND seen_to IS NULL";
static const char slo_insert[] =
	"INSERT INTO slo (objective, seen_from, confirmed, " NAMES ") VALUES (?1, ?2, ?2,"
	" ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
	" ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31)";
static const char slo_close[] =
	"UPDATE slo SET seen_to = max(?2, seen_from) WHERE rid = ?1";
static const char slo_confirm[] = "UPDATE slo SET confirmed = ?2 WHERE rid = ?1";
static const char slo_close_others[] =
	"UPDATE slo SET seen_to = max(?3, seen_from)"
	" WHERE seen_to IS NULL AND source IS ?1 AND confirmed < ?2";
static const char slo_alerting_insert[] =
	"INSERT INTO slo_alerting (slo, n, severity, short_ns, long_ns, factor)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
static const char slo_alerting_of[] = "SELECT severity, short_ns, long_ns, factor FROM "
				      "slo_alerting WHERE slo = ?1 ORDER BY n";

#define ALL                                                \
	"SELECT slo.rid, objective, service, name, " NAMES \
	" FROM slo JOIN objective ON objective.id = slo.objective WHERE "

static const char slo_all_now[] =
	ALL "?1 IS NOT NULL AND seen_to IS NULL ORDER BY service, name LIMIT 10000";
static const char slo_all_past[] =
	ALL "seen_from <= ?1 AND (seen_to IS NULL OR seen_to > ?1)"
	    " ORDER BY service, name LIMIT 10000";

static enum sli_kind kind_of(const char *name)
{
	for (int k = SLI_NONE; name && k <= SLI_TRACES; k++)
		if (strcmp(sli_kind_name((enum sli_kind)k), name) == 0)
			return (enum sli_kind)k;
	return SLI_NONE;
}

static enum budgeting budgeting_of(const char *name)
{
	for (int b = BUDGET_EVENTS; name && b <= BUDGET_RATIO_TIMESLICES; b++)
		if (strcmp(budgeting_name((enum budgeting)b), name) == 0)
			return (enum budgeting)b;
	return BUDGET_EVENTS;
}

static enum calendar_unit calendar_unit_of(const char *name)
{
	for (int u = CALENDAR_DAY; name && u <= CALENDAR_YEAR; u++)
		if (strcmp(calendar_unit_name((enum calendar_unit)u), name) == 0)
			return (enum calendar_unit)u;
	return CALENDAR_NONE;
}

/* NULL: the indicator is none over traces. */
static const char *traces_text(struct arena *a, const struct trace_sli *t)
{
	struct strbuf text = STRBUF_INIT;
	struct json *doc;
	const char *kept;

	if (!t->measure)
		return NULL;
	doc = json_object();
	json_add_text(doc, "measure", t->measure);
	json_add_text(doc, "name", t->name);
	json_add_text(doc, "agent", t->agent);
	json_add_text(doc, "op", t->op);
	json_add_real(doc, "limit", t->limit);
	json_format(&text, doc, false);
	kept = arena_strdup(a, text.buf);
	strbuf_release(&text);
	json_free(doc);
	return kept;
}

static void traces_read(struct trace_sli *t, struct arena *a, const char *text)
{
	struct json *doc = NULL;
	struct err e = ERR_INIT;
	double limit;

	*t = (struct trace_sli){0};
	if (!text || json_parse(&doc, text, strlen(text), &e) < 0) {
		err_release(&e);
		return;
	}
	t->measure = arena_strdup(a, json_text_at(doc, "measure"));
	t->name = arena_strdup(a, json_text_at(doc, "name"));
	t->agent = arena_strdup(a, json_text_at(doc, "agent"));
	t->op = arena_strdup(a, json_text_at(doc, "op"));
	limit = json_real(json_get(doc, "limit"));
	t->limit = isnan(limit) ? 0 : limit;
	json_free(doc);
}

/* The texts that are made for it are in the arena: they live until the statement is done. */
static void bind_columns(
	sqlite3_stmt *s, int index, struct arena *a, const struct slo *slo)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++, index++) {
		const void *at = (const char *)slo + columns[i].offset;

		switch (columns[i].type) {
		case SLO_TEXT: db_bind_text(s, index, *(const char *const *)at); break;
		case SLO_INT: db_bind_int(s, index, *(const int64_t *)at); break;
		case SLO_REAL: db_bind_real(s, index, *(const double *)at); break;
		case SLO_BOOL: db_bind_int(s, index, *(const bool *)at); break;
		case SLO_SLI_KIND:
			db_bind_text(s, index, sli_kind_name(*(const enum sli_kind *)at));
			break;
		case SLO_BUDGETING:
			db_bind_text(
				s, index, budgeting_name(*(const enum budgeting *)at));
			break;
		case SLO_CALENDAR_UNIT:
			db_bind_text(s, index,
				calendar_unit_name(*(const enum calendar_unit *)at));
			break;
		case SLO_TRACES: db_bind_text(s, index, traces_text(a, at)); break;
		}
	}
}

static void read_columns(struct slo *slo, sqlite3_stmt *s, int column, struct arena *a)
{
	for (size_t i = 0; i < ARRAY_LEN(columns); i++, column++) {
		void *at = (char *)slo + columns[i].offset;

		switch (columns[i].type) {
		case SLO_TEXT: *(const char **)at = db_text(a, s, column); break;
		case SLO_INT: *(int64_t *)at = db_col(s, column); break;
		case SLO_REAL: *(double *)at = db_real(s, column); break;
		case SLO_BOOL: *(bool *)at = db_col(s, column) == 1; break;
		case SLO_SLI_KIND:
			*(enum sli_kind *)at = kind_of(db_text(NULL, s, column));
			break;
		case SLO_BUDGETING:
			*(enum budgeting *)at = budgeting_of(db_text(NULL, s, column));
			break;
		case SLO_CALENDAR_UNIT:
			*(enum calendar_unit *)at =
				calendar_unit_of(db_text(NULL, s, column));
			break;
		case SLO_TRACES: traces_read(at, a, db_text(NULL, s, column)); break;
		}
	}
}

static bool text_equal(const char *s, const char *t)
{
	return s && t ? strcmp(s, t) == 0 : s == t;
}

static bool real_equal(double x, double y)
{
	return !(x < y) && !(x > y);
}

static bool traces_equal(const struct trace_sli *x, const struct trace_sli *y)
{
	return text_equal(x->measure, y->measure) && text_equal(x->name, y->name) &&
		text_equal(x->agent, y->agent) && text_equal(x->op, y->op) &&
		real_equal(x->limit, y->limit);
}

static bool column_equal(
	const struct slo_column *c, const struct slo *a, const struct slo *b)
{
	const void *x = (const char *)a + c->offset, *y = (const char *)b + c->offset;

	switch (c->type) {
	case SLO_TEXT:
		return text_equal(*(const char *const *)x, *(const char *const *)y);
	case SLO_INT: return *(const int64_t *)x == *(const int64_t *)y;
	case SLO_REAL: return real_equal(*(const double *)x, *(const double *)y);
	case SLO_BOOL: return *(const bool *)x == *(const bool *)y;
	case SLO_SLI_KIND: return *(const enum sli_kind *)x == *(const enum sli_kind *)y;
	case SLO_BUDGETING:
		return *(const enum budgeting *)x == *(const enum budgeting *)y;
	case SLO_CALENDAR_UNIT:
		return *(const enum calendar_unit *)x == *(const enum calendar_unit *)y;
	case SLO_TRACES: return traces_equal(x, y);
	}
	return false;
}

static bool slo_equal(const struct slo *a, const struct slo *b)
{
	if (a->n_alerting != b->n_alerting)
		return false;
	for (size_t i = 0; i < a->n_alerting; i++) {
		const struct burn_alert *x = &a->alerting[i], *y = &b->alerting[i];

		if (x->severity != y->severity || x->short_ns != y->short_ns ||
			x->long_ns != y->long_ns || fabs(x->factor - y->factor) > 0)
			return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(columns); i++)
		if (!column_equal(&columns[i], a, b))
			return false;
	return true;
}

static int read_alerting(
	struct slo *slo, struct arena *a, struct db *db, int64_t rid, struct err *e)
{
	sqlite3_stmt *s = db_query(db, slo_alerting_of, e, "i", rid);
	size_t cap = 0;
	int r = s ? 1 : -1;

	slo->alerting = NULL;
	slo->n_alerting = 0;
	while (r > 0 && (r = db_step(db, s, e)) > 0)
		*arena_push(a, slo->alerting, slo->n_alerting, cap) = (struct burn_alert){
			.severity = severity_of(db_text(NULL, s, 0)),
			.short_ns = db_col(s, 1),
			.long_ns = db_col(s, 2),
			.factor = db_real(s, 3),
		};
	return r;
}

static int insert(struct store *st, struct arena *a, int64_t objective,
	const struct slo *slo, int64_t now, struct err *e)
{
	struct db *db = &st->seen;
	sqlite3_stmt *s = db_query(db, slo_insert, e, "ii", objective, now);
	int64_t rid;
	int r = 0;

	if (!s)
		return -1;
	bind_columns(s, 3, a, slo);
	if (db_step(db, s, e) < 0)
		return -1;
	rid = sqlite3_last_insert_rowid(db->handle);
	for (size_t i = 0; r == 0 && i < slo->n_alerting; i++) {
		const struct burn_alert *b = &slo->alerting[i];

		r = db_run(db, slo_alerting_insert, e, "iitiir", rid, (int64_t)i,
			severity_name(b->severity), b->short_ns, b->long_ns, b->factor);
	}
	return r;
}

/* The definition that holds, into *held; its rid or NONE_INT. */
static int find_held(struct slo *held, int64_t *rid, struct arena *a, struct db *db,
	int64_t objective, struct err *e)
{
	sqlite3_stmt *s = db_query(db, slo_open_one, e, "i", objective);
	int r = s ? db_step(db, s, e) : -1;

	*rid = NONE_INT;
	if (r <= 0)
		return r;
	*rid = db_col(s, 0);
	read_columns(held, s, 2, a);
	db_done(s);
	return read_alerting(held, a, db, *rid, e);
}

static int define(struct store *st, struct arena *a, const struct slo *slo, int64_t now,
	struct err *e)
{
	struct db *db = &st->seen;
	struct slo held = {0};
	int64_t objective, rid;

	if (objective_id(&objective, st, slo->service, slo->name, slo->source, true, e) <
			0 ||
		find_held(&held, &rid, a, db, objective, e) < 0)
		return -1;
	if (rid != NONE_INT && slo_equal(&held, slo))
		return db_run(db, slo_confirm, e, "ii", rid, now);
	seen_touch(st, TOUCH_SLO);
	if (rid != NONE_INT && db_run(db, slo_close, e, "ii", rid, now) < 0)
		return -1;
	return insert(st, a, objective, slo, now, e);
}

int slo_define(struct store *st, const struct slo *slo, int64_t now, struct err *e)
{
	struct arena a;
	int r;

	if (store_begin(st, e) < 0)
		return -1;
	arena_init(&a);
	r = define(st, &a, slo, now, e);
	arena_release(&a);
	return db_end(&st->seen, r == 0, e);
}

int slo_undefine_others(struct store *st, const char *source, int64_t round_began,
	int64_t now, struct err *e)
{
	return seen_run(
		st, TOUCH_SLO, slo_close_others, e, "tii", source, round_began, now);
}

/* --- all of them --- */

struct slo_ids {
	int64_t rid, objective;
};

static int read_all(struct slo_rows *out, struct slo_ids **ids, struct arena *a,
	struct db *db, int64_t at, struct err *e)
{
	sqlite3_stmt *s =
		db_query(db, at == AT_NOW ? slo_all_now : slo_all_past, e, "i", at);
	size_t cap = 0, cap_ids = 0, n_ids = 0;
	int r = s ? 1 : -1;

	while (r > 0 && (r = db_step(db, s, e)) > 0) {
		struct slo *slo = &arena_push(a, out->items, out->n, cap)->slo;

		*arena_push(a, *ids, n_ids, cap_ids) =
			(struct slo_ids){.rid = db_col(s, 0), .objective = db_col(s, 1)};
		slo->service = db_text(a, s, 2);
		slo->name = db_text(a, s, 3);
		read_columns(slo, s, 4, a);
	}
	return r;
}

static int worst_first(const void *a, const void *b)
{
	const struct slo_row *x = a, *y = b;
	int r = (int)y->state.severity - (int)x->state.severity;

	if (r)
		return r;
	if (x->state.budget_left < y->state.budget_left)
		return -1;
	if (x->state.budget_left > y->state.budget_left)
		return 1;
	r = strcmp(x->slo.service, y->slo.service);
	return r ? r : strcmp(x->slo.name, y->slo.name);
}

int slo_rows(struct slo_rows *out, struct arena *a, struct store *st, int64_t at,
	struct err *e)
{
	struct slo_ids *ids = NULL;
	int r;

	*out = (struct slo_rows){0};
	r = read_all(out, &ids, a, &st->seen, at, e);
	for (size_t i = 0; r == 0 && i < out->n; i++) {
		struct slo_row *row = &out->items[i];

		row->state.service = row->slo.service;
		row->state.name = row->slo.name;
		row->state.source = row->slo.source;
		r = read_alerting(&row->slo, a, &st->seen, ids[i].rid, e);
		if (r == 0)
			r = objective_state(&row->state, a, st, ids[i].objective, at, e);
	}
	if (r == 0 && out->n)
		qsort(out->items, out->n, sizeof(*out->items), worst_first);
	return r;
}
