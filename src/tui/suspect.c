#include "config.h"
#include "tui/suspect.h"

#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "core/number.h"
#include "core/text.h"
#include "report/suspects.h"
#include "store/observe.h"
#include "tui/console.h"

int suspects_load(struct suspects *out, struct arena *a, struct console *c,
	const char *service, int64_t onset, size_t limit, struct err *e)
{
	*out = (struct suspects){0};
	if (!console_store(c))
		return 0;
	return suspects_of(out, a, console_store(c), console_config(c), service, onset,
		console_at(c), limit, e);
}

bool suspects_fit(const struct suspects *s)
{
	return s->n_fits > 0;
}

/* What the object is, where it points, how it stands: the values need no name. */
static bool is_plain_field(const char *field)
{
	static const char *const plain[] = {"version", "value", "state"};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (!strcmp(field, plain[i]))
			return true;
	return false;
}

/* A share of the traffic is read as a percentage. */
static void add_value(struct strbuf *out, const struct change *ch, const char *value)
{
	double share;

	if (!value)
		strbuf_adds(out, _("none"));
	else if (!strcmp(ch->field, "traffic") &&
		number_parse(&share, value, strlen(value)))
		strbuf_addf(out, "%.4g %%", share * 100);
	else
		text_short(out, value);
}

void change_moved(struct strbuf *out, const struct change *ch)
{
	if (!ch->field) {
		strbuf_adds(
			out, ch->after || !ch->before ? _("appeared") : _("went away"));
		return;
	}
	if (!is_plain_field(ch->field))
		strbuf_addf(out, "%s ", ch->field);
	if (change_entries(out, ch))
		return;
	/* What it was before the first look nobody knows: not "none". */
	if (ch->before || !ch->from_history) {
		add_value(out, ch, ch->before);
		strbuf_addc(out, ' ');
	}
	strbuf_adds(out, "-> ");
	add_value(out, ch, ch->after);
}

void change_text(struct strbuf *out, const struct change *ch)
{
	strbuf_adds(out, ch->object);
	strbuf_adds(out, ch->field ? ": " : " ");
	change_moved(out, ch);
}

void before_text(struct strbuf *out, int64_t before_ns)
{
	struct strbuf span = STRBUF_INIT;

	if (before_ns > -2 * NS_PER_S && before_ns < 2 * NS_PER_S) {
		strbuf_adds(out, _("at the onset"));
		return;
	}
	duration_short(&span, before_ns < 0 ? -before_ns : before_ns);
	strbuf_addf(out, before_ns < 0 ? _("%s after") : _("%s before"), span.buf);
	strbuf_release(&span);
}

void change_address(struct strbuf *out, const struct change *ch)
{
	strbuf_addf(out, "%lld@%lld", (long long)ch->id, (long long)ch->at);
}

const char *change_place(struct strbuf *argument, const struct change *ch)
{
	static const struct {
		enum record_kind kind;
		const char *pane;
	} places[] = {
		{REC_POINTER, "models"},
		{REC_MODEL_VERSION, "models"},
		{REC_PROMPT_VERSION, "models"},
		{REC_ALERT, "alerts"},
		{REC_SERVING, "serving"},
		{REC_FLAG, "flags"},
		{REC_JOB_RUN, "jobs"},
		{REC_FRESHNESS, "freshness"},
		{REC_BUDGET, "budgets"},
		{REC_DEFINITION, "definitions"},
		{REC_SILENCE, "silences"},
		{REC_PAGE, "pages"},
		{REC_ONCALL, "oncall"},
		{REC_DRIFT_REPORT, "drift"},
	};

	if (ch->kind == REC_SESSION) {
		strbuf_adds(argument, ch->object);
		return "sessions";
	}
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (places[i].kind == ch->kind) {
			strbuf_addf(argument, "%s/%s", ch->source, ch->object);
			return places[i].pane;
		}
	return NULL;
}
