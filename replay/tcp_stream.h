/**
 * One direction of a TCP connection: segments as a capture has them (doubled, late, overlapping,
 * missing) become pieces of the stream in order. Bytes that come twice are kept as they came first.
 * What never comes is passed over and counted. Pure.
 */
#pragma once

#include "core/time.h"
#include "protocols/ip_peek.h"

/** The next bytes of the stream. */
struct tcp_piece {
	struct mdl_slice bytes; /* borrowed until the call returns */
	uint64_t lost;		/* bytes that are missing in front of them; 0 almost always */
	mdl_time at;		/* of the segment they came in */
	bool push; /* the segment had PSH: the sender's write ended here, most probably */
};

struct tcp_stats {
	uint64_t segments;     /* with data */
	uint64_t retransmits;  /* of them, all of it was there already */
	uint64_t keepalives;   /* probes that repeat the last byte, or none */
	uint64_t overlaps;     /* segments with some bytes that were there already */
	uint64_t differ;       /* retransmits and overlaps with other bytes than those */
	uint64_t out_of_order; /* segments that came before bytes in front of them */
	uint64_t gaps;	       /* places where bytes are missing */
	uint64_t lost;	       /* bytes missing there */
	uint64_t cut;	       /* of them, because a snap length cut them off */
	uint64_t strays;       /* segments far outside of any window */
};

struct tcp_sink {
	/** Gets each piece. What it returns, if not MDL_OK, the call that led here returns. */
	mdl_err (*piece)(void *ctx, const struct tcp_piece *p);
	/**
	 * True if `bytes` are what the stream has, as far as that is still known, from `back` bytes
	 * before its end on. NULL: nobody remembers.
	 */
	bool (*same)(void *ctx, uint64_t back, struct mdl_slice bytes);
	void *ctx;
};

enum {
	TCP_HELD_MAX = 4 << 20, /* bytes kept out of order; with more, what misses is passed over */
	TCP_HELD_SEGMENTS = 4096,
	TCP_PATIENCE = 2,   /* packets for which acknowledged bytes may still turn up */
	TCP_STRAYS_MAX = 4, /* strays in a row: the stream goes on from there */
};

struct tcp_held; /* a segment that came early */

struct tcp_stream {
	struct tcp_sink sink;
	struct tcp_stats *stats; /* borrowed */
	struct tcp_held *held;	 /* in order, not overlapping */
	size_t held_bytes, held_n;
	uint64_t next;	    /* offset of the next byte of the stream; the first has 2^32 */
	uint64_t since_gap; /* bytes given out without a gap between them */
	uint64_t acked;	    /* offset up to which the peer has all */
	uint64_t end;	    /* offset of the FIN; UINT64_MAX until it came */
	uint64_t lost;	    /* in front of the next piece */
	uint32_t seq;	    /* sequence number of `next` */
	uint32_t start;	    /* and of the first byte */
	unsigned waiting;   /* packets since the peer acknowledged what is not here */
	unsigned strays;    /* in a row */
	bool started;	    /* `next` is known */
	bool whole;	    /* it began with a SYN, not in the middle */
};

/** Begins empty; `sink` is copied, `stats` borrowed. */
void tcp_stream_init(struct tcp_stream *s, const struct tcp_sink *sink, struct tcp_stats *stats);
void tcp_stream_fini(struct tcp_stream *s);

/** False if a SYN with this sequence number can only be of another connection. */
static inline bool tcp_stream_may_begin(const struct tcp_stream *s, uint32_t seq)
{
	return !s->started || s->start == seq + 1;
}
/**
 * Takes in a segment of this direction, with or without data; it starts the stream if nothing has.
 * MDL_ENOMEM, or what the sink returned.
 */
MDL_MUST mdl_err tcp_stream_segment(struct tcp_stream *s, const struct mdl_ip_packet *p,
				    mdl_time at);
/**
 * A packet came the other way. If it acknowledges bytes that are not here, and they do not turn up
 * soon, they are passed over. Errors as above.
 */
MDL_MUST mdl_err tcp_stream_acked(struct tcp_stream *s, const struct mdl_ip_packet *p);
/** Nothing will come any more: what was held is given out, over all gaps. Errors as above. */
MDL_MUST mdl_err tcp_stream_flush(struct tcp_stream *s);
/** Memory held for what came early. */
size_t tcp_stream_held(const struct tcp_stream *s);
/** How far `seq` is from the next byte, the short way around; the stream has to have started. */
static inline int64_t tcp_stream_distance(const struct tcp_stream *s, uint32_t seq)
{
	return (int32_t)(seq - s->seq);
}
/** True once all up to the FIN was given out. */
static inline bool tcp_stream_ended(const struct tcp_stream *s)
{
	return s->started && s->next >= s->end;
}
