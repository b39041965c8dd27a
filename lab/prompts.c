#include "config.h"
#include "lab/prompts.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void prompts_release(struct prompts *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct lab_prompt *prompt = &p->items[i];

		for (size_t k = 0; k < prompt->n_versions; k++) {
			free(prompt->versions[k].text);
			free(prompt->versions[k].commit);
			free(prompt->versions[k].author);
		}
		for (size_t k = 0; k < prompt->n_labels; k++)
			free(prompt->labels[k].name);
		free(prompt->versions);
		free(prompt->labels);
		free(prompt->name);
	}
	free(p->items);
	*p = (struct prompts){0};
}

struct lab_prompt *prompts_add(struct prompts *p, const char *name)
{
	struct lab_prompt *prompt = mem_push(p->items, p->n, p->cap);

	prompt->name = mem_strdup(name);
	return prompt;
}

struct lab_prompt *prompts_find(const struct prompts *p, const char *name)
{
	for (size_t i = 0; name && i < p->n; i++)
		if (!strcmp(p->items[i].name, name))
			return &p->items[i];
	return NULL;
}

struct prompt_text *prompt_add_version(struct lab_prompt *p, int64_t created,
	const char *text, const char *commit, const char *author)
{
	struct prompt_text *v = mem_push(p->versions, p->n_versions, p->cap_versions);

	v->version = (int64_t)p->n_versions;
	v->created = v->updated = created;
	v->text = mem_strdup(text);
	v->commit = mem_strdup(commit);
	v->author = mem_strdup(author);
	return v;
}

struct prompt_text *prompt_version_find(const struct lab_prompt *p, int64_t version)
{
	if (version < 1 || (uint64_t)version > p->n_versions)
		return NULL;
	return &p->versions[version - 1];
}

struct prompt_label *prompt_label_find(const struct lab_prompt *p, const char *label)
{
	for (size_t i = 0; label && i < p->n_labels; i++)
		if (!strcmp(p->labels[i].name, label))
			return &p->labels[i];
	return NULL;
}

void prompt_set_label(
	struct lab_prompt *p, const char *label, int64_t version, int64_t at)
{
	struct prompt_label *l = prompt_label_find(p, label);
	struct prompt_text *v = prompt_version_find(p, version);

	if (!l) {
		l = mem_push(p->labels, p->n_labels, p->cap_labels);
		l->name = mem_strdup(label);
	} else if (l->version == version) {
		return;
	}
	l->version = version;
	l->moved = at;
	if (v)
		v->updated = at;
}
