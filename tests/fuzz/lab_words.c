/* What the practice platform reads from others: matchers, filters, faults, paths, its own files. */
#include "config.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/mem.h"
#include "lab/fault.h"
#include "lab/filter.h"
#include "lab/matcher.h"
#include "lab/request.h"
#include "lab/scenario.h"
#include "lab/storybook.h"

static void matcher(const char *s, size_t n)
{
	struct matcher m;
	struct err e = ERR_INIT;

	if (!matcher_parse(&m, s, n, &e)) {
		if (!matcher_check(&m, &e))
			(void)matcher_matches_text(&m, "value");
		matcher_release(&m);
	}
	err_release(&e);
}

static const char *any(const void *object, const struct clause *c)
{
	return c->tag ? object : NULL;
}

static void filter(const char *s)
{
	struct filter f;
	struct err e = ERR_INIT;

	if (!filter_parse(&f, s, &e)) {
		(void)filter_holds(&f, any, "value");
		filter_release(&f);
	}
	err_release(&e);
}

static void fault(const char *s)
{
	struct faults f = {0};
	struct err e = ERR_INIT;

	(void)faults_add(&f, s, &e);
	(void)fault_take(&f, "/metrics");
	faults_release(&f);
	err_release(&e);
}

static void files(const char *s, size_t n)
{
	struct scenario sc;
	struct storybook book;
	struct problems p;

	problems_init(&p, "x");
	(void)scenario_parse(&sc, s, n, &p);
	(void)storybook_parse(&book, s, n, &p);
	scenario_release(&sc);
	storybook_release(&book);
	problems_release(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *text = mem_strndup((const char *)data, n);
	struct arena a;

	arena_init(&a);
	matcher((const char *)data, n);
	filter(text);
	fault(text);
	(void)request_decode(&a, text, strlen(text));
	files((const char *)data, n);
	arena_release(&a);
	free(text);
	return 0;
}
