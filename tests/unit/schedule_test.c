#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "replay/schedule.h"

static void test_rare_new_and_deep_weigh_more(void **state)
{
	(void)state;
	const struct schedule_facts common = { 1000, 1 << 20, 0 }, rare = { 1000, 1, 0 };
	const struct schedule_facts untried = { 0, 1 << 20, 0 }, deep = { 1000, 1 << 20, 4 };
	uint32_t base = schedule_weight(&common, 1);
	assert_true(schedule_weight(&rare, 1) >= 10 * base);
	assert_true(schedule_weight(&untried, 1) >= 4 * base);
	assert_int_equal(schedule_weight(&deep, 1), 3 * base);
	assert_int_equal(schedule_weight(&common, 4), base / 4);
	assert_true(schedule_weight(&common, 1000000) >= 1);
}

static void test_picks_follow_the_weights(void **state)
{
	(void)state;
	struct schedule *s = schedule_new();
	struct mdl_rng r = mdl_rng(5);
	const struct schedule_facts common = { 100000, 1 << 20, 0 }, rare = { 100000, 1, 0 };
	unsigned picked[3] = { 0 };
	for (int i = 0; i < 3; i++)
		assert_int_equal(schedule_add(s, 1), MDL_OK);
	schedule_set(s, 0, &common);
	schedule_set(s, 1, &rare);
	schedule_set(s, 2, &common);
	for (int i = 0; i < 18000; i++)
		picked[schedule_pick(s, &r)]++;
	assert_in_range(picked[0], 800, 1200);
	assert_in_range(picked[1], 15500, 16500);
	assert_in_range(picked[2], 800, 1200);
	schedule_free(s);
}

static void test_an_entry_added_later_is_picked_too(void **state)
{
	(void)state;
	struct schedule *s = schedule_new();
	struct mdl_rng r = mdl_rng(5);
	bool seen = false;
	assert_int_equal(schedule_add(s, 1), MDL_OK);
	assert_int_equal(schedule_pick(s, &r), 0);
	assert_int_equal(schedule_add(s, 1), MDL_OK);
	for (int i = 0; i < 100; i++)
		seen |= schedule_pick(s, &r) == 1;
	assert_true(seen);
	schedule_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rare_new_and_deep_weigh_more),
		cmocka_unit_test(test_picks_follow_the_weights),
		cmocka_unit_test(test_an_entry_added_later_is_picked_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
