#include "tests/unit/unit.h"
#include "tests/unit/store.h"

#include "core/path.h"
#include "model/registry.h"
#include "runbook/act.h"
#include "runbook/offer.h"
#include "store/observe.h"

static const char connector[] =
	"connector: shelf\n"
	"reads: []\n"
	"actions:\n"
	"  - name: point\n"
	"    title: Point a label at a version\n"
	"    effects: Who resolves it gets the other one.\n"
	"    on:\n"
	"      pointer: {book: $model, mark: $name, before: $version}\n"
	"      prompt_version: {book: $prompt, version: $version}\n"
	"    params:\n"
	"      book: text\n"
	"      mark: text\n"
	"      version: {type: text, pattern: '[0-9]+', help: the version}\n"
	"      share: {type: number, min: 0, max: 100, default: 100}\n"
	"      hard: {type: bool, optional: true}\n"
	"    before: {get: '/books/{book}/{mark}', value: .version}\n"
	"    post: /books/{book}/{mark}\n"
	"    undo: {action: point, with: {version: $before}}\n"
	"  - name: burn\n"
	"    risk: destroy\n"
	"    on: {pointer: {book: $model}}\n"
	"    params: {book: text, how: [slowly, quickly]}\n"
	"    delete: /books/{book}\n"
	"  - name: unrelated\n"
	"    params: {book: text}\n"
	"    post: /books/{book}\n";

struct rig {
	struct fixture f;
	struct source_conf sources[2];
	struct config config;
	const char *dirs[1];
	struct offers offers;
};

static const struct pointer label = {.source = "shelf",
	.model = "atlas",
	.name = "prod",
	.version = "13",
	.observed = NONE_INT,
	.changed = NONE_INT};

static void rig_open(struct rig *r)
{
	char *file;

	*r = (struct rig){0};
	fixture_open(&r->f);
	file = path_join(r->f.top, "shelf.yaml");
	ok(&r->f, path_write(file, connector, strlen(connector), 0600, &r->f.e));
	free(file);
	r->dirs[0] = r->f.top;
	r->sources[0] = (struct source_conf){
		.name = "shelf", .type = "shelf", .url = "http://127.0.0.1:1"};
	r->sources[1] = (struct source_conf){.name = "am", .type = "alertmanager"};
	r->config = (struct config){
		.sources = r->sources, .n_sources = 2, .connectors = {r->dirs, 1}};
}

static void see_versions(struct rig *r)
{
	static const char *const versions[] = {"9", "12", "13"};
	struct observe *ob;

	add_source(&r->f, "shelf");
	ok(&r->f,
		observe_begin(
			&ob, r->f.st, "shelf", 1, REC_MODEL_VERSION, T0, false, &r->f.e));
	for (size_t i = 0; i < 3; i++) {
		struct model_version *v = record_new(&r->f.a, REC_MODEL_VERSION);

		v->source = "shelf";
		v->model = "atlas";
		v->version = versions[i];
		v->created = T0 - S(100) + S((int64_t)i);
		ok(&r->f, observe_put(ob, v, &r->f.e));
	}
	ok(&r->f, observe_end(ob, true, &r->f.e));
}

static void find(struct rig *r, enum record_kind kind, const void *record)
{
	ok(&r->f,
		offers_find(
			&r->offers, &r->f.a, &r->config, kind, record, r->f.st, &r->f.e));
}

static void follows_from_the_record(void **state)
{
	struct rig r;
	const struct offer *o;

	(void)state;
	rig_open(&r);
	see_versions(&r);
	find(&r, REC_POINTER, &label);
	assert_int_equal(r.offers.n, 2);
	o = &r.offers.items[0];
	assert_string_equal(o->action, "point");
	assert_string_equal(o->title, "Point a label at a version");
	assert_int_equal(o->risk, RISK_CHANGE);
	assert_true(o->undoable);
	assert_string_equal(o->now, "13");
	assert_string_equal(o->params[0].value, "atlas");
	assert_string_equal(o->params[1].value, "prod");
	assert_true(o->params[1].given);
	assert_string_equal(offer_missing(o)->name, "version");
	/* What the store has seen, newest first. */
	assert_int_equal(o->params[2].choices.n, 3);
	assert_string_equal(o->params[2].choices.items[0], "13");
	assert_string_equal(o->params[2].choices.items[2], "9");
	assert_false(o->params[2].closed);
	o = &r.offers.items[1];
	assert_int_equal(o->risk, RISK_DESTROY);
	assert_false(o->undoable);
	assert_true(o->params[1].closed);
	assert_null(o->now);
	fixture_release(&r.f);
}

static void other_kinds_and_native_sources(void **state)
{
	const struct prompt_version prompt = {.source = "shelf",
		.prompt = "triage",
		.version = "4",
		.created = NONE_INT,
		.updated = NONE_INT};
	const struct flag flag = {.source = "am", .name = "f", .changed = NONE_INT};
	const struct flag nowhere = {.source = "moon", .name = "f", .changed = NONE_INT};
	struct rig r;

	(void)state;
	rig_open(&r);
	find(&r, REC_PROMPT_VERSION, &prompt);
	assert_int_equal(r.offers.n, 1);
	assert_string_equal(r.offers.items[0].params[0].value, "triage");
	assert_string_equal(r.offers.items[0].params[2].value, "4");
	assert_string_equal(offer_missing(&r.offers.items[0])->name, "mark");
	find(&r, REC_FLAG, &flag);
	assert_int_equal(r.offers.n, 0);
	fails(&r.f,
		offers_find(
			&r.offers, &r.f.a, &r.config, REC_FLAG, &nowhere, NULL, &r.f.e),
		ERR_NOT_FOUND, "moon", NULL);
	fixture_release(&r.f);
}

static void takes_only_what_fits(void **state)
{
	struct rig r;
	struct offer *o;

	(void)state;
	rig_open(&r);
	find(&r, REC_POINTER, &label);
	o = &r.offers.items[0];
	fails(&r.f, offer_set(o, &r.f.a, "version", "latest", &r.f.e), ERR_INPUT,
		"of the form", NULL);
	fails(&r.f, offer_set(o, &r.f.a, "share", "101", &r.f.e), ERR_INPUT, "between",
		NULL);
	fails(&r.f, offer_set(o, &r.f.a, "share", "much", &r.f.e), ERR_INPUT, "number",
		NULL);
	fails(&r.f, offer_set(o, &r.f.a, "hard", "maybe", &r.f.e), ERR_INPUT, "true",
		NULL);
	fails(&r.f, offer_set(o, &r.f.a, "mark", "$HOME", &r.f.e), ERR_INPUT, "'$'",
		NULL);
	fails(&r.f, offer_set(o, &r.f.a, "shade", "1", &r.f.e), ERR_INPUT, "shade", NULL);
	ok(&r.f, offer_set(o, &r.f.a, "version", "12", &r.f.e));
	assert_null(offer_missing(o));
	ok(&r.f, offer_set(o, &r.f.a, "version", "", &r.f.e));
	assert_non_null(offer_missing(o));
	o = &r.offers.items[1];
	fails(&r.f, offer_set(o, &r.f.a, "how", "quick", &r.f.e), ERR_INPUT, "choice",
		"quickly");
	fixture_release(&r.f);
}

/* The step as the supervisor will read it, from a model with a name that YAML has meanings for. */
static void becomes_a_runbook_of_one_step(void **state)
{
	const struct pointer odd = {.source = "shelf",
		.model = "a: \"b\" # ~~~~~~~~\n- c",
		.name = "true",
		.version = "013",
		.observed = NONE_INT,
		.changed = NONE_INT};
	struct strbuf book = STRBUF_INIT;
	struct problems p;
	struct rig r;
	struct runbook rb;
	struct act act;
	struct offer *o;

	(void)state;
	rig_open(&r);
	find(&r, REC_POINTER, &odd);
	o = &r.offers.items[0];
	fails(&r.f, offer_write(&book, o, &r.f.e), ERR_INPUT, "version", NULL);
	ok(&r.f, offer_set(o, &r.f.a, "version", "12", &r.f.e));
	ok(&r.f, offer_set(o, &r.f.a, "share", "40", &r.f.e));
	ok(&r.f, offer_set(o, &r.f.a, "hard", "true", &r.f.e));
	ok(&r.f, offer_write(&book, o, &r.f.e));
	ok(&r.f, runbook_parse(&rb, "one.md", book.buf, book.len, NULL, &r.f.e));
	assert_int_equal(rb.problems.n, 0);
	assert_int_equal(rb.n_steps, 1);
	assert_string_equal(rb.steps[0].name, "point");
	assert_int_equal(rb.steps[0].risk, RISK_CHANGE);
	problems_init(&p, NULL);
	assert_int_equal(act_parse(&act, rb.steps[0].source, NULL, 0, &r.f.a, &p), 0);
	assert_string_equal(act.source, "shelf");
	assert_string_equal(act.action, "point");
	assert_string_equal(json_text(json_get(act.params, "book")), odd.model);
	assert_string_equal(json_text(json_get(act.params, "mark")), "true");
	assert_string_equal(json_text(json_get(act.params, "version")), "12");
	assert_true(json_real(json_get(act.params, "share")) == 40);
	assert_true(json_bool(json_get(act.params, "hard"), false));
	/* It is done only while the label points where the record says. */
	assert_string_equal(act.expect, "\"013\"");
	act_release(&act);
	problems_release(&p);
	runbook_release(&rb);
	strbuf_release(&book);
	fixture_release(&r.f);
}

static void a_service_by_its_model(void **state)
{
	struct service_conf service = {
		.name = "maps", .model = {.source = "shelf", .name = "atlas"}};
	struct rig r;

	(void)state;
	rig_open(&r);
	assert_null(offer_service(&r.config, REC_POINTER, &label));
	r.config.services = &service;
	r.config.n_services = 1;
	assert_string_equal(offer_service(&r.config, REC_POINTER, &label), "maps");
	fixture_release(&r.f);
}

UNIT_TESTS(cmocka_unit_test(follows_from_the_record),
	cmocka_unit_test(other_kinds_and_native_sources),
	cmocka_unit_test(takes_only_what_fits),
	cmocka_unit_test(becomes_a_runbook_of_one_step),
	cmocka_unit_test(a_service_by_its_model))
