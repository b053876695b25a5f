/**
 * A place for every state on a line, and an arc for every step between them: readable for five states
 * as for eighty, because names never meet. Arcs that go on bulge as far as they reach; thickness grows
 * with the logarithm of the count. Of larger graphs a part is taken: the states met most, the step that
 * leads most often to each of them, and the most travelled others.
 */
#pragma once

#include "replay/report.h"

enum {
	GRAPH_NODES = 80,
	GRAPH_ARCS = 120,
	GRAPH_WIDTH = 940,
	GRAPH_AXIS = 440, /* where the line of states stands; names are left of it */
	GRAPH_ROW = 18,
};

struct graph_node {
	uint32_t state; /* in report.states */
	unsigned depth; /* steps from the start; UINT_MAX: none of the arcs shown lead here */
	double y;
};

struct graph_arc {
	unsigned from, to; /* in `node` */
	uint64_t count;
	double width;
	double reach;	   /* how far it bulges from the axis */
	double at_x, at_y; /* its outermost point, where its count may stand */
	bool counted;	   /* the count has room there: it meets no other */
};

struct graph {
	struct graph_node node[GRAPH_NODES];
	unsigned n_nodes;
	struct graph_arc arc[GRAPH_ARCS]; /* the most travelled first */
	unsigned n_arcs;
	double height;
	uint64_t steps, shown; /* taken, and those that arcs stand for */
};

/** Chooses and places. MDL_ENOMEM. */
MDL_MUST mdl_err graph_make(const struct report *r, struct graph *out);
