/*
 * bench_send ADDRESS PORT CAPTURE TIMES: sends what clients asked over UDP in the capture to one
 * place, from memory, as fast as sendmmsg goes. What no sender of such datagrams can be faster than
 * on this machine; says how many a second.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "protocols/ip_peek.h"
#include "replay/capture.h"

enum { BATCH = 64, DNS_PORT = 53 };

static struct iovec *asked;
static size_t n_asked;

static void die(const char *what)
{
	fprintf(stderr, "bench_send: %s\n", what);
	exit(1);
}

static void keep(struct mdl_slice bytes)
{
	struct iovec *v = reallocarray(asked, n_asked + 1, sizeof(*v));
	void *p = malloc(bytes.n + 1);
	if (v == NULL || p == NULL)
		die("out of memory");
	asked = v;
	memcpy(p, bytes.p, bytes.n);
	asked[n_asked++] = (struct iovec){ p, bytes.n };
}

static void load(const char *path)
{
	struct mdl_why why = { "" };
	struct capture *c;
	struct capture_packet p;
	struct mdl_ip_packet ip;
	if (capture_open(path, &c, &why) != MDL_OK)
		die(why.text);
	while (capture_next(c, &p, &why) == MDL_OK)
		if (mdl_ip_peek(p.ip, &ip) == MDL_OK && ip.proto == MDL_IP_UDP &&
		    ip.dst.port == DNS_PORT)
			keep(ip.payload);
	capture_close(c);
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	struct mmsghdr v[BATCH] = { 0 };
	struct sockaddr_in to = { .sin_family = AF_INET };
	if (argc != 5 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		die("ADDRESS PORT CAPTURE TIMES");
	to.sin_port = htons((uint16_t)strtoul(argv[2], NULL, 10));
	load(argv[3]);
	size_t total = n_asked * strtoul(argv[4], NULL, 10);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 || total == 0)
		die("nothing to send, or nowhere to send it");
	double start = now();
	for (size_t sent = 0; sent < total;) {
		unsigned n = 0;
		for (; n < BATCH && sent + n < total; n++)
			v[n].msg_hdr = (struct msghdr){ .msg_iov = &asked[(sent + n) % n_asked],
							.msg_iovlen = 1 };
		int done = sendmmsg(fd, v, n, 0);
		sent += done > 0 ? (size_t)done : 0;
	}
	printf("%zu messages, %.0f a second\n", total, (double)total / (now() - start));
	return 0;
}
