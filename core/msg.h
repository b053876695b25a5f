/** A message: one protocol unit, one way, at one moment. A trace: the messages of one flow. */
#pragma once

#include "core/addr.h"
#include "core/buf.h"
#include "core/time.h"

enum mdl_dir { MDL_C2S, MDL_S2C };

static inline enum mdl_dir mdl_dir_other(enum mdl_dir d)
{
	return d == MDL_C2S ? MDL_S2C : MDL_C2S;
}

/** What carries the bytes. A datagram or packet is a message; a stream has to be cut into them. */
enum mdl_carrier {
	MDL_DGRAM = 1,	/* UDP */
	MDL_STREAM = 2, /* TCP, TLS, unix, pipe */
	MDL_PACKET = 4, /* IP packets */
};
const char *mdl_carrier_text(enum mdl_carrier c);

enum { MDL_MSG_MAX = 16 << 20 }; /* ceiling of one message */

enum mdl_msg_flag {
	MDL_MSG_CUT = 1,  /* the capture lacks bytes of it (snaplen, loss) */
	MDL_MSG_RAW = 2,  /* the protocol could not frame it: bytes as they came */
	MDL_MSG_MADE = 4, /* not in the original: made or changed by us */
};

/** Exactly one owner at a time: a flow, the stage that took it, or a trace. */
struct mdl_msg {
	struct mdl_buf bytes;
	enum mdl_dir dir;
	unsigned flags;	      /* enum mdl_msg_flag */
	mdl_time at;	      /* in a trace: since its first message; in a flow: since the epoch */
	struct mdl_msg *next; /* for the owner's queue */
	size_t charge;	      /* for the owner's accounts; 0 when made */
};

/** A copy of `bytes` as a message; NULL if out of memory or over MDL_MSG_MAX. */
struct mdl_msg *mdl_msg_new(enum mdl_dir dir, mdl_time at, struct mdl_slice bytes);
struct mdl_msg *mdl_msg_copy(const struct mdl_msg *m);
void mdl_msg_free(struct mdl_msg *m); /* NULL is fine */

enum { MDL_PROTO_NAME = 16, MDL_SOURCE_TEXT = 256 };

struct mdl_trace {
	char proto[MDL_PROTO_NAME]; /* name of the protocol; "raw" if unknown */
	enum mdl_carrier carrier;
	struct mdl_inet client, server;
	mdl_time start;		      /* of the first message: ns since 1970, 0 if unknown */
	char source[MDL_SOURCE_TEXT]; /* where it came from, for people */
	struct mdl_msg **v;	      /* owned */
	size_t n, cap;
};

/** An empty raw datagram trace; NULL if out of memory. */
struct mdl_trace *mdl_trace_new(void);
struct mdl_trace *mdl_trace_copy(const struct mdl_trace *t);
void mdl_trace_free(struct mdl_trace *t); /* NULL is fine */

/** Puts `m` at place `at` (at most n). Takes `m` on success only. */
MDL_MUST mdl_err mdl_trace_insert(struct mdl_trace *t, size_t at, struct mdl_msg *m);
/** Appends a copy of `bytes`. */
MDL_MUST mdl_err mdl_trace_add(struct mdl_trace *t, enum mdl_dir dir, mdl_time at,
			       struct mdl_slice bytes);
/** Takes the message out; it is the caller's now. */
struct mdl_msg *mdl_trace_take(struct mdl_trace *t, size_t at);
/** Number of messages that go `dir`. */
size_t mdl_trace_count(const struct mdl_trace *t, enum mdl_dir dir);
/** Bytes of all messages. */
size_t mdl_trace_bytes(const struct mdl_trace *t);
/**
 * What the trace says, in one number: protocol, carrier, directions and bytes; not times,
 * addresses or source. Content-addressed names are made of it.
 */
uint64_t mdl_trace_hash(const struct mdl_trace *t);
