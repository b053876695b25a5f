/** The one hash everybody uses for names, keys and signatures: XXH3, 64 bits. Not a secret's guard. */
#pragma once

#include "core/slice.h"

uint64_t mdl_hash(struct mdl_slice s, uint64_t seed);

static inline uint64_t mdl_hash_str(const char *s, uint64_t seed)
{
	return mdl_hash(mdl_slice_str(s), seed);
}

static inline uint64_t mdl_hash_u64(uint64_t v, uint64_t seed)
{
	return mdl_hash(mdl_slice(&v, sizeof(v)), seed);
}
