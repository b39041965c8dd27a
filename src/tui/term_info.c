#include "config.h"
#include "tui/term_info.h"

#include <curses.h>
#include <string.h>
#include <term.h>
#include <unistd.h>

static bool has_string(const char *capability)
{
	char *s = tigetstr((NCURSES_CONST char *)capability);

	return s && s != (char *)-1 && *s;
}

static bool is_direct(void)
{
	return tigetflag((NCURSES_CONST char *)"RGB") > 0 ||
		tigetnum((NCURSES_CONST char *)"RGB") > 0 || has_string("RGB");
}

static bool look_up(const char *name)
{
	int status;

	return name && *name &&
		setupterm((NCURSES_CONST char *)name, STDERR_FILENO, &status) == OK;
}

bool term_info_known(const char *name, bool *direct)
{
	bool known = look_up(name);

	*direct = known && is_direct();
	if (known)
		del_curterm(cur_term);
	return known;
}

bool term_info_dumb(const char *name)
{
	bool dumb;

	if (!look_up(name))
		return false;
	dumb = !has_string("cup") || !has_string("clear");
	del_curterm(cur_term);
	return dumb;
}
