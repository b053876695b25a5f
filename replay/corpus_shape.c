#include "replay/corpus_shape.h"

#include <stdlib.h>

#include "core/hash.h"
#include "protocols/diff.h"
#include "protocols/registry.h"

enum kind { SHAPE = 1, VALUE, STEP, ODD, BYTES };

static int by_value(const void *x, const void *y)
{
	const uint64_t *a = x, *b = y;
	return (*a > *b) - (*a < *b);
}

static void sort_once(struct shapes *s)
{
	size_t n = 0;
	if (s->n > 0)
		qsort(s->v, s->n, sizeof(*s->v), by_value);
	for (size_t i = 0; i < s->n; i++)
		if (n == 0 || s->v[n - 1] != s->v[i])
			s->v[n++] = s->v[i];
	s->n = n;
}

/* Room is made by forgetting repetitions; there is more of it once that no longer halves them. */
static mdl_err make_room(struct shapes *s)
{
	sort_once(s);
	if (s->cap > 0 && s->n <= s->cap / 2)
		return MDL_OK;
	size_t cap = s->cap == 0 ? 256 : s->cap * 2;
	uint64_t *v = reallocarray(s->v, cap, sizeof(*v));
	if (v == NULL)
		return MDL_ENOMEM;
	s->v = v;
	s->cap = cap;
	return MDL_OK;
}

static mdl_err add(struct shapes *s, enum kind kind, uint64_t a, uint64_t b)
{
	if (s->n == s->cap) {
		mdl_err err = make_room(s);
		if (err != MDL_OK)
			return err;
	}
	s->v[s->n++] = mdl_hash_u64(b, mdl_hash_u64(a, (uint64_t)kind));
	return MDL_OK;
}

/* The row is told by its name and its protocol's, and by the direction. */
static mdl_err add_values(struct shapes *s, const struct mdl_view *v, uint64_t dir)
{
	mdl_err err = MDL_OK;
	for (uint32_t i = 0; err == MDL_OK && i < v->f->n; i++) {
		const struct mdl_field_def *d = mdl_field_def(v->f, i);
		const struct mdl_protocol *p = v->f->layers[v->f->v[i].layer].proto;
		if (d->values == NULL)
			continue;
		uint64_t row = mdl_hash_str(d->name, mdl_hash_str(p->name, dir));
		err = add(s, VALUE, row, mdl_field_uint(v->f, v->msg, i));
	}
	return err;
}

static mdl_err add_odd(struct shapes *s, const struct mdl_view *v, uint64_t dir)
{
	mdl_err err = v->err == MDL_OK ? MDL_OK : add(s, ODD, dir, (uint64_t)-v->err);
	for (unsigned i = 0; err == MDL_OK && i < v->f->n_notes; i++)
		err = add(s, ODD, dir, mdl_hash_str(v->f->notes[i].text, 0));
	return err;
}

static mdl_err add_message(struct shapes *s, const struct mdl_view *v, uint64_t dir)
{
	mdl_err err = add(s, SHAPE, dir, mdl_diff_hash(v, NULL, true));
	if (err == MDL_OK)
		err = add_values(s, v, dir);
	return err == MDL_OK ? add_odd(s, v, dir) : err;
}

struct reader {
	struct shapes *out;
	struct mdl_ctx *x;
	struct mdl_fields f;
	uint64_t proto;
	uint32_t state; /* that the last answer showed */
};

static mdl_err add_step(struct reader *r, struct mdl_slice msg)
{
	uint32_t from = r->state;
	r->state = mdl_observe(r->x, msg);
	return add(r->out, STEP, mdl_hash_u64(from, r->proto), r->state);
}

static mdl_err read_message(struct reader *r, const struct mdl_msg *m)
{
	struct mdl_slice msg = mdl_buf_slice(&m->bytes);
	uint64_t dir = r->proto + (uint64_t)m->dir;
	if (r->x->proto == &mdl_raw || (m->flags & MDL_MSG_RAW) != 0)
		return add(r->out, BYTES, dir, mdl_hash(msg, 0));
	r->x->dir = m->dir;
	struct mdl_view v = { msg, &r->f, mdl_dissect(r->x, msg, &r->f) };
	mdl_err err = v.err == MDL_ENOMEM ? v.err : add_message(r->out, &v, dir);
	return err == MDL_OK && m->dir == MDL_S2C ? add_step(r, msg) : err;
}

mdl_err shapes_read(const struct mdl_trace *t, struct shapes *out)
{
	const struct mdl_protocol *p = mdl_protocol_find(t->proto);
	struct mdl_ctx *x;
	out->n = 0;
	mdl_err err = mdl_ctx_new(p == NULL ? &mdl_raw : p, t->carrier, NULL, &x, NULL);
	if (err != MDL_OK)
		return err;
	struct reader r = { .out = out, .x = x };
	r.proto = mdl_hash_str(x->proto->name, (uint64_t)t->carrier);
	mdl_fields_init(&r.f);
	for (size_t i = 0; err == MDL_OK && i < t->n; i++)
		err = read_message(&r, t->v[i]);
	mdl_fields_fini(&r.f);
	mdl_ctx_free(x);
	sort_once(out);
	return err;
}

void shapes_fini(struct shapes *s)
{
	free(s->v);
	*s = (struct shapes){ 0 };
}
