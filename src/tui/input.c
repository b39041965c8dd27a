#include "config.h"
#include "tui/input.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"

#define SEQUENCE_MAX 128
#define PASTE_MAX (1024 * 1024)
#define PASTE_END "\033[201~"

struct sequence {
	char *bytes; /* owned */
	uint32_t key;
};

struct input {
	struct strbuf pending;
	struct strbuf paste, taken_paste;
	bool pasting;
	struct event *queue; /* owned */
	size_t n, cap, first;
	struct sequence *sequences; /* owned */
	size_t n_sequences, cap_sequences;
};

struct input *input_new(void)
{
	struct input *in = mem_new(1, sizeof(*in));

	strbuf_init(&in->pending);
	strbuf_init(&in->paste);
	strbuf_init(&in->taken_paste);
	return in;
}

void input_free(struct input *in)
{
	if (!in)
		return;
	for (size_t i = 0; i < in->n_sequences; i++)
		free(in->sequences[i].bytes);
	free(in->sequences);
	free(in->queue);
	strbuf_release(&in->pending);
	strbuf_release(&in->paste);
	strbuf_release(&in->taken_paste);
	free(in);
}

void input_define(struct input *in, const char *sequence, uint32_t key)
{
	struct sequence *s = mem_push(in->sequences, in->n_sequences, in->cap_sequences);

	s->bytes = mem_strdup(sequence);
	s->key = key;
}

static struct event *add_event(struct input *in, enum event_kind kind)
{
	struct event *ev = mem_push(in->queue, in->n, in->cap);

	ev->kind = kind;
	return ev;
}

static void add_key(struct input *in, uint32_t key, unsigned mods)
{
	struct event *ev = add_event(in, EVENT_KEY);

	ev->key = key == 8 ? K_BACKSPACE : key;
	ev->mods = mods;
}

/* --- escape sequences --- */

/* clang-format off */
static const struct { int number; uint32_t key; } tilde_keys[] = {
	{1, K_HOME}, {2, K_INSERT}, {3, K_DELETE}, {4, K_END}, {5, K_PAGE_UP}, {6, K_PAGE_DOWN},
	{7, K_HOME}, {8, K_END}, {11, K_F1}, {12, K_F2}, {13, K_F3}, {14, K_F4}, {15, K_F5},
	{17, K_F6}, {18, K_F7}, {19, K_F8}, {20, K_F9}, {21, K_F10}, {23, K_F11}, {24, K_F12},
};

static const struct { char final; uint32_t key; } final_keys[] = {
	{'A', K_UP}, {'B', K_DOWN}, {'C', K_RIGHT}, {'D', K_LEFT}, {'F', K_END}, {'H', K_HOME},
	{'P', K_F1}, {'Q', K_F2}, {'R', K_F3}, {'S', K_F4}, {'Z', K_BACKTAB},
};
/* clang-format on */

static unsigned mods_of(int parameter)
{
	int bits = parameter > 0 ? parameter - 1 : 0;

	return (unsigned)(((bits & 1) ? MOD_SHIFT : 0) | ((bits & 2) ? MOD_ALT : 0) |
		((bits & 4) ? MOD_CTRL : 0));
}

/* Decimal parameters between ';'; how many. */
static int parameters(const char *s, size_t n, int out[3])
{
	int count = 0;

	out[0] = out[1] = out[2] = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] == ';')
			count++;
		else if (s[i] >= '0' && s[i] <= '9' && count < 3 && out[count] < 100000)
			out[count] = out[count] * 10 + (s[i] - '0');
	}
	return n ? count + 1 : 0;
}

static void take_mouse(struct input *in, const char *s, size_t n, bool release)
{
	int p[3];
	struct event *ev;

	if (parameters(s, n, p) != 3 || p[1] < 1 || p[2] < 1)
		return;
	/* 32 is a movement; 64 and up the wheel; 4, 8, 16 modifiers. */
	if (p[0] & 32 || (p[0] & 3) == 3)
		return;
	ev = add_event(in, EVENT_MOUSE);
	ev->x = p[1] - 1;
	ev->y = p[2] - 1;
	if (p[0] & 64)
		ev->mouse = (p[0] & 1) ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
	else
		ev->mouse = release ? MOUSE_RELEASE : MOUSE_PRESS;
}

static void take_tilde(struct input *in, const int p[3])
{
	if (p[0] == 200) {
		in->pasting = true;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(tilde_keys); i++)
		if (tilde_keys[i].number == p[0])
			add_key(in, tilde_keys[i].key, mods_of(p[1]));
}

/* s[0..n-1] stands between "ESC [" and final. */
static void take_csi(struct input *in, const char *s, size_t n, char final)
{
	int p[3], count;

	if (n && s[0] == '<' && (final == 'M' || final == 'm')) {
		take_mouse(in, s + 1, n - 1, final == 'm');
		return;
	}
	if (n && (s[0] < '0' || s[0] > ';'))
		return; /* an answer to a question, not a key */
	count = parameters(s, n, p);
	if (final == '~')
		take_tilde(in, p);
	else if (final == 'I' || final == 'O')
		add_event(in, EVENT_FOCUS)->focused = final == 'I';
	else if (count < 2 || p[0] == 1)
		for (size_t i = 0; i < ARRAY_LEN(final_keys); i++)
			if (final_keys[i].final == final)
				add_key(in, final_keys[i].key, mods_of(p[1]));
}

/* Bytes used by the CSI sequence at s; 0: more is needed. */
static size_t parse_csi(struct input *in, const char *s, size_t n)
{
	size_t i = 2;

	while (i < n && (unsigned char)s[i] >= 0x20 && (unsigned char)s[i] < 0x40)
		i++;
	if (i == n)
		return n > SEQUENCE_MAX ? n : 0;
	if ((unsigned char)s[i] < 0x40 || (unsigned char)s[i] > 0x7e)
		return i; /* broken off: what breaks it is read anew */
	take_csi(in, s + 2, i - 2, s[i]);
	return i + 1;
}

/* Answers (OSC, DCS, APC, PM, SOS) end with BEL or ST and mean nothing to us. */
static size_t parse_string(const char *s, size_t n)
{
	for (size_t i = 2; i < n; i++) {
		if (s[i] == '\a')
			return i + 1;
		if (s[i] == '\033' && i + 1 < n)
			return s[i + 1] == '\\' ? i + 2 : i;
	}
	return n > 65536 ? n : 0;
}

/* Bytes of one UTF-8 sequence by its first byte. */
static size_t sequence_length(unsigned char lead)
{
	return lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
}

static size_t parse_character(
	struct input *in, const char *s, size_t n, unsigned mods, bool force)
{
	size_t used, need = sequence_length((unsigned char)s[0]);
	uint32_t point;

	for (size_t i = 1; i < need && i < n; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80)
			force = true;
	if (n < need && !force)
		return 0;
	point = text_decode(s, n < need ? n : need, &used);
	add_key(in, point, mods);
	return used;
}

static size_t parse_escape(struct input *in, const char *s, size_t n, bool force)
{
	size_t used = 0;

	if (n == 1 || s[1] == '\033') {
		if (n == 1 && !force)
			return 0;
		add_key(in, K_ESC, 0);
		return 1;
	}
	if (s[1] == '[')
		used = parse_csi(in, s, n);
	else if (s[1] == 'O' && n > 2) {
		take_csi(in, "", 0, s[2]);
		used = 3;
	} else if (strchr("]P_^X", s[1]))
		used = parse_string(s, n);
	else if (s[1] != 'O') {
		used = parse_character(in, s + 1, n - 1, MOD_ALT, force);
		return used ? used + 1 : 0;
	}
	if (used || !force)
		return used;
	if (n == 2)
		add_key(in, (unsigned char)s[1], MOD_ALT);
	return n;
}

/* The longest defined sequence at s; *partial when s may still become one. */
static size_t parse_defined(struct input *in, const char *s, size_t n, bool *partial)
{
	const struct sequence *best = NULL;
	size_t best_len = 0;

	*partial = false;
	for (size_t i = 0; i < in->n_sequences; i++) {
		size_t len = strlen(in->sequences[i].bytes);

		if (len <= n && len > best_len &&
			!memcmp(in->sequences[i].bytes, s, len)) {
			best = &in->sequences[i];
			best_len = len;
		} else if (len > n && !memcmp(in->sequences[i].bytes, s, n)) {
			*partial = true;
		}
	}
	if (best)
		add_key(in, best->key, 0);
	return best_len;
}

/* --- pastes --- */

/* How many bytes at the end of s could be the beginning of the end mark. */
static size_t tail_of_mark(const char *s, size_t n)
{
	size_t len = strlen(PASTE_END);

	for (size_t keep = len - 1 < n ? len - 1 : n; keep > 0; keep--)
		if (!memcmp(s + n - keep, PASTE_END, keep))
			return keep;
	return 0;
}

static void paste_add(struct input *in, const char *s, size_t n)
{
	if (in->paste.len + n > PASTE_MAX)
		n = PASTE_MAX - in->paste.len;
	strbuf_add(&in->paste, s, n);
}

static size_t parse_paste(struct input *in, const char *s, size_t n)
{
	const char *end = memmem(s, n, PASTE_END, strlen(PASTE_END));
	size_t take = end ? (size_t)(end - s) : n - tail_of_mark(s, n);
	struct event *ev;

	paste_add(in, s, take);
	if (!end)
		return take;
	in->pasting = false;
	ev = add_event(in, EVENT_PASTE);
	ev->text = strbuf_detach(&in->paste, &ev->n);
	return take + strlen(PASTE_END);
}

static size_t parse_one(struct input *in, const char *s, size_t n, bool force)
{
	bool partial = false;
	size_t used;

	if (in->pasting)
		return parse_paste(in, s, n);
	if (s[0] != '\033')
		return parse_character(in, s, n, 0, force);
	used = parse_defined(in, s, n, &partial);
	if (used)
		return used;
	return parse_escape(in, s, n, force);
}

static void parse(struct input *in, bool force)
{
	size_t at = 0;

	while (at < in->pending.len) {
		size_t used =
			parse_one(in, in->pending.buf + at, in->pending.len - at, force);

		if (!used)
			break;
		at += used;
	}
	strbuf_remove(&in->pending, 0, at);
}

void input_push(struct input *in, const void *bytes, size_t n)
{
	size_t before = in->n;
	bool clean = in->first == in->n && !in->pending.len;

	strbuf_add(&in->pending, bytes, n);
	parse(in, false);
	if (in->n == before + 1)
		in->queue[before].alone = clean && !in->pending.len;
}

void input_timeout(struct input *in)
{
	size_t before = in->n;

	if (in->pasting)
		return;
	parse(in, true);
	if (in->n == before + 1 && in->first == before)
		in->queue[before].alone = true;
}

bool input_waiting(const struct input *in)
{
	return in->pending.len > 0 && !in->pasting;
}

bool input_take(struct input *in, struct event *out)
{
	if (in->first == in->n)
		return false;
	*out = in->queue[in->first++];
	if (out->kind == EVENT_PASTE) {
		strbuf_reset(&in->taken_paste);
		strbuf_add(&in->taken_paste, out->text, out->n);
		free((char *)out->text);
		out->text = in->taken_paste.buf;
	}
	if (in->first == in->n)
		in->first = in->n = 0;
	return true;
}

void input_discard(struct input *in)
{
	struct event ev;

	while (input_take(in, &ev))
		;
	strbuf_reset(&in->pending);
	strbuf_reset(&in->paste);
	in->pasting = false;
}
