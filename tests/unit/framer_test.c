#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/rng.h"
#include "proxy/framer.h"
#include "support/alloc.h"
#include "support/rig.h"

struct cutter {
	struct framer c;
	struct mdl_ctx *x;
	struct mdl_buf got; /* messages, with a '|' behind each */
};

static void cutter_open(struct cutter *t, size_t max)
{
	assert_int_equal(mdl_ctx_new(&rig_proto, MDL_STREAM, NULL, &t->x, NULL), MDL_OK);
	framer_init(&t->c, max);
	mdl_buf_init(&t->got, MDL_BUF_MAX);
}

static void cutter_close(struct cutter *t)
{
	mdl_buf_fini(&t->got);
	framer_fini(&t->c);
	mdl_ctx_free(t->x);
}

/* Feeds an exact copy on the heap, so that a sanitizer sees a loan that is not ended. */
static mdl_err feed(struct cutter *t, struct mdl_slice piece)
{
	uint8_t *copy = malloc(piece.n == 0 ? 1 : piece.n);
	assert_non_null(copy);
	memcpy(copy, piece.p, piece.n);
	mdl_err err = framer_feed(&t->c, mdl_slice(copy, piece.n));
	struct mdl_slice msg;
	while (err == MDL_OK && (err = framer_next(&t->c, t->x, &msg)) == MDL_OK) {
		assert_int_equal(mdl_buf_add(&t->got, mdl_slice_sub(msg, TOY_HEAD, SIZE_MAX)),
				 MDL_OK);
		assert_int_equal(mdl_buf_put(&t->got, '|'), MDL_OK);
	}
	if (err == MDL_EMORE)
		err = framer_keep(&t->c);
	free(copy);
	return err;
}

static void sample(struct mdl_buf *b)
{
	mdl_buf_init(b, 1024);
	toy_put(b, "one");
	toy_put(b, "");
	toy_put(b, "three and a half");
	toy_put(b, "x");
}

static void check_pieces(struct mdl_slice all, size_t first, size_t second)
{
	struct cutter t;
	cutter_open(&t, 1024);
	assert_int_equal(feed(&t, mdl_slice_sub(all, 0, first)), MDL_OK);
	assert_int_equal(feed(&t, mdl_slice_sub(all, first, second)), MDL_OK);
	assert_int_equal(feed(&t, mdl_slice_sub(all, first + second, SIZE_MAX)), MDL_OK);
	assert_string_equal(mdl_buf_text(&t.got), "one||three and a half|x|");
	assert_int_equal(framer_rest(&t.c).n, 0);
	cutter_close(&t);
}

static void test_any_three_pieces(void **state)
{
	(void)state;
	struct mdl_buf b;
	sample(&b);
	for (size_t first = 0; first <= b.n; first++)
		for (size_t second = 0; first + second <= b.n; second++)
			check_pieces(mdl_buf_slice(&b), first, second);
	mdl_buf_fini(&b);
}

static void test_single_bytes(void **state)
{
	(void)state;
	struct mdl_buf b;
	struct cutter t;
	sample(&b);
	cutter_open(&t, 1024);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(feed(&t, mdl_slice(b.p + i, 1)), MDL_OK);
	assert_string_equal(mdl_buf_text(&t.got), "one||three and a half|x|");
	cutter_close(&t);
	mdl_buf_fini(&b);
}

static void test_malformed_loses_nothing(void **state)
{
	(void)state;
	struct cutter t;
	struct mdl_slice msg;
	struct mdl_slice bytes = MDL_LIT("\0\0\0\1a\xff\xff\xff\xff rest");
	for (size_t split = 0; split < bytes.n; split++) {
		cutter_open(&t, 1024);
		mdl_err err = feed(&t, mdl_slice_sub(bytes, 0, split));
		if (split < 9) {
			assert_int_equal(err, MDL_OK);
			struct mdl_slice rest = mdl_slice_sub(bytes, split, SIZE_MAX);
			assert_int_equal(framer_feed(&t.c, rest), MDL_OK);
			while ((err = framer_next(&t.c, t.x, &msg)) == MDL_OK)
				assert_true(mdl_slice_is(msg, "") || msg.n == 5);
			assert_int_equal(err, MDL_EMALFORMED);
			assert_true(mdl_slice_is(framer_rest(&t.c), "\xff\xff\xff\xff rest"));
			assert_int_equal(framer_rest(&t.c).n, 0);
		} else {
			assert_int_equal(err, MDL_EMALFORMED);
		}
		cutter_close(&t);
	}
}

/* Whatever pieces it comes in: `whole` bytes are a message, one more is too long. */
static void test_ceiling(void **state)
{
	(void)state;
	struct cutter t;
	uint8_t whole[16] = { 0, 0, 0, 12 }, longer[17] = { 0, 0, 0, 13 };
	for (size_t first = 0; first <= sizeof(whole); first++) {
		cutter_open(&t, sizeof(whole));
		assert_int_equal(feed(&t, mdl_slice(whole, first)), MDL_OK);
		mdl_err err = feed(&t, mdl_slice(whole + first, sizeof(whole) - first));
		assert_int_equal(err, MDL_OK);
		assert_int_equal(t.got.n, 13);
		cutter_close(&t);
	}
	for (size_t first = 1; first <= sizeof(whole); first++) {
		cutter_open(&t, sizeof(whole));
		mdl_err err = feed(&t, mdl_slice(longer, first));
		assert_int_equal(err, first < sizeof(whole) ? MDL_OK : MDL_ELIMIT);
		if (err == MDL_OK)
			err = feed(&t, mdl_slice(longer + first, sizeof(longer) - first));
		assert_int_equal(err, MDL_ELIMIT);
		cutter_close(&t);
	}
}

static void out_of_memory(void)
{
	struct framer c;
	struct mdl_ctx *x;
	struct mdl_slice msg;
	framer_init(&c, 1024);
	if (mdl_ctx_new(&rig_proto, MDL_STREAM, NULL, &x, NULL) != MDL_OK)
		return;
	mdl_err err = framer_feed(&c, MDL_LIT("\0\0\0\2"));
	assert_int_equal(err, MDL_OK);
	assert_int_equal(framer_next(&c, x, &msg), MDL_EMORE);
	err = framer_keep(&c);
	if (err == MDL_OK)
		err = framer_feed(&c, MDL_LIT("ab"));
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	if (err == MDL_OK)
		assert_int_equal(framer_next(&c, x, &msg), MDL_OK);
	framer_fini(&c);
	mdl_ctx_free(x);
}

static void test_no_memory(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(out_of_memory());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_three_pieces),
		cmocka_unit_test(test_single_bytes),
		cmocka_unit_test(test_malformed_loses_nothing),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
