#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/hash.h"

/* As `xxhsum -H3` prints them; names in a corpus are made of these, so they never change. */
static void test_known_values(void **state)
{
	(void)state;
	assert_true(mdl_hash_str("", 0) == 0x2d06800538d394c2U);
	assert_true(mdl_hash_str("meddle", 0) == 0x3d07c74131184679U);
	assert_true(mdl_hash_str("a trace is the messages of one flow", 0) == 0x29c9f5d0f2e4e699U);
}

static void test_the_empty_ones_are_equal(void **state)
{
	(void)state;
	assert_true(mdl_hash(mdl_slice(NULL, 0), 7) == mdl_hash_str("", 7));
	assert_true(mdl_hash_str(NULL, 7) == mdl_hash_str("", 7));
}

static void test_seed_length_and_every_bit_count(void **state)
{
	(void)state;
	uint8_t bytes[300] = { 0 };
	for (size_t n = 1; n <= sizeof(bytes); n++) {
		struct mdl_slice s = mdl_slice(bytes, n);
		uint64_t h = mdl_hash(s, 1);
		assert_true(h != mdl_hash(s, 2));
		assert_true(h != mdl_hash(mdl_slice_sub(s, 0, n - 1), 1));
		bytes[n - 1] ^= (uint8_t)(1U << n % 8);
		assert_true(h != mdl_hash(s, 1));
		bytes[n - 1] = 0;
	}
	assert_true(mdl_hash_u64(1, 0) != mdl_hash_u64(2, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_values),
		cmocka_unit_test(test_the_empty_ones_are_equal),
		cmocka_unit_test(test_seed_length_and_every_bit_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
