/* storybook.h - how an agent's sessions go, from a file (lab/stories/assistant.yaml explains it) */
#ifndef LAB_STORYBOOK_H
#define LAB_STORYBOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/yaml.h"

enum plot {
	PLOT_FINE,
	PLOT_TIMEOUT,		/* the ordinary failure of a good day */
	PLOT_BAD_VERSION, PLOT_BAD_PROMPT, PLOT_LATE_DATA,
	PLOT_HOSTILE,		/* a tool's result tries to take over terminal and model */
	PLOTS,
};

/* One observation; deeper ones that follow happen inside it. */
struct beat {
	int64_t			depth;
	const char		*type, *name;
	struct yaml_texts	ms, tokens;
	int64_t			low_ms, high_ms;	/* of its own time */
	int64_t			input_tokens, output_tokens;
	bool			prompt;		/* the prompt's version is recorded with it */
	int64_t			times;
	const char		*input, *output, *error;
	const char		*user, *says, *calls, *arguments;	/* of a generation */
};

struct turn {
	struct yaml_subs	list;
	int			plot;		/* of an ending */
	const struct beat	*beats;
	size_t			n;
};

struct storybook {
	struct arena		arena;		/* owned */
	const char		*name, *system;
	struct yaml_subs	opening_list, ending_list;
	const struct turn	*openings;
	size_t			n_openings;
	const struct turn	*endings[PLOTS];	/* a plot without one ends as PLOT_FINE */
};

int storybook_parse(struct storybook *out, const char *s, size_t n, struct problems *p);

/* The file, or the name of one that ships. */
int storybook_load(struct storybook *out, const char *name, struct err *e);
void storybook_release(struct storybook *b);

#endif
