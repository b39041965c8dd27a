#include "config.h"

#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "core/i18n.h"
#include "core/text.h"

#define HELP_COLUMN 26

/* "  name verb SYNOPSIS   help", the help on the same line when there is room. */
static void print_row(const struct cmd_row *r)
{
	struct strbuf line = STRBUF_INIT;
	int width;

	strbuf_addf(&line, "  %s%s%s%s%s", r->name, r->verb ? " " : "",
		r->verb ? r->verb : "", *r->synopsis ? " " : "", r->synopsis);
	width = text_width(line.buf);
	if (width >= HELP_COLUMN) {
		puts(line.buf);
		strbuf_reset(&line);
		width = 0;
	}
	for (; width < HELP_COLUMN; width++)
		strbuf_addc(&line, ' ');
	printf("%s%s\n", line.buf, _(r->help));
	strbuf_release(&line);
}

static void print_options(const struct cmd_option *options)
{
	for (const struct cmd_option *o = options; o && o->name; o++) {
		struct strbuf line = STRBUF_INIT;
		int width;

		strbuf_addf(&line, "  %s%c%s--%s%s%s", o->letter ? "-" : "",
			o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
			o->argument ? " " : "", o->argument ? _(o->argument) : "");
		for (width = text_width(line.buf); width < HELP_COLUMN; width++)
			strbuf_addc(&line, ' ');
		printf("%s %s\n", line.buf, _(o->help));
		strbuf_release(&line);
	}
}

int cmd_help_row(const struct cmd_row *row)
{
	bool first = true;

	for (const struct cmd_row *r = cmd_table; r->name; r++) {
		if (strcmp(r->name, row->name) || (row->verb && r != row))
			continue;
		printf("%s tocsin %s%s%s %s\n", first ? _("usage:") : "      ", r->name,
			r->verb ? " " : "", r->verb ? r->verb : "", r->synopsis);
		printf("         %s\n", _(r->help));
		print_options(r->options);
		first = false;
	}
	puts(_("\nin every command:"));
	print_options(cmd_common_options);
	return EXIT_FINE;
}

int cmd_help(struct cmd *c)
{
	const struct cmd_row *r;

	if (c->n_operands) {
		for (r = cmd_table; r->name; r++)
			if (!strcmp(r->name, c->operands[0]) &&
				(c->n_operands < 2 ||
					(r->verb && !strcmp(r->verb, c->operands[1]))))
				return cmd_help_row(r);
		return cmd_usage(c, _("there is no command '%s'"), c->operands[0]);
	}
	puts(_("usage: tocsin [COMMAND] [OPTION]...\n"));
	for (r = cmd_table; r->name; r++)
		if (!(r->flags & HIDDEN))
			print_row(r);
	puts(_("\nin every command:"));
	print_options(cmd_common_options);
	puts(_("\nexit status: 0 fine, 1 a finding, 2 wrong usage, 3 a stale source, 4 "
	       "refused, 5 internal"));
	return EXIT_FINE;
}

int cmd_version(struct cmd *c)
{
	(void)c;
	printf("tocsin %s\n", PACKAGE_VERSION);
	return EXIT_FINE;
}
