/**
 * Set cover: few and cheap things that together have every feature. Greedy by features a cost, which
 * is at most ln(n) times worse than the best (Chvatal, "A greedy heuristic for the set-covering
 * problem", 1979); what the later choices made needless is dropped again.
 */
#pragma once

#include "core/err.h"
#include "core/slice.h"

struct cover_item {
	const uint64_t *features; /* borrowed, in any order, none twice */
	size_t n;
	uint64_t cost; /* at least 1 */
};

/**
 * Sets keep[i] for each of the `n` items, and how many features they have between them. Equal
 * inputs, equal choice. MDL_ENOMEM.
 */
MDL_MUST mdl_err cover(const struct cover_item *v, size_t n, bool *keep, size_t *features);
