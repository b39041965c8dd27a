#include "config.h"

#include "trace/replay.h"

#include "core/clock.h"
#include "core/text.h"
#include "model/record.h"

#define SLOWEST 1.0
#define FASTEST 50.0

static const struct span *span_at(const struct replay *r, size_t step)
{
	return tree_span(r->tree, r->tree->order[step]);
}

/* Sums wrap, so that a step back takes away exactly what the step forwards added. */
static void sum(int64_t *to, int64_t value, int by)
{
	if (value != NONE_INT)
		*to = (int64_t)((uint64_t)*to + (uint64_t)value * (uint64_t)(int64_t)by);
}

static void count_step(struct replay *r, size_t step, int by)
{
	uint32_t node = r->tree->order[step];
	struct usage own = tree_own(r->tree, node, r->prices);

	sum(&r->so_far.input, own.input, by);
	sum(&r->so_far.output, own.output, by);
	sum(&r->so_far.cost_pusd, own.cost_pusd, by);
	if ((r->tree->nodes[node].flags & (NODE_ERROR | NODE_REPEAT)) == NODE_ERROR)
		r->errors += (size_t)by;
}

void replay_init(struct replay *r, const struct tree *t, const struct price_table *prices)
{
	*r = (struct replay){
		.tree = t,
		.prices = prices,
		.speed = SLOWEST,
		.idle_cap_ns = 2 * NS_PER_S,
	};
	if (t->n > 0)
		count_step(r, 0, 1);
}

size_t replay_node(const struct replay *r)
{
	return r->tree->n > 0 ? r->tree->order[r->step] : 0;
}

/* From a to b where both are known and in order, else 0. */
static int64_t between(int64_t a, int64_t b)
{
	int64_t length;

	if (a == NONE_INT || b == NONE_INT || b < a ||
		__builtin_sub_overflow(b, a, &length))
		return 0;
	return length;
}

int64_t replay_elapsed(const struct replay *r)
{
	int64_t passed, whole;

	if (r->tree->n == 0)
		return 0;
	passed = between(r->tree->started, span_at(r, r->step)->started);
	whole = between(r->tree->started, r->tree->ended);
	if (passed > whole - r->waited_ns)
		return passed > whole ? passed : whole;
	return passed + r->waited_ns;
}

bool replay_to(struct replay *r, size_t step)
{
	size_t before = r->step;

	if (r->tree->n == 0)
		return false;
	if (step >= r->tree->n)
		step = r->tree->n - 1;
	for (; r->step < step; r->step++)
		count_step(r, r->step + 1, 1);
	for (; r->step > step; r->step--)
		count_step(r, r->step, -1);
	if (r->step != before)
		r->waited_ns = 0;
	return r->step != before;
}

bool replay_step(struct replay *r, int by)
{
	size_t back = by < 0 ? (size_t) - (long)by : 0;

	if (by < 0)
		return replay_to(r, back > r->step ? 0 : r->step - back);
	return replay_to(r, r->step + (size_t)by);
}

static const enum span_kind seek_kinds[SEEK_KINDS] = {
	[SEEK_TOOL] = SPAN_TOOL,
	[SEEK_LLM] = SPAN_LLM,
	[SEEK_HANDOFF] = SPAN_HANDOFF,
	[SEEK_AGENT] = SPAN_AGENT,
	[SEEK_RETRIEVAL] = SPAN_RETRIEVAL,
};

static bool sought(const struct replay *r, size_t step, enum replay_seek what)
{
	const struct node *node = &r->tree->nodes[r->tree->order[step]];

	if (node->flags & NODE_REPEAT)
		return false;
	if (what == SEEK_ERROR)
		return (node->flags & NODE_ERROR) != 0;
	return what != SEEK_NONE && what < SEEK_KINDS && node->kind == seek_kinds[what];
}

bool replay_jump(struct replay *r, enum replay_seek what, int direction)
{
	size_t step = r->step;

	while (direction < 0 ? step-- > 0 : ++step < r->tree->n) {
		if (sought(r, step, what))
			return replay_to(r, step);
	}
	return false;
}

static bool has_text(const struct span *s, const char *text)
{
	const char *const fields[] = {
		s->name,
		s->tool,
		s->model,
		s->agent,
		s->error,
		s->input,
		s->output,
	};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (fields[i] && text_has(fields[i], text))
			return true;
	}
	return false;
}

bool replay_find(struct replay *r, const char *text, int direction)
{
	size_t step = r->step;

	while (direction < 0 ? step-- > 0 : ++step < r->tree->n) {
		if (has_text(span_at(r, step), text))
			return replay_to(r, step);
	}
	return false;
}

void replay_speed(struct replay *r, double speed)
{
	if (!(speed >= SLOWEST))
		speed = SLOWEST;
	r->speed = speed > FASTEST ? FASTEST : speed;
}

void replay_play(struct replay *r, bool playing)
{
	r->playing = playing && r->step + 1 < r->tree->n;
}

/* Session time from the present step to the next, long waits cut. */
static int64_t gap(const struct replay *r)
{
	int64_t wait =
		between(span_at(r, r->step)->started, span_at(r, r->step + 1)->started);

	return wait < r->idle_cap_ns ? wait : r->idle_cap_ns;
}

bool replay_tick(struct replay *r, int64_t elapsed_ns)
{
	size_t before = r->step;
	double played = (double)elapsed_ns * r->speed;
	int64_t left;

	if (!r->playing || elapsed_ns < 0)
		return false;
	left = played < 9e18 ? (int64_t)played : INT64_MAX / 2;
	left = left > INT64_MAX - r->waited_ns ? INT64_MAX : left + r->waited_ns;
	while (r->step + 1 < r->tree->n && left >= gap(r)) {
		left -= gap(r);
		r->step++;
		count_step(r, r->step, 1);
	}
	r->playing = r->step + 1 < r->tree->n;
	r->waited_ns = r->playing ? left : 0;
	return r->step != before;
}

int64_t replay_due(const struct replay *r)
{
	if (!r->playing)
		return INT64_MAX;
	return (int64_t)((double)(gap(r) - r->waited_ns) / r->speed);
}
