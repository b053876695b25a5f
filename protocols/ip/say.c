/* A packet in one line. */
#include <inttypes.h>

#include "protocols/ip/parts.h"
#include "protocols/show.h"

/* The address alone, without a port. */
static mdl_err say_host(const struct mdl_inet *a, struct mdl_buf *out)
{
	char text[MDL_INET_TEXT];
	struct mdl_slice s = mdl_slice_str(mdl_inet_text(a, text));
	size_t colon = s.n;
	while (colon > 0 && s.p[colon - 1] != ':')
		colon--;
	s = mdl_slice_sub(s, 0, colon == 0 ? s.n : colon - 1);
	if (a->family == 6 && s.n > 2)
		s = mdl_slice_sub(s, 1, s.n - 2);
	return mdl_buf_add(out, s);
}

static mdl_err say_end(const struct mdl_inet *a, bool port, struct mdl_buf *out)
{
	char text[MDL_INET_TEXT];
	return port ? mdl_buf_printf(out, "%s", mdl_inet_text(a, text)) : say_host(a, out);
}

static mdl_err say_ends(const struct mdl_ip_packet *p, struct mdl_buf *out)
{
	mdl_err err = say_end(&p->src, p->ports, out);
	if (err == MDL_OK)
		err = mdl_buf_printf(out, " > ");
	return err == MDL_OK ? say_end(&p->dst, p->ports, out) : err;
}

/* S, S., P., F. as people know them; "none" without any. */
static const char *flags_text(uint8_t flags, char out[9])
{
	static const struct {
		uint8_t flag;
		char letter;
	} letters[] = {
		{ MDL_TCP_FIN, 'F' }, { MDL_TCP_SYN, 'S' }, { MDL_TCP_RST, 'R' },
		{ MDL_TCP_PSH, 'P' }, { MDL_TCP_ACK, '.' }, { MDL_TCP_URG, 'U' },
		{ MDL_TCP_ECE, 'E' }, { MDL_TCP_CWR, 'W' },
	};
	size_t n = 0;
	for (size_t i = 0; i < MDL_COUNT(letters); i++)
		if ((flags & letters[i].flag) != 0)
			out[n++] = letters[i].letter;
	out[n] = 0;
	return n == 0 ? "none" : out;
}

static mdl_err say_tcp(const struct mdl_ip_packet *p, struct mdl_buf *out)
{
	char flags[9];
	mdl_err err = mdl_buf_printf(out, " tcp %s seq %" PRIu32, flags_text(p->tcp_flags, flags),
				     p->tcp_seq);
	if (err == MDL_OK && (p->tcp_flags & MDL_TCP_ACK) != 0)
		err = mdl_buf_printf(out, " ack %" PRIu32, p->tcp_ack);
	return err == MDL_OK
		       ? mdl_buf_printf(out, " win %u %zu bytes", p->tcp_window, p->payload_len)
		       : err;
}

static const char *unreachable_text(uint8_t family, uint8_t code)
{
	static const char *const v4[] = {
		"network unreachable",
		"host unreachable",
		"protocol unreachable",
		"port unreachable",
		"fragmentation needed",
		"source route failed",
		"network unknown",
		"host unknown",
		"source host isolated",
		"network prohibited",
		"host prohibited",
		"network unreachable for this service",
		"host unreachable for this service",
		"communication prohibited",
	};
	static const char *const v6[] = {
		"no route",
		"communication prohibited",
		"beyond the scope of the source",
		"address unreachable",
		"port unreachable",
		"source address failed the policy",
		"route rejected",
	};
	if (family == 4)
		return code < MDL_COUNT(v4) ? v4[code] : "destination unreachable";
	return code < MDL_COUNT(v6) ? v6[code] : "destination unreachable";
}

/* What type and code mean; NULL: a number says more. */
static const char *icmp_text(uint8_t family, uint8_t type, uint8_t code)
{
	if (type == (family == 4 ? 3 : 1))
		return unreachable_text(family, code);
	if (type == (family == 4 ? 11 : 3))
		return code == 0 ? "time to live exceeded in transit" : "reassembly time exceeded";
	return mdl_value_name(family == 4 ? mdl_ip_icmp_types : mdl_ip_icmp6_types, type);
}

/* Where the packet that an error quotes went from and to. */
static mdl_err say_quote(struct mdl_slice quote, struct mdl_buf *out)
{
	struct mdl_ip_packet q;
	if (mdl_ip_peek(quote, &q) != MDL_OK)
		return MDL_OK;
	const char *proto = mdl_value_name(mdl_ip_protocols, q.proto);
	mdl_err err = mdl_buf_printf(out, " about ");
	if (err == MDL_OK)
		err = say_ends(&q, out);
	return err == MDL_OK && proto != NULL ? mdl_buf_printf(out, " %s", proto) : err;
}

static mdl_err say_icmp(const struct mdl_ip_packet *p, struct mdl_buf *out)
{
	bool v6 = p->src.family == 6;
	struct mdl_cursor c = mdl_cursor(p->transport);
	uint8_t type = mdl_cursor_u8(&c), code = mdl_cursor_u8(&c);
	mdl_cursor_skip(&c, 2);
	uint16_t id = mdl_cursor_be16(&c), seq = mdl_cursor_be16(&c);
	const char *text = icmp_text(p->src.family, type, code);
	mdl_err err = mdl_buf_printf(out, v6 ? " icmp6 " : " icmp ");
	if (err == MDL_OK && text != NULL)
		err = mdl_buf_printf(out, "%s", text);
	else if (err == MDL_OK)
		err = mdl_buf_printf(out, "type %u code %u", type, code);
	if (err == MDL_OK && c.err == MDL_OK && mdl_ip_icmp_is_echo(p->src.family, type))
		return mdl_buf_printf(out, " id %u seq %u %zu bytes", id, seq, mdl_cursor_left(&c));
	if (err == MDL_OK && c.err == MDL_OK && mdl_ip_icmp_is_error(p->src.family, type))
		return say_quote(mdl_cursor_rest(&c), out);
	return err == MDL_OK ? mdl_buf_printf(out, " %zu bytes", p->transport_len) : err;
}

static mdl_err say_fragment(const struct mdl_ip_packet *p, struct mdl_buf *out)
{
	return mdl_buf_printf(out, " fragment %" PRIu32 " to %zu%s of id 0x%" PRIx32,
			      p->fragment_off, p->fragment_off + p->transport_len,
			      p->more ? "" : " (last)", p->fragment_id);
}

static mdl_err say_transport(const struct mdl_ip_packet *p, struct mdl_buf *out)
{
	const char *name = mdl_value_name(mdl_ip_protocols, p->proto);
	if (p->fragment)
		return say_fragment(p, out);
	if (p->ports && p->proto == MDL_IP_TCP)
		return say_tcp(p, out);
	if (p->ports)
		return mdl_buf_printf(out, " udp %zu bytes", p->payload_len);
	if (p->proto == (p->src.family == 4 ? MDL_IP_ICMP : MDL_IP_ICMP6) && p->transport.n >= 2)
		return say_icmp(p, out);
	if (name == NULL)
		return mdl_buf_printf(out, " protocol %u %zu bytes", p->proto, p->transport_len);
	return mdl_buf_printf(out, " %s %zu bytes", name, p->transport_len);
}

mdl_err mdl_ip_say(struct mdl_ctx *x, struct mdl_slice msg, const struct mdl_fields *f,
		   struct mdl_buf *out)
{
	(void)x;
	(void)f;
	struct mdl_ip_packet p;
	if (mdl_ip_peek(msg, &p) != MDL_OK)
		return mdl_buf_printf(out, "no IP packet, %zu bytes", msg.n);
	mdl_err err = say_ends(&p, out);
	if (err == MDL_OK)
		err = say_transport(&p, out);
	return err == MDL_OK && p.cut ? mdl_buf_printf(out, " (cut)") : err;
}
