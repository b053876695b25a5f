/**
 * A flow is two ends with stages between them: everything the product does is messages going
 * through one. Pure: time is handed in, sockets are the ends' affair.
 *
 *     client end --[ stage | stage | stage ]-- server end
 *
 * Ends, stages and callbacks may call back into the flow, flow_close() included, whenever the
 * contracts of end.h and stage.h let them. A flow frees itself when both of its ends are gone, never
 * while one of its functions is still running.
 */
#pragma once

#include "core/log.h"
#include "protocols/protocol.h"
#include "proxy/end.h"
#include "proxy/pool.h"
#include "proxy/stage.h"
#include "proxy/timers.h"

enum {
	FLOW_QUEUE_MAX = 8 << 20,   /* default of queue_max */
	FLOW_HIGH = 8,		    /* a queue of queue_max / 8 pauses the end that fills it */
	FLOW_LOW = 32,		    /* with queue_max / 32 it goes on */
	FLOW_PENDING_MAX = 1 << 20, /* a stream message longer than this degrades the flow to raw */
	FLOW_STAGES_MAX = 16,
	FLOW_GUESS = 60 /* a guess at the protocol has to be this sure */
};

struct flow_stats {
	uint64_t msgs[2], bytes[2]; /* that came in, by direction */
	uint64_t sent[2];	    /* messages that were given to the other end */
	uint64_t dropped[2];	    /* by stages, because a queue was full, or could not be sent */
	bool degraded;		    /* framing failed at some point */
};

/** Who times and flushes flows, and what flows share there: the loop. */
struct flow_host {
	/** The flow wants flow_flush() soon, and to be asked when it is due. */
	void (*touch)(void *ctx, struct flow *f);
	/** The flow is about to be freed. */
	void (*forget)(void *ctx, struct flow *f);
	void *ctx;
	struct pool *pool;
};

/** What a host notes about a flow. */
struct flow_seat {
	struct timer timer; /* the first member */
	struct flow *flow;
	struct flow_seat *prev, *next;
	bool touched;
};

struct flow_conf {
	const struct mdl_protocol *proto; /* NULL: guess from the first bytes */
	enum mdl_carrier carrier;
	bool whole_messages; /* always cut streams into messages, even if no stage looks at them */
	const struct mdl_strings *settings; /* for mdl_ctx_new; borrowed */
	uint64_t id;			    /* for logs, and to fork the flow's chance */
	struct mdl_rng rng;		    /* parent stream; the flow forks ("flow", id) */
	const struct mdl_log *log;	    /* borrowed; NULL is fine */
	/**
	 * Bytes that may wait in one direction, in stages and in the end's queue. Over this a stream is
	 * closed and a datagram dropped. 0: FLOW_QUEUE_MAX.
	 */
	size_t queue_max;
	const struct flow_host *host; /* borrowed; NULL: nobody, for tests by hand */
	/** Told of every event, after the stages; may be NULL. At FLOW_CLOSED the flow is freed when
	 *  this returns. */
	void (*on_event)(void *ctx, struct flow *f, enum flow_event ev, enum mdl_dir dir,
			 mdl_time now);
	void *ctx;
};

/**
 * Takes both ends and the stages on success; on failure they stay with the caller. `client` faces
 * the client: its input goes MDL_C2S and leaves through `server`. Calls nothing back: FLOW_OPENED
 * comes with the first call into the flow. MDL_ENOMEM, MDL_EINVAL.
 */
MDL_MUST mdl_err flow_new(const struct flow_conf *conf, struct end *client, struct end *server,
			  struct stage *const *stages, size_t n_stages, mdl_time now,
			  struct flow **out, struct mdl_why *why);
/**
 * Closes both ends, at once if `reset`, else behind what they have queued; the flow frees itself
 * when both are gone. May be called again, with `reset` to hurry it. `reason` (NULL: none) is kept
 * if it is the first.
 */
void flow_close(struct flow *f, bool reset, const char *reason, mdl_time now);

/* ---- for ends ---- */

/** Bytes came: a datagram, or a piece of a stream. They are copied. */
void flow_input(struct flow *f, enum mdl_dir dir, struct mdl_slice bytes, mdl_time now);
/** A whole message came (from a player, say); the flow takes it. */
void flow_input_msg(struct flow *f, struct mdl_msg *m, mdl_time now);
/** The side will send no more; it passes on behind what is under way. */
void flow_input_end(struct flow *f, enum mdl_dir dir, mdl_time now);
/** The side broke off or failed; the flow closes with a reset. */
void flow_input_reset(struct flow *f, enum mdl_dir dir, const char *reason, mdl_time now);
/** The end that faces `dir` is gone; the last thing it ever says. */
void flow_end_closed(struct flow *f, enum mdl_dir dir, mdl_time now);
/**
 * Asks the host for flow_flush(), soon: there is room to write again, the queue became shorter, or
 * the end is due at another time.
 */
void flow_touch(struct flow *f);

/* ---- messages, for ends and stages ---- */

/** A message of the pool; NULL if out of memory. */
struct mdl_msg *flow_make(struct flow *f, enum mdl_dir dir, mdl_time at, struct mdl_slice bytes);
/** A message goes back to the pool; one that a stage held is forgotten too. */
void flow_recycle(struct flow *f, struct mdl_msg *m);
/** The same for one that did not arrive: it is counted. */
void flow_drop(struct flow *f, struct mdl_msg *m);

/* ---- for stages ---- */

/** The stage keeps `m`, which it made, and resumes it later: as if it had taken it. */
void flow_hold(struct flow *f, struct mdl_msg *m);
/** The message goes on behind the stage that held or made it. */
void flow_resume(struct stage *s, struct mdl_msg *m, mdl_time now);
/** The protocol's context, for stages that read fields; x->dir is the caller's to set. */
struct mdl_ctx *flow_ctx(struct flow *f);

/* ---- for the host, and for tests by hand ---- */

/** When flow_run() is wanted; MDL_NEVER. */
mdl_time flow_due(const struct flow *f);
void flow_run(struct flow *f, mdl_time now);
/** Both ends write what was queued, and whoever waits for room goes on. */
void flow_flush(struct flow *f, mdl_time now);
struct flow_seat *flow_seat(struct flow *f);

/* ---- questions ---- */

const struct flow_stats *flow_stats(const struct flow *f);
const struct mdl_protocol *flow_proto(const struct flow *f);
uint64_t flow_id(const struct flow *f);
/** Why it was closed; "" if it just ended, or has not. */
const char *flow_reason(const struct flow *f);
struct end *flow_end(struct flow *f, enum mdl_dir dir); /* NULL once it is gone */
