/* Values seen in captures, by the field they stood in. */
#include <stdlib.h>

#include "core/hash.h"
#include "core/map.h"
#include "protocols/mutate.h"

enum { VALUE_MAX = 512, VALUES_MAX = 1 << 16 };

struct value {
	uint64_t key; /* of row and bytes, so that nothing is kept twice */
	UT_hash_handle hh;
	size_t n;
	uint8_t bytes[];
};

/* The values of one row, in the order they were met. */
struct row {
	const struct mdl_field_def *def; /* NULL: tokens without a field */
	UT_hash_handle hh;
	struct value **v;
	size_t n, cap;
};

struct mdl_dict {
	struct value *seen;
	struct row *rows;
	struct value **all;
	size_t n, cap;
};

struct mdl_dict *mdl_dict_new(void)
{
	return calloc(1, sizeof(struct mdl_dict));
}

void mdl_dict_free(struct mdl_dict *d)
{
	if (d == NULL)
		return;
	struct row *row, *next_row;
	HASH_ITER (hh, d->rows, row, next_row) {
		HASH_DEL(d->rows, row);
		free(row->v);
		free(row);
	}
	HASH_CLEAR(hh, d->seen);
	for (size_t i = 0; i < d->n; i++)
		free(d->all[i]);
	free(d->all);
	free(d);
}

static bool append(struct value ***v, size_t *n, size_t *cap, struct value *value)
{
	if (*n == *cap) {
		size_t more = *cap == 0 ? 8 : *cap * 2;
		struct value **p = reallocarray(*v, more, sizeof(struct value *));
		if (p == NULL)
			return false;
		*v = p;
		*cap = more;
	}
	(*v)[(*n)++] = value;
	return true;
}

static struct row *row_for(struct mdl_dict *d, const struct mdl_field_def *def)
{
	struct row *row;
	HASH_FIND_PTR(d->rows, &def, row);
	if (row != NULL || (row = calloc(1, sizeof(*row))) == NULL)
		return row;
	row->def = def;
	HASH_ADD_PTR(d->rows, def, row);
	if (mdl_map_added(row))
		return row;
	free(row);
	return NULL;
}

static mdl_err add(struct mdl_dict *d, const struct mdl_field_def *def, struct mdl_slice s)
{
	struct value *value;
	uint64_t key = mdl_hash(s, (uint64_t)(uintptr_t)def);
	HASH_FIND (hh, d->seen, &key, sizeof(key), value)
		;
	if (value != NULL || s.n == 0 || s.n > VALUE_MAX || d->n >= VALUES_MAX)
		return MDL_OK;
	struct row *row = row_for(d, def);
	value = row == NULL ? NULL : malloc(sizeof(*value) + s.n);
	if (value == NULL)
		return MDL_ENOMEM;
	value->key = key;
	value->n = s.n;
	memcpy(value->bytes, s.p, s.n);
	if (!append(&d->all, &d->n, &d->cap, value)) {
		free(value);
		return MDL_ENOMEM;
	}
	HASH_ADD(hh, d->seen, key, sizeof(value->key), value);
	if (!mdl_map_added(value) || !append(&row->v, &row->n, &row->cap, value))
		return MDL_ENOMEM;
	return MDL_OK;
}

mdl_err mdl_dict_add(struct mdl_dict *d, struct mdl_slice token)
{
	return add(d, NULL, token);
}

/* Numbers that only say how long or where something is teach nothing. */
static bool worth_keeping(const struct mdl_field_def *def)
{
	unsigned structure = MDL_F_LENGTH | MDL_F_COUNT | MDL_F_OFFSET | MDL_F_SECRET;
	return (def->flags & structure) == 0 && def->kind != MDL_BITS && def->kind != MDL_PAYLOAD;
}

mdl_err mdl_dict_harvest(struct mdl_dict *d, const struct mdl_seed *s)
{
	for (size_t m = 0; m < s->trace->n; m++) {
		const struct mdl_fields *f = &s->index[m];
		struct mdl_slice bytes = mdl_buf_slice(&s->trace->v[m]->bytes);
		for (uint32_t i = 0; i < f->n; i++) {
			const struct mdl_field_def *def = mdl_field_def(f, i);
			mdl_err err = worth_keeping(def) ? add(d, def, mdl_field_bytes(f, bytes, i))
							 : MDL_OK;
			if (err != MDL_OK)
				return err;
		}
	}
	return MDL_OK;
}

size_t mdl_dict_count(const struct mdl_dict *d)
{
	return d->n;
}

static struct mdl_slice slice_of(const struct value *v)
{
	return mdl_slice(v->bytes, v->n);
}

struct mdl_slice mdl_dict_field(const struct mdl_dict *d, const struct mdl_field_def *def,
				struct mdl_rng *r)
{
	struct row *row = NULL;
	HASH_FIND_PTR(d->rows, &def, row);
	return row == NULL || row->n == 0 ? MDL_LIT("")
					  : slice_of(row->v[mdl_rng_below(r, row->n)]);
}

struct mdl_slice mdl_dict_any(const struct mdl_dict *d, struct mdl_rng *r)
{
	return d->n == 0 ? MDL_LIT("") : slice_of(d->all[mdl_rng_below(r, d->n)]);
}
