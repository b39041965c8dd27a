/* edit.h - one line of text being typed: for prompts and forms */
#ifndef TOCSIN_EDIT_H
#define TOCSIN_EDIT_H

#include <stdbool.h>

#include "core/strbuf.h"
#include "tui/draw.h"
#include "tui/input.h"

struct edit {
	struct strbuf	text;	/* UTF-8 without controls */
	size_t		at;	/* the cursor, in bytes */
	bool		secret;	/* shown as stars */
};

void edit_init(struct edit *ed, const char *text);	/* text may be NULL */
void edit_release(struct edit *ed);
void edit_set(struct edit *ed, const char *text);

/* Keys and pastes; false: not an editing key. */
bool edit_event(struct edit *ed, const struct event *ev);

/* Draws cols columns with the cursor in it; scrolls sideways. */
void edit_draw(const struct edit *ed, const struct box *b, int y, int x, int cols, bool focus);

#endif
