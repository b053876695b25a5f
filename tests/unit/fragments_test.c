#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/rng.h"
#include "core/writer.h"
#include "replay/fragments.h"
#include "support/alloc.h"
#include "support/packets.h"

static struct mdl_buf whole, part;
static struct fragments *f;
static struct mdl_ip_packet p;
static mdl_time now;

static int set_up(void **state)
{
	(void)state;
	struct fragments_conf conf = { 0 };
	mdl_buf_init(&whole, 1 << 20);
	mdl_buf_init(&part, 1 << 20);
	f = fragments_new(&conf);
	now = 0;
	return f == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	fragments_free(f);
	mdl_buf_fini(&whole);
	mdl_buf_fini(&part);
	return 0;
}

static void make_whole(bool v6, size_t n)
{
	uint8_t *bytes = malloc(n);
	assert_non_null(bytes);
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * 31 + (i >> 8));
	packet_udp(&whole, v6 ? "[2001:db8::1]:4242" : "192.0.2.1:4242",
		   v6 ? "[2001:db8::2]:53" : "192.0.2.2:53", mdl_slice(bytes, n));
	free(bytes);
}

/* Takes in what `part` holds; true if a packet came out. */
static bool add(void)
{
	bool out;
	assert_int_equal(mdl_ip_peek(mdl_buf_slice(&part), &p), MDL_OK);
	assert_true(p.fragment);
	assert_int_equal(fragments_add(f, &p, now, &out), MDL_OK);
	return out;
}

static bool send(uint32_t id, size_t off, size_t len)
{
	packet_fragment(&part, mdl_buf_slice(&whole), id, off, len);
	return add();
}

/* What came out is the packet that was taken apart. */
static void assert_whole(void)
{
	struct mdl_ip_packet all;
	assert_int_equal(mdl_ip_peek(mdl_buf_slice(&whole), &all), MDL_OK);
	assert_true(mdl_inet_eq(&p.src, &all.src));
	assert_true(mdl_inet_eq(&p.dst, &all.dst));
	assert_true(p.ports);
	assert_int_equal(p.proto, all.proto);
	assert_true(mdl_slice_eq(p.payload, all.payload));
	assert_false(p.fragment || p.cut);
}

static void test_in_order(void **state)
{
	(void)state;
	for (unsigned v6 = 0; v6 < 2; v6++) {
		make_whole(v6 == 1, 3000);
		assert_false(send(7, 0, 1480));
		assert_false(send(7, 1480, 1480));
		assert_true(send(7, 2960, 48));
		assert_whole();
	}
	assert_int_equal(fragments_stats(f)->reassembled, 2);
	assert_int_equal(fragments_stats(f)->fragments, 6);
	assert_int_equal(fragments_held(f), 0);
}

static void test_any_order_with_doubles(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(5);
	make_whole(false, 65000);
	for (unsigned round = 0; round < 50; round++) {
		enum { STEP = 4000, N = 17 };
		bool seen[N] = { false };
		for (unsigned n_seen = 0; n_seen < N;) {
			unsigned i = (unsigned)mdl_rng_below(&r, N);
			n_seen += !seen[i];
			seen[i] = true;
			assert_int_equal(send(round, (size_t)i * STEP, STEP), n_seen == N);
		}
		assert_whole();
	}
	assert_int_equal(fragments_stats(f)->reassembled, 50);
	assert_int_equal(fragments_stats(f)->differ, 0);
	assert_true(fragments_stats(f)->overlaps > 0);
}

static void test_what_came_first_stays(void **state)
{
	(void)state;
	make_whole(false, 100);
	assert_false(send(7, 0, 64));
	packet_fragment(&part, mdl_buf_slice(&whole), 7, 32, 64);
	memset(part.p + 20, 'x', 64); /* half of it new */
	assert_false(add());
	assert_int_equal(fragments_stats(f)->overlaps, 1);
	assert_int_equal(fragments_stats(f)->differ, 1);
	assert_true(send(7, 96, 12));
	assert_int_equal(p.payload.p[55], whole.p[28 + 55]);
	assert_int_equal(p.payload.p[56], 'x');
	assert_int_equal(p.payload.p[87], 'x');
	assert_int_equal(p.payload.p[88], whole.p[28 + 88]);
}

static void test_packets_are_told_apart(void **state)
{
	(void)state;
	make_whole(false, 100);
	assert_false(send(1, 0, 64));
	assert_false(send(2, 64, 44)); /* another id */
	packet_fragment(&part, mdl_buf_slice(&whole), 1, 64, 44);
	part.p[15] ^= 1; /* another address */
	assert_false(add());
	part.p[15] ^= 1;
	part.p[9] = MDL_IP_TCP; /* another protocol */
	assert_false(add());
	assert_true(send(1, 64, 44));
	assert_whole();
	fragments_finish(f);
	assert_int_equal(fragments_stats(f)->incomplete, 3);
	assert_int_equal(fragments_held(f), 0);
}

static void test_impossible_fragments(void **state)
{
	(void)state;
	make_whole(false, 1000);
	assert_false(send(1, 0, 63)); /* no multiple of 8 before the end */
	packet_fragment(&part, mdl_buf_slice(&whole), 2, 1000, 8);
	mdl_put_be(part.p + 6, 0x1fff, 2); /* beyond 65535 */
	assert_false(add());
	assert_false(send(3, 0, 504));
	packet_fragment(&part, mdl_buf_slice(&whole), 3, 1000, 8);
	mdl_put_be(part.p + 6, 8, 2); /* a last one that ends before others */
	assert_false(add());
	packet_fragment(&part, mdl_buf_slice(&whole), 4, 1000, 8);
	mdl_put_be(part.p + 6, 8, 2); /* the end at 72 */
	assert_false(add());
	mdl_put_be(part.p + 6, 10, 2); /* and another end */
	assert_false(add());
	mdl_put_be(part.p + 6, 0x2000 + 10, 2); /* and one behind the end */
	assert_false(add());
	packet_fragment(&part, mdl_buf_slice(&whole), 5, 0, 64);
	mdl_buf_cut(&part, part.n - 1); /* cut by the capture */
	assert_false(add());
	packet_fragment(&part, mdl_buf_slice(&whole), 6, 64, 0);
	assert_false(add());
	assert_int_equal(fragments_stats(f)->bad, 7);
	assert_int_equal(fragments_stats(f)->reassembled, 0);
}

static void test_too_late(void **state)
{
	(void)state;
	make_whole(false, 100);
	assert_false(send(7, 0, 64));
	now = 31 * MDL_SEC;
	assert_false(send(7, 64, 44));
	assert_int_equal(fragments_stats(f)->incomplete, 1);
	now += 29 * MDL_SEC;
	assert_true(send(7, 0, 64));
}

static void test_bounds(void **state)
{
	(void)state;
	struct fragments_conf conf = { .max_packets = 10, .max_bytes = 1 << 20 };
	struct fragments *bounded = fragments_new(&conf);
	struct fragments *before = f;
	assert_non_null(bounded);
	f = bounded;
	make_whole(false, 60000);
	for (uint32_t id = 0; id < 1000; id++) {
		assert_false(send(id, id % 2 == 0 ? 59200 : 0, 800)); /* far into the packet */
		assert_true(fragments_held(f) <= (1 << 20) + (200 << 10));
	}
	assert_int_equal(fragments_stats(f)->incomplete, 990);
	for (uint32_t id = 0; id < 1000; id++) /* impossible ones take room too */
		assert_false(send(id + 1000, 0, 63));
	assert_true(fragments_held(f) <= 1 << 20);
	fragments_free(bounded);
	f = before;
}

static void test_v6_with_more_headers_inside(void **state)
{
	(void)state;
	make_whole(true, 100);
	/* a destination options header that is part of what is fragmented */
	assert_int_equal(mdl_buf_splice(&whole, 40, 0, MDL_LIT("\x11\0\1\4\0\0\0\0")), MDL_OK);
	whole.p[6] = MDL_IP_DESTOPTS;
	mdl_put_be(whole.p + 4, whole.n - 40, 2);
	assert_false(send(7, 64, 52));
	assert_true(send(7, 0, 64));
	assert_int_equal(p.payload.n, 100);
	assert_int_equal(p.proto, MDL_IP_UDP);
	packet_fragment(&part, mdl_buf_slice(&whole), 9, 0, 64);
	assert_false(add());
	packet_fragment(&part, mdl_buf_slice(&whole), 9, 64, 52);
	part.p[40] = MDL_IP_NONE; /* only the first one's word counts */
	assert_true(add());
	assert_true(p.ports);
	whole.p[41] = 200; /* one that is longer than the packet */
	assert_false(send(8, 64, 52));
	assert_false(send(8, 0, 64));
	assert_int_equal(fragments_stats(f)->bad, 1);
}

static void fail_somewhere(void)
{
	struct fragments_conf conf = { 0 };
	struct fragments *own = fragments_new(&conf);
	for (unsigned i = 0; own != NULL && i < 2; i++) {
		bool out;
		struct mdl_ip_packet q;
		assert_int_equal(mdl_ip_peek(mdl_buf_slice(i == 0 ? &part : &whole), &q), MDL_OK);
		mdl_err err = fragments_add(own, &q, 0, &out);
		assert_true(err == MDL_OK || err == MDL_ENOMEM);
	}
	fragments_free(own);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	struct mdl_buf copy;
	mdl_buf_init(&copy, 1 << 20);
	make_whole(false, 3000);
	packet_fragment(&part, mdl_buf_slice(&whole), 7, 0, 1480);
	packet_fragment(&copy, mdl_buf_slice(&whole), 7, 1480, 1528);
	assert_int_equal(mdl_buf_set(&whole, mdl_buf_slice(&copy)), MDL_OK);
	mdl_buf_fini(&copy);
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
		TEST(test_in_order),
		TEST(test_any_order_with_doubles),
		TEST(test_what_came_first_stays),
		TEST(test_packets_are_told_apart),
		TEST(test_impossible_fragments),
		TEST(test_too_late),
		TEST(test_bounds),
		TEST(test_v6_with_more_headers_inside),
		TEST(test_allocation_failures),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
