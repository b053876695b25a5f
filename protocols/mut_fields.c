/* Strategies that see fields: values at boundaries, lies, and edits of the structure. */
#include "protocols/mutate.h"

enum {
	LONG_MAX_BYTES = 65507,
	COPIES_MAX = 4096,
	RELATION = MDL_F_LENGTH | MDL_F_COUNT | MDL_F_OFFSET
};

static unsigned flags_of(const struct mdl_fields *f, uint32_t i)
{
	return mdl_field_def(f, i)->flags;
}

/* ---- which fields a strategy is for ---- */

static bool is_number(const struct mdl_fields *f, uint32_t i)
{
	return mdl_field_is_uint(f, i) && (flags_of(f, i) & RELATION) == 0;
}

static bool is_known(const struct mdl_fields *f, uint32_t i)
{
	return mdl_field_is_uint(f, i) && mdl_field_def(f, i)->values != NULL;
}

static bool is_length(const struct mdl_fields *f, uint32_t i)
{
	return (flags_of(f, i) & MDL_F_LENGTH) != 0;
}

static bool is_count(const struct mdl_fields *f, uint32_t i)
{
	return (flags_of(f, i) & MDL_F_COUNT) != 0;
}

static bool is_offset(const struct mdl_fields *f, uint32_t i)
{
	return (flags_of(f, i) & MDL_F_OFFSET) != 0;
}

static bool is_seal(const struct mdl_fields *f, uint32_t i)
{
	return (flags_of(f, i) & MDL_F_SEAL) != 0 && f->v[i].len > 0;
}

static bool is_echo(const struct mdl_fields *f, uint32_t i)
{
	return (flags_of(f, i) & (MDL_F_ECHO | MDL_F_GIVEN | MDL_F_NONCE)) != 0 && f->v[i].len > 0;
}

/* Fields whose length is their own affair. */
static bool is_elastic(const struct mdl_fields *f, uint32_t i)
{
	enum mdl_kind k = mdl_field_def(f, i)->kind;
	return k == MDL_BYTES || k == MDL_TEXT || k == MDL_NAME || k == MDL_DECIMAL;
}

static bool is_filled(const struct mdl_fields *f, uint32_t i)
{
	return is_elastic(f, i) && f->v[i].len > 0;
}

static bool is_text(const struct mdl_fields *f, uint32_t i)
{
	return mdl_field_def(f, i)->kind == MDL_TEXT || mdl_field_def(f, i)->kind == MDL_DECIMAL;
}

/* Fields that bytes of the same row can replace. Bits share theirs with others. */
static bool is_whole(const struct mdl_fields *f, uint32_t i)
{
	return f->v[i].depth > 0 && f->v[i].len > 0 && mdl_field_def(f, i)->kind != MDL_BITS;
}

static bool is_repeated(const struct mdl_fields *f, uint32_t i)
{
	return is_whole(f, i) && (flags_of(f, i) & MDL_F_REPEAT) != 0;
}

static bool draw_field(struct mdl_bench *b, struct mdl_op *op,
		       bool (*fits)(const struct mdl_fields *f, uint32_t i))
{
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	op->field = m == NULL ? MDL_NO_FIELD : mdl_pick_field(m, b->rng, fits);
	return op->field != MDL_NO_FIELD;
}

static uint64_t value_of(const struct mdl_bench *b, const struct mdl_op *op)
{
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	return mdl_field_uint(&m->index, mdl_buf_slice(&m->bytes), op->field);
}

static uint64_t most_of(const struct mdl_bench *b, const struct mdl_op *op)
{
	return mdl_field_max(&mdl_op_msg(b, op)->index, op->field);
}

/* ---- numbers ---- */

/* Writes op->v and keeps repair from undoing it. */
static mdl_err apply_set(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	if (m == NULL || !mdl_field_is_uint(&m->index, op->field))
		return MDL_OK;
	m->changed = true;
	m->index.v[op->field].pinned = true;
	return mdl_field_set(&m->bytes, &m->index, op->field, op->v);
}

static bool choose_boundary(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint64_t small[] = { 0, 1, 2, 127, 128, 255, 256, 32767, 32768, 65535, 65536 };
	if (!draw_field(b, op, is_number))
		return false;
	uint64_t most = most_of(b, op), top = most - most / 2;
	uint64_t near[] = { most, most - 1, top, top - 1, most ^ top };
	uint64_t k = mdl_rng_below(b->rng, MDL_COUNT(small) + MDL_COUNT(near));
	op->v = k < MDL_COUNT(small) ? small[k] & most : near[k - MDL_COUNT(small)];
	return op->v != value_of(b, op);
}

static bool choose_step(struct mdl_bench *b, struct mdl_op *op)
{
	if (!draw_field(b, op, is_number))
		return false;
	uint64_t step = 1 + mdl_rng_below(b->rng, 16);
	op->v = (value_of(b, op) + (mdl_rng_chance(b->rng, 1, 2) ? step : 0 - step)) &
		most_of(b, op);
	return true;
}

static bool choose_number(struct mdl_bench *b, struct mdl_op *op)
{
	if (!draw_field(b, op, is_number))
		return false;
	op->v = mdl_rng_u64(b->rng) & most_of(b, op);
	return true;
}

static bool choose_known(struct mdl_bench *b, struct mdl_op *op)
{
	if (!draw_field(b, op, is_known))
		return false;
	const struct mdl_value *v = mdl_field_def(&mdl_op_msg(b, op)->index, op->field)->values;
	size_t n = 0;
	while (v[n].name != NULL)
		n++;
	op->v = n == 0 ? 0 : v[mdl_rng_below(b->rng, n)].v;
	return n > 0 && op->v != value_of(b, op);
}

/* ---- relations that lie ---- */

static bool choose_length(struct mdl_bench *b, struct mdl_op *op)
{
	if (!draw_field(b, op, is_length))
		return false;
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	uint64_t now = value_of(b, op), most = most_of(b, op);
	uint64_t rest = m->bytes.n - m->index.v[op->field].off - m->index.v[op->field].len;
	uint64_t lies[] = { 0,	  1,	    now - 1, now + 1,  now / 2,	 now * 2,  now + 255,
			    most, most - 1, rest,    rest + 1, rest - 1, most / 2, most / 2 + 1 };
	op->v = lies[mdl_rng_below(b->rng, MDL_COUNT(lies))] & most;
	return op->v != now;
}

static bool choose_count(struct mdl_bench *b, struct mdl_op *op)
{
	if (!draw_field(b, op, is_count))
		return false;
	uint64_t now = value_of(b, op), most = most_of(b, op);
	uint64_t lies[] = { 0,	 1,   2,    now - 1, now + 1,  now * 2,
			    255, 256, 4096, most,    most - 1, most / 2 };
	op->v = lies[mdl_rng_below(b->rng, MDL_COUNT(lies))] & most;
	return op->v != now;
}

static bool choose_offset(struct mdl_bench *b, struct mdl_op *op)
{
	if (!draw_field(b, op, is_offset))
		return false;
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	const struct mdl_field *d = &m->index.v[op->field];
	uint64_t here = d->off, end = m->bytes.n, now = value_of(b, op);
	uint64_t lies[] = {
		0,	 here,	  here - 1, here + d->len,  end - 1, end,
		end + 1, now - 1, now + 1,  most_of(b, op), now / 2, mdl_rng_below(b->rng, end + 1)
	};
	op->v = lies[mdl_rng_below(b->rng, MDL_COUNT(lies))] & most_of(b, op);
	return op->v != now;
}

/* Bytes of a seal or an echoed value: one bit, all zero, or random ones. */
static bool choose_broken(struct mdl_bench *b, struct mdl_op *op,
			  bool (*fits)(const struct mdl_fields *f, uint32_t i))
{
	uint8_t bytes[64];
	if (!draw_field(b, op, fits))
		return false;
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	struct mdl_slice old = mdl_slice_sub(
		mdl_field_bytes(&m->index, mdl_buf_slice(&m->bytes), op->field), 0, sizeof(bytes));
	memcpy(bytes, old.p, old.n);
	uint64_t way = mdl_rng_below(b->rng, 3);
	if (way == 0)
		bytes[mdl_rng_below(b->rng, old.n)] ^= (uint8_t)(1U << mdl_rng_below(b->rng, 8));
	else if (way == 1)
		memset(bytes, 0, old.n);
	else
		mdl_rng_bytes(b->rng, bytes, old.n);
	return mdl_op_keep(b, op, mdl_slice(bytes, old.n));
}

static bool choose_seal(struct mdl_bench *b, struct mdl_op *op)
{
	return choose_broken(b, op, is_seal);
}

static bool choose_echo(struct mdl_bench *b, struct mdl_op *op)
{
	return choose_broken(b, op, is_echo);
}

/* Puts the kept bytes in the field's place and keeps repair from undoing it. */
static mdl_err apply_splice(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	if (m == NULL)
		return MDL_OK;
	m->changed = true;
	m->index.v[op->field].pinned = true;
	return mdl_field_splice(&m->bytes, &m->index, op->field, mdl_op_data(b->recipe, op));
}

/* ---- contents ---- */

static bool choose_empty(struct mdl_bench *b, struct mdl_op *op)
{
	return draw_field(b, op, is_filled);
}

static bool choose_bytes(struct mdl_bench *b, struct mdl_op *op)
{
	uint8_t bytes[256];
	if (!draw_field(b, op, is_filled))
		return false;
	uint32_t len = mdl_op_msg(b, op)->index.v[op->field].len;
	size_t n = len < sizeof(bytes) ? len : sizeof(bytes);
	mdl_rng_bytes(b->rng, bytes, n);
	return mdl_op_keep(b, op, mdl_slice(bytes, n));
}

/* The field's bytes over and over, up to one of the lengths where buffers end. */
static bool choose_long(struct mdl_bench *b, struct mdl_op *op)
{
	static const uint32_t edges[] = { 32,  63,   64,   127,	 128,	255,  256,
					  512, 1024, 2048, 4096, 16384, 65500 };
	static const int around[] = { -1, 0, 1, 2 };
	if (!draw_field(b, op, is_elastic))
		return false;
	size_t most = mdl_rng_chance(b->rng, 1, 8) ? MDL_COUNT(edges) : MDL_COUNT(edges) - 4;
	int want = (int)edges[mdl_rng_below(b->rng, most)] + around[mdl_rng_below(b->rng, 4)];
	op->a = (uint32_t)want;
	op->v = mdl_rng_chance(b->rng, 1, 2) ? 'A' : mdl_rng_below(b->rng, 256);
	return true;
}

static mdl_err apply_long(struct mdl_bench *b, const struct mdl_op *op)
{
	static const size_t most = LONG_MAX_BYTES;
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	if (m == NULL)
		return MDL_OK;
	struct mdl_buf longer;
	mdl_buf_init(&longer, most);
	struct mdl_slice old = mdl_field_bytes(&m->index, mdl_buf_slice(&m->bytes), op->field);
	mdl_err err = MDL_OK;
	while (err == MDL_OK && longer.n < op->a && longer.n < most)
		err = old.n == 0 ? mdl_buf_put(&longer, (uint8_t)op->v) : mdl_buf_add(&longer, old);
	mdl_buf_cut(&longer, op->a);
	m->changed = true;
	if (err == MDL_OK)
		err = mdl_field_splice(&m->bytes, &m->index, op->field, mdl_buf_slice(&longer));
	mdl_buf_fini(&longer);
	return err;
}

static bool choose_cut(struct mdl_bench *b, struct mdl_op *op)
{
	if (!draw_field(b, op, is_filled))
		return false;
	op->a = (uint32_t)mdl_rng_below(b->rng, mdl_op_msg(b, op)->index.v[op->field].len);
	return true;
}

/* The field keeps its first `a` bytes. */
static mdl_err apply_cut(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	if (m == NULL || op->a >= m->index.v[op->field].len)
		return MDL_OK;
	const struct mdl_field *d = &m->index.v[op->field];
	m->changed = true;
	return mdl_field_edit(&m->bytes, &m->index, d->off + op->a, d->len - op->a, MDL_LIT(""));
}

static bool choose_text(struct mdl_bench *b, struct mdl_op *op)
{
	static const char *const tricks[] = { "%s%s%s%n%n",
					      "%x%x%x%x",
					      "../../../../etc/hosts",
					      "-1",
					      "0",
					      "4294967296",
					      "18446744073709551616",
					      "1e309",
					      "NaN",
					      "null",
					      "true",
					      "\"",
					      "'",
					      "\\",
					      "<a>",
					      "$(id)",
					      "\xc0\xaf",
					      "\xed\xa0\x80",
					      "\xf4\x90\x80\x80",
					      "\xef\xbb\xbf",
					      "\r\n",
					      " ",
					      "\t",
					      "@",
					      ";",
					      "," };
	if (!draw_field(b, op, is_text))
		return false;
	const struct mdl_field_def *def = mdl_field_def(&mdl_op_msg(b, op)->index, op->field);
	size_t own = 0;
	while (def->texts != NULL && def->texts[own] != NULL)
		own++;
	size_t k = mdl_rng_below(b->rng, MDL_COUNT(tricks) + own);
	return mdl_op_keep(b, op, mdl_slice_str(k < own ? def->texts[k] : tricks[k - own]));
}

/* What stood in the same field elsewhere. */
static bool choose_seen(struct mdl_bench *b, struct mdl_op *op)
{
	if (b->stock->dict == NULL || !draw_field(b, op, is_whole))
		return false;
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	struct mdl_slice seen =
		mdl_dict_field(b->stock->dict, mdl_field_def(&m->index, op->field), b->rng);
	struct mdl_slice old = mdl_field_bytes(&m->index, mdl_buf_slice(&m->bytes), op->field);
	return seen.n > 0 && !mdl_slice_eq(seen, old) && mdl_op_keep(b, op, seen);
}

/* ---- structure ---- */

static bool choose_whole(struct mdl_bench *b, struct mdl_op *op)
{
	return draw_field(b, op, is_whole);
}

static mdl_err apply_drop(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	if (m == NULL)
		return MDL_OK;
	m->changed = true;
	return mdl_field_remove(&m->bytes, &m->index, op->field);
}

static bool choose_double(struct mdl_bench *b, struct mdl_op *op)
{
	if (!draw_field(b, op, is_repeated))
		return false;
	op->v = mdl_rng_chance(b->rng, 1, 8) ? 2 + mdl_rng_below(b->rng, 300) : 1;
	return true;
}

/* Copies of field `j` of `from` in front of field `at`, inside `parent`, of message `m`. */
static mdl_err graft(struct mdl_case_msg *m, uint32_t parent, uint32_t at,
		     const struct mdl_case_msg *from, uint32_t j, uint32_t times)
{
	struct mdl_buf aside;
	mdl_buf_init(&aside, MDL_CASE_MSG_MAX);
	mdl_err err = mdl_buf_set(&aside, mdl_buf_slice(&from->bytes));
	m->changed = true;
	if (err == MDL_OK)
		err = mdl_field_graft(&m->bytes, &m->index, parent, at, &from->index,
				      mdl_buf_slice(&aside), j, times);
	mdl_buf_fini(&aside);
	return err == MDL_EINVAL ? MDL_OK : err;
}

static mdl_err apply_double(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	if (m == NULL || m->index.v[op->field].len == 0)
		return MDL_OK;
	uint64_t most = LONG_MAX_BYTES / m->index.v[op->field].len;
	uint32_t times = (uint32_t)(op->v < most ? op->v : most);
	return graft(m, m->index.v[op->field].parent, op->field, m, op->field, times);
}

/* Another field of the same row in any message of the case: `a` the message, `b` the field. */
static bool draw_kin(struct mdl_bench *b, struct mdl_op *op)
{
	const struct mdl_field_def *def = mdl_field_def(&mdl_op_msg(b, op)->index, op->field);
	op->a = (uint32_t)mdl_rng_below(b->rng, b->c->n);
	const struct mdl_fields *f = &b->c->v[op->a]->index;
	uint32_t start = f->n == 0 ? 0 : (uint32_t)mdl_rng_below(b->rng, f->n);
	for (uint32_t k = 0; k < f->n; k++) {
		op->b = (start + k) % f->n;
		if (mdl_field_def(f, op->b) == def && f->v[op->b].len > 0 &&
		    (op->a != op->msg || op->b != op->field))
			return true;
	}
	return false;
}

static bool choose_swap(struct mdl_bench *b, struct mdl_op *op)
{
	return draw_field(b, op, is_whole) && draw_kin(b, op);
}

static struct mdl_case_msg *kin_of(const struct mdl_bench *b, const struct mdl_op *op)
{
	const struct mdl_op kin = { .msg = op->a, .field = op->b };
	return mdl_op_field(b, &kin, NULL);
}

/* The kin stands where the field stood; inside one message the field takes the kin's place. */
static mdl_err apply_swap(struct mdl_bench *b, const struct mdl_op *op)
{
	uint8_t mine[512], its[512];
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL), *k = kin_of(b, op);
	if (m == NULL || k == NULL)
		return MDL_OK;
	struct mdl_slice x = mdl_field_bytes(&m->index, mdl_buf_slice(&m->bytes), op->field);
	struct mdl_slice y = mdl_field_bytes(&k->index, mdl_buf_slice(&k->bytes), op->b);
	if (x.n > sizeof(mine) || y.n > sizeof(its))
		return MDL_OK;
	x = mdl_slice(memcpy(mine, x.p, x.n), x.n);
	y = mdl_slice(memcpy(its, y.p, y.n), y.n);
	m->changed = true;
	/* the later of two first, so that the index of the earlier one stays what it was */
	bool both = m == k && op->b < m->index.n;
	mdl_err err = MDL_OK;
	if (both && op->b > op->field)
		err = mdl_field_splice(&m->bytes, &m->index, op->b, x);
	if (err == MDL_OK)
		err = mdl_field_splice(&m->bytes, &m->index, op->field, y);
	if (err == MDL_OK && both && op->b < op->field)
		err = mdl_field_splice(&m->bytes, &m->index, op->b, x);
	return err;
}

static bool choose_move(struct mdl_bench *b, struct mdl_op *op)
{
	return draw_field(b, op, is_repeated) && draw_kin(b, op);
}

/* A copy of the kin in front of the field. */
static mdl_err apply_move(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL), *k = kin_of(b, op);
	if (m == NULL || k == NULL)
		return MDL_OK;
	return graft(m, m->index.v[op->field].parent, op->field, k, op->b, 1);
}

static bool has_children(const struct mdl_fields *f, uint32_t i)
{
	return is_whole(f, i) && mdl_field_end(f, i) > i + 1;
}

static bool choose_nest(struct mdl_bench *b, struct mdl_op *op)
{
	op->v = 1 + mdl_rng_below(b->rng, mdl_rng_chance(b->rng, 1, 8) ? 64 : 3);
	return draw_field(b, op, has_children);
}

/* A copy of the field inside itself, as its last child, `v` times. */
static mdl_err apply_nest(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_op_field(b, op, NULL);
	mdl_err err = MDL_OK;
	for (uint64_t i = 0; m != NULL && err == MDL_OK && i < op->v && i < 64; i++) {
		if (m->index.v[op->field].len > LONG_MAX_BYTES / 2)
			break;
		err = graft(m, op->field, mdl_field_end(&m->index, op->field), m, op->field, 1);
	}
	return err;
}

/* clang-format off */
#define FIELD(n, w, c, a, s) { .name = n, .summary = s, .level = MDL_LEVEL_FIELD, .weight = w, .choose = c, .apply = a }
const struct mdl_strategy mdl_strategies_fields[] = {
	FIELD("field-boundary", 10, choose_boundary, apply_set,    "a number at a boundary of its width"),
	FIELD("field-step",      5, choose_step,     apply_set,    "a number up to 16 more or less"),
	FIELD("field-random",    5, choose_number,   apply_set,    "a random number"),
	FIELD("field-known",    10, choose_known,    apply_set,    "another value that the protocol names"),
	FIELD("field-seen",     10, choose_seen,     apply_splice, "what the same field held elsewhere"),
	FIELD("field-empty",     4, choose_empty,    apply_splice, "empty contents"),
	FIELD("field-bytes",     5, choose_bytes,    apply_splice, "random contents of the same length"),
	FIELD("field-long",      6, choose_long,     apply_long,   "contents repeated up to where buffers end"),
	FIELD("field-cut",       4, choose_cut,      apply_cut,    "only the beginning of the contents"),
	FIELD("field-text",      3, choose_text,     apply_splice, "format strings, huge numbers, broken UTF-8, quotes"),
	FIELD("field-drop",      8, choose_whole,    apply_drop,   "leave a field out"),
	FIELD("field-double",    8, choose_double,   apply_double, "a repeated element once more, or hundreds of times"),
	FIELD("field-swap",      5, choose_swap,     apply_swap,   "two fields of a kind change places"),
	FIELD("field-move",      5, choose_move,     apply_move,   "an element of the same kind put in front"),
	FIELD("field-nest",      3, choose_nest,     apply_nest,   "a structure inside itself"),
	FIELD("length-lie",     10, choose_length,   apply_set,    "a length that is not so"),
	FIELD("count-lie",       8, choose_count,    apply_set,    "a count that is not so"),
	FIELD("offset-lie",      8, choose_offset,   apply_set,    "an offset that leads elsewhere: to itself, forward, outside"),
	FIELD("seal-break",      4, choose_seal,     apply_splice, "a checksum or signature that does not hold"),
	FIELD("echo-break",      4, choose_echo,     apply_splice, "an id or cookie that the peer does not expect"),
	{ .name = NULL },
};
/* clang-format on */
