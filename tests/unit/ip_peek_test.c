#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/writer.h"
#include "protocols/ip_peek.h"
#include "support/packets.h"

static struct mdl_buf b;

static int set_up(void **state)
{
	(void)state;
	mdl_buf_init(&b, 1 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	mdl_buf_fini(&b);
	return 0;
}

static struct mdl_ip_packet peek(void)
{
	struct mdl_ip_packet p;
	assert_int_equal(mdl_ip_peek(mdl_buf_slice(&b), &p), MDL_OK);
	return p;
}

static void assert_inet(const struct mdl_inet *a, const char *text)
{
	char out[MDL_INET_TEXT];
	assert_string_equal(mdl_inet_text(a, out), text);
}

static void assert_bytes(struct mdl_slice s, const char *text)
{
	assert_int_equal(s.n, strlen(text));
	assert_memory_equal(s.p, text, s.n);
}

static void put(size_t off, uint64_t v, size_t n)
{
	assert_true(off + n <= b.n);
	mdl_put_be(b.p + off, v, n);
}

/* Puts `bytes` in front of what the IPv6 header is followed by, which `next` names then. */
static void put_extension(uint8_t next, struct mdl_slice bytes)
{
	uint8_t was = b.p[6];
	assert_int_equal(mdl_buf_splice(&b, 40, 0, bytes), MDL_OK);
	b.p[40] = was;
	b.p[6] = next;
	put(4, b.n - 40, 2);
}

static void test_udp(void **state)
{
	(void)state;
	packet_udp(&b, "192.0.2.1:4242", "192.0.2.2:53", MDL_LIT("hello"));
	struct mdl_ip_packet p = peek();
	assert_inet(&p.src, "192.0.2.1:4242");
	assert_inet(&p.dst, "192.0.2.2:53");
	assert_bytes(p.payload, "hello");
	assert_int_equal(p.payload_len, 5);
	assert_int_equal(p.proto, MDL_IP_UDP);
	assert_int_equal(p.ttl, 64);
	assert_true(p.ports);
	assert_false(p.fragment || p.cut || p.routed);
}

static void test_udp_over_v6(void **state)
{
	(void)state;
	packet_udp(&b, "[2001:db8::1]:4242", "[2001:db8::2]:53", MDL_LIT("hello"));
	struct mdl_ip_packet p = peek();
	assert_inet(&p.src, "[2001:db8::1]:4242");
	assert_inet(&p.dst, "[2001:db8::2]:53");
	assert_bytes(p.payload, "hello");
	assert_true(p.ports);
}

static void test_padding_behind_the_packet_is_not_payload(void **state)
{
	(void)state;
	packet_udp(&b, "192.0.2.1:1", "192.0.2.2:2", MDL_LIT("x"));
	assert_int_equal(mdl_buf_add(&b, MDL_LIT("padding of Ethernet")), MDL_OK);
	assert_bytes(peek().payload, "x");
	packet_udp(&b, "[::1]:1", "[::2]:2", MDL_LIT("x"));
	assert_int_equal(mdl_buf_add(&b, MDL_LIT("padding of Ethernet")), MDL_OK);
	assert_bytes(peek().payload, "x");
}

static void test_tcp(void **state)
{
	(void)state;
	struct packet_tcp t = { .src = "192.0.2.1:4242",
				.dst = "192.0.2.2:80",
				.seq = 0xdeadbeef,
				.ack = 0x01020304,
				.flags = MDL_TCP_PSH | MDL_TCP_ACK,
				.window = 512,
				.options = MDL_LIT("\1\1\1\0"),
				.payload = MDL_LIT("GET") };
	packet_tcp(&b, &t);
	struct mdl_ip_packet p = peek();
	assert_int_equal(p.tcp_seq, 0xdeadbeef);
	assert_int_equal(p.tcp_ack, 0x01020304);
	assert_int_equal(p.tcp_flags, MDL_TCP_PSH | MDL_TCP_ACK);
	assert_int_equal(p.tcp_window, 512);
	assert_bytes(p.payload, "GET");
	put(32, 0x40, 1); /* a data offset of four words */
	assert_false(peek().ports);
	put(32, 0xf0, 1); /* and one beyond the packet */
	assert_false(peek().ports);
}

static void test_cut_by_the_capture(void **state)
{
	(void)state;
	packet_udp(&b, "192.0.2.1:1", "192.0.2.2:2", MDL_LIT("hello"));
	mdl_buf_cut(&b, b.n - 2);
	struct mdl_ip_packet p = peek();
	assert_true(p.cut && p.ports);
	assert_bytes(p.payload, "hel");
	assert_int_equal(p.payload_len, 5);
	mdl_buf_cut(&b, 24); /* only half of the UDP header */
	assert_false(peek().ports);
	mdl_buf_cut(&b, 19);
	assert_int_equal(mdl_ip_peek(mdl_buf_slice(&b), &p), MDL_EMALFORMED);
}

static void test_lengths_left_to_the_card(void **state)
{
	(void)state;
	packet_udp(&b, "192.0.2.1:1", "192.0.2.2:2", MDL_LIT("hello"));
	put(2, 0, 2);
	assert_bytes(peek().payload, "hello");
	put(24, 0, 2);
	assert_bytes(peek().payload, "hello");
	packet_udp(&b, "[::1]:1", "[::2]:2", MDL_LIT("hello"));
	put(4, 0, 2);
	assert_bytes(peek().payload, "hello");
}

static void test_lying_lengths(void **state)
{
	(void)state;
	struct mdl_ip_packet p;
	packet_udp(&b, "192.0.2.1:1", "192.0.2.2:2", MDL_LIT("hello"));
	put(24, 9, 2); /* a UDP length that leaves bytes over */
	assert_bytes(peek().payload, "h");
	put(24, 7, 2);
	assert_false(peek().ports);
	put(24, 14, 2); /* one byte more than there is */
	assert_true(peek().cut);
	assert_bytes(peek().payload, "hello");
	put(2, 19, 2);
	assert_int_equal(mdl_ip_peek(mdl_buf_slice(&b), &p), MDL_EMALFORMED);
	put(0, 0x44, 1);
	assert_int_equal(mdl_ip_peek(mdl_buf_slice(&b), &p), MDL_EMALFORMED);
	put(0, 0x75, 1);
	assert_int_equal(mdl_ip_peek(mdl_buf_slice(&b), &p), MDL_EMALFORMED);
	assert_int_equal(mdl_ip_peek(mdl_slice(NULL, 0), &p), MDL_EMALFORMED);
}

static void test_fragments(void **state)
{
	(void)state;
	static const char *const ends[][2] = { { "192.0.2.1:1", "192.0.2.2:2" },
					       { "[::1]:1", "[::2]:2" } };
	for (size_t i = 0; i < 2; i++) {
		struct mdl_buf whole;
		mdl_buf_init(&whole, 1024);
		packet_udp(&whole, ends[i][0], ends[i][1], MDL_LIT("0123456789abcdef"));
		packet_fragment(&b, mdl_buf_slice(&whole), 0xbeef, 0, 16);
		struct mdl_ip_packet p = peek();
		assert_true(p.fragment && p.more);
		assert_false(p.ports);
		assert_int_equal(p.fragment_id, 0xbeef);
		assert_int_equal(p.fragment_off, 0);
		assert_int_equal(p.transport.n, 16);
		assert_int_equal(p.proto, MDL_IP_UDP);
		packet_fragment(&b, mdl_buf_slice(&whole), 0xbeef, 16, 8);
		p = peek();
		assert_true(p.fragment);
		assert_false(p.more);
		assert_int_equal(p.fragment_off, 16);
		struct mdl_slice transport =
			mdl_slice_sub(mdl_buf_slice(&whole), i == 0 ? 20 : 40, SIZE_MAX);
		assert_int_equal(mdl_ip_join(&p, transport), MDL_OK);
		assert_true(p.ports);
		assert_false(p.fragment);
		assert_bytes(p.payload, "0123456789abcdef");
		assert_inet(&p.dst, ends[i][1]);
		mdl_buf_fini(&whole);
	}
}

static void test_extension_headers(void **state)
{
	(void)state;
	static const uint8_t ah[] = { 0, 4, 0, 0, 0, 0, 0, 1, 0, 0,  0,	 1,
				      1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	packet_udp(&b, "[2001:db8::1]:4242", "[2001:db8::2]:53", MDL_LIT("hello"));
	put_extension(MDL_IP_DESTOPTS, MDL_LIT("\0\0\1\4\0\0\0\0"));
	put_extension(MDL_IP_AH, mdl_slice(ah, sizeof(ah)));
	put_extension(MDL_IP_FRAGMENT, MDL_LIT("\0\0\0\0\0\0\0\7")); /* an atomic fragment */
	put_extension(MDL_IP_HOPOPTS, MDL_LIT("\0\1\1\14\0\0\0\0\0\0\0\0\0\0\0\0"));
	struct mdl_ip_packet p = peek();
	assert_true(p.ports);
	assert_false(p.fragment || p.routed);
	assert_int_equal(p.fragment_id, 7);
	assert_bytes(p.payload, "hello");
	put_extension(MDL_IP_ROUTING, MDL_LIT("\0\0\4\1\0\0\0\0"));
	assert_true(peek().routed);
	b.p[41] = 200; /* a header longer than the packet */
	assert_int_equal(mdl_ip_peek(mdl_buf_slice(&b), &p), MDL_EMALFORMED);
}

static void test_source_route(void **state)
{
	(void)state;
	static const uint8_t route[] = { 1, 131, 7, 4, 192, 0, 2, 9 };
	packet_udp(&b, "192.0.2.1:1", "192.0.2.2:2", MDL_LIT("x"));
	assert_int_equal(mdl_buf_splice(&b, 20, 0, mdl_slice(route, sizeof(route))), MDL_OK);
	put(0, 0x47, 1);
	put(2, b.n, 2);
	assert_true(peek().routed);
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	assert_int_equal(mdl_ip_seals(mdl_buf_slice(&b), seals), 1);
	put(23, 8, 1); /* the pointer is behind the end: all hops were made */
	assert_false(peek().routed);
	put(20, 0, 1); /* behind the end of the list nothing counts */
	put(23, 4, 1);
	assert_false(peek().routed);
}

/* As two Linux kernels exchanged them over a link without offload. */
static const uint8_t real_tcp[] = { 0x45, 0x00, 0x00, 0x3a, 0xcf, 0xef, 0x40, 0x00, 0x40, 0x06,
				    0x56, 0x32, 0x0a, 0x4d, 0x00, 0x01, 0x0a, 0x4d, 0x00, 0x02,
				    0xae, 0xe4, 0x1f, 0x40, 0xef, 0xa4, 0xb2, 0x51, 0x81, 0x81,
				    0x35, 0x9f, 0x80, 0x18, 0x00, 0x3f, 0x7a, 0x75, 0x00, 0x00,
				    0x01, 0x01, 0x08, 0x0a, 0x32, 0x76, 0xf1, 0x37, 0x1d, 0xc1,
				    0x3a, 0xd7, 0x68, 0x65, 0x6c, 0x6c, 0x6f, 0x0a };
static const uint8_t real_udp[] = { 0x45, 0x00, 0x00, 0x24, 0x6a, 0xdc, 0x40, 0x00, 0x40,
				    0x11, 0xbb, 0x50, 0x0a, 0x4d, 0x00, 0x01, 0x0a, 0x4d,
				    0x00, 0x02, 0xdf, 0x64, 0x14, 0xe9, 0x00, 0x10, 0x93,
				    0x3b, 0x68, 0x69, 0x20, 0x74, 0x68, 0x65, 0x72, 0x65 };
static const uint8_t real_icmp[] = { 0x45, 0xc0, 0x00, 0x40, 0xbb, 0x5f, 0x00, 0x00, 0x40, 0x01,
				     0xaa, 0x01, 0x0a, 0x4d, 0x00, 0x02, 0x0a, 0x4d, 0x00, 0x01,
				     0x03, 0x03, 0x11, 0xbb, 0x00, 0x00, 0x00, 0x00, 0x45, 0x00,
				     0x00, 0x24, 0x6a, 0xdc, 0x40, 0x00, 0x40, 0x11, 0xbb, 0x50,
				     0x0a, 0x4d, 0x00, 0x01, 0x0a, 0x4d, 0x00, 0x02, 0xdf, 0x64,
				     0x14, 0xe9, 0x00, 0x10, 0x93, 0x3b, 0x68, 0x69, 0x20, 0x74,
				     0x68, 0x65, 0x72, 0x65 };

static void test_seals_of_real_packets(void **state)
{
	(void)state;
	const struct {
		struct mdl_slice packet;
		size_t off;
	} real[] = { { mdl_slice(real_tcp, sizeof(real_tcp)), 36 },
		     { mdl_slice(real_udp, sizeof(real_udp)), 26 },
		     { mdl_slice(real_icmp, sizeof(real_icmp)), 22 } };
	for (size_t i = 0; i < MDL_COUNT(real); i++) {
		struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
		assert_int_equal(mdl_ip_seals(real[i].packet, seals), 2);
		assert_int_equal(seals[0].off, 10);
		assert_int_equal(seals[1].off, real[i].off);
		for (size_t k = 0; k < 2; k++) {
			assert_int_equal(seals[k].now, seals[k].right);
			assert_int_equal(seals[k].now,
					 mdl_get_be(real[i].packet.p + seals[k].off, 2));
		}
		/* with another checksum there, the right one is still found */
		assert_int_equal(mdl_buf_set(&b, real[i].packet), MDL_OK);
		put(10, 0x1111, 2);
		put(real[i].off, 0x2222, 2);
		mdl_ip_seal(b.p, b.n);
		assert_memory_equal(b.p, real[i].packet.p, b.n);
	}
}

static void test_seal_is_what_a_receiver_checks(void **state)
{
	(void)state;
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	packet_udp(&b, "192.0.2.1:4242", "192.0.2.2:53", MDL_LIT("hello"));
	assert_int_equal(mdl_ip_seals(mdl_buf_slice(&b), seals), 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(seals[i].now, seals[i].right);
	for (size_t i = 0; i < b.n; i++) { /* whatever changes, one of them notices */
		if (i == 0 || i == 2 || i == 3 || i == 6 || i == 7 || i == 24 || i == 25)
			continue; /* these change what is covered */
		b.p[i] ^= 0x10;
		size_t n = mdl_ip_seals(mdl_buf_slice(&b), seals);
		bool noticed = seals[0].now != seals[0].right ||
			       (n == 2 && seals[1].now != seals[1].right);
		assert_true(noticed);
		b.p[i] ^= 0x10;
	}
}

static void test_udp_without_a_checksum(void **state)
{
	(void)state;
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	packet_udp(&b, "192.0.2.1:4242", "192.0.2.2:53", MDL_LIT("hello"));
	put(26, 0, 2);
	assert_int_equal(mdl_ip_seals(mdl_buf_slice(&b), seals), 2);
	assert_int_equal(seals[1].right, 0);
	packet_udp(&b, "[::1]:4242", "[::2]:53", MDL_LIT("hello"));
	put(46, 0, 2); /* RFC 8200, section 8.1: over IPv6 it may not be left out */
	assert_int_equal(mdl_ip_seals(mdl_buf_slice(&b), seals), 1);
	assert_int_not_equal(seals[0].right, 0);
}

static void test_udp_checksum_that_comes_to_zero(void **state)
{
	(void)state;
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	packet_udp(&b, "192.0.2.1:4242", "192.0.2.2:53", MDL_LIT("\0\0"));
	uint64_t sum = mdl_get_be(b.p + 26, 2);
	put(28, sum, 2); /* with its own checksum as payload the sum is complete */
	put(26, 0x1234, 2);
	assert_int_equal(mdl_ip_seals(mdl_buf_slice(&b), seals), 2);
	assert_int_equal(seals[1].right, 0xffff);
	put(26, 0xffff, 2);
	mdl_ip_seals(mdl_buf_slice(&b), seals);
	assert_int_equal(seals[1].right, 0xffff);
}

static void test_partial_checksum(void **state)
{
	(void)state;
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	struct packet_tcp t = { .src = "127.0.0.1:4242",
				.dst = "127.0.0.1:80",
				.payload = MDL_LIT("x") };
	packet_tcp(&b, &t);
	/* 7f00+0001 twice, protocol 6, length 21: what Linux leaves for the card to go on with */
	put(36, 0xfe00 + 0x0002 + 6 + 21, 2);
	mdl_ip_seals(mdl_buf_slice(&b), seals);
	assert_int_equal(seals[1].now, seals[1].partial);
	assert_int_not_equal(seals[1].now, seals[1].right);
}

static void test_every_cut_on_the_heap(void **state)
{
	(void)state;
	struct packet_tcp t = { .src = "[::1]:1", .dst = "[::2]:2", .payload = MDL_LIT("payload") };
	packet_tcp(&b, &t);
	put_extension(MDL_IP_DESTOPTS, MDL_LIT("\0\0\1\4\0\0\0\0"));
	put_extension(MDL_IP_FRAGMENT, MDL_LIT("\0\0\0\0\0\0\0\7"));
	for (size_t n = 0; n <= b.n; n++) {
		uint8_t *exact = malloc(n + (n == 0));
		struct mdl_ip_packet p;
		struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
		assert_non_null(exact);
		memcpy(exact, b.p, n);
		bool ok = mdl_ip_peek(mdl_slice(exact, n), &p) == MDL_OK;
		assert_int_equal(ok, n >= 56);
		if (ok)
			assert_int_equal(p.cut, n < b.n);
		mdl_ip_seals(mdl_slice(exact, n), seals);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp),
		cmocka_unit_test(test_udp_over_v6),
		cmocka_unit_test(test_padding_behind_the_packet_is_not_payload),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_cut_by_the_capture),
		cmocka_unit_test(test_lengths_left_to_the_card),
		cmocka_unit_test(test_lying_lengths),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_extension_headers),
		cmocka_unit_test(test_source_route),
		cmocka_unit_test(test_seals_of_real_packets),
		cmocka_unit_test(test_seal_is_what_a_receiver_checks),
		cmocka_unit_test(test_udp_without_a_checksum),
		cmocka_unit_test(test_udp_checksum_that_comes_to_zero),
		cmocka_unit_test(test_partial_checksum),
		cmocka_unit_test(test_every_cut_on_the_heap),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
