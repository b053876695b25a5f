#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"

static void test_every_error_is_negative_and_has_its_own_text(void **state)
{
	(void)state;
	static const mdl_err all[] = {
#define X(name, text) MDL_##name,
		MDL_ERR_MAP(X)
#undef X
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		assert_true(all[i] < 0);
		assert_string_not_equal(mdl_err_text(all[i]), "unknown error");
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(mdl_err_text(all[i]), mdl_err_text(all[j]));
	}
	assert_int_equal(MDL_OK, 0);
	assert_string_equal(mdl_err_text(MDL_OK), "no error");
}

static void test_any_number_has_a_text(void **state)
{
	(void)state;
	assert_string_equal(mdl_err_text((mdl_err)1), "unknown error");
	assert_string_equal(mdl_err_text((mdl_err)-1), "unknown error");
	assert_string_equal(mdl_err_text(MDL_ERR_FIRST), "unknown error");
}

static void test_fail_writes_the_sentence_and_returns_the_error(void **state)
{
	(void)state;
	struct mdl_why why = { "" };
	assert_int_equal(mdl_fail(&why, MDL_EIO, "%s: port %d", "x", 53), MDL_EIO);
	assert_string_equal(why.text, "x: port 53");
	assert_int_equal(mdl_fail(NULL, MDL_EBUSY, "nobody asks"), MDL_EBUSY);
}

static void test_long_sentences_are_cut(void **state)
{
	(void)state;
	struct mdl_why why;
	memset(&why, 'x', sizeof(why));
	mdl_fail(&why, MDL_EIO, "%600s", "end");
	assert_int_equal(strlen(why.text), sizeof(why.text) - 1);
}

static void test_prefix_stands_before(void **state)
{
	(void)state;
	struct mdl_why why;
	mdl_fail(&why, MDL_EIO, "no such file");
	mdl_why_prefix(&why, "%s:%d", "a.yaml", 3);
	assert_string_equal(why.text, "a.yaml:3: no such file");
	mdl_why_prefix(&why, "%s", "");
	assert_string_equal(why.text, ": a.yaml:3: no such file");
	mdl_why_prefix(NULL, "nobody asks");
}

static void test_prefix_of_any_length(void **state)
{
	(void)state;
	for (int n = (int)sizeof(struct mdl_why) - 8; n < (int)sizeof(struct mdl_why) + 8; n++) {
		struct mdl_why why;
		mdl_fail(&why, MDL_EIO, "no such file");
		mdl_why_prefix(&why, "%*s", n, "p");
		assert_true(strlen(why.text) <= sizeof(why.text) - 1);
		assert_int_equal(why.text[100], ' ');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_error_is_negative_and_has_its_own_text),
		cmocka_unit_test(test_any_number_has_a_text),
		cmocka_unit_test(test_fail_writes_the_sentence_and_returns_the_error),
		cmocka_unit_test(test_long_sentences_are_cut),
		cmocka_unit_test(test_prefix_stands_before),
		cmocka_unit_test(test_prefix_of_any_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
