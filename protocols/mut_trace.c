/* Strategies for the order of messages. */
#include "core/cursor.h"
#include "core/writer.h"
#include "protocols/kinds.h"
#include "protocols/mutate.h"

/* ---- leaving out, repeating, changing places ---- */

static bool choose_drop(struct mdl_bench *b, struct mdl_op *op)
{
	(void)op;
	size_t ours = 0;
	for (size_t i = 0; i < b->c->n; i++)
		ours += b->c->v[i]->dir == b->c->side;
	return ours > 1;
}

static mdl_err apply_drop(struct mdl_bench *b, const struct mdl_op *op)
{
	mdl_case_remove(b->c, op->msg);
	return MDL_OK;
}

static bool choose_repeat(struct mdl_bench *b, struct mdl_op *op)
{
	op->v = mdl_rng_chance(b->rng, 1, 8) ? 2 + mdl_rng_below(b->rng, 30) : 1;
	return mdl_op_msg(b, op) != NULL;
}

/* A copy of message `from` at place `at`; it keeps its index. */
static mdl_err copy_msg(struct mdl_case *c, size_t at, size_t from, enum mdl_dir dir)
{
	struct mdl_case_msg *m = c->v[from];
	mdl_err err = mdl_case_insert(c, at, dir, m->at, mdl_buf_slice(&m->bytes));
	return err == MDL_OK ? mdl_fields_copy(&c->v[at]->index, &m->index) : err;
}

static mdl_err apply_repeat(struct mdl_bench *b, const struct mdl_op *op)
{
	mdl_err err = MDL_OK;
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	for (uint64_t i = 0; m != NULL && err == MDL_OK && i < op->v && i < MDL_CASE_MSGS_MAX; i++)
		err = copy_msg(b->c, op->msg + 1, op->msg, m->dir);
	return err;
}

static bool choose_other(struct mdl_bench *b, struct mdl_op *op)
{
	op->a = (uint32_t)mdl_rng_below(b->rng, b->c->n);
	return op->a != op->msg && b->c->v[op->a]->dir == b->c->side;
}

static mdl_err apply_swap(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case *c = b->c;
	if (op->msg >= c->n || op->a >= c->n)
		return MDL_OK;
	struct mdl_case_msg *m = c->v[op->msg], *o = c->v[op->a];
	mdl_time at = m->at;
	m->at = o->at; /* the moments stay in order, the messages change */
	o->at = at;
	c->v[op->msg] = o;
	c->v[op->a] = m;
	return MDL_OK;
}

/* ---- from elsewhere ---- */

/* Of any kind that was recorded, or of any trace there is. */
static const struct mdl_msg *draw_foreign(struct mdl_bench *b)
{
	if (b->stock->n_seeds == 0)
		return NULL;
	if (b->stock->kinds != NULL && mdl_rng_chance(b->rng, 1, 2)) {
		const struct mdl_msg *m = mdl_kinds_pick(b->stock->kinds, b->rng);
		return m != NULL && m->bytes.n <= MDL_CASE_MSG_MAX / 4 ? m : NULL;
	}
	const struct mdl_seed *s = b->stock->seeds[mdl_rng_below(b->rng, b->stock->n_seeds)];
	if (s->trace->n == 0)
		return NULL;
	const struct mdl_msg *m = s->trace->v[mdl_rng_below(b->rng, s->trace->n)];
	return m->dir == b->c->side && m->bytes.n <= MDL_CASE_MSG_MAX / 4 ? m : NULL;
}

static bool choose_insert(struct mdl_bench *b, struct mdl_op *op)
{
	const struct mdl_msg *m = draw_foreign(b);
	op->a = (uint32_t)mdl_rng_below(b->rng, 2); /* before or behind */
	return m != NULL && mdl_op_keep(b, op, mdl_buf_slice(&m->bytes));
}

static mdl_err apply_insert(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL)
		return MDL_OK;
	return mdl_case_insert(b->c, op->msg + (op->a & 1), b->c->side, m->at,
			       mdl_op_data(b->recipe, op));
}

/* Messages in the data of a choice, each behind its length. */
enum { JOIN_MAX = 8, JOIN_BYTES = 64 << 10, JOIN_HEAD = 4 };

static bool keep_messages(struct mdl_bench *b, struct mdl_op *op, const struct mdl_trace *t)
{
	struct mdl_buf *data = &b->recipe->data;
	unsigned n = 0;
	op->data_off = (uint32_t)data->n;
	for (size_t i = 0; i < t->n && n < JOIN_MAX; i++) {
		uint8_t head[JOIN_HEAD];
		struct mdl_slice bytes = mdl_buf_slice(&t->v[i]->bytes);
		if (t->v[i]->dir != b->c->side || bytes.n > JOIN_BYTES)
			continue;
		mdl_put_be(head, bytes.n, JOIN_HEAD);
		if (mdl_buf_add(data, mdl_slice(head, JOIN_HEAD)) != MDL_OK ||
		    mdl_buf_add(data, bytes) != MDL_OK)
			return false;
		n++;
	}
	op->data_len = (uint32_t)data->n - op->data_off;
	return n > 0;
}

static bool choose_join(struct mdl_bench *b, struct mdl_op *op)
{
	if (b->stock->n_seeds == 0 || b->c->n + JOIN_MAX > MDL_CASE_MSGS_MAX)
		return false;
	op->a = (uint32_t)mdl_rng_below(b->rng, 2); /* before all, or behind */
	const struct mdl_seed *s = b->stock->seeds[mdl_rng_below(b->rng, b->stock->n_seeds)];
	return keep_messages(b, op, s->trace);
}

static mdl_err apply_join(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_cursor c = mdl_cursor(mdl_op_data(b->recipe, op));
	size_t at = (op->a & 1) != 0 ? b->c->n : 0;
	mdl_err err = MDL_OK;
	while (err == MDL_OK && mdl_cursor_left(&c) > 0) {
		struct mdl_slice bytes = mdl_cursor_take(&c, mdl_cursor_be32(&c));
		mdl_time when = b->c->n == 0 ? 0 : b->c->v[at == 0 ? 0 : at - 1]->at;
		if (c.err != MDL_OK)
			break;
		err = mdl_case_insert(b->c, at++, b->c->side, when, bytes);
	}
	return err;
}

/* ---- against the protocol's order ---- */

static bool choose_turn(struct mdl_bench *b, struct mdl_op *op)
{
	op->a = (uint32_t)mdl_rng_below(b->rng, b->c->n);
	return b->c->v[op->a]->dir != b->c->side;
}

/* We say what the peer should have said. */
static mdl_err apply_turn(struct mdl_bench *b, const struct mdl_op *op)
{
	if (op->a >= b->c->n || op->msg >= b->c->n)
		return MDL_OK;
	return copy_msg(b->c, op->msg, op->a, b->c->side);
}

static bool choose_cut(struct mdl_bench *b, struct mdl_op *op)
{
	return op->msg + 1 < b->c->n;
}

static mdl_err apply_cut(struct mdl_bench *b, const struct mdl_op *op)
{
	while (b->c->n > (size_t)op->msg + 1)
		mdl_case_remove(b->c, b->c->n - 1);
	return MDL_OK;
}

static bool choose_again(struct mdl_bench *b, struct mdl_op *op)
{
	(void)op;
	return b->c->n * 2 <= MDL_CASE_MSGS_MAX;
}

/* Everything we said once more, after all was said. */
static mdl_err apply_again(struct mdl_bench *b, const struct mdl_op *op)
{
	(void)op;
	mdl_err err = MDL_OK;
	size_t n = b->c->n;
	for (size_t i = 0; err == MDL_OK && i < n; i++)
		if (b->c->v[i]->dir == b->c->side)
			err = copy_msg(b->c, b->c->n, i, b->c->side);
	return err;
}

/* ---- streams ---- */

/* `a`: the bytes of the message that are still said. */
static bool choose_break(struct mdl_bench *b, struct mdl_op *op)
{
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || m->bytes.n < 2 || b->c->x->carrier != MDL_STREAM)
		return false;
	op->a = (uint32_t)(1 + mdl_rng_below(b->rng, m->bytes.n - 1));
	return true;
}

/* What is left of the message says nothing but that it goes on: no length of it is repaired. */
static mdl_err apply_break(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || op->a >= m->bytes.n)
		return MDL_OK;
	mdl_buf_cut(&m->bytes, op->a);
	mdl_fields_clear(&m->index);
	m->changed = true;
	return apply_cut(b, op);
}

/* clang-format off */
#define TRACE(n, w, c, a, s) { .name = n, .summary = s, .level = MDL_LEVEL_TRACE, .weight = w, .choose = c, .apply = a }
const struct mdl_strategy mdl_strategies_trace[] = {
	TRACE("msg-drop",   4, choose_drop,   apply_drop,   "leave a message out"),
	TRACE("msg-repeat", 4, choose_repeat, apply_repeat, "send a message again, sometimes many times"),
	TRACE("msg-swap",   4, choose_other,  apply_swap,   "two messages change places"),
	TRACE("msg-insert", 8, choose_insert, apply_insert, "a message of another conversation"),
	TRACE("msg-join",   8, choose_join,   apply_join,   "all of another conversation before this one, or behind"),
	TRACE("msg-turn",   2, choose_turn,   apply_turn,   "say what the peer should have said"),
	TRACE("msg-cut",    2, choose_cut,    apply_cut,    "end the conversation early"),
	TRACE("msg-again",  2, choose_again,  apply_again,  "the whole conversation once more"),
	TRACE("stream-break", 6, choose_break, apply_break, "end a stream in the middle of a message"),
	{ .name = NULL },
};
/* clang-format on */
