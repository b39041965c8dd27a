#include "config.h"
#include "tui/theme.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/i18n.h"
#include "core/path.h"
#include "core/strbuf.h"
#include "core/text.h"
#include "core/yaml.h"

#define THEME_MAX_BYTES 65536

enum { U = COLOUR_UNSET, D = COLOUR_DEFAULT };
enum { B = STYLE_BOLD, DIM = STYLE_DIM, UL = STYLE_UNDERLINE, REV = STYLE_REVERSE };

/* Yellow text cannot be read on white, nor white on yellow: a ticket brings both. */
/* clang-format off */
static const struct role_def role_defs[ROLES] = {
	[ROLE_TEXT] = {"text", {U, U, 0, 0}, N_("ordinary text")},
	[ROLE_DIM] = {"dim", {U, U, DIM, DIM}, N_("what does not matter now")},
	[ROLE_STRONG] = {"strong", {U, U, B, B}, N_("names and the words that are looked for")},
	[ROLE_HEADING] = {"heading", {U, U, B, B}, N_("headings of sections")},
	[ROLE_LABEL] = {"label", {U, U, DIM, DIM}, N_("labels and headings of columns")},
	[ROLE_BAR] = {"bar", {U, U, 0, 0}, N_("the top line")},
	[ROLE_CONTEXT] = {"context", {U, U, B|REV, B|REV}, N_("the context's name")},
	[ROLE_TAB] = {"tab", {U, U, DIM, DIM}, N_("names of the other panes")},
	[ROLE_TAB_HERE] = {"tab-here", {U, U, B|UL, B|UL}, N_("the name of this pane")},
	[ROLE_KEY] = {"key", {6, U, B, B}, N_("a key to press")},
	[ROLE_LINK] = {"link", {6, U, 0, UL}, N_("where Enter goes somewhere")},
	[ROLE_SELECTED] = {"selected", {D, D, REV, REV}, N_("the row with the cursor")},
	[ROLE_MATCH] = {"match", {5, U, B|UL, B|UL}, N_("what a filter matched")},
	[ROLE_OK] = {"ok", {2, U, 0, 0}, N_("severity: all is well")},
	[ROLE_NO_DATA] = {"no-data", {5, U, 0, UL}, N_("severity: not known")},
	[ROLE_TICKET] = {"ticket", {0, 3, 0, B}, N_("severity: look at it today")},
	[ROLE_PAGE] = {"page", {1, U, B|REV, B|REV}, N_("severity: look at it now")},
	[ROLE_STALE] = {"stale", {5, U, DIM, DIM|UL},
		N_("older than three intervals of its source")},
	[ROLE_ADDED] = {"added", {2, U, 0, B}, N_("the value after a change")},
	[ROLE_REMOVED] = {"removed", {1, U, 0, DIM}, N_("the value before a change")},
	[ROLE_CHART] = {"chart", {6, U, 0, 0}, N_("lines and bars")},
	[ROLE_THRESHOLD] = {"threshold", {1, U, 0, DIM}, N_("the line that must not be crossed")},
	[ROLE_SHEET] = {"sheet", {U, U, REV, REV}, N_("title lines of menus and dialogs")},
	[ROLE_INPUT] = {"input", {U, U, UL, UL}, N_("where text is typed")},
	[ROLE_NOTE] = {"note", {U, U, B, B}, N_("the line that says what happened")},
	[ROLE_ERROR] = {"error", {1, U, B, B|UL}, N_("what went wrong")},
	[ROLE_PAST] = {"past", {5, U, B|REV, B|REV}, N_("the top line while looking at the past")},
};

static const char *const colour_names[16] = {
	"black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
	"bright-black", "bright-red", "bright-green", "bright-yellow",
	"bright-blue", "bright-magenta", "bright-cyan", "bright-white",
};

static const struct { const char *name; uint8_t bit; } attr_names[] = {
	{"none", 0}, {"bold", STYLE_BOLD}, {"dim", STYLE_DIM}, {"underline", STYLE_UNDERLINE},
	{"reverse", STYLE_REVERSE}, {"italic", STYLE_ITALIC},
};
/* clang-format on */

const struct role_def *role_def(enum role r)
{
	return &role_defs[r < ROLES ? r : ROLE_TEXT];
}

enum role role_of(const char *name)
{
	int r = 0;

	while (r < ROLES && strcmp(role_defs[r].name, name))
		r++;
	return (enum role)r;
}

enum role severity_role(enum severity s)
{
	static const enum role roles[SEVERITIES] = {
		[SEV_NONE] = ROLE_DIM,
		[SEV_OK] = ROLE_OK,
		[SEV_NO_DATA] = ROLE_NO_DATA,
		[SEV_TICKET] = ROLE_TICKET,
		[SEV_PAGE] = ROLE_PAGE,
	};

	return s < SEVERITIES ? roles[s] : ROLE_DIM;
}

void theme_builtin(struct theme *out)
{
	memset(out, 0, sizeof(*out));
	snprintf(out->name, sizeof(out->name), "terminal16");
	for (int r = 0; r < ROLES; r++)
		out->styles[r] = role_defs[r].style;
	for (int s = 0; s < SEVERITIES; s++)
		out->marks[s] = s ? severity_mark((enum severity)s)[0] : ' ';
}

/* --- colours --- */

static const uint8_t ansi_rgb[16][3] = {
	{0, 0, 0},
	{205, 0, 0},
	{0, 205, 0},
	{205, 205, 0},
	{0, 0, 238},
	{205, 0, 205},
	{0, 205, 205},
	{229, 229, 229},
	{127, 127, 127},
	{255, 0, 0},
	{0, 255, 0},
	{255, 255, 0},
	{92, 92, 255},
	{255, 0, 255},
	{0, 255, 255},
	{255, 255, 255},
};

/* xterm's 256: 16, then a cube of 6 x 6 x 6, then 24 greys. */
static void colour_rgb(int colour, int rgb[3])
{
	if (colour < 16) {
		for (int i = 0; i < 3; i++)
			rgb[i] = ansi_rgb[colour][i];
	} else if (colour < 232) {
		int v = colour - 16;

		for (int i = 2; i >= 0; i--, v /= 6)
			rgb[i] = v % 6 ? 55 + 40 * (v % 6) : 0;
	} else {
		rgb[0] = rgb[1] = rgb[2] = 8 + 10 * (colour - 232);
	}
}

/* The nearest of from..to-1. */
static int colour_nearest(const int rgb[3], int from, int to)
{
	int best = from;
	long least = -1;

	for (int c = from; c < to; c++) {
		int have[3];
		long distance = 0;

		colour_rgb(c, have);
		for (int i = 0; i < 3; i++)
			distance += (long)(rgb[i] - have[i]) * (rgb[i] - have[i]);
		if (least < 0 || distance < least) {
			least = distance;
			best = c;
		}
	}
	return best;
}

int colour_lower(int colour, int colours)
{
	int rgb[3];

	if (colour < 0 || colour < colours)
		return colour;
	if (colour < 16 && colours >= 8)
		return colour - 8;
	colour_rgb(colour, rgb);
	return colour_nearest(rgb, 0, colours >= 16 ? 16 : 8);
}

/* --- reading --- */

struct raw_role {
	const char *fg, *bg;
	struct yaml_texts attr, mono;
};

struct raw_marks {
	const char *marks[SEVERITIES];
};

struct raw_theme {
	const char *name, *help;
	const struct yaml_node *roles;
	struct raw_marks marks;
};

/* clang-format off */
static const struct yaml_field role_fields[] = {
	{.key = "fg", .want = YAML_TEXT, .offset = offsetof(struct raw_role, fg),
		.help = N_("colour of the text: default, a name, 0 to 255 or '#rrggbb'")},
	{.key = "bg", .want = YAML_TEXT, .offset = offsetof(struct raw_role, bg),
		.help = N_("colour behind it")},
	{.key = "attr", .want = YAML_TEXTS, .offset = offsetof(struct raw_role, attr),
		.help = N_("bold, dim, underline, reverse, italic or none, with colour")},
	{.key = "mono", .want = YAML_TEXTS, .offset = offsetof(struct raw_role, mono),
		.flags = YAML_REQUIRED, .help = N_("the same on a terminal without colour")},
	{0},
};

static const struct yaml_field mark_fields[] = {
	{.key = "ok", .want = YAML_TEXT, .offset = offsetof(struct raw_marks, marks[SEV_OK])},
	{.key = "no-data", .want = YAML_TEXT,
		.offset = offsetof(struct raw_marks, marks[SEV_NO_DATA])},
	{.key = "ticket", .want = YAML_TEXT,
		.offset = offsetof(struct raw_marks, marks[SEV_TICKET])},
	{.key = "page", .want = YAML_TEXT, .offset = offsetof(struct raw_marks, marks[SEV_PAGE])},
	{0},
};

static const struct yaml_field theme_fields[] = {
	{.key = "name", .want = YAML_TEXT, .offset = offsetof(struct raw_theme, name),
		.flags = YAML_REQUIRED, .help = N_("the theme's name")},
	{.key = "help", .want = YAML_TEXT, .offset = offsetof(struct raw_theme, help),
		.help = N_("what it is for")},
	{.key = "roles", .want = YAML_NODE, .offset = offsetof(struct raw_theme, roles),
		.help = N_("a map of roles")},
	{.key = "marks", .want = YAML_SUB, .offset = offsetof(struct raw_theme, marks),
		.sub = mark_fields, .sub_size = sizeof(struct raw_marks),
		.help = N_("one ASCII character for each severity")},
	{0},
};
/* clang-format on */

static int16_t parse_colour(
	const char *s, int16_t otherwise, const struct yaml_node *at, struct problems *p)
{
	unsigned r, g, b;
	char end;
	int n;

	if (!s)
		return otherwise;
	if (!strcmp(s, "default"))
		return COLOUR_DEFAULT;
	for (int i = 0; i < 16; i++)
		if (!strcmp(s, colour_names[i]))
			return (int16_t)i;
	if (s[0] == '#' && strlen(s) == 7 &&
		sscanf(s + 1, "%2x%2x%2x%c", &r, &g, &b, &end) == 3) {
		int rgb[3] = {(int)r, (int)g, (int)b};

		return (int16_t)colour_nearest(rgb, 16, 256);
	}
	if (sscanf(s, "%3d%c", &n, &end) == 1 && n >= 0 && n < 256)
		return (int16_t)n;
	yaml_problem(p, at, _("'%s' is no colour"), s);
	problems_hint(
		p, _("write default, a name such as bright-red, 0 to 255, or '#rrggbb'"));
	return otherwise;
}

static uint8_t parse_attrs(const struct yaml_texts *names, uint8_t otherwise,
	const struct yaml_node *at, struct problems *p)
{
	uint8_t bits = 0;

	if (!names->n)
		return otherwise;
	for (size_t i = 0; i < names->n; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(attr_names) &&
			strcmp(attr_names[k].name, names->items[i]))
			k++;
		if (k == ARRAY_LEN(attr_names)) {
			yaml_problem(p, at, _("'%s' is no attribute"), names->items[i]);
			problems_hint(p,
				_("write bold, dim, underline, reverse, italic or none"));
			continue;
		}
		bits |= attr_names[k].bit;
	}
	return bits;
}

static void parse_role(struct theme *out, const struct yaml_node *key,
	const struct yaml_node *value, struct arena *a, struct problems *p)
{
	const char *name = yaml_text(key), *names[ROLES], *near;
	enum role r = name ? role_of(name) : ROLES;
	struct raw_role raw = {0};
	struct style *s;

	if (r == ROLES) {
		for (int i = 0; i < ROLES; i++)
			names[i] = role_defs[i].name;
		near = name ? text_nearest(name, names, ROLES) : NULL;
		yaml_problem(p, key, _("there is no role '%s'"), name ? name : "");
		if (near)
			problems_hint(p, _("did you mean %s?"), near);
		return;
	}
	if (yaml_read(&raw, value, role_fields, a, p))
		return;
	s = &out->styles[r];
	s->fg = parse_colour(raw.fg, COLOUR_UNSET, value, p);
	s->bg = parse_colour(raw.bg, COLOUR_UNSET, value, p);
	s->attr = parse_attrs(&raw.attr, 0, value, p);
	s->mono = parse_attrs(&raw.mono, 0, value, p);
}

static void parse_marks(struct theme *out, const struct raw_marks *raw,
	const struct yaml_node *root, struct problems *p)
{
	for (int s = 0; s < SEVERITIES; s++) {
		const char *mark = raw->marks[s];

		if (!mark)
			continue;
		if (strlen(mark) != 1 || mark[0] <= ' ' || mark[0] > '~') {
			yaml_problem(p, yaml_get(root, "marks"),
				_("the mark of %s must be one ASCII character"),
				severity_name((enum severity)s));
			continue;
		}
		out->marks[s] = mark[0];
	}
	for (int s = 1; s < SEVERITIES; s++)
		for (int t = 1; t < s; t++)
			if (out->marks[s] == out->marks[t])
				yaml_problem(p, yaml_get(root, "marks"),
					_("%s and %s have the same mark"),
					severity_name((enum severity)s),
					severity_name((enum severity)t));
}

static void parse_root(struct theme *out, const struct yaml_node *root, struct arena *a,
	struct problems *p)
{
	struct raw_theme raw = {0};

	yaml_read(&raw, root, theme_fields, a, p);
	if (raw.name)
		snprintf(out->name, sizeof(out->name), "%s", raw.name);
	if (raw.roles && yaml_type(raw.roles) != YAML_MAP)
		yaml_problem(p, raw.roles, _("roles must be a map"));
	else
		for (size_t i = 0; i < yaml_count(raw.roles); i++)
			parse_role(out, yaml_key(raw.roles, i), yaml_value(raw.roles, i),
				a, p);
	parse_marks(out, &raw.marks, root, p);
}

int theme_parse(struct theme *out, const char *s, size_t n, struct problems *p)
{
	struct yaml_doc *doc = NULL;
	struct arena a;
	size_t before = p->n;

	theme_builtin(out);
	if (yaml_parse(&doc, s, n, p) == 0) {
		arena_init(&a);
		if (yaml_documents(doc) != 1)
			problems_add(p, 1, 1, _("a theme is one document"));
		else
			parse_root(out, yaml_root(doc, 0), &a, p);
		arena_release(&a);
	}
	yaml_free(doc);
	return p->n == before ? 0 : -1;
}

static char *theme_path(const char *name)
{
	char *file = mem_format("themes/%s.yaml", name), *path;
	struct err ignored = ERR_INIT;
	struct strbuf probe = STRBUF_INIT;

	if (strchr(name, '/')) {
		free(file);
		return path_expand(name, ".");
	}
	path = path_config(file);
	free(file);
	if (path_read(&probe, path, THEME_MAX_BYTES, &ignored) &&
		ignored.code == ERR_NOT_FOUND) {
		free(path);
		file = mem_format("%s.yaml", name);
		path = path_data("themes", file);
		free(file);
	}
	err_release(&ignored);
	strbuf_release(&probe);
	return path;
}

int theme_load(struct theme *out, const char *name, struct problems *p, struct err *e)
{
	struct strbuf text = STRBUF_INIT;
	char *path = theme_path(name);
	int rc;

	theme_builtin(out);
	rc = path_read(&text, path, THEME_MAX_BYTES, e);
	if (rc)
		err_hint(e, _("the themes are listed by :theme"));
	else if (theme_parse(out, text.buf, text.len, p))
		rc = problems_err(p, e);
	strbuf_release(&text);
	free(path);
	return rc;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int theme_names(char ***out, size_t *n, struct err *e)
{
	char *dirs[2] = {path_config("themes"), path_data("themes", ".")};
	char **names = NULL;
	size_t count = 0, cap = 0, kept = 0;
	int rc = 0;

	for (int d = 0; d < 2 && !rc; d++) {
		char **found = NULL;
		size_t n_found = 0;

		rc = path_list(&found, &n_found, dirs[d], ".yaml", e);
		for (size_t i = 0; i < n_found; i++)
			*mem_push(names, count, cap) =
				mem_strndup(found[i], strlen(found[i]) - strlen(".yaml"));
		path_list_free(found, n_found);
	}
	if (count)
		qsort(names, count, sizeof(*names), by_name);
	for (size_t i = 0; i < count; i++) {
		if (kept && !strcmp(names[kept - 1], names[i]))
			free(names[i]);
		else
			names[kept++] = names[i];
	}
	free(dirs[0]);
	free(dirs[1]);
	*out = names;
	*n = kept;
	return rc;
}
