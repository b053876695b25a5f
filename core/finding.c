#include "core/finding.h"

#include <stdarg.h>
#include <stdio.h>

enum { EVIDENCE_MAX = 1 << 20 };

const char *mdl_severity_text(enum mdl_severity s)
{
	static const char *const texts[] = { "info", "low", "medium", "high", "critical" };
	return texts[s];
}

void mdl_finding_init(struct mdl_finding *f, enum mdl_severity severity, const char *kind,
		      const char *fmt, ...)
{
	*f = (struct mdl_finding){ .severity = severity };
	snprintf(f->kind, sizeof(f->kind), "%s", kind);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(f->title, sizeof(f->title), fmt, ap);
	va_end(ap);
	mdl_buf_init(&f->evidence, EVIDENCE_MAX);
}

void mdl_finding_fini(struct mdl_finding *f)
{
	mdl_buf_fini(&f->evidence);
}
