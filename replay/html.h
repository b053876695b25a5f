/**
 * Writes HTML and SVG: what is begun is ended, and every text is escaped, whoever it comes from. The
 * first error sticks, so a page is written straight on and `err` is looked at once. What comes out
 * is well-formed XML, too.
 */
#pragma once

#include "core/buf.h"

enum { HTML_DEPTH = 32 };

struct html {
	struct mdl_buf *out; /* borrowed */
	mdl_err err;	     /* MDL_OK, MDL_ELIMIT or MDL_ENOMEM */
	const char *open[HTML_DEPTH];
	unsigned depth; /* elements that are not ended yet */
	bool in_tag;	/* the last start tag may still get attributes */
};

/**
 * Appends `s` so that it is text in elements and attributes alike. Control characters stand as their
 * pictures (U+2400 on); what is no UTF-8 and what changes the direction of writing as U+FFFD.
 */
MDL_MUST mdl_err html_escape(struct mdl_buf *out, struct mdl_slice s);

void html_init(struct html *h, struct mdl_buf *out);

/* Names of elements, attributes and classes are constants of ours; texts may be anything. */

/** Begins an element; `class` NULL: none. Attributes follow, then what is in it, then html_end. */
void html_begin(struct html *h, const char *name, const char *class);
void html_attr(struct html *h, const char *name, const char *fmt, ...) MDL_PRINTF(3, 4);
/** Ends the element begun last. */
void html_end(struct html *h);
/** Ends elements until only `depth` are open. */
void html_end_to(struct html *h, unsigned depth);
/** Begun and ended at once, for those that hold nothing: "<meta .../>". */
void html_end_empty(struct html *h);
/** A whole element with its text. */
void html_leaf(struct html *h, const char *name, const char *class, const char *fmt, ...)
	MDL_PRINTF(4, 5);

void html_text(struct html *h, struct mdl_slice s);
/** Text of at most a few hundred bytes; longer is cut. */
void html_say(struct html *h, const char *fmt, ...) MDL_PRINTF(2, 3);
/** Text of ours that is HTML already. */
void html_raw(struct html *h, const char *trusted);
