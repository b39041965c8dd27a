#include "config.h"
#include "cmd/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/i18n.h"
#include "core/text.h"

const struct cmd_option cmd_common_options[] = {
	{"config", 0, N_("FILE"), false, N_("read this configuration and no other")},
	{"context", 0, N_("NAME"), false, N_("work in this context")},
	{"json", 0, NULL, false, N_("print one JSON document")},
	{"help", 'h', NULL, false, N_("show this command's help")},
	{"version", 'V', NULL, false, N_("show the version")},
	{0},
};

static const struct cmd_option *find_in(
	const struct cmd_option *o, const char *name, size_t n)
{
	for (; o && o->name; o++)
		if ((strlen(o->name) == n && !strncmp(o->name, name, n)) ||
			(n == 1 && o->letter && o->letter == *name))
			return o;
	return NULL;
}

static const struct cmd_option *option_find(
	const struct cmd *c, const char *name, size_t n)
{
	const struct cmd_option *o = find_in(c->row->options, name, n);

	return o ? o : find_in(cmd_common_options, name, n);
}

static const char *nearest_option(const struct cmd *c, const char *word)
{
	const char *names[64];
	size_t n = 0;

	for (const struct cmd_option *o = c->row->options; o && o->name && n < 60; o++)
		names[n++] = o->name;
	for (const struct cmd_option *o = cmd_common_options; o->name && n < 64; o++)
		names[n++] = o->name;
	return text_nearest(word, names, n);
}

/* One word that begins with a dash; *i moves over its value.  0, or EXIT_USAGE. */
static int parse_option(struct cmd *c, int argc, const char **argv, int *i)
{
	const char *word = argv[*i], *name = word + (word[1] == '-' ? 2 : 1);
	const char *equals = word[1] == '-' ? strchr(name, '=') : NULL;
	size_t len = equals ? (size_t)(equals - name) : strlen(name);
	const struct cmd_option *o = option_find(c, name, len);
	struct cmd_given *g;

	if (!o) {
		const char *near = nearest_option(c, name);

		return near ? cmd_usage(c, _("unknown option %s; did you mean --%s?"),
				      word, near)
			    : cmd_usage(c, _("unknown option %s"), word);
	}
	if (equals && !o->argument)
		return cmd_usage(c, _("option --%s takes no value"), o->name);
	if (o->argument && !equals && *i + 1 >= argc)
		return cmd_usage(c, _("option --%s needs a value"), o->name);
	if (cmd_has(c, o->name) && o->argument && !o->repeats)
		return cmd_usage(c, _("option --%s is given twice"), o->name);
	g = mem_push(c->given, c->n_given, c->cap_given);
	g->option = o;
	if (o->argument)
		g->value = equals ? equals + 1 : argv[++*i];
	return 0;
}

int cmd_parse(struct cmd *c, int argc, const char **argv)
{
	bool options = true;

	c->operands = mem_new((size_t)argc + 1, sizeof(*c->operands));
	for (int i = 0; i < argc; i++) {
		if (options && !strcmp(argv[i], "--"))
			options = false;
		else if (!options || argv[i][0] != '-' || !argv[i][1])
			c->operands[c->n_operands++] = argv[i];
		else if (parse_option(c, argc, argv, &i))
			return EXIT_USAGE;
	}
	c->json = cmd_has(c, "json");
	c->config_file = cmd_value(c, "config");
	c->context_name = cmd_value(c, "context");
	return -1;
}

static const struct cmd_option *common_of(const char *word)
{
	size_t dashes = strspn(word, "-");

	if (!dashes || dashes > 2)
		return NULL;
	return find_in(cmd_common_options, word + dashes, strcspn(word + dashes, "="));
}

bool cmd_is_common(const char *word)
{
	return common_of(word) != NULL;
}

bool cmd_takes_value(const char *word)
{
	const struct cmd_option *o = common_of(word);

	return o && o->argument && !strchr(word, '=');
}

bool cmd_has(const struct cmd *c, const char *option)
{
	for (size_t i = 0; i < c->n_given; i++)
		if (!strcmp(c->given[i].option->name, option))
			return true;
	return false;
}

const char *cmd_value(const struct cmd *c, const char *option)
{
	for (size_t i = c->n_given; i-- > 0;)
		if (!strcmp(c->given[i].option->name, option))
			return c->given[i].value;
	return NULL;
}

int cmd_usage(const struct cmd *c, const char *fmt, ...)
{
	va_list ap;

	fputs("tocsin: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, _("\nusage: tocsin %s%s%s %s\n"), c->row->name,
		c->row->verb ? " " : "", c->row->verb ? c->row->verb : "",
		c->row->synopsis);
	return EXIT_USAGE;
}
