#include "tests/unit/readers.h"

enum web_fault bench_serve(void *ctx, const char *request, struct strbuf *reply)
{
	struct bench *b = ctx;
	struct strbuf query = STRBUF_INIT, whole = STRBUF_INIT;
	struct script *s = b->script;
	enum web_fault fault = WEB_OK;
	char *headers;

	b->requests++;
	b->posts += *request == 'P';
	b->gets += *request == 'G';
	web_param(&query, request, "query");
	strbuf_add(&whole, request, strcspn(request, "? \r") + 1); /* the method */
	strbuf_add(&whole, request + whole.len, strcspn(request + whole.len, "? \r"));
	strbuf_addf(&whole, " %s", query.buf);
	if (b->look)
		b->look(request, b->look_ctx);
	while (s && s->body &&
		(!strstr(whole.buf, s->of) || (s->until && s->asked >= s->until)))
		s++;
	if (s && s->body) {
		s->asked++;
		fault = s->fault;
		headers = mem_format("Content-Type: %s\r\n%s",
			s->type ? s->type : "application/json",
			s->headers ? s->headers : "");
		web_reply(reply, s->status ? s->status : 200, headers, s->body,
			strlen(s->body));
		free(headers);
	} else {
		web_reply(reply, 404, NULL, "404 page not found", 18);
	}
	strbuf_release(&query);
	strbuf_release(&whole);
	return fault;
}

void bench_init(struct bench *b, const char *config, const char *slo)
{
	char *file, *slo_file;
	struct strbuf text = STRBUF_INIT;
	struct problems p;

	memset(b, 0, sizeof(*b));
	fixture_open(&b->f);
	b->loop = loop_new();
	b->http = http_new(b->loop);
	b->web = web_new(b->loop, bench_serve, b);
	file = mem_format(
		"%s/tocsin", getenv("TOCSIN_BUILD") ? getenv("TOCSIN_BUILD") : ".");
	b->map = map_new(b->loop, file);
	free(file);
	file = mem_format("%s/config.yaml", b->f.top);
	slo_file = mem_format("%s/slo.yaml", b->f.top);
	for (const char *c = config; *c; c++) {
		if (*c == '%')
			strbuf_addf(&text, "%d", web_port(b->web));
		else
			strbuf_addc(&text, *c);
	}
	ok(&b->f, path_write(file, text.buf, text.len, 0600, &b->f.e));
	ok(&b->f,
		path_write(
			slo_file, slo ? slo : "", slo ? strlen(slo) : 0, 0600, &b->f.e));
	problems_init(&p, NULL);
	if (config_load(&b->config, file, &p, &b->f.e) < 0)
		fail_msg("%s", p.n ? p.items[0].message : b->f.e.what);
	problems_release(&p);
	free(file);
	strbuf_release(&text);
	free(slo_file);
	ok(&b->f, source_sync(b->f.st, &b->config, NULL, &b->f.e));
}

void bench_source(struct bench *b, const char *name)
{
	struct source_row row;

	b->conf = config_source(&b->config, name);
	assert_non_null(b->conf);
	b->reader = reader_for(b->conf->type);
	b->state = mem_new(1, b->reader->size ? b->reader->size : 1);
	ok(&b->f, source_find(&row, &b->f.a, b->f.st, name, &b->f.e));
	b->source_id = row.id;
	b->succeeded = NONE_INT;
	assert_int_equal(source_lock(b->f.st, row.id, &b->generation, &b->f.e), 1);
}

void bench_leave(struct bench *b)
{
	if (b->state && b->reader->forget)
		b->reader->forget(b->state);
	free(b->state);
	b->state = NULL;
	if (b->conf)
		source_unlock(b->f.st, b->source_id);
	b->conf = NULL;
}

void bench_release(struct bench *b)
{
	bench_leave(b);
	http_free(b->http);
	map_free(b->map);
	web_free(b->web);
	loop_free(b->loop);
	config_release(&b->config);
	err_release(&b->e);
	free(b->partial);
	free(b->version);
	fixture_release(&b->f);
}

static void bench_done(void *ctx, const struct round_outcome *o)
{
	struct bench *b = ctx;

	b->done = true;
	err_clear(&b->e);
	if (o->e)
		err_copy(&b->e, o->e);
	free(b->partial);
	free(b->version);
	b->partial = mem_strdup(o->round->partial);
	b->version = mem_strdup(o->round->version);
	b->records = o->round->records;
	if (!o->e)
		b->succeeded = o->round->now;
}

struct round *bench_begin(struct bench *b, enum round_reason reason, int64_t deadline_ns)
{
	struct round given = {
		.conf = b->conf,
		.config = &b->config,
		.context = config_context(&b->config, NULL),
		.store = b->f.st,
		.loop = b->loop,
		.http = b->http,
		.map = b->map,
		.state = b->state,
		.reason = reason,
		.now = clock_now(),
		.deadline_mono = clock_mono() + deadline_ns,
		.succeeded = b->succeeded,
		.source_id = b->source_id,
		.generation = b->generation,
	};
	struct round *r = round_start(&given, b->reader, bench_done, b);

	b->done = false;
	b->reader->begin(r);
	return r;
}

void bench_round(struct bench *b, enum round_reason reason)
{
	bench_begin(b, reason, 100 * NS_PER_S);
	for (int i = 0; i < 20000 && !b->done; i++) {
		loop_turn(b->loop, NS_PER_MS);
		clock_advance(NS_PER_MS);
	}
	assert_true(b->done);
}

void bench_went_well(struct bench *b)
{
	if (b->e.code)
		fail_msg("%s: %s", b->conf->name, b->e.what);
}

struct slo_row bench_slo(struct bench *b, const char *name)
{
	struct slo_rows rows;

	ok(&b->f, slo_rows(&rows, &b->f.a, b->f.st, AT_NOW, &b->f.e));
	for (size_t i = 0; i < rows.n; i++) {
		if (!strcmp(rows.items[i].slo.name, name))
			return rows.items[i];
	}
	fail_msg("there is no objective %s", name);
	return (struct slo_row){0};
}

double bench_burn(struct bench *b, const char *name, int64_t window_ns)
{
	struct slo_row row = bench_slo(b, name);

	for (size_t i = 0; i < row.state.n_windows; i++) {
		if (row.state.windows_ns[i] == window_ns)
			return row.state.burn[i];
	}
	fail_msg("%s has no such window", name);
	return 0;
}

struct observed_list bench_alerts(struct bench *b, const char *source)
{
	struct observed_list list;

	ok(&b->f,
		observed_at(&list, &b->f.a, b->f.st, REC_ALERT, source, NULL, AT_NOW, 100,
			&b->f.e));
	return list;
}
