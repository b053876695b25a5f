#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rng.h"
#include "replay/minimise.h"

enum { N = 64 };

/* It holds as long as all of the needed ones are in. */
struct need {
	const size_t *v;
	size_t n;
	unsigned asked;
};

static bool holds(void *ctx, const bool *keep, size_t n)
{
	struct need *need = ctx;
	assert_int_equal(n, N);
	need->asked++;
	for (size_t i = 0; i < need->n; i++)
		if (!keep[need->v[i]])
			return false;
	return true;
}

static size_t count(const bool *keep)
{
	size_t k = 0;
	for (size_t i = 0; i < N; i++)
		k += keep[i];
	return k;
}

static void run(const size_t *v, size_t n, unsigned budget, bool *keep, unsigned *asked)
{
	struct need need = { v, n, 0 };
	unsigned left = budget;
	for (size_t i = 0; i < N; i++)
		keep[i] = true;
	assert_int_equal(minimise(keep, N, holds, &need, &left), MDL_OK);
	assert_true(holds(&need, keep, N));
	assert_int_equal(need.asked - 1, budget - left);
	*asked = budget - left;
}

static void test_finds_just_what_is_needed(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(11);
	bool keep[N];
	unsigned asked;
	for (int round = 0; round < 200; round++) {
		size_t v[4], n = mdl_rng_below(&r, 5);
		for (size_t i = 0; i < n; i++)
			v[i] = mdl_rng_below(&r, N);
		run(v, n, 10000, keep, &asked);
		for (size_t i = 0; i < n; i++)
			assert_true(keep[v[i]]);
		/* no more than the different ones among them */
		size_t different = 0;
		for (size_t i = 0; i < n; i++) {
			bool again = false;
			for (size_t k = 0; k < i; k++)
				again |= v[k] == v[i];
			different += !again;
		}
		assert_int_equal(count(keep), different);
	}
}

static void test_nothing_needed_nothing_left(void **state)
{
	(void)state;
	bool keep[N];
	unsigned asked;
	run(NULL, 0, 100, keep, &asked);
	assert_int_equal(count(keep), 0);
	assert_true(asked <= 8);
}

static void test_a_budget_is_kept(void **state)
{
	(void)state;
	const size_t v[] = { 3, 40, 63 };
	bool keep[N];
	unsigned asked;
	run(v, 3, 5, keep, &asked);
	assert_int_equal(asked, 5);
	run(v, 3, 0, keep, &asked);
	assert_int_equal(count(keep), N);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_just_what_is_needed),
		cmocka_unit_test(test_nothing_needed_nothing_left),
		cmocka_unit_test(test_a_budget_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
