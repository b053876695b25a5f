#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "core/rng.h"
#include "replay/cover.h"
#include "support/alloc.h"

enum { ITEMS_MAX = 3000, FEATURES_OF_ONE = 12 };

static uint64_t room[ITEMS_MAX][FEATURES_OF_ONE];
static struct cover_item items[ITEMS_MAX];
static bool keep[ITEMS_MAX];

static bool has(const struct cover_item *item, uint64_t feature)
{
	for (size_t k = 0; k < item->n; k++)
		if (item->features[k] == feature)
			return true;
	return false;
}

/* `n` items with up to `most` of the features 1, 8, 27 ... */
static void make_items(struct mdl_rng *r, size_t n, uint64_t features, size_t most)
{
	for (size_t i = 0; i < n; i++) {
		items[i] = (struct cover_item){ room[i], 0, mdl_rng_range(r, 1, 50) };
		size_t wanted = (size_t)mdl_rng_range(r, 0, most);
		for (size_t k = 0; k < wanted; k++) {
			uint64_t f = mdl_rng_range(r, 1, features);
			if (!has(&items[i], f * f * f))
				room[i][items[i].n++] = f * f * f;
		}
	}
}

static bool covered_without(size_t n, uint64_t feature, size_t without)
{
	for (size_t i = 0; i < n; i++)
		if (i != without && keep[i] && has(&items[i], feature))
			return true;
	return false;
}

static size_t run(size_t n)
{
	size_t features;
	assert_int_equal(cover(items, n, keep, &features), MDL_OK);
	return features;
}

static void test_all_is_covered_and_nothing_needless(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(1);
	for (int round = 0; round < 300; round++) {
		size_t n = (size_t)mdl_rng_range(&r, 0, 60);
		make_items(&r, n, 40, FEATURES_OF_ONE);
		size_t features = run(n), seen = 0;
		for (uint64_t f = 1; f <= 40; f++) {
			bool any = false;
			for (size_t i = 0; i < n; i++)
				any = any || has(&items[i], f * f * f);
			seen += any;
			assert_true(!any || covered_without(n, f * f * f, SIZE_MAX));
		}
		assert_int_equal(features, seen);
		for (size_t i = 0; i < n; i++) {
			bool needed = false;
			for (size_t k = 0; k < items[i].n; k++)
				needed = needed || !covered_without(n, items[i].features[k], i);
			assert_true(!keep[i] || needed);
		}
	}
}

static uint64_t cost_of(size_t n, unsigned subset)
{
	uint64_t cost = 0;
	for (size_t i = 0; i < n; i++)
		cost += (subset >> i & 1) != 0 ? items[i].cost : 0;
	return cost;
}

static bool covers(size_t n, unsigned subset, uint64_t features)
{
	uint64_t all = 0, some = 0;
	for (size_t i = 0; i < n; i++)
		for (uint64_t f = 1; f <= features; f++)
			if (has(&items[i], f * f * f)) {
				all |= 1U << f;
				some |= (subset >> i & 1) != 0 ? 1U << f : 0;
			}
	return all == some;
}

/* Against the best there is: never worse than the bound of the greedy, and mostly the best. */
static void test_near_the_best(void **state)
{
	(void)state;
	enum { N = 9, FEATURES = 8, ROUNDS = 100 };
	struct mdl_rng r = mdl_rng(2);
	unsigned best_found = 0;
	for (int round = 0; round < ROUNDS; round++) {
		make_items(&r, N, FEATURES, 4);
		run(N);
		uint64_t best = UINT64_MAX;
		unsigned mine = 0;
		for (unsigned subset = 0; subset < 1U << N; subset++)
			if (covers(N, subset, FEATURES) && cost_of(N, subset) < best)
				best = cost_of(N, subset);
		for (unsigned i = 0; i < N; i++)
			mine |= keep[i] ? 1U << i : 0;
		uint64_t cost = cost_of(N, mine);
		assert_true(12 * cost <= 25 * best); /* 1 + 1/2 + 1/3 + 1/4 */
		best_found += cost == best;
	}
	assert_true(best_found > ROUNDS * 3 / 4);
}

static void test_equal_choices(void **state)
{
	(void)state;
	static const uint64_t one[] = { 7 };
	struct cover_item same[] = { { one, 1, 3 }, { one, 1, 2 }, { one, 1, 2 }, { NULL, 0, 1 } };
	bool kept[4];
	size_t features;
	assert_int_equal(cover(same, 4, kept, &features), MDL_OK);
	assert_false(kept[0]); /* dearer */
	assert_true(kept[1]);
	assert_false(kept[2]); /* later */
	assert_false(kept[3]); /* shows nothing */
	assert_int_equal(features, 1);
	assert_int_equal(cover(same, 0, kept, &features), MDL_OK);
	assert_int_equal(features, 0);
}

static void test_many(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(3);
	bool before[ITEMS_MAX];
	make_items(&r, ITEMS_MAX, 5000, FEATURES_OF_ONE);
	size_t features = run(ITEMS_MAX);
	assert_true(features > 4000);
	memcpy(before, keep, sizeof(before));
	run(ITEMS_MAX);
	assert_memory_equal(before, keep, sizeof(before));
}

static void fail_somewhere(void)
{
	size_t features;
	mdl_err err = cover(items, 20, keep, &features);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(4);
	make_items(&r, 20, 30, FEATURES_OF_ONE);
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_covered_and_nothing_needless),
		cmocka_unit_test(test_near_the_best),
		cmocka_unit_test(test_equal_choices),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
