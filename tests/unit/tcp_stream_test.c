#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/rng.h"
#include "replay/tcp_stream.h"
#include "support/alloc.h"

/*
 * A stream whose pieces are written down one behind the other: "one|two[5]|three" are three pieces,
 * with five bytes missing before the last. A piece that was pushed ends with "!".
 */
static struct tcp_stream s;
static struct tcp_stats stats;
static struct mdl_buf out, history;
static mdl_time last_at;
static mdl_err sink_says;

static mdl_err on_piece(void *ctx, const struct tcp_piece *p)
{
	(void)ctx;
	mdl_err err = out.n > 0 ? mdl_buf_put(&out, '|') : MDL_OK;
	if (err == MDL_OK && p->lost > 0)
		err = mdl_buf_printf(&out, "[%llu]", (unsigned long long)p->lost);
	if (err == MDL_OK)
		err = mdl_buf_add(&out, p->bytes);
	if (err == MDL_OK && p->push)
		err = mdl_buf_put(&out, '!');
	if (err == MDL_OK)
		err = mdl_buf_add(&history, p->bytes);
	last_at = p->at;
	return err == MDL_OK ? sink_says : err;
}

static bool on_same(void *ctx, uint64_t back, struct mdl_slice bytes)
{
	(void)ctx;
	assert_true(back <= history.n);
	struct mdl_slice there = mdl_buf_slice(&history);
	return mdl_slice_eq(mdl_slice_sub(there, there.n - (size_t)back, bytes.n), bytes);
}

static int set_up(void **state)
{
	(void)state;
	struct tcp_sink sink = { .piece = on_piece, .same = on_same };
	memset(&stats, 0, sizeof(stats));
	mdl_buf_init(&out, MDL_BUF_MAX);
	mdl_buf_init(&history, MDL_BUF_MAX);
	tcp_stream_init(&s, &sink, &stats);
	sink_says = MDL_OK;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	tcp_stream_fini(&s);
	mdl_buf_fini(&out);
	mdl_buf_fini(&history);
	return 0;
}

static mdl_err feed(uint32_t seq, unsigned flags, struct mdl_slice bytes, size_t len, mdl_time at)
{
	struct mdl_ip_packet p = { .proto = MDL_IP_TCP,
				   .ports = true,
				   .tcp_seq = seq,
				   .tcp_flags = (uint8_t)flags,
				   .payload = bytes,
				   .payload_len = len };
	return tcp_stream_segment(&s, &p, at);
}

static void send_flags(uint32_t seq, unsigned flags, const char *text)
{
	struct mdl_slice bytes = mdl_slice_str(text);
	assert_int_equal(feed(seq, flags, bytes, bytes.n, 0), MDL_OK);
}

static void send(uint32_t seq, const char *text)
{
	send_flags(seq, MDL_TCP_ACK, text);
}

static void ack(uint32_t seq)
{
	struct mdl_ip_packet p = { .proto = MDL_IP_TCP, .tcp_ack = seq, .tcp_flags = MDL_TCP_ACK };
	assert_int_equal(tcp_stream_acked(&s, &p), MDL_OK);
}

static void syn(uint32_t seq)
{
	send_flags(seq, MDL_TCP_SYN, "");
}

static void flush(void)
{
	assert_int_equal(tcp_stream_flush(&s), MDL_OK);
}

static void assert_out(const char *expected)
{
	assert_string_equal(mdl_buf_text(&out), expected);
}

static void test_in_order(void **state)
{
	(void)state;
	syn(999);
	assert_true(s.whole);
	send(1000, "one");
	assert_int_equal(feed(1003, MDL_TCP_PSH | MDL_TCP_ACK, MDL_LIT("two"), 3, 77), MDL_OK);
	assert_out("one|two!");
	assert_int_equal(last_at, 77);
	assert_false(tcp_stream_ended(&s));
	send_flags(1006, MDL_TCP_FIN | MDL_TCP_ACK, "");
	assert_true(tcp_stream_ended(&s));
	flush();
	assert_int_equal(stats.segments, 2);
	assert_int_equal(stats.gaps + stats.lost + stats.retransmits + stats.out_of_order, 0);
}

static void test_retransmission(void **state)
{
	(void)state;
	syn(999);
	send(1000, "one");
	send(1000, "one");
	send(1003, "two");
	send(1000, "onetwo");
	assert_out("one|two");
	assert_int_equal(stats.retransmits, 2);
	assert_int_equal(stats.differ, 0);
	send(1000, "OnE");
	assert_int_equal(stats.retransmits, 3);
	assert_int_equal(stats.differ, 1);
	assert_out("one|two");
}

static void test_overlap_keeps_what_came_first(void **state)
{
	(void)state;
	syn(999);
	send(1000, "hello");
	send(1003, "loworld");
	assert_out("hello|world");
	assert_int_equal(stats.overlaps, 1);
	assert_int_equal(stats.differ, 0);
	send(1008, "XX more");
	assert_out("hello|world| more");
	assert_int_equal(stats.overlaps, 2);
	assert_int_equal(stats.differ, 1);
}

static void test_out_of_order(void **state)
{
	(void)state;
	syn(999);
	send(1006, "three");
	send(1003, "two");
	assert_out("");
	assert_int_equal(s.held_n, 2);
	send(1000, "one");
	assert_out("one|two|three");
	assert_int_equal(stats.out_of_order, 2);
	assert_int_equal(s.held_n, 0);
	assert_int_equal(tcp_stream_held(&s), 0);
}

static void test_overlap_among_what_came_early(void **state)
{
	(void)state;
	syn(999);
	send(1003, "BBB");
	send(1009, "DDD");
	send(1002, "xbbbccxddde"); /* around both: only what is new is taken */
	assert_int_equal(stats.out_of_order, 3);
	assert_int_equal(stats.overlaps, 1);
	assert_int_equal(stats.differ, 1);
	send(1000, "aaa");
	assert_out("aa|x|BBB|ccx|DDD|e");
	assert_int_equal(stats.overlaps, 2);
	assert_int_equal(stats.differ, 2);
}

static void test_a_push_is_that_of_the_last_byte(void **state)
{
	(void)state;
	syn(999);
	send(1006, "CCC");
	send_flags(1003, MDL_TCP_ACK | MDL_TCP_PSH, "bbbCCCddd");
	send_flags(1000, MDL_TCP_ACK | MDL_TCP_PSH, "aaabbb");
	assert_out("aaa|bbb|CCC|ddd!");
}

static void test_a_retransmission_around_what_came_early(void **state)
{
	(void)state;
	syn(999);
	send(1003, "BBB");
	send(1000, "aaaBBBccc");
	assert_out("aaa|BBB|ccc");
	assert_int_equal(stats.overlaps, 1);
	assert_int_equal(stats.differ, 0);
}

static void test_loss_that_was_acknowledged(void **state)
{
	(void)state;
	syn(999);
	send(1000, "one");
	send(1006, "three");
	ack(1011);
	ack(1011);
	assert_out("one"); /* it may still turn up */
	ack(1011);
	assert_out("one|[3]three");
	assert_int_equal(stats.gaps, 1);
	assert_int_equal(stats.lost, 3);
	send(1011, "four");
	assert_out("one|[3]three|four");
}

static void test_only_what_was_acknowledged_is_lost(void **state)
{
	(void)state;
	syn(999);
	send(1009, "four");
	for (unsigned i = 0; i <= TCP_PATIENCE; i++)
		ack(1006);
	assert_out("");
	assert_int_equal(stats.lost, 6);
	send(1006, "two");
	assert_out("[6]two|four");
}

static void test_nothing_is_compared_over_a_gap(void **state)
{
	(void)state;
	syn(999);
	send(1000, "aaa");
	for (unsigned i = 0; i <= TCP_PATIENCE; i++)
		ack(1006);
	send(1006, "ccc");
	assert_out("aaa|[3]ccc");
	send(1000, "aaabbbccc");
	assert_int_equal(stats.differ, 0);
	send(1000, "aaabbbccX");
	assert_int_equal(stats.differ, 1);
}

static void test_late_for_the_acknowledgement(void **state)
{
	(void)state;
	syn(999);
	send(1000, "one");
	ack(1006); /* the capture saw it before the segment */
	send(1003, "two");
	assert_out("one|two");
	for (unsigned i = 0; i < 10; i++)
		ack(1006);
	assert_int_equal(stats.gaps, 0);
}

static void test_loss_of_everything_so_far(void **state)
{
	(void)state;
	syn(999);
	for (unsigned i = 0; i < 4; i++)
		ack(1100);
	send(1100, "rest");
	assert_out("[100]rest");
	assert_int_equal(stats.lost, 100);
}

static void test_loss_at_the_end(void **state)
{
	(void)state;
	syn(999);
	send(1000, "one");
	send(1010, "two");
	send_flags(1020, MDL_TCP_FIN | MDL_TCP_ACK, "");
	assert_false(tcp_stream_ended(&s));
	flush();
	assert_out("one|[7]two");
	assert_int_equal(stats.gaps, 2);
	assert_int_equal(stats.lost, 14);
	assert_int_equal(s.lost, 7); /* behind the last piece */
	assert_true(tcp_stream_ended(&s));
}

static void test_more_than_can_be_held(void **state)
{
	(void)state;
	static uint8_t big[60000];
	syn(999);
	uint32_t seq = 1010;
	while (stats.gaps == 0) {
		assert_int_equal(
			feed(seq, MDL_TCP_ACK, mdl_slice(big, sizeof(big)), sizeof(big), 0),
			MDL_OK);
		seq += sizeof(big);
		assert_true(s.held_bytes <= TCP_HELD_MAX + sizeof(big));
	}
	assert_int_equal(stats.lost, 10);
	assert_int_equal(s.held_n, 0);
	mdl_buf_cut(&out, 0);
	for (unsigned i = 0; i <= TCP_HELD_SEGMENTS; i++)
		send(seq + 5 + i * 2, "x");
	assert_true(s.held_n <= TCP_HELD_SEGMENTS);
	assert_int_equal(stats.gaps, 2);
}

static void test_the_numbers_wrap(void **state)
{
	(void)state;
	syn(UINT32_MAX - 3);
	send(UINT32_MAX - 2, "abc"); /* up to and with UINT32_MAX */
	send(3, "ghi");
	send(0, "def");
	assert_out("abc|def|ghi");
	send(UINT32_MAX, "cde");
	assert_int_equal(stats.retransmits, 1);
	assert_int_equal(stats.differ, 0);
}

static void test_many_gigabytes(void **state)
{
	(void)state;
	uint32_t seq = 1000;
	syn(999);
	s.sink.same = NULL;
	for (unsigned i = 0; i < 40; i++) { /* around several times, with cut segments */
		assert_int_equal(feed(seq, MDL_TCP_ACK, MDL_LIT(""), 500000000, 0), MDL_OK);
		seq += 500000000;
	}
	assert_int_equal(stats.lost, 20000000000);
	assert_int_equal(stats.cut, 20000000000);
	send(seq, "end");
	assert_out("[20000000000]end");
}

static void test_keepalives(void **state)
{
	(void)state;
	syn(999);
	send(1000, "one");
	send(1002, ""); /* without data, and with a byte of rubbish */
	send(1002, "?");
	assert_int_equal(stats.keepalives, 2);
	assert_int_equal(stats.retransmits, 0);
	send(1003, "two");
	assert_out("one|two");
}

static void test_window_probes(void **state)
{
	(void)state;
	syn(999);
	send(1000, "one");
	send(1003, "t"); /* a probe carries the next byte, again and again */
	send(1003, "t");
	send(1003, "two");
	assert_out("one|t|wo");
	assert_int_equal(stats.lost, 0);
}

static void test_data_in_the_syn(void **state)
{
	(void)state;
	send_flags(999, MDL_TCP_SYN, "hello");
	send_flags(999, MDL_TCP_SYN, ""); /* again, without it: the peer had no cookie for us */
	send(1000, "hello");
	send(1005, "world");
	assert_out("hello|world");
	assert_int_equal(stats.retransmits, 1);
}

static void test_middle_of_a_stream(void **state)
{
	(void)state;
	send(500, ""); /* says nothing of where the stream is: it may be a keep-alive */
	assert_false(s.started);
	ack(777);
	send(1000, "one");
	assert_false(s.whole);
	send(1003, "two");
	send(990, "before"); /* of what was before, nothing is known */
	assert_out("one|two");
	assert_int_equal(stats.lost, 0);
}

static void test_syn_that_was_missed(void **state)
{
	(void)state;
	struct mdl_ip_packet p = { .proto = MDL_IP_TCP,
				   .tcp_ack = 1000,
				   .tcp_flags = MDL_TCP_SYN | MDL_TCP_ACK };
	assert_int_equal(tcp_stream_acked(&s, &p), MDL_OK);
	assert_true(s.started && s.whole);
	assert_true(tcp_stream_may_begin(&s, 999));
	assert_false(tcp_stream_may_begin(&s, 998));
	send(1003, "two");
	send(1000, "one");
	assert_out("one|two");
}

static void test_cut_by_the_capture(void **state)
{
	(void)state;
	syn(999);
	assert_int_equal(feed(1000, MDL_TCP_ACK, MDL_LIT("he"), 5, 0), MDL_OK);
	assert_int_equal(feed(1010, MDL_TCP_ACK, MDL_LIT("la"), 5, 0), MDL_OK);
	assert_int_equal(feed(1005, MDL_TCP_ACK, MDL_LIT("wo"), 5, 0), MDL_OK);
	assert_out("he|[3]wo|[3]la");
	assert_int_equal(stats.lost, 9);
	assert_int_equal(stats.cut, 9);
	assert_int_equal(feed(1020, MDL_TCP_ACK, MDL_LIT("mo"), 5, 0), MDL_OK);
	assert_int_equal(feed(1020, MDL_TCP_ACK, MDL_LIT("more!"), 5, 0), MDL_OK);
	assert_int_equal(feed(1020, MDL_TCP_ACK, MDL_LIT("m"), 5, 0), MDL_OK);
	assert_int_equal(stats.differ, 0);
	/* what comes again and is cut again cannot be compared further than it goes */
	assert_int_equal(feed(1000, MDL_TCP_ACK, MDL_LIT("he"), 5, 0), MDL_OK);
	assert_int_equal(stats.differ, 0);
}

static void test_strays(void **state)
{
	(void)state;
	syn(999);
	send(1000, "one");
	send(1000 + (1U << 30) + 3, "far");
	send(1000 - (1U << 30) - 3, "far");
	send(1003, "two");
	assert_out("one|two");
	assert_int_equal(stats.strays, 2);
	for (uint32_t i = 0; i < TCP_STRAYS_MAX; i++) /* it goes on there after all */
		send(3000000000U + i * 4, "more");
	assert_out("one|two|[1]more");
	assert_int_equal(stats.gaps, 1);
	send(3000000000U + 4 * TCP_STRAYS_MAX, "end");
	assert_out("one|two|[1]more|end");
}

static void test_acknowledgements_that_cannot_be(void **state)
{
	(void)state;
	syn(999);
	send(1000, "one");
	for (unsigned i = 0; i < 20; i++) {
		ack(1000 - 500);
		ack(1003 + (1U << 30));
	}
	send_flags(1003, MDL_TCP_FIN | MDL_TCP_ACK, "");
	for (unsigned i = 0; i < 20; i++)
		ack(1004); /* the FIN's own number is no byte */
	flush();
	assert_int_equal(stats.lost, 0);
}

static void test_the_sink_can_stop_it(void **state)
{
	(void)state;
	syn(999);
	send(1003, "two");
	sink_says = MDL_EINTERRUPTED;
	assert_int_equal(feed(1000, MDL_TCP_ACK, MDL_LIT("one"), 3, 0), MDL_EINTERRUPTED);
	sink_says = MDL_OK;
	flush();
	assert_out("one|two");
}

/* A megabyte in segments that are doubled, cut otherwise, swapped: what was sent comes out. */
static void test_shuffled(void **state)
{
	(void)state;
	enum { N = 1 << 20, WINDOW = 64 };
	static uint8_t sent[N];
	struct mdl_rng r = mdl_rng(9);
	mdl_rng_bytes(&r, sent, N);
	uint32_t first = UINT32_MAX - N / 2;
	struct {
		size_t off, n;
	} queue[WINDOW];
	size_t queued = 0, off = 0;
	syn(first - 1);
	while (off < N || queued > 0) {
		while (off < N && queued < WINDOW) {
			size_t n = 1 + (size_t)mdl_rng_below(&r, 2000);
			n = n < N - off ? n : N - off;
			queue[queued].off = off;
			queue[queued++].n = n;
			off += n;
		}
		size_t k = (size_t)mdl_rng_below(&r, queued), at = queue[k].off, n = queue[k].n;
		size_t before = (size_t)mdl_rng_below(&r, 300),
		       after = (size_t)mdl_rng_below(&r, 300);
		size_t from = before < at ? at - before : 0,
		       to = at + n + after < N ? at + n + after : N;
		assert_int_equal(feed(first + (uint32_t)from, MDL_TCP_ACK,
				      mdl_slice(sent + from, to - from), to - from, 0),
				 MDL_OK);
		if (mdl_rng_chance(&r, 2, 3))
			queue[k] = queue[--queued];
	}
	assert_int_equal(history.n, N);
	assert_memory_equal(history.p, sent, N);
	assert_int_equal(stats.differ + stats.gaps + stats.strays, 0);
	assert_true(stats.out_of_order > 0 && stats.retransmits > 0 && stats.overlaps > 0);
}

static void fail_somewhere(void)
{
	struct tcp_stream own;
	struct tcp_stats own_stats = { 0 };
	struct tcp_sink sink = { .piece = on_piece };
	struct mdl_ip_packet p = { .tcp_flags = MDL_TCP_ACK,
				   .payload = MDL_LIT("x"),
				   .payload_len = 1 };
	tcp_stream_init(&own, &sink, &own_stats);
	for (uint32_t i = 0; i < 4; i++) {
		p.tcp_seq = 1000 + (i * 3) % 4 * 2;
		mdl_err err = tcp_stream_segment(&own, &p, 0);
		assert_true(err == MDL_OK || err == MDL_ENOMEM);
	}
	mdl_err err = tcp_stream_flush(&own);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	tcp_stream_fini(&own);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
		TEST(test_in_order),
		TEST(test_retransmission),
		TEST(test_overlap_keeps_what_came_first),
		TEST(test_out_of_order),
		TEST(test_overlap_among_what_came_early),
		TEST(test_a_push_is_that_of_the_last_byte),
		TEST(test_a_retransmission_around_what_came_early),
		TEST(test_loss_that_was_acknowledged),
		TEST(test_only_what_was_acknowledged_is_lost),
		TEST(test_nothing_is_compared_over_a_gap),
		TEST(test_late_for_the_acknowledgement),
		TEST(test_loss_of_everything_so_far),
		TEST(test_loss_at_the_end),
		TEST(test_more_than_can_be_held),
		TEST(test_the_numbers_wrap),
		TEST(test_many_gigabytes),
		TEST(test_keepalives),
		TEST(test_window_probes),
		TEST(test_data_in_the_syn),
		TEST(test_middle_of_a_stream),
		TEST(test_syn_that_was_missed),
		TEST(test_cut_by_the_capture),
		TEST(test_strays),
		TEST(test_acknowledgements_that_cannot_be),
		TEST(test_the_sink_can_stop_it),
		TEST(test_shuffled),
		TEST(test_allocation_failures),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
