/** The beginning and the end of a file that may be long. */
#pragma once

#include "core/buf.h"

struct excerpt {
	uint64_t size;		   /* of the file */
	uint64_t left_out;	   /* bytes between head and tail */
	struct mdl_buf head, tail; /* tail begins with a whole line, where there is one */
};

/**
 * At most `head` bytes of the beginning and `tail` of the end. MDL_ENOTFOUND, MDL_EIO, MDL_ENOMEM; the
 * excerpt is empty then.
 */
MDL_MUST mdl_err excerpt_read(const char *path, size_t head, size_t tail, struct excerpt *out);
void excerpt_fini(struct excerpt *e);
