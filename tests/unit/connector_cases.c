/*
 * Every connector that ships, against the answers that its backend gives.
 *
 * tests/data/connectors/NAME.yaml (also NAME.WHAT.yaml) is a list of cases for the connector
 * NAME.  Each case is a conversation with a server of its own on the loopback:
 *
 *   - case: an alias that is not there           # what it shows, in words
 *     read: aliases                              # one of read, action, probe: true
 *     action: set-alias                          # plan, apply, verify, effect; undo if expected
 *     params: {model: fraud, version: "7"}       #   the action's parameters; $once is "tocsin-R-1"
 *     only: plan                                 #   plan, apply, verify: go no further; rehearse; stop:
 *                                                #   what is followed is stopped at the first look
 *     with: {repositories: [ml/fraud]}           # the source's options, as in the configuration
 *     auth: {bearer: {env: TOKEN}}               # and its auth, headers, tls; url is "{server}"
 *     source: {max_bytes: 1KB}                   # and what else a source may say
 *     path: /prefix                              # comes behind the server's URL
 *     env: {TOKEN: t0ken}                        # the environment, for this case alone
 *     now: 2026-11-21T12:00:00Z  since: ...  object: S-1      # $now, $since, $object of a read
 *     answers:
 *       - {method: GET, path: /api/x, status: 404, headers: {Retry-After: "7"}, body: '{"a":1}'}
 *       - {path: "/api/x?token=2", json: {a: 1}, times: 3, fault: truncate}
 *       - {method: POST, path: /, asks: "DescribeThing", after: 1, writes: false}
 *     expect:
 *       records: [{model: fraud, version: "7"}]  # all of them, in any order; named fields only
 *       dropped: 1  fallback: other              # of a read; 0 and none when not named
 *       incomplete: words                        # why something is missing; cut: true, whatever it is
 *       version: "3.17"                          # of a probe
 *       before: "7"  body: {..}  effects: words  # of an action's plan
 *       done: true  undone: true                 # applied, verified, followed, in effect; undone, verified
 *       shows: [words, ...]                      # stood in the lines of what is followed, in this order
 *       error: auth                              # core/err.h's name for what goes wrong
 *       says: words | [words, ...]               # stand in the sentence, its place or its hint
 *       at: plan                                 # plan, rehearse, apply, verify, follow, effect, undo, stop
 *       retry: true  sent: false                 # may succeed later; may have reached the backend
 *       requests: ["POST /api/x?a=b {..}", ...]  # were sent in this order, others between them
 *       never: ["DELETE /api/x"]                 # were not sent
 *       headers: {X-Workspace: ml}               # were sent with a request
 *
 * An answer fits by method (GET when not named) and path, as it is sent; by what of the query the
 * path names, decoded; by `asks`, words anywhere in the request; and once `after` writes were
 * answered (all but GET and HEAD are writes, or what says `writes`): so the state after an action
 * is told apart from the one before.  What names most counts.  Several for one request are given
 * in order, each `times` times, the last one for ever.  status is 200 and the type that of the
 * body when not named; fault: truncate, close, reset, hang.  "{server}" in bodies, headers, auth
 * and expectations is the server's URL.
 * A request that nothing fits fails the case.
 *
 * CASES=mlflow runs one connector's file, CASE=words the cases whose name holds these words;
 * CASE_SHOW=1 prints what came.
 */
#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/duration.h"
#include "core/path.h"
#include "net/action.h"
#include "net/http.h"
#include "net/read.h"
#include "poll/reader.h"
#include "tests/unit/case_server.h"

struct expectation {
	const struct yaml_node *records, *before, *body, *done, *undone, *dropped, *cut,
		*retry, *sent, *headers;
	struct yaml_texts says, requests, never, shows;
	const char *fallback, *incomplete, *version, *error, *at, *effects;
};

struct answer_keys {
	const char *method, *path, *body, *fault, *asks;
	const struct yaml_node *status, *headers, *json, *times, *after, *writes;
};

struct case_keys {
	const char *name, *read, *action, *only, *path, *now, *since, *object;
	bool probe;
	const struct yaml_node *params, *with, *auth, *headers, *tls, *source, *env,
		*self;
	struct yaml_subs answers;
	struct expectation expect;
};

/* clang-format off */
#define KEY(type, name, kind, ...) \
	{.key = #name, .want = kind, .offset = offsetof(type, name), __VA_ARGS__}
#define EXPECT(name, kind) KEY(struct expectation, name, kind)
#define ANSWER(name, kind) KEY(struct answer_keys, name, kind)
#define CASE(name, kind, ...) KEY(struct case_keys, name, kind, __VA_ARGS__)

static const struct yaml_field expect_fields[] = {
	EXPECT(records, YAML_NODE), EXPECT(before, YAML_NODE), EXPECT(body, YAML_NODE),
	EXPECT(done, YAML_NODE), EXPECT(undone, YAML_NODE), EXPECT(dropped, YAML_NODE),
	EXPECT(cut, YAML_NODE), EXPECT(retry, YAML_NODE), EXPECT(sent, YAML_NODE),
	EXPECT(headers, YAML_NODE), EXPECT(says, YAML_TEXTS), EXPECT(requests, YAML_TEXTS),
	EXPECT(never, YAML_TEXTS), EXPECT(fallback, YAML_TEXT), EXPECT(incomplete, YAML_TEXT),
	EXPECT(version, YAML_TEXT), EXPECT(error, YAML_TEXT), EXPECT(at, YAML_TEXT),
	EXPECT(effects, YAML_TEXT), EXPECT(shows, YAML_TEXTS),
	{0},
};

static const struct yaml_field answer_fields[] = {
	ANSWER(method, YAML_TEXT), ANSWER(path, YAML_TEXT), ANSWER(body, YAML_TEXT),
	ANSWER(fault, YAML_TEXT), ANSWER(status, YAML_NODE), ANSWER(headers, YAML_NODE),
	ANSWER(json, YAML_NODE), ANSWER(times, YAML_NODE), ANSWER(asks, YAML_TEXT),
	ANSWER(after, YAML_NODE), ANSWER(writes, YAML_NODE),
	{0},
};

static const struct yaml_field case_fields[] = {
	{.key = "case", .want = YAML_TEXT, .offset = offsetof(struct case_keys, name),
		.flags = YAML_REQUIRED},
	CASE(read, YAML_TEXT), CASE(action, YAML_TEXT), CASE(probe, YAML_BOOL),
	CASE(only, YAML_TEXT), CASE(path, YAML_TEXT), CASE(now, YAML_TEXT),
	CASE(since, YAML_TEXT), CASE(object, YAML_TEXT), CASE(params, YAML_NODE),
	CASE(with, YAML_NODE), CASE(auth, YAML_NODE), CASE(headers, YAML_NODE),
	CASE(tls, YAML_NODE), CASE(source, YAML_NODE), CASE(env, YAML_NODE),
	CASE(answers, YAML_SUBS, .sub = answer_fields, .sub_size = sizeof(struct answer_keys)),
	CASE(expect, YAML_SUB, .sub = expect_fields, .flags = YAML_REQUIRED),
	{.key = "", .want = YAML_SELF, .offset = offsetof(struct case_keys, self)},
	{0},
};
/* clang-format on */

/* One conversation. */
struct talk {
	const struct case_keys *k;
	const char *file, *connector;
	struct case_server *server;
	struct json *answers; /* owned */
	struct config config;
	struct arena arena;
	struct strbuf wrong; /* why the case fails */
	/* what came */
	struct json *records;
	struct read_result result;
	char *dropped_why, *incomplete; /* owned */
	size_t shown; /* of expect.shows */
	struct err e;
	const char *at;
	bool sent, finished, done, undone;
};

static char *top; /* a directory of our own */

static void complain(struct talk *t, const char *fmt, ...) PRINTF(2, 3);

static void complain(struct talk *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_adds(&t->wrong, "\n  ");
	strbuf_vaddf(&t->wrong, fmt, ap);
	va_end(ap);
}

static char *text_of(const struct json *j)
{
	struct strbuf out = STRBUF_INIT;

	if (j)
		json_format(&out, j, false);
	else
		strbuf_adds(&out, "nothing");
	return strbuf_detach(&out, NULL);
}

/* The node as JSON, with the server's URL in place of "{server}". */
static struct json *wanted_json(struct talk *t, const struct yaml_node *n)
{
	struct json *j = yaml_to_json(n), *out = NULL;
	char *text = text_of(j), *full = case_text(text, case_server_url(t->server));
	struct err e = ERR_INIT;

	if (json_parse(&out, full, strlen(full), &e))
		fail_msg("%s", e.what);
	json_free(j);
	free(text);
	free(full);
	return out;
}

/* --- setting up --- */

static struct json *answers_of(const struct case_keys *k)
{
	struct json *list = json_array();

	for (size_t i = 0; i < k->answers.n; i++) {
		const struct answer_keys *a =
			&((const struct answer_keys *)k->answers.items)[i];
		struct json *j = json_add_object(list, NULL);

		json_add_text(j, "method", a->method ? a->method : "GET");
		json_add_text(j, "path", a->path);
		json_add_text(j, "fault", a->fault);
		json_add(j, "status", yaml_to_json(a->status));
		json_add(j, "headers", yaml_to_json(a->headers));
		json_add(j, "times", yaml_to_json(a->times));
		json_add(j, "after", yaml_to_json(a->after));
		if (a->writes)
			json_add(j, "writes", yaml_to_json(a->writes));
		if (a->asks)
			json_add_text(j, "asks", a->asks);
		if (a->json) {
			struct json *body = yaml_to_json(a->json);
			char *text = text_of(body);

			json_add_text(j, "body", text);
			free(text);
			json_free(body);
		} else {
			json_add_text(j, "body", a->body);
		}
	}
	return list;
}

static void add_part(
	struct json *to, struct talk *t, const char *key, const struct yaml_node *n)
{
	if (n)
		json_add(to, key, wanted_json(t, n));
}

/* The source as a person would write it; JSON is YAML too. */
static void write_config(struct talk *t)
{
	struct json *j = json_object(),
		    *source = json_add_object(json_add_array(j, "sources"), NULL);
	char *file = path_join(top, "config.yaml"), *text,
	     *url = mem_format(
		     "%s%s", case_server_url(t->server), t->k->path ? t->k->path : "");
	struct problems p;

	json_add_text(source, "name", "src");
	json_add_text(source, "type", t->connector);
	json_add_text(source, "url", url);
	if (!yaml_get(t->k->source, "timeout"))
		json_add_text(source, "timeout", "5s");
	add_part(source, t, "with", t->k->with);
	add_part(source, t, "auth", t->k->auth);
	add_part(source, t, "headers", t->k->headers);
	add_part(source, t, "tls", t->k->tls);
	for (size_t i = 0; i < yaml_count(t->k->source); i++)
		add_part(source, t, yaml_key_text(t->k->source, i),
			yaml_value(t->k->source, i));
	text = text_of(j);
	problems_init(&p, NULL);
	if (path_write(file, text, strlen(text), 0600, &t->e) ||
		config_load(&t->config, file, &p, &t->e))
		complain(t, "its source is wrong: %s",
			p.n ? p.items[0].message : t->e.what);
	problems_release(&p);
	json_free(j);
	free(url);
	free(file);
	free(text);
}

static void environment(const struct talk *t, bool set)
{
	struct json *env = yaml_to_json(t->k->env);

	json_each (v, env) {
		char *value = json_text(v)
			? case_text(json_text(v), case_server_url(t->server))
			: text_of(v);

		if (set)
			setenv(json_key(v), value, 1);
		else
			unsetenv(json_key(v));
		free(value);
	}
	json_free(env);
}

/* --- reads --- */

struct asking {
	struct talk *t;
	struct http *http;
	struct loop *loop;
};

static unsigned send(void *io, const struct http_request *req, http_fn *fn, void *ctx)
{
	struct asking *a = io;

	return http_start(a->http, req, fn, ctx);
}

static void unsend(void *io, unsigned handle)
{
	struct asking *a = io;

	http_cancel(a->http, handle);
}

static void have_record(void *ctx, enum record_kind kind, const void *record)
{
	struct asking *a = ctx;

	json_add(a->t->records, NULL, record_to_json(record, kind));
}

static void read_done(void *ctx, const struct read_result *r, const struct err *e)
{
	struct asking *a = ctx;

	a->t->finished = true;
	a->t->result = *r;
	a->t->incomplete = r->incomplete ? mem_strdup(r->incomplete) : NULL;
	if (r->dropped_why)
		a->t->dropped_why = mem_strdup(r->dropped_why);
	if (e)
		err_copy(&a->t->e, e);
}

static int64_t time_of(struct talk *t, const char *text, int64_t otherwise)
{
	int64_t at;

	if (!text)
		return otherwise;
	if (time_parse(&at, text, &t->e)) {
		complain(t, "'%s' is no time", text);
		return otherwise;
	}
	return at;
}

static void ask(struct talk *t, const struct connector *c,
	const struct connector_read *read, const struct source_conf *conf)
{
	struct asking a = {t, NULL, loop_new()};
	int64_t now = time_of(t, t->k->now, INT64_C(1795262400) * NS_PER_S);
	int64_t since = time_of(t, t->k->since, NONE_INT);
	struct json *values = read_values(c, read, conf, now,
		since == NONE_INT ? NONE_INT : since + read->overlap_ns, t->k->object,
		&t->e);
	struct read_spec spec = {.connector = c,
		.read = read,
		.conf = conf,
		.values = values,
		.loop = a.loop,
		.map = map_new(a.loop, NULL),
		.send = send,
		.unsend = unsend,
		.io = &a};
	int64_t until = clock_mono() + 20 * NS_PER_S;
	struct read *r;

	a.http = http_new(a.loop);
	t->records = json_array();
	t->finished = !values; /* then an option is wrong */
	r = values ? read_start(&spec, have_record, read_done, &a) : NULL;
	while (!t->finished && clock_mono() < until)
		loop_turn(a.loop, NS_PER_S);
	if (!t->finished) {
		complain(t, "the read does not end");
		read_cancel(r);
	}
	http_free(a.http);
	map_free(spec.map);
	json_free(values);
	loop_free(a.loop);
}

static void run_read(struct talk *t)
{
	const struct connector_read *read;
	struct source_conf conf;
	struct connector c;

	if (connector_load(&c, &t->config, t->connector, &t->e)) {
		complain(t, "%s", t->e.what);
		return;
	}
	read = connector_read_find(&c, t->k->read);
	if (!read)
		complain(t, "the connector has no read '%s'", t->k->read);
	else if (!connector_source(&conf, &c, &t->config.sources[0], &t->arena, &t->e))
		ask(t, &c, read, &conf);
	/* A word of the connector's file, which is gone next. */
	if (t->result.fallback)
		t->result.fallback = arena_strdup(&t->arena, t->result.fallback);
	connector_release(&c);
}

/* --- actions --- */

static bool goes_on(const struct talk *t, const char *done)
{
	return !t->e.code && !(t->k->only && !strcmp(t->k->only, done));
}

static bool not_long(void *ctx)
{
	int64_t *until = ctx;

	return clock_mono() > *until;
}

/* True: it agrees. */
static bool verified(struct talk *t, struct action_plan *p)
{
	int64_t until = clock_mono() + NS_PER_S / 4;

	return !action_verify(p, not_long, &until, &t->e);
}

static void check_plan(struct talk *t, struct action_plan *p)
{
	struct json *found = NULL, *wanted = NULL;
	const char *effects = action_effects(p);
	const struct yaml_node *const nodes[] = {t->k->expect.before, t->k->expect.body};
	const char *const texts[] = {action_before(p), action_body(p)};

	for (size_t i = 0; i < ARRAY_LEN(nodes); i++) {
		char *want, *have;

		if (!nodes[i])
			continue;
		wanted = wanted_json(t, nodes[i]);
		want = text_of(wanted);
		if (texts[i] && json_parse(&found, texts[i], strlen(texts[i]), &t->e)) {
			err_clear(&t->e);
			found = json_array();
			json_add_text(found, NULL, texts[i]);
		}
		have = text_of(found);
		if (strcmp(want, have))
			complain(t, "%s: wanted %s, found %s", i ? "body" : "before",
				want, have);
		free(want);
		free(have);
		json_free(wanted);
		json_free(found);
		found = NULL;
	}
	if (t->k->expect.effects && (!effects || !strstr(effects, t->k->expect.effects)))
		complain(t, "effects: '%s'", effects ? effects : "");
}

/* True: the world follows, or the connector does not say what would show it. */
static bool has_effect(struct talk *t, struct action_plan *p)
{
	int64_t until = clock_mono() + NS_PER_S / 4;
	const char *says;

	return !action_effect(&says, p, not_long, &until, &t->e);
}

static void show_progress(void *ctx, const struct action_progress *now)
{
	struct talk *t = ctx;
	const struct yaml_texts *wanted = &t->k->expect.shows;

	if (getenv("CASE_SHOW"))
		print_message("  shows: %s\n", now->shows ? now->shows : "");
	if (now->shows && t->shown < wanted->n &&
		strstr(now->shows, wanted->items[t->shown]))
		t->shown++;
}

static bool at_once(void *ctx)
{
	(void)ctx;
	return true;
}

/* Stopped by whoever follows: the connector's own action does that. */
static void stop(struct talk *t, struct action_plan *p)
{
	struct action_plan *by = NULL;
	bool sent;

	err_clear(&t->e);
	t->at = "stop";
	if (!action_stop_plan(&by, p, &t->e) && !action_apply(by, &sent, &t->e))
		t->done = verified(t, by);
	action_plan_free(by);
}

/* True: it ended well. */
static bool followed(struct talk *t, struct action_plan *p)
{
	bool stops = t->k->only && !strcmp(t->k->only, "stop");
	const struct action_follower by = {.show = show_progress,
		.stop = stops ? at_once : NULL,
		.ctx = t,
		.within_ns = 2 * NS_PER_S,
		.every_ns = NS_PER_MS};
	enum follow_end end = action_follow(p, &by, &t->e);

	if (t->shown < t->k->expect.shows.n)
		complain(t, "never shown: %s", t->k->expect.shows.items[t->shown]);
	if (end == FOLLOW_STOPPED && stops)
		stop(t, p);
	return end == FOLLOW_OK || (end == FOLLOW_STOPPED && t->done);
}

static void rehearse(struct talk *t, struct action_plan *p)
{
	char *said = NULL;

	t->at = "rehearse";
	if (!action_rehearse(&said, p, &t->e) && !said)
		complain(t, "the action knows no rehearsal");
	free(said);
}

static void undo(struct talk *t, struct action_call done, struct action_plan *p)
{
	struct action_plan *back = NULL;
	const char *was = action_before(p);
	char *after = NULL;
	bool sent;

	t->at = "undo";
	if (was && action_after(&after, p, &t->e))
		return;
	done.expect = after;
	if (!action_undo(&back, &t->config, &done, was, &t->e) &&
		!action_apply(back, &sent, &t->e))
		t->undone = verified(t, back);
	action_plan_free(back);
	free(after);
}

static void run_action(struct talk *t)
{
	struct json *params = t->k->params ? wanted_json(t, t->k->params) : json_object();
	struct action_call call = {.source = "src",
		.action = t->k->action,
		.params = params,
		.once = "tocsin-R-1"};
	struct action_plan *p = NULL;

	t->at = "plan";
	if (!action_plan(&p, &t->config, &call, &t->e)) {
		check_plan(t, p);
		if (t->k->only && !strcmp(t->k->only, "rehearse"))
			rehearse(t, p);
	}
	if (goes_on(t, "plan") && goes_on(t, "rehearse")) {
		t->at = "apply";
		action_apply(p, &t->sent, &t->e);
	}
	if (t->sent && goes_on(t, "apply")) {
		t->at = "verify";
		t->done = verified(t, p);
	}
	if (t->done && goes_on(t, "verify")) {
		t->at = "follow";
		t->done = followed(t, p);
	}
	if (t->done && goes_on(t, "verify") && goes_on(t, "stop")) {
		t->at = "effect";
		t->done = has_effect(t, p);
	}
	if (t->done && t->k->expect.undone)
		undo(t, call, p);
	t->finished = true;
	action_plan_free(p);
	json_free(params);
}

/* --- probes --- */

static void run_probe(struct talk *t)
{
	struct probe probe;

	t->finished = true;
	if (!reader_connector.probe(&probe, &t->config.sources[0], &t->arena, &t->e) &&
		t->k->expect.version &&
		(!probe.version || strcmp(probe.version, t->k->expect.version)))
		complain(t, "version: wanted %s, found %s", t->k->expect.version,
			probe.version ? probe.version : "none");
}

/* --- comparing --- */

/* Whatever wanted names is in found: objects by their members, all else whole. */
static bool is_part(const struct json *wanted, const struct json *found)
{
	char *a, *b;
	bool same;

	if (json_type(wanted) == JSON_OBJECT && json_type(found) == JSON_OBJECT) {
		json_each (m, wanted) {
			if (!is_part(m, json_get(found, json_key(m))))
				return false;
		}
		return true;
	}
	if (json_type(wanted) == JSON_NULL)
		return json_type(found) <= JSON_NULL;
	if (json_type(wanted) == JSON_NUMBER && json_type(found) == JSON_NUMBER &&
		!json_text(wanted))
		return fabs(json_real(wanted) - json_real(found)) <=
			1e-12 * fabs(json_real(wanted));
	a = text_of(wanted);
	b = text_of(found);
	same = !strcmp(a, b);
	free(a);
	free(b);
	return same;
}

static void check_records(struct talk *t)
{
	struct json *wanted;
	bool used[1024] = {false};
	size_t n = json_count(t->records);

	if (!t->k->expect.records)
		return;
	wanted = wanted_json(t, t->k->expect.records);
	json_each (w, wanted) {
		size_t i = 0, at = SIZE_MAX;

		json_each (r, t->records) {
			if (at == SIZE_MAX && i < ARRAY_LEN(used) && !used[i] &&
				is_part(w, r))
				at = i;
			i++;
		}
		if (at == SIZE_MAX) {
			char *text = text_of(w);

			complain(t, "no such record: %s", text);
			free(text);
		} else {
			used[at] = true;
		}
	}
	if (n != json_count(wanted))
		complain(t, "%zu records, wanted %zu", n, json_count(wanted));
	json_free(wanted);
}

static void check_flag(
	struct talk *t, const char *name, const struct yaml_node *wanted, bool found)
{
	struct json *j = yaml_to_json(wanted);

	if (wanted && json_bool(j, false) != found)
		complain(t, "%s: %s", name, found ? "true" : "false");
	json_free(j);
}

static void check_read(struct talk *t)
{
	const struct expectation *x = &t->k->expect;
	struct json *dropped = yaml_to_json(x->dropped), *cut = yaml_to_json(x->cut);
	int64_t wanted = x->dropped ? json_int(dropped) : 0;

	check_records(t);
	if (t->result.dropped != (size_t)wanted)
		complain(t, "%zu records do not fit: %s", t->result.dropped,
			t->dropped_why ? t->dropped_why : "");
	if (x->incomplete ? !t->incomplete || !strstr(t->incomplete, x->incomplete)
			  : (t->incomplete != NULL) != json_bool(cut, false))
		complain(t, "incomplete: %s", t->incomplete ? t->incomplete : "no");
	if ((x->fallback != NULL) != (t->result.fallback != NULL) ||
		(x->fallback && strcmp(x->fallback, t->result.fallback)))
		complain(t, "fallback: %s",
			t->result.fallback ? t->result.fallback : "none");
	json_free(dropped);
	json_free(cut);
}

static void check_error(struct talk *t)
{
	const struct expectation *x = &t->k->expect;
	char *text = t->e.code ? err_text(&t->e) : mem_strdup("");

	if (!x->error && t->e.code)
		complain(t, "fails%s%s: %s", t->at ? " at " : "", t->at ? t->at : "",
			text);
	else if (x->error && !t->e.code)
		complain(t, "does not fail");
	else if (x->error && strcmp(x->error, err_code_name(t->e.code)))
		complain(t, "error: %s, not %s: %s", err_code_name(t->e.code), x->error,
			text);
	for (size_t i = 0; i < x->says.n; i++)
		if (!strstr(text, x->says.items[i]))
			complain(t, "does not say '%s', but: %s", x->says.items[i], text);
	if (x->at && (!t->at || strcmp(x->at, t->at)))
		complain(t, "at: %s", t->at ? t->at : "none");
	check_flag(t, "retry", x->retry, t->e.retry != RETRY_NEVER);
	check_flag(t, "sent", x->sent, t->sent);
	check_flag(t, "done", x->done, t->done);
	check_flag(t, "undone", x->undone, t->undone);
	free(text);
}

/* "METHOD target" and, behind a second space, the body: JSON by value, else as it stands. */
static bool request_fits(const struct json *r, const char *wanted)
{
	size_t verb = strcspn(wanted, " ");
	const char *target = wanted + verb + (wanted[verb] == ' ');
	size_t n = strcspn(target, " ");
	const char *body = target[n] ? target + n + 1 : NULL;
	const char *sent = json_text_at(r, "body"), *method = json_text_at(r, "method");
	char *pattern = mem_strndup(target, n);
	bool fits = strlen(method) == verb && !strncmp(method, wanted, verb) &&
		case_target_fits(json_text_at(r, "target"), pattern);
	struct json *a = NULL, *b = NULL;
	struct err e = ERR_INIT;

	free(pattern);
	if (!fits || !body || !strcmp(body, sent))
		return fits;
	fits = !json_parse(&a, body, strlen(body), &e) &&
		!json_parse(&b, sent, strlen(sent), &e) && is_part(a, b) && is_part(b, a);
	json_free(a);
	json_free(b);
	err_release(&e);
	return fits;
}

static void check_headers(struct talk *t, const struct json *log)
{
	struct json *wanted;

	if (!t->k->expect.headers)
		return;
	wanted = wanted_json(t, t->k->expect.headers);
	json_each (h, wanted) {
		char *line = mem_format("\r\n%s: %s\r\n", json_key(h), json_text(h));
		bool found = false;

		json_each (r, log) {
			found |= strstr(json_text_at(r, "headers"), line) != NULL;
		}
		if (!found)
			complain(t, "no request has the header %s: %s", json_key(h),
				json_text(h));
		free(line);
	}
	json_free(wanted);
}

static void check_requests(struct talk *t, const struct json *log)
{
	const struct expectation *x = &t->k->expect;
	const struct json *r = json_first(log);

	json_each (l, log) {
		if (!json_bool(json_get(l, "answered"), false))
			complain(t, "no answer for: %s %s", json_text_at(l, "method"),
				json_text_at(l, "target"));
	}
	for (size_t i = 0; i < x->requests.n; i++) {
		char *wanted =
			case_text(x->requests.items[i], case_server_url(t->server));

		while (r && !request_fits(r, wanted))
			r = json_next(r);
		if (!r)
			complain(t, "was not asked (in this order): %s", wanted);
		else
			r = json_next(r);
		free(wanted);
	}
	for (size_t i = 0; i < x->never.n; i++) {
		json_each (l, log) {
			if (request_fits(l, x->never.items[i]))
				complain(t, "was asked: %s", x->never.items[i]);
		}
	}
	check_headers(t, log);
}

static void show(const struct talk *t, const struct json *log)
{
	char *records = t->records ? text_of(t->records) : NULL;
	char *text = t->e.code ? err_text(&t->e) : NULL;

	json_each (r, log) {
		fprintf(stderr, "    %s %s %s\n", json_text_at(r, "method"),
			json_text_at(r, "target"), json_text_at(r, "body"));
	}
	if (records)
		fprintf(stderr, "    records: %s\n", records);
	if (text)
		fprintf(stderr, "    error %s: %s\n", err_code_name(t->e.code), text);
	free(records);
	free(text);
}

/* --- a case, a file --- */

static void converse(struct talk *t)
{
	int kinds = (t->k->read != NULL) + (t->k->action != NULL) + t->k->probe;

	write_config(t);
	if (kinds != 1)
		complain(t, "wants one of read, action, probe");
	if (t->wrong.len)
		return;
	if (t->k->read)
		run_read(t);
	else if (t->k->action)
		run_action(t);
	else
		run_probe(t);
}

/* False: it fails. */
static bool run_case(const struct case_keys *k, const char *file, const char *connector)
{
	struct talk t = {.k = k,
		.file = file,
		.connector = connector,
		.wrong = STRBUF_INIT,
		.answers = answers_of(k)};
	struct json *log;
	bool good;

	arena_init(&t.arena);
	t.server = case_server_new(t.answers);
	environment(&t, true);
	converse(&t);
	environment(&t, false);
	log = case_server_log(t.server);
	if (t.finished && k->read)
		check_read(&t);
	check_error(&t);
	check_requests(&t, log);
	good = !t.wrong.len;
	if (!good)
		fprintf(stderr, "%s:%d: %s: %s\n", file, yaml_line(k->self), k->name,
			t.wrong.buf);
	if (!good || getenv("CASE_SHOW"))
		show(&t, log);
	json_free(log);
	json_free(t.records);
	json_free(t.answers);
	case_server_free(t.server);
	free(t.dropped_why);
	free(t.incomplete);
	config_release(&t.config);
	err_release(&t.e);
	strbuf_release(&t.wrong);
	arena_release(&t.arena);
	return good;
}

static size_t run_cases(
	const struct yaml_node *root, const char *file, const char *connector)
{
	const char *only = getenv("CASE");
	size_t failed = 0;
	struct problems p;
	struct arena a;

	problems_init(&p, file);
	arena_init(&a);
	if (yaml_type(root) != YAML_LIST)
		fail_msg("%s is no list of cases", file);
	for (size_t i = 0; i < yaml_count(root); i++) {
		struct case_keys k = {0};

		if (yaml_read(&k, yaml_item(root, i), case_fields, &a, &p))
			fail_msg("%s:%d: %s", file, p.items[0].line, p.items[0].message);
		if (!only || strstr(k.name, only))
			failed += !run_case(&k, file, connector);
	}
	arena_release(&a);
	problems_release(&p);
	return failed;
}

static void every_case_of_this_file(void **state)
{
	const char *file = *state, *base = path_base(file);
	char *connector = mem_strndup(base, strcspn(base, "."));
	struct strbuf text = STRBUF_INIT;
	struct err e = ERR_INIT;
	struct yaml_doc *doc;
	struct problems p;
	size_t failed;

	problems_init(&p, file);
	if (path_read(&text, file, YAML_MAX_BYTES, &e))
		fail_msg("%s", e.what);
	if (yaml_parse(&doc, text.buf, text.len, &p))
		fail_msg("%s:%d: %s", file, p.items[0].line, p.items[0].message);
	failed = run_cases(yaml_root(doc, 0), file, connector);
	yaml_free(doc);
	strbuf_release(&text);
	problems_release(&p);
	free(connector);
	if (failed)
		fail_msg("%zu cases of %s fail", failed, file);
}

static int remove_top(void **state)
{
	char *file = path_join(top, "config.yaml");

	(void)state;
	unlink(file);
	rmdir(top);
	free(file);
	return 0;
}

int main(void)
{
	const char *source = getenv("TOCSIN_TOP") ? getenv("TOCSIN_TOP") : ".";
	const char *only = getenv("CASES"), *tmp = getenv("TMPDIR");
	char *dir = path_join(source, "tests/data/connectors"), **names;
	struct CMUnitTest *tests;
	struct err e = ERR_INIT;
	size_t n, n_tests = 0;
	int failed;

	top = mem_format("%s/tocsin-cases.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(top) || path_list(&names, &n, dir, ".yaml", &e))
		abort();
	setenv("TOCSIN_DATADIR", source, 1);
	setenv("XDG_CONFIG_HOME", top, 1);
	tests = mem_new(n + 1, sizeof(*tests));
	for (size_t i = 0; i < n; i++) {
		size_t stem = strcspn(names[i], ".");

		if (only && (strlen(only) != stem || strncmp(only, names[i], stem)))
			continue;
		tests[n_tests++] = (struct CMUnitTest){.name = names[i],
			.test_func = every_case_of_this_file,
			.initial_state = path_join(dir, names[i])};
	}
	failed = _cmocka_run_group_tests("connectors", tests, n_tests, NULL, remove_top);
	for (size_t i = 0; i < n_tests; i++)
		free(tests[i].initial_state);
	free(tests);
	path_list_free(names, n);
	free(dir);
	free(top);
	return failed;
}
