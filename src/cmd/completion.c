#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/commands.h"
#include "core/i18n.h"

/* Words that may follow a command: its verbs and options, or, for name NULL, the commands. */
typedef void word_fn(void *ctx, const char *name, const char *word, const char *help,
	const struct cmd_option *option);

static bool is_first(const struct cmd_row *row)
{
	for (const struct cmd_row *r = cmd_table; r != row; r++)
		if (!(r->flags & HIDDEN) && !strcmp(r->name, row->name))
			return false;
	return !(row->flags & HIDDEN);
}

static void each_option(
	const char *name, const struct cmd_option *o, word_fn *fn, void *ctx)
{
	for (; o && o->name; o++)
		fn(ctx, name, o->name, _(o->help), o);
}

static void each_word(const char *name, word_fn *fn, void *ctx)
{
	for (const struct cmd_row *r = cmd_table; r->name; r++) {
		if (!name && is_first(r))
			fn(ctx, NULL, r->name, r->verb ? "" : _(r->help), NULL);
		if (!name || r->flags & HIDDEN || strcmp(r->name, name) != 0)
			continue;
		if (r->verb)
			fn(ctx, name, r->verb, _(r->help), NULL);
		each_option(name, r->options, fn, ctx);
	}
	each_option(name, cmd_common_options, fn, ctx);
}

/* In single quotes, with each shell's way to write a quote and a backslash there. */
static void put_quoted(const char *text, const char *quote, const char *backslash)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'')
			fputs(quote, stdout);
		else if (*text == '\\')
			fputs(backslash, stdout);
		else
			putchar(*text);
	}
	putchar('\'');
}

/* --- bash --- */

static void bash_word(void *ctx, const char *name, const char *word, const char *help,
	const struct cmd_option *option)
{
	(void)ctx;
	(void)name;
	(void)help;
	printf(" %s%s", option ? "--" : "", word);
}

static void bash_case(const char *name)
{
	printf("\t%s) list='", name ? name : "''");
	each_word(name, bash_word, NULL);
	puts("' ;;");
}

static void print_bash(void)
{
	puts("# bash completion for tocsin: tocsin completion bash >"
	     "~/.local/share/bash-completion/completions/tocsin\n"
	     "_tocsin()\n{\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} command='' list='' i\n"
	     "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "\t\tcase ${COMP_WORDS[i]} in\n"
	     "\t\t--config | --context) i=$((i + 1)) ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) command=${COMP_WORDS[i]}; break ;;\n"
	     "\t\tesac\n"
	     "\tdone\n"
	     "\tcase $command in");
	bash_case(NULL);
	for (const struct cmd_row *r = cmd_table; r->name; r++)
		if (is_first(r))
			bash_case(r->name);
	puts("\tesac\n"
	     "\tmapfile -t COMPREPLY < <(compgen -W \"$list\" -- \"$cur\")\n"
	     "}\n"
	     "complete -o default -F _tocsin tocsin");
}

/* --- zsh --- */

static void zsh_word(void *ctx, const char *name, const char *word, const char *help,
	const struct cmd_option *option)
{
	char *both = mem_format("%s%s:%s", option ? "--" : "", word, help);

	(void)ctx;
	(void)name;
	putchar(' ');
	put_quoted(both, "'\\''", "\\\\");
	free(both);
}

static void zsh_case(const char *name)
{
	printf("\t%s) list=(", name ? name : "''");
	each_word(name, zsh_word, NULL);
	puts(") ;;");
}

static void print_zsh(void)
{
	puts("#compdef tocsin\n"
	     "# zsh completion for tocsin: tocsin completion zsh "
	     ">DIRECTORY-OF-FPATH/_tocsin\n"
	     "_tocsin()\n{\n"
	     "\tlocal -a list\n"
	     "\tlocal command=''\n"
	     "\t((CURRENT > 2)) && command=$words[2]\n"
	     "\tcase $command in");
	zsh_case(NULL);
	for (const struct cmd_row *r = cmd_table; r->name; r++)
		if (is_first(r))
			zsh_case(r->name);
	puts("\tesac\n"
	     "\t_describe tocsin list\n"
	     "\t((CURRENT > 2)) && _files\n"
	     "}\n"
	     "if [[ $funcstack[1] == _tocsin ]]; then _tocsin \"$@\"; else compdef "
	     "_tocsin tocsin; fi");
}

/* --- fish --- */

static void fish_word(void *ctx, const char *name, const char *word, const char *help,
	const struct cmd_option *option)
{
	(void)ctx;
	fputs("complete -c tocsin -n ", stdout);
	if (name)
		printf("'__fish_seen_subcommand_from %s'", name);
	else
		fputs("__fish_use_subcommand", stdout);
	printf("%s %s", !option ? " -a" : option->argument ? " -r -l" : " -l", word);
	if (*help) {
		fputs(" -d ", stdout);
		put_quoted(help, "\\'", "\\\\");
	}
	putchar('\n');
}

static void print_fish(void)
{
	puts("# fish completion for tocsin: tocsin completion fish >"
	     "~/.config/fish/completions/tocsin.fish");
	each_word(NULL, fish_word, NULL);
	for (const struct cmd_row *r = cmd_table; r->name; r++)
		if (is_first(r))
			each_word(r->name, fish_word, NULL);
}

static const struct {
	const char *name;
	void (*print)(void);
} shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};

int cmd_completion(struct cmd *c)
{
	for (size_t i = 0; c->n_operands == 1 && i < ARRAY_LEN(shells); i++)
		if (!strcmp(shells[i].name, c->operands[0])) {
			shells[i].print();
			return EXIT_FINE;
		}
	return cmd_usage(c, "%s", _("name one of bash, zsh and fish"));
}
