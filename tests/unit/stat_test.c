#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "core/rng.h"
#include "core/stat.h"

static void assert_near(double a, double b, double by)
{
	assert_true(fabs(a - b) <= by);
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

enum { SAMPLES = 5000 };

/* Values of every magnitude, of few magnitudes, and of one. */
static uint64_t draw(struct mdl_rng *r, int shape)
{
	switch (shape) {
	case 0:
		return mdl_rng_u64(r) >> mdl_rng_below(r, 64);
	case 1:
		return mdl_rng_below(r, 100);
	case 2:
		return 1000000 + mdl_rng_below(r, 1000);
	default:
		return UINT64_MAX - mdl_rng_below(r, 3);
	}
}

static void test_quantiles_are_within_a_thirty_second(void **state)
{
	(void)state;
	static const double q[] = { 0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1 };
	struct mdl_rng r = mdl_rng(3);
	for (int shape = 0; shape < 4; shape++) {
		struct mdl_hist h = { 0 };
		uint64_t exact[SAMPLES];
		for (size_t i = 0; i < SAMPLES; i++)
			mdl_hist_add(&h, exact[i] = draw(&r, shape));
		qsort(exact, SAMPLES, sizeof(*exact), by_value);
		for (size_t i = 0; i < MDL_COUNT(q); i++) {
			size_t rank = (size_t)ceil(q[i] * SAMPLES);
			double want = (double)exact[rank == 0 ? 0 : rank - 1];
			assert_near((double)mdl_hist_quantile(&h, q[i]), want, want / 32);
		}
		assert_true(h.min == exact[0] && h.max == exact[SAMPLES - 1]);
		assert_true(mdl_hist_quantile(&h, 0) >= h.min);
		assert_true(mdl_hist_quantile(&h, 1) <= h.max);
	}
}

/* The last value of a bucket is the farthest from its middle. */
static void test_no_value_is_farther_than_a_thirty_second(void **state)
{
	(void)state;
	for (unsigned shift = 1; shift < 58; shift++)
		for (uint64_t top = 32; top < 64; top++) {
			uint64_t v[] = { top << shift, ((top + 1) << shift) - 1 };
			for (size_t i = 0; i < MDL_COUNT(v); i++) {
				struct mdl_hist h = { 0 };
				mdl_hist_add(&h, 0);
				mdl_hist_add(&h, v[i]);
				mdl_hist_add(&h, UINT64_MAX);
				double want = (double)v[i];
				assert_near((double)mdl_hist_quantile(&h, 0.5), want, want / 32);
			}
		}
}

static void test_small_values_are_exact(void **state)
{
	(void)state;
	struct mdl_hist h = { 0 };
	for (uint64_t v = 0; v < 32; v++)
		mdl_hist_add(&h, v);
	for (uint64_t v = 0; v < 32; v++)
		assert_int_equal(mdl_hist_quantile(&h, (double)(v + 1) / 32), v);
	assert_near(mdl_hist_mean(&h), 15.5, 1e-12);
}

static void test_every_value_has_a_bucket(void **state)
{
	(void)state;
	for (unsigned bit = 0; bit < 64; bit++)
		for (int d = -1; d <= 1; d++) {
			uint64_t v = ((uint64_t)1 << bit) + (uint64_t)d;
			struct mdl_hist h = { 0 };
			mdl_hist_add(&h, v);
			assert_true(mdl_hist_quantile(&h, 0.5) == v); /* clamped to min and max */
		}
}

static void test_shares_outside_are_the_ends(void **state)
{
	(void)state;
	struct mdl_hist h = { 0 };
	assert_int_equal(mdl_hist_quantile(&h, 0.5), 0);
	assert_near(mdl_hist_mean(&h), 0, 0);
	for (uint64_t v = 10; v <= 20; v++)
		mdl_hist_add(&h, v);
	assert_int_equal(mdl_hist_quantile(&h, -1), 10);
	assert_int_equal(mdl_hist_quantile(&h, 2), 20);
	assert_int_equal(mdl_hist_quantile(&h, (double)NAN), 10);
}

static void test_a_merge_is_what_one_histogram_would_say(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(4);
	struct mdl_hist part[3] = { 0 }, whole = { 0 }, sum = { 0 }, one = { 0 };
	for (int i = 0; i < 3000; i++) {
		uint64_t v = 100 + (draw(&r, 0) >> 8);
		mdl_hist_add(&part[i % 2], v); /* the third stays empty */
		mdl_hist_add(&whole, v);
	}
	for (size_t i = 0; i < MDL_COUNT(part); i++)
		mdl_hist_merge(&sum, &part[i]);
	mdl_hist_merge(&one, &part[0]);
	assert_true(one.min == part[0].min && one.max == part[0].max);
	assert_true(sum.n == whole.n && sum.min == whole.min && sum.max == whole.max);
	assert_memory_equal(sum.bucket, whole.bucket, sizeof(sum.bucket));
	assert_near(mdl_hist_mean(&sum), mdl_hist_mean(&whole), mdl_hist_mean(&whole) * 1e-12);
}

static void test_a_bucket_counts_beyond_32_bits(void **state)
{
	(void)state;
	struct mdl_hist h = { 0 }, sum = { 0 };
	mdl_hist_add(&h, 7);
	for (int i = 0; i < 33; i++) { /* doubling: 2^33 in the end */
		struct mdl_hist twin = h;
		mdl_hist_merge(&h, &twin);
	}
	mdl_hist_merge(&sum, &h);
	mdl_hist_add(&sum, 1000);
	assert_true(sum.n == ((uint64_t)1 << 33) + 1);
	assert_int_equal(mdl_hist_quantile(&sum, 0.99), 7);
}

static void test_moments(void **state)
{
	(void)state;
	static const double v[] = { 2, 4, 4, 4, 5, 5, 7, 9 };
	struct mdl_moments m = { 0 }, far = { 0 }, two = { 0 };
	assert_near(mdl_moments_stddev(&m), 0, 0);
	mdl_moments_add(&two, 1);
	assert_near(mdl_moments_stddev(&two), 0, 0);
	mdl_moments_add(&two, 3);
	assert_near(mdl_moments_stddev(&two), sqrt(2), 1e-12);
	for (size_t i = 0; i < MDL_COUNT(v); i++) {
		mdl_moments_add(&m, v[i]);
		mdl_moments_add(&far, v[i] + 1e9); /* where the sum of squares would lose it */
	}
	assert_near(m.mean, 5, 1e-12);
	assert_near(mdl_moments_stddev(&m), sqrt(32.0 / 7), 1e-12);
	assert_near(mdl_moments_stddev(&far), sqrt(32.0 / 7), 1e-6);
}

static void test_wilson_known_values(void **state)
{
	(void)state;
	static const struct {
		uint64_t k, n;
		double z, lo, hi;
	} known[] = {
		{ 0, 10, 1.96, 0, 0.2775401688 },
		{ 1, 10, 1.96, 0.0178757495, 0.4041563855 },
		{ 5, 10, 1.96, 0.2365895936, 0.7634104064 },
		{ 10, 10, 1.96, 0.7224598312, 1 },
		{ 263, 2631, 1.96, 0.0890772097, 0.1120132847 },
		{ 5, 10, 1.644854, 0.2692717799, 0.7307282200 },
	};
	double lo, hi;
	for (size_t i = 0; i < MDL_COUNT(known); i++) {
		mdl_wilson(known[i].k, known[i].n, known[i].z, &lo, &hi);
		assert_near(lo, known[i].lo, 1e-9);
		assert_near(hi, known[i].hi, 1e-9);
	}
	mdl_wilson(0, 0, 1.96, &lo, &hi);
	assert_near(lo, 0, 0);
	assert_near(hi, 1, 0);
}

static void test_wilson_holds_the_share_between_zero_and_one(void **state)
{
	(void)state;
	for (uint64_t n = 1; n <= 60; n++)
		for (uint64_t k = 0; k <= n; k++) {
			double lo, hi, p = (double)k / (double)n;
			mdl_wilson(k, n, 3, &lo, &hi);
			assert_true(lo >= 0 && lo <= p + 1e-12 && hi >= p - 1e-12 && hi <= 1);
		}
}

static void test_slope(void **state)
{
	(void)state;
	static const double up[] = { 1, 3, 5, 7, 9 }, noisy[] = { 0, 2, 1, 3 };
	assert_near(mdl_slope(up, 5), 2, 1e-12);
	assert_near(mdl_slope(noisy, 4), 0.8, 1e-12);
	assert_near(mdl_slope(up, 2), 2, 1e-12);
	assert_near(mdl_slope(up, 1), 0, 0);
	assert_near(mdl_slope(NULL, 0), 0, 0);
	double far[101]; /* where products with y itself would lose the slope */
	for (size_t i = 0; i < MDL_COUNT(far); i++)
		far[i] = 1e15 + (double)i;
	assert_near(mdl_slope(far, MDL_COUNT(far)), 1, 1e-9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantiles_are_within_a_thirty_second),
		cmocka_unit_test(test_no_value_is_farther_than_a_thirty_second),
		cmocka_unit_test(test_small_values_are_exact),
		cmocka_unit_test(test_every_value_has_a_bucket),
		cmocka_unit_test(test_shares_outside_are_the_ends),
		cmocka_unit_test(test_a_merge_is_what_one_histogram_would_say),
		cmocka_unit_test(test_a_bucket_counts_beyond_32_bits),
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_wilson_known_values),
		cmocka_unit_test(test_wilson_holds_the_share_between_zero_and_one),
		cmocka_unit_test(test_slope),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
