/** How fast traces are played: their moments are written anew, once, so that nothing can drift. */
#pragma once

#include "core/msg.h"

enum pace_kind {
	PACE_ORIGINAL, /* as recorded, `factor` times as fast */
	PACE_RATE,     /* `rate` messages a second of our side, over all traces, in their order */
	PACE_TOP       /* as fast as it goes */
};

struct pace {
	enum pace_kind kind;
	double factor, rate;
};

/** Reads "original", "x10", "x0.5", "500/s", "top". MDL_EINVAL. */
MDL_MUST mdl_err pace_parse(const char *text, struct pace *out, struct mdl_why *why);
/**
 * Rewrites `start` of the traces, then counting from the first of them, and `at` of their messages.
 * `side` is the one that will be played. MDL_ENOMEM.
 */
MDL_MUST mdl_err pace_apply(const struct pace *p, struct mdl_trace *const *v, size_t n,
			    enum mdl_dir side);
/**
 * Traces of datagrams joined into `clients` long ones, dealt out in turn, messages in order of their
 * moments; streams stay what they are. Takes all traces; `v` gets the new ones, `*n` their number.
 * MDL_ENOMEM: `v` holds what is left.
 */
MDL_MUST mdl_err pace_join(struct mdl_trace **v, size_t *n, size_t clients);
