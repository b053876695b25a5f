/* IPv4, RFC 791, section 3.1. */
#include "protocols/ip/parts.h"

enum { HEADER = 20, TCP_PORTS_AND_SEQ = 8, TCP_FIXED = 20 };

static const struct ip_options options = {
	.option = V4_OPTION,
	.type = V4_OPTION_TYPE,
	.len = V4_OPTION_LEN,
	.single = 1,
	.end = true,
	.overrun = "an option runs over the end of the IP header",
};

/* The packet ends where its total length says, as far as that can be. */
static void read_length(struct ip_parse *p, size_t header)
{
	struct mdl_fields *f = p->f;
	size_t off = mdl_cursor_off(&p->c), there = (size_t)(p->c.end - p->c.base);
	uint16_t total = mdl_cursor_be16(&p->c);
	if (p->c.err != MDL_OK)
		return;
	mdl_field_add(f, p->quoted && total > there ? V4_LENGTH_SAID : V4_LENGTH, off, 2);
	if (total == 0)
		mdl_field_note(f, "the total length was left to the network card", off);
	else if (total < header || total < HEADER)
		mdl_field_note(f, "the total length is less than the header", off);
	else if (total > there && !p->quoted)
		mdl_field_note(f, "the packet should be longer than it is", off);
	else if (total <= there)
		p->c.end = p->c.base + total;
}

/* RFC 1858 and RFC 3128 say what is wrong with small fragments. */
static void note_fragment(struct ip_parse *p, bool more, size_t offset, size_t off)
{
	size_t end = (size_t)(p->c.end - p->c.base), len = end < HEADER ? 0 : end - HEADER;
	struct mdl_fields *f = p->f;
	if (more && len % 8 != 0)
		mdl_field_note(f, "a fragment before the last is no multiple of 8 bytes", off);
	if (HEADER + offset + len > UINT16_MAX)
		mdl_field_note(f, "a fragment reaches beyond 65535 bytes", off);
	if (p->proto != MDL_IP_TCP)
		return;
	if (offset == 0 && len < TCP_FIXED)
		mdl_field_note(f, "a tiny fragment: the TCP header is not all in the first", off);
	if (offset == TCP_PORTS_AND_SEQ)
		mdl_field_note(f, "a fragment begins inside the TCP header", off);
}

static void read_fragment(struct ip_parse *p)
{
	static const uint16_t rows[] = { V4_RESERVED, V4_DF, V4_MF, V4_OFFSET };
	size_t off = mdl_cursor_off(&p->c);
	struct mdl_cursor ahead = p->c;
	mdl_ip_bits(p, 2, rows, MDL_COUNT(rows));
	uint16_t v = mdl_cursor_be16(&ahead);
	bool more = (v & 0x2000) != 0;
	size_t offset = (v & 0x1fffU) * 8;
	p->inside = offset != 0;
	p->fragment = more || p->inside;
	mdl_cursor_skip(&ahead, 1);
	p->proto = mdl_cursor_u8(&ahead);
	if (p->fragment && !p->quoted)
		note_fragment(p, more, offset, off);
}

/* The fixed part; gives the length of the header as it says. */
static size_t read_header(struct ip_parse *p)
{
	static const uint16_t first[] = { V4_VERSION, V4_IHL }, second[] = { V4_DSCP, V4_ECN };
	struct mdl_fields *f = p->f;
	struct mdl_cursor *c = &p->c;
	size_t header = (size_t)(c->p[0] & 15) * 4;
	mdl_ip_bits(p, 1, first, MDL_COUNT(first));
	mdl_ip_bits(p, 1, second, MDL_COUNT(second));
	read_length(p, header);
	mdl_field_be(f, V4_ID, c, 2);
	read_fragment(p);
	if (mdl_field_be(f, V4_TTL, c, 1) == 0 && c->err == MDL_OK)
		mdl_field_note(f, "the time to live is 0", 8);
	p->proto = (uint8_t)mdl_field_be(f, V4_PROTOCOL, c, 1);
	mdl_field_be(f, V4_CHECKSUM, c, 2);
	mdl_field_take(f, V4_SRC, c, 4);
	mdl_field_take(f, V4_DST, c, 4);
	return header;
}

static mdl_err read_options(struct ip_parse *p, size_t header)
{
	size_t len = header < HEADER ? 0 : header - HEADER, there = mdl_cursor_left(&p->c);
	if (header < HEADER)
		mdl_field_note(p->f, "the header length is less than 5 words", 0);
	if (len > there)
		mdl_field_note(p->f, "the IP header is longer than the packet", 0);
	uint32_t i = mdl_field_open(p->f, V4_OPTIONS, mdl_cursor_off(&p->c));
	struct mdl_cursor block = mdl_cursor_block(&p->c, len < there ? len : there);
	mdl_ip_option_list(p->f, &block, &options);
	mdl_field_close(p->f, i, mdl_cursor_off(&p->c));
	return len > there || header < HEADER ? MDL_EMALFORMED : MDL_OK;
}

mdl_err mdl_ip_v4(struct ip_parse *p)
{
	p->family = 4;
	uint32_t v4 = mdl_field_open(p->f, V4, 0);
	size_t header = read_header(p);
	mdl_err err = p->c.err == MDL_OK ? read_options(p, header) : p->c.err;
	if (err == MDL_OK)
		err = mdl_ip_transport(p);
	mdl_ip_rest(p->f, &p->c, DATA);
	mdl_field_close(p->f, v4, mdl_cursor_off(&p->c));
	return err;
}
