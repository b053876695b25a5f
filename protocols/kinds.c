#include "protocols/kinds.h"

#include <stdlib.h>

enum { KINDS_MAX = 256 };

struct kind {
	uint32_t code;
	const struct mdl_msg **v;
	size_t n, cap;
};

struct mdl_kinds {
	struct kind v[KINDS_MAX]; /* the last one takes all that there is no more room for */
	size_t n;
};

struct mdl_kinds *mdl_kinds_new(void)
{
	return calloc(1, sizeof(struct mdl_kinds));
}

void mdl_kinds_free(struct mdl_kinds *k)
{
	for (size_t i = 0; k != NULL && i < k->n; i++)
		free(k->v[i].v);
	free(k);
}

static struct kind *kind_for(struct mdl_kinds *k, uint32_t code)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->v[i].code == code)
			return &k->v[i];
	if (k->n == KINDS_MAX)
		return &k->v[KINDS_MAX - 1];
	k->v[k->n] = (struct kind){ .code = code };
	return &k->v[k->n++];
}

static mdl_err add(struct kind *k, const struct mdl_msg *m)
{
	if (k->n == k->cap) {
		size_t cap = k->cap == 0 ? 8 : k->cap * 2;
		const struct mdl_msg **v = reallocarray(k->v, cap, sizeof(const struct mdl_msg *));
		if (v == NULL)
			return MDL_ENOMEM;
		k->v = v;
		k->cap = cap;
	}
	k->v[k->n++] = m;
	return MDL_OK;
}

mdl_err mdl_kinds_add(struct mdl_kinds *k, struct mdl_ctx *x, enum mdl_dir side,
		      const struct mdl_trace *t)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < t->n; i++) {
		if (t->v[i]->dir != side)
			continue;
		x->dir = side;
		uint32_t code = mdl_observe(x, mdl_buf_slice(&t->v[i]->bytes));
		err = add(kind_for(k, code), t->v[i]);
	}
	return err;
}

const struct mdl_msg *mdl_kinds_pick(const struct mdl_kinds *k, struct mdl_rng *r)
{
	if (k == NULL || k->n == 0)
		return NULL;
	const struct kind *kind = &k->v[mdl_rng_below(r, k->n)];
	return kind->n == 0 ? NULL : kind->v[mdl_rng_below(r, kind->n)];
}
