#include "support/packets.h"

#include <assert.h>

#include "core/writer.h"

static struct mdl_inet inet(const char *text)
{
	struct mdl_inet a;
	mdl_err err = mdl_inet_parse(text, &a);
	assert(err == MDL_OK && a.family != 0);
	return a;
}

static void header4(struct mdl_writer *w, const struct mdl_inet *src, const struct mdl_inet *dst,
		    uint8_t proto, size_t len)
{
	mdl_writer_be16(w, 0x4500);
	mdl_writer_be16(w, (uint16_t)(20 + len));
	mdl_writer_be32(w, 0); /* id, not a fragment */
	mdl_writer_u8(w, 64);
	mdl_writer_u8(w, proto);
	mdl_writer_be16(w, 0);
	mdl_writer_bytes(w, mdl_slice(src->ip, 4));
	mdl_writer_bytes(w, mdl_slice(dst->ip, 4));
}

static void header6(struct mdl_writer *w, const struct mdl_inet *src, const struct mdl_inet *dst,
		    uint8_t proto, size_t len)
{
	mdl_writer_be32(w, 0x60000000);
	mdl_writer_be16(w, (uint16_t)len);
	mdl_writer_u8(w, proto);
	mdl_writer_u8(w, 64);
	mdl_writer_bytes(w, mdl_slice(src->ip, 16));
	mdl_writer_bytes(w, mdl_slice(dst->ip, 16));
}

static void header(struct mdl_writer *w, const char *src, const char *dst, uint8_t proto,
		   size_t len)
{
	struct mdl_inet s = inet(src), d = inet(dst);
	assert(s.family == d.family);
	mdl_buf_cut(w->b, 0);
	(s.family == 4 ? header4 : header6)(w, &s, &d, proto, len);
}

static void seal(struct mdl_writer *w)
{
	assert(w->err == MDL_OK);
	mdl_ip_seal(w->b->p, w->b->n);
}

void packet_ip(struct mdl_buf *out, const char *src, const char *dst, uint8_t proto,
	       struct mdl_slice transport)
{
	struct mdl_writer w = mdl_writer(out);
	header(&w, src, dst, proto, transport.n);
	mdl_writer_bytes(&w, transport);
	seal(&w);
}

void packet_udp(struct mdl_buf *out, const char *src, const char *dst, struct mdl_slice payload)
{
	struct mdl_writer w = mdl_writer(out);
	header(&w, src, dst, MDL_IP_UDP, 8 + payload.n);
	mdl_writer_be16(&w, inet(src).port);
	mdl_writer_be16(&w, inet(dst).port);
	mdl_writer_be16(&w, (uint16_t)(8 + payload.n));
	mdl_writer_be16(&w, 1); /* 0 would mean none, and be left alone */
	mdl_writer_bytes(&w, payload);
	seal(&w);
}

void packet_tcp(struct mdl_buf *out, const struct packet_tcp *t)
{
	struct mdl_writer w = mdl_writer(out);
	size_t n = 20 + t->options.n;
	assert(t->options.n % 4 == 0);
	header(&w, t->src, t->dst, MDL_IP_TCP, n + t->payload.n);
	mdl_writer_be16(&w, inet(t->src).port);
	mdl_writer_be16(&w, inet(t->dst).port);
	mdl_writer_be32(&w, t->seq);
	mdl_writer_be32(&w, t->ack);
	mdl_writer_u8(&w, (uint8_t)(n / 4 << 4));
	mdl_writer_u8(&w, t->flags);
	mdl_writer_be16(&w, t->closed ? 0 : t->window == 0 ? UINT16_MAX : t->window);
	mdl_writer_be32(&w, 0);
	mdl_writer_bytes(&w, t->options);
	mdl_writer_bytes(&w, t->payload);
	seal(&w);
}

static void fragment4(struct mdl_writer *w, struct mdl_slice whole, uint32_t id, size_t off,
		      size_t len)
{
	size_t n = (size_t)(whole.p[0] & 15) * 4;
	len = mdl_slice_sub(whole, n + off, len).n;
	bool more = n + off + len < whole.n;
	mdl_writer_bytes(w, mdl_slice_sub(whole, 0, n));
	mdl_writer_bytes(w, mdl_slice_sub(whole, n + off, len));
	assert(w->err == MDL_OK);
	mdl_put_be(w->b->p + 2, n + len, 2);
	mdl_put_be(w->b->p + 4, id, 2);
	mdl_put_be(w->b->p + 6, off / 8 | (more ? 0x2000U : 0U), 2);
}

static void fragment6(struct mdl_writer *w, struct mdl_slice whole, uint32_t id, size_t off,
		      size_t len)
{
	len = mdl_slice_sub(whole, 40 + off, len).n;
	bool more = 40 + off + len < whole.n;
	mdl_writer_bytes(w, mdl_slice_sub(whole, 0, 40));
	mdl_writer_u8(w, whole.p[6]);
	mdl_writer_u8(w, 0);
	mdl_writer_be16(w, (uint16_t)(off | (more ? 1U : 0U)));
	mdl_writer_be32(w, id);
	mdl_writer_bytes(w, mdl_slice_sub(whole, 40 + off, len));
	assert(w->err == MDL_OK);
	mdl_put_be(w->b->p + 4, 8 + len, 2);
	w->b->p[6] = MDL_IP_FRAGMENT;
}

void packet_fragment(struct mdl_buf *out, struct mdl_slice whole, uint32_t id, size_t off,
		     size_t len)
{
	struct mdl_writer w = mdl_writer(out);
	mdl_buf_cut(out, 0);
	(whole.p[0] >> 4 == 4 ? fragment4 : fragment6)(&w, whole, id, off, len);
	seal(&w);
}
