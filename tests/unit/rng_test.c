#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rng.h"

/* The first numbers of the reference implementation with the state { 1, 2, 3, 4 }. */
static void test_known_xoshiro256_numbers(void **state)
{
	(void)state;
	static const uint64_t expected[] = {
		11520U,
		0U,
		1509978240U,
		1215971899390074240U,
		1216172134540287360U,
		607988272756665600U,
		16172922978634559625U,
		8476171486693032832U,
		10595114339597558777U,
		2904607092377533576U,
	};
	struct mdl_rng r = { .s = { 1, 2, 3, 4 } };
	for (size_t i = 0; i < MDL_COUNT(expected); i++)
		assert_true(mdl_rng_u64(&r) == expected[i]);
}

/* The first numbers of the reference SplitMix64 from 1234567. */
static void test_a_seed_becomes_a_state_by_splitmix64(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(1234567);
	assert_true(r.s[0] == 6457827717110365317U);
	assert_true(r.s[1] == 3203168211198807973U);
	assert_true(r.s[2] == 9817491932198370423U);
	assert_true(r.s[3] == 4593380528125082431U);
}

/* Recorded campaigns must play again with later versions: these numbers never change. */
static void test_forks_stay_what_they_are(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(42);
	struct mdl_rng f = mdl_rng_fork(&r, "case", 7);
	assert_true(mdl_rng_u64(&r) == 0x15780b2e0c2ec716U);
	assert_true(mdl_rng_u64(&f) == 0xf35642d553670e24U);
}

static void test_drawing_from_the_parent_does_not_change_a_fork(void **state)
{
	(void)state;
	struct mdl_rng fresh = mdl_rng(42), used = mdl_rng(42);
	for (int i = 0; i < 1000; i++)
		mdl_rng_u64(&used);
	struct mdl_rng a = mdl_rng_fork(&fresh, "flow", 3), b = mdl_rng_fork(&used, "flow", 3);
	for (int i = 0; i < 100; i++)
		assert_true(mdl_rng_u64(&a) == mdl_rng_u64(&b));
	struct mdl_rng again = mdl_rng_fork(&used, "flow", 3);
	struct mdl_rng deep_a = mdl_rng_fork(&a, "case", 1),
		       deep_b = mdl_rng_fork(&again, "case", 1);
	assert_true(mdl_rng_u64(&deep_a) == mdl_rng_u64(&deep_b));
}

static void test_forks_differ_by_parent_label_and_number(void **state)
{
	(void)state;
	struct mdl_rng one = mdl_rng(1), two = mdl_rng(2);
	struct mdl_rng a = mdl_rng_fork(&one, "a", 0), b = mdl_rng_fork(&one, "b", 0);
	struct mdl_rng ab = mdl_rng_fork(&a, "b", 0), ba = mdl_rng_fork(&b, "a", 0);
	struct mdl_rng all[] = { one,
				 two,
				 a,
				 b,
				 mdl_rng_fork(&one, "a", 1),
				 mdl_rng_fork(&one, "", 0),
				 mdl_rng_fork(&two, "a", 0),
				 ab,
				 ba };
	uint64_t first[MDL_COUNT(all)];
	for (size_t i = 0; i < MDL_COUNT(all); i++) {
		first[i] = mdl_rng_u64(&all[i]);
		for (size_t j = 0; j < i; j++)
			assert_true(first[i] != first[j]);
	}
}

/*
 * Chi-square of 256 counts, which has a mean of 255 and a standard deviation of sqrt(510); five of
 * those to either side is what a fair source leaves once in a million times. The seeds are fixed,
 * so this does not depend on luck.
 */
enum { CELLS = 256, DRAWS = CELLS * 1000 };

static void assert_even(const unsigned count[CELLS])
{
	double chi = 0;
	for (size_t i = 0; i < CELLS; i++) {
		double d = (double)count[i] - (double)DRAWS / CELLS;
		chi += d * d / ((double)DRAWS / CELLS);
	}
	assert_true(chi > 255 - 113 && chi < 255 + 113);
}

static void test_draws_are_even(void **state)
{
	(void)state;
	struct mdl_rng root = mdl_rng(2026), r = root;
	unsigned below[CELLS] = { 0 }, unit[CELLS] = { 0 }, byte[CELLS] = { 0 },
		 fork[CELLS] = { 0 };
	unsigned range[CELLS] = { 0 };
	for (uint64_t i = 0; i < DRAWS; i++) {
		uint8_t b[3];
		struct mdl_rng f = mdl_rng_fork(&root, "case", i);
		below[mdl_rng_below(&r, CELLS)]++;
		range[mdl_rng_range(&r, 1000, 1000 + CELLS - 1) - 1000]++;
		unit[(size_t)(mdl_rng_unit(&r) * CELLS)]++;
		mdl_rng_bytes(&r, b, sizeof(b));
		byte[b[i % 3]]++;
		fork[mdl_rng_u64(&f) >> 56]++;
	}
	assert_even(below);
	assert_even(range);
	assert_even(unit);
	assert_even(byte);
	assert_even(fork);
}

static void test_bounds_are_kept_and_reached(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(5);
	bool low = false, high = false;
	for (int i = 0; i < 1000; i++) {
		uint64_t v = mdl_rng_range(&r, 10, 12);
		assert_in_range(v, 10, 12);
		low |= v == 10;
		high |= v == 12;
		assert_true(mdl_rng_below(&r, 3) < 3);
		double u = mdl_rng_unit(&r);
		assert_true(u >= 0 && u < 1);
	}
	assert_true(low && high);
	assert_in_range(mdl_rng_range(&r, INT64_MAX, (uint64_t)INT64_MAX + 1), INT64_MAX,
			(uint64_t)INT64_MAX + 1);
	assert_int_equal(mdl_rng_below(&r, 0), 0);
	assert_int_equal(mdl_rng_below(&r, 1), 0);
	assert_int_equal(mdl_rng_range(&r, 7, 7), 7);
	assert_int_equal(mdl_rng_range(&r, 7, 6), 7);
	assert_true(mdl_rng_range(&r, UINT64_MAX, UINT64_MAX) == UINT64_MAX);
	uint64_t all = 0;
	for (int i = 0; i < 100; i++)
		all |= mdl_rng_range(&r, 0, UINT64_MAX);
	assert_true(all == UINT64_MAX);
}

static void test_chance(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(6);
	unsigned yes = 0;
	for (int i = 0; i < 100000; i++) {
		assert_false(mdl_rng_chance(&r, 0, 10));
		assert_true(mdl_rng_chance(&r, 10, 10));
		yes += mdl_rng_chance(&r, 3, 10);
	}
	assert_in_range(yes, 30000 - 725, 30000 + 725); /* five standard deviations */
	assert_false(mdl_rng_chance(&r, 0, 0));
}

static void test_bytes_stay_inside(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(8);
	for (size_t n = 0; n <= 20; n++) {
		uint8_t b[24];
		memset(b, 0xee, sizeof(b));
		mdl_rng_bytes(&r, b, n);
		for (size_t i = n; i < sizeof(b); i++)
			assert_int_equal(b[i], 0xee);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_xoshiro256_numbers),
		cmocka_unit_test(test_a_seed_becomes_a_state_by_splitmix64),
		cmocka_unit_test(test_forks_stay_what_they_are),
		cmocka_unit_test(test_drawing_from_the_parent_does_not_change_a_fork),
		cmocka_unit_test(test_forks_differ_by_parent_label_and_number),
		cmocka_unit_test(test_draws_are_even),
		cmocka_unit_test(test_bounds_are_kept_and_reached),
		cmocka_unit_test(test_chance),
		cmocka_unit_test(test_bytes_stay_inside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
