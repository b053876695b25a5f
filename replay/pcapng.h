/**
 * The pcapng format (draft-ietf-opsawg-pcapng). libpcap reads it only as long as all interfaces are
 * of one kind, which those of `tcpdump -i any`, mergecap and Wireshark are not.
 */
#pragma once

#include <stdio.h>

#include "replay/capture.h"

enum { PCAPNG_MAGIC = 0x0a0d0d0a };

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
