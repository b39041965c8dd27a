#include "config.h"
#include "lab/traits.h"

#include <math.h>

#include "core/mem.h"

#define SIGMA 0.8 /* of the logarithm of lengths */
#define SCORE_ODDS (-2.0) /* the usual score, as log odds, */
#define SCORE_SIGMA 1.3 /* and how it spreads */

const double trait_token_bounds[TRAIT_TOKENS] = {
	1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000};
const double trait_score_bounds[TRAIT_SCORES] = {
	0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
const char *const trait_languages[TRAIT_LANGUAGES] = {"en", "de", "fr", "ja"};
const char *const trait_reasons[TRAIT_REASONS] = {"stop", "length", "abort"};

static const double usual_languages[TRAIT_LANGUAGES] = {0.7, 0.16, 0.1, 0.04};
static const double other_languages[TRAIT_LANGUAGES] = {0.1, 0.1, 0.1, 0.7};
static const double usual_reasons[TRAIT_REASONS] = {0.955, 0.04, 0.005};

static double below(double x, double middle, double sigma)
{
	return 0.5 * erfc(-(x - middle) / (sigma * M_SQRT2));
}

static void tokens_add(struct token_counts *t, double n, double median)
{
	double before = 0;

	for (size_t i = 0; i < TRAIT_TOKENS; i++) {
		double share = below(log(trait_token_bounds[i]), log(median), SIGMA);

		t->in[i] += n * (share - before);
		before = share;
	}
	t->in[TRAIT_TOKENS] += n * (1 - before);
	t->sum += n * median * exp(SIGMA * SIGMA / 2);
}

static void scores_add(struct traits *t, double n, double rise)
{
	double before = 0;

	for (size_t i = 0; i < TRAIT_SCORES; i++) {
		double x = trait_score_bounds[i], low = i ? trait_score_bounds[i - 1] : 0;
		double share = x < 1
			? below(log(x / (1 - x)), SCORE_ODDS + rise, SCORE_SIGMA)
			: 1;

		t->scores[i] += n * (share - before);
		t->score_sum += n * (share - before) * (low + x) / 2;
		before = share;
	}
}

void traits_add(struct traits *t, double n, double prompt_tokens, double answer_tokens,
	const struct trait_shift *shift)
{
	for (size_t i = 0; i < TRAIT_LANGUAGES; i++)
		t->languages[i] += n *
			((1 - shift->foreign) * usual_languages[i] +
				shift->foreign * other_languages[i]);
	if (prompt_tokens <= 0) {
		scores_add(t, n, shift->score);
		return;
	}
	tokens_add(&t->prompt, n, prompt_tokens * shift->longer);
	tokens_add(&t->answer, n, answer_tokens > 0 ? answer_tokens : 1);
	for (size_t i = 0; i < TRAIT_REASONS; i++)
		t->reasons[i] += n * (1 - shift->cut) * usual_reasons[i];
	t->reasons[1] += n * shift->cut;
}

double traits_below(const double *in, size_t i)
{
	double sum = 0;

	for (size_t k = 0; k <= i; k++)
		sum += in[k];
	/* Sums of shares end just below a whole number now and then. */
	return floor(sum + 1e-6);
}
