#include "config.h"
#include "net/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "net/reply.h"

int exchange_values(struct json **out, const struct connector *c,
	const struct source_conf *conf, struct err *e)
{
	/* A program that names one of these where it has no value sees null. */
	static const char *const absent[] = {
		"since", "object", "cursor", "headers", "status", "before", "once"};
	struct json *values = json_object();

	json_add_text(values, "source", conf->name);
	json_add_time(values, "now", clock_now());
	if (connector_options(values, c, conf, e)) {
		json_free(values);
		return -1;
	}
	for (size_t i = 0; i < ARRAY_LEN(absent); i++)
		json_add_null(values, absent[i]);
	*out = values;
	return 0;
}

/* --- programs --- */

/* What a program sees of an answer: reply.h made a document of it; nothing is null. */
static void add_input(struct strbuf *out, const struct http_answer *a)
{
	if (!a || a->body.buf[strspn(a->body.buf, " \t\r\n")] == '\0')
		strbuf_adds(out, "null");
	else
		strbuf_add(out, a->body.buf, a->body.len);
}

static bool is_answers(const char *name)
{
	return !strcmp(name, "headers") || !strcmp(name, "status");
}

/* values with $headers and $status of the answer. */
static struct json *with_answer(const struct json *values, const struct http_answer *a)
{
	struct json *out = json_object();

	json_each (v, values)
		if (!is_answers(json_key(v)))
			json_add(out, json_key(v), json_copy(v));
	json_add_int(out, "status", a->status);
	json_add(out, "headers", reply_headers(a));
	return out;
}

int exchange_jq_all(struct json **all, const struct exchange *x, const struct jq *program,
	const char *key, const struct http_answer *a, const struct json *values,
	struct err *e)
{
	struct map_program mp = {.text = program->text};
	struct json *seen = a ? with_answer(values, a) : NULL;
	struct strbuf input = STRBUF_INIT;
	char *label = request_label(x->connector, x->part, key, program->line);
	int rc;

	mp.label = label;
	add_input(&input, a);
	rc = map_run_now(all, x->map, &mp, input.buf, input.len, seen ? seen : values, e);
	free(label);
	strbuf_release(&input);
	json_free(seen);
	return rc;
}

int exchange_jq(struct json **first, const struct exchange *x, const struct jq *program,
	const char *key, const struct http_answer *a, const struct json *values,
	struct err *e)
{
	struct json *all = NULL;

	*first = NULL;
	if (exchange_jq_all(&all, x, program, key, a, values, e))
		return -1;
	*first = json_first(all) ? json_copy(json_first(all)) : NULL;
	json_free(all);
	return 0;
}

/* --- asking --- */

int exchange_make(struct request *out, const struct exchange *x,
	const struct connector_request *req, const struct json *values, struct err *e)
{
	const struct request_spec spec = {
		.connector = x->connector,
		.request = req,
		.base = x->conf->url,
		.part = x->part,
		.values = values,
		.map = x->map,
	};

	return request_make_now(out, &spec, e);
}

/* raw: the body stays as it came; else it becomes what programs see. */
static int run(struct http_answer *out, const struct exchange *x, const struct request *r,
	const struct connector_request *req, const struct json *values, bool raw,
	struct err *e)
{
	const struct http_request http = request_http(r, x->conf);
	const struct reply_spec spec = {
		.connector = x->connector,
		.request = req,
		.part = x->part,
		.url = r->url,
		.values = values,
		.map = x->map,
	};
	struct strbuf input = STRBUF_INIT, kept = STRBUF_INIT;
	struct err seen = ERR_INIT;
	bool failed = (x->http ? http_wait(out, x->http, &http, &seen)
			       : http_run(out, &http, &seen)) != 0;
	int rc;

	if (raw)
		strbuf_add(&kept, out->body.buf, out->body.len);
	rc = reply_check_now(&input, &spec, out, failed ? &seen : NULL, e);
	strbuf_release(&out->body);
	out->body = raw ? kept : input;
	strbuf_release(raw ? &input : &kept);
	err_release(&seen);
	return rc;
}

int exchange_send(struct http_answer *out, const struct exchange *x,
	const struct request *r, const struct connector_request *req,
	const struct json *values, struct err *e)
{
	return run(out, x, r, req, values, false, e);
}

int exchange_fetch(struct http_answer *out, const struct exchange *x,
	const struct request *r, const struct connector_request *req,
	const struct json *values, struct err *e)
{
	return run(out, x, r, req, values, true, e);
}

int exchange_ask(struct http_answer *out, const struct exchange *x,
	const struct connector_request *req, const struct json *values, struct err *e)
{
	struct request r = {0};
	int rc = exchange_make(&r, x, req, values, e);

	if (!rc)
		rc = exchange_send(out, x, &r, req, values, e);
	request_release(&r);
	return rc;
}
