/* Connections: two streams, each with a cutter behind it, and what they tell of each other. */
#include <stdlib.h>

#include "protocols/registry.h"
#include "replay/assemble_parts.h"

enum {
	GUESS_ENOUGH = 64,	/* bytes of one side that are enough to say it is nothing known */
	RESET_WINDOW = 1 << 20, /* a RST further away is somebody else's */
};

static struct tcp_half *other(const struct tcp_half *h)
{
	return &h->flow->tcp->half[!h->side];
}

static size_t pending(const struct tcp_half *h)
{
	return h->cutter.in.n - h->cutter.pos;
}

/* ---- the protocol ---- */

/*
 * A capture that begins in the middle does not show who the client is; what one side says may be
 * possible in one direction only.
 */
static mdl_err orient(struct assemble *a, struct flow_entry *f)
{
	const struct mdl_protocol *p = f->info.proto;
	struct mdl_slice first = cutter_pending(&f->tcp->half[f->tcp->first].cutter);
	mdl_err said[2] = { MDL_OK, MDL_OK };
	if (f->sides_known || p->frame == NULL)
		return MDL_OK;
	f->sides_known = true;
	for (unsigned dir = 0; dir < 2; dir++) {
		struct mdl_ctx *x;
		size_t n;
		mdl_err err = mdl_ctx_new(p, MDL_STREAM, a->conf.settings, &x, NULL);
		if (err != MDL_OK)
			return err;
		x->dir = (enum mdl_dir)dir;
		said[dir] = mdl_frame(x, first, &n);
		mdl_ctx_free(x);
	}
	enum mdl_dir dir = flow_dir(f, f->tcp->first);
	if (said[dir] == MDL_EMALFORMED && said[mdl_dir_other(dir)] != MDL_EMALFORMED)
		flow_set_client(f, !f->client);
	return MDL_OK;
}

/* Looks at what `h` has said so far; `final` if nothing more will help. */
static void guess(struct assemble *a, struct tcp_half *h, bool final)
{
	struct flow_entry *f = h->flow;
	struct mdl_slice first = cutter_pending(&h->cutter);
	const struct mdl_protocol *p = mdl_protocol_guess(MDL_STREAM, first, a->conf.sure);
	bool both = f->tcp->spoke[!h->side] && first.n >= GUESS_ENOUGH;
	if (p != &mdl_raw || both || final || pending(h) >= CUTTER_UNKNOWN_MAX)
		flow_set_proto(f, p);
}

/* Lets the cutters that wait go on, the side first that spoke first. */
static mdl_err go_on(struct assemble *a, struct flow_entry *f)
{
	mdl_err err = orient(a, f);
	if (err == MDL_OK)
		err = flow_need_ctx(a, f);
	for (unsigned i = 0; err == MDL_OK && i < 2; i++) {
		unsigned side = i == 0 ? f->tcp->first : !f->tcp->first;
		struct tcp_half *h = &f->tcp->half[side];
		if (h->cutter.state == CUTTER_WAITING && pending(h) > 0)
			err = cutter_use(&h->cutter, f->x, flow_dir(f, side), !h->stream.whole);
	}
	return err;
}

static mdl_err decide(struct assemble *a, struct tcp_half *h, bool final)
{
	if (h->cutter.state != CUTTER_WAITING || pending(h) == 0)
		return MDL_OK;
	if (!h->flow->proto_known)
		guess(a, h, final);
	return h->flow->proto_known ? go_on(a, h->flow) : MDL_OK;
}

/* ---- from the streams to the cutters, from the cutters to the flow ---- */

static mdl_err on_piece(void *ctx, const struct tcp_piece *p)
{
	struct tcp_half *h = ctx;
	struct tcp_pair *t = h->flow->tcp;
	if (!t->spoke[h->side] && !t->spoke[!h->side])
		t->first = h->side;
	t->spoke[h->side] = true;
	mdl_err err = cutter_turn(&other(h)->cutter);
	if (err == MDL_OK)
		err = cutter_add(&h->cutter, p);
	return err == MDL_OK ? decide(h->flow->owner, h, false) : err;
}

static bool on_same(void *ctx, uint64_t back, struct mdl_slice bytes)
{
	const struct tcp_half *h = ctx;
	return cutter_same(&h->cutter, back, bytes);
}

static mdl_err on_cut(void *ctx, const struct cutter_msg *m)
{
	struct tcp_half *h = ctx;
	return flow_message(h->flow->owner, h->flow, h->side, m);
}

mdl_err tcp_begin(struct assemble *a, struct flow_entry *f)
{
	f->tcp = calloc(1, sizeof(*f->tcp));
	if (f->tcp == NULL)
		return MDL_ENOMEM;
	for (unsigned side = 0; side < 2; side++) {
		struct tcp_half *h = &f->tcp->half[side];
		struct tcp_sink pieces = { .piece = on_piece, .same = on_same, .ctx = h };
		struct cutter_sink messages = { .message = on_cut, .ctx = h };
		h->flow = f;
		h->side = side;
		tcp_stream_init(&h->stream, &pieces, &a->stats.stream);
		cutter_init(&h->cutter, &messages);
	}
	return MDL_OK;
}

/* ---- packets ---- */

/* RFC 5961, section 3: a RST from far outside of the window is not the peer's. */
static bool resets(struct assemble *a, const struct tcp_half *h, const struct mdl_ip_packet *p)
{
	int64_t far = h->stream.started ? tcp_stream_distance(&h->stream, p->tcp_seq) : 0;
	bool near = far > -RESET_WINDOW && far < RESET_WINDOW;
	a->stats.stream.strays += !near;
	return near;
}

/* What a side that has ended said last is whole, unless its protocol is yet to be found. */
static mdl_err flush_ended(struct tcp_half *h)
{
	if (h->flushed || !tcp_stream_ended(&h->stream) || h->cutter.state == CUTTER_WAITING)
		return MDL_OK;
	h->flushed = true;
	return cutter_flush(&h->cutter, h->stream.lost == 0);
}

mdl_err tcp_packet(struct assemble *a, struct flow_entry *f, unsigned side,
		   const struct mdl_ip_packet *p, mdl_time at, bool *over)
{
	struct tcp_half *h = &f->tcp->half[side], *o = other(h);
	if ((p->tcp_flags & MDL_TCP_RST) != 0) {
		*over = resets(a, h, p);
		return MDL_OK;
	}
	mdl_err err = tcp_stream_acked(&o->stream, p);
	if (err == MDL_OK)
		err = tcp_stream_segment(&h->stream, p, at);
	if (err == MDL_OK)
		err = flush_ended(h);
	if (err == MDL_OK)
		err = flush_ended(o);
	*over = tcp_stream_ended(&h->stream) && tcp_stream_ended(&o->stream);
	return err;
}

mdl_err tcp_finish(struct assemble *a, struct flow_entry *f)
{
	mdl_err err = MDL_OK;
	for (unsigned i = 0; err == MDL_OK && i < 2; i++)
		err = tcp_stream_flush(&f->tcp->half[i].stream);
	for (unsigned i = 0; err == MDL_OK && i < 2; i++) {
		struct tcp_half *h = &f->tcp->half[i == 0 ? f->tcp->first : !f->tcp->first];
		bool whole = tcp_stream_ended(&h->stream) && h->stream.lost == 0;
		err = decide(a, h, true);
		if (err == MDL_OK && !h->flushed)
			err = cutter_flush(&h->cutter, whole);
		h->flushed = true;
	}
	return err;
}
