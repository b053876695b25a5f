#include "replay/cutter.h"

#include <stdlib.h>

enum {
	IN_MAX = MDL_MSG_MAX + (8 << 20),
	MARKS_HISTORY = 256,
	RESYNC_SURE = 30,	  /* of 100: how much like a message it has to look behind a gap */
	RESYNC_ENOUGH = 64,	  /* bytes that are enough to say so */
	RETRY_AT_ONCE = 16 << 10, /* below, every piece is worth a try */
};

struct cutter_mark {
	size_t off; /* in the buffer */
	mdl_time at;
	bool push; /* of the piece that begins here */
	bool gap;  /* bytes are missing in front of it */
};

void cutter_init(struct cutter *c, const struct cutter_sink *sink)
{
	*c = (struct cutter){ .sink = *sink };
	mdl_buf_init(&c->in, IN_MAX);
}

void cutter_fini(struct cutter *c)
{
	mdl_buf_fini(&c->in);
	free(c->marks);
	c->marks = NULL;
}

size_t cutter_held(const struct cutter *c)
{
	return c->in.cap + c->cap_marks * sizeof(*c->marks);
}

/* ---- marks ---- */

static mdl_err add_mark(struct cutter *c, const struct tcp_piece *p)
{
	if (c->n_marks == c->cap_marks) {
		size_t cap = c->cap_marks == 0 ? 4 : c->cap_marks * 2;
		struct cutter_mark *v = reallocarray(c->marks, cap, sizeof(*v));
		if (v == NULL)
			return MDL_ENOMEM;
		c->marks = v;
		c->cap_marks = cap;
	}
	if (c->gap == c->n_marks && p->lost == 0)
		c->gap++;
	c->marks[c->n_marks++] = (struct cutter_mark){
		.off = c->in.n, .at = p->at, .push = p->push, .gap = p->lost > 0
	};
	return MDL_OK;
}

/* Where the piece that begins at mark `i` ends. */
static size_t mark_end(const struct cutter *c, size_t i)
{
	return i + 1 < c->n_marks ? c->marks[i + 1].off : c->in.n;
}

/* `mark` follows `pos`: it is the last that does not begin behind it. */
static void follow(struct cutter *c)
{
	while (c->mark + 1 < c->n_marks && c->marks[c->mark + 1].off <= c->pos)
		c->mark++;
}

/* Pending bytes in one run end at the next gap, or where all ends. */
static size_t run_end(const struct cutter *c)
{
	size_t i = c->gap;
	if (i < c->n_marks && c->marks[i].off == c->pos) /* this one lies in front of them */
		while (++i < c->n_marks && !c->marks[i].gap)
			;
	return i < c->n_marks ? c->marks[i].off : c->in.n;
}

static size_t less(size_t a, size_t b)
{
	return a < b ? 0 : a - b;
}

/* Forgets history that is long enough, so that each byte is moved a few times at most. */
static void forget(struct cutter *c)
{
	bool little = c->pos < CUTTER_HISTORY && c->mark < MARKS_HISTORY;
	if (little || c->pos < c->in.n / 2 || c->n_marks == 0)
		return;
	size_t by = c->pos, gone = c->mark;
	mdl_buf_shift(&c->in, by);
	c->n_marks -= gone;
	memmove(c->marks, c->marks + gone, c->n_marks * sizeof(*c->marks));
	for (size_t i = 0; i < c->n_marks; i++)
		c->marks[i].off = less(c->marks[i].off, by);
	c->mark = 0;
	c->pos = 0;
	c->probe = less(c->probe, by);
	c->scan = less(c->scan, gone);
	c->gap = less(c->gap, gone);
}

/* ---- giving out ---- */

static mdl_err emit(struct cutter *c, size_t n, unsigned flags)
{
	struct cutter_msg m = { .bytes = mdl_slice_sub(mdl_buf_slice(&c->in), c->pos, n),
				.flags = flags,
				.at = c->marks[c->mark].at };
	c->pos += n;
	c->retry = 0;
	c->after_gap = false;
	follow(c);
	c->scan = c->mark;
	return n == 0 ? MDL_OK : c->sink.message(c->sink.ctx, &m);
}

/* Behind a gap nothing is as it was. */
static void cross_gap(struct cutter *c)
{
	if (c->gap >= c->n_marks || c->marks[c->gap].off != c->pos)
		return;
	while (++c->gap < c->n_marks && !c->marks[c->gap].gap)
		;
	c->after_gap = true;
	if (c->state == CUTTER_FRAMING || c->state == CUTTER_LOST) {
		c->state = CUTTER_LOST;
		c->probe = c->pos;
		c->scan = c->mark;
	}
}

/* ---- raw: a message ends where the sender's write did, as far as one can tell ---- */

static mdl_err give_raw(struct cutter *c, size_t end, bool all)
{
	unsigned flags = (c->degraded ? (unsigned)MDL_MSG_RAW : 0) |
			 (c->after_gap ? (unsigned)MDL_MSG_CUT : 0);
	bool gap = end < c->in.n;
	for (; c->scan < c->n_marks && c->marks[c->scan].off < end; c->scan++) {
		size_t n = mark_end(c, c->scan) - c->pos;
		if (n >= CUTTER_RAW_MAX)
			return emit(c, CUTTER_RAW_MAX, flags);
		if (c->marks[c->scan].push)
			return emit(c, n, flags);
	}
	return gap || all ? emit(c, end - c->pos, flags) : MDL_EMORE;
}

/* ---- framed ---- */

static mdl_err ask_frame(struct cutter *c, struct mdl_slice in, size_t *n)
{
	c->x->dir = c->dir;
	mdl_err err = mdl_frame(c->x, in, n);
	if (err == MDL_OK && *n > in.n)
		return MDL_EMORE;
	return err == MDL_OK && *n == 0 ? MDL_EMALFORMED : err;
}

static mdl_err give_framed(struct cutter *c, size_t end, bool all)
{
	struct mdl_slice in = mdl_slice_sub(mdl_buf_slice(&c->in), c->pos, end - c->pos);
	bool gap = end < c->in.n;
	size_t n = 0;
	if (!gap && !all && in.n < c->retry)
		return MDL_EMORE;
	mdl_err err = in.n > MDL_MSG_MAX ? MDL_ELIMIT : ask_frame(c, in, &n);
	if (err == MDL_OK)
		return emit(c, n, 0);
	if (err == MDL_ENOMEM)
		return err;
	if (err == MDL_EMORE && gap)
		return emit(c, in.n, MDL_MSG_CUT);
	if (err == MDL_EMORE) {
		/* a frame may have to look at all bytes again: large ones are tried more rarely */
		c->retry = in.n < RETRY_AT_ONCE ? 0 : in.n + in.n / 16;
		return MDL_EMORE;
	}
	c->state = CUTTER_RAW;
	c->degraded = true;
	return MDL_OK;
}

/* ---- lost: bytes are missing, or the capture began in the middle ---- */

enum verdict { BEGINS, BEGINS_NOT, CANNOT_SAY };

/* Whether a message begins in front of `in`; `final` if no more bytes will help. */
static enum verdict begins(struct cutter *c, struct mdl_slice in, bool final)
{
	const struct mdl_protocol *p = c->x->proto;
	size_t n = in.n;
	mdl_err err = ask_frame(c, in, &n);
	if (err != MDL_OK && err != MDL_EMORE)
		return BEGINS_NOT;
	if (p->guess == NULL)
		return BEGINS;
	struct mdl_slice first = err == MDL_OK ? mdl_slice_sub(in, 0, n) : in;
	if (p->guess(MDL_STREAM, first) >= RESYNC_SURE)
		return BEGINS;
	return err == MDL_EMORE && in.n < RESYNC_ENOUGH && !final ? CANNOT_SAY : BEGINS_NOT;
}

/* The next place where a piece begins. */
static size_t next_place(struct cutter *c, size_t end)
{
	while (c->scan < c->n_marks && c->marks[c->scan].off <= c->probe)
		c->scan++;
	return c->scan < c->n_marks && c->marks[c->scan].off < end ? c->marks[c->scan].off : end;
}

/* What lies in front of the place looked at belongs to a message whose begin is missing. */
static mdl_err give_lost(struct cutter *c, size_t end, bool all)
{
	struct mdl_slice bytes = mdl_buf_slice(&c->in);
	bool gap = end < c->in.n;
	while (c->probe < end) {
		struct mdl_slice in = mdl_slice_sub(bytes, c->probe, end - c->probe);
		enum verdict v = begins(c, in, gap || all);
		if (v == CANNOT_SAY)
			return MDL_EMORE;
		if (v == BEGINS) {
			c->state = CUTTER_FRAMING;
			return emit(c, c->probe - c->pos, MDL_MSG_CUT | MDL_MSG_RAW);
		}
		c->probe = next_place(c, end);
	}
	if (gap || all || end - c->pos >= CUTTER_RAW_MAX)
		return emit(c, end - c->pos, MDL_MSG_CUT | MDL_MSG_RAW);
	return MDL_EMORE;
}

static mdl_err step(struct cutter *c, bool all)
{
	size_t end = run_end(c);
	switch (c->state) {
	case CUTTER_FRAMING:
		return give_framed(c, end, all);
	case CUTTER_LOST:
		return give_lost(c, end, all);
	case CUTTER_RAW:
		return give_raw(c, end, all);
	case CUTTER_WAITING:
		break;
	}
	return MDL_EMORE;
}

/* Gives out what can be given; `all`: nothing further will come to help for now. */
static mdl_err run(struct cutter *c, bool all)
{
	mdl_err err = c->state == CUTTER_WAITING ? MDL_EMORE : MDL_OK;
	while (err == MDL_OK && c->pos < c->in.n) {
		cross_gap(c);
		err = step(c, all);
	}
	if (err != MDL_OK && err != MDL_EMORE)
		return err;
	forget(c);
	return MDL_OK;
}

mdl_err cutter_add(struct cutter *c, const struct tcp_piece *p)
{
	if (p->bytes.n == 0)
		return MDL_OK;
	mdl_err err = mdl_buf_reserve(&c->in, p->bytes.n);
	if (err == MDL_OK)
		err = add_mark(c, p);
	if (err == MDL_OK)
		err = mdl_buf_add(&c->in, p->bytes);
	if (err != MDL_OK)
		return err;
	follow(c);
	return run(c, false);
}

mdl_err cutter_use(struct cutter *c, struct mdl_ctx *x, enum mdl_dir dir, bool inside)
{
	c->x = x;
	c->dir = dir;
	c->probe = c->pos;
	c->state = x->proto->frame == NULL ? CUTTER_RAW : inside ? CUTTER_LOST : CUTTER_FRAMING;
	return run(c, false);
}

mdl_err cutter_turn(struct cutter *c)
{
	if (c->pos == c->in.n || (c->state != CUTTER_RAW && c->retry == 0))
		return MDL_OK;
	c->retry = 0;
	return run(c, c->state == CUTTER_RAW);
}

mdl_err cutter_flush(struct cutter *c, bool whole)
{
	mdl_err err = run(c, true);
	size_t left = c->in.n - c->pos;
	if (err != MDL_OK || left == 0)
		return err;
	unsigned flags = whole ? 0 : (unsigned)MDL_MSG_CUT;
	if (c->state == CUTTER_RAW && c->degraded)
		flags |= MDL_MSG_RAW;
	return emit(c, left, flags);
}

struct mdl_slice cutter_pending(const struct cutter *c)
{
	return mdl_slice_sub(mdl_buf_slice(&c->in), c->pos, run_end(c) - c->pos);
}

bool cutter_same(const struct cutter *c, uint64_t back, struct mdl_slice bytes)
{
	if (back > c->in.n) {
		bytes = mdl_slice_sub(bytes, (size_t)(back - c->in.n), SIZE_MAX);
		back = c->in.n;
	}
	struct mdl_slice there =
		mdl_slice_sub(mdl_buf_slice(&c->in), c->in.n - (size_t)back, bytes.n);
	bytes.n = bytes.n < there.n ? bytes.n : there.n;
	return mdl_slice_eq(bytes, there);
}
