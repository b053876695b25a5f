#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/writer.h"
#include "protocols/registry.h"
#include "support/alloc.h"
#include "support/dns_messages.h"
#include "support/wire.h"

/* What recorded message `i` is, opened and read. */
static const struct dns_recorded *recorded(struct wire *w, size_t i)
{
	wire_open(w, &mdl_dns, dns_recorded[i].on, NULL);
	wire_hex(w, dns_recorded[i].dir, dns_recorded[i].hex);
	return &dns_recorded[i];
}

/* A header with counts, then hex: enough for most odd messages. */
static const char *const query = "1234 0100 0001 0000 0000 0000 07 6578616d706c65 00 0001 0001";

static void test_registered(void **state)
{
	(void)state;
	assert_ptr_equal(mdl_protocol_find("dns"), &mdl_dns);
	assert_ptr_equal(mdl_protocol_by_port(MDL_DGRAM, 53), &mdl_dns);
	assert_ptr_equal(mdl_protocol_by_port(MDL_STREAM, 53), &mdl_dns);
}

static void test_table_is_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < mdl_dns.n_fields; i++) {
		const struct mdl_field_def *d = &mdl_dns.fields[i];
		assert_non_null(d->name);
		if ((d->flags & (MDL_F_LENGTH | MDL_F_COUNT)) != 0)
			assert_int_not_equal(d->of, 0);
		if (d->kind == MDL_BITS)
			assert_int_not_equal(d->bits, 0);
	}
}

static void test_query(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	wire_hex(&w, MDL_C2S,
		 "1a2b 0120 0001 0000 0000 0001 07 6578616d706c65 03 6f7267 00 001c 0001"
		 "00 0029 04d0 00 00 8000 000c 000a 0008 1122334455667788");
	assert_int_equal(w.err, MDL_OK);
	assert_int_equal(w.f.n_notes, 0);
	assert_int_equal(wire_uint(&w, "dns.id"), 0x1a2b);
	assert_int_equal(wire_uint(&w, "dns.rd"), 1);
	assert_int_equal(wire_uint(&w, "dns.flags.ad"), 1);
	assert_int_equal(wire_uint(&w, "dns.qr"), 0);
	assert_int_equal(wire_uint(&w, "dns.qtype"), 28);
	assert_int_equal(wire_uint(&w, "dns.question.q[0].qclass"), 1);
	assert_int_equal(wire_bytes(&w, "dns.qname").n, 13);
	assert_int_equal(wire_uint(&w, "dns.additional.rr[0].udp_size"), 1232);
	assert_int_equal(wire_uint(&w, "dns.do"), 1);
	assert_int_equal(wire_uint(&w, "dns.additional.rr.rdata.option[0].code"), 10);
	assert_int_equal(wire_bytes(&w, "dns.client_cookie").p[0], 0x11);
	assert_false(wire_has(&w, "dns.additional.rr.ttl"));
	assert_string_equal(wire_say(&w),
			    "query 0x1a2b example.org. AAAA +rd +ad edns(1232,do,COOKIE)");
	wire_close(&w);
}

static void test_answer_with_pointers(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	wire_hex(&w, MDL_S2C,
		 "1a2b 8580 0001 0002 0000 0000 03 777777 07 6578616d706c65 03 6f7267 00 0001 0001"
		 "c00c 0005 0001 0000012c 0006 03 776562 c010"
		 "c02d 0001 0001 0000003c 0004 c0000201");
	assert_int_equal(w.err, MDL_OK);
	assert_int_equal(w.f.n_notes, 0);
	assert_int_equal(wire_uint(&w, "dns.answer.rr[1].ttl"), 60);
	assert_int_equal(wire_uint(&w, "dns.answer.ttl"), 300);
	uint32_t p = wire_find(&w, "dns.answer.rr[0].rdata.cname.pointer");
	assert_int_equal(mdl_field_uint(&w.f, mdl_buf_slice(&w.msg), p), 0x10);
	assert_int_equal(w.f.v[p].ref, 0x10);
	assert_int_equal(mdl_field_def(&w.f, p)->flags, MDL_F_OFFSET);
	assert_int_equal(w.f.v[wire_find(&w, "dns.answer.rr[1].name.pointer")].ref, 0x2d);
	assert_string_equal(wire_say(&w),
			    "answer 0x1a2b NOERROR aa rd ra 2/0/0 www.example.org. 300 CNAME "
			    "web.example.org., web.example.org. 60 A 192.0.2.1");
	wire_close(&w);
}

static void test_stream(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_STREAM, NULL);
	wire_hex(&w, MDL_S2C,
		 "002b 1a2b 8400 0001 0001 0000 0000 01 61 07 6578616d706c65 00 0001 0001"
		 "c00c 0005 0001 0000012c 0004 01 62 c00e");
	assert_int_equal(w.err, MDL_OK);
	assert_false(wire_noted(&w, "the length in front is not that of the message"));
	assert_int_equal(w.f.n_notes, 0);
	assert_int_equal(wire_uint(&w, "dns.length"), 43);
	assert_int_equal(wire_bytes(&w, "dns.message").n, 43);
	assert_int_equal(wire_uint(&w, "dns.message.id"), 0x1a2b);
	assert_int_equal(w.f.v[wire_find(&w, "dns.qname")].off, 14);
	assert_string_equal(wire_say(&w),
			    "answer 0x1a2b NOERROR aa 1/0/0 a.example. 300 CNAME b.example.");
	wire_assert_repair_changes_nothing(&w);
	/* what stands in front grows: the length and both pointers follow */
	assert_int_equal(mdl_field_splice(&w.msg, &w.f, wire_find(&w, "dns.qname"),
					  MDL_LIT("\x04"
						  "abcd"
						  "\x07"
						  "example\0")),
			 MDL_OK);
	wire_repair(&w);
	wire_assert_index_true(&w);
	assert_int_equal(wire_uint(&w, "dns.length"), 46);
	assert_int_equal(wire_uint(&w, "dns.answer.name.pointer"), 12);
	wire_close(&w);
}

static void test_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < MDL_COUNT(dns_recorded); i++) {
		struct wire w;
		const struct dns_recorded *r = recorded(&w, i);
		assert_int_equal(w.err, MDL_OK);
		assert_string_equal(wire_say(&w), r->say);
		wire_assert_nested(&w);
		wire_assert_repair_changes_nothing(&w);
		assert_true(mdl_dns.guess(r->on, mdl_buf_slice(&w.msg)) >= 90);
		assert_true(mdl_observe(w.x, mdl_buf_slice(&w.msg)) != 0);
		assert_true(mdl_pair_key(w.x, mdl_buf_slice(&w.msg)) != 0);
		wire_close(&w);
	}
}

/* Everything that reads bytes, on what is left of a message. */
static void read_all(struct wire *w, enum mdl_carrier on, struct mdl_slice msg)
{
	wire_read(w, w->x->dir, msg);
	wire_assert_nested(w);
	wire_say(w);
	uint8_t *copy = malloc(msg.n == 0 ? 1 : msg.n);
	assert_non_null(copy);
	if (msg.n > 0)
		memcpy(copy, msg.p, msg.n);
	struct mdl_slice exact = mdl_slice(copy, msg.n);
	size_t n;
	mdl_dns.guess(on, exact);
	mdl_pair_key(w->x, exact);
	mdl_observe(w->x, exact);
	mdl_frame(w->x, exact, &n);
	free(copy);
}

static void test_every_truncation(void **state)
{
	(void)state;
	for (size_t i = 0; i < MDL_COUNT(dns_recorded); i++) {
		struct wire w;
		uint8_t bytes[1024];
		const struct dns_recorded *r = recorded(&w, i);
		size_t n = w.msg.n;
		assert_true(n <= sizeof(bytes));
		memcpy(bytes, w.msg.p, n);
		for (size_t cut = 0; cut < n; cut++) {
			read_all(&w, r->on, mdl_slice(bytes, cut));
			assert_int_equal(w.err, MDL_EMALFORMED);
			assert_true(w.f.n_notes > 0);
		}
		wire_close(&w);
	}
}

static void test_every_byte_changed(void **state)
{
	(void)state;
	static const uint8_t masks[] = { 0x01, 0x80, 0xff, 0xc0 };
	for (size_t i = 0; i < MDL_COUNT(dns_recorded); i++) {
		struct wire w;
		uint8_t bytes[1024];
		const struct dns_recorded *r = recorded(&w, i);
		size_t n = w.msg.n;
		memcpy(bytes, w.msg.p, n);
		for (size_t k = 0; k < n * MDL_COUNT(masks); k++) {
			bytes[k / 4] ^= masks[k % 4];
			read_all(&w, r->on, mdl_slice(bytes, n));
			if (w.err == MDL_OK && w.f.n_notes == 0)
				wire_assert_repair_changes_nothing(&w);
			bytes[k / 4] ^= masks[k % 4];
		}
		wire_close(&w);
	}
}

static void test_counts_off_by_one(void **state)
{
	(void)state;
	for (size_t i = 0; i < MDL_COUNT(dns_recorded); i++)
		for (size_t k = 0; k < 8; k++) {
			struct wire w;
			const struct dns_recorded *r = recorded(&w, i);
			uint8_t *count = w.msg.p + (r->on == MDL_STREAM ? 6 : 4) + k / 2 * 2;
			uint64_t v = mdl_get_be(count, 2);
			mdl_put_be(count, k % 2 == 0 ? v + 1 : v - 1, 2);
			if (k % 2 == 1 && v == 0)
				mdl_put_be(count, 0xffff, 2);
			wire_again(&w);
			wire_assert_nested(&w);
			assert_true(w.f.n_notes > 0);
			wire_close(&w);
		}
}

struct odd {
	enum mdl_dir dir;
	const char *hex, *note;
	mdl_err err;
};

#define Q "07 6578616d706c65 00 0001 0001"
static const struct odd odd[] = {
	{ MDL_C2S, "1234 01", "the header is cut", MDL_EMALFORMED },
	{ MDL_C2S, "1234 0100 0002 0000 0000 0000" Q, "a count says more than there is",
	  MDL_EMALFORMED },
	{ MDL_C2S, "1234 0100 0001 0000 0000 0000" Q "00", "bytes behind the last record", MDL_OK },
	{ MDL_C2S, "1234 8100 0001 0000 0000 0000" Q, "an answer from the side that asks", MDL_OK },
	{ MDL_S2C, "1234 0100 0001 0000 0000 0000" Q, "a query from the side that answers",
	  MDL_OK },
	{ MDL_C2S, "1234 0140 0001 0000 0000 0000" Q, "the reserved bit is set", MDL_OK },
	{ MDL_C2S, "1234 0100 0002 0000 0000 0000" Q Q, "more than one question", MDL_OK },
	{ MDL_C2S, "1234 0100 0001 0001 0000 0000" Q "c00c 0001 0001 00000000 0004 7f000001",
	  "a query with answers", MDL_OK },
	{ MDL_C2S, "1234 0100 0001 0000 0000 0000 00 00fa 0001", "a question for what is no data",
	  MDL_OK },
	{ MDL_C2S, "1234 0100 0001 0000 0000 0000 c00c 0001 0001",
	  "a compression pointer leads to itself", MDL_OK },
	{ MDL_C2S, "1234 0100 0001 0000 0000 0000 c00e 0001 0001",
	  "a compression pointer does not lead back", MDL_OK },
	{ MDL_C2S, "1234 0100 0001 0000 0000 0000 c004 0001 0001",
	  "a compression pointer leads into the header", MDL_OK },
	{ MDL_C2S, "1234 0100 0001 0000 0000 0000 41 0001 0001", "a label of an unknown type",
	  MDL_EMALFORMED },
	{ MDL_S2C, "1234 8100 0001 0001 0000 0000" Q "c00c 0001 0001 80000000 0004 7f000001",
	  "a TTL with its highest bit set", MDL_OK },
	{ MDL_S2C, "1234 8100 0001 0001 0000 0000" Q "c00c 0001 0001 00000000 0003 7f0000",
	  "RDATA does not fit its type", MDL_OK },
	{ MDL_S2C, "1234 8100 0001 0001 0000 0000" Q "c00c 0001 0001 00000000 0005 7f000001",
	  "rdlength runs over the end", MDL_EMALFORMED },
	{ MDL_S2C, "1234 8100 0001 0001 0000 0000" Q "c00c 00ff 0001 00000000 0000",
	  "a record of a type that only questions have", MDL_OK },
	{ MDL_C2S,
	  "1234 0100 0001 0000 0000 0002" Q "00 0029 0200 00000000 0000 00 0029 0200 00000000 0000",
	  "a second OPT", MDL_OK },
	{ MDL_C2S, "1234 0100 0001 0000 0000 0001" Q "c00c 0029 0200 00000000 0000",
	  "OPT with a name", MDL_OK },
	{ MDL_S2C, "1234 8100 0001 0001 0000 0000" Q "00 0029 0200 00000000 0000",
	  "OPT outside the additional section", MDL_OK },
	{ MDL_C2S, "1234 0100 0001 0000 0000 0001" Q "00 0029 0200 00010000 0000",
	  "an EDNS version above 0", MDL_OK },
	{ MDL_C2S, "1234 0100 0001 0000 0000 0001" Q "00 0029 0200 00000000 0006 000a 0002 1122",
	  "an EDNS option does not fit its code", MDL_OK },
	{ MDL_C2S, "1234 0100 0001 0000 0000 0001" Q "00 0029 0200 00000000 0004 000a 0002",
	  "RDATA does not fit its type", MDL_OK },
	{ MDL_C2S,
	  "1234 0100 0001 0000 0000 0002" Q
	  "00 00fa 00ff 00000000 0011 00 000000000000 0000 0000 1234 0000 0000"
	  "00 0029 0200 00000000 0000",
	  "a record behind TSIG", MDL_OK },
	{ MDL_S2C,
	  "1234 8100 0001 0001 0000 0000" Q
	  "00 00fa 00ff 00000000 0011 00 000000000000 0000 0000 1234 0000 0000",
	  "TSIG outside the additional section", MDL_OK },
};

static void test_odd_things_are_noted(void **state)
{
	(void)state;
	for (size_t i = 0; i < MDL_COUNT(odd); i++) {
		struct wire w;
		wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
		wire_hex(&w, odd[i].dir, odd[i].hex);
		if (w.err != odd[i].err || !wire_noted(&w, odd[i].note))
			fail_msg("%s: %s, %s", odd[i].note, mdl_err_text(w.err), wire_say(&w));
		wire_assert_nested(&w);
		wire_close(&w);
	}
}

static void test_reading_goes_on_behind_what_is_odd(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	/* an address of three bytes, a name that points forward, and a good record behind them */
	wire_hex(&w, MDL_S2C,
		 "1234 8400 0001 0003 0000 0000" Q "c00c 0001 0001 00000001 0003 7f0000"
		 "c00c 0005 0001 00000002 0002 ffff"
		 "c00c 0001 0001 00000003 0004 7f000001");
	assert_int_equal(w.err, MDL_OK);
	assert_int_equal(w.f.n_notes, 2);
	assert_int_equal(wire_bytes(&w, "dns.answer.rr[0].rdata.data").n, 3);
	assert_int_equal(wire_uint(&w, "dns.answer.rr[1].rdata.cname.pointer"), 0x3fff);
	assert_int_equal(wire_uint(&w, "dns.answer.rr[2].ttl"), 3);
	assert_true(wire_has(&w, "dns.answer.rr[2].rdata.address"));
	wire_assert_repair_changes_nothing(&w);
	wire_close(&w);
}

static void test_what_is_cut_is_kept(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	wire_hex(&w, MDL_S2C, "1234 8400 0001 0002 0000 0000" Q "c00c 0001 0001 00");
	assert_int_equal(w.err, MDL_EMALFORMED);
	assert_int_equal(wire_uint(&w, "dns.answer.rr[0].class"), 1);
	assert_false(wire_has(&w, "dns.ttl"));
	assert_int_equal(wire_bytes(&w, "dns.trailing").n, 1);
	wire_hex(&w, MDL_S2C,
		 "1234 8400 0001 0001 0000 0000" Q "c00c 0001 0001 00000001 0004 7f00");
	assert_int_equal(w.err, MDL_EMALFORMED);
	assert_int_equal(wire_bytes(&w, "dns.answer.rr[0].rdata.data").n, 2);
	assert_false(wire_has(&w, "dns.trailing"));
	wire_close(&w);
}

static void test_records_come_and_go(void **state)
{
	(void)state;
	struct wire w;
	recorded(&w, 1);
	assert_int_equal(wire_uint(&w, "dns.ancount"), 3);
	assert_int_equal(mdl_field_remove(&w.msg, &w.f, wire_find(&w, "dns.answer.rr[1]")), MDL_OK);
	wire_repair(&w);
	wire_assert_index_true(&w);
	assert_int_equal(wire_uint(&w, "dns.ancount"), 2);
	/* a copy of the OPT record in the empty authority section, and one more behind it */
	uint8_t bytes[512];
	size_t n = w.msg.n;
	memcpy(bytes, w.msg.p, n);
	uint32_t to = wire_find(&w, "dns.authority");
	uint32_t rr = wire_find(&w, "dns.answer.rr[1]");
	assert_int_equal(mdl_field_graft(&w.msg, &w.f, to, mdl_field_end(&w.f, to), &w.f,
					 mdl_slice(bytes, n), rr, 1),
			 MDL_OK);
	wire_repair(&w);
	wire_assert_index_true(&w);
	assert_int_equal(wire_uint(&w, "dns.nscount"), 1);
	assert_true(wire_has(&w, "dns.authority.rr[0].rdata.address"));
	wire_close(&w);
}

static void test_names_move_and_pointers_follow(void **state)
{
	(void)state;
	struct wire w;
	recorded(&w, 1);
	assert_int_equal(mdl_field_splice(&w.msg, &w.f, wire_find(&w, "dns.qname"),
					  MDL_LIT("\x05"
						  "hello"
						  "\x05"
						  "world"
						  "\x07"
						  "example\0")),
			 MDL_OK);
	wire_repair(&w);
	wire_again(&w);
	assert_int_equal(w.err, MDL_OK);
	/* what pointed to "example" in the middle of the old name points to the label that is there now */
	assert_int_equal(wire_uint(&w, "dns.answer.rr[0].name.pointer"), 12);
	assert_string_equal(
		strstr(wire_say(&w), "3/0/1"),
		"3/0/1 hello.world.example. 300 CNAME web.hello.world.example., "
		"web.hello.world.example. 300 A 192.0.2.1, web.hello.world.example. 300 A "
		"192.0.2.2 edns(1232)");
	wire_close(&w);
}

static void test_frame(void **state)
{
	(void)state;
	struct wire w;
	size_t n = 0;
	wire_open(&w, &mdl_dns, MDL_STREAM, NULL);
	assert_int_equal(mdl_frame(w.x, MDL_LIT(""), &n), MDL_EMORE);
	assert_int_equal(mdl_frame(w.x, MDL_LIT("\0"), &n), MDL_EMORE);
	assert_int_equal(mdl_frame(w.x,
				   MDL_LIT("\0\x03"
					   "ab"),
				   &n),
			 MDL_EMORE);
	assert_int_equal(mdl_frame(w.x,
				   MDL_LIT("\0\x03"
					   "abcd"),
				   &n),
			 MDL_OK);
	assert_int_equal(n, 5);
	assert_int_equal(mdl_frame(w.x, MDL_LIT("\0\0"), &n), MDL_OK);
	assert_int_equal(n, 2);
	assert_int_equal(mdl_frame(w.x, MDL_LIT("GET / HTTP/1.1\r\n"), &n), MDL_EMALFORMED);
	wire_close(&w);
}

static void test_guess_says_no_to_noise(void **state)
{
	(void)state;
	static const char words[] = "the quick brown fox jumps over the lazy dog 0123456789\r\n";
	struct mdl_rng r = mdl_rng(1);
	uint8_t bytes[600];
	unsigned most = 0;
	for (size_t left = 10 << 20; left > sizeof(bytes);) {
		size_t n = 1 + (size_t)mdl_rng_below(&r, sizeof(bytes));
		mdl_rng_bytes(&r, bytes, n);
		unsigned sure = mdl_dns.guess(MDL_DGRAM, mdl_slice(bytes, n));
		most = sure > most ? sure : most;
		sure = mdl_dns.guess(MDL_STREAM, mdl_slice(bytes, n));
		most = sure > most ? sure : most;
		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)words[bytes[i] % (sizeof(words) - 1)];
		sure = mdl_dns.guess(MDL_DGRAM, mdl_slice(bytes, n));
		most = sure > most ? sure : most;
		sure = mdl_dns.guess(MDL_STREAM, mdl_slice(bytes, n));
		most = sure > most ? sure : most;
		left -= n;
	}
	assert_int_equal(most, 0);
	memset(bytes, 0, sizeof(bytes));
	for (size_t n = 0; n < sizeof(bytes); n++) {
		assert_int_equal(mdl_dns.guess(MDL_DGRAM, mdl_slice(bytes, n)), 0);
		assert_int_equal(mdl_dns.guess(MDL_STREAM, mdl_slice(bytes, n)), 0);
	}
}

static void test_guess_says_how_sure(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	wire_hex(&w, MDL_S2C, "1234 8181 0000 0000 0000 0000"); /* an error, header only */
	unsigned bare = mdl_dns.guess(MDL_DGRAM, mdl_buf_slice(&w.msg));
	assert_true(bare > 0 && bare < 60);
	wire_hex(
		&w, MDL_S2C,
		"0000 8400 0000 0001 0000 0000 01 61 00 0001 8001 00000078 0004 0a000001"); /* mDNS */
	assert_true(mdl_dns.guess(MDL_DGRAM, mdl_buf_slice(&w.msg)) >= 60);
	/* the first bytes of a stream may be only a part of the message */
	wire_hex(&w, MDL_C2S, "0019 1234 0100 0001 0000 0000 0000" Q "00 0029");
	assert_true(mdl_dns.guess(MDL_STREAM, mdl_buf_slice(&w.msg)) >= 60);
	wire_hex(&w, MDL_C2S,
		 "1234 0100 0001 0000 0000 0000 07 6578616d706c65 00 0001 0007"); /* class 7 */
	assert_int_equal(mdl_dns.guess(MDL_DGRAM, mdl_buf_slice(&w.msg)), 0);
	wire_hex(&w, MDL_C2S, "1234 0100 0001 0000 0000 0000" Q "00");
	assert_int_equal(mdl_dns.guess(MDL_DGRAM, mdl_buf_slice(&w.msg)), 0);
	wire_close(&w);
}

static uint64_t key_of(struct wire *w, enum mdl_dir dir, const char *hex)
{
	wire_hex(w, dir, hex);
	return mdl_pair_key(w->x, mdl_buf_slice(&w->msg));
}

static void test_pairs(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	uint64_t asked = key_of(&w, MDL_C2S, "1234 0100 0001 0000 0000 0000" Q);
	assert_true(asked != 0);
	assert_int_equal(asked, key_of(&w, MDL_S2C, "1234 8583 0001 0000 0000 0000" Q));
	assert_int_equal(asked,
			 key_of(&w, MDL_S2C,
				"1234 8583 0001 0000 0000 0000 07 4558416d504c65 00 0001 0001"));
	assert_int_equal(asked,
			 key_of(&w, MDL_S2C, "1234 8181 0000 0000 0000 0000")); /* no question */
	assert_int_equal(asked,
			 key_of(&w, MDL_S2C, "1234 8181 0001 0000 0000 0000 41")); /* unreadable */
	assert_true(asked != key_of(&w, MDL_S2C, "1235 8583 0001 0000 0000 0000" Q));
	assert_true(asked != key_of(&w, MDL_S2C, "1234 a583 0001 0000 0000 0000" Q));
	assert_true(asked !=
		    key_of(&w, MDL_S2C,
			   "1234 8583 0001 0000 0000 0000 07 6578616d706c65 00 001c 0001"));
	assert_true(asked != key_of(&w, MDL_S2C, "1235 8181 0000 0000 0000 0000"));
	/* without a question on either side */
	uint64_t bare = key_of(&w, MDL_C2S, "4321 3000 0000 0000 0000 0000");
	assert_int_equal(bare, key_of(&w, MDL_S2C, "4321 b000 0000 0000 0000 0000"));
	assert_int_equal(key_of(&w, MDL_C2S, "4321"), 0);
	wire_close(&w);
}

static void assert_state(const char *hex, const char *expected)
{
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	wire_hex(&w, MDL_S2C, hex);
	uint32_t code = mdl_observe(w.x, mdl_buf_slice(&w.msg));
	mdl_buf_cut(&w.out, 0);
	assert_int_equal(mdl_state_text(&mdl_dns, code, &w.out), MDL_OK);
	assert_string_equal(mdl_buf_text(&w.out), expected);
	wire_close(&w);
}

static void test_states(void **state)
{
	(void)state;
	assert_state(query, "no answer");
	assert_state("1234 8403 0001 0000 0001 0000" Q "00 0006 0001 00000000 0000",
		     "QUERY NXDOMAIN aa, authority");
	assert_state("1234 81a0 0001 0002 0000 0000" Q
		     "c00c 001c 0001 00000001 0000 c00c 001c 0001 00000001 0000",
		     "QUERY NOERROR ra ad, many answer (address)");
	assert_state("1234 8000 0001 0000 0000 0001" Q "00 0029 0200 01000000 0000",
		     "QUERY BADVERS, additional");
	assert_state("1234 a805 0000 0000 0000 0000", "UPDATE REFUSED, no question");
	assert_state("1234 ba0f 0000 0000 0000 0000", "OPCODE7 RCODE15 tc, no question");
}

static void test_depths(void **state)
{
	(void)state;
	static const struct {
		const char *hex, *depth;
	} v[] = { { "1234 8001 0000 0000 0000 0000", "parse" },
		  { "1234 8004 0000 0000 0000 0000", "parse" },
		  { "1234 8000 0001 0000 0000 0001" Q "00 0029 0200 01000000 0000", "parse" },
		  { "1234 8005 0001 0000 0000 0000" Q, "access" },
		  { "1234 a809 0001 0000 0000 0000" Q, "access" },
		  { "1234 8403 0001 0000 0000 0000" Q, "lookup" },
		  { "1234 8002 0001 0000 0000 0000" Q, "lookup" },
		  { "1234 8400 0001 0000 0000 0000" Q, "answered" } };
	for (size_t i = 0; i < MDL_COUNT(v); i++) {
		struct wire w;
		wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
		wire_hex(&w, MDL_S2C, v[i].hex);
		unsigned depth = mdl_depth(w.x, mdl_buf_slice(&w.msg));
		assert_string_equal(mdl_depths(&mdl_dns)[depth], v[i].depth);
		wire_close(&w);
	}
}

static const char *verdict(const char *request, const char *answer)
{
	struct wire q, a;
	wire_open(&q, &mdl_dns, MDL_DGRAM, NULL);
	wire_open(&a, &mdl_dns, MDL_DGRAM, NULL);
	wire_hex(&q, MDL_C2S, request);
	wire_hex(&a, MDL_S2C, answer);
	const char *said = mdl_judge(a.x, mdl_buf_slice(&q.msg), mdl_buf_slice(&a.msg));
	wire_close(&q);
	wire_close(&a);
	return said == NULL ? "" : said;
}

static void test_judge(void **state)
{
	(void)state;
	static const char *const asked = "1234 0100 0001 0000 0000 0000" Q;
	static const char *const edns =
		"1234 0100 0001 0000 0000 0001" Q "00 0029 0200 00000000 0000";
	static const struct {
		const char *answer, *wrong;
	} v[] = {
		{ "1234 8183 0001 0000 0000 0000" Q, "" },
		{ "1234 8183 0001 0000 0000 0000 07 4558416d504c65 00 0001 0001", "" },
		{ "1234 8181 0000 0000 0000 0000", "" },
		{ "1234 81", "an answer that is shorter than a header" },
		{ "1234 0183 0001 0000 0000 0000" Q, "an answer that says it is a query" },
		{ "1234 8183 0001 0001 0000 0000" Q, "an answer that cannot be read to its end" },
		{ "1234 8183 0001 0000 0000 0000" Q "00",
		  "an answer that cannot be read to its end" },
		{ "1234 8183 0001 0000 0000 0000 c00c 0001 0001",
		  "an answer that cannot be read to its end" },
		{ "1234 81c3 0001 0000 0000 0000" Q, "an answer with the reserved bit set" },
		{ "1235 8183 0001 0000 0000 0000" Q, "an answer with another id" },
		{ "1234 a183 0001 0000 0000 0000" Q, "an answer with another opcode" },
		{ "1234 8183 0001 0000 0000 0000 07 6578616d706c65 00 001c 0001",
		  "an answer to another question" },
		{ "1234 8180 0001 0000 0000 0001" Q "00 0029 0200 00000000 0000",
		  "EDNS to one who did not ask for it" },
		{ "1234 8180 0001 0000 0000 0002" Q
		  "00 0029 0200 00000000 0000 00 0029 0200 00000000 0000",
		  "an answer with two OPT records" },
	};
	for (size_t i = 0; i < MDL_COUNT(v); i++)
		assert_string_equal(verdict(asked, v[i].answer), v[i].wrong);
	assert_string_equal(
		verdict(edns, "1234 8180 0001 0000 0000 0001" Q "00 0029 0200 00000000 0000"), "");
	assert_string_equal(verdict("", "1235 8183 0001 0000 0000 0000" Q), "");
	/* the name lies in the header, at the low byte of ARCOUNT */
	assert_string_equal(
		verdict("1234 0100 0001 0000 0000 0001 c00b 0001 0001 00 0029 0200 00000000 0000",
			"1234 8185 0001 0000 0000 0000 c00b 0001 0001"),
		"");
	assert_string_equal(verdict("12", "1235 8183 0001 0000 0000 0000" Q), "");
	for (size_t i = 0; i + 1 < MDL_COUNT(dns_recorded); i += 2)
		if (dns_recorded[i].on == MDL_DGRAM)
			assert_string_equal(verdict(dns_recorded[i].hex, dns_recorded[i + 1].hex),
					    "");
}

static void test_judge_sizes(void **state)
{
	(void)state;
	struct wire w;
	struct mdl_buf big;
	mdl_buf_init(&big, 4096);
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	struct mdl_writer out = mdl_writer(&big);
	wire_hex(&w, MDL_S2C, "1234 8400 0001 0001 0000 0000" Q "c00c 000a 0001 00000000 01d7");
	mdl_writer_bytes(&out, mdl_buf_slice(&w.msg));
	mdl_writer_fill(&out, 0, 0x1d7); /* 508 bytes of all */
	mdl_writer_fill(&out, 0, 4);
	assert_int_equal(big.n, 512);
	big.p[36] = 0xdb;
	wire_hex(&w, MDL_C2S, "1234 0100 0001 0000 0000 0000" Q);
	assert_null(mdl_judge(w.x, mdl_buf_slice(&w.msg), mdl_buf_slice(&big)));
	mdl_writer_fill(&out, 0, 1);
	big.p[36] = 0xdc;
	assert_string_equal(mdl_judge(w.x, mdl_buf_slice(&w.msg), mdl_buf_slice(&big)),
			    "an answer longer than the asker can take");
	wire_hex(&w, MDL_C2S, "1234 0100 0001 0000 0000 0001" Q "00 0029 0201 00000000 0000");
	assert_null(mdl_judge(w.x, mdl_buf_slice(&w.msg), mdl_buf_slice(&big)));
	assert_int_equal(out.err, MDL_OK);
	mdl_buf_fini(&big);
	wire_close(&w);
}

static void test_generate(void **state)
{
	(void)state;
	static const enum mdl_carrier carriers[] = { MDL_DGRAM, MDL_STREAM };
	for (size_t i = 0; i < 200; i++) {
		struct wire w;
		struct mdl_rng r = mdl_rng(i);
		wire_open(&w, &mdl_dns, carriers[i % 2], NULL);
		assert_int_equal(mdl_dns.generate(w.x, &r, &w.msg), MDL_OK);
		wire_again(&w);
		assert_int_equal(w.err, MDL_OK);
		assert_int_equal(w.f.n_notes, 0);
		assert_true(mdl_dns.guess(carriers[i % 2], mdl_buf_slice(&w.msg)) >= 90);
		assert_int_equal(wire_uint(&w, "dns.qtype"), 1);
		wire_close(&w);
	}
}

static void test_update(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	/* RFC 2136: nothing exists, this does, exactly this; add, delete one, delete all */
	wire_hex(&w, MDL_C2S,
		 "1234 2800 0001 0003 0003 0000 07 6578616d706c65 00 0006 0001"
		 "01 61 c00c 00ff 00fe 00000000 0000 01 62 c00c 0001 00ff 00000000 0000"
		 "01 63 c00c 0001 0001 00000000 0004 7f000001"
		 "01 64 c00c 0001 0001 00000e10 0004 7f000002 01 65 c00c 0001 00fe 00000000 0004 "
		 "7f000003"
		 "01 66 c00c 00ff 00ff 00000000 0000");
	assert_int_equal(w.err, MDL_OK);
	assert_int_equal(w.f.n_notes, 0);
	assert_string_equal(
		wire_say(&w),
		"update 0x1234 zone example. if nxdomain a.example., yxrrset b.example. A, "
		"yxrrset c.example. A 127.0.0.1: add d.example. 3600 A 127.0.0.2, delete "
		"e.example. A 127.0.0.3, delete f.example.");
	wire_assert_repair_changes_nothing(&w);
	wire_close(&w);
}

#define A_EXAMPLE "01 61 07 6578616d706c65 00 0001 0001"
#define ZONE_SOA  "c00e 0006 0001 0000000a 0016 00 00 00000001 00000002 00000003 00000004 00000005"

/* What an answer means that has no records, or was refused. */
static const struct {
	enum mdl_dir dir;
	const char *hex, *say;
} meanings[] = {
	{ MDL_S2C, "1234 8400 0001 0000 0001 0000" A_EXAMPLE ZONE_SOA,
	  "answer 0x1234 NOERROR aa 0/1/0 a.example. A, no data" },
	{ MDL_S2C, "1234 8403 0001 0000 0001 0000" A_EXAMPLE ZONE_SOA,
	  "answer 0x1234 NXDOMAIN aa 0/1/0 a.example. A" },
	{ MDL_S2C, "1234 8000 0001 0000 0001 0000" A_EXAMPLE "c00e 0002 0001 0000000a 0002 c00c",
	  "answer 0x1234 NOERROR 0/1/0 a.example. A, referral to example." },
	{ MDL_S2C, "1234 8200 0001 0000 0001 0000" A_EXAMPLE ZONE_SOA,
	  "answer 0x1234 NOERROR tc 0/1/0 a.example. A" },
	{ MDL_S2C,
	  "1234 8002 0001 0000 0000 0001" A_EXAMPLE
	  "00 0029 1000 00000000 0018 000f 0002 0006 000f 0008 0004 0a6d7322 ff0d 000f 0002 4321",
	  "answer 0x1234 SERVFAIL 0/0/1 a.example. A edns(4096,EDE,EDE,EDE) ede(DNSSEC bogus) "
	  "ede(forged answer: \\nms\\\"\\xff\\r) ede(17185)" },
	{ MDL_S2C,
	  "1234 8009 0000 0000 0000 0001 01 6b 00 00fa 00ff 00000000 0011 00"
	  "000000000000 0000 0000 1234 0010 0000",
	  "answer 0x1234 NOTAUTH 0/0/1 without a question tsig(k.,BADSIG)" },
	{ MDL_C2S, "1234 0100 0000 0000 0000 0000", "query 0x1234 without a question +rd" },
};

static void test_meanings(void **state)
{
	(void)state;
	for (size_t i = 0; i < MDL_COUNT(meanings); i++) {
		struct wire w;
		wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
		wire_hex(&w, meanings[i].dir, meanings[i].hex);
		assert_string_equal(wire_say(&w), meanings[i].say);
		wire_close(&w);
	}
}

static void test_dso(void **state)
{
	(void)state;
	struct wire w;
	wire_open(&w, &mdl_dns, MDL_STREAM, NULL);
	/* RFC 8490, section 7.1: keepalive of 15 and 3600 seconds */
	wire_hex(&w, MDL_C2S, "0018 1234 3000 0000 0000 0000 0000 0001 0008 00003a98 0036ee80");
	assert_int_equal(w.err, MDL_OK);
	assert_int_equal(w.f.n_notes, 0);
	assert_int_equal(wire_uint(&w, "dns.dso.tlv[0].data.interval"), 3600000);
	assert_string_equal(wire_say(&w), "dso 0x1234 KeepAlive");
	wire_assert_repair_changes_nothing(&w);
	wire_hex(&w, MDL_C2S, "0012 1234 3000 0000 0000 0000 0000 0001 0008 0000");
	assert_true(wire_noted(&w, "a DSO TLV runs over the end"));
	wire_close(&w);
}

static void test_most_fields(void **state)
{
	(void)state;
	/* a text record of 65000 empty strings: more fields than an index holds, and no error of memory */
	struct wire w;
	struct mdl_buf b;
	mdl_buf_init(&b, 1 << 17);
	struct mdl_writer out = mdl_writer(&b);
	wire_open(&w, &mdl_dns, MDL_DGRAM, NULL);
	wire_hex(&w, MDL_S2C, "1234 8400 0000 0001 0000 0000 00 0010 0001 00000001 fde8");
	mdl_writer_bytes(&out, mdl_buf_slice(&w.msg));
	mdl_writer_fill(&out, 0, 65000);
	assert_int_equal(out.err, MDL_OK);
	wire_read(&w, MDL_S2C, mdl_buf_slice(&b));
	assert_int_equal(w.err, MDL_ELIMIT);
	wire_say(&w);
	mdl_buf_fini(&b);
	wire_close(&w);
}

static void read_somewhere(void)
{
	struct mdl_ctx *x = NULL;
	struct mdl_fields f;
	struct mdl_buf msg, out;
	struct mdl_rng r = mdl_rng(3);
	mdl_fields_init(&f);
	mdl_buf_init(&msg, 4096);
	mdl_buf_init(&out, 4096);
	mdl_err err = mdl_ctx_new(&mdl_dns, MDL_STREAM, NULL, &x, NULL);
	if (err == MDL_OK)
		err = mdl_dns.generate(x, &r, &msg);
	if (err == MDL_OK)
		err = mdl_dissect(x, mdl_buf_slice(&msg), &f);
	if (err == MDL_OK)
		err = mdl_dns.say(x, mdl_buf_slice(&msg), &f, &out);
	if (err == MDL_OK)
		err = mdl_state_text(&mdl_dns, mdl_observe(x, mdl_buf_slice(&msg)), &out);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_fields_fini(&f);
	mdl_buf_fini(&msg);
	mdl_buf_fini(&out);
	mdl_ctx_free(x);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(read_somewhere());
}

static void test_dissect_allocates_nothing_in_the_long_run(void **state)
{
	(void)state;
	struct wire w;
	recorded(&w, 1);
	alloc_fail_at(1);
	mdl_err err = mdl_dissect(w.x, mdl_buf_slice(&w.msg), &w.f);
	bool allocated = alloc_failed();
	alloc_fail_at(0);
	assert_int_equal(err, MDL_OK);
	assert_false(allocated);
	wire_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_registered),
		cmocka_unit_test(test_table_is_whole),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_answer_with_pointers),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_every_byte_changed),
		cmocka_unit_test(test_counts_off_by_one),
		cmocka_unit_test(test_odd_things_are_noted),
		cmocka_unit_test(test_reading_goes_on_behind_what_is_odd),
		cmocka_unit_test(test_what_is_cut_is_kept),
		cmocka_unit_test(test_records_come_and_go),
		cmocka_unit_test(test_names_move_and_pointers_follow),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_guess_says_no_to_noise),
		cmocka_unit_test(test_guess_says_how_sure),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_depths),
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_judge_sizes),
		cmocka_unit_test(test_generate),
		cmocka_unit_test(test_update),
		cmocka_unit_test(test_meanings),
		cmocka_unit_test(test_dso),
		cmocka_unit_test(test_most_fields),
		cmocka_unit_test(test_allocation_failures),
		cmocka_unit_test(test_dissect_allocates_nothing_in_the_long_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
