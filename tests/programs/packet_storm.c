/*
 * packet_storm SEED LOSS FILE TRUTH: writes a capture (pcap, Ethernet) of connections whose
 * segments are doubled, swapped, cut otherwise when they are sent again, and mixed with each other;
 * and beside it what each side sent: "flow direction hex", a line each. LOSS of 100 segments are
 * then left out.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/rng.h"
#include "core/text.h"
#include "core/writer.h"
#include "support/packets.h"

enum { FLOWS = 6, SENT_MAX = 40000, PACKETS_MAX = 20000, SWAP = 6 };

struct side {
	uint8_t sent[SENT_MAX];
	size_t n;
	uint32_t seq;		  /* of the SYN */
	bool there[SENT_MAX + 1]; /* reached the place of the capture; the last one is the FIN */
	size_t whole;		  /* bytes from the beginning that did */
};

struct planned {
	unsigned flow, side;
	size_t off, n;
	uint8_t flags;
	double when;
};

static struct side sides[FLOWS][2];
static struct planned plan[PACKETS_MAX];
static size_t n_plan;
static struct mdl_rng rng;

static void add(unsigned flow, unsigned side, size_t off, size_t n, unsigned flags, double when)
{
	if (n_plan < PACKETS_MAX)
		plan[n_plan++] = (struct planned){ flow, side, off, n, (uint8_t)flags, when };
}

static size_t upto(size_t n)
{
	return (size_t)mdl_rng_below(&rng, n);
}

/* A segment, late ones, doubles, and one around it that covers more. */
static void plan_segment(unsigned flow, unsigned side, size_t off, size_t n, double when)
{
	size_t total = sides[flow][side].n;
	unsigned push = mdl_rng_chance(&rng, 1, 4) ? MDL_TCP_PSH : 0;
	double swap = mdl_rng_chance(&rng, 1, 5) ? (double)upto(SWAP) : 0;
	add(flow, side, off, n, MDL_TCP_ACK | push, when + swap);
	if (mdl_rng_chance(&rng, 1, 10))
		add(flow, side, off, n, MDL_TCP_ACK, when + (double)upto(20));
	if (mdl_rng_chance(&rng, 1, 10)) {
		size_t from = off - (off < 500 ? off : upto(500)), to = off + n + upto(500);
		add(flow, side, from, (to < total ? to : total) - from, MDL_TCP_ACK,
		    when + (double)upto(10));
	}
	if (off > 0 && mdl_rng_chance(&rng, 1, 50)) /* a keep-alive */
		add(flow, side, off - 1, 1, MDL_TCP_ACK, when + 20);
}

static void plan_flow(unsigned flow)
{
	size_t at[2] = { 0, 0 };
	double when = 10 + (double)upto(100);
	for (unsigned s = 0; s < 2; s++) {
		struct side *side = &sides[flow][s];
		side->n = 1 + upto(SENT_MAX - 1);
		side->seq = mdl_rng_chance(&rng, 1, 3) ? UINT32_MAX - (uint32_t)upto(20000)
						       : (uint32_t)mdl_rng_u64(&rng);
		mdl_rng_bytes(&rng, side->sent, side->n);
	}
	add(flow, 0, 0, 0, MDL_TCP_SYN, 0);
	add(flow, 1, 0, 0, MDL_TCP_SYN | MDL_TCP_ACK, 1);
	add(flow, 0, 0, 0, MDL_TCP_ACK, 2);
	while (at[0] < sides[flow][0].n || at[1] < sides[flow][1].n) {
		unsigned s = mdl_rng_chance(&rng, 1, 2);
		size_t left = sides[flow][s].n - at[s];
		size_t n = 1 + upto(mdl_rng_chance(&rng, 1, 4) ? 50 : 1460);
		n = n < left ? n : left;
		if (n > 0)
			plan_segment(flow, s, at[s], n, when);
		at[s] += n;
		when += 1;
	}
	for (unsigned s = 0; s < 2; s++)
		add(flow, s, sides[flow][s].n, 0, MDL_TCP_FIN | MDL_TCP_ACK, when + 100 + s);
	add(flow, 0, sides[flow][0].n + 1, 0, MDL_TCP_ACK, when + 110);
}

static int by_time(const void *a, const void *b)
{
	const struct planned *x = a, *y = b;
	return (x->when > y->when) - (x->when < y->when);
}

/* A receiver acknowledges what has passed the capture without a hole. */
static uint32_t acknowledge(const struct planned *p)
{
	struct side *mine = &sides[p->flow][p->side], *other = &sides[p->flow][!p->side];
	for (size_t i = p->off; i < p->off + p->n; i++)
		mine->there[i] = true;
	if ((p->flags & MDL_TCP_FIN) != 0)
		mine->there[mine->n] = true;
	while (mine->whole <= mine->n && mine->there[mine->whole])
		mine->whole++;
	return (p->flags & MDL_TCP_ACK) != 0 ? other->seq + 1 + (uint32_t)other->whole : 0;
}

static void write_packet(FILE *f, const struct planned *p, size_t number, bool lost)
{
	static struct mdl_buf packet = { .max = 1 << 16 };
	static const uint8_t ethernet[] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	struct side *side = &sides[p->flow][p->side];
	char client[32];
	bool syn = (p->flags & MDL_TCP_SYN) != 0;
	snprintf(client, sizeof(client), "10.0.0.1:%u", 40000 + p->flow);
	struct packet_tcp t = { .src = p->side == 0 ? client : "10.0.0.2:80",
				.dst = p->side == 0 ? "10.0.0.2:80" : client,
				.seq = side->seq + (syn ? 0 : 1) + (uint32_t)p->off,
				.ack = acknowledge(p),
				.flags = p->flags,
				.payload = mdl_slice(side->sent + p->off, p->n) };
	uint32_t head[4] = { 1700000000 + (uint32_t)(number / 1000),
			     (uint32_t)(number % 1000) * 1000 };
	if (lost)
		return;
	packet_tcp(&packet, &t);
	head[2] = head[3] = (uint32_t)(sizeof(ethernet) + packet.n);
	fwrite(head, sizeof(head), 1, f);
	fwrite(ethernet, sizeof(ethernet), 1, f);
	fwrite(packet.p, packet.n, 1, f);
}

static void write_capture(FILE *f, uint64_t loss)
{
	static const uint32_t header[] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };
	fwrite(header, sizeof(header), 1, f);
	for (size_t i = 0; i < n_plan; i++)
		write_packet(f, &plan[i], i, plan[i].n > 0 && mdl_rng_chance(&rng, loss, 100));
}

static void write_truth(FILE *f)
{
	static struct mdl_buf hex = { .max = 1 << 20 };
	for (unsigned i = 0; i < FLOWS; i++)
		for (unsigned s = 0; s < 2; s++) {
			mdl_buf_cut(&hex, 0);
			if (mdl_text_hex(&hex, mdl_slice(sides[i][s].sent, sides[i][s].n)) !=
			    MDL_OK)
				abort();
			fprintf(f, "%u %c %s\n", 40000 + i, s == 0 ? '>' : '<', mdl_buf_text(&hex));
		}
}

int main(int argc, char **argv)
{
	FILE *capture = argc == 5 ? fopen(argv[3], "w") : NULL;
	FILE *truth = argc == 5 ? fopen(argv[4], "w") : NULL;
	if (capture == NULL || truth == NULL)
		return 2;
	rng = mdl_rng(strtoull(argv[1], NULL, 10));
	for (unsigned i = 0; i < FLOWS; i++)
		plan_flow(i);
	qsort(plan, n_plan, sizeof(plan[0]), by_time);
	write_capture(capture, strtoull(argv[2], NULL, 10));
	write_truth(truth);
	return fclose(capture) != 0 || fclose(truth) != 0;
}
