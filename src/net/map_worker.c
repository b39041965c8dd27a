#include "config.h"
#include "net/map.h"

#include <jq.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uthash.h>

#include "core/strbuf.h"
#include "net/map_wire.h"

#define OUTPUTS_MAX 200000

struct compiled {
	uint32_t id;
	jq_state *jq; /* owned; NULL: did not compile */
	char *error; /* owned */
	UT_hash_handle hh;
};

static int read_all(void *to, size_t n)
{
	char *p = to;

	while (n) {
		ssize_t got = read(STDIN_FILENO, p, n);

		if (got <= 0)
			return -1;
		p += got;
		n -= (size_t)got;
	}
	return 0;
}

static int write_all(const void *from, size_t n)
{
	const char *p = from;

	while (n) {
		ssize_t put = write(STDOUT_FILENO, p, n);

		if (put <= 0)
			return -1;
		p += put;
		n -= (size_t)put;
	}
	return 0;
}

static char *read_text(uint32_t n)
{
	char *s = mem_new((size_t)n + 1, 1);

	if (!read_all(s, n))
		return s;
	free(s);
	return NULL;
}

static void collect_error(void *ctx, jv message)
{
	struct strbuf *out = ctx;
	jv text = jq_format_error(message);

	strbuf_addf(out, "%s%s", out->len ? "; " : "", jv_string_value(text));
	jv_free(text);
}

/* No environment, no files, no modules: what a program sees is its input. */
static struct compiled *compile(struct compiled **all, uint32_t id, const char *text)
{
	struct compiled *c = mem_new(1, sizeof(*c));
	struct strbuf errors = STRBUF_INIT;

	c->id = id;
	c->jq = jq_init();
	if (!c->jq)
		bug("jq_init failed");
	jq_set_error_cb(c->jq, collect_error, &errors);
	jq_set_attr(c->jq, jv_string("JQ_LIBRARY_PATH"), jv_array());
	if (!jq_compile(c->jq, text)) {
		jq_teardown(&c->jq);
		c->jq = NULL;
		c->error = strbuf_detach(&errors, NULL);
	} else {
		jq_set_error_cb(c->jq, NULL, NULL);
	}
	strbuf_release(&errors);
	HASH_ADD(hh, *all, id, sizeof(c->id), c);
	return c;
}

static void add_message(struct strbuf *out, jv message)
{
	if (jv_get_kind(message) != JV_KIND_STRING)
		message = jv_dump_string(message, 0);
	strbuf_adds(out, jv_string_value(message));
	jv_free(message);
}

/* Run to the end; out gets the array or the error.  0, or 1 when it failed. */
static int run(struct strbuf *out, jq_state *jq, jv input)
{
	size_t n = 0;
	jv value;

	jq_start(jq, input, 0);
	strbuf_addc(out, '[');
	while (jv_is_valid(value = jq_next(jq))) {
		jv text = jv_dump_string(value, 0);

		strbuf_adds(out, n ? "," : "");
		strbuf_add(out, jv_string_value(text),
			(size_t)jv_string_length_bytes(jv_copy(text)));
		jv_free(text);
		if (++n > OUTPUTS_MAX || out->len > MAP_ANSWER_MAX) {
			strbuf_reset(out);
			strbuf_adds(out, "it puts out too much");
			return 1;
		}
	}
	if (jv_invalid_has_msg(jv_copy(value))) {
		strbuf_reset(out);
		add_message(out, jv_invalid_get_msg(value));
		return 1;
	}
	jv_free(value);
	strbuf_addc(out, ']');
	return 0;
}

static int run_on(struct strbuf *out, const struct compiled *c, const char *body,
	uint32_t n_body, const char *values, uint32_t n_values)
{
	jv document, parameters;

	if (!c->jq) {
		strbuf_adds(out, c->error);
		return 1;
	}
	document = jv_parse_sized(body, (int)n_body);
	if (!jv_is_valid(document)) {
		strbuf_adds(out, "the answer is not JSON: ");
		add_message(out, jv_invalid_get_msg(document));
		return 1;
	}
	parameters = jv_parse_sized(values, (int)n_values);
	return run(out, c->jq, JV_ARRAY(document, parameters));
}

static int serve_one(struct compiled **all)
{
	struct map_request head;
	struct map_answer answer;
	struct strbuf out = STRBUF_INIT;
	char *program = NULL, *values = NULL, *body = NULL;
	struct compiled *c;
	int result = -1;

	if (read_all(&head, sizeof(head)))
		return -1;
	program = read_text(head.n_program);
	values = read_text(head.n_values);
	body = read_text(head.n_body);
	if (!program || !values || !body)
		goto out;
	HASH_FIND(hh, *all, &head.id, sizeof(head.id), c);
	if (!c)
		c = compile(all, head.id, program);
	answer.failed =
		(uint32_t)run_on(&out, c, body, head.n_body, values, head.n_values);
	answer.n = (uint32_t)out.len;
	if (!write_all(&answer, sizeof(answer)) && !write_all(out.buf, out.len))
		result = 0;
out:
	free(program);
	free(values);
	free(body);
	strbuf_release(&out);
	return result;
}

int map_worker(void)
{
	struct compiled *all = NULL, *c, *next;

	while (!serve_one(&all))
		;
	HASH_ITER (hh, all, c, next) {
		HASH_DEL(all, c);
		if (c->jq)
			jq_teardown(&c->jq);
		free(c->error);
		free(c);
	}
	return 0;
}
