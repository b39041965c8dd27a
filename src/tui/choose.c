#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "tui/console_state.h"

struct choosing {
	char **values; /* owned */
	size_t n;
	choice_fn *fn;
	void *ctx;
};

static void chosen(
	void *ctx, struct console *c, const struct pick_item *item, const char *typed)
{
	struct choosing *w = ctx;

	(void)typed;
	w->fn(w->ctx, c, item ? w->values[item->kind] : NULL);
	for (size_t i = 0; i < w->n; i++)
		free(w->values[i]);
	free(w->values);
	free(w);
}

void console_choose(struct console *c, const char *title, const struct choice *items,
	size_t n, choice_fn *fn, void *ctx)
{
	struct choosing *w = mem_new(1, sizeof(*w));
	struct picker *pk = picker_new(c, title, false, chosen, w);

	w->values = mem_new(n + 1, sizeof(*w->values));
	w->n = n;
	w->fn = fn;
	w->ctx = ctx;
	for (size_t i = 0; i < n; i++) {
		struct pick_item item = {
			.letter = items[i].letter,
			.title = items[i].title,
			.help = items[i].help,
			.kind = (int)i,
		};

		w->values[i] = mem_strdup(items[i].value);
		picker_add(pk, &item);
	}
	picker_open(pk);
}
