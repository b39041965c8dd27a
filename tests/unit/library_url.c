/* library_url.c - which runbook an alert's runbook_url names */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/path.h"
#include "runbook/library.h"

static const char *named_by(const struct library *l, const char *url, struct arena *a)
{
	const struct library_query q = {.runbook_url = url};
	struct library_match *matches = NULL;

	return library_matching(&matches, a, l, NULL, &q) ? matches[0].entry->name : NULL;
}

static void a_url_names_a_runbook_by_its_words(void **state)
{
	static const struct {
		const char *url, *name; /* name NULL: none */
	} cases[] = {
		{"https://wiki/runbooks/model-burn", "model-burn"},
		{"https://wiki/runbooks/ModelBurn.html?x=1", "model-burn"},
		{"https://git/runbooks/model_burn.md#contain", "model-burn"},
		{"https://wiki/runbooks/model-burn/README.md", "model-burn"},
		{"https://wiki/runbooks/model-burn/index.html", "model-burn"},
		{"https://wiki/runbooks#modelburn", "model-burn"},
		{"https://wiki/Stop-a-burning-model/", "model-burn"},
		{"https://wiki/runbooks/model-burn-2", NULL},
		{"https://wiki/runbooks/burn", NULL},
		{"", NULL},
		{"#", NULL},
		{"///", NULL},
	};
	char dir[] = "/tmp/tocsin-library-XXXXXX";
	static const char text[] = "# Stop a burning model\n\nWords.\n";
	const char *folders[1];
	struct config c = {0};
	struct library *l = NULL;
	struct err e = ERR_INIT;
	struct arena a;
	char *file;

	(void)state;
	assert_non_null(mkdtemp(dir));
	file = path_join(dir, "model-burn.md");
	assert_int_equal(path_write(file, text, strlen(text), 0600, &e), 0);
	folders[0] = dir;
	c.runbooks.items = folders;
	c.runbooks.n = 1;
	arena_init(&a);
	assert_int_equal(library_load(&l, &c, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *name = named_by(l, cases[i].url, &a);

		if (cases[i].name ? !name || strcmp(name, cases[i].name) : name != NULL)
			fail_msg("%s names %s", cases[i].url, name ? name : "nothing");
	}
	library_free(l);
	arena_release(&a);
	remove(file);
	remove(dir);
	free(file);
}

UNIT_TESTS(cmocka_unit_test(a_url_names_a_runbook_by_its_words))
