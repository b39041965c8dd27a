#include "config.h"

#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/i18n.h"

/* One row a subcommand, in the order of the help.  A row without a verb takes all other verbs. */
const struct cmd_row cmd_table[] = {
	{"help", NULL, cmd_help, 0, "[COMMAND]", N_("show this help, or a command's"),
		NULL},
	{"version", NULL, cmd_version, 0, "", N_("show the version"), NULL},
	{0},
};

static const struct cmd_row *row_find(const char *name, const char *verb, bool *with_verb)
{
	const struct cmd_row *plain = NULL;

	for (const struct cmd_row *r = cmd_table; r->name; r++) {
		if (strcmp(r->name, name))
			continue;
		if (r->verb && verb && !strcmp(r->verb, verb)) {
			*with_verb = true;
			return r;
		}
		if (!r->verb && !plain)
			plain = r;
	}
	return plain;
}

int main(int argc, char **argv)
{
	struct cmd c = {0};
	const char *name = argc > 1 ? argv[1] : "help";
	bool with_verb = false;
	int code;

	setlocale(LC_ALL, "");
	setlocale(LC_NUMERIC, "C");	/* numbers go into JSON, SQL and YAML too */
	bindtextdomain(PACKAGE, LOCALEDIR);
	textdomain(PACKAGE);
	signal(SIGPIPE, SIG_IGN);

	if (!strcmp(name, "--help") || !strcmp(name, "-h"))
		name = "help";
	if (!strcmp(name, "--version") || !strcmp(name, "-V"))
		name = "version";
	c.row = row_find(name, argc > 2 ? argv[2] : NULL, &with_verb);
	if (!c.row) {
		fprintf(stderr, _("tocsin: there is no command '%s'\n"), name);
		return EXIT_USAGE;
	}
	c.verb = c.row->verb;
	argc -= with_verb ? 3 : 2;
	code = cmd_parse(&c, argc > 0 ? argc : 0, argv + (with_verb ? 3 : 2));
	if (code < 0)
		code = c.row->run(&c);
	cmd_release(&c);
	return code;
}
