#include "proxy/pool.h"

static struct mdl_msg *take(struct pool *p)
{
	struct mdl_msg *m = p->first;
	p->first = m->next;
	p->n--;
	p->bytes -= m->bytes.cap;
	return m;
}

struct mdl_msg *pool_make(struct pool *p, enum mdl_dir dir, mdl_time at, struct mdl_slice bytes)
{
	if (p == NULL || p->first == NULL)
		return mdl_msg_new(dir, at, bytes);
	struct mdl_msg *m = take(p);
	if (mdl_buf_set(&m->bytes, bytes) != MDL_OK) {
		mdl_msg_free(m);
		return NULL;
	}
	m->dir = dir;
	m->at = at;
	m->flags = 0;
	m->next = NULL;
	m->charge = 0;
	return m;
}

void pool_put(struct pool *p, struct mdl_msg *m)
{
	if (m == NULL)
		return;
	if (p == NULL || p->n == POOL_MSGS_MAX || m->bytes.cap > POOL_BYTES_MAX - p->bytes) {
		mdl_msg_free(m);
		return;
	}
	m->next = p->first;
	p->first = m;
	p->n++;
	p->bytes += m->bytes.cap;
}

void pool_fini(struct pool *p)
{
	while (p->first != NULL)
		mdl_msg_free(take(p));
}
