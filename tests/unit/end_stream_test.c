#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/rng.h"
#include "proxy/end_mem.h"
#include "proxy/end_stream.h"
#include "proxy/sock.h"
#include "support/net.h"

/* client -- flow -- server, where client and server are plain sockets of the test. */
struct relay {
	struct net n;
	int listener, client, server;
	struct listener *front;
};

static void relay_open_with(struct relay *r, size_t queue_max)
{
	net_init(&r->n);
	r->n.conf.carrier = MDL_STREAM;
	r->n.conf.queue_max = queue_max;
	r->listener = net_socket(4, SOCK_STREAM, &r->n.target);
	r->front = net_listen(&r->n, "tcp://127.0.0.1:0", 0, 0);
	struct mdl_inet at = listen_local(r->front);
	r->client = net_connect(SOCK_STREAM, &at);
	NET_UNTIL(&r->n, r->n.flow != NULL);
	while ((r->server = accept4(r->listener, NULL, NULL, SOCK_NONBLOCK)) < 0)
		loop_once(r->n.l, false);
}

static void relay_open(struct relay *r)
{
	relay_open_with(r, 0);
}

static void relay_close(struct relay *r)
{
	net_reset(&r->n);
	listen_close(r->front);
	net_fini(&r->n);
	close(r->client);
	close(r->server);
	close(r->listener);
}

/* Runs the loop until `fd` has given `n` bytes, and says whether they are `text`. */
static bool comes(struct relay *r, int fd, const char *text)
{
	struct mdl_buf b;
	mdl_buf_init(&b, MDL_BUF_MAX);
	while (b.n < strlen(text) && net_read(fd, &b))
		loop_once(r->n.l, false);
	bool same = mdl_slice_is(mdl_buf_slice(&b), text);
	mdl_buf_fini(&b);
	return same;
}

static bool ends(struct relay *r, int fd)
{
	struct mdl_buf b;
	mdl_buf_init(&b, MDL_BUF_MAX);
	while (net_read(fd, &b))
		loop_once(r->n.l, false);
	bool nothing_before = b.n == 0;
	mdl_buf_fini(&b);
	return nothing_before;
}

static void test_half_close(void **state)
{
	(void)state;
	struct relay r;
	relay_open(&r);
	net_write(r.client, MDL_LIT("question"));
	assert_true(comes(&r, r.server, "question"));
	net_write(r.client, MDL_LIT("that is all"));
	shutdown(r.client, SHUT_WR);
	assert_true(comes(&r, r.server, "that is all"));
	assert_true(ends(&r, r.server));
	net_write(r.server, MDL_LIT("answer"));
	assert_true(comes(&r, r.client, "answer"));
	assert_non_null(r.n.flow);
	shutdown(r.server, SHUT_WR);
	assert_true(ends(&r, r.client));
	NET_UNTIL(&r.n, r.n.flow == NULL);
	assert_string_equal(r.n.reason, "");
	assert_int_equal(r.n.resets, 0);
	relay_close(&r);
}

static void hard_close(int fd)
{
	struct linger hard = { .l_onoff = 1 };
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard)), 0);
	close(fd);
}

static void test_reset_passes_on(void **state)
{
	(void)state;
	for (unsigned who = 0; who < 2; who++) {
		struct relay r;
		uint8_t room[8];
		relay_open(&r);
		int *breaks = who == 0 ? &r.client : &r.server;
		int other = who == 0 ? r.server : r.client;
		hard_close(*breaks);
		*breaks = -1;
		NET_UNTIL(&r.n, r.n.flow == NULL);
		assert_int_equal(r.n.resets, 1);
		assert_string_equal(r.n.reason, "Connection reset by peer");
		assert_int_equal(read(other, room, sizeof(room)), -1);
		assert_int_equal(errno, ECONNRESET);
		relay_close(&r);
	}
}

static void test_refused(void **state)
{
	(void)state;
	struct net n;
	struct end *e = NULL;
	struct end_mem *mem = end_mem_new();
	struct mdl_inet to = net_nowhere(SOCK_STREAM);
	net_init(&n);
	n.conf.carrier = MDL_STREAM;
	assert_int_equal(end_tcp_connect(n.l, &to, NULL, &e, NULL), MDL_OK);
	net_flow(&n, &mem->end, e);
	flow_input(n.flow, MDL_C2S, MDL_LIT("early"), loop_now(n.l));
	NET_UNTIL(&n, n.flow == NULL);
	assert_string_equal(n.reason, "Connection refused");
	assert_int_equal(n.stats.dropped[MDL_C2S], 1);
	end_mem_free(mem);
	net_fini(&n);
}

/* What was sent before the connection stood arrives, and the half-close behind it. */
static void test_early_words(void **state)
{
	(void)state;
	struct relay r = { .client = -1 };
	struct end *e = NULL;
	struct end_mem *mem = end_mem_new();
	net_init(&r.n);
	r.n.conf.carrier = MDL_STREAM;
	r.listener = net_socket(4, SOCK_STREAM, &r.n.target);
	assert_int_equal(end_tcp_connect(r.n.l, &r.n.target, NULL, &e, NULL), MDL_OK);
	net_flow(&r.n, &mem->end, e);
	flow_input(r.n.flow, MDL_C2S, MDL_LIT("early "), loop_now(r.n.l));
	flow_input(r.n.flow, MDL_C2S, MDL_LIT(""), loop_now(r.n.l));
	flow_input(r.n.flow, MDL_C2S, MDL_LIT("words"), loop_now(r.n.l));
	flow_input_end(r.n.flow, MDL_C2S, loop_now(r.n.l));
	while ((r.server = accept4(r.listener, NULL, NULL, SOCK_NONBLOCK)) < 0)
		loop_once(r.n.l, false);
	assert_true(comes(&r, r.server, "early words"));
	assert_true(ends(&r, r.server));
	shutdown(r.server, SHUT_WR);
	NET_UNTIL(&r.n, r.n.flow == NULL);
	assert_true(mem->shut);
	end_mem_free(mem);
	net_fini(&r.n);
	close(r.server);
	close(r.listener);
}

/* Ten megabytes to a reader who does not read: the writer has to stop, and memory is bounded. */
static void test_slow_reader(void **state)
{
	(void)state;
	enum { ALL = 10 << 20, CHUNK = 64 << 10, QUEUE = 512 << 10 };
	struct relay r;
	struct mdl_buf got;
	struct mdl_rng rng = mdl_rng(1);
	uint8_t *bytes = malloc(ALL);
	assert_non_null(bytes);
	mdl_rng_bytes(&rng, bytes, ALL);
	relay_open_with(&r, QUEUE);
	struct end *out = flow_end(r.n.flow, MDL_S2C);
	size_t sent = 0, most = 0, quiet = 0;
	while (quiet < 50) { /* until nothing goes any more, anywhere */
		ssize_t n = send(r.client, bytes + sent, CHUNK, MSG_NOSIGNAL);
		loop_once(r.n.l, false);
		size_t queued = out->ops->backlog(out);
		most = queued > most ? queued : most;
		sent += n > 0 ? (size_t)n : 0;
		quiet = n > 0 ? 0 : quiet + 1;
		assert_true(sent < ALL - CHUNK);
	}
	assert_true(most > QUEUE / FLOW_HIGH);
	assert_true(most <= QUEUE);
	mdl_buf_init(&got, MDL_BUF_MAX);
	while (got.n < ALL && net_read(r.server, &got)) {
		size_t left = ALL - sent;
		ssize_t n = send(r.client, bytes + sent, left < CHUNK ? left : CHUNK, MSG_NOSIGNAL);
		sent += n > 0 ? (size_t)n : 0;
		loop_once(r.n.l, false);
		assert_true(out->ops->backlog(out) <= QUEUE);
	}
	assert_int_equal(got.n, ALL);
	assert_memory_equal(got.p, bytes, ALL);
	mdl_buf_fini(&got);
	relay_close(&r);
	free(bytes);
}

/* A graceful close waits for the queue, and for the peer. */
static void test_graceful_close(void **state)
{
	(void)state;
	enum { MUCH = 4 << 20 };
	struct relay r;
	struct mdl_buf got;
	uint8_t *bytes = calloc(1, MUCH);
	assert_non_null(bytes);
	relay_open(&r);
	flow_input(r.n.flow, MDL_C2S, mdl_slice(bytes, MUCH), loop_now(r.n.l));
	flow_close(r.n.flow, false, NULL, loop_now(r.n.l));
	net_write(r.server, MDL_LIT("nobody reads this, but it must not break the connection"));
	mdl_buf_init(&got, MDL_BUF_MAX);
	while (net_read(r.server, &got))
		loop_once(r.n.l, false);
	assert_int_equal(got.n, MUCH);
	close(r.server);
	close(r.client);
	NET_UNTIL(&r.n, r.n.flow == NULL);
	mdl_buf_fini(&got);
	r.server = r.client = -1;
	relay_close(&r);
	free(bytes);
}

/* A peer that answers and breaks off: the answer arrives before the reset. */
static void test_answer_before_reset(void **state)
{
	(void)state;
	struct relay r;
	relay_open(&r);
	net_write(r.server, MDL_LIT("answer"));
	hard_close(r.server);
	r.server = -1;
	for (unsigned i = 0; i < 3 && r.n.flow != NULL; i++)
		flow_input(r.n.flow, MDL_C2S, MDL_LIT("more questions"), loop_now(r.n.l));
	NET_UNTIL(&r.n, r.n.flow == NULL);
	assert_int_equal(r.n.resets, 1);
	relay_close(&r);
}

static void test_fds(void **state)
{
	(void)state;
	struct net n;
	int down[2], up[2]; /* to the program, and from it */
	struct end *e = NULL;
	struct mdl_buf got;
	struct end_mem *mem = end_mem_new();
	assert_int_equal(pipe2(down, O_NONBLOCK), 0);
	assert_int_equal(pipe2(up, O_NONBLOCK), 0);
	net_init(&n);
	n.conf.carrier = MDL_STREAM;
	assert_int_equal(end_fds(n.l, "pipes", up[0], down[1], &e, NULL), MDL_OK);
	net_flow(&n, &mem->end, e);
	flow_input(n.flow, MDL_C2S, MDL_LIT("down"), loop_now(n.l));
	flow_input_end(n.flow, MDL_C2S, loop_now(n.l));
	mdl_buf_init(&got, 100);
	while (net_read(down[0], &got)) /* to its end, which is the half-close */
		loop_once(n.l, false);
	assert_string_equal(mdl_buf_text(&got), "down");
	net_write(up[1], MDL_LIT("up"));
	NET_UNTIL(&n, mem->got->n == 1);
	close(up[1]);
	NET_UNTIL(&n, n.flow == NULL);
	assert_true(mem->shut);
	assert_int_equal(n.resets, 0);
	mdl_buf_fini(&got);
	close(down[0]);
	end_mem_free(mem);
	net_fini(&n);
}

/* A program that closes its input and goes on talking: what it says still arrives. */
static void test_broken_pipe(void **state)
{
	(void)state;
	struct net n;
	int down[2], up[2];
	struct end *e = NULL;
	struct end_mem *mem = end_mem_new();
	assert_int_equal(pipe2(down, O_NONBLOCK), 0);
	assert_int_equal(pipe2(up, O_NONBLOCK), 0);
	net_init(&n);
	n.conf.carrier = MDL_STREAM;
	assert_int_equal(end_fds(n.l, "pipes", up[0], down[1], &e, NULL), MDL_OK);
	net_flow(&n, &mem->end, e);
	close(down[0]);
	flow_input(n.flow, MDL_C2S, MDL_LIT("nobody reads"), loop_now(n.l));
	loop_once(n.l, false);
	flow_input(n.flow, MDL_C2S, MDL_LIT("this either"), loop_now(n.l));
	loop_once(n.l, false);
	assert_int_equal(flow_stats(n.flow)->dropped[MDL_C2S], 2);
	net_write(up[1], MDL_LIT("up"));
	NET_UNTIL(&n, mem->got->n == 1);
	close(up[1]);
	NET_UNTIL(&n, mem->shut);
	assert_int_equal(n.resets, 0);
	net_reset(&n);
	end_mem_free(mem);
	net_fini(&n);
}

static void test_files_are_refused(void **state)
{
	(void)state;
	struct net n;
	struct mdl_why why;
	struct end *e = NULL;
	int file = open(MDL_SOURCE_DIR "/LICENSE", O_RDONLY), null = open("/dev/null", O_RDWR);
	int fd[2];
	assert_int_equal(pipe2(fd, O_NONBLOCK), 0);
	net_init(&n);
	assert_int_equal(end_fds(n.l, "x", file, fd[1], &e, &why), MDL_EINVAL);
	assert_string_equal(why.text, "x: a file is always ready and cannot be waited for; "
				      "use a pipe");
	assert_int_equal(end_fds(n.l, "x", fd[0], file, &e, &why), MDL_EINVAL);
	assert_int_equal(end_fds(n.l, "null", null, fd[1], &e, &why), MDL_EIO);
	assert_string_equal(why.text, "null: operation not permitted");
	assert_int_equal(end_fds(n.l, "null", fd[0], null, &e, &why), MDL_EIO);
	assert_int_equal(end_fds(n.l, "closed", -1, -1, &e, &why), MDL_EIO);
	net_fini(&n);
	assert_int_equal(close(fd[0]), 0); /* all of them are ours still */
	assert_int_equal(close(fd[1]), 0);
	assert_int_equal(close(file), 0);
	assert_int_equal(close(null), 0);
}

static void test_unix(void **state)
{
	(void)state;
	struct relay r = { .client = -1 };
	struct end *e = NULL;
	struct mdl_why why;
	struct sockaddr_un sa;
	char dir[] = "/tmp/meddle-XXXXXX", path[64], long_path[200];
	struct end_mem *mem = end_mem_new();
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	net_init(&r.n);
	r.n.conf.carrier = MDL_STREAM;
	assert_int_equal(end_unix_connect(r.n.l, path, &e, &why), MDL_EIO);
	assert_non_null(strstr(why.text, "No such file or directory"));
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = 0;
	assert_int_equal(end_unix_connect(r.n.l, long_path, &e, &why), MDL_EINVAL);
	assert_int_equal(end_unix_connect(r.n.l, "", &e, &why), MDL_EINVAL);
	assert_true(sock_unix(path, &sa));
	r.listener = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(r.listener, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(r.listener, 1), 0);
	assert_int_equal(end_unix_connect(r.n.l, path, &e, &why), MDL_OK);
	net_flow(&r.n, &mem->end, e);
	flow_input(r.n.flow, MDL_C2S, MDL_LIT("hello"), loop_now(r.n.l));
	r.server = accept4(r.listener, NULL, NULL, SOCK_NONBLOCK);
	assert_true(comes(&r, r.server, "hello"));
	close(r.server);
	NET_UNTIL(&r.n, mem->shut);
	net_reset(&r.n);
	end_mem_free(mem);
	net_fini(&r.n);
	close(r.listener);
	unlink(path);
	rmdir(dir);
}

/* Abandoned while it connects: nothing to wait for. */
static void test_close_while_connecting(void **state)
{
	(void)state;
	for (unsigned reset = 0; reset < 2; reset++) {
		struct net n;
		struct mdl_inet to;
		struct end *e = NULL;
		struct end_mem *mem = end_mem_new();
		int listener = net_socket(4, SOCK_STREAM, &to);
		net_init(&n);
		n.conf.carrier = MDL_STREAM;
		assert_int_equal(end_tcp_connect(n.l, &to, NULL, &e, NULL), MDL_OK);
		net_flow(&n, &mem->end, e);
		flow_close(n.flow, reset, NULL, loop_now(n.l));
		loop_once(n.l, false);
		assert_null(n.flow);
		end_mem_free(mem);
		net_fini(&n);
		close(listener);
	}
}

static void test_from(void **state)
{
	(void)state;
	struct net n;
	struct mdl_why why;
	struct end *e = NULL;
	struct mdl_inet to, taken, from = net_nowhere(SOCK_STREAM);
	int listener = net_socket(4, SOCK_STREAM, &to), other = net_socket(4, SOCK_STREAM, &taken);
	net_init(&n);
	assert_int_equal(end_tcp_connect(n.l, &to, &from, &e, &why), MDL_OK);
	end_discard(e, loop_now(n.l));
	assert_int_equal(end_tcp_connect(n.l, &to, &taken, &e, &why), MDL_EBUSY);
	net_fini(&n);
	close(listener);
	close(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half_close),
		cmocka_unit_test(test_reset_passes_on),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_early_words),
		cmocka_unit_test(test_slow_reader),
		cmocka_unit_test(test_graceful_close),
		cmocka_unit_test(test_answer_before_reset),
		cmocka_unit_test(test_fds),
		cmocka_unit_test(test_broken_pipe),
		cmocka_unit_test(test_files_are_refused),
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_close_while_connecting),
		cmocka_unit_test(test_from),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
