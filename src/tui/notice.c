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
