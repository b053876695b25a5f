/** Messages in the order they came, with the bytes they hold together. Begin with zeros. */
#pragma once

#include "core/msg.h"

struct queue {
	struct mdl_msg *first, *last;
	size_t bytes;
};

static inline void queue_put(struct queue *q, struct mdl_msg *m)
{
	m->next = NULL;
	if (q->first == NULL)
		q->first = m;
	else
		q->last->next = m;
	q->last = m;
	q->bytes += m->bytes.n;
}

/** The first message, which is the caller's now; NULL if there is none. */
static inline struct mdl_msg *queue_take(struct queue *q)
{
	struct mdl_msg *m = q->first;
	if (m == NULL)
		return NULL;
	q->first = m->next;
	q->bytes -= m->bytes.n;
	m->next = NULL;
	return m;
}
