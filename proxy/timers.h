/**
 * Moments that somebody waits for, the earliest first. Pure, and nothing is allocated: a timer is a
 * node of the heap and lives inside what it serves.
 */
#pragma once

#include "core/time.h"

/** Begin with zeros and set `fire`; the rest is the heap's. */
struct timer {
	mdl_time due; /* as it was set, also after it fired: the next one can be counted from it */
	void (*fire)(struct timer *t, mdl_time now);
	bool set;
	mdl_time key;
	uint64_t order;
	struct timer *child, *next, *prev; /* prev: the parent for a first child */
};

/** Begin with zeros. */
struct timers {
	struct timer *first; /* NULL: none is set */
	uint64_t order;	     /* of the next one set */
	mdl_time ran;	     /* up to here */
};

/** Sets or moves it. A moment that has passed already comes with the next run. */
void timers_set(struct timers *h, struct timer *t, mdl_time due);
void timers_stop(struct timers *h, struct timer *t); /* harmless if it is not set */
/** When the first is due; MDL_NEVER. */
mdl_time timers_due(const struct timers *h);
/**
 * Fires all that are due at `now`, equal ones in the order they were set. A timer is no longer set
 * when it fires; it may set, stop and free any. Those set from inside wait for the next run. Returns
 * how many fired.
 */
size_t timers_run(struct timers *h, mdl_time now);
