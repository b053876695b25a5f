/**
 * Pieces of a stream to messages, one direction: the protocol's frame says where each ends. Where
 * bytes are missing, the message they miss in is marked, and the next place where a segment begins
 * and the protocol can begin is taken for a message's begin again. What cannot be framed is given
 * out raw; nothing is left out. Pure.
 */
#pragma once

#include "protocols/protocol.h"
#include "replay/tcp_stream.h"

struct cutter_msg {
	struct mdl_slice bytes; /* borrowed until the call returns */
	unsigned flags;		/* MDL_MSG_CUT, MDL_MSG_RAW */
	mdl_time at;		/* of the segment its first byte came in */
};

struct cutter_sink {
	/** Gets each message. What it returns, if not MDL_OK, the call that led here returns. */
	mdl_err (*message)(void *ctx, const struct cutter_msg *m);
	void *ctx;
};

enum {
	CUTTER_RAW_MAX = 64 << 10,    /* raw bytes without an end are given out in such parts */
	CUTTER_HISTORY = 16 << 10,    /* bytes remembered to compare with what comes again */
	CUTTER_UNKNOWN_MAX = 4 << 10, /* bytes kept while the protocol is not known */
};

enum cutter_state {
	CUTTER_WAITING, /* for the protocol */
	CUTTER_FRAMING,
	CUTTER_LOST, /* looking for the begin of a message */
	CUTTER_RAW,
};

struct cutter_mark; /* where a piece begins */

struct cutter {
	struct cutter_sink sink;
	struct mdl_ctx *x; /* borrowed; NULL while waiting */
	enum mdl_dir dir;
	enum cutter_state state;
	bool after_gap;	   /* bytes are missing in front of what comes next */
	bool degraded;	   /* raw because framing failed */
	struct mdl_buf in; /* history, then what is pending */
	size_t pos;	   /* where pending bytes begin */
	size_t probe;	   /* LOST: the place that is looked at */
	size_t scan;	   /* the first mark that was not looked at */
	size_t retry;	   /* pending bytes with which framing is worth another try */
	struct cutter_mark *marks;
	size_t n_marks, cap_marks;
	size_t mark; /* the one that `pos` lies behind */
	size_t gap;  /* the next one with a gap in front of it; n_marks if there is none */
};

void cutter_init(struct cutter *c, const struct cutter_sink *sink);
void cutter_fini(struct cutter *c);

/**
 * Takes in the next piece and gives out what is whole. While waiting it only remembers; the caller
 * sees to it that this is not much (CUTTER_UNKNOWN_MAX). MDL_ENOMEM, or what the sink returned.
 */
MDL_MUST mdl_err cutter_add(struct cutter *c, const struct tcp_piece *p);
/**
 * The protocol is known: frames what is pending. `x` is borrowed and has to be of a stream;
 * `inside` if the first byte may be in the middle of a message. Errors as above.
 */
MDL_MUST mdl_err cutter_use(struct cutter *c, struct mdl_ctx *x, enum mdl_dir dir, bool inside);
/** The other side speaks: what is pending raw is a message of its own. Errors as above. */
MDL_MUST mdl_err cutter_turn(struct cutter *c);
/**
 * Nothing will come any more. What is pending is given out; `whole`: the sender ended here, so that
 * it is not cut. Errors as above.
 */
MDL_MUST mdl_err cutter_flush(struct cutter *c, bool whole);

/** Bytes in front, up to a gap; for who wants to know the protocol. */
struct mdl_slice cutter_pending(const struct cutter *c);
/** True unless bytes that are still known differ from those `back` bytes before the end. */
bool cutter_same(const struct cutter *c, uint64_t back, struct mdl_slice bytes);
/** Memory in use. */
size_t cutter_held(const struct cutter *c);
