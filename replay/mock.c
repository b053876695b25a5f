#include "replay/mock.h"

#include <stdlib.h>
#include <time.h>
#include <utlist.h>

#include "core/map.h"
#include "protocols/diff.h"
#include "proxy/flow.h"
#include "replay/bind.h"
#include "replay/exchange.h"

/* A recorded request: where it stands, and its answers. */
struct known {
	size_t trace;
	uint32_t msg;
	struct known *next; /* with the same key */
};

/* Requests that say the same, leaving aside what differs between equal runs. */
struct key {
	uint64_t hash;
	struct known *list, *turn; /* all of them; the one whose turn it is */
	UT_hash_handle hh;
};

enum { LANES = 2 };

struct mock {
	struct mock_conf conf;
	struct mdl_ctx *x[LANES]; /* by carrier, for taking recorded messages apart */
	struct exchange **pairs;  /* of each trace */
	struct key *keys[LANES];
	size_t n;
};

static size_t lane_of(enum mdl_carrier carrier)
{
	return carrier == MDL_STREAM;
}

/* ---- what is known ---- */

static mdl_err hash_request(struct mdl_ctx *x, struct mdl_slice msg, struct mdl_fields *f,
			    uint64_t *out)
{
	x->dir = MDL_C2S;
	struct mdl_view v = { msg, f, mdl_dissect(x, msg, f) };
	if (v.err == MDL_ENOMEM)
		return v.err;
	*out = mdl_diff_hash(&v, NULL, false);
	return MDL_OK;
}

static struct key *key_for(struct mock *m, size_t lane, uint64_t hash)
{
	struct key *k;
	HASH_FIND (hh, m->keys[lane], &hash, sizeof(hash), k)
		;
	if (k != NULL || (k = calloc(1, sizeof(*k))) == NULL)
		return k;
	k->hash = hash;
	HASH_ADD(hh, m->keys[lane], hash, sizeof(k->hash), k);
	if (mdl_map_added(k))
		return k;
	free(k);
	return NULL;
}

static mdl_err add_request(struct mock *m, size_t trace, uint32_t i, struct mdl_fields *f)
{
	const struct mdl_trace *t = m->conf.traces[trace];
	size_t lane = lane_of(t->carrier);
	uint64_t hash;
	mdl_err err = hash_request(m->x[lane], mdl_buf_slice(&t->v[i]->bytes), f, &hash);
	struct key *k = err == MDL_OK ? key_for(m, lane, hash) : NULL;
	struct known *known = k == NULL ? NULL : calloc(1, sizeof(*known));
	if (known == NULL)
		return MDL_ENOMEM;
	known->trace = trace;
	known->msg = i;
	LL_APPEND(k->list, known);
	k->turn = k->list;
	m->n++;
	return MDL_OK;
}

static mdl_err learn(struct mock *m)
{
	struct mdl_fields f;
	mdl_err err = MDL_OK;
	mdl_fields_init(&f);
	m->pairs = calloc(m->conf.n + 1, sizeof(struct exchange *));
	if (m->pairs == NULL)
		return MDL_ENOMEM;
	for (size_t i = 0; err == MDL_OK && i < m->conf.n; i++) {
		const struct mdl_trace *t = m->conf.traces[i];
		m->pairs[i] = exchange_new(m->x[lane_of(t->carrier)], t, MDL_C2S);
		err = m->pairs[i] == NULL ? MDL_ENOMEM : MDL_OK;
		for (uint32_t k = 0; err == MDL_OK && k < t->n; k++)
			if (t->v[k]->dir == MDL_C2S)
				err = add_request(m, i, k, &f);
	}
	mdl_fields_fini(&f);
	return err;
}

mdl_err mock_new(const struct mock_conf *conf, struct mock **out, struct mdl_why *why)
{
	struct mock *m = calloc(1, sizeof(*m));
	if (m == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	m->conf = *conf;
	mdl_err err = mdl_ctx_new(conf->proto, MDL_DGRAM, conf->settings, &m->x[0], why);
	if (err == MDL_OK)
		err = mdl_ctx_new(conf->proto, MDL_STREAM, conf->settings, &m->x[1], why);
	if (err == MDL_OK && learn(m) != MDL_OK)
		err = mdl_fail(why, MDL_ENOMEM, "out of memory");
	if (err == MDL_OK)
		*out = m;
	else
		mock_free(m);
	return err;
}

static void free_keys(struct key **keys)
{
	struct key *k, *next;
	HASH_ITER (hh, *keys, k, next) {
		struct known *e, *tmp;
		HASH_DEL(*keys, k);
		LL_FOREACH_SAFE (k->list, e, tmp)
			free(e);
		free(k);
	}
}

void mock_free(struct mock *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; m->pairs != NULL && i < m->conf.n; i++)
		exchange_free(m->pairs[i]);
	free(m->pairs);
	for (size_t i = 0; i < LANES; i++) {
		free_keys(&m->keys[i]);
		mdl_ctx_free(m->x[i]);
	}
	free(m);
}

size_t mock_requests(const struct mock *m)
{
	return m->n;
}

/* ---- one client ---- */

/* An answer that waits for its moment. */
struct due {
	mdl_time at;
	struct mdl_msg *m;
	struct due *next;
};

struct mock_client {
	struct end end;
	struct mock *mock;
	struct mdl_ctx *x; /* this conversation's */
	struct mdl_fields recorded, live;
	struct bind *bind;
	struct due *queue; /* in order of time */
	bool shut;	   /* the client will say no more */
};

static struct mock_client *self(const struct end *e)
{
	return (struct mock_client *)(uintptr_t)e;
}

static void put_due(struct mock_client *c, struct mdl_msg *m, mdl_time at)
{
	struct due *d = calloc(1, sizeof(*d)), **p = &c->queue;
	if (d == NULL) {
		flow_drop(c->end.flow, m);
		return;
	}
	d->at = at;
	d->m = m;
	while (*p != NULL && (*p)->at <= at)
		p = &(*p)->next;
	d->next = *p;
	*p = d;
}

/* The request of the capture that this one is; the next of several equal ones each time. */
static struct known *find(struct mock_client *c, struct mdl_slice request, enum mdl_carrier carrier)
{
	struct mock *m = c->mock;
	struct key *k;
	uint64_t hash;
	if (hash_request(c->x, request, &c->live, &hash) != MDL_OK)
		return NULL;
	HASH_FIND (hh, m->keys[lane_of(carrier)], &hash, sizeof(hash), k)
		;
	if (k == NULL)
		return NULL;
	struct known *known = k->turn;
	k->turn = known->next == NULL ? k->list : known->next;
	return known;
}

/* Puts what the live client gave into a recorded answer. */
static mdl_err adapt(struct mock_client *c, struct mdl_msg *m)
{
	struct mdl_repair how = { .what = MDL_REL_LENGTH | MDL_REL_OFFSET | MDL_REL_NOW |
					  MDL_REL_SEAL,
				  .now = time(NULL) };
	bool changed;
	c->x->dir = MDL_S2C;
	if (mdl_dissect(c->x, mdl_buf_slice(&m->bytes), &c->recorded) != MDL_OK)
		return MDL_OK; /* said as it was */
	mdl_err err = bind_apply(c->bind, &m->bytes, &c->recorded, &changed);
	return err == MDL_OK && changed ? mdl_repair(c->x, &m->bytes, &c->recorded, &how) : err;
}

static mdl_err bind_request(struct mock_client *c, struct mdl_slice recorded, struct mdl_slice live)
{
	c->x->dir = MDL_C2S;
	bind_clear(c->bind);
	if (mdl_dissect(c->x, recorded, &c->recorded) == MDL_ENOMEM ||
	    mdl_dissect(c->x, live, &c->live) == MDL_ENOMEM)
		return MDL_ENOMEM;
	return bind_learn(c->bind, &c->recorded, recorded, &c->live, live);
}

static size_t answer(struct mock_client *c, const struct known *k, struct mdl_slice live,
		     mdl_time now)
{
	const struct mdl_trace *t = c->mock->conf.traces[k->trace];
	const struct exchange *pairs = c->mock->pairs[k->trace];
	uint32_t n = 0, i;
	if (bind_request(c, mdl_buf_slice(&t->v[k->msg]->bytes), live) != MDL_OK)
		return 0;
	while ((i = exchange_answer(pairs, k->msg, n)) != EXCHANGE_NONE) {
		mdl_time wait = c->mock->conf.paced
					? (mdl_time)((double)(t->v[i]->at - t->v[k->msg]->at) /
						     c->mock->conf.factor)
					: 0;
		struct mdl_msg *m =
			flow_make(c->end.flow, MDL_S2C, now, mdl_buf_slice(&t->v[i]->bytes));
		n++;
		if (m == NULL)
			continue;
		if (adapt(c, m) == MDL_OK)
			put_due(c, m, now + wait);
		else
			flow_drop(c->end.flow, m);
	}
	return n;
}

static void heard(struct end *e, struct mdl_msg *m, mdl_time now)
{
	struct mock_client *c = self(e);
	struct mdl_slice request = mdl_buf_slice(&m->bytes);
	struct known *k = find(c, request, c->x->carrier);
	size_t n = k == NULL ? 0 : answer(c, k, request, now);
	if (c->mock->conf.on_request != NULL)
		c->mock->conf.on_request(c->mock->conf.ctx, request, n, now);
	flow_recycle(e->flow, m);
	flow_touch(e->flow);
}

static mdl_time due(const struct end *e)
{
	const struct mock_client *c = self(e);
	if (c->queue != NULL)
		return c->queue->at;
	return c->shut ? 0 : MDL_NEVER;
}

static void run(struct end *e, mdl_time now)
{
	struct mock_client *c = self(e);
	while (c->queue != NULL && c->queue->at <= now) {
		struct due *d = c->queue;
		c->queue = d->next;
		flow_input_msg(e->flow, d->m, now);
		free(d);
	}
	if (c->queue == NULL && c->shut) {
		c->shut = false;
		flow_input_end(e->flow, MDL_S2C, now);
	}
}

static void client_shut(struct end *e, mdl_time now)
{
	(void)now;
	self(e)->shut = true;
	flow_touch(e->flow);
}

static void close_client(struct end *e, bool reset, mdl_time now)
{
	struct mock_client *c = self(e);
	struct flow *f = e->flow;
	enum mdl_dir dir = e->dir;
	(void)reset;
	while (c->queue != NULL) {
		struct due *d = c->queue;
		c->queue = d->next;
		mdl_msg_free(d->m);
		free(d);
	}
	bind_free(c->bind);
	mdl_fields_fini(&c->recorded);
	mdl_fields_fini(&c->live);
	mdl_ctx_free(c->x);
	free(c);
	if (f != NULL)
		flow_end_closed(f, dir, now);
}

static const struct end_ops ops = {
	.name = "mock",
	.send = heard,
	.shutdown = client_shut,
	.due = due,
	.run = run,
	.close = close_client,
};

struct end *mock_end(struct mock *m, enum mdl_carrier carrier)
{
	struct mock_client *c = calloc(1, sizeof(*c));
	if (c == NULL)
		return NULL;
	c->end.ops = &ops;
	c->mock = m;
	mdl_fields_init(&c->recorded);
	mdl_fields_init(&c->live);
	c->bind = bind_new();
	if (c->bind != NULL &&
	    mdl_ctx_new(m->conf.proto, carrier, m->conf.settings, &c->x, NULL) == MDL_OK)
		return &c->end;
	bind_free(c->bind);
	free(c);
	return NULL;
}
