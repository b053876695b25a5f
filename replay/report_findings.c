/* The findings in a table, the worst first. */
#include <inttypes.h>

#include "replay/report_parts.h"
#include "replay/ticks.h"

enum { ROWS_SHOWN = 1000 };

void report_severity_chip(struct html *h, const struct report_finding *f)
{
	html_begin(h, "span", "chip");
	html_attr(h, "data-severity", "%s", f->confirmed == 0 ? "none" : f->severity);
	html_text(h, mdl_slice_str(f->confirmed == 0 ? "unconfirmed" : f->severity));
	html_end(h);
}

static void row(struct html *h, const struct report_finding *f)
{
	char n[TICKS_TEXT];
	html_begin(h, "tr", f->confirmed == 0 ? "quiet" : NULL);
	html_begin(h, "td", NULL);
	report_severity_chip(h, f);
	html_end(h);
	html_leaf(h, "td", NULL, "%s", f->kind);
	html_begin(h, "td", "title");
	html_begin(h, "a", NULL);
	html_attr(h, "href", "#f%" PRId64, f->id);
	html_text(h, mdl_slice_str(f->title));
	html_end(h);
	html_end(h);
	html_leaf(h, "td", "num", "%u of %u", f->confirmed, f->tried);
	html_leaf(h, "td", "num", "%" PRId64, f->found_case);
	html_leaf(h, "td", "num", "%s", ticks_time_text((double)f->found_ms, n));
	html_leaf(h, "td", "num", "%s", ticks_count_text(f->times < 0 ? 0 : (uint64_t)f->times, n));
	html_end(h);
}

static void nothing(struct html *h, const struct report *r)
{
	char n[TICKS_TEXT];
	if (r->cases == 0)
		report_nothing(h, "Not one case was played: the campaign ended before its first "
				  "epoch was committed.");
	else
		report_nothing(h,
			       "None in %s cases. Look at the depth that cases reached before this "
			       "is taken for good news.",
			       ticks_count_text(r->cases, n));
}

static void unconfirmed(struct html *h, const struct report *r)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_findings; i++)
		n += r->findings[i].confirmed == 0;
	if (n > 0)
		html_leaf(h, "p", "note",
			  "What is unconfirmed was seen in the campaign, but not again in a fresh "
			  "process: it may need what other cases left behind, or be chance.");
}

void report_findings(struct html *h, const struct report *r)
{
	report_section(h, "findings", "Findings");
	if (r->n_findings == 0) {
		nothing(h, r);
	} else {
		html_raw(h, "<input class=\"filter\" type=\"search\" placeholder=\"filter: "
			    "severity, kind, words\" aria-label=\"filter findings\"/>"
			    "<div class=\"wide\"><table class=\"findings\"><thead><tr>"
			    "<th>severity</th><th>kind</th><th>what</th>"
			    "<th class=\"num\">confirmed</th><th class=\"num\">first case</th>"
			    "<th class=\"num\">after</th><th class=\"num\">times</th></tr></thead>"
			    "<tbody>");
		for (size_t i = 0; i < r->n_findings && i < ROWS_SHOWN; i++)
			row(h, &r->findings[i]);
		html_raw(h, "</tbody></table></div>");
	}
	if (r->n_findings > ROWS_SHOWN)
		html_leaf(h, "p", "note",
			  "%zu more are left out here; meddle report --json has "
			  "them.",
			  r->n_findings - ROWS_SHOWN);
	unconfirmed(h, r);
	html_end(h);
}
