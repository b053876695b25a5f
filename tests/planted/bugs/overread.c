/*
 * The client subnet option says its address is (prefix + 7) / 8 bytes long, and is believed: neither
 * the length of the option nor the longest prefix of the family is looked at.
 */
#include "behaviour.h"
#include "bugs.h"

#include <string.h>

static bool subnet(const uint8_t *data, size_t n, struct edns *e)
{
	struct reader r = { .p = data, .n = n };
	e->family = read_u16(&r);
	e->prefix = read_u8(&r);
	if (read_u8(&r) != 0 || r.bad)
		return false;
	e->subnet = true;
	e->address_n = (e->prefix + 7U) / 8;
	memcpy(e->address, data + r.off, e->address_n);
	return true;
}

void plant_overread(void)
{
	act.subnet = subnet;
}
