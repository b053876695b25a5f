#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/end_mem.h"
#include "proxy/end_udp.h"
#include "proxy/sock.h"
#include "support/net.h"

enum { DATAGRAM_MAX = 65507 }; /* what fits into IPv4 */

/* A flow from memory to a UDP socket of the test. */
struct pair {
	struct net n;
	struct end_mem *mem; /* the client's side */
	struct end *udp;
	int server;
	struct mdl_inet at; /* of the server */
};

static bool pair_open(struct pair *p, int family)
{
	p->server = net_socket(family, SOCK_DGRAM, &p->at);
	if (p->server < 0)
		return false;
	net_init(&p->n);
	p->mem = end_mem_new();
	assert_non_null(p->mem);
	assert_int_equal(end_udp_connect(p->n.l, &p->at, NULL, &p->udp, NULL), MDL_OK);
	net_flow(&p->n, &p->mem->end, p->udp);
	return true;
}

static void pair_close(struct pair *p)
{
	net_reset(&p->n);
	end_mem_free(p->mem);
	net_fini(&p->n);
	close(p->server);
}

static void ask(struct pair *p, struct mdl_slice bytes)
{
	flow_input(p->n.flow, MDL_C2S, bytes, loop_now(p->n.l));
}

/* The datagram that comes next at the server; its length, or -1 if there is none. */
static ssize_t take(struct pair *p, uint8_t *room, size_t size)
{
	return recv(p->server, room, size, 0);
}

static void answer(struct pair *p, const void *bytes, size_t n)
{
	struct mdl_inet to = end_udp_local(p->udp);
	int err = sock_connect(p->server, &to);
	assert_int_equal(err, 0);
	net_write(p->server, mdl_slice(bytes, n));
}

static void check_exchange(int family)
{
	struct pair p;
	uint8_t room[16];
	if (!pair_open(&p, family))
		return;
	ask(&p, MDL_LIT("ask"));
	assert_int_equal(take(&p, room, sizeof(room)), -1); /* not before the flush */
	loop_once(p.n.l, false);
	assert_int_equal(take(&p, room, sizeof(room)), 3);
	assert_memory_equal(room, "ask", 3);
	answer(&p, "answer", 6);
	answer(&p, "", 0);
	NET_UNTIL(&p.n, p.mem->got->n == 2);
	assert_true(mdl_slice_is(mdl_buf_slice(&p.mem->got->v[0]->bytes), "answer"));
	assert_int_equal(p.mem->got->v[1]->bytes.n, 0);
	pair_close(&p);
}

static void test_exchange(void **state)
{
	(void)state;
	check_exchange(4);
	check_exchange(6);
}

static void test_largest(void **state)
{
	(void)state;
	struct pair p;
	uint8_t *big = malloc(DATAGRAM_MAX + 1), *room = malloc(DATAGRAM_MAX + 1);
	assert_true(big != NULL && room != NULL && pair_open(&p, 4));
	for (size_t i = 0; i <= DATAGRAM_MAX; i++)
		big[i] = (uint8_t)(i * 7);
	ask(&p, mdl_slice(big, DATAGRAM_MAX + 1)); /* too long for anybody: dropped, and counted */
	ask(&p, mdl_slice(big, DATAGRAM_MAX));
	loop_once(p.n.l, false);
	assert_int_equal(take(&p, room, DATAGRAM_MAX + 1), DATAGRAM_MAX);
	assert_memory_equal(room, big, DATAGRAM_MAX);
	assert_int_equal(flow_stats(p.n.flow)->dropped[MDL_C2S], 1);
	answer(&p, big, DATAGRAM_MAX);
	NET_UNTIL(&p.n, p.mem->got->n == 1);
	assert_int_equal(p.mem->got->v[0]->bytes.n, DATAGRAM_MAX);
	assert_memory_equal(p.mem->got->v[0]->bytes.p, big, DATAGRAM_MAX);
	pair_close(&p);
	free(big);
	free(room);
}

/* More than a batch each way, of all lengths, in order. */
static void test_batches(void **state)
{
	(void)state;
	enum { N = 200 };
	struct pair p;
	uint8_t bytes[N], room[N];
	assert_true(pair_open(&p, 4));
	for (size_t i = 0; i < N; i++)
		bytes[i] = (uint8_t)i;
	for (size_t i = 0; i < N; i++)
		ask(&p, mdl_slice(bytes, i));
	loop_once(p.n.l, false);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(take(&p, room, sizeof(room)), i);
	for (size_t i = 0; i < N; i++)
		answer(&p, bytes, i);
	NET_UNTIL(&p.n, p.mem->got->n == N);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(p.mem->got->v[i]->bytes.n, i);
	pair_close(&p);
}

/* The target died: the next datagram comes back as an ICMP message, which is told at once. */
static void test_refused(void **state)
{
	(void)state;
	struct pair p;
	assert_true(pair_open(&p, 4));
	close(p.server);
	ask(&p, MDL_LIT("anybody?"));
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_string_equal(p.n.reason, "Connection refused");
	assert_int_equal(p.n.resets, 1);
	assert_true(p.mem->was_reset);
	p.server = -1;
	pair_close(&p);
}

/* The same, found while writing: the error of the first write is told by the second. */
static void test_refused_in_write(void **state)
{
	(void)state;
	struct pair p;
	assert_true(pair_open(&p, 4));
	close(p.server);
	for (unsigned i = 0; i < 64; i++)
		ask(&p, MDL_LIT("anybody?"));
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_string_equal(p.n.reason, "Connection refused");
	p.server = -1;
	pair_close(&p);
}

/* A graceful close sends what is queued. */
static void test_close_behind_queue(void **state)
{
	(void)state;
	struct pair p;
	uint8_t room[16];
	assert_true(pair_open(&p, 4));
	ask(&p, MDL_LIT("one"));
	ask(&p, MDL_LIT("two!"));
	flow_close(p.n.flow, false, NULL, loop_now(p.n.l));
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_int_equal(take(&p, room, sizeof(room)), 3);
	assert_int_equal(take(&p, room, sizeof(room)), 4);
	assert_false(p.mem->was_reset);
	pair_close(&p);
}

static void close_at_once(void *ctx, struct flow *f, enum flow_event ev, enum mdl_dir dir,
			  mdl_time now)
{
	(void)dir;
	if (ev == FLOW_OPENED)
		flow_close(f, true, "not welcome", now);
	else if (ev == FLOW_CLOSED)
		*(bool *)ctx = true;
}

/* Closed by the first of many datagrams that are being read. */
static void test_close_while_reading(void **state)
{
	(void)state;
	struct pair p;
	bool closed = false;
	assert_true(pair_open(&p, 4));
	struct end *e = NULL;
	struct end_mem *mem = end_mem_new();
	struct flow_conf conf = p.n.conf;
	struct flow *f = NULL;
	conf.on_event = close_at_once;
	conf.ctx = &closed;
	assert_int_equal(end_udp_connect(p.n.l, &p.at, NULL, &e, NULL), MDL_OK);
	struct mdl_inet to = end_udp_local(e);
	assert_int_equal(sock_connect(p.server, &to), 0);
	for (unsigned i = 0; i < 10; i++)
		net_write(p.server, MDL_LIT("x"));
	assert_int_equal(flow_new(&conf, &mem->end, e, NULL, 0, 0, &f, NULL), MDL_OK);
	NET_UNTIL(&p.n, closed);
	assert_int_equal(mem->got->n, 0);
	end_mem_free(mem);
	pair_close(&p);
}

static void test_from(void **state)
{
	(void)state;
	struct pair p;
	struct end *e = NULL;
	struct mdl_why why;
	char expected[MDL_INET_TEXT + 40], text[MDL_INET_TEXT];
	assert_true(pair_open(&p, 4));
	struct mdl_inet from = net_nowhere(SOCK_DGRAM);
	assert_int_equal(end_udp_connect(p.n.l, &p.at, &from, &e, &why), MDL_OK);
	struct mdl_inet local = end_udp_local(e);
	assert_true(mdl_inet_eq(&local, &from));
	end_discard(e, 0);
	assert_int_equal(end_udp_connect(p.n.l, &p.at, &p.at, &e, &why), MDL_EBUSY);
	snprintf(expected, sizeof(expected), "udp://%s: Address already in use",
		 mdl_inet_text(&p.at, text));
	assert_string_equal(why.text, expected);
	end_discard(NULL, 0);
	pair_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_batches),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_in_write),
		cmocka_unit_test(test_close_behind_queue),
		cmocka_unit_test(test_close_while_reading),
		cmocka_unit_test(test_from),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
