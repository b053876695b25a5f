#include "core/msg.h"

#include <assert.h>
#include <stdlib.h>

#include "core/hash.h"

const char *mdl_carrier_text(enum mdl_carrier c)
{
	switch (c) {
	case MDL_DGRAM:
		return "dgram";
	case MDL_STREAM:
		return "stream";
	case MDL_PACKET:
		return "packet";
	}
	return "?";
}

struct mdl_msg *mdl_msg_new(enum mdl_dir dir, mdl_time at, struct mdl_slice bytes)
{
	struct mdl_msg *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return NULL;
	mdl_buf_init(&m->bytes, MDL_MSG_MAX);
	m->dir = dir;
	m->at = at;
	if (mdl_buf_add(&m->bytes, bytes) == MDL_OK)
		return m;
	mdl_msg_free(m);
	return NULL;
}

struct mdl_msg *mdl_msg_copy(const struct mdl_msg *m)
{
	struct mdl_msg *copy = mdl_msg_new(m->dir, m->at, mdl_buf_slice(&m->bytes));
	if (copy != NULL)
		copy->flags = m->flags;
	return copy;
}

void mdl_msg_free(struct mdl_msg *m)
{
	if (m == NULL)
		return;
	mdl_buf_fini(&m->bytes);
	free(m);
}

struct mdl_trace *mdl_trace_new(void)
{
	struct mdl_trace *t = calloc(1, sizeof(*t));
	if (t == NULL)
		return NULL;
	t->carrier = MDL_DGRAM;
	memcpy(t->proto, "raw", 4);
	return t;
}

struct mdl_trace *mdl_trace_copy(const struct mdl_trace *t)
{
	struct mdl_trace *copy = mdl_trace_new();
	if (copy == NULL)
		return NULL;
	*copy = *t;
	copy->v = NULL;
	copy->n = copy->cap = 0;
	for (size_t i = 0; i < t->n; i++) {
		struct mdl_msg *m = mdl_msg_copy(t->v[i]);
		if (m != NULL && mdl_trace_insert(copy, i, m) == MDL_OK)
			continue;
		mdl_msg_free(m);
		mdl_trace_free(copy);
		return NULL;
	}
	return copy;
}

void mdl_trace_free(struct mdl_trace *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->n; i++)
		mdl_msg_free(t->v[i]);
	free(t->v);
	free(t);
}

mdl_err mdl_trace_insert(struct mdl_trace *t, size_t at, struct mdl_msg *m)
{
	assert(at <= t->n);
	if (t->n == t->cap) {
		size_t cap = t->cap == 0 ? 4 : t->cap * 2;
		struct mdl_msg **v = reallocarray(t->v, cap, sizeof(struct mdl_msg *));
		if (v == NULL)
			return MDL_ENOMEM;
		t->v = v;
		t->cap = cap;
	}
	memmove(t->v + at + 1, t->v + at, (t->n - at) * sizeof(struct mdl_msg *));
	t->v[at] = m;
	t->n++;
	return MDL_OK;
}

mdl_err mdl_trace_add(struct mdl_trace *t, enum mdl_dir dir, mdl_time at, struct mdl_slice bytes)
{
	struct mdl_msg *m = mdl_msg_new(dir, at, bytes);
	if (m == NULL)
		return bytes.n > MDL_MSG_MAX ? MDL_ELIMIT : MDL_ENOMEM;
	mdl_err err = mdl_trace_insert(t, t->n, m);
	if (err != MDL_OK)
		mdl_msg_free(m);
	return err;
}

struct mdl_msg *mdl_trace_take(struct mdl_trace *t, size_t at)
{
	assert(at < t->n);
	struct mdl_msg *m = t->v[at];
	t->n--;
	memmove(t->v + at, t->v + at + 1, (t->n - at) * sizeof(struct mdl_msg *));
	return m;
}

size_t mdl_trace_count(const struct mdl_trace *t, enum mdl_dir dir)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		n += t->v[i]->dir == dir;
	return n;
}

size_t mdl_trace_bytes(const struct mdl_trace *t)
{
	size_t n = 0;
	for (size_t i = 0; i < t->n; i++)
		n += t->v[i]->bytes.n;
	return n;
}

uint64_t mdl_trace_hash(const struct mdl_trace *t)
{
	uint64_t h = mdl_hash_str(t->proto, (uint64_t)t->carrier);
	for (size_t i = 0; i < t->n; i++) {
		const struct mdl_msg *m = t->v[i];
		h = mdl_hash(mdl_buf_slice(&m->bytes), h + (uint64_t)m->dir);
	}
	return h;
}
