#include "config.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "core/text.h"
#include "tui/console.h"
#include "tui/pane.h"

void value_severity(struct value *out, struct pane *p, enum severity s, const char *word)
{
	const struct theme *theme = console_theme(pane_console(p));

	strbuf_addf(&out->text, "%c %s", theme->marks[s], word);
	out->role = severity_role(s);
}

const char *value_word(const char *word)
{
	static const char *const words[] = {
		N_("page"),
		N_("ticket"),
		N_("ok"),
		N_("no-data"),
		N_("critical"),
		N_("warning"),
		N_("firing"),
		N_("pending"),
		N_("silenced"),
		N_("running"),
		N_("done"),
		N_("failed"),
		N_("abandoned"),
	};

	for (size_t i = 0; word && i < ARRAY_LEN(words); i++)
		if (!strcmp(word, words[i]))
			return _(words[i]);
	return word;
}

void value_text(struct value *out, const char *text)
{
	text_short(&out->text, text && *text ? text : "-");
	if (!text || !*text)
		out->role = ROLE_DIM;
}

void value_time(struct value *out, struct pane *p, int64_t at)
{
	console_time(pane_console(p), &out->text, at);
	if (at == NONE_INT)
		out->role = ROLE_DIM;
}

void value_since(struct value *out, struct pane *p, int64_t at)
{
	int64_t age = at == NONE_INT ? NONE_INT : console_now(pane_console(p)) - at;

	if (age == NONE_INT)
		strbuf_addc(&out->text, '-');
	else if (age < NS_PER_MIN)
		strbuf_adds(&out->text, _("<1m"));
	else
		duration_short(&out->text, age);
	if (age == NONE_INT)
		out->role = ROLE_DIM;
}

void value_percent(struct value *out, double share, int digits)
{
	if (isnan(share)) {
		strbuf_addc(&out->text, '-');
		out->role = ROLE_DIM;
		return;
	}
	strbuf_addf(&out->text, "%.*f %%", digits, share * 100);
}

void value_count_text(struct strbuf *out, double n)
{
	static const struct {
		double one;
		const char *unit;
	} units[] = {{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}};

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (n >= 0.9995 * units[i].one) {
			double of = n / units[i].one;

			strbuf_addf(out, of >= 99.95 ? "%.0f%s" : "%.1f%s", of,
				units[i].unit);
			return;
		}
	if (isnan(n))
		strbuf_addc(out, '-');
	else
		strbuf_addf(out, n < 10 && n > floor(n) ? "%.2g" : "%.0f", n);
}

void value_count(struct value *out, double n)
{
	value_count_text(&out->text, n);
	if (isnan(n))
		out->role = ROLE_DIM;
}

void value_age(struct value *out, struct pane *p, const char *source)
{
	out->role = console_source_age(pane_console(p), &out->text, source);
}
