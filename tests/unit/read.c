#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/json.h"
#include "model/registry.h"
#include "net/read.h"
#include "tests/unit/web.h"

/* A server, the engine, and what came of a read: records as JSON lines. */
struct rig {
	struct loop *loop;
	struct http *http;
	struct map *map;
	struct web *web;
	web_fn *serve;
	struct connector connector;
	struct source_conf conf;
	struct kept *kept;
	struct rate rate;
	struct read_seen seen;
	struct strbuf asked; /* "GET /path BODY\n" of each request */
	struct strbuf records;
	struct strbuf why;
	struct read_result result; /* its texts are in why */
	struct err e;
	char *url;
	bool done;
	unsigned count, most, flying;
};

static void answer(
	struct strbuf *reply, int status, const char *headers, const char *body)
{
	web_reply(reply, status, headers, body, strlen(body));
}

static enum web_fault serve(void *ctx, const char *request, struct strbuf *reply)
{
	struct rig *r = ctx;
	const char *body = strstr(request, "\r\n\r\n") + 4;

	strbuf_add(&r->asked, request, strcspn(request, "\r") - strlen(" HTTP/1.1"));
	strbuf_addf(&r->asked, "%s%s\n", *body ? " " : "", body);
	r->count++;
	return r->serve(ctx, request, reply);
}

static void rig_open(struct rig *r, const char *file, web_fn *fn)
{
	char *exe = mem_format(
		"%s/tocsin", getenv("TOCSIN_BUILD") ? getenv("TOCSIN_BUILD") : ".");
	struct problems p;

	*r = (struct rig){.serve = fn};
	r->loop = loop_new();
	r->http = http_new(r->loop);
	r->map = map_new(r->loop, exe);
	r->web = web_new(r->loop, serve, r);
	r->url = mem_format("http://127.0.0.1:%d/base", web_port(r->web));
	r->conf = (struct source_conf){
		.name = "s", .type = "demo", .url = r->url, .timeout_ns = 5 * NS_PER_S};
	r->kept = kept_new(KEPT_MAX_BYTES);
	strbuf_init(&r->asked);
	strbuf_init(&r->records);
	strbuf_init(&r->why);
	problems_init(&p, "demo.yaml");
	if (connector_parse(&r->connector, "demo.yaml", file, strlen(file), &p))
		fail_msg("line %d: %s", p.items[0].line, p.items[0].message);
	problems_release(&p);
	free(exe);
}

static void rig_close(struct rig *r)
{
	http_free(r->http);
	map_free(r->map);
	web_free(r->web);
	kept_free(r->kept);
	connector_release(&r->connector);
	strbuf_release(&r->asked);
	strbuf_release(&r->records);
	strbuf_release(&r->why);
	err_release(&r->e);
	free(r->url);
	loop_free(r->loop);
}

static unsigned send(void *io, const struct http_request *req, http_fn *fn, void *ctx)
{
	struct rig *r = io;

	return http_start(r->http, req, fn, ctx);
}

static void unsend(void *io, unsigned handle)
{
	http_cancel(((struct rig *)io)->http, handle);
}

static void take(void *ctx, enum record_kind kind, const void *record)
{
	struct rig *r = ctx;
	struct json *j = record_to_json(record, kind);

	strbuf_addf(&r->records, "%s=%s ", json_text(json_get(j, "name")),
		json_text(json_get(j, "version")) ? json_text(json_get(j, "version"))
						  : "-");
	json_free(j);
}

static void done(void *ctx, const struct read_result *res, const struct err *e)
{
	struct rig *r = ctx;

	r->result = *res;
	r->done = true;
	strbuf_adds(&r->why, res->incomplete);
	strbuf_adds(&r->why, res->dropped_why);
	if (e)
		err_copy(&r->e, e);
}

static void read_now(struct rig *r)
{
	struct read_spec spec = {.connector = &r->connector,
		.read = &r->connector.reads[0],
		.conf = &r->conf,
		.loop = r->loop,
		.map = r->map,
		.send = send,
		.unsend = unsend,
		.io = r,
		.kept = r->kept,
		.rate = &r->rate,
		.seen = &r->seen};
	struct json *values;

	r->rate.requests = r->connector.rate_requests;
	r->rate.per_ns = r->connector.rate_per_ns;
	r->done = false;
	r->count = 0;
	strbuf_reset(&r->asked);
	strbuf_reset(&r->records);
	strbuf_reset(&r->why);
	err_clear(&r->e);
	values = read_values(&r->connector, spec.read, &r->conf,
		INT64_C(1763700000) * NS_PER_S, NONE_INT, "", &r->e);
	if (!values)
		fail_msg("%s", r->e.what);
	spec.values = values;
	(void)read_start(&spec, take, done, r);
	json_free(values);
	while (!r->done)
		loop_turn(r->loop, NS_PER_S);
}

#define HEAD "connector: demo\n"
#define READ "reads:\n  - name: x\n    emits: pointer\n"

static void expect_read(
	const char *file, web_fn *fn, const char *records, const char *asked)
{
	struct rig r;

	rig_open(&r, file, fn);
	read_now(&r);
	if (r.e.code)
		fail_msg("%s", r.e.what);
	assert_string_equal(r.records.buf, records);
	if (asked)
		assert_string_equal(r.asked.buf, asked);
	rig_close(&r);
}

/* --- paging --- */

/* Five items, two a page, by whatever parameter. */
static void items(struct strbuf *body, int from, int n)
{
	strbuf_adds(body, "[");
	for (int i = from; i < from + n && i < 5; i++)
		strbuf_addf(body, "%s{\"n\":\"i%d\"}", i > from ? "," : "", i);
	strbuf_adds(body, "]");
}

static int param(const char *request, const char *name, int otherwise)
{
	struct strbuf text = STRBUF_INIT;
	int value = web_param(&text, request, name) ? atoi(text.buf) : otherwise;

	strbuf_release(&text);
	return value;
}

static enum web_fault by_cursor(void *ctx, const char *request, struct strbuf *reply)
{
	int from = param(request, "token", 0);
	struct strbuf body = STRBUF_INIT;

	(void)ctx;
	strbuf_adds(&body, "{\"items\":");
	items(&body, from, 2);
	if (from < 4)
		strbuf_addf(&body, ",\"next\":\"%d\"", from + 2);
	strbuf_adds(&body, "}");
	web_json(reply, body.buf);
	strbuf_release(&body);
	return WEB_OK;
}

static enum web_fault by_body(void *ctx, const char *request, struct strbuf *reply)
{
	const char *at = strstr(request, "\"after\":\"");
	int from = at ? atoi(at + 9) : 0;
	struct strbuf body = STRBUF_INIT;

	(void)ctx;
	strbuf_adds(&body, "{\"data\":{\"items\":");
	items(&body, from, 2);
	strbuf_addf(&body, ",\"next\":%s\"%d\"%s",
		from < 4 ? "" : "null,\"x\":", from + 2, "}}");
	web_json(reply, body.buf);
	strbuf_release(&body);
	return WEB_OK;
}

static enum web_fault by_header(void *ctx, const char *request, struct strbuf *reply)
{
	struct rig *r = ctx;
	int from = param(request, "token", 0);
	struct strbuf body = STRBUF_INIT;
	char *headers = NULL;

	items(&body, from, 2);
	if (from < 4)
		headers = mem_format(
			"X-Next: %d\r\nLink: </base/a?token=%d>; rel=\"next\", "
			"<%s/z>; rel=last\r\n",
			from + 2, from + 2, r->url);
	web_reply(reply, 200, headers, body.buf, body.len);
	free(headers);
	strbuf_release(&body);
	return WEB_OK;
}

static enum web_fault by_count(void *ctx, const char *request, struct strbuf *reply)
{
	int from = param(request, "offset", (param(request, "page", 1) - 1) * 2);
	struct strbuf body = STRBUF_INIT;

	(void)ctx;
	strbuf_adds(&body, "{\"total\":5,\"pages\":3,\"items\":");
	items(&body, from, 2);
	strbuf_adds(&body, "}");
	web_json(reply, body.buf);
	strbuf_release(&body);
	return WEB_OK;
}

#define GET READ "    get: /a\n"
#define MAP "    map: '.items[] | {model: \"m\", name: .n}'\n"
#define ALL "i0=- i1=- i2=- i3=- i4=- "

static void reads_every_kind_of_page(void **state)
{
	(void)state;
	expect_read(HEAD GET "    page: {cursor: .next, query: token}\n" MAP, by_cursor,
		ALL, "GET /base/a\nGET /base/a?token=2\nGET /base/a?token=4\n");
	expect_read(HEAD GET
		"    page: {next: '.next | select(.) | \"?token=\" + .'}\n" MAP,
		by_cursor, ALL,
		"GET /base/a\nGET /base/a?token=2\nGET /base/a?token=4\n");
	expect_read(HEAD GET "    page: {continue: .next, query: token}\n" MAP, by_cursor,
		ALL, NULL);
	expect_read(HEAD GET "    page: {header: X-Next, query: token}\n"
			     "    map: '.[] | {model: \"m\", name: .n}'\n",
		by_header, ALL, NULL);
	expect_read(HEAD GET "    page: {link: next}\n"
			     "    map: '.[] | {model: \"m\", name: .n}'\n",
		by_header, ALL,
		"GET /base/a\nGET /base/a?token=2\nGET /base/a?token=4\n");
	expect_read(HEAD GET
		"    page: {offset: offset, limit: n, size: 2, items: .items, "
		"total: .total}\n" MAP,
		by_count, ALL,
		"GET /base/a?offset=0&n=2\nGET /base/a?offset=2&n=2\n"
		"GET /base/a?offset=4&n=2\n");
	expect_read(HEAD GET
		"    page: {offset: offset, size: 2, items: '.items | length'}\n" MAP,
		by_count, ALL, NULL);
	expect_read(HEAD GET "    page: {number: page, pages: .pages}\n" MAP, by_count,
		ALL, "GET /base/a?page=1\nGET /base/a?page=2\nGET /base/a?page=3\n");
	expect_read(HEAD GET
		"    page: {number: page, size: 2, limit: n, items: .items}\n" MAP,
		by_count, ALL, NULL);
	expect_read(HEAD READ "    post: /g\n"
			      "    graphql: 'query($n: Int) { items }'\n"
			      "    variables: '{n: 2}'\n"
			      "    page: {cursor: .data.next, variable: after}\n"
			      "    map: '.data.items[] | {model: \"m\", name: .n}'\n",
		by_body, ALL,
		"POST /base/g {\"query\":\"query($n: Int) { items "
		"}\",\"variables\":{\"n\":2}}\n"
		"POST /base/g {\"query\":\"query($n: Int) { items "
		"}\",\"variables\":{\"n\":2,"
		"\"after\":\"2\"}}\n"
		"POST /base/g {\"query\":\"query($n: Int) { items "
		"}\",\"variables\":{\"n\":2,"
		"\"after\":\"4\"}}\n");
	expect_read(HEAD READ "    post: /g\n"
			      "    json: '{after: $cursor}'\n"
			      "    page: {cursor: .data.next}\n"
			      "    map: '.data.items[] | {model: \"m\", name: .n}'\n",
		by_body, ALL,
		"POST /base/g {\"after\":null}\nPOST /base/g {\"after\":\"2\"}\n"
		"POST /base/g {\"after\":\"4\"}\n");
}

static enum web_fault endless(void *ctx, const char *request, struct strbuf *reply)
{
	struct rig *r = ctx;
	char *body =
		mem_format("{\"items\":[{\"n\":\"i\"}],\"next\":\"%u\",\"ring\":\"%u\","
			   "\"away\":\"http://127.0.0.1:1/x\"}",
			r->count, r->count % 3);

	(void)request;
	web_json(reply, body);
	free(body);
	return WEB_OK;
}

static void expect_cut(const char *page, unsigned most, const char *why)
{
	char *file = mem_format(HEAD GET "    page: %s\n" MAP, page);
	struct rig r;

	rig_open(&r, file, endless);
	read_now(&r);
	assert_int_equal(r.e.code, 0);
	if (r.count > most || !strstr(r.why.buf, why))
		fail_msg("%s: %u requests, %s", page, r.count, r.why.buf);
	rig_close(&r);
	free(file);
}

static void ends_what_has_no_end(void **state)
{
	(void)state;
	expect_cut("{cursor: .next, query: t, max: 7}", 7, "more pages");
	expect_cut("{cursor: .ring, query: t}", 12, "more pages");
	expect_cut("{cursor: '\"same\"', query: t}", 2, "more pages");
	expect_cut("{number: page, items: .items, size: 1, max: 5}", 5, "more pages");
	expect_cut("{next: .away}", 1, "another server");
	/* A number that is none of items goes into no offset. */
	expect_cut("{offset: offset, size: 2, items: '1e300'}", 1, "more pages");
}

static enum web_fault expires(void *ctx, const char *request, struct strbuf *reply)
{
	struct rig *r = ctx;

	if (r->count == 2) {
		answer(reply, 410, NULL, "{\"message\":\"too old\"}");
		return WEB_OK;
	}
	return by_cursor(ctx, request, reply);
}

static void begins_anew_once(void **state)
{
	struct rig r;

	(void)state;
	expect_read(HEAD GET
		"    page: {continue: .next, query: token, restart: 410}\n" MAP,
		expires, "i0=- i1=- " ALL, NULL);
	/* Without restart the page is missing, and what came is kept. */
	rig_open(&r, HEAD GET "    page: {continue: .next, query: token}\n" MAP, expires);
	read_now(&r);
	assert_int_equal(r.e.code, 0);
	assert_string_equal(r.records.buf, "i0=- i1=- ");
	assert_non_null(strstr(r.why.buf, "too old"));
	rig_close(&r);
}

/* --- bodies and paths --- */

static enum web_fault echo(void *ctx, const char *request, struct strbuf *reply)
{
	struct strbuf body = STRBUF_INIT, type = STRBUF_INIT;
	struct json *out = json_object();

	(void)ctx;
	web_header(&type, request, "Content-Type");
	json_add_text(out, "type", type.buf);
	json_add_text(out, "body", strstr(request, "\r\n\r\n") + 4);
	json_format(&body, out, false);
	web_json(reply, body.buf);
	json_free(out);
	strbuf_release(&body);
	strbuf_release(&type);
	return WEB_OK;
}

static void sends_every_body(void **state)
{
	static const struct {
		const char *request, *asked, *type;
	} cases[] = {
		{"    post: /a\n", "POST /base/a\n", ""},
		{"    post: /a\n    json: '{s: $source, n: 1763715600123456789}'\n",
			"POST /base/a {\"s\":\"s\",\"n\":1763715600123456800}\n",
			"application/json"},
		{"    put: /a\n    form: {a: 'x y&z', b: $source, c: $object, d: "
		 "$cursor}\n",
			"PUT /base/a a=x%20y%26z&b=s&c=\n",
			"application/x-www-form-urlencoded"},
		{"    post: /a\n    rpc: tools/list\n    params: '{cursor: $cursor}'\n",
			"POST /base/a "
			"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\","
			"\"params\":{\"cursor\":null}}\n",
			"application/json"},
		{"    patch: /a\n    json: '[]'\n"
		 "    content_type: application/json-patch+json\n",
			"PATCH /base/a []\n", "application/json-patch+json"},
		{"    delete: /a\n", "DELETE /base/a\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *file = mem_format(HEAD READ
			"%s    map: '{model: \"m\", name: (\"t:\" + .type)}'\n",
			cases[i].request);
		char *records = mem_format("t:%s=- ", cases[i].type);

		if (i != 1)
			expect_read(file, echo, records, cases[i].asked);
		free(file);
		free(records);
	}
}

static enum web_fault fine(void *ctx, const char *request, struct strbuf *reply)
{
	(void)ctx;
	(void)request;
	web_json(reply, "{}");
	return WEB_OK;
}

static void expect_path(const char *with, const char *path, const char *asked)
{
	char *file = mem_format(HEAD
		"options: {a: {help: x}, b: {default: ''}, l: {list: true}}\n" READ
		"    each:\n      - items: '{k: {v: $a}}'\n        as: i\n        get: "
		"%s\n"
		"        query: {q: $i.k.v, z: $b}\n"
		"    map: '{model: \"m\", name: \"n\"}'\n",
		path);
	struct rig r;

	rig_open(&r, file, fine);
	r.conf.with = with;
	read_now(&r);
	if (asked)
		assert_string_equal(r.asked.buf, asked);
	else
		assert_true(r.e.code == ERR_INPUT && !r.asked.len);
	rig_close(&r);
	free(file);
}

static void builds_paths_from_values(void **state)
{
	(void)state;
	expect_path("{\"a\":\"x/y z\"}", "/v1/{a}:do",
		"GET /base/v1/x%2Fy%20z:do?q=x%2Fy%20z&z=\n");
	expect_path("{\"a\":\"x/y\"}", "/v2/{i.k.v...}/tags/",
		"GET /base/v2/x/y/tags/?q=x%2Fy&z=\n");
	expect_path(
		"{\"a\":\"x/y\"}", "/p/{a|twice}", "GET /base/p/x%252Fy?q=x%2Fy&z=\n");
	expect_path("{\"a\":\"n\"}", "/apis[/ns/{b}]/x", "GET /base/apis/x?q=n&z=\n");
	expect_path("{\"a\":\"n\",\"b\":\"m\"}", "/apis[/ns/{b}]/x",
		"GET /base/apis/ns/m/x?q=n&z=m\n");
	expect_path("{\"a\":\"q\\\"\\n\\u001b[1m\"}", "/x/{a}",
		"GET /base/x/q%22%0A%1B%5B1m?q=q%22%0A%1B%5B1m&z=\n");
	expect_path("{\"a\":\"..\"}", "/x/{a}", NULL);
	expect_path("{\"a\":\"a/../b\"}", "/x/{a...}", NULL);
	expect_path("{\"a\":\"a//b\"}", "/x/{a...}", NULL);
	expect_path("{\"a\":\".\"}", "/x/.{a}", NULL);
	expect_path("{\"a\":\"x\"}", "/x/{b}", NULL);
}

static enum web_fault moments(void *ctx, const char *request, struct strbuf *reply)
{
	(void)ctx;
	(void)request;
	web_json(reply,
		"[1795251189123456789, 1795251189123456, 1795251189123, 1795251189,"
		" 1795251189.5, \"1795251189123\", \"2026-11-21T10:53:09.25+02:00\","
		" \"2026-11-21T08:53:09\", \"Sat, 21 Nov 2026 08:53:09 GMT\","
		" 9223372036854775806, \"\", 0]");
	return WEB_OK;
}

static void take_moment(void *ctx, enum record_kind kind, const void *record)
{
	const struct pointer *p = record;
	struct rig *r = ctx;

	assert_int_equal(kind, REC_POINTER);
	strbuf_addf(&r->records, "%s %lld\n", p->version, (long long)p->observed);
}

/* Integers that no double holds come through jq as they are; every form of a time is one. */
static void keeps_moments_and_long_integers(void **state)
{
	struct rig r;
	struct read_spec spec;
	struct json *values;

	(void)state;
	rig_open(&r,
		HEAD GET "    map: '.[] | {model: \"m\", name: \"n\", "
			 "version: tostring, observed: .}'\n",
		moments);
	spec = (struct read_spec){.connector = &r.connector,
		.read = &r.connector.reads[0],
		.conf = &r.conf,
		.loop = r.loop,
		.map = r.map,
		.send = send,
		.unsend = unsend,
		.io = &r};
	values = read_values(spec.connector, spec.read, &r.conf, 1, NONE_INT, NULL, &r.e);
	spec.values = values;
	(void)read_start(&spec, take_moment, done, &r);
	while (!r.done)
		loop_turn(r.loop, NS_PER_S);
	json_free(values);
	assert_int_equal(r.result.dropped, 0);
	assert_string_equal(r.records.buf,
		"1795251189123456789 1795251189123456789\n"
		"1795251189123456 1795251189123456000\n"
		"1795251189123 1795251189123000000\n"
		"1795251189 1795251189000000000\n"
		"1795251189.5 1795251189500000000\n"
		"1795251189123 1795251189123000000\n"
		"2026-11-21T10:53:09.25+02:00 1795251189250000000\n"
		"2026-11-21T08:53:09 1795251189000000000\n"
		"Sat, 21 Nov 2026 08:53:09 GMT 1795251189000000000\n"
		"9223372036854775806 9223372036854775806\n"
		"(null) -9223372036854775808\n"
		"0 -9223372036854775808\n");
	rig_close(&r);
}

/* --- stages --- */

static enum web_fault registry(void *ctx, const char *request, struct strbuf *reply)
{
	struct rig *r = ctx;

	r->flying = r->most = 0;
	if (!strncmp(request, "GET /base/repos ", 16))
		web_json(reply, "{\"repos\":[\"a/b\",\"c\",\"gone\",\"bad\"]}");
	else if (strstr(request, "/gone/"))
		answer(reply, 404, NULL, "{}");
	else if (strstr(request, "/bad/"))
		answer(reply, 500, NULL,
			"{\"error\":{\"message\":\"disk \x1b[31mfull.\"}}");
	else if (strstr(request, "/tags"))
		web_json(reply, "[\"t1\",\"t2\"]");
	else
		answer(reply, 200, "Docker-Content-Digest: sha256:9\r\n", "{}");
	return WEB_OK;
}

static const char staged[] = HEAD READ "    get: /repos\n"
				       "    each:\n"
				       "      - items: .repos[]\n"
				       "        as: repo\n"
				       "        get: /v2/{repo...}/tags\n"
				       "        skip: [404]\n"
				       "      - items: '.[] | {tag: .}'\n"
				       "        as: m\n"
				       "        get: /v2/{repo...}/manifests/{m.tag}\n"
				       "        keep: true\n"
				       "    map: '{model: $repo, name: $m.tag, "
				       "version: $headers[\"docker-content-digest\"]}'\n";

static void asks_for_each_item(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, staged, registry);
	read_now(&r);
	assert_int_equal(r.e.code, 0);
	assert_int_equal(r.result.records, 4);
	assert_int_equal(r.count, 9);
	/* One item failed: it is said in the backend's words, and nothing may be taken for gone. */
	assert_non_null(strstr(r.why.buf, "disk <1b>[31mfull"));
	assert_non_null(strstr(r.records.buf, "t2=sha256:9"));
	/* What never changes is not asked for again. */
	read_now(&r);
	assert_int_equal(r.result.records, 4);
	assert_int_equal(r.count, 5);
	rig_close(&r);
}

static void bounds_the_items(void **state)
{
	static const char file[] =
		HEAD READ "    each: {items: 'range(1000) | tostring', as: i, get: "
			  "'/v2/{i}', max: 20}\n"
			  "    map: '{model: \"m\", name: $i}'\n";
	struct rig r;

	(void)state;
	rig_open(&r, file, fine);
	read_now(&r);
	assert_int_equal(r.count, 20);
	assert_int_equal(r.result.records, 20);
	assert_non_null(strstr(r.why.buf, "more than 20 items of 'i'"));
	rig_close(&r);
}

/* The first page's items are gone at once, long before it is known that there is a second. */
static enum web_fault paged_items(void *ctx, const char *request, struct strbuf *reply)
{
	(void)ctx;
	if (strstr(request, "/gone "))
		answer(reply, 404, NULL, "{}");
	else if (strstr(request, "/m/"))
		web_json(reply, "{}");
	else if (strstr(request, "token=2"))
		web_json(reply, "{\"items\":[\"x\"]}");
	else
		web_json(reply, "{\"items\":[\"gone\"],\"next\":\"2\"}");
	return WEB_OK;
}

#define PAGED(program)                                                                  \
	HEAD READ                                                                       \
		"    each:\n"                                                           \
		"      - {items: '(\"a\", \"b\")', as: i, get: '/l/{i}', at_once: 2,\n" \
		"         page: {cursor: '" program "', query: token}}\n"               \
		"      - {items: '.items[]', as: j, get: '/m/{i}/{j}', skip: [404]}\n"  \
		"    map: '{model: \"m\", name: ($i + $j)}'\n"

static void items_wait_for_their_page(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, PAGED("(reduce range(100000) as $x (0; . + 1)) as $slow | .next"),
		paged_items);
	read_now(&r);
	assert_int_equal(r.e.code, 0);
	assert_string_equal(r.why.buf, "");
	assert_int_equal(r.result.records, 2);
	rig_close(&r);
	/* A page that cannot be turned takes its items with it, and nothing is used after that. */
	rig_open(&r, PAGED("if $i == \"b\" then error(\"no\") else .next end"),
		paged_items);
	read_now(&r);
	assert_int_equal(r.e.code, 0);
	assert_non_null(strstr(r.why.buf, "no"));
	assert_string_equal(r.records.buf, "ax=- ");
	rig_close(&r);
}

static unsigned send_counted(
	void *io, const struct http_request *req, http_fn *fn, void *ctx)
{
	struct rig *r = io;

	if (http_in_flight(r->http) + 1 > r->most)
		r->most = (unsigned)http_in_flight(r->http) + 1;
	return send(io, req, fn, ctx);
}

static void keeps_few_requests_in_flight(void **state)
{
	static const char file[] = HEAD READ "    each:\n"
					     "      - {items: 'range(6) | tostring', as: "
					     "i, get: '/a/{i}', at_once: 2}\n"
					     "      - {items: 'range(5) | tostring', as: "
					     "j, get: '/a/{i}/{j}', at_once: 3}\n"
					     "    map: '{model: $i, name: $j}'\n";
	struct rig r;
	struct read_spec spec;
	struct json *values;

	(void)state;
	rig_open(&r, file, fine);
	spec = (struct read_spec){.connector = &r.connector,
		.read = &r.connector.reads[0],
		.conf = &r.conf,
		.loop = r.loop,
		.map = r.map,
		.send = send_counted,
		.unsend = unsend,
		.io = &r};
	values = read_values(spec.connector, spec.read, &r.conf, 1, NONE_INT, NULL, &r.e);
	spec.values = values;
	read_start(&spec, take, done, &r);
	while (!r.done)
		loop_turn(r.loop, NS_PER_S);
	json_free(values);
	assert_int_equal(r.result.records, 30);
	assert_int_equal(r.count, 36);
	assert_in_range(r.most, 2, 5);
	rig_close(&r);
}

static void can_be_cancelled_anywhere(void **state)
{
	(void)state;
	for (int turns = 0; turns < 40; turns++) {
		struct rig r;
		struct read_spec spec;
		struct json *values;
		struct read *read;

		rig_open(&r, staged, registry);
		spec = (struct read_spec){.connector = &r.connector,
			.read = &r.connector.reads[0],
			.conf = &r.conf,
			.loop = r.loop,
			.map = r.map,
			.send = send,
			.unsend = unsend,
			.io = &r,
			.kept = r.kept};
		values = read_values(
			spec.connector, spec.read, &r.conf, 1, NONE_INT, NULL, &r.e);
		spec.values = values;
		read = read_start(&spec, take, done, &r);
		json_free(values);
		for (int i = 0; i < turns && !r.done; i++)
			loop_turn(r.loop, 100 * NS_PER_MS);
		if (!r.done)
			read_cancel(read);
		loop_turn(r.loop, 0);
		rig_close(&r);
	}
}

/* --- conditional requests, unchanged answers --- */

static enum web_fault tagged(void *ctx, const char *request, struct strbuf *reply)
{
	struct strbuf etag = STRBUF_INIT;

	(void)ctx;
	if (web_header(&etag, request, "If-None-Match") && !strcmp(etag.buf, "\"v1\""))
		web_reply(reply, 304, NULL, NULL, 0);
	else
		answer(reply, 200, "ETag: \"v1\"\r\n", "{\"items\":[{\"n\":\"a\"}]}");
	strbuf_release(&etag);
	return WEB_OK;
}

static void asks_conditionally(void **state)
{
	struct rig r;

	(void)state;
	rig_open(&r, HEAD GET MAP, tagged);
	read_now(&r);
	assert_string_equal(r.records.buf, "a=- ");
	/* 304 stands for what is kept, and is mapped: nobody said that it has been taken over. */
	read_now(&r);
	assert_string_equal(r.records.buf, "a=- ");
	read_seen_keep(&r.seen, r.result.records);
	read_now(&r);
	assert_true(r.result.unchanged);
	assert_int_equal(r.result.records, 1);
	assert_string_equal(r.records.buf, "");
	assert_true(kept_bytes(r.kept) > 0);
	rig_close(&r);
	/* A program that looks at the clock runs each time. */
	rig_open(&r, HEAD GET "    map: '.items[] | {model: $now, name: .n}'\n", tagged);
	read_now(&r);
	read_seen_keep(&r.seen, 1);
	read_now(&r);
	assert_false(r.result.unchanged);
	rig_close(&r);
}

static enum web_fault never_anew(void *ctx, const char *request, struct strbuf *reply)
{
	(void)ctx;
	(void)request;
	web_reply(reply, 304, NULL, NULL, 0);
	return WEB_OK;
}

/* 304 for what is not known (any more) is no empty answer: everything would be taken for gone. */
static void asks_again_for_what_is_forgotten(void **state)
{
	static const char file[] =
		HEAD READ "    each: {items: '(\"a\", \"b\")', as: i, get: '/l/{i}'}\n"
			  "    map: '.items[] | {model: \"m\", name: .n}'\n";
	struct rig r;

	(void)state;
	rig_open(&r, file, tagged);
	kept_free(r.kept);
	r.kept = kept_new(1); /* the latest alone */
	for (int i = 0; i < 3; i++) {
		read_now(&r);
		assert_int_equal(r.e.code, 0);
		assert_string_equal(r.why.buf, "");
		assert_string_equal(r.records.buf, "a=- a=- ");
	}
	rig_close(&r);
	rig_open(&r, HEAD GET "    map: '{model: \"m\", name: \"n\"}'\n", never_anew);
	read_now(&r);
	assert_int_equal(r.e.code, ERR_BACKEND);
	assert_non_null(strstr(r.e.what, "304"));
	assert_in_range(r.count, 1, 4);
	rig_close(&r);
}

static void keeps_within_bounds(void **state)
{
	struct kept *k = kept_new(4096);
	char big[1500];

	(void)state;
	memset(big, 'x', sizeof(big));
	for (int i = 0; i < 10; i++) {
		struct http_answer a = HTTP_ANSWER_INIT;
		struct digest key = digest_of(&i, sizeof(i));

		strbuf_add(&a.body, big, sizeof(big));
		kept_put(k, &key, &a);
		assert_true(kept_bytes(k) <= 4096);
		assert_non_null(kept_find(k, &key));
		kept_put(k, &key, &a);
		http_answer_release(&a);
	}
	for (int i = 0; i < 10; i++) {
		struct digest key = digest_of(&i, sizeof(i));

		assert_int_equal(kept_find(k, &key) != NULL, i >= 8);
		kept_drop(k, &key);
	}
	assert_int_equal(kept_bytes(k), 0);
	kept_free(k);
}

/* --- what goes wrong --- */

static enum web_fault trouble(void *ctx, const char *request, struct strbuf *reply)
{
	struct strbuf kind = STRBUF_INIT;
	enum web_fault fault = WEB_OK;

	(void)ctx;
	web_param(&kind, request, "k");
	if (!strcmp(kind.buf, "html"))
		answer(reply, 200, "Content-Type: text/html\r\n", "<html>");
	else if (!strcmp(kind.buf, "cut")) {
		strbuf_adds(reply, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a");
		fault = WEB_CLOSE;
	} else if (!strcmp(kind.buf, "json"))
		web_json(reply, "{\"items\": [");
	else if (!strcmp(kind.buf, "401"))
		answer(reply, 401, NULL, "{\"detail\":\"who?\"}");
	else if (!strcmp(kind.buf, "403"))
		answer(reply, 403, NULL, "{\"message\":\"no right\"}");
	else if (!strcmp(kind.buf, "404"))
		answer(reply, 404, "Content-Type: text/plain\r\n", "no such page\n");
	else if (!strcmp(kind.buf, "409"))
		answer(reply, 409, NULL, "{\"errors\":[{\"message\":\"held\"}]}");
	else if (!strcmp(kind.buf, "500"))
		answer(reply, 500, NULL, "{\"own\":{\"words\":\"out of cheese\"}}");
	else if (!strcmp(kind.buf, "soft"))
		web_json(reply, "{\"status\":\"error\",\"message\":\"no index\"}");
	else if (!strcmp(kind.buf, "empty"))
		web_reply(reply, 200, NULL, NULL, 0);
	else if (!strcmp(kind.buf, "big")) {
		strbuf_adds(
			reply, "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
		strbuf_room(reply, 200000);
		memset(reply->buf + reply->len, ' ', 200000);
		strbuf_truncate(reply, reply->len);
		reply->len += 200000;
		fault = WEB_CLOSE;
	} else
		web_json(reply, "[]");
	strbuf_release(&kind);
	return fault;
}

static void tells_what_went_wrong(void **state)
{
	static const struct {
		const char *kind;
		enum err_code code;
		const char *says;
	} cases[] = {
		{"html", ERR_AUTH, "web page"},
		{"cut", ERR_NET, "broke off"},
		{"json", ERR_BACKEND, "not JSON"},
		{"401", ERR_AUTH, "(401): who?"},
		{"403", ERR_AUTH, "no right"},
		{"404", ERR_NOT_FOUND, "(404): no such page"},
		{"409", ERR_CONFLICT, "held"},
		{"500", ERR_BACKEND, "(500): out of cheese"},
		{"soft", ERR_BACKEND, "says that it failed: no index"},
		{"big", ERR_LIMIT, "larger"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *file = mem_format(HEAD
			"error: .own.words\nok: .status != \"error\"\n" READ
			"    get: /a\n    query: {k: '%s'}\n" MAP,
			cases[i].kind);
		struct rig r;

		rig_open(&r, file, trouble);
		r.conf.max_bytes = 100000;
		read_now(&r);
		if (r.e.code != cases[i].code || !r.e.what ||
			!strstr(r.e.what, cases[i].says))
			fail_msg(
				"%s: %s", cases[i].kind, r.e.what ? r.e.what : "nothing");
		rig_close(&r);
		free(file);
	}
}

static void names_program_and_line(void **state)
{
	static const struct {
		const char *map, *says;
	} cases[] = {
		{"    map: '.a.b.c'\n", "line 6: the jq program failed"},
		{"    map: |\n      .a |\n", "line 7: the jq program failed"},
		{"    map: 'def f: f; f'\n",
			"line 6: the jq program ran for more than a second"},
	};
	struct rig r;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		char *file = mem_format(HEAD GET "%s", cases[i].map);

		rig_open(&r, file, trouble);
		read_now(&r);
		if (!r.e.what || !strstr(r.e.what, "connector demo, read x, map") ||
			!strstr(r.e.what, cases[i].says))
			fail_msg("%s", r.e.what ? r.e.what : "nothing");
		rig_close(&r);
		free(file);
	}
	rig_open(&r, HEAD GET "    map: '{model: \"m\"}, {model: \"m\", name: \"n\"}'\n",
		trouble);
	read_now(&r);
	assert_int_equal(r.result.dropped, 1);
	assert_int_equal(r.result.records, 1);
	assert_non_null(strstr(r.why.buf,
		"connector demo, read x, map, line 6: a record 'pointer' is without its "
		"'name'"));
	rig_close(&r);
}

static enum web_fault slow_down(void *ctx, const char *request, struct strbuf *reply)
{
	struct rig *r = ctx;

	(void)request;
	if (r->count == 1)
		answer(reply, 429, "Retry-After: 1\r\n", "{}");
	else
		web_json(reply, "{\"items\":[{\"n\":\"a\"}]}");
	return WEB_OK;
}

static void waits_when_asked_to(void **state)
{
	int64_t began = clock_mono();

	(void)state;
	expect_read(HEAD GET MAP, slow_down, "a=- ", "GET /base/a\nGET /base/a\n");
	assert_true(clock_mono() - began >= NS_PER_S);
}

static void counts_by_the_limit(void **state)
{
	struct rate r = {.requests = 2, .per_ns = 1000};
	struct http_answer a = HTTP_ANSWER_INIT;
	const int64_t now = INT64_C(1763700000) * NS_PER_S;
	static const struct {
		const char *line;
		int64_t wait;
	} cases[] = {
		{"X-RateLimit-Reset: 30\r\n", 30 * NS_PER_S},
		{"ratelimit-reset: 1.5\r\n", 3 * NS_PER_S / 2},
		{"X-RateLimit-Reset: 1763700010\r\n", 10 * NS_PER_S},
		{"X-RateLimit-Reset: 1763700010000\r\n", 10 * NS_PER_S},
		{"X-RateLimit-Reset: 1763699000\r\n", 0},
		{"X-RateLimit-Reset: 2025-11-21T04:40:20Z\r\n", 20 * NS_PER_S},
		{"X-RateLimit-Reset-Requests: 1m30s\r\n", 90 * NS_PER_S},
		{"X-RateLimit-Reset: soon\r\n", NONE_INT},
	};

	(void)state;
	assert_int_equal(rate_take(&r, 10000), 0);
	assert_int_equal(rate_take(&r, 10000), 0);
	assert_int_equal(rate_take(&r, 10000), 500);
	assert_int_equal(rate_take(&r, 10500), 0);
	assert_int_equal(rate_take(&r, 20000), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		http_answer_clear(&a);
		http_answer_add(&a, cases[i].line, strlen(cases[i].line));
		assert_int_equal(rate_reset_ns(&a, now), cases[i].wait);
	}
	http_answer_clear(&a);
	http_answer_add(&a, "x-ratelimit-remaining: 0", 24);
	http_answer_add(&a, "x-ratelimit-reset: 3600", 23);
	rate_seen(&r, &a, now, 20000);
	assert_int_equal(rate_take(&r, 20000), RATE_HOLD_MAX_NS);
	http_answer_release(&a);
}

static void takes_text_and_nothing(void **state)
{
	(void)state;
	expect_read(HEAD READ
		"    get: /a\n    query: {k: '404'}\n    text: true\n"
		"    ok_status: [404]\n"
		"    map: '{model: \"m\", name: (. + ($status | tostring))}'\n",
		trouble, "no such page\n404=- ", NULL);
	expect_read(HEAD READ "    get: /a\n    query: {k: empty}\n"
			      "    map: '{model: \"m\", name: type}'\n",
		trouble, "null=- ", NULL);
	expect_read(HEAD READ "    head: /a\n    map: '{model: \"m\", name: type}'\n",
		tagged, "null=- ", NULL);
}

UNIT_TESTS(cmocka_unit_test(reads_every_kind_of_page),
	cmocka_unit_test(ends_what_has_no_end), cmocka_unit_test(begins_anew_once),
	cmocka_unit_test(sends_every_body), cmocka_unit_test(builds_paths_from_values),
	cmocka_unit_test(keeps_moments_and_long_integers),
	cmocka_unit_test(asks_for_each_item), cmocka_unit_test(items_wait_for_their_page),
	cmocka_unit_test(bounds_the_items),
	cmocka_unit_test(keeps_few_requests_in_flight),
	cmocka_unit_test(can_be_cancelled_anywhere), cmocka_unit_test(asks_conditionally),
	cmocka_unit_test(asks_again_for_what_is_forgotten),
	cmocka_unit_test(keeps_within_bounds), cmocka_unit_test(tells_what_went_wrong),
	cmocka_unit_test(names_program_and_line), cmocka_unit_test(waits_when_asked_to),
	cmocka_unit_test(counts_by_the_limit), cmocka_unit_test(takes_text_and_nothing))
