#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/path.h"
#include "model/config.h"
#include "model/slo_path.h"
#include "signal/slo_file.h"

/* The files of objectives that ship. */

static const struct {
	const char *name;
	size_t n;
} files[] = {
	{"agents", 8},
	{"bentoml", 2},
	{"gen-ai", 6},
	{"kserve", 3},
	{"litellm", 6},
	{"ray-serve", 4},
	{"tgi", 5},
	{"torchserve", 3},
	{"triton", 4},
	{"vllm", 5},
};

static void read_file(struct slo_list *out, struct arena *a, const char *file)
{
	struct strbuf text = STRBUF_INIT;
	struct problems p;
	struct err e = ERR_INIT;

	problems_init(&p, file);
	if (path_read(&text, file, SLO_FILE_MAX_BYTES, &e))
		fail_msg("%s", e.what);
	if (slo_file_parse(out, a, text.buf, text.len, file, &p))
		fail_msg("%s:%d:%d: %s", file, p.items[0].line, p.items[0].column,
			p.items[0].message);
	problems_release(&p);
	strbuf_release(&text);
}

static void every_file_reads_without_a_problem(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *file = slo_path(files[i].name, NULL);
		struct slo_list list = {0};
		struct arena a;

		arena_init(&a);
		assert_true(slo_path_ships(file));
		read_file(&list, &a, file);
		if (list.n != files[i].n)
			fail_msg("%s has %zu objectives", file, list.n);
		for (size_t k = 0; k < list.n; k++) {
			const struct slo *slo = &list.items[k];

			assert_string_equal(slo->service, files[i].name);
			assert_true(slo->n_alerting == 4);
			assert_true(slo->title && slo->description);
			assert_int_equal(slo->window_ns, 28 * NS_PER_DAY);
			assert_false(slo->sli.foreign);
		}
		arena_release(&a);
		free(file);
	}
}

/* None is left out of the table above. */
static void all_that_ship_are_tested(void **state)
{
	char *dir = path_data("slos", "");
	char **names;
	size_t n;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(path_list(&names, &n, dir, ".yaml", &e), 0);
	assert_int_equal(n, ARRAY_LEN(files));
	path_list_free(names, n);
	free(dir);
}

static void prometheus_is_asked_for_each(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		char *file = slo_path(files[i].name, NULL);
		struct slo_list list = {0};
		struct arena a;

		arena_init(&a);
		read_file(&list, &a, file);
		for (size_t k = 0; k < list.n; k++) {
			struct strbuf query = STRBUF_INIT;
			bool asked = slo_query(&query, &list.items[k], NS_PER_HOUR);

			if (asked == (list.items[k].sli.kind == SLI_TRACES))
				fail_msg("%s: %s: %s", files[i].name, list.items[k].name,
					query.buf);
			strbuf_release(&query);
		}
		arena_release(&a);
		free(file);
	}
}

static void names_and_paths_are_told_apart(void **state)
{
	static const struct {
		const char *name, *dir, *path;
	} cases[] = {
		{"slos/checkout.yaml", "/etc/tocsin", "/etc/tocsin/slos/checkout.yaml"},
		{"checkout.yaml", "/etc/tocsin", "/etc/tocsin/checkout.yaml"},
		{"/srv/slo", "/etc/tocsin", "/srv/slo"},
		{"./vllm", NULL, "./vllm"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *path = slo_path(cases[i].name, cases[i].dir);

		assert_string_equal(path, cases[i].path);
		assert_false(slo_path_ships(path));
		free(path);
	}
}

/* A file of yours wins over one that ships. */
static void your_own_file_wins(void **state)
{
	char top[] = "/tmp/slosXXXXXX";
	char *dir, *file, *found;
	struct err e = ERR_INIT;

	(void)state;
	assert_non_null(mkdtemp(top));
	setenv("XDG_CONFIG_HOME", top, 1);
	dir = path_config("slos");
	file = path_join(dir, "vllm.yaml");
	assert_int_equal(path_make_dir(dir, 0700, &e), 0);
	assert_int_equal(path_write(file, "", 0, 0600, &e), 0);
	found = slo_path("vllm", "/nowhere");
	assert_string_equal(found, file);
	assert_false(slo_path_ships(found));
	free(found);
	unlink(file);
	found = slo_path("vllm", "/nowhere");
	assert_true(slo_path_ships(found));
	free(found);
	found = slo_path("nothing-of-this-name", "/nowhere");
	assert_true(slo_path_ships(found));
	free(found);
	rmdir(dir);
	free(dir);
	free(file);
	file = path_config(NULL);
	rmdir(file);
	free(file);
	rmdir(top);
	unsetenv("XDG_CONFIG_HOME");
}

UNIT_TESTS(cmocka_unit_test(every_file_reads_without_a_problem),
	cmocka_unit_test(all_that_ship_are_tested),
	cmocka_unit_test(prometheus_is_asked_for_each),
	cmocka_unit_test(names_and_paths_are_told_apart),
	cmocka_unit_test(your_own_file_wins))
