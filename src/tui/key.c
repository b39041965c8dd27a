#include "config.h"

#include <string.h>

#include "core/mem.h"
#include "core/text.h"
#include "tui/input.h"

/* clang-format off */
static const struct { const char *name; uint32_t key; } names[] = {
	{"Enter", K_ENTER}, {"Tab", K_TAB}, {"S-Tab", K_BACKTAB}, {"Esc", K_ESC},
	{"Backspace", K_BACKSPACE}, {"Space", ' '}, {"Up", K_UP}, {"Down", K_DOWN},
	{"Left", K_LEFT}, {"Right", K_RIGHT}, {"Home", K_HOME}, {"End", K_END},
	{"PgUp", K_PAGE_UP}, {"PgDn", K_PAGE_DOWN}, {"Insert", K_INSERT}, {"Delete", K_DELETE},
	{"F1", K_F1}, {"F2", K_F2}, {"F3", K_F3}, {"F4", K_F4}, {"F5", K_F5}, {"F6", K_F6},
	{"F7", K_F7}, {"F8", K_F8}, {"F9", K_F9}, {"F10", K_F10}, {"F11", K_F11}, {"F12", K_F12},
};
/* clang-format on */

static uint32_t named(const char *s, size_t n)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strlen(names[i].name) == n && !strncmp(names[i].name, s, n))
			return names[i].key;
	return 0;
}

static uint32_t single(const char *s, size_t n)
{
	size_t used = 0;
	uint32_t point = n ? text_decode(s, n, &used) : 0;

	return used == n ? point : 0;
}

uint32_t key_parse(const char *s, size_t n, unsigned *mods)
{
	uint32_t key;

	*mods = 0;
	if (n < 3 || s[0] != '<' || s[n - 1] != '>')
		return single(s, n);
	s++;
	n -= 2;
	key = named(s, n);
	if (key || n < 3 || s[1] != '-')
		return key;
	if (s[0] == 'M')
		*mods = MOD_ALT;
	key = named(s + 2, n - 2);
	if (!key)
		key = single(s + 2, n - 2);
	if (s[0] == 'C' && key < 128)
		return K_CTRL(key);
	return s[0] == 'M' ? key : 0;
}

void key_text(struct strbuf *out, uint32_t key, unsigned mods)
{
	if (mods & MOD_ALT)
		strbuf_adds(out, "M-");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (names[i].key == key) {
			strbuf_adds(out, names[i].name);
			return;
		}
	}
	if (key < 32)
		strbuf_addf(out, "^%c", (int)(key + 96));
	else
		text_encode(out, key);
}
