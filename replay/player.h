/**
 * An end that speaks one side of a trace: it paces, waits for the peer where the trace did, and puts
 * values that the live peer gave into messages that have to echo them.
 */
#pragma once

#include "protocols/protocol.h"
#include "proxy/end.h"
#include "replay/probe.h"

enum player_wait {
	PLAYER_CLOCK,	/* only the moments of the trace decide */
	PLAYER_ANSWERS, /* before a message of ours, what the peer had said before it */
	PLAYER_FENCE /* behind each message of ours a fence; the next one when that is answered */
};

enum player_outcome {
	PLAYER_DONE,   /* all was said, and heard as far as it came */
	PLAYER_CLOSED, /* the peer closed before all was said */
	PLAYER_RESET,  /* the peer broke off or could not be reached */
	PLAYER_STUCK   /* a fence was not answered in time */
};
const char *player_outcome_text(enum player_outcome o);

/** Something that was said. */
struct player_event {
	const struct mdl_msg *m; /* as it went out or came in; borrowed */
	uint32_t request; /* place in the trace: of the message itself if it is ours, of the request
			      it answers if it is the peer's; EXCHANGE_NONE: nobody asked */
	uint32_t recorded; /* the peer's: the recorded answer it stands for; EXCHANGE_NONE */
	mdl_time latency;  /* the peer's: since the request went out */
};

struct player_conf {
	const struct mdl_trace *trace; /* borrowed until the end is closed */
	struct mdl_ctx *x;	       /* borrowed */
	enum mdl_dir side;	       /* whose messages we say */
	enum player_wait wait;
	bool paced; /* moments of the trace count, from `start` on the loop's clock */
	mdl_time start;
	mdl_time patience;   /* how long to wait for an answer, a fence, the peer's end */
	struct probe *fence; /* PLAYER_FENCE; borrowed */
	bool refresh;	     /* clocks, nonces and seals of untouched messages are made new */
	bool eager_end;	 /* half-close a stream behind our last message, not behind its answers */
	unsigned window; /* requests that may be open at once, beside `wait`; 0: any number */
	unsigned burst;	 /* messages handed on at once when nothing holds them; 0: 64 */
	void (*on_event)(void *ctx, const struct player_event *ev, mdl_time now); /* may be NULL */
	void (*on_done)(void *ctx, enum player_outcome o, mdl_time now);	  /* once */
	void *ctx;
};

/** NULL if out of memory. The flow that takes it closes and frees it. */
struct end *player_new(const struct player_conf *conf);
