#include "config.h"

#include "trace/cost.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "model/record.h"

/* A price in USD for a million tokens, six decimals kept, is pico-dollars for one token. */
#define PUSD_PER_TOKEN 1e6

int64_t pusd_of(double usd)
{
	double v = usd * (double)PUSD_PER_USD;

	if (isnan(v) || v > 9e18 || v < -9e18)
		return NONE_INT;
	return llround(v);
}

double pusd_to_usd(int64_t v)
{
	return v == NONE_INT ? NAN : (double)v / (double)PUSD_PER_USD;
}

static bool all_digits(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)s[i]))
			return false;
	}
	return true;
}

/* Length of a model's name without "-2025-08-07", "-20250929" or "@20250929". */
static size_t undated(const char *model, size_t n)
{
	if (n > 11 && model[n - 11] == '-' && all_digits(model + n - 10, 4) &&
		model[n - 6] == '-' && all_digits(model + n - 5, 2) &&
		model[n - 3] == '-' && all_digits(model + n - 2, 2))
		return n - 11;
	if (n > 9 && (model[n - 9] == '-' || model[n - 9] == '@') &&
		all_digits(model + n - 8, 8))
		return n - 9;
	return n;
}

/* Behind "openai/", "models/", "us.anthropic." and the like. */
static const char *without_vendor(const char *model)
{
	static const char *const vendors[] = {
		"anthropic.",
		"amazon.",
		"meta.",
		"mistral.",
		"cohere.",
		"deepseek.",
	};
	const char *slash = strrchr(model, '/');

	if (slash && slash[1])
		model = slash + 1;
	for (size_t i = 0; i < ARRAY_LEN(vendors); i++) {
		const char *found = strstr(model, vendors[i]);

		/* At the start, or behind a region of two letters and the like. */
		if (found && found - model <= 7 && (found == model || found[-1] == '.'))
			return found + strlen(vendors[i]);
	}
	return model;
}

static const struct price *exact(const struct price_table *t, const char *model, size_t n)
{
	for (size_t i = 0; i < t->n; i++) {
		if (strlen(t->items[i].model) == n &&
			memcmp(t->items[i].model, model, n) == 0)
			return &t->items[i];
	}
	return NULL;
}

static const struct price *longest_beginning(
	const struct price_table *t, const char *model)
{
	const struct price *best = NULL;
	size_t best_n = 0;

	for (size_t i = 0; i < t->n; i++) {
		size_t n = strlen(t->items[i].model);

		if (n > best_n && strncmp(t->items[i].model, model, n) == 0) {
			best = &t->items[i];
			best_n = n;
		}
	}
	return best;
}

const struct price *price_find(const struct price_table *t, const char *model)
{
	const struct price *found;
	const char *plain;

	if (!t || !model || !*model)
		return NULL;
	plain = without_vendor(model);
	found = exact(t, model, strlen(model));
	if (!found)
		found = exact(t, model, undated(model, strlen(model)));
	if (!found)
		found = exact(t, plain, strlen(plain));
	if (!found)
		found = exact(t, plain, undated(plain, strlen(plain)));
	return found ? found : longest_beginning(t, plain);
}

bool model_same(const char *a, const char *b)
{
	size_t n_a, n_b;

	if (!a || !b)
		return false;
	a = without_vendor(a);
	b = without_vendor(b);
	n_a = undated(a, strlen(a));
	n_b = undated(b, strlen(b));
	return n_a == n_b && memcmp(a, b, n_a) == 0;
}

/* sum += tokens * price; -1 when that cannot be held. */
static int add(int64_t *sum, int64_t tokens, double price)
{
	int64_t each = llround(price * PUSD_PER_TOKEN), product;

	if (__builtin_mul_overflow(tokens, each, &product) ||
		__builtin_add_overflow(*sum, product, sum))
		return -1;
	return 0;
}

static int64_t known(int64_t tokens)
{
	return tokens > 0 ? tokens : 0;
}

static int64_t compute(const struct span *s, const struct price *p)
{
	int64_t input = known(s->input_tokens), output = known(s->output_tokens);
	int64_t cached = known(s->cached_tokens), reasoning = known(s->reasoning_tokens);
	int64_t sum = 0;

	/* Input includes what came from the cache, unless that is more than it. */
	if (cached <= input)
		input -= cached;
	if (reasoning > output)
		reasoning = output;
	if (add(&sum, input, p->input) < 0 ||
		add(&sum, cached, isnan(p->cache_read) ? p->input : p->cache_read) < 0 ||
		add(&sum, output - reasoning, p->output) < 0 ||
		add(&sum, reasoning, isnan(p->reasoning) ? p->output : p->reasoning) < 0)
		return NONE_INT;
	return sum;
}

int64_t cost_of(const struct span *s, const struct price_table *t, bool *computed)
{
	const struct price *p;

	if (computed)
		*computed = false;
	if (!isnan(s->cost_usd))
		return pusd_of(s->cost_usd);
	if (s->input_tokens == NONE_INT && s->output_tokens == NONE_INT)
		return NONE_INT;
	p = price_find(t, s->model);
	if (!p)
		return NONE_INT;
	if (computed)
		*computed = true;
	return compute(s, p);
}
