/** Byte streams: TCP, unix sockets, a child's stdin and stdout. */
#pragma once

#include "proxy/end.h"
#include "proxy/loop.h"

/** Connects in the background; a refusal comes as flow_input_reset. MDL_EIO. */
MDL_MUST mdl_err end_tcp_connect(struct loop *l, const struct mdl_inet *to,
				 const struct mdl_inet *from, struct end **out,
				 struct mdl_why *why);
MDL_MUST mdl_err end_unix_connect(struct loop *l, const char *path, struct end **out,
				  struct mdl_why *why);
/**
 * Takes descriptors: `in` is read, `out` written; they may be the same. Both are made non-blocking
 * and closed with the end. On failure they stay the caller's.
 */
MDL_MUST mdl_err end_fds(struct loop *l, const char *name, int in, int out, struct end **end,
			 struct mdl_why *why);
