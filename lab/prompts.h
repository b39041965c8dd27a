/* prompts.h - the prompt registry's content: versions and the labels that move between them */
#ifndef LAB_PROMPTS_H
#define LAB_PROMPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prompt_label {
	char	*name;		/* owned */
	int64_t	version;
	int64_t	moved;
};

struct prompt_text {
	int64_t	version;
	int64_t	created, updated;
	char	*text, *commit, *author;	/* owned */
};

struct lab_prompt {
	char			*name;		/* owned */
	struct prompt_text	*versions;	/* owned, ascending from 1 */
	size_t			n_versions, cap_versions;
	struct prompt_label	*labels;	/* owned; "latest" is not among them */
	size_t			n_labels, cap_labels;
};

struct prompts {
	struct lab_prompt	*items;	/* owned, in the order they were added */
	size_t			n, cap;
};

void prompts_release(struct prompts *p);
struct lab_prompt *prompts_add(struct prompts *p, const char *name);
struct lab_prompt *prompts_find(const struct prompts *p, const char *name);

struct prompt_text *prompt_add_version(struct lab_prompt *p, int64_t created, const char *text,
	const char *commit, const char *author);
struct prompt_text *prompt_version_find(const struct lab_prompt *p, int64_t version);

/* NULL: no version holds it.  "latest" is not looked up here. */
struct prompt_label *prompt_label_find(const struct lab_prompt *p, const char *label);

/* Takes the label away from whichever version had it. */
void prompt_set_label(struct lab_prompt *p, const char *label, int64_t version, int64_t at);

#endif
