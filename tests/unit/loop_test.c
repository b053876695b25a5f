#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "support/alloc.h"
#include "support/net.h"
#include "support/rig.h"

struct bell {
	struct timer timer;
	struct loop *l;
	unsigned rang, again; /* sets itself again so often, `every` later */
	mdl_time every;
	size_t *turn, place;
	bool stop; /* the loop */
};

static void ring(struct timer *t, mdl_time now)
{
	struct bell *b = (struct bell *)t;
	assert_true(now >= t->due);
	assert_int_equal(now, loop_now(b->l));
	b->rang++;
	b->place = (*b->turn)++;
	if (b->again-- > 0)
		loop_timer(b->l, t, t->due + b->every);
	if (b->stop)
		loop_stop(b->l);
}

static struct bell bell(struct loop *l, size_t *turn)
{
	return (struct bell){ .timer.fire = ring, .l = l, .turn = turn };
}

static struct loop *open_loop(void)
{
	struct loop *l = NULL;
	assert_int_equal(loop_new(&l, NULL), MDL_OK);
	return l;
}

static void test_nothing(void **state)
{
	(void)state;
	struct loop *l = open_loop();
	loop_run(l);
	loop_once(l, true); /* nothing to wait for */
	assert_true(loop_free(l));
	assert_true(loop_free(NULL));
}

static void test_time(void **state)
{
	(void)state;
	struct loop *l = open_loop();
	mdl_time before = loop_clock(), now = loop_now(l), after = loop_clock();
	assert_true(before <= now && now <= after);
	assert_int_equal(loop_now(l), now);
	while (loop_clock() == after)
		;
	loop_once(l, false);
	assert_true(loop_now(l) > after);
	assert_true(loop_free(l));
}

static void test_timer_order(void **state)
{
	(void)state;
	struct loop *l = open_loop();
	size_t turn = 0;
	struct bell a = bell(l, &turn), b = bell(l, &turn), c = bell(l, &turn);
	mdl_time now = loop_now(l);
	loop_timer(l, &a.timer, now + 3 * MDL_MS);
	loop_timer(l, &b.timer, now + 1 * MDL_MS);
	loop_timer(l, &c.timer, now - MDL_SEC);
	loop_run(l);
	assert_int_equal(c.place, 0);
	assert_int_equal(b.place, 1);
	assert_int_equal(a.place, 2);
	assert_true(loop_free(l));
}

static void test_rearm_and_stop(void **state)
{
	(void)state;
	struct loop *l = open_loop();
	size_t turn = 0;
	struct bell a = bell(l, &turn), b = bell(l, &turn);
	mdl_time start = loop_now(l);
	a.again = 20;
	a.every = 100 * MDL_US;
	loop_timer(l, &a.timer, start);
	loop_timer(l, &b.timer, start);
	loop_timer_stop(l, &b.timer);
	loop_timer_stop(l, &b.timer);
	loop_run(l);
	assert_int_equal(a.rang, 21);
	assert_int_equal(a.timer.due, start + 20 * 100 * MDL_US);
	assert_int_equal(b.rang, 0);
	assert_true(loop_free(l));
}

/* One that is always due must not keep the loop from doing anything else. */
static void test_always_due(void **state)
{
	(void)state;
	struct loop *l = open_loop();
	size_t turn = 0;
	struct bell a = bell(l, &turn), b = bell(l, &turn);
	a.again = 1000000;
	b.stop = true;
	loop_timer(l, &a.timer, 0);
	loop_timer(l, &b.timer, loop_now(l) + MDL_MS);
	loop_run(l);
	assert_int_equal(b.rang, 1);
	loop_timer_stop(l, &a.timer);
	assert_true(loop_free(l));
}

static void test_many_timers(void **state)
{
	(void)state;
	enum { N = 10000 };
	static struct bell b[N];
	struct loop *l = open_loop();
	size_t turn = 0;
	mdl_time start = loop_now(l);
	for (unsigned i = 0; i < N; i++) {
		b[i] = bell(l, &turn);
		/* 7919 is prime, so these are all the moments from 0 to N-1, in no order */
		loop_timer(l, &b[i].timer, start + (i * 7919U % N) * MDL_US);
	}
	loop_run(l);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(b[i].rang, 1);
		assert_int_equal(b[i].place, i * 7919U % N);
	}
	assert_true(loop_free(l));
}

static void test_spin(void **state)
{
	(void)state;
	struct loop *l = open_loop();
	size_t turn = 0;
	struct bell a = bell(l, &turn);
	a.again = 50;
	a.every = 300 * MDL_US;
	loop_spin(l, 100 * MDL_US);
	loop_timer(l, &a.timer, loop_now(l) + MDL_MS);
	loop_run(l);
	assert_int_equal(a.rang, 51);
	loop_spin(l, 0);
	assert_true(loop_free(l));
}

static void count_signal(void *ctx, int signum)
{
	assert_int_equal(signum, SIGUSR1);
	++*(unsigned *)ctx;
}

static void test_signal(void **state)
{
	(void)state;
	struct loop *l = open_loop();
	struct mdl_why why;
	unsigned first = 0, second = 0;
	assert_int_equal(loop_signal(l, SIGUSR1, count_signal, &first, NULL), MDL_OK);
	assert_int_equal(loop_signal(l, SIGUSR1, count_signal, &second, NULL), MDL_OK);
	loop_run(l); /* signals keep nothing running */
	raise(SIGUSR1);
	while (first == 0 || second == 0)
		loop_once(l, false);
	assert_int_equal(first, 1);
	assert_int_equal(second, 1);
	assert_int_equal(loop_signal(l, SIGKILL, count_signal, NULL, &why), MDL_EIO);
	assert_non_null(strstr(why.text, "signal 9: "));
	raise(SIGPIPE); /* is ignored */
	assert_true(loop_free(l));
}

static void test_children_are_not_ignored(void **state)
{
	(void)state;
	struct sigaction now;
	signal(SIGCHLD, SIG_IGN);
	struct loop *l = open_loop();
	assert_int_equal(sigaction(SIGCHLD, NULL, &now), 0);
	assert_ptr_equal(now.sa_handler, SIG_DFL);
	assert_true(loop_free(l));
}

/* Somebody left a handle open: told, and nothing freed under their feet. */
static void test_left_open(void **state)
{
	(void)state;
	struct loop *l = open_loop();
	uv_timer_t left;
	assert_int_equal(uv_timer_init(loop_uv(l), &left), 0);
	assert_false(loop_free(l));
	uv_close((uv_handle_t *)&left, NULL);
	uv_run(loop_uv(l), UV_RUN_NOWAIT);
	assert_int_equal(uv_loop_close(loop_uv(l)), 0);
	free(loop_batch(l));
	free(l);
}

static struct stage *delay_2ms(void)
{
	struct mdl_conf *c = NULL;
	struct stage *s = NULL;
	assert_int_equal(mdl_conf_parse(MDL_LIT("delay: 2ms"), "x", &c, NULL), MDL_OK);
	assert_int_equal(stage_new("impair", c, &s, NULL), MDL_OK);
	mdl_conf_free(c);
	return s;
}

/* The loop runs flows when they are due and flushes them when they were touched, and nobody else. */
static void test_flows(void **state)
{
	(void)state;
	enum { N = 100 };
	struct net n;
	struct end_mem *client[N], *server[N];
	struct flow *flows[N];
	net_init(&n);
	n.stage = delay_2ms;
	for (unsigned i = 0; i < N; i++) {
		client[i] = end_mem_new();
		server[i] = end_mem_new();
		net_flow(&n, &client[i]->end, &server[i]->end);
		flows[i] = n.flow;
	}
	loop_once(n.l, false);
	assert_int_equal(server[0]->flushes, 1); /* when it was made */
	mdl_time start = loop_now(n.l);
	for (unsigned i = 0; i < N; i += 2)
		flow_input(flows[i], MDL_C2S, MDL_LIT("x"), start);
	loop_run(n.l);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(server[i]->got->n, i % 2 == 0);
		assert_int_equal(server[i]->flushes, i % 2 == 0 ? 3 : 1);
	}
	assert_true(server[0]->got->v[0]->at >= start + 2 * MDL_MS);
	for (unsigned i = 0; i < N; i++) {
		flow_close(flows[i], true, NULL, loop_now(n.l));
		end_mem_free(client[i]);
		end_mem_free(server[i]);
	}
	net_fini(&n);
}

/* A chain of flows, each fed from the flush of the one before: all within one wake. */
struct chain_link {
	struct end_ops ops;
	struct end_mem *mem;
	struct flow *next;
};

static struct chain_link links[6];

static void pass_on(struct end *e, mdl_time now)
{
	for (size_t i = 0; i < MDL_COUNT(links); i++)
		if (e->ops == &links[i].ops && links[i].mem->got->n > links[i].mem->flushes) {
			links[i].mem->flushes++;
			if (links[i].next != NULL)
				flow_input(links[i].next, MDL_C2S, MDL_LIT("x"), now);
		}
}

static void test_flush_rounds(void **state)
{
	(void)state;
	struct net n;
	struct end_mem *client[MDL_COUNT(links)];
	struct flow *flows[MDL_COUNT(links)];
	net_init(&n);
	for (size_t i = MDL_COUNT(links); i-- > 0;) {
		client[i] = end_mem_new();
		links[i].mem = end_mem_new();
		links[i].ops = *links[i].mem->end.ops;
		links[i].ops.flush = pass_on;
		links[i].mem->end.ops = &links[i].ops;
		links[i].next = i + 1 < MDL_COUNT(links) ? flows[i + 1] : NULL;
		net_flow(&n, &client[i]->end, &links[i].mem->end);
		flows[i] = n.flow;
	}
	loop_once(n.l, false);
	flow_input(flows[0], MDL_C2S, MDL_LIT("x"), loop_now(n.l));
	loop_once(n.l, false);
	for (size_t i = 0; i < MDL_COUNT(links); i++) {
		assert_int_equal(links[i].mem->got->n, 1);
		flow_close(flows[i], true, NULL, loop_now(n.l));
		end_mem_free(client[i]);
		end_mem_free(links[i].mem);
	}
	net_fini(&n);
}

/* A flow that is freed while it is touched, timed, or being flushed is forgotten. */
static void test_forget(void **state)
{
	(void)state;
	struct net n;
	net_init(&n);
	n.stage = delay_2ms;
	struct end_mem *a = end_mem_new(), *b = end_mem_new();
	net_flow(&n, &a->end, &b->end);
	flow_input(n.flow, MDL_C2S, MDL_LIT("x"), loop_now(n.l));
	flow_close(n.flow, true, NULL, loop_now(n.l));
	assert_null(n.flow);
	loop_run(n.l);
	end_mem_free(a);
	end_mem_free(b);
	net_fini(&n);
}

static void out_of_memory(void)
{
	struct loop *l = NULL;
	unsigned n = 0;
	if (loop_new(&l, NULL) != MDL_OK)
		return;
	mdl_err err = loop_signal(l, SIGUSR1, count_signal, &n, NULL);
	assert_true(err == MDL_OK || err == MDL_ENOMEM || err == MDL_EIO);
	assert_true(loop_free(l));
}

static void test_no_memory(void **state)
{
	(void)state;
	ALLOC_FAIL_EACH(out_of_memory());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_timer_order),
		cmocka_unit_test(test_rearm_and_stop),
		cmocka_unit_test(test_always_due),
		cmocka_unit_test(test_many_timers),
		cmocka_unit_test(test_spin),
		cmocka_unit_test(test_signal),
		cmocka_unit_test(test_children_are_not_ignored),
		cmocka_unit_test(test_left_open),
		cmocka_unit_test(test_flows),
		cmocka_unit_test(test_flush_rounds),
		cmocka_unit_test(test_forget),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
