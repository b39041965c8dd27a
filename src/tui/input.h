/*
 * input.h - bytes from the terminal become keys, pastes and clicks
 *
 * Bytes are pushed in, from a descriptor in life and by hand in tests; events are taken out.
 * A lone ESC is a key once input_timeout() is called, INPUT_ESC_NS after the last byte.
 */
#ifndef TOCSIN_INPUT_H
#define TOCSIN_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/strbuf.h"

#define INPUT_ESC_NS INT64_C(50000000)

enum event_kind { EVENT_NONE, EVENT_KEY, EVENT_PASTE, EVENT_MOUSE, EVENT_FOCUS };

/* Keys without a character; all others are their code point, controls 1..26 as themselves. */
enum key {
	KEY_BASE_ = 0x110000,
	K_UP, K_DOWN, K_LEFT, K_RIGHT, K_HOME, K_END, K_PAGE_UP, K_PAGE_DOWN, K_INSERT,
	K_DELETE, K_BACKTAB, K_F1, K_F2, K_F3, K_F4, K_F5, K_F6, K_F7, K_F8, K_F9, K_F10,
	K_F11, K_F12,
};
#define K_CTRL(c) ((uint32_t)(c)&0x1f)
#define K_ENTER 13u
#define K_TAB 9u
#define K_ESC 27u
#define K_BACKSPACE 127u

enum key_mods { MOD_ALT = 1, MOD_SHIFT = 2, MOD_CTRL = 4 };
enum mouse_kind { MOUSE_NONE, MOUSE_PRESS, MOUSE_RELEASE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN };

struct event {
	enum event_kind	kind;
	uint32_t	key;
	unsigned	mods;		/* of keys that have a code of their own, and Alt */
	bool		alone;		/* nothing else came with it: not typed ahead, not pasted */
	enum mouse_kind	mouse;
	int		y, x;		/* of the mouse, from 0 */
	const char	*text;		/* of a paste: borrowed until the next input call */
	size_t		n;
	bool		focused;
};

struct input;

struct input *input_new(void);
void input_free(struct input *in);

/* A sequence that the terminal's description gives for key. */
void input_define(struct input *in, const char *sequence, uint32_t key);

void input_push(struct input *in, const void *bytes, size_t n);
void input_timeout(struct input *in);	/* what is unfinished is taken as it stands */
bool input_waiting(const struct input *in);	/* something unfinished: call input_timeout later */
bool input_take(struct input *in, struct event *out);
void input_discard(struct input *in);	/* forget all that was pushed */

/* "j", "<Enter>", "<C-d>", "<Space>", "<M-x>": one key of a keymap; 0 when it is none. */
uint32_t key_parse(const char *s, size_t n, unsigned *mods);
void key_text(struct strbuf *out, uint32_t key, unsigned mods);

#endif
