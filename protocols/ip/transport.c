/* What IP carries: UDP (RFC 768), TCP (RFC 9293), ICMP (RFC 792), ICMPv6 (RFC 4443). */
#include "protocols/ip/parts.h"

enum {
	UDP_HEADER = 8,
	TCP_HEADER = 20,
	GUESS_SURE = 60, /* of 100: enough to take a datagram on an unknown port apart */
};

/* Who speaks on one of the ports, and in which direction, else who the bytes look like. */
static const struct mdl_protocol *inner_of(uint16_t sport, uint16_t dport, struct mdl_slice payload,
					   enum mdl_dir *dir)
{
	const struct mdl_protocol *p = mdl_protocol_by_port(MDL_DGRAM, dport);
	if (p != NULL) {
		*dir = MDL_C2S;
		return p;
	}
	p = mdl_protocol_by_port(MDL_DGRAM, sport);
	if (p != NULL) {
		*dir = MDL_S2C;
		return p;
	}
	p = mdl_protocol_guess(MDL_DGRAM, payload, GUESS_SURE);
	return p == &mdl_raw ? NULL : p;
}

static void udp_payload(struct ip_parse *p, size_t len, bool whole, uint16_t sport, uint16_t dport)
{
	size_t off = mdl_cursor_off(&p->c);
	struct mdl_slice all = mdl_slice(p->c.base, (size_t)(p->c.end - p->c.base));
	enum mdl_dir before = p->x->dir;
	struct mdl_slice payload = mdl_cursor_take(&p->c, len);
	const struct mdl_protocol *inner =
		whole ? inner_of(sport, dport, payload, &p->x->dir) : NULL;
	mdl_field_payload(p->f, p->x, PAYLOAD, all, off, len, inner);
	p->x->dir = before;
}

/* Bytes behind the header, as its length says and as far as they are there. */
static size_t udp_len(struct ip_parse *p, size_t said, size_t off)
{
	size_t there = mdl_cursor_left(&p->c);
	if (said <= there + UDP_HEADER && said >= UDP_HEADER)
		return said - UDP_HEADER;
	if (said < UDP_HEADER)
		mdl_field_note(p->f, "the UDP length is less than the header", off);
	else if (!p->quoted && !p->fragment)
		mdl_field_note(p->f, "the UDP length is more than there is", off);
	return there;
}

mdl_err mdl_ip_udp(struct ip_parse *p)
{
	struct mdl_fields *f = p->f;
	struct mdl_cursor *c = &p->c;
	uint32_t udp = mdl_field_open(f, UDP, mdl_cursor_off(c));
	size_t there = mdl_cursor_left(c), off = mdl_cursor_off(c) + 4;
	uint16_t sport = (uint16_t)mdl_field_be(f, SPORT, c, 2);
	uint16_t dport = (uint16_t)mdl_field_be(f, DPORT, c, 2);
	struct mdl_cursor ahead = *c;
	size_t said = mdl_cursor_be16(&ahead);
	bool part = p->fragment || (p->quoted && (said > there || there < UDP_HEADER));
	mdl_field_be(f, part ? UDP_LENGTH_SAID : UDP_LENGTH, c, 2);
	mdl_field_be(f, UDP_CHECKSUM, c, 2);
	mdl_err err = c->err;
	if (err == MDL_OK)
		udp_payload(p, udp_len(p, said, off), !part && said <= there, sport, dport);
	mdl_field_close(f, udp, mdl_cursor_off(c));
	if (err == MDL_OK)
		mdl_ip_rest(f, c, SURPLUS);
	return err;
}

static void sack_blocks(struct mdl_fields *f, struct mdl_cursor *c)
{
	while (mdl_cursor_left(c) >= 8) {
		mdl_field_be(f, TCP_SACK_LEFT, c, 4);
		mdl_field_be(f, TCP_SACK_RIGHT, c, 4);
	}
}

/* RFC 9293 section 3.2, RFC 7323, RFC 2018 */
static void tcp_option_body(struct mdl_fields *f, uint8_t kind, struct mdl_cursor *c)
{
	size_t n = mdl_cursor_left(c);
	if (kind == 2 && n == 2)
		mdl_field_be(f, TCP_MSS, c, 2);
	else if (kind == 3 && n == 1)
		mdl_field_be(f, TCP_SCALE, c, 1);
	else if (kind == 5)
		sack_blocks(f, c);
	else if (kind == 8 && n == 8) {
		mdl_field_be(f, TCP_TSVAL, c, 4);
		mdl_field_be(f, TCP_TSECR, c, 4);
	}
}

static const struct ip_options tcp_options = {
	.option = TCP_OPTION,
	.type = TCP_OPTION_KIND,
	.len = TCP_OPTION_LEN,
	.single = 1,
	.end = true,
	.body = tcp_option_body,
	.overrun = "an option runs over the end of the TCP header",
};

static void tcp_flags(struct ip_parse *p)
{
	static const uint16_t rows[] = { TCP_CWR, TCP_ECE, TCP_URG, TCP_ACK_FLAG,
					 TCP_PSH, TCP_RST, TCP_SYN, TCP_FIN };
	struct mdl_cursor ahead = p->c;
	uint8_t flags = mdl_cursor_u8(&ahead);
	uint32_t i = mdl_field_open(p->f, TCP_FLAGS, mdl_cursor_off(&p->c));
	mdl_ip_bits(p, 1, rows, MDL_COUNT(rows));
	mdl_field_close(p->f, i, mdl_cursor_off(&p->c));
	if ((flags & MDL_TCP_SYN) != 0 && (flags & (MDL_TCP_FIN | MDL_TCP_RST)) != 0)
		mdl_field_note(p->f, "SYN together with FIN or RST", mdl_cursor_off(&p->c) - 1);
}

/* Options and payload behind a fixed header that says it is `header` bytes long. */
static void tcp_rest(struct ip_parse *p, size_t header, size_t off)
{
	size_t len = header < TCP_HEADER ? 0 : header - TCP_HEADER, there = mdl_cursor_left(&p->c);
	if (header < TCP_HEADER)
		mdl_field_note(p->f, "the TCP data offset is less than 5 words", off);
	if (len > there && (p->quoted || p->fragment))
		return; /* what there is of the options is data */
	if (len > there)
		mdl_field_note(p->f, "the TCP header is longer than the packet", off);
	uint32_t i = mdl_field_open(p->f, TCP_OPTIONS, mdl_cursor_off(&p->c));
	struct mdl_cursor block = mdl_cursor_block(&p->c, len < there ? len : there);
	mdl_ip_option_list(p->f, &block, &tcp_options);
	mdl_field_close(p->f, i, mdl_cursor_off(&p->c));
	mdl_field_take(p->f, PAYLOAD, &p->c, mdl_cursor_left(&p->c));
}

mdl_err mdl_ip_tcp(struct ip_parse *p)
{
	uint16_t offset[] = { TCP_OFFSET, TCP_RESERVED };
	struct mdl_fields *f = p->f;
	struct mdl_cursor *c = &p->c;
	uint32_t tcp = mdl_field_open(f, TCP, mdl_cursor_off(c));
	size_t there = mdl_cursor_left(c);
	mdl_field_be(f, SPORT, c, 2);
	mdl_field_be(f, DPORT, c, 2);
	mdl_field_be(f, TCP_SEQ, c, 4);
	mdl_field_be(f, TCP_ACK, c, 4);
	struct mdl_cursor ahead = *c;
	size_t header = (size_t)(mdl_cursor_u8(&ahead) >> 4) * 4, off = mdl_cursor_off(c);
	if ((p->quoted || p->fragment) && (header > there || there < TCP_HEADER))
		offset[0] = TCP_OFFSET_SAID;
	mdl_ip_bits(p, 1, offset, MDL_COUNT(offset));
	tcp_flags(p);
	mdl_field_be(f, TCP_WINDOW, c, 2);
	mdl_field_be(f, TCP_CHECKSUM, c, 2);
	mdl_field_be(f, TCP_URGENT, c, 2);
	mdl_err err = c->err;
	if (err == MDL_OK)
		tcp_rest(p, header, off);
	mdl_field_close(f, tcp, mdl_cursor_off(c));
	return err;
}

bool mdl_ip_icmp_is_error(uint8_t family, uint8_t type)
{
	if (family == 6)
		return type >= 1 && type <= 4;
	return type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

bool mdl_ip_icmp_is_echo(uint8_t family, uint8_t type)
{
	return family == 6 ? type == 128 || type == 129 : type == 0 || type == 8;
}

static void quote(struct ip_parse *p)
{
	struct mdl_slice all = mdl_slice(p->c.base, (size_t)(p->c.end - p->c.base));
	size_t off = mdl_cursor_off(&p->c), len = mdl_cursor_left(&p->c);
	mdl_field_payload(p->f, p->x, ICMP_QUOTE, all, off, len, &mdl_ip);
	mdl_cursor_skip(&p->c, len);
}

mdl_err mdl_ip_icmp(struct ip_parse *p)
{
	struct mdl_fields *f = p->f;
	struct mdl_cursor *c = &p->c;
	bool v6 = p->family == 6;
	uint32_t icmp = mdl_field_open(f, v6 ? ICMP6 : ICMP, mdl_cursor_off(c));
	uint8_t type = (uint8_t)mdl_field_be(f, v6 ? ICMP6_TYPE : ICMP_TYPE, c, 1);
	mdl_field_be(f, ICMP_CODE, c, 1);
	mdl_field_be(f, ICMP_CHECKSUM, c, 2);
	if (mdl_ip_icmp_is_echo(p->family, type)) {
		mdl_field_be(f, ICMP_ID, c, 2);
		mdl_field_be(f, ICMP_SEQ, c, 2);
	} else
		mdl_field_be(f, ICMP_REST, c, 4);
	mdl_err err = c->err;
	if (err == MDL_OK && !p->fragment && mdl_ip_icmp_is_error(p->family, type))
		quote(p);
	else
		mdl_ip_rest(f, c, DATA);
	mdl_field_close(f, icmp, mdl_cursor_off(c));
	return err;
}
