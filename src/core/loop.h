/*
 * loop.h - the event loop under all roles: descriptors, timers, signals, a before-sleep hook
 *
 * One thread, one poll().  Callbacks must not block.  A callback may remove any watch or timer,
 * its own too.  Handles are positive and are not used again soon; 0 is no handle.
 */
#ifndef TOCSIN_LOOP_H
#define TOCSIN_LOOP_H

#include <stdint.h>
#include <stdbool.h>
#include <sys/types.h>

struct loop;

enum loop_events { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };

typedef void loop_fd_fn(void *ctx, int fd, unsigned events);
typedef void loop_timer_fn(void *ctx);
typedef void loop_signal_fn(void *ctx, int signal_number);
typedef void loop_hook_fn(void *ctx);
typedef void loop_child_fn(void *ctx, pid_t pid, int status);	/* status as of waitpid */

struct loop *loop_new(void);
void loop_free(struct loop *l);

/*
 * Watch fd; one watch for each descriptor, a second call changes it; events 0 removes it, which
 * must come before close().  A hang-up or error sets LOOP_HANGUP and also what is watched, so that
 * the read or write that follows tells.
 */
void loop_watch(struct loop *l, int fd, unsigned events, loop_fd_fn *fn, void *ctx);

/* Call fn once after delay_ns (clock_mono). */
unsigned loop_after(struct loop *l, int64_t delay_ns, loop_timer_fn *fn, void *ctx);
void loop_cancel(struct loop *l, unsigned timer);	/* 0 and an ended timer are fine */

/*
 * Handlers only set flags; fn runs from the loop, once for any number of signals since.  fn NULL
 * gives the signal its former action again, as loop_free() does.
 */
void loop_signal(struct loop *l, int signal_number, loop_signal_fn *fn, void *ctx);

/* fn once, when the child has ended (also before this call); the loop reaps it. */
void loop_child(struct loop *l, pid_t pid, loop_child_fn *fn, void *ctx);
void loop_forget_child(struct loop *l, pid_t pid);

/* Runs each turn, before sleeping: the place to draw.  Several run in the order they were added. */
void loop_before_sleep(struct loop *l, loop_hook_fn *fn, void *ctx);

void loop_run(struct loop *l);		/* until loop_stop(), which may come before it */
void loop_stop(struct loop *l);
bool loop_stopped(const struct loop *l);

/* One turn: what is due now, waiting at most wait_ns (0: not at all).  Number of callbacks run. */
int loop_turn(struct loop *l, int64_t wait_ns);

#endif
