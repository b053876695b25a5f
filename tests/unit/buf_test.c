#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/buf.h"
#include "support/alloc.h"

static void assert_holds(const struct mdl_buf *b, const char *text)
{
	assert_string_equal(mdl_buf_text(b), text);
	assert_int_equal(b->n, strlen(text));
	assert_true(b->n <= b->cap || b->p == NULL);
	assert_true(b->n <= b->max);
}

static void fill(struct mdl_buf *b, size_t max, const char *text)
{
	mdl_buf_init(b, max);
	assert_int_equal(mdl_buf_add(b, mdl_slice_str(text)), MDL_OK);
}

static void test_empty(void **state)
{
	(void)state;
	struct mdl_buf b, zero = { 0 };
	mdl_buf_init(&b, 10);
	assert_null(b.p);
	assert_holds(&b, "");
	assert_int_equal(mdl_buf_add(&b, mdl_slice(NULL, 0)), MDL_OK);
	assert_int_equal(mdl_buf_splice(&b, 0, 0, mdl_slice(NULL, 0)), MDL_OK);
	assert_int_equal(mdl_buf_set(&b, mdl_slice(NULL, 0)), MDL_OK);
	mdl_buf_cut(&b, 0);
	mdl_buf_shift(&b, 1);
	assert_null(b.p);
	assert_null(mdl_buf_steal(&b));
	mdl_buf_fini(&b);
	mdl_buf_fini(&zero);
}

static void test_the_ceiling_is_exact(void **state)
{
	(void)state;
	for (size_t max = 1; max < 200; max++) {
		struct mdl_buf b;
		mdl_buf_init(&b, max);
		for (size_t i = 0; i < max; i++)
			assert_int_equal(mdl_buf_put(&b, 'x'), MDL_OK);
		assert_int_equal(mdl_buf_put(&b, 'y'), MDL_ELIMIT);
		assert_int_equal(mdl_buf_add(&b, MDL_LIT("yy")), MDL_ELIMIT);
		assert_int_equal(mdl_buf_printf(&b, "%d", 1), MDL_ELIMIT);
		assert_int_equal(mdl_buf_splice(&b, 0, 0, MDL_LIT("y")), MDL_ELIMIT);
		assert_int_equal(mdl_buf_splice(&b, 0, 1, MDL_LIT("x")), MDL_OK);
		assert_int_equal(mdl_buf_reserve(&b, SIZE_MAX), MDL_ELIMIT);
		assert_int_equal(mdl_buf_reserve(&b, 0), MDL_OK);
		assert_int_equal(b.n, max);
		assert_int_equal(strspn(mdl_buf_text(&b), "x"), max);
		mdl_buf_fini(&b);
	}
}

static void test_grows_by_steps(void **state)
{
	(void)state;
	struct mdl_buf b;
	mdl_buf_init(&b, 1 << 20);
	unsigned moved = 0;
	assert_int_equal(mdl_buf_put(&b, 0), MDL_OK);
	assert_true(b.cap < 1024); /* not the ceiling at once */
	mdl_buf_cut(&b, 0);
	for (size_t i = 0, cap = 0; i < 1 << 20; i++) {
		assert_int_equal(mdl_buf_put(&b, (uint8_t)i), MDL_OK);
		moved += b.cap != cap;
		cap = b.cap;
	}
	assert_true(moved < 24); /* doubles: appending stays linear */
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.p[i], (uint8_t)i);
	assert_int_equal(b.p[b.n], 0);
	mdl_buf_fini(&b);
}

static void test_add_of_own_bytes(void **state)
{
	(void)state;
	struct mdl_buf b;
	fill(&b, 1024, "abcdefgh");
	for (int i = 0; i < 6; i++) /* 8 to 512 bytes: moves several times */
		assert_int_equal(mdl_buf_add(&b, mdl_buf_slice(&b)), MDL_OK);
	assert_int_equal(b.n, 512);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(b.p[i], 'a' + i % 8);
	assert_int_equal(mdl_buf_add(&b, mdl_slice_sub(mdl_buf_slice(&b), 10, 500)), MDL_OK);
	assert_memory_equal(b.p + 512, b.p + 10, 500);
	mdl_buf_fini(&b);
}

static void test_set_keeps_the_old_when_it_fails(void **state)
{
	(void)state;
	struct mdl_buf b;
	fill(&b, 4, "abc");
	assert_int_equal(mdl_buf_set(&b, MDL_LIT("12345")), MDL_ELIMIT);
	assert_holds(&b, "abc");
	assert_int_equal(mdl_buf_set(&b, MDL_LIT("1234")), MDL_OK);
	assert_holds(&b, "1234");
	assert_int_equal(mdl_buf_set(&b, MDL_LIT("")), MDL_OK);
	assert_holds(&b, "");
	mdl_buf_fini(&b);
}

static void test_splice_everywhere(void **state)
{
	(void)state;
	static const char text[] = "abcdef";
	for (size_t off = 0; off <= 6; off++)
		for (size_t len = 0; off + len <= 6; len++)
			for (size_t n = 0; n <= 3; n++) {
				struct mdl_buf b;
				char expected[16];
				fill(&b, 64, text);
				snprintf(expected, sizeof(expected), "%.*s%.*s%s", (int)off, text,
					 (int)n, "xyz", text + off + len);
				assert_int_equal(mdl_buf_splice(&b, off, len, mdl_slice("xyz", n)),
						 MDL_OK);
				assert_holds(&b, expected);
				mdl_buf_fini(&b);
			}
}

static void test_splice_outside(void **state)
{
	(void)state;
	struct mdl_buf b;
	fill(&b, 64, "abc");
	assert_int_equal(mdl_buf_splice(&b, 4, 0, MDL_LIT("x")), MDL_EINVAL);
	assert_int_equal(mdl_buf_splice(&b, 3, 1, MDL_LIT("x")), MDL_EINVAL);
	assert_int_equal(mdl_buf_splice(&b, 0, 4, MDL_LIT("x")), MDL_EINVAL);
	assert_int_equal(mdl_buf_splice(&b, 2, SIZE_MAX, MDL_LIT("x")), MDL_EINVAL);
	assert_int_equal(mdl_buf_splice(&b, SIZE_MAX, 2, MDL_LIT("x")), MDL_EINVAL);
	assert_holds(&b, "abc");
	mdl_buf_fini(&b);
}

static void test_splice_into_nothing(void **state)
{
	(void)state;
	struct mdl_buf b;
	mdl_buf_init(&b, 64);
	assert_int_equal(mdl_buf_splice(&b, 0, 0, MDL_LIT("abc")), MDL_OK);
	assert_holds(&b, "abc");
	mdl_buf_fini(&b);
}

static void test_printf(void **state)
{
	(void)state;
	struct mdl_buf b;
	fill(&b, 1000, "n=");
	assert_int_equal(mdl_buf_printf(&b, "%s", ""), MDL_OK);
	assert_int_equal(mdl_buf_printf(&b, "%d %s", 7, ""), MDL_OK);
	assert_holds(&b, "n=7 ");
	assert_int_equal(mdl_buf_printf(&b, "%*s", 990, "x"), MDL_OK);
	assert_int_equal(b.n, 994);
	assert_int_equal(mdl_buf_printf(&b, "%*s", 7, "x"), MDL_ELIMIT);
	assert_int_equal(b.n, 994);
	assert_int_equal(mdl_buf_printf(&b, "%*s", 6, "x"), MDL_OK);
	assert_int_equal(b.n, 1000);
	mdl_buf_fini(&b);
}

static void test_cut_and_shift(void **state)
{
	(void)state;
	struct mdl_buf b;
	fill(&b, 6, "abcdef"); /* no byte to spare */
	mdl_buf_cut(&b, 7);
	mdl_buf_cut(&b, 6);
	assert_holds(&b, "abcdef");
	mdl_buf_cut(&b, 4);
	assert_holds(&b, "abcd");
	mdl_buf_shift(&b, 0);
	assert_holds(&b, "abcd");
	mdl_buf_shift(&b, 1);
	assert_holds(&b, "bcd");
	mdl_buf_shift(&b, 4);
	assert_holds(&b, "");
	mdl_buf_fini(&b);
}

static void test_steal(void **state)
{
	(void)state;
	struct mdl_buf b;
	fill(&b, 64, "abc");
	char *p = mdl_buf_steal(&b);
	assert_string_equal(p, "abc");
	free(p);
	assert_holds(&b, "");
	assert_int_equal(mdl_buf_add(&b, MDL_LIT("again")), MDL_OK);
	assert_holds(&b, "again");
	mdl_buf_fini(&b);
	assert_int_equal(b.max, 64);
}

static void fail_somewhere(void)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 4096);
	mdl_err err = MDL_OK;
	for (size_t i = 0; i < 64 && err == MDL_OK; i++) {
		size_t n = b.n;
		switch (i % 4) {
		case 0:
			err = mdl_buf_add(&b, MDL_LIT("sixteen letters."));
			break;
		case 1:
			err = mdl_buf_printf(&b, "%016d", 7);
			break;
		case 2:
			err = mdl_buf_splice(&b, n / 2, 0, MDL_LIT("sixteen letters."));
			break;
		default:
			err = mdl_buf_reserve(&b, 500);
		}
		assert_int_equal(b.n, err == MDL_OK && i % 4 != 3 ? n + 16 : n);
	}
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
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
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_the_ceiling_is_exact),
		cmocka_unit_test(test_grows_by_steps),
		cmocka_unit_test(test_add_of_own_bytes),
		cmocka_unit_test(test_set_keeps_the_old_when_it_fails),
		cmocka_unit_test(test_splice_everywhere),
		cmocka_unit_test(test_splice_outside),
		cmocka_unit_test(test_splice_into_nothing),
		cmocka_unit_test(test_printf),
		cmocka_unit_test(test_cut_and_shift),
		cmocka_unit_test(test_steal),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
