#include "replay/plot.h"

#include <inttypes.h>
#include <math.h>

#include "replay/ticks.h"

enum { LEFT = 44, RIGHT = 10, TOP = 8, BOTTOM = 24, X_TICKS = 6, Y_TICKS = 5, MARK = 5 };

struct frame {
	struct html *h;
	const struct plot *p;
	struct ticks x, y;
};

/* ---- places ---- */

static double share(double v, double of)
{
	return isfinite(v) && v > 0 ? fmin(v / of, 1) : 0;
}

static double x_at(const struct frame *f, double x)
{
	return LEFT + share(x, f->x.hi) * (PLOT_WIDTH - LEFT - RIGHT);
}

static double y_at(const struct frame *f, double y)
{
	return PLOT_HEIGHT - BOTTOM - share(y, f->y.hi) * (PLOT_HEIGHT - TOP - BOTTOM);
}

static double highest(const struct plot *p)
{
	double most = 0;
	for (unsigned k = 0; k < p->n_lines; k++)
		for (unsigned i = 0; i < p->n; i++)
			if (isfinite(p->line[k].y[i]))
				most = fmax(most, p->line[k].y[i]);
	return most;
}

/* ---- the frame ---- */

static void line(struct html *h, const char *class, double x1, double y1, double x2, double y2)
{
	html_begin(h, "line", class);
	html_attr(h, "x1", "%.1f", x1);
	html_attr(h, "y1", "%.1f", y1);
	html_attr(h, "x2", "%.1f", x2);
	html_attr(h, "y2", "%.1f", y2);
	html_end_empty(h);
}

static void label(struct html *h, const char *class, double x, double y, const char *text)
{
	html_begin(h, "text", class);
	html_attr(h, "x", "%.1f", x);
	html_attr(h, "y", "%.1f", y);
	html_say(h, "%s", text);
	html_end(h);
}

static void axes(const struct frame *f)
{
	char text[TICKS_TEXT];
	double bottom = PLOT_HEIGHT - BOTTOM;
	for (unsigned i = 0; i < f->y.n; i++) {
		double y = y_at(f, f->y.v[i]);
		line(f->h, i == 0 ? "axis" : "grid", LEFT, y, PLOT_WIDTH - RIGHT, y);
		label(f->h, "tick y", LEFT - 6, y + 4, ticks_number_text(f->y.v[i], text));
	}
	for (unsigned i = 0; i < f->x.n; i++) {
		double x = x_at(f, f->x.v[i]);
		line(f->h, "axis", x, bottom, x, bottom + 4);
		label(f->h, i == 0 ? "tick" : "tick x", x, bottom + 17,
		      ticks_time_text(f->x.v[i], text));
	}
}

/* ---- what is drawn ---- */

static void points_of(const struct frame *f, const struct plot_line *l, struct mdl_buf *out)
{
	for (unsigned i = 0; f->h->err == MDL_OK && i < f->p->n; i++)
		f->h->err = mdl_buf_printf(out, "%s%.1f,%.1f", i == 0 ? "" : " ",
					   x_at(f, f->p->x[i]), y_at(f, l->y[i]));
}

/* The list goes into an attribute: it is digits only, so nothing has to be escaped. */
static void shape(const struct frame *f, const char *name, const char *class,
		  const struct plot_line *l, bool to_ground)
{
	double ground = y_at(f, 0);
	html_begin(f->h, name, class);
	html_attr(f->h, "data-line", "%s", l->name);
	if (f->h->err == MDL_OK)
		f->h->err = mdl_buf_printf(f->h->out, " points=\"");
	if (to_ground && f->h->err == MDL_OK)
		f->h->err = mdl_buf_printf(f->h->out, "%.1f,%.1f ", x_at(f, f->p->x[0]), ground);
	points_of(f, l, f->h->out);
	if (to_ground && f->h->err == MDL_OK)
		f->h->err = mdl_buf_printf(f->h->out, " %.1f,%.1f", x_at(f, f->p->x[f->p->n - 1]),
					   ground);
	if (f->h->err == MDL_OK)
		f->h->err = mdl_buf_printf(f->h->out, "\"");
	html_end_empty(f->h);
}

static void lines(const struct frame *f)
{
	static const char *const classes[PLOT_LINES] = { "line a", "line b" };
	if (f->p->n == 0)
		return;
	if (f->p->n_lines == 1)
		shape(f, "polygon", "area", &f->p->line[0], true);
	for (unsigned k = 0; k < f->p->n_lines; k++)
		shape(f, "polyline", classes[k], &f->p->line[k], false);
}

static void linked_mark(const struct frame *f, const struct plot_mark *m)
{
	double x = x_at(f, m->x), y = PLOT_HEIGHT - BOTTOM;
	html_begin(f->h, "a", NULL);
	html_attr(f->h, "href", "#f%" PRId64, m->link);
	html_begin(f->h, "path", "mark");
	html_attr(f->h, "data-severity", "%s", m->class);
	html_attr(f->h, "d", "M%.1f %.1fl%d %dl%d 0z", x, y - 2 * MARK, MARK, 2 * MARK, -2 * MARK);
	html_leaf(f->h, "title", NULL, "%s", m->text);
	html_end(f->h);
	html_end(f->h);
}

static void marks(const struct frame *f)
{
	for (unsigned i = 0; i < f->p->n_marks; i++) {
		double x = x_at(f, f->p->marks[i].x);
		line(f->h, "moment", x, TOP, x, PLOT_HEIGHT - BOTTOM);
		if (f->p->linked)
			linked_mark(f, &f->p->marks[i]);
	}
}

/* ---- the figure ---- */

/* Values for the script, which says what is under the pointer. */
static void values(struct html *h, const char *name, const double *v, unsigned n)
{
	if (h->err == MDL_OK)
		h->err = mdl_buf_printf(h->out, " %s=\"", name);
	for (unsigned i = 0; h->err == MDL_OK && i < n; i++)
		h->err = mdl_buf_printf(h->out, "%s%.6g", i == 0 ? "" : " ",
					isfinite(v[i]) ? v[i] : 0);
	if (h->err == MDL_OK)
		h->err = mdl_buf_printf(h->out, "\"");
}

static void caption(const struct frame *f)
{
	static const char *const keys[PLOT_LINES] = { "key a", "key b" };
	char text[TICKS_TEXT];
	const struct plot *p = f->p;
	html_begin(f->h, "figcaption", NULL);
	html_leaf(f->h, "b", NULL, "%s", p->title);
	html_begin(f->h, "output", NULL);
	for (unsigned k = 0; k < p->n_lines && p->n > 0; k++) {
		html_say(f->h, k == 0 ? "" : " ");
		if (p->n_lines > 1)
			html_leaf(f->h, "span", keys[k], "%s", p->line[k].name);
		html_say(f->h, " %s%s%s", ticks_number_text(p->line[k].y[p->n - 1], text),
			 p->unit[0] == 0 ? "" : " ", p->unit);
	}
	html_end(f->h);
	html_end(f->h);
}

static void drawing(const struct frame *f)
{
	const struct plot *p = f->p;
	html_begin(f->h, "svg", NULL);
	html_attr(f->h, "viewBox", "0 0 %d %d", PLOT_WIDTH, PLOT_HEIGHT);
	html_attr(f->h, "role", "img");
	html_attr(f->h, "aria-label", "%s over time", p->title);
	html_attr(f->h, "data-from", "%d", LEFT);
	html_attr(f->h, "data-to", "%d", PLOT_WIDTH - RIGHT);
	html_attr(f->h, "data-end", "%.6g", f->x.hi);
	html_attr(f->h, "data-unit", "%s", p->unit);
	values(f->h, "data-x", p->x, p->n);
	for (unsigned k = 0; k < p->n_lines; k++)
		values(f->h, k == 0 ? "data-a" : "data-b", p->line[k].y, p->n);
	axes(f);
	lines(f);
	marks(f);
	html_end(f->h);
}

void plot_write(struct html *h, const struct plot *p)
{
	struct frame f = { .h = h, .p = p };
	ticks_time(p->x_end, X_TICKS, &f.x);
	ticks_number(highest(p), Y_TICKS, p->whole, &f.y);
	html_begin(h, "figure", "plot");
	caption(&f);
	drawing(&f);
	html_end(h);
}
