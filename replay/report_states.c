/* What the target's answers say of its states: a drawing, and a table of every step. */
#include <inttypes.h>
#include <stdlib.h>

#include "replay/graph.h"
#include "replay/report_parts.h"
#include "replay/ticks.h"

enum { NAME_SHOWN = 62, ROWS_SHOWN = 400 };

/* ---- the drawing ---- */

static void arrow(struct html *h, const char *id)
{
	html_begin(h, "marker", id);
	html_attr(h, "id", "%s", id);
	html_attr(h, "viewBox", "0 0 8 8");
	html_attr(h, "refX", "6");
	html_attr(h, "refY", "4");
	html_attr(h, "markerWidth", "7");
	html_attr(h, "markerHeight", "7");
	html_attr(h, "markerUnits", "userSpaceOnUse");
	html_attr(h, "orient", "auto");
	html_begin(h, "path", NULL);
	html_attr(h, "d", "M0 0L8 4L0 8z");
	html_end_empty(h);
	html_end(h);
}

/* A step to the same state is a small loop. A Bezier curve reaches three quarters of what pulls it. */
static void arc_path(struct html *h, const struct graph *g, const struct graph_arc *a)
{
	double x = GRAPH_AXIS + 5, from = g->node[a->from].y, to = g->node[a->to].y;
	double pull = x + (a->at_x - x) / 0.75, open = a->from == a->to ? a->reach : 0;
	html_attr(h, "d", "M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x, from, pull, from - open,
		  pull, to + open, x, to);
}

static void arc(struct html *h, const struct report *r, const struct graph *g, unsigned i)
{
	const struct graph_arc *a = &g->arc[i];
	const char *way = a->to < a->from ? "back" : "on";
	char count[TICKS_TEXT];
	html_begin(h, "path", "arc");
	html_attr(h, "data-way", "%s", way);
	html_attr(h, "data-from", "%u", a->from);
	html_attr(h, "data-to", "%u", a->to);
	html_attr(h, "stroke-width", "%.2f", a->width);
	html_attr(h, "marker-end", "url(#arrow-%s)", way);
	arc_path(h, g, a);
	html_leaf(h, "title", NULL, "%s \342\206\222 %s: %s\303\227",
		  r->states[g->node[a->from].state].name, r->states[g->node[a->to].state].name,
		  ticks_count_text(a->count, count));
	html_end(h);
}

static void arc_count(struct html *h, const struct graph_arc *a)
{
	char count[TICKS_TEXT];
	if (!a->counted)
		return;
	html_begin(h, "text", "count");
	html_attr(h, "x", "%.1f", a->at_x + 4);
	html_attr(h, "y", "%.1f", a->at_y + 4);
	html_say(h, "%s", ticks_number_text((double)a->count, count));
	html_end(h);
}

static void node_name(struct html *h, double y, const char *name)
{
	html_begin(h, "text", "name");
	html_attr(h, "x", "%d", GRAPH_AXIS - 70);
	html_attr(h, "y", "%.1f", y + 4);
	html_text(h, mdl_slice_sub(mdl_slice_str(name), 0, NAME_SHOWN));
	if (strlen(name) > NAME_SHOWN)
		html_say(h, "\342\200\246");
	html_end(h);
}

static void node(struct html *h, const struct report *r, const struct graph *g, unsigned i)
{
	const struct report_state *s = &r->states[g->node[i].state];
	char visits[TICKS_TEXT];
	html_begin(h, "g", "node");
	html_attr(h, "data-n", "%u", i);
	html_leaf(h, "title", NULL, "%s: met %s\303\227", s->name,
		  ticks_count_text(s->visits, visits));
	node_name(h, g->node[i].y, s->name);
	html_begin(h, "text", "visits");
	html_attr(h, "x", "%d", GRAPH_AXIS - 14);
	html_attr(h, "y", "%.1f", g->node[i].y + 4);
	html_say(h, "%s",
		 i == 0 && s->visits == 0 ? "" : ticks_number_text((double)s->visits, visits));
	html_end(h);
	html_begin(h, "circle", NULL);
	html_attr(h, "cx", "%d", GRAPH_AXIS);
	html_attr(h, "cy", "%.1f", g->node[i].y);
	html_attr(h, "r", "4.5");
	html_end_empty(h);
	html_end(h);
}

static void drawing(struct html *h, const struct report *r, const struct graph *g)
{
	html_begin(h, "div", "wide");
	html_begin(h, "svg", "graph");
	html_attr(h, "viewBox", "0 0 %d %.0f", GRAPH_WIDTH, g->height);
	html_attr(h, "role", "img");
	html_attr(h, "aria-label", "states and the steps between them");
	html_begin(h, "defs", NULL);
	arrow(h, "arrow-on");
	arrow(h, "arrow-back");
	html_end(h);
	for (unsigned i = g->n_arcs; i-- > 0;)
		arc(h, r, g, i);
	for (unsigned i = 0; i < g->n_arcs; i++)
		arc_count(h, &g->arc[i]);
	for (unsigned i = 0; i < g->n_nodes; i++)
		node(h, r, g, i);
	html_end(h);
	html_end(h);
}

/* ---- in words ---- */

static void explain(struct html *h, const struct report *r, const struct graph *g)
{
	char a[TICKS_TEXT], b[TICKS_TEXT], c[TICKS_TEXT];
	html_begin(h, "p", "note");
	html_say(h,
		 "Each answer is a state, named by what it says; a conversation steps from one to "
		 "the next. Numbers beside names: how often it was met. Steps down the list are "
		 "drawn in one colour, those back up in the other, thicker the more often they "
		 "were taken. ");
	if (g->n_arcs < r->n_edges || g->n_nodes < r->n_states)
		html_say(h,
			 "Drawn are %u of %s states and %u of %s steps: for each state the one "
			 "that led there most, and the most travelled others, %.1f %% of all that "
			 "were taken. ",
			 g->n_nodes, ticks_count_text(r->n_states, a), g->n_arcs,
			 ticks_count_text(r->n_edges, b),
			 g->steps == 0 ? 0 : 100.0 * (double)g->shown / (double)g->steps);
	else
		html_say(h, "There are %s states and %s steps, taken %s times. ",
			 ticks_count_text(r->n_states, a), ticks_count_text(r->n_edges, b),
			 ticks_count_text(g->steps, c));
	html_end(h);
}

/* ---- the table ---- */

static void row(struct html *h, const struct report *r, const struct report_edge *e, uint64_t steps)
{
	char count[TICKS_TEXT];
	html_begin(h, "tr", NULL);
	html_leaf(h, "td", NULL, "%s", r->states[e->from].name);
	html_leaf(h, "td", NULL, "%s", r->states[e->to].name);
	html_leaf(h, "td", "num", "%s", ticks_count_text(e->count, count));
	html_leaf(h, "td", "num", "%.2f %%",
		  steps == 0 ? 0 : 100.0 * (double)e->count / (double)steps);
	html_end(h);
}

static void left_out(struct html *h, const struct report *r)
{
	char n[TICKS_TEXT], times[TICKS_TEXT];
	uint64_t rest = 0;
	for (size_t i = ROWS_SHOWN; i < r->n_edges; i++)
		rest += r->edges[i].count;
	if (r->n_edges > ROWS_SHOWN)
		html_leaf(h, "p", "note",
			  "%s rarer steps, taken %s times in all, are left out here; meddle report "
			  "--json has them.",
			  ticks_count_text(r->n_edges - ROWS_SHOWN, n),
			  ticks_count_text(rest, times));
}

static void table(struct html *h, const struct report *r, uint64_t steps)
{
	char n[TICKS_TEXT];
	html_begin(h, "details", NULL);
	html_leaf(h, "summary", NULL, "Table of %s steps", ticks_count_text(r->n_edges, n));
	html_begin(h, "div", "wide");
	html_begin(h, "table", NULL);
	html_raw(h, "<thead><tr><th>from</th><th>to</th><th class=\"num\">times</th>"
		    "<th class=\"num\">share</th></tr></thead>");
	html_begin(h, "tbody", NULL);
	for (size_t i = 0; i < r->n_edges && i < ROWS_SHOWN; i++)
		row(h, r, &r->edges[i], steps);
	html_end(h);
	html_end(h);
	html_end(h);
	left_out(h, r);
	html_end(h);
}

void report_states(struct html *h, const struct report *r)
{
	report_section(h, "states", "States");
	struct graph *g = r->n_edges == 0 ? NULL : calloc(1, sizeof(*g));
	if (r->n_edges == 0)
		report_nothing(h, "No answers were seen, so there is no state to tell of.");
	else if (g == NULL || graph_make(r, g) != MDL_OK)
		h->err = MDL_ENOMEM;
	else {
		explain(h, r, g);
		drawing(h, r, g);
		table(h, r, g->steps);
	}
	free(g);
	html_end(h);
}
