/** An answer being made, and where it goes. */
#pragma once

#include "request.h"

/** Takes finished messages: one for a datagram, any number on a connection. */
struct sink {
	void (*send)(void *to, const uint8_t *p, size_t n);
	void *to;
	bool stream;
};

struct reply {
	const struct request *q;
	const struct sink *sink;
	unsigned rcode; /* 12 bits, if the request had EDNS */
	uint16_t flags; /* FLAG_AA, FLAG_TC */
	uint16_t count[SECTIONS];
	size_t body; /* where the records begin */
	struct writer w;
};

/** Begins a message with the id and the question of `q`; what was written before is forgotten. */
void reply_begin(struct reply *a, const struct request *q);
/**
 * Adds a record to ANSWER, then AUTHORITY. What does not fit a datagram truncates the answer; on a
 * connection the message is sent and another one begun.
 */
void reply_add(struct reply *a, int section, const struct record *r);
/** Adds the OPT record if the request had one, patches the header, and sends it. */
void reply_send(struct reply *a);
