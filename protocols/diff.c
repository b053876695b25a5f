#include "protocols/diff.h"

#include <stdlib.h>

#include "core/hash.h"
#include "protocols/name.h"
#include "protocols/show.h"

/* The two messages, and what is known of their differences so far. */
struct compare {
	const struct mdl_view *a, *b;
	const struct mdl_strings *tolerate;
	struct mdl_diff *out;
	mdl_err err;
};

static bool tolerated(const struct mdl_fields *f, uint32_t i, const struct mdl_strings *tolerate)
{
	for (size_t k = 0; tolerate != NULL && k < tolerate->n; k++)
		if (mdl_field_matches(f, i, tolerate->v[k]))
			return true;
	return false;
}

/* Fields that say nothing of their own. */
static bool derived(const struct mdl_fields *f, uint32_t i)
{
	return (mdl_field_def(f, i)->flags & (MDL_F_LENGTH | MDL_F_COUNT | MDL_F_OFFSET)) != 0;
}

static bool aside(const struct mdl_fields *f, uint32_t i, const struct mdl_strings *tolerate)
{
	return (mdl_field_def(f, i)->flags & MDL_F_VOLATILE) != 0 || tolerated(f, i, tolerate);
}

static bool read_name(const struct mdl_view *v, uint32_t i, struct mdl_name *out)
{
	size_t used;
	uint32_t base = v->f->layers[v->f->v[i].layer].base;
	return mdl_name_read(mdl_slice_sub(v->msg, base, SIZE_MAX), v->f->v[i].off - base, &used,
			     out, NULL) == MDL_OK;
}

/* ---- hashes ---- */

static uint64_t hash_leaf(const struct mdl_view *v, uint32_t i, bool shape, uint64_t h)
{
	const struct mdl_field_def *d = mdl_field_def(v->f, i);
	struct mdl_name name;
	h = mdl_hash_u64(v->f->v[i].def, h);
	if (shape)
		return h;
	if (mdl_field_is_uint(v->f, i))
		return mdl_hash_u64(mdl_field_uint(v->f, v->msg, i), h);
	if (d->kind == MDL_NAME && read_name(v, i, &name))
		return mdl_name_hash(&name, h);
	return mdl_hash(mdl_field_bytes(v->f, v->msg, i), h);
}

static uint64_t hash_tree(const struct mdl_view *v, uint32_t i, const struct mdl_strings *tolerate,
			  bool shape, uint64_t h);

/* Children in any order give the same sum. */
static uint64_t hash_children(const struct mdl_view *v, uint32_t i,
			      const struct mdl_strings *tolerate, bool shape, uint64_t h)
{
	bool sum = (mdl_field_def(v->f, i)->flags & MDL_F_UNORDERED) != 0;
	uint32_t end = mdl_field_end(v->f, i);
	uint64_t total = 0;
	for (uint32_t k = i + 1; k < end; k = mdl_field_end(v->f, k)) {
		if (sum)
			total += hash_tree(v, k, tolerate, shape, 1);
		else
			h = hash_tree(v, k, tolerate, shape, h);
	}
	return sum ? mdl_hash_u64(total, h) : h;
}

static uint64_t hash_tree(const struct mdl_view *v, uint32_t i, const struct mdl_strings *tolerate,
			  bool shape, uint64_t h)
{
	if (derived(v->f, i) || aside(v->f, i, tolerate))
		return h;
	enum mdl_kind kind = mdl_field_def(v->f, i)->kind;
	bool holds = mdl_field_end(v->f, i) > i + 1 && kind != MDL_NAME;
	if (!holds && kind != MDL_SPAN)
		return hash_leaf(v, i, shape, h);
	return hash_children(v, i, tolerate, shape, mdl_hash_u64(v->f->v[i].def, h));
}

uint64_t mdl_diff_hash(const struct mdl_view *a, const struct mdl_strings *tolerate, bool shape)
{
	uint64_t h = (uint64_t)(a->err != MDL_OK);
	for (uint32_t i = 0; i < a->f->n; i = mdl_field_end(a->f, i))
		h = hash_tree(a, i, tolerate, shape, h);
	return h;
}

/* ---- comparing ---- */

static void emit(struct compare *c, enum mdl_diff_kind kind, uint32_t i, uint32_t j)
{
	bool put_aside = i != MDL_NO_FIELD ? aside(c->a->f, i, c->tolerate)
					   : j != MDL_NO_FIELD && aside(c->b->f, j, c->tolerate);
	if (put_aside)
		c->out->aside++;
	else
		c->out->count++;
	if (c->out->n < MDL_DIFF_MAX)
		c->out->v[c->out->n++] = (struct mdl_difference){ kind, i, j, put_aside };
}

static bool same_leaf(const struct compare *c, uint32_t i, uint32_t j)
{
	struct mdl_name x, y;
	if (mdl_field_is_uint(c->a->f, i))
		return mdl_field_uint(c->a->f, c->a->msg, i) ==
		       mdl_field_uint(c->b->f, c->b->msg, j);
	if (mdl_field_def(c->a->f, i)->kind == MDL_NAME && read_name(c->a, i, &x) &&
	    read_name(c->b, j, &y))
		return mdl_name_eq(&x, &y);
	return mdl_slice_eq(mdl_field_bytes(c->a->f, c->a->msg, i),
			    mdl_field_bytes(c->b->f, c->b->msg, j));
}

static bool same_row(const struct compare *c, uint32_t i, uint32_t j)
{
	return mdl_field_def(c->a->f, i) == mdl_field_def(c->b->f, j);
}

static void compare_lists(struct compare *c, uint32_t i, uint32_t i_end, uint32_t j,
			  uint32_t j_end);
static void compare_sets(struct compare *c, uint32_t i, uint32_t i_end, uint32_t j, uint32_t j_end);

static void compare_field(struct compare *c, uint32_t i, uint32_t j)
{
	uint32_t i_end = mdl_field_end(c->a->f, i), j_end = mdl_field_end(c->b->f, j);
	const struct mdl_field_def *d = mdl_field_def(c->a->f, i);
	bool leaf = (i_end == i + 1 && j_end == j + 1) || d->kind == MDL_NAME;
	if (derived(c->a->f, i))
		return;
	if (leaf && d->kind != MDL_SPAN && !same_leaf(c, i, j))
		emit(c, MDL_DIFF_CHANGED, i, j);
	else if (!leaf && (d->flags & MDL_F_UNORDERED) != 0)
		compare_sets(c, i + 1, i_end, j + 1, j_end);
	else if (!leaf)
		compare_lists(c, i + 1, i_end, j + 1, j_end);
}

/* Does a sibling of that row come later in the other list? */
static bool comes_later(const struct mdl_view *v, uint32_t from, uint32_t end,
			const struct mdl_field_def *def)
{
	for (; from < end; from = mdl_field_end(v->f, from))
		if (mdl_field_def(v->f, from) == def)
			return true;
	return false;
}

static void compare_lists(struct compare *c, uint32_t i, uint32_t i_end, uint32_t j, uint32_t j_end)
{
	while (i < i_end && j < j_end) {
		if (same_row(c, i, j)) {
			compare_field(c, i, j);
			i = mdl_field_end(c->a->f, i);
			j = mdl_field_end(c->b->f, j);
		} else if (comes_later(c->b, j, j_end, mdl_field_def(c->a->f, i))) {
			emit(c, MDL_DIFF_EXTRA, MDL_NO_FIELD, j);
			j = mdl_field_end(c->b->f, j);
		} else {
			emit(c, MDL_DIFF_MISSING, i, MDL_NO_FIELD);
			i = mdl_field_end(c->a->f, i);
		}
	}
	for (; i < i_end; i = mdl_field_end(c->a->f, i))
		emit(c, MDL_DIFF_MISSING, i, MDL_NO_FIELD);
	for (; j < j_end; j = mdl_field_end(c->b->f, j))
		emit(c, MDL_DIFF_EXTRA, MDL_NO_FIELD, j);
}

/* A child of a set: where it is, what it says, whether it has found its like. */
struct member {
	uint64_t hash;
	uint32_t field;
	bool matched;
};

static struct member *members_of(const struct mdl_view *v, uint32_t from, uint32_t end,
				 const struct mdl_strings *tolerate, size_t *n)
{
	struct member *m = malloc((end - from + 1) * sizeof(*m));
	*n = 0;
	for (uint32_t i = from; m != NULL && i < end; i = mdl_field_end(v->f, i))
		m[(*n)++] = (struct member){ hash_tree(v, i, tolerate, false, 1), i, false };
	return m;
}

static int by_hash(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	return a->hash != b->hash ? (a->hash > b->hash) - (a->hash < b->hash)
				  : (a->field > b->field) - (a->field < b->field);
}

static int by_field(const void *x, const void *y)
{
	const struct member *a = x, *b = y;
	return (a->field > b->field) - (a->field < b->field);
}

static void match_equals(struct member *a, size_t n, struct member *b, size_t m)
{
	qsort(a, n, sizeof(*a), by_hash);
	qsort(b, m, sizeof(*b), by_hash);
	for (size_t i = 0, j = 0; i < n && j < m;) {
		if (a[i].hash == b[j].hash)
			a[i++].matched = b[j++].matched = true;
		else if (a[i].hash < b[j].hash)
			i++;
		else
			j++;
	}
	qsort(a, n, sizeof(*a), by_field);
	qsort(b, m, sizeof(*b), by_field);
}

/* Equal members match wherever they stand; the others are compared in their order. */
static void compare_sets(struct compare *c, uint32_t i, uint32_t i_end, uint32_t j, uint32_t j_end)
{
	size_t n = 0, m = 0, y = 0;
	struct member *a = members_of(c->a, i, i_end, c->tolerate, &n);
	struct member *b = members_of(c->b, j, j_end, c->tolerate, &m);
	if (a == NULL || b == NULL)
		c->err = MDL_ENOMEM;
	else
		match_equals(a, n, b, m);
	for (size_t x = 0; c->err == MDL_OK && x < n; x++) {
		if (a[x].matched)
			continue;
		while (y < m && (b[y].matched || !same_row(c, a[x].field, b[y].field)))
			y++;
		if (y == m)
			emit(c, MDL_DIFF_MISSING, a[x].field, MDL_NO_FIELD);
		else {
			b[y].matched = true;
			compare_field(c, a[x].field, b[y].field);
		}
	}
	for (y = 0; c->err == MDL_OK && y < m; y++)
		if (!b[y].matched)
			emit(c, MDL_DIFF_EXTRA, MDL_NO_FIELD, b[y].field);
	free(a);
	free(b);
}

mdl_err mdl_diff(const struct mdl_view *a, const struct mdl_view *b,
		 const struct mdl_strings *tolerate, struct mdl_diff *out)
{
	struct compare c = { a, b, tolerate, out, MDL_OK };
	out->n = out->count = out->aside = 0;
	if ((a->err == MDL_OK) != (b->err == MDL_OK))
		emit(&c, MDL_DIFF_MALFORMED, MDL_NO_FIELD, MDL_NO_FIELD);
	compare_lists(&c, 0, a->f->n, 0, b->f->n);
	return c.err;
}

/* ---- words ---- */

static mdl_err field_text(const struct mdl_view *v, uint32_t i, struct mdl_buf *out)
{
	mdl_err err = mdl_show_value(v->f, v->msg, i, out);
	uint32_t end = mdl_field_end(v->f, i);
	unsigned shown = 0;
	for (uint32_t k = i + 1; err == MDL_OK && k < end && shown < 8; k++) {
		if (derived(v->f, k) || mdl_field_def(v->f, k)->kind == MDL_SPAN)
			continue;
		err = mdl_buf_put(out, ' ');
		if (err == MDL_OK)
			err = mdl_show_value(v->f, v->msg, k, out);
		shown++;
	}
	return err;
}

static mdl_err one_side(const struct mdl_view *v, uint32_t i, const char *where,
			struct mdl_buf *out)
{
	mdl_err err = mdl_field_path(v->f, i, out);
	if (err == MDL_OK)
		err = mdl_buf_printf(out, ": only in the %s: ", where);
	return err == MDL_OK ? field_text(v, i, out) : err;
}

mdl_err mdl_diff_text(const struct mdl_difference *d, const struct mdl_view *a,
		      const struct mdl_view *b, struct mdl_buf *out)
{
	if (d->kind == MDL_DIFF_MALFORMED)
		return mdl_buf_printf(out, "the %s is malformed",
				      a->err != MDL_OK ? "first" : "second");
	if (d->kind == MDL_DIFF_MISSING)
		return one_side(a, d->a, "first", out);
	if (d->kind == MDL_DIFF_EXTRA)
		return one_side(b, d->b, "second", out);
	mdl_err err = mdl_field_path(a->f, d->a, out);
	if (err == MDL_OK)
		err = mdl_buf_printf(out, ": ");
	if (err == MDL_OK)
		err = mdl_show_value(a->f, a->msg, d->a, out);
	if (err == MDL_OK)
		err = mdl_buf_printf(out, " -> ");
	return err == MDL_OK ? mdl_show_value(b->f, b->msg, d->b, out) : err;
}
