#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "protocols/pair.h"
#include "support/alloc.h"

static void ask(struct mdl_pairs *p, uint64_t key, uint64_t token)
{
	struct mdl_request req = { key, token, (mdl_time)token * MDL_SEC };
	assert_int_equal(mdl_pairs_open(p, &req, NULL), MDL_OK);
}

/* The token of what is given; 0: nothing is. */
static uint64_t taken(struct mdl_pairs *p, uint64_t key)
{
	struct mdl_request r;
	return mdl_pairs_take(p, key, &r) ? r.token : 0;
}

static uint64_t claimed(struct mdl_pairs *p, uint64_t key)
{
	struct mdl_request r;
	return mdl_pairs_claim(p, key, &r) ? r.token : 0;
}

static void test_take(void **state)
{
	(void)state;
	struct mdl_pairs *p = mdl_pairs_new(100);
	struct mdl_request r;
	assert_false(mdl_pairs_peek(p, 1, &r));
	ask(p, 1, 10);
	ask(p, 2, 20);
	ask(p, 1, 11);
	ask(p, 0, 30);
	assert_int_equal(mdl_pairs_count(p), 4);
	assert_true(mdl_pairs_peek(p, 1, &r));
	assert_int_equal(r.token, 10);
	assert_true(r.at == 10 * MDL_SEC);
	assert_int_equal(taken(p, 1), 10);
	assert_int_equal(taken(p, 1), 11);
	assert_int_equal(taken(p, 1), 0);
	assert_int_equal(taken(p, 0), 30);
	assert_int_equal(taken(p, 2), 20);
	assert_int_equal(mdl_pairs_count(p), 0);
	mdl_pairs_free(p);
	mdl_pairs_free(NULL);
}

static void test_claim(void **state)
{
	(void)state;
	struct mdl_pairs *p = mdl_pairs_new(100);
	ask(p, 1, 10);
	ask(p, 1, 11);
	assert_int_equal(claimed(p, 2), 0);
	assert_int_equal(claimed(p, 1), 10);
	assert_int_equal(claimed(p, 1), 11);
	assert_int_equal(claimed(p, 1), 11); /* an answer in several messages */
	assert_int_equal(claimed(p, 1), 11);
	assert_int_equal(mdl_pairs_count(p), 1);
	ask(p, 1, 12); /* what was answered is over */
	assert_int_equal(mdl_pairs_count(p), 1);
	assert_int_equal(claimed(p, 1), 12);
	assert_int_equal(taken(p, 1), 12);
	assert_int_equal(claimed(p, 1), 0);
	mdl_pairs_free(p);
}

static void test_keys_are_whole(void **state)
{
	struct mdl_pairs *p = mdl_pairs_new(10);
	(void)state;
	ask(p, 0, 1);
	ask(p, UINT64_C(0x0000000500000005), 2);
	assert_int_equal(taken(p, UINT64_C(0x0000000700000007)), 0);
	assert_int_equal(taken(p, UINT64_C(0x0000000500000005)), 2);
	assert_int_equal(taken(p, 0), 1);
	mdl_pairs_free(p);
}

static void test_the_oldest_goes(void **state)
{
	(void)state;
	struct mdl_pairs *p = mdl_pairs_new(2);
	struct mdl_request lost = { 9, 9, 9 };
	assert_int_equal(mdl_pairs_open(p, &(struct mdl_request){ 1, 10, 0 }, &lost), MDL_OK);
	assert_int_equal(lost.token, 0);
	ask(p, 2, 20);
	assert_int_equal(mdl_pairs_open(p, &(struct mdl_request){ 3, 30, 0 }, &lost), MDL_OK);
	assert_int_equal(lost.token, 10);
	assert_int_equal(mdl_pairs_count(p), 2);
	assert_int_equal(taken(p, 1), 0);
	assert_int_equal(taken(p, 3), 30);
	mdl_pairs_free(p);
}

static void test_expire(void **state)
{
	(void)state;
	struct mdl_pairs *p = mdl_pairs_new(100);
	struct mdl_request r;
	assert_false(mdl_pairs_expire(p, MDL_NEVER, &r));
	ask(p, 1, 10);
	ask(p, 2, 11);
	ask(p, 1, 12);
	assert_false(mdl_pairs_expire(p, 10 * MDL_SEC, &r));
	assert_true(mdl_pairs_expire(p, 12 * MDL_SEC, &r));
	assert_int_equal(r.token, 10);
	assert_true(mdl_pairs_expire(p, 12 * MDL_SEC, &r));
	assert_int_equal(r.token, 11);
	assert_false(mdl_pairs_expire(p, 12 * MDL_SEC, &r));
	assert_int_equal(taken(p, 1), 12);
	mdl_pairs_free(p);
}

/* Everything asked before anything is answered, under one key: what is answered does not pile up. */
static void test_many_of_one_key(void **state)
{
	(void)state;
	enum { MANY = 100000 };
	struct mdl_pairs *p = mdl_pairs_new(SIZE_MAX);
	for (uint64_t i = 1; i <= MANY; i++)
		ask(p, 0, i);
	for (uint64_t i = 1; i <= MANY; i++) {
		assert_int_equal(claimed(p, 0), i);
		assert_int_equal(mdl_pairs_count(p), MANY + 1 - i);
	}
	mdl_pairs_free(p);
}

static void fail_somewhere(void)
{
	struct mdl_pairs *p = mdl_pairs_new(2);
	for (uint64_t i = 1; p != NULL && i <= 4; i++) {
		size_t before = mdl_pairs_count(p);
		struct mdl_request req = { i % 3, i, 0 };
		mdl_err err = mdl_pairs_open(p, &req, NULL);
		assert_true(err == MDL_OK || err == MDL_ENOMEM);
		assert_true(mdl_pairs_count(p) <= (before < 2 ? before + 1 : 2));
	}
	mdl_pairs_free(p);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take),
		cmocka_unit_test(test_claim),
		cmocka_unit_test(test_keys_are_whole),
		cmocka_unit_test(test_the_oldest_goes),
		cmocka_unit_test(test_expire),
		cmocka_unit_test(test_many_of_one_key),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
