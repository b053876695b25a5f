#include "replay/corpus_move.h"

#include <stdlib.h>

struct move {
	const struct corpus_place *to;
	const struct corpus_hooks *hooks;
	struct corpus_counts *out;
	struct mdl_why *why;
};

static void on_note(void *ctx, const char *line)
{
	const struct move *m = ctx;
	m->hooks->note(m->hooks->ctx, line);
}

static void on_bad(void *ctx, const struct mdl_why *why)
{
	const struct move *m = ctx;
	m->out->bad++;
	m->hooks->bad(m->hooks->ctx, why);
}

static mdl_err add(struct move *m, const struct mdl_trace *t)
{
	bool added;
	mdl_err err = corpus_add(m->to->folder, t, &added, m->why);
	m->out->added += err == MDL_OK && added;
	m->out->known += err == MDL_OK && !added;
	return err;
}

/* ---- from captures ---- */

static mdl_err add_list(struct move *m, const struct trace_list *l)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < l->n; i++) {
		if (mdl_trace_count(l->v[i], MDL_C2S) == 0)
			m->out->mute++;
		else
			err = add(m, l->v[i]);
	}
	return err;
}

mdl_err corpus_import(const struct corpus_place *to, const struct mdl_strings *paths,
		      const struct load_conf *conf, const struct corpus_hooks *hooks,
		      struct corpus_counts *out, struct mdl_why *why)
{
	struct move m = { to, hooks, out, why };
	struct load_conf lc = { conf->proto, conf->settings, on_note, on_bad, &m };
	mdl_err err = MDL_OK;
	*out = (struct corpus_counts){ 0 };
	for (size_t i = 0; err == MDL_OK && i < paths->n; i++) {
		struct trace_list found = { 0 };
		struct load_stats stats = { 0 };
		err = load_path(paths->v[i], &lc, &found, &stats, why);
		out->files += stats.files;
		if (err == MDL_OK)
			err = add_list(&m, &found);
		trace_list_fini(&found);
	}
	return err;
}

/* ---- from another corpus ---- */

static mdl_err merge_entry(void *ctx, const struct corpus_entry *e)
{
	struct move *m = ctx;
	m->out->files++;
	return add(m, e->trace);
}

mdl_err corpus_merge(const struct corpus_place *to, const struct corpus_place *from,
		     const struct corpus_hooks *hooks, struct corpus_counts *out,
		     struct mdl_why *why)
{
	struct move m = { to, hooks, out, why };
	return corpus_visit(from, &(struct corpus_visitor){ merge_entry, on_bad, &m }, why);
}
