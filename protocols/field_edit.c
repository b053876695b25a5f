/* Edits through the index: bytes and index change together. */
#include <stdlib.h>

#include "core/writer.h"
#include "protocols/field.h"
#include "protocols/protocol.h"

static uint32_t moved(uint32_t off, int64_t by)
{
	return (uint32_t)((int64_t)off + by);
}

/* References to what lies at or behind `end` move along. */
static void move_refs(struct mdl_fields *f, uint32_t end, int64_t by)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (f->v[i].ref != MDL_NO_REF && f->v[i].ref >= end)
			f->v[i].ref = moved(f->v[i].ref, by);
}

static void move_layers(struct mdl_fields *f, uint32_t from, int64_t by)
{
	/* A layer begins where its payload field does, so it moves if that field does. */
	for (uint32_t i = from; i < f->n; i++)
		if (mdl_field_def(f, i)->kind == MDL_PAYLOAD && i + 1 < f->n &&
		    f->v[i + 1].depth > f->v[i].depth)
			f->layers[f->v[i + 1].layer].base = moved(f->v[i].off, by);
}

/*
 * The index after `len` bytes at `off`, inside the field `holder` (MDL_NO_FIELD: none) and before
 * field `from`, became `len + by` bytes: fields from `from` on move, the holder and all around it grow.
 */
static void shift_index(struct mdl_fields *f, uint32_t holder, uint32_t from, uint32_t end,
			int64_t by)
{
	if (by == 0)
		return;
	move_layers(f, from, by);
	move_refs(f, end, by);
	for (uint32_t i = from; i < f->n; i++)
		f->v[i].off = moved(f->v[i].off, by);
	for (uint32_t p = holder; p != MDL_NO_FIELD; p = f->v[p].parent)
		f->v[p].len = moved(f->v[p].len, by);
}

/* Rows from `at` on went `by` places further: so did those that are named as parents. */
static void move_parents(struct mdl_fields *f, uint32_t from, uint32_t at, int64_t by)
{
	for (uint32_t i = from; i < f->n; i++)
		if (f->v[i].parent != MDL_NO_FIELD && f->v[i].parent >= at)
			f->v[i].parent = moved(f->v[i].parent, by);
}

static void drop_rows(struct mdl_fields *f, uint32_t from, uint32_t to)
{
	if (from == to)
		return;
	memmove(f->v + from, f->v + to, (f->n - to) * sizeof(f->v[0]));
	f->n -= to - from;
	move_parents(f, from, to, -(int64_t)(to - from));
}

mdl_err mdl_field_splice(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i,
			 struct mdl_slice with)
{
	struct mdl_field *d = &f->v[i];
	uint32_t end = d->off + d->len;
	int64_t by = (int64_t)with.n - (int64_t)d->len;
	mdl_err err = mdl_buf_splice(msg, d->off, d->len, with);
	if (err != MDL_OK)
		return err;
	drop_rows(f, i + 1, mdl_field_end(f, i));
	shift_index(f, i, i + 1, end, by);
	return MDL_OK;
}

static mdl_err set_decimal(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i, uint64_t v)
{
	uint8_t text[20];
	size_t n = 0;
	do
		text[sizeof(text) - ++n] = (uint8_t)('0' + v % 10);
	while ((v /= 10) != 0);
	return mdl_field_splice(msg, f, i, mdl_slice(text + sizeof(text) - n, n));
}

mdl_err mdl_field_set(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i, uint64_t v)
{
	const struct mdl_field_def *d = mdl_field_def(f, i);
	uint8_t *p = msg->p + f->v[i].off;
	size_t n = f->v[i].len;
	if ((size_t)f->v[i].off + n > msg->n)
		return MDL_EINVAL;
	if (d->kind == MDL_DECIMAL)
		return set_decimal(msg, f, i, v);
	if (n == 0)
		return MDL_OK;
	if (d->kind == MDL_UINT_LE)
		mdl_put_le(p, v, n);
	else if (d->kind == MDL_UINT)
		mdl_put_be(p, v, n);
	else if (d->kind == MDL_BITS && n <= 8) {
		uint64_t m = mdl_field_max(f, i);
		uint64_t old = mdl_get_be(p, n);
		mdl_put_be(p, (old & ~(m << d->shift)) | (v & m) << d->shift, n);
	} else
		return MDL_EINVAL;
	return MDL_OK;
}

/* The innermost field that holds all of off .. end; not bits, which share their bytes. */
static uint32_t holder_of(const struct mdl_fields *f, uint32_t off, uint32_t end)
{
	uint32_t holder = MDL_NO_FIELD;
	for (uint32_t i = 0; i < f->n; i++) {
		const struct mdl_field *d = &f->v[i];
		bool holds = d->off <= off && end <= d->off + d->len && d->len > 0 &&
			     mdl_field_def(f, i)->kind != MDL_BITS;
		if (holds && (holder == MDL_NO_FIELD || d->depth > f->v[holder].depth))
			holder = i;
		else if (d->off > end)
			break;
	}
	return holder;
}

/* True if a field has bytes in off .. end, or an insertion at `off` would fall inside it. */
static bool touched(const struct mdl_field *d, uint32_t off, uint32_t end)
{
	return d->off < end && d->off + d->len > off;
}

/* Drops the fields below `holder` that the edit touches; gives the first one behind the edit. */
static uint32_t drop_touched(struct mdl_fields *f, uint32_t holder, uint32_t off, uint32_t end)
{
	uint32_t first = holder == MDL_NO_FIELD ? 0 : holder + 1;
	uint32_t last = holder == MDL_NO_FIELD ? f->n : mdl_field_end(f, holder);
	uint32_t behind = first;
	for (uint32_t i = first; i < last;) {
		uint32_t next = mdl_field_end(f, i);
		if (touched(&f->v[i], off, end)) {
			drop_rows(f, i, next);
			last -= next - i;
			continue;
		}
		if (f->v[i].off < end || f->v[i].off + f->v[i].len <= off)
			behind = next;
		i = next;
	}
	return behind;
}

mdl_err mdl_field_edit(struct mdl_buf *msg, struct mdl_fields *f, size_t off, size_t len,
		       struct mdl_slice with)
{
	if (off > msg->n || len > msg->n - off)
		return MDL_EINVAL;
	mdl_err err = mdl_buf_splice(msg, off, len, with);
	if (err != MDL_OK)
		return err;
	if (with.n == len)
		return MDL_OK; /* the same shape: the index still says what is meant */
	uint32_t from = (uint32_t)off, end = (uint32_t)(off + len);
	uint32_t holder = holder_of(f, from, end);
	uint32_t behind = drop_touched(f, holder, from, end);
	shift_index(f, holder, behind, end, (int64_t)with.n - (int64_t)len);
	return MDL_OK;
}

mdl_err mdl_field_remove(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i)
{
	uint32_t off = f->v[i].off, len = f->v[i].len, parent = f->v[i].parent;
	mdl_err err = mdl_buf_splice(msg, off, len, MDL_LIT(""));
	if (err != MDL_OK)
		return err;
	drop_rows(f, i, mdl_field_end(f, i));
	shift_index(f, parent, i, off + len, -(int64_t)len);
	return MDL_OK;
}

/* Where bytes go that are to stand in front of field `at` in `parent`. */
static uint32_t place_for(const struct mdl_fields *f, const struct mdl_buf *msg, uint32_t parent,
			  uint32_t at)
{
	if (at < f->n && (parent == MDL_NO_FIELD || at < mdl_field_end(f, parent)))
		return f->v[at].off;
	return parent == MDL_NO_FIELD ? (uint32_t)msg->n : f->v[parent].off + f->v[parent].len;
}

/* Rows of a field with its children, as far as they are of one layer: deeper ones would need
 * contexts of their own. */
static uint32_t rows_of(const struct mdl_fields *f, uint32_t j)
{
	uint32_t end = mdl_field_end(f, j);
	for (uint32_t k = j + 1; k < end; k++)
		if (f->v[k].layer != f->v[j].layer)
			return 1;
	return end - j;
}

/* What is to be copied, and where it goes. */
struct graft {
	struct mdl_field *rows; /* the copied field with its children */
	uint32_t n;		/* of them */
	uint32_t parent, at;
	uint32_t off; /* of the first copy in the message */
	uint32_t times;
	bool same; /* from the message that it goes into */
};

static uint32_t ref_of_copy(const struct graft *g, uint32_t ref, uint32_t copy_off)
{
	uint32_t top = g->rows[0].off, len = g->rows[0].len;
	if (ref == MDL_NO_REF)
		return ref;
	if (ref >= top && ref < top + len)
		return moved(ref, (int64_t)copy_off - (int64_t)top);
	return g->same && ref >= g->off ? ref + len * g->times : ref;
}

static void place_copy(struct mdl_fields *f, const struct graft *g, uint32_t at, uint32_t off)
{
	const struct mdl_field *top = &g->rows[0];
	uint8_t depth = g->parent == MDL_NO_FIELD ? 0 : (uint8_t)(f->v[g->parent].depth + 1);
	uint8_t layer = g->parent == MDL_NO_FIELD ? 0 : f->v[g->parent].layer;
	for (uint32_t k = 0; k < g->n; k++) {
		struct mdl_field *d = &f->v[at + k];
		*d = g->rows[k];
		d->ref = ref_of_copy(g, d->ref, off);
		d->off = d->off - top->off + off;
		d->depth = (uint8_t)(d->depth - top->depth + depth);
		d->layer = layer;
		d->parent = g->parent;
	}
	/* parents of the inner ones, by depth: each is the last before it that stands one higher */
	uint32_t last[UINT8_MAX + 1];
	for (uint32_t k = 0; k < g->n; k++) {
		struct mdl_field *d = &f->v[at + k];
		last[d->depth] = at + k;
		if (k > 0)
			d->parent = last[d->depth - 1];
	}
}

static void place_copies(struct mdl_fields *f, const struct graft *g)
{
	uint32_t n = g->n * g->times;
	memmove(f->v + g->at + n, f->v + g->at, (f->n - g->at) * sizeof(f->v[0]));
	f->n += n;
	move_parents(f, g->at + n, g->at, n);
	for (uint32_t t = 0; t < g->times; t++)
		place_copy(f, g, g->at + t * g->n, g->off + t * g->rows[0].len);
}

static bool too_deep(const struct mdl_fields *f, const struct graft *g)
{
	unsigned deepest = 0, base = g->parent == MDL_NO_FIELD ? 0 : f->v[g->parent].depth + 1U;
	for (uint32_t k = 0; k < g->n; k++)
		if (g->rows[k].depth - (unsigned)g->rows[0].depth > deepest)
			deepest = g->rows[k].depth - (unsigned)g->rows[0].depth;
	return base + deepest > UINT8_MAX;
}

static mdl_err insert_copies(struct mdl_buf *msg, uint32_t off, struct mdl_slice one,
			     uint32_t times)
{
	struct mdl_buf all;
	mdl_buf_init(&all, msg->max);
	mdl_err err = MDL_OK;
	for (uint32_t t = 0; err == MDL_OK && t < times; t++)
		err = mdl_buf_add(&all, one);
	if (err == MDL_OK)
		err = mdl_buf_splice(msg, off, 0, mdl_buf_slice(&all));
	mdl_buf_fini(&all);
	return err;
}

mdl_err mdl_field_graft(struct mdl_buf *msg, struct mdl_fields *f, uint32_t parent, uint32_t at,
			const struct mdl_fields *from, struct mdl_slice bytes, uint32_t j,
			uint32_t times)
{
	uint8_t layer = parent == MDL_NO_FIELD ? 0 : f->v[parent].layer;
	struct graft g = { .n = rows_of(from, j),
			   .parent = parent,
			   .at = at,
			   .times = times,
			   .off = place_for(f, msg, parent, at),
			   .same = from == f };
	if (f->layers[layer].proto != from->layers[from->v[j].layer].proto)
		return MDL_EINVAL;
	if (times > MDL_FIELDS_MAX / g.n)
		return MDL_ELIMIT;
	mdl_err err = mdl_fields_reserve(f, g.n * times);
	g.rows = err == MDL_OK ? malloc(g.n * sizeof(*g.rows)) : NULL;
	if (g.rows == NULL)
		return err == MDL_OK ? MDL_ENOMEM : err;
	memcpy(g.rows, from->v + j, g.n * sizeof(*g.rows));
	err = too_deep(f, &g) ? MDL_ELIMIT
			      : insert_copies(msg, g.off, mdl_field_bytes(from, bytes, j), times);
	if (err == MDL_OK) {
		shift_index(f, parent, at, g.off, (int64_t)g.rows[0].len * times);
		place_copies(f, &g);
	}
	free(g.rows);
	return err;
}
