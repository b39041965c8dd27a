#include "config.h"
#include "tui/edit.h"

#include <string.h>

#include "core/text.h"

#define EDIT_MAX 4096

void edit_init(struct edit *ed, const char *text)
{
	strbuf_init(&ed->text);
	ed->secret = false;
	edit_set(ed, text);
}

void edit_release(struct edit *ed)
{
	strbuf_release(&ed->text);
}

void edit_set(struct edit *ed, const char *text)
{
	strbuf_reset(&ed->text);
	strbuf_adds(&ed->text, text);
	ed->at = ed->text.len;
}

static bool is_continuation(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

static size_t before(const struct edit *ed, size_t at)
{
	if (at > 0)
		at--;
	while (at > 0 && is_continuation(ed->text.buf[at]))
		at--;
	return at;
}

static size_t after(const struct edit *ed, size_t at)
{
	if (at < ed->text.len)
		at++;
	while (at < ed->text.len && is_continuation(ed->text.buf[at]))
		at++;
	return at;
}

static size_t word_before(const struct edit *ed)
{
	size_t at = ed->at;

	while (at > 0 && ed->text.buf[at - 1] == ' ')
		at--;
	while (at > 0 && ed->text.buf[at - 1] != ' ')
		at--;
	return at;
}

static void erase(struct edit *ed, size_t from, size_t to)
{
	strbuf_remove(&ed->text, from, to - from);
	ed->at = from;
}

static void insert(struct edit *ed, const char *s, size_t n)
{
	if (ed->text.len + n > EDIT_MAX)
		return;
	strbuf_insert(&ed->text, ed->at, s, n);
	ed->at += n;
}

static void insert_point(struct edit *ed, uint32_t point)
{
	struct strbuf sb = STRBUF_INIT;

	text_encode(&sb, point);
	insert(ed, sb.buf, sb.len);
	strbuf_release(&sb);
}

/* A paste is text: what a terminal could act on, and line ends, become visible or spaces. */
static void insert_paste(struct edit *ed, const char *s, size_t n)
{
	struct strbuf safe = STRBUF_INIT;

	while (n && (s[n - 1] == '\n' || s[n - 1] == '\r'))
		n--;
	text_safe(&safe, s, n > EDIT_MAX ? EDIT_MAX : n, false);
	insert(ed, safe.buf, safe.len);
	strbuf_release(&safe);
}

static bool edit_key(struct edit *ed, uint32_t key)
{
	switch (key) {
	case K_BACKSPACE: erase(ed, before(ed, ed->at), ed->at); return true;
	case K_DELETE: erase(ed, ed->at, after(ed, ed->at)); return true;
	case K_LEFT: ed->at = before(ed, ed->at); return true;
	case K_RIGHT: ed->at = after(ed, ed->at); return true;
	case K_HOME: ed->at = 0; return true;
	case K_END: ed->at = ed->text.len; return true;
	case K_CTRL('u'): erase(ed, 0, ed->at); return true;
	case K_CTRL('w'): erase(ed, word_before(ed), ed->at); return true;
	default: break;
	}
	if (key < 32 || key >= KEY_BASE_ || text_cp_is_unsafe(key))
		return false;
	insert_point(ed, key);
	return true;
}

bool edit_event(struct edit *ed, const struct event *ev)
{
	if (ev->kind == EVENT_PASTE) {
		insert_paste(ed, ev->text, ev->n);
		return true;
	}
	return ev->kind == EVENT_KEY && !ev->mods && edit_key(ed, ev->key);
}

void edit_draw(
	const struct edit *ed, const struct box *b, int y, int x, int cols, bool focus)
{
	struct strbuf shown = STRBUF_INIT;
	size_t from = 0;
	int used = 0;

	if (ed->secret)
		for (size_t i = 0; i < ed->text.len; i = after(ed, i))
			strbuf_addc(&shown, '*');
	else
		strbuf_add(&shown, ed->text.buf, ed->text.len);
	/* The part before the cursor decides how far the text is pushed to the left. */
	if (!ed->secret) {
		struct strbuf left = STRBUF_INIT;

		strbuf_add(&left, ed->text.buf, ed->at);
		while (draw_width(left.buf + from) >= cols && from < ed->at)
			from = after(ed, from);
		used = draw_width(left.buf + from);
		strbuf_release(&left);
	} else {
		used = (int)shown.len < cols ? (int)shown.len : cols - 1;
	}
	box_fill(b, y, x, 1, cols, ROLE_INPUT);
	box_text(b, y, x, cols, ROLE_INPUT, shown.buf + from);
	if (focus)
		box_cursor(b, y, x + used, true);
	strbuf_release(&shown);
}
