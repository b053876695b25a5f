/**
 * Byte streams: TCP, unix sockets, a child's stdin and stdout. Messages are written together, what
 * does not fit waits, and reading stops while the other side of the flow is full. A graceful close
 * sends what is queued and then waits for the peer's own end, both together no longer than
 * STREAM_LINGER: closing on bytes that were not read would take from the peer what it has not read.
 *
 * A peer that can be written to no more is still read to its end: TCP peers often answer and reset,
 * programs answer and close their input.
 */
#pragma once

#include "proxy/end.h"
#include "proxy/loop.h"

#define STREAM_LINGER (2 * MDL_SEC)

/**
 * Connects in the background: a refusal comes as flow_input_reset ("Connection refused"), one that
 * is known at once is MDL_EIO. The flow must be made before the loop runs again. MDL_ENOMEM.
 */
MDL_MUST mdl_err end_tcp_connect(struct loop *l, const struct mdl_inet *to,
				 const struct mdl_inet *from, struct end **out,
				 struct mdl_why *why);
MDL_MUST mdl_err end_unix_connect(struct loop *l, const char *path, struct end **out,
				  struct mdl_why *why);
/**
 * Takes descriptors: `in` is read, `out` written; they may be the same. Both are made non-blocking
 * and closed with the end. On failure they stay the caller's. `name` stands in complaints. MDL_EIO;
 * MDL_EINVAL for files, which cannot be waited for; MDL_ENOMEM.
 */
MDL_MUST mdl_err end_fds(struct loop *l, const char *name, int in, int out, struct end **end,
			 struct mdl_why *why);
/**
 * The same for one connected socket; `gone` (NULL: nobody) is called when the end has closed it, just
 * before flow_end_closed.
 */
MDL_MUST mdl_err end_socket(struct loop *l, const char *name, int fd, void (*gone)(void *ctx),
			    void *ctx, struct end **end, struct mdl_why *why);
