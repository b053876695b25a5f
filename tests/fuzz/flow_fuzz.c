/*
 * A flow with a stage that delays in order, and a script of calls: every byte that went in comes out
 * once and in its order, the half-close behind them, whatever is called from wherever; and the flow
 * is freed exactly once.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum op {
	INPUT_C2S,
	INPUT_S2C,
	END_C2S,
	END_S2C,
	RESUME,
	RUN,
	FLUSH,
	DELAY_C2S,
	DELAY_S2C,
	BACKLOG,
	CLOSE,
	RESET,
	GONE,
	CLOSE_IN_EVENT,
	INPUT_IN_EVENT,
	N_OPS
};

enum { HELD_MAX = 24, PIECE_MAX = 63 };

struct play {
	struct rig r; /* the first member, so that hooks find the rest */
	struct hand *hand;
	struct mdl_buf in[2]; /* what went in before the end of it */
	bool ended[2];
	struct mdl_slice script;
	mdl_time now;
};

static void give(struct play *p, enum mdl_dir dir, size_t n)
{
	struct mdl_slice piece = mdl_slice_sub(p->script, 0, n);
	p->script = mdl_slice_sub(p->script, n, SIZE_MAX);
	if (!p->ended[dir] && mdl_buf_add(&p->in[dir], piece) != MDL_OK)
		abort();
	flow_input(p->r.flow, dir, piece, p->now);
}

static void close_in_event(struct rig *r, enum flow_event ev, mdl_time now)
{
	flow_close(r->flow, ev == FLOW_RESET, NULL, now);
}

static void input_in_event(struct rig *r, enum flow_event ev, mdl_time now)
{
	struct play *p = (struct play *)r;
	(void)now;
	r->hook = NULL;
	if (ev == FLOW_HALF_CLOSED)
		give(p, MDL_S2C, 3);
}

static void resume_all(struct play *p)
{
	while (p->r.flow != NULL && p->hand->n_held > 0)
		hand_resume(p->hand, p->now);
}

/* While something is held, what comes behind it has to be held too, or it would overtake. */
static void set_delay(struct play *p, enum mdl_dir dir, bool on)
{
	if (!on)
		resume_all(p);
	if (p->r.flow != NULL)
		p->hand->mood[dir] = on ? HAND_TAKE : HAND_PASS;
}

static void end_gone(struct play *p, unsigned arg)
{
	struct end_mem *e = arg & 1 ? p->r.client : p->r.server;
	if (e->closing)
		end_mem_gone(e, p->now);
}

static void step(struct play *p, enum op op, unsigned arg)
{
	struct flow *f = p->r.flow;
	p->now += arg;
	switch (op) {
	case INPUT_C2S:
	case INPUT_S2C:
		give(p, op == INPUT_C2S ? MDL_C2S : MDL_S2C, arg & PIECE_MAX);
		break;
	case END_C2S:
	case END_S2C:
		p->ended[op == END_S2C] = true;
		flow_input_end(f, op == END_C2S ? MDL_C2S : MDL_S2C, p->now);
		break;
	case RESUME:
		if (p->hand->n_held > 0)
			hand_resume(p->hand, p->now);
		break;
	case RUN:
		p->hand->release = arg;
		flow_run(f, p->now);
		break;
	case FLUSH:
		flow_flush(f, p->now);
		break;
	case DELAY_C2S:
	case DELAY_S2C:
		set_delay(p, op == DELAY_C2S ? MDL_C2S : MDL_S2C, arg & 1);
		break;
	case BACKLOG:
		(arg & 1 ? p->r.client : p->r.server)->fake_backlog = arg * 64;
		break;
	case CLOSE:
	case RESET:
		flow_close(f, op == RESET, "the script says so", p->now);
		break;
	case GONE:
		end_gone(p, arg);
		break;
	case CLOSE_IN_EVENT:
		p->r.hook = close_in_event;
		break;
	case INPUT_IN_EVENT:
		p->r.hook = input_in_event;
		break;
	case N_OPS:
		break;
	}
}

/* What arrived is how what went in begins; all of it before a half-close that was passed on. */
static void check(struct play *p, enum mdl_dir dir)
{
	struct mdl_buf got;
	struct end_mem *to = dir == MDL_C2S ? p->r.server : p->r.client;
	rig_got(&p->r, dir, &got);
	assert(got.n <= p->in[dir].n);
	assert(got.n == 0 || memcmp(got.p, p->in[dir].p, got.n) == 0);
	assert(!to->shut || (got.n == p->in[dir].n && to->got_at_shut == to->got->n));
	mdl_buf_fini(&got);
}

static void open_play(struct play *p, uint8_t how)
{
	if (!rig_init(&p->r, MDL_STREAM))
		abort();
	for (unsigned i = 0; i < MDL_COUNT(p->in); i++)
		mdl_buf_init(&p->in[i], MDL_BUF_MAX);
	p->hand = rig_hand(&p->r);
	p->r.client->slow_close = how & 1;
	p->r.server->slow_close = how & 2;
	p->r.conf.queue_max = how & 4 ? 4096 : 0;
	rig_open(&p->r, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = { .now = 1 };
	open_play(&p, size > 0 ? data[0] : 0);
	p.script = mdl_slice_sub(mdl_slice(data, size), 1, 4096);
	while (p.r.flow != NULL && p.script.n >= 2 && p.r.n_events < RIG_LOG_MAX / 2) {
		enum op op = p.script.p[0] % N_OPS;
		unsigned arg = p.script.p[1];
		p.script = mdl_slice_sub(p.script, 2, SIZE_MAX);
		if (p.hand->n_held > HELD_MAX)
			resume_all(&p);
		if (p.r.flow != NULL)
			step(&p, op, arg);
		check(&p, MDL_C2S);
		check(&p, MDL_S2C);
	}
	p.r.hook = NULL;
	rig_close(&p.r);
	assert(rig_events(&p.r, FLOW_CLOSED) == 1);
	for (unsigned i = 0; i < MDL_COUNT(p.in); i++)
		mdl_buf_fini(&p.in[i]);
	return 0;
}
