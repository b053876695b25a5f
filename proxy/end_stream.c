#include "proxy/end_stream.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "proxy/queue.h"
#include "proxy/sock.h"

enum {
	WRITE_MAX = 64, /* messages written at once */
	READS_MAX = 4	/* in a row, before others have their turn */
};

enum { READER, WRITER }; /* handles; the first does both if there is one descriptor */

struct stream {
	struct end end;
	struct loop *loop;
	int in, out; /* -1 once closed */
	uv_poll_t poll[2];
	int watched[2]; /* the events each handle waits for */
	bool paired;	/* one descriptor each way */
	unsigned open;	/* handles that are not gone yet */
	struct queue queue;
	size_t sent; /* of the first message in it */
	struct timer linger;
	int broken; /* why nothing can be written any more; 0 */
	bool connecting, blocked, paused;
	bool ended;    /* no more comes in */
	bool shut;     /* no more goes out, behind what is queued */
	bool shut_out; /* that has been done */
	bool closing, closed;
	void (*gone)(void *ctx);
	void *ctx;
};

/* ---- end of it ---- */

static void on_closed(uv_handle_t *h)
{
	struct stream *s = h->data;
	if (--s->open > 0)
		return;
	struct end end = s->end;
	mdl_time now = loop_now(s->loop);
	if (s->gone != NULL)
		s->gone(s->ctx);
	free(s);
	if (end.flow != NULL)
		flow_end_closed(end.flow, end.dir, now);
}

static void drop_queue(struct stream *s)
{
	s->sent = 0;
	for (struct mdl_msg *m; (m = queue_take(&s->queue)) != NULL;)
		flow_drop(s->end.flow, m);
}

/* Before its descriptor is closed, whose number may soon be another's. */
static void close_handle(struct stream *s, unsigned which)
{
	uv_handle_t *h = (uv_handle_t *)&s->poll[which];
	if (!uv_is_closing(h))
		uv_close(h, on_closed);
}

static void close_handles(struct stream *s)
{
	s->closed = true;
	close_handle(s, READER);
	if (s->paired)
		close_handle(s, WRITER);
}

static void finish(struct stream *s)
{
	if (s->closed)
		return;
	loop_timer_stop(s->loop, &s->linger);
	drop_queue(s);
	close_handles(s);
	if (s->paired && s->out >= 0)
		close(s->out);
	close(s->in);
	s->in = s->out = -1;
}

static void on_linger(struct timer *t, mdl_time now)
{
	(void)now;
	finish((struct stream *)((char *)t - offsetof(struct stream, linger)));
}

static void fail(struct stream *s, int err, mdl_time now)
{
	if (s->closing)
		finish(s);
	else
		flow_input_reset(s->end.flow, s->end.dir, strerror(err), now);
}

/* A graceful close is done when nothing more goes either way. */
static void advance(struct stream *s)
{
	if (s->closing && s->ended && (s->shut_out || s->broken != 0))
		finish(s);
}

/* ---- what the handles wait for ---- */

static void on_poll(uv_poll_t *h, int status, int events);

static int watch_one(struct stream *s, unsigned which, int events)
{
	if (s->watched[which] == events)
		return 0;
	s->watched[which] = events;
	return uv_poll_start(&s->poll[which], events, on_poll);
}

static int watch(struct stream *s)
{
	if (s->closed)
		return 0;
	int read = s->ended || s->paused || s->connecting ? 0 : UV_READABLE;
	int write = s->blocked || s->connecting ? UV_WRITABLE : 0;
	if (!s->paired)
		return watch_one(s, READER, read | write);
	int err = watch_one(s, READER, read);
	return err != 0 || s->out < 0 ? err : watch_one(s, WRITER, write);
}

/* Only the first time can fail: if the descriptor is polled by another handle already. */
static void rewatch(struct stream *s)
{
	int err = watch(s);
	assert(err == 0);
	(void)err;
}

/* ---- writing ---- */

/* No more goes out: a half-close of sockets, the end of pipes. */
static void shut_now(struct stream *s)
{
	s->shut_out = true;
	shutdown(s->out, SHUT_WR);
	if (!s->paired)
		return;
	close_handle(s, WRITER);
	close(s->out);
	s->out = -1;
}

/* A pipe that nobody reads is no reason not to read the other; a socket is read to its end first. */
static void broke(struct stream *s, int err, mdl_time now)
{
	s->broken = err;
	s->blocked = false;
	drop_queue(s);
	if (s->paired)
		shut_now(s);
	else if (s->ended && !s->closing)
		fail(s, err, now);
}

static void written(struct stream *s, size_t n)
{
	while (n > 0) {
		size_t left = s->queue.first->bytes.n - s->sent;
		if (n < left) {
			s->sent += n;
			return;
		}
		n -= left;
		s->sent = 0;
		flow_recycle(s->end.flow, queue_take(&s->queue));
	}
}

/* Empty messages take no part in a stream. */
static void skip_empty(struct stream *s)
{
	while (s->queue.first != NULL && s->queue.first->bytes.n == 0)
		flow_recycle(s->end.flow, queue_take(&s->queue));
}

/* The result of one writev. */
static ssize_t write_some(struct stream *s)
{
	struct iovec iov[WRITE_MAX];
	int n = 0;
	size_t skip = s->sent;
	for (const struct mdl_msg *m = s->queue.first; m != NULL && n < WRITE_MAX; m = m->next) {
		iov[n++] = (struct iovec){ m->bytes.p + skip, m->bytes.n - skip };
		skip = 0;
	}
	return writev(s->out, iov, n);
}

static void write_queue(struct stream *s, mdl_time now)
{
	skip_empty(s);
	while (s->queue.first != NULL) {
		ssize_t n = write_some(s);
		if (n >= 0) {
			written(s, (size_t)n);
			skip_empty(s);
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			s->blocked = true;
			return;
		} else if (errno != EINTR) {
			broke(s, errno, now);
			return;
		}
	}
}

static void stream_flush(struct end *e, mdl_time now)
{
	struct stream *s = (struct stream *)e;
	if (s->closed || s->connecting || s->blocked)
		return;
	write_queue(s, now);
	if (!s->closed && s->shut && !s->shut_out && s->queue.first == NULL)
		shut_now(s);
	if (!s->closed)
		advance(s);
	rewatch(s);
}

/* ---- reading ---- */

static void read_end(struct stream *s, int err, mdl_time now)
{
	s->ended = true;
	if (s->closing)
		advance(s);
	else if (err != 0 || (s->broken != 0 && !s->paired))
		fail(s, err != 0 ? err : s->broken, now);
	else
		flow_input_end(s->end.flow, s->end.dir, now);
}

/* False if there is no more to read for now. */
static bool read_some(struct stream *s, mdl_time now)
{
	uint8_t *room = loop_scratch(s->loop);
	ssize_t n = read(s->in, room, LOOP_SCRATCH);
	if (n > 0 && !s->closing)
		flow_input(s->end.flow, s->end.dir, mdl_slice(room, (size_t)n), now);
	else if (n == 0)
		read_end(s, 0, now);
	else if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
		read_end(s, errno, now);
	return n == LOOP_SCRATCH;
}

static void read_all(struct stream *s, mdl_time now)
{
	for (unsigned i = 0; i < READS_MAX; i++)
		if (!read_some(s, now) || s->closed || s->paused)
			return;
}

/* ---- callbacks and operations ---- */

static void connected(struct stream *s, mdl_time now)
{
	int err = sock_error(s->in);
	s->connecting = false;
	if (err != 0)
		fail(s, err, now);
}

static void on_poll(uv_poll_t *h, int status, int events)
{
	struct stream *s = h->data;
	mdl_time now = loop_now(s->loop);
	bool reads = h == &s->poll[READER], writes = h == &s->poll[s->paired ? WRITER : READER];
	assert(s->end.flow != NULL);
	if (status < 0) {
		/* libuv stops the handle on errors, which reading and writing then tell. */
		s->watched[reads ? READER : WRITER] = 0;
		events = UV_READABLE | UV_WRITABLE;
	}
	if (s->connecting)
		connected(s, now);
	if (reads && !s->closed && !s->ended && !s->paused && (events & UV_READABLE) != 0)
		read_all(s, now);
	if (writes && !s->closed && (events & UV_WRITABLE) != 0) {
		s->blocked = false;
		flow_touch(s->end.flow);
	}
	rewatch(s);
}

static void stream_send(struct end *e, struct mdl_msg *m, mdl_time now)
{
	(void)now;
	struct stream *s = (struct stream *)e;
	if (s->broken != 0)
		flow_drop(e->flow, m);
	else
		queue_put(&s->queue, m);
}

static size_t stream_backlog(const struct end *e)
{
	const struct stream *s = (const struct stream *)e;
	return s->queue.bytes - s->sent;
}

static void stream_pause(struct end *e, bool on)
{
	struct stream *s = (struct stream *)e;
	s->paused = on;
	rewatch(s);
}

static void stream_shutdown(struct end *e, mdl_time now)
{
	(void)now;
	((struct stream *)e)->shut = true;
}

static void stream_close(struct end *e, bool reset, mdl_time now)
{
	struct stream *s = (struct stream *)e;
	if (s->closed)
		return;
	if (reset || (s->connecting && s->queue.first == NULL)) {
		struct linger now_and_hard = { .l_onoff = 1, .l_linger = 0 };
		(void)!setsockopt(s->in, SOL_SOCKET, SO_LINGER, &now_and_hard,
				  sizeof(now_and_hard));
		finish(s);
	} else if (!s->closing) {
		s->closing = s->shut = true;
		s->paused = false;
		loop_timer(s->loop, &s->linger, mdl_time_add(now, STREAM_LINGER));
		stream_flush(e, now);
		rewatch(s);
	}
}

static const struct end_ops ops = {
	.name = "stream",
	.send = stream_send,
	.flush = stream_flush,
	.backlog = stream_backlog,
	.pause = stream_pause,
	.shutdown = stream_shutdown,
	.close = stream_close,
};

/* ---- making one ---- */

static struct stream *allocate(struct loop *l, int in, int out)
{
	struct stream *s = calloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->end.ops = &ops;
	s->loop = l;
	s->in = in;
	s->out = out;
	s->paired = in != out;
	s->linger.fire = on_linger;
	s->poll[READER].data = s->poll[WRITER].data = s;
	return s;
}

/* The handles; 0 or an error of libuv, after which `s` is gone and the descriptors are not. */
static int start(struct stream *s)
{
	int err = uv_poll_init(loop_uv(s->loop), &s->poll[READER], s->in);
	if (err != 0) {
		free(s);
		return err;
	}
	s->open = 1;
	if (s->paired) {
		err = uv_poll_init(loop_uv(s->loop), &s->poll[WRITER], s->out);
		s->paired = err == 0;
		s->open += s->paired;
	}
	if (err == 0)
		err = watch(s);
	if (err != 0)
		close_handles(s);
	return err;
}

static mdl_err make(struct loop *l, const char *name, int in, int out, bool connecting,
		    struct stream **made, struct mdl_why *why)
{
	struct stream *s = allocate(l, in, out);
	if (s == NULL)
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	s->connecting = connecting;
	int err = start(s);
	if (err != 0)
		return mdl_fail(why, MDL_EIO, "%s: %s", name, uv_strerror(err));
	*made = s;
	return MDL_OK;
}

static bool is_file(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

mdl_err end_fds(struct loop *l, const char *name, int in, int out, struct end **end,
		struct mdl_why *why)
{
	struct stream *s = NULL;
	if (is_file(in) || is_file(out))
		return mdl_fail(why, MDL_EINVAL,
				"%s: a file is always ready and cannot be waited for; use a pipe",
				name);
	mdl_err err = make(l, name, in, out, false, &s, why);
	if (err == MDL_OK)
		*end = &s->end;
	return err;
}

mdl_err end_socket(struct loop *l, const char *name, int fd, void (*gone)(void *ctx), void *ctx,
		   struct end **end, struct mdl_why *why)
{
	struct stream *s = NULL;
	mdl_err err = make(l, name, fd, fd, false, &s, why);
	if (err != MDL_OK)
		return err;
	sock_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	s->gone = gone;
	s->ctx = ctx;
	*end = &s->end;
	return MDL_OK;
}

/* A socket that is being connected, as an end; closed on failure. */
static mdl_err from_socket(struct loop *l, const char *name, int fd, struct end **out,
			   struct mdl_why *why)
{
	struct stream *s = NULL;
	mdl_err err = make(l, name, fd, fd, true, &s, why);
	if (err == MDL_OK)
		*out = &s->end;
	else
		close(fd);
	return err;
}

mdl_err end_tcp_connect(struct loop *l, const struct mdl_inet *to, const struct mdl_inet *from,
			struct end **out, struct mdl_why *why)
{
	char text[MDL_INET_TEXT], name[MDL_INET_TEXT + 8];
	int fd = sock_open(to, SOCK_STREAM);
	if (fd < 0)
		return sock_fail(why, "tcp", to, -fd);
	sock_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	int err = from == NULL ? 0 : sock_bind(fd, from);
	if (err == 0)
		err = sock_connect(fd, to);
	if (err != 0) {
		close(fd);
		return sock_fail(why, "tcp", to, -err);
	}
	snprintf(name, sizeof(name), "tcp://%s", mdl_inet_text(to, text));
	return from_socket(l, name, fd, out, why);
}

mdl_err end_unix_connect(struct loop *l, const char *path, struct end **out, struct mdl_why *why)
{
	struct sockaddr_un sa;
	if (!sock_unix(path, &sa))
		return mdl_fail(why, MDL_EINVAL, "unix:%.200s: the path is empty or too long",
				path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return mdl_fail(why, MDL_EIO, "unix:%s: %s", path, strerror(errno));
	if (connect(fd, (const struct sockaddr *)&sa, sizeof(sa)) != 0) {
		int err = errno;
		close(fd);
		return mdl_fail(why, MDL_EIO, "unix:%s: %s", path, strerror(err));
	}
	return from_socket(l, path, fd, out, why);
}
