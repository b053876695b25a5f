/** Builds IP packets for tests: right in all lengths and checksums, to be broken afterwards. */
#pragma once

#include "core/buf.h"
#include "core/time.h"
#include "protocols/ip_peek.h"

/** Addresses are written "192.0.2.1:53" or "[2001:db8::1]:53"; both ends of the same family. */
void packet_ip(struct mdl_buf *out, const char *src, const char *dst, uint8_t proto,
	       struct mdl_slice transport);
void packet_udp(struct mdl_buf *out, const char *src, const char *dst, struct mdl_slice payload);

struct packet_tcp {
	const char *src, *dst;
	uint32_t seq, ack;
	uint8_t flags;		  /* enum mdl_tcp_flag */
	uint16_t window;	  /* 0: 65535, unless `closed` */
	bool closed;		  /* window 0 */
	struct mdl_slice options; /* a multiple of four bytes */
	struct mdl_slice payload;
};
void packet_tcp(struct mdl_buf *out, const struct packet_tcp *t);

/**
 * One fragment of the packet `whole`: at most `len` bytes from `off` of what follows its IP header,
 * as the last one if nothing is behind. For IPv6 a fragment header is put in.
 */
void packet_fragment(struct mdl_buf *out, struct mdl_slice whole, uint32_t id, size_t off,
		     size_t len);
