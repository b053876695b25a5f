/* meddle report: a campaign as one page, and in a few lines. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/text.h"
#include "replay/files.h"
#include "replay/report.h"
#include "replay/ticks.h"
#include "tools/meddle/command.h"
#include "tools/meddle/report_json.h"

enum { PATH_SIZE = 4096, TITLE_SHOWN = 70, FINDINGS_SAID = 20 };

struct options {
	const char *out;
	bool json;
};

/* ---- a few lines ---- */

/* Titles come from targets: what could move a terminal is escaped. */
static void say_finding(const struct report_finding *f)
{
	struct mdl_buf title;
	mdl_buf_init(&title, 4 * REPORT_TEXT);
	if (mdl_text_brief(&title, mdl_slice_str(f->title), TITLE_SHOWN) == MDL_OK)
		printf("  %-12s %-8s %3u of %-3u  %s\n",
		       f->confirmed == 0 ? "unconfirmed" : f->severity, f->kind, f->confirmed,
		       f->tried, mdl_buf_text(&title));
	mdl_buf_fini(&title);
}

static const char *how_it_stands(const struct report *r)
{
	static const char *const texts[] = { [REPORT_RUNNING] = ", still running",
					     [REPORT_ENDED] = "",
					     [REPORT_CUT_SHORT] = ", killed in the middle",
					     [REPORT_UNKNOWN] = "" };
	return texts[r->end];
}

static void say(const struct report *r)
{
	char cases[TICKS_TEXT], ran[MDL_TIME_TEXT], rate[TICKS_TEXT];
	printf("%s cases in %s (%s a second), %zu in the corpus, %zu states%s\n",
	       ticks_count_text(r->cases, cases), mdl_time_text(r->ran, ran),
	       ticks_number_text(r->ran <= 0 ? 0 : (double)r->cases * 1e9 / (double)r->ran, rate),
	       r->n_entries, r->n_met, how_it_stands(r));
	if (r->n_findings == 0)
		printf("no findings\n");
	for (size_t i = 0; i < r->n_findings && i < FINDINGS_SAID; i++)
		say_finding(&r->findings[i]);
	if (r->n_findings > FINDINGS_SAID)
		printf("  ... and %zu more\n", r->n_findings - FINDINGS_SAID);
}

/* ---- the page ---- */

static mdl_err write_page(const struct report *r, const char *path, struct mdl_why *why)
{
	struct mdl_buf page;
	mdl_buf_init(&page, REPORT_PAGE_MAX);
	mdl_err err = report_page(r, MEDDLE_VERSION, &page);
	err = err == MDL_OK ? file_write(path, mdl_buf_slice(&page), false, why)
			    : mdl_fail(why, err, "%s: %s", path, mdl_err_text(err));
	mdl_buf_fini(&page);
	return err;
}

static int report(const struct options *o, const struct report *r)
{
	char path[PATH_SIZE];
	struct mdl_why why;
	if (o->json)
		return report_json(r) ? EXIT_FINE : trouble_text("out of memory");
	if (o->out == NULL && !path_join(path, sizeof(path), r->folder, "report.html"))
		return trouble_text("%.80s...: the path is too long", r->folder);
	const char *page = o->out == NULL ? path : o->out;
	if (write_page(r, page, &why) != MDL_OK)
		return trouble(&why);
	say(r);
	printf("report: %s\n", page);
	return EXIT_FINE;
}

static int run(void *options, const struct mdl_args *args)
{
	struct mdl_why why;
	if (args->words.n != 1)
		return trouble_text("report: give the folder of one campaign");
	struct report *r = calloc(1, sizeof(*r));
	if (r == NULL)
		return trouble_text("out of memory");
	int code = report_read(args->words.v[0], r, &why) == MDL_OK ? report(options, r)
								    : trouble(&why);
	report_fini(r);
	free(r);
	return code;
}

static const struct mdl_opt rows[] = {
	{ "out", 'o', MDL_OPT_TEXT, offsetof(struct options, out), "FILE",
	  "where the page goes (DIR/report.html)" },
	{ "json", 0, MDL_OPT_FLAG, offsetof(struct options, json), NULL,
	  "the same facts as one JSON document, and no page" },
};

const struct command command_report = {
	.name = "report",
	.summary = "a campaign as one page to read",
	.usage = "DIR [-o FILE.html] [--json]",
	.about = "Writes one HTML page about a campaign: what was fuzzed and how to do it again, "
		 "progress, how\n"
		 "deep cases got, the states of the target, the corpus, and every finding with its "
		 "conversation,\n"
		 "byte by byte. The page needs no other file and no network. It may be made while "
		 "the campaign\n"
		 "runs. A few lines of it go to standard output.",
	.examples = "  meddle report run1\n"
		    "  meddle report run1 -o /tmp/run1.html\n"
		    "  meddle report run1 --json | jq '.findings[] | {title, severity}'\n",
	.opts = { rows, MDL_COUNT(rows) },
	.size = sizeof(struct options),
	.run = run,
};
