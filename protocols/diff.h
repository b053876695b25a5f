/**
 * Two messages compared field by field. Numbers that only say how long or where something is do not
 * count; what differs between equal runs is told apart; elements whose order means nothing are
 * matched by content first; names are compared as names, compressed or not.
 */
#pragma once

#include "protocols/protocol.h"

/** One message with its index. */
struct mdl_view {
	struct mdl_slice msg;
	const struct mdl_fields *f;
	mdl_err err; /* what mdl_dissect said of it */
};

enum mdl_diff_kind {
	MDL_DIFF_CHANGED,
	MDL_DIFF_MISSING,  /* only in the first */
	MDL_DIFF_EXTRA,	   /* only in the second */
	MDL_DIFF_MALFORMED /* one of them could not be taken apart, the other could */
};

struct mdl_difference {
	enum mdl_diff_kind kind;
	uint32_t a, b; /* the fields; MDL_NO_FIELD where there is none */
	bool aside;    /* volatile, or tolerated: not counted */
};

enum { MDL_DIFF_MAX = 128 };

struct mdl_diff {
	struct mdl_difference v[MDL_DIFF_MAX];
	size_t n;     /* in v; further ones are only counted */
	size_t count; /* of differences that count */
	size_t aside; /* of those that do not */
};

/**
 * Compares; `tolerate` (NULL: none) lists patterns for mdl_field_matches whose differences are put
 * aside. MDL_ENOMEM.
 */
MDL_MUST mdl_err mdl_diff(const struct mdl_view *a, const struct mdl_view *b,
			  const struct mdl_strings *tolerate, struct mdl_diff *out);
/** Appends "dns.answer.rr[0].ttl: 300 -> 60", "... only in the first: ...". */
MDL_MUST mdl_err mdl_diff_text(const struct mdl_difference *d, const struct mdl_view *a,
			       const struct mdl_view *b, struct mdl_buf *out);
/**
 * What a message says, in one number, leaving out what diff puts aside: equal for messages without
 * a difference that counts. With `shape`, numbers and contents are left out too, so that it is
 * equal for messages built of the same fields.
 */
uint64_t mdl_diff_hash(const struct mdl_view *a, const struct mdl_strings *tolerate, bool shape);
