/*
 * Bytes as a script of packets, so that segments meet each other often enough:
 *
 *     mode, then for each packet: kind, what the kind takes
 *
 * In counted mode the payload of a segment says its own place in the stream (a byte is the lowest
 * of its sequence number), so that any message has to count up by one; else the script brings the
 * bytes and a small protocol cuts them. In both, memory stays bounded, messages lie in order and
 * nothing is left at the end.
 */
#include <assert.h>
#include <stdlib.h>

#include "core/writer.h"
#include "replay/assemble.h"
#include "support/packets.h"
#include "support/toy_stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HELD_MAX = 1 << 20, FLOWS_MAX = 6, COUNTED = 1, TOLD = 2, KEPT = 4 };

static const char *const ends[][2] = {
	{ "10.0.0.1:40000", "10.0.0.2:80" },
	{ "10.0.0.1:40000", "10.0.0.1:40001" },
	{ "[::1]:50000", "[::2]:7777" },
	{ "10.0.0.1:40002", "10.0.0.2:80" },
};

struct script {
	struct mdl_cursor c;
	unsigned mode;
	struct assemble *a;
	struct mdl_buf packet, whole;
	mdl_time now;
	uint64_t fed, got; /* bytes of payload */
	uint64_t messages;
};

static void check_counted(struct mdl_slice m)
{
	for (size_t i = 1; i < m.n; i++)
		assert((uint8_t)(m.p[i - 1] + 1) == m.p[i]);
}

static mdl_err on_message(void *ctx, struct assemble_flow *f, const struct assemble_msg *m)
{
	struct script *s = ctx;
	assert(m->number == f->messages && m->at >= f->start);
	assert(f->number > 0 && f->client.family != 0 && f->server.family != 0);
	assert(f->carrier == MDL_DGRAM || m->bytes.n > 0);
	if ((s->mode & COUNTED) != 0 && f->carrier == MDL_STREAM)
		check_counted(m->bytes);
	s->got += m->bytes.n;
	s->messages++;
	return MDL_OK;
}

static mdl_err on_trace(void *ctx, struct assemble_flow *f, struct mdl_trace *t)
{
	(void)ctx;
	assert(t->n == f->messages && t->n > 0 && t->v[0]->at == 0);
	for (size_t i = 1; i < t->n; i++)
		assert(t->v[i]->at >= t->v[i - 1]->at);
	mdl_trace_free(t);
	return MDL_OK;
}

/* Up to `n` bytes of the script, or bytes that count up from `first`. */
static struct mdl_slice payload(struct script *s, size_t n, uint8_t first)
{
	static uint8_t counted[256];
	if ((s->mode & COUNTED) == 0) {
		size_t left = mdl_cursor_left(&s->c);
		return mdl_cursor_take(&s->c, n < left ? n : left);
	}
	for (size_t i = 0; i < sizeof(counted); i++)
		counted[i] = (uint8_t)(first + i);
	return mdl_slice(counted, n);
}

/* which flow and way, flags, place, acknowledgement, length */
static void make_segment(struct script *s)
{
	uint8_t which = mdl_cursor_u8(&s->c), flags = mdl_cursor_u8(&s->c);
	bool back = (which & 4) != 0;
	uint32_t base = back ? 5000 : UINT32_MAX - 300; /* one side's numbers wrap */
	struct packet_tcp t = { .src = ends[which & 3][back], .dst = ends[which & 3][!back] };
	t.flags = flags;
	t.seq = base + mdl_cursor_be16(&s->c) % 1024;
	t.ack = (back ? UINT32_MAX - 300 : 5000) + mdl_cursor_be16(&s->c) % 1024;
	if ((which & 0xc0) == 0xc0) /* from far away */
		t.seq += 1U << 31;
	uint8_t first = (uint8_t)(t.seq + ((flags & MDL_TCP_SYN) != 0));
	t.payload = payload(s, mdl_cursor_u8(&s->c), first);
	packet_tcp(&s->packet, &t);
	if ((which & 8) != 0 && s->packet.n > 70) /* cut by the capture */
		mdl_buf_cut(&s->packet, s->packet.n - 3);
}

static void make_datagram(struct script *s, struct mdl_buf *to)
{
	uint8_t which = mdl_cursor_u8(&s->c);
	bool back = (which & 4) != 0;
	packet_udp(to, ends[which & 3][back], ends[which & 3][!back],
		   payload(s, mdl_cursor_u8(&s->c), which));
}

static void make_fragment(struct script *s)
{
	uint8_t id = mdl_cursor_u8(&s->c), off = mdl_cursor_u8(&s->c), len = mdl_cursor_u8(&s->c);
	make_datagram(s, &s->whole);
	packet_fragment(&s->packet, mdl_buf_slice(&s->whole), id % 4, off % 32 * 8U,
			len % 8 == 0 ? len : len / 8 * 8U);
}

static void make_anything(struct script *s)
{
	size_t n = mdl_cursor_u8(&s->c), left = mdl_cursor_left(&s->c);
	if (mdl_buf_set(&s->packet, mdl_cursor_take(&s->c, n < left ? n : left)) != MDL_OK)
		abort();
}

static void step(struct script *s)
{
	uint8_t kind = mdl_cursor_u8(&s->c);
	if (kind % 8 < 5)
		make_segment(s);
	else if (kind % 8 == 5)
		make_datagram(s, &s->packet);
	else if (kind % 8 == 6 || (s->mode & COUNTED) != 0) /* anything might not count */
		make_fragment(s);
	else
		make_anything(s);
	if (s->c.err != MDL_OK)
		return;
	s->now += (mdl_time)(kind / 8) * MDL_SEC;
	s->fed += s->packet.n;
	mdl_err err = assemble_packet(s->a, s->now, mdl_buf_slice(&s->packet));
	assert(err == MDL_OK && assemble_held(s->a) <= 2 * HELD_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = { .c = mdl_cursor(mdl_slice(data, size)), .now = MDL_SEC };
	s.mode = mdl_cursor_u8(&s.c);
	struct assemble_conf conf = { .proto = (s.mode & TOLD) != 0 ? &toy_stream : NULL,
				      .idle = 100 * MDL_SEC,
				      .max_flows = FLOWS_MAX,
				      .max_bytes = HELD_MAX,
				      .fragments = { .max_packets = 3, .max_bytes = HELD_MAX },
				      .on_message = on_message,
				      .on_trace = (s.mode & KEPT) != 0 ? on_trace : NULL,
				      .ctx = &s };
	s.a = assemble_new(&conf);
	if (s.a == NULL)
		abort();
	mdl_buf_init(&s.packet, 1 << 16);
	mdl_buf_init(&s.whole, 1 << 16);
	while (s.c.err == MDL_OK && mdl_cursor_left(&s.c) > 0)
		step(&s);
	mdl_err err = assemble_finish(s.a);
	struct assemble_stats stats = assemble_stats(s.a);
	assert(err == MDL_OK && assemble_held(s.a) == 0);
	assert(stats.messages == s.messages && s.got <= s.fed);
	assemble_free(s.a);
	mdl_buf_fini(&s.packet);
	mdl_buf_fini(&s.whole);
	return 0;
}
