/**
 * Which sockets of this network namespace wait for clients, asked of the kernel by netlink
 * (sock_diag(7)): for TCP that looks at listening sockets alone, where /proc/net/tcp walks the table of
 * all connections, which takes milliseconds however few there are.
 */
#pragma once

#include "core/addr.h"
#include "core/msg.h"

/**
 * Calls `fn` for each socket of that carrier, both families, that listens (UDP: is bound and not
 * connected). False if the kernel does not tell.
 */
bool sockdiag_each(enum mdl_carrier carrier,
		   void (*fn)(void *ctx, unsigned long inode, const struct mdl_inet *at),
		   void *ctx);
