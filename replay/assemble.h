/**
 * Packets to messages and traces: fragments are joined, streams put in order, messages cut by their
 * protocol, flows told apart. What is missing in the capture is passed over, marked and counted.
 * Checksums are not looked at: a machine that captures itself sees those its network card was yet
 * to fill in. Pure: time is that of the capture.
 */
#pragma once

#include "protocols/protocol.h"
#include "replay/capture.h"
#include "replay/fragments.h"
#include "replay/tcp_stream.h"

struct assemble;

/** A flow, as far as it is known; read only. */
struct assemble_flow {
	uint64_t number;		  /* from 1, in the order of first packets */
	const struct mdl_protocol *proto; /* mdl_raw until it is known, and if it never is */
	enum mdl_carrier carrier;	  /* MDL_DGRAM or MDL_STREAM */
	struct mdl_inet client, server;
	mdl_time start;	   /* of the first message: ns since 1970 */
	uint64_t messages; /* so far */
};

struct assemble_msg {
	uint64_t number; /* in its flow, from 1 */
	enum mdl_dir dir;
	unsigned flags;		/* MDL_MSG_CUT, MDL_MSG_RAW */
	mdl_time at;		/* ns since 1970; see assemble_conf */
	struct mdl_slice bytes; /* borrowed until the callback returns */
};

struct assemble_conf {
	/** Of all flows whose carrier it knows, the others are raw. NULL: by port, else by first bytes. */
	const struct mdl_protocol *proto;
	const struct mdl_strings *settings; /* for mdl_ctx_new; borrowed */
	const char *source; /* stands in the traces: "dig.pcap flow 3"; borrowed. NULL: nothing */
	unsigned sure;	    /* of 100: how sure a guess has to be; 0: 60 */
	mdl_time idle;	    /* a flow that is quiet for longer has ended; 0: never */
	size_t max_flows;   /* with more, those that were quiet longest end; 0: 65536 */
	size_t max_bytes;   /* held for all flows; with more, the same; 0: 256 MiB */
	struct fragments_conf fragments;
	/**
	 * Gets each message as it is complete; may be NULL. `at` is when the first byte was seen,
	 * but not before that of the message in front of it in the flow. What it returns, if not
	 * MDL_OK, is returned by the call that led here.
	 */
	mdl_err (*on_message)(void *ctx, struct assemble_flow *f, const struct assemble_msg *m);
	/**
	 * Takes the trace of each flow that had messages, as the flow ends. NULL: none are kept,
	 * and what a flow costs does not grow with its messages. Result as above.
	 */
	mdl_err (*on_trace)(void *ctx, struct assemble_flow *f, struct mdl_trace *t);
	void *ctx;
};

struct assemble_stats {
	uint64_t packets;   /* that came in */
	uint64_t malformed; /* of them: no IP packet, or no whole transport header */
	uint64_t other;	    /* neither UDP nor TCP */
	uint64_t udp, tcp;
	uint64_t late; /* TCP packets for connections that have ended */
	uint64_t flows;
	uint64_t quiet;	  /* of them, without a message */
	uint64_t evicted; /* of them, ended because there was no more room */
	uint64_t messages;
	uint64_t raw; /* messages that their protocol could not frame */
	uint64_t cut; /* messages of which the capture lacks bytes */
	struct fragments_stats fragments;
	struct tcp_stats stream;
};

/** NULL if out of memory. `conf` is copied. */
struct assemble *assemble_new(const struct assemble_conf *conf);
void assemble_free(struct assemble *a); /* NULL is fine; flows that have not ended are dropped */

/**
 * Takes in an IP packet seen at `at`. MDL_ENOMEM, MDL_EINVAL (settings that a protocol refuses), or
 * what a callback returned; it is best not to go on then.
 */
MDL_MUST mdl_err assemble_packet(struct assemble *a, mdl_time at, struct mdl_slice ip);
/** The capture ends: all flows do, in the order of their numbers. Errors as above. */
MDL_MUST mdl_err assemble_finish(struct assemble *a);

struct assemble_stats assemble_stats(const struct assemble *a);
/** Memory held for flows and fragments; at most the limits and one packet. */
size_t assemble_held(const struct assemble *a);
/**
 * The flow's context, for who takes its messages apart; made when first asked for, and made anew
 * when the protocol becomes known. Valid until the callback that was given `f` returns. NULL if out
 * of memory.
 */
struct mdl_ctx *assemble_ctx(struct assemble_flow *f);

/** Appends what was found and what is missing, in one line without its end. */
MDL_MUST mdl_err assemble_say(const struct assemble_stats *s, struct mdl_buf *out);

/** The traces of a whole file. */
struct trace_list {
	struct mdl_trace **v; /* owned, in the order of first packets */
	size_t n, cap;
};

void trace_list_fini(struct trace_list *l);
/**
 * Reads the capture `path` to its end. on_trace and ctx of `conf` are replaced, on_message has to
 * be NULL; a NULL source becomes the name of the file. A file that cannot be read to its end is an
 * error, but the traces up to there are in `out` all the same. `stats` and `capture` may be NULL.
 */
MDL_MUST mdl_err assemble_file(const char *path, const struct assemble_conf *conf,
			       struct trace_list *out, struct assemble_stats *stats,
			       struct capture_stats *capture, struct mdl_why *why);
