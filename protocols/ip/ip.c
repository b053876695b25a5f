/* The protocol `ip`: packets of IPv4 and IPv6 with what is known of the headers inside. */
#include "core/writer.h"
#include "protocols/ip/parts.h"

void mdl_ip_rest(struct mdl_fields *f, struct mdl_cursor *c, enum ip_row row)
{
	c->err = MDL_OK; /* what a header that is cut left behind is kept as well */
	if (mdl_cursor_left(c) > 0)
		mdl_field_take(f, (uint16_t)row, c, mdl_cursor_left(c));
}

void mdl_ip_bits(struct ip_parse *p, size_t n, const uint16_t *rows, size_t n_rows)
{
	size_t off = mdl_cursor_off(&p->c);
	mdl_cursor_skip(&p->c, n);
	for (size_t i = 0; i < n_rows && p->c.err == MDL_OK; i++)
		mdl_field_add(p->f, rows[i], off, n);
}

/* One option of `len` bytes behind type and length; `block` is all of it. */
static void option(struct mdl_fields *f, struct mdl_cursor *block, const struct ip_options *how)
{
	uint8_t type = (uint8_t)mdl_field_be(f, how->type, block, 1);
	if (mdl_cursor_left(block) == 0)
		return;
	mdl_field_be(f, how->len, block, 1);
	if (how->body != NULL)
		how->body(f, type, block);
	mdl_ip_rest(f, block, DATA);
}

/* Bytes of the option that `c` is at; 0 if it runs over the end. */
static size_t option_len(const struct mdl_cursor *c, const struct ip_options *how)
{
	size_t left = mdl_cursor_left(c);
	if (c->p[0] <= how->single)
		return 1;
	size_t len = left < 2 ? 0 : (size_t)c->p[1] + how->bias;
	return len < 2 || len > left ? 0 : len;
}

void mdl_ip_option_list(struct mdl_fields *f, struct mdl_cursor *c, const struct ip_options *how)
{
	while (c->err == MDL_OK && mdl_cursor_left(c) > 0) {
		size_t len = option_len(c, how);
		bool last = how->end && c->p[0] == 0;
		if (len == 0) {
			mdl_field_note(f, how->overrun, mdl_cursor_off(c));
			break;
		}
		uint32_t i = mdl_field_open(f, how->option, mdl_cursor_off(c));
		struct mdl_cursor block = mdl_cursor_block(c, len);
		option(f, &block, how);
		mdl_field_close(f, i, mdl_cursor_off(c));
		if (last)
			break;
	}
	mdl_ip_rest(f, c, PADDING);
}

static mdl_err opaque(struct ip_parse *p)
{
	mdl_ip_rest(p->f, &p->c, DATA);
	return MDL_OK;
}

static const struct {
	uint8_t proto, family; /* family 0: both */
	mdl_err (*parse)(struct ip_parse *p);
} transports[] = {
	{ MDL_IP_UDP, 0, mdl_ip_udp },
	{ MDL_IP_TCP, 0, mdl_ip_tcp },
	{ MDL_IP_ICMP, 4, mdl_ip_icmp },
	{ MDL_IP_ICMP6, 6, mdl_ip_icmp },
};

mdl_err mdl_ip_transport(struct ip_parse *p)
{
	mdl_err (*parse)(struct ip_parse *) = opaque;
	for (size_t i = 0; i < MDL_COUNT(transports) && !p->inside; i++)
		if (transports[i].proto == p->proto &&
		    (transports[i].family == 0 || transports[i].family == p->family))
			parse = transports[i].parse;
	mdl_err err = parse(p);
	/* an ICMP error quotes as little as eight bytes, and a fragment may be that small too */
	return p->quoted || p->fragment ? MDL_OK : err;
}

/* Says which checksums do not hold. */
static void note_seals(struct mdl_slice msg, struct mdl_fields *f)
{
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	size_t n = mdl_ip_seals(msg, seals);
	for (size_t i = 0; i < n; i++) {
		bool left = seals[i].now == seals[i].partial || seals[i].now == 0;
		if (seals[i].now != seals[i].right)
			mdl_field_note(f,
				       left ? "the checksum was left to the network card"
					    : "the checksum is wrong",
				       seals[i].off);
	}
}

/*
 * True if the field holds what an ICMP error quotes. Checksums in there are left alone: nobody
 * looks at them, and addresses may have been translated since.
 */
static bool holds_quote(const struct mdl_fields *f, uint32_t i)
{
	return f->v[i].def == ICMP_QUOTE && f->layers[f->v[i].layer].proto == &mdl_ip;
}

static mdl_err dissect(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *out)
{
	struct ip_parse p = { .x = x, .f = out, .c = mdl_cursor(msg) };
	/* the last field is the payload that was opened for us */
	p.quoted = out->n > 0 && holds_quote(out, out->n - 1);
	const uint8_t *end = p.c.end;
	unsigned version = msg.n == 0 ? 0 : msg.p[0] >> 4;
	mdl_err err = version == 4 ? mdl_ip_v4(&p) : version == 6 ? mdl_ip_v6(&p) : MDL_EMALFORMED;
	p.c.end = end;
	mdl_ip_rest(out, &p.c, version == 4 || version == 6 ? TRAILER : DATA);
	if (!p.quoted)
		note_seals(msg, out);
	return err;
}

static unsigned guess(enum mdl_carrier on, struct mdl_slice first)
{
	struct mdl_ip_packet p;
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	if (on != MDL_PACKET || mdl_ip_peek(first, &p) != MDL_OK)
		return 0;
	if (p.src.family == 6)
		return p.cut ? 40 : 85;
	mdl_ip_seals(first, seals);
	return seals[0].now == seals[0].right ? 95 : seals[0].now == 0 ? 70 : 20;
}

/* The payload field that holds a layer; MDL_NO_FIELD for the outermost, or one without fields. */
static uint32_t holder_of(const struct mdl_fields *f, unsigned layer)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (f->v[i].layer == layer)
			return f->v[i].parent;
	return MDL_NO_FIELD;
}

/* True if at `off` of the message the index knows a checksum of the layer that may be written. */
static bool may_seal(const struct mdl_fields *f, unsigned layer, size_t off)
{
	for (uint32_t i = 0; i < f->n; i++) {
		const struct mdl_field *d = &f->v[i];
		if (d->layer == layer && d->off == off && d->len == 2 &&
		    (mdl_field_def(f, i)->flags & MDL_F_SEAL) != 0)
			return !d->pinned;
	}
	return false;
}

static mdl_err repair(struct mdl_ctx *x, struct mdl_buf *msg, struct mdl_fields *f, unsigned layer,
		      const struct mdl_repair *how)
{
	(void)x;
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	uint32_t holder = holder_of(f, layer);
	if ((how->what & MDL_REL_SEAL) == 0 || (holder == MDL_NO_FIELD && layer > 0) ||
	    (holder != MDL_NO_FIELD && holds_quote(f, holder)))
		return MDL_OK;
	struct mdl_slice packet = mdl_buf_slice(msg);
	if (holder != MDL_NO_FIELD)
		packet = mdl_field_bytes(f, packet, holder);
	size_t n = mdl_ip_seals(packet, seals);
	for (size_t i = 0; i < n; i++) {
		size_t off = (size_t)(packet.p - msg->p) + seals[i].off;
		if (may_seal(f, layer, off))
			mdl_put_be(msg->p + off, seals[i].right, 2);
	}
	return MDL_OK;
}

const struct mdl_protocol mdl_ip = {
	.name = "ip",
	.summary = "IPv4 and IPv6 packets with UDP, TCP and ICMP",
	.carriers = MDL_PACKET,
	.fields = mdl_ip_fields,
	.n_fields = IP_ROWS,
	.guess = guess,
	.dissect = dissect,
	.say = mdl_ip_say,
	.repair = repair,
};
