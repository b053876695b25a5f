/* Strategies for how names are written: labels, their ends, and where pointers lead. */
#include "core/writer.h"
#include "protocols/dns/fields.h"
#include "protocols/dns/look.h"
#include "protocols/dns/mutate.h"
#include "protocols/name.h"
#include "protocols/registry.h"

enum { EARLIER_MAX = 64 };

static bool is_name(const struct mdl_fields *f, uint32_t i)
{
	return mdl_field_def(f, i)->kind == MDL_NAME &&
	       f->layers[f->v[i].layer].proto == &mdl_dns && f->v[i].len > 0;
}

static struct mdl_slice bytes_of(const struct mdl_case_msg *m, uint32_t i)
{
	return mdl_field_bytes(&m->index, mdl_buf_slice(&m->bytes), i);
}

/* The message from the header on, and where name `i` stands in it. */
static struct mdl_slice body_of(const struct mdl_case_msg *m, uint32_t i, size_t *off)
{
	uint32_t base = m->index.layers[m->index.v[i].layer].base;
	*off = m->index.v[i].off - base;
	return mdl_slice_sub(mdl_buf_slice(&m->bytes), base, SIZE_MAX);
}

bool mdl_dns_read_op_name(const struct mdl_case_msg *m, uint32_t i, struct mdl_name *out)
{
	size_t off, used;
	struct mdl_slice body = body_of(m, i, &off);
	return mdl_name_read(body, off, &used, out, NULL) == MDL_OK;
}

/* Replaces name `i` for good. */
static mdl_err put_name(struct mdl_case_msg *m, uint32_t i, struct mdl_slice with)
{
	m->changed = true;
	m->index.v[i].pinned = true;
	return mdl_field_splice(&m->bytes, &m->index, i, with);
}

/* ---- pointers ---- */

enum { TO_ITSELF, FORWARD, TO_HEADER, PAST };

/* The way into op->a, a number to place it into op->v, labels kept in front into op->b. */
static bool choose_pointer(struct mdl_bench *b, struct mdl_op *op, uint32_t way)
{
	op->a = way;
	op->v = mdl_rng_below(b->rng, 0x4000);
	op->b = mdl_rng_chance(b->rng, 1, 2);
	return mdl_dns_draw(b, op, is_name);
}

bool mdl_dns_choose_pointer_self(struct mdl_bench *b, struct mdl_op *op)
{
	return choose_pointer(b, op, TO_ITSELF);
}

bool mdl_dns_choose_pointer_forward(struct mdl_bench *b, struct mdl_op *op)
{
	return choose_pointer(b, op, FORWARD);
}

bool mdl_dns_choose_pointer_header(struct mdl_bench *b, struct mdl_op *op)
{
	return choose_pointer(b, op, TO_HEADER);
}

bool mdl_dns_choose_pointer_past(struct mdl_bench *b, struct mdl_op *op)
{
	return choose_pointer(b, op, PAST);
}

/* Where the pointer leads that stands `front` bytes behind the name's beginning. */
static size_t target_of(const struct mdl_op *op, size_t off, size_t front, size_t end)
{
	size_t v = (size_t)op->v, behind = off + front + 2;
	switch (op->a) {
	case FORWARD:
		return behind + (behind < end ? v % (end - behind) : 0);
	case TO_HEADER:
		return v % DNS_HEADER;
	case PAST:
		return end + v % 512;
	default:
		return off;
	}
}

mdl_err mdl_dns_apply_pointer(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_dns_op_name(b, op);
	uint8_t bytes[MDL_LABEL_MAX + 3];
	size_t off, front = 0;
	if (m == NULL)
		return MDL_OK;
	struct mdl_slice old = bytes_of(m, op->field), body = body_of(m, op->field, &off);
	if (op->b > 0 && old.n > 1 && old.p[0] <= MDL_LABEL_MAX && old.p[0] + 1U <= old.n)
		front = old.p[0] == 0 ? 0 : old.p[0] + 1U;
	memcpy(bytes, old.p, front);
	size_t end = body.n - old.n + front + 2; /* of the message as it will be */
	mdl_put_be(bytes + front, 0xc000U | (target_of(op, off, front, end) & 0x3fffU), 2);
	return put_name(m, op->field, mdl_slice(bytes, front + 2));
}

/* Another name behind the one in op->field: op->b. */
bool mdl_dns_choose_pointer_loop(struct mdl_bench *b, struct mdl_op *op)
{
	const struct mdl_case_msg *m = mdl_op_msg(b, op);
	if (!mdl_dns_draw(b, op, is_name))
		return false;
	op->b = MDL_NO_FIELD;
	for (uint32_t i = op->field + 1; i < m->index.n; i++)
		if (is_name(&m->index, i) &&
		    (op->b == MDL_NO_FIELD || mdl_rng_chance(b->rng, 1, 3)))
			op->b = i;
	return op->b != MDL_NO_FIELD;
}

/* The later name first, so that the earlier one still is where it was. */
mdl_err mdl_dns_apply_pointer_loop(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_op second = *op;
	second.field = op->b;
	struct mdl_case_msg *m = mdl_dns_op_name(b, op);
	if (m == NULL || mdl_dns_op_name(b, &second) == NULL || op->b <= op->field ||
	    m->index.v[op->b].layer != m->index.v[op->field].layer)
		return MDL_OK;
	uint8_t bytes[2];
	size_t first_off, second_off;
	body_of(m, op->field, &first_off);
	body_of(m, op->b, &second_off);
	second_off = second_off + 2 - m->index.v[op->field].len; /* the first will take two bytes */
	mdl_put_be(bytes, 0xc000U | (first_off & 0x3fff), 2);
	mdl_err err = put_name(m, op->b, mdl_slice(bytes, 2));
	mdl_put_be(bytes, 0xc000U | (second_off & 0x3fff), 2);
	return err == MDL_OK ? put_name(m, op->field, mdl_slice(bytes, 2)) : err;
}

/* ---- labels ---- */

/* The offset in the name of its label number `k`, counted round; SIZE_MAX if it has none. */
static size_t label_of(struct mdl_slice name, uint32_t k)
{
	size_t at[128], n = 0;
	for (size_t i = 0;
	     i < name.n && name.p[i] != 0 && name.p[i] <= MDL_LABEL_MAX && n < MDL_COUNT(at);
	     i += name.p[i] + 1U)
		at[n++] = i;
	return n == 0 ? SIZE_MAX : at[k % n];
}

static bool has_label(const struct mdl_fields *f, uint32_t i)
{
	return is_name(f, i) && f->v[i].len > 2;
}

/* The label is op->a; its length byte is xor-ed with op->b, then op->v is added to it. */
static bool choose_label(struct mdl_bench *b, struct mdl_op *op)
{
	op->a = (uint32_t)mdl_rng_below(b->rng, 8);
	op->b = 0;
	op->v = 0;
	return mdl_dns_draw(b, op, has_label);
}

bool mdl_dns_choose_label_type(struct mdl_bench *b, struct mdl_op *op)
{
	if (!choose_label(b, op))
		return false;
	op->b = mdl_rng_chance(b->rng, 1, 2) ? 0x40 : 0x80;
	return true;
}

bool mdl_dns_choose_label_length(struct mdl_bench *b, struct mdl_op *op)
{
	if (!choose_label(b, op))
		return false;
	op->v = mdl_rng_chance(b->rng, 1, 2) ? 1 : UINT8_MAX;
	return true;
}

mdl_err mdl_dns_apply_label(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_dns_op_name(b, op);
	if (m == NULL)
		return MDL_OK;
	size_t at = label_of(bytes_of(m, op->field), op->a);
	if (at == SIZE_MAX)
		return MDL_OK;
	uint8_t *length = m->bytes.p + m->index.v[op->field].off + at;
	*length = (uint8_t)((*length ^ op->b) + op->v);
	m->changed = true;
	return MDL_OK;
}

bool mdl_dns_choose_endless(struct mdl_bench *b, struct mdl_op *op)
{
	return mdl_dns_draw(b, op, is_name);
}

/* Without the root or the pointer at its end; what follows is read as labels. */
mdl_err mdl_dns_apply_endless(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_dns_op_name(b, op);
	uint8_t bytes[MDL_NAME_MAX];
	if (m == NULL)
		return MDL_OK;
	struct mdl_slice old = bytes_of(m, op->field);
	size_t end = old.n > 0 && old.p[old.n - 1] == 0 ? 1 : 2;
	size_t n = old.n > end ? old.n - end : 0;
	n = n < sizeof(bytes) ? n : sizeof(bytes);
	if (n > 0)
		memcpy(bytes, old.p, n);
	return put_name(m, op->field, mdl_slice(bytes, n));
}

/* ---- compression ---- */

static bool is_compressed(const struct mdl_fields *f, uint32_t i)
{
	return is_name(f, i) && i + 1 < f->n && mdl_dns_is(f, i + 1, DNS_POINTER);
}

bool mdl_dns_choose_decompress(struct mdl_bench *b, struct mdl_op *op)
{
	return mdl_dns_draw(b, op, is_compressed);
}

mdl_err mdl_dns_apply_decompress(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_dns_op_name(b, op);
	struct mdl_name name;
	if (m == NULL || !mdl_dns_read_op_name(m, op->field, &name))
		return MDL_OK;
	m->changed = true;
	return mdl_field_splice(&m->bytes, &m->index, op->field, mdl_slice(name.wire, name.n));
}

/* Where an earlier name has the labels `from` .. of `name`; 0 if none has. Looks at the nearest ones. */
static size_t earlier_suffix(const struct mdl_case_msg *m, uint32_t i, const struct mdl_name *name,
			     size_t from)
{
	struct mdl_name want = { .n = (uint8_t)(name->n - from) }, there;
	memcpy(want.wire, name->wire + from, want.n);
	unsigned looked = 0;
	for (uint32_t k = i; k-- > 0 && looked < EARLIER_MAX;) {
		if (!is_name(&m->index, k) || m->index.v[k].layer != m->index.v[i].layer)
			continue;
		looked++;
		size_t off, used, at = 0;
		struct mdl_slice body = body_of(m, k, &off), old = bytes_of(m, k);
		for (; at < old.n && old.p[at] != 0 && old.p[at] <= MDL_LABEL_MAX;
		     at += old.p[at] + 1U)
			if (mdl_name_read(body, off + at, &used, &there, NULL) == MDL_OK &&
			    mdl_name_eq(&there, &want))
				return off + at;
	}
	return 0;
}

/* The longest end of name `i` that an earlier one has: where it begins in the name, and where there. */
static bool find_suffix(const struct mdl_case_msg *m, uint32_t i, size_t *from, size_t *to)
{
	struct mdl_name name;
	if (!mdl_dns_read_op_name(m, i, &name) || name.compressed)
		return false;
	for (*from = 0; name.wire[*from] != 0; *from += name.wire[*from] + 1U)
		if ((*to = earlier_suffix(m, i, &name, *from)) != 0)
			return true;
	return false;
}

bool mdl_dns_choose_compress(struct mdl_bench *b, struct mdl_op *op)
{
	size_t from, to;
	return mdl_dns_draw(b, op, has_label) &&
	       find_suffix(mdl_op_msg(b, op), op->field, &from, &to);
}

/* Gives name `i` the child that its pointer is, so that later edits move it. */
static mdl_err add_pointer(struct mdl_fields *f, uint32_t i, size_t to)
{
	mdl_err err = mdl_fields_reserve(f, 1);
	if (err != MDL_OK)
		return err;
	struct mdl_field *name = &f->v[i];
	struct mdl_field pointer = { .off = name->off + name->len - 2,
				     .len = 2,
				     .ref = (uint32_t)to + f->layers[name->layer].base,
				     .parent = i,
				     .def = DNS_POINTER,
				     .depth = (uint8_t)(name->depth + 1),
				     .layer = name->layer };
	memmove(name + 2, name + 1, (f->n - i - 1) * sizeof(*name));
	name[1] = pointer;
	f->n++;
	for (uint32_t k = i + 2; k < f->n; k++)
		if (f->v[k].parent != MDL_NO_FIELD && f->v[k].parent > i)
			f->v[k].parent++;
	return MDL_OK;
}

mdl_err mdl_dns_apply_compress(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_dns_op_name(b, op);
	uint8_t bytes[MDL_NAME_MAX];
	size_t from, to;
	if (m == NULL || !find_suffix(m, op->field, &from, &to) || to > 0x3fff)
		return MDL_OK;
	memcpy(bytes, bytes_of(m, op->field).p, from);
	mdl_put_be(bytes + from, 0xc000U | to, 2);
	m->changed = true;
	mdl_err err = mdl_field_splice(&m->bytes, &m->index, op->field, mdl_slice(bytes, from + 2));
	return err == MDL_OK ? add_pointer(&m->index, op->field, to) : err;
}

/* ---- letters ---- */

bool mdl_dns_choose_case(struct mdl_bench *b, struct mdl_op *op)
{
	op->v = mdl_rng_u64(b->rng);
	return mdl_dns_draw(b, op, has_label);
}

/* The nth letter changes its case if bit n of op->v is set, as resolvers do against forgery. */
mdl_err mdl_dns_apply_case(struct mdl_bench *b, const struct mdl_op *op)
{
	struct mdl_case_msg *m = mdl_dns_op_name(b, op);
	if (m == NULL)
		return MDL_OK;
	struct mdl_slice name = bytes_of(m, op->field);
	uint8_t *p = m->bytes.p + m->index.v[op->field].off;
	unsigned letter = 0;
	for (size_t at = 0; at < name.n && p[at] != 0 && p[at] <= MDL_LABEL_MAX; at += p[at] + 1U)
		for (size_t i = at + 1; i <= at + p[at] && i < name.n; i++) {
			uint8_t low = p[i] | 0x20;
			if (low >= 'a' && low <= 'z' && (op->v >> letter++ % 64 & 1) != 0)
				p[i] ^= 0x20;
		}
	m->changed = true;
	return MDL_OK;
}
