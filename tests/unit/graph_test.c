#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "core/rng.h"
#include "replay/graph.h"
#include "support/alloc.h"

static int by_count(const void *a, const void *b)
{
	const struct report_edge *x = a, *y = b;
	return (x->count < y->count) - (x->count > y->count);
}

/* A campaign of `states` states, the first of them the start, with `edges` steps by chance. */
static void make(struct report *r, uint32_t states, size_t edges, uint64_t seed)
{
	struct mdl_rng rng = mdl_rng(seed);
	*r = (struct report){ .n_states = states, .n_edges = edges };
	r->states = calloc(states + 1, sizeof(*r->states));
	r->edges = calloc(edges + 1, sizeof(*r->edges));
	for (uint32_t i = 0; i < states; i++)
		r->states[i].code = i;
	for (size_t i = 0; i < edges; i++) {
		uint64_t count = mdl_rng_u64(&rng) >> mdl_rng_below(&rng, 64);
		r->edges[i] =
			(struct report_edge){ (uint32_t)mdl_rng_below(&rng, states),
					      (uint32_t)mdl_rng_below(&rng, states), count >> 1 };
		r->states[r->edges[i].to].visits += r->edges[i].count;
	}
	qsort(r->edges, edges, sizeof(*r->edges), by_count);
}

static void assert_fits(const struct graph *g)
{
	assert_true(isfinite(g->height));
	for (unsigned i = 0; i < g->n_nodes; i++) {
		assert_true(g->node[i].y > 0 && g->node[i].y < g->height);
		assert_true(i == 0 || g->node[i].y >= g->node[i - 1].y + GRAPH_ROW - 1e-6);
		assert_true(i == 0 || g->node[i].depth >= g->node[i - 1].depth);
	}
	for (unsigned i = 0; i < g->n_arcs; i++) {
		const struct graph_arc *a = &g->arc[i];
		assert_true(a->from < g->n_nodes && a->to < g->n_nodes);
		assert_true(a->width > 0 && a->width <= 6.01);
		assert_true(a->at_x > GRAPH_AXIS && a->at_x <= GRAPH_WIDTH);
		assert_true(a->at_y > 0 && a->at_y < g->height);
		assert_true(i == 0 || a->count <= g->arc[i - 1].count);
		for (unsigned k = 0; k < i; k++)
			assert_false(a->counted && g->arc[k].counted &&
				     fabs(a->at_x - g->arc[k].at_x) < 40 &&
				     fabs(a->at_y - g->arc[k].at_y) < 11);
	}
}

static void test_sizes(void **state)
{
	(void)state;
	static const struct {
		uint32_t states;
		size_t edges;
	} sizes[] = { { 1, 0 },	   { 1, 1 },	 { 2, 1 },     { 5, 8 },     { 12, 30 },
		      { 40, 400 }, { 80, 2000 }, { 81, 5000 }, { 300, 9000 } };
	struct graph *g = calloc(1, sizeof(*g));
	for (size_t i = 0; i < MDL_COUNT(sizes); i++) {
		struct report r;
		make(&r, sizes[i].states, sizes[i].edges, i);
		assert_int_equal(graph_make(&r, g), MDL_OK);
		assert_fits(g);
		unsigned shown = sizes[i].states < GRAPH_NODES ? sizes[i].states : GRAPH_NODES;
		assert_int_equal(g->n_nodes, shown);
		if (sizes[i].edges <= GRAPH_ARCS - GRAPH_NODES)
			assert_int_equal(g->n_arcs, sizes[i].edges);
		assert_int_equal(g->node[0].depth, 0);
		assert_int_equal(r.states[g->node[0].state].code, 0);
		report_fini(&r);
	}
	free(g);
}

/* Every state that is drawn and was reached from another has an arc that leads to it. */
static void test_nobody_stands_alone(void **state)
{
	(void)state;
	struct report r;
	struct graph *g = calloc(1, sizeof(*g));
	make(&r, 60, 3000, 4);
	assert_int_equal(graph_make(&r, g), MDL_OK);
	for (unsigned i = 0; i < g->n_nodes; i++) {
		bool led_to = false;
		for (unsigned k = 0; k < g->n_arcs; k++)
			led_to = led_to || (g->arc[k].to == i && g->arc[k].from != i);
		assert_true(led_to);
	}
	report_fini(&r);
	free(g);
}

static void test_line_of_states(void **state)
{
	(void)state;
	struct report r;
	struct graph *g = calloc(1, sizeof(*g));
	make(&r, 6, 5, 1);
	for (uint32_t i = 0; i < 5; i++) /* 0 > 5 > 4 > 3 > 2 > 1 */
		r.edges[i] = (struct report_edge){ i == 0 ? 0 : 6 - i, 5 - i, 10 - i };
	assert_int_equal(graph_make(&r, g), MDL_OK);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(g->node[i].depth, i);
		assert_int_equal(g->node[i].state, i == 0 ? 0 : 6 - i);
	}
	assert_int_equal(g->shown, g->steps);
	report_fini(&r);
	free(g);
}

static void test_no_memory(void **state)
{
	(void)state;
	struct report r;
	struct graph *g = calloc(1, sizeof(*g));
	make(&r, 20, 50, 2);
	ALLOC_FAIL_EACH({
		mdl_err err = graph_make(&r, g);
		assert_int_equal(err, alloc_failed() ? MDL_ENOMEM : MDL_OK);
	});
	report_fini(&r);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_nobody_stands_alone),
		cmocka_unit_test(test_line_of_states),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
