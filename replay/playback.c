#include "replay/playback.h"

#include <stdlib.h>

#include "protocols/registry.h"
#include "proxy/dial.h"
#include "proxy/flow.h"

enum { AT_ONCE = 512 };

/*
 * What wakes us is late by some tens of microseconds, so that much is spent looking at the clock: not
 * more, for on a busy machine who spins is who has to wait when it counts. Conversations are opened
 * before that, which takes about as long.
 */
static const mdl_time spin = 100 * MDL_US, ahead = 200 * MDL_US;

struct playback;

/* One conversation. */
struct session {
	struct playback *p;
	size_t trace;
	struct flow *flow;
	struct mdl_ctx *x;
	bool done; /* the player is done; the flow shall be closed */
	struct session *prev, *next;
};

struct playback {
	const struct playback_conf *conf;
	struct playback_stats *out;
	size_t *order;		      /* traces by the moment they begin */
	size_t next;		      /* of them, to be opened */
	struct session *open, *ended; /* running; to be closed and freed */
	unsigned n_open;
	mdl_time start, first, last;
	struct mdl_hist *late;
	struct timer timer;
	mdl_err err;
	struct mdl_why *why;
};

/* ---- one session ---- */

static void on_event(void *ctx, const struct player_event *ev, mdl_time now)
{
	struct session *s = ctx;
	struct playback *p = s->p;
	const struct mdl_trace *t = p->conf->traces[s->trace];
	if (ev->m->dir == MDL_C2S) {
		if (p->out->sent++ == 0)
			p->first = now;
		p->out->sent_bytes += ev->m->bytes.n;
		p->last = now;
		if (p->conf->paced) {
			mdl_time late = now - (p->start + t->start + t->v[ev->request]->at);
			mdl_hist_add(p->late, late < 0 ? 0 : (uint64_t)late);
			p->out->drift = late;
		}
	} else {
		p->out->got++;
		p->out->got_bytes += ev->m->bytes.n;
	}
	if (p->conf->on_event != NULL)
		p->conf->on_event(p->conf->ctx, s->trace, ev, now);
}

static void on_done(void *ctx, enum player_outcome o, mdl_time now)
{
	struct session *s = ctx;
	(void)now;
	s->done = true;
	if (s->p->conf->on_done != NULL)
		s->p->conf->on_done(s->p->conf->ctx, s->trace, o,
				    s->flow == NULL ? "" : flow_reason(s->flow));
}

static void on_flow(void *ctx, struct flow *f, enum flow_event ev, enum mdl_dir dir, mdl_time now)
{
	struct session *s = ctx;
	(void)f;
	(void)dir;
	(void)now;
	if (ev == FLOW_CLOSED)
		s->flow = NULL;
}

static mdl_err open_flow(struct session *s, const struct mdl_addr *to)
{
	const struct playback_conf *c = s->p->conf;
	const struct mdl_trace *t = c->traces[s->trace];
	const struct mdl_protocol *proto = mdl_protocol_find(t->proto);
	mdl_time now = loop_now(c->loop);
	struct end *player = NULL, *peer = NULL;
	proto = proto == NULL ? &mdl_raw : proto;
	mdl_err err = mdl_ctx_new(proto, t->carrier, c->settings, &s->x, s->p->why);
	if (err == MDL_OK)
		err = dial(c->loop, to, &peer, s->p->why);
	if (err != MDL_OK)
		return err;
	struct player_conf pc = { .trace = t,
				  .x = s->x,
				  .side = MDL_C2S,
				  .wait = c->wait,
				  .paced = c->paced,
				  .start = s->p->start + t->start,
				  .patience = c->patience,
				  .refresh = true,
				  .window = c->window,
				  .on_event = on_event,
				  .on_done = on_done,
				  .ctx = s };
	struct flow_conf fc = { .proto = proto,
				.carrier = t->carrier,
				.whole_messages = true,
				.settings = c->settings,
				.id = s->trace,
				.log = c->log,
				.host = loop_host(c->loop),
				.on_event = on_flow,
				.ctx = s };
	player = player_new(&pc);
	err = player == NULL ? mdl_fail(s->p->why, MDL_ENOMEM, "out of memory")
			     : flow_new(&fc, player, peer, NULL, 0, now, &s->flow, s->p->why);
	if (err != MDL_OK) {
		end_discard(player, now);
		end_discard(peer, now);
	}
	return err;
}

static void link_session(struct session **list, struct session *s)
{
	s->prev = NULL;
	s->next = *list;
	if (*list != NULL)
		(*list)->prev = s;
	*list = s;
}

static void unlink_session(struct session **list, struct session *s)
{
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		*list = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
}

static void session_free(struct session *s)
{
	mdl_ctx_free(s->x);
	free(s);
}

static mdl_err begin_session(struct playback *p, size_t trace)
{
	struct mdl_addr to;
	if (!p->conf->address(p->conf->ctx, p->conf->traces[trace]->carrier, &to)) {
		p->out->left_out++;
		return MDL_OK;
	}
	struct session *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return mdl_fail(p->why, MDL_ENOMEM, "out of memory");
	s->p = p;
	s->trace = trace;
	mdl_err err = open_flow(s, &to);
	if (err != MDL_OK) {
		session_free(s);
		return err;
	}
	p->out->flows++;
	p->n_open++;
	link_session(&p->open, s);
	flow_touch(s->flow);
	return MDL_OK;
}

/* ---- all of them ---- */

static mdl_time moment_of(const struct playback *p, size_t place)
{
	return p->start + p->conf->traces[p->order[place]]->start;
}

static unsigned at_once(const struct playback *p)
{
	return p->conf->at_once == 0 ? AT_ONCE : p->conf->at_once;
}

/* Begins what is due, as far as there is room, and asks to be woken for the next. */
static void begin_due(struct playback *p)
{
	mdl_time now = loop_now(p->conf->loop);
	while (p->err == MDL_OK && p->next < p->conf->n && p->n_open < at_once(p) &&
	       (!p->conf->paced || moment_of(p, p->next) - ahead <= now))
		p->err = begin_session(p, p->order[p->next++]);
	if (p->conf->paced && p->next < p->conf->n && p->n_open < at_once(p))
		loop_timer(p->conf->loop, &p->timer, moment_of(p, p->next) - ahead);
	else
		loop_timer_stop(p->conf->loop, &p->timer);
}

static void on_timer(struct timer *t, mdl_time now)
{
	(void)t; /* begin_due is called after every wake */
	(void)now;
}

/* Closes what is done and frees what is gone. */
static void end_sessions(struct playback *p, bool all)
{
	struct session *next;
	for (struct session *s = p->open; s != NULL; s = next) {
		next = s->next;
		if (!s->done && s->flow != NULL && !all)
			continue;
		unlink_session(&p->open, s);
		link_session(&p->ended, s);
		p->n_open--;
		s->done = true;
		if (s->flow != NULL)
			flow_close(s->flow, all, NULL, loop_now(p->conf->loop));
	}
	for (struct session *s = p->ended; s != NULL; s = next) {
		next = s->next;
		if (s->flow != NULL)
			continue;
		unlink_session(&p->ended, s);
		session_free(s);
	}
}

static bool stopped(const struct playback *p)
{
	return p->err != MDL_OK || (p->conf->stop != NULL && p->conf->stop(p->conf->ctx));
}

static void play(struct playback *p)
{
	begin_due(p);
	while ((p->open != NULL || p->next < p->conf->n) && !stopped(p)) {
		loop_once(p->conf->loop, true);
		end_sessions(p, false);
		begin_due(p);
	}
	loop_timer_stop(p->conf->loop, &p->timer);
	for (end_sessions(p, true); p->ended != NULL; end_sessions(p, true))
		loop_once(p->conf->loop, true);
}

/* qsort has no context: what is sorted brings its moment along. */
struct begin {
	mdl_time at;
	size_t trace;
};

static int by_begin(const void *x, const void *y)
{
	const struct begin *a = x, *b = y;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return (a->trace > b->trace) - (a->trace < b->trace);
}

static bool sort_traces(struct playback *p)
{
	size_t n = p->conf->n;
	struct begin *v = malloc((n + 1) * sizeof(*v));
	p->order = malloc((n + 1) * sizeof(*p->order));
	if (v == NULL || p->order == NULL) {
		free(v);
		return false;
	}
	for (size_t i = 0; i < n; i++)
		v[i] = (struct begin){ p->conf->traces[i]->start, i };
	qsort(v, n, sizeof(*v), by_begin);
	for (size_t i = 0; i < n; i++)
		p->order[i] = v[i].trace;
	free(v);
	return true;
}

mdl_err playback_run(const struct playback_conf *conf, struct playback_stats *out,
		     struct mdl_why *why)
{
	struct playback p = { .conf = conf, .out = out, .timer.fire = on_timer, .why = why };
	memset(out, 0, sizeof(*out));
	p.late = calloc(1, sizeof(*p.late));
	if (p.late == NULL || !sort_traces(&p))
		p.err = mdl_fail(why, MDL_ENOMEM, "out of memory");
	else {
		loop_spin(conf->loop, conf->paced ? spin : 0);
		loop_once(conf->loop, false);
		p.start = loop_now(conf->loop) + MDL_MS;
		play(&p);
		out->took = p.last - p.first;
		out->late_p50 = (mdl_time)mdl_hist_quantile(p.late, 0.5);
		out->late_p99 = (mdl_time)mdl_hist_quantile(p.late, 0.99);
		out->late_max = (mdl_time)p.late->max;
		loop_spin(conf->loop, 0);
	}
	free(p.order);
	free(p.late);
	return p.err;
}
