/*
 * What the engine costs beside the plainest loop that does the same: datagrams there and back, a
 * stream one way, timers. Everything runs over loopback; each part has a process of its own, so that
 * the forwarder's CPU time is its own.
 *
 *     engine_bench [udp|tcp|timers]...
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "protocols/registry.h"
#include "proxy/batch.h"
#include "proxy/end_stream.h"
#include "proxy/end_udp.h"
#include "proxy/listen.h"
#include "proxy/loop.h"

enum {
	DATAGRAMS = 1000000, /* there, and as many back */
	WINDOW = 64,	     /* on their way at once */
	LENGTH = 64,	     /* bytes each */
	TCP_PIECE = 64 << 10,
	RUNS = 3
};

static const size_t tcp_bytes = (size_t)2 << 30;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct mdl_inet loopback(uint16_t port)
{
	static const uint8_t ip[4] = { 127, 0, 0, 1 };
	return mdl_inet4(ip, port);
}

static int bound(int type, struct mdl_inet *at)
{
	*at = loopback(0);
	int fd = sock_open(at, type);
	if (fd < 0 || sock_bind(fd, at) != 0 || (type == SOCK_STREAM && listen(fd, 16) != 0))
		die("socket");
	sock_set(fd, SOL_SOCKET, SO_RCVBUF, 4 << 20);
	*at = sock_local(fd);
	return fd;
}

static void wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	poll(&p, 1, -1);
}

/* CPU time of a child that is ended now, in seconds. */
static double reap(pid_t pid)
{
	struct rusage r;
	kill(pid, SIGKILL);
	if (wait4(pid, NULL, 0, &r) != pid)
		die("wait4");
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) * 1e-6;
}

/* ---- UDP ---- */

/* Sends the first `n` of the batch on, to `from` if there are names. */
static void send_on(struct batch *b, int n, int fd)
{
	for (int i = 0; i < n; i++)
		b->iov[i].iov_len = b->v[i].msg_len;
	for (int sent = 0, k; sent < n; sent += k) {
		k = sendmmsg(fd, b->v + sent, (unsigned)(n - sent), 0);
		if (k < 0)
			k = 1; /* lost */
	}
	for (int i = 0; i < n; i++)
		b->iov[i].iov_len = BATCH_SLOT;
}

static struct batch *new_batch(void)
{
	struct batch *b = malloc(sizeof(*b));
	if (b == NULL)
		die("malloc");
	batch_init(b);
	return b;
}

static void echo_server(int fd)
{
	struct batch *b = new_batch();
	for (;;) {
		wait_readable(fd);
		int n = batch_recv(b, fd, true);
		if (n > 0)
			send_on(b, n, fd);
	}
}

static void watch(int ep, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };
	if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) != 0)
		die("epoll_ctl");
}

/* The plainest forwarder: one client, no copies, nothing looked at. */
static void plain_udp(int front, const struct mdl_inet *to)
{
	struct batch *b = new_batch();
	union sock_addr client;
	struct epoll_event e[2];
	int back = sock_open(to, SOCK_DGRAM), ep = epoll_create1(0);
	if (back < 0 || sock_connect(back, to) != 0)
		die("connect");
	watch(ep, front);
	watch(ep, back);
	for (;;) {
		int ready = epoll_wait(ep, e, 2, -1);
		for (int i = 0; i < ready; i++) {
			bool forth = e[i].data.fd == front;
			int n = batch_recv(b, e[i].data.fd, forth);
			if (n > 0 && forth)
				client = b->from[0];
			for (int k = 0; k < n; k++) {
				b->v[k].msg_hdr.msg_name = forth ? NULL : &client;
				b->v[k].msg_hdr.msg_namelen = forth ? 0 : sizeof(client.in4);
			}
			send_on(b, n, forth ? back : front);
		}
	}
}

static struct loop *loop;
static struct mdl_inet target;
static bool streams;

static void on_end(void *ctx, struct end *e, const struct mdl_inet *peer, mdl_time now)
{
	(void)ctx;
	(void)peer;
	struct end *to = NULL;
	struct flow *f = NULL;
	struct flow_conf conf = { .proto = &mdl_raw,
				  .carrier = streams ? MDL_STREAM : MDL_DGRAM,
				  .host = loop_host(loop) };
	mdl_err err = streams ? end_tcp_connect(loop, &target, NULL, &to, NULL)
			      : end_udp_connect(loop, &target, NULL, &to, NULL);
	if (err != MDL_OK || flow_new(&conf, e, to, NULL, 0, now, &f, NULL) != MDL_OK)
		die("flow");
}

/* The engine in the forwarder's place; says its port through `tell`. */
static void engine(bool tcp, const struct mdl_inet *to, int tell)
{
	struct listener *s = NULL;
	struct listen_conf c = { .on_end = on_end };
	const char *uri = tcp ? "tcp://127.0.0.1:0" : "udp://127.0.0.1:0";
	streams = tcp;
	target = *to;
	if (loop_new(&loop, NULL) != MDL_OK || mdl_addr_parse(uri, &c.on, NULL) != MDL_OK ||
	    listen_open(loop, &c, &s, NULL) != MDL_OK)
		die("listen");
	struct mdl_inet at = listen_local(s);
	if (write(tell, &at, sizeof(at)) != sizeof(at))
		die("write");
	loop_run(loop);
	exit(0);
}

static void plain(bool tcp, const struct mdl_inet *to, int tell);

/* A forwarder in a process of its own; `at` says where it listens. */
static pid_t forwarder(bool tcp, bool ours, const struct mdl_inet *to, struct mdl_inet *at)
{
	int told[2];
	if (pipe(told) != 0)
		die("pipe");
	pid_t pid = fork();
	if (pid == 0 && ours)
		engine(tcp, to, told[1]);
	if (pid == 0)
		plain(tcp, to, told[1]);
	if (pid < 0 || read(told[0], at, sizeof(*at)) != sizeof(*at))
		die("forwarder");
	close(told[0]);
	close(told[1]);
	return pid;
}

/* Keeps WINDOW datagrams on their way until all are back; how many were. */
static unsigned load_udp(const struct mdl_inet *to)
{
	static uint8_t bytes[LENGTH];
	struct mdl_msg m = { .bytes = { bytes, LENGTH, LENGTH, LENGTH } };
	struct batch *b = new_batch();
	int fd = sock_open(to, SOCK_DGRAM);
	unsigned sent = 0, back = 0;
	if (fd < 0 || sock_connect(fd, to) != 0)
		die("connect");
	sock_set(fd, SOL_SOCKET, SO_RCVBUF, 4 << 20);
	while (back < DATAGRAMS) {
		struct outbox o;
		for (o.n = 0; sent + o.n < back + WINDOW && sent + o.n < DATAGRAMS && o.n < BATCH;)
			outbox_put(&o, &m, NULL, 0);
		int n = o.n == 0 ? 0 : outbox_send(&o, fd);
		sent += n > 0 ? (unsigned)n : 0;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (sent >= back + WINDOW / 2 && poll(&p, 1, 1000) == 0)
			break; /* some were lost */
		n = batch_recv(b, fd, false);
		back += n > 0 ? (unsigned)n : 0;
	}
	close(fd);
	free(b);
	return back;
}

struct cost {
	double cpu, wall; /* of the best run: ns a datagram, or s for the stream */
};

static struct cost udp_run(bool ours, const struct mdl_inet *server)
{
	struct mdl_inet at;
	pid_t pid = forwarder(false, ours, server, &at);
	mdl_time start = loop_clock();
	unsigned back = load_udp(&at);
	double wall = (double)(loop_clock() - start);
	double cpu = reap(pid) * 1e9;
	return (struct cost){ cpu / (2.0 * back), wall / (2.0 * back) };
}

static void better(struct cost *best, struct cost one)
{
	if (best->cpu == 0 || one.cpu < best->cpu)
		*best = one;
}

static void bench_udp(void)
{
	struct mdl_inet server;
	int fd = bound(SOCK_DGRAM, &server);
	pid_t echo = fork();
	if (echo == 0)
		echo_server(fd);
	struct cost best[2] = { { 0, 0 }, { 0, 0 } };
	for (unsigned i = 0; i < RUNS; i++)
		for (unsigned ours = 0; ours < 2; ours++)
			better(&best[ours], udp_run(ours, &server));
	reap(echo);
	close(fd);
	for (unsigned ours = 0; ours < 2; ours++)
		printf("udp %-6s %6.0f ns CPU a datagram forwarded, %7.0f datagrams/s\n",
		       ours ? "engine" : "plain", best[ours].cpu, 1e9 / best[ours].wall);
	printf("udp ratio of CPU %.2f\n", best[1].cpu / best[0].cpu);
}

/* ---- TCP ---- */

static void sink(int listener)
{
	static uint8_t room[256 << 10];
	for (;;) {
		wait_readable(listener);
		int fd = accept4(listener, NULL, NULL, 0);
		while (fd >= 0 && read(fd, room, sizeof(room)) > 0)
			;
		close(fd);
	}
}

static void write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t k = write(fd, p, n);
		if (k < 0)
			die("write");
		p += k;
		n -= (size_t)k;
	}
}

/* The plainest relay: blocking reads and writes, one connection, one way. */
static void plain_tcp(int front, const struct mdl_inet *to)
{
	static uint8_t room[TCP_PIECE];
	union sock_addr sa;
	socklen_t len = sock_from_inet(to, &sa);
	wait_readable(front);
	int in = accept4(front, NULL, NULL, 0), out = socket(AF_INET, SOCK_STREAM, 0);
	if (in < 0 || out < 0 || connect(out, &sa.sa, len) != 0)
		die("relay");
	for (ssize_t n; (n = read(in, room, sizeof(room))) > 0;)
		write_all(out, room, (size_t)n);
	shutdown(out, SHUT_WR);
	(void)!read(out, room, sizeof(room));
	close(in);
	pause();
}

static void plain(bool tcp, const struct mdl_inet *to, int tell)
{
	struct mdl_inet at;
	int front = bound(tcp ? SOCK_STREAM : SOCK_DGRAM, &at);
	if (write(tell, &at, sizeof(at)) != sizeof(at))
		die("write");
	if (tcp)
		plain_tcp(front, to);
	else
		plain_udp(front, to);
	exit(0);
}

static struct cost tcp_run(bool ours, const struct mdl_inet *server)
{
	static uint8_t bytes[TCP_PIECE];
	struct mdl_inet at;
	union sock_addr sa;
	pid_t pid = forwarder(true, ours, server, &at);
	socklen_t len = sock_from_inet(&at, &sa);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, &sa.sa, len) != 0)
		die("connect");
	mdl_time start = loop_clock();
	for (size_t sent = 0; sent < tcp_bytes; sent += sizeof(bytes))
		write_all(fd, bytes, sizeof(bytes));
	shutdown(fd, SHUT_WR);
	(void)!read(fd, bytes, 1); /* the end, once all has arrived */
	double wall = (double)(loop_clock() - start) * 1e-9;
	close(fd);
	return (struct cost){ reap(pid), wall };
}

static void bench_tcp(void)
{
	struct mdl_inet server;
	int fd = bound(SOCK_STREAM, &server);
	pid_t pid = fork();
	if (pid == 0)
		sink(fd);
	struct cost best[2] = { { 0, 0 }, { 0, 0 } };
	for (unsigned i = 0; i < RUNS; i++)
		for (unsigned ours = 0; ours < 2; ours++)
			better(&best[ours], tcp_run(ours, &server));
	reap(pid);
	close(fd);
	for (unsigned ours = 0; ours < 2; ours++)
		printf("tcp %-6s %6.3f s CPU a GiB, %6.2f GiB/s\n", ours ? "engine" : "plain",
		       best[ours].cpu / (double)(tcp_bytes >> 30),
		       (double)(tcp_bytes >> 30) / best[ours].wall);
	printf("tcp ratio of CPU %.2f\n", best[1].cpu / best[0].cpu);
}

/* ---- timers ---- */

enum { TIMERS = 5000 };

struct bell {
	struct timer timer;
	double late; /* us */
};

static void ring(struct timer *t, mdl_time now)
{
	(void)now;
	((struct bell *)t)->late = (double)(loop_clock() - t->due) / 1e3;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Sorts them. */
static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_size);
	return v[n / 2];
}

static void timers_run_with(mdl_time spin)
{
	static struct bell bells[TIMERS];
	static double late[TIMERS];
	struct rusage before, after;
	if (loop_new(&loop, NULL) != MDL_OK)
		die("loop");
	loop_spin(loop, spin);
	getrusage(RUSAGE_SELF, &before);
	mdl_time start = loop_now(loop);
	for (unsigned i = 0; i < TIMERS; i++) {
		bells[i] = (struct bell){ .timer.fire = ring };
		loop_timer(loop, &bells[i].timer, start + (i + 1) * MDL_MS);
	}
	loop_run(loop);
	getrusage(RUSAGE_SELF, &after);
	for (unsigned i = 0; i < TIMERS; i++)
		late[i] = bells[i].late;
	/* Medians, since one time slice of somebody else outweighs thousands of timers. */
	double drift = median(late + TIMERS - TIMERS / 5, TIMERS / 5) - median(late, TIMERS / 5);
	qsort(late, TIMERS, sizeof(late[0]), by_size);
	double cpu = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec +
			      after.ru_stime.tv_sec - before.ru_stime.tv_sec) +
		     (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec +
			      after.ru_stime.tv_usec - before.ru_stime.tv_usec) *
			     1e-6;
	printf("timers spin %3lld us: late by p50 %.1f us, p99 %.1f us, max %.1f us; drift %+.3f "
	       "us/s; "
	       "CPU %.0f %%\n",
	       (long long)(spin / MDL_US), late[TIMERS / 2], late[TIMERS * 99 / 100],
	       late[TIMERS - 1], drift, cpu / (TIMERS * 1e-3) * 100);
	if (!loop_free(loop))
		die("loop_free");
}

static void bench_timers(void)
{
	timers_run_with(0);
	timers_run_with(100 * MDL_US);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} all[] = { { "udp", bench_udp }, { "tcp", bench_tcp }, { "timers", bench_timers } };
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < MDL_COUNT(all); i++) {
		bool wanted = argc < 2;
		for (int k = 1; k < argc; k++)
			wanted |= strcmp(argv[k], all[i].name) == 0;
		if (wanted)
			all[i].run();
	}
	return 0;
}
