#include "protocols/field.h"

#include <stdlib.h>

#include "core/writer.h"
#include "protocols/protocol.h"

void mdl_fields_init(struct mdl_fields *f)
{
	memset(f, 0, sizeof(*f));
	f->parent = MDL_NO_FIELD;
}

void mdl_fields_fini(struct mdl_fields *f)
{
	free(f->v);
	memset(f, 0, sizeof(*f));
}

void mdl_fields_clear(struct mdl_fields *f)
{
	f->n = 0;
	f->parent = MDL_NO_FIELD;
	f->depth = f->layer = f->n_layers = f->n_notes = 0;
	f->err = MDL_OK;
}

mdl_err mdl_fields_reserve(struct mdl_fields *f, uint32_t extra)
{
	if (extra > MDL_FIELDS_MAX - f->n)
		return MDL_ELIMIT;
	uint32_t need = f->n + extra;
	if (need <= f->cap)
		return MDL_OK;
	uint32_t cap = f->cap == 0 ? 64 : f->cap * 2;
	if (cap < need)
		cap = need;
	struct mdl_field *v = reallocarray(f->v, cap, sizeof(*v));
	if (v == NULL)
		return MDL_ENOMEM;
	f->v = v;
	f->cap = cap;
	return MDL_OK;
}

mdl_err mdl_fields_copy(struct mdl_fields *to, const struct mdl_fields *from)
{
	mdl_fields_clear(to);
	mdl_err err = mdl_fields_reserve(to, from->n);
	if (err != MDL_OK)
		return err;
	struct mdl_field *v = to->v;
	uint32_t cap = to->cap;
	*to = *from;
	to->v = v;
	to->cap = cap;
	if (from->n > 0)
		memcpy(v, from->v, from->n * sizeof(*v));
	return MDL_OK;
}

uint32_t mdl_field_add(struct mdl_fields *f, uint16_t def, size_t off, size_t len)
{
	if (f->err == MDL_OK && f->n == f->cap)
		f->err = mdl_fields_reserve(f, 1);
	if (f->err != MDL_OK)
		return f->n == 0 ? 0 : f->n - 1;
	f->v[f->n] = (struct mdl_field){
		.off = (uint32_t)off + f->layers[f->layer].base,
		.len = (uint32_t)len,
		.ref = MDL_NO_REF,
		.parent = f->parent,
		.def = def,
		.depth = f->depth,
		.layer = f->layer,
	};
	return f->n++;
}

void mdl_field_add_ref(struct mdl_fields *f, uint16_t def, size_t off, size_t len, size_t to)
{
	uint32_t i = mdl_field_add(f, def, off, len);
	if (f->err == MDL_OK)
		f->v[i].ref = (uint32_t)to + f->layers[f->layer].base;
}

void mdl_field_add_shape(struct mdl_fields *f, const struct mdl_shape *shape, size_t n, size_t off)
{
	if (f->err == MDL_OK && n > f->cap - f->n)
		f->err = mdl_fields_reserve(f, (uint32_t)n);
	if (f->err != MDL_OK || n == 0)
		return;
	struct mdl_field *v = f->v + f->n;
	uint32_t base = (uint32_t)off + f->layers[f->layer].base, parent = f->parent;
	uint8_t depth = f->depth, layer = f->layer;
	for (size_t i = 0; i < n; i++) {
		const struct mdl_shape *s = &shape[i];
		v[i] = (struct mdl_field){
			.off = base + s->off,
			.len = s->len,
			.ref = MDL_NO_REF,
			.parent = s->in == 0 ? parent : f->n + s->in - 1,
			.def = s->def,
			.depth = s->in == 0 ? depth : (uint8_t)(v[s->in - 1].depth + 1),
			.layer = layer,
		};
	}
	f->n += (uint32_t)n;
}

uint32_t mdl_field_open(struct mdl_fields *f, uint16_t def, size_t off)
{
	uint32_t i = mdl_field_add(f, def, off, 0);
	if (f->depth == UINT8_MAX)
		f->err = MDL_ELIMIT;
	if (f->err != MDL_OK)
		return MDL_NO_FIELD;
	f->depth++;
	f->parent = i;
	return i;
}

void mdl_field_close(struct mdl_fields *f, uint32_t i, size_t end)
{
	if (f->err != MDL_OK || i == MDL_NO_FIELD)
		return;
	f->depth = f->v[i].depth;
	f->parent = f->v[i].parent;
	f->v[i].len = (uint32_t)end + f->layers[f->layer].base - f->v[i].off;
}

struct mdl_slice mdl_field_take(struct mdl_fields *f, uint16_t def, struct mdl_cursor *c, size_t n)
{
	size_t off = mdl_cursor_off(c);
	struct mdl_slice s = mdl_cursor_take(c, n);
	if (c->err == MDL_OK)
		mdl_field_add(f, def, off, n);
	return s;
}

uint64_t mdl_field_be(struct mdl_fields *f, uint16_t def, struct mdl_cursor *c, size_t n)
{
	size_t off = mdl_cursor_off(c);
	uint64_t v = mdl_cursor_be(c, n);
	if (c->err == MDL_OK)
		mdl_field_add(f, def, off, n);
	return v;
}

void mdl_field_note(struct mdl_fields *f, const char *text, size_t off)
{
	if (f->n_notes < MDL_NOTES_MAX)
		f->notes[f->n_notes++] =
			(struct mdl_note){ text, (uint32_t)off + f->layers[f->layer].base };
}

bool mdl_field_is_uint(const struct mdl_fields *f, uint32_t i)
{
	enum mdl_kind k = mdl_field_def(f, i)->kind;
	return k == MDL_UINT || k == MDL_UINT_LE || k == MDL_BITS || k == MDL_DECIMAL;
}

static uint64_t decimal(struct mdl_slice s)
{
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			break;
		if (__builtin_mul_overflow(v, 10U, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v))
			return UINT64_MAX;
	}
	return v;
}

static uint64_t mask(unsigned bits)
{
	return bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
}

uint64_t mdl_field_uint(const struct mdl_fields *f, struct mdl_slice msg, uint32_t i)
{
	const struct mdl_field_def *d = mdl_field_def(f, i);
	struct mdl_slice s = mdl_field_bytes(f, msg, i);
	if (s.n > 8 && d->kind != MDL_DECIMAL)
		s = mdl_slice_sub(s, d->kind == MDL_UINT_LE ? 0 : s.n - 8, 8);
	switch (d->kind) {
	case MDL_UINT:
		return mdl_get_be(s.p, s.n);
	case MDL_UINT_LE:
		return mdl_get_le(s.p, s.n);
	case MDL_BITS:
		return mdl_get_be(s.p, s.n) >> d->shift & mask(d->bits);
	case MDL_DECIMAL:
		return decimal(s);
	default:
		return 0;
	}
}

uint64_t mdl_field_max(const struct mdl_fields *f, uint32_t i)
{
	const struct mdl_field_def *d = mdl_field_def(f, i);
	if (d->kind == MDL_BITS)
		return mask(d->bits);
	if (d->kind == MDL_DECIMAL || f->v[i].len >= 8)
		return UINT64_MAX;
	return mask(8 * f->v[i].len);
}

uint32_t mdl_field_end(const struct mdl_fields *f, uint32_t i)
{
	uint8_t depth = f->v[i].depth;
	for (i++; i < f->n && f->v[i].depth > depth; i++)
		;
	return i;
}

uint32_t mdl_field_target(const struct mdl_fields *f, uint32_t i)
{
	const struct mdl_field *me = &f->v[i];
	uint16_t of = mdl_field_def(f, i)->of;
	for (uint32_t p = me->parent; p != MDL_NO_FIELD; p = f->v[p].parent)
		if (f->v[p].def == of && f->v[p].layer == me->layer)
			return p;
	for (uint32_t j = i + 1; j < f->n; j++) {
		if (f->v[j].layer != me->layer)
			continue;
		if (f->v[j].def == of)
			return j;
		if (f->v[j].def == me->def)
			break;
	}
	return MDL_NO_FIELD;
}

uint32_t mdl_field_children(const struct mdl_fields *f, uint32_t i)
{
	uint32_t n = 0;
	uint8_t depth = (uint8_t)(f->v[i].depth + 1);
	for (uint32_t j = i + 1; j < f->n && f->v[j].depth >= depth; j++)
		n += f->v[j].depth == depth;
	return n;
}

uint32_t mdl_field_next(const struct mdl_fields *f, uint16_t def, uint32_t from)
{
	for (uint32_t i = from; i < f->n; i++)
		if (f->v[i].def == def && f->v[i].layer == 0)
			return i;
	return MDL_NO_FIELD;
}
