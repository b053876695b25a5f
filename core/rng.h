/**
 * Chance that is decided by a seed. A stream forked from another depends on the parent's key, a
 * label and a number only, never on what was drawn before: consumers do not disturb each other.
 */
#pragma once

#include "core/slice.h"

struct mdl_rng {
	uint64_t key;  /* what the stream was made from */
	uint64_t s[4]; /* xoshiro256** state */
};

struct mdl_rng mdl_rng(uint64_t seed);
/** The stream `label`, `n` of `r`: the same each time it is asked for. */
struct mdl_rng mdl_rng_fork(const struct mdl_rng *r, const char *label, uint64_t n);

uint64_t mdl_rng_u64(struct mdl_rng *r);
/** Uniform in 0 .. n-1; 0 if n is 0. */
uint64_t mdl_rng_below(struct mdl_rng *r, uint64_t n);
/** Uniform in lo .. hi, both included; lo if hi < lo. */
uint64_t mdl_rng_range(struct mdl_rng *r, uint64_t lo, uint64_t hi);
/** True `num` times of `den` on average. */
bool mdl_rng_chance(struct mdl_rng *r, uint64_t num, uint64_t den);
/** Uniform in [0, 1). */
double mdl_rng_unit(struct mdl_rng *r);
void mdl_rng_bytes(struct mdl_rng *r, uint8_t *out, size_t n);
