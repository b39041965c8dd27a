#include "config.h"
#include "store/drift.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/json.h"
#include "store/inside.h"
#include "store/series.h"

/* Evaluations are series: trimmed and counted like all numbers over time. */
#define VALUE "tocsin:drift_value"
#define ABOVE "tocsin:drift_above"

enum { READ_LIMIT = 200000 };

#define PIN_COLUMNS                                                                     \
	"source, service, dataset, feature, digest, counts, counted_from, counted_to, " \
	"pinned, pinned_by, reason"

static const char recent[] = "SELECT at, value FROM sample WHERE series = ?1 AND at <= ?2"
			     " ORDER BY at DESC LIMIT ?3";
static const char sample_at[] =
	"SELECT CASE WHEN value > 0 THEN 1 ELSE 0 END FROM sample WHERE series = ?1"
	" AND at = ?2";
static const char find_any[] =
	"SELECT id FROM series WHERE name = ?1 AND labels = ?2"
	" AND (?3 IS NULL OR source = ?3) ORDER BY id DESC LIMIT 1";
static const char oldest[] =
	"SELECT MIN((SELECT MIN(at) FROM sample WHERE series = known.id))"
	" FROM (SELECT id FROM series WHERE name = ?1"
	" ORDER BY id LIMIT 32) AS known";
static const char pin_put[] = "INSERT OR REPLACE INTO drift_pin (" PIN_COLUMNS ") VALUES"
			      " (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
static const char pin_list[] =
	"SELECT " PIN_COLUMNS " FROM drift_pin WHERE (?1 IS NULL OR source = ?1)"
	" AND (?2 IS NULL OR service = ?2) AND (?3 IS NULL OR dataset = ?3)"
	" ORDER BY source, service, dataset, feature";

/* --- values --- */

static void labels_of(
	struct strbuf *out, const char *service, const char *dataset, const char *feature)
{
	struct json *labels = json_object();

	json_add_text(labels, "dataset", dataset);
	json_add_text(labels, "feature", feature);
	json_add_text(labels, "service", service);
	json_canonical(out, labels);
	json_free(labels);
}

static int value_add(struct store *st, const char *source, const char *name,
	const char *labels, int64_t at, double value, struct err *e)
{
	int64_t id;

	if (series_id(&id, st, source, name, labels, e) < 0)
		return -1;
	return series_add(st, id, at, value, e);
}

int drift_record(
	struct store *st, const struct drift_report *report, bool above, struct err *e)
{
	struct strbuf labels = STRBUF_INIT;
	int rc;

	labels_of(&labels, report->service, report->dataset, report->feature);
	rc = store_begin(st, e);
	if (rc == 0) {
		rc = value_add(st, report->source, VALUE, labels.buf, report->computed,
			report->value, e);
		if (rc == 0)
			rc = value_add(st, report->source, ABOVE, labels.buf,
				report->computed, above ? 1 : 0, e);
		rc = db_end(&st->seen, rc == 0, e);
	}
	strbuf_release(&labels);
	return rc;
}

static int find(int64_t *out, struct store *st, const char *name, const char *source,
	const char *service, const char *dataset, const char *feature, struct err *e)
{
	struct strbuf labels = STRBUF_INIT;
	int rc;

	labels_of(&labels, service, dataset, feature);
	rc = db_int(
		out, &st->seen, NONE_INT, find_any, e, "ttt", name, labels.buf, source);
	strbuf_release(&labels);
	return rc;
}

static int above_read(struct drift_value *items, size_t n, struct store *st,
	int64_t series, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int64_t above;

		if (db_int(&above, &st->seen, 0, sample_at, e, "ii", series,
			    items[i].at) < 0)
			return -1;
		items[i].above = above == 1;
	}
	return 0;
}

int drift_recent(struct drift_value **out, size_t *n, struct arena *a, struct store *st,
	const struct drift_report *key, int64_t to, size_t limit, struct err *e)
{
	int64_t values, above;
	sqlite3_stmt *s;
	size_t cap = 0;
	int r;

	*out = NULL;
	*n = 0;
	if (find(&values, st, VALUE, key->source, key->service, key->dataset,
		    key->feature, e) < 0 ||
		find(&above, st, ABOVE, key->source, key->service, key->dataset,
			key->feature, e) < 0)
		return -1;
	if (values == NONE_INT || above == NONE_INT)
		return 0;
	s = db_query(&st->seen, recent, e, "iii", values, to, (int64_t)limit);
	r = s ? 1 : -1;
	while (r > 0 && (r = db_step(&st->seen, s, e)) > 0)
		*arena_push(a, *out, *n, cap) =
			(struct drift_value){.at = db_col(s, 0), .value = db_real(s, 1)};
	if (r < 0)
		return -1;
	for (size_t i = 0; i < *n / 2; i++) {
		struct drift_value swap = (*out)[i];

		(*out)[i] = (*out)[*n - 1 - i];
		(*out)[*n - 1 - i] = swap;
	}
	return above_read(*out, *n, st, above, e);
}

static void thin(struct samples *out, struct arena *a, const struct samples *all,
	int64_t from, int64_t step_ns)
{
	size_t cap = 0;
	int64_t part = -1;

	for (size_t i = 0; i < all->n; i++) {
		const struct sample *s = &all->items[i];
		struct sample *last = out->n ? &out->items[out->n - 1] : NULL;

		if (last && (s->at - from) / step_ns == part) {
			if (isnan(last->value) || s->value > last->value)
				*last = *s;
			continue;
		}
		part = (s->at - from) / step_ns;
		*arena_push(a, out->items, out->n, cap) = *s;
	}
}

int drift_history(struct samples *out, struct arena *a, struct store *st,
	const char *source, const char *service, const char *dataset, const char *feature,
	int64_t from, int64_t to, size_t points, struct err *e)
{
	struct samples all;
	int64_t id;

	*out = (struct samples){0};
	if (find(&id, st, VALUE, source, service, dataset, feature, e) < 0)
		return -1;
	if (id == NONE_INT || !points || to < from)
		return 0;
	if (series_read(&all, a, st, id, from, to, false, READ_LIMIT, e) < 0)
		return -1;
	/* As fine as what there is allows: a young store's minutes are not one point of a day. */
	if (all.n)
		from = all.items[0].at;
	thin(out, a, &all, from, (to - from) / (int64_t)points + 1);
	return 0;
}

int drift_oldest(int64_t *out, struct store *st, struct err *e)
{
	return db_int(out, &st->seen, NONE_INT, oldest, e, "t", VALUE) < 0 ? -1 : 0;
}

/* --- pins --- */

struct putting {
	const struct drift_pin *pins;
	size_t n;
};

static int put(struct store *st, void *ctx, struct err *e)
{
	const struct putting *p = ctx;

	for (size_t i = 0; i < p->n; i++) {
		const struct drift_pin *pin = &p->pins[i];

		if (db_run(&st->record, pin_put, e, "ttttttiiitt", pin->source,
			    pin->service, pin->dataset, pin->feature, pin->digest,
			    pin->counts, pin->from, pin->to, pin->pinned, pin->by,
			    pin->reason) < 0)
			return -1;
	}
	return 0;
}

int drift_pins_put(
	struct store *st, const struct drift_pin *pins, size_t n, struct err *e)
{
	struct putting p = {pins, n};

	return n ? record_write(st, TOUCH_RECORD, put, &p, e) : 0;
}

int drift_pins(struct drift_pins *out, struct arena *a, struct store *st,
	const char *source, const char *service, const char *dataset, struct err *e)
{
	sqlite3_stmt *s =
		db_query(&st->record, pin_list, e, "ttt", source, service, dataset);
	size_t cap = 0;
	int r = s ? 1 : -1;

	*out = (struct drift_pins){0};
	while (r > 0 && (r = db_step(&st->record, s, e)) > 0)
		*arena_push(a, out->items, out->n, cap) = (struct drift_pin){
			.source = db_text(a, s, 0),
			.service = db_text(a, s, 1),
			.dataset = db_text(a, s, 2),
			.feature = db_text(a, s, 3),
			.digest = db_text(a, s, 4),
			.counts = db_text(a, s, 5),
			.from = db_col(s, 6),
			.to = db_col(s, 7),
			.pinned = db_col(s, 8),
			.by = db_text(a, s, 9),
			.reason = db_text(a, s, 10),
		};
	return r;
}
