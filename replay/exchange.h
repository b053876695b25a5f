/**
 * Which message of a trace answers which: requests of one side, the answers of the other, by the
 * protocol's pair key, else by order. Also finds, for a live answer, the recorded one it stands for.
 */
#pragma once

#include "core/msg.h"
#include "protocols/protocol.h"

struct exchange;

#define EXCHANGE_NONE UINT32_MAX

/**
 * Pairs the trace, whose side `asks` sends the requests. Both are borrowed for its life. NULL if out
 * of memory.
 */
struct exchange *exchange_new(struct mdl_ctx *x, const struct mdl_trace *t, enum mdl_dir asks);
/**
 * From now on no more than one live request is open: what comes answers the one sent last, unless only
 * an older one has its key.
 */
void exchange_one_by_one(struct exchange *e);
void exchange_free(struct exchange *e); /* NULL is fine */

/** How many recorded answers request `i` has. */
uint32_t exchange_answers(const struct exchange *e, uint32_t i);
/** The `nth` recorded answer of request `i`; EXCHANGE_NONE. */
uint32_t exchange_answer(const struct exchange *e, uint32_t i, uint32_t nth);
/** The request that message `i` answers; EXCHANGE_NONE. */
uint32_t exchange_request(const struct exchange *e, uint32_t i);

/** Request `i` was sent, as `bytes`. MDL_ENOMEM. */
MDL_MUST mdl_err exchange_sent(struct exchange *e, uint32_t i, struct mdl_slice bytes,
			       mdl_time now);

/** What a live answer is. */
struct exchange_match {
	uint32_t request;  /* the message it answers; EXCHANGE_NONE: nobody asked */
	uint32_t recorded; /* the recorded answer in whose place it stands; EXCHANGE_NONE */
	mdl_time sent;	   /* when the request went out */
};

/** The live side answered with `bytes`. */
struct exchange_match exchange_got(struct exchange *e, struct mdl_slice bytes);
