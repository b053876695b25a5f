#include "proxy/sock.h"

#include <errno.h>

socklen_t sock_from_inet(const struct mdl_inet *a, union sock_addr *out)
{
	memset(out, 0, sizeof(*out));
	if (a->family == 4) {
		out->in4.sin_family = AF_INET;
		out->in4.sin_port = htons(a->port);
		memcpy(&out->in4.sin_addr, a->ip, 4);
		return sizeof(out->in4);
	}
	out->in6.sin6_family = AF_INET6;
	out->in6.sin6_port = htons(a->port);
	memcpy(&out->in6.sin6_addr, a->ip, 16);
	return sizeof(out->in6);
}

struct mdl_inet sock_to_inet(const union sock_addr *a)
{
	if (a->sa.sa_family == AF_INET)
		return mdl_inet4((const uint8_t *)&a->in4.sin_addr, ntohs(a->in4.sin_port));
	if (a->sa.sa_family == AF_INET6)
		return mdl_inet6((const uint8_t *)&a->in6.sin6_addr, ntohs(a->in6.sin6_port));
	return (struct mdl_inet){ 0 };
}

mdl_err sock_fail(struct mdl_why *why, const char *scheme, const struct mdl_inet *a, int err)
{
	char text[MDL_INET_TEXT];
	return mdl_fail(why, err == EADDRINUSE ? MDL_EBUSY : MDL_EIO, "%s://%s: %s", scheme,
			mdl_inet_text(a, text), strerror(err));
}

void sock_set(int fd, int level, int option, int value)
{
	(void)!setsockopt(fd, level, option, &value, sizeof(value));
}

int sock_open(const struct mdl_inet *like, int type)
{
	int family = like->family == 4 ? AF_INET : AF_INET6;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (family == AF_INET6)
		sock_set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	return fd;
}

int sock_bind(int fd, const struct mdl_inet *a)
{
	union sock_addr sa;
	socklen_t len = sock_from_inet(a, &sa);
	return bind(fd, &sa.sa, len) == 0 ? 0 : -errno;
}

int sock_connect(int fd, const struct mdl_inet *a)
{
	union sock_addr sa;
	socklen_t len = sock_from_inet(a, &sa);
	if (connect(fd, &sa.sa, len) == 0 || errno == EINPROGRESS)
		return 0;
	return -errno;
}

struct mdl_inet sock_local(int fd)
{
	union sock_addr sa = { .sa.sa_family = AF_UNSPEC };
	socklen_t len = sizeof(sa);
	if (getsockname(fd, &sa.sa, &len) != 0)
		return (struct mdl_inet){ 0 };
	return sock_to_inet(&sa);
}

bool sock_unix(const char *path, struct sockaddr_un *out)
{
	size_t n = strlen(path);
	memset(out, 0, sizeof(*out));
	out->sun_family = AF_UNIX;
	if (n == 0 || n >= sizeof(out->sun_path))
		return false;
	memcpy(out->sun_path, path, n);
	return true;
}

int sock_error(int fd)
{
	int err = 0;
	socklen_t len = sizeof(err);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) != 0)
		return errno;
	return err;
}
