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
	for (uint32_t p = holder; p != MDL_NO_FIELD; p = mdl_field_parent(f, p))
		f->v[p].len = moved(f->v[p].len, by);
}

static void drop_rows(struct mdl_fields *f, uint32_t from, uint32_t to)
{
	memmove(f->v + from, f->v + to, (f->n - to) * sizeof(f->v[0]));
	f->n -= to - from;
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

/* The innermost field, counted from the outermost inwards, that holds all of off .. end. */
static uint32_t holder_of(const struct mdl_fields *f, uint32_t off, uint32_t end)
{
	uint32_t holder = MDL_NO_FIELD;
	for (uint32_t i = 0; i < f->n; i++) {
		const struct mdl_field *d = &f->v[i];
		bool holds = d->off <= off && end <= d->off + d->len && d->len > 0;
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
	if (err != MDL_OK || (with.n == len && len == 0))
		return err;
	uint32_t from = (uint32_t)off, end = (uint32_t)(off + len);
	uint32_t holder = holder_of(f, from, end);
	if (with.n == len)
		return MDL_OK; /* the same shape: the index still says what is meant */
	uint32_t behind = drop_touched(f, holder, from, end);
	shift_index(f, holder, behind, end, (int64_t)with.n - (int64_t)len);
	return MDL_OK;
}

mdl_err mdl_field_remove(struct mdl_buf *msg, struct mdl_fields *f, uint32_t i)
{
	uint32_t off = f->v[i].off, len = f->v[i].len, parent = mdl_field_parent(f, i);
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

/* A reference inside the copied bytes follows them; one that points elsewhere stays. */
static uint32_t ref_of_copy(const struct mdl_field *j, uint32_t from_off, uint32_t from_len,
			    int64_t by)
{
	if (j->ref == MDL_NO_REF || j->ref < from_off || j->ref >= from_off + from_len)
		return j->ref;
	return moved(j->ref, by);
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

static void place_rows(struct mdl_fields *f, uint32_t at, const struct mdl_field *rows, uint32_t n,
		       uint32_t off, uint8_t depth, uint8_t layer)
{
	int64_t by = (int64_t)off - (int64_t)rows[0].off;
	memmove(f->v + at + n, f->v + at, (f->n - at) * sizeof(f->v[0]));
	f->n += n;
	for (uint32_t k = 0; k < n; k++) {
		f->v[at + k] = rows[k];
		f->v[at + k].ref = ref_of_copy(&rows[k], rows[0].off, rows[0].len, by);
		f->v[at + k].off = moved(rows[k].off, by);
		f->v[at + k].depth = (uint8_t)(rows[k].depth - rows[0].depth + depth);
		f->v[at + k].layer = layer;
	}
}

mdl_err mdl_field_graft(struct mdl_buf *msg, struct mdl_fields *f, uint32_t parent, uint32_t at,
			const struct mdl_fields *from, struct mdl_slice bytes, uint32_t j)
{
	uint32_t n = rows_of(from, j), off = place_for(f, msg, parent, at);
	uint8_t depth = parent == MDL_NO_FIELD ? 0 : (uint8_t)(f->v[parent].depth + 1);
	uint8_t layer = parent == MDL_NO_FIELD ? 0 : f->v[parent].layer;
	if (f->layers[layer].proto != from->layers[from->v[j].layer].proto)
		return MDL_EINVAL;
	mdl_err err = mdl_fields_reserve(f, n);
	if (err != MDL_OK)
		return err;
	struct mdl_field *rows = malloc(n * sizeof(*rows)); /* `from` may be `f`, which moves */
	if (rows == NULL)
		return MDL_ENOMEM;
	memcpy(rows, from->v + j, n * sizeof(*rows));
	err = mdl_buf_splice(msg, off, 0, mdl_field_bytes(from, bytes, j));
	if (err == MDL_OK) {
		shift_index(f, parent, at, off, rows[0].len);
		place_rows(f, at, rows, n, off, depth, layer);
	}
	free(rows);
	return err;
}
