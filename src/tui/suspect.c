#include "config.h"
#include "tui/suspect.h"

#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
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

void change_text(struct strbuf *out, const struct change *ch)
{
	const char *before = ch->before ? ch->before : _("none");
	const char *after = ch->after ? ch->after : _("none");

	strbuf_adds(out, ch->object);
	if (!ch->field)
		strbuf_addf(out, " %s",
			ch->after || !ch->before ? _("appeared") : _("went away"));
	else if (!strcmp(ch->field, "version"))
		strbuf_addf(out, ": %s -> %s", before, after);
	else
		strbuf_addf(out, ": %s %s -> %s", ch->field, before, after);
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
