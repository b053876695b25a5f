/**
 * What a dying program says of itself: reports of sanitizers, of the C library, of language
 * runtimes, and stacks as gdb prints them. Pure: text in, facts out.
 */
#pragma once

#include "core/slice.h"

enum { CRASHLOG_FRAMES = 8, CRASHLOG_NAME = 80, CRASHLOG_TITLE = 160 };

struct crashlog {
	char kind[16]; /* "asan", "ubsan", "msan", "tsan", "lsan", "assert", "abort", "panic" */
	char title[CRASHLOG_TITLE]; /* "heap-buffer-overflow, READ of size 1, in parse_option" */
	char frame[CRASHLOG_FRAMES][CRASHLOG_NAME]; /* function names, innermost first, of the
						       program's own code where that can be told */
	unsigned n_frames;
};

/** Finds the first report in what a program printed. False if there is none. */
bool crashlog_read(struct mdl_slice output, struct crashlog *out);
/** Reads the frames of a gdb backtrace ("#1  0x... in name (...) at file:line"). */
bool crashlog_gdb(struct mdl_slice output, struct crashlog *out);
/** Equal for what is probably the same defect: kind and the innermost frames. */
uint64_t crashlog_signature(const struct crashlog *c);
