#include "proxy/end_udp.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "proxy/batch.h"
#include "proxy/queue.h"

enum { RECEIVE_ROOM = 4 << 20 };

struct udp {
	struct end end;
	struct loop *loop;
	uv_poll_t poll;
	int fd;
	int watched; /* the events that are waited for */
	struct queue out;
	bool blocked; /* the socket had no room */
	bool closing; /* behind what is queued */
	bool closed;
};

static void on_closed(uv_handle_t *h)
{
	struct udp *u = h->data;
	struct end end = u->end;
	mdl_time now = loop_now(u->loop);
	free(u);
	if (end.flow != NULL)
		flow_end_closed(end.flow, end.dir, now);
}

static void finish(struct udp *u)
{
	u->closed = true;
	for (struct mdl_msg *m; (m = queue_take(&u->out)) != NULL;)
		flow_drop(u->end.flow, m);
	uv_close((uv_handle_t *)&u->poll, on_closed);
	close(u->fd);
}

static void on_poll(uv_poll_t *h, int status, int events);

static int watch(struct udp *u)
{
	int events = (u->closing ? 0 : UV_READABLE) | (u->blocked ? UV_WRITABLE : 0);
	if (events == u->watched)
		return 0;
	u->watched = events;
	return uv_poll_start(&u->poll, events, on_poll);
}

/* After an error nothing can be sent any more. */
static void fail(struct udp *u, int err, mdl_time now)
{
	if (u->closing)
		finish(u);
	else
		flow_input_reset(u->end.flow, u->end.dir, strerror(err), now);
}

/* What is queued, as far as the socket takes it; 0 or an errno. */
static int write_queue(struct udp *u)
{
	u->blocked = false;
	while (u->out.first != NULL && !u->blocked) {
		struct outbox o;
		o.n = 0;
		for (struct mdl_msg *m = u->out.first; m != NULL && o.n < BATCH; m = m->next)
			outbox_put(&o, m, NULL, 0);
		int n = outbox_send(&o, u->fd);
		if (n == -EMSGSIZE)
			flow_drop(u->end.flow, queue_take(&u->out));
		else if (n < 0)
			return -n;
		u->blocked = n == 0;
		for (; n > 0; n--)
			flow_recycle(u->end.flow, queue_take(&u->out));
	}
	return 0;
}

static void udp_flush(struct end *e, mdl_time now)
{
	struct udp *u = (struct udp *)e;
	if (u->closed || u->blocked || u->out.first == NULL)
		return;
	int err = write_queue(u);
	if (err != 0)
		fail(u, err, now);
	else if (u->closing && u->out.first == NULL)
		finish(u);
	else
		watch(u);
}

static void read_all(struct udp *u, mdl_time now)
{
	struct batch *b = loop_batch(u->loop);
	int n = BATCH;
	for (unsigned turn = 0; turn < BATCH_READS && n == BATCH; turn++) {
		n = batch_recv(b, u->fd, false);
		if (n < 0)
			fail(u, -n, now);
		for (int i = 0; i < n && !u->closing && !u->closed; i++)
			flow_input(u->end.flow, u->end.dir, batch_at(b, i), now);
		if (u->closing || u->closed)
			return;
	}
}

static void on_poll(uv_poll_t *h, int status, int events)
{
	struct udp *u = h->data;
	mdl_time now = loop_now(u->loop);
	assert(u->end.flow != NULL);
	if (status < 0) {
		/* libuv stops the handle when the socket has an error, which reading then tells. */
		u->watched = 0;
		events = UV_READABLE | UV_WRITABLE;
	}
	if ((events & UV_READABLE) != 0 && !u->closing)
		read_all(u, now);
	if ((events & UV_WRITABLE) != 0 && u->blocked && !u->closed) {
		u->blocked = false;
		flow_touch(u->end.flow);
	}
	if (!u->closed)
		watch(u);
}

static void udp_send(struct end *e, struct mdl_msg *m, mdl_time now)
{
	(void)now;
	queue_put(&((struct udp *)e)->out, m);
}

static size_t udp_backlog(const struct end *e)
{
	return ((const struct udp *)e)->out.bytes;
}

static void udp_close(struct end *e, bool reset, mdl_time now)
{
	struct udp *u = (struct udp *)e;
	if (u->closed)
		return;
	u->closing = true;
	if (reset || u->out.first == NULL)
		finish(u);
	else if (u->blocked)
		watch(u);
	else
		udp_flush(e, now);
}

static const struct end_ops ops = {
	.name = "udp",
	.send = udp_send,
	.flush = udp_flush,
	.backlog = udp_backlog,
	.close = udp_close,
};

/* A socket that is bound and connected, or -errno. */
static int open_socket(const struct mdl_inet *to, const struct mdl_inet *from)
{
	int fd = sock_open(to, SOCK_DGRAM);
	if (fd < 0)
		return fd;
	sock_set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_ROOM);
	int err = from == NULL ? 0 : sock_bind(fd, from);
	if (err == 0)
		err = sock_connect(fd, to);
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

static struct udp *make(struct loop *l, int fd)
{
	struct udp *u = calloc(1, sizeof(*u));
	if (u == NULL)
		return NULL;
	u->end.ops = &ops;
	u->loop = l;
	u->fd = fd;
	u->poll.data = u;
	return u;
}

mdl_err end_udp_connect(struct loop *l, const struct mdl_inet *to, const struct mdl_inet *from,
			struct end **out, struct mdl_why *why)
{
	int fd = open_socket(to, from);
	if (fd < 0)
		return sock_fail(why, "udp", to, -fd);
	struct udp *u = make(l, fd);
	if (u == NULL) {
		close(fd);
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	}
	int err = uv_poll_init(loop_uv(l), &u->poll, fd);
	if (err != 0) {
		close(fd);
		free(u);
		return sock_fail(why, "udp", to, -err);
	}
	err = watch(u);
	if (err != 0) {
		finish(u);
		return sock_fail(why, "udp", to, -err);
	}
	*out = &u->end;
	return MDL_OK;
}

struct mdl_inet end_udp_local(const struct end *e)
{
	return sock_local(((const struct udp *)e)->fd);
}
