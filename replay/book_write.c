#include "replay/book_parts.h"

static mdl_err write_features(struct book *b, struct mdl_why *why)
{
	mdl_err err = MDL_OK;
	for (struct feature *f = b->features; err == MDL_OK && f != NULL; f = f->hh.next)
		if (f->dirty) {
			err = store_feature(b->store, f->id, f->count, why);
			f->dirty = false;
		}
	return err;
}

static mdl_err state_words(const struct mdl_protocol *proto, uint32_t state, struct mdl_buf *out)
{
	if (state == STATE_SILENT)
		return mdl_buf_printf(out, "silence");
	if (state == STATE_ENDED)
		return mdl_buf_printf(out, "end");
	return mdl_state_text(proto, state, out);
}

static mdl_err write_edges(struct book *b, const struct mdl_protocol *proto, struct mdl_why *why)
{
	struct mdl_buf words;
	mdl_err err = MDL_OK;
	mdl_buf_init(&words, 4096);
	for (struct edge *e = b->edges; err == MDL_OK && e != NULL; e = e->hh.next) {
		if (!e->dirty)
			continue;
		uint32_t to = (uint32_t)e->key;
		mdl_buf_cut(&words, 0);
		err = state_words(proto, to, &words);
		if (err == MDL_OK)
			err = store_edge(b->store, (uint32_t)(e->key >> 32), to, e->count,
					 mdl_buf_text(&words), why);
		e->dirty = false;
	}
	mdl_buf_fini(&words);
	return err;
}

static mdl_err write_entry(struct book *b, struct entry *e, size_t i, struct mdl_why *why)
{
	struct store_entry row = {
		.name = e->e.name,
		.source = e->e.source,
		.proto = e->e.proto,
		.recipe = e->e.recipe,
		.parent = e->e.parent + 1,
		.found_case = e->e.found_case,
		.found_ms = e->e.found_ms,
		.depth = e->e.depth,
		.msgs = e->e.msgs,
		.bytes = e->e.bytes,
		.features = e->e.n_features,
		.picked = (unsigned)e->picked,
	};
	mdl_err err = e->stored ? store_picked(b->store, (int64_t)i + 1, row.picked, why)
				: store_add_entry(b->store, &row, why);
	if (err == MDL_OK && !e->stored)
		err = store_entry_features(b->store, row.id, e->e.features, e->e.n_features, why);
	e->stored = true;
	e->dirty = false;
	return err;
}

static mdl_err write_entries(struct book *b, struct mdl_why *why)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < b->n_entries; i++)
		if (b->entries[i].dirty)
			err = write_entry(b, &b->entries[i], i, why);
	return err;
}

static mdl_err write_finding(struct book *b, size_t i, struct mdl_why *why)
{
	struct finding *f = &b->findings[i];
	struct store_finding row = {
		.id = (int64_t)i + 1,
		.signature = f->t.signature,
		.kind = f->t.kind,
		.severity = mdl_severity_text(f->t.severity),
		.title = f->t.title,
		.bundle = f->t.bundle,
		.found_case = (int64_t)f->t.number,
		.found_ms = f->ms,
		.times = f->times,
		.confirmed = f->t.confirmed,
		.tried = f->t.tried,
	};
	f->dirty = false;
	return store_put_finding(b->store, &row, why);
}

static mdl_err write_findings(struct book *b, struct mdl_why *why)
{
	mdl_err err = MDL_OK;
	for (size_t i = 0; err == MDL_OK && i < b->n_findings; i++)
		if (b->findings[i].dirty)
			err = write_finding(b, i, why);
	for (struct raw *r = b->raws; err == MDL_OK && r != NULL; r = r->hh.next)
		if (r->dirty) {
			err = store_raw(b->store, r->raw, r->finding, r->tried, why);
			r->dirty = false;
		}
	return err;
}

static mdl_err write_numbers(struct book *b, const struct mdl_protocol *proto, double target_mb,
			     struct mdl_why *why)
{
	struct book_numbers n = book_numbers(b);
	struct store_point p = { n.ran / MDL_MS,      (int64_t)n.cases,	   (int64_t)b->n_entries,
				 (int64_t)n.features, (int64_t)n.states,   (int64_t)n.edges,
				 (int64_t)n.findings, (int64_t)n.restarts, target_mb };
	const char *const *names = mdl_depths(proto);
	mdl_err err = store_set_number(b->store, "cases", (int64_t)n.cases, why);
	if (err == MDL_OK)
		err = store_set_number(b->store, "restarts", (int64_t)n.restarts, why);
	if (err == MDL_OK)
		err = store_set_number(b->store, "silent", (int64_t)n.silent, why);
	if (err == MDL_OK)
		err = store_set_number(b->store, "ran_ns", n.ran, why);
	for (unsigned d = 0; err == MDL_OK && d < MDL_COUNT(n.depth) && names[d] != NULL; d++)
		err = store_depth(b->store, d, names[d], (int64_t)n.depth[d], why);
	return err == MDL_OK ? store_add_point(b->store, &p, why) : err;
}

mdl_err book_commit(struct book *b, const struct mdl_protocol *proto, mdl_time ran,
		    double target_mb, struct mdl_why *why)
{
	b->numbers.ran = ran;
	mdl_err err = store_begin(b->store, why);
	if (err == MDL_OK)
		err = write_features(b, why);
	if (err == MDL_OK)
		err = write_edges(b, proto, why);
	if (err == MDL_OK)
		err = write_entries(b, why);
	if (err == MDL_OK)
		err = write_findings(b, why);
	if (err == MDL_OK)
		err = write_numbers(b, proto, target_mb, why);
	return err == MDL_OK ? store_commit(b->store, why) : err;
}
