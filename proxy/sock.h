/** Sockets as ends and listeners want them, and what went wrong with them in words. */
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/addr.h"

union sock_addr {
	struct sockaddr sa;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
};

/** Fills `out` and returns its length. */
socklen_t sock_from_inet(const struct mdl_inet *a, union sock_addr *out);
struct mdl_inet sock_to_inet(const union sock_addr *a);

/** "udp://127.0.0.1:53: Address already in use"; returns MDL_EBUSY then, else MDL_EIO. */
mdl_err sock_fail(struct mdl_why *why, const char *scheme, const struct mdl_inet *a, int err);

/**
 * A socket of the family of `like`, non-blocking and close-on-exec, of SOCK_DGRAM or SOCK_STREAM;
 * IPv6 sockets have nothing to do with IPv4. Returns the descriptor or -errno.
 */
int sock_open(const struct mdl_inet *like, int type);
int sock_bind(int fd, const struct mdl_inet *a);    /* 0 or -errno */
int sock_connect(int fd, const struct mdl_inet *a); /* 0, also while it is under way, or -errno */
/** The address it is bound to; none if it has none. */
struct mdl_inet sock_local(int fd);
/** The address of a unix socket; false if the path is too long. */
bool sock_unix(const char *path, struct sockaddr_un *out);
/** Takes the error that waits at the socket; 0 if there is none. */
int sock_error(int fd);
void sock_set(int fd, int level, int option, int value); /* as far as the kernel lets us */
