/* Every call to the outside fails, one after the other: what is left is what was there before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proxy/child.h"
#include "proxy/end_mem.h"
#include "proxy/end_stream.h"
#include "proxy/end_udp.h"
#include "proxy/sock.h"
#include "support/fail.h"
#include "support/net.h"

static struct mdl_inet somewhere; /* where a TCP socket of the test listens */

/* The nth such call of loop_new fails, for every n. */
static void try_loop(enum fail_call call, int err)
{
	bool reached = true;
	for (unsigned i = 1; reached; i++) {
		struct loop *l = NULL;
		struct mdl_why why = { "" };
		fail_at(call, i, 0, err);
		mdl_err got = loop_new(&l, &why);
		reached = fail_reached();
		fail_none();
		assert_true(reached ? got == MDL_EIO && why.text[0] != 0 : got == MDL_OK);
		assert_true(loop_free(l));
	}
}

static void test_loop(void **state)
{
	(void)state;
	try_loop(FAIL_uv_loop_init,
		 EMFILE); /* libuv keeps two descriptors from its first loop on */
	unsigned before = net_descriptors();
	try_loop(FAIL_uv_loop_init, EMFILE);
	try_loop(FAIL_timerfd_create, EMFILE);
	try_loop(FAIL_uv_poll_init, EPERM);
	try_loop(FAIL_uv_poll_start, EEXIST);
	assert_int_equal(net_descriptors(), before);
}

static void ignore_signal(void *ctx, int signum)
{
	(void)ctx;
	(void)signum;
}

static void test_signal(void **state)
{
	(void)state;
	struct net n;
	struct mdl_why why;
	net_init(&n);
	fail_at(FAIL_uv_signal_init, 1, 0, EMFILE);
	assert_int_equal(loop_signal(n.l, SIGUSR1, ignore_signal, NULL, &why), MDL_EIO);
	assert_string_equal(why.text, "signal 10: too many open files");
	fail_none();
	net_fini(&n);
}

/* ---- making ends and listeners ---- */

typedef mdl_err (*maker)(struct net *n, struct end **out, struct mdl_why *why);

static mdl_err make_udp(struct net *n, struct end **out, struct mdl_why *why)
{
	struct mdl_inet from = somewhere;
	from.port = 0;
	return end_udp_connect(n->l, &somewhere, &from, out, why);
}

static mdl_err make_tcp(struct net *n, struct end **out, struct mdl_why *why)
{
	struct mdl_inet from = somewhere;
	from.port = 0;
	return end_tcp_connect(n->l, &somewhere, &from, out, why);
}

static char unix_path[64];

static mdl_err make_unix(struct net *n, struct end **out, struct mdl_why *why)
{
	return end_unix_connect(n->l, unix_path, out, why);
}

static mdl_err make_fds(struct net *n, struct end **out, struct mdl_why *why)
{
	int down[2], up[2];
	assert_int_equal(pipe(down), 0);
	assert_int_equal(pipe(up), 0);
	mdl_err err = end_fds(n->l, "pipes", up[0], down[1], out, why);
	if (err != MDL_OK) { /* still ours */
		assert_int_equal(close(up[0]), 0);
		assert_int_equal(close(down[1]), 0);
	}
	close(up[1]);
	close(down[0]);
	return err;
}

static void try_end(enum fail_call call, int err, maker make)
{
	bool reached = true;
	for (unsigned i = 1; reached; i++) {
		struct net n;
		struct end *e = NULL;
		struct mdl_why why = { "" };
		net_init(&n);
		fail_at(call, i, 0, err);
		mdl_err got = make(&n, &e, &why);
		reached = fail_reached();
		fail_none();
		assert_true(reached ? got < 0 && why.text[0] != 0 && e == NULL : got == MDL_OK);
		end_discard(e, loop_now(n.l));
		net_fini(&n);
	}
}

static void test_ends(void **state)
{
	(void)state;
	static const maker makers[] = { make_udp, make_tcp, make_unix, make_fds };
	unsigned before = net_descriptors();
	for (size_t i = 0; i < MDL_COUNT(makers); i++) {
		try_end(FAIL_socket, EMFILE, makers[i]);
		try_end(FAIL_bind, EACCES, makers[i]);
		try_end(FAIL_connect, ENETUNREACH, makers[i]);
		try_end(FAIL_uv_poll_init, EEXIST, makers[i]);
		try_end(FAIL_uv_poll_start, EEXIST, makers[i]);
	}
	assert_int_equal(net_descriptors(), before);
}

static void try_listener(enum fail_call call, int err, const char *uri)
{
	bool reached = true;
	for (unsigned i = 1; reached; i++) {
		struct net n;
		struct listener *s = NULL;
		struct mdl_why why = { "" };
		struct listen_conf c = { .on_end = net_on_end };
		net_init(&n);
		assert_int_equal(mdl_addr_parse(uri, &c.on, NULL), MDL_OK);
		fail_at(call, i, 0, err);
		mdl_err got = listen_open(n.l, &c, &s, &why);
		reached = fail_reached();
		fail_none();
		assert_true(reached ? got < 0 && why.text[0] != 0 && s == NULL : got == MDL_OK);
		listen_close(s);
		net_fini(&n);
	}
}

static void test_listeners(void **state)
{
	(void)state;
	char unix_uri[80];
	snprintf(unix_uri, sizeof(unix_uri), "unix:%s.2", unix_path);
	const char *uris[] = { "udp://127.0.0.1:0", "tcp://127.0.0.1:0", unix_uri };
	unsigned before = net_descriptors();
	for (size_t i = 0; i < MDL_COUNT(uris); i++) {
		try_listener(FAIL_socket, EMFILE, uris[i]);
		try_listener(FAIL_bind, EACCES, uris[i]);
		try_listener(FAIL_listen, EADDRINUSE, uris[i]);
		try_listener(FAIL_uv_poll_init, EEXIST, uris[i]);
		try_listener(FAIL_uv_poll_start, EEXIST, uris[i]);
	}
	assert_int_equal(net_descriptors(), before);
}

static void try_child(enum fail_call call, int err)
{
	static char program[] = "true", *argv[] = { program, NULL };
	bool reached = true;
	for (unsigned i = 1; reached; i++) {
		struct net n;
		struct child *c = NULL;
		struct mdl_why why = { "" };
		struct child_conf conf = {
			.argv = argv, .in = CHILD_PIPE, .out = CHILD_PIPE, .err = CHILD_PIPE
		};
		net_init(&n);
		fail_at(call, i, 0, err);
		mdl_err got = child_start(n.l, &conf, &c, &why);
		reached = fail_reached();
		fail_none();
		/* an interrupted read is just done again */
		assert_true(reached && err != EINTR ? got < 0 && c == NULL : got == MDL_OK);
		child_free(c);
		net_fini(&n);
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	}
}

static void test_child(void **state)
{
	(void)state;
	unsigned before = net_descriptors();
	try_child(FAIL_pipe2, EMFILE);
	try_child(FAIL_fcntl, EINVAL);
	try_child(FAIL_fork, EAGAIN);
	try_child(FAIL_read, EIO);
	try_child(FAIL_read, EINTR);
	try_child(FAIL_syscall, ENOSYS);
	try_child(FAIL_uv_poll_init, EPERM);
	try_child(FAIL_uv_poll_start, EEXIST);
	assert_int_equal(net_descriptors(), before);
}

static void test_old_kernel(void **state)
{
	(void)state;
	static char program[] = "true", *argv[] = { program, NULL };
	struct net n;
	struct child *c = NULL;
	struct mdl_why why;
	struct child_conf conf = { .argv = argv };
	net_init(&n);
	fail_at(FAIL_syscall, 1, 0, ENOSYS);
	assert_int_equal(child_start(n.l, &conf, &c, &why), MDL_EIO);
	assert_string_equal(why.text, "true: pidfd_open (Linux 5.3 or later): "
				      "Function not implemented");
	fail_none();
	net_fini(&n);
}

static int tcp, local; /* what the ends connect to */

static int set_up(void **state)
{
	static char dir[] = "/tmp/meddle-XXXXXX";
	struct sockaddr_un sa;
	(void)state;
	tcp = net_socket(4, SOCK_STREAM, &somewhere);
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(unix_path, sizeof(unix_path), "%s/socket", dir);
	local = socket(AF_UNIX, SOCK_STREAM, 0);
	if (!sock_unix(unix_path, &sa))
		return 1;
	return bind(local, (struct sockaddr *)&sa, sizeof(sa)) != 0 || listen(local, 100) != 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(tcp);
	close(local);
	unlink(unix_path);
	*strrchr(unix_path, '/') = 0;
	return rmdir(unix_path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loop),  cmocka_unit_test(test_signal),
		cmocka_unit_test(test_ends),  cmocka_unit_test(test_listeners),
		cmocka_unit_test(test_child), cmocka_unit_test(test_old_kernel),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
