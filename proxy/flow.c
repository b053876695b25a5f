#include "proxy/flow.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "protocols/registry.h"
#include "proxy/framer.h"

/* One direction: from the end it comes in at, through the stages, to the other end. */
struct half {
	struct end *from; /* NULL once it is gone */
	struct framer framer;
	size_t held; /* charges of the messages that stages hold; 0: none */
	bool ended;  /* no more comes in */
	bool shut;   /* that was passed on */
	bool paused;
};

struct flow {
	struct half half[2]; /* by direction */
	struct stage *stages[FLOW_STAGES_MAX];
	unsigned n_stages;
	unsigned depth; /* of our functions that are running */
	bool framed;	/* streams are cut into messages */
	bool guessing;	/* no byte has been seen yet to guess from */
	bool opened, closing, dirty;
	struct mdl_ctx *x;
	struct pool *pool;
	struct flow_seat seat;
	struct flow_stats stats;
	struct flow_conf conf;
	mdl_time born;
	struct mdl_why reason;
};

static struct end *end_to(const struct flow *f, enum mdl_dir dir)
{
	return f->half[mdl_dir_other(dir)].from;
}

static void tell(struct flow *f, enum flow_event ev, enum mdl_dir dir, mdl_time now)
{
	f->dirty = true; /* whatever is told may change what is due */
	for (unsigned i = 0; i < f->n_stages; i++)
		if (f->stages[i]->ops->on_event != NULL)
			f->stages[i]->ops->on_event(f->stages[i], ev, dir, now);
	if (f->conf.on_event != NULL)
		f->conf.on_event(f->conf.ctx, f, ev, dir, now);
}

/* ---- back-pressure, half-close, end: looked at when the outermost call leaves ---- */

/* What waits in one direction, in stages and in the queue of the end it goes to. */
static size_t load(const struct flow *f, enum mdl_dir dir)
{
	const struct end *to = end_to(f, dir);
	size_t queued = to == NULL || to->ops->backlog == NULL ? 0 : to->ops->backlog(to);
	return f->half[dir].held + queued;
}

static void balance(struct flow *f, enum mdl_dir dir, mdl_time now)
{
	struct half *h = &f->half[dir];
	size_t waiting = load(f, dir);
	if (waiting > f->conf.queue_max && f->conf.carrier == MDL_STREAM) {
		flow_close(f, true, "too much is waiting to be sent", now);
		return;
	}
	bool full = waiting > f->conf.queue_max / (h->paused ? FLOW_LOW : FLOW_HIGH);
	if (full == h->paused || h->from == NULL || h->from->ops->pause == NULL)
		return;
	h->paused = full;
	h->from->ops->pause(h->from, full);
}

/* The half-close leaves when nothing is under way before it any more. */
static void pass_end(struct flow *f, enum mdl_dir dir, mdl_time now)
{
	struct half *h = &f->half[dir];
	if (!h->ended || h->shut || h->held > 0)
		return;
	h->shut = true;
	f->dirty = true;
	struct end *to = end_to(f, dir);
	if (to != NULL && to->ops->shutdown != NULL)
		to->ops->shutdown(to, now);
}

static void settle(struct flow *f, mdl_time now)
{
	for (enum mdl_dir dir = MDL_C2S; dir <= MDL_S2C && !f->closing; dir++) {
		pass_end(f, dir, now);
		balance(f, dir, now);
	}
	struct half *h = f->half;
	if ((h[0].shut && h[1].shut) || h[0].from == NULL || h[1].from == NULL)
		flow_close(f, false, NULL, now);
}

static void say_closed(const struct flow *f)
{
	const struct flow_stats *s = &f->stats;
	mdl_log(f->conf.log, MDL_DEBUG,
		"flow close id=%" PRIu64 " proto=%s msgs=%" PRIu64 "/%" PRIu64 " bytes=%" PRIu64
		"/%" PRIu64 " dropped=%" PRIu64 "/%" PRIu64 "%s%s%s%s",
		f->conf.id, f->x->proto->name, s->msgs[0], s->msgs[1], s->bytes[0], s->bytes[1],
		s->dropped[0], s->dropped[1], s->degraded ? " degraded" : "",
		f->reason.text[0] == 0 ? "" : " reason=\"", f->reason.text,
		f->reason.text[0] == 0 ? "" : "\"");
}

static void flow_free(struct flow *f)
{
	for (unsigned i = 0; i < f->n_stages; i++)
		stage_free(f->stages[i]);
	for (unsigned i = 0; i < MDL_COUNT(f->half); i++)
		framer_fini(&f->half[i].framer);
	mdl_ctx_free(f->x);
	free(f);
}

static void enter(struct flow *f, mdl_time now)
{
	f->depth++;
	if (f->opened)
		return;
	f->opened = true;
	tell(f, FLOW_OPENED, MDL_C2S, now);
}

/* The flow may be gone afterwards. */
static void leave(struct flow *f, mdl_time now)
{
	if (f->depth == 1)
		settle(f, now);
	if (f->depth == 1 && f->half[0].from == NULL && f->half[1].from == NULL) {
		tell(f, FLOW_CLOSED, MDL_C2S, now);
		say_closed(f);
		if (f->conf.host != NULL)
			f->conf.host->forget(f->conf.host->ctx, f);
		flow_free(f);
		return;
	}
	if (--f->depth == 0 && f->dirty)
		flow_touch(f);
}

void flow_close(struct flow *f, bool reset, const char *reason, mdl_time now)
{
	enter(f, now);
	if (reason != NULL && f->reason.text[0] == 0)
		mdl_fail(&f->reason, MDL_ECLOSED, "%s", reason);
	if (!f->closing || reset) {
		f->closing = true;
		for (unsigned i = 0; i < MDL_COUNT(f->half); i++) {
			struct end *e = f->half[i].from;
			if (e != NULL)
				e->ops->close(e, reset, now);
		}
	}
	leave(f, now);
}

void flow_end_closed(struct flow *f, enum mdl_dir dir, mdl_time now)
{
	enter(f, now);
	f->half[dir].from = NULL;
	leave(f, now);
}

void flow_touch(struct flow *f)
{
	f->dirty = true;
	if (f->depth == 0 && !f->seat.touched && f->conf.host != NULL)
		f->conf.host->touch(f->conf.host->ctx, f);
}

/* ---- messages on their way ---- */

struct mdl_msg *flow_make(struct flow *f, enum mdl_dir dir, mdl_time at, struct mdl_slice bytes)
{
	return pool_make(f->pool, dir, at, bytes);
}

static void release(struct flow *f, struct mdl_msg *m)
{
	if (m->charge == 0)
		return;
	f->half[m->dir].held -= m->charge;
	m->charge = 0;
	f->dirty = true; /* a half-close may have waited for it */
}

void flow_recycle(struct flow *f, struct mdl_msg *m)
{
	release(f, m);
	pool_put(f->pool, m);
}

void flow_drop(struct flow *f, struct mdl_msg *m)
{
	f->stats.dropped[m->dir]++;
	flow_recycle(f, m);
}

void flow_hold(struct flow *f, struct mdl_msg *m)
{
	release(f, m);
	m->charge = m->bytes.n + sizeof(*m); /* empty ones count too */
	f->half[m->dir].held += m->charge;
}

static void deliver(struct flow *f, struct mdl_msg *m, mdl_time now)
{
	struct end *to = end_to(f, m->dir);
	if (to == NULL || f->closing || f->half[m->dir].shut) {
		flow_drop(f, m);
		return;
	}
	f->stats.sent[m->dir]++;
	to->ops->send(to, m, now);
}

/* Shows `m` to the stages from place `i` on, and sends what they let pass. */
static void pass(struct flow *f, struct mdl_msg *m, unsigned i, mdl_time now)
{
	f->dirty = true;
	for (; i < f->n_stages && !f->closing; i++) {
		switch (f->stages[i]->ops->on_msg(f->stages[i], m, now)) {
		case STAGE_PASS:
			break;
		case STAGE_DROP:
			flow_drop(f, m);
			return;
		case STAGE_TAKE:
			flow_hold(f, m);
			return;
		}
	}
	deliver(f, m, now);
}

void flow_resume(struct stage *s, struct mdl_msg *m, mdl_time now)
{
	struct flow *f = s->flow;
	enter(f, now);
	release(f, m);
	pass(f, m, s->place + 1, now);
	leave(f, now);
}

/* A message came in: counted, and dropped if a datagram finds too much before it. */
static void begin(struct flow *f, struct mdl_msg *m, mdl_time now)
{
	f->stats.msgs[m->dir]++;
	f->stats.bytes[m->dir] += m->bytes.n;
	if (f->conf.carrier != MDL_STREAM && load(f, m->dir) + m->bytes.n > f->conf.queue_max)
		flow_drop(f, m);
	else
		pass(f, m, 0, now);
}

/* ---- input ---- */

/* For want of memory a stream ends and a datagram is lost. */
static void admit(struct flow *f, enum mdl_dir dir, struct mdl_slice bytes, unsigned flags,
		  mdl_time now)
{
	struct mdl_msg *m = flow_make(f, dir, now, bytes);
	if (m != NULL) {
		m->flags = flags;
		begin(f, m, now);
	} else if (f->conf.carrier == MDL_STREAM) {
		flow_close(f, true, "out of memory", now);
	} else {
		f->stats.dropped[dir]++;
	}
}

/* Bytes that never became a message go on as they are. */
static void admit_rest(struct flow *f, enum mdl_dir dir, mdl_time now)
{
	struct mdl_slice rest = framer_rest(&f->half[dir].framer);
	if (rest.n > 0)
		admit(f, dir, rest, MDL_MSG_RAW, now);
}

/*
 * From now on bytes pass as they come; first those that were waiting to become messages, which is
 * also seen to where input comes, for those that answer the event with input.
 */
static void degrade(struct flow *f, enum mdl_dir dir, mdl_time now)
{
	f->framed = false;
	f->stats.degraded = true;
	mdl_log(f->conf.log, MDL_DEBUG, "flow degraded id=%" PRIu64 " proto=%s", f->conf.id,
		f->x->proto->name);
	tell(f, FLOW_DEGRADED, dir, now);
	admit_rest(f, dir, now);
	admit_rest(f, mdl_dir_other(dir), now);
}

static void cut(struct flow *f, enum mdl_dir dir, struct mdl_slice piece, mdl_time now)
{
	struct framer *c = &f->half[dir].framer;
	mdl_err err = framer_feed(c, piece);
	while (err == MDL_OK && !f->closing) {
		struct mdl_slice msg;
		f->x->dir = dir;
		err = framer_next(c, f->x, &msg);
		if (err == MDL_OK)
			admit(f, dir, msg, 0, now);
	}
	if (err == MDL_EMORE)
		err = framer_keep(c);
	if (err == MDL_ENOMEM)
		flow_close(f, true, "out of memory", now);
	else if (err != MDL_OK && f->framed)
		degrade(f, dir, now);
}

static void input_stream(struct flow *f, enum mdl_dir dir, struct mdl_slice bytes, mdl_time now)
{
	while (bytes.n > 0 && !f->closing) {
		struct mdl_slice piece = mdl_slice_sub(bytes, 0, FLOW_PENDING_MAX);
		if (f->stats.degraded)
			admit_rest(f, dir, now);
		if (f->framed && f->x->proto->frame != NULL)
			cut(f, dir, piece, now);
		else
			admit(f, dir, piece, f->stats.degraded ? MDL_MSG_RAW : 0, now);
		bytes = mdl_slice_sub(bytes, piece.n, SIZE_MAX);
	}
}

/* A protocol whose context cannot be made stays raw: a proxy must not break what it cannot read. */
static void guess(struct flow *f, struct mdl_slice first)
{
	struct mdl_ctx *x;
	struct mdl_why why;
	f->guessing = false;
	const struct mdl_protocol *p = mdl_protocol_guess(f->conf.carrier, first, FLOW_GUESS);
	if (p == f->x->proto)
		return;
	if (mdl_ctx_new(p, f->conf.carrier, f->conf.settings, &x, &why) != MDL_OK) {
		mdl_log(f->conf.log, MDL_DEBUG, "flow raw id=%" PRIu64 " proto=%s: %s", f->conf.id,
			p->name, why.text);
		return;
	}
	mdl_ctx_free(f->x);
	f->x = x;
}

void flow_input(struct flow *f, enum mdl_dir dir, struct mdl_slice bytes, mdl_time now)
{
	enter(f, now);
	if (!f->closing && !f->half[dir].ended) {
		if (f->guessing)
			guess(f, bytes);
		if (f->conf.carrier == MDL_STREAM)
			input_stream(f, dir, bytes, now);
		else
			admit(f, dir, bytes, 0, now);
	}
	leave(f, now);
}

void flow_input_msg(struct flow *f, struct mdl_msg *m, mdl_time now)
{
	enter(f, now);
	if (f->closing || f->half[m->dir].ended)
		flow_drop(f, m);
	else
		begin(f, m, now);
	leave(f, now);
}

void flow_input_end(struct flow *f, enum mdl_dir dir, mdl_time now)
{
	struct half *h = &f->half[dir];
	enter(f, now);
	if (!f->closing && !h->ended) {
		admit_rest(f, dir, now);
		h->ended = true;
		tell(f, FLOW_HALF_CLOSED, dir, now);
	}
	leave(f, now);
}

void flow_input_reset(struct flow *f, enum mdl_dir dir, const char *reason, mdl_time now)
{
	enter(f, now);
	if (f->reason.text[0] == 0)
		mdl_fail(&f->reason, MDL_ECLOSED, "%s", reason);
	if (!f->closing)
		tell(f, FLOW_RESET, dir, now);
	flow_close(f, true, NULL, now);
	leave(f, now);
}

/* ---- time ---- */

mdl_time flow_due(const struct flow *f)
{
	mdl_time due = f->opened ? MDL_NEVER : f->born;
	for (unsigned i = 0; i < f->n_stages && !f->closing; i++) {
		const struct stage *s = f->stages[i];
		if (s->ops->due != NULL)
			due = mdl_time_min(due, s->ops->due(s));
	}
	for (unsigned i = 0; i < MDL_COUNT(f->half); i++) {
		const struct end *e = f->half[i].from;
		if (e != NULL && e->ops->due != NULL)
			due = mdl_time_min(due, e->ops->due(e));
	}
	return due;
}

void flow_run(struct flow *f, mdl_time now)
{
	enter(f, now);
	f->dirty = true;
	for (unsigned i = 0; i < f->n_stages && !f->closing; i++) {
		struct stage *s = f->stages[i];
		if (s->ops->due != NULL && s->ops->due(s) <= now)
			s->ops->run(s, now);
	}
	for (unsigned i = 0; i < MDL_COUNT(f->half); i++) {
		struct end *e = f->half[i].from;
		if (e != NULL && e->ops->due != NULL && e->ops->due(e) <= now)
			e->ops->run(e, now);
	}
	leave(f, now);
}

void flow_flush(struct flow *f, mdl_time now)
{
	enter(f, now);
	f->dirty = false;
	for (unsigned i = 0; i < MDL_COUNT(f->half); i++) {
		struct end *e = f->half[i].from;
		if (e != NULL && e->ops->flush != NULL)
			e->ops->flush(e, now);
	}
	leave(f, now);
}

/* ---- life ---- */

static mdl_err check(const struct flow_conf *conf, size_t n_stages, struct mdl_why *why)
{
	if (n_stages > FLOW_STAGES_MAX)
		return mdl_fail(why, MDL_EINVAL, "more than %d stages", FLOW_STAGES_MAX);
	if (conf->proto != NULL && (conf->proto->carriers & conf->carrier) == 0)
		return mdl_fail(why, MDL_EINVAL, "%s is not carried by a %s", conf->proto->name,
				mdl_carrier_text(conf->carrier));
	return MDL_OK;
}

static void take_end(struct flow *f, struct end *e, enum mdl_dir dir)
{
	assert(e->flow == NULL);
	e->flow = f;
	e->dir = dir;
	f->half[dir].from = e;
	framer_init(&f->half[dir].framer, FLOW_PENDING_MAX);
}

static void take_stages(struct flow *f, struct stage *const *stages, size_t n)
{
	struct mdl_rng rng = mdl_rng_fork(&f->conf.rng, "flow", f->conf.id);
	for (f->n_stages = 0; f->n_stages < n; f->n_stages++) {
		struct stage *s = stages[f->n_stages];
		f->stages[f->n_stages] = s;
		s->flow = f;
		s->place = f->n_stages;
		s->rng = mdl_rng_fork(&rng, s->ops->name, s->place);
	}
}

mdl_err flow_new(const struct flow_conf *conf, struct end *client, struct end *server,
		 struct stage *const *stages, size_t n_stages, mdl_time now, struct flow **out,
		 struct mdl_why *why)
{
	mdl_err err = check(conf, n_stages, why);
	if (err != MDL_OK)
		return err;
	struct flow *f = calloc(1, sizeof(*f));
	if (f == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	err = mdl_ctx_new(conf->proto == NULL ? &mdl_raw : conf->proto, conf->carrier,
			  conf->settings, &f->x, why);
	if (err != MDL_OK) {
		free(f);
		return err;
	}
	f->conf = *conf;
	if (conf->queue_max == 0)
		f->conf.queue_max = FLOW_QUEUE_MAX;
	f->pool = conf->host == NULL ? NULL : conf->host->pool;
	f->guessing = conf->proto == NULL;
	f->framed = n_stages > 0 || conf->whole_messages;
	f->born = now;
	f->seat.flow = f;
	take_end(f, client, MDL_C2S);
	take_end(f, server, MDL_S2C);
	take_stages(f, stages, n_stages);
	*out = f;
	flow_touch(f);
	return MDL_OK;
}

struct mdl_ctx *flow_ctx(struct flow *f)
{
	return f->x;
}

struct flow_seat *flow_seat(struct flow *f)
{
	return &f->seat;
}

const struct flow_stats *flow_stats(const struct flow *f)
{
	return &f->stats;
}

const struct mdl_protocol *flow_proto(const struct flow *f)
{
	return f->x->proto;
}

uint64_t flow_id(const struct flow *f)
{
	return f->conf.id;
}

const char *flow_reason(const struct flow *f)
{
	return f->reason.text;
}

struct end *flow_end(struct flow *f, enum mdl_dir dir)
{
	return f->half[dir].from;
}
