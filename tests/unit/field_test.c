#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/alloc.h"
#include "support/toy.h"

struct toy_case {
	struct mdl_ctx *x;
	struct mdl_buf msg;
	struct mdl_fields f;
};

static void toy_open(struct toy_case *t)
{
	assert_int_equal(mdl_ctx_new(&toy, MDL_DGRAM, NULL, &t->x, NULL), MDL_OK);
	mdl_buf_init(&t->msg, 1024);
	mdl_fields_init(&t->f);
	assert_int_equal(mdl_buf_add(&t->msg, mdl_slice(toy_sample, sizeof(toy_sample))), MDL_OK);
	assert_int_equal(mdl_dissect(t->x, mdl_buf_slice(&t->msg), &t->f), MDL_OK);
}

static void toy_close(struct toy_case *t)
{
	mdl_fields_fini(&t->f);
	mdl_buf_fini(&t->msg);
	mdl_ctx_free(t->x);
}

static void repair_all(struct toy_case *t)
{
	struct mdl_repair how = { .what = MDL_REL_ALL };
	assert_int_equal(mdl_repair(t->x, &t->msg, &t->f, &how), MDL_OK);
}

/* What the index says must be what a fresh dissection says. */
static void assert_index_true(struct toy_case *t)
{
	struct mdl_fields fresh;
	mdl_fields_init(&fresh);
	assert_int_equal(mdl_dissect(t->x, mdl_buf_slice(&t->msg), &fresh), MDL_OK);
	assert_int_equal(fresh.n, t->f.n);
	for (uint32_t i = 0; i < fresh.n; i++) {
		assert_int_equal(fresh.v[i].off, t->f.v[i].off);
		assert_int_equal(fresh.v[i].len, t->f.v[i].len);
		assert_int_equal(fresh.v[i].ref, t->f.v[i].ref);
		assert_int_equal(fresh.v[i].def, t->f.v[i].def);
		assert_int_equal(fresh.v[i].depth, t->f.v[i].depth);
		assert_int_equal(fresh.v[i].parent, t->f.v[i].parent);
	}
	mdl_fields_fini(&fresh);
}

static void assert_path(struct toy_case *t, uint32_t i, const char *expected)
{
	struct mdl_buf b;
	mdl_buf_init(&b, 1024);
	assert_int_equal(mdl_field_path(&t->f, i, &b), MDL_OK);
	assert_string_equal(mdl_buf_text(&b), expected);
	mdl_buf_fini(&b);
}

static void test_read(void **state)
{
	(void)state;
	struct toy_case t;
	toy_open(&t);
	struct mdl_slice m = mdl_buf_slice(&t.msg);
	uint32_t count = mdl_field_next(&t.f, COUNT_OF, 0);
	assert_int_equal(mdl_field_uint(&t.f, m, count), 3);
	uint32_t items = mdl_field_target(&t.f, count);
	assert_int_equal(mdl_field_children(&t.f, items), 3);
	assert_int_equal(mdl_field_target(&t.f, 0), mdl_field_next(&t.f, BODY, 0));
	uint32_t high = mdl_field_next(&t.f, HIGH, 0), low = mdl_field_next(&t.f, LOW, 0);
	assert_int_equal(mdl_field_uint(&t.f, m, high), 5);
	assert_int_equal(mdl_field_uint(&t.f, m, low), 0xabc);
	assert_int_equal(mdl_field_max(&t.f, low), 0xfff);
	toy_close(&t);
}

static void test_paths(void **state)
{
	(void)state;
	struct toy_case t;
	toy_open(&t);
	uint32_t second = mdl_field_next(&t.f, ITEM_DATA, mdl_field_next(&t.f, ITEM_DATA, 0) + 1);
	assert_path(&t, second, "toy.body.items.item[1].data");
	assert_true(mdl_field_matches(&t.f, second, "data"));
	assert_true(mdl_field_matches(&t.f, second, "toy.item.data"));
	assert_true(mdl_field_matches(&t.f, second, "item[1].data"));
	assert_false(mdl_field_matches(&t.f, second, "item[0].data"));
	assert_false(mdl_field_matches(&t.f, second, "item"));
	assert_false(mdl_field_matches(&t.f, second, "dns.data"));
	assert_false(mdl_field_matches(&t.f, second, "data.item"));
	toy_close(&t);
}

static void test_splice_grows_everything_around(void **state)
{
	(void)state;
	struct toy_case t;
	toy_open(&t);
	uint32_t data = mdl_field_next(&t.f, ITEM_DATA, 0);
	assert_int_equal(mdl_field_splice(&t.msg, &t.f, data, MDL_LIT("hello")), MDL_OK);
	repair_all(&t);
	static const uint8_t expected[] = { 0, 15,  3,	 5, 'h', 'e', 'l',  'l', 'o',
					    2, 'b', 'c', 0, 0,	 12,  0x5a, 0xbc };
	assert_int_equal(t.msg.n, sizeof(expected));
	assert_memory_equal(t.msg.p, expected, sizeof(expected));
	assert_index_true(&t);
	toy_close(&t);
}

static void test_repair_of_the_untouched_changes_nothing(void **state)
{
	(void)state;
	struct toy_case t;
	toy_open(&t);
	repair_all(&t);
	assert_int_equal(t.msg.n, sizeof(toy_sample));
	assert_memory_equal(t.msg.p, toy_sample, sizeof(toy_sample));
	toy_close(&t);
}

static void test_remove_and_count(void **state)
{
	(void)state;
	struct toy_case t;
	toy_open(&t);
	uint32_t item = mdl_field_next(&t.f, ITEM, 0);
	assert_int_equal(mdl_field_remove(&t.msg, &t.f, item), MDL_OK);
	repair_all(&t);
	static const uint8_t expected[] = { 0, 9, 2, 2, 'b', 'c', 0, 0, 6, 0x5a, 0xbc };
	assert_int_equal(t.msg.n, sizeof(expected));
	assert_memory_equal(t.msg.p, expected, sizeof(expected));
	assert_index_true(&t);
	toy_close(&t);
}

static void test_graft_a_copy(void **state)
{
	(void)state;
	struct toy_case t;
	toy_open(&t);
	uint32_t first = mdl_field_next(&t.f, ITEM, 0);
	uint32_t items = t.f.v[first].parent, end = mdl_field_end(&t.f, items);
	struct mdl_slice copy = mdl_slice(toy_sample, sizeof(toy_sample));
	assert_int_equal(mdl_field_graft(&t.msg, &t.f, items, end, &t.f, copy, first, 1), MDL_OK);
	repair_all(&t);
	static const uint8_t expected[] = { 0, 13, 4,	1, 'a', 2,    'b', 'c',
					    0, 1,  'a', 0, 8,	0x5a, 0xbc };
	assert_int_equal(t.msg.n, sizeof(expected));
	assert_memory_equal(t.msg.p, expected, sizeof(expected));
	assert_index_true(&t);
	toy_close(&t);
}

static void test_pinned_fields_are_left(void **state)
{
	(void)state;
	struct toy_case t;
	toy_open(&t);
	uint32_t count = mdl_field_next(&t.f, COUNT_OF, 0);
	assert_int_equal(mdl_field_set(&t.msg, &t.f, count, 200), MDL_OK);
	t.f.v[count].pinned = true;
	repair_all(&t);
	assert_int_equal(t.msg.p[2], 200);
	toy_close(&t);
}

static void test_edit_anywhere_keeps_the_index(void **state)
{
	(void)state;
	/* every cut of every length at every place, replaced by three bytes: what is left of the
	 * index must lie inside the message, children inside their parents */
	for (size_t off = 0; off <= sizeof(toy_sample); off++) {
		for (size_t len = 0; off + len <= sizeof(toy_sample); len++) {
			struct toy_case t;
			toy_open(&t);
			assert_int_equal(mdl_field_edit(&t.msg, &t.f, off, len, MDL_LIT("xyz")),
					 MDL_OK);
			assert_int_equal(t.msg.n, sizeof(toy_sample) - len + 3);
			for (uint32_t i = 0; i < t.f.n; i++) {
				const struct mdl_field *d = &t.f.v[i];
				uint32_t p = t.f.v[i].parent;
				assert_true((size_t)d->off + d->len <= t.msg.n);
				if (p == MDL_NO_FIELD)
					continue;
				assert_true(d->off >= t.f.v[p].off);
				assert_true(d->off + d->len <= t.f.v[p].off + t.f.v[p].len);
			}
			repair_all(&t);
			toy_close(&t);
		}
	}
}

static void test_set_bits(void **state)
{
	(void)state;
	struct toy_case t;
	toy_open(&t);
	uint32_t high = mdl_field_next(&t.f, HIGH, 0);
	assert_int_equal(mdl_field_set(&t.msg, &t.f, high, 0xff), MDL_OK);
	assert_int_equal(t.msg.p[11], 0xfa);
	assert_int_equal(t.msg.p[12], 0xbc);
	toy_close(&t);
}

static void test_shape_is_the_same_as_one_by_one(void **state)
{
	(void)state;
	static const struct mdl_shape shape[] = { { ITEM, 0, 3, 0 },
						  { ITEM_LEN, 0, 1, 1 },
						  { ITEM_DATA, 1, 2, 1 },
						  { POINTER, 3, 2, 0 } };
	struct toy_case t, u;
	toy_open(&t);
	toy_open(&u);
	mdl_fields_fini(&u.f);
	mdl_fields_clear(&t.f);
	u.f.parent = MDL_NO_FIELD;
	t.f.n_layers = u.f.n_layers = 1;
	t.f.layers[0] = u.f.layers[0] = (struct mdl_layer){ &toy, t.x, 5 };
	mdl_field_open(&t.f, ITEMS, 1);
	uint32_t item = mdl_field_open(&t.f, ITEM, 2);
	mdl_field_add(&t.f, ITEM_LEN, 2, 1);
	mdl_field_add(&t.f, ITEM_DATA, 3, 2);
	mdl_field_close(&t.f, item, 5);
	mdl_field_add(&t.f, POINTER, 5, 2);
	mdl_field_add_shape(&u.f, shape, 0, 2); /* nothing of it there yet */
	mdl_field_open(&u.f, ITEMS, 1);
	mdl_field_add_shape(&u.f, shape, MDL_COUNT(shape), 2);
	assert_int_equal(u.f.n, t.f.n);
	assert_int_equal(u.f.parent, t.f.parent);
	for (uint32_t i = 0; i < t.f.n; i++) {
		assert_int_equal(u.f.v[i].off, t.f.v[i].off);
		assert_int_equal(u.f.v[i].len, t.f.v[i].len);
		assert_int_equal(u.f.v[i].ref, t.f.v[i].ref);
		assert_int_equal(u.f.v[i].parent, t.f.v[i].parent);
		assert_int_equal(u.f.v[i].def, t.f.v[i].def);
		assert_int_equal(u.f.v[i].depth, t.f.v[i].depth);
	}
	toy_close(&t);
	toy_close(&u);
}

static void fail_somewhere(void)
{
	struct mdl_ctx *x = NULL;
	struct mdl_fields f;
	struct mdl_buf msg;
	mdl_fields_init(&f);
	mdl_buf_init(&msg, 1024);
	mdl_err err = mdl_ctx_new(&toy, MDL_DGRAM, NULL, &x, NULL);
	if (err == MDL_OK)
		err = mdl_buf_add(&msg, mdl_slice(toy_sample, sizeof(toy_sample)));
	if (err == MDL_OK)
		err = mdl_dissect(x, mdl_buf_slice(&msg), &f);
	if (err == MDL_OK)
		err = mdl_field_graft(&msg, &f, f.v[4].parent, 4, &f,
				      mdl_slice(toy_sample, sizeof(toy_sample)), 4, 2);
	assert_true(err == MDL_OK || err == MDL_ENOMEM);
	mdl_fields_fini(&f);
	mdl_buf_fini(&msg);
	mdl_ctx_free(x);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_splice_grows_everything_around),
		cmocka_unit_test(test_repair_of_the_untouched_changes_nothing),
		cmocka_unit_test(test_remove_and_count),
		cmocka_unit_test(test_graft_a_copy),
		cmocka_unit_test(test_pinned_fields_are_left),
		cmocka_unit_test(test_edit_anywhere_keeps_the_index),
		cmocka_unit_test(test_set_bits),
		cmocka_unit_test(test_shape_is_the_same_as_one_by_one),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
