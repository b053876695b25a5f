#include <stdlib.h>

#include "replay/book_parts.h"

void book_entry_fini(struct entry *e)
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
		book_entry_fini(slot);
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
