#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/path.h"
#include "core/table_file.h"
#include "tests/fuzz/fuzz.h"

static char folder[128];

static int make_folder(void **state)
{
	const char *top = getenv("TMPDIR");

	(void)state;
	(void)snprintf(
		folder, sizeof(folder), "%s/tocsin-table.XXXXXX", top ? top : "/tmp");
	return mkdtemp(folder) ? 0 : -1;
}

static char *file_of(const char *text, size_t n)
{
	char *file = path_join(folder, "table");
	struct err e = ERR_INIT;

	assert_int_equal(path_write(file, text, n, 0600, &e), 0);
	return file;
}

static int remove_folder(void **state)
{
	char *file = path_join(folder, "table");

	(void)state;
	(void)unlink(file);
	free(file);
	return rmdir(folder);
}

static struct table_file *read_text(const char *text)
{
	char *file = file_of(text, strlen(text));
	struct table_file *t = NULL;
	struct err e = ERR_INIT;

	if (table_open(&t, file, &e))
		fail_msg("%s", e.what);
	free(file);
	return t;
}

/* What is said of it, and where. */
static void refuses(const char *text, const char *what)
{
	char *file = file_of(text, strlen(text));
	struct table_file *t = NULL;
	struct err e = ERR_INIT;

	if (!table_open(&t, file, &e))
		fail_msg("this was read: %s", text);
	if (!strstr(e.what, what))
		fail_msg("'%s' has no '%s'", e.what, what);
	assert_string_equal(e.where, file);
	err_release(&e);
	free(file);
}

static void kinds_of_columns(void **state)
{
	struct table_file *t =
		read_text("\xef\xbb\xbfid,price,name,empty,\"a \"\"b\"\", c\",v\r\n"
			  "1,1.5,x,,yes,\"[1, 2]\"\r\n"
			  "\r\n"
			  "-2,NaN,\"y\nz\",NA,no,\"[3,4.5]\"\r\n"
			  "3,inf,7,null,yes,\r\n");
	size_t n;
	double *numbers;
	struct table_vectors v;
	struct table_categories c;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(t->n_columns, 6);
	assert_int_equal(t->rows, 3);
	assert_string_equal(t->columns[0].name, "id");
	assert_int_equal(t->columns[0].kind, TABLE_NUMBERS);
	assert_true(t->columns[0].whole);
	assert_int_equal(t->columns[1].kind, TABLE_NUMBERS);
	assert_false(t->columns[1].whole);
	assert_int_equal(t->columns[1].missing, 1);
	assert_int_equal(t->columns[2].kind, TABLE_TEXTS);
	assert_int_equal(t->columns[3].kind, TABLE_EMPTY);
	assert_string_equal(t->columns[4].name, "a \"b\", c");
	assert_int_equal(t->columns[5].kind, TABLE_VECTORS);
	assert_int_equal(t->columns[5].width, 2);
	assert_int_equal(table_column_find(t, "name"), 2);
	assert_int_equal(table_column_find(t, "nonesuch"), -1);
	assert_int_equal(table_numbers(&numbers, &n, t, 1, &e), 0);
	assert_int_equal(n, 3);
	assert_true(numbers[0] == 1.5 && isnan(numbers[1]) && isinf(numbers[2]));
	free(numbers);
	assert_int_equal(table_vectors(&v, t, 5, &e), 0);
	assert_int_equal(v.n, 2);
	assert_int_equal(v.missing, 1);
	assert_true(v.values[3] == 4.5);
	free(v.values);
	assert_int_equal(table_categories(&c, t, 4, &e), 0);
	assert_int_equal(c.n, 2);
	assert_string_equal(c.items[1].label, "yes");
	assert_int_equal(c.items[1].count, 2);
	table_categories_release(&c);
	table_free(t);
}

static void lines_of_json(void **state)
{
	struct table_file *t = read_text(
		"{\"a\": 1, \"in\": {\"b\": \"x\", \"c\": [0.5, null]}, \"t\": true}\n"
		"\n"
		"{\"a\": null, \"late\": 2.5, \"in\": {\"c\": [1, 2]}, \"s\": \"12\", "
		"\"n\": \"NaN\"}");
	struct table_vectors v;
	struct err e = ERR_INIT;

	(void)state;
	assert_true(t->json);
	assert_int_equal(t->rows, 2);
	assert_int_equal(t->n_columns, 7);
	assert_int_equal(t->columns[table_column_find(t, "in.b")].kind, TABLE_TEXTS);
	assert_int_equal(t->columns[table_column_find(t, "t")].kind, TABLE_TEXTS);
	assert_int_equal(t->columns[table_column_find(t, "late")].missing, 1);
	assert_int_equal(t->columns[table_column_find(t, "s")].kind, TABLE_TEXTS);
	assert_int_equal(t->columns[table_column_find(t, "n")].kind, TABLE_EMPTY);
	assert_int_equal(
		table_vectors(&v, t, (size_t)table_column_find(t, "in.c"), &e), 0);
	assert_int_equal(v.n, 2);
	assert_true(isnan(v.values[1]) && v.values[2] == 1);
	free(v.values);
	table_free(t);
}

/* As Python, pandas, Go and Microsoft's runtime write that there is no number. */
static void numbers_that_are_none(void **state)
{
	struct table_file *t = read_text("{\"a\": NaN, \"NaN \\\" x\": \"NaN, \\\" y\"}\n"
					 "{\"a\": -Infinity, \"v\": [1, NaN]}\n"
					 "{\"a\": 2}\n");

	(void)state;
	assert_int_equal(t->rows, 3);
	assert_int_equal(t->columns[0].kind, TABLE_NUMBERS);
	assert_int_equal(t->columns[0].missing, 2);
	assert_int_equal(t->columns[table_column_find(t, "NaN \" x")].kind, TABLE_TEXTS);
	assert_int_equal(t->columns[table_column_find(t, "v")].kind, TABLE_VECTORS);
	table_free(t);
	t = read_text("a\n1.#INF\n-1.#IND\n-nan(ind)\nNaN\n7\n");
	assert_int_equal(t->columns[0].kind, TABLE_NUMBERS);
	assert_int_equal(t->columns[0].numbers, 1);
	table_free(t);
	refuses("{\"a\": NaNs}\n", "line 1: not JSON");
	refuses("{\"a\": 1, \"b\": NaN\n", "line 1: not JSON");
}

/* It is read several times, which a pipe cannot be. */
static void pipes_are_refused(void **state)
{
	char *file = path_join(folder, "pipe");
	struct table_file *t = NULL;
	struct err e = ERR_INIT;

	(void)state;
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_int_equal(table_open(&t, file, &e), -1);
	assert_non_null(strstr(e.what, "no regular file"));
	err_clear(&e);
	assert_int_equal(unlink(file), 0);
	free(file);
	assert_int_equal(table_open(&t, folder, &e), -1);
	assert_non_null(strstr(e.what, "a directory"));
	err_release(&e);
}

static void other_forms(void **state)
{
	struct table_file *t = read_text("a;b\n1;2,5\n3;4\n");

	(void)state;
	assert_int_equal(t->n_columns, 2);
	assert_int_equal(t->delimiter, ';');
	table_free(t);
	t = read_text("a\tb\n1\tx y\n");
	assert_int_equal(t->n_columns, 2);
	table_free(t);
	t = read_text("1.5\n2.5\n3.5");
	assert_true(t->headless);
	assert_int_equal(t->rows, 3);
	assert_string_equal(t->columns[0].name, "1");
	table_free(t);
	t = read_text("a,b\n");
	assert_int_equal(t->rows, 0);
	assert_int_equal(t->columns[0].kind, TABLE_EMPTY);
	table_free(t);
	t = read_text("");
	assert_int_equal(t->n_columns, 0);
	table_free(t);
	t = read_text("a\r1\r2\r");
	assert_int_equal(t->rows, 2);
	table_free(t);
}

static void odd_text_is_told(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct table_file *t;

	(void)state;
	strbuf_adds(&text, "x,y\n");
	for (int i = 0; i < 30; i++)
		strbuf_addf(&text, "%s,%d\n", i == 17 ? "oops" : "4", i);
	t = read_text(text.buf);
	assert_int_equal(t->columns[0].kind, TABLE_ODD);
	assert_int_equal(t->columns[0].odd_line, 19);
	assert_string_equal(t->columns[0].odd, "oops");
	assert_int_equal(t->columns[1].kind, TABLE_NUMBERS);
	table_free(t);
	strbuf_release(&text);
}

static void bad_files_are_refused(void **state)
{
	struct strbuf text = STRBUF_INIT;
	struct table_file *t = NULL;
	struct err e = ERR_INIT;

	(void)state;
	refuses("a,b\n1,2\n3\n", "line 3 has 1 fields, and the first line 2");
	refuses("a,b\n1,\"x\ny\"\n1,2,3\n", "line 4 has 3 fields");
	refuses("a,a\n1,2\n", "two columns are called 'a'");
	refuses("a,b\n1,\"2\n3,4\n", "quotes of line");
	refuses("a,b\n1,2\"2\n3,4\n", "quotes of line 2");
	refuses("PAR1....", "Parquet");
	refuses("[{\"a\": 1}]", "one list");
	refuses("{\"a\": 1}\n{\"a\": }\n", "line 2");
	refuses("{\"a\": 1}\n17\n", "line 2 is no object");
	strbuf_adds(&text, "a\n\"");
	for (int i = 0; i < 600000; i++)
		strbuf_adds(&text, "0123456789");
	refuses(text.buf, "longer than");
	strbuf_release(&text);
	assert_int_equal(table_open(&t, "/nonesuch.csv", &e), -1);
	assert_int_equal(e.code, ERR_NOT_FOUND);
	err_release(&e);
}

static void gzip_is_read(void **state)
{
	char *file = path_join(folder, "table");
	gzFile f = gzopen(file, "wb");
	struct table_file *t = NULL;
	struct err e = ERR_INIT;

	(void)state;
	for (int i = 0; i < 50000; i++)
		assert_true(gzprintf(f, i ? "%d,%d\n" : "a,b\n", i, i % 3) > 0);
	assert_int_equal(gzclose(f), Z_OK);
	assert_int_equal(table_open(&t, file, &e), 0);
	assert_int_equal(t->rows, 49999);
	/* Cut short, it says so. */
	assert_int_equal(truncate(file, 20000), 0);
	{
		size_t n;
		double *numbers;

		assert_int_equal(table_numbers(&numbers, &n, t, 0, &e), -1);
		assert_non_null(strstr(e.what, "to its end"));
	}
	table_free(t);
	err_release(&e);
	free(file);
}

static void changed_files_are_noticed(void **state)
{
	struct table_file *t = read_text("a\n1\n2\n");
	struct err e = ERR_INIT;
	double *numbers;
	size_t n;

	(void)state;
	free(file_of("a\n1\n2\n3\n", 8));
	assert_int_equal(table_numbers(&numbers, &n, t, 0, &e), -1);
	assert_int_equal(e.code, ERR_CONFLICT);
	err_release(&e);
	table_free(t);
}

static void seeds_are_survived(void **state)
{
	static const char *const seeds[] = {"", "a", "\n\n\n", "a,b\n\"", "{}",
		"{\"a\":[1,[2]]}\n{", "a,b\n[1],[2,3]\n\"[\",\"[1,\"\"x\"\"]\"\n",
		"\xef\xbb\xbf", "{\"\":{\"\":{\"\":1}}}", "\x1f\x8b\x08", "1,2\n3,4\n",
		"a;b;c\n;;\n", "\"a\nb\",c\n1,2\n"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], strlen(seeds[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kinds_of_columns),
		cmocka_unit_test(lines_of_json),
		cmocka_unit_test(numbers_that_are_none),
		cmocka_unit_test(pipes_are_refused),
		cmocka_unit_test(other_forms),
		cmocka_unit_test(odd_text_is_told),
		cmocka_unit_test(bad_files_are_refused),
		cmocka_unit_test(gzip_is_read),
		cmocka_unit_test(changed_files_are_noticed),
		cmocka_unit_test(seeds_are_survived),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
