/**
 * UDP. A connected socket of its own for a client; for servers see listen.h. Reads and writes in
 * batches (recvmmsg, sendmmsg); a full socket buffer queues up to the flow's ceiling. A datagram that
 * the kernel will not send for its length is dropped and counted. Other errors, such as the ICMP
 * answer of a port where nobody listens, reset the flow ("Connection refused"): who wants to go on
 * makes a new one.
 */
#pragma once

#include "proxy/end.h"
#include "proxy/loop.h"

/**
 * A socket connected to `to`, from `from` (NULL: any local address and port). The flow must be made
 * before the loop runs again. MDL_EIO, MDL_ENOMEM.
 */
MDL_MUST mdl_err end_udp_connect(struct loop *l, const struct mdl_inet *to,
				 const struct mdl_inet *from, struct end **out,
				 struct mdl_why *why);
/** The address it sends from. */
struct mdl_inet end_udp_local(const struct end *e);
