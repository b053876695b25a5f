/** Messages that are used again instead of being freed; bounded in number and bytes. */
#pragma once

#include "core/msg.h"

enum { POOL_MSGS_MAX = 4096, POOL_BYTES_MAX = 8 << 20 };

/** Begin with zeros. NULL stands for no pool: malloc and free then. */
struct pool {
	struct mdl_msg *first;
	size_t n, bytes;
};

/** A message with a copy of `bytes`; NULL if out of memory or over MDL_MSG_MAX. */
struct mdl_msg *pool_make(struct pool *p, enum mdl_dir dir, mdl_time at, struct mdl_slice bytes);
/** Takes `m` back; NULL is fine. */
void pool_put(struct pool *p, struct mdl_msg *m);
void pool_fini(struct pool *p);
