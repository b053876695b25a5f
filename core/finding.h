/** What an oracle says: how bad, of which kind, in a sentence, with the evidence for it. */
#pragma once

#include "core/buf.h"
#include "core/time.h"

enum mdl_severity { MDL_INFO_ONLY, MDL_LOW, MDL_MEDIUM, MDL_HIGH, MDL_CRITICAL };
const char *mdl_severity_text(enum mdl_severity s);

enum { MDL_FINDING_KIND = 24, MDL_FINDING_TITLE = 200 };

struct mdl_finding {
	enum mdl_severity severity;
	char kind[MDL_FINDING_KIND];   /* "crash", "asan", "hang", "leak", "answer" ... */
	char title[MDL_FINDING_TITLE]; /* one sentence for people */
	uint64_t signature;	       /* equal for what is probably the same defect */
	struct mdl_buf evidence;       /* text: report of the sanitizer, stack, figures */
};

/** A finding without evidence; `title` is cut if too long. */
void mdl_finding_init(struct mdl_finding *f, enum mdl_severity severity, const char *kind,
		      const char *fmt, ...) MDL_PRINTF(4, 5);
void mdl_finding_fini(struct mdl_finding *f);
