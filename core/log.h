/**
 * Lines to a sink that is handed in: `flow open id=7 proto=dns from=127.0.0.1:4242`. What can
 * happen per packet goes through a gate, which lets a few through and then counts.
 */
#pragma once

#include "core/time.h"

enum mdl_level { MDL_ERROR, MDL_WARN, MDL_INFO, MDL_DEBUG };

struct mdl_log {
	enum mdl_level level; /* what is quieter than this is left out */
	/** Gets one line without its end; must not keep it. NULL: nobody listens. */
	void (*sink)(void *ctx, enum mdl_level level, const char *line);
	void *ctx;
};

/**
 * NULL is fine and says nothing. Long lines are cut; control characters become "?", so that nothing
 * a peer sent can end the line or move a terminal.
 */
void mdl_log(const struct mdl_log *log, enum mdl_level level, const char *fmt, ...)
	MDL_PRINTF(3, 4);
const char *mdl_level_text(enum mdl_level level);

/** State of one rate-limited place; begin with zeros. */
struct mdl_gate {
	mdl_time window; /* start of the current second */
	unsigned passed;
	uint64_t held; /* lines kept back since the last that passed */
};

/**
 * True if a line may pass now (at most `most` a second); `held` then says how many did not since,
 * and the gate forgets them.
 */
bool mdl_gate_pass(struct mdl_gate *g, unsigned most, mdl_time now, uint64_t *held);
