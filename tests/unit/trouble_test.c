/* Ends and listeners whose sockets have no room, take a part, break, or want to be asked again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/end_mem.h"
#include "proxy/end_stream.h"
#include "proxy/end_udp.h"
#include "proxy/sock.h"
#include "support/alloc.h"
#include "support/fail.h"
#include "support/net.h"

struct udp_pair {
	struct net n;
	struct end_mem *mem;
	int server;
};

static void udp_open(struct udp_pair *p)
{
	struct mdl_inet at;
	struct end *e = NULL;
	net_init(&p->n);
	p->server = net_socket(4, SOCK_DGRAM, &at);
	p->mem = end_mem_new();
	assert_int_equal(end_udp_connect(p->n.l, &at, NULL, &e, NULL), MDL_OK);
	net_flow(&p->n, &p->mem->end, e);
}

static void udp_close(struct udp_pair *p)
{
	fail_none();
	net_reset(&p->n);
	end_mem_free(p->mem);
	net_fini(&p->n);
	close(p->server);
}

static void udp_ask(struct udp_pair *p, unsigned from, unsigned to)
{
	for (; from < to; from++)
		flow_input(p->n.flow, MDL_C2S, mdl_slice(&from, sizeof(from)), loop_now(p->n.l));
}

static void udp_came(int fd, unsigned from, unsigned to)
{
	for (; from < to; from++) {
		unsigned got = to;
		assert_int_equal(recv(fd, &got, sizeof(got), 0), sizeof(got));
		assert_int_equal(got, from);
	}
}

static size_t backlog(struct flow *f, enum mdl_dir dir)
{
	struct end *e = flow_end(f, dir);
	return e->ops->backlog(e);
}

static void test_udp_without_room(void **state)
{
	(void)state;
	static const int errs[] = { EAGAIN, ENOBUFS };
	for (size_t i = 0; i < MDL_COUNT(errs); i++) {
		struct udp_pair p;
		udp_open(&p);
		loop_once(p.n.l, false);
		udp_ask(&p, 0, 40);
		fail_at(FAIL_sendmmsg, 2, 1, errs[i]); /* after a full batch, and once more */
		loop_once(p.n.l, false);
		assert_int_equal(backlog(p.n.flow, MDL_S2C), 8 * sizeof(unsigned));
		udp_ask(&p, 40, 50); /* behind what waits */
		NET_UNTIL(&p.n, backlog(p.n.flow, MDL_S2C) == 0);
		udp_came(p.server, 0, 50);
		udp_close(&p);
	}
}

static void test_udp_short_batches(void **state)
{
	(void)state;
	struct udp_pair p;
	udp_open(&p);
	fail_short(3);
	udp_ask(&p, 0, 50);
	loop_once(p.n.l, false);
	udp_came(p.server, 0, 50);
	udp_close(&p);
}

static void test_udp_back_pressure(void **state)
{
	(void)state;
	struct udp_pair p;
	udp_open(&p);
	loop_once(p.n.l, false);
	fail_at(FAIL_sendmmsg, 1, 2, EAGAIN);
	uint8_t kilo[1024] = { 0 };
	for (unsigned i = 0; i < FLOW_QUEUE_MAX / FLOW_HIGH / sizeof(kilo) + 1; i++)
		flow_input(p.n.flow, MDL_C2S, mdl_slice(kilo, sizeof(kilo)), loop_now(p.n.l));
	assert_true(p.mem->paused);
	NET_UNTIL(&p.n, !p.mem->paused);
	udp_close(&p);
}

static void test_udp_graceful_close_without_room(void **state)
{
	(void)state;
	struct udp_pair p;
	udp_open(&p);
	loop_once(p.n.l, false);
	udp_ask(&p, 0, 5);
	fail_at(FAIL_sendmmsg, 1, 1, EAGAIN);
	flow_close(p.n.flow, false, NULL, loop_now(p.n.l));
	flow_close(p.n.flow, false, NULL, loop_now(p.n.l));
	NET_UNTIL(&p.n, p.n.flow == NULL);
	udp_came(p.server, 0, 5);
	udp_close(&p);
	/* one that had to wait before */
	udp_open(&p);
	loop_once(p.n.l, false);
	udp_ask(&p, 0, 5);
	fail_at(FAIL_sendmmsg, 1, 2, EAGAIN);
	loop_once(p.n.l, false);
	flow_close(p.n.flow, false, NULL, loop_now(p.n.l));
	NET_UNTIL(&p.n, p.n.flow == NULL);
	udp_came(p.server, 0, 5);
	udp_close(&p);
	/* and one for which there never is room again: an error ends it */
	udp_open(&p);
	loop_once(p.n.l, false);
	udp_ask(&p, 0, 5);
	fail_at(FAIL_sendmmsg, 1, 0, EAGAIN);
	flow_close(p.n.flow, false, NULL, loop_now(p.n.l));
	fail_at(FAIL_sendmmsg, 1, 0, EPERM);
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_int_equal(p.n.stats.dropped[MDL_C2S], 5);
	udp_close(&p);
}

static void test_udp_errors(void **state)
{
	(void)state;
	struct udp_pair p;
	udp_open(&p);
	loop_once(p.n.l, false);
	udp_ask(&p, 0, 1);
	fail_at(FAIL_sendmmsg, 1, 0, EPERM);
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_string_equal(p.n.reason, "Operation not permitted");
	udp_close(&p);
	udp_open(&p);
	struct mdl_inet to = end_udp_local(flow_end(p.n.flow, MDL_S2C));
	assert_int_equal(sock_connect(p.server, &to), 0);
	net_write(p.server, MDL_LIT("x"));
	fail_at(FAIL_recvmmsg, 1, 0, EINTR); /* just done again */
	NET_UNTIL(&p.n, p.mem->got->n == 1);
	fail_at(FAIL_recvmmsg, 1, 0, EHOSTUNREACH);
	net_write(p.server, MDL_LIT("x"));
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_string_equal(p.n.reason, "No route to host");
	udp_close(&p);
}

/* ---- a UDP listener whose socket has no room ---- */

struct hub_pair {
	struct net n;
	struct listener *front;
	int server, client[2];
	struct flow *flow[2]; /* of each client */
};

static void hub_open(struct hub_pair *h)
{
	net_init(&h->n);
	h->server = net_socket(4, SOCK_DGRAM, &h->n.target);
	h->front = net_listen(&h->n, "udp://127.0.0.1:0", 0, 0);
	struct mdl_inet at = listen_local(h->front);
	for (unsigned i = 0; i < 2; i++) {
		h->client[i] = net_connect(SOCK_DGRAM, &at);
		net_write(h->client[i], MDL_LIT("x"));
		NET_UNTIL(&h->n, h->n.open == i + 1);
		h->flow[i] = h->n.flow;
	}
}

static void hub_close(struct hub_pair *h)
{
	fail_none();
	net_reset(&h->n);
	listen_close(h->front);
	net_fini(&h->n);
	close(h->server);
	close(h->client[0]);
	close(h->client[1]);
}

static void hub_answer(struct hub_pair *h, unsigned who, unsigned from, unsigned to)
{
	for (; from < to; from++)
		flow_input(h->flow[who], MDL_S2C, mdl_slice(&from, sizeof(from)), loop_now(h->n.l));
}

static void test_hub_without_room(void **state)
{
	(void)state;
	struct hub_pair h;
	hub_open(&h);
	hub_answer(&h, 0, 0, 30);
	hub_answer(&h, 1, 0, 30);
	fail_at(FAIL_sendmmsg, 2, 1, EAGAIN);
	loop_once(h.n.l, false);
	assert_int_equal(backlog(h.flow[0], MDL_C2S), 28 * sizeof(unsigned));
	assert_int_equal(backlog(h.flow[1], MDL_C2S), 28 * sizeof(unsigned)); /* in their way too */
	/* one goes with a reset, which drops what it has queued; one gracefully, behind it */
	flow_close(h.flow[1], false, NULL, loop_now(h.n.l));
	assert_int_equal(listen_stats(h.front)->peers, 1);
	NET_UNTIL(&h.n, h.n.open == 1);
	udp_came(h.client[0], 0, 30);
	udp_came(h.client[1], 0, 30);
	hub_close(&h);
}

static void test_hub_reset_without_room(void **state)
{
	(void)state;
	struct hub_pair h;
	hub_open(&h);
	hub_answer(&h, 0, 0, 3);
	hub_answer(&h, 1, 0, 3);
	fail_at(FAIL_sendmmsg, 1, 1, EAGAIN);
	loop_once(h.n.l, false);
	flow_close(h.flow[0], true, NULL, loop_now(h.n.l));
	NET_UNTIL(&h.n, h.n.open == 1);
	assert_int_equal(h.n.stats.dropped[MDL_S2C], 3);
	NET_UNTIL(&h.n, backlog(h.flow[1], MDL_C2S) == 0);
	udp_came(h.client[1], 0, 3);
	hub_close(&h);
}

/* The one that is quiet for the whole time goes; the one that was seen in between stays. */
static void test_hub_idle(void **state)
{
	(void)state;
	struct hub_pair h;
	hub_open(&h);
	fail_clock(LISTEN_IDLE / MDL_SEC / 2);
	loop_once(h.n.l, false);
	hub_answer(&h, 1, 0, 1);
	fail_clock(LISTEN_IDLE / MDL_SEC + 1);
	NET_UNTIL(&h.n, h.n.open == 1);
	assert_ptr_equal(h.n.flows[0], h.flow[1]);
	assert_int_equal(listen_stats(h.front)->expired, 1);
	fail_clock(2 * LISTEN_IDLE / MDL_SEC);
	NET_UNTIL(&h.n, h.n.open == 0);
	listen_close(h.front);
	hub_close(&h);
}

/* An error belongs to the first message: it is dropped, the others go. */
static void test_hub_errors(void **state)
{
	(void)state;
	struct hub_pair h;
	hub_open(&h);
	hub_answer(&h, 0, 0, 3);
	fail_short(1);
	fail_at(FAIL_sendmmsg, 1, 0, EPERM);
	loop_once(h.n.l, false);
	udp_came(h.client[0], 1, 3);
	assert_int_equal(flow_stats(h.flow[0])->dropped[MDL_S2C], 1);
	hub_close(&h);
}

static void reset_the_others(struct net *n, struct flow *f, enum flow_event ev, mdl_time now)
{
	(void)f;
	if (ev == FLOW_CLOSED && n->open > 0)
		flow_close(n->flows[0], true, NULL, now);
}

/* Two go in the same write, and who hears of the first resets the second. */
static void test_hub_closed_in_callback(void **state)
{
	(void)state;
	struct hub_pair h;
	hub_open(&h);
	hub_answer(&h, 0, 0, 3);
	hub_answer(&h, 1, 0, 3);
	fail_at(FAIL_sendmmsg, 1, 1000, EAGAIN);
	for (unsigned i = 0; i < 2; i++)
		flow_close(h.flow[i], false, NULL, loop_now(h.n.l));
	NET_UNTIL(&h.n,
		  flow_end(h.flow[0], MDL_S2C) == NULL && flow_end(h.flow[1], MDL_S2C) == NULL);
	assert_int_equal(h.n.open, 2);
	h.n.hook = reset_the_others;
	fail_none();
	NET_UNTIL(&h.n, h.n.open == 0);
	udp_came(h.client[0], 0, 3);
	udp_came(h.client[1], 0, 3);
	hub_close(&h);
}

/* ---- streams ---- */

struct stream_pair {
	struct net n;
	struct end_mem *mem;
	int server;
};

static void stream_open(struct stream_pair *p)
{
	struct end *e = NULL;
	int fd[2];
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	net_init(&p->n);
	p->n.conf.carrier = MDL_STREAM;
	p->mem = end_mem_new();
	p->server = fd[0];
	assert_int_equal(end_fds(p->n.l, "pair", fd[1], fd[1], &e, NULL), MDL_OK);
	net_flow(&p->n, &p->mem->end, e);
	loop_once(p->n.l, false);
}

static void stream_close(struct stream_pair *p)
{
	fail_none();
	net_reset(&p->n);
	end_mem_free(p->mem);
	net_fini(&p->n);
	close(p->server);
}

static void stream_say(struct stream_pair *p, const char *text)
{
	flow_input(p->n.flow, MDL_C2S, mdl_slice_str(text), loop_now(p->n.l));
}

static void stream_comes(struct stream_pair *p, const char *text)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 1000);
	while (b.n < strlen(text) && net_read(p->server, &b))
		loop_once(p->n.l, false);
	assert_string_equal(mdl_buf_text(&b), text);
	mdl_buf_fini(&b);
}

/* Every byte alone, and with calls that are interrupted or find no room in between. */
static void test_stream_short_writes(void **state)
{
	(void)state;
	static const int errs[] = { EAGAIN, EINTR };
	for (unsigned most = 1; most < 6; most++)
		for (size_t i = 0; i < MDL_COUNT(errs); i++) {
			struct stream_pair p;
			stream_open(&p);
			fail_short(most);
			fail_at(FAIL_writev, 2, 1, errs[i]);
			stream_say(&p, "abc");
			stream_say(&p, "d");
			stream_say(&p, "efghijk");
			loop_once(p.n.l, false);
			if (errs[i] == EAGAIN)
				assert_int_equal(backlog(p.n.flow, MDL_S2C),
						 11 - (most < 3 ? most : 3));
			stream_say(&p, "lm");
			flow_input_end(p.n.flow, MDL_C2S, loop_now(p.n.l));
			stream_comes(&p, "abcdefghijklm");
			stream_close(&p);
		}
}

/* Nothing of a peer that neither reads nor ends; the time for that is bounded. */
static void test_stream_linger(void **state)
{
	(void)state;
	struct stream_pair p;
	stream_open(&p);
	fail_at(FAIL_writev, 1, 1000, EAGAIN);
	stream_say(&p, "never");
	flow_close(p.n.flow, false, NULL, loop_now(p.n.l));
	flow_close(p.n.flow, false, NULL, loop_now(p.n.l));
	fail_clock(STREAM_LINGER / MDL_SEC - 1);
	loop_once(p.n.l, false);
	loop_once(p.n.l, false);
	assert_non_null(p.n.flow);
	fail_clock(STREAM_LINGER / MDL_SEC + 1);
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_int_equal(p.n.stats.dropped[MDL_C2S], 1);
	assert_string_equal(p.n.reason, "");
	stream_close(&p);
}

static void test_stream_empty_messages(void **state)
{
	(void)state;
	struct stream_pair p;
	stream_open(&p);
	static const char *const words[] = { "", "a", "", "", "b", "" };
	for (size_t i = 0; i < MDL_COUNT(words); i++) {
		struct mdl_msg *m = mdl_msg_new(MDL_C2S, 0, mdl_slice_str(words[i]));
		assert_non_null(m);
		flow_input_msg(p.n.flow, m, loop_now(p.n.l));
	}
	fail_short(1);
	stream_comes(&p, "ab");
	stream_close(&p);
}

static void out_of_memory(struct net *n)
{
	struct end *e = NULL;
	int fd[2];
	assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
	mdl_err err = end_fds(n->l, "pipe", fd[0], fd[1], &e, NULL);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	if (err != MDL_OK) {
		close(fd[0]);
		close(fd[1]);
	}
	end_discard(e, loop_now(n->l));
	loop_once(n->l, false);
}

static void test_no_memory(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	unsigned before = net_descriptors();
	ALLOC_FAIL_EACH(out_of_memory(&n));
	assert_int_equal(net_descriptors(), before);
	net_fini(&n);
}

static void test_stream_reads(void **state)
{
	(void)state;
	struct stream_pair p;
	stream_open(&p);
	net_write(p.server, MDL_LIT("x"));
	fail_at(FAIL_read, 1, 0, EINTR);
	NET_UNTIL(&p.n, p.mem->got->n == 1);
	fail_at(FAIL_read, 1, 0, ETIMEDOUT);
	net_write(p.server, MDL_LIT("x"));
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_string_equal(p.n.reason, "Connection timed out");
	stream_close(&p);
}

/* The peer cannot be written to any more, but has something to say. */
static void test_stream_broken(void **state)
{
	(void)state;
	struct stream_pair p;
	stream_open(&p);
	fail_at(FAIL_writev, 1, 0, EPIPE);
	stream_say(&p, "lost");
	loop_once(p.n.l, false);
	stream_say(&p, "lost too");
	net_write(p.server, MDL_LIT("last words"));
	NET_UNTIL(&p.n, p.mem->got->n == 1);
	assert_int_equal(p.n.resets, 0);
	assert_int_equal(flow_stats(p.n.flow)->dropped[MDL_C2S], 2);
	shutdown(p.server, SHUT_WR);
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_string_equal(p.n.reason, "Broken pipe");
	stream_close(&p);
	/* and where it has ended before, there is nothing more to wait for */
	stream_open(&p);
	shutdown(p.server, SHUT_WR);
	NET_UNTIL(&p.n, p.mem->shut);
	fail_at(FAIL_writev, 1, 0, EPIPE);
	stream_say(&p, "lost");
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_string_equal(p.n.reason, "Broken pipe");
	stream_close(&p);
}

static void test_stream_breaks_while_closing(void **state)
{
	(void)state;
	struct stream_pair p;
	stream_open(&p);
	fail_at(FAIL_writev, 1, 0, EAGAIN);
	stream_say(&p, "lost");
	flow_close(p.n.flow, false, NULL, loop_now(p.n.l));
	fail_at(FAIL_writev, 1, 0, EPIPE);
	shutdown(p.server, SHUT_WR);
	NET_UNTIL(&p.n, p.n.flow == NULL);
	assert_int_equal(p.n.stats.dropped[MDL_C2S], 1);
	stream_close(&p);
}

static unsigned came;

static void count_and_discard(void *ctx, struct end *e, const struct mdl_inet *peer, mdl_time now)
{
	(void)ctx;
	(void)peer;
	came++;
	end_discard(e, now);
}

static void test_accept(void **state)
{
	(void)state;
	static const struct {
		enum fail_call call;
		int err;
		unsigned starved;
	} cases[] = {
		{ FAIL_accept4, ECONNABORTED, 0 }, { FAIL_accept4, EINTR, 0 },
		{ FAIL_accept4, EMFILE, 1 },	   { FAIL_accept4, ENOMEM, 1 },
		{ FAIL_accept4, EPERM, 0 },
	};
	for (size_t i = 0; i < MDL_COUNT(cases); i++) {
		struct net n;
		struct listener *s = NULL;
		struct listen_conf c = { .on_end = count_and_discard };
		net_init(&n);
		came = 0;
		assert_int_equal(mdl_addr_parse("tcp://127.0.0.1:0", &c.on, NULL), MDL_OK);
		assert_int_equal(listen_open(n.l, &c, &s, NULL), MDL_OK);
		struct mdl_inet at = listen_local(s);
		int client = net_connect(SOCK_STREAM, &at);
		fail_at(cases[i].call, 1, 0, cases[i].err);
		NET_UNTIL(&n, came == 1);
		assert_true(fail_reached());
		fail_none();
		assert_int_equal(listen_stats(s)->starved, cases[i].starved);
		listen_close(s);
		net_fini(&n);
		close(client);
	}
}

/* A connection for which no handle can be made is let go, and the listener lives. */
static void test_accept_without_handle(void **state)
{
	(void)state;
	struct net n;
	struct listener *s = NULL;
	struct listen_conf c = { .on_end = count_and_discard };
	net_init(&n);
	came = 0;
	assert_int_equal(mdl_addr_parse("tcp://127.0.0.1:0", &c.on, NULL), MDL_OK);
	assert_int_equal(listen_open(n.l, &c, &s, NULL), MDL_OK);
	struct mdl_inet at = listen_local(s);
	int first = net_connect(SOCK_STREAM, &at), second = net_connect(SOCK_STREAM, &at);
	fail_at(FAIL_uv_poll_init, 1, 0, EMFILE);
	NET_UNTIL(&n, came == 1);
	fail_none();
	assert_int_equal(listen_stats(s)->starved, 1);
	listen_close(s);
	net_fini(&n);
	close(first);
	close(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp_without_room),
		cmocka_unit_test(test_udp_short_batches),
		cmocka_unit_test(test_udp_back_pressure),
		cmocka_unit_test(test_udp_graceful_close_without_room),
		cmocka_unit_test(test_udp_errors),
		cmocka_unit_test(test_hub_without_room),
		cmocka_unit_test(test_hub_reset_without_room),
		cmocka_unit_test(test_hub_idle),
		cmocka_unit_test(test_hub_errors),
		cmocka_unit_test(test_hub_closed_in_callback),
		cmocka_unit_test(test_stream_short_writes),
		cmocka_unit_test(test_stream_linger),
		cmocka_unit_test(test_stream_empty_messages),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_stream_reads),
		cmocka_unit_test(test_stream_broken),
		cmocka_unit_test(test_stream_breaks_while_closing),
		cmocka_unit_test(test_accept),
		cmocka_unit_test(test_accept_without_handle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
