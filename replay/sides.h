/** Who is the client, where a capture does not show who began. Pure. */
#pragma once

#include "protocols/protocol.h"

/**
 * True if the sender on port `from` is the client of the one on `to`: the server's port is one that
 * `proto` (NULL: any protocol) speaks on, or a privileged one, or below those that clients get.
 * Without a hint, who sends is the client, and `sure` is false.
 */
bool sides_from_client(const struct mdl_protocol *proto, enum mdl_carrier carrier, uint16_t from,
		       uint16_t to, bool *sure);
