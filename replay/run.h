/**
 * One conversation: a trace played to a live peer through a flow, until all is said and heard. What
 * was really said, by whom and when, is the result.
 */
#pragma once

#include "proxy/loop.h"
#include "replay/exchange.h"
#include "replay/player.h"

struct run_conf {
	struct loop *loop;
	struct mdl_addr to; /* udp, tcp, unix; numeric */
	const struct mdl_protocol *proto;
	const struct mdl_strings *settings; /* borrowed */
	enum player_wait wait;
	mdl_time patience;
	struct probe *fence; /* PLAYER_FENCE */
	bool refresh, eager_end;
	size_t messages_max; /* of the result; further answers are only counted; 0: 256 */
	/** Asked after every wake; true ends the conversation at once. NULL: never. */
	bool (*stop)(void *ctx);
	void *ctx;
	const struct mdl_log *log;
};

/** About one message of the result. */
struct run_said {
	uint32_t request, recorded; /* as in struct player_event */
	mdl_time latency;
};

struct run {
	struct mdl_trace *said; /* owned; moments count from its first message */
	struct run_said *info;	/* one for each message of `said` */
	size_t left_out;	/* messages over messages_max */
	enum player_outcome outcome;
	bool stopped;	 /* stop() said so */
	char reason[96]; /* why the flow ended, where it did not just end */
	mdl_time took;
};

/** Plays `t`. An error is ours (no memory, no socket); what the peer does is the result. */
MDL_MUST mdl_err run_trace(const struct run_conf *conf, const struct mdl_trace *t, struct run *out,
			   struct mdl_why *why);
void run_fini(struct run *r);
