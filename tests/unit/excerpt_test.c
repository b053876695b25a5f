#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "replay/excerpt.h"
#include "replay/files.h"
#include "support/alloc.h"

static char path[] = "/tmp/excerpt-XXXXXX";

static void write_text(struct mdl_slice s)
{
	assert_int_equal(file_write(path, s, false, NULL), MDL_OK);
}

static void test_short(void **state)
{
	(void)state;
	struct excerpt e;
	write_text(MDL_LIT("0123456789"));
	assert_int_equal(excerpt_read(path, 6, 4, &e), MDL_OK);
	assert_string_equal(mdl_buf_text(&e.head), "0123456789");
	assert_int_equal(e.tail.n + e.left_out, 0);
	assert_int_equal(e.size, 10);
	excerpt_fini(&e);
}

static void test_long(void **state)
{
	(void)state;
	struct excerpt e;
	write_text(MDL_LIT("0123456789abcdef"));
	assert_int_equal(excerpt_read(path, 5, 4, &e), MDL_OK);
	assert_string_equal(mdl_buf_text(&e.head), "01234");
	assert_string_equal(mdl_buf_text(&e.tail), "cdef");
	assert_int_equal(e.left_out, 7);
	excerpt_fini(&e);
}

static void test_tail_begins_with_a_line(void **state)
{
	(void)state;
	struct excerpt e;
	write_text(MDL_LIT("one\ntwo\nthree\nfour\n"));
	assert_int_equal(excerpt_read(path, 4, 9, &e), MDL_OK);
	assert_string_equal(mdl_buf_text(&e.head), "one\n");
	assert_string_equal(mdl_buf_text(&e.tail), "four\n");
	assert_int_equal(e.left_out, 10);
	excerpt_fini(&e);
}

static void test_not_there(void **state)
{
	(void)state;
	struct excerpt e;
	assert_int_equal(excerpt_read("/tmp/no/such/file", 4, 4, &e), MDL_ENOTFOUND);
	assert_int_equal(excerpt_read("/tmp", 4, 4, &e), MDL_EIO);
	assert_int_equal(excerpt_read("/dev/zero", 4, 4, &e), MDL_EIO);
	excerpt_fini(&e);
}

static void test_no_memory(void **state)
{
	(void)state;
	write_text(MDL_LIT("0123456789abcdef"));
	ALLOC_FAIL_EACH({
		struct excerpt e;
		mdl_err err = excerpt_read(path, 5, 4, &e);
		assert_int_equal(err, alloc_failed() ? MDL_ENOMEM : MDL_OK);
		excerpt_fini(&e);
	});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_tail_begins_with_a_line),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_no_memory),
	};
	int fd = mkstemp(path);
	if (fd < 0)
		return 1;
	close(fd);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return failed;
}
