/** A stage that keeps a copy of each message that passes it, up to a limit. */
#pragma once

#include "proxy/stage.h"

extern const struct stage_ops stage_record;

/**
 * Copies go to `into` (borrowed, and read by the owner when it likes), with the time they passed,
 * counted from the first. Over `msgs_max` messages or `bytes_max` bytes of the trace, or without
 * memory, they are left out and counted.
 */
MDL_MUST mdl_err stage_record_new(struct mdl_trace *into, size_t msgs_max, size_t bytes_max,
				  struct stage **out, struct mdl_why *why);
/** How many messages were left out. */
uint64_t stage_record_left_out(const struct stage *s);
