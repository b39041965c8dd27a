#include "config.h"
#include "core/text.h"

#include <langinfo.h>
#include <string.h>

#define REPLACEMENT 0xfffd

uint32_t text_decode(const char *s, size_t n, size_t *used)
{
	static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
	const unsigned char *b = (const unsigned char *)s;
	size_t more = b[0] >= 0xf0 ? 3 : b[0] >= 0xe0 ? 2 : 1;
	uint32_t c;

	*used = 1;
	if (b[0] < 0x80)
		return b[0];
	if (b[0] < 0xc2 || b[0] > 0xf4 || n <= more)
		return REPLACEMENT;
	c = b[0] & (0x3fU >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return REPLACEMENT;
		c = c << 6 | (b[i] & 0x3fU);
	}
	if (c < smallest[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return REPLACEMENT;
	*used = more + 1;
	return c;
}

void text_encode(struct strbuf *out, uint32_t c)
{
	char b[4];

	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = REPLACEMENT;
	if (c < 0x80) {
		strbuf_addc(out, (char)c);
	} else if (c < 0x800) {
		b[0] = (char)(0xc0 | c >> 6);
		b[1] = (char)(0x80 | (c & 0x3f));
		strbuf_add(out, b, 2);
	} else if (c < 0x10000) {
		b[0] = (char)(0xe0 | c >> 12);
		b[1] = (char)(0x80 | (c >> 6 & 0x3f));
		b[2] = (char)(0x80 | (c & 0x3f));
		strbuf_add(out, b, 3);
	} else {
		b[0] = (char)(0xf0 | c >> 18);
		b[1] = (char)(0x80 | (c >> 12 & 0x3f));
		b[2] = (char)(0x80 | (c >> 6 & 0x3f));
		b[3] = (char)(0x80 | (c & 0x3f));
		strbuf_add(out, b, 4);
	}
}

/* Sorted.  Unicode's default ignorables but U+FE0E and U+FE0F, and the line separators. */
static const struct {
	uint32_t first, last;
} hidden[] = {
	{0x00ad, 0x00ad},
	{0x034f, 0x034f},
	{0x061c, 0x061c},
	{0x115f, 0x1160},
	{0x17b4, 0x17b5},
	{0x180b, 0x180f},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f},
	{0x3164, 0x3164},
	{0xfdd0, 0xfdef},
	{0xfe00, 0xfe0d},
	{0xfeff, 0xfeff},
	{0xffa0, 0xffa0},
	{0xfff0, 0xfffb},
	{0x13430, 0x13438},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0xe0000, 0xe0fff},
};

bool text_cp_is_unsafe(uint32_t c)
{
	if (c < 0xad)
		return c < 0x20 || (c >= 0x7f && c < 0xa0);
	if ((c & 0xfffe) == 0xfffe)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(hidden) && hidden[i].first <= c; i++)
		if (c <= hidden[i].last)
			return true;
	return false;
}

static bool is_pictograph(uint32_t c)
{
	return (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x2600 && c <= 0x27bf);
}

/*
 * What only joins or styles pictographs: terminals disagree on its width and do without it.  A
 * zero-width joiner anywhere else hides something.
 */
static bool is_dropped(uint32_t before, uint32_t c, const char *rest, size_t n)
{
	size_t used;

	if (c == 0xfe0e || c == 0xfe0f)
		return true;
	return c == 0x200d && n && is_pictograph(before) &&
		is_pictograph(text_decode(rest, n, &used));
}

static size_t plain_bytes(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] >= 0x20 && s[i] < 0x7f)
		i++;
	return i;
}

static void add_visible(struct strbuf *out, uint32_t c, bool keep_newlines)
{
	if (c == '\t' || (c == '\n' && !keep_newlines))
		strbuf_addc(out, ' ');
	else if (c == '\n' || !text_cp_is_unsafe(c))
		text_encode(out, c);
	else if (c < 0xa0)
		strbuf_addf(out, "<%02x>", c);
	else
		strbuf_addf(out, "<U+%04X>", c);
}

void text_safe(struct strbuf *out, const char *s, size_t n, bool keep_newlines)
{
	uint32_t before = 0;
	size_t used;

	for (size_t i = 0; i < n; i += used) {
		uint32_t c;

		used = plain_bytes(s + i, n - i);
		if (used) {
			strbuf_add(out, s + i, used);
			before = ' ';
			continue;
		}
		c = text_decode(s + i, n - i, &used);
		if (is_dropped(before, c, s + i + used, n - i - used))
			continue;
		if (c == REPLACEMENT && used == 1)
			strbuf_addf(out, "<%02x>", (unsigned char)s[i]);
		else
			add_visible(out, c, keep_newlines);
		before = c;
	}
}

/* Columns of the code point at s, at least 0, and its bytes. */
static int step(const char *s, size_t n, size_t *used)
{
	int width = text_cp_width(text_decode(s, n, used));

	return width > 0 ? width : 0;
}

int text_width(const char *s)
{
	size_t n = strlen(s), used;
	int width = 0;

	for (size_t i = 0; i < n; i += used)
		width += step(s + i, n - i, &used);
	return width;
}

static size_t fit(const char *s, size_t n, int columns, int *width)
{
	size_t i = 0, used;

	*width = 0;
	while (i < n) {
		int w = step(s + i, n - i, &used);

		if (*width + w > columns)
			break;
		*width += w;
		i += used;
	}
	return i;
}

size_t text_fit(const char *s, int columns, int *used)
{
	int width;
	size_t bytes = columns > 0 ? fit(s, strlen(s), columns, &width) : 0;

	if (used)
		*used = bytes ? width : 0;
	return bytes;
}

void text_short(struct strbuf *out, const char *s)
{
	static const char prefix[] = "sha256:";
	enum { PREFIX = sizeof(prefix) - 1, DIGITS = 64, SHOWN = 12 };
	const char *at;

	while ((at = strstr(s, prefix))) {
		size_t n = strspn(at + PREFIX, "0123456789abcdef");

		strbuf_add(out, s, (size_t)(at - s) + PREFIX + (n == DIGITS ? SHOWN : n));
		s = at + PREFIX + n;
	}
	strbuf_adds(out, s);
}

void text_cut(struct strbuf *out, const char *s, int columns, const char *ellipsis)
{
	int width = text_width(ellipsis);
	size_t bytes = text_fit(s, columns, NULL);

	if (!s[bytes]) {
		strbuf_adds(out, s);
	} else if (width > columns) {
		strbuf_add(out, ellipsis, text_fit(ellipsis, columns, NULL));
	} else {
		strbuf_add(out, s, text_fit(s, columns - width, NULL));
		strbuf_adds(out, ellipsis);
	}
}

void text_cut_middle(struct strbuf *out, const char *s, int columns, const char *ellipsis)
{
	int width = text_width(ellipsis), all = text_width(s), room = columns - width;
	int head = room / 2, skip = all - (room - head);
	size_t from;

	if (all <= columns || room < 4) {
		text_cut(out, s, columns, ellipsis);
		return;
	}
	from = text_fit(s, skip, NULL);
	/* A wide character on the edge goes as a whole. */
	while (text_width(s + from) > room - head)
		from = text_fit(s, ++skip, NULL);
	strbuf_add(out, s, text_fit(s, head, NULL));
	strbuf_adds(out, ellipsis);
	strbuf_adds(out, s + from);
}

/* Marks that must not begin a line. */
static bool closes(uint32_t c)
{
	static const uint32_t marks[] = {0x201d, 0x3001, 0x3002, 0x300b, 0x300d, 0x300f,
		0x3011, 0xff01, 0xff09, 0xff0c, 0xff1a, 0xff1b, 0xff1f};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (marks[i] == c)
			return true;
	return false;
}

/* Whether a line may end before s[at]: at a space, or beside a wide character. */
static bool may_break(const char *s, size_t n, size_t at)
{
	size_t before = at, used;
	uint32_t c = text_decode(s + at, n - at, &used);

	if (c == ' ')
		return true;
	do
		before--;
	while (before && (s[before] & 0xc0) == 0x80);
	if (s[before] == ' ')
		return true;
	if (closes(c) || text_cp_width(c) == 0)
		return false;
	return text_cp_width(c) == 2 ||
		text_cp_width(text_decode(s + before, n - before, &used)) == 2;
}

/* Bytes of the first line of s, which is one paragraph. */
static size_t line_bytes(const char *s, size_t n, int columns)
{
	int width;
	size_t limit = fit(s, n, columns, &width), at, used;

	if (limit == n)
		return n;
	if (!limit) {
		/* A wide character in one column still has to go somewhere, with its marks. */
		step(s, n, &limit);
		while (limit < n && step(s + limit, n - limit, &used) == 0)
			limit += used;
		return limit;
	}
	for (at = limit; at > 0; at--)
		if ((s[at] & 0xc0) != 0x80 && may_break(s, n, at))
			break;
	while (at > 0 && s[at - 1] == ' ')
		at--;
	return at ? at : limit;
}

static void wrap_paragraph(
	const char *s, size_t n, int columns, text_line_fn *fn, void *ctx)
{
	size_t i = 0;

	do {
		size_t bytes = line_bytes(s + i, n - i, columns);

		fn(ctx, s + i, bytes);
		i += bytes;
		while (i < n && s[i] == ' ')
			i++;
	} while (i < n);
}

void text_wrap(const char *s, int columns, text_line_fn *fn, void *ctx)
{
	while (*s) {
		size_t n = strcspn(s, "\n");

		wrap_paragraph(s, n, columns > 0 ? columns : 1, fn, ctx);
		s += n + (s[n] == '\n');
	}
}

/* -1: not asked yet.  The locale is the process's, so is the answer. */
static int utf8 = -1;

bool text_is_utf8(void)
{
	if (utf8 < 0)
		utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	return utf8 == 1;
}

void text_locale(bool is_utf8)
{
	utf8 = is_utf8;
}

void text_ascii(struct strbuf *out, const char *s)
{
	size_t n = strlen(s), used;

	for (size_t i = 0; i < n; i += used) {
		uint32_t c = text_decode(s + i, n - i, &used);

		if (c < 0x7f)
			strbuf_addc(out, (char)c);
		else
			strbuf_add(out, "??",
				(size_t)(text_cp_width(c) < 0 ? 1 : text_cp_width(c)));
	}
}
