#include "config.h"
#include "lab/story.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/mem.h"
#include "lab/rng.h"

/* US dollars a token: those of a small commercial model. */
#define INPUT_USD 0.00000025
#define OUTPUT_USD 0.000002

void talks_release(struct talks *t)
{
	free(t->items);
	*t = (struct talks){0};
}

void talks_add(struct talks *t, struct talk talk)
{
	if (t->n >= TALKS_MAX) {
		size_t gone = t->n / 10;

		memmove(t->items, t->items + gone, (t->n - gone) * sizeof(*t->items));
		t->n -= gone;
	}
	talk.number = ++t->count;
	*mem_push(t->items, t->n, t->cap) = talk;
}

const struct talk *talks_find(const struct talks *t, int64_t number)
{
	int64_t first = t->n ? t->items[0].number : 0;

	if (!t->n || number < first || number >= first + (int64_t)t->n)
		return NULL;
	return &t->items[number - first];
}

int64_t story_session_number(const char *id)
{
	char *end;
	long long n;

	if (strncmp(id, "chat-", 5) != 0 || id[5] < '0' || id[5] > '9')
		return 0;
	n = strtoll(id + 5, &end, 10);
	return *end ? 0 : n;
}

/* Trace ids are the session's number, the turn's, and what fills 32 digits. */
int64_t story_trace_number(const char *id)
{
	char digits[9] = "";
	char *end;
	long long n;

	if (strlen(id) != 32)
		return 0;
	memcpy(digits, id, 8);
	n = strtoll(digits, &end, 16);
	return *end ? 0 : n;
}

/* --- one session being told --- */

struct telling {
	struct told *out;
	struct arena *a;
	struct rng rng;
	const struct talk *talk;
	struct json *words; /* what @name@ stands for */
	int64_t at;
};

static char *fill(struct telling *t, const char *text)
{
	struct strbuf sb = STRBUF_INIT;
	char *out;

	if (!text)
		return NULL;
	while (*text) {
		const char *close = *text == '@' ? strchr(text + 1, '@') : NULL;
		char *name =
			close ? mem_strndup(text + 1, (size_t)(close - text - 1)) : NULL;
		const char *word = name ? json_text(json_get(t->words, name)) : NULL;

		if (word) {
			strbuf_adds(&sb, word);
			text = close + 1;
		} else {
			strbuf_addc(&sb, *text++);
		}
		free(name);
	}
	out = arena_strndup(t->a, sb.buf, sb.len);
	strbuf_release(&sb);
	return out;
}

static char *as_text(struct telling *t, struct json *j)
{
	struct strbuf sb = STRBUF_INIT;
	char *out;

	json_format(&sb, j, false);
	out = arena_strndup(t->a, sb.buf, sb.len);
	strbuf_release(&sb);
	json_free(j);
	return out;
}

static void add_message(struct json *list, const char *role, const char *content)
{
	struct json *m = json_add_object(list, NULL);

	json_add_text(m, "role", role);
	json_add_text(m, "content", content);
}

/* A generation's input: the messages of a chat. */
static const char *chat(struct telling *t, const struct beat *b)
{
	struct json *list = json_array();

	add_message(list, "system", fill(t, t->talk->book->system));
	add_message(list, "user", fill(t, b->user));
	return as_text(t, list);
}

static const char *reply(struct telling *t, const struct beat *b)
{
	struct json *m = json_object(), *call;

	json_add_text(m, "role", "assistant");
	if (b->calls) {
		call = json_add_object(json_add_array(m, "tool_calls"), NULL);
		json_add_text(call, "id", "call_1");
		call = json_add_object(call, "function");
		json_add_text(call, "name", b->calls);
		json_add_text(call, "arguments", fill(t, b->arguments));
	} else {
		json_add_text(m, "content", fill(t, b->says));
	}
	return as_text(t, m);
}

static void count_tokens(struct telling *t, struct obs *o, const struct beat *b)
{
	int64_t in = b->input_tokens + rng_between(&t->rng, 0, b->input_tokens / 6);

	if (!b->tokens.n)
		return;
	o->model = t->talk->service->llm;
	o->cached_tokens = in / 4;
	o->input_tokens = in - o->cached_tokens;
	o->output_tokens =
		b->output_tokens + rng_between(&t->rng, 0, b->output_tokens / 4);
	o->input_usd = (double)o->input_tokens * INPUT_USD +
		(double)o->cached_tokens * INPUT_USD / 10;
	o->output_usd = (double)o->output_tokens * OUTPUT_USD;
	o->first_token = o->start + rng_between(&t->rng, 120, 320) * NS_PER_MS;
}

/* One observation; its end is set when what is inside it has been told. */
static void tell_beat(struct telling *t, const struct beat *b, const char *parent)
{
	struct told *out = t->out;
	struct told_trace *trace = &out->traces[out->n_traces - 1];
	struct obs *o = arena_push(t->a, out->obs, out->n_obs, out->cap_obs);
	bool generation = b->user != NULL;

	o->id = arena_format(t->a, "%016" PRIx64, rng_next(&t->rng) | 1);
	o->trace = trace->id;
	o->parent = parent;
	o->type = b->type;
	o->name = b->name;
	o->prompt = b->prompt;
	o->input = generation ? chat(t, b) : fill(t, b->input);
	o->output = generation ? reply(t, b) : fill(t, b->output);
	o->error = fill(t, b->error);
	o->start = t->at;
	t->at += rng_between(&t->rng, b->low_ms, b->high_ms) * NS_PER_MS;
	o->end = t->at;
	count_tokens(t, o, b);
	trace->usd += o->input_usd + o->output_usd;
	trace->n++;
}

static void tell_turn(struct telling *t, const struct turn *turn)
{
	struct told *out = t->out;
	struct told_trace *trace =
		arena_push(t->a, out->traces, out->n_traces, out->cap_traces);
	size_t open[16] = {0};

	trace->id = arena_format(t->a, "%08" PRIx64 "%02x%06" PRIx64 "%016" PRIx64,
		(uint64_t)t->talk->number, (unsigned)out->n_traces,
		rng_next(&t->rng) & 0xffffff, rng_next(&t->rng));
	trace->first = out->n_obs;
	for (size_t i = 0; i < turn->n; i++) {
		const struct beat *b = &turn->beats[i];

		for (int64_t k = 0; k < b->times; k++) {
			open[b->depth] = out->n_obs;
			tell_beat(
				t, b, b->depth ? out->obs[open[b->depth - 1]].id : NULL);
		}
		/* Whatever it stands in ends no sooner. */
		for (int64_t d = 0; d < b->depth; d++)
			out->obs[open[d]].end = t->at + (b->depth - d) * 2 * NS_PER_MS;
	}
	t->at = out->obs[trace->first].end;
}

static struct json *words_of(struct telling *t)
{
	struct json *w = json_object();
	const struct talk *talk = t->talk;
	const char *const pairs[][2] = {
		{"user", t->out->user},
		{"model", talk->service->model.name},
		{"version", arena_format(t->a, "%" PRId64, talk->version)},
		{"prompt", arena_format(t->a, "%" PRId64, talk->prompt_version)},
		{"order",
			arena_format(
				t->a, "%" PRId64, rng_between(&t->rng, 100000, 999999))},
		{"sku",
			arena_format(
				t->a, "TREK-%" PRId64, rng_between(&t->rng, 10, 99))},
		{"price",
			arena_format(t->a, "%" PRId64 ".%02" PRId64,
				rng_between(&t->rng, 19, 249),
				rng_between(&t->rng, 0, 99))},
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		json_add_text(w, pairs[i][0], pairs[i][1]);
	return w;
}

void story_tell(struct told *out, struct arena *a, const struct talk *talk)
{
	struct telling t = {.out = out, .a = a, .talk = talk, .at = talk->started};
	const struct storybook *book = talk->book;
	int64_t openings;

	*out = (struct told){.talk = talk, .start = talk->started};
	t.rng.state = talk->seed;
	out->id = arena_format(a, "chat-%06" PRId64, talk->number);
	out->user = arena_format(a, "customer-%" PRId64, rng_between(&t.rng, 1000, 9999));
	t.words = words_of(&t);
	openings = book->n_openings ? rng_between(&t.rng, 0, 2) : 0;
	for (int64_t i = 0; i < openings; i++) {
		tell_turn(&t, &book->openings[rng_next(&t.rng) % book->n_openings]);
		t.at += rng_between(&t.rng, 2500, 9000) * NS_PER_MS; /* a person types */
	}
	tell_turn(&t, book->endings[talk->plot]);
	out->end = t.at;
	json_free(t.words);
}
