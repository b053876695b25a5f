#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proxy/end_mem.h"
#include "proxy/end_udp.h"
#include "proxy/sock.h"
#include "support/alloc.h"
#include "support/net.h"

/* Clients of the test, a UDP listener, and an echo server of the test behind it. */
struct hubtest {
	struct net n;
	struct listener *front;
	struct mdl_inet at;
	int server;
};

static void hub_open(struct hubtest *t, unsigned peers_max, mdl_time idle)
{
	net_init(&t->n);
	t->server = net_socket(4, SOCK_DGRAM, &t->n.target);
	t->front = net_listen(&t->n, "udp://127.0.0.1:0", peers_max, idle);
	t->at = listen_local(t->front);
	assert_true(t->at.port != 0);
}

static void hub_close(struct hubtest *t)
{
	listen_close(t->front);
	net_fini(&t->n);
	close(t->server);
}

/* The server answers what it has got so far with the same. */
static unsigned echo(int server)
{
	uint8_t room[256];
	unsigned n = 0;
	union sock_addr from;
	socklen_t len = sizeof(from);
	ssize_t got;
	while ((got = recvfrom(server, room, sizeof(room), 0, &from.sa, &len)) >= 0) {
		assert_int_equal(sendto(server, room, (size_t)got, 0, &from.sa, len), got);
		n++;
	}
	return n;
}

/* Sends a number and waits until it has come back. */
static void round_trip(struct hubtest *t, int client, unsigned number)
{
	unsigned back = 0;
	net_write(client, mdl_slice(&number, sizeof(number)));
	while (recv(client, &back, sizeof(back), 0) < 0) {
		loop_once(t->n.l, false);
		echo(t->server);
	}
	assert_int_equal(back, number);
}

static void test_udp_peers(void **state)
{
	(void)state;
	enum { N = 50 };
	struct hubtest t;
	int client[N];
	hub_open(&t, 0, 0);
	for (unsigned i = 0; i < N; i++)
		client[i] = net_connect(SOCK_DGRAM, &t.at);
	for (unsigned turn = 0; turn < 3; turn++)
		for (unsigned i = 0; i < N; i++)
			round_trip(&t, client[i], turn * N + i);
	const struct listen_stats *s = listen_stats(t.front);
	assert_int_equal(s->peers, N);
	assert_int_equal(s->opened, N);
	assert_int_equal(t.n.open, N);
	/* all at once: their answers share the socket and still find their ways */
	for (unsigned i = 0; i < N; i++)
		net_write(client[i], mdl_slice(&i, sizeof(i)));
	unsigned echoed = 0;
	while (echoed < N) {
		loop_once(t.n.l, true);
		echoed += echo(t.server);
	}
	for (unsigned i = 0; i < N; i++) {
		unsigned back = N;
		while (recv(client[i], &back, sizeof(back), 0) < 0)
			loop_once(t.n.l, true);
		assert_int_equal(back, i);
		close(client[i]);
	}
	net_reset(&t.n);
	assert_int_equal(s->peers, 0);
	hub_close(&t);
}

/* Peers go on after the listener was closed, strangers are not answered, the last one frees it. */
static void test_udp_close_with_peers(void **state)
{
	(void)state;
	struct hubtest t;
	hub_open(&t, 0, 0);
	int client = net_connect(SOCK_DGRAM, &t.at), stranger = net_connect(SOCK_DGRAM, &t.at);
	round_trip(&t, client, 1);
	listen_close(t.front);
	listen_close(NULL);
	net_write(stranger, MDL_LIT("hello?"));
	round_trip(&t, client, 2);
	assert_int_equal(t.n.open, 1);
	net_reset(&t.n);
	net_fini(&t.n);
	close(t.server);
	close(client);
	close(stranger);
}

static void test_udp_eviction(void **state)
{
	(void)state;
	struct hubtest t;
	int client[5];
	hub_open(&t, 3, 0);
	for (unsigned i = 0; i < 5; i++)
		client[i] = net_connect(SOCK_DGRAM, &t.at);
	for (unsigned i = 0; i < 3; i++)
		round_trip(&t, client[i], i);
	round_trip(&t, client[0], 10); /* so that 1 is the one that was quiet for longest */
	struct mdl_inet second = sock_local(client[1]);
	round_trip(&t, client[3], 11);
	const struct listen_stats *s = listen_stats(t.front);
	assert_int_equal(s->peers, 3);
	assert_int_equal(s->evicted, 1);
	NET_UNTIL(&t.n, t.n.closed == 1);
	assert_string_equal(t.n.reason, "another peer needs the place");
	round_trip(&t, client[0], 12); /* still there */
	assert_int_equal(s->opened, 4);
	round_trip(&t, client[1], 13); /* a new one, at the cost of 2 */
	assert_true(mdl_inet_eq(&t.n.peer, &second));
	assert_int_equal(s->opened, 5);
	assert_int_equal(s->evicted, 2);
	assert_int_equal(s->peers, 3);
	for (unsigned i = 0; i < 5; i++)
		close(client[i]);
	net_reset(&t.n);
	hub_close(&t);
}

static void test_udp_idle(void **state)
{
	(void)state;
	struct hubtest t;
	hub_open(&t, 0, MDL_MS);
	int a = net_connect(SOCK_DGRAM, &t.at), b = net_connect(SOCK_DGRAM, &t.at);
	net_write(a, MDL_LIT("x"));
	net_write(b, MDL_LIT("x"));
	NET_UNTIL(&t.n, t.n.closed == 2);
	assert_string_equal(t.n.reason, "quiet for too long");
	const struct listen_stats *s = listen_stats(t.front);
	assert_int_equal(s->expired, 2);
	assert_int_equal(s->peers, 0);
	net_write(a, MDL_LIT("x"));
	NET_UNTIL(&t.n, t.n.closed == 3);
	close(a);
	close(b);
	hub_close(&t);
}

static void refuse(void *ctx, struct end *e, const struct mdl_inet *peer, mdl_time now)
{
	(void)peer;
	++*(unsigned *)ctx;
	end_discard(e, now);
}

/* An owner who wants nobody. */
static void test_discarded_ends(void **state)
{
	(void)state;
	static const char *const where[] = { "udp://127.0.0.1:0", "tcp://127.0.0.1:0" };
	for (unsigned i = 0; i < 2; i++) {
		struct net n;
		unsigned came = 0;
		struct listen_conf c = { .on_end = refuse, .ctx = &came };
		struct listener *s;
		net_init(&n);
		assert_int_equal(mdl_addr_parse(where[i], &c.on, NULL), MDL_OK);
		assert_int_equal(listen_open(n.l, &c, &s, NULL), MDL_OK);
		struct mdl_inet at = listen_local(s);
		int client = net_connect(i == 0 ? SOCK_DGRAM : SOCK_STREAM, &at);
		if (i == 0)
			net_write(client, MDL_LIT("x"));
		NET_UNTIL(&n, came == 1);
		loop_once(n.l, false);
		assert_int_equal(listen_stats(s)->peers, 0);
		assert_int_equal(listen_stats(s)->unwanted, i == 0);
		listen_close(s);
		net_fini(&n);
		close(client);
	}
}

/* The peer's graceful close sends what is queued, from the shared socket. */
static void test_udp_close_behind_queue(void **state)
{
	(void)state;
	struct hubtest t;
	unsigned back = 0;
	hub_open(&t, 0, 0);
	int client = net_connect(SOCK_DGRAM, &t.at);
	round_trip(&t, client, 1);
	for (unsigned i = 5; i < 8; i++)
		flow_input(t.n.flow, MDL_S2C, mdl_slice(&i, sizeof(i)), loop_now(t.n.l));
	flow_close(t.n.flow, false, NULL, loop_now(t.n.l));
	NET_UNTIL(&t.n, t.n.open == 0);
	for (unsigned i = 5; i < 8; i++) {
		assert_int_equal(recv(client, &back, sizeof(back), 0), sizeof(back));
		assert_int_equal(back, i);
	}
	close(client);
	hub_close(&t);
}

/* A datagram nobody can send is dropped, those behind it go. */
static void test_udp_too_long(void **state)
{
	(void)state;
	struct hubtest t;
	unsigned back = 0, seven = 7;
	uint8_t *huge = calloc(1, 70000);
	assert_non_null(huge);
	hub_open(&t, 0, 0);
	int client = net_connect(SOCK_DGRAM, &t.at);
	round_trip(&t, client, 1);
	flow_input(t.n.flow, MDL_S2C, mdl_slice(huge, 70000), loop_now(t.n.l));
	flow_input(t.n.flow, MDL_S2C, mdl_slice(&seven, sizeof(seven)), loop_now(t.n.l));
	loop_once(t.n.l, false);
	assert_int_equal(recv(client, &back, sizeof(back), 0), sizeof(back));
	assert_int_equal(back, 7);
	assert_int_equal(flow_stats(t.n.flow)->dropped[MDL_S2C], 1);
	net_reset(&t.n);
	close(client);
	hub_close(&t);
	free(huge);
}

static void test_tcp_peers(void **state)
{
	(void)state;
	struct net n;
	int client[5];
	net_init(&n);
	n.conf.carrier = MDL_STREAM;
	int server = net_socket(4, SOCK_STREAM, &n.target);
	struct listener *front = net_listen(&n, "tcp://127.0.0.1:0", 2, 0);
	struct mdl_inet at = listen_local(front);
	for (unsigned i = 0; i < 5; i++)
		client[i] = net_connect(SOCK_STREAM, &at);
	const struct listen_stats *s = listen_stats(front);
	NET_UNTIL(&n, s->opened == 2);
	for (unsigned i = 0; i < 10; i++)
		loop_once(n.l, false);
	assert_int_equal(s->opened, 2); /* the others wait */
	assert_int_equal(n.open, 2);
	for (unsigned i = 2; i < 5; i++) {
		flow_close(n.flows[0], true, NULL, loop_now(n.l));
		NET_UNTIL(&n, s->opened == i + 1);
		assert_int_equal(s->peers, 2);
	}
	listen_close(front); /* its ends live on */
	loop_once(n.l, false);
	assert_int_equal(n.open, 2);
	net_reset(&n);
	net_fini(&n);
	for (unsigned i = 0; i < 5; i++)
		close(client[i]);
	close(server);
}

/* Without descriptors a connection waits, and is taken in when there is one again. */
static void test_tcp_starved(void **state)
{
	(void)state;
	struct net n;
	struct rlimit old, none;
	unsigned came = 0;
	struct listen_conf c = { .on_end = refuse, .ctx = &came };
	struct listener *s;
	net_init(&n);
	assert_int_equal(mdl_addr_parse("tcp://127.0.0.1:0", &c.on, NULL), MDL_OK);
	assert_int_equal(listen_open(n.l, &c, &s, NULL), MDL_OK);
	struct mdl_inet at = listen_local(s);
	int client = net_connect(SOCK_STREAM, &at);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ 3, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	NET_UNTIL(&n, listen_stats(s)->starved == 1);
	loop_once(n.l, false);
	assert_int_equal(came, 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	NET_UNTIL(&n, came == 1);
	listen_close(s);
	net_fini(&n);
	close(client);
}

static mdl_err listen_at(struct net *n, const char *uri, struct listener **s, struct mdl_why *why)
{
	struct listen_conf c = { .on_end = net_on_end, .ctx = n };
	assert_int_equal(mdl_addr_parse(uri, &c.on, why), MDL_OK);
	return listen_open(n->l, &c, s, why);
}

static void test_in_use(void **state)
{
	(void)state;
	static const char *const schemes[] = { "udp", "tcp" };
	for (unsigned i = 0; i < 2; i++) {
		struct net n;
		struct listener *s = NULL;
		struct mdl_why why;
		struct mdl_inet at;
		char uri[MDL_INET_TEXT + 8], text[MDL_INET_TEXT], expected[MDL_INET_TEXT + 40];
		int other = net_socket(4, i == 0 ? SOCK_DGRAM : SOCK_STREAM, &at);
		net_init(&n);
		snprintf(uri, sizeof(uri), "%s://%s", schemes[i], mdl_inet_text(&at, text));
		snprintf(expected, sizeof(expected), "%s: Address already in use", uri);
		assert_int_equal(listen_at(&n, uri, &s, &why), MDL_EBUSY);
		assert_string_equal(why.text, expected);
		snprintf(uri, sizeof(uri), "%s://example.net:53", schemes[i]);
		assert_int_equal(listen_at(&n, uri, &s, &why), MDL_EINVAL);
		net_fini(&n);
		close(other);
	}
	struct net n;
	struct listener *s = NULL;
	struct mdl_why why;
	net_init(&n);
	assert_int_equal(listen_at(&n, "tls://127.0.0.1:1", &s, &why), MDL_EINVAL);
	assert_string_equal(why.text, "listen: expected udp, tcp or unix, not \"tls\"");
	net_fini(&n);
}

static void test_ipv6(void **state)
{
	(void)state;
	struct net n;
	struct mdl_inet at;
	int probe = net_socket(6, SOCK_DGRAM, &at);
	if (probe < 0)
		return;
	close(probe);
	net_init(&n);
	int server = net_socket(4, SOCK_DGRAM, &n.target);
	struct listener *s = net_listen(&n, "udp://[::1]:0", 0, 0);
	at = listen_local(s);
	int client = net_connect(SOCK_DGRAM, &at);
	net_write(client, MDL_LIT("x"));
	NET_UNTIL(&n, n.open == 1);
	struct mdl_inet me = sock_local(client);
	assert_true(mdl_inet_eq(&n.peer, &me));
	net_reset(&n);
	listen_close(s);
	net_fini(&n);
	close(client);
	close(server);
}

static void test_unix(void **state)
{
	(void)state;
	struct net n;
	struct listener *s = NULL, *second = NULL;
	struct mdl_why why;
	struct stat st;
	struct sockaddr_un sa;
	char dir[] = "/tmp/meddle-XXXXXX", path[64], uri[80];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	snprintf(uri, sizeof(uri), "unix:%s", path);
	net_init(&n);
	n.conf.carrier = MDL_STREAM;
	int server = net_socket(4, SOCK_STREAM, &n.target);
	assert_int_equal(listen_at(&n, uri, &s, &why), MDL_OK);
	assert_int_equal(listen_local(s).family, 0);
	assert_int_equal(listen_at(&n, uri, &second, &why), MDL_EBUSY); /* alive */
	assert_non_null(strstr(why.text, "Address already in use"));
	assert_true(sock_unix(path, &sa));
	int client = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&sa, sizeof(sa)), 0);
	NET_UNTIL(&n, n.open == 2); /* the one that looked whether it is alive, and this one */
	assert_int_equal(n.peer.family, 0);
	net_reset(&n);
	listen_close(s);
	assert_int_equal(stat(path, &st), -1); /* removed */
	/* one that died and left its path is taken over */
	int dead = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(dead, (struct sockaddr *)&sa, sizeof(sa)), 0);
	close(dead);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(listen_at(&n, uri, &s, &why), MDL_OK);
	/* somebody put another socket there: it is not ours to remove */
	unlink(path);
	dead = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(dead, (struct sockaddr *)&sa, sizeof(sa)), 0);
	listen_close(s);
	assert_int_equal(stat(path, &st), 0);
	close(dead);
	unlink(path);
	/* and a file is nobody's dead socket */
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(listen_at(&n, uri, &s, &why), MDL_EIO);
	assert_non_null(strstr(why.text, "File exists"));
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
	rmdir(dir);
	assert_int_equal(listen_at(&n, uri, &s, &why), MDL_EIO);
	net_fini(&n);
	close(client);
	close(server);
}

static void test_unix_path_too_long(void **state)
{
	(void)state;
	struct net n;
	struct listener *s = NULL;
	char uri[300] = "unix:/";
	struct mdl_why why;
	memset(uri + 6, 'x', 200);
	net_init(&n);
	assert_int_equal(listen_at(&n, uri, &s, &why), MDL_EIO);
	assert_non_null(strstr(why.text, "File name too long"));
	net_fini(&n);
}

/* A flow from the peer to memory, as far as there is memory; else the end is let go. */
static void take_if_possible(void *ctx, struct end *e, const struct mdl_inet *peer, mdl_time now)
{
	(void)peer;
	struct net *n = ctx;
	struct end *to = NULL;
	struct flow *f = NULL;
	if (end_udp_connect(n->l, &n->target, NULL, &to, NULL) != MDL_OK ||
	    flow_new(&n->conf, e, to, NULL, 0, now, &f, NULL) != MDL_OK) {
		end_discard(to, now);
		end_discard(e, now);
		return;
	}
	n->flow = n->flows[n->open++] = f;
}

static void out_of_memory(struct net *n, int client)
{
	struct listen_conf c = { .on_end = take_if_possible, .ctx = n };
	struct listener *s = NULL;
	assert_int_equal(mdl_addr_parse("udp://127.0.0.1:0", &c.on, NULL), MDL_OK);
	if (listen_open(n->l, &c, &s, NULL) != MDL_OK)
		return;
	struct mdl_inet at = listen_local(s);
	assert_int_equal(sock_connect(client, &at), 0);
	net_write(client, MDL_LIT("x"));
	const struct listen_stats *stats = listen_stats(s);
	NET_UNTIL(n, stats->opened + stats->starved > 0);
	net_reset(n);
	listen_close(s);
}

static void test_no_memory(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	int server = net_socket(4, SOCK_DGRAM, &n.target);
	int client = net_connect(SOCK_DGRAM, &n.target);
	ALLOC_FAIL_EACH(out_of_memory(&n, client));
	assert_true(n.closed > 0);
	net_fini(&n);
	close(client);
	close(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp_peers),
		cmocka_unit_test(test_udp_close_with_peers),
		cmocka_unit_test(test_udp_eviction),
		cmocka_unit_test(test_udp_idle),
		cmocka_unit_test(test_discarded_ends),
		cmocka_unit_test(test_udp_close_behind_queue),
		cmocka_unit_test(test_udp_too_long),
		cmocka_unit_test(test_tcp_peers),
		cmocka_unit_test(test_tcp_starved),
		cmocka_unit_test(test_in_use),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_unix_path_too_long),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
