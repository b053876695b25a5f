/**
 * IP fragments back to whole packets (RFC 791, section 3.2; RFC 8200, section 4.5). Bytes that come
 * twice are kept as they came first. Pure: time is that of the capture.
 */
#pragma once

#include "core/time.h"
#include "protocols/ip_peek.h"

struct fragments;

struct fragments_conf {
	size_t max_packets; /* under way at a time; 0: 1024 */
	size_t max_bytes;   /* held for them; 0: 16 MiB */
	mdl_time timeout;   /* from the first fragment to the last; 0: 30 s */
};

struct fragments_stats {
	uint64_t fragments;   /* that came in */
	uint64_t reassembled; /* packets */
	uint64_t incomplete;  /* packets given up: too late, too many, or the capture ended */
	uint64_t overlaps;    /* fragments with bytes that were there already */
	uint64_t differ;      /* of them, with other bytes than those */
	uint64_t bad;	      /* fragments with impossible lengths, or cut by the capture */
};

struct fragments *fragments_new(const struct fragments_conf *conf); /* NULL if out of memory */
void fragments_free(struct fragments *f);			    /* NULL is fine */

/**
 * Takes in the fragment `p`. If it was the last that missed, `whole` is set and `p` made the whole
 * packet, whose bytes are borrowed until the next call. MDL_ENOMEM: the fragment is lost.
 */
MDL_MUST mdl_err fragments_add(struct fragments *f, struct mdl_ip_packet *p, mdl_time now,
			       bool *whole);
/** Gives up what is under way. */
void fragments_finish(struct fragments *f);
const struct fragments_stats *fragments_stats(const struct fragments *f);
/** Bytes held; never more than max_bytes and one packet. */
size_t fragments_held(const struct fragments *f);
