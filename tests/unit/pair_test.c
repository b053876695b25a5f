#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocols/pair.h"
#include "support/alloc.h"

static void open_one(struct mdl_pairs *p, uint64_t key, uint64_t token)
{
	struct mdl_request req = { .key = key, .token = token, .at = (mdl_time)token };
	assert_int_equal(mdl_pairs_open(p, &req, NULL), MDL_OK);
}

static uint64_t claimed(struct mdl_pairs *p, uint64_t key)
{
	struct mdl_request req;
	return mdl_pairs_claim(p, key, &req) ? req.token : 0;
}

static uint64_t taken(struct mdl_pairs *p, uint64_t key)
{
	struct mdl_request req;
	return mdl_pairs_take(p, key, &req) ? req.token : 0;
}

static void test_oldest_of_a_key_first(void **state)
{
	struct mdl_pairs *p = mdl_pairs_new(10);
	(void)state;
	open_one(p, 7, 1);
	open_one(p, 8, 2);
	open_one(p, 7, 3);
	assert_int_equal(mdl_pairs_count(p), 3);
	assert_int_equal(taken(p, 7), 1);
	assert_int_equal(taken(p, 7), 3);
	assert_int_equal(taken(p, 7), 0);
	assert_int_equal(taken(p, 8), 2);
	assert_int_equal(mdl_pairs_count(p), 0);
	mdl_pairs_free(p);
}

/* Several answers to one request; it is over when the same is asked again. */
static void test_claims_stay_until_asked_again(void **state)
{
	struct mdl_pairs *p = mdl_pairs_new(10);
	(void)state;
	open_one(p, 7, 1);
	open_one(p, 7, 2);
	assert_int_equal(claimed(p, 7), 1);
	assert_int_equal(claimed(p, 7), 2);
	assert_int_equal(claimed(p, 7), 2);
	open_one(p, 8, 9);
	open_one(p, 7, 3);
	assert_int_equal(mdl_pairs_count(p), 2);
	assert_int_equal(claimed(p, 7), 3);
	open_one(p, 8, 10); /* not answered, so it stays in front */
	assert_int_equal(claimed(p, 8), 9);
	open_one(p, 8, 11); /* the answered one is over, the other is not */
	assert_int_equal(claimed(p, 8), 10);
	mdl_pairs_free(p);
}

/* Keys that share their lower half fall into one bucket, and are told apart all the same. */
static void test_keys_are_whole(void **state)
{
	struct mdl_pairs *p = mdl_pairs_new(10);
	(void)state;
	open_one(p, 0, 1);
	open_one(p, UINT64_C(0x0000000500000005), 2);
	assert_int_equal(taken(p, UINT64_C(0x0000000700000007)), 0);
	assert_int_equal(taken(p, UINT64_C(0x0000000500000005)), 2);
	assert_int_equal(taken(p, 0), 1);
	mdl_pairs_free(p);
}

static void test_full_loses_the_oldest(void **state)
{
	struct mdl_pairs *p = mdl_pairs_new(2);
	struct mdl_request lost, req = { .key = 7, .token = 3 };
	(void)state;
	open_one(p, 7, 1);
	open_one(p, 8, 2);
	assert_int_equal(mdl_pairs_open(p, &req, &lost), MDL_OK);
	assert_int_equal(lost.token, 1);
	assert_int_equal(mdl_pairs_count(p), 2);
	assert_int_equal(taken(p, 7), 3);
	mdl_pairs_free(p);
}

static void test_old_ones_expire(void **state)
{
	struct mdl_pairs *p = mdl_pairs_new(10);
	struct mdl_request req;
	(void)state;
	open_one(p, 7, 1);
	open_one(p, 7, 5);
	assert_true(mdl_pairs_expire(p, 4, &req));
	assert_int_equal(req.token, 1);
	assert_false(mdl_pairs_expire(p, 4, &req));
	assert_int_equal(taken(p, 7), 5);
	mdl_pairs_free(p);
}

static void open_with_little_memory(void)
{
	struct mdl_request req = { .key = 7, .token = 1 };
	struct mdl_pairs *p = mdl_pairs_new(10);
	mdl_err err = p == NULL ? MDL_ENOMEM : mdl_pairs_open(p, &req, NULL);
	assert_int_equal(err, alloc_failed() ? MDL_ENOMEM : MDL_OK);
	if (p != NULL)
		assert_int_equal(mdl_pairs_count(p), alloc_failed() ? 0 : 1);
	mdl_pairs_free(p);
}

static void test_memory_runs_out(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(open_with_little_memory());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oldest_of_a_key_first),
		cmocka_unit_test(test_claims_stay_until_asked_again),
		cmocka_unit_test(test_keys_are_whole),
		cmocka_unit_test(test_full_loses_the_oldest),
		cmocka_unit_test(test_old_ones_expire),
		cmocka_unit_test(test_memory_runs_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
