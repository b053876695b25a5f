#include "replay/sides.h"

#include "protocols/registry.h"

enum {
	PRIVILEGED = 1024,
	EPHEMERAL = 32768 /* Linux gives clients these; RFC 6335 a part of them */
};

static bool speaks(const struct mdl_protocol *proto, enum mdl_carrier carrier, uint16_t port)
{
	if (proto == NULL)
		return mdl_protocol_by_port(carrier, port) != NULL;
	for (const uint16_t *p = proto->ports; p != NULL && *p != 0; p++)
		if (*p == port)
			return true;
	return false;
}

static unsigned rank(uint16_t port)
{
	return port < PRIVILEGED ? 0 : port < EPHEMERAL ? 1 : 2;
}

bool sides_from_client(const struct mdl_protocol *proto, enum mdl_carrier carrier, uint16_t from,
		       uint16_t to, bool *sure)
{
	bool spoken_to = speaks(proto, carrier, to), spoken_from = speaks(proto, carrier, from);
	*sure = spoken_to != spoken_from || rank(to) != rank(from);
	if (spoken_to != spoken_from)
		return spoken_to;
	return rank(to) <= rank(from);
}
