#include "config.h"
#include "tui/term.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>

#include "core/digest.h"
#include "core/i18n.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "tui/term_info.h"

#define FALLBACK "xterm-256color"
#define SYNC_BEGIN "\033[?2026h"
#define SYNC_END "\033[?2026l"
#define SYNC_MIN_BYTES 256 /* fewer arrive in one piece anyway */
#define COPY_MAX_BYTES 56000 /* as base64 under what terminals accept */

struct look {
	attr_t attr;
	int pair;
};

struct term {
	SCREEN *screen;
	FILE *file; /* what curses writes to */
	int fd;
	char *name; /* owned */
	char *note; /* owned, or NULL */
	bool no_color, mouse, title;
	bool modern; /* knows private modes: has a mouse, or paste */
	bool modes_on, all; /* all: repaint every cell */
	int colours;
	int cursor_shown; /* -1 not set yet */
	struct grid last; /* what curses was told */
	struct strbuf extra; /* bell, title, copy: in front of the next frame */
	struct strbuf pending; /* made and not yet taken by the writer */
	struct strbuf restore;
	struct look looks[ROLES][2];
	uint64_t made, written;
	term_write_fn *write;
	void *ctx;
};

/* --- what the terminal can do --- */

static bool has_string(const char *capability)
{
	char *s = tigetstr((NCURSES_CONST char *)capability);

	return s && s != (char *)-1 && *s;
}

bool term_is_dumb(const char *name)
{
	return !name || !*name || !strcmp(name, "dumb") || term_info_dumb(name);
}

static void add_capability(struct strbuf *out, const char *capability)
{
	char *s = tigetstr((NCURSES_CONST char *)capability);

	if (s && s != (char *)-1)
		for (; *s; s++) {
			/* Padding such as $<50/> is for printers of 1980. */
			if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
				s = strchr(s, '>');
			else
				strbuf_addc(out, *s);
		}
}

static void modes_off(const struct term *t, struct strbuf *out)
{
	if (!t->modern)
		return;
	strbuf_adds(out, SYNC_END "\033[?1000l\033[?1006l\033[?2004l");
	if (t->title)
		strbuf_adds(out, "\033[23;0t");
}

static void modes_on(struct term *t, struct strbuf *out)
{
	if (!t->modern)
		return;
	if (t->title)
		strbuf_adds(out, "\033[22;0t");
	strbuf_adds(out, "\033[?2004h");
	if (t->mouse)
		strbuf_adds(out, "\033[?1000h\033[?1006h");
}

/* --- opening and closing --- */

static int open_memory(struct term *t, struct err *e)
{
#ifdef HAVE_MEMFD_CREATE
	t->fd = memfd_create("frame", MFD_CLOEXEC);
	t->file = t->fd < 0 ? NULL : fdopen(t->fd, "w+");
#else
	t->file = tmpfile();
	t->fd = t->file ? fileno(t->file) : -1;
#endif
	if (!t->file)
		return err_set(
			e, ERR_SYSTEM, _("no memory file for the screen could be made"));
	return 0;
}

static void set_colours(struct term *t)
{
	t->colours = 0;
	if (t->no_color || start_color() == ERR || COLORS < 8)
		return;
	use_default_colors();
	t->colours = COLORS >= 256 ? 256 : COLORS >= 16 ? 16 : 8;
}

/* Curses resets the palette (OSC 104), which may be one that a person chose by hand. */
static void keep_palette(struct strbuf *out, size_t from)
{
	char *reset = tigetstr((NCURSES_CONST char *)"oc"), *at;
	size_t n = reset && reset != (char *)-1 ? strlen(reset) : 0;

	while (n && (at = memmem(out->buf + from, out->len - from, reset, n)))
		strbuf_remove(out, (size_t)(at - out->buf), n);
}

/* Take what curses wrote since the last time. */
static void take_output(struct term *t, struct strbuf *out)
{
	size_t from = out->len;
	off_t n;

	fflush(t->file);
	n = lseek(t->fd, 0, SEEK_CUR);
	if (n <= 0)
		return;
	strbuf_room(out, (size_t)n);
	if (pread(t->fd, out->buf + from, (size_t)n, 0) == n) {
		out->len += (size_t)n;
		out->buf[out->len] = '\0';
	}
	if (lseek(t->fd, 0, SEEK_SET) != 0 || ftruncate(t->fd, 0))
		bug("the screen's memory file cannot be emptied");
	keep_palette(out, from);
}

static void set_variable(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

/*
 * A file in memory has no size to ask for, and some descriptions name none: curses takes it from
 * the environment, which is put back at once.
 */
static SCREEN *new_screen(struct term *t, int rows, int cols)
{
	char *lines = mem_strdup(getenv("LINES")),
	     *columns = mem_strdup(getenv("COLUMNS"));
	char *text = mem_format("%d", rows);
	SCREEN *screen;

	setenv("LINES", text, 1);
	free(text);
	text = mem_format("%d", cols);
	setenv("COLUMNS", text, 1);
	free(text);
	screen = newterm(t->name, t->file, stdin);
	set_variable("LINES", lines);
	set_variable("COLUMNS", columns);
	free(lines);
	free(columns);
	return screen;
}

static int start_curses(struct term *t, int rows, int cols, struct err *e)
{
	struct strbuf ignored = STRBUF_INIT;

	t->screen = new_screen(t, rows, cols);
	if (!t->screen)
		return err_set(
			e, ERR_SYSTEM, _("the terminal %s cannot be used"), t->name);
	set_term(t->screen);
	resizeterm(rows, cols);
	set_colours(t);
	t->modern = has_string("kmous");
	t->cursor_shown = -1;
	t->all = true;
	/* Before its first endwin() curses hands out what it has at each cursor movement. */
	endwin();
	refresh();
	endwin();
	take_output(t, &ignored);
	strbuf_release(&ignored);
	modes_off(t, &t->restore);
	add_capability(&t->restore, "sgr0");
	add_capability(&t->restore, "op");
	add_capability(&t->restore, "rmcup");
	add_capability(&t->restore, "rmkx");
	add_capability(&t->restore, "cnorm");
	return 0;
}

int term_open(struct term **out, const struct term_conf *conf, struct err *e)
{
	struct term *t = mem_new(1, sizeof(*t));
	/* Direct-colour entries take palette numbers for RGB values: the plain one does not. */
	bool direct = false, known = term_info_known(conf->name, &direct);

	t->name = mem_strdup(known && !direct ? conf->name : FALLBACK);
	if (!known)
		t->note = mem_format(
			_("this system does not know the terminal '%s': going on as %s"),
			conf->name ? conf->name : "", FALLBACK);
	t->no_color = conf->no_color;
	t->mouse = conf->mouse;
	t->title = conf->title;
	t->write = conf->write;
	t->ctx = conf->ctx;
	strbuf_init(&t->extra);
	strbuf_init(&t->pending);
	strbuf_init(&t->restore);
	grid_init(&t->last);
	t->fd = -1;
	if (open_memory(t, e) || start_curses(t, conf->rows, conf->cols, e)) {
		term_close(t);
		return -1;
	}
	grid_resize(&t->last, conf->rows, conf->cols);
	*out = t;
	return 0;
}

static void leave(struct term *t)
{
	set_term(t->screen);
	strbuf_reset(&t->extra);
	modes_off(t, &t->pending);
	endwin();
	take_output(t, &t->pending);
	term_flush(t);
	t->modes_on = false;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	if (t->screen) {
		if (t->modes_on)
			leave(t);
		set_term(t->screen);
		endwin();
		delscreen(t->screen);
	}
	if (t->file)
		fclose(t->file);
	grid_release(&t->last);
	strbuf_release(&t->extra);
	strbuf_release(&t->pending);
	strbuf_release(&t->restore);
	free(t->name);
	free(t->note);
	free(t);
}

const char *term_note(const struct term *t)
{
	return t->note;
}

int term_colours(const struct term *t)
{
	return t->colours;
}

/* --- roles become attributes --- */

static attr_t attributes(uint8_t bits)
{
	return ((bits & STYLE_BOLD) ? A_BOLD : 0) | ((bits & STYLE_DIM) ? A_DIM : 0) |
		((bits & STYLE_UNDERLINE) ? A_UNDERLINE : 0) |
		((bits & STYLE_REVERSE) ? A_REVERSE : 0) |
		((bits & STYLE_ITALIC) ? A_ITALIC : 0);
}

static struct look look_of(const struct term *t, struct style s)
{
	struct look look = {attributes(t->colours ? s.attr : s.mono), 0};
	int fg = s.fg == COLOUR_UNSET ? COLOUR_DEFAULT : s.fg;
	int bg = s.bg == COLOUR_UNSET ? COLOUR_DEFAULT : s.bg;

	if (!t->colours)
		return look;
	fg = colour_lower(fg, t->colours);
	bg = colour_lower(bg, t->colours);
	if (fg >= 8 && t->colours == 8) {
		fg -= 8;
		look.attr |= A_BOLD;
	}
	if (bg >= 8 && t->colours == 8)
		bg -= 8;
	if (fg >= 0 || bg >= 0)
		look.pair = alloc_pair(fg, bg);
	if (look.pair < 0)
		look.pair = 0;
	return look;
}

static void set_looks(struct term *t, const struct theme *theme)
{
	for (int r = 0; r < ROLES; r++) {
		struct style s = theme->styles[r];

		t->looks[r][0] = look_of(t, s);
		t->looks[r][1] = look_of(t, theme->styles[ROLE_SELECTED]);
	}
}

/* --- frames --- */

/* Curses measures by the C library: where that disagrees with the grid, columns would shift. */
static bool library_agrees(const struct cell *c)
{
	return wcwidth((wchar_t)c->points[0]) == c->width;
}

static void put_cell(struct term *t, int y, int x, const struct cell *c)
{
	wchar_t text[CELL_POINTS + 1] = {0};
	const struct look *look = &t->looks[c->role][c->selected];
	bool agrees = library_agrees(c);
	cchar_t out;

	for (int i = 0; i < CELL_POINTS && c->points[i]; i++)
		if (i == 0 || wcwidth((wchar_t)c->points[i]) == 0)
			text[wcslen(text)] = (wchar_t)c->points[i];
	for (int i = 0; i < (agrees ? 1 : c->width); i++) {
		if (!agrees)
			wcscpy(text, L"?");
		setcchar(&out, text, look->attr, (short)0, &look->pair);
		mvadd_wch(y, x + i, &out);
	}
}

static bool cell_is_odd(const struct cell *c)
{
	return c->width != 1 || c->points[1];
}

static bool cell_same(const struct cell *a, const struct cell *b)
{
	return !memcmp(a->points, b->points, sizeof(a->points)) && a->width == b->width &&
		a->role == b->role && a->selected == b->selected;
}

/*
 * Terminals disagree about the width of some characters, so a changed row that holds wide or
 * combined ones is repainted from its start.
 */
static void put_row(struct term *t, const struct grid *g, int y, bool all)
{
	bool changed = false, odd = false;

	for (int x = 0; x < g->cols; x++) {
		const struct cell *c = grid_cell(g, y, x),
				  *before = grid_cell(&t->last, y, x);

		odd = odd || cell_is_odd(c) || cell_is_odd(before);
		if (!all && cell_same(c, before))
			continue;
		changed = true;
		if (c->width)
			put_cell(t, y, x, c);
	}
	if (changed && odd)
		wredrawln(stdscr, y, 1);
}

static void remember(struct term *t, const struct grid *g)
{
	if (t->last.rows != g->rows || t->last.cols != g->cols)
		grid_resize(&t->last, g->rows, g->cols);
	memcpy(t->last.cells, g->cells,
		(size_t)g->rows * (size_t)g->cols * sizeof(*g->cells));
}

static void draw(struct term *t, const struct grid *g)
{
	bool all = t->all || t->last.rows != g->rows || t->last.cols != g->cols;

	if (all) {
		grid_resize(&t->last, g->rows, g->cols);
		clearok(curscr, TRUE);
	}
	for (int y = 0; y < g->rows; y++)
		put_row(t, g, y, all);
	if (t->cursor_shown != g->cursor_visible) {
		curs_set(g->cursor_visible ? 1 : 0);
		t->cursor_shown = g->cursor_visible;
	}
	move(g->cursor_y < 0 ? 0 : g->cursor_y, g->cursor_x < 0 ? 0 : g->cursor_x);
	refresh();
	remember(t, g);
	t->all = false;
}

int term_flush(struct term *t)
{
	while (t->pending.len) {
		ssize_t n = t->write(t->ctx, t->pending.buf, t->pending.len);

		if (n < 0)
			return -1;
		if (n == 0)
			return 1;
		strbuf_remove(&t->pending, 0, (size_t)n);
	}
	t->written = t->made;
	return 0;
}

int term_frame(struct term *t, const struct grid *g, const struct theme *theme)
{
	struct strbuf body = STRBUF_INIT;
	bool sync;

	if (t->pending.len)
		return term_flush(t) < 0 ? -1 : 0;
	set_term(t->screen);
	set_looks(t, theme);
	/* The title is saved before a new one is set. */
	if (!t->modes_on)
		modes_on(t, &t->pending);
	t->modes_on = true;
	draw(t, g);
	take_output(t, &body);
	sync = t->modern && body.len >= SYNC_MIN_BYTES;
	strbuf_add(&t->pending, t->extra.buf, t->extra.len);
	strbuf_reset(&t->extra);
	if (sync)
		strbuf_adds(&t->pending, SYNC_BEGIN);
	strbuf_add(&t->pending, body.buf, body.len);
	if (sync)
		strbuf_adds(&t->pending, SYNC_END);
	strbuf_release(&body);
	t->made++;
	return term_flush(t) < 0 ? -1 : 1;
}

bool term_is_pending(const struct term *t)
{
	return t->pending.len > 0;
}

uint64_t term_frames_made(const struct term *t)
{
	return t->made;
}

uint64_t term_frames_written(const struct term *t)
{
	return t->written;
}

/* --- modes --- */

void term_resize(struct term *t, int rows, int cols)
{
	set_term(t->screen);
	resizeterm(rows, cols);
	t->all = true;
}

void term_repaint(struct term *t)
{
	t->all = true;
}

void term_suspend(struct term *t)
{
	if (t->modes_on)
		leave(t);
}

void term_resume(struct term *t)
{
	set_term(t->screen);
	t->all = true;
	t->cursor_shown = -1;
}

void term_set_mouse(struct term *t, bool on)
{
	if (t->mouse == on)
		return;
	t->mouse = on;
	if (t->modern && t->modes_on)
		strbuf_adds(&t->extra,
			on ? "\033[?1000h\033[?1006h" : "\033[?1000l\033[?1006l");
}

void term_bell(struct term *t)
{
	strbuf_addc(&t->extra, '\a');
}

/* Text for a title or a notice: harmless, short, and ASCII where the locale is. */
static void add_plain(struct strbuf *out, const char *text, int columns)
{
	struct strbuf safe = STRBUF_INIT;
	size_t from = out->len;

	text_safe(&safe, text, strlen(text), false);
	strbuf_truncate(&safe, text_fit(safe.buf, columns, &(int){0}));
	if (text_is_utf8())
		strbuf_add(out, safe.buf, safe.len);
	else
		text_ascii(out, safe.buf);
	/* "9;4;" would be a progress bar, and a semicolon ends a field. */
	for (; from < out->len; from++)
		if (out->buf[from] == ';')
			out->buf[from] = ',';
	strbuf_release(&safe);
}

/* OSC 99 for kitty, 777 for those that took it from urxvt, 9 for the rest, which ignore it. */
static const char *notice_format(const struct term *t)
{
	const char *program = getenv("TERM_PROGRAM");

	if (getenv("TMUX") || getenv("STY") || !strncmp(t->name, "screen", 6) ||
		!strncmp(t->name, "tmux", 4))
		return NULL;
	if (strstr(t->name, "kitty"))
		return "\033]99;;%s\033\\";
	if (strstr(t->name, "rxvt") || strstr(t->name, "foot") ||
		(program && (!strcmp(program, "WezTerm") || !strcmp(program, "ghostty"))))
		return "\033]777;notify;Tocsin;%s\033\\";
	return "\033]9;%s\033\\";
}

void term_notify(struct term *t, const char *text)
{
	const char *format = notice_format(t),
		   *mark = format ? strstr(format, "%s") : NULL;

	if (!t->modern || !mark)
		return;
	strbuf_add(&t->extra, format, (size_t)(mark - format));
	add_plain(&t->extra, text, 120);
	strbuf_adds(&t->extra, mark + 2);
}

void term_set_title(struct term *t, const char *title)
{
	if (!t->modern || !t->title)
		return;
	strbuf_adds(&t->extra, "\033]2;");
	add_plain(&t->extra, title, 60);
	strbuf_adds(&t->extra, "\033\\");
}

void term_copy(struct term *t, const char *text)
{
	struct strbuf encoded = STRBUF_INIT;
	size_t n = strlen(text);
	bool in_screen = !strncmp(t->name, "screen", 6);

	base64_encode(&encoded, text, n > COPY_MAX_BYTES ? COPY_MAX_BYTES : n);
	strbuf_addf(&t->extra, "%s\033]52;c;%s%s", in_screen ? "\033P" : "", encoded.buf,
		in_screen ? "\a\033\\" : "\033\\");
	strbuf_release(&encoded);
}

/* clang-format off */
static const struct { const char *capability; uint32_t key; } key_names[] = {
	{"kcuu1", K_UP}, {"kcud1", K_DOWN}, {"kcub1", K_LEFT}, {"kcuf1", K_RIGHT},
	{"khome", K_HOME}, {"kend", K_END}, {"kpp", K_PAGE_UP}, {"knp", K_PAGE_DOWN},
	{"kich1", K_INSERT}, {"kdch1", K_DELETE}, {"kcbt", K_BACKTAB}, {"kbs", K_BACKSPACE},
	{"kf1", K_F1}, {"kf2", K_F2}, {"kf3", K_F3}, {"kf4", K_F4}, {"kf5", K_F5},
	{"kf6", K_F6}, {"kf7", K_F7}, {"kf8", K_F8}, {"kf9", K_F9}, {"kf10", K_F10},
	{"kf11", K_F11}, {"kf12", K_F12},
};
/* clang-format on */

void term_define_keys(const struct term *t, struct input *in)
{
	set_term(t->screen);
	for (size_t i = 0; i < ARRAY_LEN(key_names); i++) {
		char *s = tigetstr((NCURSES_CONST char *)key_names[i].capability);

		if (s && s != (char *)-1 && s[0] == '\033')
			input_define(in, s, key_names[i].key);
	}
}

const char *term_restore(const struct term *t, size_t *n)
{
	*n = t->restore.len;
	return t->restore.buf;
}
