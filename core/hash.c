#include "core/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t mdl_hash(struct mdl_slice s, uint64_t seed)
{
	return XXH3_64bits_withSeed(s.p, s.n, seed);
}
