#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/rng.h"
#include "core/writer.h"
#include "protocols/inet_sum.h"

/* One word after the other, as RFC 1071 says it first. */
static uint16_t plainly(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < n; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)~sum;
}

static void test_example_of_the_rfc(void **state)
{
	(void)state;
	static const uint8_t words[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
	assert_int_equal(mdl_inet_sum(mdl_slice(words, sizeof(words))), 0x220d);
	assert_int_equal(mdl_inet_sum(mdl_slice(NULL, 0)), 0xffff);
	assert_int_equal(mdl_inet_sum(mdl_slice("\x12", 1)), 0xedff);
}

static void test_all_lengths_and_places(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(1);
	for (size_t n = 0; n < 200; n++) {
		for (size_t at = 0; at < 8; at++) {
			uint8_t *heap = malloc(at + n + 1);
			assert_non_null(heap);
			mdl_rng_bytes(&r, heap, at + n);
			if (n % 3 == 0) /* many carries */
				memset(heap, 0xff, at + n);
			struct mdl_slice s = mdl_slice(heap + at, n);
			assert_int_equal(mdl_inet_sum(s), plainly(s.p, n));
			free(heap);
		}
	}
}

static void test_long_runs_do_not_overflow(void **state)
{
	(void)state;
	size_t n = 1 << 20;
	uint8_t *ones = malloc(n);
	assert_non_null(ones);
	memset(ones, 0xff, n);
	uint64_t sum = 0;
	for (size_t i = 0; i < 64; i++)
		sum = mdl_inet_sum_add(sum, mdl_slice(ones, n));
	assert_int_equal(mdl_inet_sum_fold(sum), 0);
	free(ones);
}

static void test_pieces_add_up(void **state)
{
	(void)state;
	uint8_t bytes[61];
	struct mdl_rng r = mdl_rng(2);
	mdl_rng_bytes(&r, bytes, sizeof(bytes));
	struct mdl_slice all = mdl_slice(bytes, sizeof(bytes));
	for (size_t cut = 0; cut < all.n; cut += 2) {
		uint64_t sum = mdl_inet_sum_add(0, mdl_slice_sub(all, 0, cut));
		sum = mdl_inet_sum_add(sum, mdl_slice_sub(all, cut, SIZE_MAX));
		assert_int_equal(mdl_inet_sum_fold(sum), plainly(bytes, sizeof(bytes)));
	}
	uint64_t sum = mdl_inet_sum_word(mdl_inet_sum_add(0, mdl_slice(bytes, 2)), 0xabcd);
	bytes[2] = 0xab;
	bytes[3] = 0xcd;
	assert_int_equal(mdl_inet_sum_fold(sum), plainly(bytes, 4));
}

static void test_its_own_checksum_gives_zero(void **state)
{
	(void)state;
	uint8_t bytes[40];
	struct mdl_rng r = mdl_rng(3);
	mdl_rng_bytes(&r, bytes, sizeof(bytes));
	mdl_put_be(bytes + 10, 0, 2);
	mdl_put_be(bytes + 10, mdl_inet_sum(mdl_slice(bytes, sizeof(bytes))), 2);
	assert_int_equal(mdl_inet_sum(mdl_slice(bytes, sizeof(bytes))), 0);
}

static void test_change_is_as_good_as_anew(void **state)
{
	(void)state;
	struct mdl_rng r = mdl_rng(4);
	for (int i = 0; i < 2000; i++) {
		uint8_t bytes[24], to[4];
		mdl_rng_bytes(&r, bytes, sizeof(bytes));
		mdl_rng_bytes(&r, to, sizeof(to));
		uint16_t before = plainly(bytes, sizeof(bytes));
		uint16_t after =
			mdl_inet_sum_change(before, mdl_slice(bytes + 8, 4), mdl_slice(to, 4));
		memcpy(bytes + 8, to, 4);
		assert_int_equal(after, plainly(bytes, sizeof(bytes)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example_of_the_rfc),
		cmocka_unit_test(test_all_lengths_and_places),
		cmocka_unit_test(test_long_runs_do_not_overflow),
		cmocka_unit_test(test_pieces_add_up),
		cmocka_unit_test(test_its_own_checksum_gives_zero),
		cmocka_unit_test(test_change_is_as_good_as_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
