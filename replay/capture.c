#include "replay/capture.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/writer.h"
#include "replay/linktype.h"
#include "replay/pcapng.h"

enum { FILE_BUFFER = 256 << 10, PCAP_FILE_HEADER = 24, PCAP_PACKET_HEADER = 16 };

struct capture {
	char name[200];
	char *buffer; /* of the stream */
	FILE *f;      /* libpcap's once `pcap` is open */
	pcap_t *pcap; /* one of the two is NULL */
	struct pcapng *pcapng;
	unsigned linktype; /* of all packets in a pcap file */
	uint64_t offset;   /* of the next packet in a pcap file */
	struct capture_stats stats;
};

/* ---- opening ---- */

static mdl_err empty(const struct capture *c, struct mdl_why *why)
{
	if (ferror(c->f))
		return mdl_fail(why, MDL_EIO, "%s: %s", c->name, strerror(errno));
	return mdl_fail(why, MDL_EMALFORMED, "%s: the file is empty", c->name);
}

/* What the file is, if it is no capture; `head` are its first four bytes. */
static mdl_err not_a_capture(const struct capture *c, const uint8_t head[4], struct mdl_why *why)
{
	static const struct {
		uint8_t head[4];
		size_t n;
		const char *text;
	} known[] = {
		{ { 0x1f, 0x8b }, 2, "compressed with gzip; unpack it with gunzip first" },
		{ { 0x28, 0xb5, 0x2f, 0xfd },
		  4,
		  "compressed with zstd; unpack it with unzstd first" },
		{ { 0xfd, '7', 'z', 'X' }, 4, "compressed with xz; unpack it with unxz first" },
		{ { 's', 'n', 'o', 'o' }, 4, "a snoop capture; convert it with editcap first" },
		{ { 'm', 'e', 'd', 'd' }, 4, "not a capture, but perhaps a trace in text" },
	};
	for (size_t i = 0; i < MDL_COUNT(known); i++)
		if (memcmp(head, known[i].head, known[i].n) == 0)
			return mdl_fail(why, MDL_EMALFORMED, "%s: %s", c->name, known[i].text);
	return mdl_fail(why, MDL_EMALFORMED,
			"%s: not a capture: expected pcap or pcapng, as tcpdump -w and Wireshark "
			"write them",
			c->name);
}

static bool is_pcap(uint32_t magic)
{
	static const uint32_t magics[] = {
		0xa1b2c3d4, /* microseconds */
		0xa1b23c4d, /* nanoseconds */
		0xa1b2cd34, /* with more in every header, of an old patch */
		0xa1b234cd, /* the byte order of IXIA */
	};
	for (size_t i = 0; i < MDL_COUNT(magics); i++)
		if (magic == magics[i] || __builtin_bswap32(magic) == magics[i])
			return true;
	return false;
}

static mdl_err open_pcap(struct capture *c, struct mdl_why *why)
{
	char text[PCAP_ERRBUF_SIZE];
	c->pcap = pcap_fopen_offline_with_tstamp_precision(c->f, PCAP_TSTAMP_PRECISION_NANO, text);
	if (c->pcap == NULL)
		return mdl_fail(why, MDL_EMALFORMED, "%s: %s", c->name, text);
	c->f = NULL; /* closed with it */
	c->linktype = (unsigned)pcap_datalink(c->pcap);
	c->offset = PCAP_FILE_HEADER;
	return MDL_OK;
}

static mdl_err open_pcapng(struct capture *c, struct mdl_why *why)
{
	c->pcapng = pcapng_new(c->f);
	return c->pcapng == NULL ? mdl_fail(why, MDL_ENOMEM, "out of memory") : MDL_OK;
}

/* Looks at the first bytes and puts them back: glibc and musl take that many. */
static mdl_err open_format(struct capture *c, struct mdl_why *why)
{
	uint8_t head[4];
	size_t n = fread(head, 1, sizeof(head), c->f);
	if (n == 0)
		return empty(c, why);
	if (n < sizeof(head))
		return not_a_capture(c, (const uint8_t[4]){ 0 }, why);
	for (size_t i = n; i-- > 0;)
		if (ungetc(head[i], c->f) == EOF)
			return mdl_fail(why, MDL_EIO, "%s: cannot be read twice", c->name);
	uint32_t magic = (uint32_t)mdl_get_be(head, sizeof(head));
	if (magic == PCAPNG_SECTION)
		return open_pcapng(c, why);
	return is_pcap(magic) ? open_pcap(c, why) : not_a_capture(c, head, why);
}

mdl_err capture_open_stream(FILE *f, const char *name, struct capture **out, struct mdl_why *why)
{
	struct capture *c = calloc(1, sizeof(*c));
	if (c == NULL) {
		fclose(f);
		return mdl_fail(why, MDL_ENOMEM, "out of memory");
	}
	c->f = f;
	snprintf(c->name, sizeof(c->name), "%s", name);
	c->buffer = malloc(FILE_BUFFER);
	mdl_err err = MDL_ENOMEM;
	if (c->buffer == NULL)
		mdl_fail(why, err, "out of memory");
	else {
		setvbuf(f, c->buffer, _IOFBF, FILE_BUFFER);
		err = open_format(c, why);
	}
	if (err != MDL_OK) {
		capture_close(c);
		return err;
	}
	*out = c;
	return MDL_OK;
}

/* Standard input through a descriptor of our own, so that closing it twice hurts nobody. */
static FILE *open_input(void)
{
	int fd = dup(STDIN_FILENO);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	if (f == NULL && fd >= 0)
		close(fd);
	return f;
}

mdl_err capture_open(const char *path, struct capture **out, struct mdl_why *why)
{
	bool input = strcmp(path, "-") == 0;
	FILE *f = input ? open_input() : fopen(path, "re");
	if (f == NULL)
		return mdl_fail(why, MDL_EIO, "%s: %s", path, strerror(errno));
	return capture_open_stream(f, input ? "standard input" : path, out, why);
}

void capture_close(struct capture *c)
{
	if (c == NULL)
		return;
	if (c->pcap != NULL)
		pcap_close(c->pcap);
	if (c->f != NULL)
		fclose(c->f);
	pcapng_free(c->pcapng);
	free(c->buffer); /* the stream's until it was closed */
	free(c);
}

/* ---- reading ---- */

static mdl_err next_pcap(struct capture *c, struct capture_frame *out, struct mdl_why *why)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got = pcap_next_ex(c->pcap, &h, &bytes);
	if (got != 1) {
		FILE *f = pcap_file(c->pcap);
		if (got == PCAP_ERROR_BREAK)
			return MDL_ECLOSED;
		if (feof(f))
			return MDL_EMORE;
		return mdl_fail(why, ferror(f) ? MDL_EIO : MDL_EMALFORMED, "%s",
				pcap_geterr(c->pcap));
	}
	/* seconds are unsigned in the file, whatever libpcap says; the fraction is in ns */
	out->at = (mdl_time)(uint32_t)h->ts.tv_sec * MDL_SEC + (uint32_t)h->ts.tv_usec;
	out->bytes = mdl_slice(bytes, h->caplen);
	out->length = h->len;
	out->interface = 0;
	out->linktype = c->linktype;
	c->offset += PCAP_PACKET_HEADER + h->caplen;
	return MDL_OK;
}

/* Says where it went wrong, in front of what. */
static mdl_err stopped(struct capture *c, mdl_err err, struct mdl_why *why)
{
	uint64_t offset = c->pcap != NULL ? c->offset : pcapng_offset(c->pcapng);
	if (err == MDL_EMORE) {
		c->stats.truncated = true;
		if (c->stats.packets > 0)
			return MDL_ECLOSED;
		return mdl_fail(why, MDL_EMALFORMED, "%s: cut off before the first packet is whole",
				c->name);
	}
	if (err == MDL_ECLOSED)
		return err;
	if (err == MDL_EIO && c->pcap == NULL)
		mdl_fail(why, err, "%s", strerror(errno));
	else if (err == MDL_ENOMEM)
		mdl_fail(why, err, "out of memory");
	mdl_why_prefix(why, "%s: packet %" PRIu64 " at byte %" PRIu64, c->name,
		       c->stats.packets + 1, offset);
	return err;
}

static mdl_err next_frame(struct capture *c, struct capture_frame *out, struct mdl_why *why)
{
	mdl_err err = c->pcap != NULL ? next_pcap(c, out, why) : pcapng_next(c->pcapng, out, why);
	if (err != MDL_OK)
		return stopped(c, err, why);
	c->stats.packets++;
	c->stats.bytes += out->bytes.n;
	return MDL_OK;
}

static void count_other(struct capture_stats *s, unsigned linktype, uint16_t other)
{
	size_t i = 0;
	unsigned type = other == LINK_UNKNOWN ? linktype : 0;
	while (i < s->n_others && (s->others[i].other != other || s->others[i].linktype != type))
		i++;
	if (i == CAPTURE_OTHERS_MAX)
		i--;
	if (i == s->n_others) {
		s->n_others++;
		s->others[i].linktype = type;
		s->others[i].other = other;
	}
	s->others[i].n++;
}

mdl_err capture_next(struct capture *c, struct capture_packet *out, struct mdl_why *why)
{
	struct capture_frame frame;
	uint16_t other;
	for (;;) {
		mdl_err err = next_frame(c, &frame, why);
		if (err != MDL_OK)
			return err;
		if (linktype_strip(frame.linktype, frame.bytes, &out->ip, &other))
			break;
		count_other(&c->stats, frame.linktype, other);
	}
	out->at = frame.at;
	out->captured = (uint32_t)frame.bytes.n;
	out->length = frame.length;
	out->interface = frame.interface;
	out->number = c->stats.packets;
	out->cut = out->captured < out->length;
	c->stats.ip++;
	c->stats.cut += out->cut;
	return MDL_OK;
}

const struct capture_stats *capture_stats(const struct capture *c)
{
	return &c->stats;
}

mdl_err capture_say(const struct capture_stats *s, struct mdl_buf *out)
{
	mdl_err err = mdl_buf_printf(out, "%" PRIu64 " packets, %" PRIu64 " of them IP", s->packets,
				     s->ip);
	for (size_t i = 0; err == MDL_OK && i < s->n_others; i++) {
		char text[LINKTYPE_TEXT];
		bool rest = i + 1 == CAPTURE_OTHERS_MAX;
		linktype_other_text(s->others[i].linktype, s->others[i].other, text);
		err = mdl_buf_printf(out, ", %" PRIu64 " %s", s->others[i].n,
				     rest ? "of other kinds" : text);
	}
	if (err == MDL_OK && s->cut > 0)
		err = mdl_buf_printf(out, ", %" PRIu64 " cut by the snap length", s->cut);
	if (err == MDL_OK && s->truncated)
		err = mdl_buf_printf(out, "; the file ends in the middle of a packet");
	return err;
}
