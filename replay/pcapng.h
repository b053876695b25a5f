/**
 * The pcapng format (draft-ietf-opsawg-pcapng). libpcap reads it only as long as all interfaces are
 * of one kind, which those of `tcpdump -i any`, mergecap and Wireshark are not.
 */
#pragma once

#include <stdio.h>

#include "replay/capture.h"

enum pcapng_block {
	PCAPNG_SECTION = 0x0a0d0d0a, /* the same in both byte orders: files begin with it */
	PCAPNG_INTERFACE = 1,
	PCAPNG_PACKET_OLD = 2,
	PCAPNG_PACKET_SIMPLE = 3,
	PCAPNG_PACKET = 6,
};

enum pcapng_option {
	PCAPNG_OPT_END = 0,
	PCAPNG_OPT_COMMENT = 1,
	PCAPNG_OPT_APPLICATION = 4, /* of a section */
	PCAPNG_OPT_TSRESOL = 9,	    /* of an interface */
	PCAPNG_OPT_TSOFFSET = 14,
};

enum { PCAPNG_BYTE_ORDER = 0x1a2b3c4d };

/** One frame as the file has it. */
struct capture_frame {
	mdl_time at; /* ns since 1970; 0 if the file does not say */
	struct mdl_slice bytes;
	uint32_t length;    /* on the wire; more than there is of it if a snap length cut it */
	uint32_t interface; /* counted from 0 in each section */
	unsigned linktype;
};

struct pcapng;

/** Reads from `f`, which is borrowed, at the beginning of the file; NULL if out of memory. */
struct pcapng *pcapng_new(FILE *f);
void pcapng_free(struct pcapng *p); /* NULL is fine */

/**
 * The next packet; its bytes are borrowed until the next call. MDL_ECLOSED: there are no more.
 * MDL_EMORE: the file ends in the middle of a block. MDL_EMALFORMED with the reason; MDL_EIO,
 * MDL_ELIMIT, MDL_ENOMEM.
 */
MDL_MUST mdl_err pcapng_next(struct pcapng *p, struct capture_frame *out, struct mdl_why *why);
/** Offset of the block read last. */
uint64_t pcapng_offset(const struct pcapng *p);
