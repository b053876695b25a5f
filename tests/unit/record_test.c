#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proxy/stage_record.h"
#include "support/alloc.h"
#include "support/rig.h"

static struct stage *recorder(struct rig *r, struct mdl_trace *into, size_t msgs, size_t bytes)
{
	struct stage *s = NULL;
	assert_int_equal(stage_record_new(into, msgs, bytes, &s, NULL), MDL_OK);
	r->stages[r->n_stages++] = s;
	return s;
}

static void test_copies(void **state)
{
	(void)state;
	struct rig r;
	struct mdl_trace *t = mdl_trace_new();
	assert_non_null(t);
	rig_init(&r, MDL_DGRAM);
	struct stage *s = recorder(&r, t, 10, 1000);
	rig_open(&r, 0);
	rig_text(&r, MDL_C2S, "ask", 100);
	rig_text(&r, MDL_S2C, "answer", 130);
	assert_int_equal(t->n, 2);
	assert_int_equal(t->v[0]->at, 0);
	assert_int_equal(t->v[1]->at, 30);
	assert_int_equal(t->v[1]->dir, MDL_S2C);
	assert_true(mdl_slice_is(mdl_buf_slice(&t->v[1]->bytes), "answer"));
	assert_true(rig_got_is(&r, MDL_C2S, "ask"));
	assert_int_equal(stage_record_left_out(s), 0);
	rig_close(&r);
	mdl_trace_free(t);
}

static void test_bounds(void **state)
{
	(void)state;
	struct rig r;
	struct mdl_trace *t = mdl_trace_new();
	assert_non_null(t);
	assert_int_equal(mdl_trace_add(t, MDL_C2S, 0, MDL_LIT("was here")), MDL_OK);
	rig_init(&r, MDL_DGRAM);
	struct stage *s = recorder(&r, t, 4, 18);
	rig_open(&r, 0);
	rig_text(&r, MDL_C2S, "ten bytes!!", 1); /* eleven */
	assert_int_equal(stage_record_left_out(s), 1);
	rig_text(&r, MDL_C2S, "ten bytes!", 2);
	rig_text(&r, MDL_C2S, "", 3);
	rig_text(&r, MDL_C2S, "x", 4);
	assert_int_equal(stage_record_left_out(s), 2);
	rig_text(&r, MDL_C2S, "", 5);
	rig_text(&r, MDL_C2S, "", 6);
	assert_int_equal(t->n, 4);
	assert_int_equal(stage_record_left_out(s), 3);
	assert_int_equal(r.server->got->n, 6);
	assert_int_equal(t->v[1]->at, 1); /* counted from the first that came, kept or not */
	rig_close(&r);
	mdl_trace_free(t);
}

static void test_full_before(void **state)
{
	(void)state;
	struct rig r;
	struct mdl_trace *t = mdl_trace_new();
	assert_non_null(t);
	assert_int_equal(mdl_trace_add(t, MDL_C2S, 0, MDL_LIT("was here")), MDL_OK);
	rig_init(&r, MDL_DGRAM);
	struct stage *s = recorder(&r, t, 4, 2);
	rig_open(&r, 0);
	rig_text(&r, MDL_C2S, "x", 1);
	rig_text(&r, MDL_C2S, "", 1);
	assert_int_equal(stage_record_left_out(s), 1);
	rig_close(&r);
	mdl_trace_free(t);
}

static void test_no_memory(void **state)
{
	(void)state;
	struct mdl_trace *t = mdl_trace_new();
	struct mdl_msg *m = mdl_msg_new(MDL_C2S, 0, MDL_LIT("x"));
	struct stage *s = NULL;
	assert_non_null(t);
	assert_non_null(m);
	alloc_fail_at(1);
	assert_int_equal(stage_record_new(t, 10, 10, &s, NULL), MDL_ENOMEM);
	alloc_fail_at(0);
	assert_int_equal(stage_record_new(t, 10, 10, &s, NULL), MDL_OK);
	for (unsigned n = 1; n <= 3; n++) { /* the message, its bytes, the trace */
		alloc_fail_at(n);
		assert_int_equal(s->ops->on_msg(s, m, 0), STAGE_PASS);
		assert_true(alloc_failed());
		alloc_fail_at(0);
		assert_int_equal(stage_record_left_out(s), n);
	}
	assert_int_equal(s->ops->on_msg(s, m, 0), STAGE_PASS);
	assert_int_equal(t->n, 1);
	stage_free(s);
	mdl_msg_free(m);
	mdl_trace_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_full_before),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
