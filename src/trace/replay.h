/*
 * replay.h - a cursor over the steps of a session
 *
 * A step is one span, in the order in which they started: step i is node tree->order[i].  The
 * totals are of the steps up to and with the present one.
 */
#ifndef TOCSIN_REPLAY_H
#define TOCSIN_REPLAY_H

#include <stdbool.h>

#include "trace/tree.h"

enum replay_seek {
	SEEK_NONE,
	SEEK_ERROR, SEEK_TOOL, SEEK_LLM, SEEK_HANDOFF, SEEK_AGENT, SEEK_RETRIEVAL,
	SEEK_KINDS,
};

struct replay {
	const struct tree		*tree;		/* borrowed */
	const struct price_table	*prices;	/* borrowed, or NULL */
	size_t		step;
	struct usage	so_far;		/* 0 and up: sums of what is known */
	size_t		errors;		/* so far */
	bool		playing;
	double		speed;		/* 1 to 50 */
	int64_t		idle_cap_ns;	/* waits between two steps are cut to this */
	int64_t		waited_ns;	/* session time played since the present step began */
};

/* At step 0, speed 1, waits cut to 2 s. */
void replay_init(struct replay *r, const struct tree *t, const struct price_table *prices);

size_t replay_node(const struct replay *r);		/* the present step's node */
int64_t replay_elapsed(const struct replay *r);		/* ns since the session began */

/* Each returns true when the step moved; they stop at the ends. */
bool replay_to(struct replay *r, size_t step);
bool replay_step(struct replay *r, int by);
bool replay_jump(struct replay *r, enum replay_seek what, int direction);

/* Next step (direction 1 or -1) whose name, tool, model, agent, error, input or output has text. */
bool replay_find(struct replay *r, const char *text, int direction);

void replay_speed(struct replay *r, double speed);	/* clamped to 1..50 */
void replay_play(struct replay *r, bool playing);

/* Let elapsed_ns of real time pass; true when the step moved.  Stops playing at the end. */
bool replay_tick(struct replay *r, int64_t elapsed_ns);

/* Real ns until the next step is due; INT64_MAX: not playing.  For the loop's timer. */
int64_t replay_due(const struct replay *r);

#endif
