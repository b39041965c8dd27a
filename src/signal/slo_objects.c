#include "config.h"

#include "signal/slo_objects.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/log.h"
#include "core/path.h"
#include "signal/slo_file.h"

struct object {
	const struct yaml_node *root;
	const char *file; /* arena */
};

struct slo_objects {
	struct arena arena;
	struct yaml_doc **docs; /* arena; each owned */
	size_t n_docs, cap_docs;
	struct object *items; /* arena */
	size_t n, cap;
};

struct slo_objects *slo_objects_new(void)
{
	struct slo_objects *o = mem_new(1, sizeof(*o));

	arena_init(&o->arena);
	return o;
}

void slo_objects_free(struct slo_objects *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n_docs; i++)
		yaml_free(o->docs[i]);
	arena_release(&o->arena);
	free(o);
}

static void root_add(
	struct slo_objects *o, const struct yaml_node *root, const char *file)
{
	if (yaml_get(root, "kind"))
		*arena_push(&o->arena, o->items, o->n, o->cap) =
			(struct object){root, file};
}

void slo_objects_add(struct slo_objects *o, const char *s, size_t n, const char *file)
{
	const char *kept = arena_strdup(&o->arena, file);
	struct yaml_doc *doc = NULL;
	struct problems unsaid; /* slo_file_parse() says them */

	problems_init(&unsaid, NULL);
	if (n <= SLO_FILE_MAX_BYTES && yaml_parse(&doc, s, n, &unsaid) == 0)
		*arena_push(&o->arena, o->docs, o->n_docs, o->cap_docs) = doc;
	for (size_t i = 0; doc && i < yaml_documents(doc); i++) {
		const struct yaml_node *root = yaml_root(doc, i);

		if (yaml_type(root) != YAML_LIST)
			root_add(o, root, kept);
		for (size_t k = 0; yaml_type(root) == YAML_LIST && k < yaml_count(root);
			k++)
			root_add(o, yaml_item(root, k), kept);
	}
	problems_release(&unsaid);
}

struct slo_objects *slo_objects_read(const struct yaml_texts *files)
{
	struct slo_objects *o = files->n > 1 ? slo_objects_new() : NULL;

	for (size_t i = 0; o && i < files->n; i++) {
		struct strbuf text = STRBUF_INIT;
		struct err e = ERR_INIT;

		if (path_read(&text, files->items[i], SLO_FILE_MAX_BYTES, &e) == 0)
			slo_objects_add(o, text.buf, text.len, files->items[i]);
		else
			log_debug("%s: %s", __func__, e.what);
		strbuf_release(&text);
		err_release(&e);
	}
	return o;
}

const struct yaml_node *slo_objects_find(const struct slo_objects *o, const char *kind,
	const char *name, const char **file)
{
	for (size_t i = 0; o && i < o->n; i++) {
		const struct yaml_node *root = o->items[i].root;
		const char *is = yaml_text(yaml_get(root, "kind"));
		const char *called =
			yaml_text(yaml_get(yaml_get(root, "metadata"), "name"));

		if (!is || !called || strcmp(is, kind) != 0 || strcmp(called, name) != 0)
			continue;
		if (file)
			*file = o->items[i].file;
		return root;
	}
	return NULL;
}
