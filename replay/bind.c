#include "replay/bind.h"

#include <stdlib.h>

#include "core/hash.h"
#include "core/map.h"

enum { VALUES_MAX = 4096 };

/* A value that was recorded in a field of some row, and what the live peer gave in its stead. */
struct value {
	uint64_t key;
	UT_hash_handle hh;
	size_t n;
	uint8_t live[];
};

struct bind {
	struct value *values;
};

struct bind *bind_new(void)
{
	return calloc(1, sizeof(struct bind));
}

void bind_clear(struct bind *b)
{
	struct value *v, *next;
	HASH_ITER (hh, b->values, v, next) {
		HASH_DEL(b->values, v);
		free(v);
	}
}

void bind_free(struct bind *b)
{
	if (b == NULL)
		return;
	bind_clear(b);
	free(b);
}

static uint64_t key_of(const struct mdl_protocol *p, uint16_t def, struct mdl_slice recorded)
{
	return mdl_hash(recorded, mdl_hash_str(p->name, def));
}

static struct value *find(const struct bind *b, uint64_t key)
{
	struct value *v;
	HASH_FIND (hh, b->values, &key, sizeof(key), v)
		;
	return v;
}

static mdl_err remember(struct bind *b, uint64_t key, struct mdl_slice live)
{
	struct value *v = find(b, key);
	if (v != NULL) {
		HASH_DEL(b->values, v);
		free(v);
	}
	if (HASH_COUNT(b->values) >= VALUES_MAX)
		return MDL_OK;
	v = malloc(sizeof(*v) + live.n);
	if (v == NULL)
		return MDL_ENOMEM;
	v->key = key;
	v->n = live.n;
	if (live.n > 0)
		memcpy(v->live, live.p, live.n);
	HASH_ADD(hh, b->values, key, sizeof(v->key), v);
	if (mdl_map_added(v))
		return MDL_OK;
	free(v);
	return MDL_ENOMEM;
}

/* The next field of that row and layer from `from` on. */
static uint32_t next_like(const struct mdl_fields *f, const struct mdl_field *like, uint32_t from)
{
	for (uint32_t i = from; i < f->n; i++)
		if (f->v[i].def == like->def && f->v[i].layer == like->layer)
			return i;
	return MDL_NO_FIELD;
}

mdl_err bind_learn(struct bind *b, const struct mdl_fields *ri, struct mdl_slice recorded,
		   const struct mdl_fields *li, struct mdl_slice live)
{
	mdl_err err = MDL_OK;
	for (uint32_t i = 0; err == MDL_OK && i < ri->n; i++) {
		if ((mdl_field_def(ri, i)->flags & MDL_F_GIVEN) == 0)
			continue;
		/* the nth of a row then is the nth of that row now */
		uint32_t j = next_like(li, &ri->v[i], 0);
		for (uint32_t k = next_like(ri, &ri->v[i], 0); k < i && j != MDL_NO_FIELD;
		     k = next_like(ri, &ri->v[i], k + 1))
			j = next_like(li, &ri->v[i], j + 1);
		if (j == MDL_NO_FIELD)
			continue;
		const struct mdl_protocol *p = ri->layers[ri->v[i].layer].proto;
		err = remember(b, key_of(p, ri->v[i].def, mdl_field_bytes(ri, recorded, i)),
			       mdl_field_bytes(li, live, j));
	}
	return err;
}

mdl_err bind_apply(const struct bind *b, struct mdl_buf *msg, struct mdl_fields *index,
		   bool *changed)
{
	*changed = false;
	for (uint32_t i = 0; b->values != NULL && i < index->n; i++) {
		const struct mdl_field_def *d = mdl_field_def(index, i);
		if ((d->flags & MDL_F_ECHO) == 0 || index->v[i].pinned)
			continue;
		struct mdl_slice now = mdl_field_bytes(index, mdl_buf_slice(msg), i);
		const struct mdl_protocol *p = index->layers[index->v[i].layer].proto;
		const struct value *v = find(b, key_of(p, d->of, now));
		if (v == NULL || mdl_slice_eq(now, mdl_slice(v->live, v->n)))
			continue;
		mdl_err err = mdl_field_splice(msg, index, i, mdl_slice(v->live, v->n));
		if (err != MDL_OK)
			return err;
		*changed = true;
	}
	return MDL_OK;
}
