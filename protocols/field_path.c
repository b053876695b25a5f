/* Paths of fields: written for people, matched against what people wrote. */
#include "protocols/field.h"
#include "protocols/protocol.h"

/* The way from the outermost field down to one; every layer adds its protocol's name. */
struct way {
	uint32_t v[UINT8_MAX + 1];
	size_t n;
};

static struct way way_to(const struct mdl_fields *f, uint32_t i)
{
	struct way w = { .n = 0 };
	for (; i != MDL_NO_FIELD && w.n < MDL_COUNT(w.v); i = f->v[i].parent)
		w.v[w.n++] = i;
	return w;
}

/* True if the field opens a layer for the reader: the outermost, or the first inside a payload. */
static bool begins_layer(const struct mdl_fields *f, const struct way *w, size_t k)
{
	return k + 1 == w->n || f->v[w->v[k]].layer != f->v[w->v[k + 1]].layer;
}

static const char *layer_name(const struct mdl_fields *f, uint32_t i)
{
	return f->layers[f->v[i].layer].proto->name;
}

/* How many siblings of the same row stand before it. */
static uint32_t place_of(const struct mdl_fields *f, uint32_t i)
{
	uint32_t place = 0;
	const struct mdl_field *me = &f->v[i];
	for (uint32_t j = i; j-- > 0 && f->v[j].depth >= me->depth;)
		place += f->v[j].depth == me->depth && f->v[j].def == me->def &&
			 f->v[j].layer == me->layer;
	return place;
}

mdl_err mdl_field_path(const struct mdl_fields *f, uint32_t i, struct mdl_buf *out)
{
	struct way w = way_to(f, i);
	mdl_err err = MDL_OK;
	for (size_t k = w.n; err == MDL_OK && k-- > 0;) {
		const struct mdl_field_def *d = mdl_field_def(f, w.v[k]);
		if (begins_layer(f, &w, k))
			err = mdl_buf_printf(out, "%s%s", k + 1 == w.n ? "" : ".",
					     layer_name(f, w.v[k]));
		if (err == MDL_OK)
			err = mdl_buf_printf(out, ".%s", d->name);
		if (err == MDL_OK && (d->flags & MDL_F_REPEAT) != 0)
			err = mdl_buf_printf(out, "[%u]", place_of(f, w.v[k]));
	}
	return err;
}

/* The last part of `pattern`, with an optional "[n]"; the pattern then ends before it. */
static struct mdl_slice last_part(struct mdl_slice *pattern, int64_t *place)
{
	size_t dot = pattern->n;
	while (dot > 0 && pattern->p[dot - 1] != '.')
		dot--;
	struct mdl_slice part = mdl_slice_sub(*pattern, dot, SIZE_MAX);
	*pattern = mdl_slice_sub(*pattern, 0, dot == 0 ? 0 : dot - 1);
	*place = -1;
	size_t bracket = mdl_slice_find(part, MDL_LIT("["));
	if (bracket < part.n) {
		*place = 0;
		for (size_t i = bracket + 1; i < part.n && part.p[i] >= '0' && part.p[i] <= '9';
		     i++)
			*place = (*place * 10 + part.p[i] - '0') % UINT32_MAX;
		part.n = bracket;
	}
	return part;
}

bool mdl_field_matches(const struct mdl_fields *f, uint32_t i, const char *pattern)
{
	struct mdl_slice rest = mdl_slice_str(pattern);
	struct way w = way_to(f, i);
	int64_t place;
	struct mdl_slice part = last_part(&rest, &place);
	for (size_t k = 0; k < w.n; k++) {
		bool same = mdl_slice_is(part, mdl_field_def(f, w.v[k])->name) &&
			    (place < 0 || place == place_of(f, w.v[k]));
		if (k == 0 && !same)
			return false;
		if (same && rest.n == 0)
			return true;
		if (same)
			part = last_part(&rest, &place);
		if (begins_layer(f, &w, k) && mdl_slice_is(part, layer_name(f, w.v[k]))) {
			if (rest.n == 0)
				return true;
			part = last_part(&rest, &place);
		}
	}
	return false;
}
