#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/slice.h"

static const struct mdl_slice none = { NULL, 0 };

static void test_makers(void **state)
{
	(void)state;
	assert_int_equal(mdl_slice_str("abc").n, 3);
	assert_int_equal(mdl_slice_str("").n, 0);
	assert_int_equal(mdl_slice_str(NULL).n, 0);
	assert_int_equal(MDL_LIT("a\0b").n, 3);
}

static void test_equality(void **state)
{
	(void)state;
	assert_true(mdl_slice_eq(none, none));
	assert_true(mdl_slice_eq(none, MDL_LIT("")));
	assert_true(mdl_slice_eq(MDL_LIT("a\0b"), MDL_LIT("a\0b")));
	assert_false(mdl_slice_eq(MDL_LIT("a\0b"), MDL_LIT("a\0c")));
	assert_false(mdl_slice_eq(MDL_LIT("ab"), MDL_LIT("abc")));
	assert_true(mdl_slice_is(MDL_LIT("ab"), "ab"));
	assert_false(mdl_slice_is(MDL_LIT("ab"), "a"));
	assert_false(mdl_slice_is(MDL_LIT("ab\0"), "ab"));
	assert_true(mdl_slice_is(none, ""));
}

static void test_sub_leaves_out_what_lies_outside(void **state)
{
	(void)state;
	struct mdl_slice s = MDL_LIT("abcd");
	assert_true(mdl_slice_is(mdl_slice_sub(s, 0, 4), "abcd"));
	assert_true(mdl_slice_is(mdl_slice_sub(s, 1, 2), "bc"));
	assert_true(mdl_slice_is(mdl_slice_sub(s, 3, 1), "d"));
	assert_true(mdl_slice_is(mdl_slice_sub(s, 3, 2), "d"));
	assert_true(mdl_slice_is(mdl_slice_sub(s, 2, SIZE_MAX), "cd"));
	assert_int_equal(mdl_slice_sub(s, 4, 1).n, 0);
	assert_ptr_equal(mdl_slice_sub(s, 4, 1).p, s.p + 4);
	assert_int_equal(mdl_slice_sub(s, SIZE_MAX, SIZE_MAX).n, 0);
	assert_int_equal(mdl_slice_sub(none, 0, 1).n, 0);
	assert_null(mdl_slice_sub(none, 7, 1).p);
}

static void test_find(void **state)
{
	(void)state;
	struct mdl_slice s = MDL_LIT("abcabd");
	assert_int_equal(mdl_slice_find(s, MDL_LIT("ab")), 0);
	assert_int_equal(mdl_slice_find(s, MDL_LIT("abd")), 3);
	assert_int_equal(mdl_slice_find(s, MDL_LIT("d")), 5);
	assert_int_equal(mdl_slice_find(s, MDL_LIT("de")), s.n);
	assert_int_equal(mdl_slice_find(s, MDL_LIT("abcabde")), s.n);
	assert_int_equal(mdl_slice_find(s, none), 0);
	assert_int_equal(mdl_slice_find(none, none), 0);
	assert_int_equal(mdl_slice_find(none, MDL_LIT("a")), 0);
}

static void test_order(void **state)
{
	(void)state;
	static const char *const sorted[] = { "", "a", "a\x01", "ab", "b", "\xff" };
	for (size_t i = 0; i < MDL_COUNT(sorted); i++)
		for (size_t j = 0; j < MDL_COUNT(sorted); j++) {
			int c = mdl_slice_cmp(mdl_slice_str(sorted[i]), mdl_slice_str(sorted[j]));
			assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
		}
	assert_int_equal(mdl_slice_cmp(none, MDL_LIT("")), 0);
}

static void test_printable_is_ascii_and_white_space(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		uint8_t b = (uint8_t)c;
		bool expected = c == '\t' || c == '\r' || c == '\n' || (c >= ' ' && c <= '~');
		assert_int_equal(mdl_slice_printable(mdl_slice(&b, 1)), expected);
	}
	assert_true(mdl_slice_printable(none));
	assert_false(mdl_slice_printable(MDL_LIT("abc\x7f")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_makers),
		cmocka_unit_test(test_equality),
		cmocka_unit_test(test_sub_leaves_out_what_lies_outside),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_printable_is_ascii_and_white_space),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
