/** Which bytes of a changed message are not those of the message it was made of. */
#pragma once

#include "core/msg.h"

enum { LIKE_SAME = 0, LIKE_CHANGED = 1, LIKE_GAP = 2 };

/**
 * Fills `mark` (one for each byte of `now`): LIKE_CHANGED for bytes that are new or different, LIKE_GAP
 * or-ed in where bytes of `was` are gone in front of this one. Long messages are compared more coarsely.
 * MDL_ENOMEM.
 */
MDL_MUST mdl_err like_mark(struct mdl_slice was, struct mdl_slice now, uint8_t *mark);

enum { LIKE_NONE = UINT32_MAX, LIKE_MSGS = 64 };
/**
 * For each of the first LIKE_MSGS messages of `now` that go `dir` (others: LIKE_NONE), the message of
 * `was` it was probably made of, in an order that both keep; LIKE_NONE: of none. Fills `out`, which has
 * now->n places.
 */
void like_match(const struct mdl_trace *was, const struct mdl_trace *now, enum mdl_dir dir,
		uint32_t *out);
