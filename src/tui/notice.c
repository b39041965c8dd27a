#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "core/mem.h"
#include "tui/console_state.h"

#define RING_NS (30 * NS_PER_S)

/* How many things there are that somebody should be told of. */
static size_t worthy(const struct console *c)
{
	const struct situation *s = &c->situation;
	const char *bell = c->config->notify.bell ? c->config->notify.bell : "page";

	if (!strcmp(bell, "off"))
		return 0;
	if (!strcmp(bell, "ticket"))
		return s->firing + s->slos_by[SEV_PAGE] + s->slos_by[SEV_TICKET];
	return s->firing_pages + s->slos_by[SEV_PAGE];
}

/* In words as well: a screen reader hears one line, and who looks elsewhere gets a notice. */
static void say_worst(struct console *c)
{
	const struct situation *s = &c->situation;
	const struct slo_row *row = s->slos_by[SEV_PAGE] ? s->slos[0] : NULL;
	struct strbuf text = STRBUF_INIT, burn = STRBUF_INIT;

	if (row) {
		burn_text(&burn, slo_burn_now(&row->state));
		strbuf_addf(&text, _("%s/%s burns %s"), row->slo.service, row->slo.name,
			burn.buf);
		strbuf_release(&burn);
	} else if (s->firing_pages) {
		strbuf_addf(&text, _("%s fires"), s->alerts[0].alert->name);
	}
	if (text.len && c->noticed)
		console_note(c, ROLE_PAGE, "%s", text.buf);
	if (text.len &&
		!(c->config->notify.terminal &&
			!strcmp(c->config->notify.terminal, "off")))
		term_notify(c->term, text.buf);
	c->noticed = true;
	strbuf_release(&text);
}

/* The bell rings once when something new is worth it, and at most once in thirty seconds. */
void notice_update(struct console *c)
{
	size_t pages = worthy(c);
	const char *name = c->context ? c->context->name : "";
	char *title = pages ? mem_format("(%zu!) Tocsin %s", pages, name)
			    : mem_format("Tocsin %s", name);
	int64_t now = clock_mono();

	if (c->at == AT_NOW && pages > c->pages_seen &&
		(!c->rang_mono || now - c->rang_mono >= RING_NS)) {
		term_bell(c->term);
		c->rang_mono = now;
		say_worst(c);
	}
	if (c->at == AT_NOW)
		c->pages_seen = pages;
	if (!c->title || strcmp(c->title, title)) {
		term_set_title(c->term, title);
		free(c->title);
		c->title = title;
		return;
	}
	free(title);
}
