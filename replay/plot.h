/** Lines over time as SVG: axes, grid lines, units, marks. */
#pragma once

#include "replay/html.h"

enum { PLOT_LINES = 2, PLOT_WIDTH = 420, PLOT_HEIGHT = 180 };

struct plot_line {
	const char *name;
	const double *y; /* `n` values; what is no number counts as 0 */
};

/** A moment worth marking. */
struct plot_mark {
	double x;
	const char *class; /* of the mark, for its colour */
	const char *text;
	int64_t link; /* to the element "fLINK"; 0: none */
};

struct plot {
	const char *title;
	const char *unit; /* behind the last value: "MB"; "" */
	const double *x;  /* milliseconds, rising */
	unsigned n;
	double x_end; /* where the axis of time ends */
	bool whole;   /* values are whole numbers */
	struct plot_line line[PLOT_LINES];
	unsigned n_lines;
	const struct plot_mark *marks;
	unsigned n_marks;
	bool linked; /* marks show as such, with their texts; else as faint lines */
};

/** A <figure>: title, last value, the drawing, which fits PLOT_WIDTH x PLOT_HEIGHT. */
void plot_write(struct html *h, const struct plot *p);
