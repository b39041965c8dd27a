#include "config.h"
#include "tui/panes/page_marks.h"

#include <string.h>

#include "core/i18n.h"
#include "store/observe.h"
#include "tui/console.h"
#include "tui/suspect.h"

#define SUSPECTS 5
#define CHANGES_READ 60

static bool has(const struct page_marks *m, const struct change *ch)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->changes[i]->id == ch->id)
			return true;
	return false;
}

static void add(struct page_marks *m, const struct change *ch)
{
	if (m->n < PAGE_MARKS && !has(m, ch))
		m->changes[m->n++] = ch;
}

/* What moves with every session or job is no landmark. */
#define LANDMARKS                                                             \
	(KIND_BIT(REC_POINTER) | KIND_BIT(REC_SERVING) | KIND_BIT(REC_FLAG) | \
		KIND_BIT(REC_DEFINITION) | KIND_BIT(REC_PROMPT_VERSION) |     \
		KIND_BIT(REC_MODEL_VERSION))

static int load_others(struct page_marks *m, struct arena *a, struct console *c,
	const char *service, int64_t from, struct err *e)
{
	const struct change_query q = {
		.from = from,
		.to = AT_NOW,
		.seen_until = console_at(c),
		.service = service,
		.kinds = LANDMARKS,
		.limit = CHANGES_READ,
	};
	struct change_list list;

	if (change_list(&list, a, console_store(c), &q, e))
		return -1;
	for (size_t i = 0; i < list.n; i++)
		if (console_has_source(c, list.items[i].source))
			add(m, &list.items[i]);
	return 0;
}

void page_marks_load(struct page_marks *out, struct arena *a, struct console *c,
	const char *service, int64_t onset, int64_t from)
{
	struct err e = ERR_INIT;

	*out = (struct page_marks){.onset = onset, .utc = console_utc(c)};
	if (!console_store(c))
		return;
	if (onset != NONE_INT &&
		suspects_load(&out->suspects, a, c, service, onset, SUSPECTS, &e))
		out->error = arena_strdup(a, e.what);
	for (size_t i = 0; i < out->suspects.n; i++)
		add(out, out->suspects.items[i].change);
	if (!out->error && service && load_others(out, a, c, service, from, &e))
		out->error = arena_strdup(a, e.what);
	err_release(&e);
}

void page_marks_put(const struct page_marks *m, struct chart *ch, int64_t onset)
{
	ch->utc = m->utc;
	for (size_t i = 0; i < m->n && ch->n_marks + 1 < CHART_MARKS; i++) {
		if (m->changes[i]->at < ch->from || m->changes[i]->at > ch->to)
			continue;
		ch->mark_names[ch->n_marks] = (char)('a' + i);
		ch->marks[ch->n_marks++] = m->changes[i]->at;
	}
	if (onset != NONE_INT) {
		ch->mark_names[ch->n_marks] = '^';
		ch->marks[ch->n_marks++] = onset;
	}
}

/* before NULL: it is suspected of nothing. */
static void add_line(struct pane *p, char letter, const struct change *ch, enum role role,
	const char *before, struct doc *out)
{
	struct strbuf when = STRBUF_INIT, text = STRBUF_INIT, address = STRBUF_INIT;

	change_address(&address, ch);
	console_time(pane_console(p), &when, ch->at);
	change_text(&text, ch);
	doc_cellf(out, ROLE_KEY, "%c", letter);
	doc_cell(out, ROLE_DIM, when.buf);
	doc_cell(out, role, text.buf);
	doc_cell(out, ROLE_TEXT, before);
	doc_row_link(out, "changes", address.buf);
	strbuf_release(&address);
	strbuf_release(&when);
	strbuf_release(&text);
}

static void add_suspects(const struct page_marks *m, struct pane *p, struct doc *out)
{
	doc_columns_begin(out, "llll");
	for (size_t i = 0; i < m->suspects.n; i++) {
		const struct suspect *s = &m->suspects.items[i];
		struct strbuf before = STRBUF_INIT;
		bool fits = i < m->suspects.n_fits;

		before_text(&before, s->before_ns);
		if (!i && fits)
			strbuf_adds(&before, _(", likely"));
		add_line(p, (char)('a' + i), s->change,
			!i && fits     ? ROLE_STRONG
				: fits ? ROLE_TEXT
				       : ROLE_DIM,
			before.buf, out);
		strbuf_release(&before);
	}
	doc_columns_end(out);
	if (suspects_fit(&m->suspects))
		doc_textf(out, ROLE_DIM, _("a: %s"), m->suspects.items[0].reason);
}

static void add_others(const struct page_marks *m, struct pane *p, struct doc *out)
{
	size_t first = m->suspects.n < m->n ? m->suspects.n : m->n;

	if (first == m->n)
		return;
	doc_heading(out,
		first ? _("Other changes of the service") : _("Changes of the service"));
	doc_columns_begin(out, "llll");
	for (size_t i = first; i < m->n; i++)
		add_line(p, (char)('a' + i), m->changes[i], ROLE_TEXT,
			m->changes[i]->actor ? m->changes[i]->actor : "", out);
	doc_columns_end(out);
}

void page_marks_legend(const struct page_marks *m, struct pane *p, struct doc *out)
{
	if (m->error)
		doc_text(out, ROLE_ERROR, m->error);
	if (m->onset != NONE_INT) {
		doc_heading(out, _("Changes near the onset ^, likeliest first"));
		if (m->suspects.none)
			doc_textf(
				out, ROLE_NO_DATA, _("None fits: %s"), m->suspects.none);
		else if (!m->suspects.n)
			doc_text(out, ROLE_DIM,
				_("none was seen; what happened before the console "
				  "watched may be missing"));
		add_suspects(m, p, out);
	}
	add_others(m, p, out);
}
