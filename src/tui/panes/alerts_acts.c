/* alerts_acts.c - what can be done to an alert: silence it, see to its silence, answer its page */
#include "config.h"
#include "tui/panes/alerts.h"

#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/mem.h"
#include "record/who.h"
#include "runbook/silence.h"
#include "tui/console.h"
#include "tui/offer_open.h"

static const struct alert_row *selected(struct pane *p)
{
	const struct row *row = pane_selected(p);

	return row ? row->data : NULL;
}

/* --- silence --- */

static const char *own_name(struct arena *a)
{
	struct who who;

	who_am_i(&who, a);
	return who.login ? who.login : who.user;
}

static void open_silence(struct console *c, const struct alert *alert, struct arena *a)
{
	struct silence_places places = {0};
	struct strbuf matchers = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct alert at = *alert;
	struct offer_hint presets[2];
	struct offer_about about = {
		.kind = REC_ALERT, .record = &at, .action = "silence"};

	if (silence_places(&places, a, console_config(c), console_context(c),
		    console_store(c), alert, &e)) {
		console_fail(c, &e);
	} else if (!places.n) {
		console_note(c, ROLE_NOTE, _("no source of this context keeps silences"));
	} else {
		at.source = places.sources[0];
		silence_matchers(&matchers, alert);
		presets[0] = (struct offer_hint){"matchers", matchers.buf};
		presets[1] = (struct offer_hint){"by", own_name(a)};
		about.title = arena_format(
			a, "%s, %s", alert->name ? alert->name : "-", at.source);
		about.presets = presets;
		about.n_presets = ARRAY_LEN(presets);
		offer_open_for(c, &about);
	}
	strbuf_release(&matchers);
	err_release(&e);
}

static unsigned act_silence(struct console *c, struct pane *p, const struct action *a)
{
	const struct alert_row *row = selected(p);
	struct arena arena;

	(void)a;
	if (!row || !console_config(c) || !console_store(c))
		return ACT_IGNORED;
	arena_init(&arena);
	open_silence(c, row->alert, &arena);
	arena_release(&arena);
	return ACT_REDRAW;
}

/* --- its silence --- */

/* The first that holds it back, as it was read. */
static const struct silence *silence_of(
	struct console *c, const struct alert *a, struct arena *arena)
{
	struct observed_list list = {0};
	struct err ignored = ERR_INIT;
	struct json *by = NULL;
	const struct silence *found = NULL;
	const char *id;

	if (!a->silenced_by || !console_store(c) ||
		json_parse(&by, a->silenced_by, strlen(a->silenced_by), &ignored)) {
		err_release(&ignored);
		return NULL;
	}
	id = json_text(json_get(json_first(by), "id"));
	if (id &&
		!observed_at(&list, arena, console_store(c), REC_SILENCE, NULL, id,
			console_at(c), 1, &ignored) &&
		list.n)
		found = list.items[0].record;
	json_free(by);
	err_release(&ignored);
	return found;
}

static unsigned act_on_silence(
	struct console *c, const struct silence *s, const char *action)
{
	struct offer_about about = {.kind = REC_SILENCE, .record = s, .action = action};

	about.title = s->matchers;
	offer_open_for(c, &about);
	return ACT_REDRAW;
}

static unsigned on_its_silence(struct console *c, struct pane *p, const char *action)
{
	const struct alert_row *row = selected(p);
	const struct silence *s;
	struct arena arena;
	unsigned done = ACT_IGNORED;

	if (!row)
		return done;
	arena_init(&arena);
	s = silence_of(c, row->alert, &arena);
	if (s)
		done = act_on_silence(c, s, action);
	else
		console_note(c, ROLE_NOTE, _("its silence has not been read yet"));
	arena_release(&arena);
	return done | ACT_REDRAW;
}

static unsigned act_expire(struct console *c, struct pane *p, const struct action *a)
{
	(void)a;
	return on_its_silence(c, p, "expire");
}

static unsigned act_extend(struct console *c, struct pane *p, const struct action *a)
{
	(void)a;
	return on_its_silence(c, p, "extend");
}

static unsigned can_expire(struct console *c, struct pane *p, const struct action *a)
{
	const struct alert_row *row = selected(p);

	(void)c, (void)a;
	return row && row->alert->silenced_by ? ACT_HANDLED : ACT_IGNORED;
}

/* --- its page --- */

static unsigned act_page(struct console *c, struct pane *p, const struct action *a)
{
	const struct alert_row *row = selected(p);
	struct offer_about about = {.kind = REC_PAGE};

	(void)a;
	if (!row || !row->page)
		return ACT_IGNORED;
	about.record = row->page;
	about.title = row->page->title ? row->page->title : row->page->id;
	about.now = row->page->state;
	offer_open_for(c, &about);
	return ACT_REDRAW;
}

static unsigned can_page(struct console *c, struct pane *p, const struct action *a)
{
	const struct alert_row *row = selected(p);

	(void)c, (void)a;
	return row && row->page ? ACT_HANDLED : ACT_IGNORED;
}

/* --- groups --- */

static unsigned act_group(struct console *c, struct pane *p, const struct action *a)
{
	struct alerts_pane *mine = pane_data(p);

	(void)c, (void)a;
	mine->grouped = !mine->grouped;
	return ACT_RELOAD;
}

/* Opens a run, whose steps are asked for one by one. */
#define BOOK_ACT (ACTION_MUTATES | ACTION_MENU | ACTION_ROW | ACTION_ASKS)

/* clang-format off */
const struct action alerts_actions[] = {
	{.name = "group-alerts", .keys = "v", .flags = ACTION_BAR, .where = SCOPE_LIST,
		.title = N_("groups"), .help = N_("together what is told together, or by urgency"),
		.run = act_group},
	{.name = "silence-alert", .letter = 's',
		.flags = BOOK_ACT,
		.title = N_("silence"),
		.help = N_("tell nobody of it for a while; shows what that covers, asks first"),
		.run = act_silence},
	{.name = "expire-silence", .letter = 'e',
		.flags = BOOK_ACT,
		.title = N_("end silence"), .help = N_("end the silence that holds it back; asks first"),
		.run = act_expire, .possible = can_expire},
	{.name = "extend-silence", .letter = 'l',
		.flags = BOOK_ACT,
		.title = N_("prolong silence"),
		.help = N_("move the end of the silence that holds it back; asks first"),
		.run = act_extend, .possible = can_expire},
	{.name = "act-on-page", .letter = 'p',
		.flags = BOOK_ACT,
		.title = N_("page"),
		.help = N_("acknowledge, note or resolve the page that was sent for it; asks first"),
		.run = act_page, .possible = can_page},
	{0},
};
/* clang-format on */
