/**
 * UDP. A connected socket of its own for a client; for servers see listen.h. Reads and writes in
 * batches (recvmmsg, sendmmsg); a full socket buffer queues up to the flow's ceiling.
 */
#pragma once

#include "proxy/end.h"
#include "proxy/loop.h"

/** A socket connected to `to`, from `from` (NULL: any local address and port). MDL_EIO. */
MDL_MUST mdl_err end_udp_connect(struct loop *l, const struct mdl_inet *to,
				 const struct mdl_inet *from, struct end **out,
				 struct mdl_why *why);
