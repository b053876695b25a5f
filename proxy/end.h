/**
 * An end is where a flow's bytes come from and go to: a socket, a child's pipes, a trace that plays
 * itself, a test's memory. It translates between the outside and messages, and decides nothing.
 *
 * Only flush and run may call flow_input() and its kin; the others just note what is wanted, and may
 * call no more of the flow than flow_recycle, flow_drop and flow_touch (and close: flow_end_closed).
 * A call into the flow can close the end, so an end looks at itself again afterwards.
 */
#pragma once

#include "core/msg.h"

struct end;
struct flow;

struct end_ops {
	const char *name;
	/* clang-format off */
	/** Takes `m` (ends give it back with flow_recycle) and queues it; nothing blocks. Required. */
	void     (*send)(struct end *e, struct mdl_msg *m, mdl_time now);
	/** Writes what was queued, once per wake of the loop. NULL: send() wrote already. */
	void     (*flush)(struct end *e, mdl_time now);
	/** Bytes queued and not yet written. NULL: 0. */
	size_t   (*backlog)(const struct end *e);
	/** Stops or resumes reading, because the other end is full. NULL: cannot; input then goes on. */
	void     (*pause)(struct end *e, bool on);
	/** No more will be sent: half-close behind what is queued. NULL: there is no half-close. */
	void     (*shutdown)(struct end *e, mdl_time now);
	/** When run() is wanted; flow_touch() if that changes outside of a call from the flow. NULL: never. */
	mdl_time (*due)(const struct end *e);
	void     (*run)(struct end *e, mdl_time now);
	/**
	 * Ends it, at once if `reset`, else behind what is queued; asynchronous, and may be called again, with
	 * `reset` to hurry it. Calls flow_end_closed() as its last act, after which it is gone; an end that
	 * has no flow just goes. Required.
	 */
	void     (*close)(struct end *e, bool reset, mdl_time now);
	/* clang-format on */
};

/** The first member of every end. */
struct end {
	const struct end_ops *ops;
	struct flow *flow; /* set by flow_new; NULL before */
	enum mdl_dir dir;  /* which way its input goes: MDL_C2S if it faces the client */
};

/** Closes an end that no flow has taken; NULL is fine. */
static inline void end_discard(struct end *e, mdl_time now)
{
	if (e != NULL)
		e->ops->close(e, true, now);
}
