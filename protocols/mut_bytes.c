/* Strategies that are blind to structure: they see a message as bytes. */
#include "core/writer.h"
#include "protocols/mutate.h"

enum { BLOCK_MAX = 64, GROW_MAX = 4096 };

static struct mdl_case_msg *some_bytes(const struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	return m != NULL && m->bytes.n > 0 ? m : NULL;
}

/* A length from 1 to `most`: small ones mostly, but any may come. */
static uint32_t draw_length(struct mdl_rng *r, size_t most)
{
	size_t cap = mdl_rng_chance(r, 1, 8) || most < BLOCK_MAX ? most : BLOCK_MAX;
	size_t upto = 1 + mdl_rng_below(r, cap);
	return (uint32_t)(1 + mdl_rng_below(r, upto));
}

/* A block of the message: `a` its offset, `b` its length. */
static bool draw_block(struct mdl_bench *b, struct mdl_op *op)
{
	const struct mdl_case_msg *m = some_bytes(b, op);
	if (m == NULL)
		return false;
	op->a = (uint32_t)mdl_rng_below(b->rng, m->bytes.n);
	op->b = draw_length(b->rng, m->bytes.n - op->a);
	return true;
}

/* What of the block is still there. */
static struct mdl_slice block(const struct mdl_case_msg *m, const struct mdl_op *op)
{
	return mdl_slice_sub(mdl_buf_slice(&m->bytes), op->a, op->b);
}

/* ---- single bits and numbers ---- */

static bool choose_bit(struct mdl_bench *b, struct mdl_op *op)
{
	const struct mdl_case_msg *m = some_bytes(b, op);
	if (m == NULL)
		return false;
	op->a = (uint32_t)mdl_rng_below(b->rng, m->bytes.n * 8);
	return true;
}

static mdl_err apply_bit(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || op->a / 8 >= m->bytes.n)
		return MDL_OK;
	uint8_t flipped = (uint8_t)(m->bytes.p[op->a / 8] ^ 0x80 >> op->a % 8);
	return mdl_case_edit(m, op->a / 8, 1, mdl_slice(&flipped, 1));
}

/* How a number stands in the bytes: `b` holds its width, and 16 if it is little-endian. */
enum { LITTLE = 16 };

static bool choose_number(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint32_t widths[] = { 1, 2, 2 | LITTLE, 4, 4 | LITTLE };
	const struct mdl_case_msg *m = some_bytes(b, op);
	if (m == NULL)
		return false;
	op->b = widths[mdl_rng_below(b->rng, MDL_COUNT(widths))];
	size_t width = op->b & 15;
	if (m->bytes.n < width)
		return false;
	op->a = (uint32_t)mdl_rng_below(b->rng, m->bytes.n - width + 1);
	return true;
}

static mdl_err put_number(struct mdl_case_msg *m, const struct mdl_op *op, uint64_t v)
{
	uint8_t bytes[8];
	size_t width = op->b & 7;
	if ((op->b & LITTLE) != 0)
		mdl_put_le(bytes, v, width);
	else
		mdl_put_be(bytes, v, width);
	return mdl_case_edit(m, op->a, width, mdl_slice(bytes, width));
}

static struct mdl_case_msg *number_at(const struct mdl_bench *b, const struct mdl_op *op,
				      uint64_t *v)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	size_t width = op->b & 7;
	if (m == NULL || width == 0 || op->a > m->bytes.n || width > m->bytes.n - op->a)
		return NULL;
	const uint8_t *p = m->bytes.p + op->a;
	*v = (op->b & LITTLE) != 0 ? mdl_get_le(p, width) : mdl_get_be(p, width);
	return m;
}

static bool choose_arith(struct mdl_bench *b, struct mdl_op *op)
{
	uint64_t step = 1 + mdl_rng_below(b->rng, 35);
	op->v = mdl_rng_chance(b->rng, 1, 2) ? step : 0 - step;
	return choose_number(b, op);
}

static mdl_err apply_arith(struct mdl_bench *b, const struct mdl_op *op)
{
	uint64_t v;
	struct mdl_case_msg *m = number_at(b, op, &v);
	return m == NULL ? MDL_OK : put_number(m, op, v + op->v);
}

static bool choose_interesting(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint32_t values[] = { 0,	       1,	   0x7f,      0x80,   0xff,
					   0x100,      0x3fff,	   0x4000,    0x7fff, 0x8000,
					   0xc000,     0xffff,	   0x10000,   512,    4096,
					   0x7fffffff, 0x80000000, UINT32_MAX };
	op->v = values[mdl_rng_below(b->rng, MDL_COUNT(values))];
	return choose_number(b, op);
}

static mdl_err apply_interesting(struct mdl_bench *b, const struct mdl_op *op)
{
	uint64_t old;
	struct mdl_case_msg *m = number_at(b, op, &old);
	return m == NULL ? MDL_OK : put_number(m, op, op->v);
}

/* ---- blocks ---- */

static bool choose_random(struct mdl_bench *b, struct mdl_op *op)
{
	uint8_t bytes[BLOCK_MAX];
	if (!draw_block(b, op))
		return false;
	if (op->b > sizeof(bytes))
		op->b = sizeof(bytes);
	mdl_rng_bytes(b->rng, bytes, op->b);
	return mdl_op_keep(b, op, mdl_slice(bytes, op->b));
}

static mdl_err apply_overwrite(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || op->a >= m->bytes.n)
		return MDL_OK;
	struct mdl_slice with = mdl_slice_sub(mdl_op_data(b->recipe, op), 0, m->bytes.n - op->a);
	return mdl_case_edit(m, op->a, with.n, with);
}

static mdl_err apply_insert(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || op->a > m->bytes.n)
		return MDL_OK;
	return mdl_case_edit(m, op->a, 0, mdl_op_data(b->recipe, op));
}

static mdl_err apply_delete(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	return m == NULL ? MDL_OK : mdl_case_edit(m, op->a, block(m, op).n, MDL_LIT(""));
}

static bool choose_fill(struct mdl_bench *b, struct mdl_op *op)
{
	op->v = mdl_rng_chance(b->rng, 1, 2) ? 0x00 : 0xff;
	return draw_block(b, op);
}

static mdl_err apply_fill(struct mdl_bench *b, const struct mdl_op *op)
{
	uint8_t fill[GROW_MAX];
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL)
		return MDL_OK;
	size_t n = block(m, op).n < sizeof(fill) ? block(m, op).n : sizeof(fill);
	memset(fill, (int)op->v, n);
	return mdl_case_edit(m, op->a, n, mdl_slice(fill, n));
}

/* A block and, in `v`, a place for it. */
static bool choose_copy(struct mdl_bench *b, struct mdl_op *op)
{
	if (!draw_block(b, op))
		return false;
	if (op->b > GROW_MAX)
		op->b = GROW_MAX;
	op->v = mdl_rng_below(b->rng, mdl_op_msg(b, op)->bytes.n + 1);
	return true;
}

/* The block copied aside, for it may lie where the edit is; at most `sizeof(aside)` of it. */
static struct mdl_slice take_aside(const struct mdl_case_msg *m, const struct mdl_op *op,
				   uint8_t aside[GROW_MAX])
{
	struct mdl_slice s = mdl_slice_sub(block(m, op), 0, GROW_MAX);
	if (s.n > 0)
		memcpy(aside, s.p, s.n);
	return mdl_slice(aside, s.n);
}

static mdl_err apply_copy_insert(struct mdl_bench *b, const struct mdl_op *op)
{
	uint8_t aside[GROW_MAX];
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || op->v > m->bytes.n)
		return MDL_OK;
	return mdl_case_edit(m, (size_t)op->v, 0, take_aside(m, op, aside));
}

static mdl_err apply_copy_over(struct mdl_bench *b, const struct mdl_op *op)
{
	uint8_t aside[GROW_MAX];
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || op->v > m->bytes.n)
		return MDL_OK;
	struct mdl_slice s = mdl_slice_sub(take_aside(m, op, aside), 0, m->bytes.n - (size_t)op->v);
	return mdl_case_edit(m, (size_t)op->v, s.n, s);
}

static bool choose_repeat(struct mdl_bench *b, struct mdl_op *op)
{
	if (!draw_block(b, op))
		return false;
	if (op->b > GROW_MAX)
		op->b = GROW_MAX;
	op->v = mdl_rng_range(b->rng, 1, mdl_rng_chance(b->rng, 1, 16) ? GROW_MAX / op->b : 8);
	return true;
}

static mdl_err apply_repeat(struct mdl_bench *b, const struct mdl_op *op)
{
	uint8_t aside[GROW_MAX];
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	mdl_err err = MDL_OK;
	for (uint64_t i = 0; m != NULL && i < op->v && i < GROW_MAX && err == MDL_OK; i++)
		err = mdl_case_edit(m, op->a, 0, take_aside(m, op, aside));
	return err;
}

/* ---- the end of the message ---- */

static mdl_err apply_truncate(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || op->a >= m->bytes.n)
		return MDL_OK;
	return mdl_case_edit(m, op->a, m->bytes.n - op->a, MDL_LIT(""));
}

static bool choose_extend(struct mdl_bench *b, struct mdl_op *op)
{
	uint8_t bytes[GROW_MAX];
	if (mdl_op_msg(b, op) == NULL)
		return false;
	size_t n = draw_length(b->rng, GROW_MAX);
	if (mdl_rng_chance(b->rng, 1, 2))
		mdl_rng_bytes(b->rng, bytes, n);
	else
		memset(bytes, (int)mdl_rng_below(b->rng, 256), n);
	return mdl_op_keep(b, op, mdl_slice(bytes, n));
}

static mdl_err apply_extend(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	return m == NULL ? MDL_OK : mdl_case_edit(m, m->bytes.n, 0, mdl_op_data(b->recipe, op));
}

/* ---- bytes from elsewhere ---- */

static bool choose_token(struct mdl_bench *b, struct mdl_op *op)
{
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || b->stock->dict == NULL)
		return false;
	struct mdl_slice token = mdl_dict_any(b->stock->dict, b->rng);
	op->a = (uint32_t)mdl_rng_below(b->rng, m->bytes.n + 1);
	return token.n > 0 && mdl_op_keep(b, op, token);
}

/* The end of another seed's message of our side, to stand behind the beginning of this one. */
static bool choose_splice(struct mdl_bench *b, struct mdl_op *op)
{
	const struct mdl_case_msg *m = some_bytes(b, op);
	if (m == NULL || b->stock->n_seeds == 0)
		return false;
	const struct mdl_seed *s = b->stock->seeds[mdl_rng_below(b->rng, b->stock->n_seeds)];
	if (s->trace->n == 0)
		return false;
	const struct mdl_msg *other = s->trace->v[mdl_rng_below(b->rng, s->trace->n)];
	if (other->dir != b->c->side || other->bytes.n == 0)
		return false;
	op->a = (uint32_t)mdl_rng_below(b->rng, m->bytes.n);
	size_t from = op->a < other->bytes.n ? op->a : mdl_rng_below(b->rng, other->bytes.n);
	return mdl_op_keep(b, op, mdl_slice_sub(mdl_buf_slice(&other->bytes), from, SIZE_MAX));
}

static mdl_err apply_splice(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (m == NULL || op->a > m->bytes.n)
		return MDL_OK;
	return mdl_case_edit(m, op->a, m->bytes.n - op->a, mdl_op_data(b->recipe, op));
}

/* clang-format off */
#define BYTES(n, w, c, a, s) { .name = n, .summary = s, .level = MDL_LEVEL_BYTES, .weight = w, .choose = c, .apply = a }
const struct mdl_strategy mdl_strategies_bytes[] = {
	BYTES("bit-flip",       6, choose_bit,         apply_bit,         "flip one bit"),
	BYTES("arith",          4, choose_arith,       apply_arith,       "add or subtract up to 35, 8 to 32 bits, both byte orders"),
	BYTES("interesting",    4, choose_interesting, apply_interesting, "a number at a boundary, 8 to 32 bits, both byte orders"),
	BYTES("bytes-random",   4, choose_random,      apply_overwrite,   "overwrite a block by random bytes"),
	BYTES("bytes-insert",   4, choose_random,      apply_insert,      "insert random bytes"),
	BYTES("bytes-delete",   4, draw_block,         apply_delete,      "delete a block"),
	BYTES("bytes-fill",     2, choose_fill,        apply_fill,        "fill a block with 0x00 or 0xff"),
	BYTES("block-copy",     2, choose_copy,        apply_copy_insert, "insert a copy of a block elsewhere"),
	BYTES("block-over",     2, choose_copy,        apply_copy_over,   "copy a block over another place"),
	BYTES("block-repeat",   2, choose_repeat,      apply_repeat,      "repeat a block, sometimes very often"),
	BYTES("truncate",       2, draw_block,         apply_truncate,    "cut the end off"),
	BYTES("extend",         2, choose_extend,      apply_extend,      "append random or equal bytes"),
	BYTES("token-insert",   3, choose_token,       apply_insert,      "insert a value seen in the captures"),
	BYTES("token-over",     3, choose_token,       apply_overwrite,   "overwrite by a value seen in the captures"),
	BYTES("splice",         2, choose_splice,      apply_splice,      "the end of another seed's message"),
	{ .name = NULL },
};
/* clang-format on */
