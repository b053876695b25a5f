#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/cursor.h"
#include "core/writer.h"
#include "support/alloc.h"

static void test_bytes_in_their_order(void **state)
{
	(void)state;
	struct mdl_buf b;
	mdl_buf_init(&b, 64);
	struct mdl_writer w = mdl_writer(&b);
	mdl_writer_u8(&w, 0x01);
	mdl_writer_be16(&w, 0x0203);
	mdl_writer_be32(&w, 0x04050607);
	mdl_writer_be(&w, 0xff08090aU, 3);
	mdl_writer_le(&w, 0xff0d0c0bU, 3);
	mdl_writer_bytes(&w, MDL_LIT("\x0e\x0f"));
	mdl_writer_fill(&w, 0x10, 2);
	mdl_writer_fill(&w, 0x11, 0);
	static const uint8_t expected[] = { 1,	2,  3,	4,  5,	6,  7,	8, 9,
					    10, 11, 12, 13, 14, 15, 16, 16 };
	assert_int_equal(w.err, MDL_OK);
	assert_int_equal(b.n, sizeof(expected));
	assert_memory_equal(b.p, expected, sizeof(expected));
	mdl_buf_fini(&b);
}

static void test_mirrors_the_cursor(void **state)
{
	(void)state;
	for (size_t n = 1; n <= 8; n++) {
		uint64_t v = 0xf1e2d3c4b5a69788U >> (64 - 8 * n);
		struct mdl_buf b;
		mdl_buf_init(&b, 64);
		struct mdl_writer w = mdl_writer(&b);
		mdl_writer_be(&w, v, n);
		mdl_writer_le(&w, v, n);
		struct mdl_cursor c = mdl_cursor(mdl_buf_slice(&b));
		assert_true(mdl_cursor_be(&c, n) == v);
		assert_true(mdl_cursor_le(&c, n) == v);
		assert_true(mdl_get_be(b.p, n) == v);
		assert_true(mdl_get_le(b.p + n, n) == v);
		mdl_put_be(b.p, v + 1, n);
		mdl_put_le(b.p + n, v + 1, n);
		assert_true(mdl_get_be(b.p, n) == v + 1);
		assert_true(mdl_get_le(b.p + n, n) == v + 1);
		mdl_buf_fini(&b);
	}
}

static void test_a_hole_gets_the_length_behind_it(void **state)
{
	(void)state;
	struct mdl_buf b;
	mdl_buf_init(&b, 64);
	struct mdl_writer w = mdl_writer(&b);
	mdl_writer_u8(&w, 'a');
	size_t outer = mdl_writer_hole(&w, 2);
	size_t inner = mdl_writer_hole(&w, 1);
	mdl_writer_bytes(&w, MDL_LIT("xyz"));
	mdl_writer_close(&w, inner, 1);
	mdl_writer_close(&w, outer, 2);
	size_t empty = mdl_writer_hole(&w, 8);
	mdl_writer_close(&w, empty, 8);
	assert_int_equal(w.err, MDL_OK);
	assert_int_equal(b.n, 15);
	assert_memory_equal(b.p, "a\0\4\3xyz\0\0\0\0\0\0\0\0", 15);
	mdl_buf_fini(&b);
}

static void test_a_length_that_just_fits_and_one_more(void **state)
{
	(void)state;
	for (size_t n = 0xff; n <= 0x100; n++) {
		struct mdl_buf b;
		mdl_buf_init(&b, 1024);
		struct mdl_writer w = mdl_writer(&b);
		size_t at = mdl_writer_hole(&w, 1);
		mdl_writer_fill(&w, 'x', n);
		mdl_writer_close(&w, at, 1);
		assert_int_equal(w.err, n == 0xff ? MDL_OK : MDL_ELIMIT);
		assert_int_equal(b.p[0], n == 0xff ? 0xff : 0);
		mdl_buf_fini(&b);
	}
}

static void test_the_first_error_sticks(void **state)
{
	(void)state;
	struct mdl_buf b;
	mdl_buf_init(&b, 4);
	struct mdl_writer w = mdl_writer(&b);
	mdl_writer_be16(&w, 0x4142);
	mdl_writer_be32(&w, 1);
	assert_int_equal(w.err, MDL_ELIMIT);
	mdl_writer_u8(&w, 'x');
	mdl_writer_fill(&w, 'x', 1);
	mdl_writer_bytes(&w, MDL_LIT("x"));
	size_t at = mdl_writer_hole(&w, 1);
	mdl_writer_close(&w, at, 1);
	assert_int_equal(w.err, MDL_ELIMIT);
	assert_string_equal(mdl_buf_text(&b), "AB");
	mdl_buf_fini(&b);
}

static void fail_somewhere(void)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 4096);
	struct mdl_writer w = mdl_writer(&b);
	size_t at = mdl_writer_hole(&w, 2);
	mdl_writer_fill(&w, 'x', 100);
	mdl_writer_be32(&w, 1);
	mdl_writer_fill(&w, 'x', 1000);
	mdl_writer_close(&w, at, 2);
	assert_true(w.err == MDL_OK ? b.n == 1106 : w.err == MDL_ENOMEM);
	mdl_buf_fini(&b);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes_in_their_order),
		cmocka_unit_test(test_mirrors_the_cursor),
		cmocka_unit_test(test_a_hole_gets_the_length_behind_it),
		cmocka_unit_test(test_a_length_that_just_fits_and_one_more),
		cmocka_unit_test(test_the_first_error_sticks),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
