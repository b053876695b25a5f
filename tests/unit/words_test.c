#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "replay/words.h"
#include "support/alloc.h"

static const char *const words[] = { "./server", "--port={port}", "two words", "it's",
				     "",	 "$HOME",	  "a\nb",      "*",
				     "-x",	 "\xff\"\\",	  NULL };

static void test_quotes(void **state)
{
	(void)state;
	struct mdl_buf b;
	mdl_buf_init(&b, 1 << 10);
	assert_int_equal(words_join(words, &b), MDL_OK);
	assert_string_equal(mdl_buf_text(&b), "./server '--port={port}' 'two words' 'it'\\''s' '' "
					      "'$HOME' 'a\nb' '*' -x '\xff\"\\'");
	mdl_buf_fini(&b);
}

/* A shell gives back the same words. */
static void test_shell_agrees(void **state)
{
	(void)state;
	struct mdl_buf b;
	char said[256] = "", expected[256] = "";
	mdl_buf_init(&b, 1 << 10);
	assert_int_equal(mdl_buf_printf(&b, "printf '[%%s]' "), MDL_OK);
	assert_int_equal(words_join(words, &b), MDL_OK);
	FILE *f = popen(mdl_buf_text(&b), "r");
	assert_non_null(f);
	size_t n = fread(said, 1, sizeof(said) - 1, f);
	assert_int_equal(pclose(f), 0);
	for (size_t i = 0, at = 0; words[i] != NULL; i++)
		at += (size_t)snprintf(expected + at, sizeof(expected) - at, "[%s]", words[i]);
	assert_string_equal(said, expected);
	assert_int_equal(n, strlen(expected));
	mdl_buf_fini(&b);
}

static void test_no_memory(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH({
		struct mdl_buf b;
		mdl_buf_init(&b, 1 << 10);
		mdl_err err = words_join(words, &b);
		assert_int_equal(err, alloc_failed() ? MDL_ENOMEM : MDL_OK);
		mdl_buf_fini(&b);
	});
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_quotes),
					    cmocka_unit_test(test_shell_agrees),
					    cmocka_unit_test(test_no_memory) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
