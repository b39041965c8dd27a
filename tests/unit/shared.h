/* shared.h - sample files from outside the tree, in $TOCSIN_SHARED; tests skip without them */
#ifndef TOCSIN_TESTS_SHARED_H
#define TOCSIN_TESTS_SHARED_H

#include <math.h>
#include <stdlib.h>

#include "core/json.h"
#include "core/strbuf.h"

/* Equal to 11 digits. */
#define assert_near(got, want) assert_near_at((got), (want), __LINE__)
static inline void assert_near_at(double got, double want, int line)
{
	if (got == want || (isnan(got) && isnan(want)))
		return;
	if (!(fabs(got - want) <= 1e-11 * fmax(1, fabs(want))))
		fail_msg("line %d: %.17g is not %.17g", line, got, want);
}

/* A whole sample; the test is skipped when there is none.  Released by the caller. */
static inline void shared_read(struct strbuf *out, const char *name)
{
	const char *top = getenv("TOCSIN_SHARED");
	char *path = mem_format("%s/data/%s", top ? top : "", name);
	FILE *f = fopen(path, "rb");
	size_t n;

	strbuf_init(out);
	if (!f) {
		print_message("SKIP: no %s\n", path);
		free(path);
		skip();
		return;
	}
	free(path);
	do {
		strbuf_room(out, 65536);
		n = fread(out->buf + out->len, 1, 65536, f);
		out->len += n;
		out->buf[out->len] = '\0';
	} while (n > 0);
	(void)fclose(f);
}

/* The document in a sample; freed by the caller. */
static inline struct json *shared_json(const char *name)
{
	struct strbuf text;
	struct json *doc = NULL;
	struct err e = ERR_INIT;

	shared_read(&text, name);
	assert_int_equal(json_parse(&doc, text.buf, text.len, &e), 0);
	strbuf_release(&text);
	return doc;
}

#endif
