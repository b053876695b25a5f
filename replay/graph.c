#include "replay/graph.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "replay/features.h"

enum {
	MARGIN = 14,
	LOOP_REACH = 14,
	REACH_LEAST = 22,
	MORE_ARCS = GRAPH_ARCS - GRAPH_NODES, /* than there are states */
	COUNT_WIDTH = 44,
	COUNT_HEIGHT = 12,
	COUNTS = 16,
};

static const unsigned NOWHERE = UINT_MAX;
static const double width_most = 6, width_least = 0.8;

/* ---- choosing ---- */

struct choice {
	uint32_t state;
	uint64_t visits;
};

static int by_visits(const void *a, const void *b)
{
	const struct choice *x = a, *y = b;
	if (x->visits != y->visits)
		return x->visits > y->visits ? -1 : 1;
	return (x->state > y->state) - (x->state < y->state);
}

/* The start stays, whatever leads there; then the states that were met most. */
static mdl_err choose_nodes(const struct report *r, struct graph *g, unsigned *place)
{
	struct choice *c = calloc(r->n_states + 1, sizeof(*c));
	if (c == NULL)
		return MDL_ENOMEM;
	for (uint32_t i = 0; i < r->n_states; i++) {
		bool start = r->states[i].code == STATE_START;
		c[i] = (struct choice){ i, start ? UINT64_MAX : r->states[i].visits };
		place[i] = NOWHERE;
	}
	qsort(c, r->n_states, sizeof(*c), by_visits);
	for (size_t i = 0; i < r->n_states && i < GRAPH_NODES; i++) {
		place[c[i].state] = g->n_nodes;
		g->node[g->n_nodes++] = (struct graph_node){ .state = c[i].state };
	}
	free(c);
	return MDL_OK;
}

static void add_arc(struct graph *g, unsigned from, unsigned to, uint64_t count)
{
	g->shown += count;
	g->arc[g->n_arcs++] = (struct graph_arc){ .from = from, .to = to, .count = count };
}

static bool both_shown(const struct report_edge *e, const unsigned *place)
{
	return place[e->from] != NOWHERE && place[e->to] != NOWHERE;
}

/* Edges come by their counts: the first that leads to a state from another is the one taken most. */
static unsigned choose_leads(const struct report *r, const unsigned *place, bool *drawn)
{
	bool led_to[GRAPH_NODES] = { false };
	unsigned n = 0;
	for (size_t i = 0; i < r->n_edges; i++) {
		const struct report_edge *e = &r->edges[i];
		if (!both_shown(e, place) || e->from == e->to || led_to[place[e->to]])
			continue;
		led_to[place[e->to]] = drawn[i] = true;
		n++;
	}
	return n;
}

static mdl_err choose_arcs(const struct report *r, struct graph *g, const unsigned *place)
{
	bool *drawn = calloc(r->n_edges + 1, sizeof(*drawn));
	if (drawn == NULL)
		return MDL_ENOMEM;
	unsigned n = choose_leads(r, place, drawn);
	unsigned most = g->n_nodes + MORE_ARCS;
	for (size_t i = 0; i < r->n_edges; i++) {
		const struct report_edge *e = &r->edges[i];
		g->steps += e->count;
		if (!drawn[i] && n < most && both_shown(e, place)) {
			drawn[i] = true;
			n++;
		}
		if (drawn[i])
			add_arc(g, place[e->from], place[e->to], e->count);
	}
	free(drawn);
	return MDL_OK;
}

/* ---- order ---- */

/* Each round goes one step further; there are no more rounds than states. */
static void find_depths(const struct report *r, struct graph *g)
{
	bool more = true;
	for (unsigned i = 0; i < g->n_nodes; i++)
		g->node[i].depth = r->states[g->node[i].state].code == STATE_START ? 0 : UINT_MAX;
	for (unsigned d = 0; more && d < g->n_nodes; d++) {
		more = false;
		for (unsigned i = 0; i < g->n_arcs; i++) {
			struct graph_node *to = &g->node[g->arc[i].to];
			if (g->node[g->arc[i].from].depth != d || to->depth != UINT_MAX)
				continue;
			to->depth = d + 1;
			more = true;
		}
	}
}

/* By depth, and as they were (by visits) within one; the arcs follow. */
static void sort_nodes(struct graph *g)
{
	struct graph_node sorted[GRAPH_NODES];
	unsigned at[GRAPH_NODES], n = 0;
	for (unsigned d = 0; d <= g->n_nodes; d++)
		for (unsigned i = 0; i < g->n_nodes; i++)
			if (d < g->n_nodes ? g->node[i].depth == d : g->node[i].depth == UINT_MAX) {
				at[i] = n;
				sorted[n++] = g->node[i];
			}
	memcpy(g->node, sorted, n * sizeof(*sorted));
	for (unsigned i = 0; i < g->n_arcs; i++) {
		g->arc[i].from = at[g->arc[i].from];
		g->arc[i].to = at[g->arc[i].to];
	}
}

/* ---- places ---- */

static void place_arcs(struct graph *g)
{
	double most = g->n_arcs == 0 ? 1 : log1p((double)g->arc[0].count);
	double room = GRAPH_WIDTH - GRAPH_AXIS - MARGIN - REACH_LEAST;
	for (unsigned i = 0; i < g->n_arcs; i++) {
		struct graph_arc *a = &g->arc[i];
		double span = fabs((double)a->to - (double)a->from);
		double share = most > 0 ? log1p((double)a->count) / most : 0;
		a->width = width_least + (width_most - width_least) * share * share * share;
		a->reach = span == 0 ? LOOP_REACH
				     : REACH_LEAST + room * sqrt(span / (double)g->n_nodes);
		if (span == 0)
			a->width = fmin(a->width, 2);
		a->at_x = GRAPH_AXIS + a->reach;
		a->at_y = (g->node[a->from].y + g->node[a->to].y) / 2;
	}
}

static bool meets(const struct graph_arc *a, const struct graph_arc *b)
{
	return fabs(a->at_x - b->at_x) < COUNT_WIDTH && fabs(a->at_y - b->at_y) < COUNT_HEIGHT;
}

static void place_counts(struct graph *g)
{
	unsigned n = 0;
	for (unsigned i = 0; i < g->n_arcs && n < COUNTS; i++) {
		struct graph_arc *a = &g->arc[i];
		a->counted = a->at_x + COUNT_WIDTH < GRAPH_WIDTH;
		for (unsigned k = 0; a->counted && k < i; k++)
			a->counted = !g->arc[k].counted || !meets(a, &g->arc[k]);
		n += a->counted;
	}
}

static void place(struct graph *g)
{
	for (unsigned i = 0; i < g->n_nodes; i++)
		g->node[i].y = MARGIN + GRAPH_ROW * (i + 0.5);
	g->height = 2 * MARGIN + GRAPH_ROW * (double)g->n_nodes;
	place_arcs(g);
	place_counts(g);
}

mdl_err graph_make(const struct report *r, struct graph *out)
{
	unsigned *at = calloc(r->n_states + 1, sizeof(*at));
	*out = (struct graph){ 0 };
	if (at == NULL)
		return MDL_ENOMEM;
	mdl_err err = choose_nodes(r, out, at);
	if (err == MDL_OK)
		err = choose_arcs(r, out, at);
	if (err == MDL_OK) {
		find_depths(r, out);
		sort_nodes(out);
		place(out);
	}
	free(at);
	return err;
}
