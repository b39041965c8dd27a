#include "config.h"

#include "trace/tree_usage.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "model/record.h"

#define GRACE (50 * NS_PER_MS)

/* So many calls at once are compared with each other; a hostile file has to stop somewhere. */
#define AT_ONCE 64

static bool is_call(const struct tree *t, uint32_t i)
{
	const struct node *node = &t->nodes[i];

	return (node->kind == SPAN_LLM || node->kind == SPAN_EMBEDDING) &&
		!(node->flags & (NODE_REPEAT | NODE_OPEN | NODE_BACKWARDS)) &&
		tree_span(t, i)->started > 0 &&
		tree_span(t, i)->ended < INT64_MAX - GRACE;
}

static bool same_text(const char *a, const char *b)
{
	return a && b && *a && strcmp(a, b) == 0;
}

static bool agree(int64_t a, int64_t b)
{
	return a == NONE_INT || b == NONE_INT || a == b;
}

static bool holds(const struct span *outer, const struct span *inner)
{
	return outer->started - GRACE <= inner->started &&
		inner->ended <= outer->ended + GRACE;
}

static bool overlap(const struct span *a, const struct span *b)
{
	int64_t from = a->started > b->started ? a->started : b->started;
	int64_t to = a->ended < b->ended ? a->ended : b->ended;
	int64_t a_length = a->ended - a->started, b_length = b->ended - b->started;
	int64_t shorter = a_length < b_length ? a_length : b_length;

	return holds(a, b) || holds(b, a) || (double)(to - from) >= 0.9 * (double)shorter;
}

static bool inside(const struct tree *t, uint32_t ancestor, uint32_t node)
{
	return node >= ancestor && node < ancestor + t->nodes[ancestor].size;
}

static bool same_call(const struct tree *t, uint32_t a, uint32_t b)
{
	const struct span *x = tree_span(t, a), *y = tree_span(t, b);

	if (inside(t, a, b) || inside(t, b, a) || t->nodes[a].kind != t->nodes[b].kind)
		return false;
	if (!same_text(x->trace, y->trace) && (x->trace || y->trace))
		return false;
	if (x->call && y->call && *x->call && *y->call)
		return strcmp(x->call, y->call) == 0;
	return !same_text(x->scope, y->scope) && (x->scope || y->scope) &&
		model_same(x->model, y->model) && overlap(x, y) &&
		agree(x->input_tokens, y->input_tokens) &&
		agree(x->output_tokens, y->output_tokens);
}

/* True when a is the one to count: it has usage, then cost, then an id, then it is shorter. */
static bool better(const struct span *a, const struct span *b)
{
	bool a_usage = a->input_tokens != NONE_INT, b_usage = b->input_tokens != NONE_INT;
	bool a_cost = a->cost_usd == a->cost_usd, b_cost = b->cost_usd == b->cost_usd;

	if (a_usage != b_usage)
		return a_usage;
	if (a_cost != b_cost)
		return a_cost;
	if (!a->call != !b->call)
		return a->call != NULL;
	return a->ended - a->started <= b->ended - b->started;
}

/* Compare a call with those that are still going on; pair it with the first that is the same. */
static void pair_up(struct tree *t, uint32_t *active, size_t *n_active, uint32_t node)
{
	const struct span *s = tree_span(t, node);
	size_t kept = 0;
	bool paired = false;

	for (size_t i = 0; i < *n_active; i++) {
		uint32_t other = active[i];

		if (tree_span(t, other)->ended + GRACE < s->started)
			continue;
		if (!paired && same_call(t, node, other)) {
			uint32_t loser = better(s, tree_span(t, other)) ? other : node;

			t->nodes[loser].flags |= NODE_SAME_CALL;
			t->same_calls++;
			paired = true;
			continue;
		}
		active[kept++] = other;
	}
	if (!paired && kept < AT_ONCE)
		active[kept++] = node;
	*n_active = kept;
}

void tree_same_calls(struct tree *t)
{
	uint32_t active[AT_ONCE];
	size_t n_active = 0;

	for (size_t i = 0; i < t->n; i++) {
		if (is_call(t, t->order[i]))
			pair_up(t, active, &n_active, t->order[i]);
	}
}

/* --- roll-up --- */

static const struct usage nothing = {NONE_INT, NONE_INT, NONE_INT};

/* Unknown and something is something; what cannot be held stays at the most. */
static int64_t plus(int64_t a, int64_t b)
{
	int64_t sum;

	if (a == NONE_INT || b == NONE_INT)
		return a == NONE_INT ? b : a;
	return __builtin_add_overflow(a, b, &sum) ? INT64_MAX : sum;
}

static struct usage add(struct usage a, struct usage b)
{
	return (struct usage){
		plus(a.input, b.input),
		plus(a.output, b.output),
		plus(a.cost_pusd, b.cost_pusd),
	};
}

static bool has_tokens(const struct usage *u)
{
	return u->input != NONE_INT || u->output != NONE_INT;
}

static int64_t tokens(const struct usage *u)
{
	int64_t sum = plus(u->input, u->output);

	return sum == NONE_INT ? 0 : sum;
}

/* What the span itself reports. */
static struct usage reported(
	struct tree *t, size_t node, const struct price_table *prices)
{
	const struct span *s = tree_span(t, node);
	struct usage own = {s->input_tokens, s->output_tokens, NONE_INT};
	bool computed;

	own.cost_pusd = cost_of(s, prices, &computed);
	if (computed)
		t->nodes[node].flags |= NODE_COMPUTED;
	return own;
}

/* usage[node] holds the sum of the children's; makes it the node's own total. */
static void settle(struct tree *t, size_t node, struct usage own)
{
	struct usage *total = &t->usage[node];
	bool carried = has_tokens(total);

	if (carried && (has_tokens(&own) || own.cost_pusd != NONE_INT))
		t->nodes[node].flags |= NODE_AGGREGATE;
	if (!carried) {
		total->input = own.input;
		total->output = own.output;
	}
	if (total->cost_pusd == NONE_INT)
		total->cost_pusd = own.cost_pusd;
}

static void add_up(
	struct usage *to, uint32_t parent, struct usage *sum, struct usage value)
{
	struct usage *at = parent == NODE_NONE ? sum : &to[parent];

	*at = add(*at, value);
}

void tree_roll_up(struct tree *t, const struct price_table *prices)
{
	struct usage *high = mem_new(t->n + 1, sizeof(*high));

	t->total = t->high = nothing;
	for (size_t i = 0; i < t->n; i++)
		t->usage[i] = high[i] = nothing;
	for (size_t i = t->n; i-- > 0;) {
		struct node *node = &t->nodes[i];
		struct usage own = nothing;

		if (!(node->flags & (NODE_REPEAT | NODE_SAME_CALL)))
			own = reported(t, i, prices);
		settle(t, i, own);
		if (tokens(&own) > tokens(&high[i]) || !has_tokens(&high[i]))
			high[i] =
				(struct usage){own.input, own.output, high[i].cost_pusd};
		if (has_tokens(&own) && own.cost_pusd == NONE_INT &&
			!(node->flags & NODE_AGGREGATE)) {
			node->flags |= NODE_UNPRICED;
			t->unpriced++;
		}
		add_up(t->usage, node->parent, &t->total, t->usage[i]);
		add_up(high, node->parent, &t->high, high[i]);
	}
	free(high);
}

/* True when some child already carries money. */
static bool children_cost(const struct tree *t, size_t node)
{
	for (uint32_t i = tree_first_child(t, (uint32_t)node); i != NODE_NONE;
		i = tree_next_sibling(t, i)) {
		if (t->usage[i].cost_pusd != NONE_INT)
			return true;
	}
	return false;
}

struct usage tree_own(const struct tree *t, size_t node, const struct price_table *prices)
{
	const struct span *s = tree_span(t, node);
	struct usage own = {s->input_tokens, s->output_tokens, NONE_INT};

	if (t->nodes[node].flags & (NODE_REPEAT | NODE_SAME_CALL))
		return nothing;
	if (t->nodes[node].flags & NODE_AGGREGATE)
		own.input = own.output = NONE_INT;
	if (!children_cost(t, node))
		own.cost_pusd = cost_of(s, prices, NULL);
	return own;
}
