#include "protocols/inet_sum.h"

#include <arpa/inet.h>

static uint64_t load8(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

/* Up to four bytes, with zeros behind them. */
static uint32_t load(const uint8_t *p, size_t n)
{
	uint32_t v = 0;
	memcpy(&v, p, n);
	return v;
}

/*
 * The sum of words read in the machine's own order is the sum in network order with its bytes
 * swapped (RFC 1071, section 2 (B)), so bytes are swapped once, at the end. Halves of 32 bits leave
 * room for 2^32 carries above them.
 */
uint64_t mdl_inet_sum_add(uint64_t sum, struct mdl_slice s)
{
	const uint8_t *p = s.p;
	size_t n = s.n;
	for (; n >= 16; p += 16, n -= 16) {
		uint64_t a = load8(p), b = load8(p + 8);
		sum += (a & UINT32_MAX) + (a >> 32) + (b & UINT32_MAX) + (b >> 32);
	}
	for (; n >= 4; p += 4, n -= 4)
		sum += load(p, 4);
	return n == 0 ? sum : sum + load(p, n);
}

uint64_t mdl_inet_sum_word(uint64_t sum, uint16_t word)
{
	return sum + htons(word);
}

uint16_t mdl_inet_sum_fold(uint64_t sum)
{
	while (sum > UINT16_MAX)
		sum = (sum >> 16) + (sum & UINT16_MAX);
	return (uint16_t)~ntohs((uint16_t)sum);
}

uint16_t mdl_inet_sum_change(uint16_t sum, struct mdl_slice from, struct mdl_slice to)
{
	uint64_t rest = mdl_inet_sum_word(0, (uint16_t)~sum);
	for (size_t i = 0; i + 1 < from.n; i += 2)
		rest = mdl_inet_sum_word(rest, (uint16_t) ~(from.p[i] << 8 | from.p[i + 1]));
	return mdl_inet_sum_fold(mdl_inet_sum_add(rest, to));
}
