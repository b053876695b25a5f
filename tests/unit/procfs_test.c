#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "replay/procfs.h"
#include "support/alloc.h"

enum { MORE_FDS = 20, MORE_BYTES = 8 << 20 };

/* A process with sockets, and a child of it with one more. It tells the ports and waits. */
struct ports {
	in_port_t udp4, connected, tcp4, tcp6_any, idle, of_child;
};

static int bound(int family, int type, bool any, in_port_t *port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
	struct sockaddr_in four = { .sin_family = AF_INET };
	struct sockaddr *at =
		family == AF_INET ? (struct sockaddr *)&four : (struct sockaddr *)&six;
	socklen_t n = family == AF_INET ? sizeof(four) : sizeof(six);
	if (!any)
		four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(family, type, 0);
	if (fd < 0 || bind(fd, at, n) != 0 || getsockname(fd, at, &n) != 0)
		_exit(1);
	*port = ntohs(family == AF_INET ? four.sin_port : six.sin6_port);
	return fd;
}

static void open_sockets(struct ports *p)
{
	struct sockaddr_in peer = { .sin_family = AF_INET,
				    .sin_port = htons(9),
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bound(AF_INET, SOCK_DGRAM, false, &p->udp4);
	int fd = bound(AF_INET, SOCK_DGRAM, false, &p->connected);
	if (connect(fd, (struct sockaddr *)&peer, sizeof(peer)) != 0 ||
	    listen(bound(AF_INET, SOCK_STREAM, false, &p->tcp4), 1) != 0 ||
	    listen(bound(AF_INET6, SOCK_STREAM, true, &p->tcp6_any), 1) != 0)
		_exit(1);
	bound(AF_INET, SOCK_STREAM, false, &p->idle); /* does not listen */
}

static pid_t start(struct ports *p, bool busy)
{
	int told[2];
	assert_int_equal(pipe(told), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct ports mine = { 0 };
		open_sockets(&mine);
		int fd = bound(AF_INET, SOCK_DGRAM, true, &mine.of_child);
		pid_t child = fork();
		if (child == 0) {
			for (int i = 0; i < MORE_FDS; i++)
				if (dup(fd) < 0)
					_exit(1);
			char *bytes = malloc(MORE_BYTES);
			memset(bytes, 1, MORE_BYTES);
			if (write(told[1], &mine, sizeof(mine)) != sizeof(mine))
				_exit(1);
			for (volatile bool for_ever = true; for_ever;)
				if (!busy)
					pause();
		}
		close(fd);
		close(told[1]);
		waitpid(child, NULL, 0);
		_exit(0);
	}
	close(told[1]);
	assert_int_equal(read(told[0], p, sizeof(*p)), sizeof(*p));
	close(told[0]);
	return pid;
}

/* Ends the child, which it waits for. */
static void stop(pid_t pid)
{
	char path[64];
	int child;
	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	FILE *f = fopen(path, "re");
	if (f != NULL && fscanf(f, "%d", &child) == 1)
		kill(child, SIGKILL);
	if (f != NULL)
		fclose(f);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static const struct listening *listens(const struct listening *v, size_t n, in_port_t port)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].at.port == port)
			return &v[i];
	return NULL;
}

static void assert_listens(const struct listening *v, size_t n, in_port_t port,
			   enum mdl_carrier carrier, const char *at)
{
	char text[MDL_INET_TEXT], expected[MDL_INET_TEXT];
	const struct listening *l = listens(v, n, port);
	assert_non_null(l);
	assert_int_equal(l->carrier, carrier);
	snprintf(expected, sizeof(expected), "%s:%u", at, port);
	assert_string_equal(mdl_inet_text(&l->at, text), expected);
}

static void test_where_it_listens(void **state)
{
	(void)state;
	struct ports p;
	struct listening v[PROCFS_SOCKETS_MAX];
	pid_t pid = start(&p, false);
	size_t n = procfs_listening(pid, v);
	assert_int_equal(n, 4);
	assert_listens(v, n, p.udp4, MDL_DGRAM, "127.0.0.1");
	assert_listens(v, n, p.tcp4, MDL_STREAM, "127.0.0.1");
	assert_listens(v, n, p.tcp6_any, MDL_STREAM, "[::1]");
	assert_listens(v, n, p.of_child, MDL_DGRAM, "127.0.0.1");
	assert_null(listens(v, n, p.connected));
	assert_null(listens(v, n, p.idle));
	stop(pid);
	assert_int_equal(procfs_listening(pid, v), 0);
}

static void test_what_it_uses(void **state)
{
	(void)state;
	struct ports p;
	struct procfs_use use, mine;
	pid_t pid = start(&p, false);
	assert_true(procfs_use(pid, &use));
	assert_int_equal(use.tasks, 2);
	assert_true(use.fds >= 2 * 5 + MORE_FDS);
	assert_true(use.fds < 2 * 5 + MORE_FDS + 40);
	assert_true(use.rss > MORE_BYTES);
	assert_true(procfs_use(getpid(), &mine)); /* with both of them */
	assert_int_equal(mine.tasks, 3);
	assert_true(mine.rss > use.rss);
	stop(pid);
	assert_false(procfs_use(pid, &use));
	assert_int_equal(use.fds, 0);
	assert_true(procfs_use(getpid(), &mine));
	assert_int_equal(mine.tasks, 1);
	assert_true(mine.running);
}

/* A child that turns in circles runs, though its parent waits. */
static void test_whether_it_runs(void **state)
{
	(void)state;
	struct ports p;
	struct procfs_use use;
	pid_t pid = start(&p, true);
	do
		assert_true(procfs_use(pid, &use));
	while (!use.running || use.cpu_ms == 0);
	stop(pid);
}

static void fail_somewhere(void)
{
	struct listening v[PROCFS_SOCKETS_MAX];
	struct procfs_use use;
	(void)!procfs_listening(getpid(), v);
	assert_true(procfs_use(getpid(), &use));
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_it_listens),
		cmocka_unit_test(test_what_it_uses),
		cmocka_unit_test(test_whether_it_runs),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
