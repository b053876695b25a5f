/*
 * bench_read CAPTURE: reads every packet with libpcap and does nothing with it. What no reader of
 * captures that uses libpcap can be faster than.
 */
#include <pcap/pcap.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	struct pcap_pkthdr *h;
	const u_char *bytes;
	unsigned long packets = 0, length = 0;
	pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;
	if (p == NULL) {
		fprintf(stderr, "bench_read: %s\n", why);
		return 1;
	}
	while (pcap_next_ex(p, &h, &bytes) == 1) {
		packets++;
		length += h->caplen;
	}
	pcap_close(p);
	printf("%lu packets, %lu bytes\n", packets, length);
	return 0;
}
