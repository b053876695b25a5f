#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/msg.h"
#include "support/alloc.h"

static struct mdl_trace *sample(void)
{
	struct mdl_trace *t = mdl_trace_new();
	if (t == NULL)
		return NULL;
	if (mdl_trace_add(t, MDL_C2S, 0, MDL_LIT("one")) == MDL_OK &&
	    mdl_trace_add(t, MDL_S2C, 5, MDL_LIT("two!")) == MDL_OK &&
	    mdl_trace_add(t, MDL_C2S, 9, mdl_slice(NULL, 0)) == MDL_OK)
		return t;
	mdl_trace_free(t);
	return NULL;
}

static void assert_msg(const struct mdl_msg *m, enum mdl_dir dir, mdl_time at, const char *bytes)
{
	assert_int_equal(m->dir, dir);
	assert_true(m->at == at);
	assert_true(mdl_slice_is(mdl_buf_slice(&m->bytes), bytes));
}

static void test_messages(void **state)
{
	(void)state;
	struct mdl_msg *m = mdl_msg_new(MDL_S2C, 7, MDL_LIT("abc"));
	assert_msg(m, MDL_S2C, 7, "abc");
	assert_int_equal(m->flags, 0);
	assert_null(m->next);
	m->flags = MDL_MSG_CUT | MDL_MSG_MADE;
	m->next = m;
	struct mdl_msg *copy = mdl_msg_copy(m);
	mdl_msg_free(m);
	assert_msg(copy, MDL_S2C, 7, "abc");
	assert_int_equal(copy->flags, MDL_MSG_CUT | MDL_MSG_MADE);
	assert_null(copy->next);
	mdl_msg_free(copy);
	mdl_msg_free(NULL);
}

static void test_the_ceiling_of_a_message(void **state)
{
	(void)state;
	uint8_t *big = calloc(1, MDL_MSG_MAX + 1);
	assert_non_null(big);
	struct mdl_trace *t = mdl_trace_new();
	assert_int_equal(mdl_trace_add(t, MDL_C2S, 0, mdl_slice(big, MDL_MSG_MAX)), MDL_OK);
	assert_int_equal(mdl_trace_add(t, MDL_C2S, 0, mdl_slice(big, MDL_MSG_MAX + 1)), MDL_ELIMIT);
	assert_null(mdl_msg_new(MDL_C2S, 0, mdl_slice(big, MDL_MSG_MAX + 1)));
	assert_int_equal(t->n, 1);
	mdl_trace_free(t);
	free(big);
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(mdl_dir_other(MDL_C2S), MDL_S2C);
	assert_int_equal(mdl_dir_other(MDL_S2C), MDL_C2S);
	assert_string_equal(mdl_carrier_text(MDL_DGRAM), "dgram");
	assert_string_equal(mdl_carrier_text(MDL_STREAM), "stream");
	assert_string_equal(mdl_carrier_text(MDL_PACKET), "packet");
	assert_string_equal(mdl_carrier_text(MDL_DGRAM | MDL_STREAM), "?");
}

static void test_a_new_trace(void **state)
{
	(void)state;
	struct mdl_trace *t = mdl_trace_new();
	assert_string_equal(t->proto, "raw");
	assert_int_equal(t->carrier, MDL_DGRAM);
	assert_int_equal(t->n, 0);
	assert_int_equal(mdl_trace_count(t, MDL_C2S), 0);
	assert_int_equal(mdl_trace_bytes(t), 0);
	mdl_trace_free(t);
	mdl_trace_free(NULL);
}

static void test_count_and_bytes(void **state)
{
	(void)state;
	struct mdl_trace *t = sample();
	assert_int_equal(mdl_trace_count(t, MDL_C2S), 2);
	assert_int_equal(mdl_trace_count(t, MDL_S2C), 1);
	assert_int_equal(mdl_trace_bytes(t), 7);
	mdl_trace_free(t);
}

static void test_insert_and_take_everywhere(void **state)
{
	(void)state;
	for (size_t at = 0; at <= 3; at++) {
		struct mdl_trace *t = sample();
		struct mdl_msg *m = mdl_msg_new(MDL_S2C, 77, MDL_LIT("new"));
		assert_int_equal(mdl_trace_insert(t, at, m), MDL_OK);
		assert_int_equal(t->n, 4);
		assert_ptr_equal(t->v[at], m);
		assert_ptr_equal(mdl_trace_take(t, at), m);
		assert_msg(m, MDL_S2C, 77, "new");
		mdl_msg_free(m);
		assert_int_equal(t->n, 3);
		assert_msg(t->v[0], MDL_C2S, 0, "one");
		assert_msg(t->v[1], MDL_S2C, 5, "two!");
		assert_msg(t->v[2], MDL_C2S, 9, "");
		mdl_trace_free(t);
	}
}

static void test_a_copy_is_deep(void **state)
{
	(void)state;
	static const uint8_t ip[4] = { 192, 0, 2, 1 };
	struct mdl_trace *t = sample();
	strcpy(t->proto, "dns");
	strcpy(t->source, "dig.pcap");
	t->carrier = MDL_STREAM;
	t->start = 99;
	t->client = mdl_inet4(ip, 53);
	t->v[1]->flags = MDL_MSG_RAW;
	struct mdl_trace *copy = mdl_trace_copy(t);
	uint64_t hash = mdl_trace_hash(t);
	mdl_trace_free(t);
	assert_true(mdl_trace_hash(copy) == hash);
	assert_string_equal(copy->proto, "dns");
	assert_string_equal(copy->source, "dig.pcap");
	assert_int_equal(copy->carrier, MDL_STREAM);
	assert_int_equal(copy->start, 99);
	assert_int_equal(copy->client.port, 53);
	assert_int_equal(copy->n, 3);
	assert_int_equal(copy->v[1]->flags, MDL_MSG_RAW);
	assert_msg(copy->v[1], MDL_S2C, 5, "two!");
	mdl_trace_free(copy);
}

static void test_the_hash_is_of_what_the_trace_says(void **state)
{
	(void)state;
	struct mdl_trace *t = sample();
	uint64_t h = mdl_trace_hash(t);
	t->v[0]->at = 1000;
	t->start = 5;
	t->client.port = 1;
	t->source[0] = 'x';
	assert_true(mdl_trace_hash(t) == h);
	assert_true(h == 0x9d27a764d7927996U); /* files are named by it: it stays what it is */
	t->carrier = MDL_STREAM;
	assert_true(mdl_trace_hash(t) != h);
	t->carrier = MDL_DGRAM;
	strcpy(t->proto, "dns");
	assert_true(mdl_trace_hash(t) != h);
	strcpy(t->proto, "raw");
	t->v[1]->dir = MDL_C2S;
	assert_true(mdl_trace_hash(t) != h);
	t->v[1]->dir = MDL_S2C;
	t->v[0]->bytes.p[0] ^= 1;
	assert_true(mdl_trace_hash(t) != h);
	t->v[0]->bytes.p[0] ^= 1;
	assert_true(mdl_trace_hash(t) == h);
	mdl_msg_free(mdl_trace_take(t, 2)); /* an empty message is one, too */
	assert_true(mdl_trace_hash(t) != h);
	mdl_trace_free(t);
}

static void fail_somewhere(void)
{
	struct mdl_trace *t = sample(), *copy = t == NULL ? NULL : mdl_trace_copy(t);
	if (copy != NULL) {
		for (unsigned i = 0; i < 9; i++) {
			size_t n = copy->n;
			mdl_err err = mdl_trace_add(copy, MDL_C2S, 0, MDL_LIT("more"));
			assert_int_equal(copy->n, err == MDL_OK ? n + 1 : n);
		}
	}
	mdl_trace_free(copy);
	mdl_trace_free(t);
}

static void test_allocation_failures(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(fail_somewhere());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_the_ceiling_of_a_message),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_a_new_trace),
		cmocka_unit_test(test_count_and_bytes),
		cmocka_unit_test(test_insert_and_take_everywhere),
		cmocka_unit_test(test_a_copy_is_deep),
		cmocka_unit_test(test_the_hash_is_of_what_the_trace_says),
		cmocka_unit_test(test_allocation_failures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
