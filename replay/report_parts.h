/** The sections of the report's page, each in a file of its own. */
#pragma once

#include "replay/html.h"
#include "replay/report.h"

/** Counts the strategies of a recipe's text for `r` and names them in `by`. MDL_ENOMEM. */
MDL_MUST mdl_err report_strategies(struct report *r, const char *recipe, char *by, size_t size);

/** The style sheet, in parts up to a NULL, and the script: for <style> and <script>. */
extern const char *const report_css[];
extern const char report_js[];

/** Begins a section with its heading; who asked ends it. */
void report_section(struct html *h, const char *id, const char *title);
/** A paragraph for what is not there. */
void report_nothing(struct html *h, const char *fmt, ...) MDL_PRINTF(2, 3);

void report_head(struct html *h, const struct report *r, const char *version);
void report_progress(struct html *h, const struct report *r);
void report_depths(struct html *h, const struct report *r);
void report_states(struct html *h, const struct report *r);
void report_corpus(struct html *h, const struct report *r);
/** The severity in a word and a colour. */
void report_severity_chip(struct html *h, const struct report_finding *f);

/** The table of findings. */
void report_findings(struct html *h, const struct report *r);
/** A section for each finding. */
void report_details(struct html *h, const struct report *r);
