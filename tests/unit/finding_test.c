#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/finding.h"

static void test_init(void **state)
{
	(void)state;
	struct mdl_finding f;
	mdl_finding_init(&f, MDL_HIGH, "crash", "signal %d in %s", 11, "parse");
	assert_int_equal(f.severity, MDL_HIGH);
	assert_string_equal(f.kind, "crash");
	assert_string_equal(f.title, "signal 11 in parse");
	assert_true(f.signature == 0);
	assert_string_equal(mdl_buf_text(&f.evidence), "");
	assert_int_equal(mdl_buf_printf(&f.evidence, "stack"), MDL_OK);
	mdl_finding_fini(&f);
	assert_string_equal(mdl_buf_text(&f.evidence), "");
}

static void test_long_words_are_cut(void **state)
{
	(void)state;
	struct mdl_finding f;
	mdl_finding_init(&f, MDL_LOW, "a kind of finding with far too many words", "%300s", "x");
	assert_int_equal(strlen(f.kind), MDL_FINDING_KIND - 1);
	assert_int_equal(strlen(f.title), MDL_FINDING_TITLE - 1);
	mdl_finding_fini(&f);
}

static void test_severities_have_names(void **state)
{
	(void)state;
	assert_string_equal(mdl_severity_text(MDL_INFO_ONLY), "info");
	assert_string_equal(mdl_severity_text(MDL_LOW), "low");
	assert_string_equal(mdl_severity_text(MDL_MEDIUM), "medium");
	assert_string_equal(mdl_severity_text(MDL_HIGH), "high");
	assert_string_equal(mdl_severity_text(MDL_CRITICAL), "critical");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_init),
		cmocka_unit_test(test_long_words_are_cut),
		cmocka_unit_test(test_severities_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
