#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/rng.h"
#include "protocols/registry.h"
#include "replay/cutter.h"
#include "support/alloc.h"
#include "support/toy_stream.h"

/* Messages are written down as "Q1a|cut:Q3ab|raw:?", one behind the other. */
static struct cutter c;
static struct mdl_ctx *x;
static struct mdl_buf out, bytes;
static mdl_time last_at;
static mdl_err sink_says;

static mdl_err on_message(void *ctx, const struct cutter_msg *m)
{
	(void)ctx;
	assert_true(m->bytes.n > 0);
	mdl_err err = mdl_buf_printf(&out, "%s%s%s", out.n > 0 ? "|" : "",
				     (m->flags & MDL_MSG_CUT) != 0 ? "cut:" : "",
				     (m->flags & MDL_MSG_RAW) != 0 ? "raw:" : "");
	if (err == MDL_OK)
		err = mdl_buf_add(&out, m->bytes);
	if (err == MDL_OK)
		err = mdl_buf_add(&bytes, m->bytes);
	last_at = m->at;
	return err == MDL_OK ? sink_says : err;
}

static int set_up(void **state)
{
	(void)state;
	struct cutter_sink sink = { .message = on_message };
	mdl_buf_init(&out, MDL_BUF_MAX);
	mdl_buf_init(&bytes, MDL_BUF_MAX);
	cutter_init(&c, &sink);
	x = NULL;
	sink_says = MDL_OK;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	cutter_fini(&c);
	mdl_ctx_free(x);
	mdl_buf_fini(&out);
	mdl_buf_fini(&bytes);
	return 0;
}

static void use(const struct mdl_protocol *p, bool inside)
{
	assert_int_equal(mdl_ctx_new(p, MDL_STREAM, NULL, &x, NULL), MDL_OK);
	assert_int_equal(cutter_use(&c, x, MDL_C2S, inside), MDL_OK);
}

static mdl_err feed(struct mdl_slice text, uint64_t lost, bool push, mdl_time at)
{
	struct tcp_piece p = { .bytes = text, .lost = lost, .push = push, .at = at };
	return cutter_add(&c, &p);
}

static void add(const char *text)
{
	assert_int_equal(feed(mdl_slice_str(text), 0, false, 0), MDL_OK);
}

static void add_push(const char *text)
{
	assert_int_equal(feed(mdl_slice_str(text), 0, true, 0), MDL_OK);
}

static void add_after_gap(const char *text)
{
	assert_int_equal(feed(mdl_slice_str(text), 5, false, 0), MDL_OK);
}

static void flush(bool whole)
{
	assert_int_equal(cutter_flush(&c, whole), MDL_OK);
}

static void assert_out(const char *expected)
{
	assert_string_equal(mdl_buf_text(&out), expected);
}

static void test_messages_however_they_are_cut(void **state)
{
	(void)state;
	static const char stream[] = "Q3abcQ0Q1xQ9123456789";
	use(&toy_stream, false);
	for (size_t n = 1; n <= sizeof(stream) - 1; n++) {
		mdl_buf_cut(&out, 0);
		for (size_t off = 0; off < sizeof(stream) - 1; off += n)
			assert_int_equal(
				feed(mdl_slice_sub(MDL_LIT("Q3abcQ0Q1xQ9123456789"), off, n), 0,
				     false, 0),
				MDL_OK);
		assert_out("Q3abc|Q0|Q1x|Q9123456789");
	}
}

static void test_time_is_that_of_the_first_byte(void **state)
{
	(void)state;
	use(&toy_stream, false);
	assert_int_equal(feed(MDL_LIT("Q3a"), 0, false, 10), MDL_OK);
	assert_int_equal(feed(MDL_LIT("b"), 0, false, 20), MDL_OK);
	assert_int_equal(feed(MDL_LIT("cQ3x"), 0, false, 30), MDL_OK);
	assert_int_equal(last_at, 10);
	assert_int_equal(feed(MDL_LIT("yzQ0"), 0, false, 40), MDL_OK);
	assert_int_equal(last_at, 40);
	assert_out("Q3abc|Q3xyz|Q0");
	mdl_buf_cut(&out, 0);
	assert_int_equal(feed(MDL_LIT("Q2"), 0, false, 50), MDL_OK);
	assert_int_equal(feed(MDL_LIT("mm"), 0, false, 60), MDL_OK);
	assert_int_equal(last_at, 50);
}

static void test_it_waits_for_the_protocol(void **state)
{
	(void)state;
	add("Q1a");
	add("Q");
	assert_out("");
	assert_true(mdl_slice_is(cutter_pending(&c), "Q1aQ"));
	use(&toy_stream, false);
	assert_out("Q1a");
	assert_true(mdl_slice_is(cutter_pending(&c), "Q"));
	add("0");
	assert_out("Q1a|Q0");
}

static void test_it_waits_over_gaps(void **state)
{
	(void)state;
	add("Q3a");
	add_after_gap("zz");
	add("Q1b");
	assert_true(mdl_slice_is(cutter_pending(&c), "Q3a"));
	use(&toy_stream, false);
	assert_out("cut:Q3a|cut:raw:zz|Q1b");
}

static void test_a_gap_before_everything(void **state)
{
	(void)state;
	add_after_gap("zz");
	assert_true(mdl_slice_is(cutter_pending(&c), "zz"));
	add("Q1b");
	use(&toy_stream, false);
	assert_out("cut:raw:zz|Q1b");
}

static void test_what_cannot_be_framed_is_raw(void **state)
{
	(void)state;
	use(&toy_stream, false);
	add("Q1a");
	add_push("hello");
	add("wor");
	add_push("ld");
	add_push("Q1b"); /* too late */
	assert_out("Q1a|raw:hello|raw:world|raw:Q1b");
}

static void test_a_gap_between_messages(void **state)
{
	(void)state;
	use(&toy_stream, false);
	add("Q1a");
	add_after_gap("Q1b");
	assert_out("Q1a|Q1b");
}

static void test_a_gap_inside_a_message(void **state)
{
	(void)state;
	use(&toy_stream, false);
	add("Q1aQ5xy");
	add_after_gap("z Q1n"); /* no begin, but for the segment's */
	assert_out("Q1a|cut:Q5xy");
	add("Q1b");
	assert_out("Q1a|cut:Q5xy|cut:raw:z Q1n|Q1b");
	add("Q1c");
	assert_out("Q1a|cut:Q5xy|cut:raw:z Q1n|Q1b|Q1c");
}

static void test_two_gaps_in_a_row(void **state)
{
	(void)state;
	use(&toy_stream, false);
	add("Q5");
	add_after_gap("x");
	add_after_gap("yyy");
	add_after_gap("Q1b");
	assert_out("cut:Q5|cut:raw:x|cut:raw:yyy|Q1b");
}

static void test_behind_a_gap_too_little_says_nothing(void **state)
{
	(void)state;
	use(&toy_stream, false);
	add("Q1a");
	add_after_gap("Q"); /* a begin, or the last byte of something */
	assert_out("Q1a");
	add("1b");
	assert_out("Q1a|Q1b");
}

static void test_behind_a_gap_without_a_guess(void **state)
{
	(void)state;
	use(&toy_stream_blind, false);
	add("Q5x");
	add_after_gap("nothing");
	add("Q1b");
	assert_out("cut:Q5x|cut:raw:nothing|Q1b");
}

static void test_a_capture_that_begins_inside(void **state)
{
	(void)state;
	add("rest of a message");
	use(&toy_stream, true);
	add("and more");
	assert_out("");
	add("Q1aQ1b");
	assert_out("cut:raw:rest of a messageand more|Q1a|Q1b");
}

static void test_a_capture_that_begins_inside_but_between(void **state)
{
	(void)state;
	add("Q1a");
	use(&toy_stream, true);
	assert_out("Q1a");
}

static void test_what_is_lost_is_not_kept_for_ever(void **state)
{
	(void)state;
	static uint8_t big[1000];
	size_t most = 0;
	memset(big, 'z', sizeof(big));
	add("zz");
	use(&toy_stream, true);
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(feed(mdl_slice(big, sizeof(big)), 0, false, 0), MDL_OK);
		most = cutter_held(&c) > most ? cutter_held(&c) : most;
	}
	assert_true(most < 4 * CUTTER_RAW_MAX);
	assert_true(bytes.n > 900000);
	add("Q1a"); /* and it is still looked for */
	assert_int_equal(bytes.n, 1000005);
	assert_memory_equal(out.p + out.n - 4, "|Q1a", 4);
}

static void test_the_end_of_a_stream(void **state)
{
	(void)state;
	use(&toy_stream, false);
	add("Q1aQ5x");
	flush(true); /* the sender ended here: it is what there is */
	assert_out("Q1a|Q5x");
	add("Q5y");
	flush(false); /* the capture ended here */
	assert_out("Q1a|Q5x|cut:Q5y");
	flush(false);
	assert_out("Q1a|Q5x|cut:Q5y");
}

static void test_the_end_while_lost(void **state)
{
	(void)state;
	use(&toy_stream, false);
	add("Q5x");
	add_after_gap("Q");
	flush(true);
	assert_out("cut:Q5x|cut:raw:Q");
}

static void test_raw_ends_where_writes_do(void **state)
{
	(void)state;
	use(&mdl_raw, false);
	add("hel");
	add_push("lo");
	add_push("world");
	assert_out("hello|world");
	add("ques");
	add("tion");
	assert_int_equal(cutter_turn(&c), MDL_OK); /* the other side speaks */
	assert_out("hello|world|question");
	add("end");
	flush(false);
	assert_out("hello|world|question|end");
	for (unsigned i = 0; i < 40000; i++) { /* and so for ever */
		mdl_buf_cut(&out, 0);
		add_push("x");
		assert_out("x");
	}
}

static void test_raw_behind_a_gap_is_cut(void **state)
{
	(void)state;
	use(&mdl_raw, false);
	add("hel");
	add_after_gap("wor");
	assert_out("hel");
	add_push("ld");
	add_push("more");
	assert_out("hel|cut:world|more");
}

static void test_raw_without_an_end(void **state)
{
	(void)state;
	static uint8_t big[100000];
	memset(big, 'z', sizeof(big));
	use(&mdl_raw, false);
	assert_int_equal(feed(mdl_slice(big, sizeof(big)), 0, false, 0), MDL_OK);
	assert_int_equal(bytes.n, CUTTER_RAW_MAX);
	flush(true);
	assert_int_equal(bytes.n, sizeof(big));
}

/* A message whose end is only seen at its end, as chunked HTTP is. */
static unsigned asked;
static size_t looked_at;

static mdl_err frame_to_newline(struct mdl_ctx *ctx, struct mdl_slice in, size_t *n)
{
	(void)ctx;
	size_t end = mdl_slice_find(in, MDL_LIT("\n"));
	asked++;
	looked_at += in.n;
	*n = end + 1;
	return end == in.n ? MDL_EMORE : MDL_OK;
}

static struct mdl_protocol *line_protocol(void)
{
	static struct mdl_protocol lines;
	lines = toy_stream_blind;
	lines.frame = frame_to_newline;
	return &lines;
}

static void test_long_messages_are_not_looked_at_again_and_again(void **state)
{
	(void)state;
	static uint8_t big[1000];
	const struct mdl_protocol *lines = line_protocol();
	memset(big, 'z', sizeof(big));
	asked = 0;
	looked_at = 0;
	use(lines, false);
	for (unsigned i = 0; i < 4000; i++)
		assert_int_equal(feed(mdl_slice(big, sizeof(big)), 0, true, 0), MDL_OK);
	assert_true(looked_at < 100 * 1000 * 4000);
	add("\n");
	assert_int_equal(bytes.n, 0);
	assert_int_equal(cutter_turn(&c), MDL_OK); /* an answer: now it is worth a look */
	assert_int_equal(bytes.n, 4000001);
	mdl_buf_cut(&out, 0);
	add("short\n"); /* and those are cut at once again */
	assert_out("short\n");
}

static void test_long_messages_end_at_a_gap_and_at_the_end(void **state)
{
	(void)state;
	static char text[20002];
	memset(text, 'z', 20000);
	use(line_protocol(), false);
	for (unsigned round = 0; round < 2; round++) {
		bytes.n = out.n = 0;
		text[20000] = 0;
		add(text);
		add("end\n"); /* not noticed yet */
		assert_int_equal(bytes.n, 0);
		if (round == 0)
			add_after_gap("x\n");
		else
			flush(false);
		assert_int_equal(out.n, round == 0 ? 20004 + 3 : 20004); /* without "cut:" */
	}
}

static void test_a_message_longer_than_any(void **state)
{
	(void)state;
	static uint8_t big[1 << 20];
	const struct mdl_protocol *lines = line_protocol();
	memset(big, 'z', sizeof(big));
	use(lines, false);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(feed(mdl_slice(big, sizeof(big)), 0, true, 0), MDL_OK);
	assert_true(c.degraded);
	flush(true);
	assert_int_equal(bytes.n, 20 << 20);
}

static void test_single_bytes_take_linear_time(void **state)
{
	(void)state;
	enum { N = 300000 };
	use(line_protocol(), true);
	asked = 0;
	for (unsigned i = 0; i < N; i++)
		add("z");
	assert_true(asked < 2 * N);
	mdl_ctx_free(x);
	use(&mdl_raw, false);
	for (unsigned i = 0; i < N; i++)
		add("z");
	flush(true);
	assert_int_equal(bytes.n, 2 * N);
}

static void test_history(void **state)
{
	(void)state;
	use(&toy_stream, false);
	add("Q3abc");
	add("Q5x");
	assert_true(cutter_same(&c, 8, MDL_LIT("Q3abcQ5x")));
	assert_true(cutter_same(&c, 7, MDL_LIT("3abc")));
	assert_false(cutter_same(&c, 7, MDL_LIT("3abC")));
	assert_true(cutter_same(&c, 10, MDL_LIT("??Q3"))); /* further back nothing is known */
	assert_false(cutter_same(&c, 10, MDL_LIT("??Q4")));
	for (unsigned i = 0; i < 20000; i++)
		add("Q0");
	assert_true(c.in.n < 3 * CUTTER_HISTORY);
	assert_true(cutter_same(&c, 4, MDL_LIT("Q0Q0")));
	mdl_buf_cut(&out, 0);
	add("Q5x"); /* gaps are still seen */
	add_after_gap("Q1a");
	assert_out("cut:Q5x|Q1a");
}

static void test_the_sink_can_stop_it(void **state)
{
	(void)state;
	use(&toy_stream, false);
	sink_says = MDL_EINTERRUPTED;
	assert_int_equal(feed(MDL_LIT("Q1aQ1b"), 0, false, 0), MDL_EINTERRUPTED);
	sink_says = MDL_OK;
	add("Q1c");
	assert_out("Q1a|Q1b|Q1c");
}

static void test_random_cuts_and_gaps_lose_nothing(void **state)
{
	(void)state;
	static const char alphabet[] = "QA0123 z";
	struct mdl_rng r = mdl_rng(11);
	use(&toy_stream, false);
	size_t sent = 0;
	for (unsigned i = 0; i < 100000; i++) {
		char piece[8];
		size_t n = 1 + (size_t)mdl_rng_below(&r, sizeof(piece));
		for (size_t k = 0; k < n; k++)
			piece[k] = alphabet[mdl_rng_below(&r, sizeof(alphabet) - 1)];
		c.state = c.state == CUTTER_RAW && mdl_rng_chance(&r, 1, 10) ? CUTTER_FRAMING
									     : c.state;
		assert_int_equal(feed(mdl_slice(piece, n), mdl_rng_chance(&r, 1, 10) ? 3 : 0,
				      mdl_rng_chance(&r, 1, 4), 0),
				 MDL_OK);
		sent += n;
		assert_true(c.pos <= c.in.n && c.mark < c.n_marks);
	}
	flush(false);
	assert_int_equal(bytes.n, sent);
}

static void fail_somewhere(void)
{
	struct cutter own;
	struct cutter_sink sink = { .message = on_message };
	struct tcp_piece p = { .bytes = MDL_LIT("Q1a") };
	cutter_init(&own, &sink);
	mdl_err err = cutter_add(&own, &p);
	if (err == MDL_OK)
		err = cutter_use(&own, x, MDL_C2S, false);
	for (unsigned i = 0; err == MDL_OK && i < 10; i++)
		err = cutter_add(&own, &p);
	if (err == MDL_OK)
		err = cutter_flush(&own, false);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	cutter_fini(&own);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	use(&toy_stream, false);
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
		TEST(test_messages_however_they_are_cut),
		TEST(test_time_is_that_of_the_first_byte),
		TEST(test_it_waits_for_the_protocol),
		TEST(test_it_waits_over_gaps),
		TEST(test_a_gap_before_everything),
		TEST(test_what_cannot_be_framed_is_raw),
		TEST(test_a_gap_between_messages),
		TEST(test_a_gap_inside_a_message),
		TEST(test_two_gaps_in_a_row),
		TEST(test_behind_a_gap_too_little_says_nothing),
		TEST(test_behind_a_gap_without_a_guess),
		TEST(test_a_capture_that_begins_inside),
		TEST(test_a_capture_that_begins_inside_but_between),
		TEST(test_what_is_lost_is_not_kept_for_ever),
		TEST(test_the_end_of_a_stream),
		TEST(test_the_end_while_lost),
		TEST(test_raw_ends_where_writes_do),
		TEST(test_raw_behind_a_gap_is_cut),
		TEST(test_raw_without_an_end),
		TEST(test_long_messages_are_not_looked_at_again_and_again),
		TEST(test_long_messages_end_at_a_gap_and_at_the_end),
		TEST(test_a_message_longer_than_any),
		TEST(test_single_bytes_take_linear_time),
		TEST(test_history),
		TEST(test_the_sink_can_stop_it),
		TEST(test_random_cuts_and_gaps_lose_nothing),
		TEST(test_allocation_failures),
#undef TEST
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
