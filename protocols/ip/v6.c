/* IPv6 and its extension headers, RFC 8200, sections 3 and 4. */
#include "protocols/ip/parts.h"

enum { HEADER = 40 };

static const struct ip_options options = {
	.option = V6_OPTION,
	.type = V6_OPTION_TYPE,
	.len = V6_OPTION_LEN,
	.bias = 2,
	.overrun = "an option runs over the end of its extension header",
};

/* The packet ends where its payload length says, as far as that can be. */
static void read_length(struct ip_parse *p)
{
	struct mdl_fields *f = p->f;
	size_t off = mdl_cursor_off(&p->c), there = (size_t)(p->c.end - p->c.base);
	size_t len = mdl_cursor_be16(&p->c), total = HEADER + len;
	if (p->c.err != MDL_OK)
		return;
	bool none = len == 0 && mdl_cursor_left(&p->c) > 0 && p->c.p[0] == MDL_IP_NONE;
	mdl_field_add(f, p->quoted && total > there ? V6_LENGTH_SAID : V6_LENGTH, off, 2);
	if (len == 0 && !none)
		mdl_field_note(f,
			       "the payload length is 0: a jumbogram, or left to the network card",
			       off);
	else if (total > there && !p->quoted)
		mdl_field_note(f, "the packet should be longer than it is", off);
	else if (total <= there)
		p->c.end = p->c.base + total;
}

static void read_header(struct ip_parse *p)
{
	static const uint16_t first[] = { V6_VERSION, V6_CLASS, V6_FLOW };
	struct mdl_fields *f = p->f;
	struct mdl_cursor *c = &p->c;
	mdl_ip_bits(p, 4, first, MDL_COUNT(first));
	read_length(p);
	p->proto = (uint8_t)mdl_field_be(f, V6_NEXT, c, 1);
	if (mdl_field_be(f, V6_HOPS, c, 1) == 0 && c->err == MDL_OK)
		mdl_field_note(f, "the hop limit is 0", 7);
	mdl_field_take(f, V6_SRC, c, 16);
	mdl_field_take(f, V6_DST, c, 16);
}

/* Opens an extension header; `block` is then what stands behind its length. */
static uint32_t begin(struct ip_parse *p, enum ip_row row, enum ip_row len_row, unsigned scale,
		      unsigned bias, struct mdl_cursor *block)
{
	uint32_t i = mdl_field_open(p->f, (uint16_t)row, mdl_cursor_off(&p->c));
	p->proto = (uint8_t)mdl_field_be(p->f, V6_NEXT, &p->c, 1);
	size_t len = (mdl_field_be(p->f, (uint16_t)len_row, &p->c, 1) + bias) * scale;
	size_t there = mdl_cursor_left(&p->c) + 2;
	*block = mdl_cursor_block(&p->c, len < there ? len - 2 : there - 2);
	if (p->c.err == MDL_OK && len > there) {
		mdl_field_note(p->f, "an extension header is longer than the packet",
			       mdl_cursor_off(block));
		p->c.err = MDL_EMALFORMED;
	}
	return i;
}

static void option_header(struct ip_parse *p, enum ip_row row, enum ip_row len_row)
{
	struct mdl_cursor block;
	uint32_t i = begin(p, row, len_row, 8, 1, &block);
	if (block.err == MDL_OK)
		mdl_ip_option_list(p->f, &block, &options);
	mdl_field_close(p->f, i, mdl_cursor_off(&p->c));
}

static void hop_options(struct ip_parse *p)
{
	option_header(p, HOP, HOP_LEN);
}

static void destination_options(struct ip_parse *p)
{
	option_header(p, DEST, DEST_LEN);
}

static void routing(struct ip_parse *p)
{
	struct mdl_cursor block;
	uint32_t i = begin(p, ROUTING, ROUTING_LEN, 8, 1, &block);
	mdl_field_be(p->f, ROUTING_TYPE, &block, 1);
	mdl_field_be(p->f, ROUTING_LEFT, &block, 1);
	if (block.err == MDL_OK)
		mdl_ip_rest(p->f, &block, DATA);
	mdl_field_close(p->f, i, mdl_cursor_off(&p->c));
}

/* RFC 4302, section 2 */
static void authentication(struct ip_parse *p)
{
	struct mdl_cursor block;
	uint32_t i = begin(p, AH, AH_LEN, 4, 2, &block);
	mdl_field_be(p->f, AH_RESERVED, &block, 2);
	mdl_field_be(p->f, AH_SPI, &block, 4);
	mdl_field_be(p->f, AH_SEQ, &block, 4);
	if (block.err == MDL_OK)
		mdl_ip_rest(p->f, &block, AH_ICV);
	mdl_field_close(p->f, i, mdl_cursor_off(&p->c));
}

static void fragment(struct ip_parse *p)
{
	static const uint16_t rows[] = { FRAGMENT_OFFSET, FRAGMENT_RESERVED2, FRAGMENT_MORE };
	struct mdl_fields *f = p->f;
	struct mdl_cursor *c = &p->c;
	uint32_t i = mdl_field_open(f, FRAGMENT, mdl_cursor_off(c));
	p->proto = (uint8_t)mdl_field_be(f, V6_NEXT, c, 1);
	mdl_field_be(f, FRAGMENT_RESERVED, c, 1);
	struct mdl_cursor ahead = *c;
	unsigned v = mdl_cursor_be16(&ahead);
	mdl_ip_bits(p, 2, rows, MDL_COUNT(rows));
	mdl_field_be(f, FRAGMENT_ID, c, 4);
	mdl_field_close(f, i, mdl_cursor_off(c));
	bool more = (v & 1) != 0;
	size_t len = mdl_cursor_left(c), offset = v & 0xfff8;
	p->inside = offset != 0;
	p->fragment = more || p->inside;
	if (p->quoted || c->err != MDL_OK)
		return;
	if (more && len % 8 != 0)
		mdl_field_note(f, "a fragment before the last is no multiple of 8 bytes",
			       mdl_cursor_off(c));
	if (offset + len > UINT16_MAX)
		mdl_field_note(f, "a fragment reaches beyond 65535 bytes", mdl_cursor_off(c));
	if (more && offset == 0 && p->proto == MDL_IP_TCP && len < 20)
		mdl_field_note(f, "a tiny fragment: the TCP header is not all in the first",
			       mdl_cursor_off(c));
}

/* RFC 4303, section 2: behind the sequence number all is encrypted, the next header too. */
static void encrypted(struct ip_parse *p)
{
	uint32_t i = mdl_field_open(p->f, ESP, mdl_cursor_off(&p->c));
	mdl_field_be(p->f, ESP_SPI, &p->c, 4);
	mdl_field_be(p->f, ESP_SEQ, &p->c, 4);
	if (p->c.err == MDL_OK)
		mdl_ip_rest(p->f, &p->c, DATA);
	mdl_field_close(p->f, i, mdl_cursor_off(&p->c));
	p->proto = MDL_IP_NONE;
}

static const struct {
	uint8_t proto;
	void (*parse)(struct ip_parse *p);
} extensions[] = {
	{ MDL_IP_HOPOPTS, hop_options }, { MDL_IP_DESTOPTS, destination_options },
	{ MDL_IP_ROUTING, routing },	 { MDL_IP_FRAGMENT, fragment },
	{ MDL_IP_AH, authentication },	 { MDL_IP_ESP, encrypted },
};

static mdl_err read_extensions(struct ip_parse *p)
{
	void (*parse)(struct ip_parse *);
	do {
		parse = NULL;
		for (size_t i = 0; i < MDL_COUNT(extensions) && !p->inside; i++)
			if (extensions[i].proto == p->proto)
				parse = extensions[i].parse;
		if (parse != NULL)
			parse(p);
	} while (parse != NULL && p->c.err == MDL_OK && p->f->err == MDL_OK);
	return p->quoted || p->fragment ? MDL_OK : p->c.err;
}

mdl_err mdl_ip_v6(struct ip_parse *p)
{
	p->family = 6;
	uint32_t v6 = mdl_field_open(p->f, V6, 0);
	read_header(p);
	mdl_err err = p->c.err == MDL_OK ? read_extensions(p) : p->c.err;
	if (err == MDL_OK && p->c.err == MDL_OK)
		err = mdl_ip_transport(p);
	mdl_ip_rest(p->f, &p->c, DATA);
	mdl_field_close(p->f, v6, mdl_cursor_off(&p->c));
	return err;
}
