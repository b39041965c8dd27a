/* The part of text.h that compares. */
#include "config.h"
#include "core/text.h"

#include <string.h>

/* Longer words are not commands or keys that somebody mistyped. */
#define NEAREST_MAX 64

/* What of a palette entry is looked at. */
#define FUZZY_HAY_MAX 512
#define FUZZY_NEEDLE_MAX 64

#define SCORE_MATCH 16
#define SCORE_ADJACENT 12
#define SCORE_WORD_START 10
#define SCORE_FIRST 4
#define NO_SCORE (-1000000)

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c & 0x80);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, changes and swaps of neighbours between a and b. */
static int distance(const char *a, int n_a, const char *b, int n_b)
{
	int rows[3][NEAREST_MAX + 1];
	int *above2 = rows[0], *above = rows[1], *row = rows[2];

	for (int j = 0; j <= n_b; j++)
		above[j] = j;
	for (int i = 1; i <= n_a; i++) {
		int *spare = above2;

		row[0] = i;
		for (int j = 1; j <= n_b; j++) {
			char x = lower(a[i - 1]), y = lower(b[j - 1]);

			row[j] = least(
				above[j - 1] + (x != y), least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && x == lower(b[j - 2]) &&
				y == lower(a[i - 2]))
				row[j] = least(row[j], above2[j - 2] + 1);
		}
		above2 = above;
		above = row;
		row = spare;
	}
	return above[n_b];
}

const char *text_nearest(const char *word, const char *const *names, size_t n)
{
	size_t length = strnlen(word, NEAREST_MAX + 1);
	int limit = (int)(length + 2) / 3;
	const char *best = NULL;

	if (!length || length > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t n_name = strnlen(names[i], NEAREST_MAX + 1);
		int d;

		if (n_name > NEAREST_MAX)
			continue;
		d = distance(word, (int)length, names[i], (int)n_name);
		/* A name that was only begun is near, but a mistyped one is nearer. */
		if (d > limit && length >= 3 && !strncmp(word, names[i], length))
			d = limit;
		if (d < (int)length && (d < limit || (d == limit && !best))) {
			best = names[i];
			limit = d;
		}
	}
	return best;
}

/* What a match at hay[j] is worth for where it stands. */
static int place_score(const char *hay, int j)
{
	if (j == 0)
		return SCORE_WORD_START + SCORE_FIRST;
	if (!is_letter(hay[j - 1]) && !is_digit(hay[j - 1]))
		return SCORE_WORD_START;
	if (hay[j] >= 'A' && hay[j] <= 'Z' && hay[j - 1] >= 'a' && hay[j - 1] <= 'z')
		return SCORE_WORD_START;
	return 0;
}

/*
 * The best alignment by rows: here[j] is the best score of needle[0..i] whose last byte stands at
 * hay[j]; reach is the best that ended before j - 1, less one for each byte of the gap.
 */
int text_fuzzy(const char *needle, const char *hay)
{
	int rows[2][FUZZY_HAY_MAX];
	int *last = rows[0], *here = rows[1], *spare, best = NO_SCORE;
	int n = (int)strnlen(hay, FUZZY_HAY_MAX);
	size_t n_needle = strnlen(needle, FUZZY_NEEDLE_MAX + 1);

	if (!n_needle)
		return 0;
	if (n_needle > FUZZY_NEEDLE_MAX)
		return -1;
	for (size_t i = 0; i < n_needle; i++) {
		int reach = NO_SCORE;

		best = NO_SCORE;
		for (int j = 0; j < n; j++) {
			int from = i ? reach : -least(j, 8);

			if (i && j && last[j - 1] > NO_SCORE / 2)
				from = reach > last[j - 1] + SCORE_ADJACENT
					? reach
					: last[j - 1] + SCORE_ADJACENT;
			here[j] = NO_SCORE;
			if (lower(needle[i]) == lower(hay[j]) && from > NO_SCORE / 2)
				here[j] = from + SCORE_MATCH + place_score(hay, j);
			if (i && j && last[j - 1] > reach)
				reach = last[j - 1];
			reach--;
			best = here[j] > best ? here[j] : best;
		}
		spare = last;
		last = here;
		here = spare;
	}
	if (best < NO_SCORE / 2)
		return -1;
	best = best * 8 - n;
	return best > 0 ? best : 0;
}

bool text_has(const char *hay, const char *needle)
{
	char first = lower(*needle);

	if (!first)
		return true;
	for (; *hay; hay++) {
		size_t i = 1;

		if (lower(*hay) != first)
			continue;
		while (needle[i] && lower(needle[i]) == lower(hay[i]))
			i++;
		if (!needle[i])
			return true;
	}
	return false;
}
