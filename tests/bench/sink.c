/*
 * bench_sink ADDRESS [FILE]: takes UDP datagrams and answers none. Says its port, then counts until
 * its standard input ends, and says how many came and in which time. Into FILE go the moments of
 * arrival, as the kernel saw them: nanoseconds since 1970, a line each.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, LENGTH = 2048, CONTROL = 64, ROOM = 64 << 20 };

static struct mmsghdr v[BATCH];
static struct iovec iov[BATCH];
static uint8_t bytes[BATCH][LENGTH];
static _Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL];
static uint64_t count, first, last;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int open_socket(const char *address, uint16_t *port)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof(at);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), on = 1, room = ROOM;
	if (fd < 0 || inet_pton(AF_INET, address, &at.sin_addr) != 1)
		die(address);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&at, &n) != 0)
		die("bind");
	*port = ntohs(at.sin_port);
	return fd;
}

static uint64_t moment(struct msghdr *h)
{
	struct timespec t = { 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS)
			memcpy(&t, CMSG_DATA(c), sizeof(t));
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

/* All that is there. */
static void take(int fd, FILE *out)
{
	int n;
	do {
		for (unsigned i = 0; i < BATCH; i++) {
			iov[i] = (struct iovec){ bytes[i], LENGTH };
			v[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
							.msg_iovlen = 1,
							.msg_control = control[i],
							.msg_controllen = CONTROL };
		}
		n = recvmmsg(fd, v, BATCH, 0, NULL);
		for (int i = 0; i < n; i++) {
			last = moment(&v[i].msg_hdr);
			first = count++ == 0 ? last : first;
			if (out != NULL)
				fprintf(out, "%llu\n", (unsigned long long)last);
		}
	} while (n > 0);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		die("recvmmsg");
}

int main(int argc, char **argv)
{
	uint16_t port;
	if (argc < 2)
		return 1;
	int fd = open_socket(argv[1], &port);
	FILE *out = argc > 2 ? fopen(argv[2], "we") : NULL;
	if (argc > 2 && out == NULL)
		die(argv[2]);
	printf("%u\n", port);
	fflush(stdout);
	struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .fd = STDIN_FILENO } };
	p[1].events = POLLIN;
	while (p[1].revents == 0) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			die("poll");
		take(fd, out);
	}
	printf("%llu datagrams in %.6f s\n", (unsigned long long)count,
	       (double)(last - first) * 1e-9);
	return out != NULL && fclose(out) != 0;
}
