#include "replay/executor.h"

#include <stdlib.h>
#include <time.h>

struct executor {
	struct executor_conf conf;
	struct mdl_ctx *x[2];  /* for reading answers, by carrier */
	struct probe *probe;   /* made of the manner's bytes */
	unsigned probe_len;    /* of the bytes it was made of */
	bool told;	       /* that the target ended: with the case that ended it */
	bool hurry;	       /* see executor_hurry */
	struct mdl_trace *ask; /* a conversation that is nothing but the probe */
};

mdl_err executor_new(const struct executor_conf *conf, struct executor **out, struct mdl_why *why)
{
	struct executor *e = calloc(1, sizeof(*e));
	if (e == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	e->conf = *conf;
	mdl_err err = mdl_ctx_new(conf->proto, MDL_DGRAM, conf->settings, &e->x[0], why);
	if (err == MDL_OK)
		err = mdl_ctx_new(conf->proto, MDL_STREAM, conf->settings, &e->x[1], why);
	if (err == MDL_OK)
		*out = e;
	else
		executor_free(e);
	return err;
}

static void forget_probe(struct executor *e)
{
	probe_free(e->probe);
	mdl_trace_free(e->ask);
	e->probe = NULL;
	e->ask = NULL;
}

void executor_free(struct executor *e)
{
	if (e == NULL)
		return;
	forget_probe(e);
	mdl_ctx_free(e->x[0]);
	mdl_ctx_free(e->x[1]);
	free(e);
}

void outcome_fini(struct outcome *o)
{
	run_fini(&o->run);
}

struct target *executor_target(struct executor *e)
{
	return e->conf.target;
}

const struct executor_conf *executor_configuration(const struct executor *e)
{
	return &e->conf;
}

static struct mdl_ctx *ctx_for(struct executor *e, enum mdl_carrier carrier)
{
	return e->x[carrier == MDL_STREAM];
}

/* ---- the probe ---- */

static mdl_err make_probe(struct executor *e, struct mdl_why *why)
{
	const struct manner *m = e->conf.manner;
	if (!m->fence_on || e->probe != NULL)
		return MDL_OK;
	struct mdl_slice bytes = mdl_slice(m->probe, m->probe_len);
	mdl_err err = probe_new(e->conf.proto, e->conf.settings, bytes, &e->probe);
	if (err == MDL_OK && (e->ask = mdl_trace_new()) == NULL)
		err = MDL_ENOMEM;
	if (err == MDL_OK)
		err = mdl_trace_add(e->ask, MDL_C2S, 0, bytes);
	/* an answer that is waited for, whatever it says */
	if (err == MDL_OK)
		err = mdl_trace_add(e->ask, MDL_S2C, 1, bytes);
	return err == MDL_OK ? MDL_OK : mdl_fail(why, err, "out of memory");
}

bool executor_alive(struct executor *e, mdl_time patience)
{
	struct run r;
	struct manner patient = *e->conf.manner;
	if (!patient.fence_on || make_probe(e, NULL) != MDL_OK)
		return true;
	patient.fenced = false;
	patient.patience = patience;
	if (executor_try(e, &patient, e->ask, &r, NULL) != MDL_OK)
		return true;
	bool answered = mdl_trace_count(r.said, MDL_S2C) > 0;
	run_fini(&r);
	return answered;
}

/* ---- playing ---- */

mdl_err executor_ready(struct executor *e, struct mdl_why *why)
{
	return target_running(e->conf.target) ? MDL_OK : target_start(e->conf.target, why);
}

void executor_hurry(struct executor *e, bool on)
{
	e->hurry = on;
}

static mdl_time hang_after(const struct executor *e, const struct manner *m)
{
	return e->hurry ? m->hang_after / 5 : m->hang_after;
}

static mdl_err converse(struct executor *e, const struct manner *m, const struct mdl_trace *t,
			struct run *out, struct mdl_why *why)
{
	struct run_conf c = {
		.loop = e->conf.loop,
		.proto = e->conf.proto,
		.settings = e->conf.settings,
		.wait = PLAYER_ANSWERS,
		.patience = m->patience,
		.refresh = true,
		.eager_end = m->eager_end,
		.stop = target_ended,
		.ctx = e->conf.target,
		.log = e->conf.log,
	};
	if (m->fenced && t->carrier == MDL_DGRAM) {
		c.wait = PLAYER_FENCE;
		c.fence = e->probe;
		c.patience = hang_after(e, m);
	}
	if (!target_address(e->conf.target, t->carrier, &c.to))
		return mdl_fail(why, MDL_ENOTFOUND, "the target does not listen for %s",
				t->carrier == MDL_STREAM ? "streams" : "datagrams");
	return run_trace(&c, t, out, why);
}

mdl_err executor_try(struct executor *e, const struct manner *m, const struct mdl_trace *t,
		     struct run *out, struct mdl_why *why)
{
	mdl_err err = executor_ready(e, why);
	if (err == MDL_OK && m->fenced)
		err = make_probe(e, why);
	return err == MDL_OK ? converse(e, m, t, out, why) : err;
}

/* Was there any sign that the target still works? If not, it is asked. */
static bool still_alive(struct executor *e, const struct mdl_trace *t, const struct outcome *o)
{
	const struct manner *m = e->conf.manner;
	bool fenced = m->fenced && t->carrier == MDL_DGRAM;
	if (o->run.stopped || fenced || mdl_trace_count(o->run.said, MDL_S2C) > 0)
		return true;
	return executor_alive(e, hang_after(e, m));
}

/*
 * A target that dies closes its sockets a moment before its end can be seen. Nothing else makes a
 * datagram socket refuse, so there it is worth waiting.
 */
static void let_it_end(struct executor *e, const struct mdl_trace *t, const struct run *r)
{
	bool refused = t->carrier == MDL_DGRAM && r->outcome == PLAYER_RESET;
	mdl_time until = loop_clock() + (refused ? 500 : 5) * MDL_MS;
	loop_once(e->conf.loop, false);
	while (r->outcome != PLAYER_DONE && target_is_local(e->conf.target) &&
	       !target_ended(e->conf.target) && loop_clock() < until) {
		struct timespec nap = { 0, MDL_MS / 4 };
		nanosleep(&nap, NULL);
		loop_once(e->conf.loop, false);
	}
}

static mdl_err judge(struct executor *e, const struct mdl_trace *t, struct outcome *out)
{
	struct mdl_ctx *x = ctx_for(e, t->carrier);
	mdl_err err = features_read(x, &out->run, &out->features);
	if (err != MDL_OK)
		return err;
	bool alive = still_alive(e, t, out);
	let_it_end(e, t, &out->run);
	bool fenced = e->conf.manner->fenced && t->carrier == MDL_DGRAM;
	struct evidence ev = { e->conf.target, &out->run, &out->features, x, alive, fenced };
	oracle_ask(&ev, &out->suspicions);
	e->told = target_ended(e->conf.target);
	if (!alive || out->run.outcome == PLAYER_STUCK)
		target_stop(e->conf.target);
	return MDL_OK;
}

/* It ended after the case before this one was over: better told now than never. */
static void look_back(struct executor *e, struct outcome *out)
{
	static const struct run nothing;
	bool told = e->told;
	e->told = false;
	if (told || !target_ended(e->conf.target))
		return;
	struct evidence ev = { e->conf.target, &nothing, &out->features, e->x[0], true, true };
	oracle_ask(&ev, &out->suspicions);
}

mdl_err executor_play(struct executor *e, const struct mdl_trace *t, struct outcome *out,
		      struct mdl_why *why)
{
	memset(out, 0, sizeof(*out));
	look_back(e, out);
	unsigned starts = target_starts(e->conf.target);
	mdl_err err = executor_ready(e, why);
	if (err == MDL_OK)
		err = make_probe(e, why);
	if (err != MDL_OK)
		return err;
	out->restarted = target_starts(e->conf.target) != starts;
	target_forget_output(e->conf.target);
	err = converse(e, e->conf.manner, t, &out->run, why);
	if (err == MDL_OK && (err = judge(e, t, out)) != MDL_OK)
		mdl_fail(why, err, "out of memory");
	return err;
}

mdl_err executor_play_fresh(struct executor *e, const struct mdl_trace *t, struct outcome *out,
			    struct mdl_why *why)
{
	target_stop(e->conf.target);
	return executor_play(e, t, out, why);
}
