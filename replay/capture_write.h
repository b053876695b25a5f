/** Writes IP packets as pcapng, which Wireshark, tcpdump and capture.h open. */
#pragma once

#include "core/msg.h"

struct capture_writer;

struct capture_record {
	mdl_time at;	     /* ns since 1970 */
	struct mdl_slice ip; /* the packet */
	size_t length; /* on the wire; more than `ip` holds if it was cut. 0: all of it is there */
	const char *comment; /* for people; NULL: none */
};

/**
 * Makes the file `path`, or writes to standard output for "-". `comment` says what the file is;
 * NULL: nothing. MDL_EIO with the reason, MDL_ENOMEM.
 */
MDL_MUST mdl_err capture_create(const char *path, const char *comment, struct capture_writer **out,
				struct mdl_why *why);
/**
 * Adds a packet. A failed write is told by capture_finish too. MDL_EIO, MDL_ENOMEM, MDL_ELIMIT
 * (more than a megabyte).
 */
MDL_MUST mdl_err capture_write(struct capture_writer *w, const struct capture_record *r);
/**
 * Adds the messages of a trace as packets between its addresses; see synth.h for how they are made.
 * Each packet that begins a message which is not as it was seen says so in its comment.
 */
MDL_MUST mdl_err capture_write_trace(struct capture_writer *w, const struct mdl_trace *t);
/** Writes what is buffered, closes, frees. MDL_EIO with the reason if anything was not written. */
MDL_MUST mdl_err capture_finish(struct capture_writer *w, struct mdl_why *why);
