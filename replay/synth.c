#include "replay/synth.h"

#include "core/hash.h"
#include "core/writer.h"
#include "protocols/ip_peek.h"
#include "protocols/registry.h"

enum {
	V4_HEADER = 20,
	V6_HEADER = 40,
	UDP_HEADER = 8,
	TCP_HEADER = 20,
	SEGMENT = 1400,
	TTL = 64,
	WINDOW_SCALE = 14, /* so that no message fills the window, RFC 7323, section 2.3 */
	PORT_CLIENT = 40000,
	PORT_DISCARD = 9,
	PACKET_MAX = V6_HEADER + UINT16_MAX
};

struct synth {
	const struct mdl_trace *t;
	synth_sink *sink;
	void *ctx;
	struct mdl_inet end[2]; /* by the direction of what they send */
	uint32_t seq[2];	/* of the next byte in each direction */
	uint16_t id[2];
	struct mdl_buf b;
};

/* The end that sends what goes `dir`: the client sends MDL_C2S. */
static void set_ends(struct synth *s)
{
	static const uint8_t client[4] = { 192, 0, 2, 1 }, server[4] = { 192, 0, 2, 2 };
	const struct mdl_trace *t = s->t;
	const struct mdl_protocol *p = mdl_protocol_find(t->proto);
	uint16_t port = p != NULL && p->ports != NULL ? p->ports[0] : PORT_DISCARD;
	bool known = t->client.family != 0 && t->client.family == t->server.family;
	s->end[MDL_C2S] = known ? t->client : mdl_inet4(client, PORT_CLIENT);
	s->end[MDL_S2C] = known ? t->server : mdl_inet4(server, port);
}

static void put_v4(struct synth *s, struct mdl_writer *w, enum mdl_dir dir, uint8_t proto,
		   size_t len)
{
	enum { DONT_FRAGMENT = 0x4000 };
	size_t total = V4_HEADER + len;
	mdl_writer_be16(w, 0x4500);
	mdl_writer_be16(w, (uint16_t)(total > UINT16_MAX ? UINT16_MAX : total));
	mdl_writer_be16(w, s->id[dir]++);
	mdl_writer_be16(w, DONT_FRAGMENT);
	mdl_writer_u8(w, TTL);
	mdl_writer_u8(w, proto);
	mdl_writer_be16(w, 0);
	mdl_writer_bytes(w, mdl_slice(s->end[dir].ip, 4));
	mdl_writer_bytes(w, mdl_slice(s->end[mdl_dir_other(dir)].ip, 4));
}

static void put_v6(struct synth *s, struct mdl_writer *w, enum mdl_dir dir, uint8_t proto,
		   size_t len)
{
	mdl_writer_be32(w, 0x60000000);
	mdl_writer_be16(w, (uint16_t)(len > UINT16_MAX ? UINT16_MAX : len));
	mdl_writer_u8(w, proto);
	mdl_writer_u8(w, TTL);
	mdl_writer_bytes(w, mdl_slice(s->end[dir].ip, 16));
	mdl_writer_bytes(w, mdl_slice(s->end[mdl_dir_other(dir)].ip, 16));
}

/* Begins a packet: the IP header for `len` bytes of `proto`, and the ports. */
static struct mdl_writer begin(struct synth *s, enum mdl_dir dir, uint8_t proto, size_t len)
{
	mdl_buf_cut(&s->b, 0);
	struct mdl_writer w = mdl_writer(&s->b);
	if (s->end[dir].family == 4)
		put_v4(s, &w, dir, proto, len);
	else
		put_v6(s, &w, dir, proto, len);
	mdl_writer_be16(&w, s->end[dir].port);
	mdl_writer_be16(&w, s->end[mdl_dir_other(dir)].port);
	return w;
}

static mdl_err send(struct synth *s, const struct mdl_writer *w, mdl_time at, size_t length,
		    const struct mdl_msg *begins)
{
	if (w->err != MDL_OK)
		return w->err;
	mdl_ip_seal(s->b.p, s->b.n);
	struct synth_packet p = { .at = at,
				  .ip = mdl_buf_slice(&s->b),
				  .length = length > s->b.n ? length : s->b.n,
				  .begins = begins };
	return s->sink(s->ctx, &p);
}

static mdl_err datagram(struct synth *s, const struct mdl_msg *m)
{
	size_t header = s->end[0].family == 4 ? V4_HEADER : V6_HEADER;
	size_t most = UINT16_MAX - UDP_HEADER - (header == V4_HEADER ? V4_HEADER : 0);
	struct mdl_slice bytes = mdl_slice_sub(mdl_buf_slice(&m->bytes), 0, most);
	struct mdl_writer w = begin(s, m->dir, MDL_IP_UDP, UDP_HEADER + bytes.n);
	mdl_writer_be16(&w, (uint16_t)(UDP_HEADER + bytes.n));
	mdl_writer_be16(&w, UINT16_MAX); /* 0 would mean that there is none */
	mdl_writer_bytes(&w, bytes);
	return send(s, &w, s->t->start + m->at, header + UDP_HEADER + m->bytes.n, m);
}

static mdl_err segment(struct synth *s, enum mdl_dir dir, mdl_time at, unsigned flags,
		       struct mdl_slice bytes, const struct mdl_msg *begins)
{
	static const uint8_t options[] = {
		2, 4, SEGMENT >> 8, SEGMENT & 0xff, 1, 3, 3, WINDOW_SCALE
	};
	bool syn = (flags & MDL_TCP_SYN) != 0;
	size_t header = TCP_HEADER + (syn ? sizeof(options) : 0);
	struct mdl_writer w = begin(s, dir, MDL_IP_TCP, header + bytes.n);
	mdl_writer_be32(&w, s->seq[dir]);
	mdl_writer_be32(&w, (flags & MDL_TCP_ACK) != 0 ? s->seq[mdl_dir_other(dir)] : 0);
	mdl_writer_u8(&w, (uint8_t)(header / 4 << 4));
	mdl_writer_u8(&w, (uint8_t)flags);
	mdl_writer_be16(&w, UINT16_MAX);
	mdl_writer_be32(&w, 0); /* checksum, urgent pointer */
	mdl_writer_bytes(&w, mdl_slice(options, header - TCP_HEADER));
	mdl_writer_bytes(&w, bytes);
	s->seq[dir] += (uint32_t)bytes.n + ((flags & (MDL_TCP_SYN | MDL_TCP_FIN)) != 0 ? 1 : 0);
	return send(s, &w, at, 0, begins);
}

static mdl_err control(struct synth *s, enum mdl_dir dir, mdl_time at, unsigned flags)
{
	return segment(s, dir, at, flags, MDL_LIT(""), NULL);
}

static mdl_err stream_message(struct synth *s, const struct mdl_msg *m)
{
	mdl_time at = s->t->start + m->at;
	mdl_err err = MDL_OK;
	for (size_t off = 0; err == MDL_OK && off < m->bytes.n; off += SEGMENT) {
		struct mdl_slice part = mdl_slice_sub(mdl_buf_slice(&m->bytes), off, SEGMENT);
		bool last = off + part.n == m->bytes.n;
		err = segment(s, m->dir, at, MDL_TCP_ACK | (last ? MDL_TCP_PSH : 0U), part,
			      off == 0 ? m : NULL);
	}
	return err == MDL_OK ? control(s, mdl_dir_other(m->dir), at, MDL_TCP_ACK) : err;
}

static mdl_err handshake(struct synth *s, mdl_time at)
{
	mdl_err err = control(s, MDL_C2S, at, MDL_TCP_SYN);
	if (err == MDL_OK)
		err = control(s, MDL_S2C, at, MDL_TCP_SYN | MDL_TCP_ACK);
	return err == MDL_OK ? control(s, MDL_C2S, at, MDL_TCP_ACK) : err;
}

static mdl_err goodbye(struct synth *s, mdl_time at)
{
	mdl_err err = control(s, MDL_C2S, at, MDL_TCP_FIN | MDL_TCP_ACK);
	if (err == MDL_OK)
		err = control(s, MDL_S2C, at, MDL_TCP_FIN | MDL_TCP_ACK);
	return err == MDL_OK ? control(s, MDL_C2S, at, MDL_TCP_ACK) : err;
}

static mdl_err as_is(struct synth *s, const struct mdl_msg *m)
{
	struct synth_packet p = { .at = s->t->start + m->at,
				  .ip = mdl_buf_slice(&m->bytes),
				  .length = m->bytes.n,
				  .begins = m };
	return s->sink(s->ctx, &p);
}

static mdl_err message(struct synth *s, const struct mdl_msg *m)
{
	switch (s->t->carrier) {
	case MDL_STREAM:
		return stream_message(s, m);
	case MDL_PACKET:
		return as_is(s, m);
	case MDL_DGRAM:
		break;
	}
	return datagram(s, m);
}

mdl_err synth_trace(const struct mdl_trace *t, synth_sink *sink, void *ctx)
{
	struct synth s = { .t = t, .sink = sink, .ctx = ctx };
	uint64_t chance = mdl_trace_hash(t);
	bool stream = t->carrier == MDL_STREAM;
	mdl_buf_init(&s.b, PACKET_MAX);
	set_ends(&s);
	s.seq[MDL_C2S] = (uint32_t)chance;
	s.seq[MDL_S2C] = (uint32_t)(chance >> 32);
	mdl_err err = stream ? handshake(&s, t->start) : MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < t->n; i++)
		err = message(&s, t->v[i]);
	if (err == MDL_OK && stream)
		err = goodbye(&s, t->start + (t->n == 0 ? 0 : t->v[t->n - 1]->at));
	mdl_buf_fini(&s.b);
	return err;
}
