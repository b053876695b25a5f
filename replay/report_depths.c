/* How far into the target cases got: a funnel. */
#include <stdio.h>

#include "replay/report_parts.h"
#include "replay/ticks.h"

static void bar(struct html *h, const char *name, const char *what, uint64_t n, uint64_t of)
{
	char count[TICKS_TEXT];
	double percent = of == 0 ? 0 : 100.0 * (double)n / (double)of;
	html_begin(h, "tr", NULL);
	html_leaf(h, "th", NULL, "%s", name);
	html_begin(h, "td", "bar");
	html_begin(h, "i", NULL);
	html_attr(h, "style", "width:%.2f%%", percent > 100 ? 100 : percent);
	html_end(h);
	html_end(h);
	html_leaf(h, "td", "num", "%s", ticks_count_text(n, count));
	html_leaf(h, "td", "num", "%.1f %%", percent);
	html_leaf(h, "td", "quiet", "%s", what);
	html_end(h);
}

static uint64_t reached(const struct report *r, size_t depth)
{
	uint64_t n = 0;
	for (size_t d = depth; d < r->n_depths; d++)
		n += r->depth[d].cases;
	return n;
}

/* Each layer holds what got there or deeper; the rest of its words say where the others stayed. */
static void layers(struct html *h, const struct report *r)
{
	char what[128], n[TICKS_TEXT];
	uint64_t all = r->cases, before = r->cases;
	bar(h, "sent", "all cases", all, all);
	for (size_t d = 0; d < r->n_depths; d++) {
		uint64_t here = reached(r, d);
		uint64_t lost = before > here ? before - here : 0;
		if (d == 0)
			snprintf(what, sizeof(what), "%s got no answer", ticks_count_text(lost, n));
		else
			snprintf(what, sizeof(what), "%s stayed at %s", ticks_count_text(lost, n),
				 r->depth[d - 1].name);
		bar(h, r->depth[d].name, what, here, all);
		before = here;
	}
}

static void warn(struct html *h, const struct report *r)
{
	size_t deepest = r->n_depths;
	while (deepest > 0 && reached(r, deepest - 1) == 0)
		deepest--;
	if (r->cases > 0 && deepest == 0)
		report_nothing(h, "The target answered nothing: either it was not reached, or it "
				  "does not speak this protocol there.");
	else if (deepest < r->n_depths)
		report_nothing(h,
			       "No case got as deep as \"%s\". What lies behind it was not tested.",
			       r->depth[deepest].name);
}

void report_depths(struct html *h, const struct report *r)
{
	report_section(h, "depths", "Depth");
	if (r->n_depths == 0)
		report_nothing(h, "Nothing was recorded of how deep cases got.");
	else {
		html_leaf(h, "p", "note",
			  "How far into the target its answers show that cases got. A layer counts "
			  "who reached it or went deeper: a fuzzer that stays at the door is seen "
			  "here at once.");
		html_begin(h, "table", "funnel");
		html_begin(h, "tbody", NULL);
		layers(h, r);
		html_end(h);
		html_end(h);
		warn(h, r);
	}
	html_end(h);
}
