#include "config.h"

#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "core/yaml.h"
#include "model/config_keys.h"

/* A text in quotes reads as itself, whatever it holds. */
static void quote(const char *text)
{
	struct strbuf sb = STRBUF_INIT;
	struct problems p;
	struct yaml_doc *doc = NULL;
	const struct yaml_node *root;

	problems_init(&p, NULL);
	yaml_quote(&sb, text);
	if (yaml_parse(&doc, sb.buf, sb.len, &p))
		bug("our own YAML is refused: %s", p.items[0].message);
	root = yaml_root(doc, 0);
	if (!yaml_text(root) || strcmp(yaml_text(root), text) != 0)
		bug("a text changed on its way: %s", sb.buf);
	yaml_free(doc);
	problems_release(&p);
	strbuf_release(&sb);
}

/* Every text of the tree, and its place. */
static void walk(const struct yaml_node *n)
{
	if (yaml_text(n) && strlen(yaml_text(n)) < 4096)
		quote(yaml_text(n));
	if (n && (yaml_line(n) < 1 || yaml_column(n) < 1))
		bug("a node without a place");
}

static void read_config(const struct yaml_node *root, struct problems *p)
{
	struct config c = {.audit_sign = "off",
		.notify = {.terminal = "auto", .bell = "page"},
		.ui = {.clock = "local"}};
	struct config_reading r = {.out = &c, .a = &c.arena, .p = p, .dir = "/"};
	struct config_keys k = config_keys_from(&c);

	(void)yaml_read(&k, root, config_key_table, r.a, p);
	config_take(&r, &k);
	config_check_references(&r, &k);
	config_release(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct problems p;
	struct yaml_doc *doc = NULL;

	problems_init(&p, NULL);
	if (!yaml_parse(&doc, (const char *)data, n, &p))
		for (size_t i = 0; i < yaml_documents(doc); i++) {
			const struct yaml_node *root = yaml_root(doc, i);

			for (size_t j = 0; j < yaml_count(root); j++) {
				walk(yaml_item(root, j));
				walk(yaml_value(root, j));
			}
			json_free(yaml_to_json(root));
			read_config(root, &p);
		}
	yaml_free(doc);
	problems_release(&p);
	return 0;
}
