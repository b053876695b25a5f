/** What stands in front of IP packets in captures: Ethernet, its tags, Linux cooked, nothing. */
#pragma once

#include "core/slice.h"

/** Link types as capture files number them (tcpdump.org/linktypes.html). */
enum linktype {
	LINKTYPE_NULL = 0,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW_BSD = 12,
	LINKTYPE_RAW_OPENBSD = 14,
	LINKTYPE_RAW = 101,
	LINKTYPE_LOOP = 108,
	LINKTYPE_SLL = 113,
	LINKTYPE_IPV4 = 228,
	LINKTYPE_IPV6 = 229,
	LINKTYPE_SLL2 = 276,
};

/** Why a frame holds no IP packet, beside Ethernet types, which begin at 0x600. */
enum link_other {
	LINK_UNKNOWN = 0, /* the link type is not one of the above */
	LINK_SHORT = 1,	  /* the frame ends before the packet begins */
	LINK_8023 = 2,	  /* 802.3 with a length in the place of the type */
	LINK_PPP = 3,	  /* a PPPoE session that carries no IP here */
	LINK_FAMILY = 4,  /* an address family or version that is not IP */
};

/**
 * Finds the IP packet in `frame`: true, and `ip` is what is left of the frame. Else `other` says
 * what it is instead: an Ethernet type or enum link_other.
 */
bool linktype_strip(unsigned linktype, struct mdl_slice frame, struct mdl_slice *ip,
		    uint16_t *other);

enum { LINKTYPE_TEXT = 40 };
/** What a frame without IP is, for people: "ARP", "type 0x88b5", "link type 147". Returns `out`. */
const char *linktype_other_text(unsigned linktype, uint16_t other, char out[LINKTYPE_TEXT]);
