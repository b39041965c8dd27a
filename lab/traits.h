/*
 * traits.h - what requests and answers are like: lengths, languages, how answers end, scores
 *
 * Sums of shares, as meter.h: the same seed and steps give the same numbers.
 */
#ifndef LAB_TRAITS_H
#define LAB_TRAITS_H

#include <stddef.h>

#define TRAIT_TOKENS 14		/* bounds of token counts, without +Inf */
#define TRAIT_SCORES 10		/* bounds of scores, the last is 1 */
#define TRAIT_LANGUAGES 4
#define TRAIT_REASONS 3

extern const double trait_token_bounds[TRAIT_TOKENS];
extern const double trait_score_bounds[TRAIT_SCORES];
extern const char *const trait_languages[TRAIT_LANGUAGES];
extern const char *const trait_reasons[TRAIT_REASONS];

struct token_counts {
	double	in[TRAIT_TOKENS + 1];	/* not cumulative; the last is over all bounds */
	double	sum;
};

struct traits {
	struct token_counts	prompt, answer;
	double			languages[TRAIT_LANGUAGES], reasons[TRAIT_REASONS];
	double			scores[TRAIT_SCORES + 1], score_sum;
};

/* How they differ from what is usual; {1, 0, 0, 0}: not at all. */
struct trait_shift {
	double	longer;		/* prompts are so many times as long */
	double	foreign;	/* share of requests in another language than usual */
	double	cut;		/* share of answers that end because they are too long */
	double	score;		/* scores rise by this, as log odds */
};

/* n requests with these medians of tokens (0: no language model, but a score each). */
void traits_add(struct traits *t, double n, double prompt_tokens, double answer_tokens,
	const struct trait_shift *shift);

/* As exposed: the first i + 1 of them together, rounded down. */
double traits_below(const double *in, size_t i);

#endif
