#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rng.h"
#include "core/time.h"

static void assert_reads(const char *text, mdl_time expected)
{
	mdl_time t = -1;
	assert_int_equal(mdl_time_parse(text, &t), MDL_OK);
	assert_true(t == expected);
}

static void assert_refused(const char *text)
{
	mdl_time t = 77;
	assert_int_equal(mdl_time_parse(text, &t), MDL_EINVAL);
	assert_true(t == 77);
}

static void assert_text(mdl_time t, const char *expected)
{
	char text[MDL_TIME_TEXT];
	assert_ptr_equal(mdl_time_text(t, text), text);
	assert_string_equal(text, expected);
}

static void test_units(void **state)
{
	(void)state;
	assert_reads("0", 0);
	assert_reads("7ns", 7);
	assert_reads("250us", 250 * MDL_US);
	assert_reads("20ms", 20 * MDL_MS);
	assert_reads("30", 30 * MDL_SEC);
	assert_reads("30s", 30 * MDL_SEC);
	assert_reads("5m", 300 * MDL_SEC);
	assert_reads("5min", 300 * MDL_SEC);
	assert_reads("2h", 7200 * MDL_SEC);
	assert_reads("1d", 86400 * MDL_SEC);
	assert_reads("19.9", 19900 * MDL_MS);
}

static void test_fractions(void **state)
{
	(void)state;
	assert_reads("1.5s", 1500 * MDL_MS);
	assert_reads("0.000000001", 1);
	assert_reads("0.0000000019", 1); /* digits behind the ninth are passed over */
	assert_reads("0.5ns", 1);
	assert_reads("0.000312000", 312 * MDL_US);
	assert_reads("1.000000001d", 86400 * MDL_SEC + 86400);
	assert_reads("1.", MDL_SEC);
}

static void test_sums(void **state)
{
	(void)state;
	assert_reads("2m05s", 125 * MDL_SEC);
	assert_reads("3h12m", 11520 * MDL_SEC);
	assert_reads("1d2h3m4s5ms6us7ns", 93784 * MDL_SEC + 5006007);
}

static void test_refusals(void **state)
{
	(void)state;
	static const char *const bad[] = { "",	  " ",	 "s",	"-1s",	 "+1s",	   " 1s",  "1 s",
					   "1x",  "1ss", "1e3", ".5s",	 "1.2.3s", "1h30", "1h29",
					   "1hs", "0x1", "1s ", "never", "1S",	   "1,5s" };
	for (size_t i = 0; i < MDL_COUNT(bad); i++)
		assert_refused(bad[i]);
}

static void test_the_greatest(void **state)
{
	(void)state;
	assert_reads("9223372036854775806ns", MDL_NEVER - 1);
	assert_refused("9223372036854775807ns"); /* that would be never */
	assert_refused("9223372036854775808ns");
	assert_refused("18446744073709551616ns");
	assert_reads("106751d", 106751 * (86400 * MDL_SEC));
	assert_refused("106752d");
	assert_refused("9223372036s854775807ns");
	assert_refused("99999999999999999999999999");
}

static void test_texts(void **state)
{
	(void)state;
	assert_text(0, "0us");
	assert_text(999, "0us");
	assert_text(312 * MDL_US, "312us");
	assert_text(MDL_MS - 1, "999us");
	assert_text(MDL_MS, "1.0ms");
	assert_text(20100 * MDL_US, "20.1ms");
	assert_text(1500 * MDL_MS, "1.50s");
	assert_text(125 * MDL_SEC, "2m05s");
	assert_text(11520 * MDL_SEC, "3h12m");
	assert_text(-1500 * MDL_MS, "-1.500s");
	assert_text(MDL_NEVER, "never");
	assert_text(MDL_NEVER - 1, "2562047h47m");
	assert_text(INT64_MIN, "-9223372036.855s");
}

static void test_texts_do_not_round_up_to_the_next_unit(void **state)
{
	(void)state;
	assert_text(999949 * MDL_US, "999.9ms");
	assert_text(999950 * MDL_US, "1.00s");
	assert_text(59994 * MDL_MS, "59.99s");
	assert_text(59995 * MDL_MS, "1m00s");
	assert_text(60 * MDL_SEC, "1m00s");
	assert_text(3599499 * MDL_MS, "59m59s");
	assert_text(3599500 * MDL_MS, "1h00m");
	assert_text(3600 * MDL_SEC, "1h00m");
}

/* How far a text may be from the time it stands for. */
static mdl_time rounding(mdl_time t)
{
	return t < MDL_MS	       ? MDL_US
	       : t < MDL_SEC	       ? 50 * MDL_US
	       : t < 60 * MDL_SEC      ? 5 * MDL_MS
	       : t < 60 * 60 * MDL_SEC ? MDL_SEC
				       : 60 * MDL_SEC;
}

static void test_reading_a_text_gives_the_time_within_rounding(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(1);
	for (int i = 0; i < 20000; i++) {
		char text[MDL_TIME_TEXT];
		mdl_time back, t = (mdl_time)(mdl_rng_u64(&r) >> mdl_rng_range(&r, 2, 63));
		assert_int_equal(mdl_time_parse(mdl_time_text(t, text), &back), MDL_OK);
		assert_true(back >= t - rounding(t) && back <= t + rounding(t));
	}
}

static void test_sums_do_not_overflow(void **state)
{
	(void)state;
	assert_true(mdl_time_add(1, 2) == 3);
	assert_true(mdl_time_add(5, -7) == -2);
	assert_true(mdl_time_add(MDL_NEVER, 1) == MDL_NEVER);
	assert_true(mdl_time_add(-1, MDL_NEVER) == MDL_NEVER);
	assert_true(mdl_time_add(MDL_NEVER - 1, 2) == MDL_NEVER);
	assert_true(mdl_time_min(1, MDL_NEVER) == 1);
	assert_true(mdl_time_min(2, 1) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_fractions),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_the_greatest),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_texts_do_not_round_up_to_the_next_unit),
		cmocka_unit_test(test_reading_a_text_gives_the_time_within_rounding),
		cmocka_unit_test(test_sums_do_not_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
