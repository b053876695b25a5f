#include "proxy/end_mem.h"

#include <stdlib.h>

#include "proxy/flow.h"

static void mem_send(struct end *e, struct mdl_msg *m, mdl_time now)
{
	struct end_mem *mem = (struct end_mem *)e;
	m->at = now;
	m->next = NULL;
	if (mdl_trace_insert(mem->got, mem->got->n, m) != MDL_OK)
		flow_drop(e->flow, m);
}

static void mem_flush(struct end *e, mdl_time now)
{
	(void)now;
	((struct end_mem *)e)->flushes++;
}

static size_t mem_backlog(const struct end *e)
{
	return ((const struct end_mem *)e)->fake_backlog;
}

static void mem_pause(struct end *e, bool on)
{
	struct end_mem *mem = (struct end_mem *)e;
	mem->paused = on;
	mem->pauses += on;
}

static void mem_shutdown(struct end *e, mdl_time now)
{
	(void)now;
	struct end_mem *mem = (struct end_mem *)e;
	mem->shut = true;
	mem->got_at_shut = mem->got->n;
}

void end_mem_gone(struct end_mem *mem, mdl_time now)
{
	if (mem->gone)
		return;
	mem->gone = true;
	if (mem->end.flow != NULL)
		flow_end_closed(mem->end.flow, mem->end.dir, now);
}

static void mem_close(struct end *e, bool reset, mdl_time now)
{
	struct end_mem *mem = (struct end_mem *)e;
	mem->closing = true;
	mem->was_reset |= reset;
	if (!mem->slow_close || reset)
		end_mem_gone(mem, now);
}

static const struct end_ops ops = {
	.name = "memory",
	.send = mem_send,
	.flush = mem_flush,
	.backlog = mem_backlog,
	.pause = mem_pause,
	.shutdown = mem_shutdown,
	.close = mem_close,
};

struct end_mem *end_mem_new(void)
{
	struct end_mem *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return NULL;
	e->end.ops = &ops;
	e->got = mdl_trace_new();
	if (e->got != NULL)
		return e;
	free(e);
	return NULL;
}

void end_mem_free(struct end_mem *e)
{
	if (e == NULL)
		return;
	mdl_trace_free(e->got);
	free(e);
}
