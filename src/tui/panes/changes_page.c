#include "config.h"
#include "tui/panes/changes.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/i18n.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/panes/panes.h"
#include "tui/suspect.h"

#define HISTORY_MAX 12
#define BESIDE_MAX 12
#define BESIDE_NS (10 * NS_PER_MIN)
#define EXACT_NS \
	(2 * NS_PER_MIN) /* less uncertainty than this is polling, and not worth a word */

void change_between(struct strbuf *out, struct pane *p, const struct change *ch)
{
	struct console *c = pane_console(p);
	struct strbuf from = STRBUF_INIT, to = STRBUF_INIT;

	if (ch->not_before == NONE_INT) {
		strbuf_adds(out, _("while nobody watched"));
		return;
	}
	console_time(c, &from, ch->not_before);
	console_time(c, &to, ch->seen);
	strbuf_addf(out, _("between %s and %s"), from.buf, to.buf);
	strbuf_release(&from);
	strbuf_release(&to);
}

/* --- what is known of its time, and how well --- */

static void add_times(struct pane *p, const struct change *ch, struct doc *out)
{
	struct console *c = pane_console(p);
	struct strbuf text = STRBUF_INIT;
	bool said = ch->at != ch->seen;

	console_moment(c, &text, ch->at);
	strbuf_adds(&text, said ? _(", as the source says") : _(", when it was seen"));
	doc_field(out, _("happened"), ROLE_STRONG, text.buf);
	strbuf_reset(&text);
	console_moment(c, &text, ch->seen);
	doc_field(out, _("seen"), ROLE_TEXT, text.buf);
	if (ch->gap ||
		(!said && ch->not_before != NONE_INT &&
			ch->seen - ch->not_before > EXACT_NS)) {
		strbuf_reset(&text);
		change_between(&text, p, ch);
		if (ch->gap && ch->not_before != NONE_INT)
			strbuf_adds(&text, _(", while nobody watched"));
		doc_field(out, _("really"), ROLE_NO_DATA, text.buf);
	}
	strbuf_release(&text);
}

static void add_place(const struct change *ch, struct doc *out)
{
	struct strbuf argument = STRBUF_INIT;
	const char *pane = change_place(&argument, ch);

	if (pane && pane_of_name(pane))
		doc_link(out, _("object"), ch->object, pane, argument.buf);
	else
		doc_field(out, _("object"), ROLE_STRONG, ch->object);
	strbuf_release(&argument);
}

static void add_facts(struct pane *p, const struct change *ch, struct doc *out)
{
	struct strbuf age = STRBUF_INIT;
	enum role role;

	doc_field(out, _("kind"), ROLE_TEXT, _(record_def(ch->kind)->title));
	add_place(ch, out);
	if (ch->field)
		doc_field(out, _("field"), ROLE_TEXT, ch->field);
	if (ch->field || ch->before)
		doc_field(out, _("before"), ROLE_REMOVED, ch->before);
	if (ch->field || ch->after)
		doc_field(out, _("after"), ROLE_ADDED, ch->after);
	if (!isnan(ch->weight))
		doc_fieldf(out, _("took"), ROLE_TEXT, _("%.0f %% of the traffic"),
			ch->weight * 100);
	doc_field(out, _("who"), ROLE_TEXT,
		ch->actor ? ch->actor : _("the source does not say"));
	add_times(p, ch, out);
	doc_field(out, _("service"), ROLE_TEXT, ch->service);
	doc_link(out, _("source"), ch->source, "sources", ch->source);
	role = console_source_age(pane_console(p), &age, ch->source);
	doc_field(out, _("read"), role, age.buf);
	if (ch->from_history)
		doc_text(out, ROLE_DIM,
			_("Found when the source was read for the first time: nobody "
			  "watched it happen."));
	strbuf_release(&age);
}

/* --- what it is suspected of --- */

static void add_suspicion(struct pane *p, const struct change_row *row, struct doc *out)
{
	const struct changes *mine = pane_data(p);
	const struct suspect *s;

	if (!row->letter || !mine->n_onsets ||
		(size_t)(row->letter - 'a') >= mine->suspects.n)
		return;
	s = &mine->suspects.items[row->letter - 'a'];
	if (s->reason)
		doc_text(out, ROLE_TEXT, s->reason);
	doc_blank(out);
	doc_link(out,
		row->letter == 'a' && suspects_fit(&mine->suspects) ? _("likely broke")
								    : _("suspected of"),
		mine->onsets[0].slo, "slos", mine->onsets[0].slo);
}

/* --- what else moved --- */

static void add_line(struct pane *p, const struct change *ch, const struct change *here,
	bool with_object, struct doc *out)
{
	struct strbuf at = STRBUF_INIT, what = STRBUF_INIT, span = STRBUF_INIT;
	struct strbuf address = STRBUF_INIT;
	bool same = ch->id == here->id;

	console_time(pane_console(p), &at, ch->at);
	if (with_object)
		change_text(&what, ch);
	else
		change_moved(&what, ch);
	if (with_object) {
		int64_t after = ch->at - here->at;

		duration_short(&span, after < 0 ? -after : after);
		strbuf_adds(&span, after < 0 ? _(" before") : _(" after"));
	}
	change_address(&address, ch);
	doc_cell(out, ROLE_DIM, at.buf);
	if (with_object)
		doc_cell(out, ROLE_DIM, span.buf);
	doc_cell(out, same ? ROLE_STRONG : ROLE_TEXT, what.buf);
	doc_cell(out, ROLE_DIM, same ? _("this one") : ch->actor ? ch->actor : "");
	if (!same)
		doc_row_link(out, "changes", address.buf);
	strbuf_release(&at);
	strbuf_release(&what);
	strbuf_release(&span);
	strbuf_release(&address);
}

static void add_history(
	struct pane *p, const struct change *ch, struct arena *a, struct doc *out)
{
	struct console *c = pane_console(p);
	const struct change_query q = {.to = AT_NOW,
		.seen_until = console_at(c),
		.source = ch->source,
		.object = ch->object,
		.kinds = KIND_BIT(ch->kind),
		.limit = 4 * HISTORY_MAX};
	struct change_list list;
	struct err ignored = ERR_INIT;
	size_t n = 0;

	doc_heading(out, _("History of the object"));
	doc_columns_begin(out, "lll");
	if (!change_list(&list, a, console_store(c), &q, &ignored))
		for (size_t i = 0; i < list.n && n < HISTORY_MAX; i++) {
			if (strcmp(list.items[i].object, ch->object))
				continue;
			add_line(p, &list.items[i], ch, false, out);
			n++;
		}
	doc_columns_end(out);
	err_release(&ignored);
}

static void add_beside(
	struct pane *p, const struct change *ch, struct arena *a, struct doc *out)
{
	struct console *c = pane_console(p);
	const struct change_query q = {.from = ch->at - BESIDE_NS,
		.to = ch->at + BESIDE_NS,
		.seen_until = console_at(c),
		.kinds = (uint32_t)KINDS_CAUSE,
		.limit = 4 * BESIDE_MAX};
	struct change_list list;
	struct err ignored = ERR_INIT;
	size_t n = 0;

	doc_heading(out, _("What else moved within 10 minutes"));
	if (change_list(&list, a, console_store(c), &q, &ignored))
		list.n = 0;
	doc_columns_begin(out, "lrll");
	for (size_t i = 0; i < list.n && n < BESIDE_MAX; i++) {
		const struct change *other = &list.items[i];

		if (other->id == ch->id || !console_has_source(c, other->source))
			continue;
		add_line(p, other, ch, true, out);
		n++;
	}
	doc_columns_end(out);
	if (!n)
		doc_text(out, ROLE_DIM, _("nothing that was seen"));
	err_release(&ignored);
}

void changes_detail(struct pane *p, const void *data, struct doc *out)
{
	const struct change_row *row = data;
	struct strbuf what = STRBUF_INIT;
	struct arena a;

	arena_init(&a);
	change_text(&what, row->change);
	doc_title(out, row->letter == 'a' ? ROLE_TICKET : ROLE_STRONG, "%s", what.buf);
	add_suspicion(p, row, out);
	if (!row->letter)
		doc_blank(out);
	add_facts(p, row->change, out);
	if (console_store(pane_console(p))) {
		add_history(p, row->change, &a, out);
		add_beside(p, row->change, &a, out);
	}
	strbuf_release(&what);
	arena_release(&a);
}
