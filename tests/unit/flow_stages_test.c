/* A flow with stages in it: order, what they hold, and calls back into the flow from anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/alloc.h"
#include "support/rig.h"

static void test_chain(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_DGRAM);
	struct hand *a = rig_hand(&r), *b = rig_hand(&r);
	rig_open(&r, 0);
	rig_text(&r, MDL_C2S, "1", 1);
	rig_text(&r, MDL_S2C, "2", 1);
	assert_int_equal(a->n_seen, 2);
	assert_int_equal(b->n_seen, 2);
	a->mood[MDL_S2C] = HAND_DROP;
	rig_text(&r, MDL_S2C, "3", 2);
	assert_int_equal(a->n_seen, 3);
	assert_int_equal(b->n_seen, 2);
	assert_int_equal(flow_stats(r.flow)->dropped[MDL_S2C], 1);
	assert_true(rig_got_is(&r, MDL_S2C, "2"));
	assert_int_equal(a->events[FLOW_OPENED], 1);
	assert_true(a->stage.rng.key != b->stage.rng.key);
	rig_close(&r);
}

/* A message resumed goes on behind the stage that took it, and no stage sees it twice. */
static void test_resume(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_DGRAM);
	struct hand *a = rig_hand(&r), *b = rig_hand(&r), *c = rig_hand(&r);
	b->mood[MDL_C2S] = HAND_TAKE;
	rig_open(&r, 0);
	rig_text(&r, MDL_C2S, "1", 1);
	rig_text(&r, MDL_C2S, "2", 1);
	b->mood[MDL_C2S] = HAND_PASS;
	rig_text(&r, MDL_C2S, "3", 1);
	assert_true(rig_got_is(&r, MDL_C2S, "3"));
	hand_resume(b, 5);
	hand_resume(b, 6);
	assert_true(rig_got_is(&r, MDL_C2S, "312"));
	assert_int_equal(r.server->got->v[1]->at, 5);
	assert_int_equal(a->n_seen, 3);
	assert_int_equal(b->n_seen, 3);
	assert_int_equal(c->n_seen, 3);
	assert_int_equal(flow_stats(r.flow)->sent[MDL_C2S], 3);
	rig_close(&r);
}

static void test_due_and_run(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_DGRAM);
	struct hand *a = rig_hand(&r), *b = rig_hand(&r);
	a->mood[MDL_C2S] = b->mood[MDL_C2S] = HAND_TAKE;
	a->release = 100;
	b->release = 50;
	rig_open(&r, 0);
	rig_text(&r, MDL_C2S, "x", 1);
	assert_int_equal(flow_due(r.flow), 100);
	flow_run(r.flow, 99);
	assert_int_equal(a->n_held, 1);
	/* what the first lets go at 100 the second, whose time was 50, lets go in the same run */
	flow_run(r.flow, 100);
	assert_int_equal(r.server->got->n, 1);
	assert_int_equal(r.server->got->v[0]->at, 100);
	assert_int_equal(flow_due(r.flow), MDL_NEVER);
	rig_close(&r);
}

/* The half-close does not overtake what stages still hold, in whichever stage it is. */
static void test_half_close_waits(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	struct hand *a = rig_hand(&r), *b = rig_hand(&r);
	a->mood[MDL_C2S] = b->mood[MDL_C2S] = HAND_TAKE;
	rig_open(&r, 0);
	flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\1a\0\0\0\1b\0\0\0\1c\0\0"), 1);
	flow_input_end(r.flow, MDL_C2S, 2);
	assert_int_equal(a->n_held, 4);
	assert_int_equal(a->last_flags, MDL_MSG_RAW);
	assert_int_equal(a->events[FLOW_HALF_CLOSED], 1);
	assert_false(r.server->shut);
	flow_input_end(r.flow, MDL_S2C, 3); /* the other direction does not wait */
	assert_true(r.client->shut);
	hand_resume(a, 4);
	hand_drop(a);
	hand_resume(a, 4);
	hand_resume(a, 4);
	assert_int_equal(b->n_held, 3);
	assert_false(r.server->shut);
	hand_resume(b, 5);
	hand_resume(b, 5);
	assert_false(r.server->shut);
	hand_resume(b, 6);
	assert_null(r.flow);
	assert_true(r.server->shut);
	assert_int_equal(r.server->got_at_shut, 3);
	assert_int_equal(r.stats.dropped[MDL_C2S], 1);
	rig_close(&r);
}

/* The last one held is dropped, not resumed, and outside of any call from the flow. */
static void test_half_close_after_drop(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	struct hand *a = rig_hand(&r);
	a->mood[MDL_C2S] = HAND_TAKE;
	rig_open(&r, 0);
	flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\0"), 1);
	flow_input_end(r.flow, MDL_C2S, 2);
	hand_drop(a);
	flow_flush(r.flow, 3);
	assert_true(r.server->shut);
	rig_close(&r);
}

static void test_made_messages(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	struct hand *a = rig_hand(&r), *b = rig_hand(&r);
	rig_open(&r, 0);
	struct mdl_msg *now = flow_make(r.flow, MDL_S2C, 1, MDL_LIT("at once"));
	struct mdl_msg *later = flow_make(r.flow, MDL_C2S, 1, MDL_LIT("later"));
	assert_non_null(now);
	assert_non_null(later);
	flow_resume(&a->stage, now, 1);
	assert_true(rig_got_is(&r, MDL_S2C, "at once"));
	flow_hold(r.flow, later);
	flow_hold(r.flow, later); /* twice is once */
	flow_input_end(r.flow, MDL_C2S, 2);
	assert_false(r.server->shut);
	flow_resume(&a->stage, later, 3);
	assert_int_equal(b->n_seen, 2);
	assert_int_equal(a->n_seen, 0);
	assert_int_equal(r.server->got_at_shut, 1);
	/* behind the half-close nothing is sent */
	struct mdl_msg *late = flow_make(r.flow, MDL_C2S, 4, MDL_LIT("late"));
	flow_resume(&a->stage, late, 4);
	assert_int_equal(r.server->got->n, 1);
	assert_int_equal(flow_stats(r.flow)->dropped[MDL_C2S], 1);
	rig_close(&r);
}

/* What stages hold counts like what is queued behind them. */
static void test_held_is_bounded(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	struct hand *a = rig_hand(&r);
	a->mood[MDL_C2S] = HAND_TAKE;
	r.conf.queue_max = 8 * 2 * sizeof(struct mdl_msg);
	rig_open(&r, 0);
	flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\0"), 1);
	assert_false(r.client->paused);
	flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\0"), 1);
	assert_true(r.client->paused);
	hand_resume(a, 2);
	assert_true(r.client->paused);
	hand_resume(a, 2);
	assert_false(r.client->paused);
	rig_close(&r);
}

static void test_held_datagrams_are_bounded(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_DGRAM);
	struct hand *a = rig_hand(&r);
	a->mood[MDL_C2S] = HAND_TAKE;
	r.conf.queue_max = 4 * sizeof(struct mdl_msg);
	rig_open(&r, 0);
	for (unsigned i = 0; i < 32; i++)
		rig_text(&r, MDL_C2S, "", 1);
	assert_int_equal(a->n_held, 5);
	assert_int_equal(flow_stats(r.flow)->dropped[MDL_C2S], 27);
	rig_close(&r);
}

static void test_close_frees_what_is_held(void **state)
{
	(void)state;
	struct rig r;
	unsigned closed = 0;
	rig_init(&r, MDL_DGRAM);
	struct hand *a = rig_hand(&r), *b = rig_hand(&r);
	a->closed = b->closed = &closed;
	b->mood[MDL_C2S] = HAND_TAKE;
	rig_open(&r, 0);
	rig_text(&r, MDL_C2S, "x", 1);
	r.server->slow_close = true;
	flow_close(r.flow, false, NULL, 2);
	assert_int_equal(closed, 0);
	hand_resume(b, 3); /* too late: dropped */
	assert_int_equal(r.server->got->n, 0);
	rig_close(&r);
	assert_int_equal(closed, 2);
}

/* Closed from inside on_msg, with more messages in the same input. */
static void test_stage_closes(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	struct hand *a = rig_hand(&r);
	rig_hand(&r);
	a->mood[MDL_C2S] = HAND_CLOSE;
	rig_open(&r, 0);
	flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\1a\0\0\0\1b\0\0\0\1c"), 1);
	assert_null(r.flow);
	assert_int_equal(r.server->got->n, 0);
	assert_int_equal(r.stats.dropped[MDL_C2S], 1);
	assert_string_equal(r.reason, "the stage says so");
	rig_close(&r);
}

static void close_at_any(struct rig *r, enum flow_event ev, mdl_time now)
{
	(void)ev;
	flow_close(r->flow, true, "the owner says so", now);
}

/* Closed from inside every kind of event. */
static void test_owner_closes(void **state)
{
	(void)state;
	for (unsigned what = 0; what < 5; what++) {
		struct rig r;
		rig_init(&r, MDL_STREAM);
		struct hand *a = rig_hand(&r);
		a->mood[MDL_S2C] = HAND_TAKE;
		rig_open(&r, 0);
		if (what > 0)
			flow_run(r.flow, 0);
		r.hook = close_at_any;
		if (what == 0)
			flow_run(r.flow, 0);
		else if (what == 1)
			flow_input(r.flow, MDL_C2S, MDL_LIT("\xff\xff\xff\xff rest"), 1);
		else if (what == 2)
			flow_input_end(r.flow, MDL_C2S, 1);
		else if (what == 3)
			flow_input_reset(r.flow, MDL_C2S, "gone", 1);
		else
			end_mem_gone(r.client, 1);
		assert_null(r.flow);
		assert_int_equal(rig_events(&r, FLOW_CLOSED), 1);
		rig_close(&r);
	}
}

static void close_when_run(struct rig *r, enum flow_event ev, mdl_time now)
{
	if (ev == FLOW_DEGRADED)
		flow_input_reset(r->flow, MDL_S2C, "while degrading", now);
}

static void test_reset_while_degrading(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	rig_hand(&r);
	rig_open(&r, 0);
	r.hook = close_when_run;
	flow_input(r.flow, MDL_S2C, MDL_LIT("\0\0"), 1);
	flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\1a\xff\xff\xff\xff rest"), 1);
	assert_null(r.flow);
	assert_int_equal(rig_events(&r, FLOW_RESET), 1);
	rig_close(&r);
}

static void resume_at_half_close(struct rig *r, enum flow_event ev, mdl_time now)
{
	struct hand *a = (struct hand *)r->stages[0];
	while (ev == FLOW_HALF_CLOSED && a->n_held > 0)
		hand_resume(a, now);
}

/* Resumed from inside the event: still in front of the half-close. */
static void test_resume_in_event(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	struct hand *a = rig_hand(&r);
	a->mood[MDL_C2S] = HAND_TAKE;
	rig_open(&r, 0);
	r.hook = resume_at_half_close;
	flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\1a\0\0\0\1b"), 1);
	flow_input_end(r.flow, MDL_C2S, 2);
	assert_true(r.server->shut);
	assert_int_equal(r.server->got_at_shut, 2);
	rig_close(&r);
}

/* The other direction comes in while one is being cut; each stays in its order. */
static void answer_at_degrade(struct rig *r, enum flow_event ev, mdl_time now)
{
	if (ev == FLOW_DEGRADED)
		flow_input(r->flow, MDL_S2C, MDL_LIT("more"), now);
}

static void test_input_in_event(void **state)
{
	(void)state;
	struct rig r;
	rig_init(&r, MDL_STREAM);
	rig_hand(&r);
	rig_open(&r, 0);
	r.hook = answer_at_degrade;
	flow_input(r.flow, MDL_S2C, MDL_LIT("\0\0\0\7some "), 1);
	flow_input(r.flow, MDL_C2S, MDL_LIT("\xff\xff\xff\xff"), 1);
	struct mdl_buf got;
	rig_got(&r, MDL_S2C, &got);
	assert_true(mdl_slice_eq(mdl_buf_slice(&got), MDL_LIT("\0\0\0\7some more")));
	mdl_buf_fini(&got);
	rig_close(&r);
}

static void out_of_memory(void)
{
	struct rig r;
	bool ready = rig_init(&r, MDL_STREAM);
	for (; ready && r.n_stages < 2; r.n_stages++)
		ready = stage_make(&hand_ops, &r.stages[r.n_stages], NULL) == MDL_OK;
	struct hand *last = (struct hand *)r.stages[1];
	if (ready && rig_try(&r, 0)) {
		last->mood[MDL_C2S] = HAND_TAKE;
		flow_input(r.flow, MDL_C2S, MDL_LIT("\0\0\0\1a\0\0\0\1b\0\0"), 0);
		if (r.flow != NULL)
			flow_input_end(r.flow, MDL_C2S, 0);
		if (r.flow != NULL)
			hand_resume(last, 1);
	}
	rig_close(&r);
}

static void test_no_memory(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(out_of_memory());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_chain),
		cmocka_unit_test(test_resume),
		cmocka_unit_test(test_due_and_run),
		cmocka_unit_test(test_half_close_waits),
		cmocka_unit_test(test_half_close_after_drop),
		cmocka_unit_test(test_made_messages),
		cmocka_unit_test(test_held_is_bounded),
		cmocka_unit_test(test_held_datagrams_are_bounded),
		cmocka_unit_test(test_close_frees_what_is_held),
		cmocka_unit_test(test_stage_closes),
		cmocka_unit_test(test_owner_closes),
		cmocka_unit_test(test_reset_while_degrading),
		cmocka_unit_test(test_resume_in_event),
		cmocka_unit_test(test_input_in_event),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
