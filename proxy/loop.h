/**
 * The one place that owns a uv_loop_t: clock, one timerfd, signals, flushing. Times are of the
 * monotonic clock, in ns, read once per wake.
 */
#pragma once

#include "core/err.h"
#include "core/time.h"
#include "proxy/flow.h"

struct loop;
struct uv_loop_s;

MDL_MUST mdl_err loop_new(struct loop **out, struct mdl_why *why);
/** Everything on it must be closed. False if a handle was still open: our mistake, said in tests. */
bool loop_free(struct loop *l);

/** Runs until loop_stop(), or until nothing is left to wait for. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/** One wake: waits for something to happen (not at all if `wait` is false) and handles it. */
void loop_once(struct loop *l, bool wait);

/** The time of this wake. */
mdl_time loop_now(const struct loop *l);
/** The clock as it is right now; for measuring, not for deciding. */
mdl_time loop_clock(void);
struct uv_loop_s *loop_uv(struct loop *l);
/** Room for one read, shared by all ends: LOOP_SCRATCH bytes. */
uint8_t *loop_scratch(struct loop *l);
enum { LOOP_SCRATCH = 256 << 10 };

/**
 * Busy-waits for the last `before` of every timer, for those who need it exact; 0 (the default)
 * never does.
 */
void loop_spin(struct loop *l, mdl_time before);

/** For struct flow_conf: on_touch = loop_touch, touch_ctx = the loop. Flushes and times the flow. */
void loop_touch(void *loop, struct flow *f);
/** The flow is about to be freed; called by whoever handles FLOW_CLOSED. */
void loop_forget(struct loop *l, struct flow *f);

/** A moment somebody waits for; embedded in what it serves. Begin with zeros. */
struct timer {
	mdl_time due;
	void (*fire)(struct timer *t, mdl_time now);
	size_t place; /* in the heap, from 1; 0: not set */
};
/** Sets or moves it. MDL_ENOMEM. */
MDL_MUST mdl_err loop_timer(struct loop *l, struct timer *t, mdl_time due);
void loop_timer_stop(struct loop *l, struct timer *t);

/** Calls `fn` in the loop when the signal comes, until loop_free. MDL_EIO. */
MDL_MUST mdl_err loop_signal(struct loop *l, int signum, void (*fn)(void *ctx, int signum),
			     void *ctx, struct mdl_why *why);
