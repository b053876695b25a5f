#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocols/mutate.h"
#include "support/alloc.h"
#include "support/toy.h"

/* A dictionary of one toy message. */
struct harvest {
	struct mdl_ctx *x;
	struct mdl_trace *t;
	struct mdl_seed *seed;
	struct mdl_dict *d;
};

static mdl_err open_harvest(struct harvest *h)
{
	*h = (struct harvest){ 0 };
	mdl_err err = mdl_ctx_new(&toy, MDL_DGRAM, NULL, &h->x, NULL);
	h->t = mdl_trace_new();
	h->d = mdl_dict_new();
	if (err != MDL_OK || h->t == NULL || h->d == NULL)
		return MDL_ENOMEM;
	err = mdl_trace_add(h->t, MDL_C2S, 0, mdl_slice(toy_sample, sizeof(toy_sample)));
	if (err == MDL_OK && (h->seed = mdl_seed_new(h->x, h->t)) == NULL)
		err = MDL_ENOMEM;
	return err == MDL_OK ? mdl_dict_harvest(h->d, h->seed) : err;
}

static void close_harvest(struct harvest *h)
{
	mdl_seed_free(h->seed);
	mdl_dict_free(h->d);
	mdl_trace_free(h->t);
	mdl_ctx_free(h->x);
}

static bool ever(const struct mdl_dict *d, const struct mdl_field_def *def, const char *text)
{
	struct mdl_rng r = mdl_rng(1);
	for (int i = 0; i < 200; i++)
		if (mdl_slice_is(def == NULL ? mdl_dict_any(d, &r) : mdl_dict_field(d, def, &r),
				 text))
			return true;
	return false;
}

static void test_values_by_field(void **state)
{
	(void)state;
	struct harvest h;
	struct mdl_rng r = mdl_rng(1);
	assert_int_equal(open_harvest(&h), MDL_OK);
	assert_true(ever(h.d, &toy.fields[ITEM_DATA], "a"));
	assert_true(ever(h.d, &toy.fields[ITEM_DATA], "bc"));
	assert_false(ever(h.d, &toy.fields[ITEM_DATA], "")); /* nothing to learn from */
	/* what only says how long or where, and bits, which share their bytes with others */
	static const uint16_t passed_over[] = { TOTAL, COUNT_OF, ITEM_LEN, POINTER, HIGH, LOW };
	for (size_t i = 0; i < MDL_COUNT(passed_over); i++)
		assert_int_equal(mdl_dict_field(h.d, &toy.fields[passed_over[i]], &r).n, 0);
	size_t n = mdl_dict_count(h.d);
	assert_int_equal(mdl_dict_harvest(h.d, h.seed), MDL_OK);
	assert_int_equal(mdl_dict_count(h.d), n); /* nothing is kept twice */
	close_harvest(&h);
}

static void test_tokens(void **state)
{
	(void)state;
	static const uint8_t long_one[513];
	struct mdl_dict *d = mdl_dict_new();
	struct mdl_rng r = mdl_rng(1);
	assert_int_equal(mdl_dict_any(d, &r).n, 0);
	assert_int_equal(mdl_dict_add(d, MDL_LIT("token")), MDL_OK);
	assert_int_equal(mdl_dict_add(d, MDL_LIT("token")), MDL_OK);
	assert_int_equal(mdl_dict_add(d, MDL_LIT("")), MDL_OK);
	assert_int_equal(mdl_dict_add(d, mdl_slice(long_one, sizeof(long_one))), MDL_OK);
	assert_int_equal(mdl_dict_count(d), 1);
	assert_int_equal(mdl_dict_add(d, mdl_slice(long_one, sizeof(long_one) - 1)), MDL_OK);
	assert_int_equal(mdl_dict_count(d), 2);
	assert_true(ever(d, NULL, "token"));
	assert_int_equal(mdl_dict_field(d, &toy.fields[ITEM_DATA], &r).n, 0);
	mdl_dict_free(d);
	mdl_dict_free(NULL);
}

/* The same value of another field is another value there, in a bounded number in all. */
static void test_bounds(void **state)
{
	(void)state;
	enum { MOST = 1 << 16 };
	struct mdl_dict *d = mdl_dict_new();
	for (uint32_t i = 0; i < MOST + 100; i++)
		assert_int_equal(mdl_dict_add(d, mdl_slice(&i, sizeof(i))), MDL_OK);
	assert_int_equal(mdl_dict_count(d), MOST);
	mdl_dict_free(d);
}

static void fail_somewhere(void)
{
	struct harvest h;
	mdl_err err = open_harvest(&h);
	if (err == MDL_OK)
		err = mdl_dict_add(h.d, MDL_LIT("token"));
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	close_harvest(&h);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_by_field),
		cmocka_unit_test(test_tokens),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
