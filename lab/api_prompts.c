/* Langfuse's prompt registry: versions, and labels that move between them. */
#include "config.h"
#include "lab/langfuse.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add_labels(struct json *j, const struct lab_prompt *p, int64_t version)
{
	struct json *list = json_add_array(j, "labels");

	for (size_t i = 0; i < p->n_labels; i++)
		if (!version || p->labels[i].version == version)
			json_add_text(list, NULL, p->labels[i].name);
	if (!version || version == (int64_t)p->n_versions)
		json_add_text(list, NULL, "latest");
}

static struct json *prompt_json(const struct lab_prompt *p, const struct prompt_text *v)
{
	struct json *j = json_object();
	char *id = mem_format("%s-%" PRId64, p->name, v->version);

	json_add_text(j, "id", id);
	json_add_text(j, "projectId", LANGFUSE_PROJECT);
	json_add_text(j, "name", p->name);
	json_add_int(j, "version", v->version);
	json_add_text(j, "type", "text");
	json_add_text(j, "prompt", v->text);
	json_add_object(j, "config");
	add_labels(j, p, v->version);
	json_add_array(j, "tags");
	json_add_text(j, "commitMessage", v->commit);
	json_add_time(j, "createdAt", v->created);
	json_add_time(j, "updatedAt", v->updated);
	json_add_text(j, "createdBy", v->author);
	json_add_null(j, "resolutionGraph");
	free(id);
	return j;
}

static bool has_label(const struct lab_prompt *p, const char *label)
{
	return !label || !strcmp(label, "latest") || prompt_label_find(p, label);
}

void langfuse_list_prompts(struct answer *a, struct lab *lab, struct request *q)
{
	const struct prompts *all = &lab->platform->prompts;
	int64_t page = request_query_int(q, "page", 1, 1, 1000000);
	int64_t limit = request_query_int(q, "limit", 10, 1, 100), seen = 0;
	const char *name = request_query(q, "name"), *label = request_query(q, "label");
	struct json *j = json_object(), *data = json_add_array(j, "data"), *meta;

	for (size_t i = 0; i < all->n; i++) {
		const struct lab_prompt *p = &all->items[i];
		struct json *item, *versions;

		if ((name && strcmp(name, p->name) != 0) || !has_label(p, label))
			continue;
		if (seen++ / limit + 1 != page)
			continue;
		item = json_add_object(data, NULL);
		json_add_text(item, "name", p->name);
		json_add_text(item, "type", "text");
		versions = json_add_array(item, "versions");
		for (size_t k = 0; k < p->n_versions; k++)
			json_add_int(versions, NULL, p->versions[k].version);
		add_labels(item, p, 0);
		json_add_array(item, "tags");
		json_add_time(
			item, "lastUpdatedAt", p->versions[p->n_versions - 1].updated);
		json_add_object(item, "lastConfig");
	}
	meta = json_add_object(j, "meta");
	json_add_int(meta, "page", page);
	json_add_int(meta, "limit", limit);
	json_add_int(meta, "totalItems", seen);
	json_add_int(meta, "totalPages", (seen + limit - 1) / limit);
	answer_json_take(a, 200, j);
}

static struct lab_prompt *need_prompt(struct answer *a, struct lab *lab, const char *name)
{
	struct lab_prompt *p = prompts_find(&lab->platform->prompts, name);

	if (!p)
		langfuse_error(
			a, 404, "LangfuseNotFoundError", "Prompt not found: '%s'", name);
	return p;
}

static struct prompt_text *version_of(const struct lab_prompt *p, const char *text)
{
	char *end;
	long long v = strtoll(text, &end, 10);

	return *text && !*end ? prompt_version_find(p, v) : NULL;
}

void langfuse_get_prompt(struct answer *a, struct lab *lab, struct request *q)
{
	const char *version = request_query(q, "version");
	const char *label = request_query(q, "label");
	struct lab_prompt *p = need_prompt(a, lab, q->segments[0]);
	const struct prompt_label *l;
	const struct prompt_text *v = NULL;

	if (!p)
		return;
	if (version && label) {
		langfuse_error(a, 400, "InvalidRequestError",
			"Cannot specify both version and label");
		return;
	}
	if (!label)
		label = "production";
	l = prompt_label_find(p, label);
	if (version)
		v = version_of(p, version);
	else if (!strcmp(label, "latest"))
		v = prompt_version_find(p, (int64_t)p->n_versions);
	else if (l)
		v = prompt_version_find(p, l->version);
	if (v)
		answer_json_take(a, 200, prompt_json(p, v));
	else
		langfuse_error(a, 404, "LangfuseNotFoundError",
			"Prompt not found: '%s' with %s %s", p->name,
			version ? "version" : "label", version ? version : label);
}

static bool label_valid(const char *s)
{
	size_t n = s ? strlen(s) : 0;

	return n && n <= 36 && strcmp(s, "latest") != 0 &&
		strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == n;
}

void langfuse_patch_prompt(struct answer *a, struct lab *lab, struct request *q)
{
	struct lab_prompt *p = need_prompt(a, lab, q->segments[0]);
	struct prompt_text *v = p ? version_of(p, q->segments[1]) : NULL;
	struct json *body = request_json(q);
	const struct json *labels = json_get(body, "newLabels");
	bool valid = json_type(labels) == JSON_ARRAY;

	json_each (label, labels) {
		if (!label_valid(json_text(label)))
			valid = false;
	}
	if (p && !v)
		langfuse_error(a, 404, "LangfuseNotFoundError",
			"Prompt not found: '%s' with version %s", p->name,
			q->segments[1]);
	else if (p && !valid)
		langfuse_error(a, 400, "InvalidRequestError",
			"Invalid request data: newLabels is a list of labels, and "
			"'latest' is not one");
	if (v && valid) {
		json_each (label, labels) {
			prompt_set_label(
				p, json_text(label), v->version, lab->platform->now);
		}
		answer_json_take(a, 200, prompt_json(p, v));
	}
	json_free(body);
}
