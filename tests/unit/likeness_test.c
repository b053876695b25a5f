#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "core/rng.h"
#include "replay/likeness.h"
#include "support/alloc.h"

/* Marks as a person draws them: "." same, "x" changed, "|" a gap in front, "X" both. */
static void drawn(const char *was, const char *now, const char *marks)
{
	uint8_t mark[64] = { 0 };
	assert_int_equal(like_mark(mdl_slice_str(was), mdl_slice_str(now), mark), MDL_OK);
	for (size_t i = 0; marks[i] != 0; i++)
		assert_int_equal(".x|X"[mark[i] & 3], marks[i]);
}

static void test_marks(void **state)
{
	(void)state;
	drawn("abcdef", "abcdef", "......");
	drawn("abcdef", "abXdef", "..x...");
	drawn("abcdef", "XbcdeY", "x....x");
	drawn("abcdef", "abcXYdef", "...xx...");
	drawn("abcdef", "abef", "..|.");
	drawn("abcdef", "abc", "...");
	drawn("", "abc", "xxx");
	drawn("abc", "", "");
	drawn("0123456789", "0X2346789", ".x...|...");
	drawn("0123456789", "0X23467YZ89", ".x...|.xx..");
}

/* What is not marked of the new message stands in the old one, in that order. */
static void test_unmarked_is_common(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(9);
	for (int round = 0; round < 400; round++) {
		uint8_t was[300], now[300], mark[300];
		size_t n = mdl_rng_below(&r, 300), m = mdl_rng_below(&r, 300), at = 0;
		for (size_t i = 0; i < 300; i++) {
			was[i] = (uint8_t)mdl_rng_below(&r, 4);
			now[i] = mdl_rng_chance(&r, 1, 5) ? (uint8_t)mdl_rng_below(&r, 4) : was[i];
		}
		assert_int_equal(like_mark(mdl_slice(was, n), mdl_slice(now, m), mark), MDL_OK);
		for (size_t i = 0; i < m; i++) {
			if ((mark[i] & LIKE_CHANGED) != 0)
				continue;
			while (at < n && was[at] != now[i])
				at++;
			assert_true(at++ < n);
		}
	}
}

static void test_long_messages(void **state)
{
	(void)state;
	enum { LONG = 60000 };
	uint8_t *was = calloc(1, LONG), *now = calloc(1, LONG), *mark = malloc(LONG);
	now[LONG / 2] = 1;
	assert_int_equal(like_mark(mdl_slice(was, LONG), mdl_slice(now, LONG), mark), MDL_OK);
	for (size_t i = 0; i < LONG; i++)
		assert_int_equal(mark[i], i == LONG / 2 ? LIKE_CHANGED : LIKE_SAME);
	memset(now, 7, LONG);
	assert_int_equal(like_mark(mdl_slice(was, LONG - 1), mdl_slice(now, LONG), mark), MDL_OK);
	assert_int_equal(mark[LONG - 1], LIKE_CHANGED);
	free(was);
	free(now);
	free(mark);
}

static struct mdl_trace *trace_of(const char *const *texts)
{
	struct mdl_trace *t = mdl_trace_new();
	for (; *texts != NULL; texts++)
		assert_int_equal(mdl_trace_add(t, **texts == '<' ? MDL_S2C : MDL_C2S, 0,
					       mdl_slice_str(*texts + 1)),
				 MDL_OK);
	return t;
}

static void matched(const char *const *was, const char *const *now, const int *expected)
{
	struct mdl_trace *a = trace_of(was), *b = trace_of(now);
	uint32_t out[LIKE_MSGS + 8];
	like_match(a, b, MDL_C2S, out);
	for (size_t i = 0; i < b->n; i++)
		assert_int_equal((int)out[i], expected[i]);
	mdl_trace_free(a);
	mdl_trace_free(b);
}

static void test_match(void **state)
{
	(void)state;
	const char *const was[] = { ">first request", "<answer", ">second one", ">the third of all",
				    NULL };
	const char *const same[] = { ">first request", "<other", ">second one", ">the third of all",
				     NULL };
	const char *const dropped[] = { ">second oNe", ">the third of all!", NULL };
	const char *const added[] = { ">first request", ">QQQQQQQQ", ">second one", NULL };
	const char *const nothing[] = { "<answer", NULL };
	matched(was, same, (const int[]){ 0, -1, 2, 3 });
	matched(was, dropped, (const int[]){ 2, 3 });
	matched(was, added, (const int[]){ 0, -1, 2 });
	matched(was, nothing, (const int[]){ -1 });
	matched(nothing, was, (const int[]){ -1, -1, -1, -1 });
}

static void test_many_messages(void **state)
{
	(void)state;
	struct mdl_trace *t = mdl_trace_new();
	uint32_t out[LIKE_MSGS * 3];
	for (uint32_t i = 0; i < LIKE_MSGS * 3; i++)
		assert_int_equal(mdl_trace_add(t, MDL_C2S, 0, mdl_slice(&i, sizeof(i))), MDL_OK);
	like_match(t, t, MDL_C2S, out);
	for (uint32_t i = 0; i < LIKE_MSGS * 3; i++)
		assert_int_equal(out[i], i < LIKE_MSGS ? i : LIKE_NONE);
	mdl_trace_free(t);
}

static void test_no_memory(void **state)
{
	(void)state;
	uint8_t mark[8];
	ALLOC_FAIL_EACH({
		mdl_err err = like_mark(MDL_LIT("abcd"), MDL_LIT("xaXYcdz"), mark);
		assert_int_equal(err, alloc_failed() ? MDL_ENOMEM : MDL_OK);
	});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_marks),	      cmocka_unit_test(test_unmarked_is_common),
		cmocka_unit_test(test_long_messages), cmocka_unit_test(test_match),
		cmocka_unit_test(test_many_messages), cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
