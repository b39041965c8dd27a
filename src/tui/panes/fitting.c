#include "config.h"
#include "tui/panes/fitting.h"

#include <string.h>

#include "core/clock.h"
#include "core/i18n.h"
#include "tui/console.h"

#define KEPT_NS NS_PER_MIN
#define SHOWN 6

void fitting_release(struct fitting *f)
{
	library_free(f->library);
	memset(f, 0, sizeof(*f));
}

static void read_library(struct fitting *f, const struct config *config)
{
	struct err ignored = ERR_INIT;
	int64_t now = clock_mono();

	if (f->read_mono && now - f->read_mono < KEPT_NS)
		return;
	library_free(f->library);
	f->library = NULL;
	f->read_mono = now ? now : 1;
	if (library_load(&f->library, config, &ignored))
		f->library = NULL;
	err_release(&ignored);
}

void fitting_add(
	struct fitting *f, struct pane *p, const struct library_query *q, struct doc *out)
{
	struct console *c = pane_console(p);
	struct library_match *matches = NULL;
	struct arena a;
	size_t n = 0;

	arena_init(&a);
	read_library(f, console_config(c));
	if (f->library)
		n = library_matching(&matches, &a, f->library, console_config(c), q);
	doc_heading(out, _("Runbooks that fit; R opens them"));
	doc_columns_begin(out, "lll");
	for (size_t i = 0; i < n && i < SHOWN; i++) {
		doc_cell(out, i ? ROLE_TEXT : ROLE_STRONG, matches[i].entry->name);
		doc_cell(out, ROLE_TEXT, matches[i].entry->title);
		doc_cell(out, ROLE_DIM, matches[i].reason);
		doc_row_link(out, "runbooks", matches[i].entry->name);
	}
	doc_columns_end(out);
	if (!n)
		doc_text(out, ROLE_DIM,
			_("none; services name theirs under runbooks: in the "
			  "configuration"));
	arena_release(&a);
}
