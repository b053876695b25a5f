/**
 * What a conversation is built of, as a set of numbers: for corpora that were never played to
 * anybody, where nothing is known of what a peer makes of them.
 *
 * - the shape of each message, by direction: of which fields it is built
 * - known numbers in them, such as types and codes
 * - steps of the state graph that the answers show
 * - what is odd or malformed
 *
 * Bytes that no protocol takes apart stand for themselves.
 */
#pragma once

#include "core/msg.h"

struct shapes {
	uint64_t *v; /* owned; sorted, each once */
	size_t n, cap;
};

/** Replaces what `out`, zeroed at first, holds. MDL_ENOMEM. */
MDL_MUST mdl_err shapes_read(const struct mdl_trace *t, struct shapes *out);
void shapes_fini(struct shapes *s);
