/**
 * IPv4 and IPv6 packets without a field index: a struct of what one needs to sort, reassemble or
 * forward a packet, for those who see a million of them a second. The index is made by `mdl_ip`.
 */
#pragma once

#include "core/addr.h"

/* Numbers of the IANA registry "Assigned Internet Protocol Numbers". */
enum mdl_ip_proto {
	MDL_IP_HOPOPTS = 0,
	MDL_IP_ICMP = 1,
	MDL_IP_TCP = 6,
	MDL_IP_UDP = 17,
	MDL_IP_ROUTING = 43,
	MDL_IP_FRAGMENT = 44,
	MDL_IP_ESP = 50,
	MDL_IP_AH = 51,
	MDL_IP_ICMP6 = 58,
	MDL_IP_NONE = 59,
	MDL_IP_DESTOPTS = 60,
};

enum mdl_tcp_flag {
	MDL_TCP_FIN = 0x01,
	MDL_TCP_SYN = 0x02,
	MDL_TCP_RST = 0x04,
	MDL_TCP_PSH = 0x08,
	MDL_TCP_ACK = 0x10,
	MDL_TCP_URG = 0x20,
	MDL_TCP_ECE = 0x40,
	MDL_TCP_CWR = 0x80,
};

struct mdl_ip_packet {
	struct mdl_inet src, dst; /* ports are 0 unless `ports` */
	uint8_t proto; /* behind the extension headers; of a fragment: what its header says */
	uint8_t ttl;
	bool ports;    /* UDP or TCP, not a fragment, and its header is all there */
	bool fragment; /* only a part of a packet */
	bool more;     /* a fragment that is not the last */
	bool cut;      /* the headers speak of more bytes than there are */
	bool routed;   /* source routing is under way: `dst` is not where it ends */
	uint32_t fragment_id, fragment_off; /* the offset in bytes */
	struct mdl_slice transport;	    /* all behind the IP headers */
	struct mdl_slice payload;	    /* behind the UDP or TCP header too */
	size_t transport_len, payload_len;  /* what the headers say; more than there is if `cut` */
	uint32_t tcp_seq, tcp_ack;
	uint16_t tcp_window;
	uint8_t tcp_flags; /* enum mdl_tcp_flag */
};

/**
 * Reads the headers of `packet`, which `out` borrows. MDL_EMALFORMED: no IP packet, or its IP
 * headers are not all there. A transport header that is not is no error: `ports` is then false.
 */
MDL_MUST mdl_err mdl_ip_peek(struct mdl_slice packet, struct mdl_ip_packet *out);

/**
 * Puts `transport`, joined from the fragments of which `p` is one, in the place of its own: `p` is
 * then the whole packet. MDL_EMALFORMED as above.
 */
MDL_MUST mdl_err mdl_ip_join(struct mdl_ip_packet *p, struct mdl_slice transport);

/** A checksum of a packet. */
struct mdl_ip_seal {
	size_t off;	  /* of its two bytes in the packet */
	uint16_t now;	  /* what it says */
	uint16_t right;	  /* what it should say; the same as `now` if that is right */
	uint16_t partial; /* what it says if the network card was to complete it */
};

enum { MDL_IP_SEALS_MAX = 2 };
/**
 * The checksums of `packet`, as its receiver would look at them: IPv4 header, then UDP, TCP, ICMP
 * or ICMPv6. Those that cannot be known are left out: of fragments, of packets that are cut or
 * under way by source route. UDP over IPv4 may say 0 for none, and that is right. Gives how many.
 */
size_t mdl_ip_seals(struct mdl_slice packet, struct mdl_ip_seal out[MDL_IP_SEALS_MAX]);
/** Writes all of them as they should be. */
void mdl_ip_seal(uint8_t *packet, size_t n);
