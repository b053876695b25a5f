#include "replay/flow_table.h"

#include <stdlib.h>
#include <utlist.h>

#include "core/hash.h"

struct flow_key flow_key(const struct mdl_inet *src, const struct mdl_inet *dst, uint8_t proto,
			 unsigned *side)
{
	*side = memcmp(src, dst, sizeof(*src)) > 0;
	return (struct flow_key){ .end = { *side == 0 ? *src : *dst, *side == 0 ? *dst : *src },
				  .proto = proto };
}

static unsigned hash_of(const struct flow_key *key)
{
	return (unsigned)mdl_hash(mdl_slice(key, sizeof(*key)), 0);
}

struct flow_entry *flow_table_find(const struct flow_table *t, const struct flow_key *key)
{
	struct flow_entry *f;
	HASH_FIND_BYHASHVALUE(hh, t->map, key, sizeof(*key), hash_of(key), f);
	return f;
}

struct flow_entry *flow_table_add(struct flow_table *t, const struct flow_key *key)
{
	struct flow_entry *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return NULL;
	f->key = *key;
	HASH_ADD_BYHASHVALUE(hh, t->map, key, sizeof(*key), hash_of(key), f);
	if (!mdl_map_added(f)) {
		free(f);
		return NULL;
	}
	DL_APPEND(t->live, f);
	return f;
}

static size_t memory_of(const struct flow_entry *f)
{
	size_t n = sizeof(*f) + f->trace_bytes;
	for (unsigned i = 0; i < 2 && f->tcp != NULL; i++)
		n += sizeof(f->tcp->half[i]) + tcp_stream_held(&f->tcp->half[i].stream) +
		     cutter_held(&f->tcp->half[i].cutter);
	return n;
}

void flow_table_touch(struct flow_table *t, struct flow_entry *f, mdl_time now)
{
	struct flow_entry **list = f->ended ? &t->ended : &t->live;
	f->last = now;
	if (f->next != NULL) {
		DL_DELETE(*list, f);
		DL_APPEND(*list, f);
	}
	t->held -= f->held;
	f->held = memory_of(f);
	t->held += f->held;
}

static void free_parts(struct flow_entry *f)
{
	for (unsigned i = 0; i < 2 && f->tcp != NULL; i++) {
		tcp_stream_fini(&f->tcp->half[i].stream);
		cutter_fini(&f->tcp->half[i].cutter);
	}
	free(f->tcp);
	f->tcp = NULL;
	mdl_ctx_free(f->x);
	f->x = NULL;
	mdl_trace_free(f->trace);
	f->trace = NULL;
	f->trace_bytes = 0;
}

void flow_table_end(struct flow_table *t, struct flow_entry *f)
{
	free_parts(f);
	DL_DELETE(t->live, f);
	DL_APPEND(t->ended, f);
	f->ended = true;
	t->held -= f->held;
	f->held = memory_of(f);
	t->held += f->held;
}

void flow_table_remove(struct flow_table *t, struct flow_entry *f)
{
	struct flow_entry **list = f->ended ? &t->ended : &t->live;
	DL_DELETE(*list, f);
	HASH_DEL(t->map, f);
	t->held -= f->held;
	free_parts(f);
	free(f);
}

void flow_table_fini(struct flow_table *t)
{
	while (t->map != NULL)
		flow_table_remove(t, t->map);
}
