/** Round numbers for the axes of plots, and numbers as people read them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { TICKS_MAX = 16, TICKS_TEXT = 40 };

/** From 0 on, the same distance apart. */
struct ticks {
	double v[TICKS_MAX];
	unsigned n;
	double hi; /* where the axis ends */
};

/**
 * At most `most` (2 to TICKS_MAX) ticks that are 1, 2 or 5 times a power of ten apart; the last one is
 * at or above `hi` and ends the axis. With `whole` they are whole numbers. What is no positive number
 * counts as 1.
 */
void ticks_number(double hi, unsigned most, bool whole, struct ticks *out);
/** The same for milliseconds, in steps a clock has (5 s, 15 m, 6 h); the axis ends at `ms` itself. */
void ticks_time(double ms, unsigned most, struct ticks *out);

/** "0", "2.5", "950", "1.5k", "20M". Returns `out`. */
const char *ticks_number_text(double v, char out[TICKS_TEXT]);
/** "0", "250ms", "90s", "15m", "1.5h", "2d". Returns `out`. */
const char *ticks_time_text(double ms, char out[TICKS_TEXT]);
/** A count with its thousands apart: "1,284,090". Returns `out`. */
const char *ticks_count_text(uint64_t v, char out[TICKS_TEXT]);
