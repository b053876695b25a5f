#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/writer.h"
#include "replay/capture.h"
#include "replay/linktype.h"
#include "support/alloc.h"

#define IP	 "\x45packet"
#define ETHERNET "\1\2\3\4\5\6\7\10\11\12\13\14\x08\x00"

/* A file being made, in either byte order. */
static struct mdl_buf b;
static struct mdl_writer w;
static bool little;

/* And as capture.h sees it. */
static struct capture *c;
static struct capture_packet p;
static struct mdl_why why;

static int set_up(void **state)
{
	(void)state;
	mdl_buf_init(&b, MDL_BUF_MAX);
	w = mdl_writer(&b);
	little = true;
	c = NULL;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	mdl_buf_fini(&b);
	return 0;
}

static void num(uint64_t v, size_t n)
{
	if (little)
		mdl_writer_le(&w, v, n);
	else
		mdl_writer_be(&w, v, n);
}

/* ---- reading ---- */

static mdl_err open_bytes(void)
{
	assert_int_equal(w.err, MDL_OK);
	FILE *f = b.n == 0 ? fopen("/dev/null", "r") : fmemopen(b.p, b.n, "r");
	assert_non_null(f);
	c = NULL;
	return capture_open_stream(f, "x.pcap", &c, &why);
}

static void assert_opens(void)
{
	assert_int_equal(open_bytes(), MDL_OK);
}

static void assert_packet(mdl_time at, const char *ip)
{
	mdl_err err = capture_next(c, &p, &why);
	if (err != MDL_OK)
		fail_msg("%s: %s", mdl_err_text(err), why.text);
	assert_true(mdl_slice_is(p.ip, ip));
	assert_true(p.at == at);
}

static void assert_end(void)
{
	assert_int_equal(capture_next(c, &p, &why), MDL_ECLOSED);
	capture_close(c);
	c = NULL;
}

static void assert_fails(mdl_err expected, const char *text)
{
	mdl_err err = MDL_OK;
	if (c == NULL)
		err = open_bytes();
	while (err == MDL_OK)
		err = capture_next(c, &p, &why);
	assert_int_equal(err, expected);
	assert_string_equal(why.text, text);
	capture_close(c);
	c = NULL;
}

/* ---- pcap ---- */

static void pcap_header(uint32_t magic, uint32_t snaplen, uint32_t linktype)
{
	num(magic, 4);
	num(2, 2);
	num(4, 2);
	num(0, 8);
	num(snaplen, 4);
	num(linktype, 4);
}

static void pcap_packet(uint32_t sec, uint32_t part, struct mdl_slice bytes, size_t length)
{
	num(sec, 4);
	num(part, 4);
	num(bytes.n, 4);
	num(length, 4);
	mdl_writer_bytes(&w, bytes);
}

static void test_pcap_in_all_orders_and_units(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		bool nano = i % 2 == 1;
		mdl_buf_cut(&b, 0);
		little = i < 2;
		pcap_header(nano ? 0xa1b23c4d : 0xa1b2c3d4, 65535, LINKTYPE_ETHERNET);
		pcap_packet(1700000000, 250, MDL_LIT(ETHERNET IP), 21);
		pcap_packet(4000000000U, 999, MDL_LIT(ETHERNET IP), 21); /* behind 2038 */
		assert_opens();
		assert_packet(INT64_C(1700000000) * MDL_SEC + 250 * (nano ? 1 : 1000), IP);
		assert_int_equal(p.number, 1);
		assert_int_equal(p.captured, 21);
		assert_int_equal(p.length, 21);
		assert_int_equal(p.interface, 0);
		assert_false(p.cut);
		assert_packet(INT64_C(4000000000) * MDL_SEC + 999 * (nano ? 1 : 1000), IP);
		assert_end();
	}
}

static void test_frames_without_ip_are_counted(void **state)
{
	(void)state;
	pcap_header(0xa1b2c3d4, 65535, LINKTYPE_ETHERNET);
	pcap_packet(1, 0, MDL_LIT("\1\2\3\4\5\6\7\10\11\12\13\14\x08\x06" IP), 21);
	pcap_packet(1, 0, MDL_LIT("\1\2\3\4\5\6\7\10\11\12\13\14\x08\x06" IP), 21);
	pcap_packet(1, 0, MDL_LIT("\1\2\3"), 21);
	pcap_packet(2, 0, MDL_LIT(ETHERNET IP), 21);
	assert_opens();
	assert_packet(2 * MDL_SEC, IP);
	assert_int_equal(p.number, 4);
	struct mdl_buf text;
	mdl_buf_init(&text, 1024);
	assert_int_equal(capture_say(capture_stats(c), &text), MDL_OK);
	assert_string_equal(mdl_buf_text(&text),
			    "4 packets, 1 of them IP, 2 ARP, 1 cut before IP begins");
	mdl_buf_fini(&text);
	assert_end();
}

static void test_link_types_that_are_not_known(void **state)
{
	(void)state;
	pcap_header(0xa1b2c3d4, 65535, 147);
	pcap_packet(1, 0, MDL_LIT(IP), 7);
	pcap_packet(1, 0, MDL_LIT(IP), 7);
	assert_opens();
	assert_int_equal(capture_next(c, &p, &why), MDL_ECLOSED);
	struct mdl_buf text;
	mdl_buf_init(&text, 1024);
	assert_int_equal(capture_say(capture_stats(c), &text), MDL_OK);
	assert_string_equal(mdl_buf_text(&text), "2 packets, 0 of them IP, 2 link type 147");
	mdl_buf_fini(&text);
	assert_end();
}

static void test_more_kinds_than_are_told_apart(void **state)
{
	(void)state;
	pcap_header(0xa1b2c3d4, 65535, LINKTYPE_ETHERNET);
	for (unsigned i = 0; i < 40; i++) {
		char frame[] = "\1\2\3\4\5\6\7\10\11\12\13\14\x90\x00";
		frame[13] = (char)i;
		pcap_packet(1, 0, mdl_slice(frame, 14), 14);
	}
	assert_opens();
	assert_int_equal(capture_next(c, &p, &why), MDL_ECLOSED);
	const struct capture_stats *s = capture_stats(c);
	assert_int_equal(s->n_others, CAPTURE_OTHERS_MAX);
	assert_int_equal(s->others[CAPTURE_OTHERS_MAX - 1].n, 40 - (CAPTURE_OTHERS_MAX - 1));
	assert_end();
}

static void test_snap_length(void **state)
{
	(void)state;
	pcap_header(0xa1b2c3d4, 65535, LINKTYPE_RAW);
	pcap_packet(1, 0, MDL_LIT(IP), 1500);
	assert_opens();
	assert_packet(MDL_SEC, IP);
	assert_true(p.cut);
	assert_int_equal(p.captured, 7);
	assert_int_equal(p.length, 1500);
	assert_int_equal(capture_stats(c)->cut, 1);
	assert_end();
}

static void test_pcap_cut_anywhere(void **state)
{
	(void)state;
	pcap_header(0xa1b2c3d4, 65535, LINKTYPE_RAW);
	pcap_packet(1, 0, MDL_LIT(IP), 7);
	size_t first = b.n;
	pcap_packet(2, 0, MDL_LIT(IP), 7);
	for (size_t n = b.n; n-- > first + 1;) {
		mdl_buf_cut(&b, n);
		assert_opens();
		assert_packet(MDL_SEC, IP);
		assert_int_equal(capture_next(c, &p, &why), MDL_ECLOSED);
		assert_true(capture_stats(c)->truncated);
		capture_close(c);
	}
	for (size_t n = first; n-- > 25;) {
		mdl_buf_cut(&b, n);
		c = NULL;
		assert_fails(MDL_EMALFORMED, "x.pcap: cut off before the first packet is whole");
	}
	mdl_buf_cut(&b, 24); /* a header alone is a capture without packets */
	assert_opens();
	assert_int_equal(capture_next(c, &p, &why), MDL_ECLOSED);
	assert_false(capture_stats(c)->truncated);
	capture_close(c);
	c = NULL;
	for (size_t n = 24; n-- > 4;) {
		mdl_buf_cut(&b, n);
		assert_int_equal(open_bytes(), MDL_EMALFORMED);
	}
}

static void test_impossible_length_in_pcap(void **state)
{
	(void)state;
	pcap_header(0xa1b2c3d4, 65535, LINKTYPE_RAW);
	pcap_packet(1, 0, MDL_LIT(IP), 7);
	num(2, 4);
	num(0, 4);
	num(0xfffffff0, 4);
	num(0xfffffff0, 4);
	assert_opens();
	assert_packet(MDL_SEC, IP);
	assert_int_equal(capture_next(c, &p, &why), MDL_EMALFORMED);
	assert_non_null(strstr(why.text, "x.pcap: packet 2 at byte 47: "));
	capture_close(c);
}

/* ---- what is no capture ---- */

static void test_files_that_are_no_captures(void **state)
{
	(void)state;
	assert_fails(MDL_EMALFORMED, "x.pcap: the file is empty");
	static const struct {
		const char *bytes;
		const char *text;
	} cases[] = {
		{ "hello there",
		  "x.pcap: not a capture: expected pcap or pcapng, as tcpdump -w and "
		  "Wireshark write them" },
		{ "abc",
		  "x.pcap: not a capture: expected pcap or pcapng, as tcpdump -w and Wireshark "
		  "write them" },
		{ "\x1f\x8b\x08.", "x.pcap: compressed with gzip; unpack it with gunzip first" },
		{ "\x28\xb5\x2f\xfd", "x.pcap: compressed with zstd; unpack it with unzstd first" },
		{ "\xfd"
		  "7zXZ",
		  "x.pcap: compressed with xz; unpack it with unxz first" },
		{ "snoop", "x.pcap: a snoop capture; convert it with editcap first" },
		{ "meddle-trace 1\n", "x.pcap: not a capture, but perhaps a trace in text" },
	};
	for (size_t i = 0; i < MDL_COUNT(cases); i++) {
		assert_int_equal(mdl_buf_set(&b, mdl_slice_str(cases[i].bytes)), MDL_OK);
		assert_fails(MDL_EMALFORMED, cases[i].text);
	}
}

static void test_files_that_cannot_be_read(void **state)
{
	(void)state;
	assert_int_equal(capture_open("/nonexistent/x.pcap", &c, &why), MDL_EIO);
	assert_string_equal(why.text, "/nonexistent/x.pcap: No such file or directory");
	assert_int_equal(capture_open("/", &c, &why), MDL_EIO);
	assert_string_equal(why.text, "/: Is a directory");
	assert_int_equal(capture_open("/dev/null", &c, &why), MDL_EMALFORMED);
	assert_string_equal(why.text, "/dev/null: the file is empty");
}

static void test_standard_input_stays_open(void **state)
{
	(void)state;
	char path[] = "/tmp/capture_test.XXXXXX";
	int fd = mkstemp(path), was = dup(0);
	assert_true(fd >= 0 && was >= 0);
	unlink(path);
	pcap_header(0xa1b2c3d4, 65535, LINKTYPE_RAW);
	pcap_packet(1, 0, MDL_LIT(IP), 7);
	assert_int_equal(write(fd, b.p, b.n), b.n);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(dup2(fd, 0), 0);
	close(fd);
	assert_int_equal(capture_open("-", &c, &why), MDL_OK);
	assert_packet(MDL_SEC, IP);
	assert_end();
	assert_int_not_equal(dup2(was, 0), -1);
	close(was);
}

/* ---- pcapng ---- */

static size_t block_at;

static void block_begin(uint32_t type)
{
	block_at = b.n;
	num(type, 4);
	num(0, 4);
}

static void block_end(void)
{
	mdl_writer_fill(&w, 0, -b.n & 3);
	size_t len = b.n - block_at + 4;
	num(len, 4);
	if (little)
		mdl_put_le(b.p + block_at + 4, len, 4);
	else
		mdl_put_be(b.p + block_at + 4, len, 4);
}

static void section(void)
{
	block_begin(0x0a0d0d0a);
	num(0x1a2b3c4d, 4);
	num(1, 2);
	num(0, 2);
	num(UINT64_MAX, 8);
	block_end();
}

/* An interface with a resolution (0: unsaid) and an offset (0: unsaid). */
static void interface(unsigned linktype, uint32_t snaplen, unsigned resolution, uint64_t offset)
{
	block_begin(1);
	num(linktype, 2);
	num(0, 2);
	num(snaplen, 4);
	num(2, 2); /* a name, which nobody wants */
	num(3, 2);
	mdl_writer_bytes(&w, MDL_LIT("lo0\0"));
	if (resolution != 0) {
		num(9, 2);
		num(1, 2);
		num(resolution, 1);
		mdl_writer_fill(&w, 0, 3);
	}
	if (offset != 0) {
		num(14, 2);
		num(8, 2);
		num(offset, 8);
	}
	num(0, 4);
	block_end();
}

static void enhanced(uint32_t iface, uint64_t ticks, struct mdl_slice bytes, size_t length)
{
	block_begin(6);
	num(iface, 4);
	num(ticks >> 32, 4);
	num(ticks & UINT32_MAX, 4);
	num(bytes.n, 4);
	num(length, 4);
	mdl_writer_bytes(&w, bytes);
	block_end();
}

static void other_block(uint32_t type, struct mdl_slice bytes)
{
	block_begin(type);
	mdl_writer_bytes(&w, bytes);
	block_end();
}

static void test_pcapng_with_all_blocks(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		mdl_buf_cut(&b, 0);
		little = i == 0;
		section();
		other_block(10, MDL_LIT("secrets"));
		interface(LINKTYPE_ETHERNET, 262144, 0, 0);
		other_block(4, MDL_LIT("names"));
		interface(LINKTYPE_RAW, 96, 9, 0);
		enhanced(0, 1700000000000250, MDL_LIT(ETHERNET IP), 21);
		enhanced(1, 1700000000000000251, MDL_LIT(IP), 1500);
		other_block(5, MDL_LIT("statistics"));
		block_begin(3); /* a simple packet, of interface 0 */
		num(21, 4);
		mdl_writer_bytes(&w, MDL_LIT(ETHERNET IP));
		block_end();
		block_begin(2); /* an old packet */
		num(1, 2);
		num(77, 2);
		num(0, 4);
		num(5, 4);
		num(7, 4);
		num(7, 4);
		mdl_writer_bytes(&w, MDL_LIT(IP));
		block_end();
		other_block(0x0bad, MDL_LIT("custom"));
		assert_opens();
		assert_packet(INT64_C(1700000000) * MDL_SEC + 250000, IP);
		assert_int_equal(p.interface, 0);
		assert_packet(INT64_C(1700000000) * MDL_SEC + 251, IP);
		assert_int_equal(p.interface, 1);
		assert_true(p.cut);
		assert_packet(INT64_C(1700000000) * MDL_SEC + 251, IP);
		assert_int_equal(p.interface, 0);
		assert_packet(5, IP);
		assert_int_equal(p.number, 4);
		assert_end();
	}
}

static void test_sections_of_both_orders(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		little = i % 2 == 0;
		section();
		interface(i == 3 ? LINKTYPE_ETHERNET : LINKTYPE_RAW, 0, 9, 0);
		enhanced(0, i + 1, i == 3 ? MDL_LIT(ETHERNET IP) : MDL_LIT(IP), 21);
	}
	assert_opens();
	for (unsigned i = 0; i < 4; i++)
		assert_packet(i + 1, IP);
	assert_end();
	section();
	char text[200];
	snprintf(text, sizeof(text),
		 "x.pcap: packet 5 at byte %zu: a packet is of an interface that was not described",
		 b.n);
	enhanced(0, 0, MDL_LIT(IP), 7); /* interfaces do not outlive their section */
	assert_fails(MDL_EMALFORMED, text);
}

static void test_clocks(void **state)
{
	(void)state;
	static const struct {
		unsigned resolution;
		uint64_t offset, ticks;
		mdl_time at;
	} cases[] = {
		{ 0, 0, 1500000, 1500 * MDL_MS },
		{ 3, 0, 1500, 1500 * MDL_MS },
		{ 9, 0, 1500, 1500 },
		{ 12, 0, 1500999, 1500 },
		{ 19, 0, 15000000000000000000U, 1500 * MDL_MS },
		{ 20, 0, 15000000000000000000U, 150 * MDL_MS },
		{ 127, 0, UINT64_MAX, 0 },
		{ 0x80, 0, 7, 7 * MDL_SEC },
		{ 0x8a, 0, 1536, 1500 * MDL_MS },
		{ 0xa0, 0, (UINT64_C(3) << 32) + (1U << 31), 3500 * MDL_MS },
		{ 0xbf, 0, UINT64_C(3) << 62, 1500 * MDL_MS },
		{ 0xc0, 0, UINT64_C(1) << 63, 500 * MDL_MS },
		{ 0, 10, 1500000, 11500 * MDL_MS },
		{ 0, (uint64_t)-1, 1500000, 500 * MDL_MS },
		{ 0, (uint64_t)-2, 1500000, 0 },
		{ 0, INT64_MAX, 1500000, 0 },
		{ 0, (uint64_t)INT64_MIN, 1500000, 0 },
	};
	for (size_t i = 0; i < MDL_COUNT(cases); i++) {
		mdl_buf_cut(&b, 0);
		section();
		interface(LINKTYPE_RAW, 0, cases[i].resolution, cases[i].offset);
		enhanced(0, cases[i].ticks, MDL_LIT(IP), 7);
		assert_opens();
		assert_packet(cases[i].at, IP);
		assert_end();
	}
	mdl_buf_cut(&b, 0);
	section();
	interface(LINKTYPE_RAW, 0, 0x80, 0);
	enhanced(0, UINT64_MAX, MDL_LIT(IP), 7); /* clocks that run over stand still */
	assert_opens();
	assert_int_equal(capture_next(c, &p, &why), MDL_OK);
	assert_true(p.at > 0 && p.at <= INT64_MAX / 2);
	assert_end();
}

static void test_simple_packets_are_cut_by_the_interface(void **state)
{
	(void)state;
	section();
	interface(LINKTYPE_RAW, 7, 0, 0);
	block_begin(3);
	num(1500, 4);
	mdl_writer_bytes(&w, MDL_LIT(IP));
	block_end();
	assert_opens();
	assert_packet(0, IP);
	assert_true(p.cut);
	assert_int_equal(p.length, 1500);
	assert_end();
}

static void test_broken_pcapng(void **state)
{
	(void)state;
	section();
	interface(LINKTYPE_RAW, 0, 0, 0);
	size_t good = b.n;
	enhanced(0, 1, MDL_LIT(IP), 7);
	size_t len = b.n - good;
	static const struct {
		size_t off; /* from the packet's block */
		uint32_t v;
		const char *text;
	} cases[] = {
		{ 4, 8, "a block of an impossible length" },
		{ 4, 41, "a block of an impossible length" },
		{ 4, 0x7ffffffc, "a block of an impossible length" },
		{ 8, 1, "a packet is of an interface that was not described" },
		{ 20, 9, "a packet is longer than its block" },
		{ 20, 0xffffffff, "a packet is longer than its block" },
		{ 36, 44, "the two lengths of a block do not agree" },
	};
	assert_int_equal(len, 40);
	for (size_t i = 0; i < MDL_COUNT(cases); i++) {
		uint8_t *at = b.p + good + cases[i].off;
		uint32_t was = (uint32_t)mdl_get_le(at, 4);
		char text[200];
		snprintf(text, sizeof(text), "x.pcap: packet 1 at byte %zu: %s", good,
			 cases[i].text);
		mdl_put_le(at, cases[i].v, 4);
		assert_fails(MDL_EMALFORMED, text);
		mdl_put_le(at, was, 4);
	}
	b.p[8] = 0; /* the byte-order magic */
	assert_fails(MDL_EMALFORMED,
		     "x.pcap: packet 1 at byte 0: a section of an unknown byte order");
}

static void test_interface_block_too_short(void **state)
{
	(void)state;
	section();
	other_block(1, MDL_LIT("\0\0\0\0"));
	assert_fails(MDL_EMALFORMED,
		     "x.pcap: packet 1 at byte 28: an interface block is too short");
	mdl_buf_cut(&b, 28);
	other_block(1, MDL_LIT(""));
	assert_fails(MDL_EMALFORMED,
		     "x.pcap: packet 1 at byte 28: an interface block is too short");
}

static void test_options_that_lie(void **state)
{
	(void)state;
	section();
	block_begin(1);
	num(LINKTYPE_RAW, 2);
	num(0, 2);
	num(0, 4);
	num(9, 2);
	num(1000, 2); /* runs over the block */
	num(9, 4);
	block_end();
	enhanced(0, 5, MDL_LIT(IP), 7);
	assert_opens();
	assert_packet(5 * MDL_US, IP);
	assert_end();
}

static void test_pcapng_cut_anywhere(void **state)
{
	(void)state;
	section();
	interface(LINKTYPE_RAW, 0, 0, 0);
	enhanced(0, 1, MDL_LIT(IP), 7);
	size_t first = b.n;
	other_block(0x0bad, MDL_LIT("a block that is skipped"));
	enhanced(0, 2, MDL_LIT(IP), 7);
	for (size_t n = b.n; n-- > first + 1;) {
		bool between = n == first + 36;
		mdl_buf_cut(&b, n);
		assert_opens();
		assert_packet(MDL_US, IP);
		assert_int_equal(capture_next(c, &p, &why), MDL_ECLOSED);
		assert_int_equal(capture_stats(c)->truncated, !between);
		capture_close(c);
	}
	for (size_t n = first; n-- > 4;) {
		mdl_buf_cut(&b, n);
		mdl_err err = open_bytes();
		if (err == MDL_OK)
			err = capture_next(c, &p, &why);
		assert_true(err == MDL_EMALFORMED || (err == MDL_ECLOSED && n % 4 == 0));
		capture_close(c);
		c = NULL;
	}
}

static void test_many_interfaces(void **state)
{
	(void)state;
	section();
	for (unsigned i = 0; i < 1000; i++)
		interface(i % 2 == 0 ? LINKTYPE_RAW : LINKTYPE_ETHERNET, 0, 0, 0);
	enhanced(998, 1, MDL_LIT(IP), 7);
	enhanced(999, 2, MDL_LIT(ETHERNET IP), 21);
	assert_opens();
	assert_packet(MDL_US, IP);
	assert_packet(2 * MDL_US, IP);
	assert_end();
}

static void read_through(void)
{
	mdl_err err = open_bytes();
	while (err == MDL_OK)
		err = capture_next(c, &p, &why);
	assert_true(err == MDL_ECLOSED || err == MDL_ENOMEM || err == MDL_EMALFORMED);
	capture_close(c);
	c = NULL;
}

static void test_allocation_failures(void **state)
{
	(void)state;
	section();
	for (unsigned i = 0; i < 20; i++)
		interface(LINKTYPE_RAW, 0, 0, 0);
	enhanced(0, 1, MDL_LIT(IP), 7);
	ALLOC_FAIL_EACH(read_through());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
		TEST(test_pcap_in_all_orders_and_units),
		TEST(test_frames_without_ip_are_counted),
		TEST(test_link_types_that_are_not_known),
		TEST(test_more_kinds_than_are_told_apart),
		TEST(test_snap_length),
		TEST(test_pcap_cut_anywhere),
		TEST(test_impossible_length_in_pcap),
		TEST(test_files_that_are_no_captures),
		TEST(test_files_that_cannot_be_read),
		TEST(test_standard_input_stays_open),
		TEST(test_pcapng_with_all_blocks),
		TEST(test_sections_of_both_orders),
		TEST(test_clocks),
		TEST(test_simple_packets_are_cut_by_the_interface),
		TEST(test_broken_pcapng),
		TEST(test_interface_block_too_short),
		TEST(test_options_that_lie),
		TEST(test_pcapng_cut_anywhere),
		TEST(test_many_interfaces),
		TEST(test_allocation_failures),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
