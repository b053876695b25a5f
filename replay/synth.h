/**
 * Traces as packets: what a capture of them would have looked like, with right addresses, sequence
 * numbers, lengths and checksums. Pure, and the same each time.
 */
#pragma once

#include "core/msg.h"

struct synth_packet {
	mdl_time at;
	struct mdl_slice ip; /* borrowed until the sink returns */
	size_t length;	     /* more than `ip` holds if the message did not fit */
	/** The message that begins in this packet; NULL: none does. */
	const struct mdl_msg *begins;
};

/** Takes one packet after the other; what it returns, if not MDL_OK, ends the work. */
typedef mdl_err synth_sink(void *ctx, const struct synth_packet *p);

/**
 * Gives the packets of `t` to `sink`. Datagrams go one a message; what does not fit into UDP's
 * 65535 bytes is cut. Streams become a TCP connection: handshake, segments of at most 1400 bytes,
 * an acknowledgement behind each message, an orderly end. Messages of packets are given as they
 * are. Times are those of the messages. Where an address is missing, or the two are of different
 * families, documentation addresses (RFC 5737) stand in. MDL_ENOMEM, or what the sink returned.
 */
MDL_MUST mdl_err synth_trace(const struct mdl_trace *t, synth_sink *sink, void *ctx);
