/** Traces that say the same in all that the text form keeps. */
#pragma once

#include "core/msg.h"

static inline bool msg_eq(const struct mdl_msg *a, const struct mdl_msg *b)
{
	return a->dir == b->dir && a->at == b->at && a->flags == b->flags &&
	       mdl_slice_eq(mdl_buf_slice(&a->bytes), mdl_buf_slice(&b->bytes));
}

static inline bool trace_eq(const struct mdl_trace *a, const struct mdl_trace *b)
{
	if (a->n != b->n || a->carrier != b->carrier || a->start != b->start ||
	    strcmp(a->proto, b->proto) != 0 || strcmp(a->source, b->source) != 0 ||
	    !mdl_inet_eq(&a->client, &b->client) || !mdl_inet_eq(&a->server, &b->server))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!msg_eq(a->v[i], b->v[i]))
			return false;
	return true;
}
