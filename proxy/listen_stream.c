/* Listeners that accept: TCP and unix sockets. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/end_stream.h"
#include "proxy/listen_kind.h"
#include "proxy/sock.h"

enum { ACCEPTS_MAX = 64 }; /* in a row, before others have their turn */

static const mdl_time retry_after = 100 * MDL_MS;

struct acceptor {
	struct listener base;
	struct timer retry; /* while there are no descriptors */
	bool starved, watched;
	dev_t dev; /* of the unix path, to remove no other's */
	ino_t ino;
};

static void on_poll(uv_poll_t *h, int status, int events);

/* Connections wait in the kernel's queue while there is no room for them here. */
static void watch(struct acceptor *a)
{
	struct listener *s = &a->base;
	bool wanted = !a->starved && s->stats.peers < s->conf.peers_max;
	if (s->closing || wanted == a->watched)
		return;
	a->watched = wanted;
	if (wanted)
		uv_poll_start(&s->poll, UV_READABLE, on_poll);
	else
		uv_poll_stop(&s->poll);
}

static void feed(struct acceptor *a)
{
	a->starved = false;
	loop_timer_stop(a->base.loop, &a->retry);
	watch(a);
}

static void on_retry(struct timer *t, mdl_time now)
{
	(void)now;
	feed((struct acceptor *)((char *)t - offsetof(struct acceptor, retry)));
}

static void starve(struct acceptor *a, mdl_time now)
{
	a->starved = true;
	a->base.stats.starved++;
	loop_timer(a->base.loop, &a->retry, now + retry_after);
}

/* An end is gone, and with it a descriptor. */
static void on_gone(void *ctx)
{
	struct acceptor *a = ctx;
	a->base.stats.peers--;
	if (!a->base.closing)
		feed(a);
	listener_release(&a->base);
}

static void welcome(struct acceptor *a, int fd, const union sock_addr *from, mdl_time now)
{
	struct listener *s = &a->base;
	struct mdl_inet peer = sock_to_inet(from);
	struct end *e = NULL;
	if (end_socket(s->loop, "accepted", fd, on_gone, a, &e, NULL) != MDL_OK) {
		close(fd);
		starve(a, now);
		return;
	}
	s->users++;
	s->stats.peers++;
	s->stats.opened++;
	s->conf.on_end(s->conf.ctx, e, &peer, now);
}

/* False if there is nobody waiting, or nothing to take them in with. */
static bool accept_one(struct acceptor *a, mdl_time now)
{
	union sock_addr from = { .sa.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(from);
	int fd = accept4(a->base.fd, &from.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		welcome(a, fd, &from, now);
		return true;
	}
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		starve(a, now);
	return errno == EINTR || errno == ECONNABORTED;
}

static void on_poll(uv_poll_t *h, int status, int events)
{
	(void)events;
	struct acceptor *a = h->data;
	struct listener *s = &a->base;
	mdl_time now = loop_now(s->loop);
	if (status < 0)
		a->watched = false; /* libuv has stopped the handle */
	for (unsigned i = 0; i < ACCEPTS_MAX; i++)
		if (s->closing || a->starved || s->stats.peers >= s->conf.peers_max ||
		    !accept_one(a, now))
			break;
	watch(a);
}

static void close_tcp(struct listener *s)
{
	loop_timer_stop(s->loop, &((struct acceptor *)s)->retry);
	listener_shut(s);
}

static void close_unix(struct listener *s)
{
	const struct acceptor *a = (const struct acceptor *)s;
	struct stat st;
	if (lstat(s->conf.on.path, &st) == 0 && st.st_dev == a->dev && st.st_ino == a->ino)
		unlink(s->conf.on.path);
	close_tcp(s);
}

static void prepare(struct listener *s)
{
	struct acceptor *a = (struct acceptor *)s;
	a->retry.fire = on_retry;
	a->watched = true;
}

/* ---- TCP ---- */

static int open_tcp(struct listener *s, mdl_err *err, struct mdl_why *why)
{
	struct mdl_inet at;
	*err = mdl_addr_inet(&s->conf.on, &at);
	if (*err != MDL_OK) {
		mdl_fail(why, *err, "tcp: expected an address to listen on, not \"%s\"",
			 s->conf.on.host);
		return -1;
	}
	int fd = sock_open(&at, SOCK_STREAM), code = fd < 0 ? fd : 0;
	if (code == 0) {
		sock_set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		code = sock_bind(fd, &at);
	}
	if (code == 0 && listen(fd, SOMAXCONN) != 0)
		code = -errno;
	if (code == 0) {
		prepare(s);
		s->local = sock_local(fd);
		return fd;
	}
	*err = sock_fail(why, "tcp", &at, -code);
	if (fd >= 0)
		close(fd);
	return -1;
}

/* ---- unix ---- */

/* Whether somebody listens at the path. */
static bool alive(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return true; /* who knows */
	bool refused = connect(fd, (const struct sockaddr *)sa, sizeof(*sa)) != 0 &&
		       (errno == ECONNREFUSED || errno == ENOENT);
	close(fd);
	return !refused;
}

/* A socket file that its listener left behind goes; any other file stays. */
static int bind_unix(int fd, const struct sockaddr_un *sa)
{
	struct stat st;
	if (bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	if (lstat(sa->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return -EEXIST;
	if (alive(sa))
		return -EADDRINUSE;
	unlink(sa->sun_path);
	return bind(fd, (const struct sockaddr *)sa, sizeof(*sa)) == 0 ? 0 : -errno;
}

static int bound_unix(const char *path, struct sockaddr_un *sa)
{
	if (!sock_unix(path, sa))
		return -ENAMETOOLONG;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int err = bind_unix(fd, sa);
	if (err == 0 && listen(fd, SOMAXCONN) != 0)
		err = -errno;
	if (err == 0)
		return fd;
	close(fd);
	return err;
}

static int open_unix(struct listener *s, mdl_err *err, struct mdl_why *why)
{
	struct acceptor *a = (struct acceptor *)s;
	struct sockaddr_un sa;
	struct stat st;
	int fd = bound_unix(s->conf.on.path, &sa);
	if (fd < 0) {
		*err = mdl_fail(why, fd == -EADDRINUSE ? MDL_EBUSY : MDL_EIO, "unix:%s: %s",
				s->conf.on.path, strerror(-fd));
		return -1;
	}
	if (lstat(s->conf.on.path, &st) == 0) {
		a->dev = st.st_dev;
		a->ino = st.st_ino;
	}
	prepare(s);
	return fd;
}

const struct listener_kind listen_tcp_kind = {
	sizeof(struct acceptor),
	open_tcp,
	on_poll,
	close_tcp,
};

const struct listener_kind listen_unix_kind = {
	sizeof(struct acceptor),
	open_unix,
	on_poll,
	close_unix,
};
