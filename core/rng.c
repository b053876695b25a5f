#include "core/rng.h"

#include "core/hash.h"

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014) */
static uint64_t splitmix(uint64_t *x)
{
	uint64_t z = (*x += 0x9e3779b97f4a7c15U);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

struct mdl_rng mdl_rng(uint64_t seed)
{
	struct mdl_rng r = { .key = seed };
	uint64_t x = seed;
	for (size_t i = 0; i < MDL_COUNT(r.s); i++)
		r.s[i] = splitmix(&x);
	return r;
}

struct mdl_rng mdl_rng_fork(const struct mdl_rng *r, const char *label, uint64_t n)
{
	uint64_t x = r->key ^ mdl_hash_str(label, n);
	return mdl_rng(splitmix(&x));
}

static uint64_t rotl(uint64_t x, int k)
{
	return x << k | x >> (64 - k);
}

/* Blackman and Vigna, "Scrambled linear pseudorandom number generators" (2018) */
uint64_t mdl_rng_u64(struct mdl_rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

/* Lemire, "Fast random integer generation in an interval" (2019), without the last correction:
 * the bias is below n / 2^64, which no campaign can notice. */
uint64_t mdl_rng_below(struct mdl_rng *r, uint64_t n)
{
	__extension__ typedef unsigned __int128 wide;
	return (uint64_t)(((wide)mdl_rng_u64(r) * n) >> 64);
}

uint64_t mdl_rng_range(struct mdl_rng *r, uint64_t lo, uint64_t hi)
{
	if (hi <= lo)
		return lo;
	return hi - lo == UINT64_MAX ? mdl_rng_u64(r) : lo + mdl_rng_below(r, hi - lo + 1);
}

bool mdl_rng_chance(struct mdl_rng *r, uint64_t num, uint64_t den)
{
	return mdl_rng_below(r, den) < num;
}

double mdl_rng_unit(struct mdl_rng *r)
{
	return (double)(mdl_rng_u64(r) >> 11) * 0x1p-53;
}

void mdl_rng_bytes(struct mdl_rng *r, uint8_t *out, size_t n)
{
	while (n > 0) {
		uint64_t v = mdl_rng_u64(r);
		size_t k = n < sizeof(v) ? n : sizeof(v);
		memcpy(out, &v, k);
		out += k;
		n -= k;
	}
}
