#include "replay/player.h"

#include <stdlib.h>
#include <time.h>

#include "proxy/flow.h"
#include "replay/bind.h"
#include "replay/exchange.h"

enum { BURST = 64 };

struct player {
	struct end end;
	struct player_conf conf;
	struct exchange *exchange;
	struct bind *bind;
	struct mdl_fields ours, theirs; /* scratch */
	uint32_t next;	   /* place in the trace of our next message; n when all is said */
	uint32_t expected; /* messages the peer had said before that one */
	uint32_t asked;	   /* answers that what we said had in the trace */
	uint32_t got;	   /* messages the peer has said, or is forgiven for */
	mdl_time deadline; /* of what we wait for now */
	uint64_t fences;   /* sent so far */
	bool fence_open;   /* the last one is not answered yet */
	bool paused, ended, peer_ended, done;
};

const char *player_outcome_text(enum player_outcome o)
{
	static const char *const texts[] = { "done", "closed by the peer", "reset by the peer",
					     "stuck" };
	return texts[o];
}

static struct player *self(const struct end *e)
{
	return (struct player *)(uintptr_t)e;
}

static bool all_said(const struct player *p)
{
	return p->next == p->conf.trace->n;
}

static bool on_stream(const struct player *p)
{
	return p->conf.trace->carrier == MDL_STREAM;
}

/* Moves to our next message behind `from`, counting what the peer had said in between. */
static void seek(struct player *p, uint32_t from)
{
	const struct mdl_trace *t = p->conf.trace;
	for (p->next = from; p->next < t->n && t->v[p->next]->dir != p->conf.side; p->next++)
		p->expected++;
}

static mdl_time moment_of(const struct player *p, uint32_t i)
{
	return p->conf.paced ? mdl_time_add(p->conf.start, p->conf.trace->v[i]->at) : 0;
}

/* Is there something that has to come before we go on? */
static bool answers_missing(const struct player *p)
{
	if (p->conf.wait == PLAYER_FENCE)
		return p->fence_open;
	if (p->conf.wait == PLAYER_ANSWERS || all_said(p))
		return p->got < p->expected;
	return p->conf.window > 0 && p->asked >= p->got + p->conf.window;
}

static void finish(struct player *p, enum player_outcome o, mdl_time now)
{
	if (p->done)
		return;
	p->done = true;
	p->conf.on_done(p->conf.ctx, o, now);
}

static void tell(struct player *p, const struct player_event *ev, mdl_time now)
{
	if (p->conf.on_event != NULL)
		p->conf.on_event(p->conf.ctx, ev, now);
}

/* ---- what we say ---- */

/* Puts live values in, and makes clocks and seals new where the message is as it was recorded. */
static mdl_err adapt(struct player *p, struct mdl_msg *m)
{
	bool made = (m->flags & MDL_MSG_MADE) != 0, bound = false;
	p->conf.x->dir = p->conf.side;
	if (mdl_dissect(p->conf.x, mdl_buf_slice(&m->bytes), &p->ours) == MDL_ENOMEM)
		return MDL_ENOMEM;
	mdl_err err = bind_apply(p->bind, &m->bytes, &p->ours, &bound);
	if (err != MDL_OK || made || (!bound && !p->conf.refresh))
		return err;
	struct mdl_repair how = { .what = MDL_REL_LENGTH | MDL_REL_OFFSET, .now = time(NULL) };
	if (p->conf.refresh)
		how.what |= MDL_REL_NOW | MDL_REL_SEAL;
	return mdl_repair(p->conf.x, &m->bytes, &p->ours, &how);
}

static void say_fence(struct player *p, struct mdl_slice before, mdl_time now)
{
	struct mdl_slice bytes = probe_bytes(p->conf.fence, ++p->fences, before);
	struct mdl_msg *m = flow_make(p->end.flow, p->conf.side, now, bytes);
	if (m == NULL)
		return;
	p->fence_open = true;
	flow_input_msg(p->end.flow, m, now);
}

static void say(struct player *p, mdl_time now)
{
	uint32_t i = p->next;
	const struct mdl_msg *recorded = p->conf.trace->v[i];
	struct mdl_msg *m =
		flow_make(p->end.flow, p->conf.side, now, mdl_buf_slice(&recorded->bytes));
	seek(p, i + 1);
	p->deadline = mdl_time_add(now, p->conf.patience);
	if (m == NULL)
		return;
	m->flags = recorded->flags;
	if (adapt(p, m) != MDL_OK ||
	    exchange_sent(p->exchange, i, mdl_buf_slice(&m->bytes), now) != MDL_OK) {
		flow_recycle(p->end.flow, m);
		return;
	}
	p->asked += exchange_answers(p->exchange, i);
	tell(p, &(struct player_event){ m, i, EXCHANGE_NONE, 0 }, now);
	flow_input_msg(p->end.flow, m, now);
	if (p->conf.wait == PLAYER_FENCE && !p->done)
		say_fence(p, mdl_buf_slice(&recorded->bytes), now);
}

/* All is said and heard: a stream is half-closed and the peer's end awaited. */
static void wind_up(struct player *p, mdl_time now)
{
	if (!on_stream(p) || p->peer_ended) {
		finish(p, PLAYER_DONE, now);
		return;
	}
	if (!p->ended) {
		p->ended = true;
		p->deadline = mdl_time_add(now, p->conf.patience);
		flow_input_end(p->end.flow, p->conf.side, now);
	} else if (now >= p->deadline)
		finish(p, PLAYER_DONE, now);
}

static void give_up_waiting(struct player *p, mdl_time now)
{
	if (p->fence_open)
		finish(p, PLAYER_STUCK, now);
	p->fence_open = false;
	/* what did not come is forgiven */
	if (p->got < p->expected)
		p->got = p->expected;
	if (p->got < p->asked)
		p->got = p->asked;
}

static void run(struct end *e, mdl_time now)
{
	struct player *p = self(e);
	unsigned burst = p->conf.burst == 0 ? BURST : p->conf.burst;
	if (answers_missing(p) && now >= p->deadline)
		give_up_waiting(p, now);
	while (burst-- > 0 && !p->done && !p->paused && !all_said(p) && !answers_missing(p) &&
	       moment_of(p, p->next) <= now)
		say(p, now);
	if (!p->done && all_said(p) && (!answers_missing(p) || (p->conf.eager_end && on_stream(p))))
		wind_up(p, now);
}

static mdl_time due(const struct end *e)
{
	const struct player *p = self(e);
	if (p->done)
		return MDL_NEVER;
	if (answers_missing(p) && !(all_said(p) && p->conf.eager_end && !p->ended && on_stream(p)))
		return p->deadline;
	if (all_said(p))
		return p->ended ? p->deadline : 0;
	return p->paused ? MDL_NEVER : moment_of(p, p->next);
}

/* ---- what we hear ---- */

static void hear(struct player *p, const struct mdl_msg *m, mdl_time now)
{
	struct mdl_slice live = mdl_buf_slice(&m->bytes);
	struct exchange_match match = exchange_got(p->exchange, live);
	struct player_event ev = { m, match.request, match.recorded, now - match.sent };
	p->got++;
	tell(p, &ev, now);
	if (match.recorded == EXCHANGE_NONE)
		return;
	struct mdl_slice recorded = mdl_buf_slice(&p->conf.trace->v[match.recorded]->bytes);
	p->conf.x->dir = mdl_dir_other(p->conf.side);
	if (mdl_dissect(p->conf.x, recorded, &p->ours) == MDL_OK &&
	    mdl_dissect(p->conf.x, live, &p->theirs) == MDL_OK &&
	    bind_learn(p->bind, &p->ours, recorded, &p->theirs, live) != MDL_OK)
		bind_clear(p->bind); /* out of memory: the recorded values then stand */
}

static void heard(struct end *e, struct mdl_msg *m, mdl_time now)
{
	struct player *p = self(e);
	if (p->fence_open && probe_answered(p->conf.fence, mdl_buf_slice(&m->bytes)))
		p->fence_open = false;
	else if (!p->done)
		hear(p, m, now);
	flow_recycle(e->flow, m);
	flow_touch(e->flow);
}

static void pause_player(struct end *e, bool on)
{
	self(e)->paused = on;
	flow_touch(e->flow);
}

static void peer_shut(struct end *e, mdl_time now)
{
	struct player *p = self(e);
	p->peer_ended = true;
	finish(p, all_said(p) ? PLAYER_DONE : PLAYER_CLOSED, now);
}

static void close_player(struct end *e, bool reset, mdl_time now)
{
	struct player *p = self(e);
	struct flow *f = e->flow;
	if (f != NULL && !p->done)
		finish(p, reset ? PLAYER_RESET : PLAYER_CLOSED, now);
	enum mdl_dir dir = e->dir;
	exchange_free(p->exchange);
	bind_free(p->bind);
	mdl_fields_fini(&p->ours);
	mdl_fields_fini(&p->theirs);
	free(p);
	if (f != NULL)
		flow_end_closed(f, dir, now);
}

static const struct end_ops ops = {
	.name = "player",
	.send = heard,
	.pause = pause_player,
	.shutdown = peer_shut,
	.due = due,
	.run = run,
	.close = close_player,
};

struct end *player_new(const struct player_conf *conf)
{
	struct player *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->end.ops = &ops;
	p->conf = *conf;
	mdl_fields_init(&p->ours);
	mdl_fields_init(&p->theirs);
	p->exchange = exchange_new(conf->x, conf->trace, conf->side);
	p->bind = bind_new();
	if (p->exchange == NULL || p->bind == NULL) {
		exchange_free(p->exchange);
		bind_free(p->bind);
		free(p);
		return NULL;
	}
	if (conf->wait == PLAYER_FENCE)
		exchange_one_by_one(p->exchange);
	seek(p, 0);
	if (p->expected > 0) /* the peer speaks first */
		p->deadline = mdl_time_add(conf->start, conf->patience);
	return &p->end;
}
