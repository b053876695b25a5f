#include "replay/book.h"

#include <stdlib.h>

#include "replay/book_parts.h"

enum { PICKS_OF_AN_END = 64 };

/* ---- maps ---- */

struct feature *book_feature_of(struct book *b, uint32_t id)
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

struct edge *book_edge_of(struct book *b, uint32_t from, uint32_t to)
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

bool book_add_state(struct book *b, uint32_t id)
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

struct raw *book_raw_of(struct book *b, uint64_t raw)
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
		struct edge *e = book_edge_of(b, from, f->step[i]);
		if (e == NULL || !book_add_state(b, f->step[i]))
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
		struct feature *f = book_feature_of(b, r->features.v[i]);
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

/* ---- opening ---- */

mdl_err book_open(const char *folder, bool create, struct book **out, struct mdl_why *why)
{
	struct book *b = calloc(1, sizeof(*b));
	if (b == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	mdl_err err = store_open(folder, create, &b->store, why);
	if (err == MDL_OK)
		err = book_read_back(b, why);
	if (err == MDL_OK)
		*out = b;
	else
		book_close(b);
	return err;
}

#define FREE_MAP(map, type)                         \
	do {                                        \
		struct type *item_, *next_;         \
		HASH_ITER (hh, map, item_, next_) { \
			HASH_DEL(map, item_);       \
			free(item_);                \
		}                                   \
	} while (0)

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
		book_entry_fini(&b->entries[i]);
	free(b->entries);
	free(b->findings);
	free(b);
}

struct store *book_store(struct book *b)
{
	return b->store;
}
