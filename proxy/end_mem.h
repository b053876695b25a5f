/** An end in memory: what is sent to it stays in a trace; what a test gives it goes into the flow. */
#pragma once

#include "proxy/end.h"

struct end_mem {
	struct end end;
	struct mdl_trace *got; /* messages sent to it, with their times */
	size_t fake_backlog;   /* what it claims to have queued */
	bool paused, shut, closed, was_reset;
	unsigned flushes;
};

/** NULL if out of memory. Freed with end_mem_free by the test, not by the flow. */
struct end_mem *end_mem_new(void);
void end_mem_free(struct end_mem *e);
