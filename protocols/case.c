/* Seeds and the working copies that are made of them. */
#include <stdio.h>
#include <stdlib.h>

#include "protocols/mutate.h"

struct mdl_seed *mdl_seed_new(struct mdl_ctx *x, const struct mdl_trace *t)
{
	struct mdl_seed *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->trace = t;
	s->index = calloc(t->n == 0 ? 1 : t->n, sizeof(*s->index));
	mdl_err err = s->index == NULL ? MDL_ENOMEM : MDL_OK;
	for (size_t i = 0; err != MDL_ENOMEM && i < t->n; i++) {
		x->dir = t->v[i]->dir;
		err = mdl_dissect(x, mdl_buf_slice(&t->v[i]->bytes), &s->index[i]);
	}
	if (err != MDL_ENOMEM)
		return s; /* what is malformed is a seed too */
	mdl_seed_free(s);
	return NULL;
}

void mdl_seed_free(struct mdl_seed *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; s->index != NULL && i < s->trace->n; i++)
		mdl_fields_fini(&s->index[i]);
	free(s->index);
	free(s);
}

struct mdl_case *mdl_case_new(struct mdl_ctx *x, enum mdl_dir side)
{
	struct mdl_case *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->x = x;
	c->side = side;
	return c;
}

void mdl_case_free(struct mdl_case *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < MDL_CASE_MSGS_MAX && c->v[i] != NULL; i++) {
		mdl_buf_fini(&c->v[i]->bytes);
		mdl_fields_fini(&c->v[i]->index);
		free(c->v[i]);
	}
	free(c);
}

/* The struct behind the last message, made when first needed and kept. */
static struct mdl_case_msg *spare(struct mdl_case *c)
{
	if (c->n == MDL_CASE_MSGS_MAX)
		return NULL;
	struct mdl_case_msg *m = c->v[c->n];
	if (m == NULL && (m = calloc(1, sizeof(*m))) != NULL) {
		mdl_buf_init(&m->bytes, MDL_CASE_MSG_MAX);
		c->v[c->n] = m;
	}
	return m;
}

mdl_err mdl_case_load(struct mdl_case *c, const struct mdl_seed *s)
{
	c->n = 0;
	for (size_t i = 0; i < s->trace->n && i < MDL_CASE_MSGS_MAX; i++) {
		const struct mdl_msg *from = s->trace->v[i];
		struct mdl_case_msg *m = spare(c);
		mdl_err err = m == NULL ? MDL_ENOMEM
					: mdl_buf_set(&m->bytes, mdl_buf_slice(&from->bytes));
		if (err == MDL_OK)
			err = mdl_fields_copy(&m->index, &s->index[i]);
		if (err != MDL_OK)
			return err;
		m->dir = from->dir;
		m->at = from->at;
		m->flags = from->flags;
		m->changed = false;
		c->n++;
	}
	return MDL_OK;
}

mdl_err mdl_case_insert(struct mdl_case *c, size_t at, enum mdl_dir dir, mdl_time when,
			struct mdl_slice bytes)
{
	struct mdl_case_msg *m = spare(c);
	if (m == NULL)
		return c->n == MDL_CASE_MSGS_MAX ? MDL_ELIMIT : MDL_ENOMEM;
	mdl_err err = mdl_buf_set(&m->bytes, bytes);
	if (err != MDL_OK)
		return err;
	c->x->dir = dir;
	if (mdl_dissect(c->x, mdl_buf_slice(&m->bytes), &m->index) == MDL_ENOMEM)
		return MDL_ENOMEM;
	m->dir = dir;
	m->at = when;
	m->flags = 0;
	m->changed = true;
	if (at > c->n)
		at = c->n;
	memmove(c->v + at + 1, c->v + at, (c->n - at) * sizeof(struct mdl_case_msg *));
	c->v[at] = m;
	c->n++;
	return MDL_OK;
}

void mdl_case_remove(struct mdl_case *c, size_t at)
{
	if (at >= c->n)
		return;
	struct mdl_case_msg *m = c->v[at];
	c->n--;
	memmove(c->v + at, c->v + at + 1, (c->n - at) * sizeof(struct mdl_case_msg *));
	c->v[c->n] = m;
}

/* Relation fields that have bytes in off .. end are as they are on purpose. */
static void pin(struct mdl_fields *f, size_t off, size_t end)
{
	for (uint32_t i = 0; i < f->n && f->v[i].off < end; i++)
		if (f->v[i].off + f->v[i].len > off && mdl_field_def(f, i)->flags != 0)
			f->v[i].pinned = true;
}

mdl_err mdl_case_edit(struct mdl_case_msg *m, size_t off, size_t len, struct mdl_slice with)
{
	mdl_err err = mdl_field_edit(&m->bytes, &m->index, off, len, with);
	if (err != MDL_OK)
		return err;
	pin(&m->index, off, off + (with.n < len ? with.n : len));
	m->changed = true;
	return MDL_OK;
}

struct mdl_trace *mdl_case_trace(const struct mdl_case *c, const struct mdl_trace *like)
{
	struct mdl_trace *t = mdl_trace_new();
	if (t == NULL)
		return NULL;
	snprintf(t->proto, sizeof(t->proto), "%s", like->proto);
	snprintf(t->source, sizeof(t->source), "%s", like->source);
	t->carrier = like->carrier;
	t->client = like->client;
	t->server = like->server;
	t->start = like->start;
	for (size_t i = 0; i < c->n; i++) {
		const struct mdl_case_msg *m = c->v[i];
		if (mdl_trace_add(t, m->dir, m->at, mdl_buf_slice(&m->bytes)) != MDL_OK) {
			mdl_trace_free(t);
			return NULL;
		}
		t->v[i]->flags = m->flags | (m->changed ? MDL_MSG_MADE : 0);
	}
	return t;
}

mdl_err mdl_case_repair(struct mdl_case *c, const struct mdl_repair *how)
{
	for (size_t i = 0; i < c->n; i++) {
		struct mdl_case_msg *m = c->v[i];
		c->x->dir = m->dir;
		mdl_err err = m->changed ? mdl_repair(c->x, &m->bytes, &m->index, how) : MDL_OK;
		if (err != MDL_OK && err != MDL_ELIMIT)
			return err;
	}
	return MDL_OK;
}
