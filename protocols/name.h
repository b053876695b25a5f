/** Domain names on the wire and as text, RFC 1035 sections 3.1, 4.1.4 and 5.1. */
#pragma once

#include "core/buf.h"
#include "core/cursor.h"
#include "core/writer.h"

/* A name has at most 127 labels, so one that is longer in pointers says nothing with most of them. */
enum { MDL_NAME_MAX = 255, MDL_LABEL_MAX = 63, MDL_NAME_HOPS = 128 };

/** A name without compression. */
struct mdl_name {
	uint8_t wire[MDL_NAME_MAX]; /* labels with their lengths, the root at the end */
	uint8_t n;		    /* bytes in use; at least 1 */
	bool compressed;	    /* it was written with a pointer */
};

/** How a name stands in a message. */
struct mdl_name_place {
	size_t used; /* bytes it takes there; 0 if it ends nowhere */
	size_t to;   /* where its pointer leads; SIZE_MAX if it has none */
	size_t n;    /* bytes without compression, as far as they were read */
};

/**
 * Looks at the name at `off` of `msg` without copying it, and as strictly as mdl_name_read. On
 * MDL_EMALFORMED `out` says what is known all the same: a name with a bad pointer has its bytes.
 */
mdl_err mdl_name_scan(struct mdl_slice msg, size_t off, struct mdl_name_place *out,
		      const char **odd);
/**
 * Reads the name at `off` of `msg`, following pointers, which must lead back towards the start (no
 * loops). `used` gets the bytes it takes at `off`. MDL_EMALFORMED: bad label type, pointer or
 * length, with `*odd` (if not NULL) set to a constant text that says which.
 */
MDL_MUST mdl_err mdl_name_read(struct mdl_slice msg, size_t off, size_t *used, struct mdl_name *out,
			       const char **odd);
/** Appends text like "www.example.org", without the last dot ("." for the root); \DDD and \. escapes. */
MDL_MUST mdl_err mdl_name_text(const struct mdl_name *n, struct mdl_buf *out);
/**
 * Reads such text, with or without the last dot; "" is the root. MDL_EINVAL: label or name too
 * long, an empty label, a bad escape.
 */
MDL_MUST mdl_err mdl_name_parse(struct mdl_slice text, struct mdl_name *out);
/** Equal but for the case of ASCII letters (RFC 4343). */
bool mdl_name_eq(const struct mdl_name *a, const struct mdl_name *b);
/** A hash that is equal for equal names. */
uint64_t mdl_name_hash(const struct mdl_name *n, uint64_t seed);

/** Where names that were written before stand, so that later ones can point to them. */
struct mdl_name_table {
	uint16_t at[64];
	unsigned n;
};
/**
 * Writes the name at the end of `w`, compressed against earlier ones of `t` where that helps; `base`
 * is where the message begins in w's buffer. `t` NULL: without compression.
 */
void mdl_name_write(struct mdl_writer *w, size_t base, const struct mdl_name *n,
		    struct mdl_name_table *t);
