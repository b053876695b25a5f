/*
 * A UDP socket that many peers share: each has an end of its own, found by its address. What they
 * send waits in queues of their own and is written together.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <utlist.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/hash.h"
#include "proxy/batch.h"
#include "proxy/listen_kind.h"
#include "proxy/queue.h"

enum { RECEIVE_ROOM = 4 << 20 };

struct hub;

struct peer {
	struct end end;
	struct hub *hub;
	struct mdl_inet addr;
	union sock_addr sa;
	socklen_t sa_len;
	struct queue out;
	mdl_time seen;		    /* when something last went either way */
	bool known;		    /* in the table and in the order of being seen */
	bool waiting;		    /* in the list of those with something to write */
	bool closing;		    /* goes when its queue is empty */
	bool done;		    /* is about to go */
	struct peer *prev, *next;   /* by when they were seen */
	struct peer *wprev, *wnext; /* among those waiting */
	UT_hash_handle hh;
};

struct hub {
	struct listener base;
	struct peer *table;
	struct peer *seen; /* the one that has been quiet for longest first */
	struct peer *last; /* the one found last: datagrams come in runs */
	struct peer *waiting;
	size_t queued; /* bytes that wait in all queues */
	uint64_t seed; /* so that nobody can choose addresses that fall together */
	struct timer idle;
	bool blocked; /* the socket had no room */
};

/* ---- who is known ---- */

static unsigned hash_of(const struct hub *u, const struct mdl_inet *addr)
{
	return (unsigned)mdl_hash(mdl_slice(addr, sizeof(*addr)), u->seed);
}

static struct peer *find(struct hub *u, const struct mdl_inet *addr)
{
	struct peer *p = u->last;
	if (p != NULL && mdl_inet_eq(&p->addr, addr))
		return p;
	HASH_FIND_BYHASHVALUE(hh, u->table, addr, sizeof(*addr), hash_of(u, addr), p);
	return p;
}

/* False if out of memory. */
static bool remember(struct hub *u, struct peer *p)
{
	HASH_ADD_BYHASHVALUE(hh, u->table, addr, sizeof(p->addr), hash_of(u, &p->addr), p);
	if (p->hh.tbl == NULL)
		return false;
	DL_APPEND(u->seen, p);
	p->known = true;
	u->base.stats.peers++;
	return true;
}

static void forget(struct hub *u, struct peer *p)
{
	if (!p->known)
		return;
	p->known = false;
	HASH_DELETE(hh, u->table, p);
	DL_DELETE(u->seen, p);
	u->base.stats.peers--;
	if (u->last == p)
		u->last = NULL;
}

static void see(struct hub *u, struct peer *p, mdl_time now)
{
	if (p->known && p->next != NULL) {
		DL_DELETE(u->seen, p);
		DL_APPEND(u->seen, p);
	}
	p->seen = now;
}

/* ---- the end of a peer ---- */

static void shut_if_alone(struct hub *u)
{
	if (!u->base.closing || u->base.users > 1)
		return;
	loop_timer_stop(u->base.loop, &u->idle);
	listener_shut(&u->base);
}

static void gone(struct peer *p, mdl_time now)
{
	struct hub *u = p->hub;
	struct end end = p->end;
	free(p);
	listener_release(&u->base);
	shut_if_alone(u);
	if (end.flow != NULL)
		flow_end_closed(end.flow, end.dir, now);
}

/* The first message of a peer has been seen to. */
static void take_first(struct hub *u, struct peer *p, bool sent)
{
	struct mdl_msg *m = queue_take(&p->out);
	u->queued -= m->bytes.n;
	if (p->out.first == NULL) {
		p->waiting = false;
		DL_DELETE2(u->waiting, p, wprev, wnext);
	}
	if (sent)
		flow_recycle(p->end.flow, m);
	else
		flow_drop(p->end.flow, m);
}

static void write_all(struct hub *u, mdl_time now);

static void peer_close(struct end *e, bool reset, mdl_time now)
{
	struct peer *p = (struct peer *)e;
	struct hub *u = p->hub;
	if (p->done)
		return;
	forget(u, p);
	while (reset && p->out.first != NULL)
		take_first(u, p, false);
	bool first = !p->closing;
	p->closing = true;
	if (p->out.first == NULL)
		gone(p, now);
	else if (first)
		write_all(u, now);
}

/* ---- writing ---- */

/* A full batch from the queues, in their order; `owner` says whose each message is. */
static void collect(const struct hub *u, struct outbox *o, struct peer *owner[BATCH])
{
	o->n = 0;
	for (struct peer *p = u->waiting; p != NULL && o->n < BATCH; p = p->wnext)
		for (struct mdl_msg *m = p->out.first; m != NULL && o->n < BATCH; m = m->next) {
			owner[o->n] = p;
			outbox_put(o, m, &p->sa, p->sa_len);
		}
}

/* Writes until nothing is queued or nothing fits. An error is the message's own: it is dropped. */
static void write_queues(struct hub *u, struct peer **done)
{
	while (u->waiting != NULL && !u->blocked) {
		struct outbox o;
		struct peer *owner[BATCH];
		collect(u, &o, owner);
		int n = outbox_send(&o, u->base.fd);
		u->blocked = n == 0;
		int seen_to = n < 0 ? 1 : n;
		for (int i = 0; i < seen_to; i++) {
			struct peer *p = owner[i];
			take_first(u, p, n > 0);
			p->done = p->closing && p->out.first == NULL;
			if (p->done)
				DL_APPEND2(*done, p, wprev, wnext);
		}
	}
}

static void on_poll(uv_poll_t *h, int status, int events);

static void watch(struct hub *u)
{
	int events = UV_READABLE | (u->blocked ? UV_WRITABLE : 0);
	if (!u->base.shut)
		uv_poll_start(&u->base.poll, events, on_poll);
}

static void write_all(struct hub *u, mdl_time now)
{
	struct peer *done = NULL;
	if (u->blocked || u->waiting == NULL)
		return;
	write_queues(u, &done);
	if (u->blocked)
		watch(u);
	/* Last, because whoever hears of it may do anything. */
	while (done != NULL) {
		struct peer *p = done;
		DL_DELETE2(done, p, wprev, wnext);
		gone(p, now);
	}
}

static void peer_flush(struct end *e, mdl_time now)
{
	write_all(((struct peer *)e)->hub, now);
}

static void peer_send(struct end *e, struct mdl_msg *m, mdl_time now)
{
	struct peer *p = (struct peer *)e;
	struct hub *u = p->hub;
	see(u, p, now);
	queue_put(&p->out, m);
	u->queued += m->bytes.n;
	if (p->waiting)
		return;
	p->waiting = true;
	DL_APPEND2(u->waiting, p, wprev, wnext);
}

/* They share a socket, so what others have queued is in the way too. */
static size_t peer_backlog(const struct end *e)
{
	return ((const struct peer *)e)->hub->queued;
}

static const struct end_ops peer_ops = {
	.name = "udp peer",
	.send = peer_send,
	.flush = peer_flush,
	.backlog = peer_backlog,
	.close = peer_close,
};

/* ---- reading ---- */

static void on_idle(struct timer *t, mdl_time now)
{
	struct hub *u = (struct hub *)((char *)t - offsetof(struct hub, idle));
	while (u->seen != NULL && now - u->seen->seen >= u->base.conf.idle) {
		u->base.stats.expired++;
		flow_close(u->seen->end.flow, false, "quiet for too long", now);
	}
	if (u->seen != NULL)
		loop_timer(u->base.loop, &u->idle, u->seen->seen + u->base.conf.idle);
}

static void evict(struct hub *u, mdl_time now)
{
	u->base.stats.evicted++;
	flow_close(u->seen->end.flow, false, "another peer needs the place", now);
}

/* A peer in the table, not shown to anybody yet; NULL if out of memory. */
static struct peer *make_peer(struct hub *u, const struct mdl_inet *addr, mdl_time now)
{
	struct peer *p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->end.ops = &peer_ops;
	p->hub = u;
	p->addr = *addr;
	p->sa_len = sock_from_inet(addr, &p->sa);
	p->seen = now;
	if (remember(u, p))
		return p;
	free(p);
	return NULL;
}

/* A peer that was not known; NULL if the owner does not want it, or there is no memory. */
static struct peer *meet(struct hub *u, const struct mdl_inet *addr, mdl_time now)
{
	struct listener *s = &u->base;
	if (s->closing)
		return NULL;
	if (s->stats.peers >= s->conf.peers_max)
		evict(u, now);
	struct peer *p = make_peer(u, addr, now);
	if (p == NULL) {
		s->stats.starved++;
		return NULL;
	}
	s->users++;
	s->stats.opened++;
	if (!u->idle.set)
		loop_timer(s->loop, &u->idle, now + s->conf.idle);
	s->conf.on_end(s->conf.ctx, &p->end, addr, now);
	p = find(u, addr); /* if it is still there */
	assert(p == NULL || p->end.flow != NULL);
	return p;
}

static void receive(struct hub *u, const struct batch *b, int i, mdl_time now)
{
	struct mdl_inet from = sock_to_inet(&b->from[i]);
	struct peer *p = find(u, &from);
	if (p == NULL)
		p = meet(u, &from, now);
	if (p == NULL) {
		u->base.stats.unwanted++;
		return;
	}
	u->last = p;
	see(u, p, now);
	flow_input(p->end.flow, p->end.dir, batch_at(b, i), now);
}

static void read_all(struct hub *u, mdl_time now)
{
	struct batch *b = loop_batch(u->base.loop);
	int n = BATCH;
	for (unsigned turn = 0; turn < BATCH_READS && n == BATCH && !u->base.shut; turn++) {
		n = batch_recv(b, u->base.fd, true);
		for (int i = 0; i < n; i++)
			receive(u, b, i, now);
	}
}

static void on_poll(uv_poll_t *h, int status, int events)
{
	struct hub *u = h->data;
	mdl_time now = loop_now(u->base.loop);
	bool writable = u->blocked && (status < 0 || (events & UV_WRITABLE) != 0);
	if (status < 0 || (events & UV_READABLE) != 0)
		read_all(u, now);
	if (writable) {
		u->blocked = false;
		for (struct peer *p = u->waiting; p != NULL; p = p->wnext)
			flow_touch(p->end.flow);
	}
	if (writable || status < 0)
		watch(u);
}

/* ---- life ---- */

static int hub_open(struct listener *s, mdl_err *err, struct mdl_why *why)
{
	struct hub *u = (struct hub *)s;
	struct mdl_inet at;
	*err = mdl_addr_inet(&s->conf.on, &at);
	if (*err != MDL_OK) {
		mdl_fail(why, *err, "udp: expected an address to listen on, not \"%s\"",
			 s->conf.on.host);
		return -1;
	}
	int fd = sock_open(&at, SOCK_DGRAM), code = fd < 0 ? fd : sock_bind(fd, &at);
	if (code == 0) {
		sock_set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_ROOM);
		s->local = sock_local(fd);
		u->idle.fire = on_idle;
		u->seed = (uint64_t)loop_clock();
		return fd;
	}
	*err = sock_fail(why, "udp", &at, -code);
	if (fd >= 0)
		close(fd);
	return -1;
}

static void hub_close(struct listener *s)
{
	shut_if_alone((struct hub *)s);
}

const struct listener_kind listen_udp_kind = {
	sizeof(struct hub),
	hub_open,
	on_poll,
	hub_close,
};
