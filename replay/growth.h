/**
 * Does a target's use of memory or descriptors grow without end? Samples come in as it is played to;
 * what grows at almost every sample, by more than a bound, over a whole window, is a leak.
 */
#pragma once

#include "core/slice.h"

enum { GROWTH_WINDOW = 16 };

struct growth {
	uint64_t v[GROWTH_WINDOW]; /* a ring of the last samples */
	unsigned n;		   /* samples seen since the last reset */
};

void growth_reset(struct growth *g);
/**
 * Adds a sample; true if the window is full, its last quarter is above its first by `bound` or more,
 * both halves rise several times, and hardly any sample is below the one before it.
 */
bool growth_add(struct growth *g, uint64_t sample, uint64_t bound);
