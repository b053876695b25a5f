#include "support/net.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocols/registry.h"
#include "proxy/end_stream.h"
#include "proxy/end_udp.h"
#include "proxy/sock.h"

static void note_closed(struct net *n, struct flow *f)
{
	for (unsigned i = 0, k = 0; i < n->open; i++)
		if (n->flows[i] != f)
			n->flows[k++] = n->flows[i];
	n->open--;
	n->closed++;
	n->stats = *flow_stats(f);
	memcpy(n->reason, flow_reason(f), sizeof(n->reason) - 1);
	if (n->flow == f)
		n->flow = NULL;
}

static void on_event(void *ctx, struct flow *f, enum flow_event ev, enum mdl_dir dir, mdl_time now)
{
	(void)dir;
	struct net *n = ctx;
	n->resets += ev == FLOW_RESET;
	if (ev == FLOW_CLOSED)
		note_closed(n, f);
	if (n->hook != NULL)
		n->hook(n, f, ev, now);
}

void net_init(struct net *n)
{
	*n = (struct net){ .conf = { .proto = &mdl_raw, .carrier = MDL_DGRAM } };
	assert_int_equal(loop_new(&n->l, NULL), MDL_OK);
	n->conf.host = loop_host(n->l);
	n->conf.on_event = on_event;
	n->conf.ctx = n;
}

void net_fini(struct net *n)
{
	assert_true(loop_free(n->l));
	assert_int_equal(n->open, 0);
}

void net_flow(struct net *n, struct end *client, struct end *server)
{
	struct stage *s = n->stage == NULL ? NULL : n->stage();
	n->conf.id++;
	assert_int_equal(
		flow_new(&n->conf, client, server, &s, s != NULL, loop_now(n->l), &n->flow, NULL),
		MDL_OK);
	assert_true(n->open < NET_FLOWS_MAX);
	n->flows[n->open++] = n->flow;
}

void net_on_end(void *ctx, struct end *e, const struct mdl_inet *peer, mdl_time now)
{
	struct net *n = ctx;
	struct end *to = NULL;
	mdl_err err = n->conf.carrier == MDL_DGRAM
			      ? end_udp_connect(n->l, &n->target, NULL, &to, NULL)
			      : end_tcp_connect(n->l, &n->target, NULL, &to, NULL);
	(void)now;
	assert_int_equal(err, MDL_OK);
	n->peer = *peer;
	net_flow(n, e, to);
}

struct listener *net_listen(struct net *n, const char *uri, unsigned peers_max, mdl_time idle)
{
	struct listen_conf c = {
		.peers_max = peers_max, .idle = idle, .on_end = net_on_end, .ctx = n
	};
	struct listener *s = NULL;
	assert_int_equal(mdl_addr_parse(uri, &c.on, NULL), MDL_OK);
	assert_int_equal(listen_open(n->l, &c, &s, NULL), MDL_OK);
	return s;
}

void net_reset(struct net *n)
{
	for (unsigned i = n->open; i-- > 0;)
		flow_close(n->flows[i], true, NULL, loop_now(n->l));
	NET_UNTIL(n, n->open == 0);
}

int net_socket(int family, int type, struct mdl_inet *at)
{
	static const uint8_t v4[4] = { 127, 0, 0, 1 };
	static const uint8_t v6[16] = { [15] = 1 };
	*at = family == 4 ? mdl_inet4(v4, 0) : mdl_inet6(v6, 0);
	int fd = sock_open(at, type);
	if (fd < 0 || sock_bind(fd, at) != 0) {
		assert_int_equal(family, 6);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 128), 0);
	*at = sock_local(fd);
	return fd;
}

int net_connect(int type, const struct mdl_inet *to)
{
	int fd = sock_open(to, type);
	assert_true(fd >= 0);
	assert_int_equal(sock_connect(fd, to), 0);
	return fd;
}

void net_write(int fd, struct mdl_slice bytes)
{
	ssize_t n = send(fd, bytes.p, bytes.n, MSG_NOSIGNAL);
	if (n < 0 && errno == ENOTSOCK)
		n = write(fd, bytes.p, bytes.n);
	assert_int_equal(n, bytes.n);
}

bool net_read(int fd, struct mdl_buf *into)
{
	static uint8_t room[256 << 10];
	ssize_t n = read(fd, room, sizeof(room));
	if (n > 0)
		assert_int_equal(mdl_buf_add(into, mdl_slice(room, (size_t)n)), MDL_OK);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

struct mdl_inet net_nowhere(int type)
{
	struct mdl_inet at;
	close(net_socket(4, type, &at));
	return at;
}

unsigned net_descriptors(void)
{
	unsigned n = 0;
	DIR *d = opendir("/proc/self/fd");
	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}
