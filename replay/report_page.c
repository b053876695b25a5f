/* The page around its sections, and what stands at its head. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "replay/report_parts.h"
#include "replay/ticks.h"

/* ---- for all sections ---- */

void report_section(struct html *h, const char *id, const char *title)
{
	html_begin(h, "section", NULL);
	html_attr(h, "id", "%s", id);
	html_leaf(h, "h2", NULL, "%s", title);
}

void report_nothing(struct html *h, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	html_leaf(h, "p", "nothing", "%s", text);
}

/* ---- the head ---- */

static const char *end_text(const struct report *r)
{
	switch (r->end) {
	case REPORT_RUNNING:
		return "It is still running; this is how it stands now.";
	case REPORT_CUT_SHORT:
		return "It was killed in the middle or could not go on; all epochs committed until "
		       "then are here.";
	case REPORT_ENDED:
	case REPORT_UNKNOWN:
		break;
	}
	return NULL;
}

static const char *date_text(int64_t seconds, char out[64])
{
	time_t t = (time_t)seconds;
	struct tm tm;
	if (gmtime_r(&t, &tm) == NULL || strftime(out, 64, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		snprintf(out, 64, "?");
	return out;
}

static void tile(struct html *h, const char *value, const char *what)
{
	html_begin(h, "div", NULL);
	html_leaf(h, "b", NULL, "%s", value);
	html_leaf(h, "span", NULL, "%s", what);
	html_end(h);
}

static void tiles(struct html *h, const struct report *r)
{
	char text[TICKS_TEXT], ran[MDL_TIME_TEXT];
	size_t confirmed = 0;
	for (size_t i = 0; i < r->n_findings; i++)
		confirmed += r->findings[i].confirmed > 0;
	html_begin(h, "div", "tiles");
	tile(h, ticks_count_text(confirmed, text), confirmed == 1 ? "finding" : "findings");
	tile(h, ticks_count_text(r->cases, text), "cases");
	tile(h, mdl_time_text(r->ran, ran), "running time");
	tile(h, ticks_number_text(r->ran <= 0 ? 0 : (double)r->cases * 1e9 / (double)r->ran, text),
	     "cases per second");
	tile(h, ticks_count_text(r->n_entries, text), "in the corpus");
	tile(h, ticks_count_text(r->n_met, text), "states");
	tile(h, ticks_count_text(r->restarts, text), "starts of the target");
	html_end(h);
}

static void fact(struct html *h, const char *name, const char *value)
{
	if (value[0] == 0)
		return;
	html_leaf(h, "dt", NULL, "%s", name);
	html_begin(h, "dd", NULL);
	html_text(h, mdl_slice_str(value));
	html_end(h);
}

static void fact_code(struct html *h, const char *name, const char *value)
{
	if (value[0] == 0)
		return;
	html_leaf(h, "dt", NULL, "%s", name);
	html_begin(h, "dd", NULL);
	html_begin(h, "code", NULL);
	html_text(h, mdl_slice_str(value));
	html_end(h);
	html_end(h);
}

static void facts(struct html *h, const struct report *r)
{
	char date[64], seeds[TICKS_TEXT + 64], workers[TICKS_TEXT];
	snprintf(seeds, sizeof(seeds), "%" PRIu64 " conversations, in epochs of %" PRIu64 " cases",
		 r->seeds, r->epoch);
	snprintf(workers, sizeof(workers), "%" PRIu64, r->workers);
	html_begin(h, "dl", "facts");
	fact_code(h, "Target", r->target);
	fact(h, "Protocol", r->protocol);
	fact(h, "Seed", r->seed);
	fact(h, "Seeds", seeds);
	fact(h, "Strategies",
	     !r->mutate		     ? "none: seeds were played as they are"
	     : r->strategies[0] == 0 ? "all"
				     : r->strategies);
	fact(h, "Workers", r->workers == 0 ? "" : workers);
	fact(h, "Begun", r->started == 0 ? "" : date_text(r->started, date));
	fact(h, "Version", r->version);
	fact_code(h, "Folder", r->folder);
	html_end(h);
}

static void commands(struct html *h, const struct report *r)
{
	if (r->command_line[0] == 0) {
		report_nothing(h, "How it was begun was not kept with this campaign.");
		return;
	}
	html_begin(h, "div", "command");
	html_leaf(h, "span", NULL, "Runs it again%s%s%s", r->started_in[0] == 0 ? "" : " (from ",
		  r->started_in,
		  r->started_in[0] == 0 ? "" : "), in a folder that holds no campaign yet");
	html_begin(h, "pre", NULL);
	html_text(h, mdl_slice_str(r->command_line));
	html_end(h);
	html_end(h);
}

/* The program without its folder and arguments, or the address; else the campaign's folder. */
static struct mdl_slice subject(const struct report *r)
{
	struct mdl_slice s = mdl_slice_str(r->target);
	if (s.n == 0)
		return mdl_slice_str(r->folder);
	s.n = mdl_slice_find(s, MDL_LIT(" "));
	if (mdl_slice_find(s, MDL_LIT("://")) < s.n)
		return s;
	for (size_t i = s.n; i-- > 0;)
		if (s.p[i] == '/' && i + 1 < s.n)
			return mdl_slice_sub(s, i + 1, SIZE_MAX);
	return s;
}

void report_head(struct html *h, const struct report *r, const char *version)
{
	html_begin(h, "header", NULL);
	html_leaf(h, "p", "kind", "meddle %s \302\267 fuzzing report", version);
	html_begin(h, "h1", NULL);
	html_text(h, subject(r));
	html_end(h);
	if (end_text(r) != NULL)
		html_leaf(h, "p", "stands", "%s", end_text(r));
	tiles(h, r);
	facts(h, r);
	commands(h, r);
	html_end(h);
}

/* ---- the page ---- */

static void head(struct html *h, const struct report *r)
{
	html_begin(h, "head", NULL);
	html_raw(h, "<meta charset=\"utf-8\"/>"
		    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>"
		    "<meta name=\"color-scheme\" content=\"light dark\"/>");
	html_begin(h, "title", NULL);
	html_text(h, subject(r));
	html_say(h, " \302\267 meddle report");
	html_end(h);
	html_begin(h, "style", NULL);
	for (size_t i = 0; report_css[i] != NULL; i++)
		html_raw(h, report_css[i]);
	html_end(h);
	html_end(h);
}

static void contents(struct html *h)
{
	html_raw(h, "<nav><a href=\"#findings\">Findings</a><a href=\"#progress\">Progress</a>"
		    "<a href=\"#depths\">Depth</a><a href=\"#states\">States</a>"
		    "<a href=\"#corpus\">Corpus</a><a href=\"#details\">Details</a></nav>");
}

mdl_err report_page(const struct report *r, const char *version, struct mdl_buf *out)
{
	struct html h;
	html_init(&h, out);
	html_raw(&h, "<!DOCTYPE html>\n");
	html_begin(&h, "html", NULL);
	html_attr(&h, "lang", "en");
	head(&h, r);
	html_begin(&h, "body", NULL);
	report_head(&h, r, version);
	contents(&h);
	report_findings(&h, r);
	report_progress(&h, r);
	report_depths(&h, r);
	report_states(&h, r);
	report_corpus(&h, r);
	report_details(&h, r);
	html_begin(&h, "script", NULL);
	html_raw(&h, report_js);
	html_end_to(&h, 0);
	html_raw(&h, "\n");
	return h.err;
}
