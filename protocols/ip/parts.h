/** How `mdl_ip` is made: its rows, and the functions that take one header each apart. */
#pragma once

#include "protocols/ip_peek.h"
#include "protocols/registry.h"

/** Rows of the field table, in the order of the headers. */
enum ip_row {
	/* IPv4, RFC 791 */
	V4,
	V4_VERSION,
	V4_IHL,
	V4_DSCP,
	V4_ECN,
	V4_LENGTH,
	V4_LENGTH_SAID,
	V4_ID,
	V4_RESERVED,
	V4_DF,
	V4_MF,
	V4_OFFSET,
	V4_TTL,
	V4_PROTOCOL,
	V4_CHECKSUM,
	V4_SRC,
	V4_DST,
	V4_OPTIONS,
	V4_OPTION,
	V4_OPTION_TYPE,
	V4_OPTION_LEN,
	/* IPv6, RFC 8200 */
	V6,
	V6_VERSION,
	V6_CLASS,
	V6_FLOW,
	V6_LENGTH,
	V6_LENGTH_SAID,
	V6_NEXT,
	V6_HOPS,
	V6_SRC,
	V6_DST,
	HOP,
	HOP_LEN,
	DEST,
	DEST_LEN,
	ROUTING,
	ROUTING_LEN,
	ROUTING_TYPE,
	ROUTING_LEFT,
	AH,
	AH_LEN,
	AH_RESERVED,
	AH_SPI,
	AH_SEQ,
	AH_ICV,
	FRAGMENT,
	FRAGMENT_RESERVED,
	FRAGMENT_OFFSET,
	FRAGMENT_RESERVED2,
	FRAGMENT_MORE,
	FRAGMENT_ID,
	ESP,
	ESP_SPI,
	ESP_SEQ,
	V6_OPTION,
	V6_OPTION_TYPE,
	V6_OPTION_LEN,
	/* UDP, RFC 768 */
	UDP,
	UDP_LENGTH,
	UDP_LENGTH_SAID,
	UDP_CHECKSUM,
	/* TCP, RFC 9293 */
	TCP,
	TCP_SEQ,
	TCP_ACK,
	TCP_OFFSET,
	TCP_OFFSET_SAID,
	TCP_RESERVED,
	TCP_FLAGS,
	TCP_CWR,
	TCP_ECE,
	TCP_URG,
	TCP_ACK_FLAG,
	TCP_PSH,
	TCP_RST,
	TCP_SYN,
	TCP_FIN,
	TCP_WINDOW,
	TCP_CHECKSUM,
	TCP_URGENT,
	TCP_OPTIONS,
	TCP_OPTION,
	TCP_OPTION_KIND,
	TCP_OPTION_LEN,
	TCP_MSS,
	TCP_SCALE,
	TCP_SACK_LEFT,
	TCP_SACK_RIGHT,
	TCP_TSVAL,
	TCP_TSECR,
	/* ICMP, RFC 792; ICMPv6, RFC 4443 */
	ICMP,
	ICMP_TYPE,
	ICMP6,
	ICMP6_TYPE,
	ICMP_CODE,
	ICMP_CHECKSUM,
	ICMP_ID,
	ICMP_SEQ,
	ICMP_REST,
	ICMP_QUOTE,
	/* what several have */
	SPORT,
	DPORT,
	PAYLOAD,
	DATA,
	PADDING,
	SURPLUS,
	TRAILER,
	IP_ROWS
};

extern const struct mdl_field_def mdl_ip_fields[IP_ROWS];
extern const struct mdl_value mdl_ip_protocols[], mdl_ip_icmp_types[], mdl_ip_icmp6_types[];

/** A packet being taken apart. */
struct ip_parse {
	struct mdl_ctx *x;
	struct mdl_fields *f;
	struct mdl_cursor c; /* ends where the headers say, or where the bytes do */
	uint8_t family;	     /* 4 or 6 */
	uint8_t proto;	     /* of what comes next */
	bool quoted;	     /* inside an ICMP error, so mostly cut */
	bool fragment;	     /* lengths speak of more than this packet holds */
	bool inside;	     /* a fragment that is not the first */
};

/** Take one header apart, with all that is in it. MDL_EMALFORMED: it is not all there. */
mdl_err mdl_ip_v4(struct ip_parse *p);
mdl_err mdl_ip_v6(struct ip_parse *p);
mdl_err mdl_ip_udp(struct ip_parse *p);
mdl_err mdl_ip_tcp(struct ip_parse *p);
mdl_err mdl_ip_icmp(struct ip_parse *p);
/** What `p->proto` says comes next, to the end of the packet. */
mdl_err mdl_ip_transport(struct ip_parse *p);

/** How a list of options is written: type, length and body each, or a type alone. */
struct ip_options {
	uint16_t option, type, len; /* rows */
	uint8_t single;		    /* types up to this one have neither length nor body */
	uint8_t bias;		    /* bytes of an option that its length leaves out */
	bool end;		    /* type 0 ends the list */
	/** Adds what stands behind the length; what it leaves becomes data. NULL: adds nothing. */
	void (*body)(struct mdl_fields *f, uint8_t type, struct mdl_cursor *c);
	const char *overrun; /* the note for one that runs over the end */
};
/** Adds the options up to the end of `c`; what is none is padding. */
void mdl_ip_option_list(struct mdl_fields *f, struct mdl_cursor *c, const struct ip_options *how);

/** True for messages that quote the packet which they are about. */
bool mdl_ip_icmp_is_error(uint8_t family, uint8_t type);
bool mdl_ip_icmp_is_echo(uint8_t family, uint8_t type);

/** Adds several rows over the next `n` bytes: numbers that share them. */
void mdl_ip_bits(struct ip_parse *p, size_t n, const uint16_t *rows, size_t n_rows);
/** Adds what is left as `row`, if anything is. */
void mdl_ip_rest(struct mdl_fields *f, struct mdl_cursor *c, enum ip_row row);

mdl_err mdl_ip_say(struct mdl_ctx *x, struct mdl_slice msg, const struct mdl_fields *f,
		   struct mdl_buf *out);
