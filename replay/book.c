#include "replay/book.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/map.h"

enum { UNCONFIRMED_TRIES = 3, PICKS_OF_AN_END = 64 };

struct feature {
	uint32_t id;
	int64_t count;
	bool dirty;
	UT_hash_handle hh;
};

struct edge {
	uint64_t key; /* from << 32 | to */
	int64_t count;
	bool dirty;
	UT_hash_handle hh;
};

struct state {
	uint32_t id;
	UT_hash_handle hh;
};

struct entry {
	struct book_entry e; /* with texts and features of its own */
	uint64_t picked;
	bool dirty, stored;
};

struct finding {
	struct triaged t;
	int64_t ms, times;
	bool dirty;
};

struct raw {
	uint64_t raw;
	int64_t finding; /* 0: did not happen again */
	unsigned tried;	 /* without its happening again */
	bool dirty;
	UT_hash_handle hh;
};

struct book {
	struct store *store;
	struct feature *features;
	struct edge *edges;
	struct state *states;
	struct raw *raws;
	struct entry *entries;
	size_t n_entries, cap_entries;
	struct finding *findings; /* number 1 is the first */
	size_t n_findings, cap_findings;
	struct book_numbers numbers;
	mdl_err err; /* while reading rows */
};

/* ---- maps ---- */

static struct feature *feature_of(struct book *b, uint32_t id)
{
	struct feature *f;
	HASH_FIND (hh, b->features, &id, sizeof(id), f)
		;
	if (f != NULL || (f = calloc(1, sizeof(*f))) == NULL)
		return f;
	f->id = id;
	HASH_ADD(hh, b->features, id, sizeof(f->id), f);
	if (mdl_map_added(f))
		return f;
	free(f);
	return NULL;
}

static struct edge *edge_of(struct book *b, uint32_t from, uint32_t to)
{
	struct edge *e;
	uint64_t key = (uint64_t)from << 32 | to;
	HASH_FIND (hh, b->edges, &key, sizeof(key), e)
		;
	if (e != NULL || (e = calloc(1, sizeof(*e))) == NULL)
		return e;
	e->key = key;
	HASH_ADD(hh, b->edges, key, sizeof(e->key), e);
	if (mdl_map_added(e))
		return e;
	free(e);
	return NULL;
}

static bool add_state(struct book *b, uint32_t id)
{
	struct state *s;
	HASH_FIND (hh, b->states, &id, sizeof(id), s)
		;
	if (s != NULL || (s = calloc(1, sizeof(*s))) == NULL)
		return s != NULL;
	s->id = id;
	HASH_ADD(hh, b->states, id, sizeof(s->id), s);
	if (mdl_map_added(s))
		return true;
	free(s);
	return false;
}

static struct raw *raw_of(struct book *b, uint64_t raw)
{
	struct raw *r;
	HASH_FIND (hh, b->raws, &raw, sizeof(raw), r)
		;
	if (r != NULL || (r = calloc(1, sizeof(*r))) == NULL)
		return r;
	r->raw = raw;
	HASH_ADD(hh, b->raws, raw, sizeof(r->raw), r);
	if (mdl_map_added(r))
		return r;
	free(r);
	return NULL;
}

#define FREE_MAP(map, type)                         \
	do {                                        \
		struct type *item_, *next_;         \
		HASH_ITER (hh, map, item_, next_) { \
			HASH_DEL(map, item_);       \
			free(item_);                \
		}                                   \
	} while (0)

/* ---- entries ---- */

static void entry_fini(struct entry *e)
{
	free((char *)(uintptr_t)e->e.name);
	free((char *)(uintptr_t)e->e.source);
	free((char *)(uintptr_t)e->e.proto);
	free((char *)(uintptr_t)e->e.recipe);
	free((uint32_t *)(uintptr_t)e->e.features);
}

static bool copy_entry(struct entry *to, const struct book_entry *from)
{
	to->e = *from;
	to->e.name = strdup(from->name);
	to->e.source = strdup(from->source);
	to->e.proto = strdup(from->proto);
	to->e.recipe = strdup(from->recipe);
	uint32_t *features = malloc((from->n_features + 1) * sizeof(*features));
	if (features != NULL && from->n_features > 0)
		memcpy(features, from->features, from->n_features * sizeof(*features));
	to->e.features = features;
	return to->e.name != NULL && to->e.source != NULL && to->e.proto != NULL &&
	       to->e.recipe != NULL && features != NULL;
}

mdl_err book_add_entry(struct book *b, const struct book_entry *e)
{
	if (b->n_entries == b->cap_entries) {
		size_t cap = b->cap_entries == 0 ? 64 : b->cap_entries * 2;
		struct entry *v = reallocarray(b->entries, cap, sizeof(*v));
		if (v == NULL)
			return MDL_ENOMEM;
		b->entries = v;
		b->cap_entries = cap;
	}
	struct entry *slot = &b->entries[b->n_entries];
	memset(slot, 0, sizeof(*slot));
	if (!copy_entry(slot, e)) {
		entry_fini(slot);
		return MDL_ENOMEM;
	}
	slot->dirty = true;
	b->n_entries++;
	return MDL_OK;
}

size_t book_entries(const struct book *b)
{
	return b->n_entries;
}

const char *book_entry_name(const struct book *b, size_t i)
{
	return b->entries[i].e.name;
}

static uint64_t rarest_of(const struct book *b, const struct entry *e)
{
	uint64_t rarest = 0;
	for (unsigned i = 0; i < e->e.n_features; i++) {
		struct feature *f;
		HASH_FIND (hh, b->features, &e->e.features[i], sizeof(uint32_t), f)
			;
		if (f != NULL && f->count > 0 && (rarest == 0 || (uint64_t)f->count < rarest))
			rarest = (uint64_t)f->count;
	}
	return rarest;
}

void book_facts(const struct book *b, struct schedule_facts *out)
{
	for (size_t i = 0; i < b->n_entries; i++)
		out[i] =
			(struct schedule_facts){ b->entries[i].picked, rarest_of(b, &b->entries[i]),
						 b->entries[i].e.depth };
}

/* ---- cases ---- */

bool book_is_news(const struct book *b, const struct case_result *r)
{
	for (unsigned i = 0; i < r->features.n; i++) {
		struct feature *f;
		HASH_FIND (hh, b->features, &r->features.v[i], sizeof(uint32_t), f)
			;
		if (f == NULL)
			return true;
	}
	return false;
}

static mdl_err count_path(struct book *b, const struct features *f)
{
	uint32_t from = STATE_START;
	for (unsigned i = 0; i < f->n_steps; i++) {
		struct edge *e = edge_of(b, from, f->step[i]);
		if (e == NULL || !add_state(b, f->step[i]))
			return MDL_ENOMEM;
		e->count++;
		e->dirty = true;
		from = f->step[i];
	}
	return MDL_OK;
}

mdl_err book_count(struct book *b, const struct case_result *r)
{
	for (unsigned i = 0; i < r->features.n; i++) {
		struct feature *f = feature_of(b, r->features.v[i]);
		if (f == NULL)
			return MDL_ENOMEM;
		f->count++;
		f->dirty = true;
	}
	if (r->entry < b->n_entries) {
		b->entries[r->entry].picked += r->ended ? PICKS_OF_AN_END : 1;
		b->entries[r->entry].dirty = true;
	}
	b->numbers.cases++;
	b->numbers.restarts += r->restarted;
	if (r->features.answers == 0)
		b->numbers.silent++;
	else if (r->features.depth < MDL_COUNT(b->numbers.depth))
		b->numbers.depth[r->features.depth]++;
	return count_path(b, &r->features);
}

/* ---- findings ---- */

int64_t book_finding_of(const struct book *b, uint64_t raw)
{
	struct raw *r;
	HASH_FIND (hh, b->raws, &raw, sizeof(raw), r)
		;
	if (r == NULL || (r->finding == 0 && r->tried < UNCONFIRMED_TRIES))
		return -1;
	return r->finding;
}

size_t book_signatures(const struct book *b, uint64_t *out, size_t max)
{
	size_t n = 0;
	for (size_t i = b->n_findings; i-- > 0 && n < max;)
		if (b->findings[i].t.confirmed > 0)
			out[n++] = b->findings[i].t.signature;
	return n;
}

void book_seen(struct book *b, int64_t finding)
{
	if (finding <= 0 || (size_t)finding > b->n_findings)
		return;
	b->findings[finding - 1].times++;
	b->findings[finding - 1].dirty = true;
}

static int64_t find_signature(const struct book *b, uint64_t signature, bool confirmed)
{
	for (size_t i = 0; i < b->n_findings; i++)
		if (b->findings[i].t.signature == signature &&
		    (b->findings[i].t.confirmed > 0) == confirmed)
			return (int64_t)i + 1;
	return 0;
}

static struct finding *new_finding(struct book *b)
{
	if (b->n_findings == b->cap_findings) {
		size_t cap = b->cap_findings == 0 ? 16 : b->cap_findings * 2;
		struct finding *v = reallocarray(b->findings, cap, sizeof(*v));
		if (v == NULL)
			return NULL;
		b->findings = v;
		b->cap_findings = cap;
	}
	memset(&b->findings[b->n_findings], 0, sizeof(b->findings[0]));
	return &b->findings[b->n_findings++];
}

mdl_err book_put(struct book *b, const struct triaged *t, int64_t ms, bool *is_new)
{
	struct raw *r = raw_of(b, t->raw);
	*is_new = false;
	if (r == NULL)
		return MDL_ENOMEM;
	r->dirty = true;
	bool confirmed = t->confirmed > 0;
	int64_t known = find_signature(b, t->signature, confirmed);
	if (known == 0) {
		struct finding *f = new_finding(b);
		if (f == NULL)
			return MDL_ENOMEM;
		f->t = *t;
		f->ms = ms;
		known = (int64_t)b->n_findings;
		*is_new = confirmed;
	}
	book_seen(b, known);
	if (confirmed)
		r->finding = known;
	else
		r->tried++;
	return MDL_OK;
}

/* ---- numbers ---- */

struct book_numbers book_numbers(const struct book *b)
{
	struct book_numbers n = b->numbers;
	n.features = HASH_COUNT(b->features);
	n.states = HASH_COUNT(b->states);
	n.edges = HASH_COUNT(b->edges);
	for (size_t i = 0; i < b->n_findings; i++) {
		n.findings += b->findings[i].t.confirmed > 0;
		n.unconfirmed += b->findings[i].t.confirmed == 0;
	}
	return n;
}

/* ---- writing ---- */

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

/* ---- reading back ---- */

static bool read_feature(void *ctx, uint32_t id, int64_t count)
{
	struct book *b = ctx;
	struct feature *f = feature_of(b, id);
	if (f == NULL)
		b->err = MDL_ENOMEM;
	else
		f->count = count;
	return b->err == MDL_OK;
}

static bool read_edge(void *ctx, const struct store_edge_row *row)
{
	struct book *b = ctx;
	struct edge *e = edge_of(b, row->from, row->to);
	if (e == NULL || !add_state(b, row->to))
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
	struct finding *f = new_finding(b);
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
	struct raw *r = raw_of(b, raw);
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

static mdl_err read_back(struct book *b, struct mdl_why *why)
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

mdl_err book_open(const char *folder, bool create, struct book **out, struct mdl_why *why)
{
	struct book *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	mdl_err err = store_open(folder, create, &b->store, why);
	if (err == MDL_OK)
		err = read_back(b, why);
	if (err == MDL_OK)
		*out = b;
	else
		book_close(b);
	return err;
}

void book_close(struct book *b)
{
	if (b == NULL)
		return;
	store_close(b->store);
	FREE_MAP(b->features, feature);
	FREE_MAP(b->edges, edge);
	FREE_MAP(b->states, state);
	FREE_MAP(b->raws, raw);
	for (size_t i = 0; i < b->n_entries; i++)
		entry_fini(&b->entries[i]);
	free(b->entries);
	free(b->findings);
	free(b);
}

struct store *book_store(struct book *b)
{
	return b->store;
}
