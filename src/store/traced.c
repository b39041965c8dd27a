#include "config.h"
#include "store/traced.h"

#include <math.h>
#include <string.h>

#include "core/i18n.h"
#include "store/inside.h"

/*
 * One row for each slice that has events: its number, all of them, the bad ones.  ?1 source, ?2
 * from, ?3 to, ?4 length, ?5 agent, ?6 name, ?7 op, ?8 limit.
 */
#define MISSES(value)                            \
	"CASE ?7 WHEN 'gte' THEN " value " < ?8" \
	" WHEN 'gt' THEN " value " <= ?8"        \
	" WHEN 'lte' THEN " value " > ?8"        \
	" WHEN 'lt' THEN " value " >= ?8 END"

#define SESSIONS(bad, which)                                                         \
	"SELECT (at - ?2 - 1) / ?4, count(*), sum(" bad ") FROM session"             \
	" WHERE source = ?1 AND at > ?2 AND at <= ?3 AND (?5 IS NULL OR agent = ?5)" \
	" AND " which " AND ?6 IS ?6 AND ?7 IS ?7 AND ?8 IS ?8 GROUP BY 1"

/* Where a span does not say whose it is, its trace does. */
#define SPANS(bad, which)                                                              \
	"SELECT (started - ?2 - 1) / ?4, count(*), sum(" bad ") FROM span"             \
	" WHERE source = ?1 AND started > ?2 AND started <= ?3 AND " which             \
	" AND (?5 IS NULL OR agent = ?5 OR (agent IS NULL AND EXISTS (SELECT 1 FROM"   \
	" span AS other WHERE other.source = span.source AND other.trace = span.trace" \
	" AND other.agent = ?5))) AND ?6 IS ?6 AND ?7 IS ?7 AND ?8 IS ?8 GROUP BY 1"

#define NAMED(column) "(?6 IS NULL OR " column " = ?6)"

static const char session_failed[] = SESSIONS("errors > 0", "1");
static const char session_cost[] = SESSIONS(MISSES("cost_usd"), "cost_usd IS NOT NULL");
static const char session_duration[] =
	SESSIONS(MISSES("(ended - started) / 1e9"), "ended >= started");
static const char tool_error[] =
	SPANS("status = 'error'", "kind = 'tool' AND " NAMED("coalesce(tool, name)"));
static const char guardrail_block[] =
	SPANS("status = 'error'", "kind = 'guardrail' AND " NAMED("name"));
static const char refusal[] =
	SPANS("finish IS NOT NULL AND (instr(finish, 'content_filter') OR"
	      " instr(finish, 'refusal') OR instr(finish, 'safety'))",
		"kind = 'llm' AND " NAMED("model"));
static const char score[] = SPANS(
	MISSES("score"), "kind = 'evaluator' AND score IS NOT NULL AND " NAMED("name"));
static const char first_token[] = SPANS(MISSES("first_token_ns / 1e9"),
	"kind = 'llm' AND first_token_ns IS NOT NULL AND " NAMED("model"));

static const struct {
	const char *measure, *query;
} measures[] = {
	{"session-failed", session_failed},
	{"tool-error", tool_error},
	{"guardrail-block", guardrail_block},
	{"refusal", refusal},
	{"score", score},
	{"cost", session_cost},
	{"duration", session_duration},
	{"first-token", first_token},
};

static const char *query_of(const char *measure)
{
	for (size_t i = 0; measure && i < ARRAY_LEN(measures); i++) {
		if (!strcmp(measures[i].measure, measure))
			return measures[i].query;
	}
	return NULL;
}

int traced_count(struct traced_counts *out, struct store *st, const char *source,
	const char *agent, const struct trace_sli *sli, struct err *e)
{
	const char *query = query_of(sli->measure);
	struct db *db = &st->seen;
	sqlite3_stmt *s;
	int r;

	if (!query)
		return err_set(e, ERR_INPUT, _("'%s' is no measure of traces"),
			sli->measure ? sli->measure : "");
	s = db_query(db, query, e, "tiiitttr", source, out->from,
		out->from + (int64_t)out->n * out->slice_ns, out->slice_ns,
		sli->agent ? sli->agent : agent, sli->name, sli->op, sli->limit);
	r = s ? 1 : -1;
	while (r > 0 && (r = db_step(db, s, e)) > 0) {
		int64_t which = db_col(s, 0);

		if (which < 0 || (uint64_t)which >= out->n)
			continue;
		out->total[which] += db_real(s, 1);
		out->bad[which] += db_real(s, 2);
	}
	return r;
}
