/**
 * The one place that owns a uv_loop_t: clock, one timerfd, signals, flushing. Times are of the
 * monotonic clock, in ns, read once per wake.
 *
 * A wake: sockets are read and flows get their input; then whatever is due runs; then every flow that
 * was touched writes, all of it at once. Flows touched by that are seen to in the same wake.
 */
#pragma once

#include "core/err.h"
#include "core/time.h"
#include "proxy/flow.h"
#include "proxy/timers.h"

struct batch;
struct loop;
struct uv_loop_s;

/**
 * SIGPIPE is ignored from now on in the whole process, and SIGCHLD is not, or the exits of children
 * would be lost. MDL_ENOMEM, MDL_EIO.
 */
MDL_MUST mdl_err loop_new(struct loop **out, struct mdl_why *why);
/**
 * Everything on it must be closed, though not yet gone. False if something was not: our mistake,
 * said in tests; the loop is then leaked, since somebody still points to it.
 */
bool loop_free(struct loop *l); /* NULL is fine */

/** Runs until loop_stop(), or until nothing is left to wait for. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/** One wake: waits for something to happen (not at all if `wait` is false) and handles it. */
void loop_once(struct loop *l, bool wait);

/** The time of this wake. */
mdl_time loop_now(struct loop *l);
/** The clock as it is right now; for measuring, not for deciding. */
mdl_time loop_clock(void);
struct uv_loop_s *loop_uv(struct loop *l);
/** Room for one read, shared by all ends: LOOP_SCRATCH bytes, good until the next read. */
uint8_t *loop_scratch(struct loop *l);
enum { LOOP_SCRATCH = 64 << 10 };
/** Room for a batch of datagrams, shared like the scratch, which is part of it. */
struct batch *loop_batch(struct loop *l);

/**
 * Does not sleep for the last `before` of every timer, for those who need it exact, but looks at the
 * clock and the sockets in turn; 0 (the default) sleeps always.
 */
void loop_spin(struct loop *l, mdl_time before);

/** For struct flow_conf: flushes and times flows, and shares messages between them. */
const struct flow_host *loop_host(struct loop *l);

/** Sets or moves a timer; see timers.h. It keeps the loop running. */
void loop_timer(struct loop *l, struct timer *t, mdl_time due);
void loop_timer_stop(struct loop *l, struct timer *t); /* harmless if it is not set */

/** Calls `fn` in the loop when the signal comes, until loop_free. MDL_ENOMEM, MDL_EIO. */
MDL_MUST mdl_err loop_signal(struct loop *l, int signum, void (*fn)(void *ctx, int signum),
			     void *ctx, struct mdl_why *why);
