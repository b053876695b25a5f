/* Makes a case as short as it can be while it still happens. */
#include <stdlib.h>
#include <time.h>

#include "replay/minimise.h"
#include "replay/triage_work.h"

static void take_trace(struct triage_work *w, struct mdl_trace *t)
{
	mdl_trace_free(w->trace);
	w->trace = t;
}

/* True if `t`, which is taken, shows it too; it then is the trace. */
static bool try_trace(struct triage_work *w, struct mdl_trace *t)
{
	bool shown = t != NULL && triage_happens(w, w->before, NULL, w->n_before, t);
	if (shown)
		take_trace(w, t);
	else
		mdl_trace_free(t);
	return shown;
}

static void keep_ops(const struct mdl_recipe *from, const bool *keep, size_t n,
		     struct mdl_recipe *to)
{
	if (mdl_recipe_copy(to, from) != MDL_OK)
		return;
	to->n = 0;
	for (size_t i = 0; i < n; i++)
		if (keep[i])
			to->op[to->n++] = from->op[i];
}

static bool try_ops(void *ctx, const bool *keep, size_t n)
{
	struct triage_work *w = ctx;
	struct mdl_recipe less;
	mdl_recipe_init(&less);
	keep_ops(&w->recipe, keep, n, &less);
	bool shown = try_trace(w, maker_play(w->conf->maker, w->made.entry, &less, time(NULL)));
	mdl_recipe_fini(&less);
	return shown;
}

static void minimise_recipe(struct triage_work *w)
{
	bool keep[MDL_OPS_MAX];
	struct mdl_recipe less;
	memset(keep, true, sizeof(keep));
	if (w->recipe.n == 0 || minimise(keep, w->recipe.n, try_ops, w, &w->left) != MDL_OK)
		return;
	mdl_recipe_init(&less);
	keep_ops(&w->recipe, keep, w->recipe.n, &less);
	if (mdl_recipe_copy(&w->recipe, &less) != MDL_OK)
		w->err = mdl_fail(w->why, MDL_ENOMEM, "out of memory");
	mdl_recipe_fini(&less);
}

/* What try_messages and try_bytes make smaller. */
struct part {
	struct triage_work *w;
	const struct mdl_trace *whole;
	size_t msg;
};

static bool try_messages(void *ctx, const bool *keep, size_t n)
{
	struct part *p = ctx;
	struct mdl_trace *t = mdl_trace_copy(p->whole);
	for (size_t i = n; t != NULL && i-- > 0;)
		if (!keep[i])
			mdl_msg_free(mdl_trace_take(t, i));
	return try_trace(p->w, t);
}

static bool try_bytes(void *ctx, const bool *keep, size_t n)
{
	struct part *p = ctx;
	struct mdl_trace *t = mdl_trace_copy(p->whole);
	if (t == NULL)
		return false;
	struct mdl_buf *b = &t->v[p->msg]->bytes;
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (keep[i])
			b->p[k++] = b->p[i];
	mdl_buf_cut(b, k);
	return try_trace(p->w, t);
}

/* Minimises one list of things, beginning with the trace as it is. */
static void minimise_part(struct triage_work *w, size_t n, size_t msg,
			  bool (*test)(void *ctx, const bool *keep, size_t n))
{
	struct mdl_trace *whole = mdl_trace_copy(w->trace);
	bool *keep = malloc(n + 1);
	if (whole != NULL && keep != NULL) {
		struct part p = { w, whole, msg };
		memset(keep, true, n);
		if (minimise(keep, n, test, &p, &w->left) != MDL_OK)
			w->err = mdl_fail(w->why, MDL_ENOMEM, "out of memory");
	}
	mdl_trace_free(whole);
	free(keep);
}

/* Leaves out one field after the other where it still happens, lengths and counts following. */
static void minimise_fields(struct triage_work *w, size_t msg)
{
	struct mdl_ctx *x = maker_ctx(w->conf->maker, w->trace->carrier);
	struct mdl_fields f;
	mdl_fields_init(&f);
	for (uint32_t i = 1; w->left > 0 && w->err == MDL_OK; i++) {
		struct mdl_trace *t = mdl_trace_copy(w->trace);
		struct mdl_repair how = { .what = MDL_REL_LENGTH | MDL_REL_COUNT | MDL_REL_OFFSET };
		x->dir = MDL_C2S;
		if (t == NULL ||
		    mdl_dissect(x, mdl_buf_slice(&t->v[msg]->bytes), &f) == MDL_ENOMEM ||
		    i >= f.n) {
			mdl_trace_free(t);
			break;
		}
		bool bits = mdl_field_def(&f, i)->kind == MDL_BITS || f.v[i].len == 0;
		if (bits || mdl_field_remove(&t->v[msg]->bytes, &f, i) != MDL_OK ||
		    mdl_repair(x, &t->v[msg]->bytes, &f, &how) != MDL_OK) {
			mdl_trace_free(t);
			continue;
		}
		w->left--;
		i -= try_trace(w, t); /* the next one then stands in its place */
	}
	mdl_fields_fini(&f);
}

void triage_shorten(struct triage_work *w)
{
	minimise_recipe(w);
	minimise_part(w, w->trace->n, 0, try_messages);
	for (size_t i = 0; i < w->trace->n && w->left > 0; i++) {
		if (w->trace->v[i]->dir != MDL_C2S)
			continue;
		minimise_fields(w, i);
		minimise_part(w, w->trace->v[i]->bytes.n, i, try_bytes);
	}
}
