/*
 * theme.h - what a role looks like
 *
 * Everything on screen is drawn in a role, never in a colour.  A theme is a YAML map of roles;
 * the file of that name in the user's themes/ wins over the one that ships.  Every role has an
 * attribute for terminals without colour and every severity an ASCII mark, so that nothing is
 * said by colour alone.
 */
#ifndef TOCSIN_THEME_H
#define TOCSIN_THEME_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "model/slo.h"

enum role {
	ROLE_TEXT,	/* the terminal's own foreground on its own background */
	ROLE_DIM,	/* what is there and does not matter now */
	ROLE_STRONG,	/* names, the one word of a line that is looked for */
	ROLE_HEADING,	/* of a section or a column */
	ROLE_LABEL,	/* left of a value */
	ROLE_BAR,	/* the top line */
	ROLE_CONTEXT,	/* the context's name in it */
	ROLE_TAB,	/* names of panes */
	ROLE_TAB_HERE,	/* the name of this one */
	ROLE_KEY,	/* a key to press */
	ROLE_LINK,	/* Enter goes somewhere */
	ROLE_SELECTED,	/* what names the row with the cursor, in place of its own role */
	ROLE_MATCH,	/* what a filter or a palette matched */
	ROLE_OK,
	ROLE_NO_DATA,
	ROLE_TICKET,
	ROLE_PAGE,
	ROLE_STALE,	/* older than three intervals of its source */
	ROLE_ADDED,	/* the value after a change */
	ROLE_REMOVED,	/* the value before it */
	ROLE_CHART,
	ROLE_THRESHOLD,	/* the line in a chart that must not be crossed */
	ROLE_SHEET,	/* the title line of a dialog, menu or prompt */
	ROLE_INPUT,	/* where text is typed */
	ROLE_NOTE,	/* one line that says what happened */
	ROLE_ERROR,
	ROLE_PAST,	/* the top line while looking at the past */
	ROLES,
};

enum style_attr {
	STYLE_BOLD = 1,
	STYLE_DIM = 2,
	STYLE_UNDERLINE = 4,
	STYLE_REVERSE = 8,
	STYLE_ITALIC = 16,
};

enum { COLOUR_UNSET = -2, COLOUR_DEFAULT = -1 };	/* else 0..255 */

struct style {
	int16_t		fg, bg;		/* UNSET: as below it; for most roles as DEFAULT */
	uint8_t		attr;		/* with colour */
	uint8_t		mono;		/* without */
};

struct theme {
	char		name[64];
	struct style	styles[ROLES];
	char		marks[SEVERITIES];	/* ASCII, all different */
};

struct role_def {
	const char	*name;		/* "tab-here" */
	struct style	style;		/* of the built-in theme: terminal colours 0..15 only */
	const char	*help;		/* N_(), for the manual */
};

const struct role_def *role_def(enum role r);
enum role role_of(const char *name);		/* ROLES: no such role */
enum role severity_role(enum severity s);

/* The theme that needs no file; what themes/terminal16.yaml says too. */
void theme_builtin(struct theme *out);

/*
 * Read a theme by name, or by path when it has a slash.  Roles that the file does not name keep
 * the built-in style.  All that is wrong goes to p; out is usable even then.
 */
int theme_load(struct theme *out, const char *name, struct problems *p, struct err *e);
int theme_parse(struct theme *out, const char *s, size_t n, struct problems *p);

/* Names of themes that can be loaded, sorted, yours and ours; path_list_free() them. */
int theme_names(char ***out, size_t *n, struct err *e);

/* A colour of 256 as the nearest of the first 16, or of the first 8. */
int colour_lower(int colour, int colours);

#endif
