/**
 * Makes system calls and libuv fail on demand. Programs that use it are linked with --wrap for each
 * function; tests/unit.cmake lists them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* clang-format off */
#define FAIL_MAP(X)   \
	X(uv_loop_init)   \
	X(uv_poll_init)   \
	X(uv_poll_start)  \
	X(uv_signal_init) \
	X(timerfd_create) \
	X(socket)         \
	X(bind)           \
	X(connect)        \
	X(listen)         \
	X(accept4)        \
	X(recvmmsg)       \
	X(sendmmsg)       \
	X(read)           \
	X(writev)         \
	X(pipe2)          \
	X(fcntl)          \
	X(fork)           \
	X(syscall)
/* clang-format on */

enum fail_call {
#define X(name) FAIL_##name,
	FAIL_MAP(X)
#undef X
		FAIL_CALLS
};

/** From now on the `n`th such call (counted from 1) and the `more` after it fail with errno `err`. */
void fail_at(enum fail_call call, unsigned n, unsigned more, int err);
/** No call fails any more, and none is cut short. */
void fail_none(void);
/** True if a call has failed. */
bool fail_reached(void);
/** Moves the monotonic clock so far forward, as we see it; fail_none() moves it back. */
void fail_clock(long seconds);
/** sendmmsg sends at most so many messages, writev writes at most so many bytes; 0: no limit. */
void fail_short(size_t most);
