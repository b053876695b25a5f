/**
 * Cuts one direction of a stream into messages, whatever pieces it comes in. What is not a whole
 * message yet is kept, up to a ceiling; no byte is lost when the bytes turn out not to be the
 * protocol's.
 */
#pragma once

#include "protocols/protocol.h"

struct framer {
	struct mdl_buf kept; /* the beginning of a message */
	struct mdl_slice in; /* not cut yet: lies in `kept`, or is the piece just fed */
	size_t max;
	bool borrowed; /* `in` is the piece */
};

/** A message may have `max` bytes, and so may a piece. */
void framer_init(struct framer *c, size_t max);
void framer_fini(struct framer *c);

/**
 * The next piece. It is borrowed until framer_keep(), and only copied if the beginning of a message
 * is there already. MDL_ENOMEM: it was not taken.
 */
MDL_MUST mdl_err framer_feed(struct framer *c, struct mdl_slice piece);
/**
 * The next message; it lies in the piece or in the framer, until the next call. MDL_EMORE: the rest
 * is not whole. MDL_ELIMIT: it is over the ceiling; MDL_EMALFORMED: not this protocol. Which
 * of these it is does not depend on the pieces the bytes came in.
 */
MDL_MUST mdl_err framer_next(struct framer *c, struct mdl_ctx *x, struct mdl_slice *msg);
/** Ends the loan of the piece: what is left of it is copied. MDL_ENOMEM. */
MDL_MUST mdl_err framer_keep(struct framer *c);
/** All that is left, lying where it lay; the framer cuts no more, and can only be ended. */
struct mdl_slice framer_rest(struct framer *c);
