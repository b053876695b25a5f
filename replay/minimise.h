/**
 * Makes a list of things as short as possible while something still holds of it: delta debugging
 * (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input", 2002). Used for the
 * choices of a recipe, the messages of a trace, the fields and bytes of a message.
 */
#pragma once

#include "core/err.h"
#include "core/slice.h"

/**
 * `keep[0..n-1]` says which elements are in; all at first. `test` tries a subset and says whether it
 * still holds; it may be asked `budget` times at most, and `*budget` is what is left then. On return
 * `keep` is the smallest that held. MDL_ENOMEM.
 */
MDL_MUST mdl_err minimise(bool *keep, size_t n, bool (*test)(void *ctx, const bool *keep, size_t n),
			  void *ctx, unsigned *budget);
