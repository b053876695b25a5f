#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rng.h"
#include "proxy/timers.h"

struct bell {
	struct timer timer;
	struct timers *h;
	unsigned rang;
	size_t *turn;	      /* counts all that rang */
	size_t place;	      /* the turn at which it rang */
	mdl_time every;	      /* sets itself again so much later; 0: not */
	struct bell *silence; /* stops that one */
};

static void ring(struct timer *t, mdl_time now)
{
	struct bell *b = (struct bell *)t;
	assert_true(now >= t->due);
	assert_false(t->set);
	b->rang++;
	b->place = (*b->turn)++;
	if (b->every > 0)
		timers_set(b->h, t, t->due + b->every);
	if (b->silence != NULL)
		timers_stop(b->h, &b->silence->timer);
}

static void bells_init(struct bell *b, size_t n, struct timers *h, size_t *turn)
{
	for (size_t i = 0; i < n; i++)
		b[i] = (struct bell){ .timer.fire = ring, .h = h, .turn = turn };
}

static void test_order(void **state)
{
	(void)state;
	struct timers h = { 0 };
	struct bell b[4];
	size_t turn = 0;
	bells_init(b, 4, &h, &turn);
	assert_int_equal(timers_due(&h), MDL_NEVER);
	timers_set(&h, &b[0].timer, 30);
	timers_set(&h, &b[1].timer, 10);
	timers_set(&h, &b[2].timer, 20);
	timers_set(&h, &b[3].timer, 10);
	assert_int_equal(timers_due(&h), 10);
	assert_int_equal(timers_run(&h, 9), 0);
	assert_int_equal(timers_run(&h, 20), 3);
	assert_int_equal(b[1].place, 0);
	assert_int_equal(b[3].place, 1);
	assert_int_equal(b[2].place, 2);
	assert_int_equal(b[0].rang, 0);
	assert_int_equal(timers_due(&h), 30);
	timers_stop(&h, &b[0].timer);
	timers_stop(&h, &b[0].timer);
	assert_int_equal(timers_due(&h), MDL_NEVER);
}

static void test_move(void **state)
{
	(void)state;
	struct timers h = { 0 };
	struct bell b[2];
	size_t turn = 0;
	bells_init(b, 2, &h, &turn);
	timers_set(&h, &b[0].timer, 10);
	timers_set(&h, &b[1].timer, 20);
	timers_set(&h, &b[0].timer, 40);
	assert_int_equal(timers_due(&h), 20);
	timers_set(&h, &b[0].timer, 5);
	assert_int_equal(timers_due(&h), 5);
	assert_int_equal(timers_run(&h, 100), 2);
	assert_int_equal(b[0].place, 0);
}

/* One that sets itself again in the past neither runs for ever nor keeps the others from running. */
static void test_set_from_inside(void **state)
{
	(void)state;
	struct timers h = { 0 };
	struct bell b[2];
	size_t turn = 0;
	bells_init(b, 2, &h, &turn);
	b[0].every = 1;
	timers_set(&h, &b[0].timer, 0);
	assert_int_equal(timers_run(&h, 1000), 1);
	timers_set(&h, &b[1].timer, 900);
	assert_int_equal(timers_run(&h, 1000), 2);
	assert_int_equal(b[1].rang, 1);
	/* counted from when it was due, not from when it ran: no drift */
	assert_int_equal(b[0].timer.due, 2);
	timers_stop(&h, &b[0].timer);
}

static void test_stop_from_inside(void **state)
{
	(void)state;
	struct timers h = { 0 };
	struct bell b[3];
	size_t turn = 0;
	bells_init(b, 3, &h, &turn);
	b[0].silence = &b[1];
	for (size_t i = 0; i < 3; i++)
		timers_set(&h, &b[i].timer, 10);
	assert_int_equal(timers_run(&h, 10), 2);
	assert_int_equal(b[1].rang, 0);
	assert_int_equal(b[2].rang, 1);
}

/* Against the plainest thing that can be right: look at all of them. */
static void test_many(void **state)
{
	(void)state;
	enum { N = 300 };
	static struct bell b[N];
	struct timers h = { 0 };
	struct mdl_rng r = mdl_rng(5);
	size_t turn = 0;
	bells_init(b, N, &h, &turn);
	for (unsigned step = 0; step < 20000; step++) {
		struct bell *one = &b[mdl_rng_below(&r, N)];
		mdl_time now = step / 4;
		if (mdl_rng_chance(&r, 1, 4))
			timers_stop(&h, &one->timer);
		else
			timers_set(&h, &one->timer, now + (mdl_time)mdl_rng_below(&r, 500));
		timers_run(&h, now);
		mdl_time first = MDL_NEVER;
		for (size_t i = 0; i < N; i++)
			if (b[i].timer.set)
				first = mdl_time_min(first, b[i].timer.due);
		/* what is due now was set in this step and waits for the next run */
		assert_true(first >= now);
		assert_int_equal(timers_due(&h), first);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_move),
		cmocka_unit_test(test_set_from_inside),
		cmocka_unit_test(test_stop_from_inside),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
