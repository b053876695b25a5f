/* How the campaign went: a plot for each number that is worth watching. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "replay/plot.h"
#include "replay/report_parts.h"
#include "replay/ticks.h"

enum { SAMPLES = 240, MARKS = 200 };

enum series { CORPUS, FEATURES, STATES, EDGES, FINDINGS, RESTARTS, MEMORY, RATE, N_SERIES };

/* The points in at most SAMPLES stretches of equal time. */
struct samples {
	double x[SAMPLES], v[N_SERIES][SAMPLES];
	unsigned n;
	struct plot_mark marks[MARKS];
	unsigned n_marks;
	double end;
};

/* The last point of a stretch stands for it; cases/s is the mean since the last one before. */
static void sample(struct samples *s, const struct store_point *p, const struct store_point *before)
{
	const double v[N_SERIES] = { (double)p->corpus,	  (double)p->features,
				     (double)p->states,	  (double)p->edges,
				     (double)p->findings, (double)p->restarts,
				     (double)p->rss_mb,	  0 };
	double cases = (double)(p->cases - before->cases), ms = (double)(p->ms - before->ms);
	s->x[s->n] = (double)p->ms;
	for (int k = 0; k < N_SERIES; k++)
		s->v[k][s->n] = v[k];
	s->v[RATE][s->n] = ms > 0 && cases > 0 ? cases * 1000 / ms : 0;
	s->n++;
}

static void take_samples(const struct report *r, struct samples *s)
{
	struct store_point zero = { 0 };
	const struct store_point *before = &zero;
	double end = r->n_points == 0 ? 0 : (double)r->points[r->n_points - 1].ms;
	for (size_t i = 0; i < r->n_points; i++) {
		const struct store_point *p = &r->points[i];
		double due = end * (s->n + 1) / SAMPLES;
		if ((i + 1 < r->n_points && (double)r->points[i + 1].ms <= due) || p->ms <= 0 ||
		    s->n == SAMPLES)
			continue;
		sample(s, p, before);
		before = p;
	}
	s->end = end;
}

static void take_marks(const struct report *r, struct samples *s)
{
	for (size_t i = 0; i < r->n_findings && s->n_marks < MARKS; i++) {
		const struct report_finding *f = &r->findings[i];
		if (f->confirmed == 0)
			continue;
		s->marks[s->n_marks++] =
			(struct plot_mark){ (double)f->found_ms, f->severity, f->title, f->id };
	}
}

/* ---- plots ---- */

static const struct view {
	const char *title, *unit;
	bool whole, linked;
	enum series line[PLOT_LINES];
	unsigned n;
	const char *name[PLOT_LINES];
} views[] = {
	/* clang-format off */
	{ "Cases per second",     "",   false, false, { RATE },           1, { "cases/s" } },
	{ "Findings",             "",   true,  true,  { FINDINGS },       1, { "findings" } },
	{ "Corpus",               "",   true,  false, { CORPUS },         1, { "entries" } },
	{ "Features seen",        "",   true,  false, { FEATURES },       1, { "features" } },
	{ "States and steps",     "",   true,  false, { EDGES, STATES },  2, { "steps", "states" } },
	{ "Memory of the target", "MB", false, false, { MEMORY },         1, { "MB" } },
	/* clang-format on */
};

static void put(struct html *h, const struct view *v, const struct samples *s)
{
	struct plot p = { .title = v->title,
			  .unit = v->unit,
			  .x = s->x,
			  .n = s->n,
			  .x_end = s->end,
			  .whole = v->whole,
			  .n_lines = v->n,
			  .marks = s->marks,
			  .n_marks = s->n_marks,
			  .linked = v->linked };
	for (unsigned k = 0; k < v->n; k++)
		p.line[k] = (struct plot_line){ v->name[k], s->v[v->line[k]] };
	plot_write(h, &p);
}

static void explain(struct html *h, const struct report *r)
{
	html_leaf(h, "p", "note",
		  "Over the campaign's running time. Upright lines are moments at which a finding "
		  "was seen first.%s A feature is anything new that answers showed: a kind "
		  "of answer, alone or to that kind of request, the shape of an answer, a silence, "
		  "a latency.",
		  r->n_points >= REPORT_POINTS / 2 && r->n_points > SAMPLES
			  ? " It is long, so each point stands for several epochs."
			  : "");
}

void report_progress(struct html *h, const struct report *r)
{
	report_section(h, "progress", "Progress");
	struct samples *s = calloc(1, sizeof(*s));
	if (s == NULL)
		h->err = MDL_ENOMEM;
	else
		take_samples(r, s);
	if (s != NULL && s->n < 2)
		report_nothing(h, "Fewer than two epochs were committed, which is too little for "
				  "plots.");
	else if (s != NULL) {
		take_marks(r, s);
		explain(h, r);
		html_begin(h, "div", "plots");
		for (size_t i = 0; i < MDL_COUNT(views); i++)
			put(h, &views[i], s);
		html_end(h);
	}
	free(s);
	html_end(h);
}
