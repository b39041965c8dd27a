#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "core/path.h"
#include "core/text.h"

static int run_nothing(struct cmd *c)
{
	(void)c;
	return EXIT_FINE;
}

static const struct cmd_option list_options[] = {
	{"since", 's', "DURATION", false, "how far back"},
	{"var", 0, "K=V", true, "a variable"},
	{"dry-run", 0, NULL, false, "only show"},
	{0},
};

/* The rows that the help and the set-up of this test read. */
const struct cmd_row cmd_table[] = {
	{"thing", "list", run_nothing, NEEDS_CONFIG, "[--since DURATION]",
		"things there are", list_options},
	{"thing", "change", run_nothing, NEEDS_CONFIG | MUTATES, "NAME", "change a thing",
		NULL},
	{"secret", NULL, run_nothing, HIDDEN, "", "nobody calls this", NULL},
	{0},
};

/* What is printed to a descriptor between the two. */
struct capture {
	FILE *file, *stream;
	int fd, saved;
};

static void capture_begin(struct capture *c, FILE *stream)
{
	fflush(stream);
	c->stream = stream;
	c->fd = fileno(stream);
	c->file = tmpfile();
	assert_non_null(c->file);
	c->saved = dup(c->fd);
	dup2(fileno(c->file), c->fd);
}

static char *capture_end(struct capture *c)
{
	struct strbuf sb = STRBUF_INIT;
	char bytes[512];
	size_t n;

	fflush(c->stream);
	dup2(c->saved, c->fd);
	close(c->saved);
	rewind(c->file);
	while ((n = fread(bytes, 1, sizeof(bytes), c->file)) > 0)
		strbuf_add(&sb, bytes, n);
	fclose(c->file);
	return strbuf_detach(&sb, NULL);
}

/* Parse words for the first row; what is said goes to *said. */
static int parse(struct cmd *c, char **said, int n, const char **words)
{
	struct capture cap;
	int code;

	*c = (struct cmd){.row = &cmd_table[0]};
	capture_begin(&cap, stderr);
	code = cmd_parse(c, n, words);
	*said = capture_end(&cap);
	return code;
}

#define PARSE(c, said, ...)                                                 \
	parse((c), (said), (int)ARRAY_LEN(((const char *[]){__VA_ARGS__})), \
		(const char *[]){__VA_ARGS__})

static void options_and_operands_in_any_order(void **state)
{
	struct cmd c;
	char *said;

	(void)state;
	assert_int_equal(PARSE(&c, &said, "one", "--since=5m", "--json", "two", "--var",
				 "a=1", "--var", "b=2", "-", "--", "--json", "-x"),
		-1);
	assert_string_equal(said, "");
	assert_int_equal(c.n_operands, 5);
	assert_string_equal(c.operands[1], "two");
	assert_string_equal(c.operands[2], "-");
	assert_string_equal(c.operands[3], "--json");
	assert_true(c.json && cmd_has(&c, "since") && !cmd_has(&c, "dry-run"));
	assert_string_equal(cmd_value(&c, "since"), "5m");
	assert_string_equal(cmd_value(&c, "var"), "b=2");
	assert_null(cmd_value(&c, "context"));
	assert_null(c.config_file);
	free(said);
	cmd_release(&c);
	assert_int_equal(
		PARSE(&c, &said, "-s", "1h", "--config", "f", "--context=x"), -1);
	assert_string_equal(cmd_value(&c, "since"), "1h");
	assert_string_equal(c.config_file, "f");
	assert_string_equal(c.context_name, "x");
	free(said);
	cmd_release(&c);
}

static void wrong_options_are_named(void **state)
{
	static const struct {
		const char *words[3], *said;
	} cases[] = {
		{{"--sinse", "1h"}, "unknown option --sinse; did you mean --since?"},
		{{"--zzzzzz"}, "unknown option --zzzzzz\n"},
		{{"--dry-run=1"}, "option --dry-run takes no value"},
		{{"--since"}, "option --since needs a value"},
		{{"--since=1", "--since=2"}, "option --since is given twice"},
		{{"-z"}, "unknown option -z"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const char *words[3];
		struct cmd c;
		char *said;
		int n = 0;

		memcpy(words, cases[i].words, sizeof(words));
		while (n < 3 && words[n])
			n++;
		assert_int_equal(parse(&c, &said, n, words), EXIT_USAGE);
		assert_non_null(strstr(said, cases[i].said));
		assert_non_null(
			strstr(said, "usage: tocsin thing list [--since DURATION]"));
		free(said);
		cmd_release(&c);
	}
}

static void common_options_are_known(void **state)
{
	(void)state;
	assert_true(cmd_is_common("--config") && cmd_is_common("--config=x"));
	assert_true(cmd_is_common("-h") && !cmd_is_common("--since") &&
		!cmd_is_common("help"));
	assert_true(cmd_takes_value("--config") && !cmd_takes_value("--config=x"));
	assert_false(cmd_takes_value("--json"));
}

/* The exit code of setting the row up with this configuration. */
static int set_up(
	const struct cmd_row *row, const char *text, const char *context, char **said)
{
	const char *tmp = getenv("TMPDIR");
	char *file = mem_format("%s/tocsin-cmd-XXXXXX", tmp ? tmp : "/tmp");
	struct cmd c = {.row = row, .context_name = context};
	struct capture cap;
	int fd = mkstemp(file), code;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	c.config_file = file;
	capture_begin(&cap, stderr);
	code = cmd_setup(&c);
	*said = capture_end(&cap);
	unlink(file);
	cmd_release(&c);
	free(file);
	return code;
}

static void read_only_is_refused_in_one_place(void **state)
{
	static const char text[] =
		"contexts: [{name: prod, read_only: true}, {name: lab}]\n";
	char *said;

	(void)state;
	assert_int_equal(set_up(&cmd_table[1], text, "prod", &said), EXIT_REFUSED);
	assert_non_null(strstr(said, "the context 'prod' is read-only"));
	free(said);
	assert_int_equal(set_up(&cmd_table[1], text, "lab", &said), -1);
	free(said);
	assert_int_equal(set_up(&cmd_table[0], text, "prod", &said), -1);
	assert_string_equal(said, "");
	free(said);
	assert_int_equal(set_up(&cmd_table[0], text, "none", &said), EXIT_USAGE);
	free(said);
}

static void all_problems_are_told(void **state)
{
	char *said;

	(void)state;
	assert_int_equal(
		set_up(&cmd_table[0], "sorces: []\nui: {mouse: 5}\n", NULL, &said),
		EXIT_USAGE);
	assert_non_null(strstr(
		said, ":1:1: there is no key 'sorces' here\n  did you mean 'sources'?"));
	assert_non_null(strstr(said, ":2:13: 'mouse' is true or false, and not '5'\n"));
	assert_non_null(strstr(said, "tocsin: the configuration has 2 problems\n"));
	free(said);
}

static void errors_become_exit_codes(void **state)
{
	static const struct {
		enum err_code code;
		int exit;
	} cases[] = {{ERR_INPUT, EXIT_USAGE}, {ERR_DENIED, EXIT_REFUSED},
		{ERR_NET, EXIT_STALE}, {ERR_CONFLICT, EXIT_REFUSED},
		{ERR_SYSTEM, EXIT_INTERNAL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err e = ERR_INIT;
		struct capture cap;
		char *said;

		err_set(&e, cases[i].code, "it is \x1b[31m broken");
		err_where(&e, "%s", "http://h");
		err_hint(&e, "%s", "mend it");
		capture_begin(&cap, stderr);
		assert_int_equal(cmd_fail(&e), cases[i].exit);
		said = capture_end(&cap);
		assert_string_equal(
			said, "tocsin: it is <1b>[31m broken (http://h)\n  mend it\n");
		free(said);
		err_release(&e);
	}
}

static char *print_table(void)
{
	const char *const headings[] = {"NAME", "N", "NOTE"};
	struct cmd_table *t = cmd_table_new("lrl", headings);
	struct capture cap;

	cmd_table_cell(t, "caf\xc3\xa9 \xe6\x97\xa5");
	cmd_table_cell(t, "7");
	cmd_table_cell(t, "a\nb\x1b[2J");
	cmd_table_cell(t, NULL);
	cmd_table_cell(t, "1234");
	cmd_table_cell(t, "");
	capture_begin(&cap, stdout);
	cmd_table_print(t);
	return capture_end(&cap);
}

static void tables_line_up(void **state)
{
	char *out;

	(void)state;
	text_locale(true);
	out = print_table();
	assert_string_equal(out,
		"NAME        N  NOTE\n"
		"caf\xc3\xa9 \xe6\x97\xa5     7  a b<1b>[2J\n"
		"-        1234\n");
	free(out);
	text_locale(false);
	out = print_table();
	assert_string_equal(out,
		"NAME        N  NOTE\n"
		"caf? ??     7  a b<1b>[2J\n"
		"-        1234\n");
	free(out);
	text_locale(true);
}

static void help_comes_from_the_table(void **state)
{
	struct cmd c = {.row = &cmd_table[0]};
	struct capture cap;
	char *out;

	(void)state;
	capture_begin(&cap, stdout);
	assert_int_equal(cmd_help(&c), EXIT_FINE);
	out = capture_end(&cap);
	assert_non_null(strstr(out, "thing list"));
	assert_non_null(strstr(out, "change a thing"));
	assert_null(strstr(out, "nobody calls this"));
	free(out);
	capture_begin(&cap, stdout);
	assert_int_equal(cmd_help_row(&cmd_table[0]), EXIT_FINE);
	out = capture_end(&cap);
	assert_non_null(strstr(out, "--since DURATION"));
	assert_non_null(strstr(out, "how far back"));
	assert_non_null(strstr(out, "--json"));
	free(out);
}

static void json_ends_with_a_newline(void **state)
{
	struct json *doc = json_object();
	struct capture cap;
	char *out;

	(void)state;
	json_add_text(doc, "schema", "x/1");
	capture_begin(&cap, stdout);
	assert_int_equal(cmd_print_json(doc), EXIT_FINE);
	out = capture_end(&cap);
	assert_string_equal(out, "{\n  \"schema\": \"x/1\"\n}\n");
	free(out);
}

UNIT_TESTS(cmocka_unit_test(options_and_operands_in_any_order),
	cmocka_unit_test(wrong_options_are_named),
	cmocka_unit_test(common_options_are_known),
	cmocka_unit_test(read_only_is_refused_in_one_place),
	cmocka_unit_test(all_problems_are_told),
	cmocka_unit_test(errors_become_exit_codes), cmocka_unit_test(tables_line_up),
	cmocka_unit_test(help_comes_from_the_table),
	cmocka_unit_test(json_ends_with_a_newline))
