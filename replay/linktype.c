#include "replay/linktype.h"

#include <stdio.h>

#include "core/cursor.h"

enum ethertype {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_VLAN = 0x8100,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_PPPOE = 0x8864,
	ETHERTYPE_QINQ = 0x88a8,
	ETHERTYPE_QINQ_OLD = 0x9100,
	ETHERTYPE_FIRST = 0x600, /* below, the number is a length */
};

enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };

static bool found(struct mdl_cursor *c, struct mdl_slice *ip, uint16_t *other)
{
	*ip = mdl_cursor_rest(c);
	*other = LINK_SHORT;
	return c->err == MDL_OK && ip->n > 0;
}

/* RFC 2516, section 4: a header of six bytes, then the protocol as PPP numbers it. */
static bool strip_pppoe(struct mdl_cursor *c, struct mdl_slice *ip, uint16_t *other)
{
	mdl_cursor_skip(c, 6);
	uint16_t proto = mdl_cursor_be16(c);
	if (c->err == MDL_OK && proto != PPP_IPV4 && proto != PPP_IPV6) {
		*other = LINK_PPP;
		return false;
	}
	return found(c, ip, other);
}

/* The type, perhaps behind tags of IEEE 802.1Q and 802.1ad, then the packet. */
static bool strip_type(struct mdl_cursor *c, struct mdl_slice *ip, uint16_t *other)
{
	uint16_t type = mdl_cursor_be16(c);
	while (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ || type == ETHERTYPE_QINQ_OLD) {
		mdl_cursor_skip(c, 2);
		type = mdl_cursor_be16(c);
	}
	*other = c->err != MDL_OK ? LINK_SHORT : type < ETHERTYPE_FIRST ? LINK_8023 : type;
	switch (*other) {
	case ETHERTYPE_IPV4:
	case ETHERTYPE_IPV6:
		return found(c, ip, other);
	case ETHERTYPE_PPPOE:
		return strip_pppoe(c, ip, other);
	default:
		return false;
	}
}

static bool strip_raw(struct mdl_cursor *c, struct mdl_slice *ip, uint16_t *other)
{
	if (!found(c, ip, other))
		return false;
	*other = LINK_FAMILY;
	return ip->p[0] >> 4 == 4 || ip->p[0] >> 4 == 6;
}

/* The family's number is the capturing machine's own, in its own byte order: small either way. */
static bool strip_family(struct mdl_cursor *c, struct mdl_slice *ip, uint16_t *other)
{
	uint32_t v = mdl_cursor_be32(c), family = v > UINT16_MAX ? __builtin_bswap32(v) : v;
	if (c->err != MDL_OK)
		return found(c, ip, other);
	switch (family) {
	case 2:	 /* AF_INET everywhere */
	case 10: /* AF_INET6 of Linux, Windows, OpenBSD, FreeBSD, Darwin */
	case 23:
	case 24:
	case 28:
	case 30:
		return strip_raw(c, ip, other);
	default:
		*other = LINK_FAMILY;
		return false;
	}
}

/* "Linux cooked", version 2: the type comes first, then eighteen bytes of the interface's. */
static bool strip_sll2(struct mdl_cursor *c, struct mdl_slice *ip, uint16_t *other)
{
	struct mdl_cursor behind = *c;
	mdl_cursor_skip(&behind, 20);
	uint16_t type = mdl_cursor_be16(c);
	if (behind.err == MDL_OK && (type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ)) {
		mdl_cursor_skip(&behind, 2);
		*c = behind;
		return strip_type(c, ip, other);
	}
	if (behind.err == MDL_OK && (type == ETHERTYPE_IPV4 || type == ETHERTYPE_IPV6))
		return found(&behind, ip, other);
	*other = behind.err != MDL_OK ? LINK_SHORT : type < ETHERTYPE_FIRST ? LINK_8023 : type;
	return false;
}

bool linktype_strip(unsigned linktype, struct mdl_slice frame, struct mdl_slice *ip,
		    uint16_t *other)
{
	enum { ETHERNET_ADDRESSES = 12, SLL_ADDRESS = 14 };
	struct mdl_cursor c = mdl_cursor(frame);
	switch (linktype) {
	case LINKTYPE_ETHERNET:
		mdl_cursor_skip(&c, ETHERNET_ADDRESSES);
		return strip_type(&c, ip, other);
	case LINKTYPE_SLL:
		mdl_cursor_skip(&c, SLL_ADDRESS);
		return strip_type(&c, ip, other);
	case LINKTYPE_SLL2:
		return strip_sll2(&c, ip, other);
	case LINKTYPE_RAW:
	case LINKTYPE_RAW_BSD:
	case LINKTYPE_RAW_OPENBSD:
	case LINKTYPE_IPV4:
	case LINKTYPE_IPV6:
		return strip_raw(&c, ip, other);
	case LINKTYPE_NULL:
	case LINKTYPE_LOOP:
		return strip_family(&c, ip, other);
	default:
		*other = LINK_UNKNOWN;
		return false;
	}
}

/* What is often seen beside IP. */
static const struct {
	uint16_t other;
	const char *text;
} others[] = {
	{ LINK_SHORT, "cut before IP begins" },
	{ LINK_8023, "802.3" },
	{ LINK_PPP, "PPP without IP" },
	{ LINK_FAMILY, "another address family" },
	{ 0x0806, "ARP" },
	{ 0x8035, "RARP" },
	{ 0x8847, "MPLS" },
	{ 0x8863, "PPPoE discovery" },
	{ 0x888e, "802.1X" },
	{ 0x88cc, "LLDP" },
	{ 0x88e5, "MACsec" },
	{ 0x88f7, "PTP" },
};

const char *linktype_other_text(unsigned linktype, uint16_t other, char out[LINKTYPE_TEXT])
{
	for (size_t i = 0; i < MDL_COUNT(others); i++)
		if (others[i].other == other) {
			snprintf(out, LINKTYPE_TEXT, "%s", others[i].text);
			return out;
		}
	if (other == LINK_UNKNOWN)
		snprintf(out, LINKTYPE_TEXT, "link type %u", linktype);
	else
		snprintf(out, LINKTYPE_TEXT, "type 0x%04x", other);
	return out;
}
