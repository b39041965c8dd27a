/* options.h - tocsin-lab's command line */
#ifndef LAB_OPTIONS_H
#define LAB_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct options {
	const char	*scenario, *cause;	/* cause NULL: by the seed */
	uint64_t	seed;
	double		speed;
	uint16_t	port;
	int64_t		history_ns, elapsed_ns, now;	/* now 0: the clock's */
	int		langfuse;
	const char	**faults;	/* owned: the array */
	size_t		n_faults, cap_faults;
	bool		manual, until_eof, help, version;
	int		ready_fd;
};

void options_release(struct options *o);

/* ERR_INPUT says what is wrong with the command line. */
int options_parse(struct options *o, int argc, const char *const *argv, struct err *e);

/* What --help prints: one line an option. */
void options_help(void);

#endif
