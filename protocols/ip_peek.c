#include "protocols/ip_peek.h"

#include "core/writer.h"
#include "protocols/inet_sum.h"

enum { V4_HEADER = 20, V6_HEADER = 40, UDP_HEADER = 8, TCP_HEADER = 20, FRAGMENT_HEADER = 8 };
enum { OPT_END = 0, OPT_NOP = 1, OPT_LSRR = 131, OPT_SSRR = 137 };

static uint16_t be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)be16(p) << 16 | be16(p + 2);
}

static void peek_udp(struct mdl_ip_packet *p)
{
	struct mdl_slice t = p->transport;
	if (t.n < UDP_HEADER)
		return;
	size_t len = be16(t.p + 4);
	if (len == 0) /* a jumbogram (RFC 2675, section 4), or left to the network card */
		len = p->transport_len;
	if (len < UDP_HEADER)
		return;
	p->ports = true;
	p->payload_len = len - UDP_HEADER;
	p->payload = mdl_slice_sub(t, UDP_HEADER, p->payload_len);
	p->cut = p->cut || p->payload.n < p->payload_len;
}

static void peek_tcp(struct mdl_ip_packet *p)
{
	struct mdl_slice t = p->transport;
	size_t header = t.n < TCP_HEADER ? 0 : (size_t)(t.p[12] >> 4) * 4;
	if (header < TCP_HEADER || header > p->transport_len)
		return;
	p->ports = true;
	p->tcp_seq = be32(t.p + 4);
	p->tcp_ack = be32(t.p + 8);
	p->tcp_flags = t.p[13];
	p->tcp_window = be16(t.p + 14);
	p->payload_len = p->transport_len - header;
	p->payload = mdl_slice_sub(t, header, p->payload_len);
}

static void peek_transport(struct mdl_ip_packet *p)
{
	if (p->fragment)
		return;
	if (p->proto == MDL_IP_UDP)
		peek_udp(p);
	else if (p->proto == MDL_IP_TCP)
		peek_tcp(p);
	if (!p->ports)
		return;
	p->src.port = be16(p->transport.p);
	p->dst.port = be16(p->transport.p + 2);
}

/* RFC 8200, section 4.5. Offset 0 and nothing to come is a whole packet (RFC 6946). */
static void peek_fragment6(struct mdl_ip_packet *p)
{
	const uint8_t *h = p->transport.p;
	p->fragment_off = be16(h + 2) & 0xfff8;
	p->more = (h[3] & 1) != 0;
	p->fragment = p->more || p->fragment_off != 0;
	p->fragment_id = be32(h + 4);
}

/* The length of the extension header that `transport` begins with; 0: it is none. */
static size_t extension_len(const struct mdl_ip_packet *p)
{
	bool two = p->transport.n >= 2;
	switch (p->proto) {
	case MDL_IP_HOPOPTS:
	case MDL_IP_ROUTING:
	case MDL_IP_DESTOPTS:
		return two ? ((size_t)p->transport.p[1] + 1) * 8 : SIZE_MAX;
	case MDL_IP_AH:
		return two ? ((size_t)p->transport.p[1] + 2) * 4 : SIZE_MAX;
	case MDL_IP_FRAGMENT:
		return FRAGMENT_HEADER;
	default:
		return 0;
	}
}

/* Passes the extension headers of IPv6, up to a fragment's. */
static mdl_err pass_extensions(struct mdl_ip_packet *p)
{
	for (size_t n; !p->fragment && (n = extension_len(p)) != 0;) {
		if (n > p->transport.n)
			return MDL_EMALFORMED;
		if (p->proto == MDL_IP_ROUTING && p->transport.p[3] != 0)
			p->routed = true;
		if (p->proto == MDL_IP_FRAGMENT)
			peek_fragment6(p);
		p->proto = p->transport.p[0];
		p->transport = mdl_slice_sub(p->transport, n, SIZE_MAX);
		p->transport_len -= n;
	}
	return MDL_OK;
}

/* Behind the header come `len` bytes, of which `there` are here. */
static void set_transport(struct mdl_ip_packet *p, struct mdl_slice there, size_t len)
{
	p->transport = mdl_slice_sub(there, 0, len);
	p->transport_len = len;
	p->cut = p->transport.n < len;
}

/* True if a source route among the options has still to be followed (RFC 791, section 3.1). */
static bool source_routed(struct mdl_slice options)
{
	for (size_t i = 0; i < options.n && options.p[i] != OPT_END;) {
		const uint8_t *o = options.p + i;
		size_t left = options.n - i;
		if (o[0] == OPT_NOP) {
			i++;
			continue;
		}
		if (left < 3 || o[1] < 2)
			return false;
		if ((o[0] == OPT_LSRR || o[0] == OPT_SSRR) && o[2] <= o[1])
			return true;
		i += o[1];
	}
	return false;
}

static mdl_err peek_v4(struct mdl_slice s, struct mdl_ip_packet *p)
{
	size_t header = s.n < V4_HEADER ? 0 : (size_t)(s.p[0] & 15) * 4;
	if (header < V4_HEADER || header > s.n)
		return MDL_EMALFORMED;
	size_t total = be16(s.p + 2);
	if (total == 0) /* left to the network card, which cuts it into segments */
		total = s.n;
	if (total < header)
		return MDL_EMALFORMED;
	p->src = mdl_inet4(s.p + 12, 0);
	p->dst = mdl_inet4(s.p + 16, 0);
	p->proto = s.p[9];
	p->ttl = s.p[8];
	p->fragment_id = be16(s.p + 4);
	p->fragment_off = (be16(s.p + 6) & 0x1fffU) * 8;
	p->more = (s.p[6] & 0x20) != 0;
	p->fragment = p->more || p->fragment_off != 0;
	p->routed = header > V4_HEADER &&
		    source_routed(mdl_slice_sub(s, V4_HEADER, header - V4_HEADER));
	set_transport(p, mdl_slice_sub(s, header, SIZE_MAX), total - header);
	return MDL_OK;
}

static mdl_err peek_v6(struct mdl_slice s, struct mdl_ip_packet *p)
{
	if (s.n < V6_HEADER)
		return MDL_EMALFORMED;
	size_t len = be16(s.p + 4);
	p->proto = s.p[6];
	p->ttl = s.p[7];
	if (len == 0 && p->proto != MDL_IP_NONE) /* a jumbogram, or left to the network card */
		len = s.n - V6_HEADER;
	p->src = mdl_inet6(s.p + 8, 0);
	p->dst = mdl_inet6(s.p + 24, 0);
	set_transport(p, mdl_slice_sub(s, V6_HEADER, SIZE_MAX), len);
	return pass_extensions(p);
}

mdl_err mdl_ip_peek(struct mdl_slice packet, struct mdl_ip_packet *out)
{
	memset(out, 0, sizeof(*out));
	unsigned version = packet.n == 0 ? 0 : packet.p[0] >> 4;
	mdl_err err = version == 4   ? peek_v4(packet, out)
		      : version == 6 ? peek_v6(packet, out)
				     : MDL_EMALFORMED;
	if (err == MDL_OK)
		peek_transport(out);
	return err;
}

mdl_err mdl_ip_join(struct mdl_ip_packet *p, struct mdl_slice transport)
{
	p->fragment = p->more = false;
	p->fragment_off = 0;
	set_transport(p, transport, transport.n);
	mdl_err err = p->src.family == 6 ? pass_extensions(p) : MDL_OK;
	if (err == MDL_OK)
		peek_transport(p);
	return err;
}

/* RFC 768, RFC 9293 section 3.1, RFC 8200 section 8.1 */
static uint64_t pseudo_header(const struct mdl_ip_packet *p, size_t len)
{
	size_t n = p->src.family == 4 ? 4 : 16;
	uint64_t sum = mdl_inet_sum_add(0, mdl_slice(p->src.ip, n));
	sum = mdl_inet_sum_add(sum, mdl_slice(p->dst.ip, n));
	sum = mdl_inet_sum_word(sum, p->proto);
	sum = mdl_inet_sum_word(sum, (uint16_t)(len >> 16));
	return mdl_inet_sum_word(sum, (uint16_t)len);
}

/* The seal at `off` of `packet` over `covered`, in which it stands, and over what `sum` holds. */
static struct mdl_ip_seal seal_of(struct mdl_slice packet, size_t off, struct mdl_slice covered,
				  uint64_t sum)
{
	static const uint8_t zero[2];
	struct mdl_slice at = mdl_slice_sub(packet, off, 2);
	struct mdl_ip_seal s = { .off = off, .now = be16(at.p) };
	uint16_t over_all = mdl_inet_sum_fold(mdl_inet_sum_add(sum, covered));
	s.right = over_all == 0 ? s.now : mdl_inet_sum_change(over_all, at, mdl_slice(zero, 2));
	s.partial = (uint16_t)~mdl_inet_sum_fold(sum);
	return s;
}

static struct mdl_ip_seal seal_udp(struct mdl_slice packet, size_t off, struct mdl_slice covered,
				   const struct mdl_ip_packet *p)
{
	struct mdl_ip_seal s = seal_of(packet, off, covered, pseudo_header(p, covered.n));
	bool none = s.now == 0 && p->src.family == 4;
	if (none)
		s.right = 0;
	else if (s.right == 0) /* RFC 768: 0 is sent as all ones */
		s.right = UINT16_MAX;
	return s;
}

/* Adds the seal of what `p` carries; gives how many seals there are then. */
static size_t seal_transport(struct mdl_slice packet, const struct mdl_ip_packet *p,
			     struct mdl_ip_seal *out)
{
	struct mdl_slice t = p->transport;
	size_t at = (size_t)(t.p - packet.p);
	if (p->fragment || p->cut || p->routed)
		return 0;
	if (p->proto == MDL_IP_UDP && p->ports)
		*out = seal_udp(packet, at + 6, mdl_slice(t.p, UDP_HEADER + p->payload.n), p);
	else if (p->proto == MDL_IP_TCP && p->ports)
		*out = seal_of(packet, at + 16, t, pseudo_header(p, t.n));
	else if (p->proto == MDL_IP_ICMP && p->src.family == 4 && t.n >= 4)
		*out = seal_of(packet, at + 2, t, 0);
	else if (p->proto == MDL_IP_ICMP6 && p->src.family == 6 && t.n >= 4)
		*out = seal_of(packet, at + 2, t, pseudo_header(p, t.n));
	else
		return 0;
	return 1;
}

size_t mdl_ip_seals(struct mdl_slice packet, struct mdl_ip_seal out[MDL_IP_SEALS_MAX])
{
	struct mdl_ip_packet p;
	size_t n = 0;
	if (mdl_ip_peek(packet, &p) != MDL_OK)
		return 0;
	if (p.src.family == 4) {
		size_t header = (size_t)(packet.p[0] & 15) * 4;
		out[n++] = seal_of(packet, 10, mdl_slice(packet.p, header), 0);
	}
	return n + seal_transport(packet, &p, out + n);
}

void mdl_ip_seal(uint8_t *packet, size_t n)
{
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	size_t count = mdl_ip_seals(mdl_slice(packet, n), seals);
	for (size_t i = 0; i < count; i++)
		mdl_put_be(packet + seals[i].off, seals[i].right, 2);
}
