/** An end in memory: what is sent to it stays in a trace; what a test gives it goes into the flow. */
#pragma once

#include "proxy/end.h"

struct end_mem {
	struct end end;
	struct mdl_trace *got; /* messages sent to it, `at` the time of sending */
	size_t fake_backlog;   /* what it claims to have queued */
	bool slow_close; /* set before: it closes when end_mem_gone() is called, not at once */
	bool paused, shut, closing, was_reset;
	bool gone; /* the flow was told so */
	unsigned flushes, pauses;
	size_t got_at_shut; /* messages it had when it was shut down */
};

/** NULL if out of memory. Freed with end_mem_free by the test, not by the flow. */
struct end_mem *end_mem_new(void);
void end_mem_free(struct end_mem *e); /* NULL is fine */
/** Tells the flow that the end, which was closed slowly, is gone. */
void end_mem_gone(struct end_mem *mem, mdl_time now);
