#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/rng.h"
#include "core/slice.h"
#include "replay/ticks.h"

static void assert_near(double a, double b, double most)
{
	assert_true(fabs(a - b) <= most);
}

/* clang-format off */
static const struct {
	double hi;
	unsigned most;
	bool whole;
	unsigned n;
	double step, end;
} numbers[] = {
	{ 10,      5, true,  3, 5,      10 },
	{ 4,       5, true,  5, 1,      4 },
	{ 1,       5, true,  2, 1,      1 },
	{ 1,       5, false, 3, 0.5,    1 },
	{ 79872,   5, true,  5, 20000,  80000 },
	{ 4047,    5, true,  4, 2000,   6000 },
	{ 0.003,   5, false, 4, 0.001,  0.003 },
	{ 0,       5, true,  2, 1,      1 },
	{ 3,       2, true,  2, 5,      5 },
};
/* clang-format on */

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < MDL_COUNT(numbers); i++) {
		struct ticks t;
		ticks_number(numbers[i].hi, numbers[i].most, numbers[i].whole, &t);
		assert_int_equal(t.n, numbers[i].n);
		assert_near(t.v[1], numbers[i].step, 1e-9 * numbers[i].step);
		assert_near(t.hi, numbers[i].end, 1e-9 * numbers[i].end);
	}
}

static bool round_step(double step)
{
	double lead = step / pow(10, floor(log10(step) + 1e-9));
	return fabs(lead - 1) < 1e-6 || fabs(lead - 2) < 1e-6 || fabs(lead - 5) < 1e-6;
}

/* For any value: not too many, round, from zero, evenly apart, and the last one holds the value. */
static void test_any_number(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(3);
	for (int round = 0; round < 20000; round++) {
		double hi = mdl_rng_unit(&r) * pow(10, (double)mdl_rng_below(&r, 24) - 8);
		unsigned most = 2 + (unsigned)mdl_rng_below(&r, TICKS_MAX - 1);
		bool whole = mdl_rng_chance(&r, 1, 2);
		struct ticks t;
		ticks_number(hi, most, whole, &t);
		assert_in_range(t.n, 2, most);
		assert_true(t.v[0] == 0 && t.hi >= hi * (1 - 1e-9));
		assert_near(t.v[t.n - 1], t.hi, t.hi * 1e-6);
		assert_true(round_step(t.v[1]));
		for (unsigned i = 1; i < t.n; i++)
			assert_near(t.v[i], t.v[1] * i, t.hi * 1e-6);
		if (whole)
			assert_true(t.v[1] >= 1);
	}
}

static void test_no_numbers(void **state)
{
	(void)state;
	static const double odd[] = { NAN, INFINITY, -INFINITY, -5, 1e308, 1e-308 };
	for (size_t i = 0; i < MDL_COUNT(odd); i++) {
		struct ticks t;
		ticks_number(odd[i], 5, false, &t);
		assert_true(isfinite(t.hi) && t.hi > 0 && t.n >= 2 && t.n <= 5);
		ticks_time(odd[i], 6, &t);
		assert_true(isfinite(t.hi) && t.hi > 0 && t.n >= 1 && t.n <= TICKS_MAX);
	}
}

static void test_times(void **state)
{
	(void)state;
	/* clang-format off */
	static const struct { double ms, step; } times[] = {
		{ 60e3, 15e3 }, { 40e3, 10e3 }, { 100, 20 }, { 3600e3, 15 * 60e3 },
		{ 8 * 3600e3, 2 * 3600e3 }, { 86400e3, 6 * 3600e3 }, { 30 * 86400e3, 10 * 86400e3 },
	};
	/* clang-format on */
	for (size_t i = 0; i < MDL_COUNT(times); i++) {
		struct ticks t;
		ticks_time(times[i].ms, 6, &t);
		assert_near(t.v[1], times[i].step, 1);
		assert_near(t.hi, times[i].ms, 1);
		assert_true(t.n <= 6 && t.v[t.n - 1] <= times[i].ms * (1 + 1e-6));
	}
}

static void test_texts(void **state)
{
	(void)state;
	char out[TICKS_TEXT];
	/* clang-format off */
	static const struct { double v; const char *text; } texts[] = {
		{ 0, "0" }, { 1, "1" }, { 2.5, "2.5" }, { 0.25, "0.25" }, { 10, "10" }, { 100, "100" },
		{ 950, "950" }, { 735.04, "735" }, { 1000, "1k" }, { 1500, "1.5k" }, { 20e6, "20M" },
		{ 3e9, "3G" }, { 5e12, "5T" }, { 26.05, "26.1" }, { NAN, "0?" },
	};
	static const struct { double ms; const char *text; } times[] = {
		{ 0, "0" }, { 250, "250ms" }, { 15e3, "15s" }, { 90e3, "90s" }, { 15 * 60e3, "15m" },
		{ 5400e3, "1.5h" }, { 48 * 3600e3, "2d" },
	};
	static const struct { uint64_t v; const char *text; } counts[] = {
		{ 0, "0" }, { 999, "999" }, { 1000, "1,000" }, { 1284090, "1,284,090" },
		{ UINT64_MAX, "18,446,744,073,709,551,615" },
	};
	/* clang-format on */
	for (size_t i = 0; i < MDL_COUNT(texts); i++)
		assert_string_equal(ticks_number_text(texts[i].v, out), texts[i].text);
	for (size_t i = 0; i < MDL_COUNT(times); i++)
		assert_string_equal(ticks_time_text(times[i].ms, out), times[i].text);
	for (size_t i = 0; i < MDL_COUNT(counts); i++)
		assert_string_equal(ticks_count_text(counts[i].v, out), counts[i].text);
	ticks_number_text(1e308, out);
	ticks_time_text(1e308, out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),	   cmocka_unit_test(test_any_number),
		cmocka_unit_test(test_no_numbers), cmocka_unit_test(test_times),
		cmocka_unit_test(test_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
