/**
 * Capture files, read packet by packet: pcap in all its variants (through libpcap) and pcapng with
 * any mix of interfaces and sections. What comes out are IP packets; what stands in front of them
 * is taken off, and frames without IP are counted and passed over.
 */
#pragma once

#include <stdio.h>

#include "core/buf.h"
#include "core/time.h"

struct capture; /* an open file */

struct capture_packet {
	mdl_time at;		   /* ns since 1970; 0 if the file does not say */
	struct mdl_slice ip;	   /* borrowed until the next call */
	uint32_t captured, length; /* of the frame: in the file, and on the wire */
	uint32_t interface;	   /* counted from 0 in each section */
	uint64_t number;	   /* of the frame in the file, from 1, as other tools count */
	bool cut;		   /* a snap length cut it */
};

enum { CAPTURE_OTHERS_MAX = 16 };

struct capture_stats {
	uint64_t packets; /* frames read */
	uint64_t bytes;	  /* of them, in the file */
	uint64_t ip;	  /* of them, IP packets */
	uint64_t cut;	  /* of these, cut by a snap length */
	bool truncated;	  /* the file ends in the middle of a packet */
	size_t n_others;  /* the last kind holds all that found no place */
	struct {
		unsigned linktype;
		uint16_t other; /* as in linktype.h */
		uint64_t n;
	} others[CAPTURE_OTHERS_MAX]; /* frames without IP, by kind */
};

/**
 * Opens `path`, or standard input for "-". The reason says what is wrong with the file and what to
 * do. MDL_EIO, MDL_EMALFORMED (not a capture), MDL_ENOMEM.
 */
MDL_MUST mdl_err capture_open(const char *path, struct capture **out, struct mdl_why *why);
/** The same for an open stream, which is taken in any case; `name` is copied for reasons. */
MDL_MUST mdl_err capture_open_stream(FILE *f, const char *name, struct capture **out,
				     struct mdl_why *why);
void capture_close(struct capture *c); /* NULL is fine */

/**
 * The next IP packet. MDL_ECLOSED: there are no more; if the file ends in the middle of a packet,
 * stats say so, and it is MDL_EMALFORMED only if there was none before. MDL_EMALFORMED, MDL_EIO: no
 * more can be read, with file, packet and offset in the reason; what was given out before is good.
 */
MDL_MUST mdl_err capture_next(struct capture *c, struct capture_packet *out, struct mdl_why *why);

const struct capture_stats *capture_stats(const struct capture *c);
/** Appends what was read and what was not, in one line without its end. */
MDL_MUST mdl_err capture_say(const struct capture_stats *s, struct mdl_buf *out);
