/*
 * cmd.h - what every subcommand is given, and the table of them
 *
 * To add one: write src/cmd/NAME.c with int cmd_NAME(struct cmd *), declare it here, add its row
 * in main.c, its source in src/local.mk, its paragraph in doc/tocsin.1, its test in tests/.
 */
#ifndef TOCSIN_CMD_H
#define TOCSIN_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/json.h"
#include "model/config.h"
#include "store/store.h"

/* Exit codes (design, section 10).  A finding wins over a stale source. */
enum exit_code {
	EXIT_FINE = 0,
	EXIT_FINDING = 1,
	EXIT_USAGE = 2,
	EXIT_STALE = 3,
	EXIT_REFUSED = 4,
	EXIT_INTERNAL = 5,
};

struct cmd_option {
	const char	*name;		/* "json"; without the dashes */
	char		letter;		/* 0: none */
	const char	*argument;	/* N_("FILE"); NULL: a switch */
	bool		repeats;
	const char	*help;		/* N_() */
};

struct cmd_given {
	const struct cmd_option	*option;
	const char		*value;		/* NULL for a switch */
};

struct cmd {
	const struct cmd_row	*row;
	const char		*verb;		/* "list" of "slo list"; NULL */
	const char		**operands;	/* owned */
	size_t			n_operands;
	struct cmd_given	*given;		/* owned */
	size_t			n_given, cap_given;
	const char		*config_file;	/* --config, or NULL */
	const char		*context_name;	/* --context, or NULL */
	bool			json;
	bool			has_config;
	struct config		config;		/* with NEEDS_CONFIG */
	const struct context_conf *context;	/* with NEEDS_CONFIG; NULL: none configured */
	struct store		*store;		/* with NEEDS_STORE */
};

enum cmd_flags {
	NEEDS_CONFIG = 1,
	NEEDS_STORE = 2,	/* opened for reading */
	WRITES_STORE = 4,	/* opened for writing, created when missing */
	MUTATES = 8,		/* refused in a read-only context, in one place */
	HIDDEN = 16,		/* a role that we start ourselves; not in the help */
};

typedef int cmd_fn(struct cmd *c);

struct cmd_row {
	const char		*name, *verb;	/* verb NULL: none */
	cmd_fn			*run;		/* returns an exit_code */
	unsigned		flags;
	const char		*synopsis;	/* "FILE|NAME [--json]" */
	const char		*help;		/* N_(): one line */
	const struct cmd_option	*options;	/* ends with name NULL; NULL: only the common ones */
};

extern const struct cmd_row cmd_table[];	/* in main.c; ends with name NULL */
extern const struct cmd_option cmd_common_options[];

/* Options and operands in any order; "--" ends options.  Reports and returns EXIT_USAGE, or -1. */
int cmd_parse(struct cmd *c, int argc, const char **argv);

/* A word of the command line that is an option of every command; and one that takes the next. */
bool cmd_is_common(const char *word);
bool cmd_takes_value(const char *word);


/* Log, configuration, context, read-only, store, as the row's flags say.  -1, or an exit code. */
int cmd_setup(struct cmd *c);
void cmd_release(struct cmd *c);
bool cmd_has(const struct cmd *c, const char *option);
const char *cmd_value(const struct cmd *c, const char *option);	/* the last one given; NULL */

/* "tocsin: what (where)" and a line with the hint, to stderr; clears e; the exit code for it. */
int cmd_fail(struct err *e);
int cmd_usage(const struct cmd *c, const char *fmt, ...) PRINTF(2, 3);
void cmd_problems(const struct problems *p);	/* one line each, to stderr */

/* Print the document with its newline to stdout and free it; EXIT_INTERNAL when that fails. */
int cmd_print_json(struct json *document);

/*
 * A table for people: cells made safe, columns as wide as needed, the last one cut to the
 * terminal's width when there is a terminal.  align: 'l' or 'r' for each column.
 */
struct cmd_table;
struct cmd_table *cmd_table_new(const char *align, const char *const *headings);
void cmd_table_cell(struct cmd_table *t, const char *text);	/* copied; NULL: "-" */
void cmd_table_print(struct cmd_table *t);			/* to stdout; frees */

int cmd_help_row(const struct cmd_row *row);	/* the help of one command */
int cmd_help(struct cmd *c);
int cmd_version(struct cmd *c);

#endif
