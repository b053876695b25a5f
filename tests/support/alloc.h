/** Makes allocations fail on demand. Programs that use it are linked with --wrap for each function. */
#pragma once

#include <stdbool.h>

/** From now on the `n`th allocation (counted from 1) fails, once. 0: none does. */
void alloc_fail_at(unsigned n);
/** True if that allocation has been reached (and so failed). */
bool alloc_failed(void);

/**
 * Runs `body` once for every allocation it makes, failing each in turn, until it runs through
 * without reaching the failing one. `body` must cope and leave nothing behind.
 */
#define ALLOC_FAIL_EACH(body)                              \
	do {                                               \
		for (unsigned alloc_n_ = 1;; alloc_n_++) { \
			alloc_fail_at(alloc_n_);           \
			body;                              \
			bool reached_ = alloc_failed();    \
			alloc_fail_at(0);                  \
			if (!reached_)                     \
				break;                     \
		}                                          \
	} while (0)
