/* slo_text.h - what the tests of SLO files share */
#ifndef TOCSIN_TESTS_SLO_TEXT_H
#define TOCSIN_TESTS_SLO_TEXT_H

#include <string.h>

#include "signal/slo_file.h"
#include "tests/unit/shared.h"

struct parsed {
	struct arena	arena;
	struct problems	problems;
	struct slo_list	slos;
};

static inline void parse(struct parsed *out, const char *s, size_t n)
{
	int result;

	arena_init(&out->arena);
	problems_init(&out->problems, "slo.yaml");
	out->slos = (struct slo_list){0};
	result = slo_file_parse(&out->slos, &out->arena, s, n, "slo.yaml", &out->problems);
	assert_int_equal(result, out->problems.n ? -1 : 0);
}

static inline void parse_text(struct parsed *out, const char *text)
{
	parse(out, text, strlen(text));
}

static inline void parse_sample(struct parsed *out, const char *name)
{
	char *path = mem_format("slo/%s", name);
	struct strbuf text;

	shared_read(&text, path);
	free(path);
	parse(out, text.buf, text.len);
	strbuf_release(&text);
}

static inline void release(struct parsed *p)
{
	problems_release(&p->problems);
	arena_release(&p->arena);
}

/* True when a problem on that line (0: any) has the word; else prints all there are. */
static inline bool complains(const struct parsed *p, int line, const char *word)
{
	for (size_t i = 0; i < p->problems.n; i++) {
		if ((!line || p->problems.items[i].line == line) &&
			strstr(p->problems.items[i].message, word))
			return true;
	}
	for (size_t i = 0; i < p->problems.n; i++)
		print_message("%d:%d %s\n", p->problems.items[i].line,
			p->problems.items[i].column, p->problems.items[i].message);
	return false;
}

static inline void assert_query(const struct slo *slo, int64_t window_ns, const char *wanted)
{
	struct strbuf query = STRBUF_INIT;

	assert_true(slo_query(&query, slo, window_ns));
	assert_string_equal(query.buf, wanted);
	strbuf_release(&query);
}

#endif
