/*
 * bench_ask PORT: sends standard input to a DNS server on loopback as one datagram, a plain question
 * behind it, and waits for the answer to that: then the server has dealt with both. Exit code 1: no
 * answer within a second. For a loop that makes a process a case, and waits for nothing else.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PATIENCE_MS = 1000 };

int main(int argc, char **argv)
{
	/* id 0xbe9c, one question: localhost. A */
	static const uint8_t plain[] = "\xbe\x9c\1\0\0\1\0\0\0\0\0\0\11localhost\0\0\1\0\1";
	static uint8_t bytes[65536];
	struct sockaddr_in to = { .sin_family = AF_INET };
	size_t n = 0;
	if (argc != 2)
		return 2;
	for (ssize_t k; (k = read(STDIN_FILENO, bytes + n, sizeof(bytes) - n)) > 0;)
		n += (size_t)k;
	to.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    send(fd, bytes, n, 0) < 0 || send(fd, plain, sizeof(plain) - 1, 0) < 0)
		return 2;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	while (poll(&p, 1, PATIENCE_MS) == 1) {
		ssize_t k = recv(fd, bytes, sizeof(bytes), 0);
		if (k >= 2 && memcmp(bytes, plain, 2) == 0)
			return 0;
	}
	return 1;
}
