#include "tests/unit/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/alert.h"
#include "model/pipeline.h"
#include "model/record.h"
#include "model/registry.h"
#include "model/session.h"
#include "model/slo.h"

static struct json *parse(const char *s)
{
	struct json *j = NULL;
	struct err e = ERR_INIT;

	assert_int_equal(json_parse(&j, s, strlen(s), &e), 0);
	return j;
}

/* A record of kind from JSON that has to be fine. */
static void *read_one(enum record_kind kind, const char *text, struct arena *a)
{
	struct err e = ERR_INIT;
	struct json *j = parse(text);
	void *record = record_new(a, kind);

	if (record_from_json(record, kind, j, a, NULL, &e))
		fail_msg("%s", e.what);
	json_free(j);
	return record;
}

static void refuse(enum record_kind kind, const char *text, const char *what)
{
	struct arena a = {0};
	struct err e = ERR_INIT;
	struct json *j = parse(text);

	assert_int_equal(
		record_from_json(record_new(&a, kind), kind, j, &a, NULL, &e), -1);
	assert_string_equal(e.what, what);
	err_release(&e);
	json_free(j);
	arena_release(&a);
}

/* sha256 of {"a":[2,1],"b":null}, and it is the same however that is written. */
static void a_digest_may_be_given_as_the_thing_itself(void **state)
{
	static const char *const texts[] = {
		"{\"source\":\"s\",\"type\":\"feature\",\"name\":\"f\",\"digest\":{\"b\":"
		"null,\"a\":[2,1]}}",
		"{\"source\":\"s\",\"type\":\"feature\",\"name\":\"f\",\"digest\": { "
		"\"a\":[2, 1],\"b\": null}}"};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const struct definition *d = read_one(REC_DEFINITION, texts[i], &a);

		assert_string_equal(d->digest,
			"sha256:"
			"e176c5acba1572ddfba7f4fa9d72493c587f059fa1ec1bd4f17a91e99028a5e"
			"c");
	}
	refuse(REC_DEFINITION, "{\"source\":\"s\",\"type\":\"t\",\"name\":[1]}",
		"'name' of a record 'definition' is not a text");
	arena_release(&a);
}

static void tables_hold_together(void **state)
{
	(void)state;
	assert_null(record_def(REC_NONE));
	assert_null(record_def(REC_KINDS));
	assert_int_equal(record_kind_of("nothing"), REC_NONE);
	assert_int_equal(record_kind_of(NULL), REC_NONE);
	for (int k = REC_NONE + 1; k < REC_KINDS; k++) {
		const struct record_def *def = record_def((enum record_kind)k);
		size_t bytes = 0, keys = 0, states = 0;

		assert_non_null(def);
		assert_int_equal(def->kind, k);
		assert_int_equal(record_kind_of(def->name), k);
		assert_non_null(def->title);
		assert_string_equal(def->fields[0].name, "source");
		assert_int_equal(def->fields[0].offset, 0);
		for (size_t i = 0; i < def->n_fields; i++) {
			/* In the struct's order and without a gap: no member is forgotten. */
			assert_int_equal(def->fields[i].offset, bytes);
			bytes += 8;
			keys += (def->fields[i].flags & FIELD_KEY) != 0;
			states += (def->fields[i].flags & FIELD_STATE) != 0;
			assert_int_equal(def->fields[i].flags & FIELD_STATE &&
					def->fields[i].flags & (FIELD_QUIET | FIELD_KEY),
				0);
		}
		assert_int_equal(bytes, def->size);
		assert_in_range(keys, 2, 4);
		assert_int_equal(states > 0, def->interval);
	}
}

static void new_is_unknown(void **state)
{
	struct arena a = {0};
	const struct serving *s = record_new(&a, REC_SERVING);

	(void)state;
	assert_null(s->source);
	assert_null(s->version);
	assert_true(isnan(s->traffic));
	assert_true(s->replicas == NONE_INT && s->ready == NONE_INT &&
		s->changed == NONE_INT);
	arena_release(&a);
}

static void reads_every_type(void **state)
{
	struct arena a = {0};
	const struct model_version *m = read_one(REC_MODEL_VERSION,
		"{\"source\":\"ml\",\"model\":\"ranker\",\"version\":12,\"aliases\":["
		"\"b\", \"a\"],"
		"\"stage\":\"\",\"status\":null,\"created\":\"2026-11-21T08:53:09.25Z\","
		"\"updated\":1795251189250,\"tags\":{\"z\":1,\"b\":{\"y\":2,\"x\":1}}}",
		&a);
	const struct serving *s = read_one(REC_SERVING,
		"{\"source\":\"k\",\"service\":\"s\",\"variant\":\"v\",\"traffic\":\"0."
		"25\","
		"\"ready\":true,\"replicas\":\"3\",\"changed\":0}",
		&a);
	const struct span *sp = read_one(REC_SPAN,
		"{\"source\":\"l\",\"trace\":\"t\",\"id\":\"i\",\"input\":{\"b\":1,\"a\":"
		"[]},"
		"\"output\":\"\",\"name\":\"\",\"started\":1795251189250123456,"
		"\"attributes\":\"{\\\"k\\\": 1}\",\"cost_usd\":\"NaN\"}",
		&a);

	(void)state;
	assert_string_equal(m->version, "12");
	assert_string_equal(m->aliases, "[\"b\",\"a\"]");
	assert_null(m->stage);
	assert_null(m->status);
	assert_true(m->created == INT64_C(1795251189250000000));
	assert_true(m->updated == m->created);
	assert_string_equal(m->tags, "{\"b\":{\"x\":1,\"y\":2},\"z\":1}");
	assert_true(s->traffic == 0.25);
	assert_true(s->ready == 1 && s->replicas == 3 && s->changed == NONE_INT);
	assert_string_equal(sp->input, "{\"a\":[],\"b\":1}");
	assert_string_equal(sp->output, "");
	assert_null(sp->name);
	assert_true(sp->started == INT64_C(1795251189250123456));
	assert_string_equal(sp->attributes, "{\"k\":1}");
	assert_true(isnan(sp->cost_usd));
	arena_release(&a);
}

static void flags_keep_what_they_hold(void **state)
{
	static const char *const pairs[][2] = {
		{"true", "true"},
		{"\"\"", ""},
		{"{\"b\":1,\"a\":2}", "{\"a\":2,\"b\":1}"},
		{"12345678901234567890", "12345678901234567890"},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		char *text = mem_format(
			"{\"source\":\"f\",\"name\":\"n\",\"value\":%s}", pairs[i][0]);
		const struct flag *f = read_one(REC_FLAG, text, &a);

		assert_string_equal(f->value, pairs[i][1]);
		free(text);
	}
	arena_release(&a);
}

static void refuses_what_does_not_fit(void **state)
{
	(void)state;
	refuse(REC_FLAG, "[]", "the record 'flag' is not an object");
	refuse(REC_FLAG, "{\"source\":\"s\"}", "a record 'flag' is without its 'name'");
	refuse(REC_FLAG, "{\"source\":\"s\",\"name\":\"\"}",
		"a record 'flag' is without its 'name'");
	refuse(REC_FLAG, "{\"source\":\"s\",\"name\":[]}",
		"'name' of a record 'flag' is not a text");
	refuse(REC_FLAG, "{\"source\":\"s\",\"name\":\"n\",\"changed\":\"soon\"}",
		"'changed' of a record 'flag' is not a time");
	refuse(REC_SERVING, "{\"replicas\":1.5}",
		"'replicas' of a record 'serving' is not a whole number");
	refuse(REC_SERVING, "{\"traffic\":{}}",
		"'traffic' of a record 'serving' is not a number");
	refuse(REC_SERVING, "{\"ready\":\"perhaps\"}",
		"'ready' of a record 'serving' is not true or false");
	refuse(REC_ALERT, "{\"labels\":\"a=b\"}",
		"'labels' of a record 'alert' is not an object or an array");
	refuse(REC_ALERT, "{\"labels\":7}",
		"'labels' of a record 'alert' is not an object or an array");
}

static void names_the_unknown(void **state)
{
	struct arena a = {0};
	struct err e = ERR_INIT;
	struct json *j =
		parse("{\"source\":\"s\",\"nmae\":1,\"name\":\"n\",\"colour\":2}");
	const char *unknown = "";
	struct flag f;

	(void)state;
	assert_int_equal(record_from_json(&f, REC_FLAG, j, &a, &unknown, &e), 0);
	assert_string_equal(unknown, "nmae");
	assert_null(f.value);
	json_free(j);
	j = parse("{\"source\":\"s\",\"name\":\"n\"}");
	assert_int_equal(record_from_json(&f, REC_FLAG, j, &a, &unknown, &e), 0);
	assert_null(unknown);
	json_free(j);
	arena_release(&a);
}

static void goes_round_through_json(void **state)
{
	static const char text[] =
		"{\"source\":\"am\",\"fingerprint\":\"f1\",\"name\":\"Burn\",\"service\":"
		"null,"
		"\"labels\":{\"alertname\":\"Burn\"},\"annotations\":null,\"state\":"
		"\"firing\","
		"\"severity\":\"page\",\"since\":\"2026-11-21T08:53:09Z\",\"until\":null,"
		"\"silenced_by\":[],\"runbook_url\":null,\"groups\":null,"
		"\"receivers\":null,\"inhibited_by\":null,\"muted_by\":null,"
		"\"onset\":null,\"url\":null,\"value\":null}";
	struct arena a = {0};
	struct strbuf sb = STRBUF_INIT;
	void *alert = read_one(REC_ALERT, text, &a);
	struct json *j = record_to_json(alert, REC_ALERT);

	(void)state;
	json_format(&sb, j, false);
	assert_string_equal(sb.buf, text);
	json_free(j);
	strbuf_release(&sb);
	for (int k = REC_NONE + 1; k < REC_KINDS; k++) {
		j = record_to_json(
			record_new(&a, (enum record_kind)k), (enum record_kind)k);
		assert_int_equal(
			json_count(j), record_def((enum record_kind)k)->n_fields);
		json_each (v, j)
			assert_int_equal(json_type(v), JSON_NULL);
		json_free(j);
	}
	arena_release(&a);
}

static void keys_join(void **state)
{
	struct arena a = {0};
	struct strbuf sb = STRBUF_INIT;

	(void)state;
	record_key(&sb,
		read_one(REC_POINTER,
			"{\"source\":\"ml\",\"model\":\"ranker\",\"name\":\"production\","
			"\"version\":\"3\"}",
			&a),
		REC_POINTER);
	strbuf_addc(&sb, ' ');
	record_key(&sb,
		read_one(REC_FLAG, "{\"source\":\"f\",\"name\":\"new-cart\"}", &a),
		REC_FLAG);
	assert_string_equal(sb.buf, "ranker/production new-cart");
	/* Where a slash stands tells whose it is. */
	strbuf_reset(&sb);
	record_key(&sb,
		read_one(REC_MODEL_VERSION,
			"{\"source\":\"o\",\"model\":\"a/b\",\"version\":\"c\"}", &a),
		REC_MODEL_VERSION);
	strbuf_addc(&sb, ' ');
	record_key(&sb,
		read_one(REC_MODEL_VERSION,
			"{\"source\":\"o\",\"model\":\"a\",\"version\":\"b/c%2F\"}", &a),
		REC_MODEL_VERSION);
	strbuf_addc(&sb, ' ');
	record_key(&sb,
		read_one(REC_DEFINITION,
			"{\"source\":\"o\",\"type\":\"a/b\",\"name\":\"c/d\"}", &a),
		REC_DEFINITION);
	assert_string_equal(sb.buf, "a/b/c a/b%2Fc%252F a%2Fb/c/d");
	strbuf_release(&sb);
	arena_release(&a);
}

/* At most one of the key fields keeps its slashes: else two objects could share a key. */
static void one_path_a_key(void **state)
{
	(void)state;
	for (int k = REC_NONE + 1; k < REC_KINDS; k++) {
		const struct record_def *def = record_def((enum record_kind)k);
		int paths = 0;

		for (size_t i = 0; i < def->n_fields; i++) {
			const struct field *f = &def->fields[i];

			paths += (f->flags & FIELD_PATH) != 0;
			assert_true(!(f->flags & FIELD_PATH) || f->flags & FIELD_KEY);
		}
		assert_int_equal(paths, 1);
	}
}

static void equality_by_flags(void **state)
{
	struct arena a = {0};
	struct serving *s = read_one(REC_SERVING,
		"{\"source\":\"k\",\"service\":\"s\",\"variant\":\"v\",\"version\":\"3\","
		"\"replicas\":2}",
		&a);
	struct serving *t = record_copy(&a, s, REC_SERVING);

	(void)state;
	assert_ptr_not_equal(s->version, t->version);
	assert_true(record_equal(s, t, REC_SERVING, 0));
	t->replicas = 5;
	assert_false(record_equal(s, t, REC_SERVING, 0));
	assert_false(record_equal(s, t, REC_SERVING, FIELD_QUIET));
	assert_true(record_equal(s, t, REC_SERVING, FIELD_STATE | FIELD_KEY));
	t->traffic = 0.5;
	assert_false(record_equal(s, t, REC_SERVING, FIELD_STATE));
	s->traffic = 0.5;
	t->version = NULL;
	assert_false(record_equal(s, t, REC_SERVING, FIELD_STATE));
	arena_release(&a);
}

static void names_of_enums(void **state)
{
	(void)state;
	for (int k = SPAN_NONE + 1; k < SPAN_KINDS; k++)
		assert_int_equal(span_kind_of(span_kind_name((enum span_kind)k)), k);
	assert_int_equal(span_kind_of("none"), SPAN_NONE);
	for (int s = SEV_NONE + 1; s < SEVERITIES; s++) {
		assert_int_equal(severity_of(severity_name((enum severity)s)), s);
		assert_int_equal(strlen(severity_mark((enum severity)s)), 1);
	}
	assert_int_equal(severity_of("critical"), SEV_NONE);
	for (int s = SYNC_NONE; s < SYNC_STATES; s++) {
		assert_non_null(sync_state_name((enum sync_state)s));
		assert_non_null(sync_state_title((enum sync_state)s));
	}
	assert_string_equal(sync_state_name(SYNC_IN_SYNC), "in-sync");
	assert_string_equal(sli_kind_name(SLI_RECORDED), "recorded");
}

UNIT_TESTS(cmocka_unit_test(tables_hold_together),
	cmocka_unit_test(a_digest_may_be_given_as_the_thing_itself),
	cmocka_unit_test(new_is_unknown), cmocka_unit_test(reads_every_type),
	cmocka_unit_test(flags_keep_what_they_hold),
	cmocka_unit_test(refuses_what_does_not_fit), cmocka_unit_test(names_the_unknown),
	cmocka_unit_test(goes_round_through_json), cmocka_unit_test(keys_join),
	cmocka_unit_test(one_path_a_key), cmocka_unit_test(equality_by_flags),
	cmocka_unit_test(names_of_enums))
