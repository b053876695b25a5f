#include <stdio.h>
#include <stdlib.h>

#include "replay/book_parts.h"

static bool read_feature(void *ctx, uint32_t id, int64_t count)
{
	struct book *b = ctx;
	struct feature *f = book_feature_of(b, id);
	if (f == NULL)
		b->err = MDL_ENOMEM;
	else
		f->count = count;
	return b->err == MDL_OK;
}

static bool read_edge(void *ctx, const struct store_edge_row *row)
{
	struct book *b = ctx;
	struct edge *e = book_edge_of(b, row->from, row->to);
	if (e == NULL || !book_add_state(b, row->to))
		b->err = MDL_ENOMEM;
	else
		e->count = row->count;
	return b->err == MDL_OK;
}

static bool read_entry(void *ctx, const struct store_entry *row)
{
	struct book *b = ctx;
	struct book_entry e = { row->name,	 row->source,	  row->proto,	 row->recipe,
				row->parent - 1, row->found_case, row->found_ms, row->depth,
				row->msgs,	 row->bytes,	  NULL,		 0 };
	b->err = book_add_entry(b, &e);
	if (b->err != MDL_OK)
		return false;
	struct entry *slot = &b->entries[b->n_entries - 1];
	slot->picked = row->picked;
	slot->stored = true;
	slot->dirty = false;
	return true;
}

static bool read_entry_feature(void *ctx, int64_t id, uint32_t feature)
{
	struct book *b = ctx;
	if (id < 1 || (size_t)id > b->n_entries)
		return true;
	struct entry *e = &b->entries[id - 1];
	uint32_t *v = reallocarray((uint32_t *)(uintptr_t)e->e.features, e->e.n_features + 1U,
				   sizeof(*v));
	if (v == NULL) {
		b->err = MDL_ENOMEM;
		return false;
	}
	v[e->e.n_features++] = feature;
	e->e.features = v;
	return true;
}

static enum mdl_severity severity_of(const char *text)
{
	for (unsigned s = MDL_INFO_ONLY; s <= MDL_CRITICAL; s++)
		if (strcmp(text, mdl_severity_text((enum mdl_severity)s)) == 0)
			return (enum mdl_severity)s;
	return MDL_INFO_ONLY;
}

static bool read_finding(void *ctx, const struct store_finding *row)
{
	struct book *b = ctx;
	struct finding *f = book_new_finding(b);
	if (f == NULL) {
		b->err = MDL_ENOMEM;
		return false;
	}
	f->t = (struct triaged){ .number = (uint64_t)row->found_case,
				 .signature = row->signature,
				 .severity = severity_of(row->severity),
				 .confirmed = row->confirmed,
				 .tried = row->tried };
	snprintf(f->t.kind, sizeof(f->t.kind), "%s", row->kind);
	snprintf(f->t.title, sizeof(f->t.title), "%s", row->title);
	snprintf(f->t.bundle, sizeof(f->t.bundle), "%s", row->bundle);
	f->ms = row->found_ms;
	f->times = row->times;
	return true;
}

static bool read_raw(void *ctx, uint64_t raw, int64_t finding, unsigned tried)
{
	struct book *b = ctx;
	struct raw *r = book_raw_of(b, raw);
	if (r == NULL)
		b->err = MDL_ENOMEM;
	else {
		r->finding = finding;
		r->tried = tried;
	}
	return b->err == MDL_OK;
}

static bool read_depth(void *ctx, unsigned depth, const char *name, int64_t count)
{
	struct book *b = ctx;
	(void)name;
	if (depth < MDL_COUNT(b->numbers.depth))
		b->numbers.depth[depth] = (uint64_t)count;
	return true;
}

mdl_err book_read_back(struct book *b, struct mdl_why *why)
{
	struct store *s = b->store;
	mdl_err err = store_features(s, read_feature, b, why);
	if (err == MDL_OK)
		err = store_edges(s, read_edge, b, why);
	if (err == MDL_OK)
		err = store_entries(s, read_entry, b, why);
	if (err == MDL_OK)
		err = store_each_entry_feature(s, read_entry_feature, b, why);
	if (err == MDL_OK)
		err = store_findings(s, read_finding, b, why);
	if (err == MDL_OK)
		err = store_raws(s, read_raw, b, why);
	if (err == MDL_OK)
		err = store_depths(s, read_depth, b, why);
	b->numbers.cases = (uint64_t)store_get_number(s, "cases", 0);
	b->numbers.restarts = (uint64_t)store_get_number(s, "restarts", 0);
	b->numbers.silent = (uint64_t)store_get_number(s, "silent", 0);
	b->numbers.ran = store_get_number(s, "ran_ns", 0);
	if (err == MDL_OK && b->err != MDL_OK)
		err = mdl_fail(why, b->err, "out of memory");
	return err;
}
