/** Statistics of captures, by protocol: how much was said, answered, how fast, what is odd. */
#pragma once

#include "protocols/protocol.h"

/** One message, wherever it comes from. */
struct item {
	struct mdl_ctx *x;
	uint64_t flow, number;
	enum mdl_carrier carrier;
	const struct mdl_inet *client, *server;
	enum mdl_dir dir;
	unsigned flags;
	mdl_time at, latency; /* latency MDL_NEVER: it answers nothing */
	struct mdl_slice bytes;
	mdl_err err; /* of taking it apart */
};

/** "udp", "tcp", "ip": what people call it. */
const char *carrier_name(enum mdl_carrier c);

struct summary;
struct summary *summary_new(void);    /* NULL if out of memory */
void summary_free(struct summary *s); /* NULL is fine */
/** Counts a message with its fields. MDL_ENOMEM. */
MDL_MUST mdl_err summary_add(struct summary *s, const struct item *m, const struct mdl_fields *f);
/** Prints it, as text or as a line of JSON (with its `source`) for each protocol and carrier. MDL_ENOMEM. */
MDL_MUST mdl_err summary_print(const struct summary *s, const char *source, bool json);
