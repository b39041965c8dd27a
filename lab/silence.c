#include "config.h"
#include "lab/silence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/digest.h"

const char *silence_state_name(enum silence_state s)
{
	static const char *const names[] = {"active", "pending", "expired"};

	return names[s];
}

enum silence_state silence_state(const struct silence *s, int64_t now)
{
	if (now >= s->ends)
		return SILENCE_EXPIRED;
	return now < s->starts ? SILENCE_PENDING : SILENCE_ACTIVE;
}

void silence_release(struct silence *s)
{
	for (size_t i = 0; i < s->n_matchers; i++)
		matcher_release(&s->matchers[i]);
	free(s->matchers);
	free(s->created_by);
	free(s->comment);
	*s = (struct silence){0};
}

void silences_release(struct silences *l)
{
	for (size_t i = 0; i < l->n; i++)
		silence_release(&l->items[i]);
	free(l->items);
	*l = (struct silences){0};
}

struct silence *silences_find(const struct silences *l, const char *id)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->items[i].id, id))
			return &l->items[i];
	return NULL;
}

/* A version 4 UUID. */
static void new_id(char id[37])
{
	unsigned char b[16];

	random_bytes(b, sizeof(b));
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(id, 37,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
		b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
		b[12], b[13], b[14], b[15]);
}

static int check(const struct silence *s, int64_t now, struct err *e)
{
	bool some = false;

	for (size_t i = 0; i < s->n_matchers; i++) {
		struct err why = ERR_INIT;

		if (matcher_check(&s->matchers[i], &why)) {
			err_set(e, ERR_INPUT,
				"silence invalid: invalid label matcher %zu: %s", i,
				why.what);
			err_release(&why);
			return -1;
		}
		if (!matcher_matches_text(&s->matchers[i], ""))
			some = true;
	}
	if (!some)
		return err_set(e, ERR_INPUT,
			"silence invalid: at least one matcher must not match the empty "
			"string");
	if (s->ends <= s->starts)
		return err_set(e, ERR_INPUT,
			"Failed to create silence: start time must be before end time");
	if (s->ends <= now)
		return err_set(e, ERR_INPUT,
			"Failed to create silence: end time can't be in the past");
	return 0;
}

static bool same_matchers(const struct silence *a, const struct silence *b)
{
	if (a->n_matchers != b->n_matchers)
		return false;
	for (size_t i = 0; i < a->n_matchers; i++)
		if (!matcher_equal(&a->matchers[i], &b->matchers[i]))
			return false;
	return true;
}

/* Starts are compared to the second: the API's clients lose the rest. */
static bool only_end_moves(
	const struct silence *old, const struct silence *s, int64_t now)
{
	return silence_state(old, now) != SILENCE_EXPIRED && same_matchers(old, s) &&
		old->starts / NS_PER_S == s->starts / NS_PER_S;
}

int silences_put_take(
	struct silences *l, struct silence *s, int64_t now, char id[37], struct err *e)
{
	struct silence *old = s->id[0] ? silences_find(l, s->id) : NULL;
	int r = -1;

	if (s->id[0] && !old) {
		err_set(e, ERR_NOT_FOUND, "silence not found");
	} else if (!check(s, now, e)) {
		s->updated = now;
		if (old && only_end_moves(old, s, now)) {
			s->starts = old->starts;
			silence_release(old);
			*old = *s;
			memcpy(id, old->id, 37);
			return 0;
		}
		if (old)
			silence_expire(old, now);
		if (s->starts < now)
			s->starts = now;
		new_id(s->id);
		memcpy(id, s->id, 37);
		*mem_push(l->items, l->n, l->cap) = *s;
		return 0;
	}
	silence_release(s);
	return r;
}

void silence_expire(struct silence *s, int64_t now)
{
	if (silence_state(s, now) == SILENCE_EXPIRED)
		return;
	s->ends = s->updated = now;
	if (s->starts > now)
		s->starts = now;
}

bool silence_covers(const struct silence *s, const struct labels *l, int64_t now)
{
	if (silence_state(s, now) != SILENCE_ACTIVE)
		return false;
	for (size_t i = 0; i < s->n_matchers; i++)
		if (!matcher_matches(&s->matchers[i], l))
			return false;
	return true;
}
