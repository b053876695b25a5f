/**
 * Values that the peer chooses and we have to repeat. A recorded message answers what the peer gave
 * then; played to a live peer it has to answer what that one gives now. Field tables say which
 * fields are given and which are echoes.
 */
#pragma once

#include "protocols/protocol.h"

struct bind; /* what recorded values have become */

struct bind *bind_new(void);	/* NULL if out of memory */
void bind_free(struct bind *b); /* NULL is fine */
void bind_clear(struct bind *b);

/** The peer said `live` where it had said `recorded`: remembers each given value. MDL_ENOMEM. */
MDL_MUST mdl_err bind_learn(struct bind *b, const struct mdl_fields *recorded_index,
			    struct mdl_slice recorded, const struct mdl_fields *live_index,
			    struct mdl_slice live);
/**
 * Puts live values into the echo fields of a message of ours; `*changed` says whether any was put.
 * Lengths and seals are the caller's to repair. MDL_ENOMEM, MDL_ELIMIT.
 */
MDL_MUST mdl_err bind_apply(const struct bind *b, struct mdl_buf *msg, struct mdl_fields *index,
			    bool *changed);
