/*
 * bench_many [-q] [-c CLIENT] [-s SERVER:PORT] COUNT GAP FILE CAPTURE...: writes a big capture
 * (pcap, Ethernet) by saying the conversations of small ones over and over, every time from another
 * client and with other ids. COUNT packets, GAP microseconds apart. Takes UDP over IPv4; the UDP
 * checksums become "none". -q: only what clients ask. -c, -s: these addresses, in all packets.
 */
#include <getopt.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/writer.h"
#include "protocols/ip_peek.h"
#include "replay/capture.h"

enum { FRAME_MAX = 2048, ETHER = 14, DNS_PORT = 53, UDP_HEADER = 8, TEMPLATES_MAX = 4096 };

/* A packet to be said again. */
struct packet {
	uint8_t bytes[FRAME_MAX]; /* behind the Ethernet header's place */
	size_t n, udp;		  /* length; place of the UDP header */
	bool asks;
};

static struct packet *templates;
static size_t n_templates;
static bool only_asks;
static uint32_t client_ip, server_ip; /* 0: many clients; the server that was recorded */
static uint16_t server_port;

static void die(const char *what)
{
	fprintf(stderr, "bench_many: %s\n", what);
	exit(1);
}

static void add(struct mdl_slice ip)
{
	struct mdl_ip_packet p;
	bool fits = mdl_ip_peek(ip, &p) == MDL_OK && p.src.family == 4 && p.proto == MDL_IP_UDP &&
		    p.ports && !p.cut && p.payload.n >= 2 && ip.n + ETHER <= FRAME_MAX;
	bool asks = p.dst.port == DNS_PORT;
	if (!fits || n_templates == TEMPLATES_MAX || (only_asks && !asks))
		return;
	struct packet *t = &templates[n_templates++];
	static const uint8_t header[ETHER] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };
	memcpy(t->bytes, header, ETHER);
	memcpy(t->bytes + ETHER, ip.p, ip.n);
	t->n = ETHER + ip.n;
	t->udp = ETHER + (size_t)(p.transport.p - ip.p);
	t->asks = asks;
}

static void load(const char *path)
{
	struct mdl_why why = { "" };
	struct capture *c;
	struct capture_packet p;
	if (capture_open(path, &c, &why) != MDL_OK)
		die(why.text);
	while (capture_next(c, &p, &why) == MDL_OK)
		add(p.ip);
	capture_close(c);
}

/* The packet as it is said for the `round`th time: the client is 10.x.y.z, its port moves on. */
static void renew(const struct packet *t, uint32_t round, uint8_t out[FRAME_MAX])
{
	uint8_t *client = out + ETHER + (t->asks ? 12 : 16),
		*server = out + ETHER + (t->asks ? 16 : 12);
	uint8_t *port = out + t->udp + (t->asks ? 0 : 2), *id = out + t->udp + UDP_HEADER;
	memcpy(out, t->bytes, t->n);
	mdl_put_be(client, client_ip != 0 ? client_ip : (10U << 24) + round % (1U << 24), 4);
	mdl_put_be(port, 1024 + (mdl_get_be(port, 2) + round * 7U) % 64000, 2);
	mdl_put_be(id, mdl_get_be(id, 2) + round * 5U, 2);
	if (server_ip != 0) {
		mdl_put_be(server, server_ip, 4);
		mdl_put_be(out + t->udp + (t->asks ? 2 : 0), server_port, 2);
	}
	mdl_put_be(out + t->udp + 6, 0, 2);
	mdl_ip_seal(out + ETHER, t->n - ETHER);
}

static void take_address(const char *text, uint32_t *ip, uint16_t *port)
{
	struct mdl_inet a;
	if (mdl_inet_parse(text, &a) != MDL_OK || a.family != 4)
		die(text);
	*ip = (uint32_t)mdl_get_be(a.ip, 4);
	*port = a.port;
}

static void read_options(int argc, char **argv)
{
	uint16_t any;
	for (int c; (c = getopt(argc, argv, "qc:s:")) != -1;)
		if (c == 'q')
			only_asks = true;
		else if (c == 'c')
			take_address(optarg, &client_ip, &any);
		else if (c == 's')
			take_address(optarg, &server_ip, &server_port);
		else
			die("unknown option");
	if (argc - optind < 4)
		die("COUNT GAP FILE CAPTURE...");
}

static void write_all(const char *path, unsigned long count, unsigned long gap)
{
	uint8_t frame[FRAME_MAX];
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, FRAME_MAX);
	pcap_dumper_t *dump = pcap == NULL ? NULL : pcap_dump_open(pcap, path);
	if (dump == NULL)
		die("cannot write");
	for (unsigned long i = 0; i < count; i++) {
		const struct packet *t = &templates[i % n_templates];
		unsigned long long us = i * gap;
		struct pcap_pkthdr h = { .caplen = (uint32_t)t->n, .len = (uint32_t)t->n };
		h.ts.tv_sec = (time_t)(1700000000 + us / 1000000);
		h.ts.tv_usec = (suseconds_t)(us % 1000000);
		renew(t, (uint32_t)(i / n_templates), frame);
		pcap_dump((u_char *)dump, &h, frame);
	}
	pcap_dump_close(dump);
	pcap_close(pcap);
}

int main(int argc, char **argv)
{
	read_options(argc, argv);
	templates = calloc(TEMPLATES_MAX, sizeof(*templates));
	for (int i = optind + 3; templates != NULL && i < argc; i++)
		load(argv[i]);
	if (n_templates == 0)
		die("no UDP over IPv4 in these captures");
	write_all(argv[optind + 2], strtoul(argv[optind], NULL, 10),
		  strtoul(argv[optind + 1], NULL, 10));
	free(templates);
	return 0;
}
