/**
 * Oracles: what they see in a case is wrong with the target, whatever it was sent. Each is a small
 * table; a case asks all of them. What is seen at once is a suspicion; it becomes a finding when it is
 * confirmed in a fresh process.
 */
#pragma once

#include "core/finding.h"
#include "replay/features.h"
#include "replay/target.h"

struct suspicion {
	enum mdl_severity severity;
	char kind[MDL_FINDING_KIND];
	char title[MDL_FINDING_TITLE];
	uint64_t raw; /* equal for what looks the same at first sight */
};

enum { SUSPICIONS_MAX = 8 };
struct suspicions {
	struct suspicion v[SUSPICIONS_MAX];
	unsigned n;
};

/** What an oracle may look at. */
struct evidence {
	struct target *target;
	const struct run *run;
	const struct features *features;
	struct mdl_ctx *x;
	bool alive;  /* it still answers a probe, or was not asked */
	bool fenced; /* each request was over before the next one went out */
};

struct oracle {
	const char *name, *summary;
	void (*look)(const struct evidence *e, struct suspicions *out);
};

/** All there are; ends with a NULL name. */
extern const struct oracle oracles[];

/** Asks all of them; what they see is added to `out`. */
void oracle_ask(const struct evidence *e, struct suspicions *out);
/** Adds one if there is room and no other of that raw signature. */
void suspicion_add(struct suspicions *out, enum mdl_severity severity, const char *kind,
		   uint64_t raw, const char *fmt, ...) MDL_PRINTF(5, 6);
