/** Bytes from a pipe to a function, as they come: what a child prints. */
#pragma once

#include "proxy/loop.h"

struct drain;

/**
 * Takes the descriptor, which must be non-blocking. `on_bytes` is called in the loop, with bytes it
 * must not keep. MDL_EIO, MDL_ENOMEM: the descriptor stays the caller's.
 */
MDL_MUST mdl_err drain_open(struct loop *l, int fd,
			    void (*on_bytes)(void *ctx, struct mdl_slice bytes), void *ctx,
			    struct drain **out, struct mdl_why *why);
/** Gives out what there is, closes the descriptor and frees it; NULL is fine. */
void drain_close(struct drain *d);
/** Gives out what has come by now, without waiting for the loop. */
void drain_now(struct drain *d);
