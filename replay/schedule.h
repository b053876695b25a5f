/**
 * Which corpus entry the next case is made of. What is rare in the target's answers, and what was
 * tried little, comes more often; the weights only change between epochs, so that a case depends on
 * its number alone.
 */
#pragma once

#include "core/err.h"
#include "core/rng.h"

struct schedule;

struct schedule *schedule_new(void);	/* NULL if out of memory */
void schedule_free(struct schedule *s); /* NULL is fine */

/** Appends an entry; the first is 0. `cost` is what a case of it costs beside others, from 1. */
MDL_MUST mdl_err schedule_add(struct schedule *s, unsigned cost);
size_t schedule_count(const struct schedule *s);

/** What decides an entry's weight. */
struct schedule_facts {
	uint64_t picked; /* cases made of it so far; what ends the target counts many times */
	uint64_t rarest; /* how often its rarest feature was seen; 0: it has none */
	unsigned depth;	 /* how deep it got */
};
/** The weight, from 1, that these facts give; a pure function, for reports and tests. */
uint32_t schedule_weight(const struct schedule_facts *f, unsigned cost);

/** Sets the weight of entry `i` by its facts. */
void schedule_set(struct schedule *s, size_t i, const struct schedule_facts *f);
/** An entry by weight; there must be one. */
size_t schedule_pick(struct schedule *s, struct mdl_rng *r);
