#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/rng.h"
#include "core/text.h"
#include "core/writer.h"
#include "protocols/registry.h"
#include "support/alloc.h"
#include "support/packets.h"
#include "support/toy_stream.h"

/* The registry as these tests see it: a toy protocol speaks on port 7777. */
const struct mdl_protocol *__wrap_mdl_protocol_by_port(enum mdl_carrier on, uint16_t port);

const struct mdl_protocol *__wrap_mdl_protocol_by_port(enum mdl_carrier on, uint16_t port)
{
	assert_int_equal(on, MDL_DGRAM);
	return port == 7777 ? &toy_stream : NULL;
}

/* A packet, its index, and a context: what every test works on. */
static struct mdl_buf b, text;
static struct mdl_fields f;
static struct mdl_ctx *x;

static int set_up(void **state)
{
	(void)state;
	mdl_buf_init(&b, 1 << 20);
	mdl_buf_init(&text, 1 << 20);
	mdl_fields_init(&f);
	return mdl_ctx_new(&mdl_ip, MDL_PACKET, NULL, &x, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	mdl_buf_fini(&b);
	mdl_buf_fini(&text);
	mdl_fields_fini(&f);
	mdl_ctx_free(x);
	return 0;
}

static mdl_err dissect(void)
{
	return mdl_dissect(x, mdl_buf_slice(&b), &f);
}

static void put(size_t off, uint64_t v, size_t n)
{
	assert_true(off + n <= b.n);
	mdl_put_be(b.p + off, v, n);
}

static void insert(size_t off, struct mdl_slice bytes)
{
	assert_int_equal(mdl_buf_splice(&b, off, 0, bytes), MDL_OK);
}

static void seal(void)
{
	mdl_ip_seal(b.p, b.n);
}

/* The first field with exactly this path. */
static uint32_t find(const char *path)
{
	for (uint32_t i = 0; i < f.n; i++) {
		mdl_buf_cut(&text, 0);
		assert_int_equal(mdl_field_path(&f, i, &text), MDL_OK);
		if (strcmp(mdl_buf_text(&text), path) == 0)
			return i;
	}
	return MDL_NO_FIELD;
}

static uint64_t number(const char *path)
{
	uint32_t i = find(path);
	if (i == MDL_NO_FIELD)
		fail_msg("no field %s", path);
	return mdl_field_uint(&f, mdl_buf_slice(&b), i);
}

static struct mdl_slice bytes(const char *path)
{
	uint32_t i = find(path);
	if (i == MDL_NO_FIELD)
		fail_msg("no field %s", path);
	return mdl_field_bytes(&f, mdl_buf_slice(&b), i);
}

static void assert_notes(const char *first)
{
	if (first == NULL) {
		assert_int_equal(f.n_notes, 0);
		return;
	}
	for (unsigned i = 0; i < f.n_notes; i++)
		if (strcmp(f.notes[i].text, first) == 0)
			return;
	fail_msg("expected the note: %s (the first of %u is: %s)", first, f.n_notes,
		 f.n_notes == 0 ? "-" : f.notes[0].text);
}

static void repair(void)
{
	struct mdl_repair how = { .what = MDL_REL_ALL };
	assert_int_equal(mdl_repair(x, &b, &f, &how), MDL_OK);
}

/* Repair of what is right changes nothing. */
static void assert_clean(void)
{
	struct mdl_buf before;
	mdl_buf_init(&before, 1 << 20);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes(NULL);
	assert_int_equal(mdl_buf_add(&before, mdl_buf_slice(&b)), MDL_OK);
	repair();
	assert_int_equal(b.n, before.n);
	assert_memory_equal(b.p, before.p, b.n);
	mdl_buf_fini(&before);
}

static void assert_say(const char *expected)
{
	assert_true(dissect() == MDL_OK || f.n > 0);
	mdl_buf_cut(&text, 0);
	assert_int_equal(mdl_ip.say(x, mdl_buf_slice(&b), &f, &text), MDL_OK);
	assert_string_equal(mdl_buf_text(&text), expected);
}

/* All leaves below the outermost span as "path=number", one a line, without the name in front. */
static const char *leaves(const char *under)
{
	static struct mdl_buf out;
	mdl_buf_init(&out, 1 << 16);
	size_t skip = strlen(under);
	for (uint32_t i = 0; i < f.n; i++) {
		mdl_buf_cut(&text, 0);
		assert_int_equal(mdl_field_path(&f, i, &text), MDL_OK);
		if (strncmp(mdl_buf_text(&text), under, skip) != 0 || mdl_field_children(&f, i) > 0)
			continue;
		mdl_err err = mdl_buf_printf(&out, "%s=", mdl_buf_text(&text) + skip);
		if (err == MDL_OK && mdl_field_is_uint(&f, i))
			err = mdl_buf_printf(
				&out, "%llu\n",
				(unsigned long long)mdl_field_uint(&f, mdl_buf_slice(&b), i));
		else if (err == MDL_OK) {
			err = mdl_text_hex(&out, mdl_field_bytes(&f, mdl_buf_slice(&b), i));
			if (err == MDL_OK)
				err = mdl_buf_put(&out, '\n');
		}
		assert_int_equal(err, MDL_OK);
	}
	return mdl_buf_text(&out);
}

static void assert_leaves(const char *under, const char *expected)
{
	const char *got = leaves(under);
	assert_string_equal(got, expected);
	free((void *)(uintptr_t)got);
}

static void test_udp_over_v4(void **state)
{
	(void)state;
	packet_udp(&b, "192.0.2.1:4242", "192.0.2.2:9999", MDL_LIT("hi"));
	assert_clean();
	assert_leaves("ip.", "v4.version=4\n"
			     "v4.ihl=5\n"
			     "v4.dscp=0\n"
			     "v4.ecn=0\n"
			     "v4.length=30\n"
			     "v4.id=0\n"
			     "v4.reserved=0\n"
			     "v4.df=0\n"
			     "v4.mf=0\n"
			     "v4.offset=0\n"
			     "v4.ttl=64\n"
			     "v4.protocol=17\n"
			     "v4.checksum=63179\n"
			     "v4.src=c0000201\n"
			     "v4.dst=c0000202\n"
			     "v4.options=\n"
			     "v4.udp.sport=4242\n"
			     "v4.udp.dport=9999\n"
			     "v4.udp.length=10\n"
			     "v4.udp.checksum=56267\n"
			     "v4.udp.payload=6869\n");
	assert_true(mdl_field_matches(&f, find("ip.v4.udp.sport"), "ip.udp.sport"));
}

static void test_what_udp_carries_is_taken_apart(void **state)
{
	(void)state;
	static const char *const ends[] = { "192.0.2.1:7777", "192.0.2.2:9999" };
	for (unsigned to_server = 0; to_server < 2; to_server++) {
		x->dir = to_server != 0 ? MDL_S2C : MDL_C2S; /* not what the ports say */
		packet_udp(&b, ends[to_server], ends[!to_server], MDL_LIT("Q1a"));
		assert_clean();
		assert_int_equal(f.n_layers, 2);
		assert_int_equal(bytes("ip.v4.udp.payload.toy.data").n, 3);
		assert_int_equal(f.layers[1].x->dir, to_server != 0 ? MDL_C2S : MDL_S2C);
		assert_int_equal(x->dir, to_server != 0 ? MDL_S2C : MDL_C2S);
	}
	mdl_buf_cut(&b, b.n - 1); /* what is cut is not taken for a message */
	assert_int_equal(dissect(), MDL_OK);
	assert_int_equal(f.n_layers, 1);
}

static void test_tcp_with_options(void **state)
{
	(void)state;
	struct packet_tcp t = {
		.src = "192.0.2.1:4242",
		.dst = "192.0.2.2:80",
		.seq = 1000,
		.ack = 2000,
		.flags = MDL_TCP_SYN | MDL_TCP_ACK,
		.options = MDL_LIT("\2\4\5\264\1\3\3\7\4\2\1\1\10\12\0\0\0\1\0\0\0\2"
				   "\5\12\0\0\0\3\0\0\0\4\376\4\1\2\0\0\0\0"),
		.payload = MDL_LIT("GET"),
	};
	packet_tcp(&b, &t);
	assert_clean();
	assert_leaves("ip.v4.tcp.", "sport=4242\n"
				    "dport=80\n"
				    "seq=1000\n"
				    "ack=2000\n"
				    "offset=15\n"
				    "reserved=0\n"
				    "flags.cwr=0\n"
				    "flags.ece=0\n"
				    "flags.urg=0\n"
				    "flags.ack=1\n"
				    "flags.psh=0\n"
				    "flags.rst=0\n"
				    "flags.syn=1\n"
				    "flags.fin=0\n"
				    "window=65535\n"
				    "checksum=46809\n"
				    "urgent=0\n"
				    "options.option[0].kind=2\n"
				    "options.option[0].len=4\n"
				    "options.option[0].mss=1460\n"
				    "options.option[1].kind=1\n"
				    "options.option[2].kind=3\n"
				    "options.option[2].len=3\n"
				    "options.option[2].scale=7\n"
				    "options.option[3].kind=4\n"
				    "options.option[3].len=2\n"
				    "options.option[4].kind=1\n"
				    "options.option[5].kind=1\n"
				    "options.option[6].kind=8\n"
				    "options.option[6].len=10\n"
				    "options.option[6].tsval=1\n"
				    "options.option[6].tsecr=2\n"
				    "options.option[7].kind=5\n"
				    "options.option[7].len=10\n"
				    "options.option[7].left[0]=3\n"
				    "options.option[7].right[0]=4\n"
				    "options.option[8].kind=254\n"
				    "options.option[8].len=4\n"
				    "options.option[8].data=0102\n"
				    "options.option[9].kind=0\n"
				    "options.padding=000000\n"
				    "payload=474554\n");
}

static void make_v4_options(void)
{
	packet_udp(&b, "192.0.2.1:4242", "192.0.2.2:9999", MDL_LIT("hi"));
	insert(20, MDL_LIT("\224\4\0\0\1\7\7\4\0\0\0\0\1\0\0\0"));
	put(0, 0x49, 1);
	put(2, b.n, 2);
	seal();
}

static void test_v4_options(void **state)
{
	(void)state;
	make_v4_options();
	assert_clean();
	assert_leaves("ip.v4.options.", "option[0].type=148\n"
					"option[0].len=4\n"
					"option[0].data=0000\n"
					"option[1].type=1\n"
					"option[2].type=7\n"
					"option[2].len=7\n"
					"option[2].data=0400000000\n"
					"option[3].type=1\n"
					"option[4].type=0\n"
					"padding=0000\n");
	assert_int_equal(number("ip.v4.udp.dport"), 9999);
	put(21, 30, 1);
	seal();
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("an option runs over the end of the IP header");
	assert_int_equal(bytes("ip.v4.options.padding").n, 16);
	assert_int_equal(number("ip.v4.udp.dport"), 9999);
}

/* Puts an extension header in front of what follows the IPv6 header. */
static void extend(uint8_t next, struct mdl_slice header)
{
	uint8_t was = b.p[6];
	insert(40, header);
	b.p[40] = was;
	b.p[6] = next;
	put(4, b.n - 40, 2);
}

static void test_v6_extension_headers(void **state)
{
	(void)state;
	packet_udp(&b, "[2001:db8::1]:4242", "[2001:db8::2]:9999", MDL_LIT("hi"));
	extend(MDL_IP_DESTOPTS, MDL_LIT("\0\0\1\4\0\0\0\0"));
	extend(MDL_IP_AH, MDL_LIT("\0\2\0\0\0\0\0\11\0\0\0\12\1\2\3\4"));
	extend(MDL_IP_FRAGMENT, MDL_LIT("\0\0\0\0\0\0\0\7"));
	extend(MDL_IP_ROUTING, MDL_LIT("\0\2\0\0\0\0\0\0abcdefghijklmnop"));
	extend(MDL_IP_HOPOPTS, MDL_LIT("\0\0\5\2\0\0\0\0"));
	seal();
	assert_clean();
	assert_leaves("ip.v6.", "version=6\n"
				"class=0\n"
				"flow=0\n"
				"length=74\n"
				"next=0\n"
				"hops=64\n"
				"src=20010db8000000000000000000000001\n"
				"dst=20010db8000000000000000000000002\n"
				"hop[0].next=43\n"
				"hop[0].len=0\n"
				"hop[0].option[0].type=5\n"
				"hop[0].option[0].len=2\n"
				"hop[0].option[0].data=0000\n"
				"hop[0].option[1].type=0\n"
				"hop[0].option[2].type=0\n"
				"routing[0].next=44\n"
				"routing[0].len=2\n"
				"routing[0].type=0\n"
				"routing[0].left=0\n"
				"routing[0].data=000000006162636465666768696a6b6c6d6e6f70\n"
				"fragment[0].next=51\n"
				"fragment[0].reserved=0\n"
				"fragment[0].offset=0\n"
				"fragment[0].reserved2=0\n"
				"fragment[0].more=0\n"
				"fragment[0].id=7\n"
				"ah[0].next=60\n"
				"ah[0].len=2\n"
				"ah[0].reserved=0\n"
				"ah[0].spi=9\n"
				"ah[0].seq=10\n"
				"ah[0].icv=01020304\n"
				"dest[0].next=17\n"
				"dest[0].len=0\n"
				"dest[0].option[0].type=1\n"
				"dest[0].option[0].len=4\n"
				"dest[0].option[0].data=00000000\n"
				"udp.sport=4242\n"
				"udp.dport=9999\n"
				"udp.length=10\n"
				"udp.checksum=1115\n"
				"udp.payload=6869\n");
	b.p[41] = 200;
	assert_int_equal(dissect(), MDL_EMALFORMED);
	assert_notes("an extension header is longer than the packet");
}

static void test_v6_ends_and_secrets(void **state)
{
	(void)state;
	packet_ip(&b, "[::1]:0", "[::2]:0", MDL_IP_ESP, MDL_LIT("\0\0\1\0\0\0\0\1secret"));
	assert_clean();
	assert_leaves("ip.v6.esp.", "spi=256\nseq=1\ndata=736563726574\n");
	packet_ip(&b, "[::1]:0", "[::2]:0", MDL_IP_NONE, MDL_LIT(""));
	assert_clean();
	packet_ip(&b, "[::1]:0", "[::2]:0", MDL_IP_NONE, MDL_LIT("ignored"));
	assert_clean();
	assert_int_equal(bytes("ip.v6.data").n, 7);
	packet_ip(&b, "192.0.2.1:0", "192.0.2.2:0", 47, MDL_LIT("opaque"));
	assert_clean();
	assert_int_equal(bytes("ip.v4.data").n, 6);
}

static void icmp(const char *src, const char *dst, struct mdl_slice head, struct mdl_slice rest)
{
	uint8_t body[2048];
	assert_true(head.n + rest.n <= sizeof(body));
	memcpy(body, head.p, head.n);
	memcpy(body + head.n, rest.p, rest.n);
	packet_ip(&b, src, dst, src[0] == '[' ? MDL_IP_ICMP6 : MDL_IP_ICMP,
		  mdl_slice(body, head.n + rest.n));
}

static void test_icmp_echo(void **state)
{
	(void)state;
	icmp("192.0.2.1:0", "192.0.2.2:0", MDL_LIT("\10\0\0\0\0\7\0\1"), MDL_LIT("abc"));
	assert_clean();
	assert_leaves("ip.v4.icmp.", "type=8\ncode=0\nchecksum=13205\nid=7\nseq=1\ndata=616263\n");
	assert_say("192.0.2.1 > 192.0.2.2 icmp echo request id 7 seq 1 3 bytes");
	icmp("[2001:db8::1]:0", "[2001:db8::2]:0", MDL_LIT("\201\0\0\0\0\7\0\1"), MDL_LIT("abc"));
	assert_clean();
	assert_say("2001:db8::1 > 2001:db8::2 icmp6 echo reply id 7 seq 1 3 bytes");
	icmp("192.0.2.1:0", "192.0.2.2:0", MDL_LIT("\15\0\0\0\0\7\0\1"), MDL_LIT("abc"));
	assert_clean();
	assert_int_equal(number("ip.v4.icmp.rest"), 0x70001);
	assert_say("192.0.2.1 > 192.0.2.2 icmp timestamp 11 bytes");
}

static void test_icmp_quotes_a_packet(void **state)
{
	(void)state;
	struct mdl_buf q;
	mdl_buf_init(&q, 4096);
	packet_udp(&q, "192.0.2.1:4242", "192.0.2.2:9999", MDL_LIT("hello there"));
	/* whole, and with all but the first eight bytes left out */
	for (size_t n = 28; n <= q.n; n += q.n - 28) {
		icmp("192.0.2.2:0", "192.0.2.1:0", MDL_LIT("\3\3\0\0\0\0\0\0"),
		     mdl_slice_sub(mdl_buf_slice(&q), 0, n));
		assert_clean();
		assert_int_equal(number("ip.v4.icmp.quote.ip.v4.udp.sport"), 4242);
		assert_int_equal(number("ip.v4.icmp.quote.ip.v4.udp.length"), 19);
		assert_int_equal(number("ip.v4.icmp.quote.ip.v4.length"), 39);
		assert_int_equal(number("ip.v4.length"), 28 + n);
		assert_say("192.0.2.2 > 192.0.2.1 icmp port unreachable about 192.0.2.1:4242 > "
			   "192.0.2.2:9999 udp");
	}
	mdl_buf_fini(&q);
}

static void test_icmp_quotes_a_cut_tcp_header(void **state)
{
	(void)state;
	struct mdl_buf q;
	mdl_buf_init(&q, 4096);
	struct packet_tcp t = { .src = "[2001:db8::1]:4242",
				.dst = "[2001:db8::2]:80",
				.options = MDL_LIT("\2\4\5\264"),
				.payload = MDL_LIT("hello") };
	packet_tcp(&q, &t);
	for (size_t n = 40; n <= q.n; n++) {
		icmp("[2001:db8::9]:0", "[2001:db8::1]:0", MDL_LIT("\3\0\0\0\0\0\0\0"),
		     mdl_slice_sub(mdl_buf_slice(&q), 0, n));
		assert_clean();
		if (n >= 42)
			assert_int_equal(number("ip.v6.icmp6.quote.ip.v6.tcp.sport"), 4242);
	}
	mdl_buf_fini(&q);
}

static void test_icmp_quotes_a_fragment(void **state)
{
	(void)state;
	struct mdl_buf q, whole;
	mdl_buf_init(&q, 4096);
	mdl_buf_init(&whole, 4096);
	struct packet_tcp t = { .src = "192.0.2.1:1",
				.dst = "192.0.2.2:2",
				.payload = MDL_LIT("0123") };
	packet_tcp(&whole, &t);
	for (size_t off = 0; off <= 8; off += 8) {
		packet_fragment(&q, mdl_buf_slice(&whole), 7, off, 16);
		icmp("192.0.2.2:0", "192.0.2.1:0", MDL_LIT("\13\1\0\0\0\0\0\0"),
		     mdl_slice_sub(mdl_buf_slice(&q), 0, 28));
		assert_clean();
	}
	assert_say("192.0.2.2 > 192.0.2.1 icmp reassembly time exceeded about 192.0.2.1 > "
		   "192.0.2.2 tcp");
	mdl_buf_fini(&q);
	mdl_buf_fini(&whole);
}

static void test_quotes_in_quotes_end(void **state)
{
	(void)state;
	struct mdl_buf q;
	mdl_buf_init(&q, 4096);
	packet_udp(&q, "192.0.2.1:4242", "192.0.2.2:9999", MDL_LIT("hi"));
	for (unsigned i = 0; i < 3 * MDL_LAYERS_MAX; i++) {
		icmp("192.0.2.2:0", "192.0.2.1:0", MDL_LIT("\3\3\0\0\0\0\0\0"), mdl_buf_slice(&q));
		assert_int_equal(mdl_buf_set(&q, mdl_buf_slice(&b)), MDL_OK);
	}
	assert_clean();
	assert_int_equal(f.n_layers, MDL_LAYERS_MAX);
	mdl_buf_fini(&q);
}

static void test_fragments(void **state)
{
	(void)state;
	struct mdl_buf whole;
	mdl_buf_init(&whole, 4096);
	packet_udp(&whole, "192.0.2.1:4242", "192.0.2.2:9999", MDL_LIT("0123456789abcdefgh"));
	packet_fragment(&b, mdl_buf_slice(&whole), 7, 0, 16);
	assert_clean(); /* though the UDP length is not that of this packet */
	assert_int_equal(number("ip.v4.udp.length"), 26);
	assert_int_equal(number("ip.v4.mf"), 1);
	assert_int_equal(bytes("ip.v4.udp.payload").n, 8);
	assert_say("192.0.2.1 > 192.0.2.2 fragment 0 to 16 of id 0x7");
	packet_fragment(&b, mdl_buf_slice(&whole), 7, 16, 10);
	assert_clean();
	assert_int_equal(bytes("ip.v4.data").n, 10);
	assert_say("192.0.2.1 > 192.0.2.2 fragment 16 to 26 (last) of id 0x7");
	packet_udp(&whole, "[::1]:4242", "[::2]:9999", MDL_LIT("0123456789abcdefgh"));
	packet_fragment(&b, mdl_buf_slice(&whole), 7, 16, 10);
	assert_clean();
	assert_int_equal(bytes("ip.v6.data").n, 10);
	mdl_buf_fini(&whole);
}

static void test_odd_fragments(void **state)
{
	(void)state;
	struct mdl_buf whole;
	struct packet_tcp t = { .src = "192.0.2.1:1",
				.dst = "192.0.2.2:2",
				.payload = MDL_LIT("x") };
	mdl_buf_init(&whole, 4096);
	packet_tcp(&whole, &t);
	packet_fragment(&b, mdl_buf_slice(&whole), 7, 0, 8);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("a tiny fragment: the TCP header is not all in the first");
	packet_fragment(&b, mdl_buf_slice(&whole), 7, 8, 13);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("a fragment begins inside the TCP header");
	packet_fragment(&b, mdl_buf_slice(&whole), 7, 0, 20);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("a fragment before the last is no multiple of 8 bytes");
	packet_fragment(&b, mdl_buf_slice(&whole), 7, 16, 5);
	put(6, 0x1fff, 2);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("a fragment reaches beyond 65535 bytes");
	mdl_buf_fini(&whole);
}

static void make_udp(void)
{
	packet_udp(&b, "192.0.2.1:4242", "192.0.2.2:9999", MDL_LIT("hello"));
}

static void note_after(size_t off, uint64_t v, size_t n, const char *expected)
{
	make_udp();
	put(off, v, n);
	seal();
	mdl_err err = dissect();
	assert_true(err == MDL_OK || err == MDL_EMALFORMED);
	assert_notes(expected);
}

static void test_notes(void **state)
{
	(void)state;
	note_after(8, 0, 1, "the time to live is 0");
	note_after(0, 0x44, 1, "the header length is less than 5 words");
	note_after(0, 0x4f, 1, "the IP header is longer than the packet");
	note_after(2, 0, 2, "the total length was left to the network card");
	note_after(2, 12, 2, "the total length is less than the header");
	note_after(2, 200, 2, "the packet should be longer than it is");
	note_after(24, 7, 2, "the UDP length is less than the header");
	note_after(24, 14, 2, "the UDP length is more than there is");
	struct packet_tcp t = { .src = "[::1]:1",
				.dst = "[::2]:2",
				.flags = MDL_TCP_SYN | MDL_TCP_FIN };
	packet_tcp(&b, &t);
	put(7, 0, 1);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("SYN together with FIN or RST");
	assert_notes("the hop limit is 0");
	put(52, 0x40, 1);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("the TCP data offset is less than 5 words");
	put(52, 0x60, 1);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("the TCP header is longer than the packet");
	put(4, 0, 2);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("the payload length is 0: a jumbogram, or left to the network card");
	put(4, 99, 2);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("the packet should be longer than it is");
	t = (struct packet_tcp){ .src = "[::1]:1",
				 .dst = "[::2]:2",
				 .options = MDL_LIT("\2\5\0\0") };
	packet_tcp(&b, &t);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("an option runs over the end of the TCP header");
}

static void test_wrong_checksums_and_those_left_to_the_card(void **state)
{
	(void)state;
	make_udp();
	put(10, 0x1234, 2);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("the checksum is wrong");
	put(10, 0, 2);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("the checksum was left to the network card");
	struct packet_tcp t = { .src = "127.0.0.1:4242",
				.dst = "127.0.0.1:80",
				.payload = MDL_LIT("x") };
	packet_tcp(&b, &t);
	put(36, 0xfe00 + 0x0002 + 6 + 21, 2);
	assert_int_equal(dissect(), MDL_OK);
	assert_int_equal(f.n_notes, 1);
	assert_notes("the checksum was left to the network card");
	put(36, 0xbad, 2);
	assert_int_equal(dissect(), MDL_OK);
	assert_notes("the checksum is wrong");
}

static void test_a_trailer_stays_outside(void **state)
{
	(void)state;
	make_udp();
	assert_int_equal(mdl_buf_add(&b, MDL_LIT("pad")), MDL_OK);
	assert_clean();
	assert_int_equal(bytes("ip.trailer").n, 3);
	make_udp();
	put(24, 10, 2);
	seal();
	assert_clean();
	assert_int_equal(bytes("ip.v4.surplus").n, 3);
}

static void test_repair_after_growing(void **state)
{
	(void)state;
	static const char *const ends[][2] = { { "192.0.2.1:4242", "192.0.2.2:9999" },
					       { "[::1]:4242", "[::2]:9999" } };
	for (size_t i = 0; i < 2; i++) {
		packet_udp(&b, ends[i][0], ends[i][1], MDL_LIT("hi"));
		assert_int_equal(dissect(), MDL_OK);
		uint32_t payload = find(i == 0 ? "ip.v4.udp.payload" : "ip.v6.udp.payload");
		assert_int_equal(mdl_field_splice(&b, &f, payload, MDL_LIT("hello again")), MDL_OK);
		repair();
		struct mdl_buf expected;
		mdl_buf_init(&expected, 1024);
		packet_udp(&expected, ends[i][0], ends[i][1], MDL_LIT("hello again"));
		assert_int_equal(b.n, expected.n);
		assert_memory_equal(b.p, expected.p, b.n);
		mdl_buf_fini(&expected);
		assert_clean();
	}
}

static void test_repair_after_options_changed(void **state)
{
	(void)state;
	make_v4_options();
	assert_int_equal(dissect(), MDL_OK);
	uint32_t option = find("ip.v4.options.option[0]");
	assert_int_equal(mdl_field_remove(&b, &f, option), MDL_OK);
	repair();
	assert_clean();
	assert_int_equal(number("ip.v4.ihl"), 8);
	uint32_t data = find("ip.v4.options.option[1].data");
	assert_int_equal(mdl_field_splice(&b, &f, data, MDL_LIT("\4\0\0\0\0\0\0\0\0")), MDL_OK);
	repair();
	assert_clean();
	assert_int_equal(number("ip.v4.ihl"), 9);
	assert_int_equal(number("ip.v4.options.option[1].len"), 11);
}

static void test_repair_leaves_what_is_meant(void **state)
{
	(void)state;
	make_udp();
	assert_int_equal(dissect(), MDL_OK);
	uint32_t sum = find("ip.v4.udp.checksum"), len = find("ip.v4.length");
	assert_int_equal(mdl_field_set(&b, &f, sum, 0xbad), MDL_OK);
	f.v[sum].pinned = true;
	repair();
	assert_int_equal(mdl_get_be(b.p + 26, 2), 0xbad);
	assert_int_equal(mdl_field_set(&b, &f, len, 29), MDL_OK);
	f.v[len].pinned = true;
	repair();
	assert_int_equal(mdl_get_be(b.p + 2, 2), 29);
	struct mdl_ip_seal seals[MDL_IP_SEALS_MAX];
	assert_true(mdl_ip_seals(mdl_buf_slice(&b), seals) >= 1);
	assert_int_equal(seals[0].now, seals[0].right); /* the header's holds over the lie */
	make_udp();
	put(26, 0, 2); /* no checksum is a right one */
	assert_clean();
	assert_int_equal(dissect(), MDL_OK);
	put(12, 0x0a000001, 4);
	struct mdl_repair lengths = { .what = MDL_REL_LENGTH };
	uint16_t before = (uint16_t)mdl_get_be(b.p + 10, 2);
	assert_int_equal(mdl_repair(x, &b, &f, &lengths), MDL_OK);
	assert_int_equal(mdl_get_be(b.p + 10, 2), before);
}

static void test_repair_makes_a_cut_packet_whole(void **state)
{
	(void)state;
	struct packet_tcp t = { .src = "192.0.2.1:1",
				.dst = "192.0.2.2:2",
				.payload = MDL_LIT("hello") };
	packet_tcp(&b, &t);
	mdl_buf_cut(&b, b.n - 3);
	assert_int_equal(dissect(), MDL_OK);
	repair();
	assert_clean();
}

static void test_say(void **state)
{
	(void)state;
	packet_udp(&b, "192.0.2.1:4242", "192.0.2.2:53",
		   MDL_LIT("0123456789012345678901234567890123456789"));
	assert_say("192.0.2.1:4242 > 192.0.2.2:53 udp 40 bytes");
	mdl_buf_cut(&b, b.n - 1);
	assert_say("192.0.2.1:4242 > 192.0.2.2:53 udp 40 bytes (cut)");
	struct packet_tcp t = { .src = "[2001:db8::1]:4242",
				.dst = "[2001:db8::2]:80",
				.seq = 5,
				.flags = MDL_TCP_SYN };
	packet_tcp(&b, &t);
	assert_say("[2001:db8::1]:4242 > [2001:db8::2]:80 tcp S seq 5 win 65535 0 bytes");
	t.ack = 9;
	t.flags = MDL_TCP_SYN | MDL_TCP_ACK;
	packet_tcp(&b, &t);
	assert_say("[2001:db8::1]:4242 > [2001:db8::2]:80 tcp S. seq 5 ack 9 win 65535 0 bytes");
	t.flags = MDL_TCP_PSH | MDL_TCP_ACK;
	t.payload = MDL_LIT("abc");
	packet_tcp(&b, &t);
	assert_say("[2001:db8::1]:4242 > [2001:db8::2]:80 tcp P. seq 5 ack 9 win 65535 3 bytes");
	t.flags = 0;
	packet_tcp(&b, &t);
	assert_say("[2001:db8::1]:4242 > [2001:db8::2]:80 tcp none seq 5 win 65535 3 bytes");
	packet_ip(&b, "192.0.2.1:0", "192.0.2.2:0", 47, MDL_LIT("abc"));
	assert_say("192.0.2.1 > 192.0.2.2 gre 3 bytes");
	packet_ip(&b, "192.0.2.1:0", "192.0.2.2:0", 200, MDL_LIT("abc"));
	assert_say("192.0.2.1 > 192.0.2.2 protocol 200 3 bytes");
	assert_int_equal(mdl_buf_set(&b, MDL_LIT("\0what")), MDL_OK);
	assert_say("no IP packet, 5 bytes");
}

static void test_guess(void **state)
{
	(void)state;
	make_udp();
	assert_ptr_equal(mdl_protocol_guess(MDL_PACKET, mdl_buf_slice(&b), 60), &mdl_ip);
	assert_ptr_equal(mdl_protocol_guess(MDL_DGRAM, mdl_buf_slice(&b), 60), &mdl_raw);
	put(10, 0x1234, 2);
	assert_true(mdl_ip.guess(MDL_PACKET, mdl_buf_slice(&b)) < 60);
	packet_udp(&b, "[::1]:1", "[::2]:2", MDL_LIT("x"));
	assert_true(mdl_ip.guess(MDL_PACKET, mdl_buf_slice(&b)) > 60);
	mdl_buf_cut(&b, b.n - 1);
	assert_true(mdl_ip.guess(MDL_PACKET, mdl_buf_slice(&b)) < 60);
	assert_int_equal(mdl_ip.guess(MDL_PACKET, MDL_LIT("GET / HTTP/1.1\r\n")), 0);
	assert_int_equal(mdl_ip.guess(MDL_PACKET, MDL_LIT("")), 0);
	assert_ptr_equal(mdl_protocol_find("ip"), &mdl_ip);
}

static void assert_inside(size_t n)
{
	for (uint32_t i = 0; i < f.n; i++) {
		const struct mdl_field *d = &f.v[i];
		uint32_t p = f.v[i].parent;
		assert_true((size_t)d->off + d->len <= n);
		if (p == MDL_NO_FIELD)
			continue;
		assert_true(d->off >= f.v[p].off);
		assert_true(d->off + d->len <= f.v[p].off + f.v[p].len);
	}
}

static void cut_everywhere(void)
{
	for (size_t n = 0; n <= b.n; n++) {
		uint8_t *exact = malloc(n + (n == 0));
		assert_non_null(exact);
		memcpy(exact, b.p, n);
		mdl_err err = mdl_dissect(x, mdl_slice(exact, n), &f);
		assert_true(err == MDL_OK || err == MDL_EMALFORMED);
		assert_inside(n);
		free(exact);
	}
}

static void test_every_cut(void **state)
{
	(void)state;
	make_v4_options();
	cut_everywhere();
	test_v6_extension_headers(state);
	cut_everywhere();
	test_tcp_with_options(state);
	cut_everywhere();
	test_quotes_in_quotes_end(state);
	cut_everywhere();
}

static void fail_somewhere(void)
{
	struct mdl_ctx *own = NULL;
	struct mdl_fields fields;
	mdl_fields_init(&fields);
	mdl_err err = mdl_ctx_new(&mdl_ip, MDL_PACKET, NULL, &own, NULL);
	if (err == MDL_OK)
		err = mdl_dissect(own, mdl_buf_slice(&b), &fields);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_fields_fini(&fields);
	mdl_ctx_free(own);
}

static void test_allocation_failures(void **state)
{
	test_icmp_quotes_a_packet(state);
	ALLOC_FAIL_EACH(fail_somewhere());
	test_v6_extension_headers(state);
	b.p[41] = 0;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_udp_over_v4),
		cmocka_unit_test(test_what_udp_carries_is_taken_apart),
		cmocka_unit_test(test_tcp_with_options),
		cmocka_unit_test(test_v4_options),
		cmocka_unit_test(test_v6_extension_headers),
		cmocka_unit_test(test_v6_ends_and_secrets),
		cmocka_unit_test(test_icmp_echo),
		cmocka_unit_test(test_icmp_quotes_a_packet),
		cmocka_unit_test(test_icmp_quotes_a_cut_tcp_header),
		cmocka_unit_test(test_icmp_quotes_a_fragment),
		cmocka_unit_test(test_quotes_in_quotes_end),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_odd_fragments),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_wrong_checksums_and_those_left_to_the_card),
		cmocka_unit_test(test_a_trailer_stays_outside),
		cmocka_unit_test(test_repair_after_growing),
		cmocka_unit_test(test_repair_after_options_changed),
		cmocka_unit_test(test_repair_leaves_what_is_meant),
		cmocka_unit_test(test_repair_makes_a_cut_packet_whole),
		cmocka_unit_test(test_say),
		cmocka_unit_test(test_guess),
		cmocka_unit_test(test_every_cut),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
