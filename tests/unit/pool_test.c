#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/pool.h"
#include "support/alloc.h"

static void test_reuse(void **state)
{
	(void)state;
	struct pool p = { 0 };
	struct mdl_msg *m = pool_make(&p, MDL_C2S, 5, MDL_LIT("long enough for two"));
	assert_non_null(m);
	m->flags = MDL_MSG_RAW;
	m->charge = 7;
	m->next = m;
	const uint8_t *bytes = m->bytes.p;
	pool_put(&p, m);
	struct mdl_msg *again = pool_make(&p, MDL_S2C, 6, MDL_LIT("x"));
	assert_ptr_equal(again, m);
	assert_ptr_equal(again->bytes.p, bytes);
	assert_true(mdl_slice_is(mdl_buf_slice(&again->bytes), "x"));
	assert_int_equal(again->dir, MDL_S2C);
	assert_int_equal(again->at, 6);
	assert_int_equal(again->flags, 0);
	assert_int_equal(again->charge, 0);
	assert_null(again->next);
	assert_int_equal(p.n, 0);
	assert_int_equal(p.bytes, 0);
	pool_put(&p, again);
	pool_put(&p, NULL);
	pool_fini(&p);
}

static void test_without_pool(void **state)
{
	(void)state;
	struct mdl_msg *m = pool_make(NULL, MDL_C2S, 0, MDL_LIT("x"));
	assert_non_null(m);
	pool_put(NULL, m);
}

static void test_bounds(void **state)
{
	(void)state;
	struct pool p = { 0 };
	static uint8_t big[1 << 20];
	struct mdl_msg *many[POOL_MSGS_MAX + 1];
	for (size_t i = 0; i < 12; i++)
		many[i] = pool_make(&p, MDL_C2S, 0, mdl_slice(big, sizeof(big)));
	for (size_t i = 0; i < 12; i++)
		pool_put(&p, many[i]);
	assert_int_equal(p.bytes, POOL_BYTES_MAX);
	pool_fini(&p);
	assert_int_equal(p.bytes, 0);
	for (size_t i = 0; i <= POOL_MSGS_MAX; i++)
		many[i] = pool_make(&p, MDL_C2S, 0, MDL_LIT("x"));
	for (size_t i = 0; i <= POOL_MSGS_MAX; i++)
		pool_put(&p, many[i]);
	assert_int_equal(p.n, POOL_MSGS_MAX);
	pool_fini(&p);
}

static void out_of_memory(void)
{
	struct pool p = { 0 };
	static uint8_t big[4096];
	struct mdl_msg *m = pool_make(&p, MDL_C2S, 0, MDL_LIT("x"));
	pool_put(&p, m);
	/* a message that was there needs a longer buffer */
	m = pool_make(&p, MDL_C2S, 0, mdl_slice(big, sizeof(big)));
	pool_put(&p, m);
	pool_fini(&p);
}

static void test_no_memory(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(out_of_memory());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reuse),
		cmocka_unit_test(test_without_pool),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
