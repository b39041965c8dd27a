#include "config.h"
#include "model/record_table.h"

#include "core/i18n.h"
#include "model/alert.h"
#include "model/pipeline.h"
#include "model/registry.h"
#include "model/session.h"

#define KEY FIELD_KEY
#define STATE FIELD_STATE
#define QUIET FIELD_QUIET
#define FREE FIELD_FREE
#define PATH FIELD_PATH

/* A row, with the member's C type held against the field's type by the compiler. */
#define ROW(s, member, type, ctype, flags)                                            \
	{                                                                             \
#member, type,                                                        \
			(flags) + 0 * sizeof(&((struct s *)0)->member == (ctype *)0), \
			offsetof(struct s, member)                                    \
	}
#define TEXT(s, member, flags) ROW(s, member, FIELD_TEXT, const char *, flags)
#define JSON(s, member, flags) ROW(s, member, FIELD_JSON, const char *, flags)
#define INT(s, member, flags) ROW(s, member, FIELD_INT, int64_t, flags)
#define TIME(s, member, flags) ROW(s, member, FIELD_TIME, int64_t, flags)
#define BOOL(s, member, flags) ROW(s, member, FIELD_BOOL, int64_t, flags)
#define REAL(s, member, flags) ROW(s, member, FIELD_REAL, double, flags)

/* clang-format off */
static const struct field model_version_fields[] = {
	TEXT(model_version, source, KEY),
	TEXT(model_version, model, KEY | PATH),
	TEXT(model_version, version, KEY),
	JSON(model_version, aliases, STATE),
	TEXT(model_version, stage, STATE),
	TEXT(model_version, status, STATE),
	TEXT(model_version, digest, STATE),	/* other content under the same version */
	TEXT(model_version, run, 0),
	TEXT(model_version, author, 0),
	TIME(model_version, created, 0),
	TIME(model_version, updated, QUIET),
	JSON(model_version, tags, STATE),
	TEXT(model_version, note, STATE),
	JSON(model_version, metrics, 0),
	JSON(model_version, params, 0),
	TEXT(model_version, lineage, 0),
	INT(model_version, size, 0),
};

static const struct field prompt_version_fields[] = {
	TEXT(prompt_version, source, KEY),
	TEXT(prompt_version, prompt, KEY | PATH),
	TEXT(prompt_version, version, KEY),
	JSON(prompt_version, labels, STATE),
	TEXT(prompt_version, author, 0),
	TIME(prompt_version, created, 0),
	TEXT(prompt_version, digest, STATE),
	TEXT(prompt_version, note, STATE),
	TIME(prompt_version, updated, QUIET),
};

/* Replicas follow the traffic all day where something scales them: no change of anyone's making. */
static const struct field serving_fields[] = {
	TEXT(serving, source, KEY),
	TEXT(serving, service, KEY | PATH),
	TEXT(serving, variant, KEY),
	TEXT(serving, model, STATE),
	TEXT(serving, version, STATE),
	REAL(serving, traffic, STATE),
	BOOL(serving, ready, 0),
	INT(serving, replicas, QUIET),
	TEXT(serving, endpoint, 0),
	TIME(serving, changed, QUIET),
	TEXT(serving, digest, STATE),
	TEXT(serving, message, QUIET),
	TEXT(serving, managed_by, 0),
};

static const struct field job_run_fields[] = {
	TEXT(job_run, source, KEY),
	TEXT(job_run, pipeline, KEY | PATH),
	TEXT(job_run, run, KEY),
	TEXT(job_run, state, STATE),
	TIME(job_run, started, 0),
	TIME(job_run, ended, 0),
	TEXT(job_run, error, 0),
	TEXT(job_run, url, 0),
};

static const struct field freshness_fields[] = {
	TEXT(freshness, source, KEY),
	TEXT(freshness, dataset, KEY | PATH),
	TIME(freshness, loaded, QUIET),
	INT(freshness, expected_every_ns, 0),
	INT(freshness, rows, QUIET),
	TEXT(freshness, schema, STATE),
	TEXT(freshness, state, STATE),
};

static const struct field pointer_fields[] = {
	TEXT(pointer, source, KEY),
	TEXT(pointer, model, KEY | PATH),
	TEXT(pointer, name, KEY),
	TEXT(pointer, version, STATE),
	TEXT(pointer, digest, STATE),
	TEXT(pointer, previous, 0),
	TIME(pointer, observed, QUIET),
	TEXT(pointer, author, QUIET),
	TIME(pointer, changed, QUIET),
};

static const struct field drift_report_fields[] = {
	TEXT(drift_report, source, KEY),
	TEXT(drift_report, service, KEY | PATH),
	TEXT(drift_report, dataset, KEY),
	TEXT(drift_report, feature, KEY),
	TEXT(drift_report, kind, 0),
	TEXT(drift_report, method, 0),
	REAL(drift_report, value, QUIET),
	REAL(drift_report, threshold, 0),
	REAL(drift_report, p_value, QUIET),
	REAL(drift_report, noise, QUIET),
	REAL(drift_report, n_reference, QUIET),
	REAL(drift_report, n_current, QUIET),
	BOOL(drift_report, drifted, STATE),
	TEXT(drift_report, verdict, 0),
	TEXT(drift_report, persisted, QUIET),
	TEXT(drift_report, reference, QUIET),
	TEXT(drift_report, window, QUIET),
	TEXT(drift_report, binning, 0),
	JSON(drift_report, shares, QUIET),
	TEXT(drift_report, note, QUIET),
	TIME(drift_report, since, 0),
	TIME(drift_report, computed, QUIET),
	TEXT(drift_report, url, QUIET),
};

/* Annotations hold the figures of the moment; `until` moves with every resend. */
static const struct field alert_fields[] = {
	TEXT(alert, source, KEY),
	TEXT(alert, fingerprint, KEY | PATH),
	TEXT(alert, name, 0),
	TEXT(alert, service, 0),
	JSON(alert, labels, 0),
	JSON(alert, annotations, QUIET),
	TEXT(alert, state, STATE),
	TEXT(alert, severity, 0),
	TIME(alert, since, 0),
	TIME(alert, until, QUIET),
	JSON(alert, silenced_by, 0),
	TEXT(alert, runbook_url, 0),
	JSON(alert, groups, QUIET),
	JSON(alert, receivers, QUIET),
	JSON(alert, inhibited_by, 0),
	JSON(alert, muted_by, 0),
	TIME(alert, onset, QUIET),
	TEXT(alert, url, QUIET),
	REAL(alert, value, QUIET),
};

static const struct field silence_fields[] = {
	TEXT(silence, source, KEY),
	TEXT(silence, id, KEY | PATH),
	TEXT(silence, state, STATE),
	TEXT(silence, matchers, 0),
	TEXT(silence, comment, 0),
	TEXT(silence, created_by, 0),
	TIME(silence, starts, 0),
	TIME(silence, ends, 0),
	TIME(silence, updated, QUIET),
	INT(silence, alerts, QUIET),
	TEXT(silence, url, QUIET),
};

static const struct field page_fields[] = {
	TEXT(page, source, KEY),
	TEXT(page, id, KEY | PATH),
	TEXT(page, title, 0),
	TEXT(page, service, 0),
	TEXT(page, urgency, STATE),
	TEXT(page, state, STATE),
	TEXT(page, assignee, STATE),
	TIME(page, since, 0),
	TEXT(page, url, 0),
	TEXT(page, acknowledged_by, STATE),
	TEXT(page, dedup_key, 0),
	TEXT(page, policy, 0),
};

static const struct field oncall_fields[] = {
	TEXT(oncall, source, KEY),
	TEXT(oncall, policy, KEY | PATH),
	TEXT(oncall, level, KEY),
	TEXT(oncall, schedule, KEY),
	TEXT(oncall, user, STATE),
	TEXT(oncall, contact, 0),
	TIME(oncall, since, QUIET),
	TIME(oncall, until, QUIET),
	TEXT(oncall, url, QUIET),
};

static const struct field flag_fields[] = {
	TEXT(flag, source, KEY),
	TEXT(flag, name, KEY | PATH),
	TEXT(flag, value, STATE | FREE),
	TIME(flag, changed, QUIET),
	TEXT(flag, author, QUIET),
};

static const struct field definition_fields[] = {
	TEXT(definition, source, KEY),
	TEXT(definition, type, KEY),
	TEXT(definition, name, KEY | PATH),
	TEXT(definition, version, STATE),
	TEXT(definition, digest, STATE),
	TEXT(definition, author, QUIET),
	TEXT(definition, summary, 0),
	TEXT(definition, service, 0),
	TIME(definition, changed, QUIET),
};

/* What is spent moves with every call. */
static const struct field budget_fields[] = {
	TEXT(budget, source, KEY),
	TEXT(budget, name, KEY | PATH),
	TEXT(budget, state, STATE),
	REAL(budget, spent_usd, QUIET),
	REAL(budget, limit_usd, STATE),
	TIME(budget, resets, QUIET),
	JSON(budget, models, STATE),
	TEXT(budget, owner, 0),
};

static const struct field session_fields[] = {
	TEXT(session, source, KEY),
	TEXT(session, id, KEY | PATH),
	TEXT(session, agent, 0),
	TEXT(session, user, 0),
	TIME(session, started, 0),
	TIME(session, ended, 0),
	INT(session, traces, 0),
	INT(session, spans, 0),
	INT(session, errors, 0),
	INT(session, input_tokens, 0),
	INT(session, output_tokens, 0),
	REAL(session, cost_usd, 0),
	JSON(session, tags, 0),
	TEXT(session, format, 0),
};

static const struct field span_fields[] = {
	TEXT(span, source, KEY),
	TEXT(span, trace, KEY | PATH),
	TEXT(span, id, KEY),
	TEXT(span, session, 0),
	TEXT(span, parent, 0),
	TEXT(span, kind, 0),
	TEXT(span, name, 0),
	TIME(span, started, 0),
	TIME(span, ended, 0),
	TEXT(span, status, 0),
	TEXT(span, error, 0),
	TEXT(span, agent, 0),
	TEXT(span, model, 0),
	TEXT(span, tool, 0),
	TEXT(span, input, FREE),
	TEXT(span, output, FREE),
	INT(span, input_tokens, 0),
	INT(span, output_tokens, 0),
	INT(span, cached_tokens, 0),
	INT(span, reasoning_tokens, 0),
	REAL(span, cost_usd, 0),
	INT(span, first_token_ns, 0),
	TEXT(span, scope, 0),
	TEXT(span, call, 0),
	REAL(span, score, 0),
	TEXT(span, finish, 0),
	JSON(span, attributes, 0),
};

#define DEF(kind, s, title, interval)                                                     \
	[kind] = {kind, #s, title, sizeof(struct s), s##_fields, ARRAY_LEN(s##_fields),  \
		interval}

const struct record_def record_defs[REC_KINDS] = {
	DEF(REC_MODEL_VERSION, model_version, N_("model version"), true),
	DEF(REC_PROMPT_VERSION, prompt_version, N_("prompt version"), true),
	DEF(REC_SERVING, serving, N_("serving"), true),
	DEF(REC_JOB_RUN, job_run, N_("job run"), true),
	DEF(REC_FRESHNESS, freshness, N_("freshness"), true),
	DEF(REC_POINTER, pointer, N_("pointer"), true),
	DEF(REC_DRIFT_REPORT, drift_report, N_("drift report"), true),
	DEF(REC_ALERT, alert, N_("alert"), true),
	DEF(REC_SILENCE, silence, N_("silence"), true),
	DEF(REC_PAGE, page, N_("page"), true),
	DEF(REC_ONCALL, oncall, N_("on call"), true),
	DEF(REC_FLAG, flag, N_("flag"), true),
	DEF(REC_DEFINITION, definition, N_("definition"), true),
	DEF(REC_BUDGET, budget, N_("budget"), true),
	DEF(REC_SESSION, session, N_("session"), false),
	DEF(REC_SPAN, span, N_("span"), false),
};
/* clang-format on */
