#include "support/fail.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

static struct {
	enum fail_call call;
	unsigned from, to, count;
	int err;
	bool reached;
	size_t most;
	long seconds;
} plan;

void fail_at(enum fail_call call, unsigned n, unsigned more, int err)
{
	plan.call = call;
	plan.from = n;
	plan.to = n + more;
	plan.count = 0;
	plan.err = err;
	plan.reached = false;
}

void fail_none(void)
{
	plan.from = plan.to = 0;
	plan.most = 0;
	plan.seconds = 0;
	plan.reached = false;
}

bool fail_reached(void)
{
	return plan.reached;
}

void fail_short(size_t most)
{
	plan.most = most;
}

void fail_clock(long seconds)
{
	plan.seconds = seconds;
}

static bool fails(enum fail_call call)
{
	if (plan.from == 0 || plan.call != call)
		return false;
	unsigned n = ++plan.count;
	if (n < plan.from || n > plan.to)
		return false;
	plan.reached = true;
	errno = plan.err;
	return true;
}

/* A function that says -1 and errno, and one of libuv's, which give the error back. */
#define WRAP(ret, name, params, args)                                \
	ret __real_##name params;                                    \
	ret __wrap_##name params;                                    \
	ret __wrap_##name params                                     \
	{                                                            \
		return fails(FAIL_##name) ? -1 : __real_##name args; \
	}
#define WRAP_UV(name, params, args)                                         \
	int __real_##name params;                                           \
	int __wrap_##name params;                                           \
	int __wrap_##name params                                            \
	{                                                                   \
		return fails(FAIL_##name) ? -plan.err : __real_##name args; \
	}

WRAP_UV(uv_loop_init, (uv_loop_t * l), (l))
WRAP_UV(uv_poll_init, (uv_loop_t * l, uv_poll_t *h, int fd), (l, h, fd))
WRAP_UV(uv_poll_start, (uv_poll_t * h, int events, uv_poll_cb cb), (h, events, cb))
WRAP_UV(uv_signal_init, (uv_loop_t * l, uv_signal_t *h), (l, h))
WRAP(int, timerfd_create, (int clock, int flags), (clock, flags))
WRAP(int, socket, (int domain, int type, int proto), (domain, type, proto))
WRAP(int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
WRAP(int, connect, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n))
WRAP(int, listen, (int fd, int n), (fd, n))
WRAP(int, accept4, (int fd, struct sockaddr *a, socklen_t *n, int flags), (fd, a, n, flags))
WRAP(int, recvmmsg, (int fd, struct mmsghdr *v, unsigned n, int flags, struct timespec *t),
     (fd, v, n, flags, t))
WRAP(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n))
WRAP(int, pipe2, (int fd[2], int flags), (fd, flags))
WRAP(pid_t, fork, (void), ())

int __real_sendmmsg(int fd, struct mmsghdr *v, unsigned n, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *v, unsigned n, int flags);

int __wrap_sendmmsg(int fd, struct mmsghdr *v, unsigned n, int flags)
{
	if (plan.most > 0 && n > plan.most)
		n = (unsigned)plan.most;
	return fails(FAIL_sendmmsg) ? -1 : __real_sendmmsg(fd, v, n, flags);
}

ssize_t __real_writev(int fd, const struct iovec *v, int n);
ssize_t __wrap_writev(int fd, const struct iovec *v, int n);

ssize_t __wrap_writev(int fd, const struct iovec *v, int n)
{
	if (fails(FAIL_writev))
		return -1;
	if (plan.most == 0)
		return __real_writev(fd, v, n);
	struct iovec first = { v->iov_base, v->iov_len < plan.most ? v->iov_len : plan.most };
	return __real_writev(fd, &first, 1);
}

int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	int r = __real_clock_gettime(clock, t);
	t->tv_sec += plan.seconds;
	return r;
}

int __real_fcntl(int fd, int cmd, ...);
int __wrap_fcntl(int fd, int cmd, ...);

int __wrap_fcntl(int fd, int cmd, ...)
{
	va_list ap;
	va_start(ap, cmd);
	long arg = va_arg(ap, long);
	va_end(ap);
	return fails(FAIL_fcntl) ? -1 : __real_fcntl(fd, cmd, arg);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* Two arguments are all that our callers give. */
long __wrap_syscall(long number, ...)
{
	va_list ap;
	va_start(ap, number);
	long a = va_arg(ap, long), b = va_arg(ap, long);
	va_end(ap);
	return fails(FAIL_syscall) ? -1 : __real_syscall(number, a, b);
}
