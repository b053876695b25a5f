/**
 * A probe: a request that a living peer answers, sent again and again with a new id, so that each
 * answer is known to be that of its probe. Sent behind a message as a fence, its answer says that
 * the message has been handled, without a timeout.
 */
#pragma once

#include "protocols/protocol.h"

struct probe;

/**
 * Made of one message of the client's, with a context of its own, for what protocols remember. Its id is the first field that the peer echoes; without one
 * the probe is always the same. MDL_ENOMEM.
 */
MDL_MUST mdl_err probe_new(const struct mdl_protocol *proto, const struct mdl_strings *settings,
			   struct mdl_slice bytes, struct probe **out);
void probe_free(struct probe *p); /* NULL is fine */

/**
 * The bytes of probe `n`; valid until the next call. `before` is the message it is sent behind, if any:
 * the id is another one than that message's, so that no answer to it is taken for the probe's.
 */
struct mdl_slice probe_bytes(struct probe *p, uint64_t n, struct mdl_slice before);
/** Is this the answer to the probe whose bytes were given last? */
bool probe_answered(struct probe *p, struct mdl_slice answer);
