#include "config.h"

#include "trace/tree_link.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "model/record.h"

/* A span by its key; sorted, so that a key is found by halving. */
struct slot {
	uint64_t hash;
	const char *trace, *id;
	uint32_t span;
};

static const char *text(const char *s)
{
	return s ? s : "";
}

static uint64_t mix(uint64_t hash, const char *s)
{
	for (; *s; s++)
		hash = (hash ^ (unsigned char)*s) * UINT64_C(1099511628211);
	return (hash ^ 0xff) * UINT64_C(1099511628211);
}

/* Spread over all 64 bits, so that a hash tells its place among many. */
static uint64_t spread(uint64_t h)
{
	h = (h ^ (h >> 33)) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ (h >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ (h >> 33);
}

/* The hash of a trace's id: spans in a row are mostly of one trace. */
struct trace_hash {
	const char *trace;
	uint64_t hash;
};

static uint64_t hash_trace(struct trace_hash *last, const char *trace)
{
	if (!last->trace || (last->trace != trace && strcmp(last->trace, trace) != 0)) {
		last->hash = mix(UINT64_C(14695981039346656037), trace);
		last->trace = trace;
	}
	return last->hash;
}

static struct slot slot_of(
	struct trace_hash *last, const char *trace, const char *id, uint32_t span)
{
	struct slot slot = {0, text(trace), text(id), span};

	slot.hash = spread(mix(hash_trace(last, slot.trace), slot.id));
	return slot;
}

/* The texts decide where hashes meet: nobody can make this slow by choosing ids. */
static int compare_keys(const struct slot *x, const struct slot *y)
{
	int order;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	order = strcmp(x->id, y->id);
	return order ? order : strcmp(x->trace, y->trace);
}

static int by_key(const void *a, const void *b)
{
	const struct slot *x = a, *y = b;
	int order = compare_keys(x, y);

	if (order)
		return order;
	return x->span < y->span ? -1 : x->span > y->span;
}

/* By halving, from where the hash should be among evenly spread ones. */
static const struct slot *find_slot(
	const struct slot *slots, size_t n, const struct slot *wanted)
{
	size_t low = 0, high = n, step = 8;
	size_t guess = (size_t)(((wanted->hash >> 32) * (uint64_t)n) >> 32);

	while (guess >= step && compare_keys(&slots[guess - step], wanted) > 0) {
		high = guess - step;
		step *= 2;
	}
	if (guess >= step)
		low = guess - step;
	for (step = 8;
		guess + step < high && compare_keys(&slots[guess + step], wanted) < 0;
		step *= 2)
		low = guess + step;
	if (guess + step < high)
		high = guess + step + 1;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_keys(&slots[middle], wanted);

		if (order == 0)
			return &slots[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* "No parent" as emitters write it. */
static bool names_nothing(const char *id)
{
	static const char *const nothing[] = {"", "null", "undefined", "None"};

	if (!id)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(nothing); i++) {
		if (strcmp(id, nothing[i]) == 0)
			return true;
	}
	return strspn(id, "0") == strlen(id);
}

/* --- two records of one span --- */

static int fullness(const struct span *s)
{
	return (s->ended > 0 ? 16 : 0) + (s->input != NULL) + (s->output != NULL) +
		(s->input_tokens != NONE_INT) + (s->output_tokens != NONE_INT) +
		(s->model != NULL) + (s->parent != NULL) + (s->attributes != NULL);
}

static bool collide(const struct span *a, const struct span *b)
{
	int64_t apart;

	if (__builtin_sub_overflow(a->started, b->started, &apart))
		apart = INT64_MAX;
	return (apart > NS_PER_S || apart < -NS_PER_S) &&
		strcmp(text(a->name), text(b->name)) != 0;
}

/* Of the slots of one key, leave the fullest record's; flag the others. */
static struct slot settle(
	struct links *l, const struct span *spans, const struct slot *slots, size_t n)
{
	const struct slot *best = slots;

	for (size_t i = 1; i < n; i++) {
		if (fullness(&spans[slots[i].span]) > fullness(&spans[best->span]))
			best = &slots[i];
	}
	for (size_t i = 0; i < n; i++) {
		if (&slots[i] == best)
			continue;
		l->flags[slots[i].span] |=
			collide(&spans[slots[i].span], &spans[best->span])
			? NODE_COLLISION
			: NODE_REPEAT;
	}
	return *best;
}

/* One slot for each key; returns how many.  Spans without an id are nobody's parent. */
static size_t make_slots(
	struct links *l, struct slot *slots, const struct span *spans, size_t n)
{
	struct trace_hash last = {0};
	size_t used = 0, kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (!names_nothing(spans[i].id))
			slots[used++] =
				slot_of(&last, spans[i].trace, spans[i].id, (uint32_t)i);
	}
	qsort(slots, used, sizeof(*slots), by_key);
	for (size_t i = 0; i < used;) {
		size_t same = i + 1;

		while (same < used && compare_keys(&slots[same], &slots[i]) == 0)
			same++;
		slots[kept++] = settle(l, spans, slots + i, same - i);
		i = same;
	}
	return kept;
}

static void find_parents(struct links *l, const struct slot *slots, size_t n_slots,
	const struct span *spans, size_t n)
{
	struct trace_hash last = {0};

	for (size_t i = 0; i < n; i++) {
		const struct span *s = &spans[i];
		const struct slot *found;
		struct slot wanted;

		l->parent[i] = NODE_NONE;
		if (names_nothing(s->parent) || (s->id && strcmp(s->parent, s->id) == 0))
			continue;
		wanted = slot_of(&last, s->trace, s->parent, 0);
		found = find_slot(slots, n_slots, &wanted);
		if (found)
			l->parent[i] = found->span;
		else
			l->flags[i] |= NODE_ORPHAN;
	}
}

/* --- cycles --- */

static bool earlier(const struct span *spans, uint32_t a, uint32_t b)
{
	if (spans[a].started != spans[b].started)
		return spans[a].started < spans[b].started;
	return strcmp(text(spans[a].id), text(spans[b].id)) < 0;
}

/* Cut the earliest span of the cycle through `on` from its parent. */
static void cut_cycle(struct links *l, const struct span *spans, uint32_t on)
{
	uint32_t first = on;

	for (uint32_t i = l->parent[on]; i != on; i = l->parent[i]) {
		if (earlier(spans, i, first))
			first = i;
	}
	l->parent[first] = NODE_NONE;
	l->flags[first] |= NODE_CYCLE;
}

enum visit { NEW, ON_PATH, DONE };

static void break_cycles(struct links *l, const struct span *spans, size_t n)
{
	uint8_t *visits = mem_new(n + 1, 1);

	for (size_t i = 0; i < n; i++) {
		uint32_t at = (uint32_t)i, met;

		while (at != NODE_NONE && visits[at] == NEW) {
			visits[at] = ON_PATH;
			at = l->parent[at];
		}
		met = at != NODE_NONE && visits[at] == ON_PATH ? at : NODE_NONE;
		/* All of this path is settled before its cycle is opened. */
		for (at = (uint32_t)i; at != NODE_NONE && visits[at] == ON_PATH;
			at = l->parent[at])
			visits[at] = DONE;
		if (met != NODE_NONE)
			cut_cycle(l, spans, met);
	}
	free(visits);
}

/* --- time --- */

struct start {
	int64_t started, length;
	uint32_t span;
};

static int by_start(const void *a, const void *b)
{
	const struct start *x = a, *y = b;

	if (x->started != y->started)
		return x->started < y->started ? -1 : 1;
	if (x->length != y->length)
		return x->length > y->length ? -1 : 1;
	return x->span < y->span ? -1 : x->span > y->span;
}

static void sort_starts(struct links *l, const struct span *spans, size_t n)
{
	struct start *starts = mem_new(n + 1, sizeof(*starts));

	for (size_t i = 0; i < n; i++) {
		starts[i].started = spans[i].started;
		/* One without an end may still hold all the others. */
		starts[i].length = INT64_MAX;
		if (spans[i].ended > 0 && spans[i].started != NONE_INT &&
			__builtin_sub_overflow(
				spans[i].ended, spans[i].started, &starts[i].length))
			starts[i].length = INT64_MAX;
		starts[i].span = (uint32_t)i;
	}
	qsort(starts, n, sizeof(*starts), by_start);
	for (size_t i = 0; i < n; i++)
		l->by_start[i] = starts[i].span;
	free(starts);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static size_t count_traces(const struct span *spans, size_t n)
{
	uint64_t *hashes = mem_new(n + 1, sizeof(*hashes));
	struct trace_hash last = {0};
	size_t used = 0, count = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t hash = hash_trace(&last, text(spans[i].trace));

		if (used == 0 || hashes[used - 1] != hash)
			hashes[used++] = hash;
	}
	qsort(hashes, used, sizeof(*hashes), by_value);
	for (size_t i = 0; i < used; i++)
		count += i == 0 || hashes[i] != hashes[i - 1];
	free(hashes);
	return count;
}

void links_make(struct links *out, const struct span *spans, size_t n)
{
	struct slot *slots = mem_new(n + 1, sizeof(*slots));
	size_t n_slots;

	out->parent = mem_new(n + 1, sizeof(*out->parent));
	out->flags = mem_new(n + 1, sizeof(*out->flags));
	out->by_start = mem_new(n + 1, sizeof(*out->by_start));
	n_slots = make_slots(out, slots, spans, n);
	find_parents(out, slots, n_slots, spans, n);
	free(slots);
	out->traces = count_traces(spans, n);
	break_cycles(out, spans, n);
	sort_starts(out, spans, n);
}

void links_release(struct links *l)
{
	free(l->parent);
	free(l->flags);
	free(l->by_start);
}
