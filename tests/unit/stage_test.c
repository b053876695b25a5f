#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/stage.h"
#include "support/alloc.h"

/* The result of making the stage `name` from the value of the key `options` in YAML. */
static mdl_err make(const char *name, const char *yaml, struct mdl_why *why)
{
	struct mdl_conf *root;
	struct stage *s = NULL;
	mdl_err err = mdl_conf_parse(mdl_slice_str(yaml), "x.yaml", &root, why);
	if (err != MDL_OK)
		return err;
	err = stage_new(name, mdl_conf_get(root, "options"), &s, why);
	assert_true((err == MDL_OK) == (s != NULL));
	stage_free(s);
	mdl_conf_free(root);
	return err;
}

static void test_by_name(void **state)
{
	(void)state;
	struct mdl_why why;
	assert_int_equal(make("impair", "", &why), MDL_OK);
	assert_int_equal(make("impair", "options:", &why), MDL_OK);
	assert_int_equal(make("impair", "options: { loss: 2% }", &why), MDL_OK);
	assert_int_equal(make("impaired", "", &why), MDL_ENOTFOUND);
	assert_string_equal(why.text, "there is no stage \"impaired\"; did you mean impair?");
	assert_int_equal(make("x", "", &why), MDL_ENOTFOUND);
	assert_string_equal(why.text, "there is no stage \"x\"");
}

static void test_wrong_options(void **state)
{
	(void)state;
	struct mdl_why why;
	assert_int_equal(make("impair", "options: { los: 2% }", &why), MDL_EINVAL);
	assert_string_equal(why.text, "x.yaml:1:12: unknown key \"los\"; did you mean loss?");
	assert_int_equal(make("impair", "options: [loss]", &why), MDL_EINVAL);
	assert_int_equal(make("impair", "options: loss", &why), MDL_EINVAL);
	assert_int_equal(make("impair", "options: { delay: 1ms, jitter: 2ms }", &why), MDL_EINVAL);
	assert_string_equal(why.text, "impair: jitter: expected at most the delay");
	assert_int_equal(make("impair", "options: { delay: 2h }", &why), MDL_EINVAL);
	assert_string_equal(why.text, "impair: delay: expected at most 1h");
}

/* What every stage in the list has to say of itself; and its presets are right. */
static void test_list(void **state)
{
	(void)state;
	for (const struct stage_ops *const *ops = stage_list(); *ops != NULL; ops++) {
		struct stage *s;
		assert_non_null((*ops)->name);
		assert_non_null((*ops)->summary);
		assert_non_null((*ops)->on_msg);
		assert_true((*ops)->size >= sizeof(struct stage));
		assert_true(((*ops)->due == NULL) == ((*ops)->run == NULL));
		assert_int_equal(stage_make(*ops, &s, NULL), MDL_OK);
		assert_null(s->flow);
		stage_free(s);
	}
	stage_free(NULL);
}

static void out_of_memory(void)
{
	struct stage *s = NULL;
	mdl_err err = stage_new("impair", NULL, &s, NULL);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	stage_free(s);
}

static void test_no_memory(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(out_of_memory());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_name),
		cmocka_unit_test(test_wrong_options),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
