#include "replay/corpus_min.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "replay/corpus_shape.h"
#include "replay/cover.h"
#include "replay/files.h"

/* What an entry costs beside its bytes: playing it, waiting for it, looking at it. */
enum { ENTRY_COST = 512 };

struct features {
	uint64_t *v; /* owned */
	size_t n, cap;
	int64_t id; /* in the book, if that knows its features; else 0 */
};

struct work {
	struct corpus_min *out;
	struct features *features; /* one for each of out->v */
	struct shapes shapes;
	void (*bad)(void *ctx, const struct mdl_why *why);
	void *ctx;
	size_t at; /* the entry whose features the book tells now */
	mdl_err err;
};

/* ---- reading ---- */

static mdl_err grow(struct work *w)
{
	struct corpus_min *m = w->out;
	if (m->n < m->cap)
		return MDL_OK;
	size_t cap = m->cap == 0 ? 64 : m->cap * 2;
	struct corpus_pick *v = reallocarray(m->v, cap, sizeof(*v));
	if (v == NULL)
		return MDL_ENOMEM;
	m->v = v;
	struct features *f = reallocarray(w->features, cap, sizeof(*f));
	if (f == NULL)
		return MDL_ENOMEM;
	w->features = f;
	m->cap = cap;
	return MDL_OK;
}

static mdl_err take_shapes(struct work *w, const struct mdl_trace *t, struct features *f)
{
	mdl_err err = shapes_read(t, &w->shapes);
	if (err != MDL_OK || w->shapes.n == 0)
		return err;
	f->v = malloc(w->shapes.n * sizeof(*f->v));
	if (f->v == NULL)
		return MDL_ENOMEM;
	memcpy(f->v, w->shapes.v, w->shapes.n * sizeof(*f->v));
	f->n = f->cap = w->shapes.n;
	return MDL_OK;
}

static mdl_err take_entry(void *ctx, const struct corpus_entry *e)
{
	struct work *w = ctx;
	struct corpus_min *m = w->out;
	mdl_err err = grow(w);
	if (err != MDL_OK)
		return err;
	struct features *f = &w->features[m->n];
	struct corpus_pick *p = &m->v[m->n];
	*f = (struct features){ 0 };
	*p = (struct corpus_pick){ strdup(e->name), mdl_trace_bytes(e->trace), false };
	if (p->name == NULL)
		return MDL_ENOMEM;
	m->n++;
	if (e->row == NULL || e->row->features == 0)
		return take_shapes(w, e->trace, f);
	f->id = e->row->id;
	return MDL_OK;
}

/* Rows come in the order of ids, and so do the entries. */
static bool take_feature(void *ctx, int64_t id, uint32_t feature)
{
	struct work *w = ctx;
	while (w->at < w->out->n && w->features[w->at].id < id)
		w->at++;
	if (w->at == w->out->n || w->features[w->at].id != id)
		return w->at < w->out->n;
	struct features *f = &w->features[w->at];
	if (f->n == f->cap) {
		size_t cap = f->cap == 0 ? 16 : f->cap * 2;
		uint64_t *v = reallocarray(f->v, cap, sizeof(*v));
		if (v == NULL) {
			w->err = MDL_ENOMEM;
			return false;
		}
		f->v = v;
		f->cap = cap;
	}
	f->v[f->n++] = feature;
	return true;
}

static mdl_err read_features(struct work *w, const struct corpus_place *p, struct mdl_why *why)
{
	struct store *s;
	if (!p->campaign)
		return MDL_OK;
	mdl_err err = store_open_read(p->root, &s, why);
	if (err != MDL_OK)
		return err;
	err = store_each_entry_feature(s, take_feature, w, why);
	store_close(s);
	return err == MDL_OK ? w->err : err;
}

static void pass_bad(void *ctx, const struct mdl_why *why)
{
	const struct work *w = ctx;
	w->bad(w->ctx, why);
}

/* ---- choosing ---- */

static void sum_up(struct corpus_min *m)
{
	for (size_t i = 0; i < m->n; i++) {
		m->bytes += m->v[i].bytes;
		m->kept += m->v[i].keep;
		m->kept_bytes += m->v[i].keep ? m->v[i].bytes : 0;
	}
}

static mdl_err choose(struct work *w)
{
	struct corpus_min *m = w->out;
	struct cover_item *items = calloc(m->n + 1, sizeof(*items));
	bool *keep = calloc(m->n + 1, sizeof(*keep));
	mdl_err err = items == NULL || keep == NULL ? MDL_ENOMEM : MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < m->n; i++)
		items[i] = (struct cover_item){ w->features[i].v, w->features[i].n,
						m->v[i].bytes + ENTRY_COST };
	if (err == MDL_OK)
		err = cover(items, m->n, keep, &m->features);
	for (size_t i = 0; err == MDL_OK && i < m->n; i++)
		m->v[i].keep = keep[i];
	free(items);
	free(keep);
	if (err == MDL_OK)
		sum_up(m);
	return err;
}

static void discard(struct work *w)
{
	for (size_t i = 0; i < w->out->n; i++)
		free(w->features[i].v);
	free(w->features);
	shapes_fini(&w->shapes);
}

mdl_err corpus_min(const struct corpus_place *p, void (*bad)(void *, const struct mdl_why *),
		   void *ctx, struct corpus_min *out, struct mdl_why *why)
{
	struct work w = { .out = out, .bad = bad, .ctx = ctx };
	struct mdl_why reason = { "out of memory" };
	*out = (struct corpus_min){ 0 };
	mdl_err err = corpus_visit(
		p, &(struct corpus_visitor){ take_entry, bad == NULL ? NULL : pass_bad, &w },
		&reason);
	if (err == MDL_OK)
		err = read_features(&w, p, &reason);
	if (err == MDL_OK)
		err = choose(&w);
	discard(&w);
	if (err == MDL_OK)
		return MDL_OK;
	corpus_min_fini(out);
	return mdl_fail(why, err, "%s", reason.text);
}

mdl_err corpus_drop(const struct corpus_place *p, const struct corpus_min *m, struct mdl_why *why)
{
	char path[CORPUS_PATH];
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].keep)
			continue;
		if (!path_join(path, sizeof(path), p->folder, m->v[i].name))
			return mdl_fail(why, MDL_EIO, "%.80s...: the path is too long", p->folder);
		if (unlink(path) != 0)
			return mdl_fail(why, MDL_EIO, "%s: %s", path, strerror(errno));
	}
	return MDL_OK;
}

void corpus_min_fini(struct corpus_min *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].name);
	free(m->v);
	*m = (struct corpus_min){ 0 };
}
