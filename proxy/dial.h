/** An end for an address, whatever its scheme. */
#pragma once

#include "proxy/end.h"
#include "proxy/loop.h"

/**
 * Opens an end towards `to`: UDP, TCP or a unix socket. Names are resolved here, which may block; it is
 * meant for the start of things, not for a running loop (numeric addresses do not block). MDL_EIO,
 * MDL_EUNSUPPORTED (tls, exec).
 */
MDL_MUST mdl_err dial(struct loop *l, const struct mdl_addr *to, struct end **out,
		      struct mdl_why *why);
/** The address of a host by name or number. MDL_ENOTFOUND with what the resolver says. */
MDL_MUST mdl_err resolve(const struct mdl_addr *a, struct mdl_inet *out, struct mdl_why *why);
