/**
 * Transaction signatures, RFC 8945: who knows the key can sign again what was changed. The MAC of an
 * answer covers that of its request, and in an answer of several messages that of the message
 * before, so what a flow carried is remembered. A message is known again by its MAC; one whose MAC
 * is all zero waits to be signed, and such ones are signed in the order they were seen.
 */
#pragma once

#include "protocols/protocol.h"

struct dns_tsig;

/**
 * Reads "hmac-sha256:name:base64". The name tells people whose key it is: what goes into the MAC is
 * the name that the record has. MDL_EINVAL with the reason, MDL_ENOMEM.
 */
MDL_MUST mdl_err mdl_dns_tsig_new(const char *key, struct dns_tsig **out, struct mdl_why *why);
void mdl_dns_tsig_free(struct dns_tsig *t); /* NULL is fine */

/** Remembers what a well-formed message says, if the flow has a key. */
void mdl_dns_tsig_saw(struct mdl_ctx *x, struct mdl_slice body);
/**
 * Signs the layer again if it ends in a TSIG record that says it is signed and whose MAC is not
 * pinned. An answer whose request was not seen keeps its MAC. A shortened MAC (RFC 8945 section
 * 5.2.2.1) stays as short; one of a length that no MAC has gets the full one.
 */
MDL_MUST mdl_err mdl_dns_tsig_sign(struct mdl_ctx *x, struct mdl_buf *msg, struct mdl_fields *f,
				   unsigned layer);
