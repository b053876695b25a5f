#include "replay/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "proxy/dial.h"
#include "proxy/flow.h"

enum { MESSAGES_MAX = 256 };

/* A conversation under way. */
struct talk {
	const struct run_conf *conf;
	const struct mdl_trace *trace;
	struct run *out;
	size_t room;	 /* messages the result may hold */
	mdl_time first;	 /* when the first was said */
	bool done, gone; /* the player is done; the flow is freed */
	mdl_err err;
};

static void on_said(void *ctx, const struct player_event *ev, mdl_time now)
{
	struct talk *t = ctx;
	struct run *r = t->out;
	if (r->said->n == t->room) {
		r->left_out++;
		return;
	}
	if (r->said->n == 0)
		t->first = now;
	if (mdl_trace_add(r->said, ev->m->dir, now - t->first, mdl_buf_slice(&ev->m->bytes)) !=
	    MDL_OK) {
		t->err = MDL_ENOMEM;
		return;
	}
	r->said->v[r->said->n - 1]->flags = ev->m->flags;
	r->info[r->said->n - 1] = (struct run_said){ ev->request, ev->recorded, ev->latency };
}

static void on_done(void *ctx, enum player_outcome o, mdl_time now)
{
	struct talk *t = ctx;
	t->out->outcome = o;
	t->out->took = t->out->said->n == 0 ? 0 : now - t->first;
	t->done = true;
}

static void on_event(void *ctx, struct flow *f, enum flow_event ev, enum mdl_dir dir, mdl_time now)
{
	struct talk *t = ctx;
	(void)dir;
	(void)now;
	if (ev != FLOW_CLOSED)
		return;
	snprintf(t->out->reason, sizeof(t->out->reason), "%s", flow_reason(f));
	t->gone = true;
}

static mdl_err prepare(struct talk *t)
{
	struct run *r = t->out;
	memset(r, 0, sizeof(*r));
	t->room = t->conf->messages_max == 0 ? MESSAGES_MAX : t->conf->messages_max;
	r->said = mdl_trace_new();
	r->info = calloc(t->room, sizeof(*r->info));
	if (r->said == NULL || r->info == NULL)
		return MDL_ENOMEM;
	snprintf(r->said->proto, sizeof(r->said->proto), "%s", t->conf->proto->name);
	r->said->carrier = t->trace->carrier;
	r->said->client = t->trace->client;
	if (mdl_addr_inet(&t->conf->to, &r->said->server) != MDL_OK)
		r->said->server = t->trace->server;
	return MDL_OK;
}

/* Opens both ends and the flow between them. */
static mdl_err open_flow(struct talk *t, struct mdl_ctx *x, struct flow **out, struct mdl_why *why)
{
	const struct run_conf *c = t->conf;
	struct player_conf pc = { .trace = t->trace,
				  .x = x,
				  .side = MDL_C2S,
				  .wait = c->wait,
				  .start = loop_now(c->loop),
				  .patience = c->patience,
				  .fence = c->fence,
				  .refresh = c->refresh,
				  .eager_end = c->eager_end,
				  .on_event = on_said,
				  .on_done = on_done,
				  .ctx = t };
	struct flow_conf fc = { .proto = c->proto,
				.carrier = t->trace->carrier,
				.whole_messages = true,
				.settings = c->settings,
				.log = c->log,
				.host = loop_host(c->loop),
				.on_event = on_event,
				.ctx = t };
	struct end *peer;
	mdl_err err = dial(c->loop, &c->to, &peer, why);
	if (err != MDL_OK)
		return err;
	struct end *player = player_new(&pc);
	err = player == NULL ? mdl_fail(why, MDL_ENOMEM, "out of memory")
			     : flow_new(&fc, player, peer, NULL, 0, loop_now(c->loop), out, why);
	if (err != MDL_OK) {
		end_discard(player, loop_now(c->loop));
		end_discard(peer, loop_now(c->loop));
	}
	return err;
}

static void converse(struct talk *t, struct flow *f)
{
	const struct run_conf *c = t->conf;
	flow_touch(f);
	while (!t->done && !t->gone && !t->out->stopped && t->err == MDL_OK) {
		loop_once(c->loop, true);
		t->out->stopped = c->stop != NULL && c->stop(c->ctx);
	}
	if (!t->gone)
		flow_close(f, true, NULL, loop_now(c->loop));
	while (!t->gone)
		loop_once(c->loop, true);
}

mdl_err run_trace(const struct run_conf *conf, const struct mdl_trace *t, struct run *out,
		  struct mdl_why *why)
{
	struct talk talk = { .conf = conf, .trace = t, .out = out };
	struct mdl_ctx *x = NULL;
	struct flow *f = NULL;
	mdl_err err = prepare(&talk);
	if (err != MDL_OK)
		mdl_fail(why, err, "out of memory");
	if (err == MDL_OK)
		err = mdl_ctx_new(conf->proto, t->carrier, conf->settings, &x, why);
	if (err == MDL_OK)
		err = open_flow(&talk, x, &f, why);
	if (err == MDL_OK) {
		converse(&talk, f);
		err = talk.err == MDL_OK ? MDL_OK : mdl_fail(why, talk.err, "out of memory");
	}
	mdl_ctx_free(x);
	if (err != MDL_OK)
		run_fini(out);
	return err;
}

void run_fini(struct run *r)
{
	mdl_trace_free(r->said);
	free(r->info);
	r->said = NULL;
	r->info = NULL;
}
