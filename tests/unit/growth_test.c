#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rng.h"
#include "replay/growth.h"

static bool feed(struct growth *g, unsigned n, uint64_t (*f)(unsigned i), uint64_t bound)
{
	bool grown = false;
	for (unsigned i = 0; i < n; i++)
		grown |= growth_add(g, f(i), bound);
	return grown;
}

static uint64_t steady(unsigned i)
{
	return 1000000 + (i % 3) * 4096;
}

static uint64_t warm_up(unsigned i)
{
	return i < 8 ? 1000000 + i * 100000 : 1800000;
}

static uint64_t leak(unsigned i)
{
	return 1000000 + i * 40000;
}

static uint64_t slow_leak(unsigned i)
{
	return 1000000 + i / 2 * 40000;
}

static uint64_t saw(unsigned i)
{
	return 1000000 + i % 8 * 100000;
}

static void test_growth(void **state)
{
	(void)state;
	struct growth g = { 0 };
	assert_false(feed(&g, 500, steady, 100000));
	growth_reset(&g);
	assert_false(feed(&g, 500, warm_up, 100000));
	growth_reset(&g);
	assert_false(feed(&g, 500, saw, 100000));
	growth_reset(&g);
	assert_true(feed(&g, GROWTH_WINDOW, leak, 100000));
	growth_reset(&g);
	assert_false(feed(&g, GROWTH_WINDOW - 1, leak, 100000));
	growth_reset(&g);
	assert_true(feed(&g, 40, slow_leak, 100000));
	growth_reset(&g);
	assert_false(feed(&g, 40, leak, 10000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_growth) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
