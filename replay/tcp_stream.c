#include "replay/tcp_stream.h"

#include <stdlib.h>
#include <utlist.h>

/* The first offset leaves room for sequence numbers before it. */
static const uint64_t first_offset = UINT64_C(1) << 32;
/* Further than the greatest window (RFC 7323, section 2.3) nothing can be meant. */
static const int64_t window_max = INT64_C(1) << 30;

/** A segment that came early. */
struct tcp_held {
	struct tcp_held *prev, *next;
	uint64_t off, end;
	mdl_time at;
	bool push;
	size_t n; /* fewer than off to end if the capture cut it */
	uint8_t bytes[];
};

/* What is left of a segment while it finds its place in the stream. */
struct segment {
	uint64_t off, end;
	struct mdl_slice bytes; /* fewer than off to end if the capture cut it */
	mdl_time at;
	bool push;
	bool overlaps, differs; /* some of it was there already; and was not the same */
};

void tcp_stream_init(struct tcp_stream *s, const struct tcp_sink *sink, struct tcp_stats *stats)
{
	*s = (struct tcp_stream){ .sink = *sink, .stats = stats, .end = UINT64_MAX };
}

static void unlink_held(struct tcp_stream *s, struct tcp_held *h)
{
	DL_DELETE(s->held, h);
	s->held_bytes -= h->n;
	s->held_n--;
}

void tcp_stream_fini(struct tcp_stream *s)
{
	while (s->held != NULL) {
		struct tcp_held *h = s->held;
		unlink_held(s, h);
		free(h);
	}
}

size_t tcp_stream_held(const struct tcp_stream *s)
{
	return s->held_bytes + s->held_n * sizeof(struct tcp_held);
}

static void start(struct tcp_stream *s, uint32_t seq)
{
	s->started = true;
	s->next = first_offset;
	s->seq = s->start = seq;
}

static uint64_t offset_of(const struct tcp_stream *s, uint32_t seq)
{
	return s->next + (uint64_t)tcp_stream_distance(s, seq);
}

/* Drops the part of a segment before `off`. */
static void advance(struct segment *g, uint64_t off)
{
	g->bytes = mdl_slice_sub(g->bytes, (size_t)(off - g->off), SIZE_MAX);
	g->off = off;
}

/* ---- giving out ---- */

static void lose(struct tcp_stream *s, uint64_t n)
{
	s->lost += n;
	s->since_gap = 0;
	s->stats->gaps++;
	s->stats->lost += n;
	s->next += n;
	s->seq += (uint32_t)n;
}

/* Gives out the bytes from `next` to `end`, as far as they were captured. */
static mdl_err give(struct tcp_stream *s, struct mdl_slice bytes, uint64_t end, mdl_time at,
		    bool push)
{
	struct tcp_piece p = { .bytes = mdl_slice_sub(bytes, 0, (size_t)(end - s->next)),
			       .lost = s->lost,
			       .at = at,
			       .push = push };
	mdl_err err = MDL_OK;
	s->next += p.bytes.n;
	s->seq += (uint32_t)p.bytes.n;
	s->since_gap += p.bytes.n;
	if (p.bytes.n > 0) {
		s->lost = 0;
		err = s->sink.piece(s->sink.ctx, &p);
	}
	if (s->next < end) {
		s->stats->cut += end - s->next;
		lose(s, end - s->next);
	}
	return err;
}

/* Gives out what was held and is next now. */
static mdl_err drain(struct tcp_stream *s)
{
	mdl_err err = MDL_OK;
	while (err == MDL_OK && s->held != NULL && s->held->off <= s->next) {
		struct tcp_held *h = s->held;
		unlink_held(s, h);
		err = give(s, mdl_slice(h->bytes, h->n), h->end, h->at, h->push);
		free(h);
	}
	return err;
}

/* Passes over what misses in front of the first that is held. */
static mdl_err pass_gap(struct tcp_stream *s)
{
	lose(s, s->held->off - s->next);
	return drain(s);
}

/* ---- taking in ---- */

/* What is there already of the segment, before `next`, is compared and dropped. */
static void drop_old(struct tcp_stream *s, struct segment *g)
{
	if (g->off >= s->next || g->off == g->end)
		return;
	uint64_t back = s->next - g->off, known = back < s->since_gap ? back : s->since_gap;
	struct mdl_slice old = mdl_slice_sub(g->bytes, 0, (size_t)back);
	old = mdl_slice_sub(old, (size_t)(back - known), SIZE_MAX);
	g->overlaps = true;
	if (old.n > 0 && s->sink.same != NULL && !s->sink.same(s->sink.ctx, known, old))
		g->differs = true;
	advance(g, g->end < s->next ? g->end : s->next);
}

/* Keeps the part of the segment up to `end` in front of `at`; at the end of the list for NULL. */
static mdl_err keep(struct tcp_stream *s, struct segment *g, uint64_t end, struct tcp_held *at)
{
	struct mdl_slice bytes = mdl_slice_sub(g->bytes, 0, (size_t)(end - g->off));
	struct tcp_held *h = malloc(sizeof(*h) + bytes.n);
	if (h == NULL)
		return MDL_ENOMEM;
	h->off = g->off;
	h->end = end;
	h->at = g->at;
	h->push = g->push && end == g->end;
	h->n = bytes.n;
	if (bytes.n > 0)
		memcpy(h->bytes, bytes.p, bytes.n);
	if (at == NULL)
		DL_APPEND(s->held, h);
	else
		DL_PREPEND_ELEM(s->held, at, h);
	s->held_bytes += h->n;
	s->held_n++;
	advance(g, end);
	return MDL_OK;
}

/* The part of the segment that `h` has already is compared and dropped. */
static void drop_held(struct segment *g, const struct tcp_held *h)
{
	uint64_t end = g->end < h->end ? g->end : h->end;
	struct mdl_slice mine = mdl_slice_sub(g->bytes, 0, (size_t)(end - g->off));
	struct mdl_slice theirs =
		mdl_slice_sub(mdl_slice(h->bytes, h->n), (size_t)(g->off - h->off), mine.n);
	mine.n = mine.n < theirs.n ? mine.n : theirs.n;
	g->overlaps = true;
	g->differs = g->differs || !mdl_slice_eq(mine, theirs);
	advance(g, end);
}

/* Mostly a segment belongs at the end, so the search begins there. */
static struct tcp_held *first_behind(const struct tcp_stream *s, uint64_t off)
{
	struct tcp_held *at = NULL;
	for (struct tcp_held *h = s->held == NULL ? NULL : s->held->prev; h != NULL && h->end > off;
	     h = h == s->held ? NULL : h->prev)
		at = h;
	return at;
}

static mdl_err hold(struct tcp_stream *s, struct segment *g)
{
	struct tcp_held *at = first_behind(s, g->off);
	mdl_err err = MDL_OK;
	while (err == MDL_OK && g->off < g->end) {
		if (at == NULL || g->end <= at->off) {
			err = keep(s, g, g->end, at);
		} else if (g->off < at->off) {
			err = keep(s, g, at->off, at);
		} else {
			drop_held(g, at);
			at = at->next;
		}
	}
	while (err == MDL_OK && (s->held_bytes > TCP_HELD_MAX || s->held_n > TCP_HELD_SEGMENTS))
		err = pass_gap(s);
	return err;
}

/* What is next is given out, up to what is held already: that came first. */
static mdl_err take_in(struct tcp_stream *s, struct segment *g)
{
	mdl_err err = MDL_OK;
	for (;;) {
		drop_old(s, g);
		if (err != MDL_OK || g->off == g->end)
			return err;
		if (g->off > s->next) {
			s->stats->out_of_order++;
			return hold(s, g);
		}
		bool part = s->held != NULL && s->held->off < g->end;
		uint64_t end = part ? s->held->off : g->end;
		struct mdl_slice bytes = g->bytes;
		advance(g, end);
		err = give(s, bytes, end, g->at, g->push && !part);
		if (err == MDL_OK)
			err = drain(s);
	}
}

static mdl_err data(struct tcp_stream *s, struct segment *g)
{
	bool all_old = g->end <= s->next;
	s->stats->segments++;
	mdl_err err = take_in(s, g);
	if (all_old)
		s->stats->retransmits++;
	else if (g->overlaps)
		s->stats->overlaps++;
	if (g->differs)
		s->stats->differ++;
	return err;
}

/* True if the segment is so far away that it cannot be of this stream, unless that goes on. */
static mdl_err stray(struct tcp_stream *s, uint32_t seq, bool *is_stray)
{
	int64_t far = tcp_stream_distance(s, seq);
	*is_stray = far >= window_max || far <= -window_max;
	if (!*is_stray) {
		s->strays = 0;
		return MDL_OK;
	}
	s->stats->strays++;
	if (++s->strays < TCP_STRAYS_MAX)
		return MDL_OK;
	mdl_err err = tcp_stream_flush(s);
	lose(s, 1); /* at least */
	s->seq = seq;
	s->acked = 0;
	s->strays = 0;
	*is_stray = false;
	return err;
}

/* Acknowledged bytes that did not turn up for some packets never will. */
static mdl_err wait(struct tcp_stream *s)
{
	mdl_err err = MDL_OK;
	s->waiting = s->acked > s->next ? s->waiting + 1 : 0;
	if (s->waiting <= TCP_PATIENCE)
		return MDL_OK;
	while (err == MDL_OK && s->next < s->acked) {
		if (s->held != NULL && s->held->off <= s->acked)
			err = pass_gap(s);
		else
			lose(s, s->acked - s->next);
	}
	return err;
}

static void begin(struct tcp_stream *s, const struct mdl_ip_packet *p)
{
	bool syn = (p->tcp_flags & MDL_TCP_SYN) != 0;
	/* a bare acknowledgement, which may be a keep-alive, does not say where the stream is */
	if (!s->started && (syn || p->payload_len > 0 || (p->tcp_flags & MDL_TCP_FIN) != 0))
		start(s, p->tcp_seq + syn);
	s->whole = s->whole || syn;
}

mdl_err tcp_stream_segment(struct tcp_stream *s, const struct mdl_ip_packet *p, mdl_time at)
{
	bool syn = (p->tcp_flags & MDL_TCP_SYN) != 0, fin = (p->tcp_flags & MDL_TCP_FIN) != 0;
	bool is_stray = false;
	begin(s, p);
	if (!s->started)
		return MDL_OK;
	mdl_err err = stray(s, p->tcp_seq + syn, &is_stray);
	if (err != MDL_OK || is_stray)
		return err;
	struct segment g = { .off = offset_of(s, p->tcp_seq + syn),
			     .bytes = p->payload,
			     .at = at,
			     .push = (p->tcp_flags & MDL_TCP_PSH) != 0 };
	g.end = g.off + p->payload_len;
	if (!syn && !fin && p->payload_len <= 1 && g.off + 1 == s->next)
		s->stats->keepalives++;
	else if (p->payload_len > 0)
		err = data(s, &g);
	if (fin && s->end == UINT64_MAX)
		s->end = offset_of(s, p->tcp_seq + syn) + p->payload_len;
	return err == MDL_OK ? wait(s) : err;
}

mdl_err tcp_stream_acked(struct tcp_stream *s, const struct mdl_ip_packet *p)
{
	if ((p->tcp_flags & MDL_TCP_ACK) == 0)
		return MDL_OK;
	if (!s->started && (p->tcp_flags & MDL_TCP_SYN) != 0) {
		start(s, p->tcp_ack);
		s->whole = true;
	}
	if (!s->started)
		return MDL_OK;
	int64_t ahead = tcp_stream_distance(s, p->tcp_ack);
	uint64_t to = s->next + (uint64_t)ahead;
	if (to > s->end) /* the FIN counts as a byte, but is none */
		to = s->end;
	if (ahead > 0 && ahead < window_max && to > s->acked)
		s->acked = to;
	return wait(s);
}

mdl_err tcp_stream_flush(struct tcp_stream *s)
{
	mdl_err err = MDL_OK;
	while (err == MDL_OK && s->held != NULL)
		err = pass_gap(s);
	uint64_t end = s->end != UINT64_MAX ? s->end : s->acked;
	if (err == MDL_OK && s->started && s->next < end)
		lose(s, end - s->next);
	return err;
}
