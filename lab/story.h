/*
 * story.h - agent sessions: what happened in each, step by step
 *
 * A session is kept as a few numbers; its traces and observations are told again from them
 * whenever somebody asks, always the same.
 */
#ifndef LAB_STORY_H
#define LAB_STORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/clock.h"
#include "lab/scenario.h"
#include "lab/storybook.h"

struct talk {
	int64_t				number;	/* from 1 */
	const struct lab_service_conf	*service;
	const struct storybook		*book;
	int64_t				started;
	int64_t				version, prompt_version;	/* that served it */
	enum plot			plot;
	uint64_t			seed;
};

#define TALKS_MAX 6000
#define TALK_MAX_NS (10 * NS_PER_MIN)	/* none lasts longer */

struct talks {
	struct talk	*items;	/* owned, by start */
	size_t		n, cap;
	int64_t		count;
};

void talks_release(struct talks *t);
void talks_add(struct talks *t, struct talk talk);	/* numbers it; full: the oldest tenth goes */
const struct talk *talks_find(const struct talks *t, int64_t number);	/* NULL: none, or gone */

/* Texts live in the arena or the story; NULL and 0: none. */
struct obs {
	const char	*id, *trace, *parent;
	const char	*type;		/* AGENT, GENERATION, TOOL ... */
	const char	*name;
	const char	*input, *output;	/* text, or JSON as text */
	const char	*error;
	const char	*model;
	int64_t		start, end, first_token;
	int64_t		input_tokens, cached_tokens, output_tokens;
	double		input_usd, output_usd;
	bool		prompt;
};

struct told_trace {
	const char	*id;
	size_t		first, n;	/* of its observations; the first is the root */
	double		usd;
};

struct told {
	const char		*id, *user;
	const struct talk	*talk;
	struct told_trace	*traces;
	size_t			n_traces, cap_traces;
	struct obs		*obs;
	size_t			n_obs, cap_obs;
	int64_t			start, end;
};

void story_tell(struct told *out, struct arena *a, const struct talk *t);

/* The session's number in "chat-000042", and in the id of one of its traces; 0: neither. */
int64_t story_session_number(const char *session_id);
int64_t story_trace_number(const char *trace_id);

#endif
