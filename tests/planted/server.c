#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer.h"
#include "behaviour.h"

enum {
	CONNECTIONS = 64,
	MESSAGE = 65535,
	OUT_PAUSE = 64 << 10, /* with more to write nothing more is read */
	BATCH = 64	      /* datagrams before connections have their turn again */
};

struct connection {
	int fd; /* -1: this place is free */
	bool ended;
	struct peer peer;
	size_t in_n, out_n, out_size;
	uint8_t *in, *out;
};

static int datagrams = -1, listener = -1;
static struct connection connections[CONNECTIONS];
static uint64_t accepted;
static volatile sig_atomic_t stopping;

static void on_signal(int signum)
{
	(void)signum;
	stopping = 1;
}

/* ---- datagrams ---- */

static void send_datagram(void *to, const uint8_t *p, size_t n)
{
	const struct peer *peer = to;
	sendto(datagrams, p, n, 0, (const struct sockaddr *)&peer->address,
	       sizeof(struct sockaddr_in));
}

static void read_datagrams(void)
{
	static uint8_t bytes[MESSAGE];
	for (int i = 0; i < BATCH; i++) {
		struct peer peer = { .connection = 0 };
		socklen_t size = sizeof(peer.address);
		ssize_t n = recvfrom(datagrams, bytes, sizeof(bytes), 0,
				     (struct sockaddr *)&peer.address, &size);
		if (n < 0)
			return;
		struct sink sink = { .send = send_datagram, .to = &peer };
		answer(bytes, (size_t)n, &peer, &sink);
	}
}

/* ---- connections ---- */

void connection_forget(struct connection *c)
{
	free(c->in);
	free(c->out);
	*c = (struct connection){ .fd = -1 };
}

static void drop(struct connection *c)
{
	close(c->fd);
	connection_forget(c);
}

bool connection_interrupted(const struct connection *c)
{
	return c->in_n > 0;
}

void hang_up_clean(struct connection *c)
{
	drop(c);
}

static void write_out(struct connection *c)
{
	ssize_t n = write(c->fd, c->out, c->out_n);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		drop(c);
		return;
	}
	if (n > 0) {
		c->out_n -= (size_t)n;
		memmove(c->out, c->out + n, c->out_n);
	}
}

/* Queues a message with its length in front (RFC 1035, section 4.2.2). */
static void send_stream(void *to, const uint8_t *p, size_t n)
{
	struct connection *c = to;
	if (c->out_n + 2 + n > c->out_size) {
		size_t size = 2 * (c->out_n + 2 + n);
		uint8_t *more = realloc(c->out, size);
		if (more == NULL)
			return;
		c->out = more;
		c->out_size = size;
	}
	c->out[c->out_n] = (uint8_t)(n >> 8);
	c->out[c->out_n + 1] = (uint8_t)n;
	memcpy(c->out + c->out_n + 2, p, n);
	c->out_n += 2 + n;
}

static void answer_stream(struct connection *c)
{
	struct sink sink = { .send = send_stream, .to = c, .stream = true };
	size_t off = 0;
	while (c->in_n - off >= 2 && c->out_n < OUT_PAUSE) {
		size_t n = (size_t)c->in[off] << 8 | c->in[off + 1];
		if (c->in_n - off - 2 < n)
			break;
		answer(c->in + off + 2, n, &c->peer, &sink);
		off += 2 + n;
	}
	c->in_n -= off;
	memmove(c->in, c->in + off, c->in_n);
}

static void read_stream(struct connection *c)
{
	ssize_t n = read(c->fd, c->in + c->in_n, 2 + MESSAGE - c->in_n);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		drop(c);
		return;
	}
	c->in_n += (size_t)n;
	c->ended = n == 0;
}

static void serve(struct connection *c, short events)
{
	if ((events & (POLLIN | POLLHUP | POLLERR)) != 0 && !c->ended)
		read_stream(c);
	while (c->fd >= 0) {
		answer_stream(c);
		if (c->out_n > 0)
			write_out(c);
		else if (c->ended)
			act.hang_up(c);
		else
			return;
		if (c->out_n > 0)
			return;
	}
}

/* A free place, or that of the connection that is here longest. */
static struct connection *place(void)
{
	struct connection *oldest = &connections[0];
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &connections[i];
		if (c->fd < 0)
			return c;
		if (c->peer.connection < oldest->peer.connection)
			oldest = c;
	}
	drop(oldest);
	return oldest;
}

static void take_connection(void)
{
	struct peer peer = { .connection = ++accepted };
	socklen_t size = sizeof(peer.address);
	int fd = accept4(listener, (struct sockaddr *)&peer.address, &size,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct connection *c = place();
	*c = (struct connection){ .fd = fd, .peer = peer, .in = malloc(2 + MESSAGE) };
	if (c->in == NULL)
		drop(c);
}

/* ---- both ---- */

static int listen_on(int type, uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(*port) };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), yes = 1;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&at, size) != 0 ||
	    (type == SOCK_STREAM && listen(fd, SOMAXCONN) != 0)) {
		close(fd);
		return -1;
	}
	getsockname(fd, (struct sockaddr *)&at, &size);
	*port = ntohs(at.sin_port);
	return fd;
}

uint16_t server_open(uint16_t port)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		connections[i].fd = -1;
	/* a port the kernel chose for connections may be taken for datagrams: then try another */
	for (int i = 0; i < 16; i++) {
		uint16_t got = port;
		listener = listen_on(SOCK_STREAM, &got);
		datagrams = listener < 0 ? -1 : listen_on(SOCK_DGRAM, &got);
		if (datagrams >= 0)
			return got;
		server_close();
	}
	return 0;
}

static short wanted(const struct connection *c)
{
	bool reads = !c->ended && c->out_n < OUT_PAUSE;
	return (short)((reads ? POLLIN : 0) | (c->out_n > 0 ? POLLOUT : 0));
}

static void wake(void)
{
	struct pollfd p[2 + CONNECTIONS] = { { .fd = datagrams, .events = POLLIN },
					     { .fd = listener, .events = POLLIN } };
	for (size_t i = 0; i < CONNECTIONS; i++)
		p[2 + i] = (struct pollfd){ .fd = connections[i].fd,
					    .events = wanted(&connections[i]) };
	if (poll(p, 2 + CONNECTIONS, -1) < 0)
		return;
	if (p[0].revents != 0)
		read_datagrams();
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (p[2 + i].revents != 0)
			serve(&connections[i], p[2 + i].revents);
	if (p[1].revents != 0)
		take_connection();
}

void server_run(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	while (!stopping)
		wake();
}

void server_close(void)
{
	for (size_t i = 0; i < CONNECTIONS; i++)
		if (connections[i].fd >= 0)
			drop(&connections[i]);
	if (listener >= 0)
		close(listener);
	if (datagrams >= 0)
		close(datagrams);
	listener = datagrams = -1;
}
