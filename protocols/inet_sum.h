/**
 * The Internet checksum (RFC 1071): the one's complement of a one's complement sum of 16-bit words.
 * Sums of pieces add up, so a pseudo header, a header and a body need not lie beside each other.
 */
#pragma once

#include "core/slice.h"

/**
 * Adds the bytes of `s` to the unfolded sum `sum`, which begins as 0. Every piece but the last has
 * to have an even length; an odd last one counts as if a zero followed.
 */
uint64_t mdl_inet_sum_add(uint64_t sum, struct mdl_slice s);
/** Adds the 16-bit number `word`, as it would stand in network order. */
uint64_t mdl_inet_sum_word(uint64_t sum, uint16_t word);
/**
 * The checksum of what was added, to be written most significant byte first. Bytes that include
 * their own right checksum give 0.
 */
uint16_t mdl_inet_sum_fold(uint64_t sum);

/** The checksum of `s` alone. */
static inline uint16_t mdl_inet_sum(struct mdl_slice s)
{
	return mdl_inet_sum_fold(mdl_inet_sum_add(0, s));
}

/**
 * The checksum after the words `from` under it became `to` (RFC 1624, equation 3); both of the same
 * even length, at an even place.
 */
uint16_t mdl_inet_sum_change(uint16_t sum, struct mdl_slice from, struct mdl_slice to);
