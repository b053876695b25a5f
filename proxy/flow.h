/**
 * A flow is two ends with stages between them: everything the product does is messages going
 * through one. Pure: time is handed in, sockets are the ends' affair.
 *
 *     client end --[ stage | stage | stage ]-- server end
 */
#pragma once

#include "core/log.h"
#include "protocols/protocol.h"
#include "proxy/end.h"
#include "proxy/stage.h"

enum {
	FLOW_HIGH = 1 << 20,	    /* an end with more queued pauses the opposite one */
	FLOW_LOW = 256 << 10,	    /* with less, it goes on */
	FLOW_QUEUE_MAX = 8 << 20,   /* over this a stream is closed and a datagram dropped */
	FLOW_PENDING_MAX = 1 << 20, /* a stream message longer than this degrades the flow to raw */
	FLOW_STAGES_MAX = 16
};

struct flow_stats {
	uint64_t msgs[2], bytes[2]; /* that came in, by direction */
	uint64_t sent[2];	    /* messages that were given to the other end */
	uint64_t dropped[2];	    /* by stages, or because a queue was full */
	bool degraded;		    /* framing failed at some point */
};

struct flow_conf {
	const struct mdl_protocol *proto; /* NULL: guess from the first bytes */
	enum mdl_carrier carrier;
	const struct mdl_strings *settings; /* for mdl_ctx_new; borrowed */
	uint64_t id;			    /* for logs, and to fork the flow's chance */
	struct mdl_rng rng;		    /* parent stream; the flow forks ("flow", id) */
	const struct mdl_log *log;	    /* borrowed; NULL is fine */
	size_t queue_max;		    /* 0: FLOW_QUEUE_MAX */
	/** Told of every event; may be NULL. At FLOW_CLOSED the flow is freed when this returns. */
	void (*on_event)(void *ctx, struct flow *f, enum flow_event ev, enum mdl_dir dir,
			 mdl_time now);
	/** Told that something happened, so that flush and due are wanted soon; the loop's. May be NULL. */
	void (*on_touch)(void *ctx, struct flow *f);
	void *ctx, *touch_ctx;
};

/**
 * Takes both ends and the stages on success; on failure they stay with the caller. `client` faces
 * the client: its input goes MDL_C2S and leaves through `server`. MDL_ENOMEM, MDL_EINVAL.
 */
MDL_MUST mdl_err flow_new(const struct flow_conf *conf, struct end *client, struct end *server,
			  struct stage *const *stages, size_t n_stages, mdl_time now,
			  struct flow **out, struct mdl_why *why);
/** Closes both ends; the flow frees itself when both are gone. Twice is harmless. */
void flow_close(struct flow *f, bool reset, mdl_time now);

/* ---- for ends ---- */

/** Bytes came: a datagram, or a piece of a stream. They are copied. */
void flow_input(struct flow *f, enum mdl_dir dir, struct mdl_slice bytes, mdl_time now);
/** A whole message came (from a player, say); the flow takes it. */
void flow_input_msg(struct flow *f, struct mdl_msg *m, mdl_time now);
/** The side will send no more; it passes on behind what is under way. */
void flow_input_end(struct flow *f, enum mdl_dir dir, mdl_time now);
/** The side broke off or failed; the flow closes with a reset. */
void flow_input_reset(struct flow *f, enum mdl_dir dir, const char *reason, mdl_time now);
/** The end's queue became shorter. */
void flow_drained(struct flow *f, enum mdl_dir dir, mdl_time now);
/** The end is gone; the last thing it ever says. */
void flow_end_closed(struct flow *f, enum mdl_dir dir, mdl_time now);
/** A message's struct goes back to the flow's pool. */
void flow_recycle(struct flow *f, struct mdl_msg *m);
/** A message from the pool; NULL if out of memory. */
struct mdl_msg *flow_make(struct flow *f, enum mdl_dir dir, mdl_time at, struct mdl_slice bytes);
/** Tells the loop that this flow wants attention. */
void flow_touch(struct flow *f);

/* ---- for stages ---- */

/** The message goes on behind the stage that took it. */
void flow_resume(struct flow *f, struct stage *s, struct mdl_msg *m, mdl_time now);
/** The protocol's context, for stages that read fields; x->dir is the caller's to set. */
struct mdl_ctx *flow_ctx(struct flow *f);

/* ---- for the loop, and for tests by hand ---- */

/** When flow_run() is wanted; MDL_NEVER. */
mdl_time flow_due(const struct flow *f);
void flow_run(struct flow *f, mdl_time now);
/** Both ends write what was queued. */
void flow_flush(struct flow *f, mdl_time now);

const struct flow_stats *flow_stats(const struct flow *f);
const struct mdl_protocol *flow_proto(const struct flow *f);
uint64_t flow_id(const struct flow *f);
struct end *flow_end(struct flow *f, enum mdl_dir dir); /* NULL once it is gone */
