#include "config.h"
#include "net/rate.h"

#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/duration.h"

/* As many as the limit says may go at once; then one by one. */
int64_t rate_take(struct rate *r, int64_t now_mono)
{
	int64_t each, burst_ns, wait = r->hold_mono - now_mono;

	if (wait > 0)
		return wait;
	if (r->requests <= 0 || r->per_ns <= 0)
		return 0;
	each = r->per_ns / r->requests;
	burst_ns = r->per_ns - each;
	if (r->free_mono < now_mono)
		r->free_mono = now_mono;
	wait = r->free_mono - burst_ns - now_mono;
	if (wait > 0)
		return wait;
	r->free_mono += each;
	return 0;
}

static const char *first_of(
	const struct http_answer *a, const char *const *names, size_t n)
{
	const char *found = NULL;

	for (size_t i = 0; i < n && !found; i++)
		found = http_answer_header(a, names[i]);
	return found;
}

int64_t rate_reset_ns(const struct http_answer *a, int64_t now)
{
	static const char *const names[] = {"ratelimit-reset", "x-ratelimit-reset",
		"x-rate-limit-reset", "x-ratelimit-reset-requests"};
	const char *text = first_of(a, names, ARRAY_LEN(names));
	struct err ignored = ERR_INIT;
	int64_t at = INT64_MIN, wait = INT64_MIN;
	double seconds;
	char *end;

	if (!text || !*text)
		return NONE_INT;
	seconds = strtod(text, &end);
	if (!*end && seconds >= 0 && seconds < 1e8)
		wait = (int64_t)(seconds * 1e9);
	else if (!*end && !time_parse_number(&at, seconds, text, &ignored))
		wait = at - now;
	else if (!time_parse(&at, text, &ignored) ||
		!duration_parse(&wait, text, &ignored))
		wait = at != INT64_MIN ? at - now : wait;
	err_release(&ignored);
	return wait == INT64_MIN ? NONE_INT : wait > 0 ? wait : 0;
}

static bool is_spent(const struct http_answer *a)
{
	static const char *const names[] = {
		"ratelimit-remaining", "x-ratelimit-remaining", "x-rate-limit-remaining"};
	const char *left = first_of(a, names, ARRAY_LEN(names));

	return left && !strcmp(left, "0");
}

int64_t rate_told_ns(const struct http_answer *a, int64_t now)
{
	int64_t wait = NONE_INT;

	if (a->status == 429 || a->status == 503 || (a->status == 403 && is_spent(a)))
		wait = rate_reset_ns(a, now);
	return wait > NS_PER_HOUR ? NS_PER_HOUR : wait;
}

void rate_seen(struct rate *r, const struct http_answer *a, int64_t now, int64_t now_mono)
{
	int64_t wait = a->retry_after_ns;

	if (wait == NONE_INT && is_spent(a))
		wait = rate_reset_ns(a, now);
	if (wait == NONE_INT || wait <= 0)
		return;
	if (wait > RATE_HOLD_MAX_NS)
		wait = RATE_HOLD_MAX_NS;
	if (r->hold_mono < now_mono + wait)
		r->hold_mono = now_mono + wait;
}
