/** All protocols there are, in one list. */
#pragma once

#include "protocols/protocol.h"

extern const struct mdl_protocol mdl_raw;
extern const struct mdl_protocol mdl_ip;
extern const struct mdl_protocol mdl_dns;

/** The protocols, NULL-terminated. */
const struct mdl_protocol *const *mdl_protocols(void);
/** By name; NULL if there is none. */
const struct mdl_protocol *mdl_protocol_find(const char *name);
/** By port: the first that speaks on `port` over `on`; NULL if none does. */
const struct mdl_protocol *mdl_protocol_by_port(enum mdl_carrier on, uint16_t port);
/**
 * By the first bytes that one side sent: the surest that is at least `least` sure (0 to 100), or
 * mdl_raw.
 */
const struct mdl_protocol *mdl_protocol_guess(enum mdl_carrier on, struct mdl_slice first,
					      unsigned least);
