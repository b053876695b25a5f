/* The field table of `mdl_ip`, and the names of its numbers. */
#include "protocols/ip/parts.h"

const struct mdl_value mdl_ip_protocols[] = {
	{ 0, "hop-by-hop" }, { 1, "icmp" },	  { 2, "igmp" },   { 4, "ipv4" },
	{ 6, "tcp" },	     { 17, "udp" },	  { 33, "dccp" },  { 41, "ipv6" },
	{ 43, "routing" },   { 44, "fragment" },  { 47, "gre" },   { 50, "esp" },
	{ 51, "ah" },	     { 58, "icmp6" },	  { 59, "none" },  { 60, "destination options" },
	{ 89, "ospf" },	     { 103, "pim" },	  { 112, "vrrp" }, { 132, "sctp" },
	{ 135, "mobility" }, { 136, "udp-lite" }, { 0, NULL },
};

const struct mdl_value mdl_ip_icmp_types[] = {
	{ 0, "echo reply" },	       { 3, "destination unreachable" },
	{ 4, "source quench" },	       { 5, "redirect" },
	{ 8, "echo request" },	       { 9, "router advertisement" },
	{ 10, "router solicitation" }, { 11, "time exceeded" },
	{ 12, "parameter problem" },   { 13, "timestamp" },
	{ 14, "timestamp reply" },     { 0, NULL },
};

const struct mdl_value mdl_ip_icmp6_types[] = {
	{ 1, "destination unreachable" },
	{ 2, "packet too big" },
	{ 3, "time exceeded" },
	{ 4, "parameter problem" },
	{ 128, "echo request" },
	{ 129, "echo reply" },
	{ 130, "listener query" },
	{ 131, "listener report" },
	{ 132, "listener done" },
	{ 133, "router solicitation" },
	{ 134, "router advertisement" },
	{ 135, "neighbor solicitation" },
	{ 136, "neighbor advertisement" },
	{ 137, "redirect" },
	{ 143, "listener report 2" },
	{ 0, NULL },
};

static const struct mdl_value v4_options[] = {
	{ 0, "end" },
	{ 1, "nop" },
	{ 7, "record route" },
	{ 68, "timestamp" },
	{ 130, "security" },
	{ 131, "loose source route" },
	{ 136, "stream id" },
	{ 137, "strict source route" },
	{ 148, "router alert" },
	{ 0, NULL },
};

static const struct mdl_value v6_options[] = {
	{ 0, "pad1" },	       { 1, "padn" },		{ 4, "tunnel limit" },
	{ 5, "router alert" }, { 99, "rpl" },		{ 138, "endpoint id" },
	{ 194, "jumbo" },      { 201, "home address" }, { 0, NULL },
};

static const struct mdl_value routing_types[] = {
	{ 0, "source route" }, { 2, "mobility" }, { 3, "rpl" }, { 4, "segment" }, { 0, NULL },
};

static const struct mdl_value tcp_options[] = {
	{ 0, "end" },
	{ 1, "nop" },
	{ 2, "mss" },
	{ 3, "window scale" },
	{ 4, "sack permitted" },
	{ 5, "sack" },
	{ 8, "timestamps" },
	{ 19, "md5" },
	{ 28, "user timeout" },
	{ 29, "authentication" },
	{ 30, "multipath" },
	{ 34, "fast open" },
	{ 0, NULL },
};

#define U			  MDL_UINT
#define B			  MDL_BITS
#define LENGTH_OF(row, per, less) .flags = MDL_F_LENGTH, .of = (row), .scale = (per), .bias = (less)
#define BITS(from, count)	  .shift = (from), .bits = (count)

/*
 * A length counts all of the span it stands in, or an options span behind it: the header without
 * options is the bias. Rows named *_SAID are lengths that speak of more than the packet holds (of a
 * fragment, or of what an ICMP error quotes in part), which no repair can know.
 */
/* clang-format off */
const struct mdl_field_def mdl_ip_fields[IP_ROWS] = {
	[V4]                 = { .name = "v4", .kind = MDL_SPAN },
	[V4_VERSION]         = { .name = "version", .kind = B, BITS(4, 4) },
	[V4_IHL]             = { .name = "ihl", .kind = B, BITS(0, 4), LENGTH_OF(V4_OPTIONS, 4, -5) },
	[V4_DSCP]            = { .name = "dscp", .kind = B, BITS(2, 6) },
	[V4_ECN]             = { .name = "ecn", .kind = B, BITS(0, 2) },
	[V4_LENGTH]          = { .name = "length", .kind = U, LENGTH_OF(V4, 1, 0) },
	[V4_LENGTH_SAID]     = { .name = "length", .kind = U },
	[V4_ID]              = { .name = "id", .kind = U, .flags = MDL_F_VOLATILE | MDL_F_HEX },
	[V4_RESERVED]        = { .name = "reserved", .kind = B, BITS(15, 1) },
	[V4_DF]              = { .name = "df", .kind = B, BITS(14, 1) },
	[V4_MF]              = { .name = "mf", .kind = B, BITS(13, 1) },
	[V4_OFFSET]          = { .name = "offset", .kind = B, BITS(0, 13) },
	[V4_TTL]             = { .name = "ttl", .kind = U },
	[V4_PROTOCOL]        = { .name = "protocol", .kind = U, .values = mdl_ip_protocols },
	[V4_CHECKSUM]        = { .name = "checksum", .kind = U, .flags = MDL_F_SEAL | MDL_F_HEX },
	[V4_SRC]             = { .name = "src", .kind = MDL_IPV4 },
	[V4_DST]             = { .name = "dst", .kind = MDL_IPV4 },
	[V4_OPTIONS]         = { .name = "options", .kind = MDL_SPAN, .flags = MDL_F_UNORDERED },
	[V4_OPTION]          = { .name = "option", .kind = MDL_SPAN, .flags = MDL_F_REPEAT },
	[V4_OPTION_TYPE]     = { .name = "type", .kind = U, .values = v4_options },
	[V4_OPTION_LEN]      = { .name = "len", .kind = U, LENGTH_OF(V4_OPTION, 1, 0) },

	[V6]                 = { .name = "v6", .kind = MDL_SPAN },
	[V6_VERSION]         = { .name = "version", .kind = B, BITS(28, 4) },
	[V6_CLASS]           = { .name = "class", .kind = B, BITS(20, 8) },
	[V6_FLOW]            = { .name = "flow", .kind = B, BITS(0, 20), .flags = MDL_F_HEX },
	[V6_LENGTH]          = { .name = "length", .kind = U, LENGTH_OF(V6, 1, 40) },
	[V6_LENGTH_SAID]     = { .name = "length", .kind = U },
	[V6_NEXT]            = { .name = "next", .kind = U, .values = mdl_ip_protocols },
	[V6_HOPS]            = { .name = "hops", .kind = U },
	[V6_SRC]             = { .name = "src", .kind = MDL_IPV6 },
	[V6_DST]             = { .name = "dst", .kind = MDL_IPV6 },
	[HOP]                = { .name = "hop", .kind = MDL_SPAN, .flags = MDL_F_REPEAT },
	[HOP_LEN]            = { .name = "len", .kind = U, LENGTH_OF(HOP, 8, 1) },
	[DEST]               = { .name = "dest", .kind = MDL_SPAN, .flags = MDL_F_REPEAT },
	[DEST_LEN]           = { .name = "len", .kind = U, LENGTH_OF(DEST, 8, 1) },
	[ROUTING]            = { .name = "routing", .kind = MDL_SPAN, .flags = MDL_F_REPEAT },
	[ROUTING_LEN]        = { .name = "len", .kind = U, LENGTH_OF(ROUTING, 8, 1) },
	[ROUTING_TYPE]       = { .name = "type", .kind = U, .values = routing_types },
	[ROUTING_LEFT]       = { .name = "left", .kind = U },
	[AH]                 = { .name = "ah", .kind = MDL_SPAN, .flags = MDL_F_REPEAT },
	[AH_LEN]             = { .name = "len", .kind = U, LENGTH_OF(AH, 4, 2) },
	[AH_RESERVED]        = { .name = "reserved", .kind = U, .flags = MDL_F_HEX },
	[AH_SPI]             = { .name = "spi", .kind = U, .flags = MDL_F_HEX },
	[AH_SEQ]             = { .name = "seq", .kind = U, .flags = MDL_F_VOLATILE },
	[AH_ICV]             = { .name = "icv", .kind = MDL_BYTES, .flags = MDL_F_VOLATILE },
	[FRAGMENT]           = { .name = "fragment", .kind = MDL_SPAN, .flags = MDL_F_REPEAT },
	[FRAGMENT_RESERVED]  = { .name = "reserved", .kind = U, .flags = MDL_F_HEX },
	[FRAGMENT_OFFSET]    = { .name = "offset", .kind = B, BITS(3, 13) },
	[FRAGMENT_RESERVED2] = { .name = "reserved2", .kind = B, BITS(1, 2) },
	[FRAGMENT_MORE]      = { .name = "more", .kind = B, BITS(0, 1) },
	[FRAGMENT_ID]        = { .name = "id", .kind = U, .flags = MDL_F_VOLATILE | MDL_F_HEX },
	[ESP]                = { .name = "esp", .kind = MDL_SPAN },
	[ESP_SPI]            = { .name = "spi", .kind = U, .flags = MDL_F_HEX },
	[ESP_SEQ]            = { .name = "seq", .kind = U, .flags = MDL_F_VOLATILE },
	[V6_OPTION]          = { .name = "option", .kind = MDL_SPAN, .flags = MDL_F_REPEAT },
	[V6_OPTION_TYPE]     = { .name = "type", .kind = U, .values = v6_options },
	[V6_OPTION_LEN]      = { .name = "len", .kind = U, LENGTH_OF(V6_OPTION, 1, 2) },

	[UDP]                = { .name = "udp", .kind = MDL_SPAN },
	[UDP_LENGTH]         = { .name = "length", .kind = U, LENGTH_OF(UDP, 1, 0) },
	[UDP_LENGTH_SAID]    = { .name = "length", .kind = U },
	[UDP_CHECKSUM]       = { .name = "checksum", .kind = U, .flags = MDL_F_SEAL | MDL_F_HEX },

	[TCP]                = { .name = "tcp", .kind = MDL_SPAN },
	[TCP_SEQ]            = { .name = "seq", .kind = U, .flags = MDL_F_VOLATILE },
	[TCP_ACK]            = { .name = "ack", .kind = U, .flags = MDL_F_VOLATILE },
	[TCP_OFFSET]         = { .name = "offset", .kind = B, BITS(4, 4), LENGTH_OF(TCP_OPTIONS, 4, -5) },
	[TCP_OFFSET_SAID]    = { .name = "offset", .kind = B, BITS(4, 4) },
	[TCP_RESERVED]       = { .name = "reserved", .kind = B, BITS(0, 4) },
	[TCP_FLAGS]          = { .name = "flags", .kind = MDL_SPAN },
	[TCP_CWR]            = { .name = "cwr", .kind = B, BITS(7, 1) },
	[TCP_ECE]            = { .name = "ece", .kind = B, BITS(6, 1) },
	[TCP_URG]            = { .name = "urg", .kind = B, BITS(5, 1) },
	[TCP_ACK_FLAG]       = { .name = "ack", .kind = B, BITS(4, 1) },
	[TCP_PSH]            = { .name = "psh", .kind = B, BITS(3, 1) },
	[TCP_RST]            = { .name = "rst", .kind = B, BITS(2, 1) },
	[TCP_SYN]            = { .name = "syn", .kind = B, BITS(1, 1) },
	[TCP_FIN]            = { .name = "fin", .kind = B, BITS(0, 1) },
	[TCP_WINDOW]         = { .name = "window", .kind = U },
	[TCP_CHECKSUM]       = { .name = "checksum", .kind = U, .flags = MDL_F_SEAL | MDL_F_HEX },
	[TCP_URGENT]         = { .name = "urgent", .kind = U },
	[TCP_OPTIONS]        = { .name = "options", .kind = MDL_SPAN, .flags = MDL_F_UNORDERED },
	[TCP_OPTION]         = { .name = "option", .kind = MDL_SPAN, .flags = MDL_F_REPEAT },
	[TCP_OPTION_KIND]    = { .name = "kind", .kind = U, .values = tcp_options },
	[TCP_OPTION_LEN]     = { .name = "len", .kind = U, LENGTH_OF(TCP_OPTION, 1, 0) },
	[TCP_MSS]            = { .name = "mss", .kind = U },
	[TCP_SCALE]          = { .name = "scale", .kind = U },
	[TCP_SACK_LEFT]      = { .name = "left", .kind = U, .flags = MDL_F_VOLATILE | MDL_F_REPEAT },
	[TCP_SACK_RIGHT]     = { .name = "right", .kind = U, .flags = MDL_F_VOLATILE | MDL_F_REPEAT },
	[TCP_TSVAL]          = { .name = "tsval", .kind = U, .flags = MDL_F_VOLATILE | MDL_F_GIVEN },
	[TCP_TSECR]          = { .name = "tsecr", .kind = U, .flags = MDL_F_VOLATILE | MDL_F_ECHO, .of = TCP_TSVAL },

	[ICMP]               = { .name = "icmp", .kind = MDL_SPAN },
	[ICMP_TYPE]          = { .name = "type", .kind = U, .values = mdl_ip_icmp_types },
	[ICMP6]              = { .name = "icmp6", .kind = MDL_SPAN },
	[ICMP6_TYPE]         = { .name = "type", .kind = U, .values = mdl_ip_icmp6_types },
	[ICMP_CODE]          = { .name = "code", .kind = U },
	[ICMP_CHECKSUM]      = { .name = "checksum", .kind = U, .flags = MDL_F_SEAL | MDL_F_HEX },
	[ICMP_ID]            = { .name = "id", .kind = U, .flags = MDL_F_VOLATILE },
	[ICMP_SEQ]           = { .name = "seq", .kind = U },
	[ICMP_REST]          = { .name = "rest", .kind = U, .flags = MDL_F_HEX },
	[ICMP_QUOTE]         = { .name = "quote", .kind = MDL_PAYLOAD },

	[SPORT]              = { .name = "sport", .kind = U },
	[DPORT]              = { .name = "dport", .kind = U },
	[PAYLOAD]            = { .name = "payload", .kind = MDL_PAYLOAD },
	[DATA]               = { .name = "data", .kind = MDL_BYTES },
	[PADDING]            = { .name = "padding", .kind = MDL_BYTES },
	[SURPLUS]            = { .name = "surplus", .kind = MDL_BYTES },
	[TRAILER]            = { .name = "trailer", .kind = MDL_BYTES },
};
/* clang-format on */
