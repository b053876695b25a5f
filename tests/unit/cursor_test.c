#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/cursor.h"

static const uint8_t sample[] = { 1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
				  11, 12, 13, 14, 15, 16, 17, 18, 19, 20 };

/* A copy of exactly `n` bytes on the heap, so that a sanitizer sees any read behind it. */
static uint8_t *exact(size_t n)
{
	uint8_t *p = malloc(n == 0 ? 1 : n);
	assert_non_null(p);
	memcpy(p, sample, n);
	return p;
}

static void test_numbers(void **state)
{
	(void)state;
	struct mdl_cursor c = mdl_cursor(mdl_slice(sample, sizeof(sample)));
	assert_int_equal(mdl_cursor_u8(&c), 0x01);
	assert_int_equal(mdl_cursor_be16(&c), 0x0203);
	assert_int_equal(mdl_cursor_le16(&c), 0x0504);
	assert_int_equal(mdl_cursor_be32(&c), 0x06070809);
	assert_int_equal(mdl_cursor_le32(&c), 0x0d0c0b0a);
	assert_int_equal(mdl_cursor_be(&c, 3), 0x0e0f10);
	assert_int_equal(mdl_cursor_le(&c, 3), 0x131211);
	assert_int_equal(mdl_cursor_off(&c), 19);
	assert_int_equal(mdl_cursor_left(&c), 1);
	assert_int_equal(mdl_cursor_be(&c, 0), 0);
	assert_int_equal(c.err, MDL_OK);
}

static void test_of_long_numbers_the_lowest_bytes_count(void **state)
{
	(void)state;
	struct mdl_slice ten = mdl_slice(sample, 10);
	struct mdl_cursor be = mdl_cursor(ten), le = mdl_cursor(ten);
	assert_true(mdl_cursor_be(&be, 10) == 0x030405060708090aU);
	assert_true(mdl_cursor_le(&le, 10) == 0x0807060504030201U);
	assert_int_equal(mdl_cursor_left(&be), 0);
	assert_int_equal(mdl_cursor_left(&le), 0);
}

/* Reads of every kind, in a row; the bytes they need together. */
enum { RUN = 1 + 2 + 2 + 4 + 4 + 3 + 3 };

static struct mdl_slice run(struct mdl_cursor *c)
{
	mdl_cursor_u8(c);
	mdl_cursor_be16(c);
	mdl_cursor_le16(c);
	mdl_cursor_be32(c);
	mdl_cursor_le32(c);
	mdl_cursor_skip(c, 3);
	return mdl_cursor_take(c, 3);
}

static void test_every_truncation(void **state)
{
	(void)state;
	for (size_t n = 0; n <= RUN; n++) {
		uint8_t *p = exact(n);
		struct mdl_cursor c = mdl_cursor(mdl_slice(p, n));
		struct mdl_slice last = run(&c);
		assert_int_equal(c.err, n == RUN ? MDL_OK : MDL_EMALFORMED);
		assert_int_equal(last.n, n == RUN ? 3 : 0);
		assert_true(last.p == NULL || n == RUN);
		free(p);
	}
}

static void test_the_first_error_sticks(void **state)
{
	(void)state;
	struct mdl_cursor c = mdl_cursor(mdl_slice(sample, 3));
	assert_int_equal(mdl_cursor_be32(&c), 0);
	assert_int_equal(c.err, MDL_EMALFORMED);
	assert_int_equal(mdl_cursor_off(&c), 0);
	assert_int_equal(mdl_cursor_u8(&c), 0);
	assert_int_equal(mdl_cursor_be16(&c), 0);
	assert_int_equal(mdl_cursor_le(&c, 1), 0);
	assert_null(mdl_cursor_take(&c, 1).p);
	assert_null(mdl_cursor_rest(&c).p);
	mdl_cursor_skip(&c, 1);
	mdl_cursor_seek(&c, 2);
	assert_int_equal(mdl_cursor_off(&c), 0);
	assert_true(mdl_cursor_short(&c, 0));
	c.err = MDL_ELIMIT;
	assert_true(mdl_cursor_short(&c, 100));
	assert_int_equal(c.err, MDL_ELIMIT);
}

static void test_nothing_to_read(void **state)
{
	(void)state;
	struct mdl_cursor c = mdl_cursor(mdl_slice(NULL, 0));
	assert_int_equal(mdl_cursor_left(&c), 0);
	assert_int_equal(mdl_cursor_off(&c), 0);
	assert_int_equal(mdl_cursor_take(&c, 0).n, 0);
	assert_int_equal(mdl_cursor_rest(&c).n, 0);
	mdl_cursor_skip(&c, 0);
	mdl_cursor_seek(&c, 0);
	struct mdl_cursor b = mdl_cursor_block(&c, 0);
	assert_int_equal(b.err, MDL_OK);
	assert_int_equal(c.err, MDL_OK);
	mdl_cursor_u8(&c);
	assert_int_equal(c.err, MDL_EMALFORMED);
}

static void test_rest(void **state)
{
	(void)state;
	struct mdl_cursor c = mdl_cursor(mdl_slice(sample, 5));
	mdl_cursor_skip(&c, 2);
	struct mdl_slice rest = mdl_cursor_rest(&c);
	assert_ptr_equal(rest.p, sample + 2);
	assert_int_equal(rest.n, 3);
	assert_int_equal(mdl_cursor_rest(&c).n, 0);
	assert_int_equal(c.err, MDL_OK);
}

static void test_a_block_ends_where_it_should(void **state)
{
	(void)state;
	struct mdl_cursor c = mdl_cursor(mdl_slice(sample, 8));
	mdl_cursor_skip(&c, 2);
	struct mdl_cursor b = mdl_cursor_block(&c, 4);
	assert_int_equal(mdl_cursor_off(&c), 6);
	assert_int_equal(mdl_cursor_off(&b), 2);
	assert_int_equal(mdl_cursor_left(&b), 4);
	assert_int_equal(mdl_cursor_be32(&b), 0x03040506);
	mdl_cursor_u8(&b);
	assert_int_equal(b.err, MDL_EMALFORMED);
	assert_int_equal(c.err, MDL_OK);
}

static void test_a_block_too_long_fails_both(void **state)
{
	(void)state;
	struct mdl_cursor c = mdl_cursor(mdl_slice(sample, 8));
	mdl_cursor_skip(&c, 2);
	struct mdl_cursor b = mdl_cursor_block(&c, 7);
	assert_int_equal(c.err, MDL_EMALFORMED);
	assert_int_equal(b.err, MDL_EMALFORMED);
	assert_int_equal(mdl_cursor_left(&b), 0);
	assert_int_equal(mdl_cursor_u8(&b), 0);
}

static void test_seek_within_the_message(void **state)
{
	(void)state;
	struct mdl_cursor c = mdl_cursor(mdl_slice(sample, 4));
	mdl_cursor_seek(&c, 4);
	assert_int_equal(mdl_cursor_left(&c), 0);
	mdl_cursor_seek(&c, 1);
	assert_int_equal(mdl_cursor_u8(&c), 2);
	mdl_cursor_seek(&c, 5);
	assert_int_equal(c.err, MDL_EMALFORMED);
}

static void test_sizes_near_the_greatest_do_not_wrap(void **state)
{
	(void)state;
	for (size_t back = 0; back < 32; back++) {
		struct mdl_cursor c = mdl_cursor(mdl_slice(sample, sizeof(sample)));
		mdl_cursor_skip(&c, 10);
		mdl_cursor_skip(&c, SIZE_MAX - back);
		assert_int_equal(c.err, MDL_EMALFORMED);
		assert_int_equal(mdl_cursor_off(&c), 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_of_long_numbers_the_lowest_bytes_count),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_the_first_error_sticks),
		cmocka_unit_test(test_nothing_to_read),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_a_block_ends_where_it_should),
		cmocka_unit_test(test_a_block_too_long_fails_both),
		cmocka_unit_test(test_seek_within_the_message),
		cmocka_unit_test(test_sizes_near_the_greatest_do_not_wrap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
