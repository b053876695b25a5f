#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/rng.h"
#include "replay/ipc.h"
#include "support/alloc.h"

struct pair {
	int fd[2];
	struct ipc_in in; /* of the second */
};

static void open_pair(struct pair *p)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, p->fd), 0);
	ipc_in_init(&p->in);
}

static void close_pair(struct pair *p)
{
	close(p->fd[0]);
	close(p->fd[1]);
	ipc_in_fini(&p->in);
}

static void expect(struct pair *p, enum ipc_type type, struct mdl_slice data)
{
	enum ipc_type got;
	struct mdl_slice bytes;
	assert_true(ipc_wait(p->fd[1], &p->in, &got, &bytes));
	assert_int_equal(got, type);
	assert_true(mdl_slice_eq(bytes, data));
}

static void test_messages(void **state)
{
	(void)state;
	static const uint64_t words[] = { 3, UINT64_MAX };
	struct pair p;
	enum ipc_type type;
	struct mdl_slice data;
	open_pair(&p);
	assert_false(ipc_next(&p.in, &type, &data));
	assert_true(ipc_send(p.fd[0], IPC_RUN, words, sizeof(words)));
	assert_true(ipc_send(p.fd[0], IPC_DONE, NULL, 0));
	assert_true(ipc_send_text(p.fd[0], IPC_LOG, "a line"));
	expect(&p, IPC_RUN, mdl_slice(words, sizeof(words)));
	expect(&p, IPC_DONE, MDL_LIT(""));
	expect(&p, IPC_LOG, MDL_LIT("a line"));
	assert_false(ipc_next(&p.in, &type, &data));
	close_pair(&p);
}

/* Messages that come a byte at a time are whole when their last byte is there. */
static void test_in_pieces(void **state)
{
	(void)state;
	struct pair p, whole;
	uint8_t bytes[64];
	enum ipc_type type;
	struct mdl_slice data;
	open_pair(&p);
	open_pair(&whole);
	assert_true(ipc_send_text(whole.fd[0], IPC_ADD, "corpus/a.trace"));
	assert_true(ipc_send_text(whole.fd[0], IPC_LOG, ""));
	ssize_t n = read(whole.fd[1], bytes, sizeof(bytes));
	assert_int_equal(n, 8 + 14 + 8);
	for (ssize_t i = 0; i < n; i++) {
		assert_int_equal(write(p.fd[0], bytes + i, 1), 1);
		assert_true(ipc_read(p.fd[1], &p.in));
		bool there = ipc_next(&p.in, &type, &data);
		assert_int_equal(there, i == 8 + 14 - 1 || i == n - 1);
		if (i == 8 + 14 - 1)
			assert_true(mdl_slice_is(data, "corpus/a.trace"));
	}
	close_pair(&whole);
	close_pair(&p);
}

/* Both sides of a socket that holds less than a message: the sender waits for the reader. */
static void test_large(void **state)
{
	(void)state;
	struct pair p;
	uint8_t *big = malloc(IPC_MAX);
	struct mdl_rng r = mdl_rng(1);
	mdl_rng_bytes(&r, big, IPC_MAX);
	open_pair(&p);
	pid_t pid = fork();
	if (pid == 0) {
		bool ok = true;
		for (size_t n = 1; n <= IPC_MAX; n *= 2)
			ok = ok && ipc_send(p.fd[0], IPC_RESULT, big, n);
		_exit(ok ? 0 : 1);
	}
	for (size_t n = 1; n <= IPC_MAX; n *= 2)
		expect(&p, IPC_RESULT, mdl_slice(big, n));
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_false(ipc_send(p.fd[0], IPC_RESULT, big, IPC_MAX + 1UL));
	free(big);
	close_pair(&p);
}

static void test_the_other_side_is_gone(void **state)
{
	(void)state;
	struct pair p;
	enum ipc_type type;
	struct mdl_slice data;
	open_pair(&p);
	assert_true(ipc_send_text(p.fd[0], IPC_LOG, "last words"));
	assert_int_equal(write(p.fd[0], "\1\0\0", 3), 3); /* it was killed in the middle of one */
	close(p.fd[0]);
	expect(&p, IPC_LOG, MDL_LIT("last words"));
	assert_false(ipc_wait(p.fd[1], &p.in, &type, &data));
	ipc_in_fini(&p.in);
	close(p.fd[1]);
	open_pair(&p);
	close(p.fd[1]);
	assert_false(ipc_send_text(p.fd[0], IPC_LOG, "nobody hears")); /* and no signal ends us */
	close(p.fd[0]);
	ipc_in_fini(&p.in);
}

/* A length that no sender sends ends in an error, not in memory without end. */
static void test_length_out_of_bounds(void **state)
{
	(void)state;
	struct pair p;
	enum ipc_type type;
	struct mdl_slice data;
	uint32_t head[2] = { IPC_LOG, UINT32_MAX };
	static uint8_t zeros[1 << 16];
	open_pair(&p);
	pid_t pid = fork();
	if (pid == 0) {
		close(p.fd[1]);
		if (write(p.fd[0], head, sizeof(head)) != sizeof(head))
			_exit(1);
		while (send(p.fd[0], zeros, sizeof(zeros), MSG_NOSIGNAL) > 0)
			;
		_exit(0);
	}
	assert_false(ipc_wait(p.fd[1], &p.in, &type, &data));
	assert_true(p.in.buf.cap <= 2U * IPC_MAX + (1 << 17));
	close_pair(&p);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void fail_somewhere(void)
{
	struct pair p;
	enum ipc_type type;
	struct mdl_slice data;
	open_pair(&p);
	assert_true(ipc_send_text(p.fd[0], IPC_LOG, "a line"));
	if (ipc_wait(p.fd[1], &p.in, &type, &data))
		assert_true(mdl_slice_is(data, "a line"));
	close_pair(&p);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_the_other_side_is_gone),
		cmocka_unit_test(test_length_out_of_bounds),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
