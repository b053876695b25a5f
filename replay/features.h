/**
 * What a conversation taught us of the peer, as a small set of numbers. A number that was never seen
 * before is what makes a case worth keeping; how often each was seen says what is rare.
 *
 * - the observe code of an answer, alone and as the answer to that kind of request
 * - the shape of an answer: of which fields it is built
 * - how many answers a request had
 * - how the conversation ended
 * - classes of latency, from 64 ms on, doubling
 */
#pragma once

#include "replay/run.h"

enum {
	FEATURES_MAX = 64,
	STEPS_MAX = 32,
	STATE_START = 0,	   /* before anything was said */
	STATE_SILENT = 0x7ffffffe, /* a request that got no answer */
	STATE_ENDED = 0x7ffffffd,  /* the peer ended the conversation early */
};

struct features {
	uint32_t v[FEATURES_MAX]; /* in the order they were met, none twice */
	unsigned n;
	uint32_t step[STEPS_MAX]; /* states in order, from the first answer on */
	unsigned n_steps;
	unsigned depth;		  /* the deepest layer any answer shows, see mdl_protocol.depth */
	uint32_t slowest_ms;	  /* latency of the slowest answer */
	unsigned answers, silent; /* requests that got an answer, and that did not */
};

/** Reads the conversation. MDL_ENOMEM. */
MDL_MUST mdl_err features_read(struct mdl_ctx *x, const struct run *r, struct features *out);
