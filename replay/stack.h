/** The stack of a crash, from gdb, which runs the target once more for it. */
#pragma once

#include "replay/crashlog.h"
#include "replay/executor.h"

/** Is there a gdb? */
bool stack_possible(void);
/**
 * Plays the conversations, in order, to the target under gdb and reads where it crashed. `text` gets
 * what gdb printed. False if there is no gdb, no crash, or no stack.
 */
bool stack_of(const struct target_conf *target, const struct executor_conf *executor,
	      const struct mdl_trace *const *traces, size_t n, struct crashlog *out,
	      struct mdl_buf *text);
