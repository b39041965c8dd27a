#include "config.h"
#include "poll/sessions.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "core/arena.h"
#include "core/json.h"
#include "store/sessions.h"
#include "trace/trace_file.h"

#define SPANS_MAX 100000

struct touched_one {
	char *id; /* owned; the key */
	char *user, *tags; /* owned: from the spans' attributes, or NULL */
	UT_hash_handle hh;
};

struct touched_sessions {
	struct touched_one *all;
};

struct touched_sessions *touched_new(void)
{
	return mem_new(1, sizeof(struct touched_sessions));
}

void touched_free(struct touched_sessions *t)
{
	struct touched_one *one, *next;

	if (!t)
		return;
	HASH_ITER (hh, t->all, one, next) {
		HASH_DEL(t->all, one);
		free(one->id);
		free(one->user);
		free(one->tags);
		free(one);
	}
	free(t);
}

/* Lists of spans come without attributes, and there the user and the tags are. */
static void take_attributes(struct touched_one *one, const struct span *s)
{
	struct json *attributes = NULL;
	struct strbuf tags = STRBUF_INIT;
	struct err ignored = ERR_INIT;

	if (!s->attributes || (one->user && one->tags))
		return;
	if (!json_parse(&attributes, s->attributes, strlen(s->attributes), &ignored)) {
		if (!one->user)
			one->user = mem_strdup(json_text_at(attributes, "user"));
		if (!one->tags && json_count(json_get(attributes, "tags"))) {
			json_canonical(&tags, json_get(attributes, "tags"));
			one->tags = strbuf_detach(&tags, NULL);
		}
	}
	json_free(attributes);
	err_release(&ignored);
}

void touched_add(struct touched_sessions *t, const struct span *s)
{
	const char *id = s->session ? s->session : s->trace;
	struct touched_one *one;

	HASH_FIND_STR(t->all, id, one);
	if (!one) {
		one = mem_new(1, sizeof(*one));
		one->id = mem_strdup(id);
		HASH_ADD_KEYPTR(hh, t->all, one->id, strlen(one->id), one);
	}
	take_attributes(one, s);
}

static int write_one(struct store *st, const char *source, const struct touched_one *one,
	struct agents *agents, struct err *e)
{
	struct trace_file f = {0};
	struct span_list spans;
	struct arena a;
	int result;

	arena_init(&a);
	result = span_list(&spans, &a, st, source, one->id, SPANS_MAX, e);
	if (!result) {
		f.spans = spans.items;
		f.n = spans.n;
		trace_sessions(&f, &a, source);
	}
	/* Spans without a session of their own can stand beside those that name one. */
	for (size_t i = 0; !result && i < f.n_sessions; i++) {
		struct session *found = &f.sessions[i];

		if (strcmp(found->id, one->id))
			continue;
		found->user = found->user ? found->user : one->user;
		found->tags = found->tags ? found->tags : one->tags;
		result = session_put(st, found, e);
		agents_add_session(agents, &f, found);
	}
	arena_release(&a);
	return result;
}

int touched_write(struct touched_sessions *t, struct store *st, const char *source,
	struct agents *agents, struct err *e)
{
	struct touched_one *one, *next;

	HASH_ITER (hh, t->all, one, next)
		if (write_one(st, source, one, agents, e))
			return -1;
	return 0;
}
